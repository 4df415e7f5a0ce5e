"""The permutation over calendars: against refitting, against counting by hand, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.permutation import Calendars, calendars, permutation_test
from evaluation.errors import CannotEstimate, InputError
from tests.unit.effects.school_panels import school_frame, school_panel

INF = np.inf


def test_permutation_enumerates_720_and_equals_refitting() -> None:
    panel = school_panel(school_frame())
    result = permutation_test(panel, "grade", transition=1, horizon=(0, 1, 2))
    assert (result.assignments, result.enumerated) == (10 * 9 * 8, True)
    assert result.smallest_p == pytest.approx(1 / 720)
    plan = calendars(panel, "grade")
    rows, _ = plan.assignments(None, 0)
    for k in (0, 7, 300, 719):
        moved = replace(panel, start=plan.start[rows[k][plan.value], plan.stratum])
        fit = imputation(moved, transition=1)
        _, omega = aggregate_contrasts(fit, horizon=(0, 1, 2))
        assert result.statistics[k] == pytest.approx(omega[:, 0] @ fit.effects, abs=1e-9)
    larger = np.abs(result.statistics) >= abs(result.estimate) * (1 - 1e-9)
    assert result.p_value == pytest.approx(larger.mean())


def test_one_wave_has_ten_assignments_and_cannot_reach_five_per_cent() -> None:
    frame = school_frame(effect=-30)
    frame["start"] = frame["start"].where(frame["grade"] == "6", np.inf)
    result = permutation_test(school_panel(frame), "grade", transition=1)
    assert result.p_value == pytest.approx(1 / 10)
    assert result.smallest_p == pytest.approx(1 / 10)


def test_a_school_that_lacks_a_grade_is_left_out_of_the_permutation() -> None:
    frame = school_frame(effect=-3)
    lacking = frame[~frame["cell"].eq("s3-9")]
    found = permutation_test(school_panel(lacking), "grade", within="school", transition=1)
    whole = permutation_test(
        school_panel(frame[frame["school"] != "s3"]), "grade", within="school", transition=1
    )
    assert (found.left_out, whole.left_out) == (1, 0)
    assert (found.p_value, found.assignments) == (whole.p_value, whole.assignments)
    assert found.estimate == pytest.approx(whole.estimate, abs=1e-9)


def test_a_permutation_on_a_minority_of_the_data_is_refused() -> None:
    frame = school_frame()
    lacking = frame[~frame["cell"].isin(["s1-9", "s2-9", "s3-0"])]
    with pytest.raises(CannotEstimate, match="too few of the data"):
        permutation_test(school_panel(lacking), "grade", within="school")


def plan_of(*start: float) -> Calendars:
    n = len(start)
    return Calendars(np.arange(n), np.zeros(n, dtype=np.int64), np.array(start)[:, None])


@pytest.mark.parametrize(
    ("start", "count"),
    [((5, INF, INF), 3), ((5, 5, INF, INF), 6), ((5, 7, INF), 6), ((5, 7, 9, INF, INF), 60)],
)
def test_every_distinct_assignment_once_and_the_observed_first(start: tuple[float, ...], count: int) -> None:
    plan = plan_of(*start)
    rows, is_all = plan.assignments(None, 0)
    carried = [tuple(plan.start[row, 0]) for row in rows]
    assert is_all
    assert carried[0] == start
    assert sorted(carried) == sorted(set(permutations(start)))
    assert len(carried) == count


def test_draws_keep_the_observed_first_follow_the_seed_and_exchange_calendars_only() -> None:
    plan = plan_of(3, 5, 7, INF, INF, INF)  # 120 assignments
    rows, is_all = plan.assignments(50, 1)
    assert (len(rows), is_all) == (51, False)
    assert tuple(plan.start[rows[0], 0]) == (3, 5, 7, INF, INF, INF)
    assert all(sorted(plan.start[row, 0]) == [3, 5, 7, INF, INF, INF] for row in rows)
    assert np.array_equal(rows, plan.assignments(50, 1)[0])
    assert not np.array_equal(rows, plan.assignments(50, 2)[0])
    assert len(np.unique(rows, axis=0)) > 20
    for enough in (120, 0):
        assert (len(plan.assignments(enough, 1)[0]), plan.assignments(enough, 1)[1]) == (120, True)
    assert plan.assignments(119, 1)[1] is False


def test_what_cannot_be_enumerated_is_drawn_and_asking_for_all_of_it_is_refused() -> None:
    plan = plan_of(*range(1, 9), INF)  # 9! = 362,880
    with pytest.raises(InputError, match="362880 assignments are too many"):
        plan.assignments(0, 0)
    rows, is_all = plan.assignments(None, 0)
    assert (len(rows), is_all) == (10_000, False)


@pytest.mark.parametrize("null", [-2.0, 1.5])
def test_the_null_is_taken_out_of_the_treated_cells_that_are_averaged(null: float) -> None:
    frame = school_frame()
    for horizon in (None, (0.0, 1.0, 2.0)):
        event = frame["t"] - frame["start"]
        hit = (event >= 0) if horizon is None else event.isin(horizon)
        moved = frame.assign(y=frame["y"] + null * hit)
        plain = permutation_test(school_panel(frame), "grade", horizon=horizon)
        shifted = permutation_test(school_panel(moved), "grade", horizon=horizon, null=null)
        assert shifted.p_value == plain.p_value
        assert shifted.estimate == pytest.approx(plain.estimate + null, abs=1e-9)


def test_the_two_kinds_of_weight_are_those_of_the_average() -> None:
    panel = school_panel(school_frame(effect=-1))
    fit = imputation(panel)
    for weights, share in (("observation", panel.w[fit.treated]), ("equal", np.ones(len(fit.effects)))):
        found = permutation_test(panel, "grade", weights=weights)
        assert found.estimate == pytest.approx(np.average(fit.effects, weights=share), abs=1e-9)


def test_anticipated_months_leave_the_fit_and_are_averaged() -> None:
    frame = school_frame(effect=-3)
    earlier = frame.assign(start=frame["start"] - 1)
    found = permutation_test(school_panel(frame), "grade", anticipation=1)
    moved = permutation_test(school_panel(earlier), "grade")
    assert found.estimate == pytest.approx(moved.estimate, abs=1e-9)
    assert found.p_value == moved.p_value


def test_two_way_fixed_effects_are_the_least_squares_slope_under_every_assignment() -> None:
    frame = school_frame(effect=-2)
    frame = frame[frame["school"].eq("s0") & frame["grade"].isin(["1", "6", "9"])]
    panel = Panel.from_frame(
        frame, outcome="y", unit="cell", time="t", start="start", weights="days", keep=["grade"]
    )
    found = permutation_test(panel, "grade", estimator="twfe")
    plan = calendars(panel, "grade")
    rows, _ = plan.assignments(None, 0)
    fixed = pd.get_dummies(panel.keys["grade"].astype(str)).to_numpy(float)
    fixed = np.column_stack([fixed, pd.get_dummies(panel.time).to_numpy(float)[:, 1:]])
    root = np.sqrt(panel.w)[:, None]
    for row, statistic in zip(rows, found.statistics, strict=True):
        treated = (panel.time >= plan.start[row[plan.value], plan.stratum]).astype(float)
        design = np.column_stack([treated, fixed])
        slope = np.linalg.lstsq(root * design, root[:, 0] * panel.y, rcond=None)[0][0]
        assert statistic == pytest.approx(slope, abs=1e-8)
    assert found.assignments == 6
    assert found.p_value == np.mean(np.abs(found.statistics) >= abs(found.statistics[0]) - 1e-9)


def test_ties_with_the_observed_count_and_assignments_that_cannot_be_estimated_do_not() -> None:
    frame = school_frame()
    frame = frame[frame["school"].eq("s0")]
    frame["start"] = frame["start"].where(frame["grade"].eq("6"), INF)
    mirrored = frame.assign(
        y=np.where(frame["t"] >= 12, frame["grade"].map({"6": 1.0, "1": -1.0}).fillna(0.0), 0.0)
    )
    found = permutation_test(
        Panel.from_frame(mirrored, outcome="y", unit="cell", time="t", start="start", keep=["grade"]), "grade"
    )
    assert found.statistics[np.isfinite(found.statistics)].size == found.assignments == 10
    assert found.p_value == pytest.approx(2 / 10)
    assert found.smallest_p == pytest.approx(1 / 10)


@pytest.mark.parametrize(
    ("change", "arguments", "error", "words"),
    [
        (lambda f: f, {"assign": "town"}, InputError, '"town" is not among the columns'),
        (lambda f: f, {"assign": "grade", "within": "town"}, InputError, '"town" is not among the columns'),
        (
            lambda f: f.assign(start=f["start"].where(f["school"].ne("s0"), INF)),
            {"assign": "grade"},
            InputError,
            "say what pairs them",
        ),
        (lambda f: f, {"assign": "grade", "estimator": "magic"}, InputError, 'not for "magic"'),
        (
            lambda f: f[f["grade"].isin(["1", "6"])].assign(start=12),
            {"assign": "grade"},
            CannotEstimate,
            'all values of "grade" carry the same calendar',
        ),
    ],
)
def test_what_cannot_be_permuted_is_refused_with_the_reason(
    change: object, arguments: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        permutation_test(school_panel(change(school_frame())), **arguments)  # type: ignore[arg-type]


def test_without_a_start_there_is_no_calendar() -> None:
    frame = school_frame().assign(d=lambda f: (f["t"] >= f["start"]).astype(int))
    panel = Panel.from_frame(frame, outcome="y", unit="cell", time="t", treatment="d", keep=["grade"])
    with pytest.raises(InputError, match="first treated period"):
        permutation_test(panel, "grade")


def test_strata_that_hold_half_the_weight_are_enough() -> None:
    frame = school_frame()
    frame["days"] = 1.0
    lacking = frame[~frame["cell"].isin(["s1-9", "s2-9"])]
    assert permutation_test(school_panel(lacking), "grade", within="school").left_out == 2
