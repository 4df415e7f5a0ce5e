"""What the programme does to absence, and what was truly done: both outcomes of every treated pupil-day.

A spell with uniform number ``luck`` disappears from a day when ``luck`` is below the day's thinning share, so the
outcome with the programme is the outcome without it minus whole days: the realised effect is exact.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.protocol import Protocol
from evaluation.synthetic import scenario as recipe
from evaluation.synthetic.absence import UNLAWFUL, Absence
from evaluation.synthetic.people import People
from evaluation.synthetic.programme import months_between, talk_months
from evaluation.synthetic.scenario import Scenario
from evaluation.synthetic.school_days import Days


@dataclass(frozen=True)
class Treatment:
    """School × grade × day: months since the talk month (0 in it and before), and the rest of the talk month."""

    since: NDArray[np.int64]
    is_rest_of_talk_month: NDArray[np.bool_]
    wave: dict[int, str]


def treatment(talks: pd.DataFrame, protocol: Protocol, days: Days) -> Treatment:
    """When each cell counts as treated, from the talks actually held."""
    shape = (len(protocol.schools), len(protocol.grades.order), len(days))
    since, rest = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    month = np.array(days.month, dtype=object)
    for (s, g), (last_day, last_month) in talk_months(talks, days).items():
        since[s, g] = np.maximum(0, months_between(last_month, month))
        rest[s, g] = (month == last_month) & (np.arange(len(days)) > last_day)
    return Treatment(since, rest, {protocol.grades.order.index(w.grade): w.id for w in protocol.waves})


def observed_absence(
    people: People,
    days: Days,
    untreated: Absence,
    plan: Treatment,
    scenario: Scenario,
    *,
    seed: int,
) -> Absence:
    """Absence as it is registered under the scenario: thinned by the effect, or registered differently."""
    school = people.school[untreated.pupil, untreated.day]
    grade = people.grade[untreated.pupil, untreated.day]
    if scenario.kind == "effect":
        thinning = _thinning(people, days, untreated, plan, scenario)
        keep = untreated.luck >= thinning[school, grade, untreated.day]
        return _where(untreated, keep)
    if scenario.kind == "registration_change":
        return _registered_differently(people, days, untreated, plan, seed=seed)
    return untreated


def _thinning(
    people: People, days: Days, untreated: Absence, plan: Treatment, scenario: Scenario
) -> NDArray[np.float64]:
    """School × grade × day: the share of absence that disappears, so that a wave's month loses the planted points."""
    month = np.unique(np.array(days.month), return_inverse=True)[1]
    school = people.school[untreated.pupil, untreated.day]
    grade = people.grade[untreated.pupil, untreated.day]
    at = np.broadcast_to(np.arange(len(days)), people.school.shape)
    present = people.is_enrolled & days.is_open[people.school, at]
    possible_by_cell = np.zeros(plan.since.shape)
    np.add.at(possible_by_cell, (people.school[present], people.grade[present], at[present]), 1.0)
    absent_by_cell = np.zeros(plan.since.shape)
    np.add.at(absent_by_cell, (school, grade, untreated.day), untreated.fraction)
    thinning = np.zeros(plan.since.shape)
    for g, wave in plan.wave.items():
        for e in range(1, int(plan.since[:, g].max()) + 1):
            for m in np.unique(month):
                here = (plan.since[:, g] == e) & (month == m)
                absent = absent_by_cell[:, g][here].sum()
                if absent > 0:
                    level_pp = 100 * absent / possible_by_cell[:, g][here].sum()
                    share = -scenario.planted_pp(wave, e) / level_pp
                    thinning[:, g][here] = np.clip(share, 0.0, 0.9)
        rest = plan.is_rest_of_talk_month[:, g]
        absent = absent_by_cell[:, g][rest].sum()
        if absent > 0:
            level_pp = 100 * absent / possible_by_cell[:, g][rest].sum()
            share = -scenario.planted_pp(wave, 1) * scenario.transition_share / level_pp
            thinning[:, g][rest] = np.clip(share, 0.0, 0.9)
    return thinning


