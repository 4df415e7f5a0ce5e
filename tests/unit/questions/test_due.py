"""When a look is due, in which round, and without whom."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.questions.due import timings, without_unreached
from evaluation.study import load_study

P = load_study("demo_kommune").protocol
NOVEMBER, END = P.rounds
NORMAL = {"wave_6": "2027-01-07", "wave_1": "2027-04-08", "wave_8": "2027-06-07"}


def talks(complete: dict[tuple[str, str], str | None] | None = None, pupils: int = 60) -> pd.DataFrame:
    """One row per school and wave; ``complete`` replaces the day the third month is over."""
    rows = [
        {
            "school_id": s.id,
            "grade": w.grades[0],
            "wave": w.id,
            "pupils": pupils,
            "milestone_complete_on": (complete or {}).get((s.id, w.grades[0]), NORMAL[w.id]),
        }
        for w in P.waves
        for s in P.schools
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(milestone_complete_on=pd.to_datetime(frame["milestone_complete_on"]))


def test_the_pooled_look_belongs_to_the_round_that_reaches_every_wave() -> None:
    found = timings(talks(), P, NOVEMBER.cutoff)
    assert [f.due.is_due for f in found.values()] == [False] * 4
    assert {f.due.reported_on for f in found.values()} == {END.report_date}
    found = timings(talks(), P, END.cutoff)
    assert [f.due.is_due for f in found.values()] == [True] * 4
    assert found["all"].decided_in == END


def test_a_school_that_no_round_reaches_is_named_and_the_rest_is_decided_without_it() -> None:
    late = P.schools[1].id
    for when in ("2027-08-20", None):
        found = timings(talks({(late, "8"): when}), P, END.cutoff)
        assert found["all"].unreached == ((late, "8"),)
        assert found["all"].due.is_due
        assert found["wave_6"].unreached == ()


def test_with_nobody_reached_no_date_is_promised() -> None:
    never = dict.fromkeys([(s.id, "8") for s in P.schools])
    found = timings(talks(never), P, END.cutoff)["wave_8"]
    assert (found.due.is_due, found.due.reported_on, found.decided_in) == (False, None, None)


def test_a_school_without_the_grade_is_nobody_to_wait_for() -> None:
    frame = talks({(P.schools[0].id, "8"): None})
    gone = frame["school_id"].eq(P.schools[0].id) & frame["grade"].eq("8")
    frame.loc[gone, "pupils"] = 0
    assert timings(frame, P, END.cutoff)["all"].unreached == ()
    # A study that delivers no roster has no pupils anywhere, and every declared cell is there.
    assert timings(talks(pupils=0), P, END.cutoff)["all"].due.is_due


def test_cells_not_reached_are_neither_treated_nor_comparison_from_their_talks_on() -> None:
    monthly = pd.DataFrame(
        {
            "cell": ["a:8", "a:8", "a:8", "b:8"],
            "is_transition": [False, True, False, False],
            "is_treated": [False, False, True, True],
        }
    )
    kept = without_unreached(monthly, (("a", "8"),))
    assert kept["cell"].tolist() == ["a:8", "b:8"]
    assert kept["is_treated"].tolist() == [False, True]
    assert without_unreached(monthly, ()) is monthly


def test_a_round_between_does_not_take_the_look() -> None:
    """With a third round in May the first wave's look belongs to it, and the pooled one still to the last."""
    may = END.model_copy(
        update={"id": "may", "cutoff": dt.date(2027, 5, 1), "report_date": dt.date(2027, 5, 15)}
    )
    protocol = P.model_copy(update={"rounds": (NOVEMBER, may, END)})
    found = timings(talks(), protocol, may.cutoff)
    assert found["wave_6"].due.is_due
    assert found["wave_6"].decided_in == may
    assert not found["all"].due.is_due
    assert found["all"].due.reported_on == END.report_date
