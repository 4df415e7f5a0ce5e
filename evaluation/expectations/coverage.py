"""Is everything there that should be? Weeks, classes and types judged against the calendar, neighbours and last year.

These rules look at groups and speak of schools and grades, never of a class by name and never of a pupil.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.expectations.checks import FINDING, Subject

NEIGHBOUR_WEEKS = 2
"""Weeks on each side of a week, in the same school, that say what to expect."""
MISSING_BELOW, THIN_BELOW = 0.05, 0.30
"""Share of the expected absence days below which a week counts as missing, or as thin."""
SMALLEST_EXPECTED = 5.0
"""Below so many expected days a school's week is too small to judge."""
ZERO_RUN_EXPECTED = 24.0
"""A class without absence is suspicious when so many days were to be expected: with spells of two days that is twelve
spells, P(none) = exp(−12) = 6·10⁻⁶, small also against the thousands of class-weeks looked at."""
TYPE_SHARE_MINIMUM_DAYS = 200.0


def findings(rows: Sequence[tuple[str, bool, float, float, str]]) -> pd.DataFrame:
    """A frame of findings from (group_id, is_sound, count, of_total, sentence)."""
    return pd.DataFrame(rows, columns=list(FINDING))


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


def missing_weeks(f: Subject) -> pd.DataFrame | None:
    """Schools whose weeks hold (almost) no registrations although the calendar has school and neighbours have absence."""
    weeks = school_weeks(f)
    if weeks is None:
        return None
    rows = []
    for key, mine in weeks.groupby(["school_id", "school_year"], sort=True):
        school_id, year = str(key[0]), str(key[1])
        lost = mine[mine["share"] < MISSING_BELOW]
        name, n = school_name(f, school_id), len(lost)
        if mine["possible_days"].sum() == 0:
            sentence = f"{name} har ikke leveret data for {year}."
        elif n:
            expected = lost["expected_days"].sum()
            sentence = (
                f"{name} mangler registreringer i {_weeks(lost['period_from'])}: "
                f"ca. {expected:.0f} fraværsdage var at vente, {lost['absent_days'].sum():g} er registreret."
            )
        else:
            sentence = f"{name} har registreringer i alle {len(mine)} skoleuger i {year}."
        rows.append((f"{school_id} {year}", n == 0, n, len(mine), sentence))
    return findings(rows)


def thin_weeks(f: Subject) -> pd.DataFrame | None:
    """Schools whose weeks hold far fewer registrations than the weeks around them."""
    weeks = school_weeks(f)
    if weeks is None:
        return None
    rows = []
    for key, mine in weeks.groupby(["school_id", "school_year"], sort=True):
        school_id, year = str(key[0]), str(key[1])
        thin = mine[(mine["share"] >= MISSING_BELOW) & (mine["share"] < THIN_BELOW)]
        name = school_name(f, school_id)
        sentence = (
            f"{name} har påfaldende få registreringer i {_weeks(thin['period_from'])}."
            if len(thin)
            else f"{name} har ingen påfaldende tynde uger i {year}."
        )
        rows.append((f"{school_id} {year}", thin.empty, len(thin), len(mine), sentence))
    return findings(rows)


def completeness(f: Subject) -> pd.DataFrame | None:
    """Registered school × weeks of the follow-up year against those the calendar has, over all schools."""
    weeks = school_weeks(f)
    if weeks is None:
        return None
    limit = f.protocol.quality.minimum_completeness_pct
    mine = weeks[weeks["school_year"] == f.protocol.years.follow_up]
    if mine.empty:
        return findings([("", False, 0, 0, f"Der er ingen data for {f.protocol.years.follow_up}.")])
    found = int((mine["share"] >= MISSING_BELOW).sum())
    percent = 100 * found / len(mine)
    sentence = (
        f"{found} af {len(mine)} skoleuger på skolerne har registreringer ({_number(percent)} %); "
        f"grænsen er {_number(limit)} %."
    )
    return findings([("", percent >= limit, len(mine) - found, len(mine), sentence)])


