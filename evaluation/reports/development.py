"""Sections that describe what was registered: over time, by grade, by type, by band. No estimate is made here.

Description says what happened and never why; each figure shows the same period last year beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from evaluation.reports import language as say
from evaluation.reports.answers import period_phrase, started_names, treated_level
from evaluation.reports.charts import BLUE, GREEN, GREY, RUST, Bars, Line, Lines, Part, Shade, shown
from evaluation.reports.danish import (
    MONTHS,
    as_date,
    capital,
    count,
    date,
    is_missing,
    number,
    one_in,
    percent,
    rounded,
)
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, value
from evaluation.reports.page import Exhibit, Section, description_mark

Row = Mapping[str, Any]
DEFINITION = "Fravær = fraværsdage af elevernes skoledage, i procent."


def rows_of(
    inputs: ReportInputs,
    period_kind: str,
    year: str,
    group_kind: str,
    group_id: str | None = None,
    outcome: str | None = None,
) -> pd.DataFrame:
    """Rows of ``out_description`` in order of time."""
    f = inputs.frame("out_description")
    keep = (f["period_kind"] == period_kind) & (f["school_year"] == year) & (f["group_kind"] == group_kind)
    keep &= f["outcome"] == (outcome or inputs.primary)
    if group_id is not None:
        keep &= f["group_id"].astype(str) == group_id
    return f[keep].sort_values(["period_from", "group_id"], kind="stable")


def period_label(period_kind: str, row: Row) -> str:
    """``36`` for a week, ``sep.`` for a month: what stands on the axis."""
    if period_kind == "week":
        return str(row["period"]).rsplit("W", 1)[-1].lstrip("0")
    when = (
        as_date(row["period_from"]) if not is_missing(row["period_from"]) else as_date(f"{row['period']}-01")
    )
    name = MONTHS[when.month - 1]
    return name if len(name) <= 4 else f"{name[:3]}."


def calendar_figure(
    inputs: ReportInputs, waves: tuple[str, ...], identity: str, school_id: str | None = None
) -> Exhibit | None:
    """Absence over the year for the given grades against the comparison group, with last year's lines faint."""
    p = inputs.protocol
    kind = (
        "week"
        if inputs.round.kind == "interim" and len(rows_of(inputs, "week", p.years.follow_up, "all")) <= 20
        else "month"
    )
    if not len(rows_of(inputs, kind, p.years.follow_up, "comparison")):
        kind = "week" if kind == "month" else "month"
    group = (
        ("school_grade", f"{school_id}|{waves[0]}")
        if school_id
        else ("grade", waves[0])
        if len(waves) == 1
        else ("treated", None)
    )
    other = ("school", school_id) if school_id else ("comparison", None)
    sources = {
        "now": (p.years.follow_up, *group),
        "other": (p.years.follow_up, *other),
        "now_before": (inputs.last_year, *group),
        "other_before": (inputs.last_year, *other),
    }
    parts = {k: rows_of(inputs, kind, y, g, i).to_dict("records") for k, (y, g, i) in sources.items()}
    labels = list(dict.fromkeys(period_label(kind, r) for r in [*parts["now"], *parts["other"]]))
    if not labels:
        return None
    series = {k: _by_label(kind, rs, labels) for k, rs in parts.items()}
    values = {k: shown([value(s.get(x, {}), "absence_pct") for x in labels]) for k, s in series.items()}
    who = say.groups([p.grades.name(g) for g in waves])
    rest = "Hele skolen" if school_id else f"Øvrige {inputs.group_word(plural=True)}"
    shades = _talk_shades(inputs, waves, kind, labels, parts["now"])
    chart = Lines(
        x=tuple(labels),
        lines=(
            Line(f"{who} i år", who, values["now"], BLUE),
            Line(f"{rest} i år", rest, values["other"], RUST, marker="square"),
            Line(f"{who} sidste år", "sidste år", values["now_before"], BLUE, faint=True),
            Line(f"{rest} sidste år", "sidste år", values["other_before"], RUST, faint=True),
        ),
        unit="Fravær i procent af skoledagene",
        x_title="Uge" if kind == "week" else "",
        shades=shades,
    )
    frame = pd.DataFrame([{"label": x, **{k: (values[k][i]) for k in values}} for i, x in enumerate(labels)])
    columns = [Column("label", "Uge" if kind == "week" else "Måned")]
    headings = {"now": f"{who}, {p.years.follow_up}", "other": f"{rest}, {p.years.follow_up}", "now_before": f"{who}, {inputs.last_year}", "other_before": f"{rest}, {inputs.last_year}"}  # fmt: skip
    cells: list[tuple[Mark, float | None]] = []
    for k, heading in headings.items():
        columns.append(Column(k, heading, "pct", mark=_marker(series[k], "absence_pct")))
        cells += [
            (description_mark(series[k][x], "absence_pct"), values[k][i])
            for i, x in enumerate(labels)
            if x in series[k]
        ]
    span = f"uge {labels[0]}–{labels[-1]}" if kind == "week" else f"{labels[0]}–{labels[-1]}"
    n = "; ".join(
        f"{name}: {count(v)} elever"
        for name, v in ((who, _pupils(parts["now"])), (rest, _pupils(parts["other"])))
        if v is not None
    )
    return Exhibit(
        identity,
        _calendar_finding(capital(who), rest, values, _start(shades), kind),
        render_table(identity, f"Fravær pr. {'uge' if kind == 'week' else 'måned'}, {who} og {rest.lower()}", frame, columns, key=("label",), marker=p.disclosure.marker),
        f"{DEFINITION} {capital(span)}, {p.years.follow_up} og {inputs.last_year}. {n}.",
        "out_description",
        chart,
        f"Linjefigur over {span}. Fuldt optrukket: i år. Stiplet: sidste år. Grå flade: den tid, hvor samtalerne blev holdt.",
        tuple(cells),
    )  # fmt: skip


