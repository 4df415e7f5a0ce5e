"""Doubt about parallel trends for a run of the engine: honest intervals, and the trend that the leads would miss.

Here: the event study both rest on, and the target they are for.

Group-time effects with a universal base where that estimator is asked for; otherwise the regression event study,
saturated and averaged over waves unless two-way fixed effects are asked for. Not here: the intervals themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evaluation.effects.design import Panel
from evaluation.effects.did_options import DidOptions
from evaluation.effects.event_study import reference_event, wls_event_study
from evaluation.effects.group_time import group_time
from evaluation.effects.group_time_aggregate import aggregate
from evaluation.effects.results import FloatArray, HonestBound, MissedTrend
from evaluation.errors import CannotEstimate, InputError


def honest_bounds(panel: Panel, options: DidOptions) -> tuple[tuple[HonestBound, ...], list[str]]:
    """Robust intervals of Rambachan & Roth (2023) for the first post-period, or the mean over ``horizon``.

    Raises:
        InputError: no start column. CannotEstimate: no leads, or the target is not estimated.
    """
    from evaluation.effects.honest import honest_intervals

    study = _event_study(panel, options, "honest intervals")
    intervals = honest_intervals(
        study.beta,
        study.cov,
        int((study.events < 0).sum()),
        int((study.events >= 0).sum()),
        study.target,
        options.honest,  # type: ignore[arg-type]
        options.bounds,
        options.level,
        seed=options.seed,
    )
    return (
        tuple(HonestBound(i.restriction, i.bound, i.ci_low, i.ci_high) for i in intervals),
        [f"Honest intervals are for event time {study.over}, from {study.source}."],
    )


def missed_trends(panel: Panel, options: DidOptions) -> tuple[tuple[MissedTrend, ...], list[str]]:
    """Roth (2022): the linear trends that the leads, one by one, would give away with each ``pretrend_power``.

    Raises:
        InputError: no start column. CannotEstimate: no leads, or the target is not estimated.
    """
    from evaluation.effects.pretrends import hypothesised_trend, slope_for_power

    study = _event_study(panel, options, "the power of the leads")
    after = study.events >= 0
    found = []
    for power in options.pretrend_power:
        slope = slope_for_power(
            study.cov, study.events, power, reference=study.reference, level=options.level
        )
        trend = hypothesised_trend(
            slope, study.beta, study.cov, study.events, reference=study.reference, level=options.level
        )
        found.append(
            MissedTrend(
                power=power,
                slope=slope,
                bias=float(study.target @ np.array(trend.trend)[after]),
                bias_after_passing=float(study.target @ np.array(trend.mean_after_passing)[after]),
                bayes_factor=trend.bayes_factor,
                likelihood_ratio=trend.likelihood_ratio,
            )
        )
    return tuple(found), [
        f"Trends that the leads would miss are for event time {study.over}, from {study.source}: a trend is found when "
        "one lead alone is significant."
    ]


@dataclass(frozen=True)
class _Study:
    """Event times (k,) without the reference, estimates (k,), covariance (k, k), weights on the times after (post,)."""

    events: FloatArray
    beta: FloatArray
    cov: FloatArray
    target: FloatArray
    reference: float
    source: str

    @property
    def over(self) -> str:
        """The event times of the target."""
        return ", ".join(f"{e:g}" for e in self.events[self.events >= 0][self.target > 0])


def _event_study(panel: Panel, options: DidOptions, what: str) -> _Study:
    """Leads and lags with their target; times that may be anticipated are left out."""
    if panel.start is None:
        raise InputError(f"For {what} the first treated period of each unit is needed (start).")
    events, beta, cov, source = _coefficients(panel, options)
    pre, post = events < -options.anticipation, events >= 0
    if not pre.any():
        raise CannotEstimate(
            f"Cannot give {what}: only one period before treatment, so no lead to learn from."
        )
    target = np.isin(events[post], options.horizon) if options.horizon else events[post] == events[post].min()
    if not target.any():
        raise CannotEstimate(f"Cannot give {what}: no estimate at the event times asked for.")
    keep = np.flatnonzero(pre | post)
    return _Study(
        events[keep],
        beta[keep],
        cov[np.ix_(keep, keep)],
        target / target.sum(),
        reference_event(panel, options.anticipation),
        source,
    )


def _coefficients(panel: Panel, options: DidOptions) -> tuple[FloatArray, FloatArray, FloatArray, str]:
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
