"""Question (d): the milestone, θ = Σ_e w_e · ATT(e) over whole months after the talks, pooled and per wave."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evaluation.effects.imputation import ImputationFit
from evaluation.effects.results import BoolArray, FloatArray, Term
from evaluation.errors import CannotEstimate
from evaluation.protocol import Protocol
from evaluation.questions.model import (
    GradeModel,
    contrast_rows,
    fit_grade_model,
    weights_kind,
    with_bootstrap,
    with_permutation,
)
from evaluation.questions.rows import EffectRow


def waves_due(core_talks: pd.DataFrame, protocol: Protocol, cutoff: dt.date) -> dict[str, bool]:
    """For each wave: have its talks been held in every school and is its last month complete by the cut-off?"""
    due = {}
    for wave in protocol.waves:
        mine = core_talks[core_talks["wave"] == wave.id]
        complete = pd.to_datetime(mine["milestone_complete_on"])
        due[wave.id] = bool(
            len(mine) and mine["is_started"].all() and (complete <= pd.Timestamp(cutoff)).all()
        )
    return due


def answer(
    monthly: pd.DataFrame, core_talks: pd.DataFrame, protocol: Protocol, cutoff: dt.date
) -> list[EffectRow]:
    """Every row of question (d), with pupil-days and with equal weights.

    A wave that is not due has no number: half a milestone is not a milestone. Pooled are the waves that are due.
    """
    due = waves_due(core_talks, protocol, cutoff)
    rows: list[EffectRow] = []
    for weights in dict.fromkeys((protocol.milestone.weights, "equal")):
        try:
            model = fit_grade_model(monthly, protocol.primary_outcome, protocol, weights=weights)
            rows += milestone_rows(model, due, weights)
        except CannotEstimate as refusal:
            rows += [row.refused(refusal.message, "not_due") for row in _blanks(protocol, weights)]
    return rows


def milestone_rows(model: GradeModel, due: dict[str, bool], weights: str) -> list[EffectRow]:
    """Pooled over the waves that are due, then each wave."""
    protocol = model.protocol
    grade_of = {w.id: w.grade for w in protocol.waves}
    ready = [grade for wave, grade in grade_of.items() if due[wave]]
    pooled, *single = _blanks(protocol, weights)
    rows = [_milestone(model, pooled, ready)]
    for row, wave in zip(single, protocol.waves, strict=True):
        rows.append(_milestone(model, row, [wave.grade] if due[wave.id] else []))
    return rows


def _milestone(model: GradeModel, blank: EffectRow, grades: Sequence[str]) -> EffectRow:
    if not grades:
        return blank.refused("de hele måneder efter samtalerne er ikke gået på alle skoler", "not_due")
    horizon = tuple(float(m - 1) for m in model.protocol.milestone.months)
    try:
        omega = _omega(model, grades, horizon, blank.weights)
    except CannotEstimate as refusal:
        return blank.refused(refusal.message)
    row = contrast_rows(model, [Term("overall")], omega, blank)[0]
    row = with_permutation(model, row, horizon, grades)
    return with_bootstrap(model, row, omega) if blank.group_kind == "all" else row


def _blanks(protocol: Protocol, weights: str) -> list[EffectRow]:
    outcome, months = protocol.primary_outcome.id, _months(protocol)
    return [
        EffectRow("milestone", "imputation", outcome, "all", "all", months, weights),
        *(
            EffectRow("milestone", "imputation", outcome, "grade", w.grade, months, weights)
            for w in protocol.waves
        ),
    ]


def _omega(model: GradeModel, grades: Sequence[str], horizon: tuple[float, ...], weights: str) -> FloatArray:
    fit = model.fit
    mask = np.isin(fit.panel.event[fit.treated], horizon) & _in_grades(fit, grades)
    if not mask.any():
        raise CannotEstimate("Ingen celler i milepælens måneder kan sammenlignes med noget.")
    return fit.weights(mask, weights_kind(weights))[:, None]


def _in_grades(fit: ImputationFit, grades: Sequence[str]) -> BoolArray:
    return np.isin(fit.panel.keys["grade"].to_numpy(dtype=str)[fit.treated], np.asarray(grades, dtype=str))


def _months(protocol: Protocol) -> str:
    months = protocol.milestone.months
    return f"{min(months)}-{max(months)}"
