"""The milestone and the months around the talks: verdicts with their reasons, and the event study.

Every sentence says "end ventet": the design carries a comparison, not a cause.
"""

from __future__ import annotations

from typing import Any

from evaluation.reports import language as say
from evaluation.reports.charts import BLUE, GREEN, Dots, Line, Lines, dot, shown
from evaluation.reports.danish import capital, date, number, percent, points, signed, word
from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import (
    EFFECT_KEY,
    Effect,
    ReportInputs,
    Verdict,
    effects,
    headline,
    records,
    text,
    value,
    verdicts,
)
from evaluation.reports.page import Exhibit, Section

UNIT = "Procentpoint i forhold til det ventede"
ESTIMATE_COLUMNS = (
    Column("estimate_pp", "Ændring (procentpoint)", "pp", "none"),
    Column("ci_low_pp", "Interval fra", "pp", "none"),
    Column("ci_high_pp", "Interval til", "pp", "none"),
)


def milestone_figure(inputs: ReportInputs, identity: str = "milepael-figur") -> Exhibit | None:
    """The looks at the milestone with their intervals; None when the round has no verdicts."""
    found = verdicts(inputs)
    if not found:
        return None
    names = [capital(inputs.wave_name(v.look)) for v in found]
    rows = tuple(
        dot(name, (v.estimate, v.low, v.high), BLUE if v.look == "all" else GREEN)
        for name, v in zip(names, found, strict=True)
    )
    frame = inputs.frame("out_verdicts")
    order = {v.look: i for i, v in enumerate(found)}
    frame = frame[frame["look"].isin(order)].sort_values("look", key=lambda s: s.map(order), kind="stable")
    frame = frame.assign(verdict=[verdict_text(v) for v in found])
    columns = [
        Column("look", "Hvem", names=lambda k: capital(inputs.wave_name(k))),
        Column("verdict", "Afgørelse"),
        *ESTIMATE_COLUMNS,
    ]
    caption = "Milepælen: afgørelse, ændring og interval"
    marker = inputs.protocol.disclosure.marker
    has_figure = any(r.estimate is not None for r in rows)
    months = word(len(inputs.protocol.milestone.months))
    return Exhibit(
        identity,
        _finding(inputs, found),
        render_table(identity, caption, frame, columns, key=("look",), marker=marker, source="out_verdicts"),
        f"Ændring i de første {months} hele måneder efter samtalerne i forhold til det, de øvrige "
        f"{inputs.group_word(plural=True)} og sidste år lod vente. {_level(inputs)}-intervaller.",
        "out_verdicts",
        Dots(rows, UNIT) if has_figure else None,
        "Prikfigur med usikkerhed. Til venstre for nul er mindre fravær end ventet, til højre er mere."
        if has_figure
        else "",
    )


def milestone(inputs: ReportInputs) -> Section:
    """What the milestone asks, each look's verdict and its reasons."""
    p = inputs.protocol
    intro = (
        f"Målplanens milepæl lyder: »{p.milestone.text}«. Reglen for, hvornår den er nået, blev skrevet i "
        f"protokollen på forhånd: ændringen i de første {word(len(p.milestone.months))} hele måneder efter "
        "samtalerne skal være et fald, og både intervallet og ombytningstesten skal skille faldet fra tilfældige "
        "udsving. En måned, hvor der blev holdt samtaler, tælles ikke med."
    )
    exhibit = milestone_figure(inputs)
    if exhibit is None:
        return Section("milepael", "Milepælen", (intro, "Runden har ingen afgørelse af milepælen."))
    # What waits is in the table with its date, and for one and the same reason: said once.
    due = [v for v in verdicts(inputs) if v.is_due]
    reasons = [
        f"{capital(inputs.wave_name(v.look))}: {verdict_text(v)}. {' '.join(v.reasons)}".strip() for v in due
    ]
    if len(due) < len(verdicts(inputs)):
        months = word(len(p.milestone.months))
        reasons.append(
            f"Hvor der står »kan endnu ikke opgøres«, var de {months} hele måneder efter samtalerne ikke gået på "
            "alle skoler ved datagrænsen."
        )
    where = (
        ("Figuren står på rapportens første side.",)
        if inputs.round.kind == "final" and exhibit.has_chart
        else ()
    )
    return Section("milepael", "Milepælen", (intro, *where), (exhibit,), tuple(reasons))


