"""Group-time average treatment effects of Callaway & Sant'Anna (2021), with influence functions.

ATT(g, t) for every wave g and period t: the change since a base period in wave g minus the change in units not
treated by then. Balanced panels and repeated cross sections. Not here: aggregation and bands
(``group_time_aggregate``), the 2×2 estimator with covariates (``doubly_robust``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evaluation.effects.absorb import independent_columns
from evaluation.effects.design import Panel
from evaluation.effects.doubly_robust import doubly_robust_change
from evaluation.effects.results import BoolArray, FloatArray, IntArray
from evaluation.errors import CannotEstimate, InputError


@dataclass(frozen=True)
class GroupTime:
    """All ATT(g, t).

    ``group``, ``period``, ``att`` (k,); ``influence`` (n, k) with one row per unit (per observation in a repeated
    cross section), NaN-free, scaled so that Var(att) = Σ_c (Σ_{i∈c} ψ_i)² / n²; ``start`` (n,) the unit's wave,
    ``weight`` (n,) its sampling weight with mean one, ``cluster`` (n,) codes; ``reference`` (k,) True where the
    pair is the base period itself, zero by construction.
    """

    group: FloatArray
    period: FloatArray
    att: FloatArray
    influence: FloatArray
    reference: BoolArray
    start: FloatArray
    weight: FloatArray
    cluster: IntArray
    periods: FloatArray
    anticipation: int
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of units (observations in a repeated cross section)."""
        return int(self.start.size)

    def covariance(self, influence: FloatArray | None = None) -> FloatArray:
        """(k, k) covariance, clustered; with one unit per cluster it is Σψψ'/n² (the divisor is n, not n − 1)."""
        psi = self.influence if influence is None else influence
        sums = cluster_influence(psi, self.cluster)
        return np.asarray(sums.T @ sums / self.n**2, dtype=np.float64)


def cluster_influence(psi: FloatArray, cluster: IntArray) -> FloatArray:
    """(G, k) sums of influence functions by cluster."""
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(cluster[order]) != 0])
    return np.asarray(np.add.reduceat(psi[order], starts, axis=0), dtype=np.float64)


@dataclass(frozen=True)
class _Wide:
    """The panel by unit: ``Y`` (n, T) outcomes, ``W`` (n, T) weights, ``X`` (n, T, q) covariates and their names."""

    Y: FloatArray
    W: FloatArray
    X: FloatArray
    start: FloatArray
    cluster: IntArray
    periods: FloatArray
    covariates: tuple[str, ...]
    name: Callable[[float], str]


def group_time(
    panel: Panel, *, control: str = "never", base: str = "varying", anticipation: int = 0
) -> GroupTime:
    """ATT(g, t) of every wave and period.

    ``control``: "never" treated units, or those "not-yet" treated (and never treated). ``base``: "varying" compares
    pre-periods with the period before each of them, "universal" everything with the last period before treatment.
    Units observed in some periods only are left out and counted; where every unit is seen once, the data are taken
    as repeated cross sections.

    Raises:
        CannotEstimate: no comparison group, no pre-period, one cluster, or no estimable pair.
        InputError: no start column, or unknown options.
    """
    if panel.start is None:
        raise InputError("Group-time effects need the first treated period of each unit (start).")
    if control not in ("never", "not-yet") or base not in ("varying", "universal"):
        raise InputError('Expected control "never" or "not-yet" and base "varying" or "universal".')
    notes: list[str] = []
    panel = _without_always_treated(panel, anticipation, notes)
    panel = _as_if_never_treated(panel, anticipation, notes)
    assert panel.start is not None
    if not np.isfinite(panel.start).any() or not (panel.event >= 0).any():
        raise CannotEstimate("Cannot estimate an effect: no unit starts treatment after the first period.")
    if not np.isinf(panel.start).any():
        if control == "never":
            raise CannotEstimate(
                "Cannot estimate an effect: no unit is never treated (no comparison group). "
                "Ask for not-yet treated controls instead."
            )
        last = float(panel.start.max())
        notes.append(
            f"No unit is never treated: periods from {panel.period_name(last - anticipation)} on have no controls."
        )
        panel = panel.subset(panel.time < last - anticipation)
        assert panel.start is not None
        if np.unique(panel.time).size < 2 or not (panel.event >= 0).any():
            raise CannotEstimate(
                "Cannot estimate an effect: all units start treatment together (no comparison group)."
            )
    seen = np.bincount(panel.unit)
    cross_section = bool((seen[seen > 0] == 1).all())
    wide = _cross_section(panel) if cross_section else _balanced(panel, notes)
    if cross_section:
        notes.append("Every unit is seen once: taken as repeated cross sections.")
        if panel.covariates:
            raise CannotEstimate(
                "Cannot estimate: covariates in repeated cross sections are not available for group-time effects. "
                "Leave the covariates out, or use the imputation estimator."
            )
    if np.unique(wide.cluster).size < 2:
        raise CannotEstimate("Cannot estimate a standard error: there is only one cluster.")
    return _all_pairs(wide, control, base, anticipation, cross_section, notes)


