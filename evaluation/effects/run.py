"""One run of the engine on one panel: from options to a :class:`DidResult`, caveats included.

Here: which estimator and inference serve the options, and the notes that belong to the numbers. Not here: the
estimators themselves, reading files (``compress``), printing (``did_json``).
"""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

import numpy as np

from evaluation.effects.coding import how_many
from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.design import Panel
from evaluation.effects.did_honest import honest_bounds, missed_trends
from evaluation.effects.did_notes import (
    bacon_note,
    cluster_notes,
    inference_notes,
    named_values,
    panel_notes,
    refuse_without_variation,
    unused_notes,
)
from evaluation.effects.did_options import DRAWS, DidOptions, as_named, default_working, resolved
from evaluation.effects.did_twfe import twfe_terms
from evaluation.effects.event_study import MAX_LEADS, joint_test, lead_test, untreated_leads, with_bands
from evaluation.effects.group_time import group_time
from evaluation.effects.group_time_aggregate import aggregate, influence_estimates, pre_test
from evaluation.effects.imputation import ImputationFit, conservative_variance, imputation
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.permutation import permutation_test
from evaluation.effects.results import (
    OVERALL,
    DesignCounts,
    DidResult,
    Estimate,
    JointTest,
    Term,
    t_interval,
)
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.saturated import extended_two_way, sun_abraham
from evaluation.effects.switchers import switchers
from evaluation.effects.two_way import TwoWay, two_way
from evaluation.effects.wild import refuse_many_clusters, wild_bootstrap
from evaluation.errors import CannotEstimate, InputError


def run_did(panel: Panel, options: DidOptions, *, units: int | None = None) -> DidResult:
    """Estimate what the options ask for.

    ``units`` is the number of units behind the panel where its cells no longer tell it.

    Raises:
        InputError: options that contradict each other or the panel.
        CannotEstimate: the data cannot carry the answer; the message says why.
    """
    options = resolved(options, has_start=panel.start is not None)
    if options.two_way and len(panel.clusters) < 2:
        raise InputError("Two-way clustering needs two columns of clusters: --cluster A B --two-way.")
    panel = _with_start(panel, options).late_starts_never(options.anticipation + options.transition)
    panel = panel.with_working(default_working(options.estimator, weighted=panel.weighted))
    refuse_without_variation(panel)
    if options.inference == "wild":
        refuse_many_clusters(how_many(panel.cluster_codes()))
    notes = [*panel.notes, *panel_notes(panel, options), *cluster_notes(panel, options)]
    if options.estimator == "group-time":
        estimates, pretrend, more = _group_time(panel, options)
    elif options.estimator == "imputation":
        estimates, pretrend, more = _imputation(panel, options)
    elif options.estimator == "did-m":
        estimates, pretrend, more = _switchers(panel, options)
    elif options.estimator in ("sun-abraham", "etwfe"):
        estimates, pretrend, more = _saturated(panel, options)
    else:
        estimates, pretrend, more = _twfe(panel, options)
    notes += more
    honest, more = honest_bounds(panel, options) if options.honest is not None else ((), [])
    notes += more
    missed, more = missed_trends(panel, options) if options.pretrend_power else ((), [])
    notes += more + inference_notes(estimates, options) + unused_notes(options)
    return DidResult(
        design=_design(panel, options, units),
        estimates=tuple(_labelled(panel, estimates)),
        pretrend=pretrend,
        honest=honest,
        missed_trends=missed,
        notes=tuple(dict.fromkeys(notes)),
        options=as_named(options),
        version=engine_version(),
    )


def engine_version() -> str:
    """The version that results name."""
    try:
        return version("komglad")
    except PackageNotFoundError:
        return "unknown"


def _group_time(panel: Panel, options: DidOptions) -> tuple[list[Estimate], JointTest | None, list[str]]:
    _refuse_absorbed(panel)
    fit = group_time(
        panel,
        control=options.control,
        base=options.base,
        anticipation=options.anticipation,
        unbalanced=options.unbalanced,
    )
    aggregated = aggregate(fit, options.aggregate, horizon=options.horizon)
    estimates = influence_estimates(
        fit,
        aggregated,
        level=options.level,
        null=options.null,
        draws=options.draws or DRAWS["influence"],
        seed=options.seed,
    )
    pretrend, more = pre_test(fit)
    return estimates, pretrend, [*fit.notes, *more]


