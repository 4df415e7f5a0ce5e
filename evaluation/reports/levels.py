"""Registered levels of a group over a period: which row of ``out_description`` answers, and its mark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.protocol import Cell, Protocol, Wave
from evaluation.reports.html_tables import Mark
from evaluation.reports.inputs import ReportInputs, records, value
from evaluation.reports.page import description_mark
from evaluation.reports.places import whole_grades
from evaluation.words.danish import as_date

COMPUTED = Mark(model="computed")
"""A number made from published numbers on the page."""


@dataclass(frozen=True)
class Level:
    """Absence in per cent with its denominators; None where hidden. ``mark`` says where it comes from; ``is_apart``: several
    places, each with its own level, and none for them together."""

    absence: float | None = None
    pupils: float | None = None
    possible_days: float | None = None
    over_10: float | None = None
    is_present: bool = True
    is_apart: bool = False
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


def after_talks(inputs: ReportInputs, whole: Sequence[int] | None = None) -> tuple[Level, Level]:
    """Level in the months after the talks, this year and the same months last year, of the grades that have any.

    ``whole``: only these months, counted from one; all there are without it.

    The mean of the printed months, each month of each grade counting once, so that a reader can make it from the tables.
    A month of talks is neither before nor after. Hidden where one month is hidden; ``NOTHING`` where none has come.
    """
    p, waves = inputs.protocol, inputs.started_waves()
    if not _is_whole_grades(p, waves):
        apart = Level(is_present=False, is_apart=True)
        return apart, apart
    log, back = inputs.frame("out_implementation"), int(p.years.follow_up[:4]) - int(inputs.last_year[:4])
    pairs = []
    for grade in whole_grades(p, waves):
        held = log.loc[log["grade"].eq(grade) & log["last_on"].notna(), "last_on"]
        planned = max(w.planned_to for w in waves if grade in (w.grades or (grade,)))
        over = f"{as_date(held.max()) if len(held) else planned:%Y-%m}"
        now, then = (_months(inputs, year, grade) for year in (p.years.follow_up, inputs.last_year))
        after = [month for month in sorted(now) if month > over]
        pairs += [
            (now[month], then[before])
            for k, month in enumerate(after, start=1)
            if (whole is None or k in whole) and (before := f"{int(month[:4]) - back}{month[4:]}") in then
        ]
    if not pairs:
        return NOTHING, NOTHING
    found = []
    for levels in zip(*pairs, strict=True):
        known = [x for x in levels if x is not None]
        found.append(Level(sum(known) / len(known) if len(known) == len(levels) else None))
    return found[0], found[1]


def _months(inputs: ReportInputs, year: str, grade: str) -> dict[str, float | None]:
    """A grade's printed months of a school year: ``2026-10`` to per cent."""
    rows = inputs.described("month", year, "grade")
    mine = rows[rows["group_id"].astype(str) == grade]
    return {str(r["period"])[:7]: value(r, "absence_pct") for r in records(mine)}


def treated_level(inputs: ReportInputs, year: str, outcome: str | None = None) -> Level:
    """Level of the groups that have begun: the one group's row, the row of all begun, else their weighted sum."""
    waves = inputs.started_waves() or inputs.protocol.waves
    grades = whole_grades(inputs.protocol, waves)
    if not _is_whole_grades(inputs.protocol, waves):
        return _of_places(inputs, year, _cells(inputs.protocol, waves), outcome)
    if grades == inputs.protocol.grades.order:
        return level(inputs, year, "all", None, outcome)
    if len(grades) > 1:
        together = level(inputs, year, "treated", None, outcome)
        if together.is_present:
            return together
    levels = [level(inputs, year, "grade", g, outcome) for g in grades]
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


def _cells(protocol: Protocol, waves: Sequence[Wave]) -> list[Cell]:
    ids = {w.id for w in waves}
    return [cell for cell, w in protocol.treated.items() if w.id in ids]


def _is_whole_grades(protocol: Protocol, waves: Sequence[Wave]) -> bool:
    """Whether these waves are grades at every school, for which months are printed together."""
    return len(whole_grades(protocol, waves)) * len(protocol.schools) == len(_cells(protocol, waves))


def _of_places(inputs: ReportInputs, year: str, cells: Sequence[Cell], outcome: str | None) -> Level:
    """Level of one whole school, or of one school's grade; several such have no number that was made for them together."""
    schools = {s for s, _ in cells}
    if len(cells) == 1:
        return level(inputs, year, "school_grade", ":".join(cells[0]), outcome)
    if len(schools) == 1 and len(cells) == len(inputs.protocol.grades.order):
        return level(inputs, year, "school", min(schools), outcome)
    return Level(is_present=False, is_apart=True)
