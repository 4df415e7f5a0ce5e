"""Question (h): would the answer survive doubt? The main estimate, varied one thing at a time.

Every variation is the protocol's own model on other rows: without one school, without one grade of comparison,
without the grades at the ends, pretended a year earlier, and in the forms of a logit and a Poisson.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd

from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.functional_form import functional_form
from evaluation.errors import CannotEstimate, KomgladError
from evaluation.protocol import Protocol
from evaluation.questions.model import contrast_rows, fit_grade_model, weights_kind
from evaluation.questions.rows import EffectRow, form_row, why_not
from evaluation.words import Name, say
from evaluation.words.catalogue.estimates import Note
from evaluation.words.texts import texts

TEXT = texts("questions")
BOTH = "+"
"""Between the values of a row that leaves out several."""
REACHED = "reached"
"""The variation in which only cells that reached the declared share of their pupils count as treated."""
Estimator = Callable[[pd.DataFrame], EffectRow]


def answer(monthly: pd.DataFrame, protocol: Protocol) -> list[EffectRow]:
    """One row per variation; horizon names it, group_id what was left out."""
    blank = EffectRow(
        "sensitivity", "imputation", protocol.primary_outcome.id, "all", "", "main", protocol.estimand.weights
    )
    estimate = _estimator(protocol)
    there = set(monthly["grade"])
    never = [g for g in protocol.grades.order if g in there and g not in protocol.treated_grades]
    try:
        estimate(monthly)
    except CannotEstimate as refusal:
        return [blank.refused(why_not(refusal))]
    rows = _without_each(monthly, estimate, "school_id", sorted(monthly["school_id"].unique()), blank)
    rows += _without_each(monthly, estimate, "grade", never, blank)
    ends = [g for g in (protocol.grades.order[0], protocol.grades.order[-1]) if g in never]
    if ends and set(ends) < set(never):
        rows.append(
            _tried(estimate, monthly[~monthly["grade"].isin(ends)], blank, "without", left_out(*ends))
        )
    few = monthly["is_treated"] & monthly["is_reached"].eq(False)
    if few.any():
        # Intention to treat is primary; beside it the same without the months of cells where too few had the talk.
        cells = monthly.loc[few, "cell"]
        reached = monthly[~(monthly["cell"].isin(cells) & (monthly["is_treated"] | monthly["is_transition"]))]
        rows.append(_tried(estimate, reached, blank, "without", REACHED))
    return [*rows, *_placebo(monthly, protocol, estimate, blank), *_forms(monthly, protocol, blank)]


def left_out(*values: str) -> str:
    """The id of a row that leaves these values out. It must not read as a number: grades 0 and 9 are no "0,9"."""
    return BOTH.join(values)


def _without_each(
    monthly: pd.DataFrame, estimate: Estimator, column: str, values: Sequence[str], blank: EffectRow
) -> list[EffectRow]:
    """Once without each value; where there is only one, that it cannot be left out is the answer."""
    if len(values) == 1:
        what = Name(TEXT.all("only_one")[column])
        row = replace(blank, horizon="leave_one_out", group_id=left_out(*values))
        return [row.refused(say(Note.ONLY_ONE, what=what))]
    return [
        _tried(estimate, monthly[monthly[column] != v], blank, "leave_one_out", left_out(v)) for v in values
    ]


def _estimator(protocol: Protocol) -> Estimator:
    def estimate(frame: pd.DataFrame) -> EffectRow:
        model = fit_grade_model(frame, protocol.primary_outcome, protocol)
        terms, omega = aggregate_contrasts(model.fit, "overall", weights=weights_kind(model.weights))
        blank = EffectRow("sensitivity", "imputation", "", "all", "all", "", model.weights)
        return contrast_rows(model, terms, omega, blank)[0]

    return estimate


def _placebo(
    monthly: pd.DataFrame, protocol: Protocol, estimate: Estimator, blank: EffectRow
) -> list[EffectRow]:
    """The same talks pretended a year earlier must show nothing."""
    if protocol.years.placebo is None:
        return []
    earlier = monthly[monthly["school_year"] <= protocol.years.placebo]
    per_year = earlier.loc[earlier["school_year"] == protocol.years.placebo, "t"].nunique()
    if earlier["school_year"].nunique() < 2:
        return [replace(blank, horizon="placebo_year").refused(say(Note.ONE_YEAR))]
    pretended = earlier.assign(start=earlier["start"] - per_year, event=earlier["event"] + per_year)
    is_treated = pretended["start"].notna() & (pretended["t"] >= pretended["start"])
    first = pretended["start"] - pretended["transition"]
    pretended = pretended.assign(
        is_treated=is_treated, is_transition=(pretended["t"] >= first) & (pretended["t"] < pretended["start"])
    )
    return [_tried(estimate, pretended, blank, "placebo_year", protocol.years.placebo)]


def _tried(
    estimate: Estimator, frame: pd.DataFrame, blank: EffectRow, variation: str, label: str
) -> EffectRow:
    """The variation's row: estimate, interval and p of the same model on these rows; or why there is none."""
    row = replace(blank, horizon=variation, group_id=label)
    try:
        found = estimate(frame)
    except CannotEstimate as refusal:
        return row.refused(why_not(refusal))
    return replace(
        row,
        estimate_pp=found.estimate_pp,
        ci_low_pp=found.ci_low_pp,
        ci_high_pp=found.ci_high_pp,
        ci_level=found.ci_level,
        p_value=found.p_value,
        inference=found.inference,
    )


def _forms(monthly: pd.DataFrame, protocol: Protocol, blank: EffectRow) -> list[EffectRow]:
    """Logit and Poisson on the counts: does the answer hang on the linear form?"""
    frame = monthly[~monthly["is_transition"]].assign(treated=lambda f: f["is_treated"].astype(int))
    rows = []
    for form in ("logit", "poisson"):
        mine = replace(blank, estimator=form, horizon="functional_form")
        try:
            found = functional_form(frame, form, level=protocol.verdict.level)
        except KomgladError as refusal:
            rows.append(mine.refused(why_not(refusal)))
            continue
        rows.append(form_row(mine, found, protocol.verdict.level))
    return rows
