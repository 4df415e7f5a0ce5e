"""School days and school months. The months in which a school is open, in order, are decided here.

A week belongs to the month of its Thursday (ISO 8601's own rule for years), so every week lies in one month.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pandas as pd

from evaluation.tables import table
from evaluation.tables.relations import run_sql

_SCHOOL_DAYS = """
SELECT school_id, day_on, school_year, label,
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
        weekday=day.dt.day_of_week + 1,
        iso_week=iso["year"].astype(str) + "-W" + iso["week"].astype(str).str.zfill(2),
        month=thursday.dt.strftime("%Y-%m"),
        month_from=thursday.dt.to_period("M").dt.start_time,
        is_after_holiday=back_in_week,
    ).drop(columns=["label", "previous_on"])
    if cutoff is not None:
        frame = frame[day <= pd.Timestamp(cutoff)]
    return table("core_school_days").conform(frame)


@dataclass(frozen=True)
class SchoolMonths:
    """The months (``2026-09``) in which some school is open, in order, and the month of every open day.

    ``last_day`` is the last day any school is open in a month's weeks; July is normally missing.
    """

    names: tuple[str, ...]
    last_day: dict[str, dt.date]
    month_of_day: pd.Series

    def after(self, month: str, steps: int = 1) -> str | None:
        """The school month ``steps`` after ``month``; None when the calendar does not reach that far."""
        later = [m for m in self.names if m > month]
        return later[steps - 1] if len(later) >= steps else None

    def end_of(self, month: str) -> dt.date:
        """When a month is over: its calendar end, or its weeks' last open day where that is later."""
        return max(pd.Period(month, "M").end_time.date(), self.last_day[month])

    def of(self, day: pd.Timestamp) -> str:
        """The school month of a day; of the last open day before it when the day itself is closed."""
        at = int(self.month_of_day.index.searchsorted(day, side="right")) - 1
        return str(self.month_of_day.iloc[max(at, 0)])


def school_months(raw_calendar: pd.DataFrame) -> SchoolMonths:
    """The declared calendar's months, beyond any cut-off: needed to say when a milestone can be judged."""
    days = school_days(raw_calendar, None)
    last = {str(m): pd.Timestamp(d).date() for m, d in days.groupby("month")["day_on"].max().items()}
    month_of_day: pd.Series = days.drop_duplicates("day_on").set_index("day_on")["month"].sort_index()
    return SchoolMonths(tuple(sorted(last)), last, month_of_day)
