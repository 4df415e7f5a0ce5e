"""Group-time average treatment effects of Callaway & Sant'Anna (2021), with influence functions.

ATT(g, t) for every wave g and period t: the change since a base period in wave g minus the change in units not
treated by then. Not here: the panel's shape (``group_time_units``), aggregation and bands
(``group_time_aggregate``), the 2×2 estimators (``doubly_robust``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.absorb import independent_columns
from evaluation.effects.design import Panel
from evaluation.effects.doubly_robust import doubly_robust_change, doubly_robust_cross_sections
from evaluation.effects.group_time_units import (
    ByUnit,
    balanced,
    by_unit,
    cluster_influence,
    cross_sections,
    is_balanced,
    without_always_treated,
)
from evaluation.effects.results import BoolArray, FloatArray, IntArray
from evaluation.errors import CannotEstimate, InputError


@dataclass(frozen=True)
class GroupTime:
    """All ATT(g, t).

    ``group``, ``period``, ``att`` (k,); ``influence`` (n, k) with one row per unit, NaN-free, scaled so that
    Var(att) = Σ_c (Σ_{i∈c} ψ_i)² / n²; ``start`` (n,) the unit's wave, ``weight`` (n,) its sampling weight with mean
    one, ``cluster`` (n,) codes; ``reference`` (k,) True where the pair is the base period itself, zero by
    construction.
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
        """Number of units."""
        return int(self.start.size)

    def covariance(self, influence: FloatArray | None = None) -> FloatArray:
        """(k, k) covariance, clustered; with one unit per cluster it is Σψψ'/n² (the divisor is n, not n − 1)."""
        psi = self.influence if influence is None else influence
        sums = cluster_influence(psi, self.cluster)
        return np.asarray(sums.T @ sums / self.n**2, dtype=np.float64)


def group_time(
    panel: Panel,
    *,
    control: str = "never",
    base: str = "varying",
    anticipation: int = 0,
    unbalanced: bool = False,
) -> GroupTime:
    """ATT(g, t) of every wave and period.

    ``control``: "never" treated units, or those "not-yet" treated (and never treated). ``base``: "varying" compares
    pre-periods with the period before each of them, "universal" everything with the last period before treatment.
    Units observed in some periods only are left out and counted. Where every unit is seen once, and with
    ``unbalanced``, the rows are taken as repeated cross sections; their influences meet in the units' clusters.

    Raises:
        CannotEstimate: no comparison group, no pre-period, one cluster, or no estimable pair.
        InputError: no start column, or unknown options.
    """
    if panel.start is None:
        raise InputError("Group-time effects need the first treated period of each unit (start).")
    if control not in ("never", "not-yet") or base not in ("varying", "universal"):
        raise InputError('Expected control "never" or "not-yet" and base "varying" or "universal".')
    notes: list[str] = []
    panel = without_always_treated(panel, anticipation, notes)
    said = len(panel.notes)
    panel = panel.late_starts_never(anticipation)  # as R's did has it
    notes += panel.notes[said:]
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
    seen_once = bool((seen[seen > 0] == 1).all())
    cross_section = seen_once or (unbalanced and not is_balanced(panel))
    wide = cross_sections(panel) if cross_section else balanced(panel, notes)
    if cross_section:
        why = "Every unit is seen once" if seen_once else "Not every unit is seen in every period"
        notes.append(f"{why}: taken as repeated cross sections.")
    if np.unique(wide.cluster).size < 2:
        raise CannotEstimate("Cannot estimate a standard error: there is only one cluster.")
    return _all_pairs(wide, control, base, anticipation, cross_section, notes)


def _all_pairs(
    wide: ByUnit, control: str, base: str, anticipation: int, cross_section: bool, notes: list[str]
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
                pair = _pair_cross_sections if cross_section else _pair
                att, psi = pair(wide, rows, treated, t, pre, collinear)
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
    influence = np.column_stack([p[3] for p in pairs])
    weight, cluster = wide.W[:, 0], wide.cluster
    if cross_section:
        influence, weight, first = by_unit(wide, influence)
        start, cluster = start[first], np.unique(cluster[first], return_inverse=True)[1].astype(np.int64)
    return GroupTime(
        group=np.array([p[0] for p in pairs]),
        period=np.array([p[1] for p in pairs]),
        att=np.array([p[2] for p in pairs]),
        influence=influence,
        reference=np.array([p[4] for p in pairs]),
        start=start,
        weight=weight / weight.mean(),
        cluster=cluster,
        periods=periods,
        anticipation=anticipation,
        notes=tuple(notes),
    )


def _pair(
    wide: ByUnit, rows: IntArray, treated: FloatArray, t: int, pre: int, collinear: set[str]
) -> tuple[float, FloatArray]:
    if treated.all():
        raise CannotEstimate("no comparison unit.")
    first = min(t, pre)
    X = np.column_stack([np.ones(rows.size), wide.X[rows, first]])
    kept = _independent(X, treated, wide.covariates, collinear)
    return doubly_robust_change(wide.Y[rows, t] - wide.Y[rows, pre], treated, X[:, kept], wide.W[rows, first])


def _pair_cross_sections(
    wide: ByUnit, rows: IntArray, treated: FloatArray, t: int, pre: int, collinear: set[str]
) -> tuple[float, FloatArray]:
    """Of the two groups' observations only those in one of the two periods have influence."""
    seen = (wide.W[rows, t] > 0) | (wide.W[rows, pre] > 0)
    here, own = rows[seen], treated[seen]
    if not here.size:
        raise CannotEstimate("a group has no observation in one of the two periods.")
    after = wide.W[here, t] > 0
    period = np.where(after, t, pre)
    X = np.column_stack([np.ones(here.size), wide.X[here, period]])
    kept = _independent(X, own, wide.covariates, collinear)
    att, part = doubly_robust_cross_sections(
        wide.Y[here, period], after, own, X[:, kept], wide.W[here, period]
    )
    psi = np.zeros(rows.size)
    psi[seen] = part * rows.size / here.size
    return att, psi


def _independent(
    X: FloatArray, treated: FloatArray, covariates: tuple[str, ...], collinear: set[str]
) -> IntArray:
    """Columns of ``X`` that say something of their own among the comparison units; the others' names are noted."""
    compared = X[treated == 0]
    norms = np.maximum(np.linalg.norm(compared, axis=0), np.finfo(float).tiny)
    kept = independent_columns(compared / norms, 0)
    collinear.update(covariates[j - 1] for j in range(1, X.shape[1]) if j not in kept)
    return kept
