"""CR0–CR3, Satterthwaite and HTZ: the published table, the definition written out, statsmodels, and invariances."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.effects import moments, parts
from evaluation.effects.absorb import fit_nuisance
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.linear import LinearEstimator, weighted_least_squares
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import htz_test, satterthwaite_df
from evaluation.effects.twfe import twfe
from evaluation.errors import CannotEstimate

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
MLDA = json.loads((ORACLES / "mlda_clubsandwich.json").read_text())


def mlda_panel(**options: object) -> Panel:
    frame = pd.read_csv(ORACLES / "mlda_mortality.csv")
    return Panel.from_frame(
        frame,
        outcome="mrate",
        unit="state",
        time="year",
        treatment="legal",
        covariates=["beertaxa"],
        **options,
    )


@pytest.mark.parametrize("kind", ["cr0", "cr1", "cr2", "cr3"])
def test_unweighted_mlda(kind: str) -> None:
    expected = MLDA["plm_within_unweighted"][kind.upper()]["legal"]
    result = sandwich(twfe(mlda_panel()), kind)
    # Printed with 12 decimals; 1e-9 relative leaves room for another order of summation.
    assert result.estimator.theta[0] == pytest.approx(expected["estimate"], rel=1e-9)
    assert result.std_errors[0] == pytest.approx(expected["se"], rel=1e-9)
    assert satterthwaite_df(result)[0] == pytest.approx(expected["df_satt"], rel=1e-9)


@pytest.mark.parametrize("kind", ["cr0", "cr1", "cr1s", "cr2"])
def test_weighted_mlda_with_identity_working_model(kind: str) -> None:
    expected = MLDA["wls_pop_identity_target"][kind.upper()]["legal"]
    result = sandwich(twfe(mlda_panel(weights="pop")), kind)
    assert result.std_errors[0] == pytest.approx(expected["se"], rel=1e-9)
    assert satterthwaite_df(result)[0] == pytest.approx(expected["df_satt"], rel=1e-9)


def test_cr1s_counts_absorbed_effects() -> None:
    expected = MLDA["ols_unweighted"]["CR1S"]["legal"]["se"]
    estimator = twfe(mlda_panel())
    assert estimator.rank == 50 + (14 - 1) + 2
    assert sandwich(estimator, "cr1s").std_errors[0] == pytest.approx(expected, rel=1e-9)


def test_htz_of_two_coefficients() -> None:
    expected = MLDA["wald_joint_legal_beertaxa_CR2"]["HTZ"]
    result = htz_test(sandwich(two_coefficients(), "cr2"))
    assert result.statistic == pytest.approx(expected["F"], rel=1e-9)
    assert result.df_denom == pytest.approx(expected["df_denom"], rel=1e-9)
    assert result.p_value == pytest.approx(expected["p"], rel=1e-8)


def test_htz_of_one_contrast_is_the_squared_t_test() -> None:
    single = sandwich(twfe(mlda_panel()), "cr2")
    joint = htz_test(single)
    assert joint.statistic == pytest.approx(float(single.estimator.theta[0] / single.std_errors[0]) ** 2)
    assert joint.df_denom == pytest.approx(satterthwaite_df(single)[0])


def two_coefficients() -> LinearEstimator:
    panel = mlda_panel()
    bare = replace(panel, X=panel.X[:, :0], covariates=())
    columns = np.column_stack([panel.d, panel.X])
    return weighted_least_squares(
        panel.y, columns, fit_nuisance(bare), phi=panel.phi, cluster=panel.cluster_codes(), N=panel.N,
        names=("legal", "beertaxa"),
    )  # fmt: skip


def small_frame(seed: int = 0, n: int = 60) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"u": np.repeat(np.arange(10), n // 10), "t": np.tile(np.arange(n // 10), 10)})
    frame["x"] = rng.normal(size=n)
    frame["d"] = ((frame["u"] < 4) & (frame["t"] >= 3)).astype(float)
    frame["y"] = rng.normal(size=n) + frame["d"]
    frame["w"] = rng.integers(1, 6, size=n).astype(float)
    frame["c"] = frame["u"] // 2
    return frame


def small_panel(frame: pd.DataFrame, **options: object) -> Panel:
    return Panel.from_frame(
        frame, outcome="y", unit="u", time="t", treatment="d", covariates=["x"], cluster=["c"], **options
    )


def design_matrix(frame: pd.DataFrame) -> np.ndarray:
    blocks = [pd.get_dummies(frame["u"], dtype=float), pd.get_dummies(frame["t"], dtype=float).iloc[:, 1:]]
    return np.column_stack([frame["d"], frame["x"], *[b.to_numpy() for b in blocks]])


def by_definition(frame: pd.DataFrame, phi: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """CR2 variance and Satterthwaite df of the first coefficient with every matrix written out, n × n."""
    X, y, W = design_matrix(frame), frame["y"].to_numpy(), np.diag(weights)
    M = np.linalg.inv(X.T @ W @ X)
    R = np.eye(len(y)) - X @ M @ X.T @ W
    root, inverse_root = np.diag(np.sqrt(phi)), np.diag(1 / np.sqrt(phi))
    Rz = inverse_root @ R @ root
    B = Rz @ Rz.T
    v = root @ W @ X @ M[:, 0]
    e = inverse_root @ R @ y
    variance, P = 0.0, []
    for g in sorted(frame["c"].unique()):
        rows = np.flatnonzero(frame["c"] == g)
        values, vectors = np.linalg.eigh(B[np.ix_(rows, rows)])
        power = np.where(values > 1e-10 * values.max(), 1 / np.sqrt(np.maximum(values, 1e-300)), 0)
        t = vectors @ np.diag(power) @ vectors.T @ v[rows]
        variance += float(t @ e[rows]) ** 2
        P.append(Rz[rows].T @ t)
    cross = np.array(P) @ np.array(P).T
    return variance, np.trace(cross) ** 2 / (cross**2).sum()


@pytest.mark.parametrize("working", ["identity", "inverse-weight"])
def test_cr2_equals_its_definition(working: str) -> None:
    frame = small_frame()
    w = frame["w"].to_numpy()
    phi = np.ones(len(frame)) if working == "identity" else w.mean() / w
    variance, df = by_definition(frame, phi, w)
    result = sandwich(twfe(small_panel(frame, weights="w", working=working)), "cr2")
    assert result.cov[0, 0] == pytest.approx(variance, rel=1e-9)
    assert satterthwaite_df(result)[0] == pytest.approx(df, rel=1e-9)


def test_few_large_clusters_take_the_small_basis_and_agree() -> None:
    frame = small_frame(n=400)
    frame["c"] = frame["u"] // 5
    estimator = twfe(small_panel(frame))
    variance, df = by_definition(frame, np.ones(400), np.ones(400))
    result = sandwich(estimator, "cr2")
    assert result.cov[0, 0] == pytest.approx(variance, rel=1e-8)
    assert satterthwaite_df(result)[0] == pytest.approx(df, rel=1e-8)


def test_jackknife_is_the_spread_of_leave_one_cluster_out_estimates() -> None:
    frame = small_frame()
    frame["u"] = 0  # so that no effect is nested in a cluster and each fit is defined
    full = twfe(small_panel(frame)).theta[0]
    left = [twfe(small_panel(frame[frame["c"] != g])).theta[0] for g in frame["c"].unique()]
    result = sandwich(twfe(small_panel(frame)), "jackknife")
    assert result.cov[0, 0] == pytest.approx(sum((b - full) ** 2 for b in left), rel=1e-9)


def test_statsmodels_is_the_second_opinion() -> None:
    frame = small_frame()
    model = smf.wls("y ~ d + x + C(u) + C(t)", frame, weights=frame["w"])
    clustered = model.fit(cov_type="cluster", cov_kwds={"groups": frame["c"]})
    estimator = twfe(small_panel(frame, weights="w"))
    assert estimator.theta[0] == pytest.approx(clustered.params["d"], abs=1e-9)
    assert sandwich(estimator, "cr1s").std_errors[0] == pytest.approx(clustered.bse["d"], abs=1e-9)


def test_cells_give_the_same_answers_as_the_rows_behind_them() -> None:
    rng = np.random.default_rng(5)
    cells = small_frame().drop(columns=["y", "w"]).assign(n=rng.integers(2, 9, size=60))
    rows = cells.loc[cells.index.repeat(cells["n"])].reset_index(drop=True)
    rows["y"] = rng.normal(size=len(rows))
    keys = ["u", "t", "x", "d", "c"]
    compressed = rows.groupby(keys, as_index=False).agg(y=("y", "mean"), n=("y", "size"))
    for kind in ("cr0", "cr1", "cr1s", "cr2", "cr3"):
        from_rows = sandwich(twfe(small_panel(rows)), kind)
        from_cells = sandwich(
            twfe(small_panel(compressed, weights="n", rows="n", working="inverse-weight")), kind
        )
        assert from_cells.estimator.theta[0] == pytest.approx(from_rows.estimator.theta[0], abs=1e-10)
        assert from_cells.std_errors[0] == pytest.approx(from_rows.std_errors[0], rel=1e-10)
        assert satterthwaite_df(from_cells)[0] == pytest.approx(satterthwaite_df(from_rows)[0], rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-4, 1e4), st.floats(1e-4, 1e4), st.randoms(use_true_random=False))
def test_order_names_and_units_do_not_matter(seed: int, scale: float, weight_scale: float, random) -> None:
    frame = small_frame(seed)
    result = sandwich(twfe(small_panel(frame, weights="w")), "cr2")
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].copy()
    other["u"] = other["u"].map(lambda k: f"unit {9 - k}")
    other["y"] = other["y"] * scale + 5
    other["w"] = other["w"] * weight_scale
    moved = sandwich(twfe(small_panel(other, weights="w")), "cr2")
    assert moved.estimator.theta[0] == pytest.approx(
        scale * result.estimator.theta[0], rel=1e-6, abs=1e-9 * scale
    )
    assert moved.std_errors[0] == pytest.approx(scale * result.std_errors[0], rel=1e-6)
    assert satterthwaite_df(moved)[0] == pytest.approx(satterthwaite_df(result)[0], rel=1e-6)


def test_row_order_gives_the_same_bits() -> None:
    frame = small_frame()
    first = sandwich(twfe(small_panel(frame, weights="w")), "cr2").cov
    second = sandwich(twfe(small_panel(frame.sample(frac=1, random_state=1), weights="w")), "cr2").cov
    assert first.tobytes() == second.tobytes()


def test_many_clusters_use_no_g_by_g_matrix_and_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    result = sandwich(two_coefficients(), "cr2")
    dense = (satterthwaite_df(result), htz_test(result))
    monkeypatch.setattr(moments, "DENSE_CLUSTERS", 0)
    monkeypatch.setattr(parts, "DENSE_CLUSTERS", 0)
    result = sandwich(two_coefficients(), "cr2")  # anew: what the first one has worked out, it keeps
    assert satterthwaite_df(result) == pytest.approx(dense[0], rel=1e-9)
    assert htz_test(result).df_denom == pytest.approx(dense[1].df_denom, rel=1e-9)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.assign(c=0), "only one cluster"),
        (lambda f: f.assign(d=(f["u"] < 4) * 1.0), "collinear"),
        (lambda f: f.assign(d=(f["t"] > 2) * 1.0), "collinear"),
        (lambda f: f.assign(y=np.nan), "no row has the outcome"),
    ],
)
def test_refuses_in_words(change, reason: str) -> None:
    with pytest.raises(CannotEstimate, match=reason):
        sandwich(twfe(small_panel(change(small_frame()))), "cr2")


def test_collinear_covariates_are_named() -> None:
    frame = small_frame().assign(double=lambda f: 2 * f["x"] + f["t"])
    panel = Panel.from_frame(
        frame, outcome="y", unit="u", time="t", treatment="d", covariates=["x", "double"], cluster=["c"]
    )
    assert fit_nuisance(panel).dropped == ("double",)
    assert twfe(panel).theta == pytest.approx(twfe(small_panel(frame)).theta)


def test_several_cluster_columns_cross() -> None:
    frame = small_frame().assign(half=lambda f: f["t"] % 2)
    panel = Panel.from_frame(frame, outcome="y", unit="u", time="t", treatment="d", cluster=["c", "half"])
    assert panel.cluster_codes().max() + 1 == 5 * 2


@pytest.mark.parametrize("dense_clusters", [0, 400])
def test_moments_scaled_by_cluster_are_those_of_the_scaled_scores(
    monkeypatch: pytest.MonkeyPatch, dense_clusters: int
) -> None:
    """Made once and scaled, or made anew from the adjusted weights: the same degrees of freedom, full tables or sparse."""
    monkeypatch.setattr(moments, "DENSE_CLUSTERS", dense_clusters)
    monkeypatch.setattr(parts, "DENSE_CLUSTERS", dense_clusters)
    rng = np.random.default_rng(0)
    rows = [
        (u, t, rng.normal(), 3.0 if u % 3 == 0 else np.inf, rng.integers(1, 9))
        for u in range(60)
        for t in range(6)
    ]
    frame = pd.DataFrame(rows, columns=["u", "t", "y", "start", "w"])
    fit = imputation(Panel.from_frame(frame, outcome="y", unit="u", time="t", start="start", weights="w",
                                      working="inverse-weight"))  # fmt: skip
    omega = np.column_stack(
        [fit.weights(np.ones(fit.treated.size, dtype=bool)), rng.random(fit.treated.size)]
    )
    result = sandwich(fit.contrast(omega), "cr2")
    assert result.known_moments is not None
    anew = moments.CrossMoments(result.estimator, result.T)
    for s in range(2):
        trace, square = anew.sums(s)
        # Two orders of the same sums of some hundred terms.
        assert result.df[s] == pytest.approx(trace**2 / square, rel=1e-10)
        assert result.moments.sums(s) == pytest.approx((trace, square), rel=1e-10)
