"""What would change our mind: the estimate made again in other ways, and how wrong the assumptions may be."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.questions.bias import youngest
from evaluation.questions.sensitivity import BOTH, REACHED
from evaluation.reports.charts import BLUE, GREY, Dots, dot
from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import EFFECT_KEY, ReportInputs, headline, main_effect, records, text, value
from evaluation.reports.milestone import ESTIMATE_COLUMNS, UNIT
from evaluation.reports.page import Exhibit, Section
from evaluation.reports.places import groups
from evaluation.words.danish import capital, number, points

FORMS = {
    "equal": "Alle grupper vejer lige meget",
    "imputation_two_way": "Enklere model uden årstid pr. gruppe",
    "imputation_same_month_last_year": "Kun milepælens måneder, mod samme måned sidste år, uden egne måneder før",
    "group_time": "Anden metode: gruppe for gruppe",
    "twfe": "Ældre standardmetode",
    "logit": "Regnet som sandsynlighed (logit)",
    "poisson": "Regnet som antal dage (Poisson)",
    "cohort": "De samme elever, fulgt fra året før",
    "cohort_logit": "De samme elever, som sandsynlighed (logit)",
    "cohort_poisson": "De samme elever, som antal dage (Poisson)",
    "donald_lang": "Én gruppe: Donald og Lang",
    "ferman_pinto": "Én gruppe: Ferman og Pinto",
}


NEGLIGIBLE = 0.02
"""A threat that moves the number by less than this per point is taken out by the model."""
_THREATS = {
    "cohort": (
        "eleverne i grupperne hele året var {size} bedre eller dårligere stillet end dem før",
        "er eleverne i grupperne hele året {unit} bedre stillet end dem før",
    ),
    "trend": (
        "grupperne uden indsatsen ville have udviklet sig {size} om måneden anderledes",
        "ville grupperne have udviklet sig {unit} om måneden anderledes",
    ),
    "registration": (
        "{size} af fraværet er holdt op med at blive registreret, hvor indsatsen har været",
        "holder {unit} af fraværet op med at blive registreret, hvor indsatsen har været",
    ),
    "epidemic": (
        "{youngest} har haft {size} mindre eller mere fravær end ventet af en anden grund end indsatsen, for eksempel en "
        "epidemi",
        "har {youngest} {unit} mere fravær end ventet af en anden grund, for eksempel en epidemi",
    ),
}
"""What turns the answer, and what one point of it does. Spillover hides an effect and never makes one: see below."""
_NOTHING = {
    "cohort": "at grupperne har fået bedre eller dårligere stillede elever end før; tallet måles fra egne måneder"
}


def doubt(inputs: ReportInputs) -> Section:
    """The main estimate varied one thing at a time, and the robust intervals in words."""
    main = main_effect(inputs)
    rows = _variations(inputs)
    exhibits = []
    if len(rows):
        found = records(rows)
        is_placebo = [str(r["horizon"]).startswith("placebo") for r in found]
        own = [
            v
            for r, p in zip(found, is_placebo, strict=True)
            if not p and (v := value(r, "estimate_pp")) is not None
        ]
        title = "Regnet på andre måder"
        if main and main.estimate is not None and own:
            same = sum((v < 0) == (main.estimate < 0) for v in own)
            title = f"{same} af {len(own)} andre måder at regne på peger samme vej"
        dots = tuple(
            dot(
                str(r["name"]),
                [value(r, c) for c in ("estimate_pp", "ci_low_pp", "ci_high_pp")],
                GREY if p else BLUE,
            )
            for r, p in zip(found, is_placebo, strict=True)
        )
        caption = "Regnet på andre måder"
        columns = [Column("name", "Beregning"), *ESTIMATE_COLUMNS]
        marker = inputs.protocol.disclosure.marker
        what = "Blå: beregningen lavet på en anden måde."
        if any(is_placebo):
            what += " Grå: en prøve, hvor der ikke kan være nogen forskel, og hvor tallet derfor skal ligge omkring nul."
        exhibits.append(
            Exhibit(
                "tvivl-figur",
                title,
                render_table(
                    "tvivl", caption, rows, columns, key=EFFECT_KEY, marker=marker, source="out_effects"
                ),
                what,
                "out_effects",
                Dots(dots, UNIT),
                "Prikfigur med én række for hver anden måde at regne på.",
            )
        )
    intro = (
        "Et resultat, der kun viser sig på én måde at regne på, skal man ikke stole på. Her er beregningen lavet "
        f"uden én skole eller {inputs.group_word()} ad gangen, med andre vægte og modeller, og som en prøve i et år, "
        "hvor indsatsen ikke var der."
        if exhibits
        else "Der er intet samlet resultat at prøve af."
    )
    return Section(
        "tvivl", "Hvad kunne få os til at ændre mening", (intro,), tuple(exhibits), tipping_points(inputs)
    )


def annex(inputs: ReportInputs) -> Section | None:
    """How crooked the comparison may be before the answer no longer stands; None where it was not tried."""
    bounds = _bounds(inputs)
    return (
        None if bounds is None else Section("skaevheder", "Hvor skæv må sammenligningen være?", (), (bounds,))
    )


def turning_point(inputs: ReportInputs) -> str:
    """The threat no data can tell from an effect, at the size that turns the answer; empty where nothing is decided."""
    return _tipping(inputs).get("trend", "")


def tipping_points(inputs: ReportInputs) -> tuple[str, ...]:
    """How large each named threat must be to turn the milestone's answer; what it moves where nothing is decided."""
    return tuple(_tipping(inputs).values())


