"""A linear estimator of contrasts: what every standard error, bootstrap and permutation here is built on.

``θ̂_j = V_j'y`` with the residual maker ``e = y − ȳ_group − Z K'y``. A WLS coefficient and an imputation contrast
are both of this form; they differ only in V and in which cells the fit looked at. Not here: covariances.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluation.effects.absorb import Nuisance, group_sums
from evaluation.effects.results import FloatArray, IntArray
from evaluation.errors import CannotEstimate


@dataclass(frozen=True)
class NullModel:
    """The restricted model of a wild bootstrap: nuisance effects on all cells, ``d`` (n,) the tested column."""

    nuisance: Nuisance
    d: FloatArray


@dataclass(frozen=True)
class LinearEstimator:
    """m contrasts that are linear in the outcome.

    ``V`` (n, m) weights on y; ``group``/``share`` the absorbed group means; ``Z``, ``K`` (n, p) the further
    fitted columns and the weights that give their coefficients; ``phi`` (n,) working variances;
    ``cluster`` (n,) codes 0..G-1; ``N`` rows and ``rank`` parameters for small-sample factors;
    ``explicit`` (n, q) the treatment and covariate columns net of the absorbed effects, in WLS only;
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
        return np.asarray(self.y - means[self.group] - self.Z @ (self.K.T @ self.y), dtype=np.float64)

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
        R = np.asarray(np.linalg.qr(rD / np.linalg.norm(rD, axis=0))[1])
        bad = [names[j] for j in range(len(names)) if abs(R[j, j]) < 1e-9]
    if bad:
        raise CannotEstimate(
            f"Cannot estimate: {', '.join(bad)} has no variation left once the fixed effects and covariates "
            "are taken out (it is collinear with them)."
        )
    V = w[:, None] * D @ np.linalg.inv(D.T @ (w[:, None] * D))
    return LinearEstimator(
        y=y,
        V=V if L is None else V @ L,
        group=nuisance.group,
        n_groups=nuisance.n_groups,
        share=nuisance.share,
        Z=np.hstack([nuisance.Z, D]),
        K=np.hstack([nuisance.K, V]),
        phi=phi,
        cluster=cluster,
        N=N,
        rank=nuisance.rank + columns.shape[1],
        explicit=np.hstack([nuisance.covariates_net_of_effects(), D]),
        fit_weights=w,
        null_models=null_models,
    )


def _mean(columns: FloatArray, w: FloatArray) -> FloatArray:
    return np.asarray((w @ columns / w.sum())[None, :], dtype=np.float64)


def cluster_sums(estimator: LinearEstimator, values: FloatArray) -> FloatArray:
    """(G, m) sums of ``values`` (n, m) by cluster."""
    return group_sums(estimator.cluster, estimator.G, values)
