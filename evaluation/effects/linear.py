"""A linear estimator of contrasts: what every standard error, bootstrap and permutation here is built on.

``θ̂_j = V_j'y`` with the residual maker ``e = y − ȳ_group − Z K'y``. A WLS coefficient and an imputation contrast
are both of this form; they differ only in V and in which cells the fit looked at. Not here: covariances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluation.effects.absorb import Nuisance
from evaluation.effects.levels import Levels
from evaluation.effects.results import BoolArray, FloatArray, IntArray
from evaluation.errors import CannotEstimate

MOST_NAMED = 5
"""Most columns that a refusal names."""


@dataclass(frozen=True)
class NullModel:
    """The restricted model of a wild bootstrap: nuisance effects on all cells, ``d`` (n,) the tested column."""

    nuisance: Nuisance
    d: FloatArray


@dataclass(frozen=True)
class Averaged:
    """Groups of cells whose weighted average is one fitted value, none of them in the fit of the other effects.

    ``code`` (n,) 0..m-1, -1 in none; ``share`` (n,) weight over the group's sum, 0 in none.
    """

    code: IntArray
    share: FloatArray
    m: int

    def fitted(self, values: FloatArray) -> FloatArray:
        """(n,) each group's average of ``values`` (n,), 0 in none."""
        inside = self.code >= 0
        means = np.bincount(self.code[inside], weights=(self.share * values)[inside], minlength=self.m)
        return np.where(inside, means[self.code], 0.0)

    def subset(self, keep: BoolArray) -> Averaged:
        """The groups seen from some of the cells."""
        return replace(self, code=self.code[keep], share=self.share[keep])


@dataclass(frozen=True)
class LinearEstimator:
    """m contrasts that are linear in the outcome.

    ``V`` (n, m) weights on y; ``group``/``share`` the absorbed group means; ``Z``, ``K`` (n, p) the further
    fitted columns and the weights that give their coefficients; ``phi`` (n,) working variances;
    ``cluster`` (n,) codes 0..G-1; ``N`` rows and ``rank`` parameters for small-sample factors;
    ``explicit`` (n, q) the treatment and covariate columns net of the absorbed effects, in WLS only;
    ``levels`` the further fixed effects of a large panel and ``averaged`` the groups whose average is taken out of the
    residuals last, where neither is among the columns;
    ``kept`` (of the panel's length) the panel's cells that entered, None for all;
    ``by_score`` asks CR2 to adjust each cluster's score instead of its residuals (see ``sandwich``).
    """

    y: FloatArray
    V: FloatArray
    group: IntArray
    n_groups: int
    share: FloatArray
    Z: FloatArray
    K: FloatArray
    phi: FloatArray
    cluster: IntArray
    N: int
    rank: int
    explicit: FloatArray | None = None
    fit_weights: FloatArray | None = None
    by_score: bool = False
    kept: BoolArray | None = None
    levels: Levels | None = None
    averaged: Averaged | None = None
    null_models: tuple[NullModel | None, ...] = ()

    @property
    def theta(self) -> FloatArray:
        """(m,) estimates."""
        return np.asarray(self.V.T @ self.y, dtype=np.float64)

    @property
    def G(self) -> int:  # noqa: N802 - the papers' name for the number of clusters
        """Number of clusters."""
        return int(self.cluster.max()) + 1

    def residual(self) -> FloatArray:
        """(n,) residuals û."""
        means = np.bincount(self.group, weights=self.share * self.y, minlength=self.n_groups)
        out = self.y - means[self.group] - self.Z @ (self.K.T @ self.y)
        if self.levels is not None:
            out -= self.levels.fitted(self.y[:, None])[:, 0]
        if self.averaged is not None:
            out -= self.averaged.fitted(out)
        return np.asarray(out, dtype=np.float64)

    def combine(self, L: FloatArray) -> LinearEstimator:
        """The estimator of ``L'θ``; L is (m, q)."""
        return replace(self, V=self.V @ L, null_models=())

    def pick(self, index: list[int]) -> LinearEstimator:
        """The estimator of some of the contrasts."""
        models = tuple(self.null_models[j] for j in index) if self.null_models else ()
        return replace(self, V=self.V[:, index], null_models=models)


def weighted_least_squares(
    y: FloatArray,
    columns: FloatArray,
    nuisance: Nuisance,
    *,
    phi: FloatArray,
    cluster: IntArray,
    N: int,
    names: tuple[str, ...],
    L: FloatArray | None = None,
    null_models: tuple[NullModel | None, ...] = (),
) -> LinearEstimator:
    """Coefficients of ``columns`` (n, m) beside the nuisance effects, or their combinations ``L`` (m, q).

    Frisch–Waugh–Lovell: with D̃ the columns net of nuisance, ``V = W D̃ (D̃'W D̃)^{-1}``.

    Raises:
        CannotEstimate: a column has no variation left once the nuisance effects are out; it is named.
    """
    w = nuisance.fit_weights
    D = nuisance.residual(columns)
    root = np.sqrt(w)[:, None]
    own = np.linalg.norm(root * (columns - _mean(columns, w)), axis=0)
    own = np.maximum(own, 1e-8 * np.linalg.norm(root * columns, axis=0))
    rD = root * D
    bad = [names[j] for j in range(len(names)) if np.linalg.norm(rD[:, j]) <= 1e-8 * own[j] or own[j] == 0]
    if not bad:
        R = np.asarray(np.linalg.qr(rD / np.linalg.norm(rD, axis=0), mode="r"))
        bad = [names[j] for j in range(len(names)) if abs(R[j, j]) < 1e-9]
    if bad:
        named = ", ".join(bad[:MOST_NAMED]) + (
            f" and {len(bad) - MOST_NAMED} more" if len(bad) > MOST_NAMED else ""
        )
        raise CannotEstimate(
            f"Cannot estimate: {named} has no variation left once the fixed effects and covariates "
            "are taken out (it is collinear with them)."
        )
    V = w[:, None] * D @ np.linalg.inv(D.T @ (w[:, None] * D))
    return LinearEstimator(
        y=y,
        V=V if L is None else V @ L,
        group=nuisance.group,
        n_groups=nuisance.n_groups,
        share=nuisance.share,
        Z=_beside(nuisance.Z, D),
        K=_beside(nuisance.K, V),
        phi=phi,
        cluster=cluster,
        N=N,
        rank=nuisance.rank + columns.shape[1],
        explicit=_beside(nuisance.covariates_net_of_effects(), D),
        fit_weights=w,
        null_models=null_models,
        levels=nuisance.levels,
    )


def _beside(first: FloatArray, more: FloatArray) -> FloatArray:
    """Columns side by side; nothing is copied where there is nothing to stand beside."""
    return np.hstack([first, more]) if first.shape[1] else more


def _mean(columns: FloatArray, w: FloatArray) -> FloatArray:
    return np.asarray((w @ columns / w.sum())[None, :], dtype=np.float64)
