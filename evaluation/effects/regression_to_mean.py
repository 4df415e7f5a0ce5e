"""Regression to the mean: what a group chosen for its high absence would fall with no effect at all.

What belongs here is the expectation alone: under normal errors (Davis 1976, *Am. J. Epidemiology* 104:493;
Barnett, van der Pols & Dobson 2005, *Int. J. Epidemiology* 34:215) and exactly for days counted out of days
(each pupil has a propensity from a mixture of beta distributions, each day is a draw from it). What stays
out: any comparison of groups (``targeted``). Season and trend are not part of it either: both windows are
taken to be alike.

Shares are between 0 and 1 here; the callers turn them into percentage points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, expit, gammaln, logsumexp, ndtr

from evaluation.errors import CannotEstimate, InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BetaMixture:
    """Distribution of pupils' propensity to be absent; ``weights``, ``a`` and ``b`` have one entry per
    component."""

    weights: tuple[float, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean propensity."""
        return float(sum(w * a / (a + b) for w, a, b in zip(self.weights, self.a, self.b, strict=True)))


@dataclass(frozen=True, slots=True)
class ExpectedFall:
    """What selection at or above a threshold does on its own; all four are shares.

    ``fall`` is ``mean_baseline - expected_followup``, positive when regression to the mean lowers the figure.
    """

    p_selected: float
    mean_baseline: float
    expected_followup: float
    fall: float


def normal_fall(
    mu: float, sigma: float, rho: float, cut: float, side: Literal["less", "greater"] = "greater", m: int = 1
) -> float:
    """Expected regression to the mean after selection on the mean of ``m`` baseline measurements.

    Barnett et al. (2005), eq. 1: ``(s_w²/m) / sqrt(s_b² + s_w²/m) · phi(z) / (1 - Phi(z))`` with
    ``s_w² = (1 - rho) sigma²``, ``s_b² = rho sigma²`` and z the cut standardised by the SD of that mean.
    Given in the unit of ``sigma``, positive whichever side is selected. ``rho`` is the within-person
    correlation.
    """
    if sigma <= 0 or not 0 <= rho <= 1 or m < 1:
        raise InputError(
            f"regression to the mean: sigma {sigma}, rho {rho}, m {m} do not fit; need > 0, 0–1, ≥ 1"
        )
    within, between = (1.0 - rho) * sigma**2 / m, rho * sigma**2
    sd = np.sqrt(between + within)
    z = (mu - cut) / sd if side == "less" else (cut - mu) / sd
    hazard = np.exp(-0.5 * z**2) / np.sqrt(2.0 * np.pi) / ndtr(-z)
    return float(within / sd * hazard)


def expected_fall(prior: BetaMixture, n_days: int, threshold: float) -> ExpectedFall:
    """Exact expectation for pupils with absent/n_days >= ``threshold`` (a share), by summing over the days.

    The threshold counts days as ``k >= threshold · n_days`` up to rounding, so that 10 % of 60 days is 6
    days. Raises :class:`CannotEstimate` when nobody can reach the threshold.
    """
    days = np.arange(n_days + 1, dtype=float)
    chosen = days >= threshold * n_days - 1e-9
    if not chosen.any():
        raise CannotEstimate("regression to the mean: no number of days reaches the threshold")
    days = days[chosen]
    possible = np.full(days.shape, float(n_days))
    log_choose = gammaln(n_days + 1) - gammaln(days + 1) - gammaln(n_days - days + 1)
    probability = np.exp(_log_marginal(prior, days, possible) + log_choose)
    p_selected = float(probability.sum())
    if p_selected <= 0.0:
        raise CannotEstimate("regression to the mean: the fitted distribution never reaches the threshold")
    baseline = float(probability @ (days / n_days)) / p_selected
    followup = float(probability @ posterior_share(prior, days, possible)) / p_selected
    return ExpectedFall(p_selected, baseline, followup, baseline - followup)


def posterior_share(prior: BetaMixture, absent_days: ArrayLike, possible_days: ArrayLike) -> Array:
    """Expected share in a later, alike window given days in this one; shapes broadcast, half days allowed."""
    k, n = np.broadcast_arrays(np.asarray(absent_days, dtype=float), np.asarray(possible_days, dtype=float))
    log_part = _log_components(prior, k, n)
    weight = np.exp(log_part - logsumexp(log_part, axis=-1, keepdims=True))
    a, b = np.array(prior.a), np.array(prior.b)
    mean = (a + k[..., None]) / (a + b + n[..., None])
    return np.asarray((weight * mean).sum(axis=-1))


