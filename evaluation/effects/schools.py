"""Schools side by side: raw effects, and effects shrunk towards what the schools have in common.

What belongs here is random-effects pooling of a vector of effects with its full covariance (question f), for
example D × school with its CR2 matrix. What stays out: estimating that vector, and any ranking: the schools
come back in the order they were given.

Model: ``theta_hat = mu 1 + u + e``, u ~ N(0, tau² I), e ~ N(0, V) with V taken as known. tau² by REML or by
Paule & Mandel (1982), its interval by Q-profile (Viechtbauer 2007, *Statistics in Medicine* 26:37), mu by
Hartung & Knapp (2001) with k - 1 degrees of freedom, u by best linear unbiased prediction (Henderson 1975),
its intervals averaged over tau.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special
from scipy.optimize import brentq
from scipy.special import ndtr

from evaluation.errors import CannotEstimate, InputError

Array = NDArray[np.float64]
Method = Literal["reml", "paule-mandel"]

_TAU_POINTS = 200


@dataclass(frozen=True, slots=True)
class SchoolEffect:
    """One school, in the unit of the effects. ``kept`` is the share of its own deviation that survives
    shrinkage."""

    label: str
    raw: float
    raw_std_error: float
    raw_low: float
    raw_high: float
    blup: float
    shrunk: float
    shrunk_std_error: float
    shrunk_low: float
    shrunk_high: float
    kept: float


@dataclass(frozen=True, slots=True)
class SchoolPooling:
    """The common effect, the spread between schools with its interval, and the schools in the given order.

    ``tau2_high`` is inf when the data set no upper limit. ``q`` tests that the schools have one effect.
    """

    method: Method
    level: float
    estimate: float
    std_error: float
    df: int
    p_value: float
    ci_low: float
    ci_high: float
    tau2: float
    tau2_low: float
    tau2_high: float
    q: float
    q_df: int
    q_p_value: float
    i2: float
    schools: tuple[SchoolEffect, ...]


def pool_schools(
    labels: Sequence[str],
    effects: ArrayLike,
    covariance: ArrayLike,
    *,
    method: Method = "reml",
    level: float = 0.95,
    knapp_hartung: bool = True,
) -> SchoolPooling:
    """Pool ``effects`` (k,) with ``covariance`` (k, k), or (k,) sampling variances, and shrink them.

    Raises :class:`CannotEstimate` with fewer than two schools or a singular covariance.
    """
    theta, V = np.asarray(effects, dtype=float).ravel(), np.asarray(covariance, dtype=float)
    if V.ndim == 1:
        V = np.diag(V)
    k = theta.size
    if len(labels) != k or V.shape != (k, k):
        raise InputError(f"schools: {len(labels)} labels, {k} effects and a covariance {V.shape} do not fit")
    if method not in ("reml", "paule-mandel"):
        raise InputError(f"schools: method {method!r} is not known; expected reml or paule-mandel")
    if k < 2:
        raise CannotEstimate("schools: at least two are needed to speak of differences", why="one_of_them")
    if not (np.isfinite(theta).all() and np.isfinite(V).all()):
        raise CannotEstimate("schools: one has no estimate or no variance", why="one_unknown")
    V = (V + V.T) / 2.0
    own = np.linalg.eigvalsh(V)
    if own[0] <= 1e-10 * own[-1]:
        raise CannotEstimate(
            "schools: the covariance is singular, so they cannot be weighed", why="too_alike"
        )

    tau2 = _reml(theta, V) if method == "reml" else _solve_q(theta, V, float(k - 1))
    alpha = 1.0 - level
    tau2_low = _solve_q(theta, V, _chi2_quantile(1.0 - alpha / 2.0, k - 1))
    tau2_high = _solve_q(theta, V, _chi2_quantile(alpha / 2.0, k - 1))

    mu, variance_mu, weights, q_at_tau = _generalised_mean(theta, V, tau2)
    std_error = float(np.sqrt(variance_mu * (q_at_tau / (k - 1) if knapp_hartung else 1.0)))
    quantile = (
        float(special.stdtrit(k - 1, 1.0 - alpha / 2.0))
        if knapp_hartung
        else float(special.ndtri(1 - alpha / 2))
    )
    ratio = mu / std_error if std_error > 0 else float("inf") * np.sign(mu)
    p = 2.0 * float(special.stdtr(k - 1, -abs(ratio)) if knapp_hartung else special.ndtr(-abs(ratio)))
    q = _generalised_mean(theta, V, 0.0)[3]
    return SchoolPooling(
        method=method,
        level=level,
        estimate=mu,
        std_error=std_error,
        df=k - 1,
        p_value=p,
        ci_low=mu - quantile * std_error,
        ci_high=mu + quantile * std_error,
        tau2=tau2,
        tau2_low=tau2_low,
        tau2_high=tau2_high,
        q=q,
        q_df=k - 1,
        q_p_value=float(special.chdtrc(k - 1, q)),
        i2=_i2(V, tau2),
        schools=_shrink(labels, theta, V, tau2, mu, weights, level),
    )


def _shrink(
    labels: Sequence[str], theta: Array, V: Array, tau2: float, mu: float, weights: Array, level: float
) -> tuple[SchoolEffect, ...]:
    """BLUPs at the estimated tau², with intervals that also carry the doubt about tau².

    With few schools tau² is often estimated as zero although the schools differ, and intervals that take it
    as known cover far too little. So the schools' posterior is averaged over tau: flat on (0, 10 typical
    standard errors], weighed by the restricted likelihood (Morris 1983, *JASA* 78:47; Gelman 2006, *Bayesian
    Analysis* 1:515).
    """
    k = theta.size
    blup = mu + tau2 * weights @ (theta - mu)
    raw_error = np.sqrt(np.diag(V))
    z = float(special.ndtri(0.5 + level / 2.0))
    taus = 10.0 * _typical_std_error(V) * (np.arange(_TAU_POINTS) + 0.5) / _TAU_POINTS
    log_weight = np.empty(_TAU_POINTS)
    centres, spreads, kept = (np.empty((_TAU_POINTS, k)) for _ in range(3))
    for j, tau in enumerate(taus):
        log_weight[j] = _restricted_log_likelihood(theta, V, tau**2)
        centres[j], spreads[j], kept[j] = _predicted(theta, V, tau**2)
    share = np.exp(log_weight - log_weight.max())
    share /= share.sum()
    means = share @ centres
    errors = np.sqrt(share @ (spreads**2 + (centres - means) ** 2))
    ends = [_mixture_interval(share, centres[:, i], spreads[:, i], level) for i in range(k)]
    return tuple(
        SchoolEffect(
            label=str(labels[i]),
            raw=float(theta[i]),
            raw_std_error=float(raw_error[i]),
            raw_low=float(theta[i] - z * raw_error[i]),
            raw_high=float(theta[i] + z * raw_error[i]),
            blup=float(blup[i]),
            shrunk=float(means[i]),
            shrunk_std_error=float(errors[i]),
            shrunk_low=ends[i][0],
            shrunk_high=ends[i][1],
            kept=float(share @ kept[:, i]),
        )
        for i in range(k)
    )


def _predicted(theta: Array, V: Array, tau2: float) -> tuple[Array, Array, Array]:
    """BLUPs, their standard errors at a known tau² (mu's included), and the share kept of each; all (k,)."""
    mu, variance_mu, weights, _ = _generalised_mean(theta, V, tau2)
    kept = tau2 * weights
    rest = 1.0 - kept.sum(axis=1)
    variance = tau2 * (1.0 - np.diag(kept)) + variance_mu * rest**2
    spread = np.asarray(np.sqrt(np.maximum(variance, 0.0)))
    return np.asarray(mu + kept @ (theta - mu)), spread, np.asarray(np.diag(kept))


def _mixture_interval(share: Array, centre: Array, spread: Array, level: float) -> tuple[float, float]:
    """Equal-tailed interval of a mixture of normals."""
    low, high = float((centre - 12.0 * spread).min()), float((centre + 12.0 * spread).max())

    def excess(x: float, target: float) -> float:
        return float(share @ ndtr((x - centre) / spread)) - target

    tail = (1.0 - level) / 2.0
    ends = [
        float(brentq(excess, low, high, args=(p,), xtol=1e-10 * (high - low))) for p in (tail, 1.0 - tail)
    ]
    return ends[0], ends[1]


def _chi2_quantile(level: float, df: int) -> float:
    return float(2.0 * special.gammaincinv(df / 2.0, level))


def _generalised_mean(theta: Array, V: Array, tau2: float) -> tuple[float, float, Array, float]:
    """mu, Var(mu), (V + tau² I)^{-1} and the generalised Q at this tau²."""
    weights = np.asarray(np.linalg.inv(V + tau2 * np.eye(theta.size)), dtype=np.float64)
    total = float(weights.sum())
    mu = float(weights.sum(axis=0) @ theta) / total
    r = theta - mu
    return mu, 1.0 / total, weights, float(r @ weights @ r)


def _solve_q(theta: Array, V: Array, target: float) -> float:
    """tau² at which the generalised Q equals ``target``; 0 where Q is below it from the start."""

    def excess(tau2: float) -> float:
        return _generalised_mean(theta, V, tau2)[3] - target

    return _root(excess, float(np.var(theta)) + float(np.diag(V).max()))


def _reml(theta: Array, V: Array) -> float:
    """Root of the REML score ``(y'PPy - tr P)/2``, the best of several when there are several."""

    def score(tau2: float) -> float:
        P = _projection(V, tau2)
        Py = P @ theta
        return float(Py @ Py - np.trace(P)) / 2.0

    scale = float(np.var(theta)) + float(np.diag(V).max())
    grid = np.concatenate([[0.0], scale * np.geomspace(1e-8, 1e4, 240)])
    best = int(np.argmax([_restricted_log_likelihood(theta, V, float(t)) for t in grid]))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    if best == 0 and score(0.0) <= 0.0:
        return 0.0
    if score(low) > 0.0 > score(high):
        return float(brentq(score, low, high, xtol=1e-14 * scale, rtol=1e-12))
    return float(grid[best])


def _restricted_log_likelihood(theta: Array, V: Array, tau2: float) -> float:
    _, variance_mu, _, q = _generalised_mean(theta, V, tau2)
    log_det = float(np.linalg.slogdet(V + tau2 * np.eye(theta.size))[1])
    return float(-0.5 * (log_det - np.log(variance_mu) + q))


def _root(excess: Callable[[float], float], scale: float) -> float:
    """Root of a falling function of tau² on [0, inf); 0 or inf where there is none."""
    if excess(0.0) <= 0.0:
        return 0.0
    high = scale
    while excess(high) > 0.0:
        high *= 4.0
        if high > 1e12 * scale:
            return float("inf")
    return float(brentq(excess, 0.0, high, xtol=1e-14 * scale, rtol=1e-12))


def _projection(V: Array, tau2: float) -> Array:
    weights = np.linalg.inv(V + tau2 * np.eye(V.shape[0]))
    column = weights.sum(axis=1)
    return np.asarray(weights - np.outer(column, column) / column.sum())


def _i2(V: Array, tau2: float) -> float:
    """Share of the spread that lies between schools: tau² over tau² plus the typical sampling variance."""
    return float(tau2 / (tau2 + _typical_std_error(V) ** 2))


def _typical_std_error(V: Array) -> float:
    """Root of (k - 1)/tr P, the sampling variance a typical school has (Higgins & Thompson 2002)."""
    return float(np.sqrt((V.shape[0] - 1) / np.trace(_projection(V, 0.0))))
