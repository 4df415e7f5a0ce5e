"""Question (b): the pupils who were there both years, from counts of them (core_cohort_cells)."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaluation.effects.same_pupils import followed_rows, same_pupils, same_pupils_form
from evaluation.errors import CannotEstimate, KomgladError
from evaluation.protocol import Protocol
from evaluation.questions.rows import EffectRow, form_row, remarks, why_not
from evaluation.words import noted, say
from evaluation.words.catalogue.estimates import Note


def answer(core_cohort_cells: pd.DataFrame, core_talks: pd.DataFrame, protocol: Protocol) -> list[EffectRow]:
    """The change of treated cohorts against untreated ones, natural ageing taken out; then as odds and as rates."""
    blank = EffectRow("same_pupils", "cohort", protocol.primary_outcome.id, "all", "all", "all", "pupil_days")
    started = core_talks[core_talks["is_started"].astype(bool)]
    first = {(str(r.school_id), str(r.grade)): str(r.first_month) for r in started.itertuples()}
    begun = core_talks[core_talks["transition_from_month"].notna()]
    transition = {(str(r.school_id), str(r.grade)): str(r.transition_from_month) for r in begun.itertuples()}
    if core_cohort_cells.empty:
        return [blank.refused(say(Note.NO_PUPILS_OF_TWO_YEARS))]
    try:
        rows = followed_rows(core_cohort_cells, first, transition, follow_up_year=protocol.years.follow_up)
        found = same_pupils(rows, level=protocol.verdict.level)
    except (CannotEstimate, KomgladError) as refusal:
        return [blank.refused(why_not(refusal))]
    estimate = found.estimate
    nothing = float("nan")
    return [
        EffectRow(
            *("same_pupils", "cohort", protocol.primary_outcome.id, "all", "all", "all", "pupil_days"),
            estimate_pp=estimate.estimate,
            ci_low_pp=nothing if estimate.ci_low is None else estimate.ci_low,
            ci_high_pp=nothing if estimate.ci_high is None else estimate.ci_high,
            ci_level=protocol.verdict.level,
            std_error_pp=nothing if estimate.std_error is None else estimate.std_error,
            df=nothing if estimate.df is None else estimate.df,
            p_value=nothing if estimate.p_value is None else estimate.p_value,
            inference="CR2/Satterthwaite, cluster: school × cohort",
            clusters=found.clusters,
            treated_clusters=found.treated_clusters,
            pupils=nothing if found.pupils is None else found.pupils,
            baseline_pct=found.before_pct,
            note=noted(*remarks(found.notes)),
        ),
        *_forms(rows, blank, protocol),
    ]


def _forms(rows: pd.DataFrame, blank: EffectRow, protocol: Protocol) -> list[EffectRow]:
    found = []
    for form in ("logit", "poisson"):
        mine = replace(blank, estimator=f"cohort_{form}", horizon="functional_form")
        try:
            fitted = same_pupils_form(rows, form, level=protocol.verdict.level)
        except KomgladError as refusal:
            found.append(mine.refused(why_not(refusal)))
            continue
        found.append(form_row(mine, fitted, protocol.verdict.level))
    return found
