"""Schools and targeted pupils: estimates that invite wrong readings, shown so that they do not.

Schools stand in the protocol's order with raw and shrunk numbers, never ranked. Targeted pupils' fall stands
beside the contrast with equally high pupils.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from evaluation.reports import language as say
from evaluation.reports.answers import started_names
from evaluation.reports.charts import BLUE, GREY, Dot, Dots, dot
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import Effect, ReportInputs, records, text, value
from evaluation.reports.milestone import UNIT
from evaluation.reports.page import Exhibit, Section, own_mark, pupils
from evaluation.reports.places import in_order
from evaluation.words.danish import capital, percent, rounded

NAIVE = "Før og efter, uden sammenligning"
FAIR = "Mod lige så højt fravær uden indsatsen"
LESS_YEAR_BEFORE = "Det samme, minus hvad reglen gav et år før"
FOLLOWED_ROWS = {
    "follow_up": "Før og efter opfølgningen, uden sammenligning",
    "follow_up_same_windows": "Mod lige så højt fravær på grupper uden indsatsen",
    "follow_up_own_grades": "Mod lige så højt fravær på egne grupper",
}
ENDS = ("estimate_pp", "ci_low_pp", "ci_high_pp")


def schools(inputs: ReportInputs) -> Section:
    """Each school's change, raw and shrunk, in the protocol's order."""
    title = "Skolerne"
    every = inputs.frame("out_effects")
    every = every[(every["question"] == "school") & (every["outcome"] == inputs.primary)]
    rows = every[every["group_kind"] == "school"]
    found = {
        kind: {str(r["group_id"]): Effect.from_row(r) for r in records(rows[rows["estimator"] == kind])}
        for kind in ("raw", "shrunk")
    }
    dots, table_rows = [], []
    for s in inputs.protocol.schools:
        own = found["raw"].get(s.id)
        best = found["shrunk"].get(s.id) or own
        if best is None:
            continue
        is_pooled = s.id in found["shrunk"]
        ghost = rounded(own.estimate) if is_pooled and own and own.estimate is not None else None
        dots.append(dot(s.short, (best.estimate, best.low, best.high), ghost=ghost))
        numbers = {"raw": own.estimate if own else None, "shrunk": best.estimate if is_pooled else None}
        table_rows.append({"group_id": s.id, **numbers, "low": best.low, "high": best.high})
    if not any(d.estimate is not None for d in dots):
        notes = [x for r in records(every) if (x := text(r, "note")) and text(r, "status") != "estimated"]
        return Section(
            "skoler",
            title,
            (notes[0] if notes else "Der er ikke tal nok til at vise skolerne hver for sig.",),
        )
    columns = [
        Column("group_id", "Skole", names=inputs.school_name),
        Column("raw", "Skolens eget tal", "pp"),
        Column("shrunk", "Udjævnet", "pp", "none"),
        Column("low", "Interval fra", "pp", "none"),
        Column("high", "Interval til", "pp", "none"),
    ]
    caption = "Ændring pr. skole i procentpoint i forhold til det ventede"
    marker = inputs.protocol.disclosure.marker
    frame = pd.DataFrame(table_rows)
    exhibit = Exhibit(
        "skoler-figur",
        _schools_finding(dots),
        render_table(
            "skoler", caption, frame, columns, key=("group_id",), marker=marker, source="out_effects"
        ),
        f"Fyldt prik: udjævnet tal med {percent(100 * inputs.protocol.verdict.level, 0)}-interval. "
        "Hul rombe: skolens eget tal.",
        "out_effects",
        Dots(tuple(dots), UNIT),
        "Prikfigur med én række for hver skole, i protokollens rækkefølge.",
    )
    note = (
        "Skolerne står i protokollens rækkefølge og er ikke rangordnet. En skole for sig har få elever på de "
        f"berørte {inputs.group_word(plural=True)}, så skolens eget tal svinger meget. Det udjævnede tal låner "
        "styrke fra de andre skoler og er det bedste bud på skolens ændring. Tallene er af alle hele måneder efter "
        f"{inputs.protocol.words.sessions} {inputs.on_group} {started_names(inputs)}."
    )
    return Section("skoler", title, (note,), (exhibit,))


def targeted(inputs: ReportInputs, *, by_rule: bool = False) -> Section | None:
    """Pupils with a follow-up; ``by_rule``: those the frozen rule finds, by grade. Always beside equally high ones."""
    t = inputs.protocol.targeted
    if t is None:
        return None
    title = capital(t.follow_up_label)
    rows = inputs.frame("out_targeted")
    whole = {
        g: {str(r["estimator"]): r for r in records(rows[rows["group_id"].astype(str) == g])}
        for g in ("all", *(w.id for w in in_order(inputs.protocol, inputs.protocol.group_waves)))
    }
    if by_rule:
        parts = [
            _by_rule(inputs, g, f)
            for g, f in whole.items()
            if value(f.get("naive", {}), "change_pp") is not None
        ]
        return Section("regel-elever", capital(t.label), parts=tuple(parts)) if parts else None
    why = (
        "Elever udvælges, netop når deres fravær er højest. Derefter falder det i gennemsnit, også uden nogen "
        "indsats. Et fald fra før til efter er derfor ikke i sig selv et bevis."
    )
    return _followed(inputs, whole["all"], title, why)


def _followed(inputs: ReportInputs, figures: dict[str, dict[str, Any]], heading: str, why: str) -> Section:
    """Pupils with a follow-up held and consent in force, before and after it, beside equally high pupils without one."""
    who = "Elever, der har fået en opfølgning, og som der er samtykke til at følge"
    rows = [(label, figures.get(name, {})) for name, label in FOLLOWED_ROWS.items()]
    if all(value(f, "estimate_pp") is None for _, f in rows[1:]):
        none = f"{who}: der er for få, eller for få måneder efter opfølgningen, til at vise tal."
        return Section("indsatselever", heading, (why, none))
    naive = value(rows[0][1], "change_pp")
    ends = [[naive, None, None], *([value(f, c) for c in ENDS] for _, f in rows[1:])]
    exhibit = _contrasts(
        inputs,
        "indsats-opfoelgning",
        f"{heading}: {_finding(ends[1])}",
        [label for label, _ in rows],
        ends,
        f"{who}. De sammenlignes med elever uden opfølgning, der havde lige så højt fravær i de samme måneder. Et samtykke "
        "gælder ikke bagud, så der er få måneder før at finde lige så fraværende elever på: tallene kan pege skævt i begge "
        "retninger. Den øverste række siger ikke noget om opfølgningen.",
    )
    sentence = f"{say.beside_equally_high(naive, ends[1][0], 'uden opfølgning')} {say.interval(*ends[1][1:])}".strip()
    decided = "Milepælens del om de særlige indsatsgrupper beskrives med disse tal; der er intet afgjort."
    return Section("indsatselever", heading, (why, sentence, decided), (exhibit,))


def _by_rule(inputs: ReportInputs, group: str, figures: dict[str, dict[str, Any]]) -> Section:
    """The rule's pupils of one wave: plain change, fair contrast, and that less the year before's."""
    t = inputs.protocol.targeted
    assert t is not None  # the caller asked
    naive, fair = figures["naive"], figures.get("equally_high", {})
    ends = [
        [value(r, c) for c in ENDS] for r in (naive, fair, figures.get("equally_high_less_year_before", {}))
    ]
    change = value(naive, "change_pp")
    ends[0][0] = change
    who = inputs.wave_name(group)
    n = value(naive, "pupils")
    what = f"Elever med mindst {percent(t.threshold_pct, 0)} fravær over {t.window_school_days} skoledage"
    mark = own_mark(naive, "pupils") or Mark(model="out_targeted.pupils", cell=(("group_id", group),))
    size = Markup("; {}").format(pupils(n, mark)) if n is not None else ""
    exhibit = _contrasts(
        inputs,
        f"indsats-{group}",
        f"{capital(who)}: {_finding(*ends[1:])}",
        [NAIVE, FAIR, LESS_YEAR_BEFORE],
        ends,
        Markup("{}{}. {}").format(
            what,
            size,
            "Den øverste række siger ikke noget om indsatsen: elever med højt fravær falder også uden.",
        ),
    )
    sentence = f"{say.beside_equally_high(change, ends[1][0], 'uden indsatsen')} {say.interval(*ends[1][1:])}".strip()
    return Section(f"indsats-{group}-del", f"{capital(t.label)}, {who}", (sentence,), (exhibit,))


def _contrasts(
    inputs: ReportInputs,
    identity: str,
    title: str,
    labels: list[str],
    ends: list[list[float | None]],
    what: str | Markup,
) -> Exhibit:
    """One figure with an interval for each row; the first row is the change that is no answer."""
    frame = pd.DataFrame(
        {"what": labels}
        | {c: pd.Series([e[i] for e in ends], dtype="float64") for i, c in enumerate(("pp", "low", "high"))}
    )
    columns = [
        Column("what", "Tal"),
        Column("pp", "Ændring", "pp", "none"),
        Column("low", "Interval fra", "pp", "none"),
        Column("high", "Interval til", "pp", "none"),
    ]
    marker = inputs.protocol.disclosure.marker
    table = render_table(
        identity,
        f"{title} (procentpoint)",
        frame,
        columns,
        key=("what",),
        marker=marker,
        source="out_targeted",
    )
    rows = tuple(
        dot(label, e, GREY if i == 0 else BLUE) for i, (label, e) in enumerate(zip(labels, ends, strict=True))
    )
    alt = "Prikfigur: øverst ændringen fra før til efter, derunder forskellen til elever med lige så højt fravær."
    return Exhibit(
        identity, title, table, what, "out_targeted", Dots(rows, "Procentpoint", "fald", "stigning"), alt
    )


def _finding(*contrasts: list[float | None]) -> str:
    """Against pupils whose absence was as high, by every contrast there is; a change alone is no finding."""
    known = [(low, high) for _, low, high in contrasts if low is not None and high is not None]
    if not known:
        return "ingen elever med lige så højt fravær at sammenligne med"
    if all(high < 0 for _, high in known):
        return "fraværet er faldet mere end hos elever med lige så højt fravær"
    if all(low > 0 for low, _ in known):
        return "fraværet er faldet mindre end hos elever med lige så højt fravær"
    return "ingen sikker forskel til elever med lige så højt fravær"


def _schools_finding(dots: list[Dot]) -> str:
    lows = [d.low for d in dots if d.low is not None]
    highs = [d.high for d in dots if d.high is not None]
    if not lows or max(lows) <= min(highs):
        return "Tallene kan ikke vise forskel på skolerne"
    return "Skolernes udvikling er forskellig"
