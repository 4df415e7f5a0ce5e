"""Aggregations of ATT(g, t): overall, by wave, by event time, by calendar period; bands and the pre-test.

The weights are wave sizes, and their sampling error is part of every influence function (Callaway & Sant'Anna
2021, section 4). Not here: the ATT(g, t) themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evaluation.effects.group_time import GroupTime
from evaluation.effects.group_time_units import cluster_influence
from evaluation.effects.results import OVERALL, BoolArray, Estimate, FloatArray, JointTest, Term, t_interval
from evaluation.errors import CannotEstimate, InputError


@dataclass(frozen=True)
class Aggregate:
    """Aggregated effects: ``terms``, ``att`` (m,), ``influence`` (n, m); ``overall`` is the last column's place."""

    terms: tuple[Term, ...]
    att: FloatArray
    influence: FloatArray


def aggregate(result: GroupTime, kind: str, *, horizon: Sequence[float] | None = None) -> Aggregate:
    """One of "overall", "group", "event", "calendar", "none".

    Every aggregation but "none" ends with its own overall effect: the wave-size weighted mean of all post-treatment
    ATT(g, t) for "overall", of the waves for "group", the plain mean over event times ≥ 0 for "event" and over
    periods for "calendar", as in R's ``aggte``. ``horizon`` restricts the overall effect to these event times.

    Raises:
        CannotEstimate: nothing to aggregate. InputError: unknown kind.
    """
    event = result.period - result.group
    post = event >= 0
    if kind == "none":
        terms = tuple(
            Term("att(g,t)", group=float(g), period=float(t), event=float(t - g))
            for g, t in zip(result.group, result.period, strict=True)
        )
        return Aggregate(terms, result.att, result.influence)
    if horizon is not None:
        post &= np.isin(event, np.asarray(horizon, dtype=np.float64))
    if not post.any():
        raise CannotEstimate("Cannot estimate: no wave is observed at the event times asked for.")
    if kind == "overall":
        att, psi = _by_size(result, post)
        return Aggregate((OVERALL,), np.array([att]), psi[:, None])
    if kind == "group":
        return _groups(result, post)
    if kind == "event":
        levels = np.unique(event if horizon is None else event[post])
        columns = [_by_size(result, event == e) for e in levels]
        terms = tuple(Term("event", event=float(e)) for e in levels)
        return _with_mean(terms, columns, levels >= 0)
    if kind == "calendar":
        levels = np.unique(result.period[post])
        columns = [_by_size(result, post & (result.period == t)) for t in levels]
        terms = tuple(Term("calendar", period=float(t)) for t in levels)
        return _with_mean(terms, columns, np.ones(levels.size, dtype=bool))
    raise InputError(f'Aggregation "{kind}" is unknown. Expected: overall, group, event, calendar or none.')


def _groups(result: GroupTime, post: BoolArray) -> Aggregate:
    waves = np.unique(result.group[post])
    att = np.array([result.att[post & (result.group == g)].mean() for g in waves])
    psi = np.column_stack([result.influence[:, post & (result.group == g)].mean(axis=1) for g in waves])
    size = _sizes(result, waves)
    overall = float(att @ size / size.sum())
    overall_psi = psi @ (size / size.sum()) + _weight_influence(result, waves, size) @ att
    terms = (*[Term("group", group=float(g)) for g in waves], OVERALL)
    return Aggregate(terms, np.r_[att, overall], np.column_stack([psi, overall_psi]))


def _with_mean(
    terms: tuple[Term, ...], columns: list[tuple[float, FloatArray]], counted: BoolArray
) -> Aggregate:
    att = np.array([c[0] for c in columns])
    psi = np.column_stack([c[1] for c in columns])
    overall = psi[:, counted].mean(axis=1)
    return Aggregate((*terms, OVERALL), np.r_[att, att[counted].mean()], np.column_stack([psi, overall]))


