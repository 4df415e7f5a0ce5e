"""Reading a month × class grid: one line per pupil, one column per day of the month, one code per cell.

The grid is melted to day rows with the columns of the line beside them; every cell keeps the line it stands on, so
that the ledger counts lines. Empty cells are no statement.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO

import numpy as np
import pandas as pd

from evaluation.door.chunks import GRID_CODE, GRID_DAY, Chunk, Reading
from evaluation.door.files import Incoming
from evaluation.door.mapping import Mapping
from evaluation.door.read_text import read_text
from evaluation.errors import InputError, Problem


def read_grid(stream: IO[bytes], source: Incoming) -> Reading:
    """Open a grid: text, or a workbook that was read into memory.

    Raises:
        InputError: no column looks like a day of the month, or a day stands twice.
    """
    mapping = source.mapping
    if isinstance(stream, io.BytesIO):
        from evaluation.door.read_excel import read_excel

        reading = read_excel(stream, mapping, source.name, keep_all=True)
    else:
        reading = read_text(stream, mapping, source.name, keep_all=True)
    days: dict[str, int] = {}
    for heading in reading.header:
        match = re.fullmatch(mapping.grid.day_header, heading)
        if match and heading not in mapping.used_columns:
            days[heading] = int(match[1])
    wrong = [d for d in days.values() if not 1 <= d <= 31]
    if not days or wrong or len(set(days.values())) < len(days):
        raise InputError(
            f"{source.name}: the days of the month cannot be told",
            [Problem(source.name, mapping.header_row, None, f"{len(days)} headings that look like days", "grid",
                     "headings 1 to 31, each once", "set grid.day_header in the mapping")],
        )  # fmt: skip
    return Reading(
        reading.preamble, reading.header, _melted(reading.chunks, mapping, days), reading.epoch_1904
    )


def _melted(chunks: Iterator[Chunk], mapping: Mapping, days: dict[str, int]) -> Iterator[Chunk]:
    beside = list(mapping.used_columns)
    for chunk in chunks:
        n = len(chunk.rows)
        code = pd.concat([chunk.frame[heading] for heading in days], ignore_index=True)
        at = np.tile(np.arange(n), len(days))
        day = np.repeat(np.array(list(days.values()), dtype=np.int64), n)
        said = code.notna().to_numpy()
        # A line without any mark is a pupil who was always there: it stays as one row without a day.
        silent = np.setdiff1d(np.arange(n), at[said])
        rows = np.concatenate([at[said], silent])
        frame = chunk.frame[beside].take(rows).reset_index(drop=True)
        frame[GRID_DAY] = pd.Series(np.concatenate([day[said], np.zeros(len(silent), np.int64)])).astype(str)
        frame[GRID_CODE] = pd.concat(
            [code[said], pd.Series([None] * len(silent), dtype="str")], ignore_index=True
        )
        order = np.argsort(chunk.rows[rows], kind="stable")
        yield Chunk(frame.iloc[order].reset_index(drop=True), chunk.rows[rows][order], chunk.rejects)
