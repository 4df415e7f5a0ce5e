"""Schools and targeted pupils: estimates that invite wrong readings, shown so that they do not.

Schools stand in the protocol's order with raw and shrunk numbers, never ranked. Targeted pupils' fall stands
beside the fall that comes of itself.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from markupsafe import Markup

from evaluation.reports import language as say
from evaluation.reports.charts import RUST, Bars, Dot, Dots, Part, dot, shown
from evaluation.reports.danish import capital, percent, rounded
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import Effect, ReportInputs, records, text, value
from evaluation.reports.milestone import UNIT
from evaluation.reports.page import Exhibit, Section, own_mark, pupils

BARS = ("Faldet, som det ser ud", "Ventet fald af sig selv", "Forskellen")
FAIR = "Mod lige så høje elever uden samtaler"


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
        Column("raw", "For sig selv", "pp"),
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
        "Åben rude: skolens tal for sig selv.",
        "out_effects",
        Dots(tuple(dots), UNIT),
        "Prikfigur med én række for hver skole, i protokollens rækkefølge.",
    )
    note = (
        "Skolerne står i protokollens rækkefølge og er ikke rangordnet. En skole for sig har få elever på de "
        f"berørte {inputs.group_word(plural=True)}, så tallet for sig selv svinger meget. Det udjævnede tal låner "
        "styrke fra de andre skoler og er det bedste bud på skolens ændring."
    )
    return Section("skoler", title, (note,), (exhibit,))


def targeted(inputs: ReportInputs) -> Section | None:
    """Per grade: the naive fall, the fall expected from selection alone, and the difference, as three bars."""
    t = inputs.protocol.targeted
    if t is None:
        return None
    title = capital(t.label)
    rows = inputs.frame("out_targeted")
    groups = [g for g in ("all", *inputs.protocol.grades.order) if (rows["group_id"].astype(str) == g).any()]
    whole = {
        g: {str(r["estimator"]): r for r in records(rows[rows["group_id"].astype(str) == g])} for g in groups
    }
    known = {g: f for g, f in whole.items() if value(f.get("naive", {}), "change_pp") is not None}
    if not known:
        why = "Der er endnu ingen tal om indsatseleverne, eller de kan ikke vises af hensyn til elevernes anonymitet."
        return Section("indsatselever", title, (why,))
    why = (
        "Elever udvælges, netop når deres fravær er højest. Derefter falder det i gennemsnit, også uden nogen "
        "indsats. Et fald fra før til efter er derfor ikke i sig selv et bevis."
    )
    parts = tuple(_group(inputs, g, f) for g, f in known.items())
    if len(parts) == 1:
        return Section("indsatselever", title, (why, *parts[0].paragraphs), parts[0].exhibits)
    return Section("indsatselever", title, (why,), parts=parts)


def _group(inputs: ReportInputs, group: str, figures: dict[str, dict[str, Any]]) -> Section:
    t = inputs.protocol.targeted
    assert t is not None  # the caller asked
    naive, fair = figures["naive"], figures.get("equally_high", {})
    change = value(naive, "change_pp")
    expected = value(figures.get("regression_to_mean", {}), "expected_change_pp")
    if expected is None:
        expected = value(naive, "expected_change_pp")
    estimate, low, high = (value(fair, c) for c in ("estimate_pp", "ci_low_pp", "ci_high_pp"))
    rest = None if change is None or expected is None else rounded(rounded(change) - rounded(expected))
    falls = tuple(None if v is None else max(-v, 0.0) for v in shown((change, expected, rest)))
    who = inputs.protocol.grades.name(group) if group in inputs.protocol.grades.order else t.label
    frame = pd.DataFrame(
        {
            "what": [*BARS, FAIR],
            "pp": pd.Series([change, expected, rest, estimate], dtype="float64"),
            "low": pd.Series([None, None, None, low], dtype="float64"),
            "high": pd.Series([None, None, None, high], dtype="float64"),
        }
    )
    columns = [
        Column("what", "Tal"),
        Column("pp", "Ændring", "pp", "none"),
        Column("low", "Interval fra", "pp", "none"),
        Column("high", "Interval til", "pp", "none"),
    ]
    identity = f"indsats-{group}"
    marker = inputs.protocol.disclosure.marker
    caption = f"{capital(t.label)}, {who}: ændring i fravær i procentpoint"
    n = value(naive, "pupils")
    what = f"Elever med mindst {percent(t.threshold_pct, 0)} fravær over {t.window_school_days} skoledage"
    mark = own_mark(naive, "pupils") or Mark(model="out_targeted.pupils", cell=(("group_id", group),))
    size = Markup("; {}").format(pupils(n, mark)) if n is not None else ""
    exhibit = Exhibit(
        identity,
        f"{capital(who)}: {_finding(change, expected)}",
        render_table(identity, caption, frame, columns, key=("what",), marker=marker, source="out_targeted"),
        Markup("{}{}.").format(what, size),
        "out_targeted",
        Bars(BARS, (Part("fald", falls, RUST),), "Fald i procentpoint", is_model=True),
        "Tre liggende søjler: faldet, det ventede fald af sig selv og forskellen.",
    )
    sentence = f"{say.regression_to_mean(change, expected, estimate)} {say.interval(low, high)}".strip()
    return Section(identity + "-del", capital(who), (sentence,), (exhibit,))


def _finding(change: float | None, expected: float | None) -> str:
    if change is None or expected is None:
        return "faldet skal læses sammen med det, der falder af sig selv"
    if rounded(change) >= 0:
        return "fraværet er ikke lavere end før"
    share = expected / change
    if share >= 0.9:
        return "faldet er ikke større, end det ville være af sig selv"
    if share >= 0.5:
        return "det meste af faldet ville være kommet af sig selv"
    return "en del af faldet ville være kommet af sig selv"


def _schools_finding(dots: list[Dot]) -> str:
    lows = [d.low for d in dots if d.low is not None]
    highs = [d.high for d in dots if d.high is not None]
    if not lows or max(lows) <= min(highs):
        return "Tallene skiller ikke skolerne fra hinanden"
    return "Skolernes udvikling er forskellig"
