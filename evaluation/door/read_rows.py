"""Rows of cells, from whatever kind of sheet, as the mapping's columns: headings, pieces, blank lines, filled-down cells.

How a format's bytes become rows is not known here.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk, Reading, Reject, check_header, empty_file, filled_down, settled
from evaluation.door.dates import EXCEL_CELL
from evaluation.door.mapping import Mapping
from evaluation.door.pages import Pages
from evaluation.errors import InputError, Problem

PIECE_ROWS = 50_000
FORMULA = object()
"""Stands in a row for a cell that holds a formula, not a value."""


def read_rows(
    rows: Iterator[Sequence[Any]],
    mapping: Mapping,
    name: str,
    *,
    piece_rows: int = PIECE_ROWS,
    keep_all: bool = False,
    epoch_1904: bool = False,
) -> Reading:
    """Read rows of cells, counted from the sheet's first line; ``keep_all`` hands on every column.

    Raises:
        InputError: a header that is not the mapping's, formulas in a column that is read, no rows.
    """
    head = list(itertools.islice(rows, mapping.header_row))
    if not head or all(_blank(row) for row in head):
        raise empty_file(name, mapping, header_only=False)
    names = [cell_text(v, ".") or "" for v in head[-1]] if len(head) == mapping.header_row else [""]
    header = check_header(names, mapping, name)
    preamble = tuple(" ".join(t for v in row if (t := cell_text(v, "."))) for row in head[:-1])
    columns = tuple(h for h in header if h) if keep_all else mapping.handed_on(header)
    places = {column: header.index(column) for column in columns}
    pages = Pages(mapping, header, preamble)
    chunks = _chunks(rows, pages, name, places, len(header), piece_rows)
    return Reading(preamble, header, chunks, epoch_1904)


def _chunks(
    rows: Iterator[Sequence[Any]],
    pages: Pages,
    name: str,
    places: dict[str, int],
    width: int,
    piece_rows: int,
) -> Iterator[Chunk]:
    mapping = pages.mapping
    number = mapping.header_row + 1
    bad: dict[str, int] = {}
    above: dict[str, str] = {}
    seen = False
    for piece in _pieces(rows, piece_rows, pages):
        for column, place in places.items():
            hit = next(
                (number + i for i, row in enumerate(piece) if len(row) > place and row[place] is FORMULA),
                None,
            )
            if hit is not None:
                bad.setdefault(column, hit)
        keep = [i for i, row in enumerate(piece) if not _blank(row)]
        named = np.array([i for i in keep if _is_named(piece[i], mapping)], dtype=np.int64) + number
        longer = {i for i in keep if len(piece[i]) > width and not _blank(piece[i][width:])}
        rejects = [
            Reject(number + i, "too_many_columns", f"more than {width} columns") for i in sorted(longer)
        ]
        keep = [i for i in keep if i not in longer]
        texts = {
            column: [
                cell_text(piece[i][place], mapping.decimal) if place < len(piece[i]) else None for i in keep
            ]
            for column, place in places.items()
        }
        seen = seen or bool(keep or rejects)
        if not bad:
            frame = pd.DataFrame({c: pd.Series(t, dtype="str") for c, t in texts.items()})
            line = partial(_line, piece, number)
            chunk = settled(frame, np.array(keep, dtype=np.int64) + number, rejects, pages, line, named)
            yield filled_down(chunk, mapping.fill_down, above)
        number += len(piece)
    if bad:
        raise InputError(
            f"{name} holds formulas",
            [Problem(name, line, column, "a formula", "formula", "values",
                     "copy the column, paste it as values, save and run again")
             for column, line in sorted(bad.items())],
        )  # fmt: skip
    if not seen:
        raise empty_file(name, mapping, header_only=True)


def _pieces(rows: Iterator[Sequence[Any]], piece_rows: int, pages: Pages) -> Iterator[list[Sequence[Any]]]:
    """Rows in pieces; no headings are cut from the lines over them."""
    held: list[Sequence[Any]] = []
    while more := list(itertools.islice(rows, piece_rows)):
        piece = [*held, *more]
        cut = pages.cut(len(piece) - 2 * pages.depth, len(piece), partial(_cells, piece))
        held = piece[cut:]
        yield piece[:cut]
    if held:
        yield held


def _cells(piece: list[Sequence[Any]], n: int) -> list[str]:
    return _line(piece, 0, n)[1]


def _line(piece: list[Sequence[Any]], number: int, n: int) -> tuple[str, list[str]]:
    """A line of a piece that begins with line ``number``, as text and as cells."""
    row = piece[n - number] if 0 <= n - number < len(piece) else ()
    cells = [cell_text(v, ".") or "" for v in row]
    return " ".join(c for c in cells if c), cells


def _is_named(row: Sequence[Any], mapping: Mapping) -> bool:
    """Whether ``skip_lines`` names the row; its cells are joined as they would stand in a line of text."""
    if not mapping.skip_lines:
        return False
    line = mapping.delimiter.join(cell_text(v, mapping.decimal) or "" for v in row)
    return any(re.search(pattern, line) for pattern in mapping.skip_lines)


def _blank(row: Sequence[Any]) -> bool:
    return all(v is None or (isinstance(v, str) and not v.strip()) for v in row)


def cell_text(value: Any, decimal: str) -> str | None:
    """A cell as text: dates marked as such, whole numbers without a decimal part, numbers with the mapping's sign."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return f"{EXCEL_CELL}{value.isoformat() if value.time() != dt.time() else value.date().isoformat()}"
    if isinstance(value, dt.date):
        return f"{EXCEL_CELL}{value.isoformat()}"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return (
            str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value).replace(".", decimal)
        )
    text = str(value).strip()
    return text or None
