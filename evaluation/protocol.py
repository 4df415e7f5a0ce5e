"""The study's protocol as frozen models: what may be decided about a study, and nothing that is computed.

A protocol is plain data: schools, grades, waves, years, outcomes, estimands, thresholds, legal bases, rounds.
Reading it from a folder is :mod:`evaluation.study`'s work. Models forbid unknown fields, so that a misspelt
decision is an error and never silently the default.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=60)]
SchoolYear = Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
Use = Literal["counts", "pupil_rows", "quotes"]


class Model(BaseModel):
    """Frozen, and closed to fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class StudyIdentity(Model):
    """Who and what the evaluation is about."""

    id: Identifier
    title: str
    municipality: str
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    language: Literal["da"] = "da"
    programme: str
    is_fictitious: bool = False
    seed: Annotated[int, Field(ge=0)]


class School(Model):
    """One school (or other unit that carries the grades)."""

    id: Annotated[str, Field(min_length=1)]
    name: str
    short: str


class Grades(Model):
    """The grades in the order they are shown; ``label`` holds ``{grade}``."""

    order: Annotated[tuple[str, ...], Field(min_length=1)]
    label: str = "{grade}. årgang"
    half_days: tuple[str, ...] = ()

    def name(self, grade: str) -> str:
        """The grade as it reads in a sentence."""
        return self.label.format(grade=grade)


class Wave(Model):
    """One grade's talks. Planned windows are assumptions until the talk log says otherwise."""

    id: Identifier
    grade: str
    planned_from: dt.date
    planned_to: dt.date
    is_assumption: bool = True


class Talks(Model):
    """When a school × grade counts as having had its talks."""

    minimum_coverage_pct: Percent = 80
    transition: Literal["talk_months"] = "talk_months"


class Years(Model):
    """School years compared. ``starts_month`` is the first month of a school year."""

    baseline: Annotated[tuple[SchoolYear, ...], Field(min_length=1)]
    follow_up: SchoolYear
    placebo: SchoolYear | None = None
    starts_month: Annotated[int, Field(ge=1, le=12)] = 8

    @property
    def all(self) -> tuple[str, ...]:
        """Every school year of the study in order of time."""
        return tuple(sorted({*self.baseline, self.follow_up}))

    def of(self, day: dt.date) -> str:
        """The school year a day belongs to, ``2026/27`` style."""
        first = day.year if day.month >= self.starts_month else day.year - 1
        return f"{first}/{(first + 1) % 100:02d}"


class AbsenceType(Model):
    """One registered type of absence. Mapping files translate every system's codes to these three."""

    id: Literal["sick", "permitted", "unlawful"]
    label: str


class Outcome(Model):
    """A sum of absence types, in percentage points of school days."""

    id: Identifier
    label: str
    types: Annotated[tuple[str, ...], Field(min_length=1)]
    is_primary: bool = False


class Estimand(Model):
    """What is estimated at grade level (docs/methods.md, question a)."""

    unit: Literal["cell"] = "cell"
    time: Literal["month", "week"] = "month"
    weights: Literal["pupil_days", "equal"] = "pupil_days"
    model: Literal["same_month_last_year", "two_way"] = "same_month_last_year"
    check_model: Literal["same_month_last_year", "two_way"] | None = "two_way"


class Milestone(Model):
    """The milestone: whole school months after the talk month, pooled with fixed weights."""

    text: str
    months: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    direction: Literal["fall", "rise"] = "fall"
    relevant_change_pp: Annotated[float, Field(gt=0)]
    weights: Literal["pupil_days", "equal"] = "pupil_days"


class VerdictRule(Model):
    """The rule that turns an estimate into one of the five fixed verdicts."""

    alpha: Share = 0.05
    level: Share = 0.95
    lower_level: Share = 0.80
    looks: Literal["holm", "none"] = "holm"


class Inference(Model):
    """How uncertainty is computed and reported."""

    cluster: tuple[str, ...] = ("school_id", "grade")
    interval: Literal["cr2"] = "cr2"
    p_value: Literal["permutation"] = "permutation"
    permutation_assign: Literal["grade", "school_id", "cell"] = "grade"
    bootstrap_draws: Annotated[int, Field(ge=99)] = 9999
    honest_relative_magnitudes: tuple[float, ...] = (0.5, 1.0, 2.0)
    power: Share = 0.80


class Targeted(Model):
    """The frozen rule that selects pupils for follow-up (docs/methods.md, question e)."""

    label: str = "indsatselever"
    window_school_days: Annotated[int, Field(ge=5)]
    threshold_pct: Percent
    gap_school_days: Annotated[int, Field(ge=0)] = 20
    minimum_school_days: Annotated[int, Field(ge=1)] = 30
    bands_pct: Annotated[tuple[float, ...], Field(min_length=2)] = (0, 5, 10, 20)


class Threshold(Model):
    """A legal or agreed threshold with the days it is in force."""

    id: Identifier
    label: str
    value: float
    unit: Literal["pct_of_school_days", "school_days"]
    per: Literal["school_year", "quarter"]
    crossing: Literal["at_least", "more_than"] = "at_least"
    types: tuple[str, ...]
    in_force_from: dt.date
    in_force_until: dt.date | None = None
    source: str

    def is_in_force(self, day: dt.date) -> bool:
        """Whether the threshold applies on a day (both ends included)."""
        return self.in_force_from <= day and (self.in_force_until is None or day <= self.in_force_until)


class Disclosure(Model):
    """What may leave the warehouse."""

    minimum_pupils: Annotated[int, Field(ge=3)] = 5
    protection_width: Annotated[int, Field(ge=1)] = 5
    dominance_share: Share = 0.6
    quote_minimum_sources: Annotated[int, Field(ge=2)] = 2
    marker: str = "•"


