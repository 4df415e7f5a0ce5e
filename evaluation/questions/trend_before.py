"""The look at the months before the talks: one straight line, with the power of the very test that is made.

``y ~ line + the fixed effects of the protocol's model`` on the months without talks; the line runs in the treated cells'
own months before the talks in the follow-up year, per month, zero in the month of the talks. One contrast, so one t-test
with CR2 and Satterthwaite degrees of freedom: a slow trend of .25 points a month is found twice as often as by the joint
test of all months (docs/methods/doubt.md). What the line would do to the milestone is exact, for the estimate is linear
in the outcome; what it would do *where the test did not give it away* follows Roth (2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from evaluation.design import compared
from evaluation.effects.design import Panel
from evaluation.effects.power import minimum_detectable_effect
from evaluation.effects.results import FloatArray, Term
from evaluation.effects.sandwich import Sandwich, sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.twfe import twfe
from evaluation.errors import CannotEstimate, KomgladError
from evaluation.panel.estimation import outcome_pct
from evaluation.protocol import Protocol
from evaluation.questions.model import absorbed, fit_grade_model, weights_kind
from evaluation.questions.rows import why_not
from evaluation.tables import table
from evaluation.words import noted
from evaluation.words.catalogue.estimates import Note


@dataclass(frozen=True)
class Trend:
    """The line's slope in points a month with its sandwich."""

    meat: Sandwich
    clusters: tuple[str, ...]


def table_of(monthly: pd.DataFrame, protocol: Protocol, round_id: str) -> pd.DataFrame:
    """``out_pretrend``: the slope, its test and its bias; or in words why there is none."""
    declared = table("out_pretrend")
    row: dict[str, object] = {"round": round_id, "look": "all"}
    try:
        row |= _looked(monthly, protocol)
    except KomgladError as refusal:
        row["note"] = noted(why_not(refusal))
    return declared.conform(pd.DataFrame([row]).reindex(columns=list(declared.columns)))


def trend(monthly: pd.DataFrame, protocol: Protocol) -> Trend:
    """Fit the line on the months without talks.

    Raises:
        CannotEstimate: no treated cell has a month before its talks in the follow-up year, or they are all absorbed.
    """
    line = before_line(monthly, protocol)
    if not line.any():
        raise CannotEstimate("no month before the talks", why=Note.TREND_UNTESTED)
    by_days = protocol.estimand.weights == "pupil_days"
    frame = monthly.assign(
        y=outcome_pct(monthly, protocol.primary_outcome, protocol),
        line=line,
    )[~(monthly["is_treated"] | monthly["is_transition"])]
    panel = Panel.from_frame(
        frame,
        outcome="y",
        unit="cell",
        time="t",
        treatment="line",
        weights="possible_days" if by_days else None,
        absorb=absorbed(protocol, protocol.estimand.model),
        cluster=compared(protocol).cluster,
        rows="possible_days",
        working="inverse-weight" if by_days else "identity",
        keep=("cell",),
    )
    try:
        meat = sandwich(twfe(panel), protocol.inference.interval)
    except CannotEstimate:
        raise CannotEstimate("too few months before the talks", why=Note.FEW_MONTHS_BEFORE) from None
    return Trend(meat, _clusters(panel))


def before_line(monthly: pd.DataFrame, protocol: Protocol) -> FloatArray:
    """(n,) months until the talks, negative, in treated cells of the follow-up year; 0 elsewhere."""
    talks = (monthly["start"] - monthly["transition"]).astype("float64")
    inside = monthly["school_year"].eq(protocol.years.follow_up) & (monthly["t"] < talks)
    return np.asarray(np.where(inside, monthly["t"] - talks, 0.0), dtype=np.float64)


