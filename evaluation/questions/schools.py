"""Question (f): do the schools differ? Raw effects and shrunk ones side by side, with the spread, never a ranking."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.effects.contrasts import contrasts_by
from evaluation.effects.sandwich import sandwich
from evaluation.effects.schools import pool_schools
from evaluation.errors import CannotEstimate
from evaluation.protocol import Protocol
from evaluation.questions.model import contrast_rows, fit_grade_model, weights_kind
from evaluation.questions.rows import EffectRow, why_not
from evaluation.words import Number, noted, say
from evaluation.words.catalogue.estimates import Note


def answer(monthly: pd.DataFrame, protocol: Protocol) -> list[EffectRow]:
    """A raw and a shrunk row per school, and one for the mean of schools with the spread in its note.

    The schools' effects come with their full CR2 covariance, because they share the comparison months.
    """
    weights = protocol.estimand.weights
    blank = EffectRow("school", "raw", protocol.primary_outcome.id, "school", "", "all", weights)
    try:
        model = fit_grade_model(monthly, protocol.primary_outcome, protocol)
        terms, omega = contrasts_by(model.fit, "school_id", weights=weights_kind(weights))
    except CannotEstimate as refusal:
        return [replace(blank, group_kind="all", group_id="all").refused(why_not(refusal))]
    raw = contrast_rows(model, terms, omega, blank)
    if len(terms) < 2:
        return raw
    meat = sandwich(model.fit.contrast(omega), protocol.inference.interval)
    level = protocol.verdict.level
    try:
        pooled = pool_schools(
            [str(t.group) for t in terms], omega.T @ model.fit.effects, _positive(meat.cov), level=level
        )
    except CannotEstimate as refusal:
        return [
            *raw,
            replace(blank, estimator="pooled", group_kind="all", group_id="all").refused(why_not(refusal)),
        ]
    shrunk = [
        replace(
            row,
            estimator="shrunk",
            estimate_pp=school.shrunk,
            ci_low_pp=school.shrunk_low,
            ci_high_pp=school.shrunk_high,
            std_error_pp=float("nan"),
            df=float("nan"),
            p_value=float("nan"),
            inference="REML, skrumpet mod gennemsnittet",
            note=noted(say(Note.SHRUNK, kept=Number(school.kept, 2))),
        )
        for row, school in zip(raw, pooled.schools, strict=True)
    ]
    spread = {
        name: Number(float(np.sqrt(t)), 3)
        for name, t in (("tau", pooled.tau2), ("low", pooled.tau2_low), ("high", pooled.tau2_high))
    }
    mean = replace(
        blank,
        estimator="pooled",
        group_kind="all",
        group_id="all",
        estimate_pp=pooled.estimate,
        ci_level=level,
        ci_low_pp=pooled.ci_low,
        ci_high_pp=pooled.ci_high,
        std_error_pp=pooled.std_error,
        inference="REML, Hartung–Knapp",
        clusters=raw[0].clusters,
        treated_clusters=sum(r.treated_clusters for r in raw),
        pupils=sum(r.pupils for r in raw),
        pupil_days=sum(r.pupil_days for r in raw),
        note=noted(say(Note.SPREAD, **spread)),
    )
    return [*raw, *shrunk, mean]


def _positive(cov: np.ndarray) -> np.ndarray:
    """The covariance made safely positive definite: few clusters can leave it a hair below."""
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    return np.asarray(
        vectors @ np.diag(np.maximum(values, 1e-8 * values.max())) @ vectors.T, dtype=np.float64
    )
