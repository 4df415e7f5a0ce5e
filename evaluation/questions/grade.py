"""Question (a): is absence lower on the grades than it would have been without the talks?"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaluation.effects.contrasts import aggregate_contrasts, contrasts_by
from evaluation.errors import CannotEstimate
from evaluation.panel.estimation import outcome_rows
from evaluation.protocol import Protocol
from evaluation.questions.model import (
    GradeModel,
    contrast_rows,
    fit_grade_model,
    weights_kind,
    with_bootstrap,
    with_permutation,
)
from evaluation.questions.other_estimators import beside
from evaluation.questions.rows import EffectRow, why_not


def grade_rows(model: GradeModel, *, estimator: str = "imputation") -> list[EffectRow]:
    """What is seen so far, over every month after the talks: all treated grades together, and each."""
    blank = EffectRow("grade", estimator, model.outcome.id, "all", "all", "all", model.weights)
    kind = weights_kind(model.weights)
    terms, omega = aggregate_contrasts(model.fit, "overall", weights=kind)
    pooled = with_permutation(model, contrast_rows(model, terms, omega, blank)[0], None)
    if model.outcome.is_primary:
        pooled = with_bootstrap(model, pooled, omega)
    terms, omega = contrasts_by(model.fit, "grade", weights=kind)
    return [pooled, *contrast_rows(model, terms, omega, replace(blank, group_kind="grade"))]


def answer(monthly: pd.DataFrame, protocol: Protocol, core_measured: pd.DataFrame) -> list[EffectRow]:
    """Every row of question (a): each outcome by the protocol's model; the primary one also by its checks.

    Checks: equal weights per cell, the check model (cell + month effects), and the other estimators on the same panel.
    """
    rows: list[EffectRow] = []
    for outcome in protocol.outcomes:
        blank = EffectRow("grade", "imputation", outcome.id, "all", "all", "all", protocol.estimand.weights)
        try:
            known = outcome_rows(monthly, core_measured, outcome)
            rows += grade_rows(fit_grade_model(known, outcome, protocol))
        except CannotEstimate as refusal:
            rows.append(blank.refused(why_not(refusal)))
    primary = protocol.primary_outcome
    check = protocol.estimand.check_model
    for label, weights, model in (
        ("imputation", "equal", None),
        (f"imputation_{check}", None, check),
    ):
        blank = EffectRow(
            "grade", label, primary.id, "all", "all", "all", weights or protocol.estimand.weights
        )
        try:
            rows += grade_rows(
                fit_grade_model(monthly, primary, protocol, model=model, weights=weights), estimator=label
            )
        except CannotEstimate as refusal:
            rows.append(blank.refused(why_not(refusal)))
    return [*rows, *beside(monthly, protocol)]
