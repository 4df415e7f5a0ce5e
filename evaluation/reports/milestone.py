"""The milestone and the months around the talks: verdicts with their reasons, and the event study.

Every sentence says "end ventet": the design carries a comparison, not a cause.
"""

from __future__ import annotations

from typing import Any

from evaluation.questions.verdict import Word
from evaluation.reports import language as say
from evaluation.reports.charts import BLUE, GREEN, Dots, Line, Lines, dot, shown
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
from evaluation.reports.places import of_unit, others, unit
from evaluation.reports.verdict_words import causes, demands
from evaluation.words.danish import capital, date, number, percent, points, rounded, signed, word

UNIT = "Procentpoint i forhold til det ventede"
_ANSWERED = {
    "verdict": "afgøres efter reglen",
    "description": "beskrives med sit interval; det er ikke aftalt på forhånd, hvad der skal til, så intet afgøres",
    "interviews": "besvares af interviewene",
}
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
        _finding(inputs),
        render_table(identity, caption, frame, columns, key=("look",), marker=marker, source="out_verdicts"),
        f"Ændring i de første {months} hele måneder efter indsatsen i forhold til det ventede: det, man "
        f"kunne vente, når man ser på de øvrige {others(inputs.protocol)} og på sidste år. {_level(inputs)}-intervaller.",
        "out_verdicts",
        Dots(rows, UNIT) if has_figure else None,
        "Prikfigur med usikkerhed. Til venstre for nul er mindre fravær end ventet, til højre er mere."
        if has_figure
        else "",
    )


def milestone(inputs: ReportInputs) -> Section:
    """What the milestone asks, each look's verdict and its reasons."""
    p = inputs.protocol
    months = word(len(p.milestone.months))
    intro = (
        f"Milepælen lyder: »{p.milestone.text}«. Reglen for, hvad der siges om den, blev skrevet i protokollen på "
        f"forhånd. Den ser på de første {months} hele måneder efter indsatsen; en måned, hvor indsatsen blev givet, "
        "tælles ikke med. Opnået er den, når både intervallet og ombytningstesten skiller et fald fra tilfældige udsving, "
        f"og et fald på {points(p.milestone.relevant_change_pp)} ikke er udelukket. En stigning bedømmes på samme måde."
    )
    exhibit = milestone_figure(inputs)
    if exhibit is None:
        return Section("milepael", "Milepælen", (intro, "Runden har ingen afgørelse af milepælen."))
    relevant = p.milestone.relevant_change_pp
    points_: list[str] = [f"»{part.quote}«: {_ANSWERED[part.answered_by]}." for part in p.milestone.parts]
    for v in verdicts(inputs):
        asked = demands(v.met, v.failed, relevant)
        if asked:
            points_.append(f"{capital(inputs.wave_name(v.look))}: {verdict_text(v)}. {' '.join(asked)}")
    points_ += [f"Bemærk: {note}." for note in _notes(inputs)]
    if any(v.word is Word.DESCRIBED for v in verdicts(inputs)):
        points_.append(
            f"Én {unit(inputs.protocol)} alene beskrives, men afgøres ikke: med så få grupper kan ombytningstesten ikke "
            "give et sikkert svar."
        )
    if any(not v.is_due for v in verdicts(inputs)):
        points_.append(
            f"Hvor der står »{Word.NOT_YET}«, var de {months} hele måneder efter indsatsen ikke gået, da "
            "runden sluttede; "
            "datoen er rapportens."
        )
    return Section("milepael", "Milepælen", (intro,), (exhibit,), tuple(points_))


def figure_only(inputs: ReportInputs) -> Section | None:
    """The looks with their intervals alone."""
    found = milestone_figure(inputs)
    return None if found is None or not found.has_chart else Section("milepael", "Milepælen", (), (found,))


