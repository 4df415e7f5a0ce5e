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
from evaluation.words import danish

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


def summed(release: Release, earlier: Sequence[Release]) -> Release:
    """The release with pupils of a band that is new as the sum of its grades as they first were printed, where all were.

    Today's own sum beside them would tell how few came or left since.
    """
    first, cells = first_pupils(earlier), list(release.cells)
    bands = {name: leaves for s in release.spaces for d in s.dimensions for name, leaves in d.bands}
    for i, c in enumerate(cells):
        if (c.exhibit, c.measure, c.since) != (LEVELS, "pupils", release.id) or c.is_suppressed:
            continue
        *place, grade = (category for _, category in c.cell)
        parts = [first.get((*place, leaf)) for leaf in bands.get(grade, ())]
        known = [n for n in parts if n is not None]
        if parts and len(known) == len(parts):
            n = float(sum(known))
            cells[i] = replace(c, value=n, text=danish.count(n), low=n, high=n, since=earlier[-1].id)
    return replace(release, cells=tuple(cells))


def is_new_band(cell: PublishedCell) -> bool:
    """Whether a number of a month or week may be taken back: a band of grades."""
    return cell.exhibit in PERIODS and dict(cell.cell)["klassetrin"] in ("treated", "comparison")


def without(release: Release, cells: Iterable[PublishedCell]) -> Release:
    """The release with these numbers hidden."""
    gone = set(cells)
    return replace(release, cells=tuple(_hidden(c, release) if c in gone else c for c in release.cells))


def without_periods(release: Release, cells: frozenset[PublishedCell]) -> Release:
    """The release without the months and weeks that hidden numbers can be worked out from; a table of which nothing is
    left is withheld with its reason."""
    kept = tuple(c for c in release.cells if c not in cells)
    lost = {c.exhibit for c in cells} - {c.exhibit for c in kept}
    withheld = (*release.withheld, *(Withheld(exhibit, UNPROTECTED) for exhibit in sorted(lost)))
    return replace(release, cells=kept, withheld=withheld)


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
