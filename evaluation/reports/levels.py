"""Registered levels of a group over a period: which row of ``out_description`` answers, and its mark."""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.reports.html_tables import Mark
from evaluation.reports.inputs import ReportInputs, records, value
from evaluation.reports.page import description_mark

COMPUTED = Mark(model="computed")
"""A number made from published numbers on the page."""


@dataclass(frozen=True)
class Level:
    """Absence in per cent with its denominators; None where hidden. ``mark`` says where it comes from."""

    absence: float | None = None
    pupils: float | None = None
    possible_days: float | None = None
    over_10: float | None = None
    is_present: bool = True
    mark: Mark = COMPUTED


NOTHING = Level(is_present=False)


def level(
    inputs: ReportInputs, year: str, group_kind: str, group_id: str | None = None, outcome: str | None = None
) -> Level:
    """The group's level in a school year up to the cut-off's place in that year."""
    rows = inputs.described("year_to_date", year, group_kind, outcome)
    if group_id is not None:
        rows = rows[rows["group_id"].astype(str) == group_id]
    if not len(rows):
        return NOTHING
    row = records(rows.head(1))[0]
    mark = description_mark(row, "absence_pct")
    absence, over = value(row, "absence_pct"), value(row, "over_10_pct")
    return Level(absence, value(row, "pupils"), value(row, "possible_days"), over, mark=mark)


def treated_level(inputs: ReportInputs, year: str, outcome: str | None = None) -> Level:
    """Level of the groups that have begun: the one group's row, the row of all begun, else their weighted sum."""
    waves = inputs.started_waves() or inputs.protocol.waves
    if len(waves) > 1:
        together = level(inputs, year, "treated", None, outcome)
        if together.is_present:
            return together
    levels = [level(inputs, year, "grade", w.grade, outcome) for w in waves]
    if len(levels) == 1:
        return levels[0]
    if any(x.absence is None or x.possible_days is None for x in levels):
        # One hidden group must not be found by subtraction, so no sum is made from the others.
        return Level(is_present=any(x.is_present for x in levels))
    total = sum(x.possible_days or 0 for x in levels)
    if not total:
        return NOTHING
    absent = sum((x.absence or 0) * (x.possible_days or 0) for x in levels)
    return Level(absent / total, sum(x.pupils or 0 for x in levels), total)
