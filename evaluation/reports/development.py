"""Sections that describe what was registered, by grade and by type of absence. No estimate is made here.

Description says what happened and never why; the same period last year always stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from evaluation.reports.answers import period_phrase, started_names
from evaluation.reports.calendar_figure import DEFINITION, calendar_figure, rows_of
from evaluation.reports.charts import BLUE, GREEN, GREY, RUST, Bars, Part
from evaluation.reports.danish import capital, date, number, rounded
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, records, value
from evaluation.reports.levels import treated_level
from evaluation.reports.page import Exhibit, Section, description_mark

Row = Mapping[str, Any]


def development(inputs: ReportInputs) -> Section:
    """Each started grade over the year, where page one does not show it, and all grades against last year."""
    waves = [w.grade for w in inputs.started_waves()]
    figures = waves if len(waves) > 1 or inputs.round.kind == "final" else []
    exhibits = [
        found
        for grade in sorted(figures, key=inputs.protocol.grades.order.index)
        if (found := calendar_figure(inputs, (grade,), f"udvikling-{grade}")) is not None
    ]
    grades = _grades_table(inputs)
    exhibits += [grades] if grades else []
    if not exhibits:
        return Section("udvikling", "Udviklingen i fraværet", ("Runden har ingen tal om fraværet at vise.",))
    text = (
        f"Tallene er det registrerede fravær til og med {date(inputs.round.cutoff)} og i {period_phrase(inputs)}. "
        f"Der går andre elever på en {inputs.group_word()} i år end sidste år, og fravær svinger med sygdom og "
        "årstid. En forskel her er derfor ikke i sig selv en følge af samtalerne."
    )
    return Section("udvikling", "Udviklingen i fraværet", (text,), tuple(exhibits))


def types(inputs: ReportInputs) -> Section:
    """Types of absence this year and last, for the grades that have begun."""
    p = inputs.protocol
    outcomes = [o for o in p.outcomes if not o.is_primary]
    years = (p.years.follow_up, inputs.last_year)
    levels = {(y, o.id): treated_level(inputs, y, o.id) for y in years for o in outcomes}
    found = {k: None if x.absence is None else rounded(x.absence) for k, x in levels.items()}
    if all(v is None for v in found.values()):
        return Section("typer", "Typer af fravær", ("Runden har ingen tal om typer af fravær at vise.",))
    who = capital(started_names(inputs) or "indsatsgrupperne")

    def mark_of(outcome: str) -> Callable[[Row], Mark]:
        return lambda row: levels[str(row["year"]), outcome].mark

    parts = tuple(
        Part(o.label, tuple(found[y, o.id] for y in years), (BLUE, GREEN, RUST, GREY)[i % 4])
        for i, o in enumerate(outcomes)
    )
    frame = pd.DataFrame([{"year": y, **{o.id: found[y, o.id] for o in outcomes}} for y in years])
    columns = [Column("year", "Skoleår")]
    columns += [Column(o.id, capital(o.label), "pct", mark=mark_of(o.id)) for o in outcomes]
    caption = f"Fravær efter type, {who[:1].lower()}{who[1:]}"
    marks = {k: x.mark for k, x in levels.items()}
    exhibit = Exhibit(
        "typer-figur",
        _types_finding(who, {o.label: (found[years[0], o.id], found[years[1], o.id]) for o in outcomes}),
        render_table("typer", caption, frame, columns, key=("year",), marker=p.disclosure.marker),
        f"{DEFINITION} Skoleåret til og med samme uge. {who}.",
        "out_description",
        Bars(years, parts, "Fravær i procent af skoledagene"),
        "Liggende søjler, én for hvert skoleår, delt efter type af fravær.",
        tuple((marks[k], v) for k, v in found.items() if not marks[k].model),
    )
    text = (
        "En forskydning mellem typerne kan komme af ændret registrering og ikke af ændret fravær. "
        "Ufrivilligt fravær er ikke en registreringstype; det kan kun belyses gennem interviewene."
    )
    return Section("typer", "Typer af fravær", (text,), (exhibit,))


def _types_finding(who: str, levels: Mapping[str, tuple[float | None, float | None]]) -> str:
    moved = [(n, rounded(a - b)) for n, (a, b) in levels.items() if a is not None and b is not None]
    name, change = max(moved, key=lambda m: abs(m[1]), default=("", 0.0))
    if not change:
        return f"{who}: typerne fordeler sig som sidste år"
    way = "ned" if change < 0 else "op"
    return f"{who}: størst ændring i {name}, {way} {number(abs(change))} procentpoint siden sidste år"


def _grades_table(inputs: ReportInputs) -> Exhibit | None:
    p = inputs.protocol
    years = (p.years.follow_up, inputs.last_year)
    now, then = (
        {str(r["group_id"]): r for r in records(rows_of(inputs, "year_to_date", y, "grade"))} for y in years
    )
    begun = {w.grade for w in inputs.started_waves()}
    rows = []
    for grade in p.grades.order:
        if grade not in now and grade not in then:
            continue
        role = "venter" if grade in p.treated_grades else "sammenligning"
        rows.append(levels_row(grade, now, then) | {"role": "har haft samtaler" if grade in begun else role})
    if not rows:
        return None
    columns = levels_columns(inputs, now, then)
    columns.insert(1, Column("role", "Rolle"))
    if any(r["over"] is not None for r in rows):
        # Totals tell nothing of single pupils: then there is no number, and not a hidden one.
        columns.append(Column("over", "Over 10 procent", "pct0", mark=_marks(now, "over_10_pct")))
    both = [r["change"] for r in rows if r["change"] is not None]
    fell, rose = sum(c < 0 for c in both), sum(c > 0 for c in both)
    groups = inputs.group_word(plural=True)
    caption = f"Fravær pr. {inputs.group_word()}, i år og sidste år"
    return Exhibit(
        "aargange",
        f"Fraværet er lavere end sidste år på {fell} af {len(both)} {groups} og højere på {rose}",
        render_table(
            "aargange", caption, pd.DataFrame(rows), columns, key=("grade",), marker=p.disclosure.marker
        ),
        f"{DEFINITION} Til og med {date(inputs.round.cutoff)} mod de samme uger i {years[1]}. Alle skoler.",
        "out_description",
    )


def levels_row(key: str, now: Mapping[str, Row], then: Mapping[str, Row]) -> dict[str, Any]:
    """A row of levels this year and last, their difference as a reader would take it, and the pupils."""
    a, b = value(now.get(key, {}), "absence_pct"), value(then.get(key, {}), "absence_pct")
    return {
        "grade": key,
        "pupils": value(now.get(key, {}), "pupils"),
        "now": a,
        "then": b,
        "change": None if a is None or b is None else rounded(rounded(a) - rounded(b)),
        "over": value(now.get(key, {}), "over_10_pct"),
    }


def levels_columns(inputs: ReportInputs, now: Mapping[str, Row], then: Mapping[str, Row]) -> list[Column]:
    """The columns of :func:`levels_row`; a key that is no grade is the whole school."""

    def difference(row: Row) -> Mark:
        return Mark(cell=(("klassetrin", str(row["grade"])),), model="difference")

    names = inputs.protocol.grades
    return [
        Column(
            "grade",
            capital(inputs.group_word()),
            names=lambda g: names.name(g) if g in names.order else "Hele skolen",
        ),
        Column("pupils", "Elever", "count", mark=_marks(now, "pupils")),
        Column("now", inputs.protocol.years.follow_up, "pct", mark=_marks(now, "absence_pct")),
        Column("then", inputs.last_year, "pct", mark=_marks(then, "absence_pct")),
        Column("change", "Ændring i procentpoint", "pp", mark=difference),
    ]


def _marks(source: Mapping[str, Row], column: str) -> Callable[[Row], Mark]:
    def mark(row: Row) -> Mark:
        found = source.get(row["grade"])
        return description_mark(found, column) if found else Mark(model="none")

    return mark
