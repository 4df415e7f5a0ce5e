"""The grade-level model of a study and how one contrast of it becomes a row: estimate, interval, p-values, MDE.

``y ~ D + cell × calendar month + school × year-month``: every grade is compared with its own same month the year
before, and with the untreated grades of its own school that month. By imputation, so that a cell already treated
is never a control. Every average is one linear functional: CR2/Satterthwaite for the interval, the exact
permutation over grades as the p-value of record, the wild bootstrap as an alarm (docs/methods.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

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
from evaluation.questions.rows import EffectRow

ABSORBED = {
    "same_month_last_year": ("cell:cal_month", "school_id:month"),
    "two_way": ("cell", "month"),
}
"""The fixed effects of the protocol's models."""


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
    frame = monthly.assign(y=outcome_pct(monthly, outcome, protocol))
    by_days = weights == "pupil_days"
    return Panel.from_frame(
        frame,
        outcome="y",
        unit="cell",
        time="t",
        start="start",
        weights="possible_days" if by_days else None,
        absorb=ABSORBED[model],
        cluster=protocol.inference.cluster,
        rows="possible_days",
        working="inverse-weight" if by_days else "identity",
        keep=("school_id", "grade", "month", "cell", "pupils", *keep),
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
    if not monthly["is_treated"].any():
        raise CannotEstimate("Ingen årgang har en hel måned efter samtalerne endnu.")
    panel = analysis_panel(
        monthly, outcome, protocol, model=model or protocol.estimand.model, weights=weights
    )
    transition = int(monthly["transition"].max())
    return GradeModel(
        monthly, panel, imputation(panel, transition=transition), outcome, protocol, transition, weights
    )


def contrast_rows(
    model: GradeModel, terms: list[Term], omega: FloatArray, blank: EffectRow
) -> list[EffectRow]:
    """A row for each column of ``omega`` (n1, m): estimate, CR2 interval at both levels, MDE and what is behind it."""
    return [_contrast_row(model, term, omega[:, [j]], blank) for j, term in enumerate(terms)]


def _contrast_row(model: GradeModel, term: Term, omega: FloatArray, blank: EffectRow) -> EffectRow:
    rule, inference, fit = model.protocol.verdict, model.protocol.inference, model.fit
    meat = sandwich(fit.contrast(omega, for_bootstrap=False), inference.interval)
    df = satterthwaite_df(meat)
    wide, narrow = (
        cluster_robust_estimates(meat, [term], level=level, null=0.0, df=df)[0]
        for level in (rule.level, rule.lower_level)
    )
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
    return _with_interval(row, wide, narrow, model.protocol)


def _with_interval(row: EffectRow, wide: Estimate, narrow: Estimate, protocol: Protocol) -> EffectRow:
    if wide.std_error is None or wide.df is None or wide.ci_low is None or wide.ci_high is None:
        return replace(row, note="usikkerheden kan ikke beregnes: for få grupper bag tallet")
    level, power = protocol.verdict.level, protocol.inference.power
    return replace(
        row,
        ci_level=level,
        ci_low_pp=wide.ci_low,
        ci_high_pp=wide.ci_high,
        ci_low_lower_pp=_number(narrow.ci_low),
        ci_high_lower_pp=_number(narrow.ci_high),
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
        return replace(row, note=_joined(row.note, refusal.message))
    row = replace(row, p_wild_restricted=found.p_value, p_wild_unrestricted=found.p_other)
    alpha = protocol.verdict.alpha
    if (found.p_value <= alpha) != (found.p_other <= alpha):
        row = replace(row, note=_joined(row.note, "de to former for bootstrap er uenige: få indsatsgrupper"))
    return row


def with_permutation(
    model: GradeModel, row: EffectRow, horizon: tuple[float, ...] | None, grades: Sequence[str] | None = None
) -> EffectRow:
    """The exact p-value over grades. ``grades`` keeps only these treated grades beside the never treated ones."""
    panel = model.panel
    if grades is not None:
        others = set(model.protocol.treated_grades) - set(grades)
        panel = panel.subset(~panel.keys["grade"].isin(others).to_numpy())
    within = "school_id" if model.protocol.inference.permutation_assign == "grade" else None
    try:
        found = permutation_test(
            panel,
            model.protocol.inference.permutation_assign,
            within=within,
            horizon=horizon,
            weights=weights_kind(model.weights),
            transition=model.transition,
            seed=model.protocol.study.seed,
        )
    except (CannotEstimate, InputError) as refusal:
        return replace(row, note=_joined(row.note, refusal.message))
    if found.left_out:
        note = f"ombytningen er lavet uden skoler, der mangler et klassetrin ({found.left_out})"
        row = replace(row, note=_joined(row.note, note))
    return replace(row, p_permutation=found.p_value, p_smallest=found.smallest_p)


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


def _joined(*notes: str) -> str:
    return "; ".join(n for n in notes if n)
