"""Files with several sheets or tables: which of them a mapping reads, and their rows. Xlsx streams; the rest is held."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from typing import IO

from evaluation.door.chunks import Reading
from evaluation.door.mapping import Mapping
from evaluation.door.read_rows import read_rows
from evaluation.errors import InputError, Problem
from evaluation.files.sheets import SHEETS, open_sheets
from evaluation.files.sniff import file_kind
from evaluation.files.xlsx import xlsx_sheets

BOOKS = ("xlsx", *SHEETS)
"""Formats whose files may hold several sheets."""


def book_kind(stream: IO[bytes], mapping: Mapping) -> str | None:
    """What kind of workbook a file is to be read as; None when it is none. A grid may stand in any of them."""
    if mapping.format in BOOKS:
        return mapping.format
    if mapping.format != "grid":
        return None
    kind = file_kind(stream)
    return kind if kind in BOOKS else None


def sheet_titles(stream: IO[bytes], kind: str, name: str) -> tuple[tuple[str, bool], ...]:
    """Title and visibility of every sheet; none where the file is damaged, which reading it will say."""
    if kind == "xlsx":
        return xlsx_sheets(stream)
    try:
        return tuple((s.name, s.is_visible) for s in open_sheets(stream.read(), kind, name))
    except InputError:
        return ()


def is_pattern(sheet: str | None) -> bool:
    """Does a mapping's ``sheet`` stand for several?"""
    return sheet is not None and any(c in sheet for c in "*?[")


def takes_any(sheet: str | None) -> bool:
    """Does a mapping's ``sheet`` fit every title?"""
    return is_pattern(sheet) and not str(sheet).strip("*? ")


def chosen(titles: Iterable[tuple[str, bool]], mapping: Mapping, name: str) -> tuple[str, ...]:
    """Titles of the sheets a mapping reads: those its pattern fits, the one it names, or the only visible one.

    Raises:
        InputError: none, a hidden one, or several and the mapping does not say which.
    """
    titles = tuple(titles)
    visible = [t for t, is_visible in titles if is_visible]
    if mapping.sheet is None and len(visible) == 1:
        return (visible[0],)
    if mapping.sheet is not None and mapping.sheet in visible:
        return (mapping.sheet,)
    if is_pattern(mapping.sheet):
        fits = tuple(t for t in visible if fnmatch.fnmatchcase(t.casefold(), str(mapping.sheet).casefold()))
        if fits:
            return fits
    is_hidden = mapping.sheet is not None and any(t == mapping.sheet for t, _ in titles)
    found = (
        f'the sheet "{mapping.sheet}" is hidden' if is_hidden
        else f'{len(visible)} visible sheets, none is called "{mapping.sheet}"' if mapping.sheet
        else f"{len(visible)} visible sheets and the mapping names none"
    )  # fmt: skip
    raise InputError(
        f"{name}: which sheet?",
        [Problem(name, found=found, rule="sheet", expected="one visible sheet that the mapping names, or a pattern",
                 next_step='write sheet = … (or sheet = "*") in the mapping, or show the sheet in Excel')],
    )  # fmt: skip


def read_sheet(
    stream: IO[bytes], kind: str, mapping: Mapping, name: str, sheet: str | None, *, keep_all: bool = False
) -> Reading:
    """Read one sheet of a workbook that is held in memory."""
    sheets = open_sheets(stream.read(), kind, name, mapping.record)
    title = sheet or chosen(((s.name, s.is_visible) for s in sheets), mapping, name)[0]
    rows = next((s.rows() for s in sheets if s.name == title), None)
    if rows is None:
        raise InputError(
            f"{name} has changed",
            [Problem(name, found="a sheet is gone", rule="file_changed", next_step="run again")],
        )
    return read_rows(rows, mapping, name, keep_all=keep_all)
