"""Imputation: worked by hand, against a refit, and against the saturated regression it equals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.contrasts import AGGREGATES, aggregate_contrasts, contrasts_by
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.errors import CannotEstimate
from tests.unit.effects.school_panels import school_frame, school_panel


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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.assign(start=np.inf), "no cell is treated"),
        (lambda f: f[f["t"] >= f["start"].where(f["start"] < np.inf, 0)], "no pre-period"),
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
