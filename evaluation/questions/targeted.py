"""Question (e): pupils with a follow-up, and pupils with high absence by the frozen rule. Never plain before and after.

*Indsatselever* are the pupils with a follow-up held and consent in force: beside equally high pupils without one, first in
grades without talks in the same months, then in their own grades. The rule's pupils are called by their rule; their expected
fall is that of equally high pupils without talks in the same weeks, less the same contrast of the same rule one year
earlier in the same grades. The beta-binomial stays as an explanation: it finds under half of the true fall.

Made from counts by absence band, because consent does not cover the comparison pupils one by one.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaluation.effects.design import Panel
from evaluation.effects.results import OVERALL, Estimate
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.targeted import FIGURES, TargetedEstimate, targeted_from_bands
from evaluation.effects.twfe import twfe
from evaluation.errors import KomgladError
from evaluation.protocol import Protocol
from evaluation.questions.rows import EffectRow, why_not
from evaluation.tables import table
from evaluation.words import noted, say
from evaluation.words.catalogue.estimates import Note

ANSWER = "equally_high"
"""The contrast with equally high pupils without talks in the same weeks."""
LESS_YEAR_BEFORE = "equally_high_less_year_before"
"""The same, less what the same rule gave a year earlier in the same grades: the season of a grade taken out."""
FOLLOWED, SAME_WINDOWS, OWN_GRADES = "follow_up", "follow_up_same_windows", "follow_up_own_grades"
"""Pupils with a follow-up: before and after; beside grades without talks; beside their own grades."""
POOLED = "all"


def answer(bands: pd.DataFrame, follow_ups: pd.DataFrame, protocol: Protocol, round_id: str) -> pd.DataFrame:
    """``out_targeted``: the pupils with a follow-up (group ``all``), then for each wave (its id) the rule's pupils."""
    rows: list[dict[str, object]] = _followed(follow_ups, protocol) if len(follow_ups) else []
    for wave in protocol.group_waves:
        mine = bands[bands["wave"] == wave.id]
        if mine.empty:
            continue
        rows += _figures(mine[mine["rule"] == "primary"], wave.id, protocol, is_gap=False)
        rows += _figures(mine[mine["rule"] == "gap"], wave.id, protocol, is_gap=True)
        rows.append(_less_year_before(mine, wave.id, protocol))
    if not rows:
        return table("out_targeted").empty()
    return table("out_targeted").conform(pd.DataFrame(rows).assign(round=round_id))


def _followed(cells: pd.DataFrame, protocol: Protocol) -> list[dict[str, object]]:
    """Before and after their own follow-up, and the change less that of equally high pupils in the same months."""
    data = cells.assign(
        before=100 * cells["before_absent_days"] / cells["before_possible_days"],
        after=100 * cells["after_absent_days"] / cells["after_possible_days"],
        treated=cells["is_followed"].astype(float),
    )
    data["change"] = data["after"] - data["before"]
    span = data["follow_up_month"] + ":" + data["first_month"] + ":" + data["last_month"]
    data = data.assign(stratum=span + "|" + data["band"], everyone="1")
    own = data[data["is_followed"]]
    described = {
        c: float((own[c] * own["pupils"]).sum() / own["pupils"].sum()) for c in ("before", "after", "change")
    }
    base = {
        "group_id": POOLED,
        "pupils": int(own["pupils"].sum()),
        "status": "estimated",
        "note": "",
    } | dict.fromkeys(_NUMBERS)
    base |= {
        "before_pct": described["before"],
        "after_pct": described["after"],
        "change_pp": described["change"],
    }
    rows: list[dict[str, object]] = [{**base, "estimator": FOLLOWED}]
    others = ~data["is_followed"].astype(bool)
    is_treated_grade = data["is_treated_grade"].astype(bool)
    for name, beside in ((SAME_WINDOWS, others & ~is_treated_grade), (OWN_GRADES, others & is_treated_grade)):
        sample = pd.concat([own, data[beside & data["stratum"].isin(own["stratum"])]])
        rows.append(
            _contrasted(
                {**base, "estimator": name}, sample, ("everyone", "school_id", "stratum"), (), protocol
            )
        )
    return rows


def _less_year_before(bands: pd.DataFrame, wave: str, protocol: Protocol) -> dict[str, object]:
    """Equally high pupils' contrast this year less the year before's: same rule, same weeks, same grades and schools."""
    data = bands[bands["rule"].isin(["primary", "year_before"]) & bands["is_selected"].astype(bool)]
    data = data[(data["window_possible_days"] > 0) & (data["followup_possible_days"] > 0)]
    now = data["rule"].eq("primary")
    data = data.assign(
        change=100 * data["followup_absent_days"] / data["followup_possible_days"]
        - 100 * data["window_absent_days"] / data["window_possible_days"],
        treated=(data["is_treated"].astype(bool) & now).astype(float),
        is_grade=data["is_treated"].astype(float),
        school_year_id=data["school_id"] + "|" + data["rule"],
        stratum=data["band"] + "|" + data["rule"],
        everyone="1",
    )
    pupils = int(data.loc[data["treated"] > 0, "pupils"].sum())
    base = {
        "group_id": wave,
        "estimator": LESS_YEAR_BEFORE,
        "status": "estimated",
        "note": "",
        "pupils": pupils,
    }
    base |= dict.fromkeys(_NUMBERS)
    absorbed = ("everyone", "school_year_id", "stratum")
    return _contrasted(base, data, absorbed, ("is_grade",), protocol)


