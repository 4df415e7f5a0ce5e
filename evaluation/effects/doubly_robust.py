"""Doubly robust 2×2 differences (Sant'Anna & Zhao 2020) with their influence functions.

One treated and one comparison group, and either one change for each unit (covariates measured before) or two cross
sections. Without covariates it is the difference of mean changes, or of four means. Not here: which 2×2 comparisons
are made (``group_time``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.results import BoolArray, FloatArray
from evaluation.errors import CannotEstimate

MAX_PROPENSITY = 0.999
"""A fitted propensity above this is perfect prediction, not overlap; R's ``did`` refuses at the same place."""


def doubly_robust_change(
    change: FloatArray, treated: FloatArray, X: FloatArray, weights: FloatArray
) -> tuple[float, FloatArray]:
    """ATT of one 2×2 comparison and its influence function (n,), scaled so that Var = mean(ψ²)/n.

    ``change`` (n,) is y_t − y_base, ``treated`` (n,) 0/1, ``X`` (n, k) covariates with their constant, ``weights``
    (n,) sampling weights. Logit propensity score, outcome regression on the comparison group
    (``DRDID::drdid_panel``, "traditional" estimator).

    Raises:
        CannotEstimate: separation or no overlap, or covariates collinear in the comparison group.
    """
    n = change.size
    weights = weights / weights.mean()
    if X.shape[1] == 1:
        means = [np.average(change[treated == k], weights=weights[treated == k]) for k in (0, 1)]
        psi = np.zeros(n)
        for k, sign in ((1, 1.0), (0, -1.0)):
            own = weights * (treated == k)
            psi += sign * own * (change - means[k]) / own.mean()
        return float(means[1] - means[0]), psi
    propensity, ps_covariance = logit_propensity(treated, X, weights)
    control = weights * (1 - treated)
    inverse = _inverse_moment(X, control, "the comparison group")
    beta = inverse @ (X.T @ (control * change)) / n
    gap = change - X @ beta
    w_treat = weights * treated
    w_cont = control * propensity / (1 - propensity)
    eta_treat = float((w_treat * gap).mean() / w_treat.mean())
    eta_cont = float((w_cont * gap).mean() / w_cont.mean())
    ols_rep = (control * gap)[:, None] * X @ inverse
    ps_rep = (weights * (treated - propensity))[:, None] * X @ (ps_covariance * n)
    m1 = (w_treat[:, None] * X).mean(axis=0)
    m2 = ((w_cont * (gap - eta_cont))[:, None] * X).mean(axis=0)
    m3 = (w_cont[:, None] * X).mean(axis=0)
    psi_treat = (w_treat * (gap - eta_treat) - ols_rep @ m1) / w_treat.mean()
    psi_cont = (w_cont * (gap - eta_cont) + ps_rep @ m2 - ols_rep @ m3) / w_cont.mean()
    return eta_treat - eta_cont, psi_treat - psi_cont


@dataclass(frozen=True)
class _Mean:
    """One weighted mean ``sign · Σ a h / Σ a`` of the estimator, and how ``h`` moves with the outcome regressions.

    ``slopes`` (d, s) → coefficient of x'β_ds in ``h``; ``is_odds`` the weights ``a`` hold the propensity's odds.
    """

    sign: float
    a: FloatArray
    h: FloatArray
    slopes: dict[tuple[int, int], float]
    is_odds: bool = False