def development(inputs: ReportInputs) -> Section:
    """By grade against last year, and each started grade over the year."""
    waves = [w.grade for w in inputs.started_waves()]
    exhibits = []
    # Page one of an interim round shows the only grade's figure already.
    figures = waves if len(waves) > 1 or inputs.round.kind == "final" else []
    for grade in sorted(figures, key=inputs.protocol.grades.order.index):
        found = calendar_figure(inputs, (grade,), f"udvikling-{grade}")
        exhibits += [found] if found else []
    grades = _grades_table(inputs)
    exhibits += [grades] if grades else []
    text = (
        f"Tallene er det registrerede fravær til og med {date(inputs.round.cutoff)} og i {period_phrase(inputs)}. "
        f"Der går andre elever på en {inputs.group_word()} i år end sidste år, og fravær svinger med sygdom og årstid. "
        "En forskel her er derfor ikke i sig selv en følge af samtalerne."
    )
    return Section(
        "udvikling",
        "Udviklingen i fraværet",
        (text,) if exhibits else (_nothing("fraværet"),),
        tuple(exhibits),
    )


def types(inputs: ReportInputs) -> Section:
    """Types of absence this year and last, for the grades that have begun."""
    p = inputs.protocol
    outcomes = [o for o in p.outcomes if not o.is_primary]
    who = started_names(inputs) or "indsatsgrupperne"
    rows, cells = [], []
    waves = inputs.started_waves()
    for year in (p.years.follow_up, inputs.last_year):
        row: dict[str, Any] = {"year": year}
        for o in outcomes:
            level = treated_level(inputs, year, o.id)
            row[o.id] = None if level.absence is None else rounded(level.absence)
            mark = Mark(
                "description_year_to_date",
                (("skoleår", year), ("klassetrin", "+".join(w.grade for w in waves)), ("type", o.id)),
                "pct",
            )
            cells.append((mark, row[o.id]))
        rows.append(row)
    if not outcomes or all(r[o.id] is None for r in rows for o in outcomes):
        return Section("typer", "Typer af fravær", (_nothing("typer af fravær"),))
    colours = (BLUE, GREEN, RUST, GREY)
    chart = Bars(
        tuple(r["year"] for r in rows),
        tuple(Part(o.label, tuple(r[o.id] for r in rows), colours[i % 4]) for i, o in enumerate(outcomes)),
        "Fravær i procent af skoledagene",
    )

    def mark_of(outcome: str) -> Any:
        return lambda row: Mark(
            "description_year_to_date",
            (
                ("skoleår", str(row["year"])),
                ("klassetrin", "+".join(w.grade for w in waves)),
                ("type", outcome),
            ),
            "pct",
        )

    columns = [
        Column("year", "Skoleår"),
        *(Column(o.id, capital(o.label), "pct", mark=mark_of(o.id)) for o in outcomes),
    ]
    table = render_table(
        "typer",
        f"Fravær efter type, {who}",
        pd.DataFrame(rows),
        columns,
        key=("year",),
        marker=p.disclosure.marker,
    )
    moved = [
        (o, rounded(rows[0][o.id] - rows[1][o.id]))
        for o in outcomes
        if rows[0][o.id] is not None and rows[1][o.id] is not None
    ]
    top = max(moved, key=lambda m: abs(m[1]), default=None)
    title = f"{capital(who)}: typerne fordeler sig som sidste år"
    if top and top[1]:
        title = f"{capital(who)}: størst ændring i {top[0].label}, {'ned' if top[1] < 0 else 'op'} {number(abs(top[1]))} procentpoint siden sidste år"
    what = f"{DEFINITION} Skoleåret til og med samme dato. {capital(who)}."
    text = (
        "En forskydning mellem typerne kan komme af ændret registrering og ikke af ændret fravær. "
        "Ufrivilligt fravær er ikke en registreringstype; det kan kun belyses gennem interviewene."
    )
    alt = "Liggende søjler, én for hvert skoleår, delt efter type af fravær."
    return Section(
        "typer",
        "Typer af fravær",
        (text,),
        (Exhibit("typer", title, table, what, "out_description", chart, alt, tuple(cells)),),
    )


