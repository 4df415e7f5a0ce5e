"""An independent study as the product's own core tables, so that the whole chain from weeks to verdict can be asked."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from evaluation.protocol import Protocol
from evaluation.tables import table
from tests.independent.generator import CALENDAR, DAYS, MONTHS, TALKS, WEEKS_OF_MONTH, YEARS


def month_of(year: int, month: int) -> str:
    """``2026-09`` for the study's year (0, 1, 2) and school month (0 = August)."""
    first = 2024 + year
    return f"{first + (CALENDAR[month] < '08')}-{CALENDAR[month]}"


def mondays(year: int) -> list[dt.date]:
    """The school weeks of a year in order: the first weeks whose Thursday lies in each month."""
    out = []
    for month, weeks in enumerate(WEEKS_OF_MONTH):
        first = dt.date.fromisoformat(month_of(year, month) + "-01")
        thursday = first + dt.timedelta(days=(3 - first.weekday()) % 7)
        out += [thursday + dt.timedelta(days=7 * k - 3) for k in range(int(weeks))]
    return out


def core_cells(pupil_weeks: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """``core_cells`` by week from pupils × weeks."""
    schools = [s.id for s in protocol.schools]
    keys = ["school", "grade", "year", "week"]
    types = ["sick_days", "permitted_days", "unlawful_days"]
    sums = pupil_weeks.groupby(keys, as_index=False).agg(
        pupils=("pupil", "size"), absent_days=("absent_days", "sum"), **{t: (t, "sum") for t in types}
    )
    weeks = {y: mondays(y) for y in range(YEARS)}
    month = np.repeat(np.arange(MONTHS), WEEKS_OF_MONTH)
    frame = sums.assign(
        school_id=[schools[s] for s in sums["school"]],
        grade=sums["grade"].astype(str),
        school_year=[protocol.years.all[y] for y in sums["year"]],
        month=[month_of(y, int(month[w])) for y, w in zip(sums["year"], sums["week"], strict=True)],
        period="week",
        period_from=[weeks[y][w] for y, w in zip(sums["year"], sums["week"], strict=True)],
        possible_days=DAYS * sums["pupils"],
    )
    declared = table("core_cells")
    return declared.conform(frame.reindex(columns=list(declared.columns)))


def core_talks(protocol: Protocol) -> pd.DataFrame:
    """``core_talks``: every school had its talks in the planned months, logged and reached."""
    rows = []
    for wave in protocol.waves:
        talk = TALKS[int(wave.grades[0])]
        over = dt.date.fromisoformat(month_of(2, talk + 3) + "-01") + dt.timedelta(days=37)
        for school in protocol.schools:
            rows.append(
                {
                    "school_id": school.id, "grade": wave.grades[0], "wave": wave.id, "pupils": 60, "talks_planned": 60,
                    "talks_held": 60, "coverage_pct": 100.0, "transition_from_month": month_of(2, talk),
                    "transition_to_month": month_of(2, talk), "first_month": month_of(2, talk + 1),
                    "milestone_complete_on": over, "is_logged": True, "is_reached": True, "is_started": True,
                }
            )  # fmt: skip
    declared = table("core_talks")
    return declared.conform(pd.DataFrame(rows).reindex(columns=list(declared.columns)))
