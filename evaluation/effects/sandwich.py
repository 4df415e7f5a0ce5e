"""Cluster-robust covariances CR0, CR1, CR1S, CR2, CR3, in coordinates that compression does not change.

Everything happens in working-model coordinates ``z = Φ^{-½} y``. With Φ = W^{-1} these are the √weight
coordinates, and the CR2 adjustment is ``(I − W^½ X M X' W^½)^{-½}`` cluster by cluster: the same from cells as from
the rows behind them. With Φ = I it is clubSandwich's default. Degrees of freedom: ``satterthwaite``.

Sources: Bell & McCaffrey 2002; Imbens & Kolesár 2016; Pustejovsky & Tipton 2018.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.absorb import group_sums
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.moments import CrossMoments
from evaluation.effects.results import FloatArray
from evaluation.errors import CannotEstimate, InputError

KINDS = ("cr0", "cr1", "cr1s", "cr2", "cr3", "jackknife")
RELATIVE_EIGENVALUE = 1e-10
"""Eigenvalues below this share of the block's largest, or of the identity it comes from, are zero: units never matter."""


@dataclass(frozen=True)
class Sandwich:
    """Covariance of the contrasts with what its degrees of freedom need.

    ``cov`` (m, m); ``scores`` (G, m) adjusted cluster scores; ``T`` (n, m) adjusted weights A_g v_g in working
    coordinates; ``factor`` the small-sample factor already in ``cov``.
    """

    kind: str
    cov: FloatArray
    scores: FloatArray
    T: FloatArray
    factor: float
    estimator: LinearEstimator

    @property
    def std_errors(self) -> FloatArray:
        """(m,) standard errors."""
        return np.asarray(np.sqrt(np.diag(self.cov)), dtype=np.float64)


def sandwich(estimator: LinearEstimator, kind: str = "cr2") -> Sandwich:
    """Cluster-robust covariance of the estimator's contrasts.

    CR1 = G/(G−1) · CR0, CR1S = G/(G−1) · (N−1)/(N−k) · CR0 with N input rows and k all parameters, absorbed ones
    included; CR2 adjusts each cluster's residuals by (I − H)_gg^{-½}. CR3 follows clubSandwich: (I − H_gg)^{-1} with
    the leverage of treatment and covariates only, absorbed effects being taken out beforehand; "jackknife" uses the
    whole H, which is the spread of the leave-one-cluster-out estimates.

    Raises:
        CannotEstimate: fewer than two clusters.
        InputError: an unknown kind.
    """
    if kind not in KINDS:
        raise InputError(f'Covariance "{kind}" is unknown. Expected one of: {", ".join(KINDS)}.')
    G = estimator.G
    if G < 2:
        raise CannotEstimate(
            "Cannot estimate a standard error: there is only one cluster. Cluster on a finer level, "
            "or report the figures as description only."
        )
    root = np.sqrt(estimator.phi)[:, None]
    v = root * estimator.V
    e = estimator.residual() / root[:, 0]
    if kind in ("cr0", "cr1", "cr1s"):
        T = v
    elif estimator.by_score:
        T = _scaled_by_score(estimator, v, kind)
    else:
        T = _adjusted(estimator, v, kind)
    scores = group_sums(estimator.cluster, G, T * e[:, None])
    factor = small_sample_factor(kind, G, estimator.N, estimator.rank)
    return Sandwich(kind, factor * scores.T @ scores, scores, T, factor, estimator)


def small_sample_factor(kind: str, G: int, N: int, k: int) -> float:
    """Factor on CR0: 1 for CR0, CR2 and CR3; see :func:`sandwich` for CR1 and CR1S."""
    if kind == "cr1":
        return G / (G - 1)
    if kind == "cr1s":
        if k >= N:
            raise CannotEstimate(
                f"Cannot estimate a CR1S standard error: {N} rows for {k} parameters leave no degrees of freedom."
            )
        return G / (G - 1) * (N - 1) / (N - k)
    return 1.0


def _scaled_by_score(estimator: LinearEstimator, v: FloatArray, kind: str) -> FloatArray:
    """(n, m) weights ``a_g v_g`` with ``a_g² = v_g'v_g / v_g'(RΦR')_gg v_g``: E[score²] = Var(v_g'u_g) exactly.

    The bias-reduction condition of CR2 stated for the contrast itself. The imputation functional is not a WLS
    coefficient: its residual maker is oblique, and the symmetric root of the whole block would shrink the very
    direction that is averaged (measured size .10–.12 at a nominal .05, against .044–.054 this way; see
    docs/methods/inference.md). CR3 scales by a_g² instead.
    """
    moments = CrossMoments(estimator, v)
    out = np.zeros_like(v)
    for j in range(v.shape[1]):
        target = np.bincount(estimator.cluster, weights=v[:, j] ** 2, minlength=estimator.G)
        actual = moments.variances(j)
        ratio = np.where(
            actual > RELATIVE_EIGENVALUE * target, target / np.where(actual > 0, actual, 1.0), 0.0
        )
        out[:, j] = v[:, j] * (np.sqrt(ratio) if kind == "cr2" else ratio)[estimator.cluster]
    return out


