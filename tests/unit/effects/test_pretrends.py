"""Power of pre-trend tests against the R package's published example and independent integration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from evaluation.effects import did
from evaluation.effects.did_json import to_json, to_text
from evaluation.effects.pretrends import (
    _pass,
    hypothesised_trend,
    power_of_slope,
    slope_for_power,
)
from evaluation.errors import CannotEstimate, InputError

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
EXPECTED = json.loads((ORACLES / "pretrends_expected.json").read_text())
STUDY = json.loads((ORACLES / "pretrends_he_wang_input.json").read_text())
BETA, SIGMA, TIMES = np.array(STUDY["beta"]), np.array(STUDY["sigma"]), np.array(STUDY["tVec"])
TOL = EXPECTED["tol"]


def test_slope_detected_half_the_time() -> None:
    assert slope_for_power(SIGMA, TIMES, 0.5) == pytest.approx(EXPECTED["slope50"], abs=TOL / 10)


def test_published_power_bayes_factor_and_likelihood_ratio() -> None:
    found = hypothesised_trend(EXPECTED["slope50"], BETA, SIGMA, TIMES)
    assert found.power == pytest.approx(EXPECTED["power"], abs=TOL)
    assert found.bayes_factor == pytest.approx(EXPECTED["bayes_factor"], abs=TOL)
    assert found.likelihood_ratio == pytest.approx(EXPECTED["likelihood_ratio"], abs=TOL)


def test_published_means_after_passing() -> None:
    found = hypothesised_trend(EXPECTED["slope50"], BETA, SIGMA, TIMES)
    for time, mean in zip(TIMES, found.mean_after_passing, strict=True):
        assert mean == pytest.approx(EXPECTED["mean_after_pretesting"][str(int(time))], abs=TOL / 4)
    assert found.trend == pytest.approx(tuple(EXPECTED["slope50"] * (TIMES + 1)))


def test_box_probability_and_mean_agree_with_scipy_and_with_draws() -> None:
    rng = np.random.default_rng(3)
    for k in (1, 3, 6):
        root = rng.standard_normal((k, k + 2))
        cov, mean = root @ root.T, rng.standard_normal(k)
        probability, centre = _pass(mean, cov, 0.95)
        bound = 1.959964 * np.sqrt(np.diag(cov))
        reference = multivariate_normal(mean, cov, allow_singular=True, seed=1).cdf(bound, lower_limit=-bound)
        assert probability == pytest.approx(reference, abs=2e-4)
        draws = rng.multivariate_normal(mean, cov, 400_000)
        inside = draws[(np.abs(draws) <= bound).all(axis=1)]
        error = 4 * inside.std(axis=0) / np.sqrt(len(inside))
        assert (np.abs(centre - inside.mean(axis=0)) < error + 1e-3).all()


def test_independent_leads_by_hand() -> None:
    # Two independent leads with variance 1 and no trend: 1 - 0.95².
    assert power_of_slope(0.0, np.eye(3), [-3, -2, 0]) == pytest.approx(1 - 0.95**2, abs=1e-5)


def test_power_grows_with_the_slope_and_ignores_its_sign_and_unit() -> None:
    powers = [power_of_slope(s, SIGMA, TIMES) for s in (0.0, 0.02, 0.05, 0.1, 0.3)]
    assert powers == sorted(powers)
    assert power_of_slope(-0.05, SIGMA, TIMES) == pytest.approx(power_of_slope(0.05, SIGMA, TIMES), abs=1e-4)
    assert power_of_slope(5, 1e4 * SIGMA, TIMES) == pytest.approx(
        power_of_slope(0.05, SIGMA, TIMES), abs=1e-9
    )


def test_refuses_in_words() -> None:
    with pytest.raises(CannotEstimate, match="no period before"):
        slope_for_power(np.eye(2), [0, 1])
    with pytest.raises(CannotEstimate, match="singular"):
        slope_for_power(np.ones((3, 3)), [-3, -2, 0])
    with pytest.raises(InputError, match="does not fit"):
        slope_for_power(np.eye(2), [-2, 0, 1])
    with pytest.raises(InputError, match="leave the reference"):
        slope_for_power(np.eye(2), [-2, -1])
    with pytest.raises(InputError, match="power must"):
        slope_for_power(SIGMA, TIMES, 0.01)


def test_a_run_says_which_trend_its_leads_would_miss() -> None:
    rng = np.random.default_rng(5)
    panel = pd.DataFrame(
        [
            (u, t, 0 if u % 2 else 6, rng.normal() + 0.4 * (t >= 6 and u % 2 == 0))
            for u in range(40)
            for t in range(1, 11)
        ],
        columns=["u", "t", "g", "y"],
    )
    found = did(
        panel,
        "y",
        unit="u",
        time="t",
        start="g",
        estimator="twfe",
        inference="cr1",
        pretrend_power=(0.5, 0.8),
        horizon=(2,),
    )
    half, most = found.missed_trends
    # Event time 2 is three periods after the reference -1.
    assert (half.bias, most.bias) == pytest.approx((3 * half.slope, 3 * most.slope))
    assert 0 < half.slope < most.slope
    assert half.bayes_factor > most.bayes_factor
    assert half.bayes_factor == pytest.approx(
        0.5 / (1 - 0.05), abs=0.15
    )  # P(pass | parallel) lies between .95 and .95⁴
    assert "Leads find a trend of" in to_text(found)
    assert json.loads(to_json(found))["missed_trends"][0]["power"] == 0.5
    with pytest.raises(InputError, match="pretrend-power"):
        did(panel, "y", unit="u", time="t", start="g", pretrend_power=(0.01,))
