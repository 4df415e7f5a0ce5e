"""A file as sheets of rows of cells, whatever format it has: one function per format, one shape out
(:mod:`evaluation.files.sheet`).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

from evaluation.errors import InputError, Problem
from evaluation.files.html import html_sheets
from evaluation.files.json_records import json_sheets
from evaluation.files.sheet import Sheet, damaged
from evaluation.files.spreadsheetml import spreadsheetml_sheets

MOST_IN_MEMORY = 512 * 1024**2
"""Bytes of a file that is held as a whole while it is read. Larger ones are asked for as xlsx or CSV, which stream."""
SHEETS = ("xls", "xlsb", "ods", "html", "spreadsheetml", "json")
"""Formats that are read here."""


def open_sheets(data: bytes, kind: str, name: str, record: str | None = None) -> tuple[Sheet, ...]:
    """The sheets of a file held in memory; ``kind`` is one of :data:`SHEETS`; ``record``: which list of JSON holds the rows.

    Raises:
        InputError: damaged, with a password, or without any table.
    """
    if len(data) > MOST_IN_MEMORY:
        raise InputError(
            f"{name} is too large",
            [Problem(name, found=f"{len(data):,} bytes in one piece", rule="too_large",
                     expected=f"at most {MOST_IN_MEMORY:,}", next_step="save it as .xlsx or CSV")],
        )  # fmt: skip
    if kind in ("xls", "xlsb", "ods"):
        sheets = _calamine(data, kind, name)
    elif kind == "html":
        sheets = html_sheets(data, name)
    elif kind == "spreadsheetml":
        sheets = spreadsheetml_sheets(data, name)
    else:
        sheets = json_sheets(data, name, record)
    if not sheets:
        raise damaged(name, "no table in the file", "a table")
    return sheets


def _calamine(data: bytes, kind: str, name: str) -> tuple[Sheet, ...]:
    """Old, binary and OpenDocument workbooks. Cells with a formula come with the value that was saved."""
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        found = [
            (m.name, book.get_sheet_by_name(m.name), m.visible == calamine.SheetVisibleEnum.Visible)
            for m in book.sheets_metadata
            if m.typ == calamine.SheetTypeEnum.WorkSheet
        ]
    except Exception:  # calamine raises many kinds on damage; none may reach a user
        what = {
            "xls": "an old Excel file (.xls) that is damaged, or a workbook with a password",
            "xlsb": "a binary Excel workbook that is damaged",
            "ods": "an OpenDocument workbook that is damaged or has a password",
        }[kind]
        raise damaged(name, what, "an undamaged workbook without a password") from None

    def rows_of(sheet: Any) -> Callable[[], Iterator[list[Any]]]:
        return lambda: iter(sheet.to_python(skip_empty_area=False))

    return tuple(Sheet(title, rows_of(sheet), visible) for title, sheet, visible in found)
