"""Doubly robust 2×2 differences (Sant'Anna & Zhao 2020) with their influence functions.

One change of the outcome, one treated and one comparison group, covariates measured before. Without covariates
it is the difference of mean changes. Not here: which 2×2 comparisons are made (``group_time``).
"""

from __future__ import annotations

import numpy as np

from evaluation.effects.results import FloatArray
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
    cross = X.T @ (control[:, None] * X) / n
    if np.linalg.cond(cross / np.outer(np.sqrt(np.diag(cross)), np.sqrt(np.diag(cross)))) > 1e12:
        raise CannotEstimate("Cannot estimate: the covariates are collinear in the comparison group.")
    inverse = np.linalg.inv(cross)
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