def _registered_differently(
    people: People, days: Days, untreated: Absence, plan: Treatment, *, seed: int
) -> Absence:
    """From the talks on, treated cells note days that were not noted before, and note more as unlawful."""
    rng = np.random.default_rng([seed, 8])
    grade = people.grade[untreated.pupil, untreated.day]
    school = people.school[untreated.pupil, untreated.day]
    on = (plan.since > 0) | plan.is_rest_of_talk_month
    relabelled = on[school, grade, untreated.day] & (rng.random(len(untreated)) < recipe.RELABELLED_SHARE)
    kind = np.where(relabelled, UNLAWFUL, untreated.kind).astype(np.int8)
    at = np.broadcast_to(np.arange(len(days)), people.school.shape)
    free = people.is_enrolled & days.is_open[people.school, at] & on[people.school, people.grade, at]
    free[untreated.pupil, untreated.day] = False
    free &= rng.random(free.shape) < recipe.EXTRA_REGISTERED_PP / 100
    pupil, day = np.nonzero(free)
    extra = Absence(
        pupil,
        day,
        np.full(len(pupil), UNLAWFUL, dtype=np.int8),
        np.ones(len(pupil)),
        untreated.spell.max() + 1 + np.arange(len(pupil)),
        np.ones(len(pupil)),
    )
    joined = [np.concatenate([getattr(untreated, f), getattr(extra, f)]) for f in ("pupil", "day")]
    order = np.lexsort((joined[1], joined[0]))
    return Absence(
        joined[0][order],
        joined[1][order],
        np.concatenate([kind, extra.kind])[order],
        np.concatenate([untreated.fraction, extra.fraction])[order],
        np.concatenate([untreated.spell, extra.spell])[order],
        np.concatenate([untreated.luck, extra.luck])[order],
    )


def _where(absence: Absence, keep: NDArray[np.bool_]) -> Absence:
    return Absence(
        *(getattr(absence, f)[keep] for f in ("pupil", "day", "kind", "fraction", "spell", "luck"))
    )


def realised_effects(
    people: People,
    protocol: Protocol,
    days: Days,
    untreated: Absence,
    observed: Absence,
    plan: Treatment,
    scenario: Scenario,
    *,
    through: dt.date,
) -> pd.DataFrame:
    """One row per treated cell and month after the talk month, up to and including a day.

    Columns: wave, school_id, grade, month, month_since_talk, planted_pp, possible_days, untreated_days,
    observed_days, realised_pp = 100 · (observed − untreated) / possible.
    """
    at = np.broadcast_to(np.arange(len(days)), people.school.shape)
    until = np.array([d <= through for d in days.on])
    present = people.is_enrolled & days.is_open[people.school, at] & until[at]
    shape = plan.since.shape
    possible = np.zeros(shape)
    np.add.at(possible, (people.school[present], people.grade[present], at[present]), 1.0)

    def per_cell(absence: Absence) -> NDArray[np.float64]:
        total = np.zeros(shape)
        where = (
            people.school[absence.pupil, absence.day],
            people.grade[absence.pupil, absence.day],
            absence.day,
        )
        np.add.at(total, where, absence.fraction)
        return total

    school, grade, day = np.nonzero((plan.since > 0) & until)
    frame = pd.DataFrame(
        {
            "wave": [plan.wave[int(g)] for g in grade],
            "school_id": np.array([s.id for s in protocol.schools], dtype=object)[school],
            "grade": np.array(protocol.grades.order, dtype=object)[grade],
            "month": np.array(days.month, dtype=object)[day],
            "month_since_talk": plan.since[school, grade, day],
            "possible_days": possible[school, grade, day],
            "untreated_days": per_cell(untreated)[school, grade, day],
            "observed_days": per_cell(observed)[school, grade, day],
        }
    )
    keys = ["wave", "school_id", "grade", "month", "month_since_talk"]
    cells = frame.groupby(keys, as_index=False, sort=True).sum()
    cells.insert(
        5,
        "planted_pp",
        [scenario.planted_pp(w, e) for w, e in zip(cells["wave"], cells["month_since_talk"], strict=True)],
    )
    cells["realised_pp"] = 100 * (cells["observed_days"] - cells["untreated_days"]) / cells["possible_days"]
    return cells
