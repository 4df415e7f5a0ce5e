"""The counts behind the exhibits: one row per leaf cell with pupils, days and the most days any one pupil has.

These frames are unprotected and stay inside the publication package; only :mod:`evaluation.publication.publish`
hands anything on.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.panel.description import MINIMUM_DAYS, OVER_PCT, so_far
from evaluation.protocol import Protocol

TYPES = ("sick", "permitted", "unlawful")
LEAF = ["school_year", "school_id", "grade"]


def to_date(
    cells: pd.DataFrame,
    weeks: pd.DataFrame,
    protocol: Protocol,
    cutoff: dt.date,
    kinds: tuple[str, ...] = TYPES,
    after: dt.date | None = None,
) -> pd.DataFrame:
    """One row per school year, school, grade and type over the year to date; ``after``: without what lay before."""
    now = cells[_within(cells, "period_from", protocol, cutoff, after)]
    mine = weeks[_within(weeks, "week_from", protocol, cutoff, after)] if len(weeks) else weeks
    return _leaves(now, mine, LEAF, kinds)


def _within(
    frame: pd.DataFrame, column: str, protocol: Protocol, cutoff: dt.date, after: dt.date | None
) -> pd.Series:
    until = so_far(frame[column], frame["school_year"], protocol, cutoff)
    return until if after is None else until & ~so_far(frame[column], frame["school_year"], protocol, after)


def by_period(cells: pd.DataFrame, weeks: pd.DataFrame, period: str) -> pd.DataFrame:
    """One row per school year, period and grade, all schools and types together. ``period``: month or week."""
    if period == "week":
        cells = cells[cells["period"] == "week"]
        cells = cells.assign(key=pd.to_datetime(cells["period_from"]).dt.strftime("%Y-%m-%d"))
        weeks = (
            weeks.assign(key=pd.to_datetime(weeks["week_from"]).dt.strftime("%Y-%m-%d"))
            if len(weeks)
            else weeks
        )
    else:
        cells = cells.assign(key=cells["month"])
        weeks = weeks.assign(key=weeks["month"]) if len(weeks) else weeks
    return _leaves(cells, weeks, ["school_year", "key", "grade"], ("absent",))


def _leaves(
    cells: pd.DataFrame, weeks: pd.DataFrame, by: list[str], kinds: tuple[str, ...] = TYPES
) -> pd.DataFrame:
    """Long over kinds of days: pupils (repeated), days_absent, days_possible, max_days."""
    per_week = cells.groupby([*by, "period_from"], as_index=False)["pupils"].sum()
    pupils = per_week.groupby(by)["pupils"].mean()
    days = cells.groupby(by)[["possible_days", *(f"{t}_days" for t in TYPES), "absent_days"]].sum()
    frame = days.join(pupils).reset_index()
    most = _most(weeks, by, kinds)
    parts = []
    for t in kinds:
        part = frame.assign(type=t, days_absent=frame[f"{t}_days"], days_possible=frame["possible_days"])
        part = part.merge(most[[*by, t]].rename(columns={t: "max_days"}), how="left", on=by)
        parts.append(part[[*by, "type", "pupils", "days_absent", "days_possible", "max_days"]])
    long = pd.concat(parts, ignore_index=True)
    # A group whose pupils are not delivered one by one has no known largest contributor.
    return long.assign(max_days=long["max_days"].fillna(0.0))


def _most(weeks: pd.DataFrame, by: list[str], kinds: tuple[str, ...]) -> pd.DataFrame:
    if weeks.empty:
        return pd.DataFrame(columns=[*by, *kinds])
    sums = weeks.groupby([*by, "pupil_key"])[[f"{t}_days" for t in kinds]].sum()
    most = sums.groupby(by).max().reset_index()
    return most.rename(columns={f"{t}_days": t for t in kinds})


def over_10(weeks: pd.DataFrame, protocol: Protocol, cutoff: dt.date) -> pd.DataFrame:
    """One row per school year, school, grade and ja/nej: pupils above ten per cent, and the other classified ones."""
    mine = weeks[so_far(weeks["week_from"], weeks["school_year"], protocol, cutoff)]
    pupils = mine.groupby([*LEAF, "pupil_key"], as_index=False)[["possible_days", "absent_days"]].sum()
    pupils = pupils[pupils["possible_days"] >= MINIMUM_DAYS]
    is_over = 100 * pupils["absent_days"] / pupils["possible_days"] > OVER_PCT
    pupils = pupils.assign(over_10=is_over.map({True: "ja", False: "nej"}))
    counted = pupils.groupby([*LEAF, "over_10"]).size().unstack(fill_value=0)
    both = counted.reindex(columns=["ja", "nej"], fill_value=0).reset_index()
    return both.melt(LEAF, ["ja", "nej"], "over_10", "pupils")