def _tipping(inputs: ReportInputs) -> dict[str, str]:
    """The sentences by threat."""
    verdict = headline(inputs)
    rows = inputs.frame("out_effects")
    rows = rows[rows["question"].eq("bias") & rows["estimate_pp"].notna()]
    per = {text(r, "estimator"): float(r["estimate_pp"]) for r in records(rows)}
    if (
        verdict is None
        or not verdict.word.is_judged
        or verdict.low is None
        or verdict.high is None
        or not per
    ):
        return {}
    end = verdict.high if verdict.high < 0 else verdict.low if verdict.low > 0 else None
    out: dict[str, str] = {}
    p = inputs.protocol
    young = groups([p.grades.name(g) for g in youngest(p.grades.order)])
    for threat, sentences in _THREATS.items():
        turns, moves = (s.replace("{youngest}", young) for s in sentences)
        by = per.get(threat)
        if by is None:
            continue
        if abs(by) < NEGLIGIBLE:
            out[threat] = (
                f"Flytter ikke milepælens tal: {_NOTHING.get(threat, moves.format(unit='1,0 procentpoint'))}."
            )
        elif end is None:
            out[threat] = (
                f"{capital(moves.format(unit=points(1.0)))}, flytter det milepælens tal {points(by)}."
            )
        else:
            digits = 2 if threat == "trend" else 1
            size = f"{number(abs(end / by), digits)}\u00a0procentpoint"
            out[threat] = f"Milepælens tal holder ikke, hvis {turns.format(size=size)}."
    hidden = per.get("spillover")
    if hidden is not None and abs(hidden) >= NEGLIGIBLE:
        out["spillover"] = (
            f"Har indsatsen også sænket fraværet {points(1.0)} på de andre grupper, viser milepælens tal et fald, der er "
            f"{points(hidden)} for lille."
        )
    return out


