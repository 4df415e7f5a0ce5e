"""Question (i): patterns of absence, described and nothing more. Earlier years are cut to the same school weeks."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.panel.cohorts import year_limits
from evaluation.panel.description import MINIMUM_DAYS, last_whole_week
from evaluation.panel.pattern_days import (
    after_holiday_pattern,
    long_spell_pattern,
    single_day_pattern,
    weekday_pattern,
)
from evaluation.panel.pattern_pupils import (
    ThresholdRule,
    band_pattern,
    quarter_pattern,
    threshold_pattern,
    yearly_share_pattern,
)
from evaluation.panel.registered import Registered
from evaluation.protocol import Protocol
from evaluation.tables import table
from evaluation.tables.relations import Relation


def answer(
    absence: Relation,
    weeks: Relation,
    school_days: Relation,
    protocol: Protocol,
    round_id: str,
    cutoff: dt.date,
    begun: tuple[str, ...] = (),
) -> pd.DataFrame:
    """``out_patterns`` from day records and pupil-weeks; day patterns only for schools that deliver days.

    ``begun``: grades whose programme has begun; long spells are also told of them and of the others.
    Bands and yearly shares classify the pupils that ``out_description`` classifies: with enough possible days.
    """
    declared = table("out_patterns")
    if not len(weeks):
        return declared.empty()
    registered = Registered(
        weeks, absence, school_days, year_limits(protocol, last_whole_week(cutoff)), begun
    )
    edges = protocol.targeted.bands_pct if protocol.targeted else (0.0, 5.0, 10.0, 20.0)
    rules, yearly = _rules(protocol)
    parts = [
        band_pattern(registered, edges, minimum_days=MINIMUM_DAYS),
        band_pattern(registered, edges, by="grade", minimum_days=MINIMUM_DAYS),
        yearly_share_pattern(registered, yearly, minimum_days=MINIMUM_DAYS),
    ]
    if len(absence):
        parts += [
            weekday_pattern(registered),
            after_holiday_pattern(registered),
            single_day_pattern(registered),
            long_spell_pattern(registered),
            *([long_spell_pattern(registered, by="role")] if begun else []),
            threshold_pattern(registered, [r for r in rules if r.per == "school_year"]),
            quarter_pattern(registered, [r for r in rules if r.per == "quarter"]),
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
