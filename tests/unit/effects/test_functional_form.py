"""Logit and Poisson: by hand where a closed form exists, recovered where planted, and refusals in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.functional_form import functional_form, working_regression
from evaluation.effects.sandwich import sandwich
from evaluation.errors import CannotEstimate, InputError


def panel(seed: int = 0, log_ratio: float = -0.3) -> pd.DataFrame:
    """Four schools × six grades × eight months; rates multiply; grades 1 and 3 treated from month 5."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [list("ABCD"), [str(g) for g in range(6)], range(8)], names=["school_id", "grade", "month"]
    ).to_frame(index=False)
    frame["cell"] = frame["school_id"] + frame["grade"]
    frame["treated"] = (frame["grade"].isin(["1", "3"]) & (frame["month"] >= 5)).astype(float)
    base = frame["cell"].map(dict(zip(frame["cell"].unique(), rng.normal(0, 0.3, 24), strict=True)))
    frame["possible_days"] = 65.0 * 20
    rate = 0.07 * np.exp(base + 0.1 * np.sin(frame["month"]) + log_ratio * frame["treated"])
    frame["absent_days"] = rng.binomial(1300, rate).astype(float)
    return frame


@pytest.mark.parametrize("form", ["logit", "poisson"])
def test_two_by_two_has_a_closed_form(form: str) -> None:
    # Two cells in each arm, so that the model of arms and months is not saturated; only the arms' sums
    # matter.
    rows = [
        ("A", "t", 0, 0, 100.0, 4.0), ("A", "t", 1, 1, 100.0, 1.0),
        ("B", "t", 0, 0, 100.0, 6.0), ("B", "t", 1, 1, 100.0, 5.0),
        ("A", "u", 0, 0, 100.0, 10.0), ("A", "u", 1, 0, 100.0, 9.0),
        ("B", "u", 0, 0, 100.0, 20.0), ("B", "u", 1, 0, 100.0, 15.0),
    ]  # fmt: skip
    columns = ["school_id", "grade", "month", "treated", "possible_days", "absent_days"]
    found = functional_form(pd.DataFrame(rows, columns=columns), form, fixed_effects=("grade", "month"))
    rates = (6 / 10) / (24 / 30)
    odds = (6 / 194 / (10 / 190)) / (24 / 176 / (30 / 170))
    assert found.ratio == pytest.approx(rates if form == "poisson" else odds, rel=1e-6)
    if form == "poisson":
        assert found.effect_pp == pytest.approx(100 * (6 - 10 * 24 / 30) / 200, rel=1e-6)


@pytest.mark.parametrize("form", ["logit", "poisson"])
def test_a_planted_ratio_is_recovered(form: str) -> None:
    ratios = [functional_form(panel(s), form).ratio for s in range(4)]
    # Odds and rates are close at 7 %; standard error of one about 0.03.
    assert np.mean(ratios) == pytest.approx(np.exp(-0.3), abs=0.05)


def test_effect_in_points_agrees_between_forms_and_its_interval_with_the_ratio() -> None:
    logit, poisson = functional_form(panel(), "logit"), functional_form(panel(), "poisson")
    assert logit.effect_pp == pytest.approx(poisson.effect_pp, abs=0.1)
    for found in (logit, poisson):
        assert (found.ci_high_pp < 0) == (found.ratio_high < 1)
        assert 3 < found.df < 24 - 1


def test_gee_with_exchangeable_correlation_says_much_the_same() -> None:
    one = functional_form(panel(), "poisson")
    other = functional_form(panel(), "poisson", working="exchangeable")
    assert other.ratio == pytest.approx(one.ratio, abs=0.02)


@pytest.mark.parametrize("form", ["logit", "poisson"])
def test_the_working_regression_is_the_fit_with_statsmodels_own_clustered_errors(form: str) -> None:
    import statsmodels.api as sm

    frame = panel()
    group = pd.factorize(frame["cell"], sort=True)[0].astype(np.int64)
    exog = np.column_stack(
        [frame["treated"], np.ones(len(frame)), *[group == g for g in range(1, 24)]]
    ).astype(float)
    days, all_days = frame["absent_days"].to_numpy(), frame["possible_days"].to_numpy()
    if form == "logit":
        model = sm.GLM(np.column_stack([days, all_days - days]), exog, family=sm.families.Binomial())
    else:
        model = sm.GLM(days, exog, family=sm.families.Poisson(), offset=np.log(all_days))
    fit = model.fit(cov_type="cluster", cov_kwds={"groups": group}, tol=1e-12)
    linear = working_regression(
        frame, exog, fit.params, form, group, "absent_days", "possible_days", np.eye(exog.shape[1])[:, :1]
    )
    assert linear.theta[0] == pytest.approx(fit.params[0], abs=1e-9)
    assert sandwich(linear, "cr1s").std_errors[0] == pytest.approx(fit.bse[0], rel=1e-7)


def test_crossed_fixed_effects_and_order_of_rows() -> None:
    frame = panel()
    one = functional_form(frame, "poisson", fixed_effects=("cell", "school_id:month"))
    two = functional_form(
        frame.sample(frac=1, random_state=2), "poisson", fixed_effects=("cell", "school_id:month")
    )
    assert two.ratio == pytest.approx(one.ratio, rel=1e-8)
    assert two.std_error_pp == pytest.approx(one.std_error_pp, rel=1e-6)


def test_levels_without_absence_are_left_out_and_said() -> None:
    frame = panel()
    frame.loc[frame["cell"] == "A0", "absent_days"] = 0.0
    found = functional_form(frame, "poisson")
    assert found.notes == ("1 levels of cell without variation in absence are left out",)
    assert found.rows == len(frame) - 8


@pytest.mark.parametrize("form", ["logit", "poisson"])
def test_separation_is_said_in_words_and_gives_no_number(form: str) -> None:
    frame = panel()
    frame.loc[frame["treated"] == 1, "absent_days"] = 0.0
    with pytest.raises(CannotEstimate, match="separation"):
        functional_form(frame, form)


def test_refuses_in_words() -> None:
    frame = panel()
    with pytest.raises(CannotEstimate, match="no absence at all"):
        functional_form(frame.assign(absent_days=0.0), "poisson")
    with pytest.raises(CannotEstimate, match="collinear"):
        functional_form(frame, "poisson", fixed_effects=("cell", "grade:month"))
    with pytest.raises(CannotEstimate, match="one cluster"):
        functional_form(frame.assign(all="1"), "poisson", cluster=("all",))
    with pytest.raises(InputError, match="more than all"):
        functional_form(frame.assign(absent_days=2000.0), "poisson")
    with pytest.raises(InputError, match="missing"):
        functional_form(frame.drop(columns="cell"), "poisson")
    with pytest.raises(InputError, match="not known"):
        functional_form(frame, "probit")
    with pytest.raises(InputError, match="poisson only"):
        functional_form(frame, "logit", working="exchangeable")
