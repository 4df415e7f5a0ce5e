"""Regression to the mean against published formulas, exact algebra, and simulated pupils."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evaluation.effects.regression_to_mean import (
    BetaMixture,
    expected_fall,
    fit_beta_from_bands,
    fit_beta_mixture,
    normal_fall,
    posterior_share,
)
from evaluation.errors import CannotEstimate, InputError

EXPECTED = json.loads((Path(__file__).parents[2] / "data" / "oracles" / "rtm_expected.json").read_text())
# The recipe for Danish schools: most pupils, and a few with long absence.
SCHOOLS = BetaMixture((0.97, 0.03), (0.0665 * 32, 0.35 * 4), ((1 - 0.0665) * 32, (1 - 0.35) * 4))


@pytest.mark.parametrize("row", EXPECTED["normal"])
def test_normal_formula_of_barnett(row: dict[str, float]) -> None:
    found = normal_fall(row["mu"], row["sigma"], row["rho"], row["cut"], row["side"], row["m"])
    assert found == pytest.approx(row["rtm"], rel=1e-12)


def test_normal_formula_is_symmetric_in_the_side() -> None:
    assert normal_fall(60, 15, 0.5, 80, "greater") == pytest.approx(normal_fall(60, 15, 0.5, 40, "less"))
    assert normal_fall(60, 15, 1.0, 80) == 0.0


@pytest.mark.parametrize("row", EXPECTED["betabinomial"])
def test_beta_binomial_is_exact(row: dict[str, float]) -> None:
    found = expected_fall(BetaMixture((1.0,), (row["a"],), (row["b"],)), row["n_days"], row["threshold"])
    # 1e-9: the same algebra in floating point.
    assert found.p_selected == pytest.approx(row["p_selected"], abs=1e-9)
    assert found.mean_baseline == pytest.approx(row["mean_baseline"], abs=1e-9)
    assert found.expected_followup == pytest.approx(row["expected_followup"], abs=1e-9)
    assert found.fall == pytest.approx(row["rtm"], abs=1e-9)


def test_posterior_of_one_beta_by_hand() -> None:
    prior = BetaMixture((1.0,), (2.0,), (18.0,))
    # (a + k) / (a + b + n) = (2 + 8) / (2 + 18 + 60)
    assert posterior_share(prior, [8], [60])[0] == pytest.approx((2 + 8) / (2 + 18 + 60))
    assert posterior_share(prior, [8.5], [60])[0] == pytest.approx((2 + 8.5) / (2 + 18 + 60))


def test_a_mixture_of_two_equal_components_is_one() -> None:
    one, two = BetaMixture((1.0,), (2.0,), (18.0,)), BetaMixture((0.3, 0.7), (2.0, 2.0), (18.0, 18.0))
    assert expected_fall(one, 60, 0.1).fall == pytest.approx(expected_fall(two, 60, 0.1).fall, abs=1e-14)


def test_expectation_agrees_with_simulated_pupils() -> None:
    rng = np.random.default_rng(11)
    size = 400_000
    part = rng.random(size) < 0.03
    p = np.where(part, rng.beta(1.4, 2.6, size), rng.beta(0.0665 * 32, 0.9335 * 32, size))
    first, second = rng.binomial(60, p) / 60, rng.binomial(60, p) / 60
    chosen = first >= 0.1
    found = expected_fall(SCHOOLS, 60, 0.1)
    drop = first[chosen] - second[chosen]
    # Four Monte-Carlo standard errors.
    assert found.fall == pytest.approx(drop.mean(), abs=4 * drop.std() / np.sqrt(chosen.sum()))
    assert found.p_selected == pytest.approx(chosen.mean(), abs=4 * 0.5 / np.sqrt(size))


def test_fit_recovers_what_made_the_counts() -> None:
    rng = np.random.default_rng(2)
    p = rng.beta(2.0, 26.0, 20_000)
    days = rng.binomial(60, p)
    fitted = fit_beta_mixture(days, np.full(days.shape, 60))
    assert fitted.a[0] == pytest.approx(2.0, rel=0.05)
    assert fitted.b[0] == pytest.approx(26.0, rel=0.05)


def test_fit_from_counts_of_equal_pupils_is_the_fit_from_pupils() -> None:
    rng = np.random.default_rng(3)
    days = rng.binomial(60, rng.beta(0.7, 9.3, 500))
    values, counts = np.unique(days, return_counts=True)
    rows = fit_beta_mixture(days, np.full(days.shape, 60))
    cells = fit_beta_mixture(values, np.full(values.shape, 60), counts)
    assert cells.a[0] == pytest.approx(rows.a[0], rel=1e-8)


def test_two_components_see_the_long_term_absent() -> None:
    rng = np.random.default_rng(4)
    size = 30_000
    part = rng.random(size) < 0.03
    p = np.where(part, rng.beta(1.4, 2.6, size), rng.beta(2.13, 29.87, size))
    days = rng.binomial(60, p)
    two = fit_beta_mixture(days, np.full(size, 60), components=2)
    truth = expected_fall(SCHOOLS, 60, 0.1).fall
    one = fit_beta_mixture(days, np.full(size, 60))
    assert expected_fall(two, 60, 0.1).fall == pytest.approx(truth, rel=0.03)
    assert abs(expected_fall(one, 60, 0.1).fall - truth) > abs(expected_fall(two, 60, 0.1).fall - truth)


def test_fit_from_bands_alone() -> None:
    rng = np.random.default_rng(5)
    days = rng.binomial(60, rng.beta(0.7, 9.3, 50_000))
    edges = np.array([0, 0.05, 0.10, 0.20])
    band = np.searchsorted(edges * 60 - 1e-9, days, side="right") - 1
    fitted = fit_beta_from_bands(edges, np.bincount(band, minlength=4), 60)
    truth = expected_fall(BetaMixture((1.0,), (0.7,), (9.3,)), 60, 0.1).fall
    assert expected_fall(fitted, 60, 0.1).fall == pytest.approx(truth, rel=0.05)


def test_refuses_in_words() -> None:
    with pytest.raises(CannotEstimate, match="ten pupils"):
        fit_beta_mixture([0, 0, 0], [60, 60, 60], [10, 10, 10])
    with pytest.raises(CannotEstimate, match="ten pupils"):
        fit_beta_mixture([1, 2], [60, 60])
    with pytest.raises(InputError, match="more than all"):
        fit_beta_mixture([70] * 12, [60] * 12)
    with pytest.raises(InputError, match="same length"):
        fit_beta_mixture([1, 2, 3], [60, 60])
    with pytest.raises(CannotEstimate, match="no number of days"):
        expected_fall(SCHOOLS, 60, 1.2)
    with pytest.raises(CannotEstimate, match="cannot identify"):
        fit_beta_from_bands([0, 0.05, 0.1, 0.2], [50, 30, 15, 5], 60, components=2)
    with pytest.raises(InputError):
        normal_fall(0, -1, 0.5, 1)
