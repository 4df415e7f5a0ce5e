"""Patterns of days: when absence falls, and how long it lasts. Description only; there is no inference here.

Weekdays, the first school days after a holiday, spells of a single day and long ones. Not here: how much
absence pupils have (``pattern_pupils``), disclosure control (counts leave as they are and are protected later).
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evaluation.panel.registered import By, Registered, finished, percent
from evaluation.words.catalogue import protected

WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag")
# A week's possible days are spread evenly over the school's days that week, which is exact but for pupils who come
# or leave within it. The division waits until the sums are made: a fifth of a day has no exact sum.
_DAILY = """, possible AS (
  SELECT school_year, school_id, grade, week_from, SUM(possible_days) AS possible_days
  FROM daily_spans GROUP BY school_year, school_id, grade, week_from
), absent AS (
  SELECT school_id, grade, day_on, SUM(day_fraction) AS absent_days, COUNT(*) AS registrations
  FROM registrations GROUP BY school_id, grade, day_on
), days AS (
  SELECT p.school_year, p.school_id, p.grade, d.weekday, d.is_after_holiday, d.days_in_week, p.possible_days,
         COALESCE(a.absent_days, 0) AS absent_days, COALESCE(a.registrations, 0) AS registrations
  FROM possible p
  JOIN school_calendar d ON d.school_id = p.school_id AND d.week_from = p.week_from
  LEFT JOIN absent a ON a.school_id = p.school_id AND a.grade = p.grade AND a.day_on = d.day_on
)
SELECT school_year, {group} AS group_id, weekday, is_after_holiday, days_in_week,
       SUM(possible_days) AS possible_days, SUM(absent_days) AS absent_days,
       CAST(SUM(registrations) AS BIGINT) AS count
FROM days GROUP BY school_year, {group}, weekday, is_after_holiday, days_in_week
ORDER BY school_year, group_id, weekday, is_after_holiday, days_in_week
"""
# A spell runs over consecutive school days of the pupil's school with any absence: weekends and holidays neither
# break nor lengthen it. Consecutive numbers less their own order are one number.
_SPELLS = """, days AS (
  SELECT pupil_key, school_year, school_id, number, MIN(grade) AS grade, SUM(day_fraction) AS absent_days
  FROM registrations GROUP BY pupil_key, school_year, school_id, number
), numbered AS (
  SELECT *, number - ROW_NUMBER() OVER (PARTITION BY pupil_key, school_year, school_id ORDER BY number) AS island
  FROM days
), spells AS (
  SELECT pupil_key, school_year, school_id, MIN(grade) AS grade, COUNT(*) AS length, SUM(absent_days) AS absent_days
  FROM numbered GROUP BY pupil_key, school_year, school_id, island
)"""
_BY_LENGTH = (
    _SPELLS
    + """
SELECT school_year, {group} AS group_id, CASE WHEN length = 1 THEN '1 dag' ELSE '2 dage eller flere' END AS level,
       COUNT(*) AS count, SUM(absent_days) AS absent_days
FROM spells
GROUP BY school_year, {group}, CASE WHEN length = 1 THEN '1 dag' ELSE '2 dage eller flere' END
ORDER BY school_year, group_id, level
"""
)
_LONG = (
    _SPELLS
    + """
SELECT school_year, {group} AS group_id, n.at_least, COUNT(DISTINCT pupil_key) AS count,
       SUM(absent_days) AS absent_days
FROM spells JOIN lengths n ON length >= n.at_least
GROUP BY school_year, {group}, n.at_least
"""
)


def weekday_pattern(registered: Registered, by: By = "all") -> pd.DataFrame:
    """Absence in percent of school days by weekday; ``count`` is the number of absence registrations."""
    daily = registered.ask(_DAILY, by)
    return _rates("weekday", daily.assign(level=[WEEKDAYS[int(d) - 1] for d in daily["weekday"]]), by)


def after_holiday_pattern(registered: Registered, by: By = "all") -> pd.DataFrame:
    """Absence in percent of school days in the days marked as following a holiday, and on all other days."""
    daily = registered.ask(_DAILY, by)
    level = daily["is_after_holiday"].astype(bool).map({True: "efter ferie", False: protected.OTHER_DAYS})
    return _rates("after_holiday", daily.assign(level=level), by)


def single_day_pattern(registered: Registered, by: By = "all") -> pd.DataFrame:
    """How much of absence comes as single days: ``count`` spells, their days, and percent of all spells."""
    found = registered.ask(_BY_LENGTH, by)
    table = found.merge(registered.enrolled(by), on=["school_year", "group_id"], how="left")
    total = table.groupby(["school_year", "group_id"])["count"].transform("sum")
    return finished("single_day_spells", table.assign(share_pct=percent(table["count"], total)), by)


def long_spell_pattern(
    registered: Registered, lengths: Sequence[int] = (5, 10, 15), by: By = "all"
) -> pd.DataFrame:
    """Pupils with at least one spell of so many school days (``count``), as percent of pupils enrolled."""
    wanted = pd.DataFrame({"at_least": list(lengths)}, dtype="int64")
    found = registered.ask(_LONG, by, lengths=wanted)
    table = registered.enrolled(by).merge(wanted, how="cross")
    table = table.merge(found, on=["school_year", "group_id", "at_least"], how="left")
    table = table.fillna({"count": 0.0, "absent_days": 0.0}).sort_values("at_least", kind="stable")
    level = table["at_least"].astype(str) + "+"
    share = percent(table["count"], table["pupils"])
    return finished("long_spells", table.assign(level=level, share_pct=share), by)


def _rates(pattern: str, daily: pd.DataFrame, by: By) -> pd.DataFrame:
    """Rows of :data:`_DAILY` with their ``level``, as rates."""
    daily = daily.assign(possible_days=daily["possible_days"] / daily["days_in_week"])
    sums = daily.groupby(["school_year", "group_id", "level"], as_index=False)
    table = sums[["possible_days", "absent_days", "count"]].sum().assign(pupils=float("nan"))
    return finished(
        pattern, table.assign(share_pct=percent(table["absent_days"], table["possible_days"])), by
    )
