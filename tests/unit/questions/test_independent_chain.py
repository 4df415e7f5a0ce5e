"""The independent generator against its own law, the simulation's columns against the engine, and the whole chain."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest

from evaluation.panel.estimation import monthly_panel
from evaluation.questions import milestone, registration, trend_before, verdicts
from evaluation.questions.bias import bias_rows, pattern
from evaluation.questions.model import fit_grade_model
from evaluation.questions.rows import EffectRow, effects_table
from evaluation.questions.verdict import Cause, Rule
from evaluation.study import load_study
from tests.independent.characteristics import Bench, judgements
from tests.independent.generator import (
    MONTHS,
    SIZES,
    TALKS,
    THREATS,
    YEARS,
    Truth,
    cells,
    draw,
    pupil_weeks,
)
from tests.independent.tables import core_cells, core_talks

P = load_study("demo_kommune").protocol
END = P.rounds[-1]
PRIMARY = "same_month_own_year"


@cache
def bench() -> Bench:
    return Bench.make()


def test_cells_and_pupils_follow_one_law() -> None:
    """The sum of Poisson numbers is Poisson: means within four standard errors, spread within a fifth."""
    rng = np.random.default_rng(5)
    m = draw(rng, 1, Truth("grade_shocks", effect=-1.0))
    whole = np.stack([cells(rng, m)[0] for _ in range(200)])
    pupils = pupil_weeks(rng, m, 0)
    total = pupils.groupby(["school", "grade", "year"])["absent_days"].sum().to_numpy().reshape(4, 10, 3)
    weeks = pupils["week"].nunique()
    share = 100 * total / (5 * weeks * np.array(SIZES)[:, None, None])
    weights = np.array([3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3]) / weeks
    by_year = whole @ weights
    spread = by_year.std(axis=0)
    z = (share - by_year.mean(axis=0)) / spread
    assert np.abs(z).max() < 4.5
    assert 0.8 < z.std() < 1.25


@pytest.mark.parametrize("threat", THREATS)
def test_every_threat_moves_what_it_says_and_nothing_else(threat: str) -> None:
    last, treated = YEARS - 1, sorted(TALKS)
    m = draw(np.random.default_rng(3), 400, Truth(threat))
    clean = draw(np.random.default_rng(3), 400, Truth("clean"))
    gap = (m.shift - clean.shift).mean(axis=(0, 1, 4))
    if threat in ("clean", "epidemic"):
        assert np.abs(gap).max() < 0.15
    if threat == "good_cohort":
        assert gap[treated, last] == pytest.approx([-1.0] * 3, abs=0.15)
        assert gap[5, last - 1] == pytest.approx(-1.0, abs=0.15)  # the sixth grade a year before
    if threat in ("trend", "registration"):
        assert (gap[treated, last] < -0.2).all()
        assert np.abs(np.delete(gap[:, last], treated)).max() < 0.15
    if threat == "spillover":
        assert (np.delete(gap[:, last], treated) < -0.2).all()
    if threat in ("grade_shocks", "random_cohorts"):
        assert 0.35 < m.shift[:, 0, 4, 1, 0].std() < 0.75


def test_effects_stand_in_the_months_after_the_talks_alone() -> None:
    m, clean = (draw(np.random.default_rng(9), 1, Truth(effect=e)) for e in (-2.0, 0.0))
    gap = (m.shift - clean.shift)[0, 0]
    month = np.repeat(np.arange(MONTHS), [3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3])
    for grade, talk in TALKS.items():
        assert (gap[grade, 2, month > talk] == -2.0).all()
        assert (gap[grade, 2, month <= talk] == 0.0).all()
    assert (gap[:, :2] == 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("truth", [Truth(), Truth("good_cohort", effect=-1.0)])
def test_the_printed_verdict_is_the_rule_on_numbers_made_in_another_way(truth: Truth) -> None:
    """From pupils × weeks through panel and questions to the verdict, and by the simulation's weights: the same."""
    rng = np.random.default_rng(12)
    weeks = pupil_weeks(rng, draw(rng, 1, truth), 0)
    counted, talks = core_cells(weeks, P), core_talks(P)
    monthly = monthly_panel(counted, talks, P, END.cutoff)
    effects = effects_table(milestone.answer(monthly, talks, P, END), END.id, P.hash)
    pretrend = trend_before.table_of(monthly, P, END.id)
    checks = registration.answer(monthly, counted, talks, P, END.id)
    printed = verdicts.answer(
        effects, talks, checks, pretrend, P, END, completeness=1.0, is_frozen=True
    ).set_index("look")
    pct = 100 * monthly["absent_days"] / monthly["possible_days"]
    order = monthly.assign(y=pct).sort_values(["school_id", "grade", "t"], key=_as_number)
    assert len(order) == len(bench().rows)
    Y = order["y"].to_numpy(dtype=float)[:, None]
    (found,), numbers = judgements(bench(), PRIMARY, Y, Rule(P.milestone.relevant_change_pp, P.verdict.alpha))
    row = printed.loc["all"]
    assert row["estimate_pp"] == pytest.approx(float(numbers["theta"][0]), abs=1e-9)
    assert row["ci_low_pp"] == pytest.approx(float(numbers["low"][0]), rel=1e-9)
    mine = effects[effects["estimator"].eq("imputation") & effects["group_kind"].eq("all")]
    mine = mine[mine["weights"].eq("pupil_days")].iloc[0]
    assert mine["p_permutation"] == pytest.approx(float(numbers["p"][0]))
    assert mine["p_relevant"] == pytest.approx(float(numbers["p_relevant"][0]))
    assert pretrend["slope_pp"].iloc[0] == pytest.approx(float(numbers["slope"][0]), abs=1e-9)
    raised = set(row["causes"].split()) - {Cause.REGISTRATION.value}
    assert raised == {c.value for c in found.causes}
    if Cause.REGISTRATION.value not in row["causes"]:
        assert (row["verdict"], row["direction"]) == (found.word.value, found.direction.value)


