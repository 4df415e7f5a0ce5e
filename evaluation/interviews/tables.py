"""CSV and XLSX files as rows of text: encodings, delimiters and spreadsheets belong here, meaning does not.

Values stay text exactly as written. What cannot be read whole is refused; a row that does not fit its header is
left out and reported with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from evaluation.errors import InputError, Problem
from evaluation.files.beside_cells import beside_cells
from evaluation.files.packages import archive_from_bytes
from evaluation.files.xlsx import open_workbook
from evaluation.interviews.plain_columns import ALIASES

DELIMITERS = (";", ",", "\t", "¤", "|")
MAX_TABLE_BYTES = 200 * 1024 * 1024
MAX_SHEET_ROWS = 200_000
MAX_SHEET_CELLS = 5_000_000


@dataclass(frozen=True)
class Row:
    """Cells by heading; ``line`` is counted from 1 as an editor or Excel shows it. ``notes``: what hangs on its cells."""

    line: int
    cells: dict[str, str]
    notes: tuple[str, ...] = ()

    def get(self, heading: str | None) -> str:
        """The cell, or an empty string when the column or the cell is missing."""
        return self.cells.get(heading, "") if heading is not None else ""


@dataclass(frozen=True)
class Table:
    """A file's header and rows; ``problems`` name the ``lost`` rows.

    ``misfits``: each lost row, which has more cells than there are headings, in the ways it is likely to read.
    ``loose_notes`` hang on the header, or on what is no row.
    """

    file: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()
    lost: int = 0
    misfits: tuple[tuple[Row, ...], ...] = ()
    loose_notes: tuple[str, ...] = ()

    def heading(self, canonical: str) -> str | None:
        """The file's own heading for a canonical column; see :mod:`~evaluation.interviews.plain_columns`."""
        spellings = {_key(name): name for name in self.headings}
        for name in (canonical, *ALIASES.get(canonical, ())):
            if _key(name) in spellings:
                return spellings[_key(name)]
        return None


def read_rows(path: Path) -> Table:
    """Read a CSV or XLSX file with one header row. Raises ``InputError`` when the file as a whole is unusable, and when
    a second sheet, hidden or not, or anything outside the cells is filled: what it says would be lost.
    """
    if path.suffix.casefold() in {".xlsx", ".xlsm"}:
        aside = Aside()
        filled = [rows for rows in read_sheets(path, aside=aside).values() if rows]
        lost = [
            Problem(path.name, column=sheet, found="a hidden sheet that is filled: what it says would be lost",
                    rule="hidden_sheet", expected="sheets that can be seen", next_step="show the sheet, or take it out")
            for sheet in aside.hidden
        ]  # fmt: skip
        lost += [
            Problem(path.name, found=f"{times} × {kind} with text: what it says would be lost", rule="beside_cells",
                    expected="text in cells", next_step="write it in a cell, or take it out")
            for kind, times in sorted(Counter(aside.beside).items())
        ]  # fmt: skip
        if len(filled) > 1:
            lost.append(
                Problem(path.name, found=f"{len(filled)} filled sheets, of which one can be read", rule="table",
                        expected="one sheet", next_step="save each sheet as a file of its own")
            )  # fmt: skip
        lost += [
            Problem(path.name, column=f"{sheet}!{cell}", found="text that is struck out", rule="struck_out",
                    expected="what holds, and nothing else", next_step="take it out, or take the line through it away")
            for sheet, cell in aside.struck
        ]  # fmt: skip
        if lost:
            raise InputError(f"{path.name} holds more than one sheet of cells.", lost)
        lines = [(n, list(cells)) for rows in filled for n, cells in enumerate(rows, 1)]
        noted: dict[int, tuple[str, ...]] = {}
        for _, cell, text in aside.notes:
            line = int(re.sub(r"\D", "", cell))
            noted[line] = (*noted.get(line, ()), text)
        return _table(path.name, lines, noted=noted)
    data = _bytes(path)
    text = decode_text(data, path.name)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise InputError(f"{path.name} is not a text table.", [Problem(path.name, line, found="a NUL byte")])
    delimiter = max(DELIMITERS, key=text.split("\n", 1)[0].count)
    return _table(path.name, _csv_rows(text, path.name, delimiter), delimiter)


@dataclass(frozen=True)
class Aside:
    """What a workbook holds beside the cells of its visible sheets, filled in as it is read.

    ``notes``: (sheet, cell, text) of every note; ``hidden``: hidden sheets that hold anything; ``beside``: kinds of text
    that stand in no cell; ``struck``: (sheet, cell) where something is struck out, which is not written; ``merged``: sheet →
    cell of a merged range → its first cell, rows and columns from 1.
    """

    notes: list[tuple[str, str, str]] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    struck: list[tuple[str, str]] = field(default_factory=list)
    merged: dict[str, dict[tuple[int, int], tuple[int, int]]] = field(default_factory=dict)


