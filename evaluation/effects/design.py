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
    how_many,
    label_codes,
    refuse_two_roles,
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

WORKING = ("identity", "inverse-weight")
WEIGHTS_ARE = ("analytic", "counts")


@dataclass(frozen=True)
class Panel:
    """One entry per cell, in canonical order (unit, time, outcome).

    Every array has shape (n,) unless stated. ``y`` is the outcome's weighted mean in the cell, ``w`` the sum of
    weights, ``rows`` the number of input rows behind the cell (what N counts in small-sample factors) and
    ``phi`` the variance of ``y`` under the working model, relative to one row: 1 for a row; 1/rows for the plain
    mean of rows; 1/w where weights are counts of something finer than rows ("inverse-weight").
    ``start`` is the first treated period of the unit (inf: never), or None where ``d`` was given instead.
    ``working`` names the working model; None where nobody has decided, and ``phi`` is that of "identity".
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
    working: str | None = "identity"
    weighted: bool = False
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
        return how_many(self.unit)

    def cluster_codes(self) -> IntArray:
        """(n,) codes 0..G-1 of the clusters; several columns cross to their intersection."""
        return self._cluster_codes

    @cached_property
    def _cluster_codes(self) -> IntArray:
        """Every contrast of a panel asks for them; nobody may write in them."""
        if not self.clusters:
            return np.arange(self.n, dtype=np.int64)
        return term_codes(self.keys, *self.clusters)[0]

    @property
    def base(self) -> float:
        """The value of the treatment that stands for none: 0 where it occurs, else the smallest."""
        return 0.0 if self.start is not None or (self.d == 0).any() else float(self.d.min())

    @property
    def is_treated(self) -> BoolArray:
        """(n,) whether the cell's treatment differs from none."""
        return np.asarray(self.d != self.base)

    def codes_of(self, *terms: str) -> IntArray:
        """(n,) codes 0..L-1 of label columns crossed with each other."""
        return term_codes(self.keys, *terms)[0]

    def with_working(self, working: str) -> Panel:
        """The panel under a working model: "identity" as it was read, or "inverse-weight"."""
        if self.working is not None:
            return self
        phi = self.w.mean() / self.w if working == "inverse-weight" else self.phi
        return replace(self, phi=phi, working=working)

    def late_starts_never(self, margin: float) -> Panel:
        """Starts more than ``margin`` periods after the last one seen are never, whatever code they are written with."""
        if self.start is None:
            return self
        later = np.isfinite(self.start) & (self.start > self.time.max() + margin)
        if not later.any():
            return self
        said = f"{how_many(self.unit[later])} units start after the last period and count as never treated."
        return replace(self, start=np.where(later, np.inf, self.start), notes=(*self.notes, said))

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
        weights_are: str = "analytic",
        absorb: Sequence[str] | None = None,
        covariates: Sequence[str] = (),
        cluster: Sequence[str] | None = None,
        rows: str | None = None,
        phi: str | None = None,
        working: str | None = None,
        keep: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> Panel:
        """Check and code a frame with one row per cell (or per observation).

        ``absorb`` defaults to unit and time, ``cluster`` to the unit. Exactly one of ``start`` and ``treatment``
        is needed. ``weights_are`` "counts": a row stands for so many observations, which are N in small-sample
        factors. ``working`` is the CR2 working model: "identity" (each row of the input has the same variance,
        clubSandwich's default) or "inverse-weight" (each observation a weight stands for has it, so that the result
        equals the one from the finer rows); None leaves it to the run, as the command does. ``keep`` names further
        label columns that contrasts may use.

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
        if working not in (None, *WORKING) or weights_are not in WEIGHTS_ARE:
            raise InputError(
                f'Working model "{working}" or kind of weights "{weights_are}" is unknown. Expected: '
                f"{' or '.join(WORKING)}; {' or '.join(WEIGHTS_ARE)}."
            )
        refuse_two_roles(
            outcome,
            weights=weights,
            unit=unit,
            time=time,
            others={
                "start" if start is not None else "treatment": treated_columns,
                "covariate": covariates,
                "fixed effect or cluster": labels,
            },
        )
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
        if weights_are == "counts":
            working = "inverse-weight"
            if weights is None or (data[weights] % 1 != 0).any():
                raise InputError("Weights that are counts must be a column of whole numbers.")
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
        if weights_are == "counts":
            n_rows = w
        if phi is not None:
            variance = data[phi].to_numpy(np.float64)
        elif working == "inverse-weight":
            variance = w.mean() / w
        else:
            variance = np.ones(len(data))
        begin = None
        if start is not None:
            begin = start_codes(data[start], time_labels, said)
            if unit is not None:
                refuse_two_starts(begin, unit_codes, start)
            d = (time_values >= begin).astype(np.float64)
        else:
            d = np.prod([data[c].to_numpy(np.float64) for c in treated_columns], axis=0)
        order = _canonical(unit_codes, time_values, d, y, w)
        X = data[list(covariates)].to_numpy(np.float64).reshape(len(data), len(covariates))
        panel = cls(
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
            working=working,
            weighted=weights is not None,
            notes=tuple(said),
        )
        if rows is None and unit is not None and time is not None:
            return replace(panel, notes=(*panel.notes, *several_rows(panel, panel.n)))
        return panel


def _canonical(unit: IntArray, time: FloatArray, d: FloatArray, y: FloatArray, w: FloatArray) -> IntArray:
    """The order by unit, period, treatment, outcome and weight; the last three matter only where a pair is not unique."""
    codes, steps = pd.factorize(time, sort=True)
    pair = unit * len(steps) + codes
    order = np.arange(pair.size) if (pair[1:] > pair[:-1]).all() else np.argsort(pair, kind="stable")
    if (np.diff(pair[order]) == 0).any():
        order = np.lexsort((w, y, d, pair))
    return np.asarray(order, dtype=np.int64)


def several_rows(panel: Panel, rows: int) -> list[str]:
    """A note where more rows than pairs of unit and period stand behind a panel in canonical order."""
    pairs = 1 + int(((np.diff(panel.unit) != 0) | (np.diff(panel.time) != 0)).sum())
    if rows <= pairs:
        return []
    return [
        f"{rows} rows lie in {pairs} pairs of unit and period: where a pair holds several rows, each of them counts as "
        "an observation. If that was not meant, remove the duplicates."
    ]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
