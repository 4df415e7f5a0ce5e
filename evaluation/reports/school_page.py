"""The sections of a school's own page: its line over the year, its grades, its talks. Never a ranking."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.reports.answers import period_phrase
from evaluation.reports.danish import capital, date, rounded
from evaluation.reports.development import DEFINITION, calendar_figure, rows_of
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, text, value
from evaluation.reports.page import Exhibit, Section, description_mark
from evaluation.reports.words import UNWILLING, implementation


def sections(inputs: ReportInputs, school_id: str) -> list[Section]:
    """All sections of one school. Raises KeyError for a school the protocol does not know."""
    if school_id not in {s.id for s in inputs.protocol.schools}:
        raise KeyError(f"{school_id}: not a school of this study")
    return [_levels(inputs, school_id), _talks(inputs, school_id), _data(inputs, school_id), _use(inputs)]


def _levels(inputs: ReportInputs, school_id: str) -> Section:
    p = inputs.protocol
    by: dict[str, dict[str, dict[str, Any]]] = {}
    for year in (p.years.follow_up, inputs.last_year):
        rows = rows_of(inputs, "year_to_date", year, "school_grade")
        own = rows[rows["school_id"].astype(str) == school_id]
        whole = rows_of(inputs, "year_to_date", year, "school", school_id)
        by[year] = {str(r["grade"]): r for r in own.to_dict("records")} | {
            "": r for r in whole.to_dict("records")
        }
    now, then = by[p.years.follow_up], by[inputs.last_year]
    grades = [g for g in p.treated_grades if g in now or g in then] + (
        [""] if "" in now or "" in then else []
    )
    exhibits: list[Exhibit] = []
    for wave in inputs.started_waves():
        found = calendar_figure(inputs, (wave.grade,), f"aar-{wave.grade}", school_id)
        exhibits += [found] if found is not None and found.has_chart else []
    table_rows = []
    for g in grades:
        a, b = value(now.get(g, {}), "absence_pct"), value(then.get(g, {}), "absence_pct")
        change = None if a is None or b is None else rounded(rounded(a) - rounded(b))
        table_rows.append(
            {"grade": g, "pupils": value(now.get(g, {}), "pupils"), "now": a, "then": b, "change": change}
        )

    def marks(source: dict[str, dict[str, Any]], column: str) -> Any:
        return lambda row: (
            description_mark(source[row["grade"]], column) if row["grade"] in source else Mark(model="none")
        )

    if table_rows:
        columns = [
            Column(
                "grade",
                capital(inputs.group_word()),
                names=lambda g: p.grades.name(g) if g else "Hele skolen",
            ),
            Column("pupils", "Elever", "count", mark=marks(now, "pupils")),
            Column("now", p.years.follow_up, "pct", mark=marks(now, "absence_pct")),
            Column("then", inputs.last_year, "pct", mark=marks(then, "absence_pct")),
            Column(
                "change",
                "Ændring i procentpoint",
                "pp",
                mark=lambda row: Mark(cell=(("klassetrin", str(row["grade"])),), model="difference"),
            ),
        ]
        heading = f"Fravær på skolen, i år og {period_phrase(inputs)}"
        table = render_table(
            "skolens-tal",
            heading,
            pd.DataFrame(table_rows),
            columns,
            key=("grade",),
            marker=p.disclosure.marker,
        )
        exhibits.append(
            Exhibit(
                "skolens-tal",
                heading,
                table,
                f"{DEFINITION} Til og med {date(inputs.round.cutoff)}.",
                "out_description",
            )
        )
    warning = (
        "Tallene er få elevers fravær og svinger meget fra år til år, også når intet er ændret. De kan bruges til at tale om, "
        "men ikke til at afgøre, om samtalerne har gjort en forskel på netop denne skole."
    )
    return Section(
        "fravaer",
        "Fraværet på skolen",
        (warning,) if exhibits else ("Skolens tal kan ikke vises i denne runde.",),
        tuple(exhibits),
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
    rows = inputs.frame("out_quality")
    own = rows[(rows["group_id"].astype(str) == school_id) & ~rows["is_passed"].fillna(True).astype(bool)]
    points = tuple(text(r, "sentence") for r in own.to_dict("records"))
    lead = (
        "Skolens registreringer har disse huller:"
        if points
        else "Der er ikke fundet huller i skolens registreringer."
    )
    return Section("data", "Skolens registreringer", (lead,), points=points)


def _use(inputs: ReportInputs) -> Section:
    points = (
        "Hvad genkender I i tallene, og hvad undrer jer?",
        "Hvad har I gjort anderledes omkring fravær i år?",
        "Hvilke børn ville I ønske, at samtalerne nåede bedre?",
        "Hvad har I brug for fra styregruppen?",
    )
    return Section("drøftelse", "Til arbejdsgruppens drøftelse", (UNWILLING,), points=points)
