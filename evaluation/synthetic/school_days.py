"""The school days the synthetic municipality is simulated on, from the study's own ``calendar.csv``.

Kept apart from the door's reading of the same file on purpose: known truth must not be made with the code it
is to test.
"""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.study import Study


@dataclass(frozen=True)
class Days:
    """Days on which at least one school is open, in order; ``is_open`` is school × day.

    ``month`` is the month of the ISO week's Thursday (``2026-10``), ``year`` the index of the school year.
    """

    on: tuple[dt.date, ...]
    year: NDArray[np.int64]
    iso_week: NDArray[np.int64]
    week_label: tuple[str, ...]
    weekday: NDArray[np.int64]
    month: tuple[str, ...]
    is_open: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.on)

    def frame(self, school_ids: tuple[str, ...], years: tuple[str, ...]) -> pd.DataFrame:
        """One row per school and open day: school_id, day_on, school_year, month, iso_week."""
        school, day = np.nonzero(self.is_open)
        on = pd.to_datetime(pd.Series(list(self.on))).astype("datetime64[us]")
        return pd.DataFrame(
            {
                "school_id": np.array(school_ids, dtype=object)[school],
                "day_on": on.to_numpy()[day],
                "school_year": np.array(years, dtype=object)[self.year[day]],
                "month": np.array(self.month, dtype=object)[day],
                "iso_week": np.array(self.week_label, dtype=object)[day],
            }
        )


def school_days(study: Study) -> Days:
    """Weekdays inside the study's school years that are open, or neither closed nor public holidays."""
    import holidays

    protocol = study.protocol
    ids = [s.id for s in protocol.schools]
    with study.file("calendar.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    countries = [r["label"] for r in rows if r["kind"] == "public_holidays"] or ["DK"]
    inside = _days(rows, "school_year")
    public: set[dt.date] = set()
    for code, _, part in (c.partition("-") for c in countries if c != "none"):
        public |= set(holidays.country_holidays(code, subdiv=part or None, years=_years(inside)))
    known = set(protocol.years.all)
    open_on: list[set[dt.date]] = []
    for school_id in ids:
        mine = [r for r in rows if r["school_id"] in ("*", school_id)]
        days = (_days(mine, "school_year") - public - _days(mine, "closed")) | _days(mine, "open")
        open_on.append({d for d in days if d.weekday() < 5 and protocol.years.of(d) in known})
    every = tuple(sorted(set().union(*open_on)))
    year_index = {y: n for n, y in enumerate(protocol.years.all)}
    iso = [d.isocalendar() for d in every]
    thursdays = [d + dt.timedelta(days=3 - d.weekday()) for d in every]
    return Days(
        on=every,
        year=np.array([year_index[protocol.years.of(d)] for d in every]),
        iso_week=np.array([i.week for i in iso]),
        week_label=tuple(f"{i.year}-W{i.week:02d}" for i in iso),
        weekday=np.array([d.weekday() for d in every]),
        month=tuple(f"{t:%Y-%m}" for t in thursdays),
        is_open=np.array([[d in mine for d in every] for mine in open_on]),
    )


def _days(rows: list[dict[str, str]], kind: str) -> set[dt.date]:
    days: set[dt.date] = set()
    for row in (r for r in rows if r["kind"] == kind):
        start, end = dt.date.fromisoformat(row["from"]), dt.date.fromisoformat(row["to"])
        days |= {start + dt.timedelta(days=n) for n in range((end - start).days + 1)}
    return days


def _years(days: set[dt.date]) -> list[int]:
    return sorted({d.year for d in days})
