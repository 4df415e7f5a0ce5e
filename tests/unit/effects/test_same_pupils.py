"""The same pupils followed: planted truth with ageing, counts against pupils, and a hand-made difference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.form_fit import Form
from evaluation.effects.same_pupils import followed_rows, same_pupils, same_pupils_form
from evaluation.errors import CannotEstimate, InputError

FIRST = {(school, "6"): "2026-11" for school in "ABCD"}
TALKS = {(school, "6"): "2026-10" for school in "ABCD"}
PAIRS = {"2024/25>2025/26": (2024, 2025), "2025/26>2026/27": (2025, 2026)}


def pupils(
    seed: int, effect: float = 0.0, pairs: tuple[str, ...] = tuple(PAIRS), size: int = 15
) -> pd.DataFrame:
    """Pupils × months Aug–Jan of both years; 20 days a month; ageing 1 point, 3 points for the step to grade
    6."""
    rng = np.random.default_rng(seed)
    rows = []
    for pair in pairs:
        years = pair.split(">")
        for school in "ABCD":
            shock = rng.normal(0, 0.005, (2, 6))
            for grade in map(str, range(1, 10)):
                for number in range(size):
                    p = rng.beta(2, 26)
                    for later, year in enumerate(PAIRS[pair]):
                        for m, (plus, cal) in enumerate([(0, 8), (0, 9), (0, 10), (0, 11), (0, 12), (1, 1)]):
                            month = f"{year + plus}-{cal:02d}"
                            ageing = later * (0.03 if grade == "6" else 0.01)
                            has_talk = grade == "6" and years[later] == "2026/27" and month >= "2026-11"
                            q = np.clip(p + ageing + shock[later, m] + effect / 100 * has_talk, 0, 1)
                            rows.append(
                                (f"{school}{grade}{number}{pair}", school, grade, years[later], pair, month, 20.0,
                                 float(rng.binomial(20, q)))
                            )  # fmt: skip
    columns = [
        "pupil_key",
        "school_id",
        "grade",
        "school_year",
        "year_pair",
        "month",
        "possible_days",
        "absent_days",
    ]
    return pd.DataFrame(rows, columns=columns)


def counts(frame: pd.DataFrame) -> pd.DataFrame:
    keys = ["school_id", "grade", "school_year", "year_pair", "month"]
    return frame.groupby(keys, as_index=False).agg(
        pupils=("pupil_key", "nunique"),
        possible_days=("possible_days", "sum"),
        absent_days=("absent_days", "sum"),
    )


def answer(frame: pd.DataFrame) -> object:
    return same_pupils(followed_rows(frame, FIRST, TALKS, follow_up_year="2026/27"))


def test_ageing_of_the_step_is_taken_out_by_the_previous_cohort() -> None:
    found = [answer(counts(pupils(s))) for s in range(3)]
    # Truth 0 although the step to grade 6 adds 3 points; standard error of one study about 0.9.
    assert np.mean([f.estimate.estimate for f in found]) == pytest.approx(0.0, abs=1.2)
    assert found[0].ageing == "untreated grades and previous cohort"
    alone = [answer(counts(pupils(s, pairs=("2025/26>2026/27",)))) for s in range(3)]
    # Without an earlier pair the step's own ageing (3 - 1 points) stays in, and the result says what was
    # removed.
    assert np.mean([f.estimate.estimate for f in alone]) == pytest.approx(2.0, abs=1.2)
    assert alone[0].ageing == "untreated grades"


def test_a_planted_effect_is_recovered() -> None:
    found = answer(counts(pupils(9, effect=-5.0, size=80)))
    assert found.estimate.ci_low < -4.6 < found.estimate.ci_high  # clipping at 0 % takes a little of the five
    assert found.estimate.ci_high < 0
    assert (found.pupils, found.treated_clusters) == (4 * 80, 4)


def test_counts_and_pupils_give_one_answer_when_everybody_has_the_same_days() -> None:
    frame = pupils(3, effect=-2.0, size=6)
    one, other = answer(frame), answer(counts(frame))
    assert other.estimate.estimate == pytest.approx(one.estimate.estimate, abs=1e-8)
    assert other.estimate.std_error == pytest.approx(one.estimate.std_error, rel=0.15)
    assert other.pupils == one.pupils == 24
    assert other.before_pct == pytest.approx(one.before_pct)


def test_one_school_two_grades_two_months_by_hand() -> None:
    rows = [
        ("A", "6", "2025/26", "2025-11", 100.0, 5.0), ("A", "6", "2026/27", "2026-11", 100.0, 4.0),
        ("A", "7", "2025/26", "2025-11", 100.0, 6.0), ("A", "7", "2026/27", "2026-11", 100.0, 9.0),
    ]  # fmt: skip
    columns = ["school_id", "grade", "school_year", "month", "possible_days", "absent_days"]
    frame = pd.DataFrame(rows, columns=columns).assign(year_pair="2025/26>2026/27")
    found = answer(frame)
    assert found.estimate.estimate == pytest.approx((4 - 5) - (9 - 6))
    assert (found.before_pct, found.after_pct, found.others_change_pp) == pytest.approx((5.0, 4.0, 3.0))


def test_talk_months_and_months_without_counterpart_are_dropped() -> None:
    frame = counts(pupils(1, size=2))
    rows = followed_rows(frame, FIRST, TALKS, follow_up_year="2026/27")
    six = rows[(rows["grade"] == "6") & (rows["year_pair"] == "2025/26>2026/27")]
    assert 10 not in set(six["cal_month"])  # October 2026 has talks, so October 2025 has no counterpart
    assert six["is_treated"].sum() == 4 * 3
    assert set(rows.loc[rows["grade"] == "7", "cal_month"]) == {8, 9, 10, 11, 12, 1}


def test_refuses_in_words() -> None:
    frame = counts(pupils(1, size=2))
    with pytest.raises(CannotEstimate, match="whole month after a talk"):
        same_pupils(followed_rows(frame, {}, follow_up_year="2026/27"))
    with pytest.raises(CannotEstimate, match="no untreated step"):
        answer(
            frame[
                (frame["grade"] == "6")
                & frame["month"].str[-2:].isin(["11", "12"])
                & (frame["year_pair"] > "2025")
            ]
        )
    with pytest.raises(InputError, match="year_pair"):
        followed_rows(frame.drop(columns="year_pair"), FIRST, follow_up_year="2026/27")


@pytest.mark.parametrize("form", ["logit", "poisson"])
def test_other_forms_say_the_same_of_a_planted_effect(form: Form) -> None:
    frame = counts(pupils(9, effect=-5.0, size=80))
    rows = followed_rows(frame, FIRST, TALKS, follow_up_year="2026/27")
    linear, fitted = same_pupils(rows).estimate, same_pupils_form(rows, form)
    # One truth in two scales: the forms differ by less than half a standard error of either.
    assert linear.std_error is not None
    assert fitted.effect_pp == pytest.approx(linear.estimate, abs=0.5 * linear.std_error)
    assert fitted.ratio < 1.0
    assert fitted.clusters == 36


def test_rows_of_pupils_and_counts_give_one_rate_ratio() -> None:
    """Poisson with a level of its own for each unit: with equal days, sums over a cohort's pupils say all there is."""
    frame = pupils(3, effect=-3.0, pairs=("2025/26>2026/27",), size=6)
    by_pupil = followed_rows(frame, FIRST, TALKS, follow_up_year="2026/27")
    by_cohort = followed_rows(counts(frame), FIRST, TALKS, follow_up_year="2026/27")
    assert same_pupils_form(by_pupil, "poisson").ratio == pytest.approx(
        same_pupils_form(by_cohort, "poisson").ratio, abs=1e-6
    )
