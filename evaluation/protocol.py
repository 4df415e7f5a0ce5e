"""The study's protocol as frozen models: what may be decided about a study, and nothing that is computed.

A protocol is plain data: schools, grades, waves, years, outcomes, estimands, thresholds, legal bases, rounds.
Reading it from a folder is :mod:`evaluation.study`'s work. Models forbid unknown fields, so that a misspelt
decision is an error and never silently the default.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from functools import cache, cached_property
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evaluation.words.texts import texts

TEXT = texts("study")

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_]+$", max_length=60)]
SchoolYear = Annotated[str, Field(pattern=r"^\d{4}/\d{2}$")]
Share = Annotated[float, Field(gt=0, lt=1)]
Percent = Annotated[float, Field(ge=0, le=100)]
Use = Literal["counts", "pupil_rows", "quotes"]
AudienceId = Literal["steering_group", "schools", "goal", "tables"]
"""Who gets something: the steering group its report, each school its page, the goal's owners their text, and the tables."""
ComparisonModel = Literal["same_month_last_year", "same_month_own_year", "two_way"]
"""What a group's own earlier months are: see :func:`evaluation.questions.model.absorbed`."""
Comparison = Literal["grades_same_school", "same_grades_other_schools", "all_others"]
"""Who shows what would have happened anyway: grades without the programme in the same schools, the same grades of schools
without it, or everybody without it. Who has not begun yet belongs to them until they do (:mod:`evaluation.design`)."""
Cell = tuple[str, str]
"""A school and a grade: what gets the programme, and what absence is counted by."""


class Model(BaseModel):
    """Frozen, and closed to fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class StudyIdentity(Model):
    """Who and what the evaluation is about."""

    id: Identifier
    title: str
    municipality: str
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    programme: str
    is_fictitious: bool = False
    seed: Annotated[int, Field(ge=0)]


class Words(Model):
    """The study's own words as they read inside a sentence: what is followed, what is given, and what it is held against.

    ``worrying``: the municipality's own definition of absence to worry about; empty where it has none.
    """

    unit: str = TEXT("unit")
    units: str = TEXT("units")
    on: str = TEXT("on")
    sessions: str = TEXT("sessions")
    goal: str = TEXT("goal")
    worrying: str = ""


class School(Model):
    """One school (or other unit that carries the grades)."""

    id: Annotated[str, Field(min_length=1)]
    name: str
    short: str


class Grades(Model):
    """The grades in the order they are shown; ``label`` holds ``{grade}``."""

    order: Annotated[tuple[str, ...], Field(min_length=1)]
    label: str = TEXT("grade_label")
    half_days: tuple[str, ...] = ()

    def name(self, grade: str) -> str:
        """The grade as it reads in a sentence."""
        return self.label.format(grade=grade)


class Wave(Model):
    """Those who begin together: some grades at some schools, or the pupils of a list.

    ``grades`` and ``schools`` left empty mean all of them; ``grade = "6"`` is read as ``grades = ["6"]``.
    ``who``: whole groups, or the pupils of a list, who begin each on their own day by the log of follow-ups, with consent in
    force; grades and schools then only say where they are. Planned windows are assumptions until the log says otherwise.
    ``ends_on``: months after it are left out, because what happens when the programme has ended is another question.
    ``label``: the wave as it reads in a sentence; made from grades and schools where it is left empty.
    """

    id: Identifier
    grades: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    who: Literal["groups", "listed_pupils"] = "groups"
    label: str = ""
    planned_from: dt.date
    planned_to: dt.date
    ends_on: dt.date | None = None
    is_assumption: bool = True

    @model_validator(mode="before")
    @classmethod
    def _one_grade(cls, raw: Any) -> Any:
        if isinstance(raw, Mapping) and isinstance(raw.get("grade"), str) and "grades" not in raw:
            return {k: v for k, v in raw.items() if k != "grade"} | {"grades": [raw["grade"]]}
        return raw

    def covers(self, school_id: str, grade: str) -> bool:
        """Whether the wave's groups are or lie in this school and grade."""
        return school_id in (self.schools or (school_id,)) and grade in (self.grades or (grade,))


