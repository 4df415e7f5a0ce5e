"""The attack on the files themselves: what a reader with all rounds and school pages in hand can work out.

What belongs here: the system of equations built from rendered HTML alone. Every number is read from a file;
the true tables, the release and the ledger are unknown here. By the convention at the top of
``docs/disclosure.md`` each protected number carries

    data-exhibit="ID" data-cell="dimension=category;…" data-measure="pupils|share|pct|days"

chart JSON lists the same under ``cells``, and each file holds ``Release.structure()`` once. Per cent of
absence become days in ``file_days``.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from evaluation.disclosure.attack import Interval, Statement, Target, attack
from evaluation.disclosure.exhibits import Cell, Key, key_of, parse_cell, quantity_of
from evaluation.disclosure.file_days import FilePercent, attack_days
from evaluation.disclosure.html_numbers import HtmlNumbers, MarkedNumber, read_html_numbers
from evaluation.disclosure.release import Space, behind, read_danish_number, space_from_dict
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT, DisclosureRules
from evaluation.disclosure.system import component_of, members_of, merge_spaces
from evaluation.errors import InputError, Problem

MAX_IMPLIED = 5_000
"""Exhibits whose dimensions cross to more cells are attacked in their hidden cells only."""


@dataclass(frozen=True)
class FilesAttack:
    """What the files give away. ``intervals``: bounds on every hidden or never printed count.

    ``unmarked``: numbers without a name, per file. ``contradictions``: one name, two different numbers.
    ``prose``: files whose running text holds a number of pupils below the limit that carries no name.
    ``numbers``: how many named numbers were read.
    """

    intervals: tuple[Interval, ...]
    unmarked: tuple[str, ...]
    contradictions: tuple[str, ...]
    prose: tuple[str, ...]
    numbers: int

    @property
    def leaks(self) -> tuple[Interval, ...]:
        """Counts that can be worked out."""
        return tuple(i for i in self.intervals if not i.is_safe)


@dataclass(frozen=True)
class NumbersRead:
    """The numbers of the files as one system, before anything is worked out; the rest as in :class:`FilesAttack`."""

    statements: tuple[Statement, ...]
    targets: tuple[Target, ...]
    spaces: Mapping[str, Space]
    spaces_of: Mapping[str, Mapping[str, Space]]
    chain: tuple[str, ...]
    counts: Mapping[Key, float]
    percents: tuple[FilePercent, ...]
    unmarked: tuple[str, ...]
    contradictions: tuple[str, ...]
    prose: tuple[str, ...]
    numbers: int

    def work_out(
        self, rules: DisclosureRules, school_days: Mapping[str, float] = MappingProxyType({})
    ) -> FilesAttack:
        """Bounds on every hidden or never printed count; this is what takes time."""
        intervals = attack(self.statements, self.targets, self.spaces, rules, self.chain)
        intervals += attack_days(
            self.percents, self.counts, school_days, self.spaces, self.spaces_of, rules, self.chain
        )
        return FilesAttack(intervals, self.unmarked, self.contradictions, self.prose, self.numbers)


@dataclass(frozen=True)
class _Named:
    """One number of one release by its name, however many files and forms print it."""

    release: str
    exhibit: str
    measure: str
    key: Key
    cell: Mapping[str, str]
    text: str
    since: str
    decimals: int
    whole: Cell


def read_html_files(folder: Path) -> dict[str, str]:
    """Every HTML file below a folder, by its relative name."""
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.htm*"))
        if path.is_file()
    }


def attack_files(
    files: Mapping[str, str],
    rules: DisclosureRules,
    order: Sequence[str] = (),
    school_days: Mapping[str, float] = MappingProxyType({}),
) -> FilesAttack:
    """Attack the texts of rendered files. ``order``: release ids, oldest first (default: sorted by name).

    ``school_days``: of the year up to each release, as any calendar tells; with them per cent are attacked as days.

    Raises InputError when a file carries marked numbers but no structure, or names an unknown exhibit.
    """
    pages = [read_html_numbers(name, text) for name, text in sorted(files.items())]
    return read_numbers(pages, rules, order).work_out(rules, school_days)


def read_numbers(
    pages: Sequence[HtmlNumbers], rules: DisclosureRules, order: Sequence[str] = ()
) -> NumbersRead:
    """Numbers of whatever kind of file as one system. Raises InputError as :func:`attack_files` does."""
    named: dict[tuple[str, str, str, str], _Named] = {}
    contradictions: list[str] = []
    problems: list[Problem] = []
    spaces_of: dict[str, dict[str, Space]] = {}
    for page in pages:
        if page.structure is None:
            if page.marked:
                problems.append(
                    Problem(
                        page.file,
                        found="marked numbers but no structure",
                        expected='a script element with id "komglad-exhibits"',
                    )
                )
            continue
        release = str(page.structure["release"])
        own = merge_spaces(
            [*spaces_of.get(release, {}).values(), *(space_from_dict(s) for s in page.structure["spaces"])]
        )
        spaces_of[release] = own
        for number in page.marked:
            try:
                one = _name(number, page.structure, own, release, rules.marker)
            except (KeyError, ValueError):
                problems.append(
                    Problem(
                        page.file,
                        found=f'exhibit "{number.exhibit}", measure "{number.measure}"',
                        expected="names from the file's own structure and Danish numbers",
                    )
                )
                continue
            at = (release, one.key.text, one.measure, str(one.decimals))
            have = named.setdefault(at, one)
            if not _is_same(have, one, rules.marker):
                contradictions.append(f"{page.file}: {one.measure} {one.key.text}")
                if have.text == rules.marker:
                    named[at] = one
    if problems:
        raise InputError("The rendered files cannot be attacked.", problems)
    chain = [r for r in order if r in spaces_of] + sorted(set(spaces_of) - set(order))
    spaces = merge_spaces(s for r in chain for s in spaces_of[r].values())
    numbers = list(named.values())
    counts = {
        n.key: read_danish_number(n.text)
        for n in reversed(numbers)
        if n.measure == "pupils" and n.text not in (rules.marker, STRUCTURAL_ZERO_TEXT)
    }
    percents = (
        FilePercent(
            n.release, n.key, None if n.text == rules.marker else read_danish_number(n.text), n.decimals
        )
        for n in numbers
        if n.measure == "pct" and n.text != STRUCTURAL_ZERO_TEXT
    )
    return NumbersRead(
        statements=tuple(_statements(numbers, spaces, spaces_of, rules)),
        targets=tuple(_targets(numbers, spaces, spaces_of, rules.marker, chain)),
        spaces=spaces,
        spaces_of=spaces_of,
        chain=tuple(chain),
        counts=counts,
        percents=tuple(percents),
        unmarked=tuple(f"{p.file}: {u}" for p in pages for u in p.unmarked),
        contradictions=tuple(contradictions),
        prose=tuple(p.file for p in pages if any(n < rules.minimum_pupils for n in p.prose)),
        numbers=sum(len(p.marked) for p in pages),
    )


def _name(
    number: MarkedNumber, structure: Mapping[str, Any], spaces: Mapping[str, Space], release: str, marker: str
) -> _Named:
    entry = structure["exhibits"][number.exhibit]
    space = spaces[entry["universe"]]
    cell = parse_cell(number.cell)
    if set(cell) - {d.name for d in space.dimensions}:
        raise KeyError(number.cell)
    whole = {**entry.get("of", {}), **cell}
    key = key_of(space.universe, space.dimensions, whole, quantity_of(number.measure))
    members_of(key, space)
    text = number.text.replace("\u00a0", " ").strip().rstrip("%").strip() or marker
    if text not in (marker, STRUCTURAL_ZERO_TEXT):
        read_danish_number(text)
    since = release
    for first, names in structure.get("reprinted", {}).items():
        if f"{number.exhibit}|{key.text}|{number.measure}" in names:
            since = first
    return _Named(
        release,
        number.exhibit,
        number.measure,
        key,
        cell,
        text,
        since,
        int(entry["decimals"][number.measure]),
        tuple(entry.get("whole", {}).items()) if number.measure == "share" else (),
    )


def _is_same(one: _Named, other: _Named, marker: str) -> bool:
    if marker in (one.text, other.text):
        return one.text == other.text
    texts = ["0" if n.text == STRUCTURAL_ZERO_TEXT else n.text for n in (one, other)]
    one_value, other_value = (read_danish_number(t) for t in texts)
    return math.isclose(one_value, other_value, abs_tol=1e-9)


def _statements(
    numbers: Iterable[_Named],
    spaces: Mapping[str, Space],
    spaces_of: Mapping[str, Mapping[str, Space]],
    rules: DisclosureRules,
) -> Iterable[Statement]:
    for n in numbers:
        if n.text in (rules.marker, STRUCTURAL_ZERO_TEXT) or n.measure == "pct":
            continue
        own = spaces_of[n.release][n.key.universe]
        component, members = component_of(n.key, spaces[n.key.universe]), members_of(n.key, own)
        value = read_danish_number(n.text)
        low, high = behind(value, n.decimals)
        if n.measure == "share":
            attributes = {d.name for d in own.dimensions if d.role == "attribute"}
            cell = {name: c for name, c in n.key.cell if name not in attributes} | dict(n.whole)
            group = key_of(n.key.universe, own.dimensions, cell, "pupils")
            yield Statement(
                component, members, low / 100, high / 100, base=members_of(group, own), since=n.since
            )
            # A printed share speaks of a count that is not below the limit.
            yield Statement(component, members, float(own.minimum), math.inf, since=n.since)
        elif n.measure == "pupils" and own.is_whole and n.decimals == 0:
            yield Statement(component, members, value, value, since=n.since)
        else:
            yield Statement(component, members, low, high, since=n.since)


def _targets(
    numbers: Sequence[_Named],
    spaces: Mapping[str, Space],
    spaces_of: Mapping[str, Mapping[str, Space]],
    marker: str,
    chain: Sequence[str],
) -> Iterable[Target]:
    """Hidden numbers, and every cell of an exhibit's dimensions crossed that no file prints."""
    printed = {(n.release, n.key) for n in numbers if n.text != marker}
    reprinted = {(n.since, n.key) for n in numbers if n.text != marker}
    hidden = {(n.release, n.key) for n in numbers if n.text == marker and n.measure != "pct"}
    before: set[Key] = set()
    for release in chain:
        own = spaces_of[release]
        cells = {key for r, key in hidden if r == release and key not in before}
        for key in sorted(cells):
            component = component_of(key, spaces[key.universe])
            yield Target(key, component, members_of(key, own[key.universe]), "hidden", release)
        for key in sorted(_implied([n for n in numbers if n.release == release], own)):
            if (
                (release, key) not in printed
                and (release, key) not in reprinted
                and key not in cells | before
            ):
                component = component_of(key, spaces[key.universe])
                yield Target(key, component, members_of(key, own[key.universe]), "implied", release)
        before |= {key for r, key in printed if r == release}


def _implied(numbers: Sequence[_Named], spaces: Mapping[str, Space]) -> set[Key]:
    """The lattice of each exhibit, from the dimensions its cells name and the public structure."""
    out: set[Key] = set()
    for exhibit in sorted({n.exhibit for n in numbers if quantity_of(n.measure) == "pupils"}):
        mine = [n for n in numbers if n.exhibit == exhibit and quantity_of(n.measure) == "pupils"]
        space = spaces[mine[0].key.universe]
        choices = []
        for d in space.dimensions:
            used = {n.cell[d.name] for n in mine if d.name in n.cell}
            if used and d.divides_pupils:
                choices.append([(d.name, c) for c in (d.categories if d.total else sorted(used))])
        if math.prod(len(c) for c in choices) > MAX_IMPLIED:
            continue
        zeros = [set(z) for z in space.zeros]
        for cell in itertools.product(*choices):
            if not any(z <= set(cell) for z in zeros):
                out.add(key_of(space.universe, space.dimensions, dict(cell), "pupils"))
    return out


__all__ = ["FilesAttack", "HtmlNumbers", "NumbersRead", "attack_files", "read_html_files", "read_numbers"]
