"""Honest intervals for a run of the engine: the event study they rest on, and the target they are for.

Group-time effects with a universal base where that estimator is asked for; otherwise the regression event study,
saturated and averaged over waves unless two-way fixed effects are asked for. Not here: the intervals themselves.
"""

from __future__ import annotations

import numpy as np

from evaluation.effects.design import Panel
from evaluation.effects.did_options import DidOptions
from evaluation.effects.event_study import reference_event, wls_event_study
from evaluation.effects.group_time import group_time
from evaluation.effects.group_time_aggregate import aggregate
from evaluation.effects.results import FloatArray, HonestBound
from evaluation.errors import CannotEstimate, InputError


def honest_bounds(panel: Panel, options: DidOptions) -> tuple[tuple[HonestBound, ...], list[str]]:
    """Robust intervals of Rambachan & Roth (2023) for the first post-period, or the mean over ``horizon``.

    Raises:
        InputError: no start column. CannotEstimate: no leads, or the target is not estimated.
    """
    from evaluation.effects.honest import honest_intervals

    if panel.start is None:
        raise InputError("Honest intervals need the first treated period of each unit (start).")
    events, beta, cov, source = _event_study(panel, options)
    pre, post = events < -options.anticipation, events >= 0
    if not pre.any():
        raise CannotEstimate(
            "Cannot give honest intervals: only one period before treatment, so no lead to learn from."
        )
    target = np.isin(events[post], options.horizon) if options.horizon else events[post] == events[post].min()
    if not target.any():
        raise CannotEstimate("Cannot give honest intervals: no estimate at the event times asked for.")
    keep = np.flatnonzero(pre | post)
    intervals = honest_intervals(
        beta[keep],
        cov[np.ix_(keep, keep)],
        int(pre.sum()),
        int(post.sum()),
        target / target.sum(),
        options.honest,  # type: ignore[arg-type]
        options.bounds,
        options.level,
        seed=options.seed,
    )
    over = ", ".join(f"{e:g}" for e in events[post][target])
    return (
        tuple(HonestBound(i.restriction, i.bound, i.ci_low, i.ci_high) for i in intervals),
        [f"Honest intervals are for event time {over}, from {source}."],
    )


def _event_study(panel: Panel, options: DidOptions) -> tuple[FloatArray, FloatArray, FloatArray, str]:
    """Event times, estimates and covariance without the reference event."""
    if options.estimator == "group-time":
        fit = group_time(
            panel,
            control=options.control,
            base="universal",
            anticipation=options.anticipation,
            unbalanced=options.unbalanced,
        )
        study = aggregate(fit, "event")
        events = np.array([t.event for t in study.terms[:-1]], dtype=np.float64)
        cov = fit.covariance(study.influence[:, :-1])
        keep = np.flatnonzero((np.diag(cov) > 0) & (events != reference_event(panel, options.anticipation)))
        return (
            events[keep],
            study.att[:-1][keep],
            cov[np.ix_(keep, keep)],
            "group-time effects with a universal base",
        )
    kind = str(options.inference) if str(options.inference).startswith("cr") else "cr1"
    model = "dynamic" if options.estimator == "twfe" else "saturated"
    result = wls_event_study(panel, model=model, anticipation=options.anticipation, kind=kind)
    return np.array(result.events), result.beta, result.cov, f"the {model} event study with {kind} errors"
