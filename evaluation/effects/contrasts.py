"""Which averages of imputed effects are asked for: names and weights, nothing estimated.

Every selection becomes a column of ω over the treated cells, adding to one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.effects.imputation import ImputationFit
from evaluation.effects.results import OVERALL, BoolArray, FloatArray, Term
from evaluation.errors import CannotEstimate, InputError

AGGREGATES = ("overall", "group", "event", "calendar", "none")


def aggregate_contrasts(
    fit: ImputationFit,
    aggregate: str = "overall",
    *,
    horizon: Sequence[float] | None = None,
    weights: str = "observation",
) -> tuple[list[Term], FloatArray]:
    """Terms and ω (n1, m) for one of the usual aggregations.

    ``horizon`` keeps only these event times (the first treated period is event 0). ``weights`` is "observation"
    (each cell's own weight) or "equal". "none" gives one effect for each wave and period.

    Raises:
        CannotEstimate: no treated cell lies at the event times asked for.
        InputError: unknown aggregation, or event times without a start column.
    """
    panel = fit.panel
    rows = np.ones(fit.treated.size, dtype=bool)
    if horizon is not None:
        rows = np.isin(panel.event[fit.treated], np.asarray(horizon, dtype=np.float64))
        if not rows.any():
            raise CannotEstimate(
                f"Cannot estimate: no treated cell at event times {', '.join(f'{h:g}' for h in horizon)}."
            )
    if aggregate == "overall":
        return [OVERALL], fit.weights(rows, weights)[:, None]
    if panel.start is None:
        raise InputError(f'Aggregation "{aggregate}" needs the first treated period of each unit (start).')
    start, period = panel.start[fit.treated], panel.time[fit.treated]
    event = period - start
    if aggregate == "none":
        pairs = np.unique(np.column_stack([start, period])[rows], axis=0)
        terms = [
            Term("att(g,t)", group=float(g), period=float(t), event=float(t - g)) for g, t in pairs.tolist()
        ]
        masks = [rows & (start == g) & (period == t) for g, t in pairs.tolist()]
        return terms, _columns(fit, masks, weights)
    if aggregate not in AGGREGATES:
        raise InputError(f'Aggregation "{aggregate}" is unknown. Expected one of: {", ".join(AGGREGATES)}.')
    values = {"group": start, "event": event, "calendar": period}[aggregate]
    levels = np.unique(values[rows]).tolist()
    field = {"group": "group", "event": "event", "calendar": "period"}[aggregate]
    named = [Term(aggregate, **{field: float(v)}) for v in levels]
    return named, _columns(fit, [rows & (values == v) for v in levels], weights)


def contrasts_by(
    fit: ImputationFit,
    column: str,
    *,
    horizon: Sequence[float] | None = None,
    weights: str = "observation",
) -> tuple[list[Term], FloatArray]:
    """One effect for each value of a label column (region, cohort), optionally at some event times only."""
    if column not in fit.panel.keys:
        raise InputError(f'Column "{column}" was not kept with the panel.')
    labels = fit.panel.keys[column].to_numpy()[fit.treated]
    rows = np.ones(fit.treated.size, dtype=bool)
    if horizon is not None:
        rows = np.isin(fit.panel.event[fit.treated], np.asarray(horizon, dtype=np.float64))
    levels = sorted(set(labels[rows].tolist()), key=str)
    if not levels:
        raise CannotEstimate("Cannot estimate: no treated cell at the event times asked for.")
    masks = [rows & (labels == level) for level in levels]
    return [Term(column, group=str(level)) for level in levels], _columns(fit, masks, weights)


def _columns(fit: ImputationFit, masks: list[BoolArray], weights: str) -> FloatArray:
    return np.column_stack([fit.weights(mask, weights) for mask in masks])
