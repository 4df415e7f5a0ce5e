"""Dose beside effect: the talks held at each school and grade, with what has changed there at the table's edges.

Nothing is added up here: counts are the ones the log's table prints, changes those of the sections about schools and
the milestone. A pattern between so few schools is a matter to talk about, no evidence.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import Effect, ReportInputs, effects, records, value
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.places import whole_grades
from evaluation.reports.telling import tell
from evaluation.words.catalogue.sections import More
from evaluation.words.danish import capital

EDGE = "*"
"""The row of the grades' own changes."""


def beside_effect(inputs: ReportInputs) -> Section | None:
    """The talks beside the changes of their schools and groups; None where there are no changes to set them beside."""
    found = _exhibit(inputs)
    return None if found is None else Section("dosis-afsnit", tell(More.DOSE), (), (found,))


def _exhibit(inputs: ReportInputs) -> Exhibit | None:
    log = inputs.frame("out_implementation")
    begun = set(whole_grades(inputs.protocol, inputs.started_waves()))
    grades = [g for g in inputs.protocol.grades.order if g in begun and (log["grade"] == g).any()]
    of_school = {e.group_id: e for e in _estimates(inputs, "school", "school", "shrunk")}
    of_grade = {e.group_id: e for e in _estimates(inputs, "grade", "grade", "imputation")}
    if not grades or not (of_school or of_grade):
        return None
    held = {(str(r["school_id"]), str(r["grade"])): value(r, "talks_held") for r in records(log)}
    rows: list[dict[str, Any]] = [
        {"id": s.id, "who": s.name, "kind": "count"}
        | {g: held.get((s.id, g)) for g in grades}
        | _change(of_school.get(s.id))
        for s in inputs.protocol.schools
    ]
    if of_grade:
        word = inputs.group_word()
        edge = {g: of_grade[g].estimate if g in of_grade else None for g in grades}
        rows.append({"id": EDGE, "who": f"Ændring på {word}en", "kind": "pp"} | edge | _change(None))
    columns = [
        Column("who", "Skole"),
        *(
            Column(g, f"Holdt, {inputs.protocol.grades.name(g)}", "count", mark=_mark(g), kind_from="kind")
            for g in grades
        ),
        Column("change", "Ændring på skolen", "pp", "none", mark=_of_school("estimate_pp")),
        Column("low", "Interval fra", "pp", "none", mark=_of_school("ci_low_pp")),
        Column("high", "Interval til", "pp", "none", mark=_of_school("ci_high_pp")),
    ]
    table = render_table(
        "dosis",
        f"Holdte {inputs.protocol.words.sessions} og ændring i fravær i procentpoint",
        pd.DataFrame(rows),
        columns,
        key=("id",),
        marker=inputs.protocol.disclosure.marker,
    )
    what = (
        "Det, der er holdt, fra loggen. Ændring er i procentpoint i forhold til det ventede i alle hele måneder efter "
        f"{inputs.protocol.words.sessions}: yderst til højre skolernes (udjævnet), nederst {inputs.group_word()}enes. Så få "
        "skoler kan ikke vise, om mere giver mere."
    )
    return Exhibit(
        "dosis",
        f"{capital(inputs.protocol.words.sessions)} og ændring i fravær side om side",
        table,
        what,
        "out_effects",
    )


def _estimates(inputs: ReportInputs, question: str, group_kind: str, estimator: str) -> list[Effect]:
    rows = effects(inputs, question, group_kind=group_kind, estimator=estimator)
    found = [Effect.from_row(r) for r in records(rows.drop_duplicates("group_id"))]
    return [e for e in found if e.estimate is not None]


def _change(effect: Effect | None) -> dict[str, float | None]:
    return {
        "change": effect.estimate if effect else None,
        "low": effect.low if effect else None,
        "high": effect.high if effect else None,
    }


def _of_school(column: str) -> Any:
    """The mark of a school's number: its row of the effects table."""

    def mark(row: Any) -> Mark:
        cell = (("question", "school"), ("estimator", "shrunk"), ("group_id", str(row["id"])))
        return Mark(model=f"out_effects.{column}", cell=cell)

    return mark


def _mark(grade: str) -> Any:
    def mark(row: Any) -> Mark:
        if row["id"] == EDGE:
            cell = (("question", "grade"), ("estimator", "imputation"), ("group_id", grade))
            return Mark(model="out_effects.estimate_pp", cell=cell)
        cell = (("skole", str(row["id"])), ("klassetrin", grade), ("opgørelse", "talks_held"))
        return Mark("implementation", cell, "pupils")

    return mark
