"""Event studies: effects by time since treatment, with leads, simultaneous bands and a joint test of the leads.

Three models. ``dynamic_twfe``: one dummy for each event time. ``saturated``: one for each wave and event time,
averaged over waves by their weight (Sun & Abraham 2021). ``untreated_leads``: leads among untreated cells only,
the companion of imputation (Borusyak, Jaravel & Spiess 2024). Year-on-year differencing is a choice of absorbed
effects: with ``cell:cal_month`` every lead and lag is against the same month a year before, so no reference event
is needed and leads do not run over the summer. Not here: robust intervals (``honest``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from evaluation.effects.absorb import fit_nuisance
from evaluation.effects.design import Panel
from evaluation.effects.imputation import ImputationFit, imputation
from evaluation.effects.linear import LinearEstimator, weighted_least_squares
from evaluation.effects.results import Estimate, FloatArray, JointTest, Term
from evaluation.effects.sandwich import Sandwich, sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates, htz_test, wald_test
from evaluation.errors import CannotEstimate, InputError

MANY_CLUSTERS = 20_000
"""Above this the leads are tested by CR1 and F; the test's method says which it was."""
MAX_LEADS = 4
"""Most leads that are tested by default: a long test spends its power on old history."""


@dataclass(frozen=True)
class EventStudy:
    """Leads and lags with their joint covariance.

    ``events`` (k,) in ascending order, ``beta`` (k,), ``cov`` (k, k); ``pretrend`` the joint HTZ test of the leads,
    None where there is none or it cannot be made (then a note says why); ``critical`` the simultaneous value.
    """

    events: tuple[float, ...]
    beta: FloatArray
    cov: FloatArray
    estimates: tuple[Estimate, ...]
    pretrend: JointTest | None
    critical: float
    notes: tuple[str, ...]

    @property
    def n_pre(self) -> int:
        """Number of leads."""
        return sum(1 for e in self.events if e < 0)


def reference_event(panel: Panel, anticipation: int = 0) -> float:
    """The last event time before any (anticipated) effect: the period everything is compared with."""
    event = panel.event[np.isfinite(panel.event)]
    before = event[event < -anticipation]
    if not before.size:
        raise CannotEstimate("Cannot estimate an event study: no period before treatment (no pre-period).")
    return float(before.max())


def dynamic_twfe(panel: Panel, *, anticipation: int = 0) -> tuple[list[float], LinearEstimator]:
    """Event-time dummies beside the fixed effects; the reference event is left out."""
    events, columns = _event_columns(panel, anticipation)
    return events, _regress(panel, columns, [f"event {e:g}" for e in events])


def saturated(panel: Panel, *, anticipation: int = 0) -> tuple[list[float], LinearEstimator]:
    """Wave × event dummies beside the fixed effects, averaged over waves by their weight at each event time.

    Raises:
        CannotEstimate: nobody is never treated.
    """
    assert panel.start is not None
    if np.isfinite(panel.start).all():
        raise CannotEstimate(
            "Cannot estimate a saturated event study: no unit is never treated (no comparison group)."
        )
    events, _ = _event_columns(panel, anticipation)
    event = panel.event
    columns, names, rows = [], [], []
    for k, e in enumerate(events):
        for g in np.unique(panel.start[event == e]):
            cells = (event == e) & (panel.start == g)
            columns.append(cells.astype(np.float64))
            names.append(f"wave {g:g} at event {e:g}")
            rows.append((k, float(panel.w[cells].sum())))
    L = np.zeros((len(rows), len(events)))
    for j, (k, weight) in enumerate(rows):
        L[j, k] = weight
    L /= L.sum(axis=0)
    return events, _regress(panel, np.column_stack(columns), names, L)


def untreated_leads(fit: ImputationFit, leads: int) -> tuple[list[float], LinearEstimator]:
    """Dummies for the last ``leads`` event times before treatment, among untreated cells only."""
    panel = fit.panel
    event = panel.event
    values = np.unique(event[fit.untreated & np.isfinite(event)])
    events = values[-leads:].tolist() if leads else []
    if not events:
        raise CannotEstimate("Cannot test leads: no untreated period of a treated unit to test.")
    columns = np.column_stack([(event == e) & fit.untreated for e in events]).astype(np.float64)
    untreated = panel.subset(fit.untreated)
    return events, _regress(untreated, columns[fit.untreated], [f"event {e:g}" for e in events])


