"""Permuted estimates of a large panel, one block of fixed effects at a time: a country is as many schools.

Where the fixed effects fall into blocks (a school's cells and months), so does the annihilator M, and with it
``τ̂_S = W_S^{-½} (M_SS)^{-1} (M W^½ y)_S``. Each block gives the sum of its effects and their weight under every
assignment. Not here: panels that are one block (``permuted_weights``), which assignments there are (``permutation``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from evaluation.effects.absorb import Nuisance
from evaluation.effects.permuted_weights import MAX_CELLS, too_many_cells
from evaluation.effects.results import BoolArray, FloatArray, IntArray, Sparse

BATCH = 4_000_000
"""Most numbers in the stacked matrices of one step: 32 MB."""
Masks = Callable[[IntArray], tuple[BoolArray, BoolArray]]
"""For some cells: (n_assignments, cells) whether each is out of the fit, and whether its effect is averaged."""


def blockwise_statistics(
    nuisance: Nuisance, w: FloatArray, residual: FloatArray, own: FloatArray, masks: Masks
) -> FloatArray:
    """(n_assignments,) average imputed effects; ``residual`` (n,) is M W^½ y, ``own`` (n,) the effects' weights.

    Raises:
        CannotEstimate: one block holds more cells than memory.
    """
    top: FloatArray | None = None
    bottom: FloatArray | None = None
    for rows in _blocks(nuisance):
        out_of_fit, effect = masks(rows)
        if top is None or bottom is None:
            top, bottom = np.zeros(out_of_fit.shape[0]), np.zeros(out_of_fit.shape[0])
        if not effect.any():
            continue
        M = _annihilator(nuisance, w, rows)
        _add(M, np.sqrt(w[rows]), residual[rows], own[rows], out_of_fit, effect, top, bottom)
    assert top is not None
    assert bottom is not None
    return np.asarray(
        np.divide(top, bottom, out=np.full(top.size, np.nan), where=bottom > 0), dtype=np.float64
    )


def _blocks(nuisance: Nuisance) -> Iterator[IntArray]:
    """Rows whose groups hang together through levels."""
    levels = nuisance.levels
    assert levels is not None
    row, level = levels.rows.nonzero()
    n_groups = nuisance.n_groups
    links = sparse.csr_array(
        (np.ones(row.size, dtype=np.int8), (nuisance.group[row], levels.block[level])),
        shape=(n_groups, int(levels.block[-1]) + 1),
    )
    graph: Sparse = sparse.block_array([[None, links], [links.T, None]], format="csr")
    _, part = csgraph.connected_components(graph, directed=False)
    of_row = part[:n_groups][nuisance.group]
    order = np.argsort(of_row, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(of_row[order])) + 1)


def _annihilator(nuisance: Nuisance, w: FloatArray, rows: IntArray) -> FloatArray:
    """(n, n) of a block, in √weight coordinates; the fit is on all cells."""
    if rows.size > MAX_CELLS:
        raise too_many_cells(rows.size)
    levels = nuisance.levels
    assert levels is not None
    root = np.sqrt(w[rows])
    columns = np.unique(levels.rows[rows].indices)
    Z = (levels.rows[rows][:, columns] - levels.means[nuisance.group[rows]][:, columns]).toarray()
    Z = root[:, None] * Z
    M = np.eye(rows.size) - Z @ levels.inverse[columns][:, columns].toarray() @ Z.T
    group = nuisance.group[rows]
    u = np.sqrt(nuisance.share[rows])  # w over its group's sum, as the fit is on all cells
    return np.asarray(M - np.where(group[:, None] == group[None, :], u[:, None] * u[None, :], 0.0))


def _add(
    M: FloatArray,
    root: FloatArray,
    residual: FloatArray,
    own: FloatArray,
    out_of_fit: BoolArray,
    effect: BoolArray,
    top: FloatArray,
    bottom: FloatArray,
) -> None:
    """Add the block's effects and weights under every assignment, those with equally many cells out of the fit at once.

    A school meets few distinct patterns (its treated grades' calendars), so each is solved once.
    """
    patterns, first, which = np.unique(
        np.packbits(out_of_fit, axis=1), axis=0, return_index=True, return_inverse=True
    )
    which = which.reshape(-1)
    size = out_of_fit[first].sum(axis=1)
    effects = np.zeros((patterns.shape[0], root.size))
    is_possible = np.zeros((patterns.shape[0], root.size), dtype=bool)
    for s in np.unique(size[size > 0]).tolist():
        alike = np.flatnonzero(size == s)
        for some in np.split(alike, range(max(1, BATCH // s**2), alike.size, max(1, BATCH // s**2))):
            S = np.nonzero(out_of_fit[first[some]])[1].reshape(-1, s)
            tau, possible = _solved(M[S[:, :, None], S[:, None, :]], residual[S])
            effects[some[:, None], S] = tau / root[S]
            is_possible[some[:, None], S] = possible
    counted = np.where(effect & is_possible[which], own[None, :], 0.0)
    top += (counted * effects[which]).sum(axis=1)
    bottom += counted.sum(axis=1)


def _solved(blocks: FloatArray, right: FloatArray) -> tuple[FloatArray, BoolArray]:
    """``blocks^{-1} right`` and which entries are determined: dummies that span a null space are not."""
    try:
        factor = np.linalg.cholesky(blocks)
        sound = np.diagonal(factor, axis1=1, axis2=2).min(axis=1) > 1e-6
    except np.linalg.LinAlgError:
        sound = np.zeros(blocks.shape[0], dtype=bool)
    out, possible = np.zeros(right.shape), np.ones(right.shape, dtype=bool)
    if sound.any():
        out[sound] = np.linalg.solve(blocks[sound], right[sound][:, :, None])[:, :, 0]
    for k in np.flatnonzero(~sound):
        values, vectors = np.linalg.eigh(blocks[k])
        good = values > 1e-10
        null = vectors[:, ~good]
        possible[k] = np.einsum("ij,ij->i", null, null) <= 1e-9
        out[k] = vectors[:, good] @ ((vectors[:, good].T @ right[k]) / values[good])
    return out, possible
