"""CSV and XLSX files as rows of text: encodings, delimiters and spreadsheets belong here, meaning does not.

Values stay text exactly as written. What cannot be read whole is refused; a row that does not fit its header is
left out and reported with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from evaluation.errors import InputError, Problem
from evaluation.interviews.archive import archive_from_bytes
from evaluation.interviews.plain_columns import ALIASES

DELIMITERS = (";", ",", "\t", "¤", "|")
MAX_TABLE_BYTES = 200 * 1024 * 1024
MAX_SHEET_ROWS = 200_000
MAX_SHEET_CELLS = 5_000_000
_OPENPYXL_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, SyntaxError, RuntimeError, NotImplementedError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError, AssertionError),
)
"""What openpyxl is known to raise on damaged workbooks; ``SyntaxError`` is what XML parsers raise."""


@dataclass(frozen=True)
class Row:
    """Cells by heading; ``line`` is counted from 1 as an editor or Excel shows it."""

    line: int
    cells: dict[str, str]

    def get(self, heading: str | None) -> str:
        """The cell, or an empty string when the column or the cell is missing."""
        return self.cells.get(heading, "") if heading is not None else ""


@dataclass(frozen=True)
class Table:
    """A file's header and rows; ``problems`` name the ``lost`` rows."""

    file: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    lost: int = 0
    sheets: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def heading(self, canonical: str) -> str | None:
        """The file's own heading for a canonical column; see :mod:`~evaluation.interviews.plain_columns`."""
        spellings = {_key(name): name for name in self.headings}
        for name in (canonical, *ALIASES.get(canonical, ())):
            if _key(name) in spellings:
                return spellings[_key(name)]
        return None


def read_rows(path: Path, sheet: str | None = None) -> Table:
    """Read a CSV or XLSX file with one header row. Raises ``InputError`` when the file as a whole is unusable."""
    if path.suffix.casefold() in {".xlsx", ".xlsm"}:
        sheets = read_sheets(path)
        name = (
            sheet
            if sheet in sheets
            else next((n for n, rows in sheets.items() if rows), next(iter(sheets), ""))
        )
        return _table(
            path.name, [(number, list(cells)) for number, cells in enumerate(sheets.get(name, ()), 1)]
        )
    data = _bytes(path)
    text = decode_text(data, path.name)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise InputError(f"{path.name} is not a text table.", [Problem(path.name, line, found="a NUL byte")])
    return _table(path.name, _csv_rows(text, path.name))


def read_sheets(path: Path) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Visible sheets of a workbook as text cells. Formulas are refused: their values depend on another program."""
    import openpyxl

    archive_from_bytes(_bytes(path), path.name)
    try:
        book = openpyxl.load_workbook(path, data_only=False, keep_links=False)
    except _OPENPYXL_ERRORS:
        problem = Problem(
            path.name, found="not an Excel workbook", expected=".xlsx", next_step="save it again"
        )
        raise InputError(f"{path.name} cannot be read.", [problem]) from None
    sheets: dict[str, tuple[tuple[str, ...], ...]] = {}
    problems: list[Problem] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        size = (sheet.max_row or 0) * (sheet.max_column or 0)
        if (sheet.max_row or 0) > MAX_SHEET_ROWS or size > MAX_SHEET_CELLS:
            found = f"a sheet of {sheet.max_row:,} rows and {sheet.max_column:,} columns"
            problems.append(Problem(path.name, found=found, expected=f"at most {MAX_SHEET_ROWS:,} rows"))
            continue
        rows = []
        for number, cells in enumerate(sheet.iter_rows(), 1):
            for cell in cells:
                if cell.data_type == "f":
                    problems.append(
                        Problem(
                            path.name,
                            number,
                            cell.coordinate,
                            "a formula",
                            "values only",
                            "text or a number",
                            "copy the cells and paste them as values",
                        )
                    )
            rows.append(tuple(_cell(cell.value) for cell in cells))
        while rows and not any(rows[-1]):
            rows.pop()
        sheets[sheet.title] = tuple(rows)
    if problems:
        raise InputError(f"{path.name} was not read.", problems[:50])
    return sheets


def decode_text(data: bytes, file: str) -> str:
    """Text of a file in UTF-8 (with or without mark), UTF-16 with mark, or cp1252 when UTF-8 does not fit."""
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8-sig" and not data.startswith(codecs.BOM_UTF8):
            try:
                return data.decode("cp1252")
            except UnicodeDecodeError:
                pass
        line = data[: error.start].count(b"\n") + 1
        problem = Problem(
            file, line, found=f"bytes that are not {encoding}", next_step="save it again as UTF-8"
        )
        raise InputError(f"{file} cannot be read as text.", [problem]) from None


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise InputError(f"{path.name} is larger than {MAX_TABLE_BYTES:,} bytes.")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None


def _csv_rows(text: str, file: str) -> list[tuple[int, list[str]]]:
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for cells in reader:
            rows.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error:
        problem = Problem(
            file,
            begin,
            found="a quotation mark that is not closed, or a cell that is too long",
            rule="CSV",
            next_step="export the table again, or correct the line",
        )
        raise InputError(f"{file} cannot be read as a table.", [problem]) from None
    return rows


def _table(file: str, lines: list[tuple[int, list[str]]]) -> Table:
    lines = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if not lines:
        raise InputError(f"{file} is empty.", [Problem(file, found="no rows", expected="a header and rows")])
    headings = [_clean(cell) for cell in lines[0][1]]
    while headings and not headings[-1]:
        headings.pop()
    twice = [name for name, times in Counter(map(_key, headings)).items() if times > 1 and name]
    if twice:
        problem = Problem(
            file, lines[0][0], found=f"{len(twice)} heading(s) stand twice", expected="once each"
        )
        raise InputError(f"{file} has an unusable header.", [problem])
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, cells in lines[1:]:
        surplus = [cell for cell in cells[len(headings) :] if cell.strip()]
        if surplus:
            found = f"{len(cells)} columns, {len(headings)} expected"
            problems.append(Problem(file, number, found=found, rule="table", next_step="correct the line"))
            continue
        rows.append(
            Row(number, {name: _clean(cell) for name, cell in zip(headings, cells, strict=False) if name})
        )
    return Table(file, tuple(headings), tuple(rows), tuple(problems), len(problems))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).replace("\u200b", "").replace("\ufeff", "").strip()


def _key(heading: str) -> str:
    return " ".join(_clean(heading).casefold().split())
