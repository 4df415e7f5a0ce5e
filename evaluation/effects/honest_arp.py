"""Relative magnitudes by the hybrid of the conditional and the least-favourable test (C-LF).

What belongs here is the interval under Delta^RM(M̄) of Rambachan & Roth (2023) by the test of Andrews, Roth &
Pakes (2023, *Review of Economic Studies* 90:2763). What stays out: checking of arguments (``honest``).

Delta^RM(M̄) is a union over the period ``s`` in which the largest step before treatment falls and its sign.
For one (s, sign), with ``v'delta`` that step, the moments are, for each period t after treatment,

    (+)   (delta_t - delta_{t-1}) - M̄ v'delta <= 0
    (-)  -(delta_t - delta_{t-1}) - M̄ v'delta <= 0,

and delta_post = beta_post - tau_post is free but for ``l' tau = theta``. The test statistic is a linear
programme whose dual is  max gamma'y  over  gamma >= 0, gamma'X = 0, gamma'sd = 1.  Because only the direction
``l`` is not profiled out, gamma'X = 0 says that gamma+_t - gamma-_t is a multiple of
c_t = l_t + l_{t+1} + ...; so the dual polyhedron has exactly n_post + 2 vertices, written down below. The
statistic is then a maximum of a few linear forms, and the truncation points are exact; no solver is involved
and a whole grid of theta is tested at once. With one post-period there is nothing to profile, and, as in the
authors' package, the steps before treatment then enter as moments too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

Array = NDArray[np.float64]

_LF_DRAWS = 20_000
_GRID_POINTS = 401
_REFINEMENTS, _PARTS = 4, 40
# A dual vertex whose variance is this small a part of the moments' variance carries no noise at all.
_NO_NOISE = 1e-20


def relative_magnitudes_interval(
    betahat: Array, sigma: Array, n_pre: int, l_vec: Array, m_bar: float, alpha: float, *, seed: int = 0
) -> tuple[float, float]:
    """The hull of the C-LF confidence set; (nan, nan) if every theta is rejected for every period and sign.

    ``betahat`` shape (n_pre + n_post,), ``sigma`` its covariance, ``l_vec`` shape (n_post,). The first-stage
    size is kappa = alpha/10 as recommended by the authors.
    """
    kappa = alpha / 10.0
    normal_draws = _normal_draws(betahat.size, seed)
    root = _square_root(sigma)
    lows, highs = [], []
    for s in range(n_pre):
        for sign in (1.0, -1.0):
            forms = _dual_vertices(sigma, n_pre, l_vec, m_bar, s, sign)
            found = _accepted_hull(forms, betahat, sigma, root, alpha, kappa, normal_draws)
            if found is not None:
                lows.append(found[0])
                highs.append(found[1])
    if not lows:
        return float("nan"), float("nan")
    return min(lows), max(highs)


@cache
def _normal_draws(k: int, seed: int) -> Array:
    """(k, _LF_DRAWS) standard normal draws; a search for the breakdown value asks for the same ones again and again."""
    return np.random.default_rng(seed).standard_normal((k, _LF_DRAWS))


@dataclass(frozen=True, slots=True)
class _DualVertices:
    """The statistic as ``max_v (forms[v] @ beta - slope[v] * theta)``; shapes (V, k) and (V,)."""

    forms: Array
    slope: Array


def _dual_vertices(
    sigma: Array, n_pre: int, l_vec: Array, m_bar: float, s: int, sign: float
) -> _DualVertices:
    k, n_post = n_pre + l_vec.size, l_vec.size
    # Steps between consecutive periods, the reference period (zero) dropped: row r is beta_{r+1} - beta_r.
    steps = np.diff(np.insert(np.eye(k), n_pre, 0.0, axis=0), axis=0)
    largest = sign * steps[s]
    upper = steps[n_pre:] - m_bar * largest
    lower = -steps[n_pre:] - m_bar * largest
    sd_upper, sd_lower = _row_sd(upper, sigma), _row_sd(lower, sigma)
    if n_post == 1:
        before = [r for r in (*(steps[:n_pre] - largest), *(-steps[:n_pre] - largest)) if np.abs(r).max() > 0]
        moments = np.vstack([upper, lower, *before])
        sd = _row_sd(moments, sigma)
        forms = moments / sd[:, None]
        # theta = l tau, and tau enters the two moments of the only post-period by +1 and -1.
        loads = np.concatenate([[1.0, -1.0], np.zeros(len(before))]) / (l_vec[0] * sd)
        return _DualVertices(forms, loads)
    # theta = sum_t c_t (tau_t - tau_{t-1})
    c = np.cumsum(l_vec[::-1])[::-1]
    c = np.where(np.abs(c) > 1e-12 * np.abs(c).max(), c, 0.0)
    rows: list[Array] = []
    slopes: list[float] = []
    for kappa in (1.0, -1.0):
        on_upper, on_lower = np.maximum(kappa * c, 0.0), np.maximum(-kappa * c, 0.0)
        norm = on_upper @ sd_upper + on_lower @ sd_lower
        rows.append((on_upper @ upper + on_lower @ lower) / norm)
        slopes.append(float(kappa / norm))
    for t in range(n_post):
        rows.append((upper[t] + lower[t]) / (sd_upper[t] + sd_lower[t]))
        slopes.append(0.0)
    return _DualVertices(np.array(rows), np.array(slopes))


def _accepted_hull(
    dual: _DualVertices,
    betahat: Array,
    sigma: Array,
    root: Array,
    alpha: float,
    kappa: float,
    normal_draws: Array,
) -> tuple[float, float] | None:
    """Smallest and largest theta that the hybrid test does not reject."""
    # Without BLAS: its threads cost more than this product when the machine is busy.
    statistic_draws = np.einsum("vk,kn->vn", dual.forms @ root, normal_draws, optimize=False).max(axis=0)
    lf_cv = float(np.quantile(statistic_draws, 1.0 - kappa))

    level_at_zero = dual.forms @ betahat
    fixed = dual.slope == 0.0
    if fixed.any() and level_at_zero[fixed].max() > lf_cv:
        return None
    # The least-favourable first stage alone confines theta to an interval, so nothing lies outside the grid.
    up, down = dual.slope > 0.0, dual.slope < 0.0
    grid_low = float(((level_at_zero[up] - lf_cv) / dual.slope[up]).max())
    grid_high = float(((level_at_zero[down] - lf_cv) / dual.slope[down]).min())
    if grid_low > grid_high:
        return None

    cov = dual.forms @ sigma @ dual.forms.T
    size = (alpha - kappa) / (1.0 - kappa)

    def accepts(theta: Array) -> NDArray[np.bool_]:
        values = level_at_zero[None, :] - theta[:, None] * dual.slope[None, :]
        return ~_rejected(values, cov, lf_cv, size)

    grid = np.linspace(grid_low, grid_high, _GRID_POINTS)
    accepted = np.flatnonzero(accepts(grid))
    if accepted.size == 0:
        return None
    first, last = int(accepted[0]), int(accepted[-1])
    low = _edge(accepts, grid[first], grid[max(first - 1, 0)])
    high = _edge(accepts, grid[last], grid[min(last + 1, grid.size - 1)])
    return low, high


def _edge(accepts: Callable[[Array], NDArray[np.bool_]], inside: float, outside: float) -> float:
    """The accepted theta nearest to ``outside``, by cutting the gap into equal parts a few times."""
    for _ in range(_REFINEMENTS):
        between = np.linspace(inside, outside, _PARTS + 1)
        accepted = np.flatnonzero(accepts(between))
        last = int(accepted[-1]) if accepted.size else 0
        inside, outside = float(between[last]), float(between[min(last + 1, _PARTS)])
    return inside


def _rejected(values: Array, cov: Array, lf_cv: float, size: float) -> NDArray[np.bool_]:
    """The hybrid test for each row of ``values`` (n, V): the vertices' linear forms at one theta."""
    eta = values.max(axis=1)
    v_lo, v_up, sd = _truncation(values, cov)
    noisy = sd > 0.0
    scale = np.where(noisy, sd, 1.0)
    z = eta / scale
    z_lo, z_up = np.minimum(v_lo / scale, z), np.maximum(np.minimum(v_up, lf_cv) / scale, z)
    log_tail = _log_mass(z, z_up) - _log_mass(z_lo, z_up)
    conditional = (eta > 0.0) & (log_tail < np.log(size))
    return np.asarray(np.where(noisy, (eta > lf_cv) | conditional, eta > 1e-12), dtype=np.bool_)


