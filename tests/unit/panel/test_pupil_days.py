"""Pupil-weeks and absence days against counting day by day, with moves in the middle of a week and closed days."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from evaluation.panel import calendar, cells, pupils
from evaluation.tables import table
from evaluation.tables.relations import collected

MONDAY = dt.date(2026, 8, 10)
DAYS = [MONDAY + dt.timedelta(days=i) for i in range(8 * 7)]
CLOSED = {MONDAY + dt.timedelta(days=i) for i in (9, 21, 22, 23, 24, 25)}
TYPES = ("sick", "permitted", "unlawful")


def is_open(school: str, day: dt.date) -> bool:
    return day.weekday() < 5 and day not in CLOSED and not (school == "b" and day == MONDAY)


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    rows = [
        {"school_id": s, "day_on": d, "school_year": "2026/27", "is_school_day": is_open(s, d), "label": ""}
        for s in ("a", "b")
        for d in DAYS
    ]
    return calendar.school_days(pd.DataFrame(rows), None)


@pytest.fixture(scope="module")
def spells() -> pd.DataFrame:
    """Twenty pupils: one spell each, or two that meet on any day of the week."""
    draw = np.random.default_rng(4)
    rows = []
    for p in range(20):
        begins, ends = sorted(int(i) for i in draw.choice(len(DAYS), 2, replace=False))
        cuts = [begins, ends] if p % 2 else [begins, (begins + ends) // 2, ends]
        for k, (first, last) in enumerate(pairwise(cuts)):
            rows.append(
                {
                    "pupil_key": f"p{p:02}",
                    "school_year": "2026/27",
                    "school_id": "ab"[(p + k) % 2],
                    "grade": str(k),
                    "class_label": "",
                    "enrolled_from": DAYS[first + (k > 0)],
                    "enrolled_to": DAYS[last],
                }
            )
    return table("core_pupils").conform(pd.DataFrame(rows))


def absence(rows: list[tuple[str, int, int, str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            {"pupil_key": p, "from_on": DAYS[a], "to_on": DAYS[b], "absence_type": t, "day_fraction": f}
            for p, a, b, t, f in rows
        ]
    )
    empty = table("raw_absence").empty()
    frame = frame.reindex(columns=empty.columns)
    frame["exported_on"], frame["source_row"] = dt.date(2026, 12, 1), 1
    return table("raw_absence").conform(frame)


def test_possible_days_are_those_of_a_day_by_day_count(days, spells):
    none = absence([("p00", 0, 0, "sick", 1.0)]).iloc[:0]
    absent = collected("core_absence_days", pupils.absence_days(none, spells, days))
    made = cells.pupil_weeks(spells, absent, days, table("raw_totals").empty(), none)
    weeks = collected("core_pupil_weeks", made)
    counted: dict[tuple[str, str, str, pd.Timestamp], int] = {}
    for s in spells.itertuples():
        for day in DAYS:
            if s.enrolled_from.date() <= day <= s.enrolled_to.date() and is_open(s.school_id, day):
                week = pd.Timestamp(day - dt.timedelta(days=day.weekday()))
                key = (s.pupil_key, s.school_id, s.grade, week)
                counted[key] = counted.get(key, 0) + 1
    found = weeks.set_index(["pupil_key", "school_id", "grade", "week_from"])["possible_days"]
    assert len(found) > 60
    assert {n for n in counted.values() if n < 4}, "the example has weeks cut by a move"
    assert found.to_dict() == counted


def test_absence_is_counted_on_open_days_of_the_spell_in_force(days, spells):
    draw = np.random.default_rng(5)
    rows = []
    for p in range(20):
        for kind in TYPES:
            first, last = sorted(int(i) for i in draw.choice(len(DAYS), 2, replace=False))
            rows.append((f"p{p:02}", first, last, kind, float(draw.choice([0.5, 1.0]))))
    found = collected("core_absence_days", pupils.absence_days(absence(rows), spells, days))
    counted: dict[tuple[str, pd.Timestamp], float] = {}
    for pupil, first, last, _, fraction in rows:
        for s in spells[spells["pupil_key"] == pupil].itertuples():
            for day in DAYS[first : last + 1]:
                if s.enrolled_from.date() <= day <= s.enrolled_to.date() and is_open(s.school_id, day):
                    key = (pupil, pd.Timestamp(day))
                    counted[key] = min(counted.get(key, 0.0) + fraction, 1.0)
    assert len(counted) > 100
    assert found.groupby(["pupil_key", "day_on"])["day_fraction"].sum().to_dict() == counted
    places = found.merge(spells, on=["pupil_key", "school_id", "grade"])
    assert len(places) == len(found)
    assert places["day_on"].between(places["enrolled_from"], places["enrolled_to"]).all()