def _sizes(result: GroupTime, waves: FloatArray) -> FloatArray:
    return np.array([float((result.weight * (result.start == g)).mean()) for g in waves])


def _by_size(result: GroupTime, keep: BoolArray) -> tuple[float, FloatArray]:
    """Mean of the kept ATT(g, t) weighted by wave size, with the weights' own influence."""
    waves, size = result.group[keep], _sizes(result, result.group[keep])
    att = result.att[keep]
    psi = result.influence[:, keep] @ (size / size.sum()) + _weight_influence(result, waves, size) @ att
    return float(att @ size / size.sum()), np.asarray(psi, dtype=np.float64)


def _weight_influence(result: GroupTime, waves: FloatArray, size: FloatArray) -> FloatArray:
    """(n, k) influence of the estimated weights p_g / Σ p."""
    gap = result.weight[:, None] * (result.start[:, None] == waves[None, :]) - size[None, :]
    total = size.sum()
    return np.asarray(
        gap / total - gap.sum(axis=1, keepdims=True) * size[None, :] / total**2, dtype=np.float64
    )


def influence_estimates(
    result: GroupTime,
    aggregated: Aggregate,
    *,
    level: float = 0.95,
    null: float = 0.0,
    draws: int = 999,
    seed: int = 0,
) -> list[Estimate]:
    """Estimates with normal intervals from the influence functions, and simultaneous bands over the family.

    The bands' critical value is the quantile of max |t*| over clusters' Mammen multipliers (``draws`` of them); it
    covers all terms but the overall one.
    """
    variances = np.diag(result.covariance(aggregated.influence))
    estimates = [
        t_interval(term, float(a), float(np.sqrt(v)), None, inference="influence", level=level, null=null)
        for term, a, v in zip(aggregated.terms, aggregated.att, variances, strict=True)
    ]
    family = [j for j, term in enumerate(aggregated.terms) if term.term != "overall" and variances[j] > 0]
    if len(family) < 2:
        return estimates
    critical = simultaneous_critical(
        cluster_influence(aggregated.influence[:, family], result.cluster),
        level=level,
        draws=draws,
        seed=seed,
    )
    for j in family:
        half = critical * float(np.sqrt(variances[j]))
        a = float(aggregated.att[j])
        estimates[j] = replace(estimates[j], band_low=a - half, band_high=a + half)
    return estimates


def simultaneous_critical(scores: FloatArray, *, level: float, draws: int, seed: int) -> float:
    """Quantile of the largest |t*| over the columns of cluster scores (G, m) under Mammen multipliers.

    Never below the pointwise normal quantile: with few clusters the bootstrap can fall under it by chance.
    """
    rng = np.random.default_rng(seed)
    golden = (1 + np.sqrt(5)) / 2
    high = rng.random((draws, scores.shape[0])) < golden / np.sqrt(5)
    multipliers = np.where(high, 1 - golden, golden)
    t = np.abs(multipliers @ scores) / np.sqrt((scores**2).sum(axis=0))
    return max(float(np.quantile(t.max(axis=1), level)), float(special.ndtri(0.5 + level / 2)))


def pre_test(result: GroupTime) -> tuple[JointTest | None, list[str]]:
    """Wald test that all ATT(g, t) before any anticipation are zero; None with a note where it cannot be made."""
    pre = (result.period < result.group - result.anticipation) & ~result.reference
    if not pre.any():
        return None, []
    covariance = result.covariance()[np.ix_(pre, pre)]
    if np.linalg.matrix_rank(covariance, tol=1e-10 * np.trace(covariance)) < pre.sum():
        return None, [
            f"Leads not tested jointly: the clusters do not identify the covariance of {int(pre.sum())} leads."
        ]
    W = float(result.att[pre] @ np.linalg.solve(covariance, result.att[pre]))
    q = float(pre.sum())
    return JointTest(W, q, None, float(special.chdtrc(q, W)), "Wald (influence)"), []
