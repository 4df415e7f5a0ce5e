"""Sources of interviews by what is counted: a code's, at which occasions, of whom and with which stance.

One round's whole (everything so far is November's) is a later round's part (November's beside June's), printed in another
table; between them stand differences of printed counts. Two counts of the same sources are the same count, whichever
table and round prints them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evaluation.disclosure.exhibits import Cell
from evaluation.disclosure.release import PublishedCell, Release, Space
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT
from evaluation.disclosure.system import merge_spaces
from evaluation.interviews.themes import BASELINE, CHANGES, CHANGES_BASELINE, DIVISIONS
from evaluation.publication.tallies import OCCASION, SIGNS

THEMES = "themes"
SOURCES = (THEMES, SIGNS, CHANGES, CHANGES_BASELINE, *(f"themes_by_{kind}" for kind in DIVISIONS))
"""The exhibits that count sources."""
What = frozenset[tuple[str, frozenset[str]]]
"""Dimension → the categories counted. Occasions are always named; whatever else is counted whole is left out."""
_Told = dict[tuple[str, Cell], tuple[float, float]]
"""What to hide to take a count back, and the bounds it then no longer has."""
_TURNS = 2
"""Differences of differences are as deep as these tables divide."""


@dataclass(frozen=True, slots=True)
class SourceCount:
    """A printed count of sources, or one less another: ``cell`` of ``exhibit`` is what to hide to take it back."""

    exhibit: str
    cell: Cell
    low: float
    high: float


def source_counts(release: Release) -> dict[What, list[SourceCount]]:
    """Everything a release tells of sources, by what is counted: as printed, and by subtraction."""
    spaces = merge_spaces(release.spaces)
    everything: dict[str, frozenset[str]] = {}
    for c in (c for c in release.cells if c.exhibit in SOURCES):
        for d in spaces[c.key.universe].dimensions:
            everything[d.name] = everything.get(d.name, frozenset()) | set(d.leaves)
    by_code: dict[str, dict[What, _Told]] = {}
    for c in release.cells:
        if _is_printed(c) and c.low is not None and c.high is not None:
            code, what = _counted(c, spaces[c.key.universe], everything)
            _tell(by_code.setdefault(code, {}).setdefault(what, {}), (c.exhibit, c.cell), c.low, c.high)
    return {
        what | {("kode", frozenset([code]))}: [SourceCount(*place, *bounds) for place, bounds in told.items()]
        for code, counts in by_code.items()
        for what, told in _with_differences(counts, everything).items()
    }


def told_once(release: Release) -> Iterator[tuple[str, Cell]]:
    """Printed counts of a sign whose code's count is hidden, and of a code whose sign's is: one number, told twice."""
    codes = {dict(c.cell).get("kode"): c for c in release.cells if c.exhibit == THEMES}
    for sign in (c for c in release.cells if c.exhibit == SIGNS):
        code = codes.get(dict(sign.cell)["tegn"])
        if code is not None and code.is_suppressed != sign.is_suppressed:
            shown = sign if code.is_suppressed else code
            yield shown.exhibit, shown.cell


def _is_printed(c: PublishedCell) -> bool:
    return c.exhibit in SOURCES and not c.is_suppressed and c.text != STRUCTURAL_ZERO_TEXT


def _tell(told: _Told, place: tuple[str, Cell], low: float, high: float) -> None:
    known = told.get(place, (low, high))
    told[place] = (max(known[0], low), min(known[1], high))


def _counted(c: PublishedCell, space: Space, everything: Mapping[str, frozenset[str]]) -> tuple[str, What]:
    """The code and what of it is counted. A sign's sources are those of its code, at all occasions that are counted."""
    chosen = dict(c.key.cell)
    parts: list[tuple[str, frozenset[str]]] = []
    for d in space.dimensions:
        if d.total is None:
            continue
        held = d.leaves_of(chosen.get(d.name, d.total))
        if d.name == OCCASION or len(held) < len(d.leaves):
            parts.append((d.name, held))
    if c.exhibit in (CHANGES_BASELINE, SIGNS):
        whole = (
            frozenset([BASELINE]) if c.exhibit == CHANGES_BASELINE else everything.get(OCCASION, frozenset())
        )
        parts.append((OCCASION, whole))
    return chosen.get("kode") or chosen["tegn"], frozenset(parts)


def _with_differences(
    counts: Mapping[What, _Told], everything: Mapping[str, frozenset[str]]
) -> dict[What, _Told]:
    found = {what: dict(told) for what, told in counts.items()}
    for _ in range(_TURNS):
        new: dict[What, _Told] = {}
        for part, whole in itertools.permutations(found, 2):
            rest = _less(whole, part, everything)
            if rest is None or rest in found:
                continue
            for low, high in found[whole].values():
                for place, (least, most) in found[part].items():
                    _tell(new.setdefault(rest, {}), place, max(low - most, 0.0), high - least)
        found |= new
    return found


def _less(whole: What, part: What, everything: Mapping[str, frozenset[str]]) -> What | None:
    """What is left of one when another is taken out, where they differ in one dimension."""
    ours, theirs = dict(whole), dict(part)
    other = [name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)]
    if len(other) != 1:
        return None
    name = other[0]
    outer = ours.get(name, everything.get(name, frozenset()))
    inner = theirs.get(name, everything.get(name, frozenset()))
    if not inner < outer:
        return None
    return frozenset({**ours, name: outer - inner}.items())