def _all_pairs(
    wide: _Wide, control: str, base: str, anticipation: int, cross_section: bool, notes: list[str]
) -> GroupTime:
    periods, start, n = wide.periods, wide.start, wide.start.size
    waves = np.unique(start[np.isfinite(start) & (start <= periods[-1])])
    pairs: list[tuple[float, float, float, FloatArray, bool]] = []
    failed: list[str] = []
    collinear: set[str] = set()
    for g in waves:
        before = np.flatnonzero(periods + anticipation < g)
        if not before.size:
            notes.append(f"Wave {g:g} has no period before its treatment and is left out.")
            continue
        for t in range(periods.size):
            at_or_after = g <= periods[t]
            if base == "varying" and t == 0:
                continue
            pre = int(before[-1]) if base == "universal" or at_or_after else t - 1
            if pre == t:
                pairs.append((float(g), float(periods[t]), 0.0, np.zeros(n), True))
                continue
            comparison = np.isinf(start)
            if control == "not-yet":
                comparison |= (start > periods[max(t, pre)] + anticipation) & (start != g)
            rows = np.flatnonzero((start == g) | comparison)
            treated = (start[rows] == g).astype(np.float64)
            try:
                if cross_section:
                    att, psi = _pair_cross_section(wide, rows, treated, t, pre)
                else:
                    att, psi = _pair(wide, rows, treated, t, pre, collinear)
            except CannotEstimate as problem:
                notes.append(f"ATT({wide.name(g)}, {wide.name(periods[t])}) left out: {problem.message}")
                failed.append(problem.message)
                continue
            spread = np.zeros(n)
            spread[rows] = psi * n / rows.size
            pairs.append((float(g), float(periods[t]), att, spread, False))
    if not any(not p[4] for p in pairs):
        raise CannotEstimate(
            f"Cannot estimate an effect: every pair of wave and period fails, the first because: {failed[0]}"
            if failed
            else "Cannot estimate an effect: no wave has both a pre-period and a comparison group."
        )
    if collinear:
        notes.append(f"Collinear in the comparison group and left out: {', '.join(sorted(collinear))}.")
    small = [wide.name(g) for g in waves if np.unique(wide.cluster[start == g]).size < 2]
    if small:
        notes.append(
            f"Wave {', '.join(small)} is one cluster: its standard errors do not hold its own variation."
        )
    weight = (
        wide.W.sum(axis=1) if cross_section else wide.W[:, 0]
    )  # a row seen once has its weight where it is seen
    return GroupTime(
        group=np.array([p[0] for p in pairs]),
        period=np.array([p[1] for p in pairs]),
        att=np.array([p[2] for p in pairs]),
        influence=np.column_stack([p[3] for p in pairs]),
        reference=np.array([p[4] for p in pairs]),
        start=start,
        weight=weight / weight.mean(),
        cluster=wide.cluster,
        periods=periods,
        anticipation=anticipation,
        notes=tuple(notes),
    )


