"""A panel shaped for group-time effects: units by periods, or observations of repeated cross sections.

Here: which units can be used, and how rows become units and back. Not here: any estimate (``group_time``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evaluation.effects.design import Panel
from evaluation.effects.results import FloatArray, IntArray
from evaluation.errors import CannotEstimate, InputError

CHANGING_CLUSTER = "Each unit must lie in one cluster for group-time effects: some units change cluster."


@dataclass(frozen=True)
class ByUnit:
    """The panel by unit: ``Y`` (n, T) outcomes, ``W`` (n, T) weights, ``X`` (n, T, q) covariates and their names.

    In cross sections there is one row per observation, seen in one period; ``unit`` (n,) says whose it is.
    """

    Y: FloatArray
    W: FloatArray
    X: FloatArray
    start: FloatArray
    unit: IntArray
    cluster: IntArray
    periods: FloatArray
    covariates: tuple[str, ...]
    name: Callable[[float], str]


def cluster_influence(psi: FloatArray, cluster: IntArray) -> FloatArray:
    """(G, k) sums of influence functions by cluster."""
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(cluster[order]) != 0])
    return np.asarray(np.add.reduceat(psi[order], starts, axis=0), dtype=np.float64)


def by_unit(wide: ByUnit, influence: FloatArray) -> tuple[FloatArray, FloatArray, IntArray]:
    """Influence (units, k) and weight (units,) of units from those of their observations; each unit's first row."""
    _, first, code = np.unique(wide.unit, return_index=True, return_inverse=True)
    if not np.array_equal(wide.cluster[first][code], wide.cluster):
        raise InputError(CHANGING_CLUSTER)
    sums = cluster_influence(influence, code.astype(np.int64)) * (first.size / wide.unit.size)
    weight = np.bincount(code, weights=wide.W.sum(axis=1)) / np.bincount(code)
    return sums, np.asarray(weight, dtype=np.float64), first.astype(np.int64)


def without_always_treated(panel: Panel, anticipation: int, notes: list[str]) -> Panel:
    """Units treated from the first period on have no past to compare with.

    Raises:
        CannotEstimate: every unit is so.
    """
    assert panel.start is not None
    first = panel.time.min()
    always = panel.start <= first + anticipation
    count = np.unique(panel.unit[always]).size
    if not count:
        return panel
    if always.all():
        raise CannotEstimate(
            "Cannot estimate an effect: every unit is treated from the first period (no pre-period)."
        )
    notes.append(f"{count} units are treated (or anticipate it) from the first period on and are left out.")
    return panel.subset(~always)


def is_balanced(panel: Panel) -> bool:
    """Every unit once in every period."""
    units, periods = np.unique(panel.unit).size, np.unique(panel.time).size
    pairs = np.unique(np.column_stack([panel.unit, panel.time]), axis=0)
    return bool(pairs.shape[0] == panel.n == units * periods)


def balanced(panel: Panel, notes: list[str]) -> ByUnit:
    """The units seen once in every period; the others are counted in the notes.

    Raises:
        CannotEstimate: several rows of one unit and period, or no such unit. InputError: a unit in two clusters.
    """
    assert panel.start is not None
    periods, t = np.unique(panel.time, return_inverse=True)
    units, u = np.unique(panel.unit, return_inverse=True)
    seen = np.bincount(u * periods.size + t, minlength=units.size * periods.size).reshape(-1, periods.size)
    if (seen > 1).any():
        raise CannotEstimate(
            f"Cannot estimate group-time effects: {int((seen > 1).sum())} pairs of unit and period hold several "
            "rows. Take them as repeated cross sections (--unbalanced), aggregate to one row per unit and period, "
            "or name a finer unit."
        )
    whole = (seen == 1).all(axis=1)
    if not whole.any():
        raise CannotEstimate(
            "Cannot estimate group-time effects: no unit is seen in every period. Take the rows as repeated cross "
            "sections (--unbalanced), or use the imputation estimator, which needs no balanced panel."
        )
    if not whole.all():
        notes.append(
            f"{int((~whole).sum())} of {units.size} units are not seen in every period and are left out."
        )
    keep = whole[u]
    shape = (int(whole.sum()), periods.size)
    row = np.cumsum(whole)[u[keep]] - 1
    at = (row, t[keep])
    Y, W = np.zeros(shape), np.zeros(shape)
    X = np.zeros((*shape, panel.X.shape[1]))
    Y[at], W[at], X[at] = panel.y[keep], panel.w[keep], panel.X[keep]
    start, cluster = np.zeros(shape[0]), np.zeros(shape[0], dtype=np.int64)
    codes = panel.cluster_codes()[keep]
    start[row], cluster[row] = panel.start[keep], codes
    if not np.array_equal(cluster[row], codes):
        raise InputError(CHANGING_CLUSTER)
    cluster = np.unique(cluster, return_inverse=True)[1].astype(np.int64)
    return ByUnit(Y, W, X, start, np.arange(shape[0]), cluster, periods, panel.covariates, panel.period_name)


def cross_sections(panel: Panel) -> ByUnit:
    """Every row by itself, seen in its own period."""
    assert panel.start is not None
    periods, t = np.unique(panel.time, return_inverse=True)
    shape = (panel.n, periods.size)
    Y, W = np.zeros(shape), np.zeros(shape)
    X = np.zeros((*shape, panel.X.shape[1]))
    at = (np.arange(panel.n), t)
    Y[at], W[at], X[at] = panel.y, panel.w, panel.X
    return ByUnit(
        Y, W, X, panel.start, panel.unit, panel.cluster_codes(), periods, panel.covariates, panel.period_name
    )
