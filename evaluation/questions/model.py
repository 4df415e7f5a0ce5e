"""The grade-level model of a study and how one contrast of it becomes a row: estimate, interval, p-values, MDE.

``y ~ D + cell × calendar month + school × year-month + cell × school year``: what a grade's absence has moved since its
own months before the talks, beside the same step of the calendar in earlier years and the untreated grades of its own
school. Without the last term (the model that stands beside) a better cohort of pupils looks like an effect. By
imputation, so that a cell already treated is never a control. Every average is one linear functional: CR2/Satterthwaite
for the interval, the exact permutation over grades as the p-value of record, the wild bootstrap as an alarm
(docs/methods.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evaluation.design import compared, others_values
from evaluation.effects.design import Panel
from evaluation.effects.imputation import ImputationFit, imputation
from evaluation.effects.permutation import permutation_test
from evaluation.effects.power import minimum_detectable_effect
from evaluation.effects.results import Estimate, FloatArray, IntArray, Term
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates, satterthwaite_df
from evaluation.effects.wild import wild_bootstrap
from evaluation.errors import CannotEstimate, InputError
from evaluation.panel.estimation import outcome_pct
from evaluation.protocol import Outcome, Protocol
from evaluation.questions.rows import EffectRow, why_not
from evaluation.words import Names, Statement, noted, say, taken_all
from evaluation.words.catalogue.estimates import Note


def absorbed(protocol: Protocol, model: str) -> tuple[str, ...]:
    """The fixed effects of one of the protocol's models, given whom the study compares with."""
    month_of = compared(protocol).month_of
    return {
        "same_month_last_year": ("cell:cal_month", month_of),
        "same_month_own_year": ("cell:cal_month", month_of, "cell:school_year"),
        "two_way": ("cell", "month"),
    }[model]


@dataclass(frozen=True)
class GradeModel:
    """A fitted model of one outcome. ``frame`` is the monthly panel it was made from, transition months included."""

    frame: pd.DataFrame
    panel: Panel
    fit: ImputationFit
    outcome: Outcome
    protocol: Protocol
    transition: int
    weights: str


def analysis_panel(
    monthly: pd.DataFrame,
    outcome: Outcome,
    protocol: Protocol,
    *,
    model: str,
    weights: str,
    keep: tuple[str, ...] = (),
) -> Panel:
    """The engine's panel for one outcome: weights are pupil-days (with the working model that makes them so) or equal.

    ``keep`` names further label columns that are wanted with the panel.
    """
    frame = monthly.assign(y=outcome_pct(monthly, outcome, protocol), wave=monthly["wave"].fillna(""))
    by_days = weights == "pupil_days"
    return Panel.from_frame(
        frame,
        outcome="y",
        unit="cell",
        time="t",
        start="start",
        weights="possible_days" if by_days else None,
        absorb=absorbed(protocol, model),
        cluster=compared(protocol).cluster,
        rows="possible_days",
        working="inverse-weight" if by_days else "identity",
        keep=("school_id", "grade", "month", "cell", "wave", "pupils", *keep),
    )


def fit_grade_model(
    monthly: pd.DataFrame,
    outcome: Outcome,
    protocol: Protocol,
    *,
    model: str | None = None,
    weights: str | None = None,
) -> GradeModel:
    """Fit the protocol's model (or its check) to the monthly panel.

    Raises:
        CannotEstimate: no grade has finished its talks, or there is nothing to compare with.
    """
    weights = weights or protocol.estimand.weights
    require_treated(monthly, protocol)
    in_treated_months = monthly["t"].isin(monthly.loc[monthly["is_treated"], "t"])
    if not (in_treated_months & ~monthly["is_treated"] & ~monthly["is_transition"]).any():
        raise CannotEstimate("everybody is treated", why=Note.EVERYBODY)
    if monthly["school_year"].nunique() < 2:
        raise CannotEstimate("no school year before", why=Note.NO_YEAR_BEFORE)
    transition = int(monthly["transition"].min())
    frame = without_longer_transitions(monthly, transition)
    panel = analysis_panel(frame, outcome, protocol, model=model or protocol.estimand.model, weights=weights)
    return GradeModel(
        frame, panel, imputation(panel, transition=transition), outcome, protocol, transition, weights
    )


def require_treated(monthly: pd.DataFrame, protocol: Protocol) -> None:
    """Pass where some group has a whole month after its talks.

    Raises:
        CannotEstimate: none has, or the study's programme is given to pupils of a list alone.
    """
    if not protocol.group_waves:
        raise CannotEstimate("pupils of a list, not groups", why=Note.LISTED)
    if not monthly["is_treated"].any():
        raise CannotEstimate("no grade has a whole month after its talks", why=Note.NO_WHOLE_MONTH)


def without_longer_transitions(monthly: pd.DataFrame, transition: int) -> pd.DataFrame:
    """The panel with at most ``transition`` talk months left in each cell, which the fit then leaves out.

    One school that took two months for its talks must not cost every other cell its last month before them: with August
    alone before September's talks that month is all a grade is measured from.
    """
    is_longer = monthly["is_transition"] & (monthly["t"] < monthly["start"] - transition)
    return monthly[~is_longer].reset_index(drop=True)


def contrast_rows(
    model: GradeModel, terms: list[Term], omega: FloatArray, blank: EffectRow
) -> list[EffectRow]:
    """A row for each column of ``omega`` (n1, m): estimate, CR2 interval, MDE and what is behind it."""
    return [_contrast_row(model, term, omega[:, [j]], blank) for j, term in enumerate(terms)]


