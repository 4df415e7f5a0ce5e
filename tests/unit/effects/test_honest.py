"""Honest DiD against published numbers, an independent linear programme, and its own monotonicity."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import foldnorm, norm

from evaluation.effects.honest import breakdown_value, honest_intervals
from evaluation.effects.honest_arp import _dual_vertices, _truncation
from evaluation.effects.honest_flci import _lasso_path, folded_normal_quantile, optimal_flci
from evaluation.errors import CannotEstimate, InputError

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
MEDICAID = json.loads((ORACLES / "honestdid_ehec_expected.json").read_text())
PAYROLL = json.loads((ORACLES / "honestdid_benzarti_carloni_expected.json").read_text())
BETA, SIGMA = np.array(MEDICAID["betahat"]), np.array(MEDICAID["sigma"])


@pytest.mark.parametrize("row", MEDICAID["relative_magnitudes_R_README"], ids=lambda r: f"M{r['Mbar']}")
def test_relative_magnitudes_hold_the_published_table(row: dict[str, float]) -> None:
    # 0.001: the published table comes from a grid and 1,000 simulated draws.
    (found,) = honest_intervals(BETA, SIGMA, 5, 2, None, "relative-magnitudes", (row["Mbar"],), 0.95)
    assert found.ci_low == pytest.approx(row["lb"], abs=1e-3)
    assert found.ci_high == pytest.approx(row["ub"], abs=1e-3)


@pytest.mark.parametrize("row", MEDICAID["smoothness_6dp_moderndid_and_diffdiff"], ids=lambda r: f"M{r['M']}")
def test_smoothness_holds_the_published_table(row: dict[str, float]) -> None:
    # 6 decimals are printed; at M = 0 the printed solver stopped 4e-6 from the optimum.
    (found,) = honest_intervals(BETA, SIGMA, 5, 2, None, "smoothness", (row["M"],), 0.95)
    assert found.ci_low == pytest.approx(row["lb"], abs=6e-6)
    assert found.ci_high == pytest.approx(row["ub"], abs=6e-6)


@pytest.mark.parametrize(
    ("m_bar", "low", "high"),
    [
        (0.0, 0.041, 0.075),
        (0.5, 0.033, 0.080),
        (1.0, 0.020, 0.090),
        (1.5, 0.006, 0.103),
        (2.0, -0.008, 0.117),
    ],
)
def test_average_effect_of_the_stata_readme(m_bar: float, low: float, high: float) -> None:
    # Printed by the authors' Stata package for l_vec = (0.5, 0.5); three decimals, and the grid reports inner
    # points.
    (found,) = honest_intervals(BETA, SIGMA, 5, 2, [0.5, 0.5], "relative-magnitudes", (m_bar,))
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=1e-3)


def _payroll(row: dict[str, object], restriction: str, bound: str) -> tuple[float, float]:
    (found,) = honest_intervals(
        PAYROLL["betahat"], PAYROLL["sigma"], 4, 4, row["l_vec"], restriction, (row[bound],)
    )
    return found.ci_low, found.ci_high


@pytest.mark.parametrize("row", PAYROLL["relative_magnitudes"])
def test_relative_magnitudes_first_and_average_effect_of_the_r_package(row: dict[str, object]) -> None:
    assert _payroll(row, "relative-magnitudes", "Mbar") == pytest.approx((row["lb"], row["ub"]), abs=2e-3)


@pytest.mark.parametrize("row", PAYROLL["smoothness"])
def test_smoothness_first_and_average_effect_of_the_r_package(row: dict[str, object]) -> None:
    low, high = _payroll(row, "smoothness", "M")
    # The half-length is what is optimised; where the optimum is flat its centre may differ a little more.
    assert high - low == pytest.approx(row["ub"] - row["lb"], abs=4e-4)
    assert (low, high) == pytest.approx((row["lb"], row["ub"]), abs=2e-3)


@pytest.mark.parametrize("l_vec", [[1.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3], [1.0, -2.0, 0.5], [0.0, 0.0, 1.0]])
@pytest.mark.parametrize("m_bar", [0.5, 2.0])
def test_dual_vertices_give_the_linear_programme_of_the_paper(l_vec: list[float], m_bar: float) -> None:
    rng = np.random.default_rng(3)
    n_pre, n_post = 3, 3
    root = rng.standard_normal((6, 8))
    sigma, weights = root @ root.T, np.array(l_vec)
    for trial in range(8):
        beta, theta = rng.standard_normal(6) * 2, rng.standard_normal()
        s, sign = trial % n_pre, (1.0, -1.0)[trial % 2]
        steps = np.diff(np.insert(np.eye(6), n_pre, 0.0, axis=0), axis=0)
        moments = np.vstack(
            [steps[n_pre:] - m_bar * sign * steps[s], -steps[n_pre:] - m_bar * sign * steps[s]]
        )
        sd = np.sqrt(np.diag(moments @ sigma @ moments.T))
        # min eta over (eta, tau) with A(beta - tau) <= eta sd and l'tau = theta
        primal = linprog(
            [1.0, *np.zeros(n_post)],
            A_ub=np.column_stack([-sd, -moments[:, n_pre:]]),
            b_ub=-moments @ beta,
            A_eq=[[0.0, *weights]],
            b_eq=[theta],
            bounds=[(None, None)] * (1 + n_post),
        )
        dual = _dual_vertices(sigma, n_pre, weights, m_bar, s, sign)
        assert (dual.forms @ beta - dual.slope * theta).max() == pytest.approx(primal.fun, abs=1e-8)


def test_truncation_points_are_where_the_linear_programme_changes_its_vertex() -> None:
    # Andrews, Roth & Pakes, Algorithm 1: with s the part of the data independent of gamma'y, the statistic
    # equals c exactly for c between v_lo and v_up. The programme is solved afresh at points inside and
    # outside.
    rng = np.random.default_rng(6)
    n_pre, m_bar = 3, 1.0
    root = rng.standard_normal((6, 8))
    sigma, weights = root @ root.T, np.array([0.2, 0.3, 0.5])
    steps = np.diff(np.insert(np.eye(6), n_pre, 0.0, axis=0), axis=0)
    moments = np.vstack([steps[n_pre:] - m_bar * steps[1], -steps[n_pre:] - m_bar * steps[1]])
    cov = moments @ sigma @ moments.T
    sd = np.sqrt(np.diag(cov))
    # gamma >= 0, gamma'sd = 1, and no loading on tau but along l.
    free = np.linalg.svd(weights[None, :])[2][1:]
    equalities = np.vstack([sd, (moments[:, n_pre:] @ free.T).T])

    def statistic(y: np.ndarray) -> tuple[float, np.ndarray]:
        found = linprog(-y, A_eq=equalities, b_eq=[1.0, 0.0, 0.0], bounds=[(0, None)] * 6)
        return -found.fun, found.x

    dual = _dual_vertices(sigma, n_pre, weights, m_bar, 1, 1.0)
    for _ in range(6):
        beta = rng.standard_normal(6) * 3
        eta, gamma = statistic(moments @ beta)
        slope = cov @ gamma / (gamma @ cov @ gamma)
        rest = moments @ beta - slope * eta
        low, high, _ = _truncation((dual.forms @ beta)[None, :], dual.forms @ sigma @ dual.forms.T)
        assert low[0] <= eta <= high[0]
        for c in (low[0] + 1e-4, high[0] - 1e-4, eta):
            if np.isfinite(c):
                assert statistic(rest + slope * c)[0] == pytest.approx(c, abs=1e-7)
        for c in (low[0] - 1e-3, high[0] + 1e-3):
            if np.isfinite(c):
                assert statistic(rest + slope * c)[0] > c + 1e-9


def test_worst_case_bias_of_the_optimal_interval_is_the_linear_programmes() -> None:
    m, n = 0.02, 7
    weights, half_length = optimal_flci(SIGMA, 5, np.array([0.5, 0.5]), m, 0.05)
    second = np.zeros((n - 1, n + 1))
    for row in range(n - 1):
        second[row, row : row + 3] = [1.0, -2.0, 1.0]
    second = np.delete(second, 5, axis=1)
    worst = linprog(
        -weights,
        A_ub=np.vstack([second, -second]),
        b_ub=np.full(2 * (n - 1), m),
        bounds=[(None, None)] * n,
    )
    sd = float(np.sqrt(weights @ SIGMA @ weights))
    assert half_length == pytest.approx(sd * folded_normal_quantile(-worst.fun / sd, 0.05), rel=1e-8)


def test_lasso_path_satisfies_its_optimality_conditions_at_every_knot() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        p = int(rng.integers(1, 9))
        root = rng.standard_normal((p + 2, p))
        quadratic, linear = root.T @ root / p, rng.standard_normal(p)
        path = _lasso_path(quadratic, linear)
        for u in path:
            gradient = linear + quadratic @ u
            moved = u != 0
            assert np.abs(gradient[moved] + np.abs(gradient).max() * np.sign(u[moved])).max(
                initial=0.0
            ) == pytest.approx(0.0, abs=1e-9)
        assert np.abs(linear + quadratic @ path[-1]).max() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("b", [0.0, 0.3, 1.7, 8.0, 60.0])
def test_folded_normal_quantile_agrees_with_scipy(b: float) -> None:
    assert folded_normal_quantile(b, 0.05) == pytest.approx(foldnorm.ppf(0.95, b), rel=1e-9)


def test_interval_grows_with_the_bound_and_contains_the_original_at_zero() -> None:
    for restriction, bounds in (
        ("relative-magnitudes", (0.0, 0.5, 1, 2, 4)),
        ("smoothness", (0.0, 0.01, 0.1)),
    ):
        found = honest_intervals(BETA, SIGMA, 5, 2, [0.3, 0.7], restriction, bounds)
        widths = [i.ci_high - i.ci_low for i in found]
        assert widths == sorted(widths)


def test_minus_beta_mirrors_the_interval() -> None:
    for restriction in ("relative-magnitudes", "smoothness"):
        (up,) = honest_intervals(BETA, SIGMA, 5, 2, None, restriction, (0.5,))
        (down,) = honest_intervals(-BETA, SIGMA, 5, 2, None, restriction, (0.5,))
        # 2e-4: the two signs use different simulated critical values for relative magnitudes.
        assert (-down.ci_high, -down.ci_low) == pytest.approx((up.ci_low, up.ci_high), abs=2e-4)


def test_scaling_the_outcome_scales_the_interval() -> None:
    (points,) = honest_intervals(100 * BETA, 1e4 * SIGMA, 5, 2, None, "relative-magnitudes", (1.0,))
    (shares,) = honest_intervals(BETA, SIGMA, 5, 2, None, "relative-magnitudes", (1.0,))
    assert points.ci_low == pytest.approx(100 * shares.ci_low, rel=1e-6)
    (points,) = honest_intervals(100 * BETA, 1e4 * SIGMA, 5, 2, None, "smoothness", (1.0,))
    (shares,) = honest_intervals(BETA, SIGMA, 5, 2, None, "smoothness", (0.01,))
    assert points.ci_high == pytest.approx(100 * shares.ci_high, rel=1e-6)


def test_same_seed_same_interval_another_seed_nearly_the_same() -> None:
    one, two, three = (
        honest_intervals(BETA, SIGMA, 5, 2, None, "relative-magnitudes", (1.0,), seed=s)[0] for s in (0, 0, 7)
    )
    assert one == two
    assert one.ci_low == pytest.approx(three.ci_low, abs=3e-4)


def test_one_period_after_treatment_uses_the_leads_as_moments_too() -> None:
    keep = [0, 1, 2, 3, 4, 5]
    (found,) = honest_intervals(
        BETA[keep], SIGMA[np.ix_(keep, keep)], 5, 1, None, "relative-magnitudes", (1.0,)
    )
    half = norm.ppf(0.975) * float(np.sqrt(SIGMA[5, 5]))
    assert found.ci_low < BETA[5] - half
    assert found.ci_high > BETA[5] + half


@pytest.mark.slow
def test_coverage_under_the_largest_trend_the_bound_allows() -> None:
    # True differential trend: one step of 0.3 before treatment and M̄ = 1 times that after; the effect is 0.
    rng = np.random.default_rng(5)
    mean = np.array([0.3, 0.3, 0.3, 0.6])
    sigma = 0.04 * (np.eye(4) + 0.5)
    root = np.linalg.cholesky(sigma)
    covered, studies = 0, 150
    for _ in range(studies):
        draw = mean + root @ rng.standard_normal(4)
        (found,) = honest_intervals(draw, sigma, 2, 2, [0.0, 1.0], "relative-magnitudes", (1.0,))
        covered += found.ci_low <= 0.0 <= found.ci_high
    # Nominal 0.95; three Monte-Carlo standard errors below it.
    assert covered / studies >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / studies)


def test_breakdown_values_of_the_medicaid_example() -> None:
    # Published: M̄ just below 2 (the interval at 2 is [-0.001, 0.088]); M between 0.02 and 0.03.
    assert 1.85 < breakdown_value(BETA, SIGMA, 5, 2) < 2.0
    assert 0.02 < breakdown_value(BETA, SIGMA, 5, 2, restriction="smoothness") < 0.03


def test_breakdown_is_zero_when_nothing_is_shown_and_grows_with_the_estimate() -> None:
    small, large = BETA.copy(), BETA.copy()
    small[5], large[5] = 0.001, 0.2
    assert breakdown_value(small, SIGMA, 5, 2) == 0.0
    assert breakdown_value(large, SIGMA, 5, 2) > breakdown_value(BETA, SIGMA, 5, 2)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"n_pre": 0, "n_post": 7}, CannotEstimate, "no period before"),
        ({"n_pre": 7, "n_post": 0}, CannotEstimate, "no period after"),
        ({"n_pre": 4}, InputError, "do not fit"),
        ({"l_vec": [1.0]}, InputError, "l_vec needs 2"),
        ({"l_vec": [0.0, 0.0]}, InputError, "not all zero"),
        ({"bounds": (-1.0,)}, InputError, "at least 0"),
        ({"restriction": "monotone"}, InputError, "choose one of"),
        ({"level": 95.0}, InputError, "between 0 and 1"),
        ({"sigma": np.zeros((7, 7))}, CannotEstimate, "no sampling variation"),
        ({"sigma": SIGMA - 1e-4 * np.ones((7, 7)) + 1e-4 * np.eye(7)}, InputError, "not a covariance"),
        ({"sigma": SIGMA + 1e-3 * np.eye(7, k=1)}, InputError, "not a covariance"),
        ({"betahat": [np.nan, *BETA[1:]]}, CannotEstimate, "not a number"),
    ],
)
def test_refuses_in_words(change: dict[str, object], error: type[Exception], words: str) -> None:
    arguments = {"betahat": BETA, "sigma": SIGMA, "n_pre": 5, "n_post": 2, **change}
    with pytest.raises(error, match=words):
        honest_intervals(**arguments)