def _contrasted(
    row: dict[str, object],
    sample: pd.DataFrame,
    absorb: tuple[str, ...],
    covariates: tuple[str, ...],
    protocol: Protocol,
) -> dict[str, object]:
    """Weighted by pupils; clusters are school × grade, CR2 with Satterthwaite degrees of freedom."""
    try:
        if not (sample["treated"].eq(0).any() and sample["treated"].gt(0).any()):
            raise KomgladError("no equally high pupils without it")
        panel = Panel.from_frame(
            sample,
            outcome="change",
            treatment="treated",
            weights="pupils",
            absorb=absorb,
            covariates=covariates,
            cluster=("school_id", "grade"),
            working="inverse-weight",
        )
        meat = sandwich(twfe(panel), protocol.inference.interval)
        found: Estimate = cluster_robust_estimates(meat, [OVERALL], level=protocol.verdict.level, null=0.0)[0]
    except KomgladError:
        return row | {"status": "not_estimable"}
    return row | {
        "estimate_pp": found.estimate, "ci_low_pp": found.ci_low, "ci_high_pp": found.ci_high,
        "std_error_pp": found.std_error, "df": found.df,
    }  # fmt: skip


def _figures(bands: pd.DataFrame, wave: str, protocol: Protocol, *, is_gap: bool) -> list[dict[str, object]]:
    """Figures of one wave and selection rule: the gap rule gives the gap-window figure, the other all the rest."""
    frame = bands.assign(
        band=bands["band"].str.extract(r"^(\d+(?:\.\d+)?)")[0].astype("float64"),
        gap_possible_days=bands["baseline_possible_days"] if is_gap else 0.0,
        gap_absent_days=bands["baseline_absent_days"] if is_gap else 0.0,
    )
    wanted = [f for f in FIGURES if (f == "gap_window") is is_gap]
    try:
        result = targeted_from_bands(frame, level=protocol.verdict.level, figures=wanted)
    except KomgladError as refusal:
        name = "gap_window" if is_gap else ANSWER
        return [
            {
                "group_id": wave,
                "estimator": name,
                "status": "not_estimable",
                "note": noted(why_not(refusal)),
                **_EMPTY,
            }
        ]
    return [_row(e, wave) for e in result.estimates]


_NUMBERS = (
    "before_pct",
    "after_pct",
    "change_pp",
    "expected_change_pp",
    "estimate_pp",
    "ci_low_pp",
    "ci_high_pp",
    "std_error_pp",
    "df",
)
_EMPTY: dict[str, object] = {"pupils": 0, **dict.fromkeys(_NUMBERS)}


def _row(found: TargetedEstimate, wave: str) -> dict[str, object]:
    row: dict[str, object] = {
        "group_id": wave,
        "estimator": found.estimator,
        "status": found.status,
        "note": noted(say(Note(found.remark))) if found.remark else "",
    }
    row |= _EMPTY | {"pupils": found.pupils, "before_pct": found.before_pct, "after_pct": found.after_pct}
    row |= {"change_pp": found.change_pp, "expected_change_pp": found.expected_change_pp}
    if found.estimate is not None:
        e = found.estimate
        row |= {"estimate_pp": e.estimate, "ci_low_pp": e.ci_low, "ci_high_pp": e.ci_high}
        row |= {"std_error_pp": e.std_error, "df": e.df}
    return row


def effect_rows(out_targeted: pd.DataFrame, protocol: Protocol) -> list[EffectRow]:
    """The fair contrast of each wave as a row of the tidy effects table."""
    rows = []
    for found in out_targeted[out_targeted["estimator"] == ANSWER].to_dict("records"):
        blank = EffectRow(
            "targeted", ANSWER, protocol.primary_outcome.id, "wave", str(found["group_id"]), "all", "pupils"
        )
        if found["status"] != "estimated":
            rows.append(replace(blank, status="not_estimable", note=str(found["note"])))
            continue
        rows.append(
            EffectRow(
                *(blank.question, blank.estimator, blank.outcome, blank.group_kind, blank.group_id),
                *(blank.horizon, blank.weights),
                estimate_pp=float(found["estimate_pp"]),
                ci_low_pp=float(found["ci_low_pp"]),
                ci_high_pp=float(found["ci_high_pp"]),
                ci_level=protocol.verdict.level,
                std_error_pp=float(found["std_error_pp"]),
                df=float(found["df"]),
                inference="CR2/Satterthwaite",
                pupils=float(found["pupils"]),
                baseline_pct=float(found["before_pct"]),
            )
        )
    return rows
