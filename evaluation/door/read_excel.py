"""Reading xlsx sheets row by row: native dates, 1904 workbooks; formulas, merged headers and hidden sheets refused.

The sheet's XML is searched once, streamed, for what openpyxl's read-only mode does not show (merged cells,
formulas); then the rows are streamed.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from evaluation.door.chunks import Reading
from evaluation.door.mapping import Mapping
from evaluation.door.read_rows import FORMULA, PIECE_ROWS, read_rows
from evaluation.door.workbooks import chosen
from evaluation.errors import InputError, Problem
from evaluation.files.xlsx import broken_workbook, open_workbook

_OVERLAP = 200
"""Bytes carried between pieces of XML so that no tag is cut in two."""


def read_excel(
    source: Path | IO[bytes],
    mapping: Mapping,
    name: str,
    *,
    sheet_title: str | None = None,
    piece_rows: int = PIECE_ROWS,
    keep_all: bool = False,
) -> Reading:
    """Open the sheet of this title (None: the one the mapping reads); ``keep_all`` hands on every column.

    Raises:
        InputError: not a workbook, sheet missing or hidden, merged header, formulas in a mapped column, a header
            that is not the mapping's, no rows.
    """
    book = open_workbook(source, name, read_only=True, data_only=False)
    titles = [(s.title, s.sheet_state == "visible") for s in book.worksheets]
    title = sheet_title or chosen(titles, mapping, name)[0]
    sheet = next(s for s in book.worksheets if s.title == title)
    merged, formulas = _marks(source, sheet, name)
    if any(first <= mapping.header_row <= last for first, last in merged):
        raise InputError(
            f"{name} has a merged header",
            [Problem(name, mapping.header_row, None, "merged cells in the header", "merged_header",
                     "one heading in each column", "unmerge the header cells and save")],
        )  # fmt: skip
    rows = _values(_safe_rows(sheet, name), has_formulas=formulas)
    epoch_1904 = book.epoch.year == 1904
    return read_rows(rows, mapping, name, piece_rows=piece_rows, keep_all=keep_all, epoch_1904=epoch_1904)


def _values(rows: Iterator[tuple[Any, ...]], *, has_formulas: bool) -> Iterator[list[Any]]:
    """Rows of values; a cell with a formula is marked as one."""
    if not has_formulas:
        yield from ([c.value for c in row] for row in rows)
        return
    for row in rows:
        yield [FORMULA if c.data_type == "f" else c.value for c in row]


def _marks(source: Path | IO[bytes], sheet: Any, name: str) -> tuple[list[tuple[int, int]], bool]:
    """Row ranges of merged cells, and whether the sheet holds any formula."""
    merged: list[tuple[int, int]] = []
    formulas = False
    path = str(sheet._worksheet_path).lstrip("/")
    try:
        with zipfile.ZipFile(source) as archive, archive.open(path) as stream:
            tail = b""
            while piece := stream.read(1 << 20):
                text = tail + piece
                formulas = formulas or re.search(rb"<(?:\w+:)?f[ >/]", text) is not None
                for ref in re.findall(rb'<(?:\w+:)?mergeCell ref="[A-Z]+(\d+):[A-Z]+(\d+)"', text):
                    merged.append((int(ref[0]), int(ref[1])))
                tail = text[-_OVERLAP:]
    except Exception:  # as above: damage further in
        raise broken_workbook(name) from None
    return merged, formulas


def _safe_rows(sheet: Any, name: str) -> Iterator[tuple[Any, ...]]:
    """Rows of cells; damage inside the sheet becomes a refusal."""
    sheet.reset_dimensions()
    rows = sheet.iter_rows()
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except Exception:  # openpyxl and expat raise many kinds on damaged XML; none may reach a user
            raise broken_workbook(name) from None
        yield row
