"""The sections of a school's own page: its line over the year, its grades, its talks. Never a ranking."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.reports.answers import period_phrase
from evaluation.reports.calendar_figure import DEFINITION, calendar_figure, rows_of
from evaluation.reports.circle import circle
from evaluation.reports.development import levels_columns, levels_row
from evaluation.reports.findings import findings
from evaluation.reports.html_tables import render_table
from evaluation.reports.inputs import ReportInputs, records
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.places import grades_at
from evaluation.reports.words import UNWILLING, implementation
from evaluation.words.danish import date

WHOLE = "*"


def sections(inputs: ReportInputs, school_id: str) -> list[Section]:
    """All sections of one school. Raises KeyError for a school the protocol does not know."""
    if school_id not in {s.id for s in inputs.protocol.schools}:
        raise KeyError(f"{school_id}: not a school of this study")
    return [_levels(inputs, school_id), _talks(inputs, school_id), _data(inputs, school_id), _use(), circle()]


def _levels(inputs: ReportInputs, school_id: str) -> Section:
    p = inputs.protocol
    now, then = (_rows(inputs, school_id, y) for y in (p.years.follow_up, inputs.last_year))
    exhibits: list[Exhibit] = []
    for grade in grades_at(p, school_id, inputs.started_waves()):
        found = calendar_figure(inputs, (grade,), f"aar-{grade}", school_id)
        exhibits += [found] if found is not None and found.has_chart else []
    rows = [
        levels_row(g, now, then)
        for g in (*sorted(p.treated_grades, key=p.grades.order.index), WHOLE)
        if g in now or g in then
    ]
    if rows:
        heading = f"Fravær på skolen, i år og {period_phrase(inputs)}"
        columns = levels_columns(inputs, now, then)
        table = render_table(
            "skolens-tal",
            "Procent af skoledagene",
            pd.DataFrame(rows),
            columns,
            key=("grade",),
            marker=p.disclosure.marker,
        )
        what = f"{DEFINITION} Til og med {date(inputs.round.cutoff)}."
        exhibits.append(Exhibit("skolens-tal-tabel", heading, table, what, "out_description"))
    warning = (
        "Tallene bygger på få elever og svinger meget fra år til år, også når intet er ændret. De kan bruges som afsæt "
        "for en drøftelse, men ikke til at afgøre, om indsatsen har gjort en forskel på netop denne skole."
    )
    text_ = warning if exhibits else "Skolens tal kan ikke vises i denne runde."
    return Section("fravaer", "Fraværet på skolen", (text_,), tuple(exhibits))


def _rows(inputs: ReportInputs, school_id: str, year: str) -> dict[str, dict[str, Any]]:
    """The school's rows of a year to date by grade, and the whole school's."""
    rows = rows_of(inputs, "year_to_date", year, "school_grade")
    own = records(rows[rows["school_id"].astype(str) == school_id])
    whole = records(rows_of(inputs, "year_to_date", year, "school", school_id))
    return {str(r["grade"]): r for r in own} | dict.fromkeys(
        [WHOLE] if whole else [], whole[0] if whole else {}
    )


def _talks(inputs: ReportInputs, school_id: str) -> Section:
    rows = inputs.frame("out_implementation")
    own = ReportInputs(
        inputs.protocol,
        inputs.round,
        {**inputs.frames, "out_implementation": rows[rows["school_id"].astype(str) == school_id]},
        inputs.manifest,
    )
    return implementation(own)


def _data(inputs: ReportInputs, school_id: str) -> Section:
    points = tuple(f.sentence for f in findings(inputs).open if f.group.split(" ")[0] == school_id)
    lead = (
        "Skolens registreringer har disse huller:"
        if points
        else "Der er ikke fundet huller i skolens registreringer."
    )
    return Section("data", "Skolens registreringer", (lead,), points=points)


def _use() -> Section:
    points = (
        "Hvad genkender I i tallene, og hvad undrer jer?",
        "Hvad har I gjort anderledes omkring fravær i år?",
        "Hvilke børn ville I ønske, at indsatsen nåede bedre?",
        "Hvad har I brug for fra styregruppen?",
    )
    return Section("droeftelse", "Til arbejdsgruppens drøftelse", (UNWILLING,), points=points)
