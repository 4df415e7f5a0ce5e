"""A small municipality's tables: thirty pupils in every grade of every school, and three in one."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from evaluation.disclosure.ledger import Ledger
from evaluation.panel.description import describe
from evaluation.protocol import Protocol, Round
from evaluation.publication.publish import PUBLISHED_TABLES, SUPPORT_TABLES, Publication, publish
from evaluation.tables import TABLES

SMALL = ("990001", "6")
MONDAYS = pd.date_range("2026-08-17", periods=6, freq="7D")
TYPES = ("sick", "permitted", "unlawful")


def pupil_weeks(protocol: Protocol, small: int = 3, seed: int = 1, drop: str = "") -> pd.DataFrame:
    """``core_pupil_weeks`` of six weeks in two school years. ``drop``: a pupil who is withdrawn."""
    rng = np.random.default_rng(seed)
    people = [
        (year, school.id, grade, f"{year}:{school.id}:{grade}:{i}")
        for year in (max(protocol.years.baseline), protocol.years.follow_up)
        for school in protocol.schools
        for grade in protocol.grades.order
        for i in range(small if (school.id, grade) == SMALL else 30)
    ]
    base = pd.DataFrame(people, columns=["school_year", "school_id", "grade", "pupil_key"])
    frame = base.merge(pd.DataFrame({"k": range(len(MONDAYS))}), how="cross")
    back = pd.to_timedelta(364 * (frame["school_year"] != protocol.years.follow_up), unit="D")
    frame["week_from"] = MONDAYS[frame["k"]] - back
    frame["month"] = frame["week_from"].dt.strftime("%Y-%m")
    days = rng.binomial(5, 0.08, len(frame))
    which = rng.integers(0, 3, len(frame))
    for k, t in enumerate(TYPES):
        frame[f"{t}_days"] = np.where(which == k, days, 0).astype(float)
    frame["absent_days"] = days.astype(float)
    frame["possible_days"] = 5.0
    frame = frame[frame["pupil_key"] != drop]
    return frame.drop(columns="k")


def cells_of(weeks: pd.DataFrame) -> pd.DataFrame:
    """``core_cells`` of the same pupils."""
    by = ["school_id", "grade", "school_year", "week_from", "month"]
    days = ["possible_days", "absent_days", *(f"{t}_days" for t in TYPES)]
    summed = weeks.groupby(by, as_index=False)[days].sum()
    counted = weeks.groupby(by, as_index=False).agg(pupils=("pupil_key", "nunique"))
    frame = summed.merge(counted, on=by).rename(columns={"week_from": "period_from"})
    ends = frame["period_from"] + pd.Timedelta(days=6)
    return frame.assign(period="week", period_to=ends, pupils=frame["pupils"].astype(float))


def implementation(protocol: Protocol, round_id: str, **columns: int) -> pd.DataFrame:
    """``out_implementation`` of the small school's sixth grade; ``columns`` replace numbers."""
    row = {
        "round": round_id, "school_id": SMALL[0], "grade": SMALL[1], "wave": protocol.waves[0].id, "pupils": 60,
        "talks_planned": 60, "talks_held": 40, "coverage_pct": 66.7, "follow_ups": 20, "targeted": 12,
        "consents_given": 11, "consents_missing": 7, "consents_withdrawn": 6,
        "first_on": dt.date(2026, 9, 1), "last_on": dt.date(2026, 9, 20),
    }  # fmt: skip
    return TABLES["out_implementation"].conform(pd.DataFrame([row | columns]))


def tables(
    protocol: Protocol, the_round: Round, weeks: pd.DataFrame, cells: pd.DataFrame | None = None
) -> dict[str, pd.DataFrame]:
    """Every table a publication reads; those not made here are empty as declared."""
    found = {name: TABLES[name].empty() for name in (*PUBLISHED_TABLES, *SUPPORT_TABLES)}
    found["core_pupil_weeks"] = weeks
    found["core_cells"] = cells_of(weeks) if cells is None else cells
    begun = [w for w in protocol.waves if w.grades[0] in (SMALL[1], "Secondary")]
    talks = pd.DataFrame(
        [(s.id, w.grades[0], w.id, "2026-09") for s in protocol.schools for w in begun],
        columns=["school_id", "grade", "wave", "transition_from_month"],
    )
    found["core_talks"] = talks
    found["out_description"] = describe(found["core_cells"], weeks, talks, protocol, the_round.cutoff)
    return found


def published(
    made: dict[str, pd.DataFrame], protocol: Protocol, the_round: Round, ledger: Ledger
) -> Publication:
    """A publication of tables as :func:`tables` makes them."""
    return publish(made, made["core_pupil_weeks"], protocol, the_round, ledger)
