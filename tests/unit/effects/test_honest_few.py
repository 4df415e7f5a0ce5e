"""Honest intervals from few clusters: the t's quantile, weights of two parameters, bias and breakdown by definition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from evaluation.effects.honest import honest_intervals
from evaluation.effects.honest_few import FewClusters, exchangeable, for_few_clusters
from evaluation.effects.honest_flci import optimal_flci, worst_bias

TARGET = np.array([0.5, 0.5, 0.0])
KNOWN = FewClusters(
    betahat=np.array([0.2, -0.1, 0.1, -1.5, -1.2, -0.9]),
    sigma=0.09 * (0.6 * np.eye(6) + 0.4),
    working=np.ones(6),
    df=np.array([4.0, 9.0, 9.0, 12.0, 12.0, 12.0]),
    df_of=lambda weights: 8.0,
    n_pre=3,
    l_vec=TARGET,
)


def test_the_covariance_is_stretched_to_the_t() -> None:
    sigma = np.diag([1.0, 4.0])
    factor = (stats.t.ppf(0.975, 4) / stats.norm.ppf(0.975)) ** 2
    assert for_few_clusters(sigma, 4.0, 0.95) == pytest.approx(sigma * factor, rel=1e-9)


def test_relative_magnitudes_take_the_fewest_degrees_of_freedom() -> None:
    found = KNOWN.intervals("relative-magnitudes", (0.5,), 0.95)[0]
    stretched = for_few_clusters(KNOWN.sigma, 4.0, 0.95)
    expected = honest_intervals(KNOWN.betahat, stretched, 3, 3, TARGET, "relative-magnitudes", (0.5,))[0]
    assert (found.ci_low, found.ci_high) == (expected.ci_low, expected.ci_high)


@pytest.mark.parametrize("m", [0.0, 0.1])
def test_many_clusters_with_an_exchangeable_covariance_give_the_published_interval(m: float) -> None:
    """With the covariance of the two-parameter form and no end of degrees of freedom there is nothing to correct."""
    many = replace(KNOWN, df=np.full(6, np.inf), df_of=lambda weights: float("inf"))
    found = many.intervals("smoothness", (m,), 0.95)[0]
    expected = honest_intervals(KNOWN.betahat, KNOWN.sigma, 3, 3, TARGET, "smoothness", (m,))[0]
    # Both minimise along the same path; the bounded search stops at 1e-8.
    assert (found.ci_low, found.ci_high) == pytest.approx((expected.ci_low, expected.ci_high), abs=1e-6)


def test_weights_do_not_chase_a_variance_that_happened_to_be_low() -> None:
    lucky = KNOWN.sigma.copy()
    lucky[0, :] *= 0.2
    lucky[:, 0] *= 0.2
    chased, _ = optimal_flci(lucky, 3, TARGET, 0.0, 0.05)
    kept, _ = optimal_flci(exchangeable(lucky, KNOWN.working), 3, TARGET, 0.0, 0.05)
    honest, _ = optimal_flci(KNOWN.sigma, 3, TARGET, 0.0, 0.05)
    assert np.abs(kept - honest).max() < 0.5 * np.abs(chased - honest).max()


def test_exchangeable_keeps_the_level_and_is_a_covariance() -> None:
    rng = np.random.default_rng(2)
    draws = rng.normal(size=(12, 6)) + rng.normal(size=(12, 1))
    sigma = np.cov(draws.T)
    found = exchangeable(sigma, np.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0]))
    assert np.trace(found) == pytest.approx(np.trace(sigma))
    assert np.linalg.eigvalsh(found)[0] > 0
    assert found[5, 5] / found[0, 0] == pytest.approx(3.0)


def test_worst_bias_is_reached_by_no_trend_that_bends_more() -> None:
    """Against every trend with second differences of at most M: random ones below, the one of the signs on it."""
    weights, _ = optimal_flci(KNOWN.sigma, 3, TARGET, 0.2, 0.05)
    m, rng = 0.2, np.random.default_rng(5)
    bound = worst_bias(weights, 3, m)

    def bias(bends: np.ndarray) -> float:
        """``bends``: second differences at periods −2, −1, 0, 1, 2 around the reference 0, at which the trend is 0."""
        trend = {0: 0.0, 1: 0.0}
        for t, bend in zip((1, 2), bends[3:], strict=True):
            trend[t + 1] = bend + 2 * trend[t] - trend[t - 1]
        for t, bend in zip((0, -1, -2), bends[:3][::-1], strict=True):
            trend[t - 1] = bend + 2 * trend[t] - trend[t + 1]
        return float(weights @ [trend[t] for t in (-3, -2, -1, 1, 2, 3)])

    corners = [bias(m * np.array(s)) for s in np.ndindex(*(2,) * 5) for s in [2 * np.array(s) - 1]]
    assert max(np.abs(corners)) == pytest.approx(bound, rel=1e-9)
    assert max(abs(bias(rng.uniform(-m, m, 5))) for _ in range(200)) <= bound


@pytest.mark.parametrize("restriction", ["relative-magnitudes", "smoothness"])
def test_at_the_breakdown_value_zero_is_on_the_edge(restriction) -> None:
    edge = KNOWN.breakdown(restriction, 0.95)
    assert 0.0 < edge < np.inf
    inside, outside = (KNOWN.intervals(restriction, (edge * k,), 0.95)[0] for k in (1.02, 0.98))
    assert inside.ci_low <= 0.0 <= inside.ci_high
    assert not outside.ci_low <= 0.0 <= outside.ci_high


def test_nothing_shown_breaks_down_at_once() -> None:
    assert replace(KNOWN, betahat=np.zeros(6)).breakdown("smoothness", 0.95) == 0.0
