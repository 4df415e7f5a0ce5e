"""Regressions with one coefficient for each wave and period: Sun & Abraham (2021) and Wooldridge (2021).

Sun & Abraham: waves × event times with the last period before treatment left out, never-treated units as the comparison;
units treated throughout are left out. Wooldridge's extended two-way model: waves × periods from treatment on, so that units
not yet treated are compared with as well; covariates act through the waves' and the periods' own slopes, and in deviation
from their wave's mean through the effects. Both are averaged over waves by the treated cells' weight. Not here: inference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from evaluation.effects.absorb import fit_nuisance
from evaluation.effects.design import Panel
from evaluation.effects.event_study import reference_event
from evaluation.effects.group_time_units import without_always_treated
from evaluation.effects.linear import LinearEstimator, weighted_least_squares
from evaluation.effects.results import OVERALL, BoolArray, FloatArray, Term
from evaluation.errors import CannotEstimate, InputError

FIELDS = {"group": "group", "event": "event", "calendar": "period"}


@dataclass(frozen=True)
class Saturated:
    """Averaged effects: their terms, one estimator of all of them, and that of the leads where the model has any.

    ``panel`` is the one that entered, without what the model leaves out.
    """

    panel: Panel
    terms: tuple[Term, ...]
    estimator: LinearEstimator
    leads: LinearEstimator | None
    notes: tuple[str, ...]


def sun_abraham(
    panel: Panel, aggregate: str, *, anticipation: int = 0, horizon: tuple[float, ...] | None = None
) -> Saturated:
    """The saturated event study, averaged by ``aggregate``.

    Raises:
        CannotEstimate: no unit is never treated, or an effect is not identified beside the fixed effects.
    """
    notes: list[str] = []
    panel = without_always_treated(panel, anticipation, notes)
    assert panel.start is not None
    if np.isfinite(panel.start).all():
        raise CannotEstimate(
            "Cannot estimate: no unit is never treated (no comparison group). Use --estimator imputation or etwfe."
        )
    reference = reference_event(panel, anticipation)
    cells = np.isfinite(panel.start) & (panel.event != reference)
    after = panel.event >= 0
    return _saturated(panel, cells, after, None, aggregate, horizon, notes, anticipation)


def extended_two_way(
    panel: Panel, aggregate: str, *, anticipation: int = 0, horizon: tuple[float, ...] | None = None
) -> Saturated:
    """The extended two-way fixed-effects regression, averaged by ``aggregate``.

    Raises:
        CannotEstimate: no comparison, or an effect is not identified beside the fixed effects.
    """
    notes: list[str] = []
    panel = without_always_treated(panel, anticipation, notes)
    assert panel.start is not None
    if np.isfinite(panel.start).all():
        last = float(panel.start.max())
        notes.append(
            f"No unit is never treated: periods from {panel.period_name(last - anticipation)} on have no controls."
        )
        panel = panel.subset(panel.time < last - anticipation)
    assert panel.start is not None
    cells = np.isfinite(panel.start) & (panel.event >= -anticipation)
    if not cells.any():
        raise CannotEstimate("Cannot estimate an effect: no cell is treated while others are not yet.")
    return _saturated(panel, cells, cells, _with_slopes, aggregate, horizon, notes, anticipation)


def _saturated(
    panel: Panel,
    cells: BoolArray,
    after: BoolArray,
    slopes: Callable[[Panel, FloatArray], tuple[Panel, FloatArray]] | None,
    aggregate: str,
    horizon: tuple[float, ...] | None,
    notes: list[str],
    anticipation: int,
) -> Saturated:
    assert panel.start is not None
    pairs, code = np.unique(np.column_stack([panel.start, panel.time])[cells], axis=0, return_inverse=True)
    columns = np.zeros((panel.n, len(pairs)))
    columns[np.flatnonzero(cells), code.reshape(-1)] = 1.0
    wave, period = pairs[:, 0], pairs[:, 1]
    weight = panel.w @ columns
    extra = None
    model = panel
    if slopes is not None and panel.X.shape[1]:
        model, extra = slopes(panel, columns)
    nuisance = fit_nuisance(model, extra=extra)
    if nuisance.dropped:
        notes.append(f"Collinear with the fixed effects and left out: {', '.join(nuisance.dropped)}.")
    names = tuple(f"wave {panel.period_name(g)} in period {panel.period_name(t)}" for g, t in pairs)
    fitted = weighted_least_squares(
        panel.y, columns, nuisance, phi=panel.phi, cluster=panel.cluster_codes(), N=panel.N, names=names
    )
    terms, L = _averages(wave, period, weight, aggregate, horizon, after=bool(after is cells))
    event = period - wave
    before = np.unique(event[event < -anticipation])
    leads = None
    if before.size:
        by_event = [np.where(event == e, weight, 0.0) for e in before]
        leads = fitted.combine(np.column_stack([b / b.sum() for b in by_event]))
    return Saturated(panel, tuple(terms), fitted.combine(L), leads, tuple(notes))


def _averages(
    wave: FloatArray,
    period: FloatArray,
    weight: FloatArray,
    aggregate: str,
    horizon: tuple[float, ...] | None,
    *,
    after: bool,
) -> tuple[list[Term], FloatArray]:
    """Terms and weights (k, m) on the coefficients of wave and period."""
    event = period - wave
    chosen = event >= (-np.inf if after else 0)
    if aggregate in ("event", "none"):
        chosen = np.ones(event.size, dtype=bool)
    if horizon is not None:
        chosen &= np.isin(event, np.asarray(horizon))
    if not chosen.any():
        raise CannotEstimate("Cannot estimate: no treated cell at the event times asked for.")
    if aggregate == "overall":
        masks = [(OVERALL, chosen)]
    elif aggregate == "none":
        masks = [
            (
                Term("att(g,t)", group=float(wave[j]), period=float(period[j]), event=float(event[j])),
                np.arange(wave.size) == j,
            )
            for j in np.flatnonzero(chosen)
        ]
    elif aggregate in FIELDS:
        values = {"group": wave, "event": event, "calendar": period}[aggregate]
        masks = [
            (Term(aggregate, **{FIELDS[aggregate]: float(v)}), chosen & (values == v))
            for v in np.unique(values[chosen])
        ]
    else:
        raise InputError(f'Aggregation "{aggregate}" is unknown.')
    L = np.column_stack([np.where(mask, weight, 0.0) for _, mask in masks])
    return [term for term, _ in masks], L / L.sum(axis=0)


def _with_slopes(panel: Panel, columns: FloatArray) -> tuple[Panel, FloatArray]:
    """The panel with slopes of the covariates by wave and by period, and the effects' slopes around their wave's mean."""
    assert panel.start is not None
    blocks = [panel.X]
    for values in (panel.start, panel.time):
        blocks += [panel.X * (values == v)[:, None] for v in np.unique(values)[1:]]
    means = np.zeros_like(panel.X)
    for g in np.unique(panel.start):
        own = panel.start == g
        means[own] = np.average(panel.X[own], axis=0, weights=panel.w[own])
    around = panel.X - means
    X = np.hstack(blocks)
    unnamed = ("",) * (X.shape[1] - panel.X.shape[1])
    extra = (columns[:, :, None] * around[:, None, :]).reshape(panel.n, -1)
    return replace(panel, X=X, covariates=(*panel.covariates, *unnamed)), extra