def lead_test(fit: ImputationFit, kind: str = "cr2", leads: int | None = None) -> JointTest | None:
    """Joint HTZ test of the leads; by default as many as the panel identifies, at most ``MAX_LEADS``.

    None where no number of leads can be tested.
    """
    for count in range(MAX_LEADS, 0, -1) if leads is None else (leads,):
        try:
            _, estimator = untreated_leads(fit, count)
            return joint_test(estimator, kind)
        except CannotEstimate:
            continue
    return None


def joint_test(estimator: LinearEstimator, kind: str) -> JointTest:
    """HTZ; beyond :data:`MANY_CLUSTERS` clusters F with CR1, which is then the same and costs no block of each cluster.

    Raises:
        CannotEstimate: the clusters do not identify the contrasts' covariance.
    """
    if estimator.G > MANY_CLUSTERS:
        return wald_test(sandwich(estimator, "cr1" if kind in ("cr2", "cr3") else kind))
    return htz_test(sandwich(estimator, kind))


def imputation_event_study(
    panel: Panel,
    *,
    leads: int = MAX_LEADS,
    transition: int = 0,
    anticipation: int = 0,
    kind: str = "cr2",
    level: float = 0.95,
    seed: int = 0,
) -> EventStudy:
    """Leads among untreated cells and imputed lags, never- and not-yet-treated controls, one joint covariance.

    The covariance of a lead with a lag is that of their cluster scores. Fewer leads are taken where the panel does
    not identify them.

    Raises:
        CannotEstimate: see :func:`evaluation.effects.imputation.imputation`.
    """
    from evaluation.effects.contrasts import aggregate_contrasts

    fit = imputation(panel, anticipation=anticipation, transition=transition)
    terms, omega = aggregate_contrasts(fit, "event")
    post = sandwich(fit.contrast(omega), kind)
    post_scores = _by_label(panel, fit, omega, post)
    events: list[float] = []
    notes = list(fit.notes)
    pre: Sandwich | None = None
    for count in range(leads, 0, -1):
        try:
            events, estimator = untreated_leads(fit, count)
            pre = sandwich(estimator, kind)
            break
        except CannotEstimate:
            events = []
    if pre is None:
        notes.append("No lead is identified beside the fixed effects.")
        return _assemble([], terms, None, post, post_scores, None, level, seed, notes)
    codes = panel.cluster_codes()
    G = int(codes.max()) + 1
    present = np.unique(codes[fit.untreated])
    pre_scores = np.zeros((G, len(events)))
    # subset() keeps labels, and term_codes renumbers what is left in the same sorted order.
    pre_scores[present] = pre.scores * np.sqrt(pre.factor)
    return _assemble(events, terms, pre, post, post_scores, pre_scores, level, seed, notes)


def wls_event_study(
    panel: Panel,
    *,
    model: str = "dynamic",
    anticipation: int = 0,
    kind: str = "cr2",
    level: float = 0.95,
    null: float = 0.0,
    seed: int = 0,
) -> EventStudy:
    """Event study by regression: "dynamic" two-way effects, or "saturated" and averaged over waves."""
    if model not in ("dynamic", "saturated"):
        raise InputError(f'Event-study model "{model}" is unknown. Expected: dynamic or saturated.')
    events, estimator = (dynamic_twfe if model == "dynamic" else saturated)(panel, anticipation=anticipation)
    result = sandwich(estimator, kind)
    terms = [Term("event", event=e) for e in events]
    estimates = cluster_robust_estimates(result, terms, level=level, null=null)
    leads = [j for j, e in enumerate(events) if e < -anticipation]
    pretrend, notes = _joint(estimator.pick(leads), kind) if leads else (None, [])
    scores = result.scores * np.sqrt(result.factor)
    return _banded(events, estimator.theta, result.cov, scores, estimates, pretrend, level, seed, notes)


def _assemble(
    events: list[float],
    post_terms: list[Term],
    pre: Sandwich | None,
    post: Sandwich,
    post_scores: FloatArray,
    pre_scores: FloatArray | None,
    level: float,
    seed: int,
    notes: list[str],
) -> EventStudy:
    estimates = cluster_robust_estimates(post, post_terms, level=level, null=0.0)
    beta, scores, pretrend = post.estimator.theta, post_scores, None
    if pre is not None and pre_scores is not None:
        pre_terms = [Term("event", event=e) for e in events]
        estimates = cluster_robust_estimates(pre, pre_terms, level=level, null=0.0) + estimates
        beta, scores = np.r_[pre.estimator.theta, beta], np.hstack([pre_scores, scores])
        pretrend, more = _joint(pre.estimator, pre.kind)
        notes = [*notes, *more]
    events = [*events, *[float(t.event or 0.0) for t in post_terms]]
    return _banded(events, beta, scores.T @ scores, scores, estimates, pretrend, level, seed, notes)


