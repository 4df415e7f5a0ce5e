"""Weights that give the imputed average effect under every assignment, without a refit.

With one dummy for each cell left out of the fit, the effects are ``τ̂_S = (M_SS)^{-1} (M y)_S``, M the
annihilator of the nuisance effects on all cells in √weight coordinates. The outcome is not among what the
weights depend on, so the outcomes of one study share them.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from evaluation.effects.absorb import Nuisance
from evaluation.effects.design import Panel
from evaluation.effects.kept import Told, kept
from evaluation.effects.results import BoolArray, FloatArray
from evaluation.errors import CannotEstimate

MAX_CELLS = 12_000
"""Most cells whose annihilator is held as one matrix: 1.2 GB."""


def too_many_cells(count: int) -> CannotEstimate:
    """What is said of more cells than one matrix holds."""
    return CannotEstimate(
        f"Cannot permute exactly over {count} cells in memory: aggregate the panel to fewer cells, or use fixed effects "
        "that fall into blocks (school:month beside cell:cal_month)."
    )


def nuisance_annihilator(panel: Panel, nuisance: Nuisance) -> FloatArray:
    """(n, n) ``M = I − W^½ X (X'WX)^- X' W^½`` of the nuisance effects on all cells, fitted on all of them."""
    if panel.n > MAX_CELLS:
        raise too_many_cells(panel.n)
    root = np.sqrt(panel.w)
    Q = np.linalg.qr(root[:, None] * nuisance.Z)[0]
    M = -(Q @ Q.T)
    if nuisance.levels is not None:
        Z = root[:, None] * nuisance.levels.written_out()
        M -= Z @ (nuisance.levels.inverse @ Z.T)
    total = np.bincount(nuisance.group, weights=panel.w, minlength=nuisance.n_groups)
    u = root / np.sqrt(total[nuisance.group])
    order = np.argsort(nuisance.group, kind="stable")
    ends = np.cumsum(np.bincount(nuisance.group, minlength=nuisance.n_groups))[:-1]
    for members in np.split(order, ends):
        M[np.ix_(members, members)] -= np.outer(u[members], u[members])
    M[np.arange(panel.n), np.arange(panel.n)] += 1.0
    return np.asarray(M, dtype=np.float64)


class FittedPanel(Told):
    """The nuisance effects of a panel. The outcome is not among what they depend on, so outcomes share them."""

    def __init__(self, panel: Panel, nuisance: Nuisance) -> None:
        further = () if nuisance.levels is None else (nuisance.levels.rows.indices,)
        super().__init__(panel.w, nuisance.group, nuisance.Z, *further)
        self.panel, self.nuisance = panel, nuisance


class Assignments(Told):
    """All that the permuted estimates' weights depend on."""

    def __init__(
        self, fitted: FittedPanel, out_of_fit: BoolArray, effect: BoolArray, own: FloatArray
    ) -> None:
        super().__init__(out_of_fit, effect, own, after=fitted.digest)
        self.fitted, self.out_of_fit, self.effect, self.own = fitted, out_of_fit, effect, own


@kept(4)
def _annihilator(fitted: FittedPanel) -> FloatArray:
    return nuisance_annihilator(fitted.panel, fitted.nuisance)


@kept(4)
def imputation_weights(design: Assignments) -> FloatArray:
    """(n_assignments, n) weights on the residuals ``M W^½ y`` whose sums are the average imputed effects.

    ``Σ ω_i τ̂_i`` with ``τ̂_S = W_S^{-½} (M_SS)^{-1} (M W^½ y)_S``; NaN where nothing treated can be imputed.
    """
    M = _annihilator(design.fitted)
    root = np.sqrt(design.fitted.panel.w)
    out = np.zeros(design.out_of_fit.shape)
    n, flat = M.shape[0], np.ascontiguousarray(M).ravel()
    for k in range(len(out)):
        S = np.flatnonzero(design.out_of_fit[k])
        omega = np.where(design.effect[k, S], design.own[S], 0.0)
        if not omega.sum() > 0:
            out[k] = np.nan
            continue
        # Symmetric, so its transpose is the same block in the order LAPACK works on in place.
        block = flat.take(S[:, None] * n + S)
        factor, info = linalg.lapack.dpotrf(block.T, lower=1, overwrite_a=1, clean=0)
        if info == 0 and factor.diagonal().min() > 1e-6:
            solved, _ = linalg.lapack.dpotrs(factor, omega / root[S] / omega.sum(), lower=1)
            out[k, S] = solved
        else:
            out[k, S] = _where_possible(M[np.ix_(S, S)], root[S], omega)
    return out


def _where_possible(block: FloatArray, root: FloatArray, omega: FloatArray) -> FloatArray:
    """As above when some cells cannot be imputed: their dummies span the null space of M_SS and are left out."""
    values, vectors = np.linalg.eigh(block)
    null_space = vectors[:, values <= 1e-10]
    lost = np.einsum("ij,ij->i", null_space, null_space) > 1e-9
    weights = np.where(lost, 0.0, omega)
    if not weights.sum() > 0:
        return np.full(omega.size, np.nan)
    good = values > 1e-10
    spread = vectors[:, good].T @ (weights / root / weights.sum())
    return np.asarray(vectors[:, good] @ (spread / values[good]), dtype=np.float64)