def _imputation(panel: Panel, options: DidOptions) -> tuple[list[Estimate], JointTest | None, list[str]]:
    fit = imputation(panel, anticipation=options.anticipation, transition=options.transition)
    terms, omega = aggregate_contrasts(
        fit, options.aggregate, horizon=options.horizon, weights=options.average
    )
    notes = list(fit.notes)
    if options.inference == "permutation":
        estimates, more = _permutation(panel, options, fit.contrast(omega))
        notes += more
    elif options.inference == "influence":
        theta, cov = conservative_variance(fit, omega)
        errors = np.sqrt(np.diag(cov))
        estimates = [
            t_interval(
                term, float(b), float(s), None, inference="influence", level=options.level, null=options.null
            )
            for term, b, s in zip(terms, theta, errors, strict=True)
        ]
    elif options.inference == "wild":
        estimates, more = _wild(
            [fit.contrast(omega[:, [j]], for_bootstrap=True) for j in range(len(terms))], terms, options
        )
        notes += more
    else:
        estimates, more = _robust(panel, fit.contrast(omega), terms, options)
        notes += more
    return estimates, _imputation_leads(fit, options), notes


def _imputation_leads(fit: ImputationFit, options: DidOptions) -> JointTest | None:
    if fit.panel.start is None:
        return None
    if not options.two_way:
        return lead_test(fit, _kind(options))
    for count in range(MAX_LEADS, 0, -1):
        try:
            _, estimator = untreated_leads(fit, count)
            return _joint(fit.panel, replace(estimator, kept=fit.untreated), options)
        except CannotEstimate:
            continue
    return None


def _twfe(panel: Panel, options: DidOptions) -> tuple[list[Estimate], JointTest | None, list[str]]:
    if options.inference == "permutation":
        if options.horizon is not None:
            raise InputError("Permutation over event times is available for the imputation estimator.")
        model = twfe_terms(panel, options)
        estimates, notes = _permutation(panel, options, model.estimator)
        return estimates, None, notes
    model = twfe_terms(panel, options, for_bootstrap=options.inference == "wild")
    notes = list(model.notes)
    if options.inference == "wild":
        picks = [model.estimator.pick([j]) for j in range(len(model.terms))]
        estimates, more = _wild(picks, list(model.terms), options)
        notes += more
    else:
        estimates, more = _robust(panel, model.estimator, list(model.terms), options)
        notes += more
    pretrend = None
    if model.leads is not None:
        try:
            pretrend = _joint(panel, model.leads, options)
        except CannotEstimate as problem:
            notes.append(f"Leads not tested jointly: {problem.message}")
    return estimates, pretrend, notes + bacon_note(panel)


def _saturated(panel: Panel, options: DidOptions) -> tuple[list[Estimate], JointTest | None, list[str]]:
    fit = sun_abraham if options.estimator == "sun-abraham" else extended_two_way
    model = fit(panel, options.aggregate, anticipation=options.anticipation, horizon=options.horizon)
    estimates, more = _robust(model.panel, model.estimator, list(model.terms), options)
    notes, pretrend = [*model.notes, *more], None
    if model.leads is not None:
        try:
            pretrend = _joint(model.panel, model.leads, options)
        except CannotEstimate as problem:
            notes.append(f"Leads not tested jointly: {problem.message}")
    return estimates, pretrend, notes


def _switchers(panel: Panel, options: DidOptions) -> tuple[list[Estimate], JointTest | None, list[str]]:
    _refuse_absorbed(panel)
    if panel.covariates:
        raise InputError("The effect of switching takes no covariates. Leave --covariates out.")
    fit = switchers(panel)
    estimates = fit.estimates(options.aggregate, level=options.level, null=options.null)
    return estimates, fit.placebo_test(), list(fit.notes)


def _kind(options: DidOptions) -> str:
    """The covariance of what is tested beside the estimates: theirs where it is cluster-robust, else CR2."""
    return str(options.inference) if str(options.inference).startswith("cr") else "cr2"