def event_study(inputs: ReportInputs) -> Section:
    """Months before and after the talks, with what the test of the months before could have seen."""
    title = "Måned for måned før og efter samtalerne"
    rows = effects(inputs, "event_study")
    months = rows[rows["horizon"].astype(str).str.fullmatch(r"-?\d+") & rows["estimate_pp"].notna()]
    if not len(months):
        why = text(records(rows.head(1))[0], "note") if len(rows) else ""
        return Section(
            "forloeb", title, (why or "Der er endnu ikke nok måneder efter samtalerne til at vise forløbet.",)
        )
    months = months.drop_duplicates("horizon").assign(_m=lambda d: d["horizon"].astype(int)).sort_values("_m")
    found = [Effect.from_row(r) for r in records(months)]
    line = Line(
        "forskel til det ventede",
        "",
        shown([e.estimate for e in found]),
        BLUE,
        low=shown([e.low if e.band_low is None else e.band_low for e in found]),
        high=shown([e.high if e.band_high is None else e.band_high for e in found]),
    )
    axis = "Måneder siden samtalerne"
    chart = Lines(tuple(signed(float(e.horizon), 0) for e in found), (line,), UNIT, axis, from_zero=False)
    columns = [Column("horizon", axis, names=lambda h: signed(float(h), 0)), *ESTIMATE_COLUMNS]
    has_band = any(e.band_low is not None for e in found)
    if has_band:
        columns += [
            Column("band_low_pp", "Alle måneder under ét fra", "pp", "none"),
            Column("band_high_pp", "Alle måneder under ét til", "pp", "none"),
        ]
    drawn = "bånd, der rummer alle måneder under ét" if has_band else "interval"
    marker = inputs.protocol.disclosure.marker
    caption = "Forskel til det ventede, måned for måned"
    after = [e for e in found if int(e.horizon) > 0]
    below = sum((e.estimate or 0) < 0 for e in after)
    finding = "Måneder før samtalerne mod det ventede"
    if after:
        unit = "måned" if len(after) == 1 else "måneder"
        finding = f"Efter samtalerne ligger fraværet under det ventede i {below} af {len(after)} {unit}"
    exhibit = Exhibit(
        "forloeb-figur",
        finding,
        render_table(
            "forloeb", caption, months, columns, key=EFFECT_KEY, marker=marker, source="out_effects"
        ),
        f"Hver prik er en måneds forskel til det ventede; stregen er et {_level(inputs)}-{drawn}. Måneder før "
        "samtalerne har minus foran og skal ligge omkring nul. Samtalemåneden selv er udeladt.",
        "out_effects",
        chart,
        "Prikker med lodrette usikkerhedsstreger, én for hver måned før og efter samtalerne.",
    )
    intro = (
        f"Hvis {inputs.group_word(plural=True)}ne allerede udviklede sig forskelligt før samtalerne, kan en forskel "
        "bagefter ikke tilskrives samtalerne. Derfor vises månederne før også."
    )
    before = tuple(x for r in records(inputs.frame("out_pretrend")) if (x := _pretrend(r)))
    return Section("forloeb", title, (intro,), (exhibit,), before)


def verdict_text(v: Verdict) -> str:
    """The fixed words, with the date where it is not due."""
    return f"{v.word} (tidligst {date(v.earliest_on)})" if not v.is_due and v.earliest_on else v.word


def _level(inputs: ReportInputs) -> str:
    return percent(100 * inputs.protocol.verdict.level, 0)


def _finding(inputs: ReportInputs, found: tuple[Verdict, ...]) -> str:
    if not any(v.is_due for v in found):
        return "Milepælen kan endnu ikke opgøres"
    head = headline(inputs)
    if head is None or head.estimate is None:
        return "Milepælen kan ikke vurderes"
    who = capital(inputs.wave_name(head.look))
    match say.direction(head.estimate):
        case "same":
            return f"{who}: fraværet er som ventet; {head.word}"
        case "fall":
            return f"{who}: fraværet er {points(head.estimate)} lavere end ventet; {head.word}"
    return f"{who}: fraværet er {points(head.estimate)} højere end ventet; {head.word}"


def _pretrend(row: dict[str, Any]) -> str:
    slope, bias, p = value(row, "slope_80"), value(row, "bias_at_milestone_pp"), value(row, "p_value")
    if p is None:
        return text(row, "note")
    seen = "Der ses ingen forskel i udviklingen før samtalerne."
    if p <= 0.05:
        seen = "Grupperne udviklede sig forskelligt allerede før samtalerne."
    if slope is not None and bias is not None:
        missed = value(row, "bias_after_passing_pp")
        unseen = "" if missed is None else f" ({number(abs(missed))} procentpoint de gange, den ikke opdages)"
        seen += (
            f" Prøven ville i fire af fem tilfælde opdage en skævhed på {number(abs(slope))} procentpoint pr. måned, "
            f"som ville flytte milepælens tal med {number(abs(bias))} procentpoint{unseen}; en mindre skævhed kan være "
            "overset."
        )
    return seen
