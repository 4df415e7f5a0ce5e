"""Outcomes that count only some of the days, against days counted by hand; and which weeks can answer at all."""

from __future__ import annotations

import datetime as dt
from itertools import groupby

import numpy as np
import pandas as pd
import pytest

from evaluation.measures import MEASURES
from evaluation.panel import calendar, cells, pupils
from evaluation.panel.estimation import outcome_pct, outcome_rows
from evaluation.panel.measured import measured_months
from evaluation.protocol import Outcome
from evaluation.study import load_study
from evaluation.tables import table
from evaluation.tables.relations import collected

P = load_study("kom_glad_i_skole").protocol
SCHOOL, OTHER = (s.id for s in P.schools[:2])
OPEN = pd.bdate_range("2026-08-10", "2026-10-30").difference(pd.date_range("2026-10-12", "2026-10-16"))
CUTOFF = dt.date(2026, 11, 1)
TYPES = [t.id for t in P.absence_types]
ALONE = Outcome(id="alone", label="enkeltdage", types=tuple(TYPES), measure="single_day_spells")


def drawn(seed: int, *, with_totals: bool = False) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Two schools of thirty pupils, and who was away when: (core and raw tables, one row per pupil and day away)."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "school_id": s,
            "pupil_key": f"{s}{k:02}",
            "grade": "68"[k % 2],
            "day_on": day,
            "number": n,
            "absence_type": str(rng.choice(TYPES)),
            "day_fraction": float(rng.choice([0.5, 1.0])),
        }
        for s in (SCHOOL, OTHER)
        for k in range(30)
        for n, day in enumerate(OPEN)
        if rng.random() < 0.12
    ]
    away = pd.DataFrame(rows)
    open_days = pd.DataFrame(
        [
            {"school_id": s, "day_on": d, "school_year": "2026/27", "is_school_day": True, "label": ""}
            for s in (SCHOOL, OTHER)
            for d in OPEN
        ]
    )
    enrolled = pd.DataFrame(
        [
            {
                "pupil_key": f"{s}{k:02}",
                "school_year": "2026/27",
                "school_id": s,
                "grade": "68"[k % 2],
                "class_label": "A",
                "enrolled_from": OPEN[0],
                "enrolled_to": OPEN[-1],
            }
            for s in (SCHOOL, OTHER)
            for k in range(30)
        ]
    )
    days = calendar.school_days(open_days, None)
    statements = away.assign(
        source_file="f.csv", source_row=range(len(away)), exported_on=pd.Timestamp(CUTOFF), class_label="A"
    ).rename(columns={"day_on": "from_on"})
    raw = table("raw_absence")
    absence = raw.conform(statements.assign(to_on=statements["from_on"]).reindex(columns=list(raw.columns)))
    spells = table("core_pupils").conform(enrolled)
    absence_days = collected("core_absence_days", pupils.absence_days(absence, spells, days))
    totals = table("raw_totals").empty()
    if with_totals:
        of_pupil = {"grade": "6", "class_label": "A", "period": "week", "pupils": 1.0, "school_days": 5.0}
        one = {
            **of_pupil,
            "source_file": "w.csv",
            "source_row": 2,
            "exported_on": pd.Timestamp(CUTOFF),
            "school_id": OTHER,
            "pupil_key": f"{OTHER}00",
            "period_from": pd.Timestamp(2026, 9, 7),
            "period_to": pd.Timestamp(2026, 9, 13),
            "absence_type": "sick",
            "absent_days": 3.0,
        }
        totals = table("raw_totals").conform(pd.DataFrame([one]))
    weeks = collected("core_pupil_weeks", cells.pupil_weeks(spells, absence_days, days, totals, absence))
    tables = {
        "core_pupil_weeks": weeks,
        "core_absence_days": absence_days,
        "core_pupils": spells,
        "core_school_days": days,
        "raw_absence": absence,
        "raw_totals": totals,
    }
    return tables, away


