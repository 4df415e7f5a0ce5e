"""Both sides of every limit: the last number that is hidden and the first that is shown."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from evaluation.disclosure import Dimension, Exhibit, protect
from evaluation.disclosure.audit import audit
from evaluation.disclosure.lattice import lattice
from evaluation.errors import InputError, ProtocolError
from tests.rules import rules as rules_with

RULES = rules_with()


def sensitive(exhibit, quantity="pupils", rules=RULES):
    return {
        cell for (q, cell), found in lattice(exhibit, rules).items() if q == quantity and found.is_sensitive
    }


@pytest.mark.parametrize(("below", "rows"), [(0.01, 3), (0.0, 9)])
def test_coarser_form_where_too_much_is_hidden(table, below, rows):
    plain = protect([table([[2, 3], [3, 40]])], RULES).table("t")
    hidden_share = plain["is_suppressed"].mean()
    exhibit = table([[2, 3], [3, 40]], coarser=({"klassetrin": ("i alt",)},))
    rules = dataclasses.replace(RULES, max_hidden_share=hidden_share - below)
    assert len(protect([exhibit], rules).table("t")) == rows


def test_limits_that_cannot_hold_are_all_named():
    with pytest.raises(ProtocolError) as caught:
        rules_with(
            minimum_pupils=0,
            protection_width=0,
            dominance_share=0,
            days_width_share=1,
            dominance_width_share=1,
            days_width_min=0,
            coverage_step_pct=0,
            pupils_step=0,
            quote_minimum_sources=0,
            max_hidden_share=0,
            marker=" ",
        )
    assert len(caught.value.problems) == 11


def test_official_averages_pass_untouched():
    # Average enrolments of large places: no whole numbers, no largest contributor, nothing small.
    place = Dimension("sted", ("Bath", "Kent", "York"))
    frame = pd.DataFrame(
        {
            "sted": place.leaves,
            "pupils": [12_345.6, 150_234.2, 22_001.3],
            "days_absent": [61_000.5, 801_000.0, 99_000.0],
            "days_possible": [9e5, 1.1e7, 1.6e6],
        }
    )
    release = protect([Exhibit("uk", "uk", (place,), frame, ("pupils", "pct"), is_aggregate=True)], RULES)
    assert release.hidden == ()
    assert release.table("uk")["pct_text"].tolist() == ["6,8", "7,3", "6,2", "7,1"]
    assert audit(release).is_passed


def test_exhibits_that_are_not_what_they_claim(table):
    one, other = table([[9, 9], [9, 9]]), table([[9, 9], [9, 8]], exhibit="u")
    with pytest.raises(InputError, match="disagree"):
        protect([one, other], RULES)
    holes = dataclasses.replace(one, frame=one.frame.iloc[1:])
    twice = dataclasses.replace(one, frame=pd.concat([one.frame, one.frame]))
    for wrong in (
        holes,
        twice,
        dataclasses.replace(one, measures=("share",)),
        dataclasses.replace(one, measures=("pct",)),
        dataclasses.replace(one, shown={"skole": ("Z",)}),
    ):
        with pytest.raises(InputError, match="cannot be protected as declared"):
            protect([wrong], RULES)
    with pytest.raises(InputError, match="cannot be protected as declared"):
        protect([one, one], RULES)


def test_months_add_up_in_days_and_not_in_pupils():
    month = Dimension("måned", ("aug", "sep", "okt"), total="året", role="time")
    grade = Dimension("klassetrin", ("6", "8"))
    rows = [(m, g, 60 + k, days, 60.0 * 20, 8.0) for k, m in enumerate(month.leaves)
            for g, days in (("6", (70.0, 0.0, 90.0)[k]), ("8", (80.0, 81.0, 83.0)[k]))]  # fmt: skip
    columns = ["måned", "klassetrin", "pupils", "days_absent", "days_possible", "max_days"]
    exhibit = Exhibit("m", "elever", (month, grade), pd.DataFrame(rows, columns=columns), ("pct",))
    cells = lattice(exhibit, RULES)
    year = cells["days", (("måned", "året"), ("klassetrin", "6"))]
    assert (year.value, year.possible, year.contributors) == (70 + 0 + 90, 3 * 60 * 20, 62)
    release = protect([exhibit], RULES)
    shown = release.table("m").set_index(["måned", "klassetrin"])["pct_is_suppressed"]
    # September's 0 % of grade 6 is the year less August and October: more than itself must be hidden.
    assert shown["sep", "6"]
    assert shown.sum() > 1
    assert audit(release).is_passed
    with pytest.raises(InputError, match="pupils do not add up over time"):
        protect([dataclasses.replace(exhibit, measures=("pupils", "pct"))], RULES)


@pytest.mark.parametrize(("sources", "is_hidden"), [(1, True), (2, False)])
def test_a_population_with_a_minimum_of_its_own(sources, is_hidden):
    """Interview sources per actor, two being enough: the width asked for follows the limit."""
    actor = Dimension("aktør", ("elev", "lærer", "sundhedsplejerske"))
    frame = pd.DataFrame({"aktør": actor.leaves, "pupils": [9, 3, sources]})
    release = protect([Exhibit("kilder", "kilder", (actor,), frame, minimum=2)], RULES)
    shown = release.table("kilder").set_index("aktør")["is_suppressed"]
    assert shown["sundhedsplejerske"] == is_hidden
    assert not shown["elev"]
    report = audit(release)
    assert report.is_passed
    assert {i.required for i in report.intervals} <= {2.0}


@pytest.mark.parametrize(("minimum", "width"), [(5, 7.0), (9, 7.0), (4, 4.0), (0, 1.0)])
def test_width_for_a_minimum(minimum, width):
    assert dataclasses.replace(RULES, protection_width=7).width_for(minimum) == width
