"""Cluster-robust covariances CR0, CR1, CR1S, CR2, CR3, in coordinates that compression does not change.

Everything happens in working-model coordinates ``z = Φ^{-½} y``. With Φ = W^{-1} these are the √weight
coordinates, and the CR2 adjustment is ``(I − W^½ X M X' W^½)^{-½}`` cluster by cluster: the same from cells as from
the rows behind them. With Φ = I it is clubSandwich's default. Degrees of freedom: ``satterthwaite``.

Sources: Bell & McCaffrey 2002; Imbens & Kolesár 2016; Pustejovsky & Tipton 2018.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from evaluation.effects.absorb import group_sums
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.moments import CrossMoments
from evaluation.effects.results import FloatArray, IntArray, Sparse
from evaluation.errors import CannotEstimate, InputError

KINDS = ("cr0", "cr1", "cr1s", "cr2", "cr3", "jackknife")
RELATIVE_EIGENVALUE = 1e-10
"""Eigenvalues below this share of the block's largest, or of the identity it comes from, are zero: units never matter."""
BATCH = 4_000_000
"""Most numbers in one array of cluster blocks: 32 MB."""


@dataclass(frozen=True)
class Sandwich:
    """Covariance of the contrasts with what its degrees of freedom need.

    ``cov`` (m, m); ``scores`` (G, m) adjusted cluster scores; ``T`` (n, m) adjusted weights A_g v_g in working
    coordinates; ``factor`` the small-sample factor already in ``cov``; ``known_moments`` those of the adjusted
    scores where the adjustment made them on its way.
    """

    kind: str
    cov: FloatArray
    scores: FloatArray
    T: FloatArray
    factor: float
    estimator: LinearEstimator
    known_moments: CrossMoments | None = None

    @property
    def std_errors(self) -> FloatArray:
        """(m,) standard errors."""
        return np.asarray(np.sqrt(np.diag(self.cov)), dtype=np.float64)

    @cached_property
    def moments(self) -> CrossMoments:
        """Second moments of the adjusted scores."""
        return self.known_moments or CrossMoments(self.estimator, self.T)

    @cached_property
    def df(self) -> FloatArray:
        """(m,) Satterthwaite degrees of freedom ``(tr P)² / tr(P²)`` of each contrast's variance estimate."""
        moments = self.moments
        out = np.full(moments.m, np.nan)
        for s in range(moments.m):
            trace, square = moments.sums(s)
            if square > 0:
                out[s] = trace**2 / square
        return out


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
    moments = None
    if kind in ("cr0", "cr1", "cr1s"):
        T = v
    elif estimator.by_score:
        factors, moments = _score_factors(estimator, v, kind)
        T = v * factors[estimator.cluster]
    else:
        T = _adjusted(estimator, v, kind)
    scores = group_sums(estimator.cluster, G, T * e[:, None])
    factor = small_sample_factor(kind, G, estimator.N, estimator.rank)
    return Sandwich(kind, factor * scores.T @ scores, scores, T, factor, estimator, moments)


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


def _score_factors(estimator: LinearEstimator, v: FloatArray, kind: str) -> tuple[FloatArray, CrossMoments]:
    """(G, m) factors ``a_g`` with ``a_g² = v_g'v_g / v_g'(RΦR')_gg v_g``: then E[score²] = Var(v_g'u_g) exactly.

    The bias-reduction condition of CR2 stated for the contrast itself. The imputation functional is not a WLS
    coefficient: its residual maker is oblique, and the symmetric root of the whole block would shrink the very
    direction that is averaged (measured size .10–.12 at a nominal .05, against .044–.054 this way; see
    docs/methods/inference.md). CR3 scales by a_g² instead. The moments of the scores so adjusted come with it.
    """
    moments = CrossMoments(estimator, v)
    factors = np.zeros((estimator.G, v.shape[1]))
    for j in range(v.shape[1]):
        target = np.bincount(estimator.cluster, weights=v[:, j] ** 2, minlength=estimator.G)
        actual = moments.variances(j)
        ratio = np.where(
            actual > RELATIVE_EIGENVALUE * target, target / np.where(actual > 0, actual, 1.0), 0.0
        )
        factors[:, j] = np.sqrt(ratio) if kind == "cr2" else ratio
    return factors, moments.scaled(factors)


