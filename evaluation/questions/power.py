"""Question (g): what could have been seen? Beside every look at the milestone, and before any outcome is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.effects.imputation import imputation
from evaluation.effects.power import planned_power, variance_components
from evaluation.errors import KomgladError
from evaluation.protocol import Protocol
from evaluation.questions.model import analysis_panel, weights_kind
from evaluation.tables import table


def answer(monthly: pd.DataFrame, effects: pd.DataFrame, protocol: Protocol, round_id: str) -> pd.DataFrame:
    """``out_power``: for each estimated look the MDE of its own standard error (basis "observed"); and for the
    whole programme as planned, from the earlier years' variance alone (basis "planned")."""
    wanted = effects[
        effects["question"].isin(["milestone", "grade"])
        & effects["outcome"].eq(protocol.primary_outcome.id)
        & effects["weights"].eq(protocol.estimand.weights)
        & effects["estimator"].eq("imputation")
        & effects["mde_pp"].notna()
    ]
    rows: list[dict[str, object]] = [
        {
            "look": f"{r.question}:{r.group_id}",
            "basis": "observed",
            "std_error_pp": r.std_error_pp,
            "df": r.df,
            "mde_pp": r.mde_pp,
            "baseline_pct": r.baseline_pct,
        }
        for r in wanted.itertuples()
    ]
    rows += _planned(monthly, protocol)
    frame = pd.DataFrame(rows).assign(
        round=round_id, relevant_change_pp=protocol.milestone.relevant_change_pp
    )
    return table("out_power").conform(frame) if rows else table("out_power").empty()


def _planned(monthly: pd.DataFrame, protocol: Protocol) -> list[dict[str, object]]:
    """The milestone pooled over all waves, as if the last earlier year were the pilot's: no outcome of the pilot used.

    Talks are placed in the calendar months the protocol plans; a wave's month 1 is the next school month.
    """
    earlier = monthly[monthly["school_year"] < protocol.years.follow_up]
    years = sorted(earlier["school_year"].unique())
    if len(years) < 2:
        return []
    stand_in = earlier[earlier["school_year"] == years[-1]]
    months = sorted(stand_in["t"].unique())
    at = stand_in.drop_duplicates("cal_month").set_index("cal_month")["t"]
    start = {
        ":".join(cell): float(
            min((t for t in months if t > at.get(f"{w.planned_to:%m}", months[-1])), default=np.nan)
        )
        for cell, w in protocol.treated.items()
    }
    plain = earlier.assign(start=np.nan)
    planned = earlier.assign(start=earlier["cell"].map(start))
    weights = protocol.milestone.weights
    outcome, model = protocol.primary_outcome, protocol.estimand.model
    try:
        parts = variance_components(
            analysis_panel(plain, outcome, protocol, model=model, weights=weights, keep=("school_year",)),
            ("cell", "school_year"),
        )
        panel = analysis_panel(
            planned, outcome, protocol, model=model, weights=weights, keep=("school_year",)
        )
        fit = imputation(panel, transition=1)
        months_of = np.isin(panel.event[fit.treated], [float(m - 1) for m in protocol.milestone.months])
        omega = fit.weights(months_of, weights_kind(weights))[:, None]
        found = planned_power(
            fit,
            omega,
            parts,
            ("cell", "school_year"),
            level=protocol.verdict.level,
            power=protocol.inference.power,
        )
    except KomgladError:
        return []
    level = float(100 * stand_in["absent_days"].sum() / stand_in["possible_days"].sum())
    return [
        {
            "look": "milestone:all",
            "basis": "planned",
            "std_error_pp": found.std_error,
            "df": found.df,
            "mde_pp": found.mde,
            "baseline_pct": level,
        }
    ]
