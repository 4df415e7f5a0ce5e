"""Fixed effects out of the way, exactly: the largest term by group means, the rest as columns or block by block.

Here: the fit of nuisance effects on a set of weights (all cells, or the untreated ones) and its extension to
every cell. Small panels write the further terms out as columns; larger ones never do (``levels``), with the same answer.
Not here: what is estimated with it. No iteration and no tolerance on convergence: the answer does not depend on the
outcome's scale.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import linalg, sparse

from evaluation.effects.coding import term_codes
from evaluation.effects.design import Panel
from evaluation.effects.kept import Told, kept
from evaluation.effects.levels import Levels, fit_levels
from evaluation.effects.results import BoolArray, FloatArray, IntArray

RELATIVE_RANK = 1e-9
"""A column whose part outside the others is below this share of its own norm is called collinear."""
FULL_INDICATOR = 20_000
"""Up to so many groups times rows the indicator matrix itself is quicker than its sparse form."""
_LARGEST_KEPT = 200_000
"""Columns of at most so many numbers are kept with their fit (under 2 MB); larger ones would fill the memory."""
_UNNAMED = ""
MAX_WRITTEN_OUT = 2_000_000
"""Most numbers in the columns of further fixed effects that are written out: 16 MB."""


@dataclass(frozen=True)
class Nuisance:
    """Weighted least-squares fit of the nuisance effects: ``fitted = ȳ_group + levels + Z K'y``.

    ``group`` (n,) codes of the largest absorbed term; ``share`` (n,) fit weight over its group's sum, zero where
    a cell is not used for the fit; ``Z`` (n, p) the remaining columns net of group means, ``K`` (n, p) the
    weights that give their coefficients; the first ``n_effects`` columns belong to fixed effects, the others to
    covariates. ``rank`` is the number of parameters. ``estimable`` (n,) is False for cells
    whose fitted value is not identified by the cells that were used. ``levels`` are the further fixed effects of a
    large panel, None where they are among the columns.
    """

    group: IntArray
    n_groups: int
    share: FloatArray
    Z: FloatArray
    K: FloatArray
    fit_weights: FloatArray
    n_effects: int
    rank: int
    estimable: BoolArray
    dropped: tuple[str, ...]
    levels: Levels | None = None

    def means(self, values: FloatArray) -> FloatArray:
        """(n, m) group means under the fit weights, spread to every cell. ``values`` is (n, m)."""
        sums = group_sums(self.group, self.n_groups, self.share[:, None] * values)
        return np.asarray(sums[self.group], dtype=np.float64)

    def residual(self, values: FloatArray) -> FloatArray:
        """``values`` (n,) or (n, m) minus fitted values."""
        two = values if values.ndim == 2 else values[:, None]
        out = two - self.means(two) - self.Z @ (self.K.T @ two)
        if self.levels is not None:
            out -= self.levels.fitted(two)
        return out if values.ndim == 2 else out[:, 0]

    def pullback(self, omega: FloatArray) -> FloatArray:
        """(n, m) weights on y of the fitted values' combination ``omega`` (n, m): H'omega."""
        sums = group_sums(self.group, self.n_groups, omega)
        out = self.share[:, None] * sums[self.group] + self.K @ (self.Z.T @ omega)
        if self.levels is not None:
            out += self.levels.pullback(omega)
        return np.asarray(out, dtype=np.float64)

    def covariates_net_of_effects(self) -> FloatArray:
        """(n, q) covariate columns with the fixed effects taken out."""
        effects, covariates = self.Z[:, : self.n_effects], self.Z[:, self.n_effects :]
        if not (effects.shape[1] and covariates.shape[1]):
            return covariates
        _, K = _weights_of(effects, self.fit_weights)
        return np.asarray(covariates - effects @ (K.T @ covariates), dtype=np.float64)


def group_sums(codes: IntArray, n_groups: int, values: FloatArray) -> FloatArray:
    """(n_groups, m) sums of ``values`` (n, m) by code."""
    n, m = values.shape
    if m < 3:
        out = np.zeros((n_groups, m))
        for j in range(m):
            out[:, j] = np.bincount(codes, weights=values[:, j], minlength=n_groups)
        return out
    if n_groups * n <= FULL_INDICATOR:
        return np.asarray(
            (codes == np.arange(n_groups)[:, None]).astype(np.float64) @ values, dtype=np.float64
        )
    # One pass over the rows, in their order, for all columns: the indicator matrix of the codes by its columns.
    indicator = sparse.csc_array((np.ones(n), codes, np.arange(n + 1)), shape=(n_groups, n))
    return np.asarray(indicator @ values, dtype=np.float64)


def fit_nuisance(
    panel: Panel, fit_weights: FloatArray | None = None, *, extra: FloatArray | None = None
) -> Nuisance:
    """Fit the panel's fixed effects and covariates, with ``extra`` (n, q) columns after them, on ``fit_weights``.

    Raises:
        CannotEstimate: the terms have too many levels for an exact solution in memory.
    """
    w0 = panel.w if fit_weights is None else fit_weights
    (big, n_big), others = _terms(panel)
    more = [panel.X] if panel.X.shape[1] else []
    names = list(panel.covariates)
    if extra is not None:
        more.append(extra)
        names += [_UNNAMED] * extra.shape[1]
    if panel.n * sum(size for _, size, _ in others) > MAX_WRITTEN_OUT:
        codes, sizes = [c for c, _, _ in others], [size for _, size, _ in others]
        raw = np.hstack(more) if more else np.zeros((panel.n, 0))
        return _large_fit(
            _LargeByContent(_LargeAsked(big, n_big, codes, sizes, raw, tuple(names), w0, panel.w))
        )
    blocks = [(codes[:, None] == np.arange(size)).astype(np.float64) for codes, size, _ in others]
    names = [*(term for _, size, term in others for _ in range(size)), *names]
    columns = [*blocks, *more]
    raw = np.hstack(columns) if columns else np.zeros((panel.n, 0))
    n_fixed = sum(b.shape[1] for b in blocks)
    asked = _Asked(big, n_big, raw, n_fixed, tuple(names), w0, panel.w)
    return _kept_fit(_ByContent(asked)) if raw.size <= _LARGEST_KEPT else _fit(asked)


class _Asked(NamedTuple):
    """All that a nuisance fit depends on. The outcome is not among it, so outcomes share their fits.

    ``raw`` (n, p) the columns beside the group means of ``big``, the first ``n_fixed`` of them fixed effects; ``w0``
    (n,) the weights of the fit, ``w`` (n,) those of the panel.
    """

    big: IntArray
    n_big: int
    raw: FloatArray
    n_fixed: int
    names: tuple[str, ...]
    w0: FloatArray
    w: FloatArray


def _fit(asked: _Asked) -> Nuisance:
    big, n_big, raw, n_fixed, names, w0, w = asked
    total = np.bincount(big, weights=w0, minlength=n_big)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total[big] > 0, w0 / total[big], 0.0)
    estimable = total[big] > 0
    Z = raw - group_sums(big, n_big, share[:, None] * raw)[big]
    # Each column's own scale decides what counts as zero: rank never depends on units of measurement.
    scale = np.sqrt(np.maximum(np.einsum("ij,ij->j", raw, raw * w[:, None]), np.finfo(float).tiny))
    kept_columns = independent_columns(Z * np.sqrt(w0)[:, None] / scale, n_fixed)
    none = np.zeros((raw.shape[0], 0))
    groups = Nuisance(big, n_big, share, none, none, w0, 0, int((total > 0).sum()), estimable, ())
    return _with_columns(groups, Z, scale, kept_columns, n_fixed, names, w)


def _with_columns(
    before: Nuisance,
    Z: FloatArray,
    scale: FloatArray,
    chosen: IntArray,
    n_fixed: int,
    names: tuple[str, ...],
    w: FloatArray,
) -> Nuisance:
    """The fit with the ``chosen`` of the columns ``Z`` (n, p) beside it, which are net of what it holds already."""
    w0 = before.fit_weights
    dropped = np.setdiff1d(np.arange(Z.shape[1]), chosen)
    Zk = Z[:, chosen]
    coefficients, K = _weights_of(Zk, w0)
    estimable = before.estimable
    if dropped.size:
        # A dropped column is a combination of kept ones where the fit looked; elsewhere it may not be.
        leftover = Z[:, dropped] - Zk @ (coefficients @ Z[:, dropped])
        estimable = estimable & (np.abs(leftover / scale[dropped] * np.sqrt(w.sum())).max(axis=1) < 1e-6)
    named = tuple(names[j] for j in dropped if j >= n_fixed and names[j] != _UNNAMED)
    return replace(
        before,
        Z=Zk,
        K=K,
        n_effects=int((chosen < n_fixed).sum()),
        rank=before.rank + chosen.size,
        estimable=estimable,
        dropped=named,
    )


class _LargeAsked(NamedTuple):
    """As above for a panel whose further terms are not written out: (n,) ``codes`` of each and their ``sizes``."""

    big: IntArray
    n_big: int
    codes: list[IntArray]
    sizes: list[int]
    raw: FloatArray
    names: tuple[str, ...]
    w0: FloatArray
    w: FloatArray


class _LargeByContent(Told):
    def __init__(self, asked: _LargeAsked) -> None:
        a = asked
        super().__init__(a.big, *a.codes, a.raw, a.w0, a.w, after=repr((a.n_big, a.sizes, a.names)).encode())
        self.asked = asked


@kept(2)
def _large_fit(told: _LargeByContent) -> Nuisance:
    big, n_big, codes, sizes, raw, names, w0, w = told.asked
    levels, rank, estimable = fit_levels(codes, sizes, big, n_big, w0)
    total = np.bincount(big, weights=w0, minlength=n_big)
    share = np.divide(w0, total[big], out=np.zeros(w0.size), where=total[big] > 0)
    none = np.zeros((w0.size, 0))
    effects = Nuisance(
        big, n_big, share, none, none, w0, 0, int((total > 0).sum()) + rank, estimable, (), levels
    )
    if not raw.shape[1]:
        return effects
    Z = effects.residual(raw)
    scale = np.sqrt(np.maximum(np.einsum("ij,ij->j", raw, raw * w[:, None]), np.finfo(float).tiny))
    return _with_columns(
        effects, Z, scale, independent_columns(Z * np.sqrt(w0)[:, None] / scale, 0), 0, names, w
    )


class _ByContent(Told):
    def __init__(self, asked: _Asked) -> None:
        a = asked
        super().__init__(a.big, a.raw, a.w0, a.w, after=repr((a.n_big, a.n_fixed, a.names)).encode())
        self.asked = asked


@kept(16)
def _kept_fit(told: _ByContent) -> Nuisance:
    return _fit(told.asked)


def _weights_of(Z: FloatArray, w0: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficient operator (p, n) and its transpose K (n, p) for the WLS fit on full-rank columns Z."""
    if Z.shape[1] == 0:
        return np.zeros((0, Z.shape[0])), np.zeros((Z.shape[0], 0))
    root = np.sqrt(w0)[:, None]
    Q, R = np.linalg.qr(Z * root)
    operator = linalg.solve_triangular(R, (Q * root).T)
    return operator, np.ascontiguousarray(operator.T)


