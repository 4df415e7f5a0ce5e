"""Patterns on a small calendar where every figure can be counted by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Literal

import pandas as pd
import pytest

from evaluation.errors import InputError
from evaluation.panel.pattern_days import (
    after_holiday_pattern,
    long_spell_pattern,
    single_day_pattern,
    weekday_pattern,
)
from evaluation.panel.pattern_pupils import (
    ThresholdRule,
    band_pattern,
    quarter_pattern,
    threshold_pattern,
    yearly_share_pattern,
)
from evaluation.panel.registered import COLUMNS, Registered

YEAR = "2026/27"


def school_days() -> pd.DataFrame:
    """Four school weeks, Monday 5 October 2026 on, without the week of 12 October (autumn holiday)."""
    days = [
        dt.date(2026, 10, 5) + dt.timedelta(days=7 * week + day) for week in (0, 2, 3, 4) for day in range(5)
    ]
    return pd.DataFrame(
        {
            "school_id": "A",
            "day_on": days,
            "school_year": YEAR,
            "week_from": [d - dt.timedelta(days=d.weekday()) for d in days],
            "weekday": [d.isoweekday() for d in days],
            "is_after_holiday": [d.isocalendar().week == 43 for d in days],
        }
    )


def absence(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """(pupil, date, type, fraction) in grade 6 of school A."""
    return pd.DataFrame(
        [(p, dt.date.fromisoformat(d), YEAR, "A", "6", kind, f) for p, d, kind, f in rows],
        columns=["pupil_key", "day_on", "school_year", "school_id", "grade", "absence_type", "day_fraction"],
    )


def weeks(absent: pd.DataFrame, pupils: tuple[str, ...] = ("p1", "p2")) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(p, w) for p in pupils for w in sorted(set(school_days()["week_from"]))],
        columns=["pupil_key", "week_from"],
    ).assign(school_year=YEAR, school_id="A", grade="6", possible_days=5.0)
    days = absent.assign(week_from=[d - dt.timedelta(days=d.weekday()) for d in absent["day_on"]])
    sums = days.groupby(["pupil_key", "week_from"])["day_fraction"].sum().rename("absent_days").reset_index()
    return frame.merge(sums, on=["pupil_key", "week_from"], how="left").fillna({"absent_days": 0.0})


def registered(absent: pd.DataFrame, through: str = "2027-07-31") -> Registered:
    """The tables as the warehouse holds them, dates as time stamps."""
    limits = pd.DataFrame({"school_year": [YEAR], "last_week": pd.to_datetime([through])})
    return Registered(
        weeks(absent).assign(week_from=lambda f: pd.to_datetime(f["week_from"])),
        absent.assign(day_on=pd.to_datetime(absent["day_on"])).astype(
            {"pupil_key": "str", "absence_type": "str"}
        ),
        school_days().assign(
            day_on=lambda f: pd.to_datetime(f["day_on"]), week_from=lambda f: pd.to_datetime(f["week_from"])
        ),
        limits,
    )


# p1: Thursday and Friday before the holiday and Monday after it (one spell of three school days), then a
# single day.
DAYS = absence(
    ("p1", "2026-10-08", "sick", 1.0),
    ("p1", "2026-10-09", "sick", 1.0),
    ("p1", "2026-10-19", "unlawful", 1.0),
    ("p1", "2026-10-28", "unlawful", 0.5),
)


def test_weekdays_by_hand() -> None:
    found = weekday_pattern(registered(DAYS)).set_index("level")
    assert list(found.columns) == [c for c in COLUMNS if c != "level"]
    # Two pupils and four weeks: eight possible days on each weekday.
    assert found.loc["mandag", "share_pct"] == pytest.approx(100 * 1 / 8)
    assert found.loc["onsdag", "share_pct"] == pytest.approx(100 * 0.5 / 8)
    assert found.loc["tirsdag", "share_pct"] == 0.0
    assert found["possible_days"].sum() == 40.0


def test_days_after_a_holiday_by_hand() -> None:
    found = after_holiday_pattern(registered(DAYS)).set_index("level")
    assert found.loc["efter ferie", "share_pct"] == pytest.approx(100 * 1 / 10)
    assert found.loc["øvrige dage", "share_pct"] == pytest.approx(100 * 2.5 / 30)


def spells(absent: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Spells of one day and of more: how many, and their days."""
    found = single_day_pattern(registered(absent)).set_index("level")
    return {k: (float(r["count"]), float(r["absent_days"])) for k, r in found.iterrows()}