def _joint(panel: Panel, estimator: LinearEstimator, options: DidOptions) -> JointTest:
    if options.two_way:
        return _two_way(panel, estimator, options).joint_test(estimator.theta)
    return joint_test(estimator, _kind(options))


def _two_way(panel: Panel, estimator: LinearEstimator, options: DidOptions) -> TwoWay:
    codes = [panel.codes_of(column) for column in panel.clusters]
    if estimator.kept is not None:
        codes = [c[estimator.kept] for c in codes]
    return two_way(estimator, codes, str(options.inference))


def _robust(
    panel: Panel, estimator: LinearEstimator, terms: list[Term], options: DidOptions
) -> tuple[list[Estimate], list[str]]:
    """Estimates with their own intervals, and bands that hold all of them at once."""
    if options.two_way:
        result = _two_way(panel, estimator, options)
        estimates = result.estimates(estimator.theta, terms, level=options.level, null=options.null)
        values, vectors = np.linalg.eigh(result.cov)
        root = (vectors * np.sqrt(np.maximum(values, 0.0))).T
        notes = []
        if result.replaced:
            notes.append(
                f"{result.replaced} two-way variances are not positive: the largest of the one-way ones stands for each."
            )
        elif result.is_repaired:
            notes.append("Negative eigenvalues of the two-way covariance were set to zero.")
        return with_bands(estimates, root, level=options.level, seed=options.seed), notes
    one_way = sandwich(estimator, str(options.inference))
    estimates = cluster_robust_estimates(one_way, terms, level=options.level, null=options.null)
    scores = one_way.scores * np.sqrt(one_way.factor)
    return with_bands(estimates, scores, level=options.level, seed=options.seed), []


def _wild(
    estimators: list[LinearEstimator], terms: list[Term], options: DidOptions
) -> tuple[list[Estimate], list[str]]:
    estimates, notes = [], []
    for estimator, term in zip(estimators, terms, strict=True):
        w = wild_bootstrap(
            estimator,
            null=options.null,
            restricted=not options.unrestricted,
            jackknife=options.jackknife,
            distribution=options.distribution,
            draws=options.resampling_draws,
            seed=options.seed,
            level=options.level,
        )
        low, high = (x if np.isfinite(x) else None for x in (w.ci_low, w.ci_high))
        estimates.append(
            Estimate(
                term,
                w.estimate,
                w.std_error,
                None,
                w.t,
                w.p_value,
                low,
                high,
                "wild",
                smallest_p=w.smallest_p,
            )
        )
        kind = "sign vectors, all of them" if w.enumerated else "draws"
        notes.append(
            f"Wild cluster bootstrap ({'WCU' if options.unrestricted else 'WCR'}, {options.distribution}, {w.draws} "
            f"{kind}): ties count as at least as large; the smallest possible p is {w.smallest_p:.3g}."
        )
        alpha = 1 - options.level
        if (w.p_value <= alpha) != (w.p_other <= alpha) and abs(w.p_value - w.p_other) > 0.02:
            notes.append(
                f"Restricted and unrestricted bootstrap disagree (p = {w.p_value:.3f} and {w.p_other:.3f}): "
                "few treated clusters; trust neither and look at the permutation p-value."
            )
        if low is None or high is None:
            notes.append("The inverted interval has an open end: no null that far away is rejected.")
    return estimates, notes


