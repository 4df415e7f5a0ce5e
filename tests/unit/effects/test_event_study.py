"""Event studies and the Goodman-Bacon decomposition: identities, other implementations, planted leads."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evaluation.effects.bacon import goodman_bacon
from evaluation.effects.design import Panel
from evaluation.effects.event_study import (
    dynamic_twfe,
    imputation_event_study,
    lead_test,
    simultaneous_half_widths,
    untreated_leads,
    wls_event_study,
)
from evaluation.effects.group_time import group_time
from evaluation.effects.group_time_aggregate import aggregate
from evaluation.effects.imputation import conservative_variance, imputation
from evaluation.effects.twfe import twfe
from evaluation.errors import CannotEstimate

ORACLES = Path(__file__).parents[2] / "data" / "oracles"


def mpdta() -> pd.DataFrame:
    return pd.read_csv(ORACLES / "mpdta.csv").rename(columns={"first.treat": "g"})


def mpdta_panel() -> Panel:
    return Panel.from_frame(mpdta(), outcome="lemp", unit="countyreal", time="year", start="g")


def school_panel(effect: float = 0.0, lead: float = 0.0, seed: int = 0) -> Panel:
    """Two school years of ten months; waves start in months 12, 15 and 17 of four schools × ten grades."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        [(s, g, t) for s in range(4) for g in range(10) for t in range(20)], columns=["school", "grade", "t"]
    )
    frame["start"] = frame["grade"].map({6: 12, 1: 15, 8: 17}).fillna(np.inf)
    frame["cell"] = frame["school"] * 10 + frame["grade"]
    frame["month"] = frame["t"] % 10
    event = np.where(frame["start"] > 0, frame["t"] - frame["start"], -np.inf)
    frame["y"] = rng.normal(size=800) + effect * (event >= 0) + lead * ((event < 0) & (event >= -3))
    return Panel.from_frame(
        frame, outcome="y", unit="cell", time="t", start="start", absorb=["cell:month", "school:t"]
    )


def test_dynamic_model_equals_pyfixest() -> None:
    import pyfixest as pf

    data = mpdta().assign(event=lambda f: np.where(f["g"] > 0, f["year"] - f["g"], -1))
    reference = pf.feols("lemp ~ i(event, ref=-1) | countyreal + year", data).coef()
    events, estimator = dynamic_twfe(mpdta_panel())
    expected = [
        reference[next(k for k in reference.index if k.split("::")[1] in (f"{e:.0f}", f"{e:.1f}"))]
        for e in events
    ]
    assert estimator.theta == pytest.approx(expected, abs=1e-8)


def test_saturated_model_equals_group_time_with_a_universal_base() -> None:
    study = wls_event_study(mpdta_panel(), model="saturated")
    fit = aggregate(group_time(mpdta_panel(), base="universal"), "event")
    by_event = {t.event: a for t, a in zip(fit.terms, fit.att, strict=True) if t.event is not None}
    # On a balanced panel without covariates both are the same differences of means, averaged by wave size.
    assert study.beta == pytest.approx([by_event[e] for e in study.events], abs=1e-9)


def test_imputation_standard_errors_equal_another_implementation() -> None:
    from diff_diff import ImputationDiD

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = ImputationDiD().fit(
            mpdta(), outcome="lemp", unit="countyreal", time="year", first_treat="g"
        )
    fit = imputation(mpdta_panel())
    omega = fit.weights(np.ones(fit.treated.size, dtype=bool))[:, None]
    theta, cov = conservative_variance(fit, omega)
    assert theta[0] == pytest.approx(reference.overall_att, abs=1e-9)
    assert np.sqrt(cov[0, 0]) == pytest.approx(reference.overall_se, abs=1e-9)


def test_year_on_year_leads_are_found_when_planted_and_quiet_when_not() -> None:
    planted = imputation_event_study(school_panel(lead=2.0), transition=0)
    quiet = imputation_event_study(school_panel())
    assert planted.pretrend is not None
    assert quiet.pretrend is not None
    assert planted.pretrend.p_value < 0.001 < quiet.pretrend.p_value
    assert planted.n_pre == 4
    assert planted.beta[1:4] == pytest.approx(
        [2, 2, 2], abs=4 * float(np.sqrt(np.diag(planted.cov)[1:4].max()))
    )


