"""What would change our mind: the estimate made again in other ways, and how wrong the assumptions may be."""

from __future__ import annotations

from typing import Any

import pandas as pd

from evaluation.reports.charts import BLUE, GREY, Dots, dot
from evaluation.reports.danish import number
from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import EFFECT_KEY, ReportInputs, main_effect, records, text, value
from evaluation.reports.milestone import ESTIMATE_COLUMNS, UNIT
from evaluation.reports.page import Exhibit, Section

FORMS = {
    "equal": "Alle grupper vejer lige meget",
    "imputation_two_way": "Enklere model uden årstid pr. gruppe",
    "group_time": "Anden metode: gruppe for gruppe",
    "twfe": "Ældre standardmetode",
    "logit": "Regnet som sandsynlighed (logit)",
    "poisson": "Regnet som antal dage (Poisson)",
    "cohort": "De samme elever, fulgt fra året før",
    "cohort_logit": "De samme elever, som sandsynlighed (logit)",
    "cohort_poisson": "De samme elever, som antal dage (Poisson)",
    "donald_lang": "Én årgang: Donald og Lang",
    "ferman_pinto": "Én årgang: Ferman og Pinto",
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
        title = "Beregningen gjort om på andre måder"
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
        caption = "Beregningen gjort om på andre måder"
        columns = [Column("name", "Beregning"), *ESTIMATE_COLUMNS]
        marker = inputs.protocol.disclosure.marker
        what = "Blå: hele beregningen gjort om."
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
    bounds = _bounds(inputs)
    if bounds is not None:
        exhibits.append(bounds)
    intro = (
        "Et resultat, der kun viser sig på én måde at regne på, skal man ikke stole på. Her er beregningen gjort om "
        f"uden én skole eller {inputs.group_word()} ad gangen, med andre vægte og modeller, og som en prøve i et år, "
        "hvor der ikke var samtaler."
        if exhibits
        else "Der er endnu intet samlet resultat at prøve af."
    )
    return Section("tvivl", "Hvad kunne få os til at ændre mening", (intro,), tuple(exhibits))


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
    frame = f.assign(
        assumption=[names[i] for i in f.index],
        answer=["står fast" if fast else "kan ikke skilles fra nul" for fast in stands],
    )
    if stands.all():
        title = "Forskellen står fast, også hvis grupperne skulle have udviklet sig skævt"
    elif stands.any():
        title = "Forskellen tåler en lille skævhed mellem grupperne, men ikke en stor"
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
            "Milepælens interval, hvis grupperne ikke havde fulgtes ad",
            frame,
            columns,
            key=("look", "restriction", "bound"),
            marker=inputs.protocol.disclosure.marker,
            source="out_honest",
        ),
        "Beregningen bygger på, at grupperne ellers ville have fulgtes ad. Her er den antagelse lempet.",
        "out_honest",
    )


def _assumption(restriction: str, bound: float) -> str:
    match restriction.replace("_", "-"):
        case "relative-magnitudes":
            return f"{number(bound)} gange den største før samtalerne"
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
    wanted = f[f["question"].isin(["sensitivity", "same_pupils"]) | ((f["question"] == "grade") & ~main)]
    wanted = wanted[~wanted["horizon"].isin(["main"])]
    if not len(wanted):
        return wanted.assign(name="")
    order = wanted["question"].map({"sensitivity": 0, "grade": 1, "same_pupils": 2})
    is_placebo = wanted["horizon"].astype(str).str.startswith("placebo")
    wanted = wanted.assign(_o=order + 5 * is_placebo).sort_values("_o", kind="stable").drop(columns="_o")
    return wanted.assign(name=[_name(inputs, r) for r in records(wanted)])


def _name(inputs: ReportInputs, row: dict[str, Any]) -> str:
    horizon, group, estimator = text(row, "horizon"), text(row, "group_id"), text(row, "estimator")
    if horizon.startswith("placebo"):
        return f"Prøve: {group}, før samtalerne" if horizon == "placebo_year" else f"Prøve: {group}"
    if horizon in ("leave_one_out", "without"):
        left = [_who(inputs, part.strip()) for part in group.removeprefix("uden ").split(",")]
        return f"Uden {' og '.join(left)}"
    if text(row, "question") == "grade" and estimator == "imputation":
        return FORMS.get(text(row, "weights"), text(row, "weights"))
    return FORMS.get(estimator, estimator.replace("_", " ").capitalize())


def _who(inputs: ReportInputs, identity: str) -> str:
    if identity in inputs.protocol.grades.order:
        return inputs.protocol.grades.name(identity)
    return inputs.school_name(identity, short=True)
