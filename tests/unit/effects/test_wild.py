"""Wild cluster bootstrap: published p-values and intervals, and the same draws refitted one by one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.twfe import twfe
from evaluation.effects.wild import wild_bootstrap
from evaluation.errors import CannotEstimate, InputError

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
EXPECTED = json.loads((ORACLES / "boottest_expected.json").read_text())


def collapsed() -> LinearEstimator:
    frame = pd.read_csv(ORACLES / "boottest_collapsed.csv")
    return twfe(
        Panel.from_frame(
            frame,
            outcome="hasinsurance",
            treatment="post_self",
            covariates=["selfemployed", "post"],
            cluster=["year"],
        )
    )


def nlsw88(column: str) -> LinearEstimator:
    frame = pd.read_csv(ORACLES / "boottest_nlsw88.csv")
    others = [c for c in ("tenure", "ttl_exp", "collgrad") if c != column]
    return twfe(
        Panel.from_frame(frame, outcome="wage", treatment=column, covariates=others, cluster=["industry"])
    )


def test_collapsed_all_256_sign_vectors() -> None:
    expected = EXPECTED["collapsed"]
    result = wild_bootstrap(collapsed(), null=0.04)
    assert (result.draws, result.enumerated) == (2**8, True)
    assert result.estimate == pytest.approx(expected["coef"], abs=1e-10)
    assert result.std_error == pytest.approx(expected["se_CR1S"], rel=1e-8)
    assert result.t == pytest.approx(expected["t_H0_004"], rel=1e-8)
    # Ties: the two sign vectors that give the sample itself count here and not in the source.
    assert result.p_value == expected["p_WCR_rademacher_enum_H0_004"] + 2 / 2**8
    assert result.p_other == pytest.approx(expected["p_WCU_rademacher_enum_H0_004"], abs=2 / 2**8)
    # Ends are printed with 8 digits, found there on a grid of p-values.
    assert (result.ci_low, result.ci_high) == pytest.approx(expected["ci_WCR_enum"], abs=1e-6)


def test_collapsed_webb_and_types_31() -> None:
    expected = EXPECTED["collapsed"]
    webb = wild_bootstrap(collapsed(), null=0.04, distribution="webb", draws=99_999)
    # Monte-Carlo error of p at 99,999 draws is .0008; twice that on both sides.
    assert webb.p_value == pytest.approx(expected["p_WCR_webb_99999_H0_004_R"], abs=0.0033)
    assert (webb.ci_low, webb.ci_high) == pytest.approx(expected["ci_WCR_webb_R"], abs=3e-4)
    assert wild_bootstrap(collapsed(), jackknife=True).p_value == expected["p_WCR31_H0_0_R"]


@pytest.mark.parametrize("column", ["tenure", "collgrad", "ttl_exp"])
def test_nlsw88_all_4096_sign_vectors(column: str) -> None:
    expected = EXPECTED["nlsw88"][column]
    result = wild_bootstrap(nlsw88(column))
    tie = 2 / 4096
    assert result.t == pytest.approx(expected["t"], rel=1e-8)
    assert result.p_value == pytest.approx(expected.get("p_WCR11", expected.get("p_WCR11_weak")), abs=tie)
    assert (result.ci_low, result.ci_high) == pytest.approx(expected["ci_WCR11"], abs=2e-5)
    if "p_WCU11" in expected:
        assert result.p_other == pytest.approx(expected["p_WCU11"], abs=tie)
    if "p_WCR31" in expected:
        jackknifed = wild_bootstrap(nlsw88(column), jackknife=True)
        assert jackknifed.p_value == pytest.approx(expected["p_WCR31"], abs=tie)
        assert jackknifed.p_other == pytest.approx(expected.get("p_WCU31", jackknifed.p_other), abs=tie)


def small_panel() -> Panel:
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"u": np.repeat(np.arange(12), 6), "t": np.tile(np.arange(6), 12)})
    frame["g"] = np.where(frame["u"] < 5, 3 + frame["u"] % 2, 0)
    frame["y"] = rng.normal(size=72) + frame["u"] * 0.3
    frame["w"] = rng.integers(1, 9, size=72)
    frame["c"] = frame["u"] // 2
    return Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g", weights="w", cluster=["c"])


@pytest.mark.parametrize("restricted", [True, False])
def test_every_draw_equals_a_refit(restricted: bool) -> None:
    panel = small_panel()
    estimator = twfe(panel)
    result = wild_bootstrap(estimator, null=0.1, restricted=restricted)
    X = np.column_stack([panel.d, pd.get_dummies(panel.unit), pd.get_dummies(panel.time).iloc[:, 1:]]).astype(
        float
    )
    W = np.diag(panel.w)
    M = np.linalg.inv(X.T @ W @ X)
    k, G = X.shape[1], 6
    factor = G / (G - 1) * (72 - 1) / (72 - k)
    cluster = panel.cluster_codes()

    def t_statistic(y: np.ndarray, null: float) -> float:
        beta = M @ X.T @ W @ y
        scores = [(X.T @ W)[:, cluster == g] @ (y - X @ beta)[cluster == g] for g in range(G)]
        meat = sum(np.outer(s, s) for s in scores)
        return (beta[0] - null) / np.sqrt(factor * (M @ meat @ M)[0, 0])

    if restricted:
        X0, target = X[:, 1:], panel.y - 0.1 * panel.d
        fit = X0 @ np.linalg.solve(X0.T @ W @ X0, X0.T @ W @ target) + 0.1 * panel.d
        centre = 0.1
    else:
        beta = M @ X.T @ W @ panel.y
        fit, centre = X @ beta, beta[0]
    signs = 1 - 2 * ((np.arange(2**G)[:, None] >> np.arange(G)) & 1)
    draws = [abs(t_statistic(fit + (panel.y - fit) * s[cluster], centre)) for s in signs]
    observed = abs(t_statistic(panel.y, 0.1))
    assert abs(result.t) == pytest.approx(observed, rel=1e-9)
    assert result.p_value == pytest.approx(np.mean(np.array(draws) >= observed * (1 - 1e-9)))


def test_interval_ends_are_where_p_falls_through_alpha() -> None:
    estimator = twfe(small_panel())
    result = wild_bootstrap(estimator, distribution="webb", draws=1999, seed=3)
    width = result.ci_high - result.ci_low
    inside = wild_bootstrap(
        estimator, null=result.ci_low + 0.01 * width, distribution="webb", draws=1999, seed=3
    )
    outside = wild_bootstrap(
        estimator, null=result.ci_low - 0.01 * width, distribution="webb", draws=1999, seed=3
    )
    assert inside.p_value > 0.05 >= outside.p_value


def test_imputation_is_served_by_the_same_bootstrap() -> None:
    fit = imputation(small_panel())
    omega = fit.weights(np.ones(fit.treated.size, dtype=bool))[:, None]
    result = wild_bootstrap(fit.contrast(omega, for_bootstrap=True))
    assert result.estimate == pytest.approx(float(omega[:, 0] @ fit.effects))
    assert 1 / 2**6 <= result.p_value <= 1
    assert result.ci_low < result.estimate < result.ci_high


def test_one_treated_cluster_makes_restricted_and_unrestricted_disagree() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"u": np.repeat(np.arange(14), 20), "t": np.tile(np.arange(20), 14)})
    frame["g"] = np.where(frame["u"] == 0, 10, 0)
    frame["y"] = rng.normal(size=280) + 2.0 * ((frame["u"] == 0) & (frame["t"] >= 10))
    panel = Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g")
    result = wild_bootstrap(twfe(panel), draws=999)
    # The true effect is 19 standard errors away: WCR cannot see it, WCU sees nothing else.
    assert result.p_value > 0.1
    assert result.p_other < 0.01


def test_seed_and_draws() -> None:
    estimator = nlsw88("tenure")
    first = wild_bootstrap(estimator, distribution="webb", draws=999, seed=7)
    assert first == wild_bootstrap(estimator, distribution="webb", draws=999, seed=7)
    assert first.smallest_p == pytest.approx(1 / 999)


def test_refuses_in_words() -> None:
    with pytest.raises(InputError, match="distribution"):
        wild_bootstrap(collapsed(), distribution="normal")
    with pytest.raises(InputError, match="enumerate"):
        wild_bootstrap(twfe(wide_panel()), draws=None)
    flat = small_panel()
    with pytest.raises(CannotEstimate, match="no variation"):
        wild_bootstrap(twfe(replace(flat, y=flat.unit + 2.0 * flat.d)))


def wide_panel() -> Panel:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"u": np.repeat(np.arange(30), 2), "t": np.tile([0, 1], 30), "y": rng.normal(size=60)}
    )
    return Panel.from_frame(
        frame.assign(g=np.where(frame["u"] < 9, 1, np.inf)), outcome="y", unit="u", time="t", start="g"
    )
