"""What the programme does to absence, and what was truly done: both outcomes of every treated pupil-day.

A spell with uniform number ``luck`` disappears from a day when ``luck`` is below the day's thinning share, so the
outcome with the programme is the outcome without it minus whole days: the realised effect is exact.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.protocol import Protocol, Wave
from evaluation.synthetic import scenario as recipe
from evaluation.synthetic.absence import UNLAWFUL, Absence
from evaluation.synthetic.people import People
from evaluation.synthetic.programme import months_between, talk_months
from evaluation.synthetic.scenario import Kind, Scenario
from evaluation.synthetic.school_days import Days


@dataclass(frozen=True)
class Treatment:
    """School × grade × day: months since the talk month (0 in it, before, and after the programme has ended), and the rest
    of the talk month. ``wave`` by school and grade."""

    since: NDArray[np.int64]
    is_rest_of_talk_month: NDArray[np.bool_]
    wave: dict[tuple[int, int], Wave]


def treatment(talks: pd.DataFrame, protocol: Protocol, days: Days) -> Treatment:
    """When each cell counts as treated, from the talks actually held."""
    shape = (len(protocol.schools), len(protocol.grades.order), len(days))
    since, rest = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    month = np.array(days.month, dtype=object)
    for (s, g), (last_day, last_month) in talk_months(talks, days).items():
        since[s, g] = np.maximum(0, months_between(last_month, month))
        rest[s, g] = (month == last_month) & (np.arange(len(days)) > last_day)
    schools = [s.id for s in protocol.schools]
    wave = {(schools.index(s), protocol.grades.order.index(g)): w for (s, g), w in protocol.treated.items()}
    for (s, g), w in wave.items():
        if w.ends_on is not None:
            since[s, g, [d > w.ends_on for d in days.on]] = 0
    return Treatment(since, rest, wave)


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
    if scenario.kind is Kind.RISE:
        share = _thinning(people, days, untreated, plan, scenario)
        return _with_more(people, days, untreated, -share, seed=seed)
    if scenario.kind.is_effect:
        thinning = _thinning(people, days, untreated, plan, scenario)
        keep = untreated.luck >= thinning[school, grade, untreated.day]
        return _where(untreated, keep)
    if scenario.kind is Kind.REGISTRATION_SAME_TYPES:
        on = (plan.since > 0) | plan.is_rest_of_talk_month
        lost = recipe.LESS_REGISTERED_SHARE * on[school, grade, untreated.day]
        return _where(untreated, untreated.luck >= lost)
    if scenario.kind is Kind.REGISTRATION_CHANGE:
        return _registered_differently(people, days, untreated, plan, seed=seed)
    return untreated


def with_list(absence: Absence, listed: pd.DataFrame, scenario: Scenario, n_pupils: int) -> Absence:
    """The absence when each listed pupil has less of it from the first follow-up on; rises are for groups only."""
    if not scenario.kind.is_effect or scenario.kind is Kind.RISE or listed.empty:
        return absence
    starts = np.full(n_pupils, np.iinfo(np.int64).max)
    starts[listed["pupil"].to_numpy(dtype=np.int64)] = listed["starts"].to_numpy(dtype=np.int64)
    return _where(absence, absence.luck >= recipe.LISTED_LESS * (absence.day > starts[absence.pupil]))


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
    for wave in dict.fromkeys(w.id for w in plan.wave.values()):
        cells = np.array([c for c, w in plan.wave.items() if w.id == wave])
        at_cells = (cells[:, 0], cells[:, 1])
        since, lost = plan.since[at_cells], thinning[at_cells]
        absent_here, possible_here = absent_by_cell[at_cells], possible_by_cell[at_cells]
        for e in range(1, int(since.max()) + 1):
            for m in np.unique(month):
                here = (since == e) & (month == m)
                absent = absent_here[here].sum()
                if absent > 0:
                    level_pp = 100 * absent / possible_here[here].sum()
                    lost[here] = np.clip(-scenario.planted_pp(wave, e) / level_pp, -0.9, 0.9)
        rest = plan.is_rest_of_talk_month[at_cells]
        absent = absent_here[rest].sum()
        if absent > 0:
            level_pp = 100 * absent / possible_here[rest].sum()
            share = -scenario.planted_pp(wave, 1) * scenario.transition_share / level_pp
            lost[rest] = np.clip(share, -0.9, 0.9)
        thinning[at_cells] = lost
    return thinning


def _with_more(
    people: People, days: Days, untreated: Absence, share: NDArray[np.float64], *, seed: int
) -> Absence:
    """As much more absence as ``share`` (school × grade × day) of what is there: days of others' kinds on free days."""
    rng = np.random.default_rng([seed, 9])
    at = np.broadcast_to(np.arange(len(days)), people.school.shape)
    free = people.is_enrolled & days.is_open[people.school, at]
    absent = np.zeros(share.shape)
    where = (
        people.school[untreated.pupil, untreated.day],
        people.grade[untreated.pupil, untreated.day],
        untreated.day,
    )
    np.add.at(absent, where, untreated.fraction)
    there = np.zeros(share.shape)
    np.add.at(there, (people.school[free], people.grade[free], at[free]), 1.0)
    free[untreated.pupil, untreated.day] = False
    chance = np.divide(share * absent, np.maximum(there - absent, 1.0))
    free &= rng.random(free.shape) < chance[people.school, people.grade, at]
    pupil, day = np.nonzero(free)
    extra = Absence(
        pupil,
        day,
        rng.choice(untreated.kind, len(pupil)),
        np.ones(len(pupil)),
        untreated.spell.max() + 1 + np.arange(len(pupil)),
        np.ones(len(pupil)),
    )
    return _joined(untreated, extra)


def _joined(one: Absence, other: Absence) -> Absence:
    """Both, by pupil and day."""
    fields = ("pupil", "day", "kind", "fraction", "spell", "luck")
    whole = {f: np.concatenate([getattr(one, f), getattr(other, f)]) for f in fields}
    order = np.lexsort((whole["day"], whole["pupil"]))
    return Absence(*(whole[f][order] for f in fields))


def on_its_way_down(people: People, days: Days, untreated: Absence, protocol: Protocol) -> Absence:
    """The treated grades' absence falls from month to month of the follow-up year, talks or no talks."""
    pilot = protocol.years.all.index(protocol.years.follow_up)
    since = np.array([(d.month - protocol.years.starts_month) % 12 for d in days.on], dtype=float)
    gone = np.clip(np.where(days.year == pilot, recipe.TREND_PP * since / 7.0, 0.0), 0.0, 0.9)
    grade = people.grade[untreated.pupil, untreated.day]
    cells = np.zeros((len(protocol.schools), len(protocol.grades.order)), dtype=bool)
    schools = [s.id for s in protocol.schools]
    for s, g in protocol.treated:
        cells[schools.index(s), protocol.grades.order.index(g)] = True
    treated = cells[people.school[untreated.pupil, untreated.day], grade]
    return _where(untreated, untreated.luck >= treated * gone[untreated.day])


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
    return _joined(replace(untreated, kind=kind), extra)


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
            "wave": [plan.wave[int(s), int(g)].id for s, g in zip(school, grade, strict=True)],
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
