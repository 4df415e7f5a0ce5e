"""Is everything there that should be? Weeks, classes and types judged against the calendar, neighbours and last year.

These rules look at groups and speak of schools and grades, never of a class by name and never of a pupil.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.expectations.checks import Finding, Subject, finding
from evaluation.panel.delivered import MISSING_BELOW, NEIGHBOUR_WEEKS, told_days
from evaluation.words import Count, Days, Limit, Name, Names, On, Percent, Values, Weeks
from evaluation.words.catalogue.quality import Delivery, Registered

THIN_BELOW = 0.30
"""Share of the expected absence days below which a week counts as thin."""
SMALLEST_EXPECTED = 5.0
"""Below so many expected days a school's week is too small to judge."""
ZERO_RUN_EXPECTED = 24.0
"""A class without absence is suspicious when so many days were to be expected: with spells of two days that is twelve
spells, P(none) = exp(−12) = 6·10⁻⁶, small also against the thousands of class-weeks looked at."""
TYPE_SHARE_MINIMUM_DAYS = 200.0


def school_name(f: Subject, school_id: str) -> str:
    """The school's name; its id when the study does not know it, which another check reports."""
    return next((s.name for s in f.protocol.schools if s.id == school_id), school_id)


def school_weeks(f: Subject) -> pd.DataFrame | None:
    """One row per school and week that the calendar has or that has data: possible, absent and expected days.

    Expected = the median share of absence in the school's neighbouring weeks × possible days; weeks without any
    possible days get those of the neighbours, and weeks whose neighbours are missing too those of the school's year.
    Columns: school_id, school_year, period_from, possible_days, absent_days, expected_days, share.
    """
    by = ["school_id", "school_year", "period_from"]
    weekly = f.frame[f.frame["period"] == "week"]
    if weekly.empty:
        return None
    counts = weekly.groupby(by, as_index=False)[["possible_days", "absent_days"]].sum()
    calendar = f.other("core_school_days")
    if calendar is not None:
        # A school that delivers by the month has no weeks to look for.
        weeks = calendar.rename(columns={"week_from": "period_from"})[by].drop_duplicates()
        weeks = weeks[weeks["school_id"].isin(counts["school_id"])]
        counts = weeks.merge(counts, on=by, how="outer")
    counts = counts.fillna({"possible_days": 0.0, "absent_days": 0.0}).sort_values(by, ignore_index=True)
    share = (counts["absent_days"] / counts["possible_days"].where(counts["possible_days"] > 0)).where(
        counts["absent_days"] > 0
    )
    shifts = [k for k in range(-NEIGHBOUR_WEEKS, NEIGHBOUR_WEEKS + 1) if k]
    near_share = pd.concat(
        [share.groupby([counts["school_id"], counts["school_year"]]).shift(k) for k in shifts], axis=1
    )
    possible = counts["possible_days"].where(counts["possible_days"] > 0)
    whole_year = [counts["school_id"], counts["school_year"]]
    near_days = pd.concat([possible.groupby(whole_year).shift(k) for k in shifts], axis=1)
    # Inside a long gap the neighbours are missing too: then the school's own year says what to expect.
    usual_days = near_days.median(axis=1).fillna(possible.groupby(whole_year).transform("median"))
    usual_share = near_share.median(axis=1).fillna(share.groupby(whole_year).transform("median"))
    counts["expected_days"] = (usual_share * possible.fillna(usual_days)).fillna(0.0)
    judged = counts["expected_days"] >= SMALLEST_EXPECTED
    counts["share"] = np.where(
        judged, counts["absent_days"] / counts["expected_days"].where(judged, 1.0), 1.0
    )
    # A school that delivered nothing at all has no neighbours of its own: nothing there is nothing there.
    nothing = counts.groupby(["school_id", "school_year"])["possible_days"].transform("sum") == 0
    counts.loc[nothing, "share"] = 0.0
    return counts


def missing_weeks(f: Subject) -> list[Finding] | None:
    """Schools whose weeks hold (almost) no registrations although the calendar has school and neighbours have absence."""
    weeks = school_weeks(f)
    if weeks is None:
        return None
    rows = []
    for key, mine in weeks.groupby(["school_id", "school_year"], sort=True):
        school_id, year = str(key[0]), str(key[1])
        lost = mine[mine["share"] < MISSING_BELOW]
        group, n, school = f"{school_id} {year}", len(lost), Name(school_name(f, school_id))
        if mine["possible_days"].sum() == 0:
            rows.append(
                finding(group, n == 0, n, len(mine), Delivery.NOTHING, school=school, year=Name(year))
            )
        elif n:
            expected, found = (Days(float(lost[c].sum())) for c in ("expected_days", "absent_days"))
            values: Values = {"school": school, "weeks": _weeks(lost), "expected": expected, "found": found}
            rows.append(finding(group, False, n, len(mine), Delivery.WEEKS_MISSING, **values))
        else:
            values = {"school": school, "weeks": Count(len(mine)), "year": Name(year)}
            rows.append(finding(group, True, n, len(mine), Delivery.WEEKS_THERE, **values))
    return rows