def test_a_holiday_does_not_break_a_spell_but_a_school_day_does() -> None:
    assert spells(DAYS) == {"1 dag": (1.0, 0.5), "2 dage eller flere": (1.0, 3.0)}
    assert spells(DAYS[DAYS["day_on"] != dt.date(2026, 10, 9)]) == {"1 dag": (3.0, 2.5)}


def test_two_types_on_one_day_are_one_day_of_a_spell() -> None:
    both = absence(("p1", "2026-10-08", "sick", 0.5), ("p1", "2026-10-08", "unlawful", 0.5))
    assert spells(both) == {"1 dag": (1.0, 1.0)}


def test_spells_of_two_pupils_do_not_run_together() -> None:
    two = absence(("p1", "2026-10-08", "sick", 1.0), ("p2", "2026-10-09", "sick", 1.0))
    assert spells(two) == {"1 dag": (2.0, 2.0)}


def test_a_day_the_school_is_closed_and_a_week_beyond_the_limit_do_not_count() -> None:
    closed = absence(("p1", "2026-10-14", "sick", 1.0), ("p1", "2026-10-28", "sick", 1.0))
    assert spells(closed) == {"1 dag": (1.0, 1.0)}
    early = registered(closed, through="2026-10-19")
    assert single_day_pattern(early).empty
    # Two pupils, two weeks that count.
    assert weekday_pattern(early)["possible_days"].sum() == 20.0


def test_single_days_and_long_spells() -> None:
    single = single_day_pattern(registered(DAYS)).set_index("level")
    assert (single.loc["1 dag", "count"], single.loc["1 dag", "share_pct"]) == (1.0, 50.0)
    assert single.loc["1 dag", "pupils"] == 2.0
    long = long_spell_pattern(registered(DAYS), lengths=(3, 4)).set_index("level")
    assert (long.loc["3+", "count"], long.loc["3+", "share_pct"]) == (1.0, 50.0)
    assert (long.loc["4+", "count"], long.loc["4+", "share_pct"]) == (0.0, 0.0)


def test_bands_hold_their_upper_edge_so_that_over_ten_is_over_ten() -> None:
    two = absence(*[("p1", d, "sick", 1.0) for d in ("2026-10-05", "2026-10-06")])
    found = band_pattern(registered(two)).set_index("level")
    # 2 of 20 days is 10 per cent, which is not over 10 per cent.
    assert found["count"].to_dict() == {"0-5": 1.0, "5-10": 1.0, "10-20": 0.0, "20+": 0.0}
    more = absence(
        *[("p1", d, "sick", f) for d, f in (("2026-10-05", 1.0), ("2026-10-06", 1.0), ("2026-10-07", 0.5))]
    )
    assert band_pattern(registered(more)).set_index("level")["count"].to_dict()["10-20"] == 1.0
    assert found["share_pct"].sum() == pytest.approx(100.0)
    with pytest.raises(InputError, match="begin at 0"):
        band_pattern(registered(two), (5, 10))


@pytest.mark.parametrize(("minimum", "classified"), [(20.0, 2.0), (20.5, 0.0)])
def test_pupils_with_too_few_school_days_are_in_no_band(minimum: float, classified: float) -> None:
    assert band_pattern(registered(DAYS), minimum_days=minimum)["count"].sum() == classified