def _adjusted(estimator: LinearEstimator, v: FloatArray, kind: str) -> FloatArray:
    """(n, m) weights A_g v_g. The block is ``B_g = (R Φ R')_gg`` in working coordinates, R the residual maker."""
    if kind == "cr3" and estimator.explicit is not None:
        return _adjusted_by_explicit_leverage(estimator, v)
    root = np.sqrt(estimator.phi)
    Fz = estimator.Z / root[:, None]
    Kz = estimator.K * root[:, None]
    share = estimator.share * root
    one = 1.0 / root
    ku = np.bincount(estimator.group, weights=share**2, minlength=estimator.n_groups)
    kuz = group_sums(estimator.group, estimator.n_groups, share[:, None] * Kz)
    kz = Kz.T @ Kz
    T = np.zeros_like(v)
    order = np.argsort(estimator.cluster, kind="stable")
    ends = np.cumsum(np.bincount(estimator.cluster, minlength=estimator.G))
    for rows in np.split(order, ends[:-1]):
        units, local = np.unique(estimator.group[rows], return_inverse=True)
        n_g, q = rows.size, units.size
        U = np.zeros((n_g, q))
        U[np.arange(n_g), local] = one[rows]
        KU = np.zeros((n_g, q))
        KU[np.arange(n_g), local] = share[rows]
        F = np.hstack([U, Fz[rows]])
        K = np.hstack([KU, Kz[rows]])
        if kind in ("cr3", "jackknife"):
            T[rows] = np.linalg.pinv(np.eye(n_g) - F @ K.T, rcond=RELATIVE_EIGENVALUE).T @ v[rows]
            continue
        KK = np.zeros((q + kz.shape[0], q + kz.shape[0]))
        KK[np.arange(q), np.arange(q)] = ku[units]
        KK[:q, q:] = kuz[units]
        KK[q:, :q] = kuz[units].T
        KK[q:, q:] = kz
        T[rows] = _inverse_root(F, K, KK, v[rows])
    return T


def _adjusted_by_explicit_leverage(estimator: LinearEstimator, v: FloatArray) -> FloatArray:
    """(n, m) weights ``(I − X̃_g M X̃_g' W_g)^{-T} v_g``, X̃ the treatment and covariates net of absorbed effects."""
    assert estimator.explicit is not None
    assert estimator.fit_weights is not None
    root = np.sqrt(estimator.phi)[:, None]
    X, w = estimator.explicit, estimator.fit_weights[:, None]
    F = X / root
    K = root * w * X @ np.linalg.inv(X.T @ (w * X))
    T = np.zeros_like(v)
    for g in range(estimator.G):
        rows = np.flatnonzero(estimator.cluster == g)
        # (I − K F')^{-1} v by the Woodbury identity: q × q however many rows the cluster has.
        inner = np.eye(X.shape[1]) - F[rows].T @ K[rows]
        T[rows] = v[rows] + K[rows] @ (
            np.linalg.pinv(inner, rcond=RELATIVE_EIGENVALUE) @ (F[rows].T @ v[rows])
        )
    return T


def _inverse_root(F: FloatArray, K: FloatArray, KK: FloatArray, v: FloatArray) -> FloatArray:
    """``(I − F K' − K F' + F KK F')^{-½} v``, in a small basis when the cluster has more rows than columns."""
    n_g, p = F.shape
    if n_g <= 2 * p:
        B = np.eye(n_g) - F @ K.T - K @ F.T + F @ KK @ F.T
        return _symmetric_inverse_root(B) @ v
    E = np.linalg.qr(np.hstack([F, K]))[0]
    f, k = E.T @ F, E.T @ K
    small = np.eye(E.shape[1]) - f @ k.T - k @ f.T + f @ KK @ f.T
    inner = E.T @ v
    return np.asarray(v + E @ (_symmetric_inverse_root(small) @ inner - inner), dtype=np.float64)


def _symmetric_inverse_root(B: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh((B + B.T) / 2)
    cut = RELATIVE_EIGENVALUE * max(float(values[-1]), 1.0)  # B is the identity less what was fitted
    safe = np.where(values > cut, values, 1.0)
    power = np.where(values > cut, 1.0 / np.sqrt(safe), 0.0)
    return np.asarray((vectors * power) @ vectors.T, dtype=np.float64)
