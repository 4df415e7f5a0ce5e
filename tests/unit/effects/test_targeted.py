"""Targeted pupils: the trap of regression to the mean, planted effects, and two grains with one answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.regression_to_mean import BetaMixture, expected_fall
from evaluation.effects.targeted import (
    Remark,
    targeted_from_bands,
    targeted_from_pupils,
)
from evaluation.errors import CannotEstimate, InputError

TREATED_GRADES = ("1", "6", "8")
EDGES = (0, 5, 10, 20)


def pupils(seed: int, effect_pp: float = 0.0, per_cell: int = 65) -> pd.DataFrame:
    """Four schools, ten grades, propensity Beta(0.7, 9.3), 60 days, rule: six days or more (10 %)."""
    rng = np.random.default_rng(seed)
    cells = pd.MultiIndex.from_product(
        [list("ABCD"), [str(g) for g in range(10)], range(per_cell)], names=["school_id", "grade", "number"]
    ).to_frame(index=False)
    p = rng.beta(0.7, 9.3, len(cells))
    treated = cells["grade"].isin(TREATED_GRADES)
    window, gap = rng.binomial(60, p), rng.binomial(20, p)
    chosen = window >= 6
    later = np.clip(p + effect_pp / 100 * (treated & chosen), 0, 1)
    followup = rng.binomial(60, later)
    key = cells["school_id"] + cells["grade"] + "-" + cells["number"].astype(str)
    frames = [
        cells.assign(
            pupil_key=key,
            window=name,
            possible_days=float(possible),
            absent_days=days.astype(float),
            is_treated=treated,
            is_selected=chosen,
        )
        for name, possible, days in (("window", 60, window), ("gap", 20, gap), ("followup", 60, followup))
    ]
    return pd.concat(frames, ignore_index=True)


def bands(frame: pd.DataFrame) -> pd.DataFrame:
    """The same pupils as counts: one row per school, grade and band."""
    wide = frame.pivot(index="pupil_key", columns="window", values=["possible_days", "absent_days"])
    who = frame.drop_duplicates("pupil_key").set_index("pupil_key")
    share = 100 * wide[("absent_days", "window")] / wide[("possible_days", "window")]
    out = who[["school_id", "grade", "is_selected", "is_treated"]].assign(
        band=np.array(EDGES)[np.searchsorted(EDGES, share.to_numpy() + 1e-9, side="right") - 1], pupils=1.0
    )
    for window in ("window", "gap", "followup"):
        out[f"{window}_possible_days"] = wide[("possible_days", window)]
        out[f"{window}_absent_days"] = wide[("absent_days", window)]
    keys = ["school_id", "grade", "band", "is_selected", "is_treated"]
    return out.groupby(keys, as_index=False).sum()


def test_the_trap_no_effect_does_not_come_out_as_one() -> None:
    # Truth 0. Expected: naive −1.54 (exact algebra), equally high 0. Eight studies of 2,600 pupils;
    # tolerances are between two and three standard errors of a mean of eight (0.46/√8 = 0.16).
    studies = [targeted_from_pupils(pupils(seed), components=1) for seed in range(8)]
    naive = np.mean([s.of("naive").change_pp for s in studies])
    high = np.mean([s.of("equally_high").estimate.estimate for s in studies])
    others = np.mean([s.of("did_all_others").estimate.estimate for s in studies])
    expected = np.mean([s.of("regression_to_mean").expected_change_pp for s in studies])
    truth = -100 * expected_fall(BetaMixture((1.0,), (0.7,), (9.3,)), 60, 0.1).fall
    assert truth == pytest.approx(-1.54, abs=0.01)
    assert naive == pytest.approx(truth, abs=0.4)
    assert others == pytest.approx(-1.65, abs=0.4)
    assert expected == pytest.approx(truth, abs=0.1)
    assert high == pytest.approx(0.0, abs=0.4)
    rejected = sum(s.of("equally_high").estimate.p_value < 0.05 for s in studies)
    fooled = sum(s.of("did_all_others").estimate.p_value < 0.05 for s in studies)
    assert rejected <= 3
    assert fooled >= 6


def test_a_planted_effect_does_come_out() -> None:
    found = targeted_from_pupils(pupils(40, effect_pp=-4.0, per_cell=150), components=1)
    for name in ("equally_high", "gap_window", "ancova"):
        estimate = found.of(name).estimate
        assert estimate.ci_high < 0
        assert estimate.ci_low < -3.6 < estimate.ci_high  # clipping at 0 % takes a little of the four points


@pytest.mark.parametrize("name", ["naive", "did_all_others"])
def test_band_counts_give_the_pupils_figures_where_no_band_is_held_fixed(name: str) -> None:
    frame = pupils(7)
    rows, cells = (
        targeted_from_pupils(frame, components=1).of(name),
        targeted_from_bands(bands(frame)).of(name),
    )
    assert cells.estimate.estimate == pytest.approx(rows.estimate.estimate, abs=1e-9)
    assert cells.estimate.std_error == pytest.approx(rows.estimate.std_error, rel=1e-9)
    assert cells.estimate.df == pytest.approx(rows.estimate.df, rel=1e-9)
    assert (cells.pupils, cells.clusters) == (rows.pupils, rows.clusters)


def test_band_counts_answer_the_question_within_bands() -> None:
    frame = bands(pupils(8))
    found = targeted_from_bands(frame)
    selected = frame[frame["is_selected"]].assign(
        change=lambda d: (
            100 * (d["followup_absent_days"] - d["window_absent_days"]) / d["window_possible_days"]
        )
    )
    by_hand = 0.0
    design = pd.get_dummies(selected[["school_id", "band"]].astype(str), drop_first=True, dtype=float)
    X = np.column_stack([selected["is_treated"].astype(float), np.ones(len(selected)), design])
    root = np.sqrt(selected["pupils"].to_numpy())[:, None]
    by_hand = np.linalg.lstsq(root * X, root[:, 0] * selected["change"], rcond=None)[0][0]
    assert found.of("equally_high").estimate.estimate == pytest.approx(by_hand, abs=1e-9)
    # The expectation from three numbers per band is close to the one from every pupil's days.
    rows = targeted_from_pupils(pupils(8), components=1)
    assert found.of("naive").expected_change_pp == pytest.approx(rows.of("naive").expected_change_pp, abs=0.4)


def test_naive_mean_has_the_clubsandwich_variance() -> None:
    # CR2 of an intercept-only WLS, computed from its definition with full matrices.
    frame = bands(pupils(9))
    own = frame[frame["is_selected"] & frame["is_treated"]].reset_index(drop=True)
    change = 100 * (
        own["followup_absent_days"] / own["followup_possible_days"]
        - own["window_absent_days"] / own["window_possible_days"]
    )
    root = np.sqrt(own["pupils"].to_numpy())
    z, x = root * change.to_numpy(), root[:, None]
    H = x @ x.T / (x.T @ x)
    e = z - H @ z
    group = own.groupby(["school_id", "grade"]).ngroup().to_numpy()
    variance, residual_maker, columns = 0.0, np.eye(len(z)) - H, []
    for g in np.unique(group):
        rows = np.flatnonzero(group == g)
        values, vectors = np.linalg.eigh(residual_maker[np.ix_(rows, rows)])
        A = (vectors / np.sqrt(values)) @ vectors.T
        v = A @ x[rows] / (x.T @ x)
        variance += float((v.T @ e[rows]).item() ** 2)
        columns.append(residual_maker[:, rows] @ v)
    P = np.hstack(columns).T @ np.hstack(columns)
    estimate = targeted_from_bands(frame).of("naive").estimate
    assert estimate.std_error == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert estimate.df == pytest.approx(np.trace(P) ** 2 / (P * P).sum(), rel=1e-9)


def test_misleading_figures_carry_their_warning_and_are_not_answers() -> None:
    found = targeted_from_pupils(pupils(10), components=1)
    assert (found.of("naive").remark, found.of("did_all_others").remark) == (
        Remark.CHOSEN_FOR_HIGH,
        Remark.ALL_OTHERS,
    )
    assert [e.estimator for e in found.estimates if e.is_answer] == ["equally_high", "gap_window", "ancova"]


def test_order_of_rows_and_names_do_not_matter_and_the_frame_is_untouched() -> None:
    frame = pupils(12)
    before = frame.copy(deep=True)
    one = targeted_from_pupils(frame, components=1).of("ancova").estimate
    shuffled = frame.sample(frac=1, random_state=1).assign(pupil_key=lambda d: "x" + d["pupil_key"])
    two = targeted_from_pupils(shuffled, components=1).of("ancova").estimate
    assert (two.estimate, two.std_error) == (pytest.approx(one.estimate), pytest.approx(one.std_error))
    pd.testing.assert_frame_equal(frame, before)


def test_without_controls_or_gap_it_says_so_and_still_describes() -> None:
    frame = pupils(13)
    only_treated = frame[frame["is_treated"] & (frame["window"] != "gap")]
    found = targeted_from_pupils(only_treated, components=1)
    assert found.of("naive").status == "estimated"
    assert found.of("equally_high").status == "not_estimable"
    assert found.of("equally_high").remark is Remark.NO_EQUALS
    assert found.of("gap_window").remark is Remark.NO_DAYS


def test_pupils_without_both_windows_are_left_out_and_counted() -> None:
    frame = pupils(14)
    gone = frame["pupil_key"].unique()[:3]
    found = targeted_from_pupils(
        frame[~(frame["pupil_key"].isin(gone) & (frame["window"] == "followup"))], components=1
    )
    assert found.notes == ("3 pupils without days in both windows are left out",)


def test_refuses_in_words_without_a_pupils_key() -> None:
    frame = pupils(15)
    with pytest.raises(CannotEstimate, match="nobody who is treated"):
        targeted_from_pupils(frame.assign(is_selected=False), components=1)
    with pytest.raises(InputError, match="columns is_selected are missing"):
        targeted_from_pupils(frame.drop(columns="is_selected"))
    with pytest.raises(InputError, match="windows"):
        targeted_from_pupils(frame.assign(window="before"))
    with pytest.raises(InputError, match="repeat a pupil and window") as refusal:
        targeted_from_pupils(pd.concat([frame, frame.head(1)]))
    assert frame["pupil_key"].iloc[0] not in str(refusal.value)
    with pytest.raises(InputError, match="lower edge"):
        targeted_from_bands(bands(frame).assign(band="0-5"))
