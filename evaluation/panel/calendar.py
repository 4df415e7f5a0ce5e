"""School days and school months. The months in which a school is open, in order, are decided here.

A week belongs to the month of its Thursday (ISO 8601's own rule for years), so every week lies in one month.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from evaluation.panel.engine import run_sql
from evaluation.tables import table

_SCHOOL_DAYS = """
SELECT school_id, day_on, school_year, label,
       EXTRACT(ISODOW FROM day_on) AS weekday,
       CAST(DATE_TRUNC('week', day_on) AS DATE) AS week_from,
       LAG(day_on) OVER (PARTITION BY school_id ORDER BY day_on) AS previous_on
FROM calendar
WHERE is_school_day
"""


def school_days(raw_calendar: pd.DataFrame, cutoff: dt.date | None) -> pd.DataFrame:
    """``core_school_days``: one row per school and school day up to ``cutoff`` (None: all declared days).

    ``is_after_holiday`` marks the school days of the first week after five or more closed weekdays in a row.
    """
    days = run_sql(_SCHOOL_DAYS, calendar=raw_calendar)
    if days.empty:
        return table("core_school_days").empty()
    day, week = pd.to_datetime(days["day_on"]), pd.to_datetime(days["week_from"])
    thursday = week + pd.Timedelta(days=3)
    gap = (day - pd.to_datetime(days["previous_on"])).dt.days
    back_in_week = (
        days.assign(back=gap.ge(8), week=week).groupby(["school_id", "week"])["back"].transform("any")
    )
    iso = thursday.dt.isocalendar()
    frame = days.assign(
        iso_week=iso["year"].astype(str) + "-W" + iso["week"].astype(str).str.zfill(2),
        month=thursday.dt.strftime("%Y-%m"),
        month_from=thursday.dt.to_period("M").dt.start_time,
        is_after_holiday=back_in_week,
    ).drop(columns=["label", "previous_on"])
    if cutoff is not None:
        frame = frame[day <= pd.Timestamp(cutoff)]
    return table("core_school_days").conform(frame)


def school_months(raw_calendar: pd.DataFrame) -> list[str]:
    """Every month (``2026-09``) in which some school is open, in order; July is normally missing."""
    return sorted(school_days(raw_calendar, None)["month"].unique())


def month_after(months: Sequence[str], month: str, steps: int = 1) -> str | None:
    """The school month ``steps`` after ``month``; None when the calendar does not reach that far."""
    later = [m for m in months if m > month]
    return later[steps - 1] if len(later) >= steps else None


def last_school_day(raw_calendar: pd.DataFrame, month: str) -> dt.date:
    """The last day any school is open in a month's weeks."""
    days = school_days(raw_calendar, None)
    return pd.Timestamp(days.loc[days["month"] == month, "day_on"].max()).date()
