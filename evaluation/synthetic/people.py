"""Invented pupils: cohorts, classes, names, CPR-like numbers, and who sits where on which day.

Nobody here exists. Surnames are made up, and every CPR-like number has a valid date but **fails modulus 11**
on a birth date for which the register has only ever issued numbers that pass it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.protocol import Protocol
from evaluation.synthetic import scenario as recipe
from evaluation.synthetic.school_days import Days

FIRST_NAMES = (
    "Alma",
    "Anton",
    "Asta",
    "Aksel",
    "Bertha",
    "Bjarke",
    "Clara",
    "Carl",
    "Dagny",
    "Ejnar",
    "Ella",
    "Emil",
    "Freja",
    "Frode",
    "Gerda",
    "Gorm",
    "Hanne",
    "Holger",
    "Ida",
    "Ivar",
    "Johanne",
    "Jeppe",
    "Karla",
    "Kaj",
    "Liv",
    "Laust",
    "Maja",
    "Mikkel",
    "Nanna",
    "Niels",
    "Olga",
    "Otto",
    "Petra",
    "Poul",
    "Runa",
    "Rasmus",
    "Signe",
    "Svend",
    "Thyra",
    "Troels",
    "Ulla",
    "Uffe",
    "Vilma",
    "Valdemar",
    "Yrsa",
    "Østen",
    "Åse",
    "Åge",
)
"""Girls' and boys' names in turn."""
SURNAMES = (
    "Prøvegaard",
    "Testrup",
    "Opdigtsen",
    "Eksempelholm",
    "Fantasibæk",
    "Modelkær",
    "Påhitsen",
    "Skinlund",
    "Attrapskov",
    "Dummybjerg",
    "Tænktved",
    "Øvelsesen",
    "Mønsterbæk",
    "Kunstmark",
    "Formodning",
    "Drømmesø",
    "Luftkastel",
    "Papirnæs",
    "Fiktivborg",
    "Sagnholt",
)


@dataclass(frozen=True)
class People:
    """Pupils and their places. Arrays are per pupil (n) or pupil × day (n × days)."""

    pupils: pd.DataFrame
    school: NDArray[np.int8]
    grade: NDArray[np.int8]
    letter: NDArray[np.int8]

    @property
    def is_enrolled(self) -> NDArray[np.bool_]:
        """Pupil × day."""
        return self.school >= 0


def invent_people(protocol: Protocol, days: Days, *, seed: int, pupils: int) -> People:
    """Draw the pupils of all years: promoted one grade a year, entering the first and leaving the last.

    ``People.pupils``, one row per pupil: pupil (0, 1, …), elev_id, cpr, fornavn, efternavn, is_girl.
    """
    rng = np.random.default_rng([seed, 1])
    n_schools, n_grades, n_years = (
        len(protocol.schools),
        len(protocol.grades.order),
        len(protocol.years.all),
    )
    home, cohort = _cohorts(rng, n_schools, n_grades, n_years, pupils)
    n = len(home)
    offset = np.zeros(n, dtype=np.int64)
    arrives_in = np.full(n, -1)
    arrivals = rng.random(n) < recipe.ARRIVES * n_years
    arrives_in[arrivals] = rng.integers(0, n_years, arrivals.sum())
    letter_of = _letters(rng, home, cohort)

    school = np.full((n, len(days)), -1, dtype=np.int8)
    grade = np.full((n, len(days)), -1, dtype=np.int8)
    letter = np.zeros((n, len(days)), dtype=np.int8)
    current = home.copy()
    gone = np.zeros(n, dtype=bool)
    for year in range(n_years):
        span = np.nonzero(days.year == year)[0]
        first, last = span[0], span[-1] + 1
        level = cohort + offset + year
        here = (level >= 0) & (level < n_grades) & ~gone & (arrives_in <= year)
        school[here, first:last] = current[here, None]
        grade[here, first:last] = level[here, None]
        letter[here, first:last] = letter_of[here, None]
        when = rng.integers(first + 15, last - 15, n)
        luck = rng.random(n)
        for i in np.nonzero(here & (arrives_in == year))[0]:
            school[i, first : when[i]] = grade[i, first : when[i]] = -1
        settled = here & (arrives_in != year)
        edges = np.cumsum([recipe.MOVES_SCHOOL, recipe.MOVES_GRADE, recipe.LEAVES])
        if n_schools > 1:
            for i in np.nonzero(settled & (luck < edges[0]))[0]:
                current[i] = (current[i] + rng.integers(1, n_schools)) % n_schools
                school[i, when[i] : last] = current[i]
                letter_of[i] = letter[i, when[i] : last] = 0
        for i in np.nonzero(settled & (luck >= edges[0]) & (luck < edges[1]) & (level > 0))[0]:
            offset[i] -= 1
            grade[i, when[i] : last] -= 1
        for i in np.nonzero(settled & (luck >= edges[1]) & (luck < edges[2]))[0]:
            gone[i] = True
            school[i, when[i] : last] = grade[i, when[i] : last] = -1
    keep = (school >= 0).any(axis=1)
    first_year = int(protocol.years.all[0][:4])
    return People(
        pupils=_identities(rng, first_year - 6 - cohort[keep]),
        school=school[keep],
        grade=grade[keep],
        letter=letter[keep],
    )


def enrolments(people: People, protocol: Protocol, days: Days) -> pd.DataFrame:
    """One row per pupil, school year, school and grade without a break.

    Columns: pupil, school_year, school_id, grade, letter (0, 1, …), enrolled_from, enrolled_to (school days).
    """
    place = (days.year[None, :] * 10_000 + people.school.astype(np.int64) * 100 + people.grade).astype(
        np.int64
    )
    place[~people.is_enrolled] = -1
    before = np.concatenate([np.full((len(place), 1), -2), place[:, :-1]], axis=1)
    after = np.concatenate([place[:, 1:], np.full((len(place), 1), -2)], axis=1)
    pupil, first = np.nonzero((place != before) & (place >= 0))
    _, last = np.nonzero((place != after) & (place >= 0))
    on = np.array(days.on, dtype="datetime64[us]")
    return pd.DataFrame(
        {
            "pupil": pupil,
            "school_year": np.array(protocol.years.all, dtype=object)[days.year[first]],
            "school_id": np.array([s.id for s in protocol.schools], dtype=object)[
                people.school[pupil, first]
            ],
            "grade": np.array(protocol.grades.order, dtype=object)[people.grade[pupil, first]],
            "letter": people.letter[pupil, first].astype(np.int64),
            "enrolled_from": on[first],
            "enrolled_to": on[last],
        }
    )


def _cohorts(
    rng: np.random.Generator, n_schools: int, n_grades: int, n_years: int, pupils: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Home school and grade in the first year (negative: not yet in school), one entry per pupil."""
    shares = np.array([recipe.SCHOOLS[s % len(recipe.SCHOOLS)].share for s in range(n_schools)])
    levels = np.arange(-(n_years - 1), n_grades)
    mean = np.outer(shares / shares.sum(), np.full(len(levels), pupils / n_grades))
    size = np.maximum(2, np.rint(mean * (1 + 0.06 * rng.standard_normal(mean.shape)))).astype(np.int64)
    school, level = np.meshgrid(np.arange(n_schools), levels, indexing="ij")
    return np.repeat(school.ravel(), size.ravel()), np.repeat(level.ravel(), size.ravel())


