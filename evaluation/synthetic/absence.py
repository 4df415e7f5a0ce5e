"""Absence that would have been without the programme: propensity, season, spells, types, half days.

What the programme does to it is :mod:`evaluation.synthetic.outcomes`' matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluation.protocol import Protocol
from evaluation.synthetic import scenario as recipe
from evaluation.synthetic.people import People
from evaluation.synthetic.scenario import Kind, Scenario
from evaluation.synthetic.school_days import Days

SICK, PERMITTED, UNLAWFUL = 0, 1, 2


@dataclass(frozen=True)
class Absence:
    """Every absent pupil-day, in order of pupil and day.

    ``kind`` is 0 sick, 1 permitted, 2 unlawful; ``fraction`` 0.5 or 1; ``spell`` numbers the spells;
    ``luck`` is one uniform number per spell, so that outcomes with and without the programme are coupled.
    """

    pupil: NDArray[np.int64]
    day: NDArray[np.int64]
    kind: NDArray[np.int8]
    fraction: NDArray[np.float64]
    spell: NDArray[np.int64]
    luck: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pupil)


def untreated_absence(
    people: People, protocol: Protocol, days: Days, scenario: Scenario, *, seed: int
) -> Absence:
    """Draw absence as a two-state Markov chain over school days, whose stationary share is the pupil's rate.

    P(absent | absent yesterday) = (1 − s) r + s and P(absent | present) = (1 − s) r with rate r and
    s = ``SPELL_PERSISTENCE``. The chain starts anew each school year.
    """
    rng = np.random.default_rng([seed, 2])
    day_rate, weights = _day_rates(protocol, days, scenario, rng)
    propensity = _propensities(people, protocol, days, scenario, rng)
    at = np.broadcast_to(np.arange(len(days)), people.school.shape)
    present = people.is_enrolled & days.is_open[people.school, at]
    rate = np.clip(propensity * day_rate[people.school, people.grade, at], 0.0, 0.95).astype(np.float32)
    rate[~present] = 0.0

    draw = np.random.default_rng([seed, 3]).random((len(days), len(rate)), dtype=np.float32)
    absent = np.zeros((len(days), len(rate)), dtype=bool)
    starts = np.zeros_like(absent)
    s = np.float32(recipe.SPELL_PERSISTENCE)
    yesterday = np.zeros(len(rate), dtype=bool)
    for d in range(len(days)):
        if d == 0 or days.year[d] != days.year[d - 1]:
            yesterday = np.zeros(len(rate), dtype=bool)
            enter = rate[:, d]
        else:
            enter = (1 - s) * rate[:, d]
        absent[d] = (draw[d] < enter + s * yesterday) & present[:, d]
        starts[d] = absent[d] & ~yesterday
        yesterday = absent[d]

    pupil, day = np.nonzero(absent.T)
    spell = np.cumsum(starts.T[pupil, day]) - 1
    first = np.unique(spell, return_index=True)[1]
    kind = _types(people, weights, rng, pupil[first], day[first])[spell]
    half = _is_upper(protocol, people.grade[pupil, day], protocol.grades.half_days)
    halved = half & (kind == UNLAWFUL) & (rng.random(len(pupil)) < recipe.HALF_DAY_SHARE)
    luck = np.random.default_rng([seed, 4]).random(len(first))
    return Absence(pupil, day, kind, np.where(halved, 0.5, 1.0), spell, luck[spell])


def _is_upper(protocol: Protocol, grade: NDArray[np.int8], which: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.isin(grade, [protocol.grades.order.index(g) for g in which])


def _day_rates(
    protocol: Protocol, days: Days, scenario: Scenario, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rate relative to the pupil's own (school × grade × day) and type weights (upper × day × type)."""
    n_schools, n_grades, n_years = len(protocol.schools), len(protocol.grades.order), len(protocol.years.all)
    weeks, percent = np.array(recipe.SICK_BY_WEEK).T
    sick = np.interp(days.iso_week, weeks, percent)
    week_ids, week_of_day = np.unique(np.array(days.week_label), return_inverse=True)
    sick = sick * np.exp(rng.normal(0, recipe.WEEK_SD, len(week_ids)))[week_of_day]
    near_break = _days_before_a_break(days)
    shape = np.stack(
        [
            sick / sick.mean(),
            np.where(near_break, 1.8, 0.92),
            np.interp(days.iso_week, [1, 26, 33, 53], [1.0, 1.2, 0.8, 1.1]),
        ],
        axis=1,
    )
    shape /= shape.mean(axis=0)
    weights = np.stack([shape * recipe.TYPE_SHARES_LOWER, shape * recipe.TYPE_SHARES_UPPER])
    total = weights.sum(axis=2)
    weekday = np.array([recipe.WEEKDAY_LOWER, recipe.WEEKDAY_UPPER])[:, days.weekday]
    upper = (np.arange(n_grades) >= n_grades - recipe.UPPER_GRADES).astype(np.int64)
    # Half days are worth half: the upper school's rate is raised so that its level stays.
    lift = np.where(upper == 1, 1 + recipe.HALF_DAY_SHARE * recipe.TYPE_SHARES_UPPER[UNLAWFUL] / 2, 1.0)
    by_school = np.exp(rng.normal(0, recipe.SCHOOL_YEAR_SD, (n_schools, n_years)))
    by_cell = np.exp(rng.normal(0, recipe.CELL_YEAR_SD, (n_schools, n_grades, n_years)))
    by_grade = 1 + rng.standard_normal((n_grades, n_years)) * scenario.grade_shock_sd_pp / 7.3
    shock = by_school[:, None, :] * by_cell * by_grade[None] * lift[None, :, None]
    rate = shock[:, :, days.year] * (total * weekday)[upper][None]
    if scenario.kind is Kind.EPIDEMIC:
        pilot = protocol.years.all.index(protocol.years.follow_up)
        hit = (days.year == pilot) & np.isin(days.iso_week, recipe.EPIDEMIC_WEEKS)
        rate[:, : recipe.EPIDEMIC_GRADES] *= np.where(hit, recipe.EPIDEMIC_FACTOR, 1.0)
    return rate, weights