def _permutation(
    panel: Panel, options: DidOptions, estimator: LinearEstimator
) -> tuple[list[Estimate], list[str]]:
    """The p-value is the permutation's; standard error and interval are CR2's, since a permutation has none."""
    assert options.assign is not None
    estimate = float(estimator.theta[0])
    result = permutation_test(
        panel,
        options.assign,
        within=options.within,
        horizon=options.horizon,
        weights=options.average,
        anticipation=options.anticipation,
        transition=options.transition,
        null=options.null,
        draws=options.draws,
        seed=options.seed,
        estimator=str(options.estimator),
    )
    how = "all" if result.enumerated else "sampled"
    notes = [
        f"Permutation over {options.assign}: {result.assignments} assignments ({how}); "
        f"the smallest possible p is {result.smallest_p:.3g}."
    ]
    if result.smallest_p > 1 - options.level:
        notes.append(
            f"This design cannot reach {100 * (1 - options.level):.3g} %: its smallest possible p is "
            f"{result.smallest_p:.3g}."
        )
    if abs(result.estimate - estimate) > 1e-8 * max(1.0, abs(estimate)):
        notes.append(
            "The permutation statistic leaves out cells that cannot be imputed under every assignment."
        )
    try:
        beside = cluster_robust_estimates(
            sandwich(estimator, "cr2"), [OVERALL], level=options.level, null=options.null
        )[0]
    except CannotEstimate:
        beside = Estimate(OVERALL, estimate, None, None, None, None, None, None, "cr2")
    if beside.std_error is not None:
        notes.append(
            "Standard error, degrees of freedom and interval beside the permutation p-value are CR2's."
        )
    return [
        replace(beside, p_value=result.p_value, inference="permutation", smallest_p=result.smallest_p)
    ], notes


def _with_start(panel: Panel, options: DidOptions) -> Panel:
    """Derive each unit's start from a 0/1 column that never switches off, where it can be or must be had."""
    if panel.start is not None or options.estimator == "did-m":
        return panel
    zero_one = bool(np.isin(panel.d, (0.0, 1.0)).all())
    if options.estimator == "imputation" and not zero_one:
        raise InputError(
            f"The imputation estimator needs a 0/1 treatment column; this one holds {named_values(panel.d)}."
        )
    must = options.estimator in ("group-time", "sun-abraham", "etwfe") or options.aggregate != "overall"
    must |= options.horizon is not None or options.inference == "permutation" or options.honest is not None
    must |= bool(options.pretrend_power)
    if not must and options.estimator != "imputation":
        return panel
    problem = None
    if not zero_one or panel.n_units == panel.n:
        problem = (
            "This needs the first treated period of each unit: give --start, or a 0/1 treatment with --unit and "
            "--time."
        )
    else:
        first = np.full(int(panel.unit.max()) + 1, np.inf)
        np.minimum.at(first, panel.unit, np.where(panel.d > 0, panel.time, np.inf))
        start = first[panel.unit]
        if not np.array_equal((panel.time >= start).astype(np.float64), panel.d):
            problem = (
                "Treatment switches off in some units, so there is no first treated period. Use --estimator did-m, "
                "or twfe or imputation with --aggregate overall."
            )
        elif must or panel.order is None or panel.order.known:
            if panel.order is not None:
                panel.order.demand()
            return replace(panel, start=start)
    if must and problem is not None:
        raise InputError(problem)
    return panel


def _refuse_absorbed(panel: Panel) -> None:
    extra = [t for t in panel.absorb if ":" in t or len(panel.absorb) > 2]
    if extra:
        raise InputError(
            "This estimator compares changes between units and periods and takes no other fixed effects. "
            "Leave --absorb out, or use the imputation estimator."
        )


def _design(panel: Panel, options: DidOptions, units: int | None) -> DesignCounts:
    codes = panel.cluster_codes()
    treated = panel.is_treated
    if panel.start is not None:
        treated = np.isfinite(panel.start) & (panel.start <= panel.time.max())
    columns = tuple((c, how_many(panel.codes_of(c))) for c in panel.clusters)
    several = columns if len(columns) > 1 else ()
    if options.two_way:
        codes = panel.codes_of(min(several, key=lambda c: c[1])[0])
    return DesignCounts(
        units=panel.n_units if units is None else units,
        clusters=how_many(codes),
        treated_clusters=how_many(codes[treated]),
        periods=int(np.unique(panel.time).size),
        observations=panel.N,
        working=str(panel.working),
        cluster_columns=several,
    )


def _labelled(panel: Panel, estimates: list[Estimate]) -> list[Estimate]:
    """Ranks of dates and months back to their labels, numbers among them back to numbers."""
    if panel.order is None:
        return estimates

    def label(value: float | str | None) -> float | str | None:
        if not isinstance(value, float) or value >= len(panel.time_labels):
            return value
        text = str(panel.time_labels[int(value)])
        return float(text) if text.isdigit() else text

    return [
        replace(e, term=replace(e.term, group=label(e.term.group), period=label(e.term.period)))
        for e in estimates
    ]
