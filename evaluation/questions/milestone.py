"""Question (d): the milestone, θ = Σ_e w_e · ATT(e) over whole months after the talks, pooled and per wave.

The protocol's model is primary for the pooled look and for waves alike; the model beside it is shown for both. What the two
disagree by is how the treated cohorts differed before the talks; that, with its interval, the alarm "models disagree" reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.effects.imputation import ImputationFit
from evaluation.effects.results import BoolArray, FloatArray, Term
from evaluation.errors import CannotEstimate
from evaluation.protocol import Protocol, Round
from evaluation.questions.bias import bias_rows
from evaluation.questions.cohorts_before import cohorts_before
from evaluation.questions.due import POOLED, LookTiming, timings, without_unreached
from evaluation.questions.model import (
    GradeModel,
    contrast_rows,
    fit_grade_model,
    weights_kind,
    with_bootstrap,
    with_permutation,
)
from evaluation.questions.rows import EffectRow, why_not
from evaluation.words import say
from evaluation.words.catalogue.estimates import Note

COHORTS = "cohorts_before"
"""The estimator whose row says how the treated cohorts differed before the talks: what the two models disagree by."""


def answer(
    monthly: pd.DataFrame, core_talks: pd.DataFrame, protocol: Protocol, the_round: Round
) -> list[EffectRow]:
    """Every row of question (d): the primary model with pupil-days and with equal weights, and the model beside it.

    A look that is not due has no number: half a milestone is not a milestone. A look belongs to the round where it is due;
    a later round repeats it on the months of that round and does not test it again.
    """
    looks = timings(core_talks, protocol, the_round.cutoff)
    primary, beside = protocol.estimand.model, protocol.estimand.beside_model
    wanted = [
        ("imputation", weights, primary) for weights in dict.fromkeys((protocol.milestone.weights, "equal"))
    ]
    if beside is not None:
        wanted.append((f"imputation_{beside}", protocol.milestone.weights, beside))
    rows: list[EffectRow] = []
    models: dict[str, GradeModel] = {}
    for estimator, weights, name in wanted:
        blanks = _blanks(protocol, estimator, weights)
        try:
            model = _fitted(monthly, protocol, looks[POOLED], weights, name)
        except CannotEstimate as refusal:
            rows += [row.refused(why_not(refusal), _status(looks, row)) for row in blanks]
            continue
        models.setdefault(name, model)
        rows += [_look(model, blank, looks[_look_of(blank)]) for blank in blanks]
    if primary in models and looks[POOLED].due.is_due:
        rows += _biases(
            models[primary], looks[POOLED], _blanks(protocol, "imputation", protocol.milestone.weights)[0]
        )
    if beside is not None and {primary, beside} <= set(models):
        rows.append(_cohorts(monthly, protocol, looks[POOLED]))
    return rows


def _fitted(
    monthly: pd.DataFrame, protocol: Protocol, pooled: LookTiming, weights: str, model: str
) -> GradeModel:
    """The model on the months up to the last the pooled look rests on, without the cells no round reaches."""
    frame = without_unreached(monthly, pooled.unreached)
    if pooled.decided_in is not None:
        frame = frame[frame["month"] <= f"{pooled.decided_in.cutoff:%Y-%m}"]
    return fit_grade_model(frame, protocol.primary_outcome, protocol, model=model, weights=weights)


def _look(model: GradeModel, blank: EffectRow, timing: LookTiming) -> EffectRow:
    if not timing.due.is_due:
        return blank.refused(say(Note.NOT_DUE), "not_due")
    horizon = _horizon(model.protocol)
    try:
        omega = _omega(model, timing.waves, horizon, blank.weights)
    except CannotEstimate as refusal:
        return blank.refused(why_not(refusal))
    row = contrast_rows(model, [Term("overall")], omega, blank)[0]
    null = -model.protocol.milestone.relevant_change_pp
    row = with_permutation(model, row, horizon, timing.waves, null=null)
    return with_bootstrap(model, row, omega) if blank.group_kind == "all" else row


def _biases(model: GradeModel, timing: LookTiming, blank: EffectRow) -> list[EffectRow]:
    try:
        return bias_rows(model, _omega(model, timing.waves, _horizon(model.protocol), blank.weights), blank)
    except CannotEstimate:
        return []


def _cohorts(monthly: pd.DataFrame, protocol: Protocol, timing: LookTiming) -> EffectRow:
    """What tells the two models apart: how the treated cohorts differed before any talk, in points."""
    blank = _blanks(protocol, COHORTS, protocol.milestone.weights)[0]
    if not timing.due.is_due:
        return blank.refused(say(Note.NOT_DUE), "not_due")
    try:
        found = cohorts_before(without_unreached(monthly, timing.unreached), protocol)
    except CannotEstimate as refusal:
        return blank.refused(why_not(refusal))
    estimate, half = float(found.estimate[0]), float(found.half_width(protocol.verdict.level)[0])
    return replace(
        blank,
        estimate_pp=estimate,
        ci_level=protocol.verdict.level,
        ci_low_pp=estimate - half,
        ci_high_pp=estimate + half,
        std_error_pp=float(found.std_error[0]),
        df=found.df,
        p_value=float(found.p_value()[0]),
        clusters=found.clusters,
        inference="CR2/Satterthwaite",
    )


def _status(looks: Mapping[str, LookTiming], row: EffectRow) -> str:
    return "not_estimable" if looks[POOLED].due.is_due and row.group_kind == "all" else "not_due"


def _look_of(row: EffectRow) -> str:
    return POOLED if row.group_kind == "all" else row.group_id


def _horizon(protocol: Protocol) -> tuple[float, ...]:
    return tuple(float(m - 1) for m in protocol.milestone.months)


def _blanks(protocol: Protocol, estimator: str, weights: str) -> list[EffectRow]:
    outcome, months = protocol.primary_outcome.id, _months(protocol)
    return [
        EffectRow("milestone", estimator, outcome, "all", "all", months, weights),
        *(
            EffectRow("milestone", estimator, outcome, "wave", w.id, months, weights)
            for w in protocol.group_waves
        ),
    ]


def _omega(model: GradeModel, waves: Sequence[str], horizon: tuple[float, ...], weights: str) -> FloatArray:
    fit = model.fit
    mask = np.isin(fit.panel.event[fit.treated], horizon) & _in_waves(fit, waves)
    if not mask.any():
        raise CannotEstimate("no cell of the milestone's months can be compared", why=Note.NO_CELLS)
    return fit.weights(mask, weights_kind(weights))[:, None]


def _in_waves(fit: ImputationFit, waves: Sequence[str]) -> BoolArray:
    return np.isin(fit.panel.keys["wave"].to_numpy(dtype=str)[fit.treated], np.asarray(waves, dtype=str))


def _months(protocol: Protocol) -> str:
    months = protocol.milestone.months
    return f"{min(months)}-{max(months)}"
