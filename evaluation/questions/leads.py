"""Question (c) and doubt about it: months before and after the talks, and how wrong parallel trends may be before the
milestone's answer turns. The look at the months before stands in ``trend_before``.

Year on year: the model of these months compares every month with the cell's own same month in earlier years, so the
months before the talks (leads) are estimated beside those after it, in one imputation that uses neither, and never run over
the summer. Month 0 is the talk month itself; it is a transition and stands as the reference.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evaluation.effects.event_study import simultaneous_half_widths
from evaluation.effects.honest import Restriction
from evaluation.effects.honest_few import FewClusters
from evaluation.effects.imputation import ImputationFit, imputation
from evaluation.effects.results import FloatArray, Term
from evaluation.effects.sandwich import Sandwich, sandwich
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.errors import CannotEstimate, KomgladError
from evaluation.protocol import Protocol
from evaluation.questions import trend_before
from evaluation.questions.model import (
    GradeModel,
    analysis_panel,
    contrast_rows,
    require_treated,
    weights_kind,
)
from evaluation.questions.rows import EffectRow, why_not
from evaluation.tables import table
from evaluation.words import Statement, noted, say
from evaluation.words.catalogue.estimates import Note

SMOOTHNESS_PP = (0.0, 0.1, 0.25)
"""How much the difference in trend may bend from month to month, percentage points."""

MINIMUM_CLUSTERS = 4
"""A month is shown when at least so many cells stand behind it: fewer is a school, not a pattern."""


@dataclass(frozen=True)
class EventStudy:
    """``months`` (m,) since the talks, 0 left out; ``omega`` (n1, m); ``meat`` with the joint covariance."""

    model: GradeModel
    months: tuple[int, ...]
    omega: FloatArray
    meat: Sandwich

    @property
    def leads(self) -> list[int]:
        """Positions of the months before the talks that at least half of the treated cells stand behind.

        Leads of a single late wave would cost degrees of freedom without speaking for the others.
        """
        cluster = self.model.panel.cluster_codes()[self.model.fit.treated]
        behind = [np.unique(cluster[np.abs(self.omega[:, i]) > 0]).size for i in range(len(self.months))]
        return [i for i, m in enumerate(self.months) if m < 0 and behind[i] >= max(behind) / 2]

    @property
    def posts(self) -> list[int]:
        """Positions of the months after the talks."""
        return [i for i, m in enumerate(self.months) if m > 0]


def event_study(monthly: pd.DataFrame, protocol: Protocol) -> EventStudy:
    """Effects by month since the talks, leads within the follow-up year included.

    Raises:
        CannotEstimate: no grade has a whole month after its talks, or nothing to compare with.
    """
    require_treated(monthly, protocol)
    weights = protocol.estimand.weights
    panel = analysis_panel(
        monthly, protocol.primary_outcome, protocol, model=_model_of_months(protocol), weights=weights
    )
    in_year = monthly["school_year"].eq(protocol.years.follow_up)
    first = monthly.loc[in_year, "t"].min()
    reach = int((monthly["start"] - first).max())
    fit = imputation(panel, anticipation=reach)
    model = GradeModel(monthly, panel, fit, protocol.primary_outcome, protocol, 0, weights)
    months, omega = _columns(fit, float(first), monthly, weights)
    return EventStudy(model, months, omega, sandwich(fit.contrast(omega), protocol.inference.interval))


def _model_of_months(protocol: Protocol) -> str:
    """Months before the talks are effects here, so they cannot also be what a grade's own year is measured from."""
    model = protocol.estimand.model
    return "same_month_last_year" if model == "same_month_own_year" else model


def _columns(
    fit: ImputationFit, first_t: float, monthly: pd.DataFrame, weights: str
) -> tuple[tuple[int, ...], FloatArray]:
    panel = fit.panel
    event = panel.event[fit.treated] + 1
    transition = monthly.groupby("cell")["transition"].first().fillna(0)
    own = transition.reindex(panel.keys["cell"].to_numpy()[fit.treated]).to_numpy()
    # Leads are counted back from the first talk month, posts forward from the last.
    month = np.where(event >= 1, event, np.where(event > -own + 0.5, 0, event + own - 1))
    inside = (panel.time[fit.treated] >= first_t) & (month != 0)
    cluster = panel.cluster_codes()[fit.treated]
    shown = [
        int(m)
        for m in np.unique(month[inside])
        if np.unique(cluster[inside & (month == m)]).size >= MINIMUM_CLUSTERS
    ]
    if not shown:
        raise CannotEstimate("too few clusters behind every month", why=Note.FEW_PER_MONTH)
    kind = weights_kind(weights)
    return tuple(shown), np.column_stack([fit.weights(inside & (month == m), kind) for m in shown])


@dataclass(frozen=True)
class Leads:
    """Everything question (c) says: rows of the effects table, ``out_pretrend`` and ``out_honest``."""

    rows: list[EffectRow]
    pretrend: pd.DataFrame
    honest: pd.DataFrame