def bands(inputs: ReportInputs) -> Section:
    """Pupils by band of absence, those over ten per cent, and long spells."""
    p = inputs.protocol
    f = inputs.frame("out_patterns")
    years = (p.years.follow_up, inputs.last_year)
    exhibits = []
    for pattern, identity, heading, unit in (
        ("bands", "baand", "Fravær indtil nu", "Andel af eleverne i procent"),
        ("long_spells", "lange", "Sammenhængende fravær", "Andel af eleverne i procent"),
    ):
        rows = f[(f["pattern"] == pattern) & (f["group_kind"] == "all") & f["school_year"].isin(years)]
        if not len(rows):
            continue
        wide = rows.pivot_table(
            index="level",
            columns="school_year",
            values="share_pct",
            aggfunc="first",
            sort=False,
            dropna=False,
        )
        order = sorted(
            wide.index,
            key=lambda x: float(
                "".join(ch for ch in str(x).replace("–", "-").split("-")[0] if ch.isdigit() or ch == ".") or 0
            ),
        )
        wide = wide.reindex(order).reset_index()
        names = {lev: _band_name(str(lev), pattern) for lev in wide["level"]}
        held = [y for y in years if y in wide]

        def mark_of(year: str, pattern: str = pattern) -> Any:
            return lambda row: Mark(
                f"pattern_{pattern}", (("skoleår", year), ("bånd", str(row["level"]))), "share"
            )

        columns = [
            Column("level", heading, names=names),
            *(Column(y, y, "pct", mark=mark_of(y)) for y in held),
        ]
        table = render_table(
            identity,
            f"{heading}: andel af alle elever",
            wide,
            columns,
            key=("level",),
            marker=p.disclosure.marker,
        )
        now = tuple(shown([None if is_missing(v) else float(v) for v in wide[held[0]]]))
        cells = tuple(
            (Mark(f"pattern_{pattern}", (("skoleår", held[0]), ("bånd", str(lev))), "share"), v)
            for lev, v in zip(wide["level"], now, strict=True)
        )
        chart = (
            Bars(
                tuple(names[lev] for lev in wide["level"]), (Part(held[0], now, BLUE),), f"{unit}, {held[0]}"
            )
            if pattern == "bands"
            else None
        )
        title = (
            _over_ten(inputs)
            if pattern == "bands"
            else "Lange sammenhængende perioder med fravær, i år og sidste år"
        )
        exhibits.append(
            Exhibit(
                identity,
                title,
                table,
                f"Alle elever på alle {inputs.group_word(plural=True)}, {held[0]} til og med {date(inputs.round.cutoff)}.",
                "out_patterns",
                chart,
                "Liggende søjler, én for hvert bånd af fravær." if chart else "",
                cells if chart else (),
            )
        )
    text = "Over 10 procent er ministeriets grænse for højt fravær: en elev, der i gennemsnit er væk mere end hver tiende skoledag. Tidligt på året når færre elever stabilt over eller under en grænse."
    return Section(
        "baand",
        "Over 10 procent og langt fravær",
        (text,) if exhibits else (_nothing("højt fravær"),),
        tuple(exhibits),
    )


