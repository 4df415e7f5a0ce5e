"""Sections that show estimates: milestone by wave, months since the talks, schools, targeted pupils, doubt.

Every sentence says "end ventet": the design carries a comparison, not a cause.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.reports import language as say
from evaluation.reports.charts import BLUE, GREEN, GREY, RUST, Bars, Dot, Dots, Line, Lines, Part, shown
from evaluation.reports.danish import (
    capital,
    count,
    date,
    join,
    number,
    percent,
    points,
    rounded,
    signed,
    word,
)
from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import Effect, ReportInputs, Verdict, effects, headline, text, value, verdicts
from evaluation.reports.page import Exhibit, Section

UNIT = "Procentpoint i forhold til det ventede"
EFFECT_KEY = ("question", "estimator", "outcome", "group_kind", "group_id", "horizon", "weights")
VERDICT_COLUMNS = (
    Column("verdict", "Afgørelse"),
    Column("estimate_pp", "Ændring (procentpoint)", "pp", "none"),
    Column("ci_low_pp", "Interval fra", "pp", "none"),
    Column("ci_high_pp", "Interval til", "pp", "none"),
)


def milestone_figure(inputs: ReportInputs, identity: str = "milepael") -> Exhibit | None:
    """The looks at the milestone with their intervals; None when no look has an estimate."""
    found = verdicts(inputs)
    if not found:
        return None
    rows = tuple(
        Dot(
            capital(inputs.wave_name(v.look)),
            *shown((v.estimate, v.low, v.high)),
            colour=BLUE if v.look == "all" else GREEN,
        )
        for v in found
    )
    frame = inputs.frame("out_verdicts")
    order = {v.look: i for i, v in enumerate(found)}
    frame = frame[frame["look"].isin(order)].sort_values("look", key=lambda s: s.map(order), kind="stable")
    frame = frame.assign(verdict=[_verdict_text(v) for v in found])
    columns = [Column("look", "Hvem", names=lambda k: capital(inputs.wave_name(k))), *VERDICT_COLUMNS]
    table = render_table(
        identity,
        "Milepælen: afgørelse, ændring og interval",
        frame,
        columns,
        key=("look",),
        marker=inputs.protocol.disclosure.marker,
        source="out_verdicts",
    )
    m = inputs.protocol.milestone.months
    what = f"Ændring i de første {word(len(m))} hele måneder efter samtalerne i forhold til det, de øvrige {inputs.group_word(plural=True)} og sidste år lod vente. 95 %-intervaller."
    has = any(r.estimate is not None for r in rows)
    return Exhibit(
        identity, _milestone_finding(inputs, found), table, what, "out_verdicts", Dots(rows, UNIT) if has else None,
        "Prikfigur med usikkerhed. Til venstre for nul: mindre fravær end ventet. Til højre: mere." if has else "",
    )  # fmt: skip


def milestone(inputs: ReportInputs) -> Section:
    """What the milestone asks, each look's verdict and its reasons."""
    p = inputs.protocol
    exhibit = milestone_figure(inputs)
    intro = (
        f"Målplanens milepæl lyder: »{p.milestone.text}«. Reglen for, hvornår den er nået, blev skrevet i protokollen på forhånd: "
        f"ændringen i de første {word(len(p.milestone.months))} hele måneder efter samtalerne skal være et fald, og både intervallet og "
        "ombytningstesten skal skille faldet fra tilfældige udsving. En måned, hvor der blev holdt samtaler, tælles ikke med."
    )
    reasons = [
        f"{capital(inputs.wave_name(v.look))}: {_verdict_text(v)}. {' '.join(v.reasons)}".strip()
        for v in verdicts(inputs)
    ]
    if exhibit is None:
        return Section("milepael", "Milepælen", (intro, "Runden har ingen afgørelse af milepælen."))
    return Section("milepael", "Milepælen", (intro,), (exhibit,), tuple(reasons))