def _contrast_row(model: GradeModel, term: Term, omega: FloatArray, blank: EffectRow) -> EffectRow:
    rule, inference, fit = model.protocol.verdict, model.protocol.inference, model.fit
    meat = sandwich(fit.contrast(omega, for_bootstrap=False), inference.interval)
    df = satterthwaite_df(meat)
    wide = cluster_robust_estimates(meat, [term], level=rule.level, null=0.0, df=df)[0]
    cells = fit.treated[np.abs(omega[:, 0]) > 0]
    cluster = fit.panel.cluster_codes()
    days, pupils = _behind(fit.panel, cells)
    row = replace(
        blank,
        group_id=blank.group_id if term.group is None else str(term.group),
        inference=f"{inference.interval.upper()}/Satterthwaite",
        clusters=int(np.unique(cluster).size),
        treated_clusters=int(np.unique(cluster[cells]).size),
        pupils=pupils,
        pupil_days=days,
        baseline_pct=float(omega[:, 0] @ fit.panel.y[fit.treated]) - wide.estimate,
        estimate_pp=wide.estimate,
    )
    return _with_interval(row, wide, model.protocol)


def _with_interval(row: EffectRow, wide: Estimate, protocol: Protocol) -> EffectRow:
    if wide.std_error is None or wide.df is None or wide.ci_low is None or wide.ci_high is None:
        return replace(row, note=noted(say(Note.NO_INTERVAL)))
    level, power = protocol.verdict.level, protocol.inference.power
    return replace(
        row,
        ci_level=level,
        ci_low_pp=wide.ci_low,
        ci_high_pp=wide.ci_high,
        std_error_pp=wide.std_error,
        df=wide.df,
        p_value=_number(wide.p_value),
        mde_pp=minimum_detectable_effect(wide.std_error, wide.df, level=level, power=power),
    )


def with_bootstrap(model: GradeModel, row: EffectRow, omega: FloatArray) -> EffectRow:
    """Restricted and unrestricted wild cluster bootstrap beside the interval: an alarm when they disagree.

    With fewer than two treated clusters neither can be trusted (MacKinnon & Webb 2018), and the row says so.
    """
    protocol = model.protocol
    try:
        found = wild_bootstrap(
            model.fit.contrast(omega, for_bootstrap=True),
            draws=protocol.inference.bootstrap_draws,
            seed=protocol.study.seed,
            interval=False,
        )
    except (CannotEstimate, InputError) as refusal:
        return replace(row, note=_joined(row.note, why_not(refusal)))
    row = replace(row, p_wild_restricted=found.p_value, p_wild_unrestricted=found.p_other)
    alpha = protocol.verdict.alpha
    if (found.p_value <= alpha) != (found.p_other <= alpha):
        row = replace(row, note=_joined(row.note, say(Note.BOOTSTRAPS_DIFFER)))
    return row


def with_permutation(
    model: GradeModel,
    row: EffectRow,
    horizon: tuple[float, ...] | None,
    waves: Sequence[str] | None = None,
    *,
    null: float | None = None,
) -> EffectRow:
    """The exact p-value over who could have had the programme instead: grades, schools, or both
    (:mod:`evaluation.design`). ``waves`` keeps only these beside the never treated ones.

    ``null`` is a second null hypothesis in points, whose p-value is written beside (``p_relevant``). Schools that lack a
    grade cannot lend or take its calendar and are named.
    """
    panel, how = model.panel, compared(model.protocol)
    if waves is not None:
        is_other = panel.keys[how.assign].isin(others_values(model.protocol, waves))
        is_other |= ~panel.keys["wave"].isin(["", *waves])
        panel = panel.subset(~is_other.to_numpy())
    try:
        found, beside = (
            permutation_test(
                panel,
                how.assign,
                within=how.within,
                horizon=horizon,
                weights=weights_kind(model.weights),
                transition=model.transition,
                null=value,
                seed=model.protocol.study.seed,
            )
            for value in (0.0, null or 0.0)
        )
    except (CannotEstimate, InputError) as refusal:
        return replace(row, note=_joined(row.note, why_not(refusal)))
    if found.left_out:
        row = replace(row, note=_joined(row.note, _left_out(panel, model.protocol)))
    row = replace(row, p_permutation=found.p_value, p_smallest=found.smallest_p)
    return row if null is None else replace(row, p_relevant=beside.p_value)


def _left_out(panel: Panel, protocol: Protocol) -> Statement:
    """Schools without one of the grades that the others have (or grades that some school lacks), in the protocol's order."""
    how = compared(protocol)
    assert how.within is not None  # without pairs nothing is left out
    have = panel.keys.groupby(how.within)[how.assign].nunique()
    lacking = set(have[have < panel.keys[how.assign].nunique()].index)
    if how.within == "school_id":
        names = Names(tuple(s.name for s in protocol.schools if s.id in lacking))
        return say(Note.WITHOUT_SCHOOLS, schools=names)
    names = Names(tuple(protocol.grades.name(g) for g in protocol.grades.order if g in lacking))
    return say(Note.WITHOUT_GRADES, grades=names)


def _behind(panel: Panel, cells: IntArray) -> tuple[float, float]:
    """Pupil-days behind the treated cells, and pupils (mean over months, summed over school × grade)."""
    unit, pupils = panel.unit[cells], panel.keys["pupils"].to_numpy(dtype=np.float64)[cells]
    months, sums = np.bincount(unit), np.bincount(unit, weights=pupils)
    seen = months > 0
    return float(panel.rows[cells].sum()), float((sums[seen] / months[seen]).sum())


def weights_kind(weights: str) -> str:
    """The protocol's word for weights in the engine's: pupil-days are each cell's own weight."""
    return "observation" if weights == "pupil_days" else "equal"


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _joined(note: str, more: Statement) -> str:
    return noted(*taken_all(note), more)