def thin_weeks(f: Subject) -> list[Finding] | None:
    """Schools whose weeks hold far fewer registrations than the weeks around them."""
    weeks = school_weeks(f)
    if weeks is None:
        return None
    rows = []
    for key, mine in weeks.groupby(["school_id", "school_year"], sort=True):
        school_id, year = str(key[0]), str(key[1])
        thin = mine[(mine["share"] >= MISSING_BELOW) & (mine["share"] < THIN_BELOW)]
        group, n, school = f"{school_id} {year}", len(thin), Name(school_name(f, school_id))
        if n:
            rows.append(finding(group, False, n, len(mine), Delivery.THIN, school=school, weeks=_weeks(thin)))
        else:
            rows.append(finding(group, True, n, len(mine), Delivery.NOT_THIN, school=school, year=Name(year)))
    return rows


def completeness(f: Subject) -> list[Finding] | None:
    """Registered school × weeks of the follow-up year against those the calendar has, over all schools."""
    weeks = school_weeks(f)
    if weeks is None:
        return None
    limit = f.protocol.quality.minimum_completeness_pct
    mine = weeks[weeks["school_year"] == f.protocol.years.follow_up]
    if mine.empty:
        return [finding("", False, 0, 0, Delivery.NO_DATA, year=Name(f.protocol.years.follow_up))]
    n, found = len(mine), int((mine["share"] >= MISSING_BELOW).sum())
    percent = 100 * found / n
    values: Values = {
        "found": Count(found),
        "weeks": Count(n),
        "share": Percent(percent),
        "limit": Limit(limit),
    }
    return [finding("", percent >= limit, n - found, n, Delivery.COMPLETE, **values)]


def baseline_delivered(f: Subject) -> list[Finding] | None:
    """Every school has at least one earlier year to be compared with."""
    rows, years = [], f.protocol.years.baseline
    for school in f.protocol.schools:
        mine = f.frame[(f.frame["school_id"] == school.id) & (f.frame["possible_days"] > 0)]
        found = tuple(y for y in years if (mine["school_year"] == y).any())
        counts = (school.id, bool(found), len(years) - len(found), len(years))
        name = Name(school.name)
        rows.append(
            finding(*counts, Delivery.BASELINE, school=name, years=Names(found))
            if found
            else finding(*counts, Delivery.NO_BASELINE, school=name)
        )
    return rows


_CLASS_WEEKS = """
WITH classes AS (
  SELECT pupil_key, school_year, school_id, grade, MIN(class_label) AS class_label
  FROM core_pupils GROUP BY pupil_key, school_year, school_id, grade
)
SELECT t.school_id, t.school_year, t.grade, c.class_label, t.week_from,
       SUM(t.possible_days) AS possible_days, SUM(t.absent_days) AS absent_days
FROM t JOIN classes c ON c.pupil_key = t.pupil_key AND c.school_year = t.school_year
                     AND c.school_id = t.school_id AND c.grade = t.grade
WHERE c.class_label IS NOT NULL
GROUP BY t.school_id, t.school_year, t.grade, c.class_label, t.week_from
HAVING SUM(t.possible_days) > 0
ORDER BY t.school_id, t.school_year, t.grade, c.class_label, t.week_from
"""


def silent_classes(f: Subject) -> list[Finding] | None:
    """Classes without any absence for so many weeks on end that registration must be missing.

    Needs ``core_pupils`` for the classes. A finding counts classes per school and grade and names none.
    """
    if "core_pupils" not in f.others:
        return None
    group = ["school_id", "school_year", "grade", "class_label"]
    by_week = f.query(_CLASS_WEEKS)
    if by_week.empty:
        return None
    silent = by_week["absent_days"] == 0
    days = ["possible_days", "absent_days"]
    of_school = by_week.groupby(["school_id", "school_year"])[days].transform("sum")
    noted = by_week[days].where(~silent, 0.0)
    of_class = noted.groupby([by_week[c] for c in group]).transform("sum")
    # A class is judged by the weeks it did note, at most at its school's level; one that never noted any, at that.
    school_rate = of_school["absent_days"] / of_school["possible_days"]
    class_rate = (of_class["absent_days"] / of_class["possible_days"]).where(of_class["absent_days"] > 0)
    by_week["expected"] = by_week["possible_days"] * class_rate.clip(upper=school_rate).fillna(school_rate)
    starts = (~silent) | (by_week[group] != by_week[group].shift()).any(axis=1)
    run = starts.cumsum()
    runs = (
        by_week[silent]
        .groupby([*group, run[silent].rename("run")], as_index=False)
        .agg(weeks=("week_from", "size"), expected=("expected", "sum"))
    )
    limit = f.protocol.quality.zero_class_weeks
    found = runs[(runs["weeks"] >= limit) & (runs["expected"] >= ZERO_RUN_EXPECTED)]
    classes = by_week.groupby(["school_id", "school_year", "grade"])["class_label"].nunique()
    out = []
    for key, mine in found.groupby(["school_id", "school_year", "grade"], sort=True):
        school_id, year, grade = (str(k) for k in key)
        n, of = int(mine["class_label"].nunique()), int(classes[school_id, year, grade])
        values: Values = {
            "school": Name(school_name(f, school_id)),
            "grade": Name(f.protocol.grades.name(grade)),
            "year": Name(year),
            "classes": Count(n),
            "weeks": Count(limit),
        }
        out.append(finding(f"{school_id} {grade} {year}", False, n, of, Registered.SILENT_CLASSES, **values))
    if not out:
        out.append(finding("", True, 0, int(classes.sum()), Registered.NO_SILENT_CLASS, weeks=Count(limit)))
    return out


