"""Second moments of cluster scores under the working model: what degrees of freedom and adjustments are made of.

With ``p_gs = R'A_g v_gs`` the score of contrast s in cluster g has covariance ``P_gh(s, t) = p_gs'p_ht`` with the
others. Everything is a sum of sparse and low-rank parts; no n × n matrix is ever formed.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy

import numpy as np
from scipy import sparse

from evaluation.effects.absorb import group_sums
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.results import FloatArray

DENSE_CLUSTERS = 400
"""Up to here G × G matrices are quicker than their factors."""
DENSE_PAIRS = 40_000
"""Up to so many clusters times groups a full table is quicker than a sparse one."""


Table = FloatArray | sparse.csr_array


class CrossMoments:
    """Cov of cluster scores: ``P_gh(s, t) = p_gs'p_ht`` with ``p_g = R'A_g v_g``, never as an n × n matrix."""

    def __init__(self, est: LinearEstimator, T: FloatArray) -> None:
        root = np.sqrt(est.phi)[:, None]
        self.G, self.m = est.G, T.shape[1]
        Fz, Kz = est.Z / root, est.K * root
        share = est.share[:, None] * root
        self.KK = Kz.T @ Kz
        ku = np.bincount(est.group, weights=share[:, 0] ** 2, minlength=est.n_groups)
        kuz = group_sums(est.group, est.n_groups, share * Kz)
        by_pair = _by_pair(est, dense=self.G <= DENSE_CLUSTERS and self.G * est.n_groups <= DENSE_PAIRS)
        self.parts = []
        self.made: dict[tuple[int, int], tuple[Table, FloatArray, FloatArray]] = {}
        for s in range(self.m):
            t = T[:, [s]]
            a = group_sums(est.cluster, self.G, Fz * t)
            b = group_sums(est.cluster, self.G, Kz * t)
            au, bu = by_pair((t / root)[:, 0]), by_pair((share * t)[:, 0])
            self.parts.append((T[:, s], a, b, au, bu, au * ku[None, :], np.asarray(au @ kuz)))
        self.cluster = est.cluster

    def scaled(self, factors: FloatArray) -> CrossMoments:
        """The moments once every contrast's weights are multiplied by a factor for each cluster, (G, m)."""
        other = copy(self)
        other.made = {}
        other.parts = []
        for s, (v, a, b, au, bu, auk, akz) in enumerate(self.parts):
            f = factors[:, [s]]
            by_group = [
                table * f if isinstance(table, np.ndarray) else table.multiply(f).tocsr()
                for table in (au, bu, auk)
            ]
            other.parts.append((v * factors[self.cluster, s], a * f, b * f, *by_group, akz * f))
        return other

    def matrix(self, s: int, t: int) -> FloatArray:
        """(G, G) covariances of score s of one cluster with score t of another."""
        S, left, right = self._split(s, t)
        return np.asarray(
            left @ right.T + (S if isinstance(S, np.ndarray) else S.toarray()), dtype=np.float64
        )

    def variances(self, s: int) -> FloatArray:
        """(G,) diagonal of ``matrix(s, s)`` without forming it."""
        v, a, b, au, bu, auk, akz = self.parts[s]
        out = np.bincount(self.cluster, weights=v * v, minlength=self.G) - 2 * np.einsum("gp,gp->g", a, b)
        out += np.einsum("gp,pq,gq->g", a, self.KK, a, optimize=True) + 2 * np.einsum("gp,gp->g", akz, a)
        return np.asarray(out + (auk * au - 2 * (bu * au)).sum(axis=1), dtype=np.float64)

    def sums(self, s: int) -> tuple[float, float]:
        """Trace of ``P = matrix(s, s)`` and of P²."""
        return self.trace(s, s), self.inner((s, s), (s, s))

    def trace(self, s: int, t: int) -> float:
        """Trace of ``matrix(s, t)``."""
        S, left, right = self._split(s, t)
        return float(S.trace() + np.einsum("gp,gp->", left, right))

    def inner(self, first: tuple[int, int], second: tuple[int, int]) -> float:
        """``Σ_gh P_gh Q_gh`` of two of the matrices, in memory linear in G when G is large."""
        if self.G <= DENSE_CLUSTERS:
            P = self.matrix(*first)
            return float((P * (P if second == first else self.matrix(*second))).sum())
        S, left, right = self._split(*first)
        Z, below, aside = self._split(*second)  # Σ (S + LR')(Z + BA')
        assert not isinstance(S, np.ndarray)  # full tables are for few clusters only
        total = float(S.multiply(Z).sum())
        total += float(np.einsum("gp,gp->", np.asarray(S @ aside), below))
        total += float(np.einsum("gp,gp->", np.asarray(Z @ right), left))
        return total + float(np.einsum("pq,pq->", left.T @ below, right.T @ aside))

    def _split(self, s: int, t: int) -> tuple[Table, FloatArray, FloatArray]:
        """``matrix(s, t)`` as a sparse matrix plus ``left right'`` of low rank, made once."""
        if (s, t) in self.made:
            return self.made[s, t]
        vs, a_s, b_s, au_s, bu_s, auk_s, akz_s = self.parts[s]
        vt, a_t, b_t, au_t, bu_t, _, akz_t = self.parts[t]
        own = np.bincount(self.cluster, weights=vs * vt, minlength=self.G)
        S = (auk_s - bu_s) @ au_t.T - au_s @ bu_t.T
        S = S + np.diag(own) if isinstance(S, np.ndarray) else sparse.csr_array(S + sparse.diags_array(own))
        # a KK a' + ak a' + a ak' − b a' − a b', gathered by its two factors.
        left = np.hstack([a_s, akz_s - b_s])
        right = np.hstack([a_t @ self.KK + akz_t - b_t, a_t])
        self.made[s, t] = (S, left, right)
        return S, left, right


def _by_pair(est: LinearEstimator, *, dense: bool) -> Callable[[FloatArray], Table]:
    """What sums values (n,) to a table (G, n_groups) of clusters by absorbed groups, full or sparse."""
    pairs = est.cluster * est.n_groups + est.group
    shape = (est.G, est.n_groups)

    def full(values: FloatArray) -> Table:
        table = np.bincount(pairs, weights=values, minlength=shape[0] * shape[1])
        return np.asarray(table, dtype=np.float64).reshape(shape)

    if dense:
        return full
    index, inverse = np.unique(pairs, return_inverse=True)
    at = index // est.n_groups, index % est.n_groups
    return lambda values: sparse.csr_array((np.bincount(inverse, weights=values), at), shape=shape)
