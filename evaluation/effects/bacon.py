"""Goodman-Bacon (2021): what a two-way fixed-effects coefficient averages, and how much of it is forbidden.

With staggered timing the coefficient is a weighted mean of all 2×2 differences; those that use already treated
units as controls are biased when effects grow. For balanced panels with unit and time effects, unweighted and
without covariates. Not here: a better estimator (``imputation``, ``group_time``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.coding import how_many, renumbered
from evaluation.effects.design import Panel
from evaluation.effects.results import FloatArray
from evaluation.errors import CannotEstimate, InputError

TREATED_NEVER = "treated vs never treated"
TREATED_ALWAYS = "treated vs always treated"
EARLIER_LATER = "earlier vs later treated"
LATER_EARLIER = "later vs earlier treated"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One 2×2 difference: treated wave against control wave (inf: never treated), with its weight."""

    kind: str
    treated: float
    control: float
    estimate: float
    weight: float


@dataclass(frozen=True)
class BaconDecomposition:
    """All comparisons; ``estimate`` is their weighted mean, the TWFE coefficient."""

    comparisons: tuple[Comparison, ...]
    estimate: float

    @property
    def forbidden_weight(self) -> float:
        """Share of weight on comparisons with already treated controls."""
        return sum(c.weight for c in self.comparisons if c.kind in (LATER_EARLIER, TREATED_ALWAYS))


def goodman_bacon(panel: Panel) -> BaconDecomposition:
    """Decompose the TWFE coefficient of a balanced panel with staggered, absorbing treatment.

    Raises:
        InputError: no start column. CannotEstimate: the panel is unbalanced, weighted or has covariates, or
        treatment does not vary.
    """
    if panel.start is None:
        raise InputError(
            "The Goodman-Bacon decomposition needs the first treated period of each unit (start)."
        )
    if panel.covariates or np.ptp(panel.w) > 1e-12 * panel.w.max():
        raise CannotEstimate(
            "Cannot decompose: Goodman-Bacon weights are for panels without weights or covariates."
        )
    u, units = renumbered(panel.unit)
    periods, t = np.unique(panel.time, return_inverse=True)
    if panel.n != units * periods.size or how_many(u * periods.size + t) != panel.n:
        raise CannotEstimate(
            "Cannot decompose: not every unit is seen once in every period (unbalanced panel)."
        )
    Y = np.zeros((units, periods.size))
    Y[u, t] = panel.y
    start = np.zeros(units)
    start[u] = np.where(panel.start > periods[-1], np.inf, panel.start)
    start[start <= periods[0]] = -np.inf
    waves = np.unique(start)
    means = {float(g): Y[start == g].mean(axis=0) for g in waves}
    share = {float(g): float((start == g).mean()) for g in waves}
    treated_share = {float(g): float((periods >= g).mean()) for g in waves}
    found = []
    for k in waves[np.isfinite(waves)].tolist():
        for c in waves.tolist():
            comparison = _comparison(k, c, means, share, treated_share, periods) if c != k else None
            if comparison is not None:
                found.append(comparison)
    total = sum(c.weight for c in found)
    if not total > 0:
        raise CannotEstimate("Cannot decompose: treatment does not vary between units within any period.")
    scaled = tuple(Comparison(c.kind, c.treated, c.control, c.estimate, c.weight / total) for c in found)
    return BaconDecomposition(scaled, sum(c.weight * c.estimate for c in scaled))


def _comparison(
    k: float,
    c: float,
    means: dict[float, FloatArray],
    share: dict[float, float],
    treated_share: dict[float, float],
    periods: FloatArray,
) -> Comparison | None:
    """Wave k against c: unscaled weight (n_k n_c times the variance of treatment) and its 2×2 difference.

    None where the two begin in the same period seen, so that no window sets them apart.
    """
    dk, dc = treated_share[k], treated_share[c]
    if not np.isfinite(c):
        window, post, kind = np.ones(periods.size, dtype=bool), periods >= k, TREATED_NEVER
        weight = dk * (1 - dk)
        if c < 0:
            kind = TREATED_ALWAYS
    elif k < c:
        window, post, kind = periods < c, periods >= k, EARLIER_LATER
        weight = (1 - dc) ** 2 * ((dk - dc) / (1 - dc)) * ((1 - dk) / (1 - dc))
    else:
        window, post, kind = periods >= c, periods >= k, LATER_EARLIER
        weight = dc**2 * (dk / dc) * ((dc - dk) / dc)
    if not (window & post).any() or not (window & ~post).any():
        return None
    gap = means[k] - means[c]
    estimate = float(gap[window & post].mean() - gap[window & ~post].mean())
    return Comparison(kind, k, c, estimate, weight * share[k] * share[c])
