"""The milestone's numbers made again with dense least squares and nothing of the engine: θ, its interval, two p-values.

Imputation as Borusyak, Jaravel & Spiess (2024) write it, CR2 for the contrast, and every exchange of the grades' calendars
one after the other. Slow, plain, and for tests alone.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

HORIZON = (0.0, 1.0, 2.0)


@dataclass(frozen=True)
class Recomputed:
    """In percentage points."""

    theta: float
    low: float
    high: float
    p: float
    p_relevant: float
    smallest_p: float


def recompute(monthly: pd.DataFrame, relevant_pp: float, level: float = 0.95) -> Recomputed:
    """From ``core_monthly`` rows of cells that can all be judged; one talk month is left out of each cell."""
    is_longer = monthly["is_transition"] & (monthly["t"] < monthly["start"] - 1)
    rows = monthly[~is_longer].sort_values(["school_id", "grade", "t"]).reset_index(drop=True)
    y = (100 * rows["absent_days"] / rows["possible_days"]).to_numpy(dtype=float)
    w = rows["possible_days"].to_numpy(dtype=float)
    event = (rows["t"] - rows["start"].fillna(np.inf)).to_numpy(dtype=float)
    X = _columns(rows)
    untreated, hit = event < -1, np.isin(event, HORIZON)
    theta = _theta(X, y, w, untreated, hit)
    se, df = _cr2(X, y, w, untreated, hit, rows)
    half = se * float(student.ppf(0.5 + level / 2, df))
    p, p_relevant, smallest = _permuted(rows, X, y, w, hit, relevant_pp)
    return Recomputed(theta, theta - half, theta + half, p, p_relevant, smallest)


def _columns(rows: pd.DataFrame) -> np.ndarray:
    """Dummies of cell × calendar month, school × month and cell × school year."""
    terms = (("cell", "cal_month"), ("school_id", "month"), ("cell", "school_year"))
    keys = [rows[list(t)].astype(str).agg("|".join, axis=1) for t in terms]
    return np.concatenate([pd.get_dummies(k).to_numpy(dtype=float) for k in keys], axis=1)


def _theta(X: np.ndarray, y: np.ndarray, w: np.ndarray, untreated: np.ndarray, hit: np.ndarray) -> float:
    """The weighted mean of what was not expected in the milestone's months."""
    fitted = _fitted(X[untreated], y[untreated], w[untreated])
    return float(np.average(y[hit] - X[hit] @ fitted, weights=w[hit]))


def _fitted(X: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weighted least squares; a ridge of 1e-10 picks one of the solutions that give the same fitted values."""
    normal = X.T @ (w[:, None] * X)
    normal += 1e-10 * np.trace(normal) / len(normal) * np.eye(len(normal))
    return np.linalg.solve(normal, X.T @ (w * y.T).T)


def _cr2(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, untreated: np.ndarray, hit: np.ndarray, rows: pd.DataFrame
) -> tuple[float, float]:
    """Standard error and Satterthwaite degrees of freedom, working variance 1/w, clusters the cells.

    Residuals of treated months are taken around the mean effect of their wave and month since the talks (Borusyak, Jaravel
    & Spiess 2024, section 4.3), and each cluster's score is scaled to have the variance it should have under the working
    model: CR2 for a contrast (docs/methods/inference.md).
    """
    order = np.concatenate([np.flatnonzero(untreated), np.flatnonzero(hit)])
    n0, own = int(untreated.sum()), w[order]
    X0, X1 = X[untreated], X[hit]
    normal = X0.T @ (own[:n0, None] * X0)
    normal += 1e-10 * np.trace(normal) / len(normal) * np.eye(len(normal))
    gamma = np.linalg.solve(normal, X0.T * own[:n0])
    mean = (rows["start"].astype(str) + "|" + rows["t"].astype(str)).to_numpy()[hit]
    around = (mean[:, None] == mean) * own[n0:]
    A = np.eye(order.size - n0) - around / around.sum(axis=1, keepdims=True)
    R = np.zeros((order.size, order.size))
    R[:n0, :n0] = np.eye(n0) - X0 @ gamma
    R[n0:, :n0], R[n0:, n0:] = -A @ X1 @ gamma, A
    share = own[n0:] / own[n0:].sum()
    V = np.concatenate([-(share @ X1) @ gamma, share])
    label = rows["cell"].to_numpy()[order]
    T = []
    for cell in np.unique(label):
        mine = np.where(label == cell, V, 0.0)
        score = R.T @ mine
        should, has = (mine**2 / own).sum(), (score**2 / own).sum()
        if has > 1e-12 * should:
            T.append(score * np.sqrt(should / has))
    T = np.array(T)
    cross = (T / own) @ T.T
    return float(np.linalg.norm(T @ y[order])), float(np.trace(cross) ** 2 / (cross**2).sum())


def _permuted(
    rows: pd.DataFrame, X: np.ndarray, y: np.ndarray, w: np.ndarray, hit: np.ndarray, relevant_pp: float
) -> tuple[float, float, float]:
    """Two-sided p at zero and at a fall of ``relevant_pp``, over every exchange of the grades' calendars; the least p."""
    grades = sorted(rows["grade"].unique(), key=int)
    start = {(s, g): v for (s, g), v in rows.groupby(["school_id", "grade"])["start"].first().items()}
    schools = sorted(rows["school_id"].unique())
    treated = [g for g in grades if np.isfinite([start[s, g] for s in schools]).all()]
    outcomes = np.stack([y, y + relevant_pp * hit], axis=1)
    where = [(rows["school_id"] == s).to_numpy() for s in schools]
    t, grade = rows["t"].to_numpy(dtype=float), rows["grade"].to_numpy()
    statistics = []
    for chosen in itertools.permutations(grades, len(treated)):
        calendar = dict(zip(chosen, treated, strict=True))
        total, weight = np.zeros(2), 0.0
        for school, inside in zip(schools, where, strict=True):
            begins = np.array(
                [start[school, calendar[g]] if g in calendar else np.inf for g in grade[inside]]
            )
            event = t[inside] - begins
            columns, own = X[inside], w[inside]
            columns = columns[:, columns.any(axis=0)]
            free, in_horizon = event < -1, np.isin(event, HORIZON)
            fitted = _fitted(columns[free], outcomes[inside][free], own[free])
            gap = outcomes[inside][in_horizon] - columns[in_horizon] @ fitted
            total += own[in_horizon] @ gap
            weight += own[in_horizon].sum()
        statistics.append((chosen == tuple(treated), total / weight))
    (observed,) = [np.abs(s) for is_own, s in statistics if is_own]
    sizes = np.abs([s for _, s in statistics])
    p = (sizes >= observed * (1 - 1e-9)).mean(axis=0)
    return float(p[0]), float(p[1]), 1 / len(statistics)
