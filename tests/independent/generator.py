"""Studies with a known truth, made in another way than the product's own made-up municipalities.

Here: pupils × weeks in four schools of ten grades over three school years; pupils move up a grade a year and bring their
habits with them; season, epidemics, weeks of a school, shocks of a grade's year, and the threats an evaluation must
stand: better cohorts, a slow trend, a change of registration, spillover. Nothing is taken from ``evaluation.synthetic``.

A pupil's propensity is 97 % Beta(mean .0665, κ 32) and 3 % Beta(mean .35, κ 4); a quarter of the pupils draw anew each
year. Absence comes in spells of two days, whose number in a week is Poisson in the propensity. The sum of Poisson
numbers is Poisson, so a cell's week can be drawn at once (``cells``) or pupil by pupil (``pupil_weeks``): the same law.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIZES = (39, 87, 80, 53)
GRADES, YEARS = 10, 3
WEEKS_OF_MONTH = np.array([3, 4, 3, 4, 3, 4, 3, 4, 3, 4, 3])
"""August to June: school weeks of each month."""
MONTHS = len(WEEKS_OF_MONTH)
CALENDAR = ("08", "09", "10", "11", "12", "01", "02", "03", "04", "05", "06")
SEASON = np.repeat([0.72, 0.88, 1.00, 1.14, 1.26, 1.15, 1.10, 1.00, 0.92, 0.84, 0.78], WEEKS_OF_MONTH)
WEEKS = len(SEASON)
AGE = np.array([1.00, 0.95, 0.92, 0.92, 0.95, 0.98, 1.02, 1.06, 1.10, 1.10])
CLASS_SD = 0.35
"""Points by which a grade of a school wanders from one half year to the next, whatever its pupils' habits are."""
SPELL = 2.0
DAYS = 5.0
TALKS = {6: 1, 1: 4, 8: 6}
"""The month of the talks (September, December, February) of each treated grade in the last year."""
TYPES = (0.55, 0.23, 0.22)

Threat = Literal[
    "clean",
    "grade_shocks",
    "random_cohorts",
    "good_cohort",
    "trend",
    "registration",
    "spillover",
    "epidemic",
]
THREATS: tuple[Threat, ...] = (
    "clean",
    "grade_shocks",
    "random_cohorts",
    "good_cohort",
    "trend",
    "registration",
    "spillover",
    "epidemic",
)


@dataclass(frozen=True)
class Truth:
    """What is planted. ``effect`` in points in the months after the talks; ``size`` of the threat in points.

    ``good_cohort``: the three cohorts that are treated bring a level that differs by ``size`` from year to year of their
    lives; ``trend``: points a month within the last year, in the treated grades; ``registration``: from the talks on,
    all types alike; ``spillover``: on the grades that have no talks, from the first talks on.
    """

    threat: Threat = "clean"
    effect: float = 0.0
    size: float | None = None

    @property
    def amount(self) -> float:
        """The threat's size, or the one the tables are made with."""
        usual = {
            "grade_shocks": 0.45,
            "random_cohorts": 0.45,
            "good_cohort": -1.0,
            "trend": -0.25,
            "registration": -1.2,
            "spillover": -0.5,
        }
        return usual.get(self.threat, 0.0) if self.size is None else self.size


@dataclass(frozen=True)
class Municipality:
    """``rate`` (R, school, grade, year, week): expected days absent of a pupil and day, in points, truth included.

    ``pupils`` (school, grade, year). ``propensity`` of each pupil: (R, school, cohort, year, pupil), NaN beyond the size.
    """

    rate: Array
    pupils: NDArray[np.int64]
    propensity: Array
    relative: Array
    shift: Array
    truth: Truth
    first_treated: dict[int, int] = field(default_factory=lambda: {g: m + 1 for g, m in TALKS.items()})


def draw(rng: np.random.Generator, studies: int, truth: Truth) -> Municipality:
    """So many studies at once."""
    most, cohorts = max(SIZES), GRADES + YEARS - 1
    shape = (studies, len(SIZES), cohorts, most)
    first = _habits(rng, shape)
    years = [first]
    for _ in range(YEARS - 1):
        anew = rng.random(shape) < 0.25
        years.append(np.where(anew, _habits(rng, shape), years[-1]))
    inside = np.arange(most)[None, :] < np.array(SIZES)[:, None]
    propensity = np.where(inside[None, :, None, None, :], np.stack(years, axis=3), np.nan)
    # The cohort in grade g in year y is numbered g − y + (YEARS − 1): it moves up with its pupils.
    grade, year = np.meshgrid(np.arange(GRADES), np.arange(YEARS), indexing="ij")
    cohort = grade - year + YEARS - 1
    mean = np.nanmean(propensity, axis=4)[:, :, cohort, year]
    relative = SEASON[None, None, None, None, :] * AGE[None, None, :, None, None]
    relative = relative * _epidemics(rng, studies, truth.threat == "epidemic")
    shift = _shifts(rng, studies, truth, cohort) + _half_years(rng, studies)
    rate = 100.0 * mean[..., None] * relative + shift
    pupils = np.broadcast_to(np.array(SIZES)[:, None, None], (len(SIZES), GRADES, YEARS)).astype(np.int64)
    return Municipality(np.maximum(rate, 0.0), pupils, propensity, relative, shift, truth)