def independent_columns(Z: FloatArray, n_fixed: int) -> IntArray:
    """Indices of linearly independent columns: fixed effects first (any order), then the others in turn."""
    kept: list[int] = []
    if n_fixed:
        R, order = linalg.qr(Z[:, :n_fixed], mode="r", pivoting=True)
        n_kept = int((np.abs(np.diag(R)) > RELATIVE_RANK).sum())
        kept = np.sort(order[:n_kept]).tolist()
    if Z.shape[1] > n_fixed:
        Q = np.linalg.qr(Z[:, kept])[0] if kept else np.zeros((Z.shape[0], 0))
        for j in range(n_fixed, Z.shape[1]):
            column = Z[:, j]
            for _ in range(2):
                column = column - Q @ (Q.T @ column)
            size = float(np.linalg.norm(column))
            if size > RELATIVE_RANK:
                kept.append(j)
                Q = np.column_stack([Q, column / size])
    return np.array(kept, dtype=np.int64)


def _terms(panel: Panel) -> tuple[tuple[IntArray, int], list[tuple[IntArray, int, str]]]:
    """Codes and levels of the largest term; codes, levels and name of each other that is not a coarser form of it."""
    if not panel.absorb:
        return (np.zeros(panel.n, dtype=np.int64), 1), []
    coded = sorted(((*term_codes(panel.keys, t), t) for t in panel.absorb), key=lambda c: (-c[1], c[2]))
    big, n_big, _ = coded[0]
    others = []
    for codes, levels, term in coded[1:]:
        of_group = np.zeros(n_big, dtype=np.int64)
        of_group[big] = codes
        if not np.array_equal(of_group[big], codes):
            others.append((codes, levels, term))
    return (big, n_big), others
