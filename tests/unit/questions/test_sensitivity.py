"""What is left out stands in the rows, and each row is the protocol's own model without it."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.errors import CannotEstimate
from evaluation.panel.estimation import monthly_panel
from evaluation.questions.cohorts_before import cohorts_before
from evaluation.questions.model import fit_grade_model
from evaluation.questions.sensitivity import answer
from evaluation.study import load_study
from evaluation.words import ANALYST, told
from tests.independent.characteristics import cohorts, frame
from tests.independent.generator import Truth, cells, draw, pupil_weeks
from tests.independent.tables import core_cells, core_talks

P = load_study("demo_kommune").protocol
NEVER = [g for g in P.grades.order if g not in P.treated_grades]


@pytest.fixture(scope="module")
def monthly():
    rng = np.random.default_rng(30)
    counted = core_cells(pupil_weeks(rng, draw(rng, 1, Truth(effect=-1.5)), 0), P)
    return monthly_panel(counted, core_talks(P), P, P.rounds[-1].cutoff)


@pytest.mark.slow
def test_every_school_and_every_grade_without_talks_is_left_out_once(monthly) -> None:
    rows = {(r.horizon, r.group_id): r for r in answer(monthly, P)}
    one = [group for horizon, group in rows if horizon == "leave_one_out"]
    assert one == sorted(s.id for s in P.schools) + list(NEVER)
    assert rows["without", "0+9"].status == "estimated"
    for column, value in (("grade", "3"), ("school_id", P.schools[1].id)):
        fit = fit_grade_model(monthly[monthly[column] != value], P.primary_outcome, P).fit
        _, omega = aggregate_contrasts(fit, "overall", weights="observation")
        found = rows["leave_one_out", value]
        assert found.estimate_pp == pytest.approx(float(omega[:, 0] @ fit.effects))
        assert found.ci_low_pp < found.estimate_pp < found.ci_high_pp
    only = answer(monthly[monthly["grade"].isin([*P.treated_grades, "3"])], P)
    (alone,) = [r for r in only if r.horizon == "leave_one_out" and r.group_id == "3"]
    assert (alone.status, told(alone.note, ANALYST)) == (
        "not_estimable",
        "Der er kun ét klassetrin uden samtaler, så det kan ikke udelades.",
    )


@pytest.mark.slow
def test_the_look_at_the_cohorts_reads_the_months_before_the_talks_alone(monthly) -> None:
    """The product's own table against the simulation's arrays, and blind to what comes after the talks."""
    found = cohorts_before(monthly, P)
    pct = (100 * monthly["absent_days"] / monthly["possible_days"]).to_numpy(dtype=float)
    order = monthly.assign(y=pct, school=monthly["school_id"].map({s.id: i for i, s in enumerate(P.schools)}))
    order = order.assign(number=order["grade"].astype(int)).sort_values(["school", "number", "t"])
    simulated = cohorts(frame(), order["y"].to_numpy(dtype=float)[:, None])
    assert found.estimate[0] == pytest.approx(float(simulated.estimate[0]), rel=1e-6)
    assert found.std_error[0] == pytest.approx(float(simulated.std_error[0]), rel=1e-6)
    assert found.df == pytest.approx(simulated.df, rel=1e-6)
    after = monthly["is_treated"] | monthly["is_transition"]
    doubled = monthly.assign(absent_days=monthly["absent_days"].where(~after, 2 * monthly["absent_days"]))
    assert cohorts_before(doubled, P).estimate[0] == pytest.approx(float(found.estimate[0]), abs=1e-12)
    with pytest.raises(CannotEstimate):
        cohorts_before(monthly[monthly["school_year"].eq(P.years.follow_up)], P)


@pytest.mark.slow
def test_a_better_cohort_is_found_and_ordinary_ones_are_not() -> None:
    """400 studies of each kind, three Monte-Carlo errors."""
    rates = {}
    for threat in ("clean", "good_cohort"):
        rng = np.random.default_rng(44)
        Y = cells(rng, draw(rng, 400, Truth(threat))).reshape(400, -1).T
        rates[threat] = float((cohorts(frame(), Y).p_value() <= 0.05).mean())
    assert rates["clean"] <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
    assert rates["good_cohort"] >= 0.80 - 3 * np.sqrt(0.80 * 0.20 / 400)
