"""One treated grade: the pooled t against OLS, the bootstrap against its definition, and size under the
null."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from evaluation.errors import CannotEstimate, InputError
from evaluation.questions.one_wave import (
    cell_changes,
    donald_lang,
    ferman_pinto,
)


def cells(seed: int, effect: float = 0.0, sizes: tuple[float, float] = (3000.0, 5000.0)) -> pd.DataFrame:
    """Four schools × ten grades, grade 6 treated; one change per cell."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [list("ABCD"), [str(g) for g in range(10)]], names=["school_id", "grade"]
    ).to_frame(index=False)
    frame["is_treated_grade"] = frame["grade"] == "6"
    frame["size"] = rng.uniform(*sizes, len(frame))
    school = frame["school_id"].map(dict(zip("ABCD", rng.normal(0, 1, 4), strict=True)))
    noise = rng.normal(0, 1, len(frame)) * np.sqrt(0.5 + 4000 / frame["size"])
    frame["change"] = school + effect * frame["is_treated_grade"] + noise
    return frame


def test_pooled_t_is_least_squares_with_schools() -> None:
    frame = cells(1, -2.0)
    fit = smf.ols(
        "change ~ treated + C(school_id)", frame.assign(treated=frame["is_treated_grade"] * 1.0)
    ).fit()
    found = donald_lang(frame)
    assert found.estimate == pytest.approx(fit.params["treated"], abs=1e-9)
    assert found.std_error == pytest.approx(fit.bse["treated"], rel=1e-9)
    assert found.df == fit.df_resid == 40 - 4 - 1
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(fit.conf_int().loc["treated"]), abs=1e-9)


@pytest.mark.slow
def test_size_of_both_under_the_null() -> None:
    studies = 400
    t_rejects = sum(donald_lang(cells(s)).p_value <= 0.05 for s in range(studies))
    b_rejects = sum(ferman_pinto(cells(s), draws=399, seed=s).p_value <= 0.05 for s in range(studies))
    # Nominal 5 %; three Monte-Carlo standard errors of 400 studies are 0.033; the bootstrap runs a little
    # high.
    assert t_rejects / studies == pytest.approx(0.05, abs=0.033)
    assert b_rejects / studies == pytest.approx(0.06, abs=0.035)


def test_bootstrap_widens_for_small_treated_cells() -> None:
    rng = np.random.default_rng(8)
    frame = cells(8, sizes=(20_000, 20_001))
    small = frame.assign(size=np.where(frame["is_treated_grade"], 400.0, rng.uniform(2_000, 30_000, 40)))
    small["change"] = rng.normal(0, 1, 40) * np.sqrt(4_000 / small["size"])
    found = ferman_pinto(small, seed=1)
    assert found.variance_by_size > 0
    small["change"] = small["change"] - 4.0 * small["is_treated_grade"]
    assert ferman_pinto(small, seed=1).p_value > donald_lang(small).p_value


def test_a_large_effect_is_found_and_the_p_value_is_never_zero() -> None:
    found = ferman_pinto(cells(2, -12.0), draws=999, seed=0)
    assert found.p_value <= 0.01
    assert found.p_value >= 1 / 1000
    assert donald_lang(cells(2, -12.0)).p_value < 1e-6


def test_same_seed_same_answer_and_order_does_not_matter_for_the_t() -> None:
    frame = cells(3, -1.0)
    assert ferman_pinto(frame, draws=199, seed=4) == ferman_pinto(frame, draws=199, seed=4)
    assert donald_lang(frame.sample(frac=1, random_state=1)).t == pytest.approx(donald_lang(frame).t)


def test_changes_compare_the_same_months_by_hand() -> None:
    rows = []
    for grade, treated in (("5", False), ("6", True)):
        for is_after in (False, True):
            for month in (8, 9):
                rows.append(
                    (
                        "A",
                        grade,
                        treated,
                        month,
                        is_after,
                        10.0 * month + is_after * (month - 8),
                        100.0 * month,
                    )
                )
    rows.append(("A", "6", True, 10, True, 99.0, 1.0))  # a month with nothing to compare with
    frame = pd.DataFrame(
        rows,
        columns=["school_id", "grade", "is_treated_grade", "cal_month", "is_after", "y", "possible_days"],
    )
    found = cell_changes(frame)
    # August: 0; September: 1; weights 800 and 900.
    assert found["change"].tolist() == pytest.approx([900 / 1700] * 2)
    assert found["size"].tolist() == [1700.0, 1700.0]


def test_refuses_in_words() -> None:
    frame = cells(1)
    with pytest.raises(CannotEstimate, match="both a treated and an untreated"):
        donald_lang(frame.assign(is_treated_grade=False))
    with pytest.raises(CannotEstimate, match="degrees of freedom"):
        donald_lang(frame[(frame["school_id"] == "A") & frame["grade"].isin(["5", "6"])])
    with pytest.raises(CannotEstimate, match="do not vary"):
        ferman_pinto(frame.assign(change=1.0))
    with pytest.raises(InputError, match="size above 0"):
        donald_lang(frame.assign(size=0.0))
    with pytest.raises(InputError, match="missing"):
        donald_lang(frame.drop(columns="change"))
