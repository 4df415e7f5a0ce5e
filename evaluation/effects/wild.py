"""Wild cluster bootstrap of a contrast: restricted (WCR) and unrestricted (WCU), types 11 and 31.

Every draw's t needs only the G × G matrix ``C_hg = v_h'R_hg e_g`` (R the residual maker, e the residuals the draws
flip), so that a draw costs G² whatever the number of rows; the null enters linearly, so the whole p-value curve
behind an inverted interval costs one pass. Sources: Cameron, Gelbach & Miller 2008; Roodman, MacKinnon, Nielsen &
Webb 2019; MacKinnon, Nielsen & Webb 2023 (types 31: jackknifed residuals). Not here: CR2 intervals.

Ties count as at least as large, and no p is below one over the number of draws: with all 2^G sign vectors
enumerated the observed sample is one of them. Inverted intervals count strictly, as ``boottest`` and
``fwildclusterboot`` print them; where everything is enumerated their edge can differ from p by 2/2^G.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evaluation.effects.absorb import Nuisance
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.parts import Parts, full
from evaluation.effects.results import FloatArray, IntArray
from evaluation.effects.sandwich import RELATIVE_EIGENVALUE, sandwich
from evaluation.errors import CannotEstimate, InputError

WEBB = np.sqrt(np.array([0.5, 1.0, 1.5, 0.5, 1.0, 1.5])) * np.array([1, 1, 1, -1, -1, -1])
MAX_ENUMERATED_CLUSTERS = 22
MAX_CLUSTERS = 3000
"""Above this the G × G matrices fill memory, and asymptotic errors are exact enough."""
TIE = 1e-10


class Curve(Protocol):
    """A p-value as a function of the null, ties counted or not."""

    def __call__(self, null: float, strict: bool = False) -> float:
        """p-value of ``null``."""
        ...


@dataclass(frozen=True)
class WildBootstrap:
    """Result of a wild cluster bootstrap of one contrast.

    ``t`` and ``std_error`` use CR1S. ``p_other`` is the p-value of the other of WCR and WCU, an alarm when they
    disagree. ``smallest_p`` is one over ``draws``. An interval end is infinite where no null that far is rejected.
    """

    estimate: float
    std_error: float
    t: float
    p_value: float
    p_other: float
    ci_low: float
    ci_high: float
    draws: int
    enumerated: bool
    restricted: bool
    smallest_p: float


def wild_bootstrap(
    estimator: LinearEstimator,
    *,
    null: float = 0.0,
    restricted: bool = True,
    jackknife: bool = False,
    distribution: str = "rademacher",
    draws: int | None = 9999,
    seed: int = 0,
    level: float = 0.95,
    interval: bool = True,
) -> WildBootstrap:
    """Wild cluster bootstrap-t of the estimator's single contrast.

    ``jackknife`` gives types 31 instead of 11. ``draws`` None asks for all 2^G sign vectors; they are also used
    whenever they are fewer than ``draws``.

    Raises:
        InputError: more than one contrast, an unknown distribution, or too many clusters to enumerate.
        CannotEstimate: one cluster, or a standard error of zero.
    """
    if estimator.V.shape[1] != 1 or not estimator.null_models or estimator.null_models[0] is None:
        raise InputError("The wild bootstrap takes one contrast at a time, with its restricted model.")
    refuse_many_clusters(estimator.G)
    observed = sandwich(estimator, "cr1s")
    theta, se = float(estimator.theta[0]), float(observed.std_errors[0])
    if not se > 1e-12 * max(abs(theta), float(np.abs(estimator.y).max()), np.finfo(float).tiny):
        raise CannotEstimate("Cannot bootstrap: the clusters show no variation (standard error of zero).")
    U, enumerated = _multipliers(estimator.G, distribution, draws, seed)
    model = estimator.null_models[0]
    e_y, e_d = model.nuisance.residual(estimator.y), model.nuisance.residual(model.d)
    e_free = estimator.residual()
    if jackknife and (estimator.levels is not None or estimator.averaged is not None):
        raise CannotEstimate(
            "Cannot bootstrap with jackknifed residuals: the fixed effects have too many levels to leave clusters out one "
            "by one. Leave --jackknife out."
        )
    if jackknife:
        e_y, e_d = (_leave_one_out(estimator, model.nuisance, e) for e in (e_y, e_d))
        full = (estimator.group, estimator.share, estimator.Z, estimator.K)
        e_free = _jackknifed(*full, estimator.cluster, e_free)
    curve_r = _restricted_curve(estimator, U, e_y, e_d, observed.factor, theta, se)
    curve_u = _unrestricted_curve(estimator, U, e_free, observed.factor, theta, se)
    first, second = (curve_r, curve_u) if restricted else (curve_u, curve_r)
    low, high = _invert(first, theta, se, 1 - level) if interval else (np.nan, np.nan)
    return WildBootstrap(
        estimate=theta,
        std_error=se,
        t=(theta - null) / se,
        p_value=first(null),
        p_other=second(null),
        ci_low=low,
        ci_high=high,
        draws=U.shape[0],
        enumerated=enumerated,
        restricted=restricted,
        smallest_p=1 / U.shape[0],
    )


def refuse_many_clusters(count: int) -> None:
    """Raise :class:`InputError` for more clusters than the bootstrap takes; asked before anything is fitted."""
    if count > MAX_CLUSTERS:
        raise InputError(
            f"The wild bootstrap is for few clusters; with {count} of them cr2 or cr1 gives the same answer. "
            f"Expected at most {MAX_CLUSTERS} clusters."
        )


def _multipliers(G: int, distribution: str, draws: int | None, seed: int) -> tuple[FloatArray, bool]:
    """(B, G) multipliers; all sign vectors where they are fewer than the draws asked for."""
    if distribution not in ("rademacher", "webb"):
        raise InputError(f'Weight distribution "{distribution}" is unknown. Expected: rademacher or webb.')
    if draws is not None and draws < 1:
        raise InputError("The number of draws must be at least 1.")
    if distribution == "rademacher" and (draws is None or (G < 60 and draws >= 2**G)):
        if G > MAX_ENUMERATED_CLUSTERS:
            raise InputError(f"All 2^{G} sign vectors are too many to enumerate: give a number of draws.")
        signs = (np.arange(2**G)[:, None] >> np.arange(G)[None, :]) & 1
        return np.asarray(1.0 - 2.0 * signs, dtype=np.float64), True
    if draws is None:
        raise InputError("Only Rademacher weights can be enumerated: give a number of draws.")
    rng = np.random.default_rng(seed)
    if distribution == "webb":
        return np.asarray(WEBB[rng.integers(0, 6, size=(draws, G))], dtype=np.float64), False
    return np.asarray(rng.integers(0, 2, size=(draws, G)) * 2.0 - 1.0, dtype=np.float64), False


def _cluster_matrix(estimator: LinearEstimator, e: FloatArray) -> FloatArray:
    """(G, G) ``C_hg = v_h'R_hg e_g``: the score of cluster h when only cluster g's residuals are put back."""
    v = estimator.V[:, 0]
    parts = Parts(estimator, np.ones(v.size))
    F, K = parts.front(v), parts.back(e)
    C = -(F.columns @ K.columns.T)
    for front, back in ((F.groups, K.groups), (F.levels, K.levels)):
        if front is not None and back is not None:
            C -= full(front @ back.T)
    G = estimator.G
    C[np.arange(G), np.arange(G)] += np.bincount(estimator.cluster, weights=v * e, minlength=G)
    return np.asarray(C, dtype=np.float64)


def _restricted_curve(
    estimator: LinearEstimator,
    U: FloatArray,
    e_y: FloatArray,
    e_d: FloatArray,
    factor: float,
    theta: float,
    se: float,
) -> Curve:
    """p-value as a function of the null: residuals e_y − θ₀ e_d make numerator and variance polynomials in θ₀."""
    v = estimator.V[:, 0]
    num_y, num_d = (
        U @ np.bincount(estimator.cluster, weights=v * e, minlength=estimator.G) for e in (e_y, e_d)
    )
    S_y, S_d = (U @ _cluster_matrix(estimator, e).T for e in (e_y, e_d))
    q0, q1, q2 = ((a * b).sum(axis=1) for a, b in ((S_y, S_y), (S_y, S_d), (S_d, S_d)))

    def p_value(null: float, strict: bool = False) -> float:
        variance = factor * np.maximum(q0 - 2 * null * q1 + null**2 * q2, 0.0)
        return _share_larger(num_y - null * num_d, variance, abs(theta - null) / se, strict)

    return p_value


def _unrestricted_curve(
    estimator: LinearEstimator, U: FloatArray, e: FloatArray, factor: float, theta: float, se: float
) -> Curve:
    v = estimator.V[:, 0]
    numerator = U @ np.bincount(estimator.cluster, weights=v * e, minlength=estimator.G)
    variance = factor * ((U @ _cluster_matrix(estimator, e).T) ** 2).sum(axis=1)

    def p_value(null: float, strict: bool = False) -> float:
        return _share_larger(numerator, variance, abs(theta - null) / se, strict)

    return p_value


def _share_larger(numerator: FloatArray, variance: FloatArray, t: float, strict: bool) -> float:
    """Share of |t*| at least |t|, ties included and never below one over the draws; or strictly larger."""
    if strict:
        return int((np.abs(numerator) > t * np.sqrt(variance) * (1 + TIE)).sum()) / numerator.size
    reached = np.abs(numerator) >= t * np.sqrt(variance) * (1 - TIE)
    return max(int(reached.sum()), 1) / numerator.size


def _invert(p_value: Curve, theta: float, se: float, alpha: float) -> tuple[float, float]:
    """Where the p-value curve falls through alpha on either side of the estimate."""
    ends = []
    for side in (-1.0, 1.0):
        inside, step = 0.0, 1.0
        while p_value(theta + side * (inside + step) * se, True) > alpha:
            inside, step = inside + step, 2 * step
            if inside > 2.0**20:
                break
        if inside > 2.0**20:
            ends.append(side * np.inf)
            continue
        outside = inside + step
        for _ in range(50):
            middle = (inside + outside) / 2
            if p_value(theta + side * middle * se, True) > alpha:
                inside = middle
            else:
                outside = middle
        ends.append(theta + side * inside * se)
    return ends[0], ends[1]


def _leave_one_out(estimator: LinearEstimator, nuisance: Nuisance, e: FloatArray) -> FloatArray:
    return _jackknifed(nuisance.group, nuisance.share, nuisance.Z, nuisance.K, estimator.cluster, e)


def _jackknifed(
    group: IntArray, share: FloatArray, Z: FloatArray, K: FloatArray, cluster: IntArray, e: FloatArray
) -> FloatArray:
    """(n,) residuals ``(I − H_gg)^{-1} e_g``: what cluster g's residuals are when it had no say in the fit."""
    out = np.empty_like(e)
    for g in range(int(cluster.max()) + 1):
        rows = np.flatnonzero(cluster == g)
        units, local = np.unique(group[rows], return_inverse=True)
        F = np.zeros((rows.size, units.size + Z.shape[1]))
        J = np.zeros_like(F)
        F[np.arange(rows.size), local] = 1.0
        J[np.arange(rows.size), local] = share[rows]
        F[:, units.size :], J[:, units.size :] = Z[rows], K[rows]
        # Woodbury: (I − F J')^{-1} e = e + F (I − J'F)^{-1} J'e, with a pseudo-inverse for effects nested in g.
        inner = np.linalg.pinv(np.eye(F.shape[1]) - J.T @ F, rcond=RELATIVE_EIGENVALUE)
        out[rows] = e[rows] + F @ (inner @ (J.T @ e[rows]))
    return out
