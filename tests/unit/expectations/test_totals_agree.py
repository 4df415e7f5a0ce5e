"""Quarter totals against day registrations: both sides of the tolerance, pupils' own totals, and what is left alone."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from evaluation.expectations import CheckResult, run_suite
from evaluation.study import load_study
from evaluation.tables import table
from evaluation.words import ANALYST, Persons

P = load_study("demo_kommune").protocol
FIRST, LAST = pd.Timestamp(2026, 7, 1), pd.Timestamp(2026, 9, 30)
CUTOFF = dt.date(2026, 11, 13)
A, B = P.schools[0].id, P.schools[1].id


def noted(*counts: tuple[str, str, str, int]) -> pd.DataFrame:
    """(school, grade, pupil, whole days absent) as day registrations from 10 August on."""
    days = pd.bdate_range("2026-08-10", "2026-09-30")
    rows = [
        {"pupil_key": pupil, "day_on": days[i], "school_year": "2026/27", "school_id": school, "grade": grade,
         "absence_type": "sick", "day_fraction": 1.0}
        for school, grade, pupil, n in counts
        for i in range(n)
    ]  # fmt: skip
    return table("core_absence_days").conform(pd.DataFrame(rows))


def stated(*totals: tuple[str, str, str | None, float], last: pd.Timestamp = LAST) -> pd.DataFrame:
    """(school, grade, pupil or None, days absent) as totals of the quarter."""
    first = last - pd.offsets.QuarterBegin(startingMonth=1)
    rows = [
        {"source_file": "opsummering.xlsx", "source_row": i, "exported_on": pd.Timestamp(2026, 11, 1),
         "school_id": school, "grade": grade, "class_label": None, "pupil_key": pupil, "period": "quarter",
         "period_from": first, "period_to": last, "pupils": None, "school_days": None, "absence_type": "sick",
         "absent_days": days}
        for i, (school, grade, pupil, days) in enumerate(totals)
    ]  # fmt: skip
    return table("raw_totals").conform(pd.DataFrame(rows))


def findings(days: pd.DataFrame, totals: pd.DataFrame) -> list[CheckResult]:
    results = run_suite("core_absence_days", days, P, others={"raw_totals": totals}, cutoff=CUTOFF)
    return [r for r in results if r.check_name == "totals_agree"]


@pytest.mark.parametrize(
    ("total", "is_sound"), [(30, True), (35, True), (36, False), (25, True), (24, False)]
)
@pytest.mark.slow
def test_five_days_are_tolerated_and_the_sixth_is_not(total: int, is_sound: bool) -> None:
    (found,) = findings(noted((A, "6", "k1", 30)), stated((A, "6", None, total)))
    assert (found.is_passed, found.severity, found.of_total) == (is_sound, "warning", Persons(1))
    assert "3. kvartal 2026" in found.text(ANALYST)
    assert str(total) not in found.text(ANALYST)


def test_two_per_cent_are_tolerated_in_a_large_grade() -> None:
    days = noted(*((A, "6", f"k{i}", 30) for i in range(20)))
    assert findings(days, stated((A, "6", None, 612.0)))[0].is_passed
    (apart,) = findings(days, stated((A, "6", None, 613.0)))
    assert (apart.is_passed, apart.count) == (False, Persons(1))


def test_totals_of_single_pupils_are_held_against_their_own_days() -> None:
    days = noted((A, "6", "k1", 20), (A, "6", "k2", 30))
    assert findings(days, stated((A, "6", "k1", 20.0)))[0].is_passed
    assert not findings(days, stated((A, "6", "k1", 20.0), (A, "6", "k2", 10.0)))[0].is_passed


def test_a_pupil_without_any_day_registration_counts_as_none() -> None:
    (found,) = findings(noted((A, "6", "k1", 20)), stated((A, "6", "k1", 20.0), (A, "6", "k2", 12.0)))
    assert not found.is_passed


def test_grades_are_counted_and_schools_told_apart() -> None:
    days = noted((A, "6", "k1", 30), (A, "7", "k2", 30), (B, "6", "k3", 30))
    found = findings(
        days, stated((A, "6", None, 10.0), (A, "7", None, 30.0), (B, "6", None, 30.0), (B, "8", None, 9.0))
    )
    assert [(r.group_id.split()[0], r.is_passed, r.count, r.of_total) for r in found] == [
        (A, False, Persons(1), Persons(2)),
        (B, False, Persons(1), Persons(2)),
    ]


def test_a_quarter_the_cutoff_splits_and_a_school_without_days_are_left_alone() -> None:
    days = noted((A, "6", "k1", 30))
    assert findings(days, stated((A, "6", None, 99.0), last=pd.Timestamp(2026, 12, 31))) == []
    assert findings(days, stated((B, "6", None, 99.0))) == []
