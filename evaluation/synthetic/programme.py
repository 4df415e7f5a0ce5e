"""The programme in the synthetic municipality: talks held, pupils targeted by the frozen rule, consents."""

from __future__ import annotations

import datetime as dt
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.protocol import Protocol, Wave
from evaluation.synthetic.absence import Absence
from evaluation.synthetic.people import People
from evaluation.synthetic.scenario import FEW_REACHED, LATE_DAYS, Kind, Scenario
from evaluation.synthetic.school_days import Days

HELD, CANCELLED = 0.95, 0.02
LISTED, MOST_LISTED, ASKED_BEFORE = 0.5, 120, 60
"""Of listed waves: share of the pupils with high absence who come on the list, how many at most, and how many days before
the wave begins they are found and asked."""
CONSENT_KINDS = ("given", "missing", "no", "one_parent_no", "late", "withdrawn")
CONSENT_SHARES = (0.70, 0.11, 0.05, 0.03, 0.06, 0.05)


def hold_talks(
    people: People, protocol: Protocol, days: Days, scenario: Scenario, *, seed: int
) -> pd.DataFrame:
    """One row per pupil of a treated cell: pupil, school, grade (indices), wave, status, held_on (day index).

    Each school takes its own part of the wave's planned window. ``held_on`` is the planned day for talks that
    were cancelled or are still to be held.
    """
    rng = np.random.default_rng([seed, 5])
    pilot = protocol.years.all.index(protocol.years.follow_up)
    parts = []
    schools = [s.id for s in protocol.schools]
    for (school_id, grade_name), wave in protocol.treated.items():
        s, grade = schools.index(school_id), protocol.grades.order.index(grade_name)
        later = dt.timedelta(days=_days_late(scenario, wave, s, protocol))
        window = [
            d
            for d in range(len(days))
            if wave.planned_from + later <= days.on[d] <= wave.planned_to + later and days.is_open[s, d]
        ]
        usable = np.array(
            window[: max(3, len(window) * 4 // 5)] if s % 2 == 0 else window[len(window) // 5 :]
        )
        if not len(usable) or days.year[usable[0]] != pilot:
            continue
        here = np.nonzero((people.school[:, usable[0]] == s) & (people.grade[:, usable[0]] == grade))[0]
        luck = rng.random(len(here))
        reached = FEW_REACHED if scenario.kind is Kind.LOW_COVERAGE and s == 0 else HELD
        parts.append(
            pd.DataFrame(
                {
                    "pupil": here,
                    "school": s,
                    "grade": grade,
                    "wave": wave.id,
                    "status": np.select(
                        [luck < reached, luck < reached + CANCELLED], ["held", "cancelled"], "planned"
                    ),
                    "held_on": np.sort(usable[rng.integers(0, len(usable), len(here))])[
                        rng.permutation(len(here))
                    ],
                }
            )
        )
    if not parts:
        columns = ["pupil", "school", "grade", "wave", "status", "held_on"]
        return pd.DataFrame(
            {c: pd.Series(dtype=str if c in ("wave", "status") else "int64") for c in columns}
        )
    return pd.concat(parts, ignore_index=True)


def _days_late(scenario: Scenario, wave: Wave, school: int, protocol: Protocol) -> int:
    is_late = scenario.kind is Kind.LATE_SCHOOL and wave == protocol.waves[-1]
    return LATE_DAYS if is_late and school == len(protocol.schools) - 1 else 0


def select_targeted(
    people: People, protocol: Protocol, days: Days, absence: Absence, talks: pd.DataFrame
) -> pd.DataFrame:
    """Pupils chosen for follow-up by the protocol's frozen rule on the school days before their cell's first talk.

    One row per pupil: pupil, school, grade, wave, window_possible_days, window_absent_days, selected_on (day index).
    Empty when the protocol has no such rule.
    """
    columns = [
        "pupil",
        "school",
        "grade",
        "wave",
        "window_possible_days",
        "window_absent_days",
        "selected_on",
    ]
    rule = protocol.targeted
    if rule is None or talks.empty:
        return pd.DataFrame({c: pd.Series(dtype="int64") for c in columns})
    missed = np.zeros(people.school.shape, dtype=np.float32)
    missed[absence.pupil, absence.day] = absence.fraction
    parts = []
    for key, cell in talks.groupby(["school", "grade", "wave"], sort=True):
        s, grade, wave = cast("tuple[int, int, str]", key)
        first = int(cell["held_on"].min())
        window = np.nonzero(days.is_open[s, :first])[0][-rule.window_school_days :]
        who = cell["pupil"].to_numpy()
        possible = people.is_enrolled[np.ix_(who, window)].sum(axis=1)
        absent = missed[np.ix_(who, window)].sum(axis=1)
        chosen = (possible >= rule.minimum_school_days) & (100 * absent >= rule.threshold_pct * possible)
        parts.append(
            pd.DataFrame(
                {
                    "pupil": who[chosen],
                    "school": s,
                    "grade": grade,
                    "wave": wave,
                    "window_possible_days": possible[chosen],
                    "window_absent_days": absent[chosen].astype(float),
                    "selected_on": first,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)[columns]


def list_pupils(
    people: People, protocol: Protocol, days: Days, absence: Absence, *, seed: int
) -> pd.DataFrame:
    """The pupils of listed waves, as :func:`select_targeted` has them, and ``starts`` (day index of their first follow-up).

    Half of those with high absence before the wave are put on its list, the others are there to be compared with; consent
    is asked for when a pupil comes on the list, well before the start.
    """
    rng = np.random.default_rng([seed, 10])
    schools, grades = [s.id for s in protocol.schools], protocol.grades.order
    parts = []
    for wave in (w for w in protocol.waves if w.who == "listed_pupils"):
        window = [d for d, day in enumerate(days.on) if wave.planned_from <= day <= wave.planned_to]
        first = window[0]
        places = pd.DataFrame(
            [
                {
                    "pupil": i,
                    "school": s,
                    "grade": g,
                    "wave": wave.id,
                    "held_on": max(first - ASKED_BEFORE, 1),
                }
                for s, school in enumerate(schools)
                for g, grade in enumerate(grades)
                if wave.covers(school, grade)
                for i in np.nonzero((people.school[:, first] == s) & (people.grade[:, first] == g))[0]
            ]
        )
        chosen = select_targeted(people, protocol, days, absence, places)
        chosen = chosen[rng.random(len(chosen)) < LISTED].head(MOST_LISTED)
        starts = np.array(window)[rng.integers(0, len(window), len(chosen))]
        parts.append(chosen.assign(starts=starts))
    if not parts:
        return select_targeted(people, protocol, days, absence, pd.DataFrame()).assign(
            starts=pd.Series(dtype="int64")
        )
    return pd.concat(parts, ignore_index=True)


def follow_up(targeted: pd.DataFrame, days: Days, *, seed: int) -> pd.DataFrame:
    """Follow-up meetings (pupil, school, grade, day): most targeted pupils have one or two in the next ten weeks."""
    rng = np.random.default_rng([seed, 6])
    times = np.searchsorted(np.cumsum([0.2, 0.5, 0.3]), rng.random(len(targeted)))
    rows = targeted.loc[targeted.index.repeat(times)].reset_index(drop=True)
    day = np.minimum(
        rows["selected_on"].to_numpy(dtype=np.int64) + rng.integers(12, 50, len(rows)), len(days) - 1
    )
    return pd.DataFrame(
        {"pupil": rows["pupil"], "school": rows["school"], "grade": rows["grade"], "day": day}
    )


def gather_consents(
    targeted: pd.DataFrame, protocol: Protocol, days: Days, purpose: str, *, seed: int
) -> pd.DataFrame:
    """The consent register. One row per statement: pupil, purpose, holder, answer, given_on, withdrawn_on, plan.

    ``plan`` says what was planted and is never written to a file: given, no, one_parent_no, late (after the
    first round's cut-off) or withdrawn (before the last round's). ``missing`` has no row at all.
    """
    rng = np.random.default_rng([seed, 7])
    first_cutoff = protocol.rounds[0].cutoff
    rows: list[dict[str, object]] = []
    for pupil, selected in zip(targeted["pupil"], targeted["selected_on"], strict=True):
        plan = CONSENT_KINDS[int(np.searchsorted(np.cumsum(CONSENT_SHARES), rng.random()))]
        two_holders = bool(rng.random() < 0.6) or plan == "one_parent_no"
        start = days.on[int(selected)] + dt.timedelta(days=int(rng.integers(1, 14)))
        delay = dt.timedelta(days=int(rng.integers(20, 90)))
        if plan == "missing":
            continue
        given = max(start, first_cutoff) + delay if plan == "late" else start
        withdrawn = start + delay if plan == "withdrawn" else None
        answers = ["no" if plan == "no" else "yes"] + (
            ["no" if plan in ("no", "one_parent_no") else "yes"] if two_holders else []
        )
        rows += [
            {
                "pupil": int(pupil),
                "purpose": purpose,
                "holder": str(n),
                "answer": answer,
                "given_on": given,
                "withdrawn_on": withdrawn if n == 1 else None,
                "plan": plan,
            }
            for n, answer in enumerate(answers, start=1)
        ]
    columns = ["pupil", "purpose", "holder", "answer", "given_on", "withdrawn_on", "plan"]
    return pd.DataFrame(rows, columns=columns)


def talk_months(talks: pd.DataFrame, days: Days) -> dict[tuple[int, int], tuple[int, str]]:
    """(school, grade) → day index of the last held talk and its month."""
    held = talks[talks["status"] == "held"]
    last: dict[tuple[int, int], tuple[int, str]] = {}
    for key, cell in held.groupby(["school", "grade"], sort=True):
        s, g = cast("tuple[int, int]", key)
        day = int(cell["held_on"].max())
        last[int(s), int(g)] = (day, days.month[day])
    return last


def months_between(first: str, then: NDArray[np.object_]) -> NDArray[np.int64]:
    """Whole months from ``2026-09`` to each of ``2026-10`` …"""
    number = np.array([int(m[:4]) * 12 + int(m[5:]) for m in then], dtype=np.int64)
    return number - (int(first[:4]) * 12 + int(first[5:]))
