"""Consent in force: every rule on the smallest register, and all of them against the rule written once more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.door.consent import CONFLICT, IN_FORCE, REFUSED, WITHDRAWN, consents_in_force

CUTOFF = dt.date(2026, 11, 13)
Said = tuple[str, str, int, int | None]
"""Holder, answer, day of the year it was given, day it was taken back."""
YEAR = dt.date(2026, 1, 1)


def day(n: int) -> dt.date:
    return YEAR + dt.timedelta(days=n)


LAST = (CUTOFF - YEAR).days


def register(*said: Said, pupil: str = "p", purpose: str = "evaluering") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "pupil_key": pupil,
            "purpose": purpose,
            "holder": [s[0] or None for s in said],
            "answer": [s[1] for s in said],
            "given_on": pd.to_datetime([day(s[2]) for s in said]),
            "withdrawn_on": pd.to_datetime([None if s[3] is None else day(s[3]) for s in said]),
        }
    )


def found(*said: Said) -> tuple[str, dt.date | None] | None:
    rows = consents_in_force(register(*said), CUTOFF, ["evaluering"])
    if rows.empty:
        return None
    [row] = rows.to_dict("records")
    assert row["is_in_force"] == (row["status"] == IN_FORCE)
    return str(row["status"]), None if pd.isna(row["from_on"]) else row["from_on"].date()


def by_hand(said: Sequence[Said]) -> tuple[str, dt.date | None] | None:
    """The rules once more, a holder and a day at a time."""
    rank = {IN_FORCE: 0, CONFLICT: 1, REFUSED: 2, WITHDRAWN: 3}
    states, since = [], []
    for holder in {s[0] for s in said}:
        events: dict[int, set[str]] = {}
        for _, answer, given_on, back in (s for s in said if s[0] == holder):
            if given_on <= LAST:
                events.setdefault(given_on, set()).add(IN_FORCE if answer == "yes" else REFUSED)
            if back is not None and answer == "yes" and back <= LAST:
                events.setdefault(back, set()).add(WITHDRAWN)
        if not events:
            continue
        days: dict[int, str] = {}
        for on, words in events.items():
            worst = max(words, key=rank.__getitem__)
            days[on] = CONFLICT if worst == REFUSED and IN_FORCE in words else worst
        states.append(days[max(days)])
        last_no = max((on for on, word in days.items() if word != IN_FORCE), default=-1)
        since.append(
            min((on for on, word in days.items() if word == IN_FORCE and on > last_no), default=None)
        )
    if not states:
        return None
    worst = max(states, key=rank.__getitem__)
    return worst, day(max(s for s in since if s is not None)) if worst == IN_FORCE else None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([("a", "yes", 10, None)], (IN_FORCE, day(10))),
        ([("a", "yes", LAST, None)], (IN_FORCE, CUTOFF)),
        ([("a", "yes", LAST + 1, None)], None),
        ([("a", "no", 10, None)], (REFUSED, None)),
        ([("a", "yes", 10, LAST)], (WITHDRAWN, None)),
        ([("a", "yes", 10, LAST + 1)], (IN_FORCE, day(10))),
        ([("a", "yes", 10, None), ("a", "no", 10, None)], (CONFLICT, None)),
        ([("a", "yes", 10, 20), ("a", "yes", 30, None)], (IN_FORCE, day(30))),
        ([("a", "yes", 10, None), ("a", "yes", 30, None)], (IN_FORCE, day(10))),
        ([("a", "yes", 10, None), ("b", "yes", 30, None)], (IN_FORCE, day(30))),
        ([("a", "yes", 10, None), ("b", "no", 5, None)], (REFUSED, None)),
        ([("a", "no", 10, None), ("b", "yes", 10, 20)], (WITHDRAWN, None)),
        ([("", "yes", 10, None), ("", "no", 20, None)], (REFUSED, None)),
    ],
)
def test_each_rule(said: list[Said], expected: tuple[str, dt.date | None] | None) -> None:
    assert found(*said) == expected == by_hand(said)


statements = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", ""]),
        st.sampled_from(["yes", "no"]),
        st.integers(LAST - 4, LAST + 2),
        st.none() | st.integers(LAST - 3, LAST + 2),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(said=statements, data=st.data())
def test_any_register_in_any_order(said: list[Said], data: st.DataObject) -> None:
    expected = by_hand(said)
    assert found(*said) == expected
    assert found(*data.draw(st.permutations(said))) == expected


def test_purposes_and_pupils_are_apart() -> None:
    rows = pd.concat(
        [
            register(("a", "yes", 10, None)),
            register(("a", "no", 20, None), pupil="q"),
            register(("a", "yes", 30, None), purpose="interview"),
            register(("a", "yes", 40, None), purpose="noget andet"),
        ]
    )
    kept = consents_in_force(rows, CUTOFF, ["evaluering", "interview"])
    assert sorted(zip(kept["pupil_key"], kept["purpose"], kept["status"], strict=True)) == [
        ("p", "evaluering", IN_FORCE),
        ("p", "interview", IN_FORCE),
        ("q", "evaluering", REFUSED),
    ]
    assert consents_in_force(rows, CUTOFF, []).empty