def event_study(inputs: ReportInputs) -> Section:
    """Months before and after the talks, with what the test of the months before could have seen."""
    title = "Måned for måned før og efter indsatsen"
    rows = effects(inputs, "event_study")
    months = rows[rows["horizon"].astype(str).str.fullmatch(r"-?\d+") & rows["estimate_pp"].notna()]
    if not len(months):
        why = text(records(rows.head(1))[0], "note") if len(rows) else ""
        return Section(
            "forloeb", title, (why or "Der er endnu ikke nok måneder efter indsatsen til at vise forløbet.",)
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
    axis = "Måneder siden indsatsen"
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
    before_, after = ([e for e in found if (int(e.horizon) > 0) is is_after] for is_after in (False, True))
    finding = "Måneder før indsatsen mod sidste år"
    if after:
        finding = f"Under det ventede i {_below(after)} efter indsatsen"
        finding += f" og i {_below(before_)} før" if before_ else ""
    exhibit = Exhibit(
        "forloeb-figur",
        finding,
        render_table(
            "forloeb", caption, months, columns, key=EFFECT_KEY, marker=marker, source="out_effects"
        ),
        f"Hver prik er en måneds forskel til det ventede; stregen er et {_level(inputs)}-{drawn}. Måneder før "
        "indsatsen har minus foran. Her sammenlignes med samme måned sidste år: ligger månederne før indsatsen over eller "
        f"under nul, er det andre elever. Derfor måles milepælens tal fra {of_unit(inputs.protocol)} egne måneder før. "
        "Månederne med indsatsen er udeladt.",
        "out_effects",
        chart,
        "Prikker med lodrette usikkerhedsstreger, én for hver måned før og efter indsatsen.",
    )
    intro = (
        f"Hvis {inputs.group_word(plural=True)}ne allerede udviklede sig forskelligt før indsatsen, kan en forskel "
        "bagefter ikke tilskrives indsatsen. Derfor vises månederne før også."
    )
    before = tuple(x for r in records(inputs.frame("out_pretrend")) if (x := _pretrend(r)))
    return Section("forloeb", title, (intro,), (exhibit,), before)


def _below(months: list[Effect]) -> str:
    """``9 af 9 måneder``: as many as lie below what was expected."""
    below = sum(rounded(e.estimate or 0.0) < 0 for e in months)
    return f"{below} af {len(months)} {'måned' if len(months) == 1 else 'måneder'}"


def verdict_text(v: Verdict) -> str:
    """The fixed word with its date or cause in brackets, then the direction."""
    inside = f"tidligst {date(v.earliest_on)}" if v.earliest_on else causes(v.causes)
    text_ = f"{v.word} ({inside})" if inside else str(v.word)
    return f"{text_}; {v.direction}" if v.direction else text_


def _notes(inputs: ReportInputs) -> tuple[str, ...]:
    """What must be known of the pooled look's estimate, as it may be told."""
    rows = effects(inputs, "milestone", group_kind="all", estimator="imputation", status="estimated")
    return tuple(n.rstrip(".") for r in records(rows.head(1)) if (n := text(r, "note")))


def _level(inputs: ReportInputs) -> str:
    return percent(100 * inputs.protocol.verdict.level, 0)


def _finding(inputs: ReportInputs) -> str:
    head = headline(inputs)
    if head is None or not head.is_due:
        return "Milepælen kan endnu ikke opgøres"
    if head.word is Word.CANNOT or head.estimate is None:
        return "Milepælen kan ikke vurderes"
    how = {"same": "som ventet", "fall": f"{points(head.estimate)} lavere end ventet"}.get(
        say.direction(head.estimate), f"{points(head.estimate)} højere end ventet"
    )
    lead = {Word.ACHIEVED: "Milepælen er opnået", Word.NOT_ACHIEVED: "Milepælen er ikke opnået"}.get(
        head.word, "Milepælen kan ikke afgøres" if head.word is Word.UNDECIDED else "Fraværet er faldet lidt"
    )
    return f"{lead}: fraværet er {how}"


def _pretrend(row: dict[str, Any]) -> str:
    p, slope, low, high = (value(row, c) for c in ("p_value", "slope_pp", "ci_low_pp", "ci_high_pp"))
    if p is None or slope is None:
        return text(row, "note")
    seen = (
        f"I månederne før indsatsen skilte grupperne sig {number(abs(slope), 2)} procentpoint om måneden fra det ventede "
        f"({'nedad' if slope < 0 else 'opad'}; interval fra {number(low or 0, 2)} til {number(high or 0, 2)})."
    )
    if p <= 0.05:
        seen += " Det er mere end tilfældige udsving: de udviklede sig forskelligt allerede før indsatsen."
    per, found = value(row, "bias_per_slope"), value(row, "slope_80")
    if per is not None:
        way = {"fall": "ned", "rise": "op"}.get(say.direction(slope * per))
        moved = (
            f"alene have flyttet milepælens tal {points(slope * per)} {way}"
            if way
            else "ikke have flyttet milepælens tal"
        )
        seen += f" Var de fortsat sådan, ville det {moved}."
    unseen = value(row, "bias_after_passing_pp")
    if found is not None and unseen is not None:
        seen += (
            f" Prøven finder en skævhed på {number(found, 2)} procentpoint om måneden i fire af fem tilfælde; de gange "
            f"den ikke findes, flytter den milepælens tal {points(unseen)}."
        )
    return seen
