"""The figures about targeted pupils, one function each; what is compared with what stands in ``targeted``.

What belongs here is a contrast of rows that already have a before, a gap and an after: weighted least squares
within schools (and bands), CR2 on school × grade with Satterthwaite degrees of freedom, in percentage points.
What stays out: reading frames, choosing samples, fitting distributions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import pandas as pd

from evaluation.effects.design import Panel
from evaluation.effects.regression_to_mean import BetaMixture, posterior_share
from evaluation.effects.results import OVERALL, Estimate, t_interval
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.twfe import twfe
from evaluation.errors import CannotEstimate, KomgladError

TargetedEstimator = Literal[
    "naive",
    "regression_to_mean",
    "did_all_others",
    "equally_high",
    "gap_window",
    "ancova",
]


class Remark(StrEnum):
    """What must be known to read a figure, or why there is none."""

    CHOSEN_FOR_HIGH = "chosen_for_high"
    ALL_OTHERS = "all_others"
    NO_DAYS = "no_days_in_window"
    NO_EQUALS = "no_equals"
    TOO_FEW = "too_few_groups"
    ONE_CLUSTER = "one_cluster"
    FALL_UNKNOWN = "fall_unknown"
    FALL_EXPECTED = "fall_expected"


@dataclass(frozen=True, slots=True)
class TargetedEstimate:
    """One way of answering, in percentage points of school days; a fall is negative.

    ``pupils`` counts the treated pupils behind it, ``control_pupils`` those compared with; ``before_pct``,
    ``after_pct`` and ``change_pp`` describe the treated; ``expected_change_pp`` is what regression to the
    mean alone would do to them. ``is_answer`` is False for figures that must not be read as one; ``remark``
    says why.
    """

    estimator: TargetedEstimator
    status: Literal["estimated", "not_estimable"]
    is_answer: bool
    estimate: Estimate | None
    pupils: int
    control_pupils: int
    clusters: int
    before_pct: float
    after_pct: float
    change_pp: float
    expected_change_pp: float | None
    remark: Remark | None = None


def contrast(
    name: TargetedEstimator,
    sample: pd.DataFrame,
    own: pd.DataFrame,
    outcome: str,
    level: float,
    expected: float | None,
    *,
    is_answer: bool = False,
    covariates: tuple[str, ...] = (),
    remark: Remark | None = None,
) -> TargetedEstimate:
    """Treated against untreated within schools (and bands), CR2 on school × grade with Satterthwaite df."""
    usable = sample[sample[outcome].notna()]
    own = own[own[outcome].notna()]
    described = _describe(own, "gap" if outcome == "gap_change" else "before")
    controls = usable[usable["treated"] == 0]
    clusters = usable.groupby(["school_id", "grade"]).ngroups
    counts = (round(own["pupils"].sum()), round(controls["pupils"].sum()), clusters)
    if own.empty or controls.empty:
        why = Remark.NO_DAYS if own.empty else Remark.NO_EQUALS
        return TargetedEstimate(name, "not_estimable", is_answer, None, *counts, *described, expected, why)
    try:
        panel = Panel.from_frame(
            usable,
            outcome=outcome,
            treatment="treated",
            weights="pupils",
            absorb=("everyone", "school_id", "band"),
            covariates=covariates,
            cluster=("school_id", "grade"),
            working="inverse-weight",
        )
        estimate = cluster_robust_estimates(sandwich(twfe(panel), "cr2"), [OVERALL], level=level, null=0.0)[0]
    except KomgladError:
        return TargetedEstimate(
            name, "not_estimable", is_answer, None, *counts, *described, expected, Remark.TOO_FEW
        )
    return TargetedEstimate(name, "estimated", is_answer, estimate, *counts, *described, expected, remark)


def naive_change(own: pd.DataFrame, expected: float | None, level: float) -> TargetedEstimate:
    """The plain change of the chosen, treated pupils: never an answer, always with its warning."""
    clusters = own.groupby(["school_id", "grade"]).ngroups
    described = _describe(own, "before")
    counts = (round(own["pupils"].sum()), 0, clusters)
    try:
        estimate = _mean_change(own, level)
    except CannotEstimate:
        return TargetedEstimate(
            "naive", "not_estimable", False, None, *counts, *described, expected, Remark.ONE_CLUSTER
        )
    return TargetedEstimate(
        "naive", "estimated", False, estimate, *counts, *described, expected, Remark.CHOSEN_FOR_HIGH
    )


def _mean_change(own: pd.DataFrame, level: float) -> Estimate:
    """Weighted mean of the change with CR2 and Satterthwaite df, in closed form for a mean.

    With w_g the cluster's weight and W the sum, the CR2 factor on cluster g is (1 - w_g/W)^(-1/2); under the
    working model the scores' covariances are P_gg = w_g/W² and P_gh = -a_g a_h w_g w_h/W³, and df = (tr
    P)²/tr(P²).
    """
    cluster = own.groupby(["school_id", "grade"]).ngroup().to_numpy()
    weight, change = own["pupils"].to_numpy(float), own["change"].to_numpy(float)
    mean, total = float(np.average(change, weights=weight)), float(weight.sum())
    size = np.bincount(cluster, weights=weight)
    if size.size < 2:
        raise CannotEstimate("targeted pupils: one cluster gives no standard error")
    factor = 1.0 / np.sqrt(1.0 - size / total)
    scores = factor * np.bincount(cluster, weights=weight * (change - mean)) / total
    P = -np.outer(factor * size, factor * size) / total**3
    np.fill_diagonal(P, size / total**2)
    df = float(np.trace(P) ** 2 / (P * P).sum())
    return t_interval(OVERALL, mean, float(np.sqrt(scores @ scores)), df, inference="cr2", level=level)


def expected_from_selection(own: pd.DataFrame, expected: float | None) -> TargetedEstimate:
    """The fall that being chosen for high absence gives on its own, in words where it cannot be had."""
    described = _describe(own, "before")
    counts = (round(own["pupils"].sum()), 0, own.groupby(["school_id", "grade"]).ngroups)
    if expected is None:
        return TargetedEstimate(
            "regression_to_mean", "not_estimable", False, None, *counts, *described, None, Remark.FALL_UNKNOWN
        )
    return TargetedEstimate(
        "regression_to_mean", "estimated", False, None, *counts, *described, expected, Remark.FALL_EXPECTED
    )


def expected_change(own: pd.DataFrame, prior: BetaMixture | None) -> float | None:
    """Posterior mean minus what was seen, averaged over the treated chosen pupils, in percentage points."""
    if prior is None:
        return None
    # A row that counts several pupils stands for that many with its mean number of days each.
    absent = (own["window_absent_days"] / own["pupils"]).to_numpy(float)
    possible = (own["window_possible_days"] / own["pupils"]).to_numpy(float)
    later = 100.0 * posterior_share(prior, absent, possible)
    return float(np.average(later - own["before"], weights=own["pupils"]))


def _describe(own: pd.DataFrame, before: str) -> tuple[float, float, float]:
    if own.empty:
        return float("nan"), float("nan"), float("nan")
    first = float(np.average(own[before], weights=own["pupils"]))
    second = float(np.average(own["after"], weights=own["pupils"]))
    return first, second, second - first
