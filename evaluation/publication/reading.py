"""What the files of all rounds say, read as anybody may: the first half of the attack.

What belongs here: bringing each kind of file to the reader that knows its form, and what is found by reading alone. Nothing
is known of the release, the ledger or the tables behind it; the declarations (:mod:`evaluation.publication.leaving`,
:mod:`evaluation.disclosure.registry`) say what should be there. A file that cannot be read is a finding, never a pass.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pandas as pd

from evaluation.disclosure.attack_files import NumbersRead, read_numbers
from evaluation.disclosure.exhibits import parse_cell
from evaluation.disclosure.html_numbers import HtmlNumbers, MarkedNumber, read_html_numbers
from evaluation.disclosure.registry import REGISTRY, attack_tables, limit_of, tells_of_few
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.text import scan_text
from evaluation.errors import InputError, Problem
from evaluation.protocol import Protocol
from evaluation.publication.attack_sources import changed_by_few, printed_sources
from evaluation.publication.leaving import (
    CODEBOOK,
    MANIFEST,
    Form,
    declared_files,
    undeclared_values,
)
from evaluation.publication.named import named_numbers
from evaluation.publication.office import open_office, sheets_of, strange_in_print
from evaluation.tables import TABLES
from evaluation.words import Filed, Name, Statement, say
from evaluation.words.catalogue.attacks import Leak
from evaluation.words.catalogue.registry import Content, Leaving

_NUMBER = re.compile(r"\d[\d.,]*")
_IN_WORDS = ("om", "overblik")
"""Sheets in plain words: what they say stands on the pages."""


@dataclass
class Reading:
    """What was read, and what was found in it. ``system``: the numbers of all pages and tables, if they are readable."""

    protocol: Protocol
    rules: DisclosureRules
    found: list[Statement] = field(default_factory=list)
    pages: dict[str, HtmlNumbers] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    tables: dict[str, dict[str, list[dict[str, str]]]] = field(default_factory=dict)
    grids: dict[str, list[list[str]]] = field(default_factory=dict)
    system: NumbersRead | None = None

    def add(self, kind: Leak, file: str, where: object = "") -> None:
        """Remember a finding."""
        said = say(kind, file=Filed(file), where=Name(str(where)))
        if said not in self.found:
            self.found.append(said)

    def prose(self, file: str, text: str, where: str) -> None:
        """A text for people: no few, no person."""
        if tells_of_few(text, self.rules):
            self.add(Leak.FEW_TOLD, file, where)
        if scan_text(text):
            self.add(Leak.PERSON, file, where)


def read_everything(
    files: Mapping[str, bytes],
    protocol: Protocol,
    rules: DisclosureRules,
    receipts: Mapping[str, bytes] = MappingProxyType({}),
    told: Mapping[str, str] = MappingProxyType({}),
) -> Reading:
    """Read the reports folder (``files`` by relative name), receipts, and texts by place that others are ``told``.

    Never raises on what it finds or cannot read.
    """
    r = Reading(protocol, rules)
    declared = declared_files(protocol)
    later = []
    for name, data in sorted(files.items()):
        form = declared.get(name)
        if form is None:
            r.add(Leak.UNDECLARED, name.partition("/")[0] if "/" in name else "reports", "en fil")
        elif form in (Form.BOOK, Form.DOCUMENT, Form.TEXT):
            later.append((name, form, data))  # held against pages and tables, so after them
        else:
            _guarded(r, name, form, data)
    for name, form, data in later:
        _guarded(r, name, form, data)
    for name, data in receipts.items():
        _data(r, name, name.partition("-")[0], data)
    for place, text in told.items():
        r.prose(place, text, "en tekst")
    order = [x.id for x in protocol.rounds]
    r.system = _system(r, order)
    _between_rounds(r, order)
    structures = _structures(r)
    printed = [
        printed_sources(
            round_id,
            structures[round_id],
            [n for t, rows in r.tables[round_id].items() for n in named_numbers(t, t, rows, r.protocol)],
            r.rules,
        )
        for round_id in order
        if round_id in r.tables and round_id in structures
    ]
    for round_id, exhibit in changed_by_few(printed):
        r.add(Leak.SMALL_CHANGE, f"{round_id}/tabeller", exhibit)
    return r


def _structures(r: Reading) -> dict[str, dict[str, Any]]:
    """What each round's pages say of how their tables divide."""
    return {str(p.structure["release"]): p.structure for p in r.pages.values() if p.structure}


def _guarded(r: Reading, name: str, form: Form, data: bytes) -> None:
    """Read one file; what stops the reading is a finding."""
    try:
        _READERS[form](r, name, data)
    except (InputError, ValueError, KeyError, IndexError, TypeError, UnicodeDecodeError):
        r.add(Leak.UNREADABLE, name, form.value)


