"""What was understood of each file: days by type, month and class, beside last year's, so that a person can say no.

It is the analyst's own: counts of pupils stand in it, and no pupil does. The days are those that came through the door
and stay, after overlap; what became of the other rows is the ledger's matter.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evaluation.tables.relations import Relation, run_sql

_SPOKEN = """
WITH open_days AS (SELECT school_id, day_on FROM raw_calendar WHERE is_school_day),
     said AS (
       SELECT source_file, absence_type, school_id, class_label, from_on AS day_on, day_fraction
       FROM raw_absence WHERE from_on = to_on
       UNION ALL
       SELECT a.source_file, a.absence_type, a.school_id, a.class_label, d.day_on, a.day_fraction
       FROM raw_absence a JOIN open_days d
         ON d.school_id = a.school_id AND d.day_on BETWEEN a.from_on AND a.to_on
       WHERE a.from_on < a.to_on)
SELECT source_file, absence_type, school_id, class_label, date_trunc('month', day_on) AS month,
       SUM(day_fraction) AS days, MIN(day_on) AS first_on, MAX(day_on) AS last_on
FROM said GROUP BY ALL ORDER BY ALL
"""
_ROWS = """
SELECT source_file, COUNT(DISTINCT pupil_key) AS pupils, MIN(day_fraction) AS smallest, MAX(day_fraction) AS largest
FROM raw_absence GROUP BY ALL
"""
_TOTALS = """
SELECT source_file, absence_type, school_id, class_label, date_trunc('month', period_from) AS month,
       SUM(absent_days) AS days, MIN(period_from) AS first_on, MAX(period_to) AS last_on
FROM raw_totals GROUP BY ALL ORDER BY ALL
"""
_TOTAL_ROWS = """
WITH lines AS (SELECT source_file, source_row, any_value(pupil_key) AS pupil_key, any_value(pupils) AS pupils,
                      any_value(school_days) AS school_days FROM raw_totals GROUP BY ALL)
SELECT r.source_file, COUNT(DISTINCT l.pupil_key) AS pupils, MIN(r.absent_days) AS smallest,
       MAX(r.absent_days) AS largest, any_value(s.possible) AS possible
FROM raw_totals r JOIN lines l USING (source_file, source_row)
JOIN (SELECT source_file, SUM(school_days) AS possible FROM lines GROUP BY ALL) s USING (source_file)
GROUP BY ALL
"""


@dataclass(frozen=True)
class Understood:
    """One file. ``days``: one row per type, month and class, with ``last_year``'s of the same school, type, month and class
    (missing where nothing is known of them).
    """

    file: str
    absent_days: float
    possible_days: float | None
    by_type: Mapping[str, float]
    pupils: int = field(repr=False)
    first_on: dt.date | None
    last_on: dt.date | None
    smallest: float | None
    largest: float | None
    days: pd.DataFrame = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "absent_days": round(self.absent_days, 3),
            "possible_days": self.possible_days,
            "by_type": {k: round(v, 3) for k, v in self.by_type.items()},
            "pupils": self.pupils,
            "first_on": None if self.first_on is None else self.first_on.isoformat(),
            "last_on": None if self.last_on is None else self.last_on.isoformat(),
            "smallest": self.smallest,
            "largest": self.largest,
            "by_month": {
                f"{month:%Y-%m}": {
                    str(t): round(float(d), 3) for t, d in mine.groupby("absence_type")["days"].sum().items()
                }
                for month, mine in self.days.groupby("month")
            },
        }


def understood_of(tables: Mapping[str, Relation], types: Sequence[str]) -> dict[str, Understood]:
    """By file: what the tables hold of it. Files without a row of absence are not in it."""
    absence = {n: tables[n] for n in ("raw_absence", "raw_calendar") if n in tables}
    made: dict[str, Understood] = {}
    if len(absence) == 2:
        made |= _each(run_sql(_SPOKEN, **absence), run_sql(_ROWS, raw_absence=absence["raw_absence"]), types)
    if "raw_totals" in tables:
        totals = {"raw_totals": tables["raw_totals"]}
        made |= _each(run_sql(_TOTALS, **totals), run_sql(_TOTAL_ROWS, **totals), types)
    return made


def _each(spoken: pd.DataFrame, rows: pd.DataFrame, types: Sequence[str]) -> dict[str, Understood]:
    keys = ["absence_type", "school_id", "class_label", "month"]
    before = spoken.groupby(keys, dropna=False)["days"].sum().rename("last_year").reset_index()
    before["month"] = before["month"] + pd.DateOffset(years=1)
    spoken = spoken.merge(before, on=keys, how="left")
    counts = {str(r["source_file"]): r for r in rows.to_dict("records")}
    made = {}
    for file, mine in spoken.groupby("source_file"):
        row = counts[str(file)]
        possible = row.get("possible")
        by_type = mine.groupby("absence_type")["days"].sum()
        made[str(file)] = Understood(
            str(file),
            float(mine["days"].sum()),
            None if possible is None or pd.isna(possible) else float(possible),
            {t: float(by_type.get(t, 0.0)) for t in types},
            int(row["pupils"]),
            mine["first_on"].min().date(),
            mine["last_on"].max().date(),
            float(row["smallest"]),
            float(row["largest"]),
            mine[[*keys, "days", "last_year"]].reset_index(drop=True),
        )
    return made