def _days_before_a_break(days: Days) -> NDArray[np.bool_]:
    """Whether a break of more than four days begins within three days."""
    ordinal = np.array([d.toordinal() for d in days.on])
    gap = np.append(np.diff(ordinal), 60) > 4
    last = np.where(gap, ordinal, np.iinfo(np.int64).max)
    next_break = np.minimum.accumulate(last[::-1])[::-1]
    return np.asarray(next_break - ordinal <= 3, dtype=bool)


def _propensities(
    people: People, protocol: Protocol, days: Days, scenario: Scenario, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Pupil × day: a Beta per school with a small long-term part, lasting except for yearly redraws."""
    n = len(people.school)
    first_day = people.is_enrolled.argmax(axis=1)
    home = people.school[np.arange(n), first_day]
    school = [recipe.SCHOOLS[s % len(recipe.SCHOOLS)] for s in range(len(protocol.schools))]
    mean, kappa = np.array([r.mean for r in school])[home], np.array([r.kappa for r in school])[home]

    def draw() -> NDArray[np.float64]:
        usual = rng.beta(mean * kappa, (1 - mean) * kappa)
        k, m = recipe.LONG_TERM_KAPPA, recipe.LONG_TERM_MEAN
        return np.where(rng.random(n) < recipe.LONG_TERM_SHARE, rng.beta(m * k, (1 - m) * k, n), usual)

    fading = scenario.kind is Kind.REGRESSION_TO_THE_MEAN
    turn = np.array([d.month < protocol.years.starts_month for d in days.on])
    period = days.year * 2 + turn if fading else days.year * 2
    share = recipe.RTM_REDRAW if fading else recipe.YEARLY_REDRAW
    current = draw()
    by_period = {int(np.min(period)): current}
    for p in np.unique(period)[1:]:
        current = np.where(rng.random(n) < share, draw(), current)
        by_period[int(p)] = current
    propensity = np.stack([by_period[int(p)] for p in period], axis=1)
    if scenario.kind is Kind.COHORTS:
        pilot = protocol.years.all.index(protocol.years.follow_up)
        # A cohort is its grade less the year: it stays the same as the pupils move up.
        cohort = people.grade[np.arange(n), first_day].astype(np.int64) - days.year[first_day]
        better = [protocol.grades.order.index(g) - pilot for g in protocol.treated_grades]
        propensity = np.where(np.isin(cohort, better)[:, None], recipe.BETTER_COHORT * propensity, propensity)
    return propensity


def _types(
    people: People,
    weights: NDArray[np.float64],
    rng: np.random.Generator,
    pupil: NDArray[np.int64],
    day: NDArray[np.int64],
) -> NDArray[np.int8]:
    """The type of each spell; some pupils are inclined to unlawful absence."""
    n_grades = people.grade.max() + 1
    upper = (people.grade[pupil, day] >= n_grades - recipe.UPPER_GRADES).astype(np.int64)
    inclined = np.exp(rng.normal(0, 0.5, len(people.school)))[pupil]
    w = weights[upper, day].copy()
    w[:, UNLAWFUL] *= inclined
    edges = np.cumsum(w, axis=1) / w.sum(axis=1, keepdims=True)
    kinds: NDArray[np.int8] = (rng.random(len(pupil))[:, None] > edges[:, :2]).sum(axis=1).astype(np.int8)
    return kinds
