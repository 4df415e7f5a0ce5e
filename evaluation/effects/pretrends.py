"""Power of the look at pre-trends: what trend would the leads have missed, and what would it have done?

What belongs here is Roth (2022, *AER: Insights* 4:305): for a linear differential trend, the probability that
a lead is significant on its own, the slope found with a given power, and what it says that none was (Bayes
factor, likelihood ratio, the mean of the estimates after passing). As in the R package *pretrends*. Not here:
the event study and its joint test. Slopes are in units of the outcome per period.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from evaluation.errors import CannotEstimate, InputError

Array = NDArray[np.float64]

# Points of the rank-one lattice behind box probabilities: error below 1e-4 with up to about ten leads.
_LATTICE = 2**14
_SHIFTS = 4
_FEW = 2**12
"""Points that find a slope's neighbourhood; all of them then settle it."""


@dataclass(frozen=True, slots=True)
class HypothesisedTrend:
    """What passing the look says about one hypothesised slope.

    ``bayes_factor`` is P(pass | trend) / P(pass | parallel); ``likelihood_ratio`` compares the densities of
    the leads seen. ``mean_after_passing`` is the expectation of every coefficient given that no lead is
    significant, in the order of ``betahat``; ``trend`` the hypothesised path itself.
    """

    slope: float
    power: float
    bayes_factor: float
    likelihood_ratio: float
    trend: tuple[float, ...]
    mean_after_passing: tuple[float, ...]


def slope_for_power(
    sigma: ArrayLike,
    times: ArrayLike,
    power: float = 0.5,
    *,
    reference: float = -1.0,
    level: float = 0.95,
) -> float:
    """The smallest positive slope that the leads give away with probability ``power``."""
    from scipy.optimize import brentq

    cov, t = _checked(sigma, times, reference)
    if not 1.0 - level < power < 1.0:
        raise InputError(f"pretrends: power must lie between the test's size and 1, found {power}")

    def excess(slope: float, points: int | None = None) -> float:
        return _power(slope, cov, t, reference, level, points) - power

    if excess(0.0) >= 0.0:
        return 0.0
    before = t < reference
    high = float((np.sqrt(np.diag(cov)[before]) / np.abs(t[before] - reference)).min())
    while excess(high, _FEW) < 0.0:
        high *= 2.0
    near = float(brentq(excess, 0.0, high, args=(_FEW,), xtol=1e-6 * high, rtol=1e-6))
    # The power itself is known to 1e-4, so a slope to six digits is more than it can tell.
    try:
        return float(brentq(excess, 0.995 * near, 1.005 * near, xtol=1e-6 * near, rtol=1e-6))
    except ValueError:  # power is so flat that the few points do not tell one neighbourhood from another
        return float(brentq(excess, 0.0, 2.0 * high, xtol=1e-6 * near, rtol=1e-6))


def power_of_slope(
    slope: float, sigma: ArrayLike, times: ArrayLike, *, reference: float = -1.0, level: float = 0.95
) -> float:
    """Probability that a lead gives a linear trend of this ``slope`` away."""
    return _power(slope, *_checked(sigma, times, reference), reference, level)


def _power(
    slope: float, cov: Array, t: Array, reference: float, level: float, points: int | None = None
) -> float:
    before = t < reference
    return 1.0 - _probability(slope * (t[before] - reference), cov[np.ix_(before, before)], level, points)


def hypothesised_trend(
    slope: float,
    betahat: ArrayLike,
    sigma: ArrayLike,
    times: ArrayLike,
    *,
    reference: float = -1.0,
    level: float = 0.95,
) -> HypothesisedTrend:
    """What the leads seen, and their not being significant, say about a trend of this ``slope``."""
    cov, t = _checked(sigma, times, reference)
    beta = np.asarray(betahat, dtype=float).ravel()
    if beta.size != t.size:
        raise InputError(f"pretrends: {beta.size} coefficients for {t.size} times")
    before = t < reference
    pre = cov[np.ix_(before, before)]
    trend = slope * (t - reference)
    passed, mean_pre = _pass(trend[before], pre, level)
    passed_parallel, _ = _pass(np.zeros(int(before.sum())), pre, level)
    away, from_zero = beta[before] - trend[before], beta[before]
    log_ratio = -0.5 * (away @ np.linalg.solve(pre, away) - from_zero @ np.linalg.solve(pre, from_zero))
    # Passing moves the leads' mean; the lags follow by their covariance with the leads.
    shift = np.linalg.solve(pre, mean_pre - trend[before])
    after_passing = trend + cov[:, before] @ shift
    return HypothesisedTrend(
        slope=float(slope),
        power=1.0 - passed,
        bayes_factor=passed / passed_parallel,
        likelihood_ratio=float(np.exp(log_ratio)),
        trend=tuple(map(float, trend)),
        mean_after_passing=tuple(map(float, after_passing)),
    )