def silent_grades(f: Subject) -> list[Finding] | None:
    """Grades of a school without any absence in a whole school year so far."""
    by = f.frame.groupby(["school_id", "school_year", "grade"], as_index=False)[
        ["possible_days", "absent_days"]
    ].sum()
    rate = by.groupby("school_year")[["possible_days", "absent_days"]].transform("sum")
    expected = (
        by["possible_days"]
        * rate["absent_days"]
        / rate["possible_days"].where(rate["possible_days"] > 0, 1.0)
    )
    silent = by[(by["absent_days"] == 0) & (expected >= ZERO_RUN_EXPECTED)]
    rows = [
        finding(
            f"{r.school_id} {r.grade} {r.school_year}",
            False,
            1,
            1,
            Registered.SILENT_GRADE,
            school=Name(school_name(f, str(r.school_id))),
            grade=Name(f.protocol.grades.name(str(r.grade))),
            year=Name(str(r.school_year)),
        )
        for r in silent.itertuples()
    ]
    return rows or [finding("", True, 0, len(by), Registered.NO_SILENT_GRADE)]


def type_shares(f: Subject) -> list[Finding] | None:
    """Each type's share of a school's absence, this year against the same months of the year before."""
    limit = f.protocol.quality.type_share_alarm_pp
    year = f.protocol.years.follow_up
    before = max((y for y in f.protocol.years.baseline if (f.frame["school_year"] == y).any()), default=None)
    if before is None:
        return None
    kinds = [t for t in f.protocol.absence_types if f"{t.id}_days" in f.frame]
    now_months = set(f.frame.loc[f.frame["school_year"] == year, "month"].str[-2:])
    rows = []
    for school in f.protocol.schools:
        mine = f.frame[f.frame["school_id"] == school.id]
        now = mine[mine["school_year"] == year]
        then = mine[(mine["school_year"] == before) & mine["month"].str[-2:].isin(now_months)]
        if min(now["absent_days"].sum(), then["absent_days"].sum()) < TYPE_SHARE_MINIMUM_DAYS:
            continue
        for kind in kinds:
            old, new = (100 * p[f"{kind.id}_days"].sum() / p["absent_days"].sum() for p in (then, now))
            is_sound = bool(abs(new - old) <= limit)
            rows.append(
                finding(
                    f"{school.id} {kind.id}",
                    is_sound,
                    round(abs(new - old)),
                    round(limit),
                    Registered.TYPE_SHARE if is_sound else Registered.TYPE_SHARE_MOVED,
                    school=Name(school.name),
                    kind=Name(kind.label),
                    now=Percent(float(new)),
                    then=Percent(float(old)),
                    year=Name(before),
                )
            )
    return rows or None


def told_to_the_end(f: Subject) -> list[Finding] | None:
    """One finding per school with absence rows: school days after its newest export, which count nowhere."""
    if not {"core_school_days", "raw_absence"} <= set(f.others):
        return None
    days = told_days(f.others["core_school_days"], f.others["raw_absence"])
    days = days[days["school_year"].eq(days["school_year"].max()) & days["told_to"].notna()]
    rows = []
    for school_id, mine in days.groupby("school_id", sort=True):
        n, name = int((~mine["is_told"]).sum()), Name(school_name(f, str(school_id)))
        values: Values = {"school": name, "on": On(pd.Timestamp(mine["told_to"].iloc[0]).date())}
        said = (Delivery.DAYS_UNTOLD, values | {"days": Count(n)}) if n else (Delivery.DAYS_TOLD, values)
        rows.append(finding(str(school_id), n == 0, n, len(mine), said[0], **said[1]))
    return rows or None


def provisional_weeks(f: Subject) -> list[Finding] | None:
    """Weeks so recent that registrations are still corrected."""
    if f.cutoff is None or f.frame.empty:
        return None
    last = pd.Timestamp(f.cutoff)
    edge = last - pd.Timedelta(days=f.protocol.quality.provisional_days)
    recent = f.frame[f.frame["period_to"].where(f.frame["period_to"] < last, last) > edge]
    counts = (recent["period_from"].nunique(), f.frame["period_from"].nunique())
    if not counts[0]:
        return [finding("", True, *counts, Delivery.NOT_PROVISIONAL)]
    days = Days(f.protocol.quality.provisional_days)
    return [finding("", False, *counts, Delivery.PROVISIONAL, weeks=_weeks(recent), days=days)]


def _weeks(rows: pd.DataFrame) -> Weeks:
    return Weeks(tuple(sorted({d.date() for d in pd.to_datetime(rows["period_from"].dropna().unique())})))