def event_study(inputs: ReportInputs) -> Section:
    """Months before and after the talks, with what the test of the months before could have seen."""
    rows = effects(inputs, "event_study")
    title = "Måned for måned før og efter samtalerne"
    months = rows[
        rows["horizon"].astype(str).str.fullmatch(r"-?\d+")
        & (rows["estimator"] == (rows["estimator"].iloc[0] if len(rows) else ""))
    ]
    if not len(months):
        return Section(
            "forloeb", title, ("Der er endnu ikke nok måneder efter samtalerne til at vise forløbet.",)
        )
    months = months.drop_duplicates("horizon").assign(_m=lambda d: d["horizon"].astype(int)).sort_values("_m")
    found = [Effect.from_row(r) for r in months.to_dict("records")]
    line = Line(
        "",
        "",
        shown([e.estimate for e in found]),
        BLUE,
        low=shown([e.low for e in found]),
        high=shown([e.high for e in found]),
    )
    chart = Lines(
        tuple(signed(float(e.horizon), 0) for e in found),
        (line,),
        UNIT,
        "Måneder siden samtalerne (0 = samtalemåneden)",
        from_zero=False,
    )
    columns = [
        Column("horizon", "Måneder siden samtalerne", names=lambda h: signed(float(h), 0)),
        Column("estimate_pp", "Forskel (procentpoint)", "pp", "none"),
        Column("ci_low_pp", "Interval fra", "pp", "none"),
        Column("ci_high_pp", "Interval til", "pp", "none"),
    ]
    table = render_table(
        "forloeb",
        "Forskel til det ventede, måned for måned",
        months,
        columns,
        key=EFFECT_KEY,
        marker=inputs.protocol.disclosure.marker,
        source="out_effects",
    )
    after = [e for e in found if int(e.horizon) > 0 and e.estimate is not None]
    below = sum((e.estimate or 0) < 0 for e in after)
    finding = (
        f"Efter samtalerne ligger fraværet under det ventede i {below} af {len(after)} måneder"
        if after
        else "Måneder før samtalerne, som de ventede ud fra de øvrige"
    )
    before = [
        _pretrend(r)
        for r in inputs.frame("out_pretrend").to_dict("records")
        if text(r, "look") in ("all", "")
    ]
    what = "Hver prik er en måneds forskel til det ventede; stregen er 95 %-intervallet. Prikker til venstre for 0 er før samtalerne og skal ligge omkring nul."
    alt = "Prikker med lodrette usikkerhedsstreger, én for hver måned før og efter samtalerne."
    return Section(
        "forloeb",
        title,
        (
            "Hvis årgangene allerede udviklede sig forskelligt før samtalerne, kan forskellen bagefter ikke tilskrives samtalerne. Derfor vises månederne før også.",
        ),
        (Exhibit("forloeb", finding, table, what, "out_effects", chart, alt),),
        tuple(b for b in before if b),
    )


def schools(inputs: ReportInputs) -> Section:
    """Schools in the protocol's order, raw and shrunk, never ranked."""
    title = "Skolerne"
    rows = inputs.frame("out_effects")
    rows = rows[
        (rows["question"] == "school")
        & (rows["outcome"] == inputs.primary)
        & (rows["group_kind"] == "school")
    ]
    note = (
        f"Skolerne står i protokollens rækkefølge og er ikke rangordnet. En skole for sig har få elever på de berørte {inputs.group_word(plural=True)}, "
        "så tallet for sig selv svinger meget. Det udjævnede tal låner styrke fra de andre skoler og er det bedste bud på skolens ændring."
    )
    if not len(rows):
        return Section("skoler", title, ("Der er ikke tal nok til at vise skolerne hver for sig.",))
    is_shrunk = rows["estimator"].astype(str).str.contains("shrunk|blup|pooled", case=False)
    shrunk = {str(r["group_id"]): Effect.from_row(r) for r in rows[is_shrunk].to_dict("records")}
    raw = {str(r["group_id"]): Effect.from_row(r) for r in rows[~is_shrunk].to_dict("records")}
    dots, table_rows = [], []
    for s in inputs.protocol.schools:
        best, own = shrunk.get(s.id) or raw.get(s.id), raw.get(s.id)
        if best is None:
            continue
        ghost = rounded(own.estimate) if own and own.estimate is not None and s.id in shrunk else None
        dots.append(Dot(s.short, *shown((best.estimate, best.low, best.high)), ghost=ghost))
        table_rows.append(
            {
                "group_id": s.id,
                "raw": own.estimate if own else None,
                "shrunk": best.estimate,
                "low": best.low,
                "high": best.high,
            }
        )
    columns = [
        Column("group_id", "Skole", names=inputs.school_name),
        Column("raw", "For sig selv", "pp"),
        Column("shrunk", "Udjævnet", "pp"),
        Column("low", "Interval fra", "pp"),
        Column("high", "Interval til", "pp"),
    ]
    table = render_table(
        "skoler",
        "Ændring pr. skole i procentpoint i forhold til det ventede",
        pd.DataFrame(table_rows),
        columns,
        key=("group_id",),
        marker=inputs.protocol.disclosure.marker,
        source="out_effects",
    )
    return Section(
        "skoler",
        title,
        (note,),
        (
            Exhibit(
                "skoler",
                _schools_finding(dots),
                table,
                "Fyldt prik: udjævnet tal med 95 %-interval. Åben rude: skolens tal for sig selv.",
                "out_effects",
                Dots(tuple(dots), UNIT),
                "Prikfigur med én række for hver skole, i protokollens rækkefølge.",
            ),
        ),
    )


