"""Sun & Abraham, Wooldridge's extended two-way model, and the effect of switching: printed numbers, peers, planted truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.effects import did
from evaluation.errors import CannotEstimate, InputError

ORACLES = Path(__file__).parents[2] / "data" / "oracles"
MPDTA = {"unit": "countyreal", "time": "year", "start": "first.treat"}
# README of R's etwfe: etwfe(lemp ~ lpop, year, first.treat, mpdta, vcov = ~countyreal), and emfx by event time.
ETWFE = {
    (2004, 2004): (-0.021248, 0.021728), (2004, 2005): (-0.081850, 0.027375), (2004, 2006): (-0.137870, 0.030795),
    (2004, 2007): (-0.109539, 0.032322), (2006, 2006): (0.002537, 0.018883), (2006, 2007): (-0.045093, 0.021987),
    (2007, 2007): (-0.045955, 0.017975),
}  # fmt: skip
ETWFE_EVENT = {0: (-0.0332, 0.0134), 1: (-0.0573, 0.0172), 2: (-0.1379, 0.0308), 3: (-0.1095, 0.0323)}


def mpdta() -> pd.DataFrame:
    return pd.read_csv(ORACLES / "mpdta.csv")


def staggered(seed: int, *, end: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([(u, t) for u in range(40) for t in range(1, 9)], columns=["u", "t"])
    frame["g"] = frame["u"].map(lambda u: [np.inf, 4, 6, np.inf][u % 4])
    frame["d"] = ((frame["t"] >= frame["g"]) & (~end | (frame["t"] < frame["g"] + 2))).astype(float)
    frame["w"] = rng.integers(1, 9, 40)[frame["u"]].astype(float)
    frame["y"] = rng.normal(size=40)[frame["u"]] + np.sqrt(frame["t"]) + rng.normal(size=len(frame)) * 0.5
    return frame


WAVES = {"absorb": ["first.treat", "year"], "inference": "cr1s"}


@pytest.mark.parametrize(("more", "tolerance"), [({}, 1e-2), (WAVES, 3e-4)])
def test_extended_two_way_prints_what_etwfe_prints(more: dict, tolerance: float) -> None:
    # Unit effects and CR1 leave out the (N − 1)/(N − k) that fixest multiplies in; with wave effects and CR1S it is there.
    asked = {
        **MPDTA,
        "estimator": "etwfe",
        "covariates": "lpop",
        "inference": "cr1",
        **more,
        "cluster": "countyreal",
    }
    cells = did(mpdta(), "lemp", **asked, aggregate="none").frame()
    for row in cells.itertuples():
        estimate, error = ETWFE[int(row.group), int(row.period)]
        assert row.estimate == pytest.approx(estimate, abs=6e-7)
        assert row.std_error == pytest.approx(error, rel=tolerance)
    assert len(cells) == len(ETWFE)
    for row in did(mpdta(), "lemp", **asked, aggregate="event").frame().itertuples():
        assert (row.estimate, row.std_error) == pytest.approx(ETWFE_EVENT[int(row.event)], abs=2e-4)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 9999), weights=st.sampled_from([None, "w"]))
def test_extended_two_way_without_covariates_is_imputation(seed: int, weights: str | None) -> None:
    """Wooldridge (2021) and Borusyak, Jaravel & Spiess meet on balanced panels, also after the last wave has started."""
    frame = staggered(seed)
    for aggregate in ("overall", "event", "group", "calendar", "none"):
        asked = {"unit": "u", "time": "t", "start": "g", "aggregate": aggregate, "weights": weights}
        one, other = (did(frame, "y", **asked, estimator=name).frame() for name in ("imputation", "etwfe"))
        assert other["estimate"].to_list() == pytest.approx(one["estimate"].to_list(), abs=1e-9)
        assert other["event"].equals(one["event"])


def test_sun_abraham_on_the_example_data_of_callaway_and_santanna() -> None:
    """Never-treated controls and a universal base: on a balanced panel R's did prints the same numbers from treatment on."""
    expected = json.loads((ORACLES / "mpdta_expected.json").read_text())["dynamic"]
    found = (
        did(mpdta(), "lemp", **MPDTA, estimator="sun-abraham", aggregate="event")
        .frame()
        .set_index("event")["estimate"]
    )
    for event in (0, 1, 2, 3):
        assert found[event] == pytest.approx(expected[str(event)]["att"], abs=1e-9)
    universal = did(
        mpdta(), "lemp", **MPDTA, estimator="group-time", base="universal", aggregate="event"
    ).frame()
    leads = universal[universal["event"] < -1].set_index("event")["estimate"]
    for event, value in leads.items():
        assert found[event] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("aggregate", ["overall", "event"])