def doubly_robust_cross_sections(
    y: FloatArray, after: BoolArray, treated: FloatArray, X: FloatArray, weights: FloatArray
) -> tuple[float, FloatArray]:
    """ATT of one 2×2 comparison of two cross sections and its influence function (n,), Var = mean(ψ²)/n.

    ``y`` (n,) outcomes, ``after`` (n,) True in the later section, ``treated`` (n,) 0/1, ``X`` (n, k) covariates with
    their constant, ``weights`` (n,) sampling weights. Outcome regressions in all four groups and a logit propensity:
    the locally efficient estimator, Sant'Anna & Zhao (2020) eq. 3.4 (``DRDID::drdid_rc``).

    Raises:
        CannotEstimate: an empty group, separation or no overlap, or covariates collinear within a group.
    """
    n = y.size
    weights = weights / weights.mean()
    own = {(d, s): weights * ((treated == d) & (after == bool(s))) for d in (0, 1) for s in (0, 1)}
    if not all(a.sum() > 0 for a in own.values()):
        raise CannotEstimate("a group has no observation in one of the two periods.")
    if X.shape[1] == 1:
        psi, att = np.zeros(n), 0.0
        for (d, s), a in own.items():
            mean = float(np.average(y, weights=a))
            sign = 1.0 if d == s else -1.0
            att += sign * mean
            psi += sign * a * (y - mean) / a.mean()
        return att, psi
    propensity, ps_covariance = logit_propensity(treated, X, weights)
    fitted, linear = {}, {}
    for (d, s), a in own.items():
        inverse = _inverse_moment(X, a, f"{'treated' if d else 'comparison'} units of one period")
        fitted[d, s] = X @ (inverse @ (X.T @ (a * y)) / n)
        linear[d, s] = (a * (y - fitted[d, s]))[:, None] * X @ inverse
    odds = propensity / (1 - propensity)
    everyone = own[1, 0] + own[1, 1]
    means = []
    for s, direction in ((1, 1.0), (0, -1.0)):
        gap = y - fitted[0, s]
        lift, both = fitted[1, s] - fitted[0, s], {(1, s): 1.0, (0, s): -1.0}
        means += [
            _Mean(direction, own[1, s], gap, {(0, s): -1.0}),
            _Mean(-direction, own[0, s] * odds, gap, {(0, s): -1.0}, is_odds=True),
            _Mean(direction, everyone, lift, both),
            _Mean(-direction, own[1, s], lift, both),
        ]
    att, psi = 0.0, np.zeros(n)
    score = (weights * (treated - propensity))[:, None] * X @ (ps_covariance * n)
    for m in means:
        eta, size = float(m.a @ m.h / m.a.sum()), float(m.a.mean())
        att += m.sign * eta
        psi += m.sign * m.a * (m.h - eta) / size
        for group, slope in m.slopes.items():
            psi += m.sign * slope * linear[group] @ (X.T @ m.a / n) / size
        if m.is_odds:
            psi += m.sign * score @ (X.T @ (m.a * (m.h - eta)) / n) / size
    return att, psi


def _inverse_moment(X: FloatArray, a: FloatArray, whom: str) -> FloatArray:
    """Inverse of the weighted second moments of the covariates; refused where they are collinear among ``whom``."""
    cross = X.T @ (a[:, None] * X) / a.size
    scale = np.sqrt(np.diag(cross))
    if not (scale > 0).all() or np.linalg.cond(cross / np.outer(scale, scale)) > 1e12:
        raise CannotEstimate(f"Cannot estimate: the covariates are collinear in {whom}.")
    return np.asarray(np.linalg.inv(cross), dtype=np.float64)


def logit_propensity(
    treated: FloatArray, X: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Fitted probabilities (n,) and inverse information (k, k) of a weighted logit by Newton steps.

    Raises:
        CannotEstimate: no convergence, or a treated unit that the covariates predict perfectly.
    """
    scale = np.maximum(np.abs(X).max(axis=0), np.finfo(float).tiny)
    Z = X / scale
    beta = np.zeros(X.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(Z @ beta, -500, 500)))
        information = Z.T @ ((weights * p * (1 - p))[:, None] * Z)
        if np.linalg.cond(information) > 1e14:
            break
        step = np.linalg.solve(information, Z.T @ (weights * (treated - p)))
        beta = beta + step
        if np.abs(step).max() < 1e-12 * (1 + np.abs(beta).max()):
            p = 1 / (1 + np.exp(-np.clip(Z @ beta, -500, 500)))
            if p.max() >= MAX_PROPENSITY:
                break
            information = Z.T @ ((weights * p * (1 - p))[:, None] * Z)
            return p, np.linalg.inv(information) / np.outer(scale, scale)
    raise CannotEstimate(
        "Cannot estimate: the covariates separate treated from comparison units (no overlap of the propensity)."
    )
