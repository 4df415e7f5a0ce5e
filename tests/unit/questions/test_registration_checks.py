"""The registration alarm: silent when nothing changed, loud when pencils did."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evaluation.errors import CannotEstimate, InputError
from evaluation.questions.registration_checks import bars_a_verdict, silent_classes, type_share_alarm
from evaluation.words import ANALYST, told


def barring(checks) -> list[str]:
    return [c.check_name for c in checks if bars_a_verdict(c)]


def cells(seed: int = 0, relabelled: float = 0.0) -> pd.DataFrame:
    """Four schools × ten grades before and after; 55/20/25 % of 300 absence days by type."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product(
        [list("ABCD"), [str(g) for g in range(10)], [False, True]], names=["school_id", "grade", "is_after"]
    ).to_frame(index=False)
    frame["is_treated_grade"] = frame["grade"].isin(["1", "6", "8"])
    days = rng.multinomial(300, [0.55, 0.20, 0.25], len(frame)).astype(float)
    moved = relabelled * days[:, 0] * (frame["is_treated_grade"] & frame["is_after"])
    frame["sick_days"], frame["permitted_days"] = days[:, 0] - moved, days[:, 1]
    frame["unlawful_days"] = days[:, 2] + moved
    return frame


def test_no_alarm_when_nothing_changed() -> None:
    alarms = [barring(type_share_alarm(cells(seed))) for seed in range(20)]
    assert not any(alarms)


def test_alarm_when_illness_becomes_unlawful_and_it_says_so() -> None:
    found = type_share_alarm(cells(1, relabelled=0.25), names={"unlawful_days": "ulovligt fravær"})
    unlawful = next(c for c in found if c.check_name == "type_share:unlawful_days")
    # A quarter of 55 % moves: about 13.75 points of all absence.
    assert unlawful.change == pytest.approx(13.75, abs=2.0)
    assert unlawful.is_alarm
    assert "ulovligt fravær, er steget" in told(unlawful.note, ANALYST)
    assert len(barring(found)) == 2  # illness falls as much as unlawful rises
    permitted = next(c for c in found if c.check_name == "type_share:permitted_days")
    assert not permitted.is_alarm


def test_both_sides_of_the_limit_and_of_chance() -> None:
    frame = cells(1, relabelled=0.25)
    change = max(abs(c.change) for c in type_share_alarm(frame))
    assert not barring(type_share_alarm(frame, limit_pp=change + 1e-9))
    assert barring(type_share_alarm(frame, limit_pp=change - 1e-9))
    wild = frame.copy()
    rng = np.random.default_rng(3)
    wild["unlawful_days"] *= rng.lognormal(0, 3, len(wild))  # large changes everywhere: chance, no alarm
    assert not barring(type_share_alarm(wild, limit_pp=1.0, alpha=1e-6))


def test_a_change_everywhere_is_no_alarm() -> None:
    frame = cells(2)
    frame.loc[frame["is_after"], "unlawful_days"] += 150.0
    assert not barring(type_share_alarm(frame))


def weeks(silent: dict[tuple[str, str], range]) -> pd.DataFrame:
    frame = pd.MultiIndex.from_product(
        [["A", "B"], ["5", "6"], range(20)], names=["school_id", "grade", "week_from"]
    ).to_frame(index=False)
    frame["class_label"] = frame["grade"] + ".A"
    frame["possible_days"], frame["absent_days"] = 110.0, 8.0
    frame["is_treated_grade"], frame["is_after"] = frame["grade"] == "6", frame["week_from"] >= 10
    for (school, grade), gone in silent.items():
        rows = (
            (frame["school_id"] == school) & (frame["grade"] == grade) & frame["week_from"].isin(list(gone))
        )
        frame.loc[rows, "absent_days"] = 0.0
    return frame


def test_silent_classes_are_named_with_what_was_expected() -> None:
    found = silent_classes(weeks({("A", "6"): range(12, 16)}))
    assert (found[0].group_id, found[0].check_name) == ("A 6 6.A", "silent_class")
    # 80 class-weeks of 110 days, 76 of them with 8 days: rate 76·8/(80·110); four weeks expect 4·110 of it.
    expected = 4 * 110 * (76 * 8) / (80 * 110)
    assert f"{expected:.1f}".replace(".", ",") in told(found[0].note, ANALYST)
    # 4 of 20 treated class-weeks after: 20 points more than the others' none.
    assert found[-1].change == pytest.approx(100 * 4 / 20)
    assert found[-1].is_alarm
    assert barring(found) == [found[-1].check_name]


@pytest.mark.parametrize(("length", "count"), [(2, 0), (3, 1)])
def test_both_sides_of_the_length_of_a_silent_run(length: int, count: int) -> None:
    found = silent_classes(weeks({("B", "5"): range(4, 4 + length)}))
    assert sum(c.check_name == "silent_class" for c in found) == count


def test_tiny_classes_may_be_silent_and_a_holiday_is_not_silence() -> None:
    frame = weeks({("A", "6"): range(12, 16)})
    tiny = frame.assign(possible_days=np.where(frame["absent_days"] == 0, 5.0, 110.0))
    assert sum(c.check_name == "silent_class" for c in silent_classes(tiny)) == 0
    holiday = frame.assign(possible_days=np.where(frame["absent_days"] == 0, 0.0, 110.0))
    assert sum(c.check_name == "silent_class" for c in silent_classes(holiday)) == 0


def test_silence_on_both_sides_alike_is_no_alarm_about_the_treated() -> None:
    both = weeks({("A", "6"): range(12, 16), ("A", "5"): range(12, 16)})
    assert barring(silent_classes(both)) == []


def test_refuses_in_words() -> None:
    with pytest.raises(CannotEstimate, match="before and one after"):
        type_share_alarm(cells()[lambda d: d["is_after"]])
    with pytest.raises(CannotEstimate, match="two treated"):
        type_share_alarm(cells()[lambda d: ~d["is_treated_grade"]])
    with pytest.raises(InputError, match="missing"):
        silent_classes(weeks({}).drop(columns="is_after"))
    with pytest.raises(CannotEstimate, match="no school days"):
        silent_classes(weeks({}).assign(possible_days=0.0))
