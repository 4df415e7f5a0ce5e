"""Variations of the estimate: what each one hands to the estimator, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.sensitivity import (
    leave_one_out,
    main_row,
    placebo_grades,
    placebo_year,
    summarise_leave_one_out,
    unweighted,
    without,
)
from evaluation.errors import CannotEstimate, InputError


@dataclass
class Answer:
    estimate: float
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None


def panel() -> pd.DataFrame:
    """Two schools, grades 5-8, periods 0-7; grade 6 starts at 6, grade 8 at 7; a true effect of -2."""
    frame = pd.MultiIndex.from_product(
        [["A", "B"], ["5", "6", "7", "8"], range(8)], names=["school_id", "grade", "t"]
    ).to_frame(index=False)
    frame["start"] = frame["grade"].map({"6": 6.0, "8": 7.0}).fillna(np.inf)
    frame["w"] = np.where(frame["school_id"] == "A", 300.0, 100.0)
    frame["y"] = (
        7.0
        - 2.0 * (frame["t"] >= frame["start"])
        - 3.0 * ((frame["t"] >= frame["start"]) & (frame["school_id"] == "A"))
    )
    return frame


def naive(frame: pd.DataFrame) -> Answer:
    """Weighted mean of the treated rows less 7, with an interval of ±1."""
    rows = frame[frame["t"] >= frame["start"]]
    if rows.empty:
        raise CannotEstimate("nobody is treated")
    value = float(np.average(rows["y"] - 7, weights=rows["w"]))
    return Answer(value, value - 1, value + 1, 0.01)


def test_leave_one_out_drops_each_value_in_order() -> None:
    found = leave_one_out(panel(), naive, "school_id")
    assert [r.label for r in found] == ["uden A", "uden B"]
    assert [r.estimate for r in found] == pytest.approx([-2.0, -5.0])
    assert main_row(panel(), naive).estimate == pytest.approx((3 * -5 + 1 * -2) / 4)


def test_summary_names_what_moves_the_estimate() -> None:
    main = main_row(panel(), naive)
    summary = summarise_leave_one_out(main, leave_one_out(panel(), naive, "school_id"))
    assert (summary.low, summary.high, summary.most_influential) == (
        pytest.approx(-5),
        pytest.approx(-2),
        "uden A",
    )
    assert summary.sign_changes == ()
    assert summary.conclusion_changes == ()
    crossing = [
        main_row(panel(), lambda f: Answer(-0.5, -1.5, 0.5)),
        main_row(panel(), lambda f: Answer(0.2, -1, 1)),
    ]
    found = summarise_leave_one_out(main, crossing)
    assert len(found.conclusion_changes) == 2
    assert found.sign_changes == ("alle",)


def test_unweighted_and_without_grades() -> None:
    assert unweighted(panel(), naive, "w").estimate == pytest.approx((-5 - 2) / 2)
    row = without(panel(), lambda f: Answer(float(f["grade"].nunique())), ["5", "8"])
    assert (row.label, row.estimate) == ("uden 5, 8", 2.0)


def test_placebo_year_lets_no_true_effect_in() -> None:
    seen: list[pd.DataFrame] = []

    def keep(frame: pd.DataFrame) -> Answer:
        seen.append(frame)
        return naive(frame)

    row = placebo_year(panel(), keep, shift=3.0)
    (frame,) = seen
    assert frame["t"].max() == 5  # nothing from the first true start on, in any grade
    assert set(frame["start"]) == {3.0, 4.0, np.inf}
    assert row.estimate == pytest.approx(0.0)


def test_placebo_grades_take_turns_without_the_treated_ones() -> None:
    rows = placebo_grades(panel(), lambda f: Answer(float(np.isfinite(f["start"]).mean()), None, None, None))
    assert [r.label for r in rows] == ["5 lader som om", "7 lader som om"]
    assert [r.estimate for r in rows] == [0.5, 0.5]
    assert all(r.estimate == pytest.approx(0.0) for r in placebo_grades(panel(), naive))
    assert len(placebo_grades(panel(), naive, pretended=["7"])) == 1


def test_a_variation_that_cannot_be_estimated_says_why_and_the_rest_goes_on() -> None:
    rows = leave_one_out(panel()[lambda d: d["grade"].isin(["5", "6"])], naive, "grade")
    assert [r.status for r in rows] == ["estimated", "not_estimable"]
    assert rows[1].reason == "nobody is treated"
    assert main_row(panel(), lambda f: Answer(float("nan"))).status == "not_estimable"


def test_frames_are_never_changed() -> None:
    frame, before = panel(), panel()
    placebo_year(frame, naive, shift=2.0)
    placebo_grades(frame, naive)
    unweighted(frame, naive, "w")
    leave_one_out(frame, naive, "grade")
    pd.testing.assert_frame_equal(frame, before)


def test_refuses_in_words() -> None:
    with pytest.raises(InputError, match="columns x are missing"):
        leave_one_out(panel(), naive, "x")
    with pytest.raises(CannotEstimate, match="at least two values"):
        leave_one_out(panel()[lambda d: d["school_id"] == "A"], naive, "school_id")
    with pytest.raises(CannotEstimate, match="treated later"):
        placebo_year(panel().assign(start=np.inf), naive, shift=2)
    with pytest.raises(CannotEstimate, match="two untreated"):
        placebo_grades(panel()[lambda d: d["grade"] != "7"], naive)
