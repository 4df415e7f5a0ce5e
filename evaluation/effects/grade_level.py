"""Questions (a) and (d): the effect on grades and the 3-month milestone, from cells (docs/methods.md).

``y ~ D + cell × calendar month + school × year-month``: every grade is compared with its own same month the year
before, and with the untreated grades of its own school that month. By imputation, so that a cell already treated
is never a control. Every average is one linear functional with CR2/Satterthwaite for the interval and the exact
permutation over grades as the p-value of record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.effects.contrasts import aggregate_contrasts, contrasts_by
from evaluation.effects.design import Panel
from evaluation.effects.imputation import ImputationFit, imputation
from evaluation.effects.permutation import permutation_test
from evaluation.effects.results import BoolArray, Estimate, FloatArray, Term
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.tidy import EffectRow
from evaluation.errors import CannotEstimate, InputError
from evaluation.panel.estimation import outcome_pct
from evaluation.protocol import Outcome, Protocol

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

    @property
    def counts(self) -> tuple[int, int]:
        """Clusters, and clusters that are ever treated."""
        cluster = self.panel.cluster_codes()
        return int(np.unique(cluster).size), int(np.unique(cluster[self.fit.treated]).size)


def analysis_panel(
    monthly: pd.DataFrame, outcome: Outcome, protocol: Protocol, *, model: str, weights: str
) -> Panel:
    """The engine's panel for one outcome: weights are pupil-days (with the working model that makes them so) or equal."""
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
        keep=("school_id", "grade", "month", "cell"),
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


def grade_rows(model: GradeModel, *, estimator: str = "imputation") -> list[EffectRow]:
    """What is seen so far, over every month after the talks: all treated grades together, and each."""
    blank = EffectRow("grade", estimator, model.outcome.id, "all", "all", "all", model.weights)
    terms, omega = aggregate_contrasts(model.fit, "overall", weights=_kind(model.weights))
    rows = _rows(model, terms, omega, blank)
    rows = [_with_permutation(model, row, None) for row in rows]
    terms, omega = contrasts_by(model.fit, "grade", weights=_kind(model.weights))
    return rows + _rows(model, terms, omega, replace(blank, group_kind="grade"))


def school_rows(model: GradeModel) -> list[EffectRow]:
    """The effect in each school over every month after the talks, unpooled."""
    blank = EffectRow("school", "imputation", model.outcome.id, "school", "", "all", model.weights)
    terms, omega = contrasts_by(model.fit, "school_id", weights=_kind(model.weights))
    return _rows(model, terms, omega, blank)


def milestone_rows(
    model: GradeModel | None, protocol: Protocol, due: dict[str, bool], weights: str
) -> list[EffectRow]:
    """θ = Σ_e w_e · ATT(e) over the protocol's months: pooled over the waves that are due, and for each wave.

    ``due`` says for each wave whether its last month is complete in all schools. A wave that is not due has no
    number: half a milestone is not a milestone.
    """
    blank = EffectRow(
        "milestone", "imputation", protocol.primary_outcome.id, "all", "all", _months(protocol), weights
    )
    waves = {w.id: w.grade for w in protocol.waves}
    ready = [waves[w] for w, is_due in due.items() if is_due]
    rows: list[EffectRow] = []
    horizon = tuple(float(m - 1) for m in protocol.milestone.months)
    if model is None or not ready:
        rows.append(blank.refused("de tre måneder er ikke gået på alle skoler", "not_due"))
    else:
        omega = _omega(model, ready, horizon, weights)
        found = _rows(model, [Term("overall")], omega, blank)
        rows += [_with_permutation(model, row, horizon) for row in found]
    for wave, grade in waves.items():
        mine = replace(blank, group_kind="grade", group_id=grade)
        if model is None or not due.get(wave, False):
            rows.append(mine.refused("de tre måneder er ikke gået på alle skoler", "not_due"))
            continue
        found = _rows(model, [Term("grade", group=grade)], _omega(model, [grade], horizon, weights), mine)
        rows += [_with_permutation(model, row, horizon, only=grade) for row in found]
    return rows


def _omega(model: GradeModel, grades: Sequence[str], horizon: tuple[float, ...], weights: str) -> FloatArray:
    fit = model.fit
    mask = np.isin(fit.panel.event[fit.treated], horizon) & _in_grades(fit, grades)
    if not mask.any():
        raise CannotEstimate("Ingen celler i milepælens måneder kan sammenlignes med noget.")
    return fit.weights(mask, _kind(weights))[:, None]


