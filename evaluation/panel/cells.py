"""Pupil-weeks and cells: the counts everything at grade level is computed from.

``core_cells`` is the table that grows with a country. Its statement is portable SQL over the pupil-weeks and
the delivered totals. Schools that deliver totals without pupils (class or grade × week) enter the cells directly.
No join to the calendar decides whether a delivered total counts: its month and school year follow from its dates.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from evaluation.panel.delivered import left_out, told_days
from evaluation.tables import table
from evaluation.tables.relations import Relation, run_sql, stream_sql

_TYPES = ("sick", "permitted", "unlawful")

_BY_TYPE = ",\n       ".join(
    f"SUM(CASE WHEN absence_type = '{t}' THEN {{days}} ELSE 0 END) AS {t}_days" for t in _TYPES
)

_PLACED = """placed AS (
  SELECT r.*, COALESCE((SELECT MAX(y.school_year) FROM years y WHERE y.first_on <= r.period_to),
                       (SELECT MIN(y.school_year) FROM years y)) AS school_year,
         SUBSTR(CAST(CASE WHEN r.period = 'week' THEN DATE_TRUNC('week', r.period_from) + INTERVAL 3 DAY
                          ELSE r.period_from END AS STRING), 1, 7) AS month
  FROM {rows} r
)"""
"""Totals with their month (a week's is that of its Thursday) and school year, whatever the calendar says of their days."""

_YEARS = "SELECT school_year, MIN(day_on) AS first_on FROM days GROUP BY school_year"

_PUPIL_WEEKS = f"""
WITH school_weeks AS (
  SELECT d.school_id, d.school_year, d.week_from, d.month, MIN(d.day_on) AS first_on, MAX(d.day_on) AS last_on,
         COUNT(*) AS school_days
  FROM days d
  GROUP BY d.school_id, d.school_year, d.week_from, d.month
), enrolled_weeks AS (
  SELECT s.pupil_key, w.school_year, s.school_id, s.grade, w.week_from, w.month, w.school_days,
         s.enrolled_from, s.enrolled_to,
         s.enrolled_from <= w.first_on AND s.enrolled_to >= w.last_on AS is_whole
  FROM spells s
  JOIN school_weeks w ON w.school_id = s.school_id AND w.last_on >= s.enrolled_from AND w.first_on <= s.enrolled_to
  WHERE NOT EXISTS (SELECT 1 FROM left_out o WHERE o.school_id = s.school_id AND o.grade = s.grade
                                               AND o.week_from = w.week_from)
), parts AS (
  SELECT pupil_key, school_year, school_id, grade, week_from, month, school_days AS possible_days
  FROM enrolled_weeks WHERE is_whole
  UNION ALL
  SELECT e.pupil_key, e.school_year, e.school_id, e.grade, e.week_from, e.month, COUNT(*) AS possible_days
  FROM enrolled_weeks e
  JOIN days d ON d.school_id = e.school_id AND d.school_year = e.school_year AND d.week_from = e.week_from
             AND d.month = e.month AND d.day_on BETWEEN e.enrolled_from AND e.enrolled_to
  WHERE NOT e.is_whole
  GROUP BY e.pupil_key, e.school_year, e.school_id, e.grade, e.week_from, e.month
), possible AS (
  SELECT pupil_key, school_year, school_id, grade, week_from, month, SUM(possible_days) AS possible_days
  FROM parts GROUP BY pupil_key, school_year, school_id, grade, week_from, month
), absent AS (
  SELECT a.pupil_key, a.school_id, a.grade, d.week_from, SUM(a.day_fraction) AS absent_days,
       {_BY_TYPE.format(days="a.day_fraction")}
  FROM absence a JOIN days d ON d.school_id = a.school_id AND d.day_on = a.day_on
  GROUP BY a.pupil_key, a.school_id, a.grade, d.week_from
), from_days AS (
  SELECT p.pupil_key, p.school_year, p.school_id, p.grade, p.week_from, p.month,
         CAST(p.possible_days AS DOUBLE) AS possible_days,
         COALESCE(a.absent_days, 0) AS absent_days, COALESCE(a.sick_days, 0) AS sick_days,
         COALESCE(a.permitted_days, 0) AS permitted_days, COALESCE(a.unlawful_days, 0) AS unlawful_days
  FROM possible p LEFT JOIN absent a
    ON a.pupil_key = p.pupil_key AND a.school_id = p.school_id AND a.grade = p.grade AND a.week_from = p.week_from
), pupil_totals AS (
  SELECT source_file, source_row, pupil_key, school_id, grade, period, period_from, period_to,
         MAX(school_days) AS school_days, SUM(absent_days) AS absent_days,
       {_BY_TYPE.format(days="absent_days")}
  FROM totals WHERE pupil_key IS NOT NULL AND period = 'week'
  GROUP BY source_file, source_row, pupil_key, school_id, grade, period, period_from, period_to
), {_PLACED.format(rows="pupil_totals")}, from_totals AS (
  SELECT pupil_key, school_year, school_id, grade, CAST(DATE_TRUNC('week', period_from) AS DATE) AS week_from, month,
         SUM(school_days) AS possible_days, SUM(absent_days) AS absent_days,
         SUM(sick_days) AS sick_days, SUM(permitted_days) AS permitted_days, SUM(unlawful_days) AS unlawful_days
  FROM placed
  GROUP BY pupil_key, school_year, school_id, grade, DATE_TRUNC('week', period_from), month
)
SELECT * FROM from_days UNION ALL SELECT * FROM from_totals
"""

_CELLS = f"""
WITH from_pupils AS (
  SELECT school_id, grade, school_year, 'week' AS period, week_from AS period_from,
         CAST(week_from + INTERVAL 6 DAY AS DATE) AS period_to, month,
         CAST(COUNT(DISTINCT pupil_key) AS DOUBLE) AS pupils, SUM(possible_days) AS possible_days,
         SUM(absent_days) AS absent_days, SUM(sick_days) AS sick_days,
         SUM(permitted_days) AS permitted_days, SUM(unlawful_days) AS unlawful_days
  FROM pupil_weeks
  GROUP BY school_id, grade, school_year, week_from, month
), source_rows AS (
  SELECT source_file, source_row, school_id, grade, period, period_from, period_to,
         MAX(pupils) AS pupils, MAX(school_days) AS possible_days, SUM(absent_days) AS absent_days,
       {_BY_TYPE.format(days="absent_days")}
  FROM totals WHERE (pupil_key IS NULL OR period = 'month') AND period <> 'quarter'
  GROUP BY source_file, source_row, school_id, grade, period, period_from, period_to
), {_PLACED.format(rows="source_rows")}, from_totals AS (
  SELECT school_id, grade, school_year, period, period_from, period_to, month,
         SUM(pupils) AS pupils, SUM(possible_days) AS possible_days, SUM(absent_days) AS absent_days,
         SUM(sick_days) AS sick_days, SUM(permitted_days) AS permitted_days,
         SUM(unlawful_days) AS unlawful_days
  FROM placed
  GROUP BY school_id, grade, school_year, period, period_from, period_to, month
)
SELECT * FROM from_pupils UNION ALL SELECT * FROM from_totals
"""


def pupil_weeks(
    core_pupils: Relation,
    core_absence_days: Relation,
    core_school_days: Relation,
    raw_totals: Relation,
    raw_absence: Relation,
) -> pa.RecordBatchReader:
    """``core_pupil_weeks``: from enrolment and day records, and from pupils' own week totals where those came.

    Where totals were delivered they alone count; a week of which a school's registrations are known to be missing, and
    a day after the school's newest export, count nowhere (:mod:`evaluation.panel.delivered`). Quarter totals repeat
    other data and are left out.
    """
    days = told_days(core_school_days, raw_absence)
    return stream_sql(
        "core_pupil_weeks",
        _PUPIL_WEEKS,
        spells=core_pupils,
        absence=core_absence_days,
        days=days[days["is_told"]],
        totals=raw_totals,
        years=run_sql(_YEARS, days=core_school_days),
        left_out=left_out(core_pupils, core_absence_days, core_school_days, raw_totals),
    )


def cells(core_pupil_weeks: Relation, raw_totals: Relation, core_school_days: Relation) -> pd.DataFrame:
    """``core_cells``: school × grade × week (month where only that is delivered), counts by type of absence."""
    years = run_sql(_YEARS, days=core_school_days)
    frame = run_sql(_CELLS, pupil_weeks=core_pupil_weeks, totals=raw_totals, years=years)
    return table("core_cells").conform(frame)