def _page(r: Reading, name: str, data: bytes) -> None:
    text = data.decode("utf-8")
    page = read_html_numbers(name, text)
    r.pages[name] = page
    r.words[name] = _visible(text)
    if scan_text(r.words[name]):
        r.add(Leak.PERSON, name, "teksten")
    for universe, place in _empty_by_chance(page):
        r.add(Leak.EMPTY_BY_CHANCE, name, f"{universe} {place}")


def _visible(text: str) -> str:
    import html

    silent = re.sub(r"<(script|style)\b.*?</\1>", " ", text, flags=re.S)
    # What two elements say stands apart: the ticks of an axis are no telephone number.
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ; ", silent)))


def _empty_by_chance(page: HtmlNumbers) -> Iterator[tuple[str, str]]:
    """Groups a page's own structure calls impossible, though only what it tells of pupils makes them so."""
    for space in (page.structure or {}).get("spaces", []):
        telling = {d["name"]: len(d["leaves"]) for d in space["dimensions"] if d["role"] == "attribute"}
        by_place: dict[tuple[Any, ...], set[tuple[str, ...]]] = {}
        for zero in space["zeros"]:
            place = tuple(tuple(p) for p in zero if p[0] not in telling)
            by_place.setdefault(place, set()).add(tuple(p[1] for p in zero if p[0] in telling))
        for place, some in by_place.items():
            if telling and len(some) < math.prod(telling.values()):
                yield space["universe"], str(place)


def _table(r: Reading, name: str, data: bytes) -> None:
    grid = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    round_id, table = name.split("/")[0], name.rpartition("/")[2].removesuffix(".csv")
    head, *lines = grid
    if any(len(line) != len(head) for line in lines):
        raise ValueError(name)
    r.grids[f"{round_id}/{table}"] = grid
    if table == CODEBOOK:
        return
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    r.tables.setdefault(round_id, {})[table] = rows
    frame = pd.DataFrame(lines, columns=head).replace({"": None, r.rules.marker: None})
    for column in head:
        entry = REGISTRY[table].get(column)
        if entry is not None and entry.content in _NUMBERS:
            frame[column] = [_read(v) for v in frame[column]]
    for place in attack_tables({table: frame}, r.rules):
        r.add(Leak.COLUMN, name, place)


_NUMBERS = (Content.PEOPLE, Content.DAYS, Content.RATE, Content.ESTIMATE, Content.NUMBER, Content.COUNT)


def _read(text: Any) -> float | None:
    return None if text is None or pd.isna(text) else float(str(text).lstrip("'").replace(",", "."))


def _book(r: Reading, name: str, data: bytes) -> None:
    opened = open_office(name, data, _owners(r.protocol))
    for part in opened.strange:
        r.add(Leak.PROPERTY, name, part)
    sheets = sheets_of(name, data)
    if sheets is None:
        r.add(Leak.UNDECLARED, name, "et skjult ark")
        return
    round_id = name.split("/")[0]
    for title, rows in sheets.items():
        grid = r.grids.get(f"{round_id}/{title}")
        if title in _IN_WORDS:
            text = " ".join(str(v) for row in rows for v in row if not isinstance(v, int | float))
            r.prose(name, text, title)
            of_cells = [float(v) for row in rows for v in row if isinstance(v, int | float)]
            _said_elsewhere(r, name, "" if title == "om" else text, of_cells)
        elif grid is None:
            r.add(Leak.UNDECLARED, name, "et ark")
        elif not _same_grid(rows, grid):
            r.add(Leak.ELSEWHERE, name, title)


def _same_grid(rows: list[list[Any]], grid: list[list[str]]) -> bool:
    return len(rows) == len(grid) and all(
        len(row) <= len(line) and all(map(_same, [*row, *[None] * (len(line) - len(row))], line))
        for row, line in zip(rows, grid, strict=True)
    )


def _same(cell: Any, text: str) -> bool:
    if isinstance(cell, bool):
        return text == ("ja" if cell else "nej")
    if isinstance(cell, int | float):
        try:
            return math.isclose(float(text.replace(",", ".")), cell, rel_tol=1e-5, abs_tol=1e-9)
        except ValueError:
            return False
    return text == ("" if cell is None else str(cell))


def _document(r: Reading, name: str, data: bytes) -> None:
    opened = open_office(name, data, _owners(r.protocol))
    for part in opened.strange:
        r.add(Leak.PROPERTY, name, part)
    of_body = [
        text
        for part, text in opened.texts
        if part.startswith(("word/document", "ppt/slides/", "ppt/notesSlides/"))
    ]
    _said_elsewhere(r, name, "\n".join(of_body), opened.drawn)
    for part, text in opened.texts:
        r.prose(name, text, part)


def _text(r: Reading, name: str, data: bytes) -> None:
    text = data.decode("utf-8")
    r.prose(name, text, "teksten")
    _said_elsewhere(r, name, text)


