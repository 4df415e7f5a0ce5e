"""Imputation: worked by hand, against a refit, and against the saturated regression it equals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.contrasts import AGGREGATES, aggregate_contrasts, contrasts_by
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.permutation import calendars, permutation_test
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.errors import CannotEstimate

TALKS = {"6": 12, "1": 15, "8": 17}


def school_frame(effect: float = 0.0, seed: int = 3) -> pd.DataFrame:
    """Four schools, ten grades, two school years of ten months; three waves in the second year."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"s{s}", str(g), f"s{s}-{g}", t, t % 10, TALKS.get(str(g), 0), 60 * (18 + t % 3) + 7 * g + s)
        for s in range(4)
        for g in range(10)
        for t in range(20)
    ]
    frame = pd.DataFrame(rows, columns=["school", "grade", "cell", "t", "cal_month", "start", "days"])
    treated = (frame["start"] > 0) & (frame["t"] >= frame["start"])
    frame["y"] = 7 + rng.normal(size=len(frame)) + np.where(treated, effect, 0.0)
    return frame


def school_panel(frame: pd.DataFrame) -> Panel:
    return Panel.from_frame(
        frame,
        outcome="y",
        unit="cell",
        time="t",
        start="start",
        weights="days",
        absorb=["cell:cal_month", "school:t"],
        cluster=["cell"],
        keep=["grade", "school"],
        working="inverse-weight",
    )


def test_two_by_two_by_hand() -> None:
    frame = pd.DataFrame(
        {"u": ["a", "a", "b", "b"], "t": [1, 2, 1, 2], "g": [2, 2, 0, 0], "y": [1.0, 6.0, 2.0, 4.0]}
    )
    fit = imputation(Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g"))
    assert fit.effects == pytest.approx([(6 - 1) - (4 - 2)])


def test_planted_effect_is_recovered_without_noise() -> None:
    frame = school_frame()
    frame["y"] = (
        frame["t"] % 10 + frame["cell"].str.len() + np.where(frame["start"].between(1, frame["t"]), -1.5, 0)
    )
    fit = imputation(school_panel(frame), transition=1)
    assert fit.effects == pytest.approx(np.full(fit.treated.size, -1.5))


def test_effects_equal_coefficients_of_one_dummy_for_each_treated_cell() -> None:
    panel = school_panel(school_frame())
    fit = imputation(panel)
    columns = [pd.get_dummies(panel.keys[a].astype(str) + "|" + panel.keys[b].astype(str), dtype=float)
               for a, b in (("cell", "cal_month"), ("school", "t"))]  # fmt: skip
    dummies = np.zeros((panel.n, fit.treated.size))
    dummies[fit.treated, np.arange(fit.treated.size)] = 1
    X = np.hstack([dummies, *[c.to_numpy() for c in columns]])
    root = np.sqrt(panel.w)
    beta = np.linalg.lstsq(X * root[:, None], panel.y * root, rcond=None)[0]
    assert fit.effects == pytest.approx(beta[: fit.treated.size], abs=1e-9)


@pytest.mark.parametrize("aggregate", AGGREGATES)
def test_every_aggregate_is_a_linear_functional_of_the_outcome(aggregate: str) -> None:
    fit = imputation(school_panel(school_frame(effect=-1)), transition=1)
    terms, omega = aggregate_contrasts(fit, aggregate)
    estimator = fit.contrast(omega)
    assert len(terms) == omega.shape[1]
    assert estimator.theta == pytest.approx(omega.T @ fit.effects, abs=1e-9)
    # Every column of nuisance effects is annihilated: the weights on y add to nothing over any absorbed level.
    assert np.abs(estimator.V.sum(axis=0)) == pytest.approx(0, abs=1e-9)


def test_horizon_pools_event_effects_by_pupil_days_or_equally() -> None:
    fit = imputation(school_panel(school_frame(effect=-1)))
    event, w = fit.panel.event[fit.treated], fit.panel.w[fit.treated]
    inside = np.isin(event, [1, 2, 3])
    _, by_days = aggregate_contrasts(fit, horizon=(1, 2, 3))
    _, equal = aggregate_contrasts(fit, horizon=(1, 2, 3), weights="equal")
    assert by_days[:, 0] @ fit.effects == pytest.approx(np.average(fit.effects[inside], weights=w[inside]))
    assert equal[:, 0] @ fit.effects == pytest.approx(fit.effects[inside].mean())


def test_effects_by_school_average_to_the_overall_effect() -> None:
    fit = imputation(school_panel(school_frame(effect=-1)))
    terms, omega = contrasts_by(fit, "school")
    share = [fit.panel.w[fit.treated][fit.panel.keys["school"].to_numpy()[fit.treated] == t.group].sum()
             for t in terms]  # fmt: skip
    _, overall = aggregate_contrasts(fit)
    assert np.average(omega.T @ fit.effects, weights=share) == pytest.approx(overall[:, 0] @ fit.effects)


def test_standard_error_does_not_depend_on_which_other_contrasts_are_asked_for() -> None:
    fit = imputation(school_panel(school_frame()))
    terms, omega = aggregate_contrasts(fit, "group")
    together = cluster_robust_estimates(sandwich(fit.contrast(omega)), terms, level=0.95, null=0)
    alone = cluster_robust_estimates(sandwich(fit.contrast(omega[:, [1]])), terms[1:2], level=0.95, null=0)
    assert together[1].std_error == pytest.approx(alone[0].std_error, rel=1e-9)
    assert together[1].df == pytest.approx(alone[0].df, rel=1e-9)


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
    frame["start"] = frame["start"].where(frame["grade"] == "6", 0)
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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.assign(start=0), "no cell is treated"),
        (lambda f: f[f["t"] >= f["start"].where(f["start"] > 0, 0)], "no pre-period"),
        (lambda f: f.assign(start=12), "no comparison group"),
    ],
)
def test_refuses_in_words(change, reason: str) -> None:
    with pytest.raises(CannotEstimate, match=reason):
        imputation(school_panel(change(school_frame())))


def test_two_periods_give_welch_standard_error_and_degrees_of_freedom() -> None:
    rng = np.random.default_rng(0)
    change = {"a": rng.normal(1, 1, 6), "b": rng.normal(0, 3, 9)}
    rows = [
        (f"{arm}{i}", t, 2 if arm == "a" else 0, float(t == 2) * x)
        for arm, xs in change.items()
        for i, x in enumerate(xs)
        for t in (1, 2)
    ]
    frame = pd.DataFrame(rows, columns=["u", "t", "g", "y"])
    fit = imputation(Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g"))
    terms, omega = aggregate_contrasts(fit)
    answer = cluster_robust_estimates(sandwich(fit.contrast(omega)), terms, level=0.95, null=0)[0]
    variances = [np.var(x, ddof=1) / x.size for x in change.values()]
    assert answer.estimate == pytest.approx(change["a"].mean() - change["b"].mean())
    assert answer.std_error == pytest.approx(np.sqrt(sum(variances)))
    # Equal variances in both arms, as the working model has it: (1/6 + 1/9)² / (1/6²/5 + 1/9²/8).
    assert answer.df == pytest.approx((1 / 6 + 1 / 9) ** 2 / (1 / 6**2 / 5 + 1 / 9**2 / 8))
