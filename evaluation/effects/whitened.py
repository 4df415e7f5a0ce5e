"""One coefficient where errors within a cluster follow a declared covariance: generalised least squares with CR2.

``y = d β + fixed effects + u``, Cov(u) block diagonal by cluster up to a factor. Data and design are whitened cluster by
cluster, which makes least squares efficient under the declared covariance; CR2 (Bell & McCaffrey 2002) with Satterthwaite
degrees of freedom keeps the interval honest where it is wrong. Clusters and fixed effects lie inside ``blocks``, so that
time and memory grow with the number of blocks. Not here: what the covariance is, and fixed effects across blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.effects.results import FloatArray, IntArray
from evaluation.errors import CannotEstimate

RELATIVE_RANK = 1e-8
"""Singular and eigenvalues below this share of the largest are zero."""


@dataclass(frozen=True)
class Whitened:
    """For each of the R columns of the outcome: ``estimate`` (R,), ``std_error`` (R,); ``df`` is the design's alone."""

    estimate: FloatArray
    std_error: FloatArray
    df: float
    clusters: int

    def p_value(self) -> FloatArray:
        """(R,) two-sided, Student's t with ``df`` degrees of freedom."""
        return np.asarray(
            2 * special.stdtr(self.df, -np.abs(self.estimate) / self.std_error), dtype=np.float64
        )

    def half_width(self, level: float) -> FloatArray:
        """(R,) of the interval."""
        return self.std_error * float(special.stdtrit(self.df, 0.5 + level / 2))


@dataclass(frozen=True)
class _Block:
    """One block whitened and cleared of its fixed effects: ``d`` (n,), ``y`` (n, R), ``Q`` their basis, cluster codes."""

    d: FloatArray
    y: FloatArray
    Q: FloatArray
    cluster: IntArray


def whitened_contrast(
    y: FloatArray,
    d: FloatArray,
    *,
    blocks: IntArray,
    clusters: IntArray,
    absorb: Sequence[IntArray],
    covariance: Callable[[IntArray], FloatArray],
) -> Whitened:
    """β of ``d`` (n,) in each column of ``y`` (n, R), in the units of y per unit of d.

    ``absorb`` are the codes of fixed effects; ``covariance(rows)`` gives the (k, k) covariance of a cluster's rows. A
    block where ``d`` is all absorbed says nothing and is left out.

    Raises:
        CannotEstimate: ``d`` is absorbed everywhere, or fewer than two clusters stand behind it.
    """
    whole = (
        _whitened(y, d, np.flatnonzero(blocks == b), clusters, absorb, covariance) for b in np.unique(blocks)
    )
    parts = [part for part in whole if part is not None]
    v = sum(float(part.d @ part.d) for part in parts)
    if not v > 0:
        raise CannotEstimate("The treatment is fully absorbed by the fixed effects.")
    beta = np.sum([part.d @ part.y for part in parts], axis=0) / v
    squares = np.zeros_like(beta)
    trace = square = squared = crossed = 0.0
    behind = 0
    for part in parts:
        A = _adjusted(part, v)  # (G, n), rows of clusters that carry d
        behind += len(A)
        squares += ((A @ (part.y - part.d[:, None] * beta)) ** 2).sum(axis=0)
        inside = A @ A.T - (A @ part.Q) @ (part.Q.T @ A.T)
        u = A @ part.d / np.sqrt(v)
        trace += float(np.trace(inside) - u @ u)
        square += float((inside**2).sum())
        crossed += float(u @ inside @ u)
        squared += float(u @ u)
    if behind < 2:
        raise CannotEstimate("Fewer than two clusters stand behind the estimate.")
    df = trace**2 / (square - 2 * crossed + squared**2)
    return Whitened(np.asarray(beta), np.sqrt(squares), float(df), behind)


def _whitened(
    y: FloatArray,
    d: FloatArray,
    rows: IntArray,
    clusters: IntArray,
    absorb: Sequence[IntArray],
    covariance: Callable[[IntArray], FloatArray],
) -> _Block | None:
    own = clusters[rows]
    columns = [np.unique(codes[rows], return_inverse=True)[1] for codes in absorb]
    X = np.concatenate([np.eye(int(c.max()) + 1)[c] for c in columns], axis=1)
    whole = np.concatenate([d[rows, None], y[rows], X], axis=1)
    for code in np.unique(own):
        inside = own == code
        whole[inside] = np.linalg.solve(np.linalg.cholesky(covariance(rows[inside])), whole[inside])
    U, s, _ = np.linalg.svd(whole[:, 1 + y.shape[1] :], full_matrices=False)
    Q = U[:, s > RELATIVE_RANK * s[0]]
    before = whole[:, : 1 + y.shape[1]]
    net = before - Q @ (Q.T @ before)
    if not net[:, 0] @ net[:, 0] > RELATIVE_RANK * (before[:, 0] @ before[:, 0]):
        return None
    return _Block(net[:, 0], net[:, 1:], Q, own)


def _adjusted(part: _Block, v: float) -> FloatArray:
    """(G, n) what each cluster's residuals are weighed by: (I − H_gg)^(−½) d_g / v, zero outside the cluster."""
    found = []
    for code in np.unique(part.cluster):
        inside = part.cluster == code
        own = part.d[inside]
        if not np.abs(own).max() > RELATIVE_RANK * np.abs(part.d).max():
            continue
        leverage = part.Q[inside] @ part.Q[inside].T + np.outer(own, own) / v
        values, vectors = np.linalg.eigh(np.eye(own.size) - leverage)
        root = np.where(values > RELATIVE_RANK, 1 / np.sqrt(np.maximum(values, RELATIVE_RANK)), 0.0)
        row = np.zeros(part.d.size)
        row[inside] = (vectors * root) @ (vectors.T @ own) / v
        found.append(row)
    return np.array(found)