@pytest.mark.parametrize(("crossing", "count"), [("at_least", 1.0), ("more_than", 0.0)])
def test_a_yearly_share_says_whether_reaching_is_enough(
    crossing: Literal["at_least", "more_than"], count: float
) -> None:
    two = absence(*[("p1", d, "sick", 1.0) for d in ("2026-10-05", "2026-10-06")])
    everything = ("sick", "permitted", "unlawful")
    rule = ThresholdRule(
        "x", 10.0, "pct_of_school_days", "school_year", everything, dt.date(2019, 8, 1), crossing=crossing
    )
    found = yearly_share_pattern(registered(two), [rule])
    assert (found["count"].tolist(), found["pupils"].tolist()) == ([count], [2.0])
    assert found["share_pct"].tolist() == [50.0 * count]
    assert threshold_pattern(registered(two), [rule])["count"].tolist() == [count]


@pytest.mark.parametrize(("value", "count"), [(1.5, 1.0), (1.51, 0.0)])
def test_threshold_in_days_on_both_sides(value: float, count: float) -> None:
    rule = ThresholdRule("x", value, "school_days", "school_year", ("unlawful",), dt.date(2019, 8, 1))
    assert threshold_pattern(registered(DAYS), [rule])["count"].tolist() == [count]


@pytest.mark.parametrize(("value", "count"), [(7.5, 1.0), (7.6, 0.0)])
def test_threshold_in_percent_of_the_quarter_on_both_sides(value: float, count: float) -> None:
    # 1.5 unlawful days of 20 school days in the fourth quarter.
    rule = ThresholdRule("x", value, "pct_of_school_days", "quarter", ("unlawful",), dt.date(2019, 8, 1))
    found = threshold_pattern(registered(DAYS), [rule])
    assert found["count"].tolist() == [count]
    assert found["share_pct"].tolist() == [50.0 * count]


def test_a_threshold_counts_only_while_it_is_in_force() -> None:
    late = ThresholdRule("late", 0.5, "school_days", "school_year", ("unlawful",), dt.date(2026, 10, 28))
    over = ThresholdRule(
        "over", 0.5, "school_days", "school_year", ("unlawful",), dt.date(2019, 8, 1), dt.date(2026, 10, 18)
    )
    found = threshold_pattern(registered(DAYS), [late, over]).set_index("level")["count"]
    assert found.to_dict() == {"late": 1.0, "over": 0.0}


def test_groups_add_up_and_nothing_identifies_a_pupil() -> None:
    for found in (
        weekday_pattern(registered(DAYS), by="grade"),
        band_pattern(registered(DAYS), by="school"),
    ):
        assert set(found["group_id"]) in ({"6"}, {"A"})
        assert "pupil_key" not in found.columns


def test_no_absence_at_all_gives_zero_and_not_an_error() -> None:
    none = DAYS.iloc[:0]
    assert weekday_pattern(registered(none))["share_pct"].tolist() == []
    assert band_pattern(registered(none))["count"].tolist() == [2.0, 0.0, 0.0, 0.0]


def test_missing_columns_are_named() -> None:
    whole = registered(DAYS)
    with pytest.raises(InputError, match="day_fraction are missing from the absence days"):
        replace(whole, absence_days=whole.absence_days.drop(columns="day_fraction"))


def test_quarters_are_counted_each_by_itself() -> None:
    days = absence(
        ("p1", "2026-10-08", "unlawful", 1.0),
        ("p1", "2026-10-09", "unlawful", 1.0),
        ("p2", "2026-10-19", "sick", 1.0),
    )
    rule = ThresholdRule("ten", 10.0, "pct_of_school_days", "quarter", ("unlawful",), dt.date(2026, 8, 1))
    found = quarter_pattern(registered(days), [rule]).set_index("level")
    # 20 school days in the fourth quarter: two unlawful days are ten per cent, for one of two pupils.
    assert found.loc["ten 2026-4", ["count", "pupils", "share_pct"]].tolist() == [1.0, 2.0, 50.0]
    assert list(found.index) == ["ten 2026-4"]


def test_long_spells_by_role_divide_the_whole() -> None:
    by_role = long_spell_pattern(replace(registered(DAYS), begun=("6",)), lengths=(2,), by="role")
    assert by_role["group_kind"].tolist() == ["treated"]
    assert by_role["count"].tolist() == long_spell_pattern(registered(DAYS), lengths=(2,))["count"].tolist()
