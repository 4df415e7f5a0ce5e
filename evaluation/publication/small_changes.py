"""Counts that changed by few people since an earlier round, named to the optimiser as cells to hide.

What belongs here: counts of the same people round after round – talks and consents, pupils above ten per cent,
indsatselever, patterns, sources of interviews – and the groups they make by subtraction: talks held less follow-ups is
talks without one. Where a count or such a group surely changed by 1 to the minimum − 1, it is treated as sensitive, so
that it can neither be read nor worked out beside the earlier round. A count is told by its table's id and cell; sources of
interviews also by what is counted (:mod:`evaluation.publication.source_counts`), for one round's whole is another's part.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from evaluation.disclosure.exhibits import Cell, Dimension, Exhibit
from evaluation.disclosure.release import PublishedCell, Release
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT
from evaluation.disclosure.system import merge_spaces
from evaluation.interviews.themes import DECLINED
from evaluation.publication.source_counts import SOURCES, source_counts, told_once
from evaluation.publication.tallies import EVERYBODY
from evaluation.words.catalogue import protected

COUNTED = {
    "implementation": "pupils",
    "description_over_10": "share",
    "targeted": "pupils",
    "pattern_bands": "share",
    "pattern_long_spells": "share",
    "pattern_single_day_spells": "share",
    "pattern_threshold": "share",
    "pattern_quarter": "share",
    DECLINED: "pupils",
    **dict.fromkeys(SOURCES, "pupils"),
}
"""Exhibits that count the same people round after round, and the measure that tells how many."""


@dataclass(frozen=True, slots=True)
class _Count:
    """A printed count, or one less another: ``cell`` is what to hide, ``identity`` what it holds."""

    exhibit: str
    cell: Cell
    identity: Cell
    low: float
    high: float


def small_changes(release: Release, earlier: Sequence[Release], minimum: int) -> dict[str, frozenset[Cell]]:
    """Counts and differences of counts that surely changed by 1 to ``minimum`` − 1, as cells by exhibit; and those that tell
    a hidden one once more."""
    found: dict[str, set[Cell]] = {}
    now, mine = list(_counts(release)), source_counts(release)
    for old in earlier:
        if old.id == release.id:
            continue
        before = {(c.exhibit, c.identity): c for c in _counts(old)}
        for count in now:
            was = before.get((count.exhibit, count.identity))
            if was is not None and _is_small((count.low, count.high), (was.low, was.high), minimum):
                found.setdefault(count.exhibit, set()).add(count.cell)
        for what, then in source_counts(old).items():
            for one in mine.get(what, ()):
                if any(_is_small((one.low, one.high), (was.low, was.high), minimum) for was in then):
                    found.setdefault(one.exhibit, set()).add(one.cell)
    for exhibit, cell in told_once(release):
        found.setdefault(exhibit, set()).add(cell)
    return {exhibit: frozenset(cells) for exhibit, cells in found.items()}


def with_sensitive(exhibits: Iterable[Exhibit], cells: Mapping[str, frozenset[Cell]]) -> list[Exhibit]:
    """The exhibits with these cells to be hidden, or guarded where none prints them, whatever they hold."""
    return [replace(e, sensitive=e.sensitive | cells.get(e.id, frozenset())) for e in exhibits]


def _is_small(now: tuple[float, float], was: tuple[float, float], minimum: int) -> bool:
    low, high = now[0] - was[1], now[1] - was[0]
    return (low > 0 or high < 0) and max(abs(low), abs(high)) < minimum


def _counts(release: Release) -> Iterator[_Count]:
    """Every printed count, and every division that two printed counts of one place leave between them."""
    spaces = merge_spaces(release.spaces)
    places: dict[tuple[str, str, Cell], list[tuple[PublishedCell, str]]] = {}
    for c in release.cells:
        if COUNTED.get(c.exhibit) != c.measure or c.low is None or c.high is None:
            continue
        if c.text == STRUCTURAL_ZERO_TEXT or (protected.TALLY, EVERYBODY) in c.cell:
            continue
        yield _Count(c.exhibit, c.cell, c.key.cell, c.low, c.high)
        for d in spaces[c.key.universe].dimensions:
            if d.role == "attribute" and d.name in dict(c.cell):
                rest = tuple(p for p in c.cell if p[0] != d.name)
                places.setdefault((c.exhibit, d.name, rest), []).append((c, c.key.universe))
    for (_, name, _), found in places.items():
        d = next(d for d in spaces[found[0][1]].dimensions if d.name == name)
        for (part, _), (whole, _) in itertools.permutations(found, 2):
            yield from _between(part, whole, d)


def _between(part: PublishedCell, whole: PublishedCell, d: Dimension) -> Iterator[_Count]:
    inner, outer = (d.leaves_of(dict(c.cell)[d.name]) for c in (part, whole))
    if not inner < outer or part.low is None or part.high is None or whole.low is None or whole.high is None:
        return
    rest = outer - inner
    # A group of several parts has no cell of its own: the smaller count is taken out, as the larger may be known.
    category = next(iter(rest)) if len(rest) == 1 else dict(part.cell)[d.name]
    cell = tuple((name, category if name == d.name else c) for name, c in whole.cell)
    held = tuple(p for p in part.key.cell if p[0] != d.name)
    identity = (*held, (d.name, " − ".join(sorted(rest))))
    yield _Count(whole.exhibit, cell, identity, whole.low - part.high, whole.high - part.low)