def _letters(
    rng: np.random.Generator, home: NDArray[np.int64], cohort: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Class letter (0 = A) of each pupil: classes of at most 25 in a school and cohort."""
    key = home * 1000 + cohort - cohort.min()
    _, inverse, counts = np.unique(key, return_inverse=True, return_counts=True)
    classes = np.ceil(counts / 25).astype(np.int64)
    return (rng.random(len(home)) * classes[inverse]).astype(np.int64)


def _identities(rng: np.random.Generator, birth_year: NDArray[np.int64]) -> pd.DataFrame:
    n = len(birth_year)
    is_girl = rng.random(n) < 0.5
    first = rng.integers(0, len(FIRST_NAMES) // 2, n) * 2 + ~is_girl
    return pd.DataFrame(
        {
            "pupil": np.arange(n),
            "elev_id": [f"E{100_000 + k}" for k in rng.permutation(n)],
            "cpr": invented_cpr(rng, birth_year, is_girl),
            "fornavn": np.array(FIRST_NAMES, dtype=object)[first],
            "efternavn": np.array(SURNAMES, dtype=object)[rng.integers(0, len(SURNAMES), n)],
            "is_girl": is_girl,
        }
    )


def invented_cpr(
    rng: np.random.Generator, birth_year: NDArray[np.int64], is_girl: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Unique ten-digit numbers with a real birth date (born 2000–2036) that all fail modulus 11."""
    n = len(birth_year)
    start = np.array([dt.date(int(y), 1, 1).toordinal() for y in birth_year])
    born = [dt.date.fromordinal(int(o)) for o in start + rng.integers(0, 365, n)]
    head = np.array([[int(c) for c in f"{d:%d%m%y}"] for d in born]).reshape(n, 6)
    serial = np.zeros(n, dtype=np.int64)
    taken: set[int] = set()
    todo = np.arange(n)
    while len(todo):
        serial[todo] = rng.integers(2000, 5000, len(todo)) * 2 + ~is_girl[todo]
        tail = np.stack([serial // 10**k % 10 for k in (3, 2, 1, 0)], axis=1)
        digits = np.concatenate([head, tail], axis=1)
        number = digits @ 10 ** np.arange(9, -1, -1)
        passes = digits @ np.array([4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 == 0
        again = []
        for i in todo:
            if passes[i] or int(number[i]) in taken:
                again.append(i)
            else:
                taken.add(int(number[i]))
        todo = np.array(again, dtype=np.int64)
    return np.array([f"{int(k):010d}" for k in number], dtype=object)
