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
    yearly_share_pattern,
)
from evaluation.panel.description import MINIMUM_DAYS, so_far
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
    """``out_patterns`` from day records and pupil-weeks; day patterns only for schools that deliver days.

    Bands and yearly shares classify the pupils that ``out_description`` classifies: with enough possible days.
    """
    declared = table("out_patterns")
    if weeks.empty:
        return declared.empty()
    weeks = weeks[so_far(weeks["week_from"], weeks["school_year"], protocol, cutoff)]
    edges = protocol.targeted.bands_pct if protocol.targeted else (0.0, 5.0, 10.0, 20.0)
    rules, yearly = _rules(protocol)
    parts = [
        band_pattern(weeks, edges, minimum_days=MINIMUM_DAYS),
        band_pattern(weeks, edges, by="grade", minimum_days=MINIMUM_DAYS),
        yearly_share_pattern(weeks, yearly, minimum_days=MINIMUM_DAYS),
    ]
    daily = set(absence["school_id"])
    absence = absence.merge(
        school_days[["school_id", "day_on", "week_from"]], on=["school_id", "day_on"], how="inner"
    )
    absence = absence[so_far(absence["week_from"], absence["school_year"], protocol, cutoff)]
    if len(absence):
        mine = weeks[weeks["school_id"].isin(daily)]
        runs = spells(absence, school_days)
        parts += [
            weekday_pattern(absence, mine, school_days),
            after_holiday_pattern(absence, mine, school_days),
            single_day_pattern(runs, mine),
            long_spell_pattern(runs, mine),
            threshold_pattern(absence, mine, rules),
        ]
    frame = pd.concat(parts).assign(round=round_id)
    return declared.conform(frame[list(declared.columns)])


def _rules(protocol: Protocol) -> tuple[list[ThresholdRule], list[ThresholdRule]]:
    """The thresholds that need day records, and those on all absence of a year, which every delivery can answer."""
    everything = {t.id for t in protocol.absence_types}
    rules = [
        ThresholdRule(
            id=t.id,
            value=t.value,
            unit=t.unit,
            per=t.per,
            types=t.types,
            in_force_from=t.in_force_from,
            in_force_until=t.in_force_until,
            crossing=t.crossing,
        )
        for t in protocol.thresholds
    ]
    yearly = [
        r
        for r in rules
        if r.unit == "pct_of_school_days" and r.per == "school_year" and set(r.types) == everything
    ]
    return [r for r in rules if r not in yearly], yearly