def _in_grades(fit: ImputationFit, grades: Sequence[str]) -> BoolArray:
    return np.isin(fit.panel.keys["grade"].to_numpy(dtype=str)[fit.treated], np.asarray(grades, dtype=str))


def _rows(model: GradeModel, terms: list[Term], omega: FloatArray, blank: EffectRow) -> list[EffectRow]:
    """Rows with estimate, CR2 interval at both levels, MDE and counts."""
    rule = model.protocol.verdict
    clusters, treated_clusters = model.counts
    fit, rows = model.fit, []
    for j, term in enumerate(terms):
        mine = omega[:, [j]]
        used = np.abs(mine[:, 0]) > 0
        meat = sandwich(fit.contrast(mine), model.protocol.inference.interval)
        wide, narrow = (
            cluster_robust_estimates(meat, [term], level=level, null=0.0)[0]
            for level in (rule.level, rule.lower_level)
        )
        cells = fit.treated[used]
        days, pupils = _behind(model, cells)
        observed = float(mine[:, 0] @ fit.panel.y[fit.treated])
        row = replace(
            blank,
            group_id=str(term.group) if term.group is not None else blank.group_id,
            inference=f"{model.protocol.inference.interval.upper()}/Satterthwaite",
            clusters=clusters,
            treated_clusters=int(np.unique(fit.panel.cluster_codes()[cells]).size)
            if used.any()
            else treated_clusters,
            pupils=pupils,
            pupil_days=days,
            baseline_pct=observed - wide.estimate,
            estimate_pp=wide.estimate,
        )
        rows.append(_with_interval(row, wide, narrow, model.protocol))
    return rows


def _with_interval(row: EffectRow, wide: Estimate, narrow: Estimate, protocol: Protocol) -> EffectRow:
    if wide.std_error is None or wide.df is None or wide.ci_low is None or wide.ci_high is None:
        return replace(row, note="usikkerheden kan ikke beregnes: for få grupper bag tallet")
    return replace(
        row,
        ci_level=protocol.verdict.level,
        ci_low_pp=wide.ci_low,
        ci_high_pp=wide.ci_high,
        ci_low_lower_pp=_number(narrow.ci_low),
        ci_high_lower_pp=_number(narrow.ci_high),
        std_error_pp=wide.std_error,
        df=wide.df,
        p_value=_number(wide.p_value),
        mde_pp=minimum_detectable(wide.std_error, wide.df, protocol),
    )


def minimum_detectable(std_error: float, df: float, protocol: Protocol) -> float:
    """MDE = (t_{(1+level)/2, df} + t_{power, df}) · SE, percentage points."""
    level, power = protocol.verdict.level, protocol.inference.power
    return float((stats.t.ppf(0.5 + level / 2, df) + stats.t.ppf(power, df)) * std_error)


def _with_permutation(
    model: GradeModel, row: EffectRow, horizon: tuple[float, ...] | None, only: str | None = None
) -> EffectRow:
    """The exact p-value over grades. ``only`` keeps one treated grade beside the never treated ones."""
    panel = model.panel
    if only is not None:
        others = {g for g in model.protocol.treated_grades if g != only}
        panel = panel.subset(~panel.keys["grade"].isin(others).to_numpy())
    within = "school_id" if model.protocol.inference.permutation_assign == "grade" else None
    try:
        found = permutation_test(
            panel,
            model.protocol.inference.permutation_assign,
            within=within,
            horizon=horizon,
            weights=_kind(model.weights),
            transition=model.transition,
            seed=model.protocol.study.seed,
        )
    except (CannotEstimate, InputError) as refusal:
        return replace(row, note="; ".join(t for t in (row.note, refusal.message) if t))
    return replace(row, p_permutation=found.p_value, p_smallest=found.smallest_p)


def _behind(model: GradeModel, cells: np.ndarray) -> tuple[float, float]:
    """Pupil-days behind the treated cells, and pupils (mean over months, summed over school × grade)."""
    panel = model.panel
    keys = pd.DataFrame(
        {"cell": panel.keys["cell"].to_numpy()[cells], "t": panel.time[cells].astype("int64")}
    )
    mine = keys.merge(model.frame[["cell", "t", "pupils", "possible_days"]], on=["cell", "t"])
    return float(mine["possible_days"].sum()), float(mine.groupby("cell")["pupils"].mean().sum())


def _kind(weights: str) -> str:
    return "observation" if weights == "pupil_days" else "equal"


def _months(protocol: Protocol) -> str:
    months = protocol.milestone.months
    return f"{min(months)}-{max(months)}"


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
