"""Coverage of the talks by school and grade, in tens of per cent rounded down, where the attack allows it.

What belongs here: a coarser number in place of one that cannot be shown. Beside a grade's pupils an exact coverage
would tell how few had no talk; "at least 90 per cent" leaves that open. Whether it leaves enough open is not assumed:
each place is attacked with it, and it is hidden where it does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from evaluation.disclosure.audit import audit
from evaluation.disclosure.exhibits import Cell, Key
from evaluation.disclosure.release import PublishedCell, Release
from evaluation.publication.tallies import EVERYBODY
from evaluation.words.catalogue import protected

EXHIBIT = "implementation"


def with_coverage(release: Release, rows: pd.DataFrame) -> Release:
    """The release with talks held per pupil, in steps of ten per cent. ``rows``: ``out_implementation``."""
    places: dict[Cell, list[PublishedCell]] = {}
    for c in release.cells:
        if c.exhibit == EXHIBIT:
            places.setdefault(c.cell[:2], []).append(c)
    counts = {
        (("skole", str(r["school_id"])), ("klassetrin", str(r["grade"]))): r for r in rows.to_dict("records")
    }
    added: list[PublishedCell] = []
    for place, found in places.items():
        held = next((c for c in found if dict(c.cell)[protected.TALLY] == "talks_held"), None)
        if held is None or place not in counts or held.low == held.high == 0:
            continue
        own = replace(release, cells=tuple(found), guarded=_guarded(release, held))
        row = counts[place]
        whole = int(max(row["pupils"], row["talks_held"]))
        for cell in _forms(held, int(row["talks_held"]), whole, release):
            if audit(replace(own, cells=(*own.cells, cell))).is_passed:
                added.append(cell)
                break
    return replace(release, cells=(*release.cells, *added))


def _forms(held: PublishedCell, n: int, whole: int, release: Release) -> Iterator[PublishedCell]:
    """Coarse, then hidden."""
    base = replace(
        held, measure="share", decimals=-1, since=release.id, whole=((protected.TALLY, EVERYBODY),)
    )
    step = release.rules.coverage_step_pct
    value = float(100 * n // whole // step * step) if whole else 0.0
    if whole >= release.rules.minimum_pupils and 0 < n < whole:
        low = float(math.ceil(value * whole / 100))
        high = float(math.ceil((value + step) * whole / 100) - 1)
        yield replace(base, value=value, text=f"{value:.0f}", is_suppressed=False, low=low, high=high)
    yield replace(base, value=None, text=release.rules.marker, is_suppressed=True, low=None, high=None)


def _guarded(release: Release, held: PublishedCell) -> tuple[Key, ...]:
    place = {p for p in held.key.cell if p[0] in ("skole", "klassetrin")}
    return tuple(k for k in release.guarded if k.universe == held.key.universe and place <= set(k.cell))
