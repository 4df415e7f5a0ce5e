"""The residual maker ``R = I − F K'`` by its parts, as cluster sums see it: never as an n × n or n × levels matrix.

Parts: the absorbed groups; the explicit columns; the levels of a large panel (``levels``); the averages taken out of the
treated cells' residuals, whose K is ``Ā − H'Ā`` and therefore a combination of the others'. In coordinates ``z = Φ^{-½} y``
("root" is Φ^½; ones for the plain residuals of a bootstrap). Where the levels are few their tables are full and stand
with the columns. Not here: what is made of the tables (``moments``, ``wild``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from evaluation.effects.absorb import group_sums
from evaluation.effects.levels import FEW_LEVELS
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.results import FloatArray, Sparse

DENSE_CLUSTERS = 400
"""Up to here G × G matrices are quicker than their factors."""
DENSE_PAIRS = 40_000
"""Up to so many clusters times groups a full table is quicker than a sparse one."""
Table = FloatArray | Sparse


@dataclass(frozen=True)
class Sums:
    """A vector's cluster sums with one side of R: ``groups`` (G, n_groups), ``columns`` (G, d), ``levels`` (G, p)."""

    groups: Table
    columns: FloatArray
    levels: Sparse | None

    def times(self, factor: FloatArray) -> Sums:
        """Every cluster's sums times its factor, (G, 1)."""
        levels = None if self.levels is None else sparse.csr_array(self.levels.multiply(factor))
        return Sums(scaled_table(self.groups, factor), self.columns * factor, levels)


class Parts:
    """R by its parts for one estimator. ``d`` full columns, and whether there are ``many_levels`` beside them."""

    def __init__(self, est: LinearEstimator, root: FloatArray) -> None:
        self.est, self.G = est, est.G
        self.one, self.root = 1.0 / root, root
        self.Fx, self.Kx = est.Z / root[:, None], est.K * root[:, None]
        self.share = est.share * root
        self.is_many = est.levels is not None and est.levels.p > FEW_LEVELS
        dense = est.G <= DENSE_CLUSTERS and est.G * est.n_groups <= DENSE_PAIRS and est.levels is None
        self.by_pair = _by_pair(est, dense=dense)
        if est.averaged is not None:
            code, share, m = est.averaged.code, est.averaged.share, est.averaged.m
            inside = np.flatnonzero(code >= 0)
            self.inside, self.code, self.m = inside, code[inside], m
            pick = (inside, code[inside])
            average = sparse.csr_array((share[inside], pick), shape=(code.size, m))
            groups = sparse.csr_array(
                (np.ones(code.size), (est.group, np.arange(code.size))), shape=(est.n_groups, code.size)
            )
            self.U = sparse.csr_array(groups @ average)
            self.Qx = np.asarray(est.Z.T @ average)
            if est.levels is not None:
                clear = np.where(code >= 0, code, 0)
                self.Qs = np.asarray(
                    est.levels.by_code(clear, m, np.where(code >= 0, share, 0.0)).toarray().T
                )

    def front(self, t: FloatArray) -> Sums:
        """Cluster sums of t with F: ``Σ_{i∈g} t_i F_i``."""
        est = self.est
        columns = [group_sums(est.cluster, self.G, self.Fx * t[:, None])]
        groups, levels = self.by_pair(t * self.one), None
        if est.levels is not None:
            levels = est.levels.by_code(est.cluster, self.G, t * self.one, groups)
        if est.averaged is not None:
            columns.append(self._by_average(t * self.one))
        return self._sums(groups, columns, levels)

    def back(self, t: FloatArray) -> Sums:
        """Cluster sums of t with K: ``Σ_{i∈g} t_i K_i``."""
        est = self.est
        groups = self.by_pair(self.share * t)
        columns = [group_sums(est.cluster, self.G, self.Kx * t[:, None])]
        levels = None
        if est.levels is not None:
            weighted = est.levels.by_code(est.cluster, self.G, est.levels.weights * self.root * t)
            levels = sparse.csr_array(weighted @ est.levels.inverse)
        if est.averaged is not None:
            own = self._by_average(est.averaged.share * self.root * t)
            own -= full(groups @ self.U)
            own -= columns[0] @ self.Qx
            if levels is not None:
                own -= np.asarray(levels @ self.Qs)
            columns.append(own)
        return self._sums(groups, columns, levels)

    def _sums(self, groups: Table, columns: list[FloatArray], levels: Sparse | None) -> Sums:
        if levels is not None and not self.is_many:
            columns.insert(1, levels.toarray())
            levels = None
        return Sums(groups, np.hstack(columns) if len(columns) > 1 else columns[0], levels)

    def _by_average(self, values: FloatArray) -> FloatArray:
        at = self.est.cluster[self.inside] * self.m + self.code
        table = np.bincount(at, weights=values[self.inside], minlength=self.G * self.m)
        return np.asarray(table.reshape(self.G, self.m), dtype=np.float64)

    def second_moments(self) -> Gram:
        """``K'K`` by parts."""
        est = self.est
        ku = np.bincount(est.group, weights=self.share**2, minlength=est.n_groups).astype(np.float64)
        ux = group_sums(est.group, est.n_groups, self.share[:, None] * self.Kx)
        blocks: list[list[FloatArray]] = [[self.Kx.T @ self.Kx]]
        with_groups = [ux]
        us: Any = None
        ss: Any = None
        sx: Any = None
        if est.levels is not None:
            A, w = est.levels.inverse, est.levels.weights
            us = est.levels.by_group(self.share * self.root * w) @ A
            ss = A @ est.levels.gram((w * self.root) ** 2) @ A
            sx = np.asarray(A @ est.levels.crossed((w * self.root)[:, None] * self.Kx))
            if not self.is_many:
                us, ss = us.toarray(), ss.toarray()
                blocks = [[blocks[0][0], sx.T], [sx, ss]]
                with_groups.append(us)
        se: Any = None
        if est.averaged is not None:
            ue = -(full(self.U.multiply(ku[:, None])) + ux @ self.Qx)
            xe = -(np.asarray(self.U.T @ ux).T + blocks[0][0] @ self.Qx)
            ee = np.diag(
                np.bincount(
                    self.code, weights=(est.averaged.share * self.root)[self.inside] ** 2, minlength=self.m
                )
            )
            if est.levels is not None:
                ue -= np.asarray(us @ self.Qs)
                xe -= sx.T @ self.Qs
                crossed = self.U.T @ us
                se = -(full(crossed).T + sx @ self.Qx)
                se -= np.asarray(ss @ self.Qs)
                ee = ee - self.Qs.T @ se
            ee = ee - np.asarray(self.U.T @ ue) - self.Qx.T @ xe
            with_groups.append(ue)
            edge = [xe, se] if len(blocks) == 2 else [xe]
            blocks = [[*row, e] for row, e in zip(blocks, edge, strict=True)] + [[*(e.T for e in edge), ee]]
        columns = np.block(blocks) if len(blocks) > 1 else blocks[0][0]
        groups = np.hstack(with_groups) if len(with_groups) > 1 else ux
        if not self.is_many:
            return Gram(ku, groups, columns, None, None, None)
        across = sx if se is None else np.hstack([sx, se])
        return Gram(ku, groups, columns, sparse.csr_array(us), sparse.csr_array(ss), across)


