"""The counts behind the exhibits: one row per leaf cell with pupils, days and the most days any one pupil has.

These frames are unprotected and stay inside the publication package; only :mod:`evaluation.publication.publish`
hands anything on. Pupil-weeks are asked where they lie and answer with counts alone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from evaluation.panel.description import MINIMUM_DAYS, OVER_PCT, so_far
from evaluation.panel.estimation import same_weeks
from evaluation.protocol import Protocol
from evaluation.tables.relations import Relation, run_sql

TYPES = ("sick", "permitted", "unlawful")
LEAF = ["school_year", "school_id", "grade"]
_KNOWN = "SELECT DISTINCT school_year, month, week_from FROM weeks ORDER BY school_year, month, week_from"
_MOST = """
SELECT {by}, {most} FROM (
  SELECT {by}, pupil_key, {sums}
  FROM weeks JOIN counted USING (school_year, month, week_from) GROUP BY {by}, pupil_key
) AS pupils GROUP BY {by} ORDER BY {by}
"""
_CLASSIFIED = """
SELECT school_year, school_id, grade, COUNT(*) FILTER (WHERE share > {over}) AS ja,
       COUNT(*) FILTER (WHERE share <= {over}) AS nej
FROM (
  SELECT school_year, school_id, grade, 100 * SUM(absent_days) / SUM(possible_days) AS share
  FROM weeks JOIN counted USING (school_year, month, week_from)
  GROUP BY school_year, school_id, grade, pupil_key HAVING SUM(possible_days) >= {minimum}
) AS pupils GROUP BY school_year, school_id, grade ORDER BY school_year, school_id, grade
"""


@dataclass(frozen=True)
class PupilWeeks:
    """Pupil-weeks (one row per pupil, school, grade and week) and the weeks they know of.

    ``known``: one row per ``school_year, month, week_from``; empty where no school delivers pupils.
    """

    rows: Relation
    known: pd.DataFrame

    @classmethod
    def of(cls, rows: Relation) -> PupilWeeks:
        """Read which weeks there are."""
        return cls(rows, run_sql(_KNOWN, weeks=rows))

    @property
    def is_empty(self) -> bool:
        """No pupil is delivered one by one."""
        return self.known.empty

    def comparable(self, cutoff: dt.date) -> PupilWeeks:
        """With the weeks the description's months are made of: the cut-off's month is as short in every year."""
        if self.is_empty:
            return self
        as_cells = self.known.assign(period="week", period_from=self.known["week_from"])
        return PupilWeeks(self.rows, same_weeks(as_cells, cutoff)[list(self.known.columns)])

    def most(self, by: list[str], kinds: tuple[str, ...], counted: pd.DataFrame) -> pd.DataFrame:
        """The most days any one pupil has in each group, one column for each kind.

        ``counted``: the known weeks that count, with ``key`` where ``by`` names it.
        """
        if self.is_empty:
            return pd.DataFrame(columns=[*by, *kinds])
        columns = ", ".join(by)
        statement = _MOST.format(
            by=columns,
            most=", ".join(f"MAX({k}) AS {k}" for k in kinds),
            sums=", ".join(f"SUM({k}_days) AS {k}" for k in kinds),
        )
        return run_sql(statement, weeks=self.rows, counted=counted)


def to_date(
    cells: pd.DataFrame,
    weeks: PupilWeeks,
    protocol: Protocol,
    cutoff: dt.date,
    kinds: tuple[str, ...] = TYPES,
    after: dt.date | None = None,
) -> pd.DataFrame:
    """One row per school year, school, grade and type over the year to date; ``after``: without what lay before."""
    now = cells[_within(cells, "period_from", protocol, cutoff, after)]
    counted = weeks.known[_within(weeks.known, "week_from", protocol, cutoff, after)]
    return _leaves(now, weeks.most(LEAF, kinds, counted), LEAF, kinds)


def _within(
    frame: pd.DataFrame, column: str, protocol: Protocol, cutoff: dt.date, after: dt.date | None
) -> pd.Series:
    until = so_far(frame[column], frame["school_year"], protocol, cutoff)
    return until if after is None else until & ~so_far(frame[column], frame["school_year"], protocol, after)


def by_period(cells: pd.DataFrame, weeks: PupilWeeks, period: str) -> pd.DataFrame:
    """One row per school year, period and grade, all schools and types together. ``period``: month or week."""
    if period == "week":
        cells = cells[cells["period"] == "week"]
        cells = cells.assign(key=pd.to_datetime(cells["period_from"]).dt.strftime("%Y-%m-%d"))
        counted = weeks.known.assign(key=pd.to_datetime(weeks.known["week_from"]).dt.strftime("%Y-%m-%d"))
    else:
        cells = cells.assign(key=cells["month"])
        counted = weeks.known.assign(key=weeks.known["month"])
    by = ["school_year", "key", "grade"]
    return _leaves(cells, weeks.most(by, ("absent",), counted), by, ("absent",))


def _leaves(cells: pd.DataFrame, most: pd.DataFrame, by: list[str], kinds: tuple[str, ...]) -> pd.DataFrame:
    """Long over kinds of days: pupils (repeated), days_absent, days_possible, max_days."""
    per_week = cells.groupby([*by, "period_from"], as_index=False)["pupils"].sum()
    pupils = per_week.groupby(by)["pupils"].mean()
    days = cells.groupby(by)[["possible_days", *(f"{t}_days" for t in TYPES), "absent_days"]].sum()
    frame = days.join(pupils).reset_index()
    parts = []
    for t in kinds:
        part = frame.assign(type=t, days_absent=frame[f"{t}_days"], days_possible=frame["possible_days"])
        part = part.merge(most[[*by, t]].rename(columns={t: "max_days"}), how="left", on=by)
        parts.append(part[[*by, "type", "pupils", "days_absent", "days_possible", "max_days"]])
    long = pd.concat(parts, ignore_index=True)
    # A group whose pupils are not delivered one by one has no known largest contributor.
    return long.assign(max_days=long["max_days"].astype("float64").fillna(0.0))


def over_10(weeks: PupilWeeks, protocol: Protocol, cutoff: dt.date) -> pd.DataFrame:
    """One row per school year, school, grade and ja/nej: pupils above ten per cent, and the other classified ones."""
    counted = weeks.known[so_far(weeks.known["week_from"], weeks.known["school_year"], protocol, cutoff)]
    statement = _CLASSIFIED.format(over=OVER_PCT, minimum=MINIMUM_DAYS)
    both = run_sql(statement, weeks=weeks.rows, counted=counted)
    return both.melt(LEAF, ["ja", "nej"], "over_10", "pupils")