def _adjusted(estimator: LinearEstimator, v: FloatArray, kind: str) -> FloatArray:
    """(n, m) weights A_g v_g. The block is ``B_g = (R Φ R')_gg`` in working coordinates, R the residual maker."""
    if kind == "cr3" and estimator.explicit is not None:
        return _adjusted_by_explicit_leverage(estimator, v)
    root = np.sqrt(estimator.phi)
    if estimator.levels is None:
        whole = _Local(
            estimator.cluster, estimator.group, estimator.Z / root[:, None], estimator.K * root[:, None],
            estimator.share * root, root, *_moments_of(estimator, root),
        )  # fmt: skip
        return _adjusted_locally(whole, v, kind)
    T = np.zeros_like(v)
    for rows, local in _pieces(estimator, root):
        T[rows] = _adjusted_locally(local, v[rows], kind)
    return T


@dataclass(frozen=True)
class _Local:
    """Some whole clusters in working coordinates: ``F`` and ``K`` (n, p) are all columns that reach their rows.

    ``ku`` (n_groups,), ``kuz`` (n_groups, p) and ``kz`` (p, p) are the second moments of K over the whole panel.
    """

    cluster: IntArray
    group: IntArray
    F: FloatArray
    K: FloatArray
    share: FloatArray
    root: FloatArray
    ku: FloatArray
    kuz: FloatArray
    kz: FloatArray


