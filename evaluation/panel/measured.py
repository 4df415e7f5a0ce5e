"""Outcomes that count only some of the days: their days, and the school days these are of, by school, grade and month.

Only weeks that were registered day by day can answer: weeks told by totals, or known to be missing, have no row.
What a measure counts is :mod:`evaluation.measures`'.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.measures import DAYS, MEASURES
from evaluation.panel.delivered import left_out, told_days
from evaluation.panel.estimation import same_weeks
from evaluation.panel.registered import Registered
from evaluation.protocol import Protocol
from evaluation.tables import table
from evaluation.tables.relations import Relation

_COUNTED = """, absent AS (
  SELECT pupil_key, school_year, school_id, MIN(grade) AS grade, day_on, number, SUM(day_fraction) AS days
  FROM registrations WHERE absence_type IN (SELECT absence_type FROM kinds)
  GROUP BY pupil_key, school_year, school_id, day_on, number
), counted AS ({measure}), by_week AS (
  SELECT c.school_id, c.grade, d.week_from, SUM(c.days) AS counted_days
  FROM counted c JOIN school_calendar d ON d.school_id = c.school_id AND d.day_on = c.day_on
  GROUP BY c.school_id, c.grade, d.week_from
), weeks AS (
  SELECT s.school_id, s.grade, s.school_year, s.week_from, SUM(s.possible_days) AS possible_days
  FROM spans s
  WHERE NOT EXISTS (SELECT 1 FROM left_out o WHERE o.school_id = s.school_id AND o.grade = s.grade
                                               AND o.week_from = s.week_from)
  GROUP BY s.school_id, s.grade, s.school_year, s.week_from
)
SELECT w.school_id, w.grade, w.school_year, 'week' AS period, w.week_from AS period_from,
       SUBSTR(CAST(w.week_from + INTERVAL 3 DAY AS STRING), 1, 7) AS month, w.possible_days,
       COALESCE(b.counted_days, 0) AS counted_days
FROM weeks w LEFT JOIN by_week b ON b.school_id = w.school_id AND b.grade = w.grade AND b.week_from = w.week_from
ORDER BY w.school_id, w.grade, w.week_from
"""


def measured_months(
    core_pupil_weeks: Relation,
    core_absence_days: Relation,
    core_pupils: Relation,
    core_school_days: pd.DataFrame,
    raw_absence: Relation,
    raw_totals: Relation,
    protocol: Protocol,
    cutoff: dt.date,
) -> pd.DataFrame:
    """``core_measured``: one row per outcome with its own measure, school, grade and month; the same weeks every year."""
    declared = table("core_measured")
    measured = [o for o in protocol.outcomes if o.measure != DAYS]
    if not measured or not len(core_absence_days):
        return declared.empty()
    years = list(protocol.years.all)
    days = told_days(core_school_days, raw_absence)
    registered = Registered(
        core_pupil_weeks,
        core_absence_days,
        days[days["is_told"]],
        pd.DataFrame({"school_year": years, "last_week": pd.Timestamp(cutoff)}),
    )
    without = left_out(core_pupils, core_absence_days, core_school_days, raw_totals)
    keys = ["school_id", "grade", "school_year", "month"]
    parts = []
    for outcome in measured:
        kinds = pd.DataFrame({"absence_type": list(outcome.types)}, dtype="str")
        statement = _COUNTED.replace("{measure}", MEASURES[outcome.measure])
        weeks = registered.ask(statement, "all", kinds=kinds, left_out=without)
        months = (
            same_weeks(weeks, cutoff).groupby(keys, as_index=False)[["possible_days", "counted_days"]].sum()
        )
        parts.append(months.assign(outcome=outcome.id))
    return declared.conform(pd.concat(parts))
