"""One count in two rounds: a change of fewer than the limit would say what happened to a handful of pupils.

November's follow-ups in a school and grade subtracted from June's are the follow-ups in between. Where that
difference is above zero and below the limit, the later round does not print the count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from evaluation.disclosure.exhibits import Cell
from evaluation.disclosure.release import PublishedCell, Release

COUNTED = ("implementation",)
"""Exhibits that print counts of the same pupils round after round."""


def without_small_changes(release: Release, earlier: Sequence[Release], minimum: int) -> Release:
    """The release with such counts hidden; everything else as it was."""
    before: dict[tuple[str, Cell], float] = {}
    for old in earlier:
        if old.id == release.id:
            continue
        before |= {
            (c.exhibit, c.cell): c.value for c in old.cells if c.measure == "pupils" and c.value is not None
        }
    return replace(
        release, cells=tuple(_checked(c, before, minimum, release.rules.marker) for c in release.cells)
    )


def _checked(
    cell: PublishedCell, before: Mapping[tuple[str, Cell], float], minimum: int, marker: str
) -> PublishedCell:
    was = before.get((cell.exhibit, cell.cell))
    if cell.exhibit not in COUNTED or cell.measure != "pupils" or cell.value is None or was is None:
        return cell
    if 0 < abs(cell.value - was) < minimum:
        return replace(cell, value=None, text=marker, is_suppressed=True, low=None, high=None)
    return cell