def _probability(mean: Array, cov: Array, level: float, points: int | None = None) -> float:
    """P(all |x_j| <= z·sd_j) alone: what a search for a slope asks for again and again."""
    return float(_separated(mean, cov, level, to_the_end=False, points=points)[0].mean())


@lru_cache(maxsize=8)
def _points(k: int) -> Array:
    """(points, k) the whole lattice with all its shifts; the tent map makes the integrand periodic."""
    generator = np.sqrt(_primes(k))
    base = np.arange(1, _LATTICE + 1)[:, None] * generator[None, :]
    shifts = [(base + (s + 0.5) / _SHIFTS * generator) % 1.0 for s in range(_SHIFTS)]
    return np.asarray(np.abs(2.0 * np.vstack(shifts) - 1.0), dtype=np.float64)


def _pass(mean: Array, cov: Array, level: float) -> tuple[float, Array]:
    """P(all |x_j| <= z·sd_j) for x ~ N(mean, cov), and E[x | that]."""
    weight, z = _separated(mean, cov, level, to_the_end=True)
    total = float(weight.mean())
    x = mean + z @ np.linalg.cholesky(cov).T
    return total, weight @ x / weight.size / max(total, 1e-300)


def _separated(
    mean: Array, cov: Array, level: float, *, to_the_end: bool, points: int | None = None
) -> tuple[Array, Array]:
    """Weights (points,) and standard normals (points, k) within the bounds, the last column only ``to_the_end``.

    ``points`` takes only so many of the lattice.

    Genz's (1992) separation of variables on a fixed rank-one lattice with fixed shifts, so that the answer is
    the same every time and smooth in the mean. The transformed points with their weights give the mean as
    well.
    """
    k = mean.size
    bound = float(ndtri(0.5 + level / 2.0)) * np.sqrt(np.diag(cov))
    chol = np.linalg.cholesky(cov)
    u = _points(k)[:points]
    z, weight = np.zeros_like(u), np.ones(u.shape[0])
    for j in range(k):
        centre = mean[j] + z[:, :j] @ chol[j, :j]
        low, high = ndtr((-bound[j] - centre) / chol[j, j]), ndtr((bound[j] - centre) / chol[j, j])
        weight *= high - low
        if to_the_end or j + 1 < k:
            z[:, j] = ndtri(np.clip(low + u[:, j] * (high - low), 1e-300, 1.0 - 1e-16))
    return weight, z


def _primes(count: int) -> Array:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % p for p in found):
            found.append(candidate)
        candidate += 1
    return np.array(found, dtype=float)


def _checked(sigma: ArrayLike, times: ArrayLike, reference: float) -> tuple[Array, Array]:
    cov, t = np.asarray(sigma, dtype=float), np.asarray(times, dtype=float).ravel()
    if cov.shape != (t.size, t.size):
        raise InputError(f"pretrends: a covariance of shape {cov.shape} does not fit {t.size} times")
    if (t == reference).any() or np.unique(t).size != t.size:
        raise InputError("pretrends: times must be distinct and leave the reference period out")
    before = t < reference
    if not before.any():
        raise CannotEstimate(
            "pretrends: there is no period before the reference period, so no trend can be seen"
        )
    values = np.linalg.eigvalsh(cov[np.ix_(before, before)])
    if not np.isfinite(values).all() or values[0] <= 1e-12 * values[-1]:
        raise CannotEstimate("pretrends: the covariance of the leads is singular; use fewer leads")
    return cov, t
