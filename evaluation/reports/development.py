"""Sections that describe what was registered, by grade and by type of absence. No estimate is made here.

Description says what happened and never why; the same period last year always stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
from markupsafe import Markup

from evaluation.measures import DAYS
from evaluation.reports.answers import period_phrase, started_names
from evaluation.reports.calendar_figure import DEFINITION, calendar_figure, rows_of
from evaluation.reports.charts import BLUE, GREEN, GREY, RUST, Bars, Lines, Panels, Part, is_empty
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, records, value
from evaluation.reports.levels import treated_level
from evaluation.reports.page import Exhibit, Section, description_mark
from evaluation.reports.places import whole_grades
from evaluation.reports.telling import tell
from evaluation.words import Name, On, Percent
from evaluation.words.catalogue.sections import Development
from evaluation.words.danish import capital, date, number, rounded

Row = Mapping[str, Any]


def development(inputs: ReportInputs) -> Section:
    """Each started grade over the year beside last year and the others, and all grades against last year."""
    title = tell(Development.TITLE)
    exhibits = [x for x in (inputs.once(_panels), _grades_table(inputs)) if x is not None]
    if not exhibits:
        return Section("udvikling", title, (tell(Development.NOTHING),))
    text = tell(
        Development.INTRO,
        day=On(inputs.round.cutoff),
        period=Name(period_phrase(inputs)),
        unit=Name(inputs.group_word()),
    )
    return Section("udvikling", title, (text,), tuple(exhibits))


def panels_only(inputs: ReportInputs) -> Section | None:
    """The small multiple alone."""
    found = inputs.once(_panels)
    return None if found is None else Section("udvikling", tell(Development.TITLE), (), (found,))


def _panels(inputs: ReportInputs) -> Exhibit | None:
    """One small multiple: each begun grade this year, last year, and the grades without talks this year."""
    p = inputs.protocol
    begun = whole_grades(p, inputs.started_waves())
    figures = {g: x for g in begun if (x := calendar_figure(inputs, (g,), f"udvikling-{g}")) is not None}
    found = [(g, x.chart) for g, x in figures.items() if isinstance(x.chart, Lines) and not is_empty(x.chart)]
    if not found:
        return None
    words = p.words
    labels = [tell(Development.THIS_YEAR), tell(Development.OTHERS, units=Name(words.units))]
    labels.append(tell(Development.LAST_YEAR))
    panels = tuple(
        (
            capital(p.grades.name(g)),
            replace(
                chart,
                lines=tuple(
                    replace(line, label=label)
                    for line, label in zip(
                        (chart.lines[0], chart.lines[1], chart.lines[2]), labels, strict=True
                    )
                ),
            ),
        )
        for g, chart in found
    )
    levels = [treated_level(inputs, y) for y in (p.years.follow_up, inputs.last_year)]
    return Exhibit(
        "udvikling-figur",
        _level_title(levels[0].absence, levels[1].absence),
        Markup("").join(figures[g].table for g, _ in found),
        tell(Development.WHAT, sessions=Name(words.sessions)),
        tell(Development.SOURCE),
        Panels(panels),
        tell(Development.ALT),
    )


def _level_title(now: float | None, then: float | None) -> str:
    if now is None or then is None:
        return tell(Development.FIGURE)
    gap = rounded(rounded(now) - rounded(then))
    if gap == 0:
        return tell(Development.AS_BEFORE, now=Percent(now))
    return tell(Development.LOWER if gap < 0 else Development.HIGHER, now=Percent(now), then=Percent(then))


def types(inputs: ReportInputs) -> Section:
    """Types of absence this year and last, for the grades that have begun."""
    p = inputs.protocol
    outcomes = [o for o in p.outcomes if not o.is_primary and o.measure == DAYS]
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
    exhibit = Exhibit(
        "typer-figur",
        _types_finding(who, {o.label: (found[years[0], o.id], found[years[1], o.id]) for o in outcomes}),
        render_table("typer", caption, frame, columns, key=("year",), marker=p.disclosure.marker),
        f"{DEFINITION} Skoleåret til og med samme uge. {who}.",
        "out_description",
        Bars(years, parts, "Fravær i procent af skoledagene"),
        "Liggende søjler, én for hvert skoleår, delt efter type af fravær.",
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
    begun = whole_grades(p, inputs.started_waves())
    waiting, somewhere = whole_grades(p, p.group_waves), p.treated_grades
    rows = []
    for grade in p.grades.order:
        if grade not in now and grade not in then:
            continue
        role = "på nogle skoler" if grade in somewhere else "sammenligning"
        role = "venter" if grade in waiting else role
        rows.append(levels_row(grade, now, then) | {"role": "har fået indsatsen" if grade in begun else role})
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