@pytest.mark.slow
def test_what_a_threat_adds_is_what_it_adds() -> None:
    """The exact number per point, against the estimate made again with a point of the threat in the data."""
    rng = np.random.default_rng(4)
    counted, talks = core_cells(pupil_weeks(rng, draw(rng, 1, Truth()), 0), P), core_talks(P)
    monthly = monthly_panel(counted, talks, P, END.cutoff)
    model = fit_grade_model(monthly, P.primary_outcome, P)
    fit = model.fit
    in_milestone = np.isin(fit.panel.event[fit.treated], [0.0, 1.0, 2.0])
    omega = fit.weights(in_milestone)[:, None]
    rows = {
        r.estimator: r.estimate_pp
        for r in bias_rows(model, omega, EffectRow("", "", "", "all", "all", "", ""))
    }
    assert rows["cohort"] == pytest.approx(0.0, abs=1e-9)
    assert rows["registration"] == pytest.approx(1.0, abs=1e-9)
    assert rows["spillover"] < 0
    assert 0 < rows["epidemic"] < 1
    for threat in ("trend", "epidemic", "spillover"):
        points = pattern(model, threat)
        at = dict(zip(zip(fit.panel.keys["cell"], fit.panel.keys["month"], strict=True), points, strict=True))
        added = np.array([at[c, m] for c, m in zip(monthly["cell"], monthly["month"], strict=True)])
        days = monthly["absent_days"] + added / 100 * monthly["possible_days"]
        again = fit_grade_model(monthly.assign(absent_days=days), P.primary_outcome, P).fit
        moved = float(omega[:, 0] @ (again.effects - fit.effects))
        assert moved == pytest.approx(rows[threat], abs=1e-9)


def _as_number(column: pd.Series) -> pd.Series:
    if column.name == "school_id":
        return column.map({s.id: i for i, s in enumerate(P.schools)})
    return column.astype(float)
