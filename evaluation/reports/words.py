"""Sections about what was done and how words relate to numbers: implementation and joint display.

Texts from interviews are shown as text and never interpreted; only approved quotes arrive here.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from evaluation.reports import language as say
from evaluation.reports.answers import low_coverage
from evaluation.reports.charts import BLUE, Bars, Part, shown
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, records, text, value
from evaluation.reports.page import Exhibit, Section, measure_of, own_mark
from evaluation.reports.places import groups, wave_name
from evaluation.words.danish import capital, date, neuter, percent

UNWILLING = (
    "Ufrivilligt fravær er ikke en registreringstype. "
    "Det, der står om ufrivilligt fravær i denne rapport, kommer alene fra interviewene."
)
RELATIONS = {
    "bekræfter": "interview og tal peger samme vej",
    "udvider": "interviewene siger mere, end tallene kan",
    "modsiger": "interview og tal peger hver sin vej",
    "tavs": "interviewene siger ikke noget om det",
}


def implementation(inputs: ReportInputs) -> Section:
    """Talks held, coverage, follow-ups and consents by school and grade."""
    title = "Er indsatsen gennemført?"
    rows = inputs.frame("out_implementation")
    begun = {w.id for w in inputs.started_waves()}
    waiting = [wave_name(inputs.protocol, w) for w in inputs.protocol.waves if w.id not in begun]
    rows = rows[rows["wave"].isin(begun)]
    if not len(rows):
        return Section(
            "gennemfoerelse",
            title,
            ("Der er ingen log over indsatsen i denne runde. Datoerne er protokollens antagelser.",),
        )
    order = {s.id: i for i, s in enumerate(inputs.protocol.schools)}
    grades = {g: i for i, g in enumerate(inputs.protocol.grades.order)}
    rows = rows.assign(_g=rows["grade"].map(grades), _s=rows["school_id"].map(order)).sort_values(
        ["_g", "_s"]
    )
    rows = rows.assign(who=[_cell_name(inputs, r, rows["grade"].nunique() > 1) for r in records(rows)])

    def mark_of(column: str) -> Any:
        def mark(row: Any) -> Mark:
            cell = (
                ("skole", str(row["school_id"])),
                ("klassetrin", str(row["grade"])),
                ("opgørelse", "talks_held" if column == "coverage_pct" else column),
            )
            return own_mark(row, column) or Mark("implementation", cell, measure_of(column))

        return mark

    columns = [
        Column("who", "Hvor"),
        Column("talks_held", "Holdt", "count", mark=mark_of("talks_held")),
        Column("coverage_pct", "Dækning, mindst", "pct0", mark=mark_of("coverage_pct")),
        Column("follow_ups", "Opfølgninger", "count", mark=mark_of("follow_ups")),
        Column("consents_given", "Samtykker givet", "count", mark=mark_of("consents_given")),
        Column("consents_missing", "Mangler svar", "count", mark=mark_of("consents_missing")),
        Column("last_on", "Sidste dag", "date"),
    ]
    sessions = inputs.protocol.words.sessions
    # Coverage is released only where it does not tell how few had no talk.
    is_covered = rows["coverage_pct"].notna().any()
    if not is_covered:
        columns = [c for c in columns if c.name != "coverage_pct"]
    table = render_table(
        "samtaler",
        f"{capital(sessions)}, opfølgning og samtykker",
        rows,
        columns,
        key=("school_id", "grade"),
        marker=inputs.protocol.disclosure.marker,
    )
    limit = percent(inputs.protocol.talks.minimum_coverage_pct, 0)
    drawn, heading, unit = (
        "coverage_pct",
        "dækning",
        "Elever, der har fået indsatsen, mindst så mange procent",
    )
    if not is_covered:
        drawn, heading, unit = (
            "talks_held",
            inputs.protocol.words.sessions,
            f"{capital(inputs.protocol.words.sessions)} holdt",
        )
    bars = shown([value(r, drawn) for r in records(rows)], 0)
    chart = Bars(tuple(rows["who"]), (Part(heading, bars, BLUE),), unit, 0)
    finding = _coverage_finding(inputs, rows, limit) if is_covered else f"Holdte {sessions}, skole for skole"
    paragraphs = [
        f"En skoles {inputs.group_word()} regnes for at have haft {inputs.protocol.study.programme}, når "
        f"mindst {limit} af eleverne har haft dem."
    ]
    if waiting:
        paragraphs.append(f"{capital(groups(waiting))} venter og er ikke med i tabellen.")
    what = f"Fra loggen over {sessions} og samtykkeregisteret, pr. {date(inputs.round.cutoff)}."
    return Section(
        "gennemfoerelse",
        title,
        tuple(paragraphs),
        (
            Exhibit(
                "samtaler",
                finding,
                table,
                what,
                "out_implementation",
                chart,
                "Liggende søjler, én for hver skole og gruppe.",
            ),
        ),
    )


def _coverage_finding(inputs: ReportInputs, rows: pd.DataFrame, limit: str) -> str:
    low = low_coverage(inputs)
    if low:
        return f"{neuter(len(low))} {'sted' if len(low) == 1 else 'steder'} har nået færre end {limit} af eleverne"
    which = ", der kan vises," if rows["coverage_pct"].isna().any() else ""
    return f"Alle steder{which} har nået mindst {limit} af eleverne"


def joint_display(inputs: ReportInputs) -> Section:
    """Per sign of the Målplan: numbers, words, how they relate and the combined reading."""
    title = "Tal og ord side om side"
    rows = inputs.frame("out_joint_display")
    if not len(rows):
        return Section(
            "samlet",
            title,
            ("Der er ingen interviews i denne runde at sætte ved siden af tallene.", UNWILLING),
        )
    parts = tuple(_sign(r) for r in records(rows))
    shared = [r for r in RELATIONS if (rows["relation"] == r).any()]
    key = "; ".join(f"»{r}«: {RELATIONS[r]}" for r in shared)
    return Section(
        "samlet",
        title,
        (
            f"For hvert af {inputs.protocol.words.goal}s tegn står her, hvad tallene viser, og hvad interviewene siger. "
            f"{capital(key)}.",
            UNWILLING,
        ),
        parts=parts,
    )


def _sign(row: dict[str, Any]) -> Section:
    estimate, low, high = (value(row, c) for c in ("estimate_pp", "ci_low_pp", "ci_high_pp"))
    numbers = capital(text(row, "quant_verdict"))
    if estimate is not None:
        unit = " procentpoint" if say.direction(estimate) != "same" else ""
        amount = f"{say.side(estimate)}{unit} i forhold til det ventede"
        # A verdict that cannot be given yet is no heading for a number: the number is what is seen so far.
        is_open = not numbers or numbers.startswith(("Kan endnu ikke", "Kan ikke"))
        begun = f"{numbers}. Indtil nu" if numbers and is_open else numbers or "Indtil nu"
        numbers = f"{begun}: {amount}. {say.interval(low, high)}".strip()
    relation = text(row, "relation") or "tavs"
    reading = text(row, "reading") or f"{capital(RELATIONS.get(relation, ''))}."
    stated = text(row, "quant_text")
    if estimate is None and not numbers and stated not in reading:
        # A sign that is not absence rests on a number of its own; what "Sammen" says of it must be seen.
        numbers = stated
    out: list[str | Markup] = []
    if numbers:
        out.append(
            Markup("<strong>Tallene:</strong> {}").format(numbers if numbers.endswith(".") else f"{numbers}.")
        )
    out.append(
        Markup("<strong>Ordene:</strong> {}").format(
            text(row, "qual_summary") or "Kun få kilder taler om det, så det vises ikke, hvad de siger."
        )
    )
    joined = Markup('<strong>Sammen:</strong> <span class="relation">{}</span>. {}')
    out.append(joined.format(capital(relation), reading))
    reason = text(row, "override_reason")
    if value(row, "is_overridden") and reason and reason.rstrip(".") not in reading:
        out.append(f"Vurderingen er ændret af en analytiker: {reason}")
    for name, lead in (("quote", ""), ("quote_against", "Der siges også: ")):
        quote, by = text(row, name), text(row, f"{name}_attribution")
        if quote:
            out.append(Markup("{}<q>{}</q>{}").format(lead, quote, f" – {by}" if by else ""))
    return Section(f"tegn-{text(row, 'sign_id').lower().replace('.', '-')}", text(row, "sign"), tuple(out))


def _cell_name(inputs: ReportInputs, row: dict[str, Any], with_grade: bool) -> str:
    name = inputs.school_name(str(row["school_id"]), short=True)
    return f"{name}, {inputs.protocol.grades.name(str(row['grade']))}" if with_grade else name