class Quality(Model):
    """When data are too incomplete to be shown, and what calls for a look."""

    minimum_completeness_pct: Percent = 90
    zero_class_weeks: Annotated[int, Field(ge=1)] = 3
    provisional_days: Annotated[int, Field(ge=0)] = 7
    type_share_alarm_pp: Percent = 10
    maximum_quarantine_pct: Percent = 5


class DataSet(Model):
    """A set of data, its legal basis and what it may be used for."""

    id: Identifier
    contains: str
    basis: Annotated[str, Field(min_length=10)]
    uses: Annotated[tuple[Use, ...], Field(min_length=1)]
    consent_purpose: str | None = None


class Round(Model):
    """A report round: a data cut-off and the date the report is due.

    ``occasions`` are the codebook's occasions (nedslag) whose interviews and forms belong to it; empty: all.
    """

    id: Identifier
    title: str
    kind: Literal["interim", "final"]
    cutoff: dt.date
    report_date: dt.date
    occasions: tuple[str, ...] = ()


class Protocol(Model):
    """The whole study as decided before outcomes were seen."""

    study: StudyIdentity
    schools: Annotated[tuple[School, ...], Field(min_length=1)]
    grades: Grades
    waves: Annotated[tuple[Wave, ...], Field(min_length=1)]
    talks: Talks = Talks()
    years: Years
    absence_types: Annotated[tuple[AbsenceType, ...], Field(min_length=1)]
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)]
    estimand: Estimand = Estimand()
    milestone: Milestone
    verdict: VerdictRule = VerdictRule()
    inference: Inference = Inference()
    targeted: Targeted | None = None
    thresholds: tuple[Threshold, ...] = ()
    disclosure: Disclosure = Disclosure()
    quality: Quality = Quality()
    data_sets: Annotated[tuple[DataSet, ...], Field(min_length=1)]
    rounds: Annotated[tuple[Round, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        wrong = list(_broken_references(self))
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the decisions (not of comments or layout), as 64 hex digits."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def primary_outcome(self) -> Outcome:
        """The one outcome that decides the milestone."""
        return next(o for o in self.outcomes if o.is_primary)

    @property
    def treated_grades(self) -> tuple[str, ...]:
        """Grades that get the programme, in the order of the waves."""
        return tuple(w.grade for w in self.waves)

    def round(self, round_id: str) -> Round:
        """The round with this id; raises ``KeyError`` naming the known ones."""
        for candidate in self.rounds:
            if candidate.id == round_id:
                return candidate
        raise KeyError(
            f"{round_id}: not a round of this study; known: {', '.join(r.id for r in self.rounds)}"
        )

    def school(self, school_id: str) -> School:
        """The school with this id."""
        return next(s for s in self.schools if s.id == school_id)

    def data_set(self, data_set_id: str) -> DataSet | None:
        """The data set with this id, or None when the study has none."""
        return next((d for d in self.data_sets if d.id == data_set_id), None)


def _broken_references(p: Protocol) -> list[str]:
    """Sentences about every reference inside the protocol that does not hold."""
    wrong: list[str] = []

    def unique(name: str, values: list[str]) -> None:
        twice = sorted({v for v in values if values.count(v) > 1})
        wrong.extend(f'{name}: "{v}" stands more than once' for v in twice)

    unique("schools.id", [s.id for s in p.schools])
    unique("schools.name", [s.name for s in p.schools])
    unique("grades.order", list(p.grades.order))
    unique("waves.grade", [w.grade for w in p.waves])
    unique("rounds.id", [r.id for r in p.rounds])
    unique("absence_types.id", [t.id for t in p.absence_types])
    unique("outcomes.id", [o.id for o in p.outcomes])
    types = {t.id for t in p.absence_types}
    if "{grade}" not in p.grades.label:
        wrong.append('grades.label: must hold "{grade}"')
    wrong += [
        f'waves "{w.id}": grade "{w.grade}" is not in grades.order'
        for w in p.waves
        if w.grade not in p.grades.order
    ]
    wrong += [
        f'waves "{w.id}": planned_to is before planned_from' for w in p.waves if w.planned_to < w.planned_from
    ]
    if set(p.grades.order) <= {w.grade for w in p.waves}:
        wrong.append("waves: every grade gets the programme, so no grade is left to compare with")
    wrong += [
        f'grades.half_days: "{g}" is not in grades.order'
        for g in p.grades.half_days
        if g not in p.grades.order
    ]
    wrong += [
        f'{kind} "{item.id}": type "{t}" is not an absence type'
        for kind, items in (("outcomes", p.outcomes), ("thresholds", p.thresholds))
        for item in items
        for t in item.types
        if t not in types
    ]
    if sum(o.is_primary for o in p.outcomes) != 1:
        wrong.append("outcomes: exactly one must be is_primary = true")
    if p.verdict.lower_level >= p.verdict.level:
        wrong.append("verdict.lower_level: must be below verdict.level")
    if p.years.follow_up in p.years.baseline:
        wrong.append("years.follow_up: is also a baseline year")
    wrong += [f'rounds "{r.id}": report_date is before cutoff' for r in p.rounds if r.report_date < r.cutoff]
    if list(p.rounds) != sorted(p.rounds, key=lambda r: r.cutoff):
        wrong.append("rounds: must stand in the order of their cut-offs")
    wrong += [
        f'rounds "{r.id}": cutoff {r.cutoff} is not in the follow-up year {p.years.follow_up}'
        for r in p.rounds
        if p.years.of(r.cutoff) != p.years.follow_up
    ]
    if p.targeted and list(p.targeted.bands_pct) != sorted(set(p.targeted.bands_pct)):
        wrong.append("targeted.bands_pct: must rise")
    return wrong