@dataclass(frozen=True)
class Gram:
    """``K'K``: ``groups`` (n_groups,) their own, ``groups_columns`` (n_groups, d), ``columns`` (d, d) and, for many levels,
    ``groups_levels`` (n_groups, p), ``levels`` (p, p), ``levels_columns`` (p, d)."""

    groups: FloatArray
    groups_columns: FloatArray
    columns: FloatArray
    groups_levels: Sparse | None
    levels: Sparse | None
    levels_columns: FloatArray | None


def full(table: Table) -> FloatArray:
    """A table as numbers, whether it was full or sparse."""
    return table if isinstance(table, np.ndarray) else np.asarray(table.toarray(), dtype=np.float64)


def scaled_table(table: Table, factor: FloatArray) -> Table:
    """Rows (G,) of a table, full or sparse, times (G, 1) factors, or columns times (1, m)."""
    if isinstance(table, np.ndarray):
        return np.asarray(table * factor, dtype=np.float64)
    return sparse.csr_array(table.multiply(factor))


def _by_pair(est: LinearEstimator, *, dense: bool) -> Callable[[FloatArray], Table]:
    """What sums values (n,) to a table (G, n_groups) of clusters by absorbed groups, full or sparse."""
    shape = (est.G, est.n_groups)
    if dense:
        pairs = est.cluster * est.n_groups + est.group

        def full(values: FloatArray) -> Table:
            table = np.bincount(pairs, weights=values, minlength=shape[0] * shape[1])
            return np.asarray(table, dtype=np.float64).reshape(shape)

        return full
    return lambda values: sparse.csr_array(sparse.coo_array((values, (est.cluster, est.group)), shape=shape))
