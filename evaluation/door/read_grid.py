"""Reading a grid: one line per pupil, and a column for each day of a month or week, date, type, or half of a day.

The grid is melted to day rows with the columns of the line beside them; every cell keeps the line it stands on, so
that the ledger counts lines. Empty cells are no statement, and neither is a nought.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import IO

import numpy as np
import pandas as pd

from evaluation.door.chunks import GRID_CODE, GRID_DAY, GRID_PART, GRID_SHARE, Chunk, Reading
from evaluation.door.dates import parse_date, session_of, weekday_of
from evaluation.door.files import Incoming
from evaluation.door.mapping import Mapping
from evaluation.door.read_text import read_text
from evaluation.door.values import clean
from evaluation.errors import InputError, Problem

NOUGHT = r"0+(?:[.,]0+)?"


def read_grid(stream: IO[bytes], source: Incoming, kind: str | None) -> Reading:
    """Open a grid: text, or a workbook of a ``kind`` that was read into memory.

    Raises:
        InputError: no column looks like a mark as the mapping says they look, or one stands twice.
    """
    mapping = source.mapping
    if kind == "xlsx":
        from evaluation.door.read_excel import read_excel

        reading = read_excel(stream, mapping, source.name, sheet_title=source.sheet, keep_all=True)
    elif kind is not None:
        from evaluation.door.workbooks import read_sheet

        reading = read_sheet(stream, kind, mapping, source.name, source.sheet, keep_all=True)
    else:
        reading = read_text(stream, mapping, source.name, keep_all=True)
    free = [h for h in reading.header if h and h not in mapping.used_columns]
    if mapping.grid.headings == "types":
        marks = _named(free, source, tuple(mapping.types), "code of [types]")
    elif mapping.grid.headings == "weekdays":
        marks = _weekdays(free, source)
    elif mapping.grid.headings == "sessions":
        marks = _sessions(free, source)
    elif mapping.grid.headings == "halves":
        marks = _named(free, source, mapping.grid.halves, "half in grid.halves")
    elif mapping.grid.headings == "dates":
        marks = _dates(free, source, epoch_1904=reading.epoch_1904)
    else:
        marks = _days(free, source)
    return Reading(
        reading.preamble, reading.header, _melted(reading.chunks, mapping, marks), reading.epoch_1904
    )


def _days(free: list[str], source: Incoming) -> dict[str, str]:
    found = {h: int(m[1]) for h in free if (m := re.fullmatch(source.mapping.grid.day_header, h))}
    wrong = [d for d in found.values() if not 1 <= d <= 31]
    if not found or wrong or len(set(found.values())) < len(found):
        raise _refusal(source, f"{len(found)} headings that look like days", "headings 1 to 31, each once",
                       "set grid.day_header in the mapping")  # fmt: skip
    return {h: str(day) for h, day in found.items()}


def _dates(free: list[str], source: Incoming, *, epoch_1904: bool) -> dict[str, str]:
    parse = parse_date(source.mapping.date_formats, epoch_1904=epoch_1904)
    found = {h: day.isoformat() for h in free if (day := parse(clean(h))[0]) is not None}
    if not found or len(set(found.values())) < len(found):
        raise _refusal(source, f"{len(found)} headings that are dates", "dates, each once",
                       "set date_formats in the mapping to how the headings are written")  # fmt: skip
    return found


def _weekdays(free: list[str], source: Incoming) -> dict[str, str]:
    found = {h: day for h in free if (day := weekday_of(clean(h))) is not None}
    if not found or len(set(found.values())) < len(found):
        raise _refusal(source, f"{len(found)} headings that are weekdays", "Mandag to Fredag, each once",
                       "correct the mapping, or ask for the export with these columns")  # fmt: skip
    return {h: str(day + 1) for h, day in found.items()}


def _sessions(free: list[str], source: Incoming) -> dict[str, str]:
    """Weekdays before noon, then the same after noon."""
    found = {h: s for h in free if (s := session_of(clean(h))) is not None}
    days = [[d for d, half in sorted(found.values()) if half == wanted] for wanted in (0, 1)]
    if not found or days[0] != days[1] or len(set(found.values())) < len(found):
        raise _refusal(source, f"{len(found)} headings that are halves of weekdays", "both halves of each day, each once",
                       "correct the mapping, or ask for the export with these columns")  # fmt: skip
    ordered = sorted(found, key=lambda h: (found[h][1], found[h][0]))
    return {h: str(found[h][0] + 1) for h in ordered}


def _named(free: list[str], source: Incoming, wanted: tuple[str, ...], what: str) -> dict[str, str]:
    there = {clean(h).casefold(): h for h in free}
    missing = sorted(w for w in wanted if clean(w).casefold() not in there)
    if missing:
        raise _refusal(source, f"no heading {', '.join(missing)}", f"a heading for each {what}",
                       "correct the mapping, or ask for the export with these columns")  # fmt: skip
    headings = [there[clean(w).casefold()] for w in wanted]
    return dict(zip(headings, headings, strict=True))


def _refusal(source: Incoming, found: str, expected: str, next_step: str) -> InputError:
    return InputError(
        f"{source.name}: the marks of the grid cannot be told",
        [Problem(source.name, source.mapping.header_row, None, found, "grid", expected, next_step)],
    )


def _melted(chunks: Iterator[Chunk], mapping: Mapping, marks: dict[str, str]) -> Iterator[Chunk]:
    headings = mapping.grid.headings
    no_absence = {clean(code).casefold() for code, kind in mapping.types.items() if kind == "none"}
    for chunk in chunks:
        n = len(chunk.rows)
        beside = [c for c in mapping.handed_on(chunk.frame.columns) if c not in marks]
        cell = pd.concat([chunk.frame[heading] for heading in marks], ignore_index=True)
        at = np.tile(np.arange(n), len(marks))
        mark = np.repeat(np.array(list(marks.values()), dtype=object), n)
        if mapping.has_blank_absence:
            cell = cell.fillna("")
        said = cell.notna().to_numpy(dtype=bool)
        whole = np.zeros(len(cell), dtype=bool)
        if headings == "types":
            said = said & ~cell.fillna("0").str.strip().str.fullmatch(NOUGHT).to_numpy(dtype=bool)
        elif headings in ("halves", "sessions"):
            # The same code in both halves is a day; a half in which the pupil was there is no statement.
            half = len(cell) // 2
            tidy = cell.str.strip().str.casefold()
            said = said & ~tidy.isin(no_absence).to_numpy(dtype=bool)
            first, second = (part.to_numpy(dtype=object) for part in (tidy[:half], tidy[half:]))
            whole = np.tile(first == second, 2) & said
            said = said & ~(whole & (np.arange(len(cell)) >= half))
        # A line without any mark is a pupil who was always there: it stays as one row without a day.
        silent = np.setdiff1d(np.arange(n), at[said])
        rows = np.concatenate([at[said], silent])
        nothing = [None] * len(silent)
        cells = pd.concat([cell[said], pd.Series(nothing, dtype="str")], ignore_index=True)
        frame = chunk.frame[beside].take(rows).reset_index(drop=True)
        frame[GRID_CODE] = cells if headings != "types" else pd.Series([*mark[said], *nothing], dtype="str")
        if headings == "types":
            frame[GRID_SHARE] = cells
        elif headings in ("halves", "sessions"):
            frame[GRID_SHARE] = pd.Series([*np.where(whole[said], "1", "0.5"), *nothing], dtype="str")
            part = mark if headings == "halves" else np.where(np.arange(len(cell)) < half, "fm", "em")
            frame[GRID_PART] = pd.Series(
                [*np.where(whole[said], "", part[said]), *[""] * len(silent)], dtype="str"
            )
        if headings not in ("types", "halves"):
            frame[GRID_DAY] = pd.Series([*mark[said], *["0"] * len(silent)], dtype="str")
        order = np.argsort(chunk.rows[rows], kind="stable")
        melted = frame.iloc[order].reset_index(drop=True)
        yield replace(chunk, frame=melted, rows=chunk.rows[rows][order])