def _looked(monthly: pd.DataFrame, protocol: Protocol) -> dict[str, object]:
    found = trend(monthly, protocol)
    level, power = protocol.verdict.level, protocol.inference.power
    seen = cluster_robust_estimates(found.meat, [Term("overall")], level=level, null=0.0)[0]
    if seen.std_error is None or seen.df is None or not seen.std_error > 0:
        raise CannotEstimate("too few months before the talks", why=Note.FEW_MONTHS_BEFORE)
    slope = minimum_detectable_effect(seen.std_error, seen.df, level=level, power=power)
    row: dict[str, object] = {
        "slope_pp": seen.estimate, "ci_low_pp": seen.ci_low, "ci_high_pp": seen.ci_high,
        "std_error_pp": seen.std_error, "df": seen.df, "p_value": seen.p_value, "slope_80": slope, "note": "",
    }  # fmt: skip
    try:
        per_slope, covariance = _on_milestone(monthly, protocol, found)
    except CannotEstimate:
        return row  # the talks are not over yet: nothing that the line could have moved
    cut = seen.std_error * float(special.ndtri(0.5 + level / 2))
    after = slope * per_slope + covariance / seen.std_error**2 * (
        _mean_within(slope, seen.std_error, cut) - slope
    )
    return row | {
        "bias_per_slope": per_slope,
        "bias_at_milestone_pp": abs(slope * per_slope),
        "bias_after_passing_pp": abs(after),
    }


def _on_milestone(monthly: pd.DataFrame, protocol: Protocol, found: Trend) -> tuple[float, float]:
    """What a line of one point a month, carried on, adds to the milestone; and the two estimates' covariance."""
    model = fit_grade_model(monthly, protocol.primary_outcome, protocol)
    fit = model.fit
    in_horizon = np.isin(fit.panel.event[fit.treated], [float(m - 1) for m in protocol.milestone.months])
    if not in_horizon.any():
        raise CannotEstimate("no month before the talks", why=Note.TREND_UNTESTED)
    estimator = fit.contrast(fit.weights(in_horizon, weights_kind(model.weights))[:, None])
    keep = fit.untreated.copy()
    keep[fit.treated[in_horizon]] = True
    per_slope = float(estimator.V[:, 0] @ _carried_on(monthly, fit.panel, protocol)[keep])
    meat = sandwich(estimator, protocol.inference.interval)
    clusters = _clusters(fit.panel.subset(keep))
    own = dict(zip(clusters, meat.scores[:, 0].tolist(), strict=True))
    other = dict(zip(found.clusters, found.meat.scores[:, 0].tolist(), strict=True))
    return per_slope, sum(own[c] * other[c] for c in own.keys() & other.keys())


def _carried_on(monthly: pd.DataFrame, panel: Panel, protocol: Protocol) -> FloatArray:
    """(n,) months since the talks, before and after them, in treated cells of the follow-up year; in the panel's order."""
    talks = (monthly["start"] - monthly["transition"]).astype("float64")
    inside = monthly["school_year"].eq(protocol.years.follow_up) & talks.notna()
    line = pd.Series(np.where(inside, monthly["t"] - talks, 0.0), index=[monthly["cell"], monthly["month"]])
    where = pd.MultiIndex.from_arrays([panel.keys["cell"], panel.keys["month"]])
    return np.asarray(line.reindex(where), dtype=np.float64)


def _clusters(panel: Panel) -> tuple[str, ...]:
    codes = panel.cluster_codes()
    names = panel.keys["cell"].astype(str).to_numpy()
    first = np.unique(codes, return_index=True)[1]
    return tuple(names[first])


def _density(x: float) -> float:
    """The standard normal's."""
    return float(np.exp(-(x**2) / 2.0) / np.sqrt(2.0 * np.pi))


def _mean_within(mean: float, sd: float, cut: float) -> float:
    """E[x | −cut ≤ x ≤ cut] for x normal."""
    a, b = (-cut - mean) / sd, (cut - mean) / sd
    inside = float(special.ndtr(b) - special.ndtr(a))
    return mean + sd * (_density(a) - _density(b)) / inside if inside > 0 else float(np.sign(mean) * cut)
