"""Question (h): would the answer survive doubt? The main estimate, varied one thing at a time.

Every variation is the protocol's own model on other rows: without one school, without one grade of comparison,
without the grades at the ends, pretended a year earlier, and in the forms of a logit and a Poisson.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.functional_form import functional_form
from evaluation.effects.sensitivity import SensitivityRow, Variation, leave_one_out, without
from evaluation.errors import CannotEstimate, KomgladError
from evaluation.protocol import Protocol
from evaluation.questions.model import contrast_rows, fit_grade_model, weights_kind
from evaluation.questions.rows import EffectRow, form_row


@dataclass(frozen=True)
class _Found:
    estimate: float
    ci_low: float | None
    ci_high: float | None
    p_value: float | None


def answer(monthly: pd.DataFrame, protocol: Protocol) -> list[EffectRow]:
    """One row per variation; horizon names it, group_id what was left out."""
    blank = EffectRow(
        "sensitivity", "imputation", protocol.primary_outcome.id, "all", "", "main", protocol.estimand.weights
    )
    estimate = _estimator(protocol)
    never = [g for g in protocol.grades.order if g not in protocol.treated_grades]
    try:
        estimate(monthly)
    except CannotEstimate as refusal:
        return [blank.refused(refusal.message)]
    found = [*leave_one_out(monthly, estimate, "school_id")]
    found += [row for row in leave_one_out(monthly, estimate, "grade") if row.label in never]
    ends = [g for g in (protocol.grades.order[0], protocol.grades.order[-1]) if g in never]
    if ends and set(ends) < set(never):
        found.append(without(monthly, estimate, ends))
    rows = [_as_row(r, blank, protocol) for r in found]
    return [*rows, *_placebo(monthly, protocol, estimate, blank), *_forms(monthly, protocol, blank)]


def _estimator(protocol: Protocol) -> Callable[[pd.DataFrame], _Found]:
    def estimate(frame: pd.DataFrame) -> _Found:
        model = fit_grade_model(frame, protocol.primary_outcome, protocol)
        terms, omega = aggregate_contrasts(model.fit, "overall", weights=weights_kind(model.weights))
        blank = EffectRow("sensitivity", "imputation", "", "all", "all", "", model.weights)
        row = contrast_rows(model, terms, omega, blank)[0]
        return _Found(row.estimate_pp, _known(row.ci_low_pp), _known(row.ci_high_pp), _known(row.p_value))

    return estimate


def _placebo(
    monthly: pd.DataFrame, protocol: Protocol, estimate: Callable[[pd.DataFrame], _Found], blank: EffectRow
) -> list[EffectRow]:
    """The same talks pretended a year earlier must show nothing."""
    if protocol.years.placebo is None:
        return []
    earlier = monthly[monthly["school_year"] <= protocol.years.placebo]
    per_year = earlier.loc[earlier["school_year"] == protocol.years.placebo, "t"].nunique()
    if earlier["school_year"].nunique() < 2:
        return [
            replace(blank, horizon="placebo_year").refused(
                "Der er kun ét år før indsatsen, så intet at sammenligne."
            )
        ]
    pretended = earlier.assign(start=earlier["start"] - per_year, event=earlier["event"] + per_year)
    is_treated = pretended["start"].notna() & (pretended["t"] >= pretended["start"])
    first = pretended["start"] - pretended["transition"]
    pretended = pretended.assign(
        is_treated=is_treated, is_transition=(pretended["t"] >= first) & (pretended["t"] < pretended["start"])
    )
    return [_as_row(_tried(estimate, pretended, "placebo_year", protocol.years.placebo), blank, protocol)]


def _tried(
    estimate: Callable[[pd.DataFrame], _Found], frame: pd.DataFrame, variation: Variation, label: str
) -> SensitivityRow:
    try:
        e = estimate(frame)
    except CannotEstimate as refusal:
        return SensitivityRow(variation, label, "not_estimable", None, None, None, None, refusal.message)
    return SensitivityRow(variation, label, "estimated", e.estimate, e.ci_low, e.ci_high, e.p_value, "")


def _forms(monthly: pd.DataFrame, protocol: Protocol, blank: EffectRow) -> list[EffectRow]:
    """Logit and Poisson on the counts: does the answer hang on the linear form?"""
    frame = monthly[~monthly["is_transition"]].assign(treated=lambda f: f["is_treated"].astype(int))
    rows = []
    for form in ("logit", "poisson"):
        mine = replace(blank, estimator=form, horizon="functional_form")
        try:
            found = functional_form(frame, form, level=protocol.verdict.level)
        except KomgladError as refusal:
            rows.append(mine.refused(refusal.message))
            continue
        rows.append(form_row(mine, found, protocol.verdict.level))
    return rows


def _as_row(found: SensitivityRow, blank: EffectRow, protocol: Protocol) -> EffectRow:
    row = replace(blank, horizon=str(found.variation), group_id=found.label)
    if found.estimate is None:
        return row.refused(found.reason)
    return replace(
        row,
        estimate_pp=found.estimate,
        ci_low_pp=_nan(found.ci_low),
        ci_high_pp=_nan(found.ci_high),
        ci_level=protocol.verdict.level,
        p_value=_nan(found.p_value),
        inference="CR2/Satterthwaite",
        note=found.reason,
    )


def _known(value: float) -> float | None:
    return None if value != value else value


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
