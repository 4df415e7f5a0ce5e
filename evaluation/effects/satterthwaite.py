"""Degrees of freedom and joint tests for cluster-robust covariances under the working model.

Satterthwaite (Bell & McCaffrey 2002; Imbens & Kolesár 2016) for one contrast, the approximate Hotelling T²
("HTZ", Pustejovsky & Tipton 2018, after Zhang 2012) for several. Not here: the covariances themselves.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from evaluation.effects.absorb import group_sums
from evaluation.effects.moments import CrossMoments
from evaluation.effects.results import Estimate, FloatArray, JointTest, Term, t_interval
from evaluation.effects.sandwich import Sandwich
from evaluation.errors import CannotEstimate

ROUNDING = 1e-12
"""Standard errors below this share of the largest outcome are floating-point noise."""


def satterthwaite_df(result: Sandwich) -> FloatArray:
    """(m,) degrees of freedom ``(tr P)² / tr(P²)`` of each contrast's variance estimate."""
    return result.df


def cluster_robust_estimates(
    result: Sandwich, terms: list[Term], *, level: float, null: float, df: FloatArray | None = None
) -> list[Estimate]:
    """One estimate for each contrast, with Satterthwaite degrees of freedom for its t, p and interval.

    ``df`` (m,) are those degrees of freedom where they are known already: they do not depend on the level.
    A standard error that is rounding noise beside the outcome (an exact fit) counts as none.
    """
    df = satterthwaite_df(result) if df is None else df
    errors = np.where(result.std_errors > _noise(result), result.std_errors, 0.0)
    return [
        t_interval(term, float(theta), float(se), float(d), inference=result.kind, level=level, null=null)
        for term, theta, se, d in zip(terms, result.estimator.theta, errors, df, strict=True)
    ]


def _noise(result: Sandwich) -> float:
    return ROUNDING * float(np.abs(result.estimator.y).max())


def wald_test(result: Sandwich) -> JointTest:
    """Joint test that all contrasts are zero, for very many clusters: F with the effective number of clusters.

    That number is ``(Σ_g v_g'v_g)² / Σ_g (v_g'v_g)²`` of the contrast that has the fewest (as in Carter, Schnepel &
    Steigerwald 2017): small where few of the clusters are treated, however many there are.

    Raises:
        CannotEstimate: the contrasts' covariance is singular.
    """
    q = result.T.shape[1]
    if (result.std_errors <= _noise(result)).any() or np.linalg.cond(result.cov) > 1e10:
        raise CannotEstimate(
            f"Cannot test {q} contrasts jointly: the clusters do not identify their covariance."
        )
    F = float(result.estimator.theta @ np.linalg.solve(result.cov, result.estimator.theta)) / q
    own = group_sums(result.estimator.cluster, result.estimator.G, result.T**2)
    df = float((own.sum(axis=0) ** 2 / (own**2).sum(axis=0)).min())
    return JointTest(F, float(q), df, float(special.fdtrc(q, df, max(F, 0.0))), f"F ({result.kind})")


def htz_test(result: Sandwich, null: FloatArray | None = None) -> JointTest:
    """Joint test that all contrasts equal ``null`` (m,): approximate Hotelling T² ("HTZ").

    With Ω the working-model mean of the covariance and ``D = Ω^{-½} V Ω^{-½}``:
    ``η = q(q+1) / Σ_st Var(D_st)``, ``F = (η − q + 1)/(η q) · Q``, degrees of freedom q and η − q + 1.

    Raises:
        CannotEstimate: the contrasts' covariance is singular or carries too few degrees of freedom.
    """
    q = result.T.shape[1]
    if (result.std_errors <= _noise(result)).any():
        raise CannotEstimate(f"Cannot test {q} contrasts jointly: the clusters show no variation.")
    moments = result.moments
    pairs = [(s, t) for s in range(q) for t in range(q)]
    omega = np.zeros((q, q))
    for s, t in pairs:
        omega[s, t] = moments.trace(min(s, t), max(s, t))  # Σ_g P_gg(s, t) is symmetric
    values, vectors = np.linalg.eigh(omega)
    if (
        values[0] <= 1e-10 * values[-1]
        or np.linalg.matrix_rank(result.cov, tol=1e-10 * np.trace(result.cov)) < q
    ):
        raise CannotEstimate(
            f"Cannot test {q} contrasts jointly: {moments.G} clusters do not identify their covariance."
        )
    # Adjusted weights are linear in the contrasts: those of Ω^{-½}θ are T Ω^{-½}.
    standard = CrossMoments(result.estimator, result.T @ ((vectors / np.sqrt(values)) @ vectors.T))
    variance = sum(
        (1 if s == t else 2) * (standard.inner((s, s), (t, t)) + standard.inner((s, t), (t, s)))
        for s, t in pairs
        if s <= t
    )
    eta = q * (q + 1) / variance
    gap = result.estimator.theta - (0.0 if null is None else null)
    Q = float(gap @ np.linalg.solve(result.cov, gap))
    if eta - q + 1 <= 0:
        raise CannotEstimate(
            f"Cannot test {q} contrasts jointly: the clusters carry only {eta:.1f} degrees of freedom."
        )
    F = (eta - q + 1) / (eta * q) * Q
    return JointTest(
        F, float(q), eta - q + 1, float(special.fdtrc(q, eta - q + 1, max(F, 0.0))), f"HTZ ({result.kind})"
    )