def _truncation(values: Array, cov: Array) -> tuple[Array, Array, Array]:
    """Given the part of the data independent of the binding form, it lies between v_lo and v_up; and its SD.

    ``values`` (n, V); all three (n,). The SD is zero where the binding form carries no noise.
    """
    row = np.arange(values.shape[0])
    best = values.argmax(axis=1)
    variance = cov[best, best]
    noisy = variance > _NO_NOISE
    loading = cov[best] / np.where(noisy, variance, 1.0)[:, None]
    remainder = values - loading * values[row, best][:, None]
    gap = 1.0 - loading
    gap[np.abs(gap) < 1e-12] = 0.0
    gap[row, best] = 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = remainder / gap
    v_lo = np.where(gap > 0.0, crossing, -np.inf).max(axis=1)
    v_up = np.where(gap < 0.0, crossing, np.inf).min(axis=1)
    return v_lo, v_up, np.sqrt(np.where(noisy, variance, 0.0))


def _log_mass(low: Array, high: Array) -> Array:
    """log(Phi(high) - Phi(low)), accurate in both tails; -inf where the two meet."""
    flip = low > 0.0
    a, b = np.where(flip, -high, low), np.where(flip, -low, high)
    log_a, log_b = log_ndtr(a), log_ndtr(b)
    with np.errstate(divide="ignore", invalid="ignore"):
        mass = log_b + np.log1p(-np.exp(np.minimum(log_a - log_b, 0.0)))
    return np.where(a < b, mass, -np.inf)


def _row_sd(rows: Array, sigma: Array) -> Array:
    variance = np.einsum("ij,jk,ik->i", rows, sigma, rows)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _square_root(sigma: Array) -> Array:
    """A symmetric square root; small negative eigenvalues of a sandwich matrix count as zero."""
    values, vectors = np.linalg.eigh(sigma)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
