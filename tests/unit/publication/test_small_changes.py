"""A group that two printed counts make by subtraction changes by few between rounds: both sides of the limit."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.disclosure import Dimension, Exhibit, Release, protect
from evaluation.publication.small_changes import small_changes, with_sensitive
from tests.rules import rules as rules_with

RULES = rules_with()
LEAVES = ("follow_ups", "holdt uden opfølgning", "ikke holdt")
OPGØRELSE = Dimension(
    "opgørelse", LEAVES, "i alt", (("talks_held", LEAVES[:2]), ("talks_planned", LEAVES)), role="attribute"
)


def talks(counts: tuple[int, int, int], universe: str) -> Exhibit:
    frame = pd.DataFrame({"opgørelse": LEAVES, "pupils": counts})
    shown = {"opgørelse": ("follow_ups", "talks_held", "talks_planned")}
    return Exhibit("implementation", universe, (OPGØRELSE,), frame, shown=shown)


def printed(counts: tuple[int, int, int], universe: str) -> Release:
    return protect([talks(counts, universe)], RULES, release_id=universe)


@pytest.mark.parametrize(
    ("june", "found"),
    [
        ((20, 30, 10), set()),
        ((26, 36, 16), set()),
        ((26, 34, 16), {"holdt uden opfølgning"}),
        ((26, 35, 16), set()),
        ((14, 31, 21), {"holdt uden opfølgning"}),
        ((22, 40, 20), {"follow_ups"}),
        ((29, 39, 13), {"ikke holdt"}),
    ],
)
def test_counts_and_what_they_leave(june, found):
    now = small_changes(printed(june, "jun"), [printed((20, 30, 10), "nov")], RULES.minimum_pupils)
    assert {cell[0][1] for cells in now.values() for cell in cells} == found


def test_a_small_change_of_a_composed_group_is_hidden():
    november = printed((20, 30, 10), "nov")
    exhibit = talks((26, 34, 16), "jun")
    found = small_changes(protect([exhibit], RULES, release_id="jun"), [november], RULES.minimum_pupils)
    june = protect(with_sensitive([exhibit], found), RULES, release_id="jun")
    shown = june.table("implementation").set_index("opgørelse")["is_suppressed"]
    assert shown["follow_ups"] or shown["talks_held"]
    assert small_changes(june, [november], RULES.minimum_pupils) == {}
