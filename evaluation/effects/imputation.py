"""Imputation estimator of Borusyak, Jaravel & Spiess (2024): a cell already treated is never a control.

Fit the nuisance effects on untreated cells, impute the treated cells' untreated outcome, average the
differences. Every average of them is one linear functional of the outcome (``contrast``), so that the same
covariance, permutation and bootstrap serve all. Not here: which averages are asked for (``contrasts``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.absorb import MAX_WRITTEN_OUT, Nuisance, fit_nuisance, group_sums
from evaluation.effects.coding import renumbered
from evaluation.effects.design import Panel
from evaluation.effects.linear import Averaged, LinearEstimator, NullModel
from evaluation.effects.results import BoolArray, FloatArray, IntArray
from evaluation.errors import CannotEstimate


@dataclass(frozen=True)
class ImputationFit:
    """Untreated outcomes imputed for the treated cells.

    ``treated`` (n1,) row numbers of the treated cells that can be imputed; ``effects`` (n1,) their
    ``y − ŷ(0)``; ``untreated`` (n,) the cells the fit used. Cells in the transition are in neither.
    """

    panel: Panel
    nuisance: Nuisance
    untreated: BoolArray
    treated: IntArray
    effects: FloatArray
    notes: tuple[str, ...]

    def weights(self, rows: BoolArray, kind: str = "observation") -> FloatArray:
        """(n1,) weights adding to one over the treated cells in ``rows`` (n1,): their own weight, or equal."""
        own = self.panel.w[self.treated] if kind == "observation" else np.ones(self.treated.size)
        weighted = np.where(rows, own, 0.0)
        return np.asarray(weighted / weighted.sum(), dtype=np.float64)

    def contrast(self, omega: FloatArray, *, for_bootstrap: bool = False) -> LinearEstimator:
        """Estimator of ``Σ_i ω_i τ̂_i`` for each column of ``omega`` (n1, m).

        V is ω on treated cells and ``−H'ω`` on untreated ones. Residuals of treated cells are taken around the
        average effect of their wave and event time (see :func:`residual_groups`); their loss of degrees of
        freedom is part of the residual maker, and CR2 corrects each cluster's score for it. ``for_bootstrap``
        adds the restricted model that only the wild bootstrap of a single contrast needs.
        """
        panel, nuisance = self.panel, self.nuisance
        spread = np.zeros((panel.n, omega.shape[1]))
        spread[self.treated] = omega
        V = spread - nuisance.pullback(spread)
        used = np.abs(omega).max(axis=1) > 0
        rows1 = self.treated[used]
        cluster = panel.cluster_codes()
        groups = residual_groups(panel, rows1, cluster)
        m = int(groups.max()) + 1
        keep = self.untreated.copy()
        keep[rows1] = True
        code = np.full(panel.n, -1, dtype=np.int64)
        code[rows1] = groups
        sums = np.bincount(groups, weights=panel.w[rows1], minlength=m)
        share = np.where(code >= 0, panel.w / sums[code], 0.0)
        averaged: Averaged | None = Averaged(code, share, m)
        Z, K = nuisance.Z, nuisance.K
        if panel.n * m <= MAX_WRITTEN_OUT and nuisance.levels is None:
            indicator = (code[:, None] == np.arange(m)).astype(np.float64)
            averages = indicator * share[:, None]
            Z, K = np.hstack([Z, indicator]), np.hstack([K, averages - nuisance.pullback(averages)])
            averaged = None
        kept_cluster, _ = renumbered(cluster[keep])
        return LinearEstimator(
            y=panel.y[keep],
            V=V[keep],
            group=nuisance.group[keep],
            n_groups=nuisance.n_groups,
            share=nuisance.share[keep],
            Z=Z[keep],
            K=K[keep],
            phi=panel.phi[keep],
            cluster=kept_cluster,
            N=round(float(panel.rows[keep].sum())),
            rank=nuisance.rank + m,
            by_score=True,
            kept=keep,
            levels=None if nuisance.levels is None else nuisance.levels.subset(keep),
            averaged=None if averaged is None else averaged.subset(keep),
            null_models=self._null_models(omega, keep) if for_bootstrap and omega.shape[1] == 1 else (),
        )

    def _null_models(self, omega: FloatArray, keep: BoolArray) -> tuple[NullModel, ...]:
        """The constant-effect model on the cells kept, whose restricted residuals drive the wild bootstrap."""
        panel = self.panel.subset(keep)
        d = np.zeros(self.panel.n)
        d[self.treated[np.abs(omega[:, 0]) > 0]] = 1.0
        return (NullModel(fit_nuisance(panel), d[keep]),)


def imputation(panel: Panel, *, anticipation: int = 0, transition: int = 0) -> ImputationFit:
    """Fit on untreated cells and impute the treated ones.

    ``anticipation``: so many periods before the start already count as treated. ``transition``: so many periods
    before the start belong to neither (a phase-in). Treated cells that the untreated ones cannot impute
    (always-treated units, periods without controls) are left out and counted.

    Raises:
        CannotEstimate: no treated cell, no untreated cell, no pre-period, or no comparison for any of them.
    """
    if panel.start is None:
        treated_rows, untreated = panel.d > 0, panel.d == 0
    else:
        event = panel.event
        treated_rows = event >= -anticipation
        untreated = event < -(anticipation + transition)
    if not treated_rows.any():
        raise CannotEstimate("Cannot estimate an effect: no cell is treated in the periods of the panel.")
    if not untreated.any():
        raise CannotEstimate("Cannot estimate an effect: every cell is treated, so nothing can be imputed.")
    notes: list[str] = []
    units = int(panel.unit.max()) + 1
    ever = np.bincount(panel.unit[treated_rows], minlength=units) > 0
    always = int((ever & (np.bincount(panel.unit[untreated], minlength=units) == 0)).sum())
    if always == ever.sum() and panel.n_units < panel.n:
        raise CannotEstimate(
            "Cannot estimate an effect: no treated unit has a period before its treatment (no pre-period)."
        )
    if not np.isin(panel.time[treated_rows], panel.time[untreated]).any():
        raise CannotEstimate(
            "Cannot estimate an effect: no unit is untreated in any treated period (no comparison group)."
        )
    if always and panel.n_units < panel.n:
        notes.append(
            f"{always} units are treated in every period seen; their effect cannot be imputed and they are "
            "left out."
        )
    nuisance = fit_nuisance(panel, np.where(untreated, panel.w, 0.0))
    usable = treated_rows & nuisance.estimable
    lost = int((treated_rows & ~nuisance.estimable).sum())
    if not usable.any():
        raise CannotEstimate(
            "Cannot estimate an effect: no treated cell can be imputed from untreated ones with these fixed "
            "effects (no comparison group in its period, or no earlier period of its own)."
        )
    if lost:
        notes.append(f"{lost} of {int(treated_rows.sum())} treated cells cannot be imputed and are left out.")
    if nuisance.dropped:
        notes.append(f"Collinear on untreated cells and left out: {', '.join(nuisance.dropped)}.")
    rows = np.flatnonzero(usable)
    return ImputationFit(panel, nuisance, untreated, rows, nuisance.residual(panel.y)[rows], tuple(notes))


def residual_groups(panel: Panel, rows: IntArray, cluster: IntArray) -> IntArray:
    """(n1,) codes of the groups whose average effect is taken out of the treated cells' residuals.

    Wave × event time where at least two clusters share it; else the event time over all waves; else all the
    remaining treated cells together. A group of one cluster would explain itself and hide its own noise.
    """
    if panel.start is None:
        return np.zeros(rows.size, dtype=np.int64)
    _, start = np.unique(panel.start[rows], return_inverse=True)
    events, event = np.unique(panel.event[rows], return_inverse=True)
    out = np.full(rows.size, -1, dtype=np.int64)
    next_code = 0
    everything = np.zeros(rows.size, dtype=np.int64)
    for level in (start * events.size + event, event, everything):
        open_rows = np.flatnonzero(out < 0)
        if not open_rows.size:
            break
        codes, count = renumbered(level[open_rows].astype(np.int64))
        low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1, dtype=np.int64)
        np.minimum.at(low, codes, cluster[rows[open_rows]])
        np.maximum.at(high, codes, cluster[rows[open_rows]])
        is_shared = low < high
        shared = is_shared[codes] | (level is everything)
        if shared.any():
            fresh, more = renumbered(codes[shared])
            out[open_rows[shared]] = next_code + fresh
            next_code += more
    return out


def conservative_variance(fit: ImputationFit, omega: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Estimates (m,) and the conservative clustered covariance (m, m) of Borusyak, Jaravel & Spiess (2024, eq. 7).

    Residuals of treated cells around ``τ̄_et = Σ_c v_c (Σ_{i∈c} v_i τ̂_i) / Σ_c v_c²`` of their wave and event
    time, c clusters; no small-sample factor. This is what Stata's ``did_imputation`` and R's ``didimputation``
    print.
    """
    panel = fit.panel
    cluster = panel.cluster_codes()
    G = int(cluster.max()) + 1
    spread = np.zeros((panel.n, omega.shape[1]))
    spread[fit.treated] = omega
    V = spread - fit.nuisance.pullback(spread)
    residual = np.where(fit.untreated, fit.nuisance.residual(panel.y), 0.0)
    start = panel.start if panel.start is not None else np.zeros(panel.n)
    time = panel.time
    _, wave = np.unique(start[fit.treated], return_inverse=True)
    steps, step = np.unique(time[fit.treated], return_inverse=True)
    groups, _ = renumbered((wave * steps.size + step).astype(np.int64))
    pair, pair_of = np.unique(groups * G + cluster[fit.treated], return_inverse=True)
    scores = np.zeros((G, omega.shape[1]))
    for j in range(omega.shape[1]):
        v = omega[:, j]
        vc = np.bincount(pair_of, weights=v, minlength=pair.size)
        vt = np.bincount(pair_of, weights=v * fit.effects, minlength=pair.size)
        top = np.bincount(pair // G, weights=vc * vt, minlength=int(groups.max()) + 1)
        bottom = np.bincount(pair // G, weights=vc * vc, minlength=int(groups.max()) + 1)
        mean = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
        e = residual.copy()
        e[fit.treated] = fit.effects - mean[groups]
        scores[:, j] = group_sums(cluster, G, (V[:, j] * e)[:, None])[:, 0]
    return np.asarray(omega.T @ fit.effects), np.asarray(scores.T @ scores)