def _banded(
    events: list[float],
    beta: FloatArray,
    cov: FloatArray,
    scores: FloatArray,
    estimates: list[Estimate],
    pretrend: JointTest | None,
    level: float,
    seed: int,
    notes: Sequence[str],
) -> EventStudy:
    """The estimates with simultaneous bands, and the critical value those rest on."""
    critical = critical_value(scores, level=level, seed=seed)
    bands = with_bands(estimates, scores, level=level, seed=seed)
    return EventStudy(tuple(events), beta, cov, tuple(bands), pretrend, critical, tuple(notes))


def critical_value(scores: FloatArray, *, level: float, seed: int, draws: int = 20_000) -> float:
    """Quantile of the largest |t| of all columns of cluster scores (G, m) under their own correlation."""
    normal = float(special.ndtri(0.5 + level / 2))
    deviation = np.sqrt((scores**2).sum(axis=0))
    if scores.shape[1] < 2 or not (deviation > 0).all():
        return normal
    rng = np.random.default_rng(seed)
    # Scores times independent normals have exactly the covariance scores'scores.
    largest = np.abs(rng.standard_normal((draws, scores.shape[0])) @ (scores / deviation)).max(axis=1)
    return max(normal, float(np.quantile(largest, level)))


def simultaneous_half_widths(
    scores: FloatArray, errors: FloatArray, df: FloatArray, *, level: float, seed: int, draws: int = 20_000
) -> FloatArray:
    """Half-widths (m,) that hold all m estimates at once.

    The normal maximum says at which level each must hold alone; that level's quantile is each estimate's own t's, so
    that few clusters widen the bands as they widen the intervals (``df`` infinite: the normal itself).
    """
    alone = special.ndtr(critical_value(scores, level=level, seed=seed, draws=draws))
    finite = np.where(np.isfinite(df), df, 1.0)
    t = np.where(np.isfinite(df), special.stdtrit(finite, alone), special.ndtri(alone))
    return np.asarray(errors * t, dtype=np.float64)


def with_bands(estimates: list[Estimate], scores: FloatArray, *, level: float, seed: int) -> list[Estimate]:
    """The estimates with ``band_low`` and ``band_high``; those without an interval stay as they are."""
    known = [j for j, e in enumerate(estimates) if e.std_error is not None and e.ci_high is not None]
    if len(known) < 2:
        return estimates
    errors = np.array([estimates[j].std_error for j in known], dtype=np.float64)
    df = np.array(
        [estimates[j].df if estimates[j].df is not None else np.inf for j in known], dtype=np.float64
    )
    half = simultaneous_half_widths(scores[:, known], errors, df, level=level, seed=seed)
    out = list(estimates)
    for j, width in zip(known, half.tolist(), strict=True):
        out[j] = replace(out[j], band_low=out[j].estimate - width, band_high=out[j].estimate + width)
    return out


def _joint(estimator: LinearEstimator, kind: str) -> tuple[JointTest | None, list[str]]:
    try:
        return joint_test(estimator, kind), []
    except CannotEstimate as problem:
        return None, [f"Leads not tested jointly: {problem.message}"]


def _by_label(panel: Panel, fit: ImputationFit, omega: FloatArray, result: Sandwich) -> FloatArray:
    """Scores by the whole panel's cluster codes, although the estimator numbers only the clusters it kept."""
    keep = fit.untreated.copy()
    keep[fit.treated[np.abs(omega).max(axis=1) > 0]] = True
    codes = panel.cluster_codes()
    out = np.zeros((int(codes.max()) + 1, omega.shape[1]))
    out[np.unique(codes[keep])] = result.scores * np.sqrt(result.factor)
    return out


def _event_columns(panel: Panel, anticipation: int) -> tuple[list[float], FloatArray]:
    assert panel.start is not None
    event = panel.event
    reference = reference_event(panel, anticipation)
    events = [float(e) for e in np.unique(event[np.isfinite(event)]) if e != reference]
    if np.isfinite(panel.start).all():
        # Without never-treated units a linear trend in event time is not identified: one more is left out.
        events = [e for e in events if e != min(events)]
    return events, np.column_stack([event == e for e in events]).astype(np.float64)


def _regress(
    panel: Panel, columns: FloatArray, names: list[str], L: FloatArray | None = None
) -> LinearEstimator:
    return weighted_least_squares(
        panel.y,
        columns,
        fit_nuisance(panel),
        phi=panel.phi,
        cluster=panel.cluster_codes(),
        N=panel.N,
        names=tuple(names),
        L=L,
    )
