"""Detectable effects by hand, components recovered from simulated years, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nct, norm, t

from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.power import (
    VarianceComponents,
    minimum_detectable_effect,
    planned_power,
    variance_components,
)
from evaluation.errors import CannotEstimate, InputError


def years(seed: int, shock: float, noise: float, n_years: int = 4, months: int = 6) -> pd.DataFrame:
    """Four schools × six grades; a shock per cell and year, noise per cell and month."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [list("ABCD"), [str(g) for g in range(6)], range(n_years), range(months)],
        names=["school_id", "grade", "year", "cal_month"],
    ).to_frame(index=False)
    frame["cell"] = frame["school_id"] + frame["grade"]
    frame["t"] = frame["year"] * months + frame["cal_month"]
    common = rng.normal(0, np.sqrt(shock), (24, n_years))
    frame["y"] = 7.0 + rng.normal(0, np.sqrt(noise), len(frame))
    frame["y"] += common[pd.factorize(frame["cell"])[0], frame["year"]]
    return frame


def panel(frame: pd.DataFrame) -> Panel:
    return Panel.from_frame(
        frame,
        outcome="y",
        unit="cell",
        time="t",
        start="start",
        absorb=("cell:cal_month", "school_id:t"),
        keep=("year", "grade", "cell", "school_id", "cal_month"),
    )


def test_mde_is_the_formula() -> None:
    expected = (t.ppf(0.975, 9.4) + t.ppf(0.80, 9.4)) * 0.9
    assert minimum_detectable_effect(0.9, 9.4) == pytest.approx(expected)
    assert minimum_detectable_effect(0.9, None) == pytest.approx((norm.ppf(0.975) + norm.ppf(0.8)) * 0.9)


def test_the_test_finds_the_mde_as_often_as_was_asked() -> None:
    mde, critical = minimum_detectable_effect(1.0, 20), t.ppf(0.975, 20)
    assert nct.sf(critical, 20, mde) + nct.cdf(-critical, 20, mde) == pytest.approx(0.80, abs=0.01)


def test_components_are_recovered() -> None:
    found = [
        variance_components(panel(years(s, 0.5, 2.0).assign(start=np.inf)), ("cell", "year"))
        for s in range(8)
    ]
    # Mean of eight estimates; the spread of one is about 0.15.
    assert np.mean([f.shock for f in found]) == pytest.approx(0.5, abs=0.15)
    assert np.mean([f.noise for f in found]) == pytest.approx(2.0, abs=0.15)
    assert found[0].groups == 24 * 4


def test_planned_standard_error_is_the_spread_of_simulated_estimates() -> None:
    frame = years(0, 0.5, 2.0, n_years=3)
    frame["start"] = np.where(frame["grade"].isin(["1", "3"]), 14.0, np.inf)
    fit = imputation(panel(frame))
    omega = aggregate_contrasts(fit, "overall")[1]
    planned = planned_power(fit, omega, VarianceComponents(0.5, 2.0, 96, 100), ("cell", "year"))
    rng = np.random.default_rng(1)
    keys = fit.panel.keys
    code = pd.factorize(keys["cell"].astype(str) + keys["year"].astype(str))[0]
    draws = rng.normal(0, np.sqrt(2.0), (fit.panel.n, 4000))
    draws += rng.normal(0, np.sqrt(0.5), (code.max() + 1, 4000))[code]
    estimates = omega[:, 0] @ fit.nuisance.residual(draws)[fit.treated]
    # Relative standard error of a standard deviation from 4,000 draws: 1/√(2·3999) = 0.011; three of them.
    assert planned.std_error == pytest.approx(np.std(estimates, ddof=1), rel=0.034)
    assert planned.mde == pytest.approx(minimum_detectable_effect(planned.std_error, planned.df))


def test_planned_power_does_not_look_at_the_outcome() -> None:
    frame = years(1, 0.5, 2.0, n_years=3)
    frame["start"] = np.where(frame["grade"].isin(["1", "3"]), 14.0, np.inf)
    components = VarianceComponents(0.5, 2.0, 96, 100)
    results = []
    for outcome in (frame["y"], 0.0 * frame["y"]):
        fit = imputation(panel(frame.assign(y=outcome)))
        omega = aggregate_contrasts(fit, "overall")[1]
        results.append(planned_power(fit, omega, components, ("cell", "year")))
    assert results[0] == results[1]


def test_refuses_in_words() -> None:
    with pytest.raises(CannotEstimate, match="standard error"):
        minimum_detectable_effect(0.0, 5)
    with pytest.raises(InputError, match="between 0 and 1"):
        minimum_detectable_effect(1.0, 5, level=95)
    with pytest.raises(InputError, match="nobody was treated"):
        variance_components(panel(years(1, 0.1, 1).assign(start=3.0)), ("cell", "year"))