def _over_ten(inputs: ReportInputs) -> str:
    rows = rows_of(inputs, "year_to_date", inputs.protocol.years.follow_up, "all")
    share = value(rows.iloc[0].to_dict(), "over_10_pct") if len(rows) else None
    if share is None:
        return "Eleverne fordelt efter, hvor meget fravær de har"
    return f"{capital(one_in(rounded(share)))} elever har mere end 10 procent fravær ({percent(share)})"


def _band_name(level: str, pattern: str) -> str:
    level = level.replace("-", "–")
    if pattern == "long_spells":
        return f"{level.rstrip('+')} skoledage i træk eller mere" if level.rstrip("+").isdigit() else level
    return f"{level.rstrip('+')} % og derover" if level.endswith("+") else f"{level} %"


def _grades_table(inputs: ReportInputs) -> Exhibit | None:
    p = inputs.protocol
    rows = []
    begun = {w.grade for w in inputs.started_waves()}
    by = {}
    for year in (p.years.follow_up, inputs.last_year):
        by[year] = {
            str(r["group_id"]): r for r in rows_of(inputs, "year_to_date", year, "grade").to_dict("records")
        }
    now, then = by[p.years.follow_up], by[inputs.last_year]
    for grade in p.grades.order:
        if grade not in now and grade not in then:
            continue
        a, b = value(now.get(grade, {}), "absence_pct"), value(then.get(grade, {}), "absence_pct")
        role = (
            "har haft samtaler"
            if grade in begun
            else "venter"
            if grade in p.treated_grades
            else "sammenligning"
        )
        rows.append(
            {"grade": grade, "role": role, "pupils": value(now.get(grade, {}), "pupils"), "now": a, "then": b,
             "change": None if a is None or b is None else rounded(rounded(a) - rounded(b)), "over": value(now.get(grade, {}), "over_10_pct")}
        )  # fmt: skip
    if not rows:
        return None

    def marks(source: dict[str, dict[str, Any]], column: str) -> Any:
        return lambda row: (
            description_mark(source[row["grade"]], column) if row["grade"] in source else Mark(model="none")
        )

    columns = [
        Column("grade", capital(inputs.group_word()), names=p.grades.name),
        Column("role", "Rolle"),
        Column("pupils", "Elever", "count", mark=marks(now, "pupils")),
        Column("now", p.years.follow_up, "pct", mark=marks(now, "absence_pct")),
        Column("then", inputs.last_year, "pct", mark=marks(then, "absence_pct")),
        Column(
            "change",
            "Ændring i procentpoint",
            "pp",
            mark=lambda row: Mark(cell=(("klassetrin", str(row["grade"])),), model="difference"),
        ),
        Column("over", "Over 10 procent", "pct0", mark=marks(now, "over_10_pct")),
    ]
    both = [r for r in rows if r["change"] is not None]
    fell, rose = sum(r["change"] < 0 for r in both), sum(r["change"] > 0 for r in both)
    title = f"Fraværet er lavere end sidste år på {fell} af {len(both)} {inputs.group_word(plural=True)} og højere på {rose}"
    table = render_table(
        "aargange",
        f"Fravær pr. {inputs.group_word()}, i år og sidste år",
        pd.DataFrame(rows),
        columns,
        key=("grade",),
        marker=p.disclosure.marker,
    )
    return Exhibit(
        "aargange",
        title,
        table,
        f"{DEFINITION} {p.years.follow_up} til og med {date(inputs.round.cutoff)} mod samme periode {inputs.last_year}. Alle skoler.",
        "out_description",
    )


