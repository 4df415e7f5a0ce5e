"""Question (i): patterns of absence, described and nothing more. Earlier years are cut to the same school weeks."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.effects.patterns import (
    ThresholdRule,
    after_holiday_pattern,
    band_pattern,
    long_spell_pattern,
    single_day_pattern,
    spells,
    threshold_pattern,
    weekday_pattern,
)
from evaluation.panel.description import so_far
from evaluation.protocol import Protocol
from evaluation.tables import table


def answer(
    absence: pd.DataFrame,
    weeks: pd.DataFrame,
    school_days: pd.DataFrame,
    protocol: Protocol,
    round_id: str,
    cutoff: dt.date,
) -> pd.DataFrame:
    """``out_patterns`` from day records and pupil-weeks; day patterns only for schools that deliver days."""
    declared = table("out_patterns")
    if weeks.empty:
        return declared.empty()
    weeks = weeks[so_far(weeks["week_from"], weeks["school_year"], protocol, cutoff)]
    edges = protocol.targeted.bands_pct if protocol.targeted else (0.0, 5.0, 10.0, 20.0)
    parts = [band_pattern(weeks, edges), band_pattern(weeks, edges, by="grade")]
    daily = set(absence["school_id"])
    absence = absence.merge(
        school_days[["school_id", "day_on", "week_from"]], on=["school_id", "day_on"], how="inner"
    )
    absence = absence[so_far(absence["week_from"], absence["school_year"], protocol, cutoff)]
    if len(absence):
        mine = weeks[weeks["school_id"].isin(daily)]
        runs = spells(absence, school_days)
        rules = [
            ThresholdRule(
                id=t.id,
                value=t.value,
                unit=t.unit,
                per=t.per,
                types=t.types,
                in_force_from=t.in_force_from,
                in_force_until=t.in_force_until,
            )
            for t in protocol.thresholds
        ]
        parts += [
            weekday_pattern(absence, mine, school_days),
            after_holiday_pattern(absence, mine, school_days),
            single_day_pattern(runs, mine),
            long_spell_pattern(runs, mine),
            threshold_pattern(absence, mine, rules),
        ]
    frame = pd.concat(parts).assign(round=round_id)
    return declared.conform(frame[list(declared.columns)])
