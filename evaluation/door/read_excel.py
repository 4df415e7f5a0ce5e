"""Reading xlsx sheets row by row: native dates, 1904 workbooks; formulas, merged headers and hidden sheets refused.

The sheet's XML is searched once, streamed, for what openpyxl's read-only mode does not show (merged cells,
formulas); then the rows are streamed.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk, Reading, check_header, empty_file
from evaluation.door.dates import EXCEL_CELL
from evaluation.door.mapping import Mapping
from evaluation.errors import InputError, Problem

PIECE_ROWS = 50_000
_OVERLAP = 200
"""Bytes carried between pieces of XML so that no tag is cut in two."""


def read_excel(
    source: Path | IO[bytes],
    mapping: Mapping,
    name: str,
    *,
    piece_rows: int = PIECE_ROWS,
    keep_all: bool = False,
) -> Reading:
    """Open the mapping's sheet (the only visible one when it names none); ``keep_all`` hands on every column.

    Raises:
        InputError: not a workbook, sheet missing or hidden, merged header, formulas in a mapped column, a header
            that is not the mapping's, no rows.
    """
    import openpyxl

    try:
        book = openpyxl.load_workbook(source, read_only=True, data_only=False)
    except Exception:  # zipfile, zlib, expat and openpyxl raise many kinds on damage; none may reach a user
        raise InputError(
            f"{name} is not an xlsx workbook",
            [Problem(name, found="the workbook cannot be opened", rule="xlsx", expected="an undamaged .xlsx file",
                     next_step="open it in Excel and save it as .xlsx")],
        ) from None  # fmt: skip
    sheet = _sheet(book, mapping, name)
    merged, formulas = _marks(source, sheet, name)
    if any(first <= mapping.header_row <= last for first, last in merged):
        raise InputError(
            f"{name} has a merged header",
            [Problem(name, mapping.header_row, None, "merged cells in the header", "merged_header",
                     "one heading in each column", "unmerge the header cells and save")],
        )  # fmt: skip
    rows = _safe_rows(sheet, name)
    head = list(itertools.islice(rows, mapping.header_row))
    if not head or all(_blank([c.value for c in row]) for row in head):
        raise empty_file(name, mapping, header_only=False)
    names = [cell_text(c.value, ".") or "" for c in head[-1]] if len(head) == mapping.header_row else [""]
    header = check_header(names, mapping, name)
    preamble = tuple(" ".join(t for c in row if (t := cell_text(c.value, "."))) for row in head[:-1])
    columns = tuple(h for h in header if h) if keep_all else mapping.used_columns
    chunks = _chunks(rows, mapping, name, header, piece_rows, columns=columns, formulas=formulas)
    return Reading(preamble, header, chunks, epoch_1904=book.epoch.year == 1904)


def _sheet(book: Any, mapping: Mapping, name: str) -> Any:
    visible = [s for s in book.worksheets if s.sheet_state == "visible"]
    if mapping.sheet is None and len(visible) == 1:
        return visible[0]
    chosen = [s for s in visible if s.title == mapping.sheet]
    if chosen:
        return chosen[0]
    hidden = any(s.title == mapping.sheet for s in book.worksheets)
    found = (
        f'the sheet "{mapping.sheet}" is hidden' if hidden
        else f'{len(visible)} visible sheets, none is called "{mapping.sheet}"' if mapping.sheet
        else f"{len(visible)} visible sheets and the mapping names none"
    )  # fmt: skip
    raise InputError(
        f"{name}: which sheet?",
        [Problem(name, found=found, rule="sheet", expected="one visible sheet that the mapping names",
                 next_step="write sheet = … in the mapping, or show the sheet in Excel")],
    )  # fmt: skip


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
        raise InputError(
            f"{name} is not an xlsx workbook",
            [
                Problem(
                    name, found="the sheet cannot be read", rule="xlsx", next_step="save it again from Excel"
                )
            ],
        ) from None
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
            raise InputError(
                f"{name} is damaged",
                [
                    Problem(
                        name, found="the sheet breaks off", rule="xlsx", next_step="save it again from Excel"
                    )
                ],
            ) from None
        yield row


def _chunks(
    rows: Iterator[tuple[Any, ...]], mapping: Mapping, name: str, header: tuple[str, ...], piece_rows: int, *,
    columns: tuple[str, ...], formulas: bool,
) -> Iterator[Chunk]:  # fmt: skip
    number = mapping.header_row + 1
    places = {column: header.index(column) for column in columns}
    bad: dict[str, int] = {}
    seen = False
    while piece := list(itertools.islice(rows, piece_rows)):
        if formulas:
            for column, place in places.items():
                hit = next(
                    (
                        number + i
                        for i, row in enumerate(piece)
                        if len(row) > place and row[place].data_type == "f"
                    ),
                    None,
                )
                if hit is not None:
                    bad.setdefault(column, hit)
        cells = [[c.value for c in row] for row in piece]
        keep = [i for i, row in enumerate(cells) if not _blank(row) and not _skipped(row, mapping)]
        texts = {
            column: pd.Series(
                [
                    cell_text(cells[i][place], mapping.decimal) if place < len(cells[i]) else None
                    for i in keep
                ],
                dtype="str",
            )
            for column, place in places.items()
        }
        seen = seen or bool(keep)
        if not bad:
            yield Chunk(pd.DataFrame(texts), np.array(keep, dtype=np.int64) + number)
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


def _skipped(row: list[Any], mapping: Mapping) -> bool:
    """Whether ``skip_lines`` names the row; its cells are joined as they would stand in a line of text."""
    if not mapping.skip_lines:
        return False
    line = mapping.delimiter.join(cell_text(v, mapping.decimal) or "" for v in row)
    return any(re.search(pattern, line) for pattern in mapping.skip_lines)


def _blank(row: list[Any]) -> bool:
    return all(v is None or (isinstance(v, str) and not v.strip()) for v in row)


def cell_text(value: Any, decimal: str) -> str | None:
    """A cell as text: dates marked as such, whole numbers without a decimal part, numbers with the mapping's sign."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return f"{EXCEL_CELL}{value.date().isoformat()}"
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