def targeted(inputs: ReportInputs) -> Section | None:
    """The naive fall, the fall to be expected from selection alone, and the difference, as three bars."""
    t = inputs.protocol.targeted
    if t is None:
        return None
    title = capital(t.label)
    rows = inputs.frame("out_targeted")
    naive = _first(rows[rows["estimator"].astype(str).str.contains("naive|before_after", case=False)])
    equal = _first(
        rows[
            rows["estimator"].astype(str).str.contains("equal|did", case=False) & rows["estimate_pp"].notna()
        ]
    )
    if naive is None:
        return Section(
            "indsatselever",
            title,
            (
                "Der er endnu ingen tal om indsatseleverne, eller de kan ikke vises af hensyn til elevernes anonymitet.",
            ),
        )
    change, expected = value(naive, "change_pp"), value(naive, "expected_change_pp")
    if expected is None:
        other = _first(rows[rows["expected_change_pp"].notna()])
        expected = value(other, "expected_change_pp") if other else None
    estimate = value(equal, "estimate_pp") if equal else None
    rest = None if change is None or expected is None else rounded(rounded(change) - rounded(expected))
    labels = ("Faldet, som det ser ud", "Ventet fald af sig selv", "Forskellen")
    falls = tuple(None if v is None else -v if v <= 0 else 0.0 for v in shown((change, expected, rest)))
    chart = Bars(labels, (Part("fald", falls, RUST),), "Fald i procentpoint")
    frame = pd.DataFrame(
        {
            "what": [*labels, "Mod lige så høje elever uden samtaler"],
            "pp": [change, expected, rest, estimate],
            "low": [None, None, None, value(equal or {}, "ci_low_pp")],
            "high": [None, None, None, value(equal or {}, "ci_high_pp")],
        }
    )
    table = render_table(
        "indsats",
        f"{title}: ændring i fravær, procentpoint",
        frame,
        [
            Column("what", "Tal"),
            Column("pp", "Ændring", "pp"),
            Column("low", "Interval fra", "pp", "none"),
            Column("high", "Interval til", "pp", "none"),
        ],
        key=("what",),
        marker=inputs.protocol.disclosure.marker,
        source="out_targeted",
    )
    sentence = say.regression_to_mean(change, expected, estimate)
    spread = say.interval(value(equal or {}, "ci_low_pp"), value(equal or {}, "ci_high_pp"))
    n = value(naive, "pupils")
    finding = (
        "Det meste af faldet ville være kommet af sig selv"
        if change is not None and expected is not None and change < 0 and expected <= 0.5 * change
        else "Faldet skal læses sammen med det fald, der kommer af sig selv"
    )
    if change is not None and change >= 0:
        finding = f"{title} har ikke mindre fravær end før"
    what = f"Elever med mindst {percent(t.threshold_pct, 0)} fravær over {t.window_school_days} skoledage" + (
        f"; {count(n)} elever med samtykke." if n is not None else "."
    )
    why = "Elever udvælges, netop når deres fravær er højest. Derefter falder det i gennemsnit, også uden nogen indsats. Et fald fra før til efter er derfor ikke i sig selv et bevis."
    return Section(
        "indsatselever",
        title,
        (f"{sentence} {spread}".strip(), why),
        (
            Exhibit(
                "indsats",
                finding,
                table,
                what,
                "out_targeted",
                chart,
                "Tre liggende søjler: faldet, det ventede fald af sig selv og forskellen.",
            ),
        ),
    )


