"""Exact permutation over an assignment column: which of its values carry the treatment calendars.

The values of the column (grades) exchange their whole calendars; everything else stays. All assignments are
enumerated when there are few, sampled otherwise. The statistic is |θ̂ − null|; the observed assignment counts, so
p is never zero and its floor is reported. Not here: t-based inference.

A school that lacks a grade cannot lend or take that grade's calendar, so the test is made on the schools that have
every grade: still exact, for the same null hypothesis, on fewer cells. How many were left out is in the result.

For the imputation estimator no refit is needed: see :mod:`evaluation.effects.permuted_weights`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial

import numpy as np

from evaluation.effects.absorb import fit_nuisance
from evaluation.effects.coding import split_term, term_codes
from evaluation.effects.design import Panel
from evaluation.effects.permuted_blocks import blockwise_statistics
from evaluation.effects.permuted_weights import (
    MAX_CELLS,
    Assignments,
    FittedPanel,
    imputation_weights,
    too_many_cells,
)
from evaluation.effects.results import BoolArray, FloatArray, IntArray
from evaluation.errors import CannotEstimate, InputError

MAX_ENUMERATED = 20_000
LEAST_PAIRED = 0.5
"""Share of the weight the complete strata must hold: a p-value from a minority speaks of another study."""
AT_ONCE = 8_000_000
"""Most numbers in the treatment columns of assignments that are made at once: 64 MB."""
TIE = 1e-9
"""Statistics this close (relative to the observed one) count as equal: floating point must not decide a p."""


@dataclass(frozen=True)
class Permutation:
    """Result of a permutation test.

    ``statistics`` (n_assignments,) θ̂ under each assignment, the observed one first; NaN where it cannot be
    estimated. ``p_value`` counts |θ̂| at least as large; ``smallest_p`` is the floor this design allows.
    ``left_out`` strata lack a value of the assignment column; ``estimate`` is that of the others.
    """

    estimate: float
    p_value: float
    smallest_p: float
    assignments: int
    enumerated: bool
    statistics: FloatArray
    left_out: int = 0


@dataclass(frozen=True)
class Calendars:
    """The treatment calendars by value of the assignment column.

    ``value`` (n,) codes of the assignment column; ``stratum`` (n,) codes of what pairs cells across values;
    ``start`` (n_values, n_strata) first treated period, inf where never treated.
    """

    value: IntArray
    stratum: IntArray
    start: FloatArray

    def assignments(self, draws: int | None, seed: int) -> tuple[IntArray, bool]:
        """(n_assignments, n_values): row k gives, for each value, whose calendar it carries; observed first.

        All are enumerated where they are few, or where ``draws`` 0 asks for all.

        Raises:
            InputError: all are asked for and they are too many.
        """
        n = self.start.shape[0]
        _, kinds = np.unique(self.start, axis=0, return_inverse=True)
        kinds = kinds.reshape(-1)
        counts = np.bincount(kinds)
        total = factorial(n)
        for c in counts:
            total //= factorial(int(c))
        representative = np.array([int(np.flatnonzero(kinds == k)[0]) for k in range(counts.size)])
        if draws == 0 and total > MAX_ENUMERATED:
            raise InputError(
                f"All {total} assignments are too many to enumerate (at most {MAX_ENUMERATED}): give a number of draws."
            )
        if total <= MAX_ENUMERATED and (not draws or total <= draws):
            rows = np.array(_arrangements(counts.tolist(), n), dtype=np.int64)
            observed = (rows == kinds).all(axis=1)
            rows = np.vstack([rows[observed], rows[~observed]])
            return representative[rows], True
        rng = np.random.default_rng(seed)
        count = 9999 if draws is None else draws
        rows = np.vstack([kinds, *[rng.permutation(kinds) for _ in range(count)]])
        return representative[rows], False


def _arrangements(counts: list[int], n: int) -> list[list[int]]:
    """All distinct orders of ``counts[k]`` copies of each kind k on n places."""
    rows = [[-1] * n]
    for kind, count in enumerate(counts):
        grown = []
        for row in rows:
            free = [i for i, k in enumerate(row) if k < 0]
            for places in combinations(free, count):
                new = row.copy()
                for place in places:
                    new[place] = kind
                grown.append(new)
        rows = grown
    return rows


def calendars(panel: Panel, assign: str, within: str | None = None) -> Calendars:
    """Read the calendars that the values of ``assign`` carry; ``within`` pairs cells across values (school).

    Raises:
        InputError: the columns are unknown, or the calendar of a value is not one calendar.
        CannotEstimate: all values carry the same calendar.
    """
    if panel.start is None:
        raise InputError("Permutation over calendars needs the first treated period of each unit (start).")
    for column in (assign, within):
        if column is not None and any(c not in panel.keys for c in split_term(column, panel.keys.columns)):
            raise InputError(f'Assignment column "{column}" is not among the columns kept with the panel.')
    value, n_values = term_codes(panel.keys, assign)
    stratum, n_strata = (
        term_codes(panel.keys, within) if within is not None else (np.zeros(panel.n, dtype=np.int64), 1)
    )
    start = np.full((n_values, n_strata), np.nan)
    start[value, stratum] = panel.start
    if not np.array_equal(start[value, stratum], panel.start):
        raise InputError(
            f'The values of "{assign}" do not carry one treatment calendar each'
            + (
                f' within "{within}"'
                if within
                else "; say what pairs them across values (for example the school)"
            )
            + "."
        )
    if np.isnan(start).any():
        raise InputError(f'Some values of "{assign}" are missing from some levels of "{within}".')
    if (start == start[0]).all():
        raise CannotEstimate(f'Cannot permute: all values of "{assign}" carry the same calendar.')
    return Calendars(value, stratum, start)


def _complete(panel: Panel, assign: str, within: str | None) -> tuple[Panel, int]:
    """The panel on the strata that have every value of ``assign``, and how many strata were left out."""
    if within is None or any(
        c not in panel.keys for name in (assign, within) for c in split_term(name, panel.keys.columns)
    ):
        return panel, 0
    value, n_values = term_codes(panel.keys, assign)
    stratum, n_strata = term_codes(panel.keys, within)
    present = np.zeros((n_values, n_strata), dtype=bool)
    present[value, stratum] = True
    whole: BoolArray = np.asarray(present.all(axis=0))
    if whole.all():
        return panel, 0
    keep = whole[stratum]
    if panel.w[keep].sum() < LEAST_PAIRED * panel.w.sum():
        raise CannotEstimate(
            f'Cannot permute: the levels of "{within}" that have every value of "{assign}" hold too few of the data.'
        )
    return panel.subset(keep), int((~whole).sum())


def permutation_test(
    panel: Panel,
    assign: str,
    *,
    within: str | None = None,
    horizon: tuple[float, ...] | None = None,
    weights: str = "observation",
    anticipation: int = 0,
    transition: int = 0,
    null: float = 0.0,
    draws: int | None = None,
    seed: int = 0,
    estimator: str = "imputation",
) -> Permutation:
    """Permutation test of the average effect, over all treated cells or those at event times ``horizon``.

    Under each assignment the transition, the treated cells and their weights move with the calendars. A
    non-zero ``null`` is taken out of the truly treated cells first.

    Strata without every value are left out first; see the head of this module.

    Raises:
        InputError, CannotEstimate: see :func:`calendars`; the complete strata hold too little, or the observed
            assignment cannot be estimated.
    """
    panel, left_out = _complete(panel, assign, within)
    plan = calendars(panel, assign, within)
    rows, enumerated = plan.assignments(draws, seed)
    y = panel.y
    if null:
        event = panel.event
        hit = (event >= -anticipation) if horizon is None else np.isin(event, horizon)
        y = panel.y - null * hit
    nuisance = fit_nuisance(panel)
    root = np.sqrt(panel.w)
    residual = root * nuisance.residual(y)
    own = panel.w if weights == "observation" else np.ones(panel.n)

    def masks(cells: IntArray) -> tuple[BoolArray, BoolArray]:
        """Out of the fit, and averaged, under every assignment (n_assignments, cells)."""
        events = panel.time[cells] - plan.start[rows[:, plan.value[cells]], plan.stratum[cells]]
        averaged = events >= -anticipation
        if horizon is not None:
            averaged &= np.isin(events, np.array(horizon))
        return events >= -(anticipation + transition), averaged

    if estimator == "imputation" and nuisance.levels is not None and not nuisance.Z.shape[1]:
        statistics = blockwise_statistics(nuisance, panel.w, residual, own, masks)
    elif estimator == "imputation":
        if panel.n > MAX_CELLS:
            raise too_many_cells(panel.n)
        out_of_fit, averaged = masks(np.arange(panel.n))
        design = Assignments(FittedPanel(panel, nuisance), out_of_fit, averaged, own)
        statistics = imputation_weights(design) @ residual
    elif estimator == "twfe":
        parts = []
        step = max(1, AT_ONCE // panel.n)
        for some in np.split(rows, range(step, len(rows), step)):
            events = panel.time - plan.start[some[:, plan.value], plan.stratum]
            Dr = root[:, None] * nuisance.residual((events >= 0).astype(np.float64).T)
            size = np.einsum("ij,ij->j", Dr, Dr)
            with np.errstate(invalid="ignore", divide="ignore"):
                parts.append(np.where(size > 1e-9 * panel.w.sum(), Dr.T @ residual / size, np.nan))
        statistics = np.concatenate(parts)
    else:
        raise InputError(f'Permutation is available for imputation and twfe, not for "{estimator}".')
    return replace(_summary(statistics, null, enumerated), left_out=left_out)


def _summary(statistics: FloatArray, null: float, enumerated: bool) -> Permutation:
    observed = float(statistics[0])
    if not np.isfinite(observed):
        raise CannotEstimate("Cannot permute: the observed assignment itself cannot be estimated.")
    # After the null was taken out of the data, the statistic is already θ̂ − null.
    valid = statistics[np.isfinite(statistics)]
    larger = int((np.abs(valid) >= abs(observed) * (1 - TIE)).sum())
    p = larger / valid.size
    floor = 1 / valid.size
    return Permutation(observed + null, p, floor, int(valid.size), enumerated, statistics)
