"""Further fixed effects that are never written out: one entry for each row and term, solved block by block.

Beside the largest term's group means, the other terms' indicators net of those means are ``Z = Z₀ − B C``: Z₀ the levels
(sparse), B the groups, C the groups' weighted mean of each level. Levels that share no row and no group, directly or
through others, have no part of ``Z'WZ`` in common, so its inverse is made block by block (a school's months, where cells
belong to schools); a country costs what its schools cost. Not here: which terms there are (``absorb``), and what the
fitted values are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from evaluation.effects.results import BoolArray, FloatArray, IntArray, Sparse
from evaluation.errors import CannotEstimate

LARGEST_BLOCK = 4_000
"""Most levels in one block: its inverse is dense."""
FEW_LEVELS = 512
"""Up to so many levels a table of clusters by levels is full, and low rank is the better description."""
EIGENVALUE = 1e-11
"""A direction in which the levels, each scaled to one, vary by less than this is one they do not have."""


@dataclass(frozen=True)
class Levels:
    """The weighted least-squares fit of further effects: ``fitted = Z A Z'W y`` beside the group means.

    ``rows`` (n, p) one entry for each row and term; ``means`` (n_groups, p) C; ``inverse`` (p, p) A, block-diagonal;
    ``block`` (p,) the block of each level, in ascending order; ``weights`` (n,) of the fit; ``group`` (n,) codes.
    """

    rows: Sparse
    means: Sparse
    inverse: Sparse
    block: IntArray
    weights: FloatArray
    group: IntArray

    @property
    def p(self) -> int:
        """Number of levels."""
        return int(self.block.size)

    def crossed(self, values: FloatArray) -> FloatArray:
        """(p, m) ``Z'values`` of values (n, m)."""
        sums = _group_table(self.group, self.means.shape[0], values)
        return np.asarray(self.rows.T @ values - self.means.T @ sums, dtype=np.float64)

    def spread(self, coefficients: FloatArray) -> FloatArray:
        """(n, m) ``Z coefficients`` of coefficients (p, m)."""
        return np.asarray(
            self.rows @ coefficients - np.asarray(self.means @ coefficients)[self.group], dtype=np.float64
        )

    def fitted(self, values: FloatArray) -> FloatArray:
        """(n, m) ``Z A Z'W values``."""
        return self.spread(self.inverse @ self.crossed(self.weights[:, None] * values))

    def pullback(self, omega: FloatArray) -> FloatArray:
        """(n, m) ``W Z A Z'omega``: the transpose of :meth:`fitted`."""
        return np.asarray(
            self.weights[:, None] * self.spread(self.inverse @ self.crossed(omega)), dtype=np.float64
        )

    def subset(self, keep: BoolArray) -> Levels:
        """The same fit seen from some of the rows."""
        return replace(self, rows=self.rows[keep], weights=self.weights[keep], group=self.group[keep])

    @cached_property
    def is_few(self) -> bool:
        """Whether tables of groups by levels are full."""
        return self.p <= FEW_LEVELS

    @cached_property
    def _full_means(self) -> FloatArray:
        return np.asarray(self.means.toarray(), dtype=np.float64)

    def written_out(self, rows: IntArray | slice = slice(None)) -> FloatArray:
        """(rows, p) of Z as numbers."""
        if not self.is_few:
            return np.asarray((self.rows[rows] - self.means[self.group[rows]]).toarray(), dtype=np.float64)
        level = self.rows.indices.reshape(self.group.size, -1)[rows]
        out = -self._full_means[self.group[rows]]
        for j in range(level.shape[1]):
            out[np.arange(level.shape[0]), level[:, j]] += 1.0
        return np.asarray(out, dtype=np.float64)

    def by_code(self, code: IntArray, n_codes: int, values: FloatArray, groups: Sparse = None) -> Sparse:
        """(n_codes, p) sums of ``values`` (n,) times Z by code; ``groups`` (n_codes, n_groups) those times B if known."""
        if groups is None:
            groups = sparse.csr_array((values, (code, self.group)), shape=(n_codes, self.means.shape[0]))
        if self.is_few:
            return sparse.csr_array(self._met(code, n_codes, values) - groups @ self._full_means)
        n = code.size
        table = sparse.csr_array((values, (code, np.arange(n))), shape=(n_codes, n)) @ self.rows
        return sparse.csr_array(table - groups @ self.means)

    def by_group(self, values: FloatArray) -> Sparse:
        """(n_groups, p) sums of ``values`` (n,) times Z by group."""
        n_groups = self.means.shape[0]
        total = np.bincount(self.group, weights=values, minlength=n_groups)
        if self.is_few:
            return sparse.csr_array(
                self._met(self.group, n_groups, values) - total[:, None] * self._full_means
            )
        return self.by_code(self.group, n_groups, values, sparse.diags_array(total))

    def gram(self, omega: FloatArray) -> Sparse:
        """(p, p) ``Z' diag(omega) Z``."""
        n_groups = self.means.shape[0]
        total = np.bincount(self.group, weights=omega, minlength=n_groups)
        own = self.rows.T @ self.rows.multiply(omega[:, None])
        if self.is_few:
            C, cross = self._full_means, self._met(self.group, n_groups, omega)
            mixed = cross.T @ C
            return sparse.csr_array(own.toarray() - mixed - mixed.T + C.T @ (total[:, None] * C))
        cross = _cross_table(self.group, n_groups, self.rows, omega)
        mixed = cross.T @ self.means
        inner = self.means.T @ self.means.multiply(total[:, None])
        return sparse.csr_array(own - mixed - mixed.T + inner)

    def _met(self, code: IntArray, n_codes: int, values: FloatArray) -> FloatArray:
        """(n_codes, p) full table of ``values`` (n,) by code and level."""
        level = self.rows.indices.reshape(code.size, -1)
        out = np.zeros(n_codes * self.p)
        for j in range(level.shape[1]):
            out += np.bincount(code * self.p + level[:, j], weights=values, minlength=out.size)
        return out.reshape(n_codes, self.p)

    def columns_by_rows(self, cluster: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
        """Rows of whole clusters, and the levels their part of Z and of its fit can touch: as few as can be."""
        if self.is_few:
            order = np.argsort(cluster, kind="stable")
            ends = np.flatnonzero(np.diff(cluster[order])) + 1
            step = max(1, 8_000_000 // max(self.p, 1))
            cuts: list[int] = []
            for end in ends.tolist():
                if end - (cuts[-1] if cuts else 0) >= step:
                    cuts.append(end)
            for rows in np.split(order, cuts):
                yield rows, np.arange(self.p)
            return
        n_blocks = int(self.block[-1]) + 1
        row, level = self.rows.nonzero()
        n_clusters = int(cluster.max()) + 1
        links = sparse.csr_array(
            (np.ones(row.size, dtype=np.int8), (cluster[row], self.block[level])),
            shape=(n_clusters, n_blocks),
        )
        graph: Sparse = sparse.block_array([[None, links], [links.T, None]], format="csr")
        _, part = csgraph.connected_components(graph, directed=False)
        of_row, of_level = part[:n_clusters][cluster], part[n_clusters:][self.block]
        by_row, by_level = np.argsort(of_row, kind="stable"), np.argsort(of_level, kind="stable")
        parts = np.unique(of_row)
        low, high = (np.searchsorted(of_row[by_row], parts, side) for side in ("left", "right"))
        first, last = (np.searchsorted(of_level[by_level], parts, side) for side in ("left", "right"))
        for a, b, c, d in zip(low, high, first, last, strict=True):
            yield by_row[a:b], by_level[c:d]


def fit_levels(
    codes: list[IntArray], sizes: list[int], group: IntArray, n_groups: int, weights: FloatArray
) -> tuple[Levels, int, BoolArray]:
    """Fit the levels of several terms, (n,) codes each, beside the groups' means; also their rank.

    The third answer (n,) is False for rows whose fitted value the rows with weight do not tell.

    Raises:
        CannotEstimate: too many levels hang together for an exact solution.
    """
    n, p = group.size, sum(sizes)
    offset = np.cumsum([0, *sizes[:-1]])
    level = np.column_stack([c + o for c, o in zip(codes, offset, strict=True)])
    block, order = _blocks(level, group, n_groups, p)
    place = np.empty(p, dtype=np.int64)
    place[order] = np.arange(p)
    k = len(codes)
    rows = sparse.csr_array((np.ones(n * k), place[level].ravel(), np.arange(0, n * k + 1, k)), shape=(n, p))
    rows.sort_indices()
    total = np.bincount(group, weights=weights, minlength=n_groups)
    share = np.divide(weights, total[group], out=np.zeros(n), where=total[group] > 0)
    means = _cross_table(group, n_groups, rows, share)
    made = Levels(rows, means, sparse.csr_array((p, p)), block[order], weights, group)
    inverse, null, rank = _inverse(
        made.gram(weights), made.block, np.asarray(rows.T @ weights, dtype=np.float64)
    )
    made = replace(made, inverse=inverse)
    estimable = total[group] > 0
    if null.shape[1]:
        loose = np.abs(made.spread(null)).max(axis=1)
        estimable &= loose < 1e-6
    return made, rank, estimable


def _blocks(level: IntArray, group: IntArray, n_groups: int, p: int) -> tuple[IntArray, IntArray]:
    """(p,) the block of each level, and the order that puts the levels of a block side by side."""
    if p <= FEW_LEVELS:
        return np.zeros(p, dtype=np.int64), np.arange(p)
    links = sparse.csr_array(
        (np.ones(level.size, dtype=np.int8), (np.repeat(group, level.shape[1]), level.ravel())),
        shape=(n_groups, p),
    )
    graph: Sparse = sparse.block_array([[None, links], [links.T, None]], format="csr")
    _, part = csgraph.connected_components(graph, directed=False)
    _, block = np.unique(part[n_groups:], return_inverse=True)
    largest = int(np.bincount(block).max())
    if largest > LARGEST_BLOCK:
        raise CannotEstimate(
            f"Cannot estimate: {largest} levels of the fixed effects hang together beside {n_groups} of the largest "
            f"term, more than an exact solution holds (at most {LARGEST_BLOCK}). Use coarser terms, or aggregate the panel."
        )
    return block.astype(np.int64), np.argsort(block, kind="stable")


def _inverse(gram: Sparse, block: IntArray, scale: FloatArray) -> tuple[Sparse, FloatArray, int]:
    """Generalised inverse block by block; (p, k) directions the blocks do not have, side by side; and the rank."""
    p = block.size
    sizes = np.bincount(block)
    first = np.cumsum(sizes) - sizes
    root = np.sqrt(scale)
    unit = np.divide(1.0, root, out=np.zeros(p), where=root > 0)
    entries = gram.tocoo()
    at = block[entries.row]
    data, row, column = [], [], []
    null: list[tuple[IntArray, FloatArray]] = []
    rank = 0
    for size in np.unique(sizes).tolist():
        own = np.flatnonzero(sizes == size)
        here = np.isin(at, own)
        number = np.searchsorted(own, at[here])
        S = np.zeros((own.size, size, size))
        i, j = entries.row[here], entries.col[here]
        S[number, i - first[at[here]], j - first[at[here]]] = entries.data[here] * unit[i] * unit[j]
        levels = first[own][:, None] + np.arange(size)
        values, vectors = np.linalg.eigh((S + S.transpose(0, 2, 1)) / 2)
        good = values > EIGENVALUE
        rank += int(good.sum())
        power = np.divide(1.0, values, out=np.zeros_like(values), where=good)
        A = (vectors * power[:, None, :]) @ vectors.transpose(0, 2, 1)
        A *= unit[levels][:, :, None] * unit[levels][:, None, :]
        data.append(A.ravel())
        row.append(np.repeat(levels, size, axis=1).ravel())
        column.append(np.tile(levels, (1, size)).ravel())
        most = int((~good).sum(axis=1).max())
        if most:
            # Eigenvalues ascend, so what is missing comes first; a level without weight is a direction of its own.
            missing = vectors[:, :, :most] * ~good[:, None, :most]
            null.append((levels.ravel(), missing.reshape(-1, most)))
    inverse = sparse.csr_array(
        sparse.coo_array((np.concatenate(data), (np.concatenate(row), np.concatenate(column))), shape=(p, p))
    )
    width = max((v.shape[1] for _, v in null), default=0)
    directions = np.zeros((p, width))
    for levels, missing in null:
        # Directions of the scaled levels; those of the levels themselves follow by the scale.
        size = np.where(unit[levels] > 0, unit[levels], 1.0)
        directions[levels, : missing.shape[1]] = missing * (size / size.max())[:, None]
    return inverse, directions, rank


def _group_table(group: IntArray, n_groups: int, values: FloatArray) -> FloatArray:
    n = group.size
    indicator = sparse.csc_array((np.ones(n), group, np.arange(n + 1)), shape=(n_groups, n))
    return np.asarray(indicator @ values, dtype=np.float64)


def _cross_table(group: IntArray, n_groups: int, rows: Sparse, values: FloatArray) -> Sparse:
    """(n_groups, p) sums of ``values`` (n,) by group and level."""
    n = group.size
    return sparse.csr_array(sparse.csr_array((values, (group, np.arange(n))), shape=(n_groups, n)) @ rows)