def _moments_of(estimator: LinearEstimator, root: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    Kz, share = estimator.K * root[:, None], estimator.share * root
    ku = np.bincount(estimator.group, weights=share**2, minlength=estimator.n_groups).astype(np.float64)
    return ku, group_sums(estimator.group, estimator.n_groups, share[:, None] * Kz), Kz.T @ Kz


def _pieces(estimator: LinearEstimator, root: FloatArray) -> Iterator[tuple[IntArray, _Local]]:
    """A large panel piece by piece: clusters with the few levels they can touch, written out for them alone."""
    levels = estimator.levels
    assert levels is not None
    ku, kux, kxx = _moments_of(estimator, root)
    weighted = levels.weights * root
    kus: Sparse = sparse.csc_array(levels.by_group(estimator.share * root * weighted) @ levels.inverse)
    kss = levels.inverse @ levels.gram(weighted**2) @ levels.inverse
    ksx = levels.inverse @ levels.crossed(weighted[:, None] * (estimator.K * root[:, None]))
    for rows, columns in levels.columns_by_rows(estimator.cluster):
        groups, group = np.unique(estimator.group[rows], return_inverse=True)
        _, cluster = np.unique(estimator.cluster[rows], return_inverse=True)
        first, last = int(columns[0]), int(columns[-1]) + 1
        contiguous = last - first == columns.size
        pick = slice(first, last) if contiguous else columns
        Z = np.asarray((levels.rows[rows][:, pick] - levels.means[levels.group[rows]][:, pick]).toarray())
        A = levels.inverse[pick][:, pick].toarray()
        at = root[rows][:, None]
        F = np.hstack([Z, estimator.Z[rows]]) / at
        K = np.hstack([levels.weights[rows][:, None] * (Z @ A), estimator.K[rows]]) * at
        cross = np.asarray(ksx[pick])
        kz = np.block([[kss[pick][:, pick].toarray(), cross], [cross.T, kxx]])
        kuz = np.hstack([kus[:, pick].tocsr()[groups].toarray(), kux[groups]])
        yield (
            rows,
            _Local(cluster, group, F, K, estimator.share[rows] * root[rows], root[rows], ku[groups], kuz, kz),
        )


def _adjusted_locally(local: _Local, v: FloatArray, kind: str) -> FloatArray:
    one, T = 1.0 / local.root, np.zeros_like(v)
    for batch in _batches(local.cluster, local.group, local.kz.shape[0]):
        rows, inside = batch.rows, batch.inside
        F = np.concatenate([one[rows][:, :, None] * inside, local.F[rows]], axis=2)
        K = np.concatenate([local.share[rows][:, :, None] * inside, local.K[rows]], axis=2)
        if kind in ("cr3", "jackknife"):
            leverage = np.eye(rows.shape[1]) - F @ K.transpose(0, 2, 1)
            T[rows] = np.linalg.pinv(leverage, rcond=RELATIVE_EIGENVALUE).transpose(0, 2, 1) @ v[rows]
            continue
        q, p = batch.groups.shape[1], local.kz.shape[0]
        KK = np.zeros((rows.shape[0], q + p, q + p))
        KK[:, np.arange(q), np.arange(q)] = local.ku[batch.groups]
        KK[:, :q, q:] = local.kuz[batch.groups]
        KK[:, q:, :q] = local.kuz[batch.groups].transpose(0, 2, 1)
        KK[:, q:, q:] = local.kz
        T[rows] = _inverse_root(F, K, KK, v[rows])
    return T


@dataclass(frozen=True)
class _Batch:
    """Clusters of one shape: ``rows`` (B, n_g), the absorbed ``groups`` (B, q) they meet, ``inside`` (B, n_g, q) 0/1."""

    rows: IntArray
    groups: IntArray
    inside: FloatArray


def _batches(cluster: IntArray, group: IntArray, columns: int) -> Iterator[_Batch]:
    """Clusters by their shape, so many at a time that their blocks stay in memory: one step each, not one per cluster."""
    order = np.lexsort((group, cluster))
    c, u = cluster[order], group[order]
    first = np.r_[True, (c[1:] != c[:-1]) | (u[1:] != u[:-1])]
    pair = np.cumsum(first) - 1
    sizes, q = np.bincount(c), np.bincount(c[first])
    starts, pair_starts = np.cumsum(sizes) - sizes, np.cumsum(q) - q
    met = u[first]
    for n_g, q_g in np.unique(np.column_stack([sizes, q]), axis=0).tolist():
        if not n_g:
            continue
        alike = np.flatnonzero((sizes == n_g) & (q == q_g))
        step = max(1, BATCH // max((q_g + columns) ** 2, n_g * (q_g + columns), n_g**2))
        for some in np.split(alike, range(step, alike.size, step)):
            at = starts[some][:, None] + np.arange(n_g)
            local = pair[at] - pair_starts[some][:, None]
            groups = met[pair_starts[some][:, None] + np.arange(q_g)]
            yield _Batch(order[at], groups, (local[:, :, None] == np.arange(q_g)).astype(np.float64))


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
    """``(I − F K' − K F' + F KK F')^{-½} v`` of each cluster, in a small basis where it has more rows than columns."""
    n_g, p = F.shape[1:]
    if n_g <= 2 * p:
        return _symmetric_inverse_root(_block(F, K, KK)) @ v
    E = np.linalg.qr(np.concatenate([F, K], axis=2))[0]
    basis = E.transpose(0, 2, 1)
    inner = basis @ v
    small = _symmetric_inverse_root(_block(basis @ F, basis @ K, KK))
    return np.asarray(v + E @ (small @ inner - inner), dtype=np.float64)


def _block(F: FloatArray, K: FloatArray, KK: FloatArray) -> FloatArray:
    cross = F @ K.transpose(0, 2, 1)
    return np.asarray(
        np.eye(F.shape[1]) - cross - cross.transpose(0, 2, 1) + F @ KK @ F.transpose(0, 2, 1),
        dtype=np.float64,
    )


def _symmetric_inverse_root(B: FloatArray) -> FloatArray:
    values, vectors = np.linalg.eigh((B + B.transpose(0, 2, 1)) / 2)
    cut = RELATIVE_EIGENVALUE * np.maximum(values[:, -1:], 1.0)  # B is the identity less what was fitted
    safe = np.where(values > cut, values, 1.0)
    power = np.where(values > cut, 1.0 / np.sqrt(safe), 0.0)
    return np.asarray((vectors * power[:, None, :]) @ vectors.transpose(0, 2, 1), dtype=np.float64)