def baseline_delivered(f: Subject) -> pd.DataFrame | None:
    """Every school has at least one earlier year to be compared with."""
    rows = []
    for school in f.protocol.schools:
        mine = f.frame[(f.frame["school_id"] == school.id) & (f.frame["possible_days"] > 0)]
        found = [y for y in f.protocol.years.baseline if (mine["school_year"] == y).any()]
        sentence = (
            f"{school.name} kan sammenlignes med {' og '.join(found)}."
            if found
            else f"{school.name} har ikke leveret data for noget tidligere skoleår, så udviklingen kan ikke opgøres."
        )
        rows.append(
            (
                school.id,
                bool(found),
                len(f.protocol.years.baseline) - len(found),
                len(f.protocol.years.baseline),
                sentence,
            )
        )
    return findings(rows)


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


def silent_classes(f: Subject) -> pd.DataFrame | None:
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
        n = mine["class_label"].nunique()
        place = f"{school_name(f, school_id)}, {f.protocol.grades.name(grade)} ({year})"
        sentence = f"{place}: {_classes(n)} har intet registreret fravær i {limit} uger eller mere i træk."
        out.append((f"{school_id} {grade} {year}", False, n, int(classes[school_id, year, grade]), sentence))
    if not out:
        text = f"Ingen klasse er uden registreret fravær i {limit} uger i træk."
        out.append(("", True, 0, int(classes.sum()), text))
    return findings(out)


def silent_grades(f: Subject) -> pd.DataFrame | None:
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
        (
            f"{r.school_id} {r.grade} {r.school_year}",
            False,
            1,
            1,
            f"{school_name(f, str(r.school_id))}, {f.protocol.grades.name(str(r.grade))}: "
            f"intet fravær er registreret i {r.school_year}.",
        )
        for r in silent.itertuples()
    ]
    return findings(rows or [("", True, 0, len(by), "Alle årgange på alle skoler har registreret fravær.")])


def type_shares(f: Subject) -> pd.DataFrame | None:
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
            is_sound = abs(new - old) <= limit
            sentence = (
                f"{school.name}: {kind.label} udgør {_number(new)} % af fraværet mod {_number(old)} % "
                f"i de samme måneder af {before}"
                + ("." if is_sound else "; det kan skyldes ændret registrering.")
            )
            rows.append((f"{school.id} {kind.id}", is_sound, round(abs(new - old)), round(limit), sentence))
    return findings(rows) if rows else None


def provisional_weeks(f: Subject) -> pd.DataFrame | None:
    """Weeks so recent that registrations are still corrected."""
    if f.cutoff is None or f.frame.empty:
        return None
    last = pd.Timestamp(f.cutoff)
    edge = last - pd.Timedelta(days=f.protocol.quality.provisional_days)
    recent = f.frame[f.frame["period_to"].where(f.frame["period_to"] < last, last) > edge]
    n = recent["period_from"].nunique()
    sentence = (
        f"Tallene for {_weeks(recent['period_from'])} er foreløbige, fordi fravær rettes i op til "
        f"{f.protocol.quality.provisional_days} dage."
        if n
        else "Ingen uger er foreløbige."
    )
    return findings([("", n == 0, n, f.frame["period_from"].nunique(), sentence)])


def _weeks(period_from: pd.Series) -> str:
    """``uge 43, 44 og 45 (2026)``; many weeks are counted instead."""
    days = sorted(pd.to_datetime(period_from.dropna().unique()))
    if not days:
        return "ingen uger"
    if len(days) > 6:
        return f"{len(days)} uger"
    iso = [d.isocalendar() for d in days]
    numbers = [str(i.week) for i in iso]
    years = sorted({str(i.year) for i in iso})
    listed = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} og {numbers[-1]}"
    return f"uge {listed} ({'/'.join(years)})"


def _classes(n: int) -> str:
    return "én klasse" if n == 1 else f"{n} klasser"


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