def _bounds(inputs: ReportInputs) -> Exhibit | None:
    """How crooked the comparison may be before the pooled answer no longer stands; None where it was not tried."""
    f = inputs.frame("out_honest")
    f = f[f["look"].eq("all") & f[["bound", "ci_low_pp", "ci_high_pp"]].notna().all(axis=1)]
    names = {
        i: _assumption(text(r, "restriction"), float(r["bound"]))
        for i, r in zip(f.index, records(f), strict=True)
    }
    f = f[[bool(names[i]) for i in f.index]]
    if not len(f):
        return None
    stands = ~(f["ci_low_pp"].le(0) & f["ci_high_pp"].ge(0))
    is_straight = f["restriction"].str.replace("_", "-").eq("smoothness") & f["bound"].eq(0)
    frame = f.assign(
        assumption=[names[i] for i in f.index],
        answer=["står fast" if fast else "kan ikke skilles fra nul" for fast in stands],
    )
    if stands.all():
        title = "Forskellen står fast, også hvis grupperne skulle have udviklet sig skævt"
    elif stands.any():
        title = "Forskellen tåler en lille skævhed mellem grupperne, men ikke en stor"
    elif is_straight.any():
        title = "Forskellen kan ikke skilles fra nul, heller ikke hvis grupperne fulgtes ad"
    else:
        title = "Er grupperne det mindste skæve, kan forskellen ikke skilles fra nul"
    columns = [
        Column("assumption", "Hvis skævheden mellem grupperne er op til"),
        *ESTIMATE_COLUMNS[1:],
        Column("answer", "Forskellen"),
    ]
    return Exhibit(
        "skaevhed",
        title,
        render_table(
            "skaevhed",
            "Forskellens interval mod samme måned sidste år, hvis grupperne ikke havde fulgtes ad",
            frame,
            columns,
            key=("look", "restriction", "bound"),
            marker=inputs.protocol.disclosure.marker,
            source="out_honest",
        ),
        f"{_months_bounded(inputs)} mod samme måned sidste år; milepælens eget tal måles også fra egne måneder før. "
        "Beregningen bygger på, at grupperne ellers ville have fulgtes ad. Her er den antagelse lempet.",
        "out_honest",
    )


def _months_bounded(inputs: ReportInputs) -> str:
    """Which months the interval is of: the milestone's where it is due, else those there are so far."""
    verdict = headline(inputs)
    is_due = verdict is not None and verdict.is_due
    return "Milepælens måneder" if is_due else "De måneder efter indsatsen, der er indtil nu,"


def _assumption(restriction: str, bound: float) -> str:
    match restriction.replace("_", "-"):
        case "relative-magnitudes":
            return f"{number(bound)} gange den største før indsatsen"
        case "smoothness":
            return f"{number(bound, 2)} procentpoint mere eller mindre for hver måned"
    return ""


def _variations(inputs: ReportInputs) -> pd.DataFrame:
    """Every other estimate of the main question, one row each, named in words; the main one itself left out."""
    f = inputs.frame("out_effects")
    f = f[(f["outcome"] == inputs.primary) & (f["group_kind"] == "all") & f["estimate_pp"].notna()]
    main = (
        (f["question"] == "grade")
        & (f["estimator"] == "imputation")
        & (f["weights"] == inputs.protocol.estimand.weights)
    )
    beside = (f["question"] == "milestone") & f["estimator"].eq(
        f"imputation_{inputs.protocol.estimand.beside_model}"
    )
    wanted = f[
        f["question"].isin(["sensitivity", "same_pupils"]) | ((f["question"] == "grade") & ~main) | beside
    ]
    wanted = wanted[~wanted["horizon"].isin(["main"])]
    if not len(wanted):
        return wanted.assign(name="")
    order = wanted["question"].map({"sensitivity": 0, "grade": 1, "milestone": 1, "same_pupils": 2})
    is_placebo = wanted["horizon"].astype(str).str.startswith("placebo")
    wanted = wanted.assign(_o=order + 5 * is_placebo).sort_values("_o", kind="stable").drop(columns="_o")
    return wanted.assign(name=[_name(inputs, r) for r in records(wanted)])


def _name(inputs: ReportInputs, row: dict[str, Any]) -> str:
    horizon, group, estimator = text(row, "horizon"), text(row, "group_id"), text(row, "estimator")
    if horizon.startswith("placebo"):
        return f"Prøve: {group}, før indsatsen" if horizon == "placebo_year" else f"Prøve: {group}"
    if group == REACHED:
        return "Kun hvor nok elever har fået indsatsen"
    if horizon in ("leave_one_out", "without"):
        left = [_who(inputs, part) for part in group.split(BOTH)]
        return f"Uden {' og '.join(left)}"
    if text(row, "question") == "grade" and estimator == "imputation":
        return FORMS.get(text(row, "weights"), text(row, "weights"))
    return FORMS.get(estimator, estimator.replace("_", " ").capitalize())


def _who(inputs: ReportInputs, identity: str) -> str:
    if identity in inputs.protocol.grades.order:
        return inputs.protocol.grades.name(identity)
    return inputs.school_name(identity, short=True)