def test_sun_abraham_equals_pyfixest(aggregate: str) -> None:
    import pyfixest as pf

    frame = staggered(5).assign(g0=lambda f: f["g"].replace(np.inf, 0).astype(int))
    peer = pf.event_study(frame, "y", "u", "t", "g0", estimator="saturated", cluster="u", att=False)
    table = peer.aggregate(agg="period", weighting="shares")
    ours = did(
        frame, "y", unit="u", time="t", start="g", estimator="sun-abraham", aggregate="event", inference="cr1"
    ).frame()
    for row in ours.itertuples():
        key = next(k for k in table.index if float(k) == row.event)
        assert row.estimate == pytest.approx(float(table.loc[key, "Estimate"]), abs=1e-8)
        # pyfixest's factor (N − 1)/(N − k) is the only difference.
        assert row.std_error == pytest.approx(float(table.loc[key, "Std. Error"]), rel=0.05)
    whole = did(frame, "y", unit="u", time="t", start="g", estimator="sun-abraham", aggregate=aggregate)
    assert whole.pretrend is not None


def union_membership() -> pd.DataFrame:
    """Vella & Verbeek's panel as de Chaisemartin & D'Haultfœuille clean it: changes undone a year later are errors."""
    frame = pd.read_csv(ORACLES / "wage_panel.csv").sort_values(["nr", "year"])
    by = frame.groupby("nr")["union"]
    before, after = by.shift(1), by.shift(-1)
    alone = (before == after) & (frame["union"] != before)
    return frame.assign(member=frame["union"].where(~alone, before).astype(int))


def test_switching_holds_the_authors_union_premium() -> None:
    # American Economic Review 110 (2020): DID_M = 0.041, bootstrapped standard error 0.035 (ours takes treatment as given).
    asked = {"unit": "nr", "time": "year", "estimator": "did-m"}
    result = did(union_membership(), "lwage", treatment="member", **asked)
    assert result.estimates[0].estimate == pytest.approx(0.041, abs=5e-4)
    assert result.estimates[0].std_error == pytest.approx(0.035, abs=5e-3)
    with_placebos = did(union_membership(), "lwage", treatment="member", aggregate="event", **asked)
    assert [e.term.event for e in with_placebos.estimates] == [-3, -2, -1, 0]
    assert with_placebos.pretrend is not None
    assert with_placebos.pretrend.df == 3
    assert any("128 units' periods join and 122 leave" in n for n in result.notes)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 9999), effect=st.floats(-3, 3))
