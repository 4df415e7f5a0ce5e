"""Both sides of every limit: the last number that is hidden and the first that is shown."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from evaluation.disclosure import Dimension, DisclosureRules, Exhibit, protect
from evaluation.disclosure.audit import audit
from evaluation.disclosure.lattice import lattice
from evaluation.disclosure.text import attribute, protect_estimates
from evaluation.errors import InputError, ProtocolError

RULES = DisclosureRules()


def sensitive(exhibit, quantity="pupils", rules=RULES):
    return {
        cell for (q, cell), found in lattice(exhibit, rules).items() if q == quantity and found.is_sensitive
    }


@pytest.mark.parametrize(("pupils", "is_hidden"), [(0, True), (1, True), (4, True), (5, False), (6, False)])
def test_minimum(table, pupils, is_hidden):
    exhibit = table([[pupils, 30], [30, 30]])
    assert ((("skole", "A"), ("klassetrin", "0")) in sensitive(exhibit)) == is_hidden
    release = protect([exhibit], RULES)
    first = release.table("t").query("skole == 'A' and klassetrin == '0'").iloc[0]
    assert first["is_suppressed"] == is_hidden
    assert first["pupils_text"] == ("•" if is_hidden else str(pupils))


@pytest.mark.parametrize(
    ("over", "rest", "is_hidden"),
    [(4, 60, True), (5, 60, False), (60, 5, False), (60, 4, True), (0, 64, True), (64, 0, True)],
)
def test_shares_near_0_and_100_per_cent(share, over, rest, is_hidden):
    release = protect([share({"6": (over, rest), "7": (20, 45), "8": (22, 43), "9": (19, 44)})], RULES)
    row = release.table("over10").query("klassetrin == '6' and over10 == 'ja'").iloc[0]
    assert row["is_suppressed"] == is_hidden
    assert audit(release).is_passed


def test_shown_zero_where_the_protocol_says_so(table):
    rules = dataclasses.replace(RULES, hide_zero=False)
    assert not sensitive(table([[0, 30], [30, 30]]), rules=rules)


def test_structural_zero_is_printed_as_nobody_and_known_to_the_attacker(table):
    exhibit = table([[0, 30], [30, 30]], structural_zeros=frozenset({("A", "0")}))
    release = protect([exhibit], RULES)
    assert release.hidden == ()
    assert release.table("t").query("skole == 'A' and klassetrin == '0'").iloc[0]["pupils_text"] == "–"


@pytest.mark.parametrize(("largest", "is_hidden"), [(50.0, False), (50.5, True)])
def test_dominance_at_half_of_the_days(days, largest, is_hidden):
    exhibit = days(
        [("6", 20, 100.0, 1200.0, largest), ("7", 60, 300.0, 3600.0, 20.0), ("8", 60, 310.0, 3600.0, 20.0)]
    )
    assert ((("klassetrin", "6"),) in sensitive(exhibit, "days")) == is_hidden
    assert (("klassetrin", "6"),) not in sensitive(exhibit, "pupils")


@pytest.mark.parametrize(
    ("absent", "is_hidden"), [(0.0, True), (0.5, False), (1199.5, False), (1200.0, True)]
)
def test_0_and_100_per_cent_of_days(days, absent, is_hidden):
    exhibit = days([("6", 20, absent, 1200.0, absent / 20), ("7", 60, 300.0, 3600.0, 20.0)])
    assert ((("klassetrin", "6"),) in sensitive(exhibit, "days")) == is_hidden


def test_dominance_over_splits_is_not_understated():
    # One pupil may be the largest of both types: 6 + 6 of 20 days is more than half, 6 of 20 is not.
    split = Dimension("type", ("sygdom", "ulovligt"), role="split")
    frame = pd.DataFrame(
        {"type": ["sygdom", "ulovligt"], "pupils": [9, 9], "days_absent": [12.0, 8.0], "max_days": [6.0, 4.0]}
    )
    cells = lattice(Exhibit("e", "u", (split,), frame, ("days",)), RULES)
    assert not cells["days", (("type", "i alt"),)].is_sensitive
    larger = frame.assign(max_days=[6.0, 4.5])
    assert lattice(Exhibit("e", "u", (split,), larger, ("days",)), RULES)[
        "days", (("type", "i alt"),)
    ].is_sensitive
    assert cells["days", (("type", "i alt"),)].contributors == 9


@pytest.mark.parametrize(("alike", "expected"), [(5, {"klassetrin": "6"}), (4, {})])
def test_attribution(alike, expected):
    rules = dataclasses.replace(RULES, quote_min_sources=5)
    sources = pd.DataFrame({"skole": ["A"] + ["B"] * (alike - 1), "klassetrin": ["6"] * alike})
    assert attribute({"skole": "A", "klassetrin": "6"}, sources, ("skole", "klassetrin"), rules) == expected


def test_attribution_prefers_more_fields_then_the_first():
    sources = pd.DataFrame({"skole": ["A"] * 5, "klassetrin": ["6"] * 5, "rolle": ["elev"] * 4 + ["lærer"]})
    given = {"skole": "A", "klassetrin": "6", "rolle": "elev"}
    assert attribute(given, sources, ("rolle", "skole", "klassetrin"), RULES) == {
        "skole": "A",
        "klassetrin": "6",
    }


@pytest.mark.parametrize(("pupils", "is_hidden"), [(4, True), (5, False), (float("nan"), True)])
def test_estimates_of_small_groups(pupils, is_hidden):
    frame = pd.DataFrame({"estimate": [-0.4], "pupils": [pupils]})
    out = protect_estimates(frame, RULES, ["estimate"])
    assert bool(out["is_suppressed"].iloc[0]) == is_hidden
    assert out["estimate"].isna().iloc[0] == is_hidden
    assert "is_suppressed" not in frame


@pytest.mark.parametrize(("below", "rows"), [(0.01, 3), (0.0, 9)])
def test_coarser_form_where_too_much_is_hidden(table, below, rows):
    plain = protect([table([[2, 3], [3, 40]])], RULES).table("t")
    hidden_share = plain["is_suppressed"].mean()
    exhibit = table([[2, 3], [3, 40]], coarser=({"klassetrin": ("i alt",)},))
    rules = dataclasses.replace(RULES, max_hidden_share=hidden_share - below)
    assert len(protect([exhibit], rules).table("t")) == rows


def test_limits_that_cannot_hold_are_all_named():
    with pytest.raises(ProtocolError) as caught:
        DisclosureRules(
            minimum_pupils=0,
            protection_width=0,
            dominance_share=0,
            days_width_share=1,
            dominance_width_share=1,
            days_width_min=0,
            quote_min_sources=0,
            max_hidden_share=0,
            marker=" ",
        )
    assert len(caught.value.problems) == 9


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
