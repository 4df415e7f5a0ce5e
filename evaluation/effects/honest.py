"""Honest difference-in-differences: how far may parallel trends fail before the conclusion falls?

Rambachan & Roth (2023, *Review of Economic Studies* 90:2555) bound the differential trend ``delta`` that an
event study cannot rule out, and give intervals for ``theta = l_vec' tau_post`` that hold for every ``delta``
inside the bound. What belongs here is the door to the two restrictions and the breakdown value. How each interval
is computed stands in :mod:`evaluation.effects.honest_arp` (relative magnitudes) and
:mod:`evaluation.effects.honest_flci` (smoothness). What stays out: estimating the event study, and a covariance from
few clusters (:mod:`evaluation.effects.honest_few`).

Convention, as in the authors' R package: ``betahat`` lists the ``n_pre`` leads from the earliest to the one
just before the reference period, then the ``n_post`` lags; the reference period (zero by construction) is
left out, and the periods are consecutive. Everything is in the unit of ``betahat``, here percentage points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evaluation.effects.honest_arp import relative_magnitudes_interval
from evaluation.effects.honest_flci import smoothness_interval
from evaluation.errors import CannotEstimate, InputError

Restriction = Literal["relative-magnitudes", "smoothness"]
RESTRICTIONS: tuple[Restriction, ...] = ("relative-magnitudes", "smoothness")

_LARGEST_BOUND_SEARCHED = 2.0**12


@dataclass(frozen=True, slots=True)
class HonestInterval:
    """One robust interval for ``l_vec' tau_post``.

    ``bound`` is M̄ (relative magnitudes: multiples of the largest step seen before treatment, no unit) or M
    (smoothness: largest change of slope between consecutive periods, unit of ``betahat``). ``ci_low`` and
    ``ci_high`` are in the unit of ``betahat``; both are NaN when every value is rejected, which says that the
    restriction itself is at odds with the leads.
    """

    restriction: Restriction
    bound: float
    ci_low: float
    ci_high: float


def honest_intervals(
    betahat: ArrayLike,
    sigma: ArrayLike,
    n_pre: int,
    n_post: int,
    l_vec: ArrayLike | None = None,
    restriction: Restriction = "relative-magnitudes",
    bounds: Sequence[float] = (0.5, 1.0, 2.0),
    level: float = 0.95,
    *,
    seed: int = 0,
) -> list[HonestInterval]:
    """Robust intervals, one per bound, in the order the bounds are given.

    ``betahat`` has shape (n_pre + n_post,), ``sigma`` its covariance, ``l_vec`` shape (n_post,) with any
    signs (default: the first period after treatment). Relative magnitudes use the C-LF hybrid test of
    Andrews, Roth & Pakes (2023) for each period and sign and take the union; smoothness uses the optimal
    fixed-length interval. ``seed`` feeds only the simulated least-favourable critical value.

    Raises :class:`InputError` for arguments that do not fit together and :class:`CannotEstimate` without
    leads.
    """
    beta, cov, weights = _checked(betahat, sigma, n_pre, n_post, l_vec, level)
    if restriction not in RESTRICTIONS:
        raise InputError(
            f"honest: restriction {restriction!r} is not known; choose one of {', '.join(RESTRICTIONS)}"
        )
    intervals = []
    for bound in bounds:
        if not np.isfinite(bound) or bound < 0:
            raise InputError(f"honest: a bound must be a finite number of at least 0, found {bound}")
        if restriction == "relative-magnitudes":
            low, high = relative_magnitudes_interval(
                beta, cov, n_pre, weights, float(bound), 1.0 - level, seed=seed
            )
        else:
            low, high = smoothness_interval(beta, cov, n_pre, weights, float(bound), 1.0 - level)
        intervals.append(HonestInterval(restriction, float(bound), low, high))
    return intervals


def breakdown_value(
    betahat: ArrayLike,
    sigma: ArrayLike,
    n_pre: int,
    n_post: int,
    l_vec: ArrayLike | None = None,
    restriction: Restriction = "relative-magnitudes",
    level: float = 0.95,
    *,
    null: float = 0.0,
    tolerance: float = 1e-3,
    seed: int = 0,
) -> float:
    """The largest bound at which the robust interval still leaves ``null`` out.

    0.0 when ``null`` is inside already at bound 0; ``inf`` when no bound up to 4096 (times the standard error
    for smoothness, whose bound has a unit) brings it in. The intervals grow with the bound, so bisection
    finds it; ``tolerance`` is relative to max(1, bound) in the same scale.
    """
    _, cov, weights = _checked(betahat, sigma, n_pre, n_post, l_vec, level)
    scale = 1.0
    if restriction == "smoothness":
        scale = float(np.sqrt(weights @ cov[n_pre:, n_pre:] @ weights))

    def holds(bound: float) -> bool:
        interval = honest_intervals(
            betahat, sigma, n_pre, n_post, l_vec, restriction, (bound * scale,), level, seed=seed
        )[0]
        return not interval.ci_low <= null <= interval.ci_high

    return bisected(holds, tolerance) * scale


def bisected(holds: Callable[[float], bool], tolerance: float = 1e-3) -> float:
    """The largest bound at which ``holds`` is true, which it is up to some bound and never beyond; 0 where nowhere."""
    if not holds(0.0):
        return 0.0
    low, high = 0.0, 1.0
    while holds(high):
        low, high = high, 2.0 * high
        if high > _LARGEST_BOUND_SEARCHED:
            return float("inf")
    while high - low > tolerance * max(1.0, low):
        middle = (low + high) / 2.0
        low, high = (middle, high) if holds(middle) else (low, middle)
    return low


def _checked(
    betahat: ArrayLike,
    sigma: ArrayLike,
    n_pre: int,
    n_post: int,
    l_vec: ArrayLike | None,
    level: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    beta = np.array(betahat, dtype=float).ravel()
    cov = np.array(sigma, dtype=float)
    k = beta.size
    if n_pre < 1:
        raise CannotEstimate(
            "honest: there is no period before the reference period, so nothing says how large a differential trend "
            "to allow for; add earlier periods"
        )
    if n_post < 1:
        raise CannotEstimate("honest: there is no period after treatment")
    if k != n_pre + n_post or cov.shape != (k, k):
        raise InputError(
            f"honest: {k} coefficients and a covariance of shape {cov.shape} do not fit {n_pre} periods before and "
            f"{n_post} after; expected {n_pre + n_post} and ({n_pre + n_post}, {n_pre + n_post})"
        )
    if not (np.isfinite(beta).all() and np.isfinite(cov).all()):
        raise CannotEstimate("honest: a coefficient or its covariance is not a number")
    if not (np.diag(cov) > 0.0).all():
        raise CannotEstimate("honest: a coefficient has no sampling variation, so nothing can be tested")
    spread = np.linalg.eigvalsh((cov + cov.T) / 2.0)
    if spread[0] < -1e-8 * spread[-1] or not np.allclose(cov, cov.T, rtol=1e-6, atol=1e-8 * spread[-1]):
        raise InputError(
            "honest: sigma is not a covariance: it must be symmetric without negative eigenvalues"
        )
    if not 0.0 < level < 1.0:
        raise InputError(f"honest: level must lie between 0 and 1, found {level}")
    weights = np.eye(n_post)[0] if l_vec is None else np.array(l_vec, dtype=float).ravel()
    if weights.size != n_post or not np.isfinite(weights).all() or not weights.any():
        raise InputError(
            f"honest: l_vec needs {n_post} finite weights, not all zero; found {weights.size} weights"
        )
    return beta, (cov + cov.T) / 2.0, weights
