"""Pupils of grades taken together for the first time are the sum of what was printed of each, not of today's pupils."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.disclosure import Dimension, Exhibit, Release, protect
from evaluation.publication.changes import summed
from evaluation.publication.exhibits import LEVELS
from tests.rules import rules as rules_with

PUPILS = {"1": 24, "6": 21, "8": 23}


def released(
    round_id: str, counts: dict[str, int], treated: tuple[str, ...], earlier: list[Release]
) -> Release:
    dims = (
        Dimension("skoleår", ("2026/27",), None),
        Dimension("skole", ("A",)),
        Dimension("klassetrin", tuple(counts), "i alt", (("treated", treated),)),
    )
    frame = pd.DataFrame(
        [("2026/27", "A", g, n) for g, n in counts.items()],
        columns=["skoleår", "skole", "klassetrin", "pupils"],
    )
    exhibit = Exhibit(LEVELS, "elever", dims, frame, shown={"skole": ("i alt",)})
    return protect([exhibit], rules_with(), earlier, release_id=round_id)


def pupils(release: Release, grade: str) -> float | None:
    return next(c.value for c in release.cells if dict(c.cell)["klassetrin"] == grade)


@pytest.mark.parametrize("came", [1, 9])
def test_a_new_band_is_the_sum_of_its_grades_as_they_were_first_printed(came):
    first = released("nov", PUPILS, ("6",), [])
    now = PUPILS | {"8": PUPILS["8"] + came}
    release = summed(released("jun", now, ("1", "8"), [first]), [first])
    assert pupils(release, "8") == 23
    assert pupils(release, "treated") == 24 + 23
    assert {c.text for c in release.cells if c.value == 24 + 23} == {"47"}


def test_where_a_grade_was_never_printed_today_s_sum_stands():
    first = released("nov", {"1": 24, "6": 21, "8": 3}, ("6",), [])
    assert pupils(first, "8") is None
    later = released("jun", PUPILS, ("1", "8"), [first])
    assert summed(later, [first]) == later
