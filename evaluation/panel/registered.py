"""What is registered about pupils, asked by SQL: the one door through which patterns of absence are told.

Here: the rows that count (school days of schools and years, up to each year's last week), as common table
expressions every statement about them begins with, and pupils with their place. Not here: any pattern.

``spans`` pupil-weeks that count; ``daily_spans`` those of schools that deliver days; ``registrations`` absence days
that count, with their school day's number; ``school_calendar`` school days with the number of days in their week.
Sums are of multiples of half days, so no order of adding changes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from evaluation.errors import InputError
from evaluation.tables.relations import Relation, Stored, run_sql

By = Literal["all", "school", "grade", "role"]
EQUAL = 1e-9
"""Sums of half days are exact; a quotient of them may miss a threshold by rounding alone."""
COLUMNS = (
    "pattern",
    "school_year",
    "group_kind",
    "group_id",
    "level",
    "pupils",
    "possible_days",
    "absent_days",
    "count",
    "share_pct",
)
"""The columns of ``out_patterns`` but for the round."""
_NEEDED = {
    "pupil-weeks": (
        "pupil_key",
        "school_year",
        "school_id",
        "grade",
        "week_from",
        "possible_days",
        "absent_days",
    ),
    "absence days": (
        "pupil_key",
        "day_on",
        "school_year",
        "school_id",
        "grade",
        "absence_type",
        "day_fraction",
    ),
    "school days": ("school_id", "day_on", "week_from", "weekday", "is_after_holiday"),
}
_COUNTED = """
WITH school_calendar AS (
  SELECT school_id, day_on, week_from, weekday, is_after_holiday,
         ROW_NUMBER() OVER (PARTITION BY school_id ORDER BY day_on) AS number,
         COUNT(*) OVER (PARTITION BY school_id, week_from) AS days_in_week
  FROM school_days
), spans AS (
  SELECT w.pupil_key, w.school_year, w.school_id, w.grade, w.week_from, w.possible_days, w.absent_days
  FROM pupil_weeks w JOIN limits l ON l.school_year = w.school_year AND w.week_from <= l.last_week
), daily_spans AS (
  SELECT * FROM spans WHERE school_id IN (SELECT DISTINCT school_id FROM absence_days)
), registrations AS (
  SELECT a.pupil_key, a.school_year, a.school_id, a.grade, a.absence_type, a.day_fraction, a.day_on, d.number
  FROM absence_days a
  JOIN school_calendar d ON d.school_id = a.school_id AND d.day_on = a.day_on
  JOIN limits l ON l.school_year = a.school_year AND d.week_from <= l.last_week
)"""
_ROLE = "CASE WHEN grade IN (SELECT grade FROM begun) THEN 'treated' ELSE 'comparison' END"
_ENROLLED = """
SELECT school_year, group_id, COUNT(*) AS pupils, SUM(possible_days) AS possible_days
FROM (SELECT pupil_key, school_year, {group} AS group_id, SUM(possible_days) AS possible_days
      FROM daily_spans GROUP BY pupil_key, school_year, {group}) AS pupil_years
WHERE possible_days > 0 GROUP BY school_year, group_id
"""


@dataclass(frozen=True)
class Registered:
    """The tables patterns are told from, and how far into each school year they count.

    ``pupil_weeks`` one row per pupil, school, grade and week; ``absence_days`` per pupil, day and type;
    ``school_days`` per school and day; ``limits`` per school year (``school_year, last_week`` a Monday); ``begun`` grades
    whose programme has begun: their *role* is treated, the others' comparison.
    """

    pupil_weeks: Relation
    absence_days: Relation
    school_days: Relation
    limits: pd.DataFrame
    begun: tuple[str, ...] = ()
    _answered: dict[tuple[str, By], pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises :class:`InputError` that names missing columns."""
        tables = (self.pupil_weeks, self.absence_days, self.school_days)
        for (what, needed), relation in zip(_NEEDED.items(), tables, strict=True):
            has = relation.schema().names if isinstance(relation, Stored) else list(relation.columns)
            missing = [c for c in needed if c not in has]
            if missing:
                raise InputError(f"patterns: columns {', '.join(missing)} are missing from the {what}")

    def ask(self, statement: str, by: By, **more: pd.DataFrame) -> pd.DataFrame:
        """The result of a statement over the counted rows; ``{group}`` in it is the column of the groups ``by``.

        ``more``: further small relations by name. A statement with expressions of its own begins with a comma.
        Two patterns that ask the same are answered from one reading.
        """
        if not more and (statement, by) in self._answered:
            return self._answered[statement, by]
        group = {"all": "'all'", "school": "school_id", "grade": "grade", "role": _ROLE}[by]
        relations: Mapping[str, Relation] = {
            "pupil_weeks": self.pupil_weeks,
            "absence_days": self.absence_days,
            "school_days": self.school_days,
            "limits": self.limits,
            "begun": pd.DataFrame({"grade": list(self.begun)}, dtype="str"),
            **more,
        }
        found = run_sql(_COUNTED + statement.format(group=group), **relations)
        if not more:
            self._answered[statement, by] = found
        return found

    def enrolled(self, by: By) -> pd.DataFrame:
        """Pupils of the schools that deliver days and their possible days, by ``school_year, group_id``."""
        return self.ask(_ENROLLED, by)


def percent(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Part of the whole in percent; nothing where the whole is nothing."""
    return 100.0 * part / whole.where(whole > 0)


def finished(pattern: str, table: pd.DataFrame, by: By) -> pd.DataFrame:
    """A pattern's rows in the columns of ``out_patterns`` but for the round, in order of year, group and level."""
    kind = table["group_id"] if by == "role" else by
    table = table.assign(pattern=pattern, group_kind=kind).sort_values(
        ["school_year", "group_id"], kind="stable"
    )
    numbers = ["pupils", "possible_days", "absent_days", "count", "share_pct"]
    table[numbers] = table[numbers].astype("float64")
    return table[list(COLUMNS)].reset_index(drop=True)
