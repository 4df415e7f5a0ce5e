"""One treated grade: inference that does not pretend that four treated cells are many.

What belongs here are the two tests that stand beside CR2 while a single wave has had its talks, both on one
number per cell (school × grade): the pooled t within schools (Donald & Lang 2007, *Review of Economics and
Statistics* 89:221) and the residual bootstrap that lets the variance depend on the cell's size (Ferman &
Pinto 2019, *ibid.* 101:452). What
stays out: CR2, the permutation itself and the wild bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.results import OVERALL, Estimate, t_interval
from evaluation.errors import CannotEstimate, InputError

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FermanPinto:
    """Residual bootstrap under the null.

    ``variance_constant`` + ``variance_by_size``/size is the fitted variance of a cell's change (squared
    percentage points); ``p_value`` counts bootstrap effects at least as large, the observed one included.
    """

    estimate: float
    p_value: float
    draws: int
    variance_constant: float
    variance_by_size: float


def cell_changes(
    frame: pd.DataFrame,
    *,
    outcome: str = "y",
    weights: str = "possible_days",
    after: str = "is_after",
    season: str = "cal_month",
) -> pd.DataFrame:
    """One change per cell: after minus before, each calendar month against the same month before.

    ``frame``: one row per cell and period with ``school_id, grade, is_treated_grade`` and the named columns;
    ``after`` is boolean. Months seen on only one side are left out. Returns one row per cell: ``school_id,
    grade, is_treated_grade, change`` (unit of the outcome), ``size`` (sum of the weights after).
    """
    columns = ["school_id", "grade", "is_treated_grade", outcome, weights, after, season]
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise InputError(f"one wave: columns {', '.join(missing)} are missing")
    keys = ["school_id", "grade", "is_treated_grade", season]
    data = frame[columns].assign(weighted=frame[outcome] * frame[weights])
    sums = data.groupby([*keys, after])[["weighted", weights]].sum().unstack(after)
    both = sums.dropna()
    if both.empty:
        raise CannotEstimate("one wave: no calendar month is there both before and after")
    mean = both["weighted"] / both[weights]
    month = pd.DataFrame({"change": mean[True] - mean[False], "size": both[weights][True]}).reset_index()
    month["weighted"] = month["change"] * month["size"]
    cells = month.groupby(["school_id", "grade", "is_treated_grade"], as_index=False)[
        ["weighted", "size"]
    ].sum()
    cells["change"] = cells["weighted"] / cells["size"]
    return cells[["school_id", "grade", "is_treated_grade", "change", "size"]]


def donald_lang(cells: pd.DataFrame, *, level: float = 0.95) -> Estimate:
    """Effect and pooled t within schools: OLS of the cells' changes on treatment and school.

    ``cells`` as from :func:`cell_changes`. The residual variance is pooled over all cells, so a single
    treated cell per school suffices; df = cells - schools - 1. It takes the cells' changes to have one
    variance.
    """
    design, change, _ = _design(cells)
    bread = np.linalg.inv(design.T @ design)
    coefficients = bread @ (design.T @ change)
    residual = change - design @ coefficients
    df = change.size - design.shape[1]
    if df < 1:
        raise CannotEstimate("one wave: no degrees of freedom are left beside the schools and the effect")
    variance = float(residual @ residual) / df
    return t_interval(
        OVERALL,
        float(coefficients[0]),
        float(np.sqrt(variance * bread[0, 0])),
        float(df),
        inference="donald-lang",
        level=level,
    )


def ferman_pinto(cells: pd.DataFrame, *, draws: int = 9999, seed: int = 0) -> FermanPinto:
    """Residuals without an effect, scaled by a variance that falls with the cell's size, and drawn again.

    The null is imposed (no treatment effect), var(change) = A + B/size is fitted to the squared residuals
    with A and B not negative, residuals are divided by its root, drawn with replacement over the cells and
    multiplied by the root of the cell they land in. Cells of one school are drawn apart: a shock to a grade
    in all schools at once is beyond this test, which is why it stands beside the permutation and does not
    replace it.
    """
    design, change, size = _design(cells)
    schools = design[:, 1:]
    project = schools @ np.linalg.pinv(schools)
    null_residual = change - project @ change
    variance_constant, variance_by_size = _variance_by_size(null_residual, size)
    root = np.sqrt(variance_constant + variance_by_size / size)
    if not root.min() > 0:
        raise CannotEstimate("one wave: the changes do not vary, so there is nothing to draw from")
    # What is left of one draw after the schools' means: scale up so that the drawn variance is the fitted
    # one.
    shrink = np.sqrt(np.clip(1.0 - np.diag(project), 1e-12, None))
    standard = null_residual / (root * shrink)
    standard = standard - standard.mean()
    effect_of = np.linalg.pinv(design)[0]
    observed = float(effect_of @ change)
    rng = np.random.default_rng(seed)
    drawn = standard[rng.integers(0, change.size, (draws, change.size))] * root
    effects = drawn @ effect_of
    # Ties count, so that the p-value cannot fall below what the draws can show.
    larger = int((np.abs(effects) >= abs(observed) * (1 - 1e-9)).sum())
    return FermanPinto(observed, (larger + 1) / (draws + 1), draws, variance_constant, variance_by_size)


def _design(cells: pd.DataFrame) -> tuple[Array, Array, Array]:
    """Treatment and school columns (n, 1 + schools), changes (n,), sizes (n,)."""
    missing = [c for c in ("school_id", "is_treated_grade", "change", "size") if c not in cells.columns]
    if missing:
        raise InputError(f"one wave: columns {', '.join(missing)} are missing")
    change, size = cells["change"].to_numpy(dtype=float), cells["size"].to_numpy(dtype=float)
    if not np.isfinite(change).all() or not (size > 0).all():
        raise InputError("one wave: every cell needs a change and a size above 0")
    treated = cells["is_treated_grade"].to_numpy(dtype=float)
    code = pd.factorize(cells["school_id"], sort=True)[0]
    schools = np.eye(int(code.max()) + 1)[code]
    design = np.column_stack([treated, schools])
    if not (schools.T @ treated > 0).any() or np.linalg.matrix_rank(design) < design.shape[1]:
        raise CannotEstimate("one wave: no school has both a treated and an untreated grade to compare")
    return design, change, size


def _variance_by_size(residual: Array, size: Array) -> tuple[float, float]:
    """A, B >= 0 in E[residual²] = A + B/size, by non-negative least squares on scaled columns."""
    from scipy.optimize import nnls

    scale = float(np.mean(1.0 / size))
    columns = np.column_stack([np.ones(size.size), 1.0 / size / scale])
    found = nnls(columns, residual**2)[0]
    return float(found[0]), float(found[1] / scale)