def by_hand(away: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Days of absence that are no part of a longer spell, by school and grade."""
    found: dict[tuple[str, str], float] = {}
    for (school, _), mine in away.groupby(["school_id", "pupil_key"]):
        days = dict(zip(mine["number"], mine["day_fraction"], strict=True))
        for _, run in groupby(enumerate(sorted(days)), key=lambda pair: pair[1] - pair[0]):
            spell = [n for _, n in run]
            if len(spell) == 1:
                place = (str(school), str(mine["grade"].iloc[0]))
                found[place] = found.get(place, 0.0) + days[spell[0]]
    return found


def measured(tables: dict[str, pd.DataFrame], *outcomes: Outcome) -> pd.DataFrame:
    protocol = P.model_copy(update={"outcomes": (*P.outcomes, *outcomes)})
    return measured_months(**tables, protocol=protocol, cutoff=CUTOFF)


@pytest.mark.parametrize("seed", range(5))
def test_spells_of_one_day_are_those_counted_by_hand(seed: int) -> None:
    tables, away = drawn(seed)
    made = measured(tables, ALONE)
    sums = made.groupby(["school_id", "grade"])["counted_days"].sum()
    assert sums.to_dict() == pytest.approx(by_hand(away))
    assert made["possible_days"].sum() == 60 * len(OPEN)
    assert set(made["outcome"]) == {"alone"}


def test_a_measure_of_every_day_is_the_plain_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """A school that registers day by day gets the days its cells have."""
    monkeypatch.setitem(MEASURES, "every", "SELECT school_id, grade, day_on, days FROM absent")  # type: ignore[arg-type]
    tables, _ = drawn(1)
    made = measured(tables, ALONE.model_copy(update={"measure": "every"}))
    of_cells = cells.cells(tables["core_pupil_weeks"], tables["raw_totals"], tables["core_school_days"])
    keys = ["school_id", "grade", "month"]
    expected = of_cells.groupby(keys)[["possible_days", "absent_days"]].sum()
    found = made.set_index(keys)[["possible_days", "counted_days"]]
    assert found.to_numpy() == pytest.approx(expected.loc[found.index].to_numpy())
    assert len(found) == len(expected)


def test_only_the_outcomes_own_types_make_a_spell() -> None:
    """A day of sickness beside a day of leave is a spell of one day where only sickness counts."""
    tables, away = drawn(2)
    made = measured(tables, ALONE.model_copy(update={"types": ("sick",)}))
    expected = by_hand(away[away["absence_type"] == "sick"])
    assert made.groupby(["school_id", "grade"])["counted_days"].sum().to_dict() == pytest.approx(expected)


def test_weeks_told_by_totals_answer_nothing() -> None:
    """A total says how many days, never which: the week is no week without spells, it is not there."""
    with_days, _ = drawn(3)
    with_totals, _ = drawn(3, with_totals=True)
    before, after = (
        measured(t, ALONE).set_index(["school_id", "grade", "month"]) for t in (with_days, with_totals)
    )
    place = (OTHER, "6", "2026-09")
    assert before.loc[place, "possible_days"] - after.loc[place, "possible_days"] == 15 * 5
    others = [k for k in before.index if k[:2] != (OTHER, "6")]
    assert before.loc[others].equals(after.loc[others])


def test_the_panel_of_a_measured_outcome_has_its_own_days() -> None:
    tables, _ = drawn(4)
    made = measured(tables, ALONE)
    keys = ["school_id", "grade", "month"]
    monthly = made[keys].assign(possible_days=1e9, absent_days=1.0).iloc[:-1]
    rows = outcome_rows(monthly, made, ALONE)
    assert len(rows) == len(monthly)
    pct = outcome_pct(rows, ALONE, P)
    expected = 100 * made["counted_days"] / made["possible_days"]
    assert list(pct) == pytest.approx(list(expected.iloc[:-1]))
    assert outcome_rows(monthly, made, P.primary_outcome) is monthly