def _pair(
    wide: _Wide, rows: IntArray, treated: FloatArray, t: int, pre: int, collinear: set[str]
) -> tuple[float, FloatArray]:
    if treated.all():
        raise CannotEstimate("no comparison unit.")
    first = min(t, pre)
    X = np.column_stack([np.ones(rows.size), wide.X[rows, first]])
    compared = X[treated == 0]
    norms = np.maximum(np.linalg.norm(compared, axis=0), np.finfo(float).tiny)
    kept = independent_columns(compared / norms, 0)
    collinear.update(wide.covariates[j - 1] for j in range(1, X.shape[1]) if j not in kept)
    return doubly_robust_change(wide.Y[rows, t] - wide.Y[rows, pre], treated, X[:, kept], wide.W[rows, first])


def _pair_cross_section(
    wide: _Wide, rows: IntArray, treated: FloatArray, t: int, pre: int
) -> tuple[float, FloatArray]:
    """Four weighted means; the influence function is over all observations of the two groups, in any period."""
    psi = np.zeros(rows.size)
    att = 0.0
    for k, sign in ((1, 1.0), (0, -1.0)):
        for period, direction in ((t, 1.0), (pre, -1.0)):
            own = np.where(treated == k, wide.W[rows, period], 0.0)
            if not own.sum() > 0:
                raise CannotEstimate("a group has no observation in one of the two periods.")
            y = np.where(own > 0, wide.Y[rows, period], 0.0)
            mean = float(own @ y / own.sum())
            att += sign * direction * mean
            psi += sign * direction * own * (y - mean) / own.mean()
    return att, psi


def _without_always_treated(panel: Panel, anticipation: int, notes: list[str]) -> Panel:
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


def _as_if_never_treated(panel: Panel, anticipation: int, notes: list[str]) -> Panel:
    """Units whose treatment begins after the last period seen are untreated throughout, as R's ``did`` has it."""
    assert panel.start is not None
    later = np.isfinite(panel.start) & (panel.start > panel.time.max() + anticipation)
    if not later.any():
        return panel
    notes.append(
        f"{np.unique(panel.unit[later]).size} units start after the last period and count as never treated."
    )
    return replace(panel, start=np.where(later, np.inf, panel.start))


def _balanced(panel: Panel, notes: list[str]) -> _Wide:
    assert panel.start is not None
    periods, t = np.unique(panel.time, return_inverse=True)
    units, u = np.unique(panel.unit, return_inverse=True)
    seen = np.bincount(u * periods.size + t, minlength=units.size * periods.size).reshape(-1, periods.size)
    if (seen > 1).any():
        raise CannotEstimate(
            f"Cannot estimate group-time effects: {int((seen > 1).sum())} pairs of unit and period hold several "
            "rows. Aggregate to one row per unit and period first, or name a finer unit."
        )
    whole = (seen == 1).all(axis=1)
    if not whole.any():
        raise CannotEstimate(
            "Cannot estimate group-time effects: no unit is seen in every period. Use the imputation estimator, "
            "which needs no balanced panel."
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
        raise InputError(
            "Each unit must lie in one cluster for group-time effects: some units change cluster."
        )
    cluster = np.unique(cluster, return_inverse=True)[1].astype(np.int64)
    return _Wide(Y, W, X, start, cluster, periods, panel.covariates, panel.period_name)


def _cross_section(panel: Panel) -> _Wide:
    assert panel.start is not None
    periods, t = np.unique(panel.time, return_inverse=True)
    shape = (panel.n, periods.size)
    Y, W = np.zeros(shape), np.zeros(shape)
    at = (np.arange(panel.n), t)
    Y[at], W[at] = panel.y, panel.w
    X = np.zeros((*shape, 0))
    return _Wide(Y, W, X, panel.start, panel.cluster_codes(), periods, (), panel.period_name)