def doubt(inputs: ReportInputs) -> Section:
    """What would change our mind: the sensitivity analyses in words, and their table."""
    rows = effects(inputs, "sensitivity")
    main = headline(inputs)
    points_: list[str] = []
    for r in inputs.frame("out_honest").to_dict("records"):
        if text(r, "look") == "all" and text(r, "restriction") == "relative_magnitudes":
            low, high, bound = value(r, "ci_low_pp"), value(r, "ci_high_pp"), value(r, "bound")
            if low is None or high is None or bound is None:
                continue
            holds = "står faldet stadig fast" if high < 0 else "kan faldet ikke længere skilles fra nul"
            points_.append(
                f"Hvis årgangene efter samtalerne afveg {number(bound)} gange så meget fra hinanden, som de højst gjorde før, {holds} ({signed(low)} til {signed(high)})."
            )
    exhibits: list[Exhibit] = []
    if len(rows):
        rows = rows.assign(name=[_check_name(inputs, str(e)) for e in rows["estimator"]])
        found = [Effect.from_row(r) for r in rows.to_dict("records")]
        same = sum(
            e.estimate is not None
            and main is not None
            and main.estimate is not None
            and (e.estimate < 0) == (main.estimate < 0)
            for e in found
            if "placebo" not in e.estimator
        )
        total = sum(e.estimate is not None for e in found if "placebo" not in e.estimator)
        dots = tuple(
            Dot(n, *shown((e.estimate, e.low, e.high)), colour=GREY if "placebo" in e.estimator else BLUE)
            for n, e in zip(rows["name"], found, strict=True)
        )
        columns = [
            Column("name", "Beregning"),
            Column("estimate_pp", "Ændring (procentpoint)", "pp", "none"),
            Column("ci_low_pp", "Interval fra", "pp", "none"),
            Column("ci_high_pp", "Interval til", "pp", "none"),
        ]
        table = render_table(
            "tvivl",
            "Beregningen gjort om på andre måder",
            rows,
            columns,
            key=EFFECT_KEY,
            marker=inputs.protocol.disclosure.marker,
            source="out_effects",
        )
        title = (
            f"{same} af {total} andre måder at regne på peger samme vej"
            if main and main.estimate is not None
            else "Beregningen gjort om på andre måder"
        )
        exhibits.append(
            Exhibit(
                "tvivl",
                title,
                table,
                "Blå: hele beregningen gjort om. Grå: en prøve, hvor der ikke kan være nogen forskel, og hvor tallet derfor skal ligge omkring nul.",
                "out_effects",
                Dots(dots, UNIT),
                "Prikfigur med én række for hver anden måde at regne på.",
            )
        )
    intro = "Et resultat, der kun viser sig på én måde at regne på, skal man ikke stole på. Her er beregningen gjort om uden én skole eller årgang ad gangen, med andre vægte, og som en prøve i et år, hvor der ikke var samtaler."
    if not exhibits and not points_:
        intro = "Der er endnu intet samlet resultat at prøve af."
    return Section("tvivl", "Hvad kunne få os til at ændre mening", (intro,), tuple(exhibits), tuple(points_))


def _verdict_text(v: Verdict) -> str:
    return f"{v.word} (tidligst {date(v.earliest_on)})" if not v.is_due and v.earliest_on else v.word


def _milestone_finding(inputs: ReportInputs, found: tuple[Verdict, ...]) -> str:
    due = [v for v in found if v.is_due]
    if not due:
        return "Milepælen kan endnu ikke opgøres"
    head = headline(inputs)
    if head is None or head.estimate is None:
        return "Milepælen kan ikke vurderes"
    way = {"fall": "lavere end", "rise": "højere end", "same": "som"}[say.direction(head.estimate)]
    size = "" if way == "som" else f"{points(head.estimate)} "
    return f"{capital(inputs.wave_name(head.look))}: fraværet er {size}{way} ventet; {head.word}"


def _pretrend(row: dict[str, Any]) -> str:
    slope, bias, p = value(row, "slope_80"), value(row, "bias_at_milestone_pp"), value(row, "p_value")
    if p is None:
        return text(row, "note")
    seen = (
        "Der ses ingen forskel i udviklingen før samtalerne."
        if p > 0.05
        else "Årgangene udviklede sig forskelligt allerede før samtalerne."
    )
    if slope is not None and bias is not None:
        seen += f" Prøven ville i fire af fem tilfælde opdage en skævhed på {number(abs(slope))} procentpoint pr. måned, som ville flytte milepælens tal med {number(abs(bias))} procentpoint; en mindre skævhed kan være overset."
    return seen


def _schools_finding(dots: list[Dot]) -> str:
    known = [d for d in dots if d.estimate is not None]
    if not known:
        return "Skolernes tal kan ikke vises"
    overlap = max((d.low for d in known if d.low is not None), default=0) <= min(
        (d.high for d in known if d.high is not None), default=0
    )
    if overlap:
        return "Tallene skiller ikke skolerne fra hinanden: alle intervaller dækker hinanden"
    return "Skolerne har udviklet sig forskelligt"


_CHECKS = {
    "unweighted": "Alle grupper vejer lige meget", "equal_weights": "Alle grupper vejer lige meget", "two_way": "Enklere model",
    "placebo_year": "Prøve: året før, uden samtaler", "placebo_grade": "Prøve: årgange uden samtaler", "no_edges": "Uden yngste og ældste årgang",
}  # fmt: skip


def _check_name(inputs: ReportInputs, estimator: str) -> str:
    kind, _, what = estimator.partition(":")
    if "school" in kind:
        return f"Uden {inputs.school_name(what)}"
    if "grade" in kind and what:
        name = inputs.protocol.grades.name(what)
        return f"Prøve: {name}" if "placebo" in kind else f"Uden {name}"
    return _CHECKS.get(kind, capital(estimator.replace("_", " ").replace(":", " ")))


def _first(rows: pd.DataFrame) -> dict[str, Any] | None:
    return rows.iloc[0].to_dict() if len(rows) else None


def joined_waves(inputs: ReportInputs) -> str:
    """The waves' names in a sentence."""
    return join(inputs.protocol.grades.name(w.grade) for w in inputs.protocol.waves)
