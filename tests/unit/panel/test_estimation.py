"""From cells to the panel that is estimated: counted by hand on a school with three grades."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from evaluation.panel.estimation import monthly_panel, outcome_pct, same_weeks
from evaluation.study import load_study
from evaluation.tables import table

P = load_study("demo_kommune").protocol
BEFORE, AFTER = P.years.baseline[-1], P.years.follow_up
SCHOOL = P.schools[0].id
NOVEMBER = dt.date(2026, 11, 13)


def weeks(*rows: tuple[str, dt.date, str, float, float], school_year: str = AFTER) -> pd.DataFrame:
    """``core_cells`` by week: grade, Monday, month, pupils, absent days of 100 possible."""
    frame = pd.DataFrame(
        [
            {
                "school_id": SCHOOL, "grade": grade, "school_year": school_year, "month": month, "period": "week",
                "period_from": pd.Timestamp(monday), "pupils": pupils, "possible_days": 100.0, "absent_days": absent,
                "sick_days": absent / 2, "permitted_days": absent / 4, "unlawful_days": absent / 4,
            }
            for grade, monday, month, pupils, absent in rows
        ]
    )  # fmt: skip
    return frame.reindex(columns=list(table("core_cells").columns))


def talks(*rows: Sequence[object]) -> pd.DataFrame:
    """``core_talks``: grade, first and last talk month, whether finished, whether enough were reached."""
    frame = pd.DataFrame(
        [
            {
                "school_id": SCHOOL, "grade": grade, "wave": f"w{grade}", "transition_from_month": first,
                "transition_to_month": last, "is_started": started, "is_reached": reached,
            }
            for grade, first, last, started, reached in rows
        ],
        columns=["school_id", "grade", "wave", "transition_from_month", "transition_to_month", "is_started", "is_reached"],
    )  # fmt: skip
    return frame.reindex(columns=list(table("core_talks").columns))


def monday_of(year: int, week: int) -> dt.date:
    return dt.date.fromisocalendar(year, week, 1)


@pytest.mark.parametrize(
    ("cutoff", "last_kept"),
    [
        (dt.date(2026, 11, 13), 46),  # a Friday: its week is whole
        (dt.date(2026, 11, 15), 46),  # the Sunday after it
        (dt.date(2026, 11, 12), 45),  # a Thursday splits week 46
        (dt.date(2026, 11, 16), 46),  # a Monday splits week 47
        (dt.date(2026, 11, 20), 47),
    ],
)
def test_the_cut_month_keeps_the_weeks_the_cut_off_reached_in_every_year(
    cutoff: dt.date, last_kept: int
) -> None:
    rows = [
        ("1", monday_of(year, w), f"{year}-11", 20.0, 5.0) for year in (2025, 2026) for w in (45, 46, 47, 48)
    ]
    kept = same_weeks(weeks(*rows), cutoff)["period_from"].dt.isocalendar()
    assert set(kept["week"]) == set(range(45, last_kept + 1))
    assert set(kept["year"]) == {2025, 2026}
    assert len(kept) == 2 * (last_kept - 44)


def test_other_months_are_left_alone_and_nothing_begins_after_the_cut_off() -> None:
    rows = [
        ("1", monday_of(2025, 36), "2025-09", 20.0, 5.0),
        ("1", monday_of(2025, 51), "2025-12", 20.0, 5.0),
        ("1", monday_of(2026, 36), "2026-09", 20.0, 5.0),
        ("1", monday_of(2026, 51), "2026-12", 20.0, 5.0),
    ]
    assert same_weeks(weeks(*rows), NOVEMBER)["month"].tolist() == ["2025-09", "2025-12", "2026-09"]


def test_a_month_row_of_the_cut_month_is_not_a_week() -> None:
    rows = weeks(("1", dt.date(2025, 11, 24), "2025-11", 20.0, 5.0)).assign(period="month")
    assert len(same_weeks(rows, NOVEMBER)) == 1


MONTHS = ("2026-08", "2026-09", "2026-10", "2026-11")
STARTS = (dt.date(2026, 8, 17), dt.date(2026, 9, 14), dt.date(2026, 10, 5), dt.date(2026, 11, 2))


def panel(*which: Sequence[object]) -> pd.DataFrame:
    cells = weeks(
        *[(g, d, m, 20.0, 8.0) for g in ("1", "6", "7") for d, m in zip(STARTS, MONTHS, strict=True)]
    )
    return monthly_panel(cells, talks(*which), P, NOVEMBER).set_index(["grade", "month"]).sort_index()


def test_month_one_is_the_month_after_the_talks() -> None:
    found = panel(("6", "2026-09", "2026-09", True, True), ("1", None, None, False, pd.NA))
    six = found.loc["6"]
    assert six["t"].tolist() == [1, 2, 3, 4]
    assert six["event"].tolist() == [-1, 0, 1, 2]
    assert set(six["start"]) == {3}
    assert set(six["transition"]) == {1}
    assert six["is_transition"].tolist() == [False, True, False, False]
    assert six["is_treated"].tolist() == [False, False, True, True]
    for never in ("1", "7"):
        assert found.loc[never][["event", "start", "transition"]].isna().all(axis=None)
        assert not found.loc[never][["is_treated", "is_transition"]].any(axis=None)
    assert found.loc["6", "is_reached"].all()
    assert found.loc["7", "is_reached"].isna().all()


def test_talks_over_two_months_are_two_months_of_transition() -> None:
    six = panel(("6", "2026-09", "2026-10", True, False)).loc["6"]
    assert six["event"].tolist() == [-2, -1, 0, 1]
    assert set(six["transition"]) == {2}
    assert six["is_transition"].tolist() == [False, True, True, False]
    assert six["is_treated"].tolist() == [False, False, False, True]
    assert not six["is_reached"].any()


def test_unfinished_talks_leave_from_their_first_month_on_and_talks_to_come_stay() -> None:
    found = panel(("6", "2026-10", None, False, pd.NA), ("1", None, None, False, pd.NA))
    assert list(found.loc["6"].index) == ["2026-08", "2026-09"]
    assert found.loc["6", "event"].isna().all()
    assert len(found.loc["1"]) == len(found.loc["7"]) == 4


def test_a_month_is_the_sum_of_its_days_and_the_mean_of_its_pupils() -> None:
    cells = weeks(
        ("1", dt.date(2026, 9, 7), "2026-09", 20.0, 8.0),
        ("1", dt.date(2026, 9, 14), "2026-09", 22.0, 4.0),
        ("1", dt.date(2026, 10, 5), "2026-10", 22.0, 0.0),
    )
    cells.loc[2, "possible_days"] = 0.0
    [row] = monthly_panel(cells, talks(), P, NOVEMBER).to_dict("records")
    assert (row["month"], row["cal_month"], row["cell"]) == ("2026-09", "09", f"{SCHOOL}:1")
    assert (row["pupils"], row["possible_days"], row["absent_days"], row["sick_days"]) == (
        21.0,
        200.0,
        12.0,
        6.0,
    )


def test_years_and_grades_outside_the_protocol_are_no_rows() -> None:
    inside = weeks(("1", dt.date(2026, 9, 7), "2026-09", 20.0, 8.0))
    other_year = weeks(("1", dt.date(2019, 9, 2), "2019-09", 20.0, 8.0), school_year="2019/20")
    other_grade = inside.assign(grade="12")
    found = monthly_panel(pd.concat([inside, other_year, other_grade]), talks(), P, NOVEMBER)
    assert found[["grade", "school_year"]].to_numpy().tolist() == [["1", AFTER]]


def test_the_outcome_is_per_cent_of_possible_days_and_of_all_types_the_registered_total() -> None:
    rows = pd.DataFrame(
        {"possible_days": [50.0], "absent_days": [10.0], "sick_days": [4.0], "permitted_days": [3.0], "unlawful_days": [2.0]}
    )  # fmt: skip
    everything = {t.id for t in P.absence_types}
    for outcome in P.outcomes:
        if not hasattr(outcome, "types") or not set(outcome.types) <= everything:
            continue
        days = 10.0 if set(outcome.types) == everything else sum(rows[f"{t}_days"][0] for t in outcome.types)
        assert outcome_pct(rows, outcome, P).tolist() == [2 * days]
    assert np.isclose(outcome_pct(rows, P.primary_outcome, P)[0], 20.0)