def answer(monthly: pd.DataFrame, protocol: Protocol, round_id: str) -> Leads:
    """The months since the talks, the test of those before, and the robust intervals; in words where there are none."""
    try:
        study, why = event_study(monthly, protocol), say(Note.NO_MONTHS_BEFORE)
        rows = event_rows(study)
    except CannotEstimate as refusal:
        study, why = None, why_not(refusal)
        blank = EffectRow(
            "event_study",
            "imputation",
            protocol.primary_outcome.id,
            "all",
            "all",
            "",
            protocol.estimand.weights,
        )
        rows = [blank.refused(why)]
    return Leads(rows, trend_before.table_of(monthly, protocol, round_id), honest_table(study, why, round_id))


def event_rows(study: EventStudy) -> list[EffectRow]:
    """One row per month since the talks, each with its own interval and with the band that holds all months at once."""
    model = study.model
    blank = EffectRow("event_study", "imputation", model.outcome.id, "all", "all", "", model.weights)
    rows = contrast_rows(model, [Term("event", event=float(m)) for m in study.months], study.omega, blank)
    rows = [replace(row, horizon=str(m)) for row, m in zip(rows, study.months, strict=True)]
    known = [j for j, row in enumerate(rows) if np.isfinite(row.std_error_pp) and np.isfinite(row.df)]
    if len(known) < 2:
        return rows
    half = simultaneous_half_widths(
        study.meat.scores[:, known],
        np.array([rows[j].std_error_pp for j in known]),
        np.array([rows[j].df for j in known]),
        level=model.protocol.verdict.level,
        seed=model.protocol.study.seed,
    )
    for j, width in zip(known, half.tolist(), strict=True):
        middle = rows[j].estimate_pp
        rows[j] = replace(rows[j], band_low_pp=middle - width, band_high_pp=middle + width)
    return rows


def _milestone_weights(study: EventStudy) -> FloatArray:
    """Weights over the posts that make up the milestone, pupil-days; over all posts when none is in it."""
    fit, wanted = study.model.fit, set(study.model.protocol.milestone.months)
    own = study.model.panel.w[fit.treated]
    sizes = np.array(
        [own[np.abs(study.omega[:, i]) > 0].sum() if study.months[i] in wanted else 0.0 for i in study.posts]
    )
    if not sizes.sum() > 0:
        sizes = np.ones(len(study.posts))
    return np.asarray(sizes / sizes.sum(), dtype=np.float64)


def _few_clusters(study: EventStudy) -> FewClusters:
    """Leads and posts with their precision, aimed at the milestone."""
    fit, kind = study.model.fit, study.model.protocol.inference.interval
    order = [*study.leads, *study.posts]
    columns = study.omega[:, order]
    estimator = fit.contrast(columns)

    def df_of(weights: FloatArray) -> float:
        return float(satterthwaite_df(sandwich(fit.contrast(columns @ weights[:, None]), kind))[0])

    return FewClusters(
        betahat=columns.T @ fit.effects,
        sigma=study.meat.cov[np.ix_(order, order)],
        working=np.einsum("ij,i,ij->j", estimator.V, estimator.phi, estimator.V),
        df=satterthwaite_df(study.meat)[order],
        df_of=df_of,
        n_pre=len(study.leads),
        l_vec=_milestone_weights(study),
    )


def honest_table(study: EventStudy | None, why: Statement, round_id: str) -> pd.DataFrame:
    """``out_honest``: the interval at the milestone's weights under bounded violations of parallel trends."""
    declared = table("out_honest")
    if study is None or not study.leads or not study.posts:
        row = {"round": round_id, "look": "all", "restriction": "relative-magnitudes", "note": noted(why)}
        return declared.conform(pd.DataFrame([row]).reindex(columns=list(declared.columns)))
    protocol = study.model.protocol
    known = _few_clusters(study)
    rows: list[dict[str, object]] = []
    plan: tuple[tuple[Restriction, tuple[float, ...]], ...] = (
        ("relative-magnitudes", protocol.inference.honest_relative_magnitudes),
        ("smoothness", SMOOTHNESS_PP),
    )
    for restriction, bounds in plan:
        try:
            found = known.intervals(restriction, bounds, protocol.verdict.level)
            breakdown = known.breakdown(restriction, protocol.verdict.level)
        except KomgladError as refusal:
            rows.append({"restriction": restriction, "note": noted(why_not(refusal))})
            continue
        rows += [
            {
                "restriction": i.restriction,
                "bound": i.bound,
                "ci_low_pp": i.ci_low,
                "ci_high_pp": i.ci_high,
                "breakdown": breakdown,
                "note": "",
            }
            for i in found
        ]
    frame = pd.DataFrame(rows).reindex(columns=list(declared.columns)).assign(round=round_id, look="all")
    return declared.conform(frame)