class Talks(Model):
    """When a school × grade counts as having had its talks."""

    minimum_coverage_pct: Percent = 80


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
    """Days of absence of some types, in percentage points of school days; ``measure`` says which of the days count
    (:mod:`evaluation.measures`), every day unless it says otherwise."""

    id: Identifier
    label: str
    types: Annotated[tuple[str, ...], Field(min_length=1)]
    # A key of a later version leaves the hash of an older protocol as it was: nothing was decided anew.
    measure: Annotated[Identifier, Field(exclude_if=lambda v: v == "days")] = "days"
    is_primary: bool = False


class Estimand(Model):
    """What is estimated at grade level (docs/methods.md, question a).

    ``model`` is primary for the pooled look and for waves; ``beside_model`` stands beside it, and that the two disagree
    is an alarm; ``check_model`` is narrower than both. Clusters and who is permuted follow from ``comparison``.
    """

    comparison: Comparison = "grades_same_school"
    weights: Literal["pupil_days", "equal"] = "pupil_days"
    model: ComparisonModel = "same_month_last_year"
    beside_model: ComparisonModel | None = None
    check_model: ComparisonModel | None = "two_way"


class MilestonePart(Model):
    """A part of the milestone in the source's own words, and what answers it.

    ``verdict``: the rule on the treated grades; ``description``: the estimate with its interval, without a word, because
    the plan names no time zero and no planned detectable change for it; ``interviews``: the sign ``sign`` of the codebook.
    """

    id: Identifier
    label: str
    quote: Annotated[str, Field(min_length=5)]
    answered_by: Literal["verdict", "description", "interviews"]
    sign: str | None = None


class Milestone(Model):
    """The milestone: whole school months after the talk month, pooled with fixed weights.

    ``text`` is quoted whole from the source; every part's ``quote`` stands in it. Each part is answered by itself.
    """

    text: str
    parts: tuple[MilestonePart, ...] = ()
    months: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]
    relevant_change_pp: Annotated[float, Field(gt=0)]
    weights: Literal["pupil_days", "equal"] = "pupil_days"


class VerdictRule(Model):
    """The level of the tests and of the interval; the rule itself is :mod:`evaluation.questions.verdict`."""

    alpha: Share = 0.05
    level: Share = 0.95


class Inference(Model):
    """How uncertainty is computed and reported."""

    interval: Literal["cr2"] = "cr2"
    bootstrap_draws: Annotated[int, Field(ge=99)] = 9999
    honest_relative_magnitudes: tuple[float, ...] = (0.5, 1.0, 2.0)
    power: Share = 0.80


class Targeted(Model):
    """The frozen rule that finds pupils with high absence (docs/methods.md, question e).

    ``label`` names them by their rule; ``follow_up_label`` names the pupils who got a follow-up, whom the rule is not.
    """

    label: str = TEXT("high_absence")
    follow_up_label: str = TEXT("followed_up")
    window_school_days: Annotated[int, Field(ge=5)]
    threshold_pct: Percent
    gap_school_days: Annotated[int, Field(ge=0)] = 20
    minimum_school_days: Annotated[int, Field(ge=1)] = 30
    bands_pct: Annotated[tuple[float, ...], Field(min_length=1)] = (0, 5, 10, 20)


class Threshold(Model):
    """A legal or agreed threshold with the days it is in force.

    ``in_force_until``: the last day it holds; left out while it is in force.
    ``action``: who does what, by when.
    """

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
    action: str = ""

    def is_in_force(self, day: dt.date) -> bool:
        """Whether the threshold applies on a day (both ends included)."""
        return self.in_force_from <= day and (self.in_force_until is None or day <= self.in_force_until)


class Disclosure(Model):
    """Every limit of what may leave the warehouse, as :class:`~evaluation.disclosure.rules.DisclosureRules` takes them."""

    minimum_pupils: Annotated[int, Field(ge=3)] = 5
    protection_width: Annotated[int, Field(ge=1)] = 5
    dominance_share: Share = 0.6
    days_width_share: Share = 0.5
    dominance_width_share: Share = 0.2
    days_width_min: Annotated[float, Field(gt=0)] = 5
    quote_minimum_sources: Annotated[int, Field(ge=2)] = 2
    max_hidden_share: Share = 0.6
    hide_zero: bool = True
    coverage_step_pct: Annotated[int, Field(ge=1, le=50)] = 10
    pupils_step: Annotated[int, Field(ge=1)] = 5
    marker: Annotated[str, Field(min_length=1)] = "•"