def test_switching_recovers_a_planted_effect_of_treatments_that_end(seed: int, effect: float) -> None:
    frame = staggered(seed, end=True)
    calm = frame.groupby("u")["t"].transform("size") * 0 + frame["u"] / 7 + frame["t"] ** 1.5
    for weights in (None, "w"):
        result = did(frame.assign(y=calm + effect * frame["d"]), "y", unit="u", time="t", treatment="d",
                     estimator="did-m", weights=weights)  # fmt: skip
        assert result.estimates[0].estimate == pytest.approx(effect, abs=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_three_equal_diff_diff(seed: int) -> None:
    import diff_diff as dd

    rng = np.random.default_rng(seed)
    frame = pd.DataFrame([(u, t) for u in range(80) for t in range(1, 8)], columns=["u", "t"])
    kind = (frame["u"] % 5).to_numpy()
    t = frame["t"].to_numpy()
    frame["d"] = (
        np.select([kind == 0, kind == 1, kind == 2, kind == 3], [0, 1, (t >= 3) & (t < 5), t < 4], t >= 5) * 1
    )
    frame["g"] = np.select([kind == 2, kind == 4], [3, 5], 0)
    frame["y"] = rng.normal(size=80)[frame["u"]] + np.sqrt(t) + frame["d"] + rng.normal(size=len(frame))
    peer = dd.ChaisemartinDHaultfoeuille(drop_larger_lower=False)
    peer = peer.fit(frame, outcome="y", group="u", time="t", treatment="d")
    ours = did(frame, "y", unit="u", time="t", treatment="d", estimator="did-m", aggregate="event").estimates
    assert ours[-1].estimate == pytest.approx(peer.overall_att, abs=1e-10)
    assert ours[-1].std_error == pytest.approx(peer.overall_se, rel=0.01)
    assert abs(ours[-2].estimate) == pytest.approx(abs(peer.placebo_effect), abs=1e-10)
    timing = {"outcome": "y", "unit": "u", "time": "t"}
    for name, fitted in (
        ("sun-abraham", dd.SunAbraham().fit(frame, **timing, first_treat="g")),
        ("etwfe", dd.ETWFE().fit(frame, **timing, cohort="g")),
    ):
        own = did(frame, "y", unit="u", time="t", start="g", estimator=name, inference="cr1").estimates[0]
        assert own.estimate == pytest.approx(fitted.overall_att, abs=1e-10)
        # Its errors carry (N − 1)/(N − k).
        assert own.std_error == pytest.approx(fitted.overall_se, rel=0.06)


def test_switching_by_hand() -> None:
    """One joins, one leaves, one stays out, one stays in: the mean of two differences."""
    frame = pd.DataFrame(
        {
            "u": list("aabbccdd"),
            "t": [1, 2] * 4,
            "d": [0, 1, 1, 0, 0, 0, 1, 1],
            "y": [1.0, 6, 9, 5, 2, 3, 7, 9],
        }
    )
    result = did(frame, "y", unit="u", time="t", treatment="d", estimator="did-m")
    assert result.estimates[0].estimate == pytest.approx((((6 - 1) - (3 - 2)) + ((9 - 7) - (5 - 9))) / 2)


@pytest.mark.parametrize(
    ("change", "asked", "error", "reason"),
    [
        (lambda f: f.assign(d=f["d"] * 2), {}, InputError, "0/1"),
        (
            lambda f: f.assign(d=(f["u"] < 5) * 1),
            {},
            CannotEstimate,
            "no unit switches|treatment does not vary",
        ),
        (lambda f: f.assign(d=(f["t"] > 4) * 1), {}, CannotEstimate, "no unit switches"),
        (lambda f: f, {"horizon": [1]}, InputError, "period of the switch"),
        (lambda f: f, {"aggregate": "group"}, InputError, "no --aggregate group"),
        (lambda f: f, {"absorb": ["u", "t", "w"]}, InputError, "no other fixed effects"),
        (lambda f: f, {"covariates": ["w"]}, InputError, "no covariates"),
        (lambda f: f, {"inference": "cr2"}, InputError, "not available with the did-m"),
        (lambda f: f, {"honest": "smoothness"}, InputError, "no honest intervals"),
    ],
)
def test_switching_refuses_in_words(change, asked: dict, error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        did(
            change(staggered(1, end=True)), "y", unit="u", time="t", treatment="d", estimator="did-m", **asked
        )


def test_sun_abraham_without_never_treated_units_refuses() -> None:
    with pytest.raises(CannotEstimate, match="no unit is never treated"):
        did(staggered(1).query("g < 9"), "y", unit="u", time="t", start="g", estimator="sun-abraham")


def test_by_name_with_any_cluster_robust_error_and_both_ways_of_timing() -> None:
    frame = staggered(2)
    for name in ("sun-abraham", "etwfe"):
        for kind in ("cr0", "cr1", "cr1s", "cr2", "cr3"):
            by_start = did(frame, "y", unit="u", time="t", start="g", estimator=name, inference=kind)
            by_column = did(frame, "y", unit="u", time="t", treatment="d", estimator=name, inference=kind)
            assert by_start.estimates == by_column.estimates
            assert by_start.estimates[0].std_error > 0