def read_sheets(
    path: Path, *, aside: Aside, is_merged_filled: bool = False
) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Visible sheets of a workbook as text cells. Formulas are refused: their values depend on another program.

    ``is_merged_filled``: cells of a range that is merged over rows all hold its text. ``aside`` is given all else that is
    written.
    """
    aside.beside.extend(beside_cells(archive_from_bytes(_bytes(path), path.name)))
    book = open_workbook(path, path.name, data_only=False, keep_links=False, rich_text=True)
    sheets: dict[str, tuple[tuple[str, ...], ...]] = {}
    problems: list[Problem] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            if any(cell is not None for row in sheet.values for cell in row):
                aside.hidden.append(sheet.title)
            continue
        size = (sheet.max_row or 0) * (sheet.max_column or 0)
        if (sheet.max_row or 0) > MAX_SHEET_ROWS or size > MAX_SHEET_CELLS:
            found = f"a sheet of {sheet.max_row:,} rows and {sheet.max_column:,} columns"
            problems.append(Problem(path.name, found=found, expected=f"at most {MAX_SHEET_ROWS:,} rows"))
            continue
        rows: list[tuple[str, ...]] = []
        aside.merged[sheet.title] = merged = _merged(sheet)
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
                if cell.comment is not None:
                    aside.notes.append((sheet.title, cell.coordinate, str(cell.comment.text or "")))
                if _is_struck(cell):
                    aside.struck.append((sheet.title, cell.coordinate))
            texts = [_cell(_standing(c)) for c in cells]
            if is_merged_filled:
                texts = [_above(rows, merged.get((number, p)), number) or t for p, t in enumerate(texts, 1)]
            rows.append(tuple(texts))
        while rows and not any(rows[-1]):
            rows.pop()
        sheets[sheet.title] = tuple(rows)
    if problems:
        raise InputError(f"{path.name} was not read.", problems[:50])
    return sheets


def _merged(sheet: Any) -> dict[tuple[int, int], tuple[int, int]]:
    """Each cell of a merged range and the range's first cell."""
    return {
        (row, column): (merged.min_row, merged.min_col)
        for merged in sheet.merged_cells.ranges
        for row in range(merged.min_row, merged.max_row + 1)
        for column in range(merged.min_col, merged.max_col + 1)
    }


def _above(rows: Sequence[tuple[str, ...]], first: tuple[int, int] | None, number: int) -> str:
    """The text of a merged range's first cell, where that stands in a row further up."""
    return rows[first[0] - 1][first[1] - 1] if first is not None and first[0] < number else ""


def _is_struck(cell: Any) -> bool:
    """Whether anything in a filled cell is struck out."""
    if cell.value is None:
        return False
    runs = cell.value if isinstance(cell.value, list) else ()
    return bool(cell.font and cell.font.strike) or any(
        getattr(r, "font", None) and r.font.strike for r in runs
    )


def _standing(cell: Any) -> Any:
    """A cell's value without what is struck out."""
    if not isinstance(cell.value, list):
        return None if _is_struck(cell) else cell.value
    is_struck = bool(cell.font and cell.font.strike)
    kept = (r for r in cell.value if not (r.font.strike if getattr(r, "font", None) else is_struck))
    return "".join(map(str, kept))


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


def _csv_rows(text: str, file: str, delimiter: str) -> list[tuple[int, list[str]]]:
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


def _table(
    file: str,
    lines: list[tuple[int, list[str]]],
    delimiter: str | None = None,
    noted: Mapping[int, tuple[str, ...]] | None = None,
) -> Table:
    lines = [(number, cells) for number, cells in lines if any(cell.strip() for cell in cells)]
    if not lines:
        raise InputError(f"{file} is empty.", [Problem(file, found="no rows", expected="a header and rows")])
    headings = [_clean(cell) for cell in lines[0][1]]
    while headings and not headings[-1]:
        headings.pop()
    headings = [name or f"({place})" for place, name in enumerate(headings, 1)]  # unread, and said to be
    twice = [name for name, times in Counter(map(_key, headings)).items() if times > 1 and name]
    if twice:
        problem = Problem(
            file, lines[0][0], found=f"{len(twice)} heading(s) stand twice", expected="once each"
        )
        raise InputError(f"{file} has an unusable header.", [problem])
    rows: list[Row] = []
    unfit: list[tuple[int, list[str]]] = []
    problems: list[Problem] = []
    for number, cells in lines[1:]:
        if any(cell.strip() for cell in cells[len(headings) :]):
            unfit.append((number, cells))
            found = f"{len(cells)} columns, {len(headings)} expected"
            problems.append(Problem(file, number, found=found, rule="table", next_step="correct the line"))
            continue
        rows.append(replace(_row(number, headings, cells), notes=(noted or {}).get(number, ())))
    misfits = tuple(_likely(_ways(number, headings, cells, delimiter), rows) for number, cells in unfit)
    met = {row.line for row in rows}
    loose = tuple(text for line, texts in (noted or {}).items() if line not in met for text in texts)
    return Table(file, tuple(headings), tuple(rows), tuple(problems), len(problems), misfits, loose)


def _ways(line: int, headings: list[str], cells: list[str], delimiter: str | None) -> list[Row]:
    """A row with too many cells: without those to the right, or with one cell made whole that its own text cut."""
    pieces = len(cells) - len(headings) + 1
    ways = [cells]
    if delimiter:
        starts = range(len(headings))
        ways += [
            [*cells[:at], delimiter.join(cells[at : at + pieces]), *cells[at + pieces :]] for at in starts
        ]
    return [_row(line, headings, way) for way in ways]


def _likely(ways: list[Row], rows: list[Row]) -> tuple[Row, ...]:
    """The ways of reading a row in which most of its cells are what other rows have in the same column."""
    met = {(name, cell) for row in rows for name, cell in row.cells.items()}
    known = [sum(pair in met for pair in way.cells.items()) for way in ways]
    return tuple(way for way, times in zip(ways, known, strict=True) if times == max(known))


def _row(line: int, headings: list[str], cells: list[str]) -> Row:
    return Row(line, {name: _clean(cell) for name, cell in zip(headings, cells, strict=False) if name})


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
