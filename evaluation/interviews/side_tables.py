"""Side tables: what is known of interviews beside their coding, for tools that do not know it.

``NAME.dokumenter.csv`` (or ``.xlsx``) lies beside ``NAME.*`` and tells of that file's interviews; ``dokumenter.csv`` of all
in its folder. Columns in :mod:`~evaluation.interviews.plain_columns`. Which files there are and how a table is read
belongs here; what its words mean is :mod:`~evaluation.interviews.attributes`' matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.errors import InputError, Problem
from evaluation.interviews.attributes import (
    FIELDS,
    DocumentAttributes,
    normal_name,
    second_consents,
)
from evaluation.interviews.plain_columns import DOCUMENT_COLUMNS
from evaluation.interviews.tables import read_rows
from evaluation.interviews.understanding import is_called_consent

_NAME = re.compile(r"(?:.+\.)?dokumenter\.(?:csv|xlsx)", re.IGNORECASE)
PupilKey = Callable[[str], str | None]
"""From a pupil's number as written to the pupil's key; ``None`` when it is no number."""


@dataclass(frozen=True)
class SideTable:
    """One table: what it says by the document's normal name, the keys of the pupils who take part, its line."""

    documents: Mapping[str, DocumentAttributes] = field(default_factory=dict)
    pupils: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    lines: Mapping[str, int] = field(default_factory=dict)
    rows: int = 0


def is_side_table(name: str) -> bool:
    """Whether a file's name is that of a side table."""
    return _NAME.fullmatch(name) is not None


def side_tables_of(path: Path) -> list[Path]:
    """The tables that tell of a file's interviews: its folder's, then its own."""
    stem = path.name if path.is_dir() else path.stem
    stems = dict.fromkeys((stem, path.name, path.name.removesuffix(path.suffix)))
    wanted = [
        _same(f"{lead}dokumenter{suffix}")
        for lead in ("", *(f"{s}." for s in stems))
        for suffix in (".csv", ".xlsx")
    ]
    there = sorted(path.parent.iterdir())
    return [p for name in dict.fromkeys(wanted) for p in there if _same(p.name) == name and p.is_file()]


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def read_side_table(path: Path, pupil_key: PupilKey | None = None) -> SideTable:
    """Read one. Raises ``InputError`` when a document stands twice with different values, no column names the document,
    or a pupil's number is none.
    """
    table = read_rows(path)
    headings = {name: table.heading(name) for name in ("dokument", "koder", "elev", *FIELDS)}
    problems = list(table.problems)
    if headings["dokument"] is None:
        problems.append(
            Problem(path.name, 1, found="no column for the document", rule="side_table_heading",
                    expected='"document" or "dokument"', next_step="name the column document")
        )  # fmt: skip
    unread = [
        h for h in table.headings if h not in headings.values() and any(row.get(h) for row in table.rows)
    ]
    if second := sum(is_called_consent(h) for h in unread):
        problems.append(second_consents(path.name, second))
    if other := len(unread) - second:
        problems.append(
            Problem(path.name, 1, found=f"{other} filled column(s) that are not read: a no in them would be lost",
                    rule="side_table_unread", expected=", ".join(DOCUMENT_COLUMNS),
                    next_step="give the column one of these names, or take it out")
        )  # fmt: skip
    problems += [
        Problem(path.name, row.line, found="a note on a cell: a no in it would be lost", rule="side_table_unread",
                expected="words in cells", next_step="write it in samtykke, or take it out")
        for row in table.rows
        if row.notes
    ]  # fmt: skip
    documents: dict[str, DocumentAttributes] = {}
    pupils: dict[str, frozenset[str]] = {}
    lines: dict[str, int] = {}
    for row in table.rows:
        name = normal_name(row.get(headings["dokument"]))
        if not name and any(row.cells.values()):
            problems.append(
                Problem(path.name, row.line, "document", "a row without a document: a no in it would be lost",
                        "side_table_heading", "the document's name", "write the name, or take the row out")
            )  # fmt: skip
        if not name:
            continue
        said = [(attribute, row.get(headings[attribute])) for attribute in FIELDS]
        about = DocumentAttributes.of(said, _several(row.get(headings["koder"])))
        if documents.get(name, about) != about:
            problems.append(
                Problem(path.name, row.line, found="the document stands twice with different values",
                        rule="side_table_twice", expected="once", next_step="leave the right line")
            )  # fmt: skip
        documents[name] = about
        lines.setdefault(name, row.line)
        numbers = _several(row.get(headings["elev"]))
        keys = [pupil_key(number) for number in numbers] if pupil_key else []
        if None in keys:
            problems.append(
                Problem(path.name, row.line, headings["elev"], "not a CPR number", "side_table_pupil",
                        "ten digits, several joined by |", "correct the number, or leave the cell empty")
            )  # fmt: skip
        pupils[name] = pupils.get(name, frozenset()) | {key for key in keys if key}
    if problems:
        raise InputError(f"{path.name} has {len(problems)} problem(s).", problems)
    return SideTable(documents, pupils, lines, len(table.rows))


def _several(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r"[|,;\n]", cell) if part.strip()]
