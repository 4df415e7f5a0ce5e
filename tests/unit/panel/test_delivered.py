"""No delivered total is lost to the calendar; weeks known to be missing count nowhere; days and totals side by side."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from evaluation.expectations import run_suite
from evaluation.panel import calendar, cells, delivered, pupils
from evaluation.study import load_study
from evaluation.tables import table
from evaluation.tables.relations import collected
from evaluation.words import ANALYST, Persons

P = load_study("kom_glad_i_skole").protocol
SCHOOL = P.schools[0].id
HOLIDAY = pd.date_range("2026-10-12", "2026-10-16")
OPEN = pd.bdate_range("2026-08-10", "2026-11-13").difference(HOLIDAY)


def school_days(days: pd.DatetimeIndex = OPEN, schools: tuple[str, ...] = (SCHOOL,)) -> pd.DataFrame:
    rows = [
        {"school_id": s, "day_on": d, "school_year": "2026/27", "is_school_day": True, "label": ""}
        for s in schools
        for d in days
    ]
    return calendar.school_days(pd.DataFrame(rows), None)


def totals(*rows: dict) -> pd.DataFrame:
    common = {
        "source_file": "m.xlsx",
        "exported_on": pd.Timestamp(2026, 11, 20),
        "school_id": SCHOOL,
        "grade": "6",
        "class_label": "6.A",
        "pupils": 30.0,
        "school_days": 600.0,
        "absence_type": "sick",
        "absent_days": 40.0,
    }
    frame = pd.DataFrame([{**common, "source_row": i + 2, **row} for i, row in enumerate(rows)])
    return table("raw_totals").conform(frame.reindex(columns=list(table("raw_totals").columns)))


def month(first: str, **more: object) -> dict:
    start = pd.Timestamp(first)
    return {"period": "month", "period_from": start, "period_to": start + pd.offsets.MonthEnd(0), **more}


def week(monday: str, **more: object) -> dict:
    start = pd.Timestamp(monday)
    return {"period": "week", "period_from": start, "period_to": start + pd.Timedelta(days=6), **more}


NOBODY = table("core_pupil_weeks").empty()


def test_a_month_whose_middle_lies_in_a_holiday_week_is_in_core() -> None:
    given = totals(month("2026-08-01"), month("2026-09-01"), month("2026-10-01"))
    made = cells.cells(NOBODY, given, school_days())
    assert list(made["month"]) == ["2026-08", "2026-09", "2026-10"]
    assert list(made["absent_days"]) == [40.0, 40.0, 40.0]
    assert set(made["school_year"]) == {"2026/27"}


@pytest.mark.parametrize("first", [f"2026-{m:02}-01" for m in range(8, 12)] + ["2027-07-01"])
@pytest.mark.parametrize("open_days", [OPEN, OPEN[:1], OPEN[-1:]], ids=["all", "first", "last"])
def test_no_total_is_lost_whatever_the_calendar_has(first: str, open_days: pd.DatetimeIndex) -> None:
    given = totals(month(first), week("2026-10-12", school_days=0.0, absent_days=0.0))
    made = cells.cells(NOBODY, given, school_days(open_days))
    assert sorted(made["period"]) == ["month", "week"]
    assert made["absent_days"].sum() == 40.0
    results = run_suite("core_cells", made, P, others={"raw_totals": given})
    assert [r.is_passed for r in results if r.check_name == "totals_have_cells"] == [True, True]


def test_a_pupils_total_of_a_week_without_school_days_stays() -> None:
    given = totals(week("2026-10-12", pupil_key="k1", school_days=0.0, absent_days=0.0))
    none = table("core_pupils").empty(), table("core_absence_days").empty()
    made = collected(
        "core_pupil_weeks", cells.pupil_weeks(*none, school_days(), given, table("raw_absence").empty())
    )
    assert list(made[["pupil_key", "month"]].itertuples(index=False, name=None)) == [("k1", "2026-10")]


def enrolled(n: int, grade: str = "6", school: str = SCHOOL) -> pd.DataFrame:
    rows = [
        {
            "pupil_key": f"{school}-{grade}-{i}",
            "school_year": "2026/27",
            "school_id": school,
            "grade": grade,
            "class_label": f"{grade}.A",
            "enrolled_from": dt.date(2026, 8, 1),
            "enrolled_to": dt.date(2027, 7, 31),
        }
        for i in range(n)
    ]
    return table("core_pupils").conform(pd.DataFrame(rows))


def absent(days: pd.DatetimeIndex, each_day: int, grade: str = "6", school: str = SCHOOL) -> pd.DataFrame:
    """``each_day`` pupils absent on each of the days."""
    rows = [
        {"pupil_key": f"{school}-{grade}-{i}", "from_on": d, "to_on": d, "absence_type": "sick", "day_fraction": 1.0,
         "source_file": "f.csv", "source_row": n * each_day + i + 2}
        for n, d in enumerate(days) for i in range(each_day)
    ]  # fmt: skip
    return table("raw_absence").conform(
        pd.DataFrame(rows).reindex(columns=list(table("raw_absence").columns))
    )


def made_weeks(
    spells: pd.DataFrame, raw: pd.DataFrame, days: pd.DataFrame, given: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    noted = collected("core_absence_days", pupils.absence_days(raw, spells, days))
    return noted, collected("core_pupil_weeks", cells.pupil_weeks(spells, noted, days, given, raw))


@pytest.mark.parametrize("last", ["2026-10-28", "2026-10-30", "2026-11-13"])
def test_days_after_the_newest_export_are_no_attendance_and_that_is_said(last: str) -> None:
    """30 pupils, too few for the missing days to be noticed; every school day up to the export counts, none after it."""
    days, spells = school_days(), enrolled(30)
    told = days[days["day_on"] <= last]
    noted = pd.DatetimeIndex(told["day_on"].iloc[::5])
    raw = absent(noted, 1).assign(school_id=SCHOOL, exported_on=pd.Timestamp(last))
    raw.loc[0, "exported_on"] = pd.Timestamp("2026-09-30")  # an older export
    _, weeks = made_weeks(spells, raw, days, totals())
    assert weeks["possible_days"].sum() == 30 * len(told)
    others = {"core_school_days": days, "raw_absence": raw}
    (said,) = [
        r for r in run_suite("core_pupil_weeks", weeks, P, others=others) if r.check_name == "told_to_the_end"
    ]
    assert (ANALYST.number(said.count), said.is_passed) == (len(days) - len(told), len(told) == len(days))
    raw.loc[1, "exported_on"] = pd.NaT  # an export that does not say its day may be the newest
    assert made_weeks(spells, raw, days, totals())[1]["possible_days"].sum() == 30 * len(days)


def test_a_week_whose_registrations_are_missing_leaves_the_possible_days() -> None:
    """100 pupils, 10 absent each day: 50 days were to be expected in week 38, none is there."""
    days, spells = school_days(), enrolled(100)
    lost = pd.bdate_range("2026-09-14", "2026-09-18")
    _, weeks = made_weeks(spells, absent(OPEN.difference(lost), 10), days, totals().iloc[:0])
    assert pd.Timestamp("2026-09-14") not in set(weeks["week_from"])
    assert weeks["week_from"].nunique() == 13 - 1
    # The rate is the planted one, not one of full attendance in the week nobody told of.
    assert weeks["absent_days"].sum() / weeks["possible_days"].sum() == 10 / 100


def test_a_quiet_week_of_a_small_school_stays() -> None:
    """Four days of absence were to be expected: nobody absent is no proof that nothing was registered."""
    days, spells = school_days(), enrolled(20)
    quiet = pd.bdate_range("2026-09-14", "2026-09-18")
    _, weeks = made_weeks(spells, absent(OPEN.difference(quiet)[::2], 2), days, totals().iloc[:0])
    assert pd.Timestamp("2026-09-14") in set(weeks["week_from"])


def test_a_school_without_any_registration_is_judged_by_the_others() -> None:
    other = P.schools[1].id
    days = school_days(schools=(SCHOOL, other))
    spells = pd.concat([enrolled(100), enrolled(100, school=other)], ignore_index=True)
    _, weeks = made_weeks(spells, absent(OPEN, 10), days, totals().iloc[:0])
    assert set(weeks["school_id"]) == {SCHOOL}


def test_days_count_where_no_total_speaks_and_the_check_names_the_rest() -> None:
    """Month totals of August, day records from September on; then day records for August too."""
    days, spells = school_days(), enrolled(100)
    given = totals(month("2026-08-01"))
    september = OPEN[OPEN >= "2026-09-07"]
    noted, weeks = made_weeks(spells, absent(september, 10), days, given)
    assert weeks["week_from"].min() == pd.Timestamp("2026-09-07")
    assert weeks["absent_days"].sum() == 10 * len(september)
    others = {"core_pupils": spells, "core_absence_days": noted, "core_school_days": days}
    (fine,) = days_have_weeks(weeks, others)
    assert fine.is_passed

    noted, weeks = made_weeks(spells, absent(OPEN, 10), days, given)
    (twice,) = days_have_weeks(weeks, {**others, "core_absence_days": noted})
    assert twice.is_blocking
    # Four weeks of August, the fourth with one day of September, for ten pupils: told by the total alone.
    assert (twice.count, twice.of_total) == (Persons(4 * 10), Persons(13 * 10))


def days_have_weeks(weeks: pd.DataFrame, others: dict[str, pd.DataFrame]) -> list:
    results = run_suite("core_pupil_weeks", weeks, P, others=others)
    return [r for r in results if r.check_name == "days_have_weeks"]


def test_missing_weeks_are_told_by_school_and_week() -> None:
    days, spells = school_days(), enrolled(100)
    lost = pd.bdate_range("2026-09-14", "2026-09-25")
    noted = collected(
        "core_absence_days", pupils.absence_days(absent(OPEN.difference(lost), 10), spells, days)
    )
    found = delivered.missing_weeks(spells, noted, days)
    assert [f"{d:%m-%d}" for d in found["week_from"]] == ["09-14", "09-21"]
