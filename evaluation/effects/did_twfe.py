"""Two-way fixed effects by term: which indicator columns answer which aggregation. No inference here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evaluation.effects.absorb import fit_nuisance
from evaluation.effects.design import Panel
from evaluation.effects.did_options import DidOptions
from evaluation.effects.event_study import dynamic_twfe
from evaluation.effects.linear import LinearEstimator, NullModel, weighted_least_squares
from evaluation.effects.results import OVERALL, BoolArray, FloatArray, Term
from evaluation.errors import CannotEstimate


@dataclass(frozen=True)
class TwfeModel:
    """Terms, their estimator, and that of the leads where there are any."""

    terms: tuple[Term, ...]
    estimator: LinearEstimator
    leads: LinearEstimator | None
    notes: tuple[str, ...]


def twfe_terms(panel: Panel, options: DidOptions, *, for_bootstrap: bool = False) -> TwfeModel:
    """The regression behind an aggregation: one column, or one by wave, event time, period, or wave and period.

    Raises:
        CannotEstimate: treatment does not vary, is collinear with what is absorbed, or nothing is treated.
    """
    _refuse_trivial(panel)
    notes: tuple[str, ...] = ()
    dropped = fit_nuisance(panel).dropped
    if dropped:
        notes = (f"Collinear with the fixed effects and left out: {', '.join(dropped)}.",)
    if options.aggregate == "event":
        return _event_model(panel, options, notes)
    terms, columns, rest = _columns(panel, options)
    everything = np.column_stack([columns, rest]) if rest is not None else columns
    estimator = _fit(panel, everything, len(terms), for_bootstrap)
    return TwfeModel(tuple(terms), estimator, None, notes)


def _fit(panel: Panel, everything: FloatArray, wanted: int, for_bootstrap: bool) -> LinearEstimator:
    names = ("the treatment",) if everything.shape[1] == 1 else tuple(
        f"treatment column {j + 1}" for j in range(everything.shape[1])
    )  # fmt: skip
    estimator = weighted_least_squares(
        panel.y,
        everything,
        fit_nuisance(panel),
        phi=panel.phi,
        cluster=panel.cluster_codes(),
        N=panel.N,
        names=names,
    )
    if for_bootstrap:
        models = [
            NullModel(fit_nuisance(panel, extra=np.delete(everything, j, axis=1)), everything[:, j])
            for j in range(everything.shape[1])
        ]
        estimator = replace(estimator, null_models=tuple(models))
    return estimator.pick(list(range(wanted)))


def _event_model(panel: Panel, options: DidOptions, notes: tuple[str, ...]) -> TwfeModel:
    events, estimator = dynamic_twfe(panel, anticipation=options.anticipation)
    terms = tuple(Term("event", event=e) for e in events)
    before = [j for j, e in enumerate(events) if e < -options.anticipation]
    leads = estimator.pick(before) if before else None
    if options.inference == "wild":
        event = panel.event
        columns = np.column_stack([event == e for e in events]).astype(np.float64)
        estimator = _fit(panel, columns, len(events), True)
    if options.horizon is not None:
        keep = [j for j, e in enumerate(events) if e in options.horizon]
        if not keep:
            raise CannotEstimate("Cannot estimate: no treated cell at the event times asked for.")
        terms, estimator = tuple(terms[j] for j in keep), estimator.pick(keep)
    return TwfeModel(terms, estimator, leads, notes)


def _columns(panel: Panel, options: DidOptions) -> tuple[list[Term], FloatArray, FloatArray | None]:
    """Terms, their columns, and treated cells outside the horizon as a column of their own."""
    if options.aggregate == "overall" and options.horizon is None:
        return [OVERALL], panel.d[:, None], None
    assert panel.start is not None
    treated, event = panel.d > 0, panel.event
    rest = None
    if options.horizon is not None:
        inside = treated & np.isin(event, np.asarray(options.horizon))
        if not inside.any():
            raise CannotEstimate("Cannot estimate: no treated cell at the event times asked for.")
        outside = treated & ~inside
        rest = outside.astype(np.float64)[:, None] if outside.any() else None
        treated = inside
    masks: list[tuple[Term, BoolArray]] = []
    if options.aggregate == "overall":
        masks.append((OVERALL, treated))
    elif options.aggregate == "group":
        for g in np.unique(panel.start[treated]):
            masks.append((Term("group", group=float(g)), treated & (panel.start == g)))
    elif options.aggregate == "calendar":
        for t in np.unique(panel.time[treated]):
            masks.append((Term("calendar", period=float(t)), treated & (panel.time == t)))
    else:
        for g, t in np.unique(np.column_stack([panel.start, panel.time])[treated], axis=0).tolist():
            cells = treated & (panel.start == g) & (panel.time == t)
            masks.append((Term("att(g,t)", group=g, period=t, event=t - g), cells))
    return [m[0] for m in masks], np.column_stack([m[1] for m in masks]).astype(np.float64), rest


def _refuse_trivial(panel: Panel) -> None:
    if np.ptp(panel.d) == 0:
        state = "treated" if panel.d[0] else "untreated"
        raise CannotEstimate(f"Cannot estimate an effect: every cell is {state} (treatment does not vary).")
    if not np.isin(panel.d, (0.0, 1.0)).all() or np.unique(panel.time).size < 2:
        return
    seen = [
        np.bincount(panel.unit[at], minlength=int(panel.unit.max()) + 1) > 0
        for at in (panel.d > 0, panel.d == 0)
    ]
    if panel.n_units < panel.n and not (seen[0] & seen[1]).any():
        raise CannotEstimate(
            "Cannot estimate an effect: no unit is seen both without and with treatment (no pre-period)."
        )
    if (
        not np.isin(panel.time[panel.d > 0], panel.time[panel.d == 0]).any()
        and not np.isin(panel.time[panel.d == 0], panel.time[panel.d > 0]).any()
    ):
        raise CannotEstimate(
            "Cannot estimate an effect: in every period all units are treated or none is (no comparison group)."
        )