class Approving(Model):
    """How a round is let out. ``one_account``: both people may do it from one account; the record then says so."""

    one_account: bool = False


class Quality(Model):
    """When data are too incomplete to be shown, and what calls for a look."""

    minimum_completeness_pct: Percent = 90
    zero_class_weeks: Annotated[int, Field(ge=1)] = 3
    provisional_days: Annotated[int, Field(ge=0)] = 7
    type_share_alarm_pp: Percent = 10
    maximum_quarantine_pct: Percent = 5
    tolerated_quarantine_rows: Annotated[int, Field(ge=0)] = 0

    def allows_aside(self, aside: int, rows: int) -> bool:
        """Whether a file may have ``aside`` of its ``rows`` in quarantine: few by share, or few in number and fewer than
        half, because one bad row of eight says nothing about the other seven."""
        is_few = aside <= self.tolerated_quarantine_rows and 2 * aside < rows
        return aside == 0 or is_few or 100 * aside <= self.maximum_quarantine_pct * rows


class DataSet(Model):
    """A set of data, its legal basis and what it may be used for."""

    id: Identifier
    contains: str
    basis: Annotated[str, Field(min_length=10)]
    uses: Annotated[tuple[Use, ...], Field(min_length=1)]
    consent_purpose: str | None = None


class Round(Model):
    """A report round: a data cut-off and the date the report is due.

    ``status``: a descriptive round between the others; nothing is estimated for readers, no look belongs to it.
    ``occasions`` are the codebook's occasions (nedslag) whose interviews and forms belong to it; empty: all.
    """

    id: Identifier
    title: str
    kind: Literal["interim", "final", "status"]
    cutoff: dt.date
    report_date: dt.date
    occasions: tuple[str, ...] = ()


class Protocol(Model):
    """The whole study as decided before outcomes were seen. ``schema_version`` is that of what a protocol may say."""

    schema_version: Literal[2] = 2
    study: StudyIdentity
    words: Words = Words()
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
    approving: Approving = Approving()
    quality: Quality = Quality()
    data_sets: Annotated[tuple[DataSet, ...], Field(min_length=1)]
    rounds: Annotated[tuple[Round, ...], Field(min_length=1)]
    audiences: Annotated[tuple[AudienceId, ...], Field(min_length=1)] = (
        "steering_group",
        "schools",
        "goal",
        "tables",
    )

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the decisions (not of comments or layout), as 64 hex digits."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def judging_rounds(self) -> tuple[Round, ...]:
        """Rounds in which looks at the milestone may be due: all but the descriptive ones."""
        return tuple(r for r in self.rounds if r.kind != "status")

    @property
    def primary_outcome(self) -> Outcome:
        """The one outcome that decides the milestone."""
        return next(o for o in self.outcomes if o.is_primary)

    @property
    def group_waves(self) -> tuple[Wave, ...]:
        """The waves of whole groups: those that a comparison of groups can be made of."""
        return tuple(w for w in self.waves if w.who == "groups")

    @property
    def treated(self) -> Mapping[Cell, Wave]:
        """Every school and grade that gets the programme, with its wave; in the order of waves, schools and grades."""
        return _treated(self.group_waves, self.schools, self.grades.order)

    @property
    def treated_grades(self) -> tuple[str, ...]:
        """Grades that get the programme at some school, in the order of the waves."""
        return tuple(dict.fromkeys(g for _, g in self.treated))

    def wave(self, wave_id: str) -> Wave:
        """The wave with this id."""
        return next(w for w in self.waves if w.id == wave_id)

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


@cache
def _treated(
    waves: tuple[Wave, ...], schools: tuple[School, ...], grades: tuple[str, ...]
) -> Mapping[Cell, Wave]:
    cells = {(s.id, g): w for w in waves for s in schools for g in grades if w.covers(s.id, g)}
    return MappingProxyType(cells)
