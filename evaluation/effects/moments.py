"""Second moments of cluster scores under the working model: what degrees of freedom and adjustments are made of.

With ``p_gs = R'A_g v_gs`` the score of contrast s in cluster g has covariance ``P_gh(s, t) = p_gs'p_ht`` with the
others. Everything is a sum of sparse and low-rank parts (``parts``); no n × n matrix is ever formed.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from evaluation.effects.linear import LinearEstimator
from evaluation.effects.parts import DENSE_CLUSTERS, Parts, Sums, Table, scaled_table
from evaluation.effects.results import FloatArray


@dataclass(frozen=True)
class _Score:
    """One contrast's scores: weights ``v`` (n,), their sums with F and with K, and F's sums times K'K of the groups."""

    v: FloatArray
    F: Sums
    K: Sums
    FK: Sums


class CrossMoments:
    """Cov of cluster scores: ``P_gh(s, t) = p_gs'p_ht`` with ``p_g = R'A_g v_g``, never as an n × n matrix."""

    def __init__(self, est: LinearEstimator, T: FloatArray) -> None:
        root = np.sqrt(est.phi)
        parts = Parts(est, root)
        self.G, self.m, self.cluster = est.G, T.shape[1], est.cluster
        self.gram = parts.second_moments()
        self.made: dict[tuple[int, int], tuple[Table, FloatArray, FloatArray]] = {}
        self.scores = [self._score(parts, T[:, s]) for s in range(self.m)]

    def _score(self, parts: Parts, t: FloatArray) -> _Score:
        F, gram = parts.front(t), self.gram
        levels = None if gram.groups_levels is None else sparse.csr_array(F.groups @ gram.groups_levels)
        own = scaled_table(F.groups, gram.groups[None, :])
        return _Score(t, F, parts.back(t), Sums(own, np.asarray(F.groups @ gram.groups_columns), levels))

    def scaled(self, factors: FloatArray) -> CrossMoments:
        """The moments once every contrast's weights are multiplied by a factor for each cluster, (G, m)."""
        other = copy(self)
        other.made = {}
        other.scores = [
            _Score(c.v * f[self.cluster, 0], c.F.times(f), c.K.times(f), c.FK.times(f))
            for c, f in ((c, factors[:, [s]]) for s, c in enumerate(self.scores))
        ]
        return other

    def matrix(self, s: int, t: int) -> FloatArray:
        """(G, G) covariances of score s of one cluster with score t of another."""
        S, left, right = self._split(s, t)
        return np.asarray(
            left @ right.T + (S if isinstance(S, np.ndarray) else S.toarray()), dtype=np.float64
        )

    def variances(self, s: int) -> FloatArray:
        """(G,) diagonal of ``matrix(s, s)`` without forming it."""
        return self._diagonal(s, s)

    def _diagonal(self, s: int, t: int) -> FloatArray:
        """(G,) diagonal of ``matrix(s, t)`` without forming it."""
        one, two, gram = self.scores[s], self.scores[t], self.gram
        a_s, a_t = one.F.columns, two.F.columns
        first, second = one.FK.columns - one.K.columns, two.FK.columns - two.K.columns
        out = np.bincount(self.cluster, weights=one.v * two.v, minlength=self.G).astype(np.float64)
        out += _rowwise((one.FK.groups - one.K.groups), two.F.groups) - _rowwise(one.F.groups, two.K.groups)
        if one.F.levels is not None and two.F.levels is not None:
            assert one.FK.levels is not None
            assert two.FK.levels is not None
            out += _rowwise(one.F.levels, two.F.levels @ gram.levels + two.FK.levels - two.K.levels)
            out += _rowwise(one.FK.levels - one.K.levels, two.F.levels)
            first = first + np.asarray(one.F.levels @ gram.levels_columns)
            second = second + np.asarray(two.F.levels @ gram.levels_columns)
        out += np.einsum("gp,gp->g", a_s, a_t @ gram.columns + second) + np.einsum("gp,gp->g", first, a_t)
        return np.asarray(out, dtype=np.float64)

    def sums(self, s: int) -> tuple[float, float]:
        """Trace of ``P = matrix(s, s)`` and of P²."""
        return self.trace(s, s), self.inner((s, s), (s, s))

    def trace(self, s: int, t: int) -> float:
        """Trace of ``matrix(s, t)``."""
        return float(self._diagonal(s, t).sum())

    def inner(self, first: tuple[int, int], second: tuple[int, int]) -> float:
        """``Σ_gh P_gh Q_gh`` of two of the matrices, in memory linear in G when G is large."""
        if self.G <= DENSE_CLUSTERS:
            P = self.matrix(*first)
            return float((P * (P if second == first else self.matrix(*second))).sum())
        S, left, right = self._split(*first)
        Z, below, aside = (
            (S, left, right) if first == second else self._split(*second)
        )  # Σ (S + LR')(Z + BA')
        assert not isinstance(S, np.ndarray)  # full tables are for few clusters only
        total = float(S.multiply(Z).sum())
        crossed = float(np.einsum("gp,gp->", np.asarray(S @ aside), below))
        again = crossed if first == second else float(np.einsum("gp,gp->", np.asarray(Z @ right), left))
        return total + crossed + again + float(np.einsum("pq,pq->", left.T @ below, right.T @ aside))

    def _split(self, s: int, t: int) -> tuple[Table, FloatArray, FloatArray]:
        """``matrix(s, t)`` as a sparse matrix plus ``left right'`` of low rank; those of one contrast are made once.

        ``P = diag + a K'K a' + …``: groups and many levels meet few clusters and stay sparse, columns meet all.
        """
        if (s, t) in self.made:
            return self.made[s, t]
        one, two, gram = self.scores[s], self.scores[t], self.gram
        own = np.bincount(self.cluster, weights=one.v * two.v, minlength=self.G)
        S = (one.FK.groups - one.K.groups) @ two.F.groups.T - one.F.groups @ two.K.groups.T
        S = S + np.diag(own) if isinstance(S, np.ndarray) else sparse.csr_array(S + sparse.diags_array(own))
        a_s, a_t = one.F.columns, two.F.columns
        first, second = one.FK.columns - one.K.columns, two.FK.columns - two.K.columns
        if one.F.levels is not None and two.F.levels is not None:
            assert one.FK.levels is not None and two.FK.levels is not None  # noqa: PT018
            S = S + one.F.levels @ (two.F.levels @ gram.levels + two.FK.levels - two.K.levels).T
            S = sparse.csr_array(S + (one.FK.levels - one.K.levels) @ two.F.levels.T)
            first = first + np.asarray(one.F.levels @ gram.levels_columns)
            second = second + np.asarray(two.F.levels @ gram.levels_columns)
        left = np.hstack([a_s, first])
        right = np.hstack([a_t @ gram.columns + second, a_t])
        if s == t:
            self.made[s, t] = (S, left, right)
        return S, left, right


def _rowwise(first: Table, second: Table) -> FloatArray:
    """(G,) sums over the columns of the product of two tables, full or sparse."""
    product = first * second if isinstance(first, np.ndarray) else first.multiply(second)
    return np.asarray(product.sum(axis=1), dtype=np.float64).reshape(-1)
