"""A pupil by a school's own number or by name where the door attributes nothing: files that no mapping reads or that are
refused, sheets and members nobody reads, lines that could not be split, rows whose pupil is not told.

Searching only. A hit may be somebody else (another school's number 17, a namesake), so such a file is never rewritten: it
is named, and a person looks. The number itself is searched for in every file (:mod:`~evaluation.door.forget_files`).
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from evaluation.door.erase import text_encoding
from evaluation.door.read_rows import cell_text
from evaluation.door.values import clean
from evaluation.errors import InputError
from evaluation.files.sheets import SHEETS, open_sheets
from evaluation.files.sniff import file_kind
from evaluation.files.xlsx import open_workbook

Place = tuple[Path, str | None, str | None]
"""A file, a member of it, and a sheet of that."""
_BETWEEN_CELLS = re.compile(r'[;\t,|¤<>"]')


@dataclass(frozen=True)
class Others:
    """What rosters call the pupil beside the number. Never shown."""

    ids: frozenset[str] = frozenset()
    names: frozenset[tuple[str, ...]] = frozenset()

    def __repr__(self) -> str:
        return "Others()"

    def __bool__(self) -> bool:
        return bool(self.ids or self.names)

    def with_ids(self, texts: Iterable[str]) -> Others:
        """These and a system's own numbers."""
        return Others(self.ids | {i for t in texts if (i := _id(t))}, self.names)

    def with_names(self, texts: Iterable[str]) -> Others:
        """These and full names; one word is no name."""
        return Others(self.ids, self.names | {w for t in texts if len(w := _words(t)) > 1})

    def are_in(self, cells: Iterable[str]) -> bool:
        """Whether a row's cells hold one of the numbers, or every word of the name."""
        row = list(cells)
        words = set(_words(" ".join(row))) if self.names else set()
        return any(_id(c) in self.ids for c in row) or any(words.issuperset(n) for n in self.names)


@dataclass
class Looked:
    """Which lines of each place the door left to nobody; a place that is not there was not read at all."""

    lines: dict[Place, frozenset[int]] = field(default_factory=dict)

    def left_at(self, place: Place) -> frozenset[int] | None:
        """Lines to search there; None for all of them."""
        return self.lines.get(place)


def unread_hits(path: Path, header_rows: Mapping[Path, int], looked: Looked, others: Others) -> int:
    """Lines of a file that may be about the pupil and that the door attributes to nobody."""
    found = 0
    for place, rows in _places(path):
        left = looked.left_at(place)
        if left is not None and not left:
            continue
        head, last = header_rows.get(path, 0), max(left or (0,))
        for number, cells in rows:
            if left is not None and number > last:
                break
            if number > head and (left is None or number in left):
                found += others.are_in(cells)
    return found


Rows = Iterator[tuple[int, list[str]]]


def _places(path: Path) -> Iterator[tuple[Place, Rows]]:
    try:
        with path.open("rb") as stream:
            if file_kind(stream) != "zip":
                yield from _parts(stream, path, None)
                return
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                with archive.open(member) as packed:
                    yield from _parts(io.BytesIO(packed.read()), path, member)
    except (OSError, EOFError, zipfile.BadZipFile, RuntimeError, NotImplementedError, InputError):
        return  # what cannot be opened is named as a file that cannot be searched


def _parts(stream: IO[bytes], path: Path, member: str | None) -> Iterator[tuple[Place, Rows]]:
    stream.seek(0)
    kind = file_kind(stream)
    stream.seek(0)
    if kind == "xlsx":
        book = open_workbook(stream, path.name, read_only=True, data_only=True)
        for sheet in book.worksheets:
            yield (path, member, sheet.title), _numbered(sheet.iter_rows(values_only=True))
    elif kind in SHEETS:
        for table in open_sheets(stream.read(), kind, path.name):
            yield (path, member, table.name), _numbered(table.rows())
    elif kind in (None, "xml"):
        yield (path, member, None), _lines(stream)


def _numbered(rows: Iterable[Iterable[object]]) -> Rows:
    return ((n, [cell_text(v, ",") or "" for v in row]) for n, row in enumerate(rows, start=1))


def _lines(stream: IO[bytes]) -> Rows:
    encoding, mark = text_encoding(stream.read(4096), None)
    stream.seek(len(mark))
    text = io.TextIOWrapper(stream, encoding, errors="replace")
    for number, line in enumerate(text, start=1):
        yield number, _BETWEEN_CELLS.split(line)
    text.detach()


def _id(cell: str) -> str:
    return clean(cell).casefold().lstrip("0")


def _words(text: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"[^\W\d_]+", clean(text).casefold())))
