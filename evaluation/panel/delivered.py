"""Which weeks of a school's grades are not told by enrolment and day records: told by totals, or known to be missing.

A pupil without a row is a pupil who was there, but only where registrations came at all. Here that is decided, from
what was delivered alone; what becomes of the other weeks is :mod:`evaluation.panel.cells`.
"""

from __future__ import annotations

import pandas as pd

from evaluation.tables.relations import Relation, run_sql

NEIGHBOUR_WEEKS = 2
"""Weeks on each side of a week, in the same school, that say what to expect."""
MISSING_BELOW = 0.05
"""Share of the expected absence days below which a week counts as missing."""
SURELY_EXPECTED = 24.0
"""Missing weeks in a row leave only when so many days of absence were to be expected in them: with spells of two days
that is twelve spells, P(none) = exp(−12) = 6·10⁻⁶. A quiet week of a small school stays."""

_TOLD_BY_TOTALS = """
WITH delivered AS (
  SELECT DISTINCT school_id, grade, period_from, period_to FROM totals WHERE period <> 'quarter'
), covered AS (
  SELECT DISTINCT d.school_id, d.school_year, t.grade, d.week_from
  FROM delivered t JOIN days d ON d.school_id = t.school_id AND d.day_on BETWEEN t.period_from AND t.period_to
), registered AS (
  SELECT DISTINCT a.school_id, a.grade, d.week_from
  FROM absence a JOIN days d ON d.school_id = a.school_id AND d.day_on = a.day_on
), weeks AS (
  SELECT DISTINCT d.school_id, d.school_year, d.week_from
  FROM days d JOIN (SELECT DISTINCT school_id, school_year FROM covered) c
    ON c.school_id = d.school_id AND c.school_year = d.school_year
), grades AS (
  SELECT DISTINCT school_id, grade FROM spells
)
SELECT w.school_id, g.grade, w.week_from
FROM weeks w JOIN grades g ON g.school_id = w.school_id
WHERE EXISTS (SELECT 1 FROM covered c WHERE c.school_id = w.school_id AND c.grade = g.grade AND c.week_from = w.week_from)
   OR NOT EXISTS (SELECT 1 FROM registered r
                  WHERE r.school_id = w.school_id AND r.grade = g.grade AND r.week_from = w.week_from)
"""

_REGISTERED = """
WITH weeks AS (
  SELECT school_id, school_year, week_from, COUNT(*) AS school_days
  FROM days GROUP BY school_id, school_year, week_from
), absent AS (
  SELECT d.school_id, d.week_from, SUM(a.day_fraction) AS absent_days
  FROM absence a JOIN days d ON d.school_id = a.school_id AND d.day_on = a.day_on
  GROUP BY d.school_id, d.week_from
), enrolled AS (
  SELECT school_id, school_year, COUNT(DISTINCT pupil_key) AS pupils FROM spells GROUP BY school_id, school_year
)
SELECT w.school_id, w.school_year, w.week_from, w.school_days, COALESCE(a.absent_days, 0) AS absent_days, e.pupils
FROM weeks w
JOIN enrolled e ON e.school_id = w.school_id AND e.school_year = w.school_year
LEFT JOIN absent a ON a.school_id = w.school_id AND a.week_from = w.week_from
ORDER BY w.school_id, w.school_year, w.week_from
"""

_TOLD = """
WITH years AS (
  SELECT school_year, MIN(day_on) AS first_on, MAX(day_on) AS last_on FROM days GROUP BY school_year
), exports AS (
  SELECT a.school_id, y.school_year, CASE WHEN COUNT(*) = COUNT(a.exported_on) THEN MAX(a.exported_on) END AS told_to
  FROM rows a JOIN years y ON a.from_on BETWEEN y.first_on AND y.last_on
  GROUP BY a.school_id, y.school_year
)
SELECT d.*, e.told_to, e.told_to IS NULL OR d.day_on <= e.told_to AS is_told
FROM days d LEFT JOIN exports e ON e.school_id = d.school_id AND e.school_year = d.school_year
"""


def told_days(core_school_days: Relation, raw_absence: Relation) -> pd.DataFrame:
    """School days with the day of the school's newest export of the year's absence (``told_to``), and whether they are
    told of (``is_told``): a day after it is no attendance. Every day is where one of the exports does not say its day.
    """
    return run_sql(_TOLD, days=core_school_days, rows=raw_absence)


def left_out(
    core_pupils: Relation, core_absence_days: Relation, core_school_days: Relation, raw_totals: Relation
) -> pd.DataFrame:
    """School, grade and week whose days are not to be made from enrolments. Columns school_id, grade, week_from.

    In a school year of which a school delivers totals, a grade's week counts from day records only where such came and
    no total speaks of it: its enrolments would otherwise count as full attendance beside the delivered days.
    """
    missing = missing_weeks(core_pupils, core_absence_days, core_school_days)
    grades = run_sql("SELECT DISTINCT school_id, grade FROM spells", spells=core_pupils)
    told = run_sql(
        _TOLD_BY_TOTALS,
        totals=raw_totals,
        days=core_school_days,
        absence=core_absence_days,
        spells=core_pupils,
    )
    columns = ["school_id", "grade", "week_from"]
    gone = missing.merge(grades, on="school_id")[columns]
    both = [f for f in (told[columns], gone) if len(f)]
    return pd.concat(both).drop_duplicates() if both else told[columns]


def missing_weeks(
    core_pupils: Relation, core_absence_days: Relation, core_school_days: Relation
) -> pd.DataFrame:
    """Weeks of which a school's registrations are known to be missing. Columns school_id, week_from.

    Expected are the registrations a school day has in the neighbouring weeks; where those are missing too, in the
    school's year; where the school has none in the year, at all schools per pupil.
    """
    weeks = run_sql(_REGISTERED, absence=core_absence_days, days=core_school_days, spells=core_pupils)
    if weeks.empty:
        return weeks[["school_id", "week_from"]]
    year = [weeks["school_id"], weeks["school_year"]]
    rate = (weeks["absent_days"] / weeks["school_days"]).where(weeks["absent_days"] > 0)
    shifts = [k for k in range(-NEIGHBOUR_WEEKS, NEIGHBOUR_WEEKS + 1) if k]
    near = pd.concat([rate.groupby(year).shift(k) for k in shifts], axis=1).median(axis=1)
    elsewhere = (rate / weeks["pupils"]).groupby(weeks["school_year"]).transform("median") * weeks["pupils"]
    usual = near.fillna(rate.groupby(year).transform("median")).fillna(elsewhere)
    weeks["expected"] = (usual * weeks["school_days"]).fillna(0.0)
    weeks["is_missing"] = weeks["absent_days"] < MISSING_BELOW * weeks["expected"]
    run = (weeks["is_missing"] != weeks.groupby(["school_id", "school_year"])["is_missing"].shift()).cumsum()
    in_run = weeks["expected"].groupby(run).transform("sum")
    return weeks.loc[weeks["is_missing"] & (in_run >= SURELY_EXPECTED), ["school_id", "week_from"]]