def _calendar_finding(
    who: str, rest: str, values: Mapping[str, tuple[float | None, ...]], start: int | None, kind: str
) -> str:
    """The finding by rule: how often this year lies below last year once the talks began, here and elsewhere."""
    since = 0 if start is None else start
    own, others = (
        [
            a < b
            for a, b in zip(values[x][since:], values[f"{x}_before"][since:], strict=True)
            if a is not None and b is not None
        ]
        for x in ("now", "other")
    )
    if not own:
        return f"{who}: fraværet over året"
    unit = {"week": ("uge", "uger"), "month": ("måned", "måneder")}[kind][len(own) != 1]
    times = f"i alle {len(own)} {unit}" if all(own) else f"i {sum(own)} af {len(own)} {unit}"
    began = " siden samtalerne begyndte" if start is not None else ""
    beside = f"; {rest.lower()} i {sum(others)}" if len(others) == len(own) else ""
    return f"{who} ligger under sidste år {times}{began}{beside}"


def _start(shades: tuple[Shade, ...]) -> int | None:
    return int(shades[0].start + 0.5) if shades else None


def _by_label(kind: str, rows: list[dict[str, Any]], labels: list[str]) -> dict[str, dict[str, Any]]:
    return {x: r for r in rows if (x := period_label(kind, r)) in labels}


def _marker(source: Mapping[str, Row], column: str) -> Any:
    return lambda row: (
        description_mark(source[row["label"]], column) if row["label"] in source else Mark(model="none")
    )


def _pupils(rows: list[dict[str, Any]]) -> float | None:
    known = [v for r in rows if (v := value(r, "pupils")) is not None]
    return known[-1] if known and len(known) == len(rows) else None


def _talk_shades(
    inputs: ReportInputs, waves: tuple[str, ...], kind: str, labels: list[str], rows: list[dict[str, Any]]
) -> tuple[Shade, ...]:
    if len(waves) != 1:
        return ()
    log = inputs.frame("out_implementation")
    log = log[log["grade"] == waves[0]]
    wave = next(w for w in inputs.protocol.waves if w.grade == waves[0])
    first = as_date(log["first_on"].min()) if log["first_on"].notna().any() else wave.planned_from
    last = as_date(log["last_on"].max()) if log["last_on"].notna().any() else wave.planned_to
    last = min(last, inputs.round.cutoff)

    def place(day: Any) -> int | None:
        found = None
        for r in rows:
            if as_date(r["period_from"]) <= day and (x := period_label(kind, r)) in labels:
                found = labels.index(x)
        return found

    a, b = place(first), place(last)
    return (Shade(a - 0.5, b + 0.5, "samtaler"),) if a is not None and b is not None else ()


def _nothing(about: str) -> Markup:
    return Markup("Runden har ingen tal om {} at vise.").format(about)