def _said_elsewhere(r: Reading, name: str, text: str, drawn: Iterable[float] = ()) -> None:
    """Another form of a page, or of a round's pages, holds no number they do not, and no more of its decimals."""
    own = r.words.get(f"{name.rpartition('.')[0]}.html")
    of_round = (words for n, words in r.words.items() if n.split("/")[0] == name.split("/")[0])
    page = own if own is not None else " ".join(of_round)
    shown = {n.rstrip(".,") for n in _NUMBER.findall(page)}
    values = {float(n.replace(".", "").replace(",", ".")) for n in shown if re.fullmatch(r"[\d.]*(,\d+)?", n)}
    said = {n.rstrip(".,") for n in _NUMBER.findall(text)}
    if said - shown or any(not any(math.isclose(abs(v), n, abs_tol=1e-9) for n in values) for v in drawn):
        r.add(Leak.ELSEWHERE, name, "et tal")


def _print(r: Reading, name: str, data: bytes) -> None:
    for part in strange_in_print(data):
        r.add(Leak.PROPERTY, name, part)


def _manifest(r: Reading, name: str, data: bytes) -> None:
    _data(r, name, MANIFEST, data)


def _data(r: Reading, name: str, kind: str, data: bytes) -> None:
    try:
        content = json.loads(data)
        for place, text in undeclared_values(kind, content):
            if text is None:
                r.add(Leak.COUNT, name, place)
            else:
                r.prose(name, text, place)
    except (ValueError, KeyError):
        r.add(Leak.UNREADABLE, name, kind)


_READERS = {
    Form.PAGE: _page,
    Form.TABLE: _table,
    Form.BOOK: _book,
    Form.DOCUMENT: _document,
    Form.TEXT: _text,
    Form.PRINT: _print,
    Form.DATA: _manifest,
}


def _owners(protocol: Protocol) -> frozenset[str]:
    return frozenset({protocol.study.municipality, protocol.study.title})


def _system(r: Reading, order: list[str]) -> NumbersRead | None:
    """All pages and tables of all rounds as one system."""
    pages = list(r.pages.values())
    structures = _structures(r)
    for round_id, tables in r.tables.items():
        structure = structures.get(round_id)
        if structure is None:
            r.add(Leak.UNREADABLE, round_id, Form.PAGE.value)
            continue
        for table, rows in tables.items():
            file = f"{round_id}/tabeller/{table}.csv"
            named = named_numbers(file, table, rows, r.protocol)
            # A marker for what the structure does not know is a place the table has and no exhibit: nothing is hidden there.
            named = [n for n in named if n.text != r.rules.marker or _knows(structure, n)]
            pages.append(HtmlNumbers(file, structure, named))
    try:
        read = read_numbers(pages, r.rules, order)
    except InputError as error:
        for problem in error.problems or [Problem("reports")]:
            r.add(Leak.UNREADABLE, problem.file, problem.column or Form.PAGE.value)
        return None
    for kind, places in ((Leak.UNMARKED, read.unmarked), (Leak.CONTRADICTION, read.contradictions)):
        for place in places:
            file, _, where = place.partition(": ")
            # The number itself stands last in what an unmarked number is called.
            r.add(kind, file, where.partition(":")[0] if kind is Leak.UNMARKED else where)
    for file in read.prose:
        r.add(Leak.FEW_TOLD, file, "teksten")
    return read


def _knows(structure: Mapping[str, Any], number: MarkedNumber) -> bool:
    entry = structure["exhibits"].get(number.exhibit)
    if entry is None or number.measure not in entry["decimals"]:
        return False
    space = next(s for s in structure["spaces"] if s["universe"] == entry["universe"])
    names = {d["name"]: {*d["leaves"], d["total"], *(b[0] for b in d["bands"])} for d in space["dimensions"]}
    return all(category in names.get(name, ()) for name, category in parse_cell(number.cell).items())


def _between_rounds(r: Reading, order: list[str]) -> None:
    """Counts of people that one round prints and another prints a few higher or lower."""
    there = [round_id for round_id in order if round_id in r.tables]
    for n, now in enumerate(there):
        for before in there[:n]:
            for table in sorted(r.tables[now].keys() & r.tables[before].keys()):
                for column in _few_changed(r, table, r.tables[before][table], r.tables[now][table]):
                    r.add(Leak.SMALL_CHANGE, f"{now}/tabeller/{table}.csv", column)


def _few_changed(
    r: Reading, table: str, before: Iterable[Mapping[str, str]], now: Iterable[Mapping[str, str]]
) -> Iterator[str]:
    key = [c for c in TABLES[table].key if c != "round"]
    was = {tuple(row.get(c, "") for c in key): row for row in before}
    for row in now:
        old = was.get(tuple(row.get(c, "") for c in key), {})
        for column, entry in REGISTRY[table].items():
            if entry.content is not Content.PEOPLE or entry.leaving is not Leaving.PRINTED:
                continue
            texts = [x.get(column, "") for x in (row, old)]
            if all(t and t != r.rules.marker for t in texts):
                first, second = (_read(t) or 0.0 for t in texts)
                if 0 < abs(first - second) < limit_of(entry, r.rules):
                    yield column
