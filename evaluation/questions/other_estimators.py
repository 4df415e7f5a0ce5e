"""Other estimators on the study's own panel, shown beside question (a)'s answer and never instead of it.

Two-way fixed effects and group-time ATT weigh waves and months otherwise; with one wave alone, Donald & Lang and
Ferman & Pinto stand beside CR2, because four treated cells are few (docs/methods.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.effects.design import Panel
from evaluation.effects.group_time import group_time
from evaluation.effects.group_time_aggregate import aggregate, influence_estimates
from evaluation.effects.results import OVERALL, Estimate
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.twfe import twfe
from evaluation.errors import KomgladError
from evaluation.panel.estimation import outcome_pct
from evaluation.protocol import Protocol
from evaluation.questions.model import analysis_panel, require_treated
from evaluation.questions.one_wave import cell_changes, donald_lang, ferman_pinto
from evaluation.questions.rows import EffectRow, remarks, why_not
from evaluation.words import noted


def beside(monthly: pd.DataFrame, protocol: Protocol) -> list[EffectRow]:
    """One row per other estimator of the primary outcome; in words where it cannot answer."""
    rows = [_tried(_two_way, "twfe", monthly, protocol), _tried(_group_time, "group_time", monthly, protocol)]
    treated = monthly.loc[monthly["is_treated"], "grade"].unique()
    if len(treated) == 1 and protocol.estimand.comparison == "grades_same_school":
        rows.append(_tried(_donald_lang, "donald_lang", monthly, protocol))
        rows.append(_tried(_ferman_pinto, "ferman_pinto", monthly, protocol))
    return rows


def _tried(
    estimate: Callable[[pd.DataFrame, Protocol, EffectRow], EffectRow],
    name: str,
    monthly: pd.DataFrame,
    protocol: Protocol,
) -> EffectRow:
    blank = EffectRow(
        "grade", name, protocol.primary_outcome.id, "all", "all", "all", protocol.estimand.weights
    )
    try:
        require_treated(monthly, protocol)
        row = estimate(monthly, protocol, blank)
    except KomgladError as refusal:
        return blank.refused(why_not(refusal))
    treated = monthly[monthly["is_treated"]]
    return replace(
        row,
        ci_level=protocol.verdict.level,
        clusters=int(monthly["cell"].nunique()),
        treated_clusters=int(treated["cell"].nunique()),
        pupils=float(treated.groupby("cell")["pupils"].mean().sum()),
        pupil_days=float(treated["possible_days"].sum()),
    )


def _two_way(monthly: pd.DataFrame, protocol: Protocol, blank: EffectRow) -> EffectRow:
    """The protocol's fixed effects with one treatment coefficient; talk months left out."""
    panel = _panel(monthly[~monthly["is_transition"]], protocol, protocol.estimand.model)
    meat = sandwich(twfe(panel), protocol.inference.interval)
    found = cluster_robust_estimates(meat, [OVERALL], level=protocol.verdict.level, null=0.0)[0]
    return _with(blank, found, f"{protocol.inference.interval.upper()}/Satterthwaite")


def _group_time(monthly: pd.DataFrame, protocol: Protocol, blank: EffectRow) -> EffectRow:
    """Callaway & Sant'Anna against the month before the talks, never treated controls, months without a season model."""
    panel = _panel(monthly, protocol, "two_way")
    found = group_time(panel, control="never", anticipation=int(monthly["transition"].max()))
    overall = influence_estimates(found, aggregate(found, "overall"), level=protocol.verdict.level)[-1]
    row = _with(blank, overall, "indflydelsesfunktioner")
    return replace(row, weights="cells", note=noted(*remarks(found.notes)))


def _panel(monthly: pd.DataFrame, protocol: Protocol, model: str) -> Panel:
    return analysis_panel(
        monthly, protocol.primary_outcome, protocol, model=model, weights=protocol.estimand.weights
    )


def _changes(monthly: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    treated = set(monthly.loc[monthly["is_treated"], "cell"])
    first = monthly.loc[monthly["is_treated"], "t"].min()
    compared = monthly[~monthly["is_transition"]]
    is_after = compared["school_year"].eq(protocol.years.follow_up) & (compared["t"] >= first)
    frame = compared.assign(
        y=outcome_pct(compared, protocol.primary_outcome, protocol),
        is_after=is_after,
        is_treated_grade=compared["cell"].isin(treated),
    )
    before = frame["school_year"].ne(protocol.years.follow_up)
    return cell_changes(frame[is_after | before])


def _donald_lang(monthly: pd.DataFrame, protocol: Protocol, blank: EffectRow) -> EffectRow:
    found = donald_lang(_changes(monthly, protocol), level=protocol.verdict.level)
    return _with(blank, found, "Donald–Lang, samlet t inden for skoler")


def _ferman_pinto(monthly: pd.DataFrame, protocol: Protocol, blank: EffectRow) -> EffectRow:
    draws, seed = protocol.inference.bootstrap_draws, protocol.study.seed
    found = ferman_pinto(_changes(monthly, protocol), draws=draws, seed=seed)
    return replace(
        blank, estimate_pp=found.estimate, p_value=found.p_value, inference="Ferman–Pinto, residualbootstrap"
    )


def _with(blank: EffectRow, found: Estimate, inference: str) -> EffectRow:
    def number(value: float | None) -> float:
        return np.nan if value is None else value

    return replace(
        blank,
        estimate_pp=found.estimate,
        ci_low_pp=number(found.ci_low),
        ci_high_pp=number(found.ci_high),
        std_error_pp=number(found.std_error),
        df=number(found.df),
        p_value=number(found.p_value),
        inference=inference,
    )
