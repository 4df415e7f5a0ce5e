"""The panel an estimator sees: frozen arrays made from a frame of cells (or rows), checked once.

Here: which columns mean what, and the counting of what was left out. Not here: the coding of labels (``coding``),
reading files (``compress``), estimation, inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from evaluation.effects.coding import (
    as_numbers,
    label_codes,
    refuse_two_starts,
    split_term,
    start_codes,
    term_codes,
    time_codes,
    unique,
)
from evaluation.effects.periods import PeriodOrder, period_order
from evaluation.effects.results import BoolArray, FloatArray, IntArray
from evaluation.errors import CannotEstimate, InputError


@dataclass(frozen=True)
class Panel:
    """One entry per cell, in canonical order (unit, time, outcome).

    Every array has shape (n,) unless stated. ``y`` is the outcome's weighted mean in the cell, ``w`` the sum of
    weights, ``rows`` the number of input rows behind the cell (what N counts in small-sample factors) and
    ``phi`` the variance of ``y`` under the working model, relative to one row: 1 for a row; 1/rows for the plain
    mean of rows; 1/w where weights are counts of something finer than rows ("inverse-weight").
    ``start`` is the first treated period of the unit (inf: never), or None where ``d`` was given instead.
    ``keys`` carries the label columns that absorbed terms, clusters and contrasts refer to; treat as read-only.
    """

    y: FloatArray
    w: FloatArray
    rows: FloatArray
    phi: FloatArray
    unit: IntArray
    unit_labels: tuple[object, ...]
    time: FloatArray
    time_labels: tuple[object, ...]
    d: FloatArray
    start: FloatArray | None
    X: FloatArray
    covariates: tuple[str, ...]
    keys: pd.DataFrame
    absorb: tuple[str, ...]
    clusters: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """Number of cells."""
        return int(self.y.size)

    @property
    def N(self) -> int:  # noqa: N802 - the papers' name for the number of observations
        """Number of input rows behind the cells."""
        return round(float(self.rows.sum()))

    @property
    def event(self) -> FloatArray:
        """Periods since treatment began; -inf for the never treated."""
        if self.start is None:
            raise InputError("Event time needs the first treated period of each unit (start).")
        return np.asarray(self.time - self.start, dtype=np.float64)

    @property
    def order(self) -> PeriodOrder | None:
        """The order of the periods as their text tells it; None where they are numbers."""
        texts = [label for label in self.time_labels if isinstance(label, str)]
        return period_order(texts) if texts else None

    def period_name(self, value: float) -> str:
        """A period as the file writes it, for messages."""
        ranked = self.order is not None and 0 <= value < len(self.time_labels)
        return str(self.time_labels[int(value)]) if ranked else f"{value:g}"

    @property
    def n_units(self) -> int:
        """Number of distinct units."""
        return int(np.unique(self.unit).size)

    def cluster_codes(self) -> IntArray:
        """(n,) codes 0..G-1 of the clusters; several columns cross to their intersection."""
        return self._cluster_codes

    @cached_property
    def _cluster_codes(self) -> IntArray:
        """Every contrast of a panel asks for them; nobody may write in them."""
        if not self.clusters:
            return np.arange(self.n, dtype=np.int64)
        return term_codes(self.keys, *self.clusters)[0]

    def subset(self, keep: BoolArray, note: str | None = None) -> Panel:
        """The panel with only the cells where ``keep`` holds; labels stay, codes are not renumbered."""
        notes = self.notes if note is None else (*self.notes, note)
        return replace(
            self,
            y=self.y[keep],
            w=self.w[keep],
            rows=self.rows[keep],
            phi=self.phi[keep],
            unit=self.unit[keep],
            time=self.time[keep],
            d=self.d[keep],
            start=None if self.start is None else self.start[keep],
            X=self.X[keep],
            keys=self.keys[keep].reset_index(drop=True),
            notes=notes,
        )

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        outcome: str,
        unit: str | None = None,
        time: str | None = None,
        start: str | None = None,
        treatment: str | None = None,
        weights: str | None = None,
        absorb: Sequence[str] | None = None,
        covariates: Sequence[str] = (),
        cluster: Sequence[str] | None = None,
        rows: str | None = None,
        phi: str | None = None,
        working: str = "identity",
        keep: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> Panel:
        """Check and code a frame with one row per cell (or per observation).

        ``absorb`` defaults to unit and time, ``cluster`` to the unit. Exactly one of ``start`` and ``treatment``
        is needed. ``working`` is the CR2 working model: "identity" (each row of the input has the same variance,
        clubSandwich's default) or "inverse-weight" (weights are counts, so that the result equals the one from
        the finer rows). ``keep`` names further label columns that contrasts may use.

        Raises:
            InputError: a column is missing, not numeric where it must be, or an option contradicts another.
            CannotEstimate: no usable row is left.
        """
        if (start is None) == (treatment is None):
            raise InputError("Give exactly one of start (first treated period) and treatment (0/1 column).")
        if start is not None and time is None:
            raise InputError("A start column needs the time column as well.")
        terms = tuple(absorb) if absorb is not None else tuple(c for c in (unit, time) if c is not None)
        clusters = tuple(cluster) if cluster is not None else ((unit,) if unit is not None else ())
        labels = unique([c for t in (*terms, *clusters) for c in split_term(t, frame.columns)] + list(keep))
        treated_columns = [start] if start is not None else split_term(str(treatment), frame.columns)
        numeric = unique([outcome, *covariates, *[c for c in (weights, rows, phi) if c], *treated_columns])
        wanted = unique([*labels, *numeric, *[c for c in (unit, time) if c]])
        missing = [c for c in wanted if c not in frame.columns]
        if missing:
            raise InputError(
                f"Column {_quoted(missing)} not found. The panel has: {_quoted([str(c) for c in frame.columns])}."
            )
        said = list(notes)
        data = frame[wanted].copy()
        for column in numeric:
            data[column] = as_numbers(data[column], column, is_start=column == start)
        tested = [c for c in wanted if c != start]
        empty = data[tested].isna().any(axis=1) | ~np.isfinite(data[outcome].to_numpy(np.float64))
        if empty.any():
            counts = [f'{int(data[c].isna().sum())} in "{c}"' for c in tested if data[c].isna().any()]
            said.append(f"{int(empty.sum())} rows left out for missing values ({', '.join(counts)}).")
            data = data[~empty]
        if weights is not None:
            if (data[weights] < 0).any():
                raise InputError(f'Column "{weights}" has negative weights: weights must be zero or more.')
            if (data[weights] == 0).any():
                said.append(f"{int((data[weights] == 0).sum())} rows left out for zero weight.")
                data = data[data[weights] > 0]
        if data.empty:
            raise CannotEstimate(
                f'Cannot estimate: no row has the outcome "{outcome}" and all other columns.'
            )
        time_values, time_labels = time_codes(data[time], said) if time else (np.zeros(len(data)), (0,))
        unit_codes, unit_labels = (
            label_codes(data[unit]) if unit else (np.arange(len(data), dtype=np.int64), ())
        )
        y = data[outcome].to_numpy(np.float64)
        w = data[weights].to_numpy(np.float64) if weights else np.ones(len(data))
        n_rows = data[rows].to_numpy(np.float64) if rows else np.ones(len(data))
        if phi is not None:
            variance = data[phi].to_numpy(np.float64)
        elif working == "inverse-weight":
            variance = w.mean() / w
        elif working == "identity":
            variance = np.ones(len(data))
        else:
            raise InputError(f'Working model "{working}" is unknown. Expected: identity or inverse-weight.')
        begin = None
        if start is not None:
            begin = start_codes(data[start], time_labels)
            if unit is not None:
                refuse_two_starts(begin, unit_codes, start)
            d = (time_values >= begin).astype(np.float64)
        else:
            d = np.prod([data[c].to_numpy(np.float64) for c in treated_columns], axis=0)
        order = np.lexsort((w, y, d, time_values, unit_codes))
        X = data[list(covariates)].to_numpy(np.float64).reshape(len(data), len(covariates))
        return cls(
            y=y[order],
            w=w[order],
            rows=n_rows[order],
            phi=variance[order],
            unit=unit_codes[order],
            unit_labels=unit_labels,
            time=time_values[order],
            time_labels=time_labels,
            d=d[order],
            start=None if begin is None else begin[order],
            X=X[order],
            covariates=tuple(covariates),
            keys=data[unique([*labels, *[c for c in (unit, time) if c]])].iloc[order].reset_index(drop=True),
            absorb=terms,
            clusters=clusters,
            notes=tuple(said),
        )


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
