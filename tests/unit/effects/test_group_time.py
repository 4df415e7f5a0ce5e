"""Group-time effects: the published mpdta numbers, other implementations' variants, cross sections, refusals."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.design import Panel
from evaluation.effects.doubly_robust import doubly_robust_change, doubly_robust_cross_sections
from evaluation.effects.group_time import group_time
from evaluation.effects.group_time_aggregate import aggregate, influence_estimates, pre_test
from evaluation.errors import CannotEstimate

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
EXPECTED = json.loads((ORACLES / "mpdta_expected.json").read_text())
# Analytic numbers are given with 15 digits; 1e-9 leaves room for another order of summation.
EXACT = {"abs": 1e-9}


def mpdta() -> pd.DataFrame:
    return pd.read_csv(ORACLES / "mpdta.csv").rename(columns={"first.treat": "g"})


def panel(frame: pd.DataFrame | None = None, **options: object) -> Panel:
    data = mpdta() if frame is None else frame
    return Panel.from_frame(data, outcome="lemp", unit="countyreal", time="year", start="g", **options)


@pytest.mark.parametrize(("covariates", "expected"), [([], EXPECTED), (["lpop"], EXPECTED["with_lpop_dr"])])
def test_att_gt(covariates: list[str], expected: dict) -> None:
    fit = group_time(panel(covariates=covariates))
    errors = np.sqrt(np.diag(fit.covariance()))
    assert fit.att.size == len(expected["att_gt"])
    for g, t, att, se in zip(fit.group, fit.period, fit.att, errors, strict=True):
        cell = expected["att_gt"][f"{g:.0f}_{t:.0f}"]
        assert att == pytest.approx(cell["att"], **EXACT)
        assert se == pytest.approx(cell["se"], **EXACT)


@pytest.mark.parametrize(
    ("kind", "cells", "overall"),
    [
        ("overall", None, "simple"),
        ("group", "group", "group_overall"),
        ("event", "dynamic", "dynamic_overall"),
        ("calendar", "calendar", "calendar_overall"),
    ],
)
def test_aggregations(kind: str, cells: str | None, overall: str) -> None:
    fit = group_time(panel())
    for item in influence_estimates(fit, aggregate(fit, kind)):
        if item.term.term == "overall":
            expected = EXPECTED[overall]
        else:
            assert cells is not None
            value = next(v for v in (item.term.group, item.term.event, item.term.period) if v is not None)
            expected = EXPECTED[cells][f"{value:.0f}"]
        assert item.estimate == pytest.approx(expected["att"], **EXACT)
        assert item.std_error == pytest.approx(expected["se"], **EXACT)


@pytest.mark.parametrize("kind", ["overall", "group", "event", "calendar"])
def test_aggregations_with_covariates(kind: str) -> None:
    fit = group_time(panel(covariates=["lpop"]))
    item = influence_estimates(fit, aggregate(fit, kind))[-1]
    att, se = EXPECTED["with_lpop_dr"][{"overall": "simple", "event": "dynamic"}.get(kind, kind)]
    assert item.estimate == pytest.approx(att, **EXACT)
    assert item.std_error == pytest.approx(se, **EXACT)


def test_pre_test_as_printed() -> None:
    result, notes = pre_test(group_time(panel()))
    assert result is not None
    assert notes == []
    assert result.p_value == pytest.approx(EXPECTED["readme_printed"]["pretest_p"], abs=5e-6)


@pytest.mark.parametrize("control", ["never", "not-yet"])
@pytest.mark.parametrize("base", ["varying", "universal"])
def test_variants_against_another_implementation(control: str, base: str) -> None:
    from diff_diff import CallawaySantAnna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = {"never": "never_treated", "not-yet": "not_yet_treated"}
        reference = CallawaySantAnna(control_group=names[control], base_period=base, n_bootstrap=0).fit(
            mpdta(), outcome="lemp", unit="countyreal", time="year", first_treat="g"
        )
    fit = group_time(panel(), control=control, base=base)
    errors = np.sqrt(np.diag(fit.covariance()))
    compared = 0
    for g, t, att, se, zero in zip(fit.group, fit.period, fit.att, errors, fit.reference, strict=True):
        if zero:
            continue
        other = reference.group_time_effects[(int(g), int(t))]
        assert (att, se) == pytest.approx((other["effect"], other["se"]), **EXACT)
        compared += 1
    assert compared == 12


def test_anticipation_moves_the_base_back() -> None:
    data = mpdta()
    fit = group_time(panel(), anticipation=1)
    wide = data.pivot(index="countyreal", columns="year", values="lemp")
    start = data.groupby("countyreal")["g"].first()
    change = wide[2007] - wide[2005]
    expected = change[start == 2007].mean() - change[start == 0].mean()
    assert fit.att[(fit.group == 2007) & (fit.period == 2007)][0] == pytest.approx(expected)
    assert 2004 not in fit.group  # its base would lie before the first year


def test_clusters_of_units_sum_their_influence() -> None:
    data = mpdta()
    twice = pd.concat([data, data.assign(countyreal=data["countyreal"] + 10**6)])
    twice["state"] = twice["countyreal"] % 10**6
    once = group_time(panel())
    doubled = group_time(panel(twice, cluster=["state"]))
    assert doubled.att == pytest.approx(once.att)
    assert np.diag(doubled.covariance()) == pytest.approx(np.diag(once.covariance()))


def test_repeated_cross_sections_are_differences_of_four_means() -> None:
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {"year": rng.integers(1, 4, 900), "g": rng.choice([0, 3], 900), "lemp": rng.normal(size=900)}
    )
    rows["countyreal"] = np.arange(900)
    fit = group_time(panel(rows))
    means = rows.groupby(["g", "year"])["lemp"].mean()
    expected = (means[3, 3] - means[3, 2]) - (means[0, 3] - means[0, 2])
    keep = (fit.group == 3) & (fit.period == 3)
    assert fit.att[keep][0] == pytest.approx(expected)
    four = rows.groupby(["g", "year"])["lemp"].agg(["var", "size"]).loc[[(3, 3), (3, 2), (0, 3), (0, 2)]]
    variance = (four["var"] * (four["size"] - 1) / four["size"] ** 2).sum()
    assert fit.covariance()[keep][:, keep][0, 0] == pytest.approx(variance)
    assert any("cross sections" in note for note in fit.notes)


def test_unbalanced_units_are_left_out_and_counted() -> None:
    data = mpdta().iloc[3:]
    fit = group_time(panel(data))
    assert any("1 of 500 units are not seen in every period" in note for note in fit.notes)
    assert fit.n == 499


def _cross_sections(seed: int) -> pd.DataFrame:
    """Independent rows; the covariate moves with wave and period, so that leaving it out would mislead."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"year": rng.integers(1, 5, 1500), "g": rng.choice([0, 3, 4], 1500)})
    rows["x"] = rng.normal(size=1500) + 0.4 * (rows["g"] > 0) + 0.2 * rows["year"]
    treated = (rows["g"] > 0) & (rows["year"] >= rows["g"])
    rows["lemp"] = rows["x"] * rows["year"] + treated * (1 + 0.3 * rows["x"]) + rng.normal(size=1500)
    rows["countyreal"] = np.arange(1500)
    return rows