def fit_beta_mixture(
    absent_days: ArrayLike, possible_days: ArrayLike, pupils: ArrayLike | None = None, components: int = 1
) -> BetaMixture:
    """Maximum likelihood from counts: one row per pupil, or per (absent, possible) with its number of
    ``pupils``.

    All three have shape (n,). Raises :class:`CannotEstimate` without absence, without pupils who differ, or
    when the search does not settle.
    """
    k = np.asarray(absent_days, dtype=float).ravel()
    n = np.asarray(possible_days, dtype=float).ravel()
    weight = np.ones_like(k) if pupils is None else np.asarray(pupils, dtype=float).ravel()
    if k.shape != n.shape or k.shape != weight.shape:
        raise InputError(
            "regression to the mean: days absent, school days and pupils must have the same length"
        )
    keep = (n > 0) & (weight > 0)
    k, n, weight = k[keep], n[keep], weight[keep]
    if (k < 0).any() or (k > n + 1e-9).any():
        raise InputError(
            "regression to the mean: some rows have fewer than no or more than all of their school days "
            "absent"
        )
    if k.size < 2 or weight.sum() < 10 or not k.sum() > 0 or not (k < n).any():
        raise CannotEstimate(
            "regression to the mean: at least ten pupils, with absence and not all absent, are needed for a "
            "fit"
        )
    # The same (absent, possible) pair often comes many times; one row each is enough for the likelihood.
    pairs, code = np.unique(np.column_stack([k, n]), axis=0, return_inverse=True)
    count = np.bincount(code.ravel(), weights=weight)

    def loss(mixture: BetaMixture) -> float:
        return -float(count @ _log_marginal(mixture, pairs[:, 0], pairs[:, 1]))

    return _maximise(loss, float(weight @ k / (weight @ n)), components, float(weight.sum()))


def fit_beta_from_bands(
    lower_edges: ArrayLike, pupils: ArrayLike, n_days: int, components: int = 1
) -> BetaMixture:
    """Maximum likelihood when only the number of pupils per absence band is known.

    ``lower_edges`` (shares, ascending, the first 0) and ``pupils`` have shape (bands,); ``n_days`` is the
    school days in the window. A band counts the pupils from its edge up to the next, the last up to and
    including all.
    """
    edges = np.asarray(lower_edges, dtype=float).ravel()
    count = np.asarray(pupils, dtype=float).ravel()
    if (
        edges.size != count.size
        or edges.size < 3
        or edges[0] != 0
        or (np.diff(edges) <= 0).any()
        or n_days < 1
    ):
        raise InputError("regression to the mean: at least three bands in ascending order from 0 are needed")
    if count.sum() < 10 or (count > 0).sum() < 2:
        raise CannotEstimate("regression to the mean: at least ten pupils in at least two bands are needed")
    if 3 * components - 1 > edges.size - 1:
        raise CannotEstimate(
            f"regression to the mean: {edges.size} bands cannot identify {components} components"
        )
    days = np.arange(n_days + 1, dtype=float)
    band = np.searchsorted(edges * n_days - 1e-9, days, side="right") - 1
    log_choose = gammaln(n_days + 1) - gammaln(days + 1) - gammaln(n_days - days + 1)
    possible = np.full(days.shape, float(n_days))

    def loss(mixture: BetaMixture) -> float:
        probability = np.bincount(
            band, weights=np.exp(_log_marginal(mixture, days, possible) + log_choose), minlength=edges.size
        )
        return -float(count @ np.log(np.maximum(probability, 1e-300)))

    middle = np.append((edges[:-1] + edges[1:]) / 2.0, (edges[-1] + 1.0) / 2.0)
    return _maximise(loss, float(count @ middle / count.sum()), components, float(count.sum()))


def _maximise(
    loss: Callable[[BetaMixture], float], mean: float, components: int, scale: float
) -> BetaMixture:
    """Nelder–Mead from a few starts on (logit mean, log kappa) per component and logits of the weights."""
    from scipy.optimize import minimize

    if components < 1:
        raise InputError(f"regression to the mean: at least one component is needed, found {components}")

    def objective(x: Array) -> float:
        return loss(_unpack(x, components)) / scale

    logit_mean = float(np.log(mean) - np.log1p(-mean))
    best = None
    for kappa in (5.0, 20.0, 60.0):
        start = np.concatenate(
            [
                logit_mean + 1.5 * np.arange(components),
                np.log(kappa) - 1.5 * np.arange(components),
                -2.5 * np.ones(components - 1),
            ]
        )
        found = minimize(
            objective,
            start,
            method="Nelder-Mead",
            options={
                "xatol": 1e-7,
                "fatol": 1e-12,
                "maxiter": 4000 * components,
                "maxfev": 4000 * components,
            },
        )
        if found.success and (best is None or found.fun < best.fun):
            best = found
    if best is None or not np.isfinite(best.x).all():
        raise CannotEstimate("regression to the mean: the fit did not settle; show the contrast without it")
    return _unpack(best.x, components)


def _unpack(x: Array, components: int) -> BetaMixture:
    mean = np.clip(expit(x[:components]), 1e-9, 1 - 1e-9)
    kappa = np.exp(np.clip(x[components : 2 * components], -12.0, 14.0))
    share = np.exp(np.concatenate([[0.0], x[2 * components :]]))
    share = share / share.sum()
    return BetaMixture(
        tuple(map(float, share)), tuple(map(float, mean * kappa)), tuple(map(float, (1 - mean) * kappa))
    )


def _log_components(prior: BetaMixture, k: Array, n: Array) -> Array:
    """log(weight_j · B(a_j + k, b_j + n - k) / B(a_j, b_j)), shape (..., components)."""
    a, b, weight = np.array(prior.a), np.array(prior.b), np.maximum(np.array(prior.weights), 1e-300)
    k, n = k[..., None], n[..., None]
    return np.asarray(np.log(weight) + betaln(a + k, b + n - k) - betaln(a, b))


def _log_marginal(prior: BetaMixture, k: Array, n: Array) -> Array:
    """Log probability of one sequence with k of n days absent (without the binomial coefficient)."""
    return np.asarray(logsumexp(_log_components(prior, np.asarray(k), np.asarray(n)), axis=-1))
