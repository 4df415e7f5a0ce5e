"""Cells where too few had the talk stand in the main estimate, and the estimate without them stands beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.panel.estimation import monthly_panel
from evaluation.questions.model import fit_grade_model, without_longer_transitions
from evaluation.questions.sensitivity import REACHED, answer
from evaluation.study import load_study
from tests.independent.generator import Truth, draw, pupil_weeks
from tests.independent.tables import core_cells, core_talks

P = load_study("demo_kommune").protocol
END = P.rounds[-1]


@pytest.fixture(scope="module")
def counted() -> pd.DataFrame:
    rng = np.random.default_rng(21)
    return core_cells(pupil_weeks(rng, draw(rng, 1, Truth(effect=-2.0)), 0), P)


@pytest.mark.slow
def test_a_cell_that_reached_few_counts_and_the_estimate_without_it_stands_beside(
    counted: pd.DataFrame,
) -> None:
    talks = core_talks(P)
    few = talks["school_id"].eq(P.schools[1].id) & talks["grade"].eq("8")
    everybody = answer(monthly_panel(counted, talks, P, END.cutoff), P)
    assert not [r for r in everybody if r.group_id == REACHED]
    monthly = monthly_panel(counted, talks.assign(is_reached=~few), P, END.cutoff)
    beside = [r for r in answer(monthly, P) if r.group_id == REACHED]
    assert len(beside) == 1
    assert beside[0].status == "estimated"
    model = fit_grade_model(monthly, P.primary_outcome, P)
    treated = model.panel.keys["cell"].to_numpy()[model.fit.treated]
    assert f"{P.schools[1].id}:8" in set(treated)


@pytest.mark.slow
def test_two_months_of_talks_in_one_school_leave_the_others_their_month_before(counted: pd.DataFrame) -> None:
    """Grade 6 has August alone before its talks; a second talk month elsewhere must not take it."""
    talks = core_talks(P)
    long = talks["school_id"].eq(P.schools[3].id) & talks["grade"].eq("8")
    talks.loc[long, ["transition_to_month", "first_month"]] = ["2027-03", "2027-04"]
    monthly = monthly_panel(counted, talks, P, END.cutoff)
    assert monthly["transition"].max() == 2
    kept = without_longer_transitions(monthly, 1)
    assert len(monthly) - len(kept) == 1
    fit = fit_grade_model(monthly, P.primary_outcome, P).fit
    treated = set(fit.panel.keys["cell"].to_numpy()[fit.treated])
    assert treated == {f"{s.id}:{w.grades[0]}" for s in P.schools for w in P.waves}
