"""One number in two rounds: what the later round may print beside the earlier.

What belongs here: rules for numbers that stand in both. Pupils of a school year are counted as they first were printed,
because a difference of one would tell that one pupil left. Months and weeks that were whole when they were first
printed are printed as they were. Counts that grow over the year are the business of ``small_changes``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evaluation.disclosure.exhibits import Dimension
from evaluation.disclosure.protect import UNPROTECTED
from evaluation.disclosure.release import PublishedCell, Release, Withheld
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT
from evaluation.publication.exhibits import LEVELS

PERIODS = ("description_month", "description_week")


def reprinted(release: Release, earlier: Sequence[Release], cutoffs: Mapping[str, dt.date]) -> Release:
    """The release with whole periods as they first stood. ``cutoffs``: of every round, by its id.

    What the first release hid stays hidden. A band whose grades are others by now has no number of its own in the
    first release: its per cent is today's.
    """
    before = [r for r in earlier if r.id != release.id]
    cells = list(release.cells)
    for old in before:
        first = {(c.exhibit, c.cell, c.measure): c for c in old.cells}
        contexts = {(c.exhibit, c.cell[0]) for c in old.cells}
        bands = {s.universe: _bands(s.dimensions) for s in old.spaces}
        mine = {s.universe: _bands(s.dimensions) for s in release.spaces}
        universes = {c.exhibit: bands.get(c.key.universe, {}) for c in old.cells}
        for i, cell in enumerate(cells):
            if cell.text == STRUCTURAL_ZERO_TEXT or cell.since != release.id:
                continue
            if (cell.exhibit, cell.cell[0]) not in contexts:
                continue
            if not _is_frozen(cell, cutoffs.get(old.id), cutoffs.get(release.id)):
                continue
            then, now = universes[cell.exhibit], mine[cell.key.universe]
            changed = [name for name, category in cell.cell if then.get(category) != now.get(category)]
            if not changed:
                cells[i] = _as_first(cell, first.get((cell.exhibit, cell.cell, cell.measure)), release)
    printed = {c.key for c in cells if not c.is_suppressed}
    guarded = tuple(k for k in release.guarded if k not in printed)
    return replace(release, cells=tuple(cells), guarded=guarded)


def first_pupils(earlier: Sequence[Release]) -> dict[tuple[str, ...], int]:
    """Pupils by school year, school and grade as they were first printed."""
    found: dict[tuple[str, ...], int] = {}
    for old in earlier:
        for c in old.cells:
            if (c.exhibit, c.measure) == (LEVELS, "pupils") and c.value:
                found.setdefault(tuple(category for _, category in c.cell), int(c.value))
    return found


def is_new_band(cell: PublishedCell) -> bool:
    """Whether a number of a month or week may be taken back: a band of grades."""
    return cell.exhibit in PERIODS and dict(cell.cell)["klassetrin"] in ("treated", "comparison")


def without(release: Release, cells: Iterable[PublishedCell]) -> Release:
    """The release with these numbers hidden."""
    gone = set(cells)
    return replace(release, cells=tuple(_hidden(c, release) if c in gone else c for c in release.cells))


def without_exhibit(release: Release, exhibit: str) -> Release:
    """The release without a table that hidden numbers can be worked out from, and the reason."""
    return replace(
        release,
        cells=tuple(c for c in release.cells if c.exhibit != exhibit),
        withheld=(*release.withheld, Withheld(exhibit, UNPROTECTED)),
    )


def _bands(dimensions: Iterable[Dimension]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(leaves)) for d in dimensions for name, leaves in d.bands}


def _is_frozen(cell: PublishedCell, then: dt.date | None, now: dt.date | None) -> bool:
    """Per cent of a period that neither cut-off divides."""
    if cell.exhibit not in PERIODS or then is None or now is None:
        return False
    period = dict(cell.cell)["periode"]
    # The calendar month of a cut-off is shortened in every year alike; weeks are never divided.
    return len(period) > len("2026-11") or period[-2:] not in {_cut_month(then), _cut_month(now)}


def _cut_month(cutoff: dt.date) -> str:
    """The month of the Thursday of the cut-off's week, as in ``panel.estimation.same_weeks``."""
    return f"{cutoff + dt.timedelta(days=3 - cutoff.weekday()):%m}"


def _as_first(cell: PublishedCell, first: PublishedCell | None, release: Release) -> PublishedCell:
    if first is None or first.is_suppressed or first.text == STRUCTURAL_ZERO_TEXT:
        return _hidden(cell, release)
    return replace(
        cell,
        value=first.value,
        text=first.text,
        is_suppressed=False,
        low=first.low,
        high=first.high,
        since=first.since,
    )


def _hidden(cell: PublishedCell, release: Release) -> PublishedCell:
    return replace(
        cell,
        value=None,
        text=release.rules.marker,
        is_suppressed=True,
        low=None,
        high=None,
        since=release.id,
    )
