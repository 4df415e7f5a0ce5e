"""Smoothness: the optimal fixed-length confidence interval (FLCI) under Delta^SD(M).

What belongs here is Rambachan & Roth (2023), section 4.1: among all estimators that are linear in the event
study, weigh the leads so that the interval  estimate ± cv(bias/sd)·sd  is shortest, where ``bias`` is the
worst over every differential trend whose slope changes by at most M between consecutive periods and ``cv(b)``
is the 1 - alpha quantile of |N(b, 1)|. What stays out: checking of arguments (``honest``).

Write delta through its second differences eta_j. With u_j the weight an estimator puts on eta_{-j}
(j = 0 .. n_pre-1), the worst bias is  M (sum_j |u_j| + constant)  and unbiasedness under linear trends fixes
u_0 = sum_t t·l_t. So the frontier between bias and variance is a lasso path in the n_pre - 1 free u's, which
is piecewise linear in the penalty and is followed exactly here; the half-length is then minimised along it.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


def smoothness_interval(
    betahat: Array, sigma: Array, n_pre: int, l_vec: Array, m: float, alpha: float
) -> tuple[float, float]:
    """The optimal FLCI; ``betahat`` shape (n_pre + n_post,), ``l_vec`` shape (n_post,), any signs.

    ``m`` is in the unit of ``betahat`` per period squared.
    """
    weights, half_length = optimal_flci(sigma, n_pre, l_vec, m, alpha)
    estimate = float(weights @ betahat)
    return estimate - half_length, estimate + half_length


def optimal_flci(sigma: Array, n_pre: int, l_vec: Array, m: float, alpha: float) -> tuple[Array, float]:
    """Weights on all coefficients, shape (n_pre + n_post,), and the half-length; free of ``betahat``."""
    n_post = l_vec.size
    target = float(np.arange(1, n_post + 1) @ l_vec)
    # Weight on the second difference j periods after treatment: sum_{t > j} (t - j) l_t.
    bias_post = sum(abs(float(np.arange(1, n_post - j + 1) @ l_vec[j:])) for j in range(1, n_post))

    # Leads' weights from u: u_j = sum_{t > j} (t - j) l_{-t}, a double cumulative sum, undone by two
    # differences. Column order of ``to_leads``: u_{K-1} .. u_1, u_0, so that rows run from the earliest lead.
    difference = np.eye(n_pre) - np.eye(n_pre, k=-1)
    to_leads = difference @ difference
    free, fixed = to_leads[:, :-1], to_leads[:, -1] * target

    pre, post = slice(0, n_pre), slice(n_pre, None)
    quadratic = free.T @ sigma[pre, pre] @ free
    linear = free.T @ (sigma[pre, pre] @ fixed + sigma[pre, post] @ l_vec)

    def leads(u: Array) -> Array:
        return np.asarray(fixed + free @ u)

    def half_length(u: Array) -> float:
        weights = np.concatenate([leads(u), l_vec])
        sd = float(np.sqrt(max(weights @ sigma @ weights, 0.0)))
        bias = m * (bias_post + abs(target) + float(np.abs(u).sum()))
        return bias if sd == 0.0 else sd * folded_normal_quantile(bias / sd, alpha)

    path = _lasso_path(quadratic, linear)
    knots = [half_length(u) for u in path]
    best = int(np.argmin(knots))
    u_best, shortest = path[best], knots[best]
    for left, right in pairwise(path[max(best - 1, 0) : best + 2]):
        step = right - left
        if not step.any():
            continue
        inner = minimize_scalar(
            lambda a, left=left, step=step: half_length(left + a * step),
            bounds=(0.0, 1.0),
            method="bounded",
            options={"xatol": 1e-8},
        )
        if inner.fun < shortest:
            u_best, shortest = left + inner.x * step, float(inner.fun)
    return np.concatenate([leads(u_best), l_vec]), shortest


def worst_bias(weights: Array, n_pre: int, m: float) -> float:
    """The largest bias of ``weights`` (leads then lags, unbiased under linear trends) when slopes bend by at most ``m``."""
    # A weight on period t carries t - j of every second difference j nearer to the reference.
    before = np.cumsum(np.cumsum(weights[:n_pre]))
    after = np.cumsum(np.cumsum(weights[n_pre:][::-1]))[:-1]
    return float(m * (np.abs(before).sum() + np.abs(after).sum()))


def folded_normal_quantile(b: float, alpha: float) -> float:
    """The 1 - alpha quantile of |N(b, 1)|."""
    b = abs(b)
    one_sided = b + float(ndtri(1.0 - alpha))
    two_sided = b + float(ndtri(1.0 - alpha / 2.0))

    def excess(c: float) -> float:
        # P(|N(b,1)| > c) - alpha, in upper tails so that it stays accurate for small alpha.
        return float(ndtr(b - c) + ndtr(-b - c)) - alpha

    if excess(one_sided) <= 0.0:
        return one_sided
    return float(brentq(excess, one_sided, two_sided, xtol=1e-14, rtol=1e-14))


def _lasso_path(quadratic: Array, linear: Array) -> list[Array]:
    """Knots of  argmin_u  u'Qu/2 + linear'u + mu·|u|_1  as mu falls from infinity to 0 (homotopy).

    Between two knots the solution is linear in mu. Source: Osborne, Presnell & Turlach (2000); Efron et al.
    (2004), section 3.1 (least angle regression with the lasso modification).
    """
    p = linear.size
    u = np.zeros(p)
    path = [u.copy()]
    if p == 0:
        return path
    scale = float(np.abs(linear).max()) or 1.0
    mu = float(np.abs(linear).max())
    active: list[int] = [int(np.abs(linear).argmax())]
    just_dropped = -1
    for _ in range(50 * (p + 1)):
        if mu <= 1e-14 * scale:
            break
        gradient = linear + quadratic @ u
        signs = -np.sign(gradient[active])
        # On the active set Q_AA u_A = -linear_A - mu signs, so u_A moves by ``direction`` per unit fall of
        # mu.
        direction = np.linalg.lstsq(quadratic[np.ix_(active, active)], signs, rcond=None)[0]
        change = quadratic[:, active] @ direction
        fall = mu
        event: tuple[str, int] = ("end", -1)
        for j in range(p):
            if j in active:
                a = active.index(j)
                if direction[a] * u[j] < 0.0 and -u[j] / direction[a] < fall:
                    fall, event = -u[j] / direction[a], ("drop", j)
                continue
            # A variable that has just left stands on the boundary it left; only a later meeting counts.
            earliest = 1e-10 * mu if j == just_dropped else 0.0
            for side in (1.0, -1.0):
                # side·(gradient_j + f·change_j) meets mu - f
                speed = 1.0 + side * change[j]
                if speed > 1e-14:
                    when = (mu - side * gradient[j]) / speed
                    if earliest <= when < fall:
                        fall, event = float(when), ("join", j)
        u = u.copy()
        u[active] += fall * direction
        mu -= fall
        just_dropped = -1
        if event[0] == "drop":
            u[event[1]] = 0.0
            active.remove(event[1])
            just_dropped = event[1]
        elif event[0] == "join":
            active.append(event[1])
        path.append(u.copy())
        if not active:
            break
    return path