def cells(rng: np.random.Generator, m: Municipality) -> Array:
    """(R, school, grade, year, month) registered absence in per cent of school days, drawn cell by cell."""
    expected = m.rate / 100.0 * DAYS / SPELL * m.pupils[None, ..., None]
    days = SPELL * rng.poisson(expected)
    ends = np.concatenate([[0], np.cumsum(WEEKS_OF_MONTH)[:-1]])
    by_month = np.add.reduceat(days, ends, axis=4)
    return np.asarray(100.0 * by_month / (DAYS * WEEKS_OF_MONTH * m.pupils[None, ..., None]))


def pupil_weeks(rng: np.random.Generator, m: Municipality, study: int) -> pd.DataFrame:
    """One row per pupil and week of one study: school, cohort, grade, year, week, days absent, and its type's days."""
    frames = []
    for school, size in enumerate(SIZES):
        for year in range(YEARS):
            for grade in range(GRADES):
                cohort = grade - year + YEARS - 1
                own = m.propensity[study, school, cohort, year, :size]
                relative = np.broadcast_to(m.relative, m.rate.shape)[study, school, grade, year]
                added = np.broadcast_to(m.shift, m.rate.shape)[study, school, grade, year] / 100.0
                expected = own[:, None] * relative[None, :] * DAYS / SPELL
                # What is planted in points is spread as the absence is, so that the cell's mean moves by it.
                expected = np.maximum(expected * (1.0 + added / (own.mean() * relative))[None, :], 0.0)
                spells = rng.poisson(expected)
                kind = rng.multinomial(spells, TYPES)
                pupil, week = np.indices(spells.shape)
                frames.append(
                    pd.DataFrame(
                        {
                            "school": school,
                            "cohort": cohort,
                            "pupil": pupil.ravel(),
                            "grade": grade,
                            "year": year,
                            "week": week.ravel(),
                            **{
                                f"{name}_days": SPELL * kind[:, :, i].ravel()
                                for i, name in enumerate(("sick", "permitted", "unlawful"))
                            },
                        }
                    )
                )
    out = pd.concat(frames, ignore_index=True)
    out["absent_days"] = out[["sick_days", "permitted_days", "unlawful_days"]].sum(axis=1)
    return out


def _habits(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Propensities; the few with long absence are drawn alone, for drawing betas is what takes the time."""
    out = rng.beta(0.0665 * 32, 0.9335 * 32, shape)
    few = rng.random(shape) < 0.03
    out[few] = rng.beta(0.35 * 4, 0.65 * 4, int(few.sum()))
    return out


def _epidemics(rng: np.random.Generator, studies: int, is_bad: bool) -> Array:
    """(R, school, stage of grade, year, week) factors: weeks of a school, a wave each winter; a bad one by stage."""
    shape = (studies, len(SIZES), 1, YEARS, WEEKS)
    factor = np.exp(rng.normal(0.0, 0.10, shape))
    peak = rng.integers(12, 24, (studies, 1, 1, YEARS, 1))
    height = rng.uniform(0.1, 0.5, (studies, 1, 1, YEARS, 1))
    wave = np.exp(-0.5 * ((np.arange(WEEKS) - peak) / 1.5) ** 2)
    factor = factor * (1.0 + height * wave)
    if is_bad:
        # In the last year the youngest are hit in one winter and the oldest in another.
        stage = np.where(np.arange(GRADES) <= 3, 1.0, 0.3)[None, None, :, None, None]
        late = np.exp(-0.5 * ((np.arange(WEEKS) - rng.integers(18, 26, (studies, 1, 1, 1, 1))) / 2.0) ** 2)
        last = (np.arange(YEARS) == YEARS - 1)[None, None, None, :, None]
        factor = factor * (1.0 + 0.6 * stage * late * last)
    return np.asarray(factor)


def _half_years(rng: np.random.Generator, studies: int) -> Array:
    """(R, school, grade, year, week) points: the life of a class, one draw from August and one from January."""
    drawn = rng.normal(0.0, CLASS_SD, (studies, len(SIZES), GRADES, YEARS, 2))
    month = np.repeat(np.arange(MONTHS), WEEKS_OF_MONTH)
    return np.asarray(drawn[..., (month >= CALENDAR.index("01")).astype(int)])


def _shifts(rng: np.random.Generator, studies: int, truth: Truth, cohort: NDArray[np.int64]) -> Array:
    """(R, 1, grade, year, week) points added: the threat, and the effect."""
    shift = np.zeros((studies, 1, GRADES, YEARS, WEEKS))
    month = np.repeat(np.arange(MONTHS), WEEKS_OF_MONTH)
    treated = np.array(sorted(TALKS))
    last, amount = YEARS - 1, truth.amount
    begun = min(TALKS.values())
    match truth.threat:
        case "grade_shocks":
            shift += rng.normal(0.0, amount, (studies, 1, GRADES, YEARS, 1))
        case "random_cohorts":
            level = rng.normal(0.0, amount, (studies, int(cohort.max()) + 1))
            shift += level[:, cohort][:, None, :, :, None]
        case "good_cohort":
            good = np.isin(cohort, [g - last + YEARS - 1 for g in treated])
            shift += amount * good[None, None, :, :, None]
        case "trend":
            shift[:, :, treated, last, :] += amount * month
        case "registration":
            for g in treated:
                shift[:, :, g, last, :] += amount * (month >= TALKS[int(g)])
        case "spillover":
            others = np.setdiff1d(np.arange(GRADES), treated)
            shift[:, :, others, last, :] += amount * (month >= begun)
    for g in treated:
        shift[:, :, g, last, :] += truth.effect * (month > TALKS[int(g)])
    return shift