def test_covariance_of_the_event_study_is_one_matrix() -> None:
    study = imputation_event_study(school_panel(effect=-1))
    errors = [e.std_error for e in study.estimates]
    assert np.sqrt(np.diag(study.cov)) == pytest.approx(errors)
    assert np.linalg.eigvalsh(study.cov).min() > -1e-12
    assert all(e.band_low < e.ci_low and e.band_high > e.ci_high for e in study.estimates)
    assert study.critical > 1.96


def test_lead_test_takes_as_many_leads_as_the_panel_holds() -> None:
    fit = imputation(mpdta_panel())
    result = lead_test(fit)
    assert result is not None
    assert result.df == 3  # event −4 is the reference
    with pytest.raises(CannotEstimate, match="no untreated period"):
        untreated_leads(fit, 0)


def test_bacon_adds_up_and_knows_the_forbidden_share() -> None:
    result = goodman_bacon(mpdta_panel())
    assert result.estimate == pytest.approx(twfe(mpdta_panel()).theta[0], abs=1e-12)
    assert sum(c.weight for c in result.comparisons) == pytest.approx(1)
    assert len(result.comparisons) == 3 + 3 * 2
    # Shares printed by diff-diff's BaconDecomposition on the same data.
    never = sum(c.weight for c in result.comparisons if c.kind == "treated vs never treated")
    assert never == pytest.approx(0.8628, abs=5e-5)
    assert result.forbidden_weight == pytest.approx(0.0539, abs=5e-5)


def test_bacon_with_always_treated_units_adds_up_too() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"u": np.repeat(np.arange(12), 8), "t": np.tile(np.arange(1, 9), 12)})
    frame["g"] = np.select([frame["u"] < 3, frame["u"] < 6, frame["u"] < 9], [1, 4, 6], 0)
    frame["y"] = rng.normal(size=96)
    panel = Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g")
    assert goodman_bacon(panel).estimate == pytest.approx(twfe(panel).theta[0], abs=1e-12)


def test_bacon_refuses_what_it_cannot_decompose() -> None:
    with pytest.raises(CannotEstimate, match="unbalanced"):
        goodman_bacon(mpdta_panel().subset(np.arange(2500) > 0))


def test_card_krueger() -> None:
    expected = json.loads((ORACLES / "card_krueger_expected.json").read_text())
    frame = pd.read_csv(ORACLES / "card_krueger_pooled.csv")
    panel = Panel.from_frame(frame, outcome="fte", treatment="nj:after", absorb=["nj", "after"])
    assert expected["n"] == panel.N
    assert twfe(panel).theta[0] == pytest.approx(expected["did"], abs=1e-9)
    controls = ["kfc", "roys", "wendys", "co_owned"]
    more = Panel.from_frame(
        frame, outcome="fte", treatment="nj:after", absorb=["nj", "after"], covariates=controls
    )
    assert twfe(more).theta[0] == pytest.approx(expected["did_controls"], abs=1e-9)


def test_half_widths_that_hold_all_at_once_are_sidaks_where_estimates_are_independent() -> None:
    """Independent columns: each must hold alone at .95^(1/m); with few degrees of freedom by its own t."""
    scores, errors = np.eye(4), np.ones(4)
    alone = 0.5 + 0.95 ** (1 / 4) / 2
    normal = simultaneous_half_widths(scores, errors, np.full(4, np.inf), level=0.95, seed=1, draws=200_000)
    few = simultaneous_half_widths(scores, errors, np.full(4, 5.0), level=0.95, seed=1, draws=200_000)
    assert normal == pytest.approx(np.full(4, stats.norm.ppf(alone)), abs=0.02)
    assert few == pytest.approx(np.full(4, stats.t.ppf(alone, 5)), abs=0.04)
    one = simultaneous_half_widths(scores[:, :1], errors[:1], np.array([5.0]), level=0.95, seed=1)
    assert one == pytest.approx([stats.t.ppf(0.975, 5)], rel=1e-9)


def test_waves_that_begin_between_the_same_two_periods_are_decomposed() -> None:
    """Starts 2.5 and 3 act from the same period on: nothing sets them apart, and nothing divides by it."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame([(u, t) for u in range(9) for t in range(1, 6)], columns=["u", "t"])
    frame["g"] = frame["u"].map({0: 2.5, 1: 2.5, 2: 3.0, 3: 3.0, 4: 5.0}).fillna(np.inf)
    frame["y"] = rng.normal(size=len(frame))
    panel = Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g")
    parts = goodman_bacon(panel)
    assert sum(c.weight for c in parts.comparisons) == pytest.approx(1)
    assert parts.estimate == pytest.approx(float(twfe(panel).theta[0]), abs=1e-10)