def _unbalanced(seed: int) -> pd.DataFrame:
    """120 units of which every fifth row is lost."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame([(u, t) for u in range(120) for t in range(1, 6)], columns=["countyreal", "year"])
    rows["g"] = rng.choice([0, 3, 4], 120)[rows["countyreal"]]
    rows["x"] = rng.normal(size=120)[rows["countyreal"]] + 0.4 * (rows["g"] > 0)
    treated = (rows["g"] > 0) & (rows["year"] >= rows["g"])
    level = rng.normal(size=120)[rows["countyreal"]]
    rows["lemp"] = level + rows["x"] * rows["year"] + treated + rng.normal(size=len(rows))
    return rows.sample(frac=0.8, random_state=seed)


@pytest.mark.parametrize("covariates", [[], ["x"]])
@pytest.mark.parametrize(
    ("make", "options", "clusters"),
    [(_cross_sections, {"panel": False}, None), (_unbalanced, {"allow_unbalanced_panel": True}, 120)],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cross_sections_against_another_implementation(
    make, options: dict, clusters: int | None, covariates: list[str], seed: int
) -> None:
    from diff_diff import CallawaySantAnna

    rows = make(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = CallawaySantAnna(pscore_trim=1e-12, **options).fit(
            rows, "lemp", "countyreal", "year", "g", covariates=covariates or None
        )
    fit = group_time(panel(rows, covariates=covariates), unbalanced=True)
    # The other implementation clusters with G/(G − 1); R's did and this engine do not.
    factor = 1.0 if clusters is None else np.sqrt(clusters / (clusters - 1))
    errors = np.sqrt(np.diag(fit.covariance())) * factor
    for g, t, att, se in zip(fit.group, fit.period, fit.att, errors, strict=True):
        other = reference.group_time_effects[(int(g), int(t))]
        assert (att, se) == pytest.approx((other["effect"], other["se"]), **EXACT)
    overall = aggregate(fit, "overall")
    se = float(np.sqrt(fit.covariance(overall.influence)[0, 0])) * factor
    assert (overall.att[0], se) == pytest.approx((reference.overall_att, reference.overall_se), **EXACT)
    assert any("repeated cross sections" in note for note in fit.notes)


def test_a_balanced_panel_is_not_taken_apart() -> None:
    assert group_time(panel(), unbalanced=True).att == pytest.approx(group_time(panel()).att, **EXACT)


def test_influence_of_cross_sections_is_the_jackknife() -> None:
    """Leaving out each observation in turn moves the estimate by ψ/n, apart from terms of order 1/n²."""
    rng = np.random.default_rng(4)
    n = 1200
    treated, after = rng.integers(0, 2, n).astype(float), rng.random(n) < 0.5
    x = rng.normal(size=n) + 0.5 * treated
    y = x * (1 + after) + treated * after + rng.normal(size=n)
    X, w = np.column_stack([np.ones(n), x]), rng.integers(1, 4, n).astype(float)
    att, psi = doubly_robust_cross_sections(y, after, treated, X, w)
    moved = []
    for i in range(n):
        rest = np.arange(n) != i
        less = doubly_robust_cross_sections(y[rest], after[rest], treated[rest], X[rest], w[rest])[0]
        moved.append((n - 1) * (att - less))
    # Leaving out one also moves the regressions, by its leverage: 2 of 300 in each group, more where weights differ.
    assert np.corrcoef(moved, psi)[0, 1] > 0.999
    assert np.std(moved) == pytest.approx(np.std(psi), rel=0.02)


def test_doubly_robust_is_right_when_only_the_outcome_model_is() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=4000)
    treated = (rng.random(4000) < 1 / (1 + np.exp(-np.sin(3 * x)))).astype(float)
    change = 1 + 2 * x + 0.5 * treated + rng.normal(size=4000) * 0.1
    att, psi = doubly_robust_change(change, treated, np.column_stack([np.ones(4000), x]), np.ones(4000))
    assert att == pytest.approx(0.5, abs=4 * float(np.sqrt((psi**2).mean() / 4000)))


def test_bands_are_wider_than_intervals_and_seeded() -> None:
    fit = group_time(panel())
    first = influence_estimates(fit, aggregate(fit, "event"), seed=1)
    assert first == influence_estimates(fit, aggregate(fit, "event"), seed=1)
    for item in first[:-1]:
        assert item.band_low < item.ci_low < item.ci_high < item.band_high


def test_weights_as_replication() -> None:
    data = mpdta()
    data["k"] = 1 + data["countyreal"] % 3
    copies = [
        data[data["k"] > j].assign(countyreal=lambda f, j=j: f["countyreal"] * 10 + j) for j in range(3)
    ]
    weighted = group_time(panel(data, weights="k"))
    replicated = group_time(panel(pd.concat(copies)))
    assert weighted.att == pytest.approx(replicated.att)
    assert aggregate(weighted, "overall").att == pytest.approx(aggregate(replicated, "overall").att)


@pytest.mark.parametrize(
    ("change", "options", "reason"),
    [
        (lambda f: f[f["g"] > 0], {}, "never treated"),
        (lambda f: f.assign(g=0), {}, "no unit starts"),
        (lambda f: f[f["g"].isin([0, 2004]) & (f["year"] >= 2004)], {}, "no unit starts"),
        (lambda f: f.assign(g=2006), {"control": "not-yet"}, "comparison group"),
        (lambda f: pd.concat([f, f]), {}, "several"),
        (lambda f: f[~((f["countyreal"] % 5) == (f["year"] % 5))], {}, "no unit is seen in every period"),
    ],
)
def test_refuses_in_words(change, options: dict, reason: str) -> None:
    with pytest.raises(CannotEstimate, match=reason):
        group_time(panel(change(mpdta())), **options)


def test_a_wave_after_the_last_period_is_as_if_never_treated() -> None:
    later = mpdta().assign(g=lambda f: f["g"].where(f["g"] != 2007, 2030))
    never = mpdta().assign(g=lambda f: f["g"].where(f["g"] != 2007, 0))
    fit = group_time(panel(later))
    assert fit.att == pytest.approx(group_time(panel(never)).att)
    assert any("131 units start after the last period" in note for note in fit.notes)


def test_separation_is_said_for_each_pair() -> None:
    data = mpdta().assign(split=lambda f: (f["g"] > 0) * 1.0 + f["lpop"] * 1e-3)
    with pytest.raises(CannotEstimate, match=r"every pair of wave and period fails.*no overlap"):
        group_time(panel(data, covariates=["split"]))
