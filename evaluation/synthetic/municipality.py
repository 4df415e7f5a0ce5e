"""The synthetic municipality put together: its frames, its truth, and the cells of its counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evaluation.protocol import Protocol
from evaluation.study import Study
from evaluation.synthetic.absence import Absence, untreated_absence
from evaluation.synthetic.outcomes import (
    observed_absence,
    on_its_way_down,
    realised_effects,
    treatment,
    with_list,
)
from evaluation.synthetic.people import People, enrolments, invent_people
from evaluation.synthetic.programme import (
    follow_up,
    gather_consents,
    hold_talks,
    list_pupils,
    select_targeted,
)
from evaluation.synthetic.scenario import SILENT_WEEKS, Kind, Scenario
from evaluation.synthetic.school_days import Days, school_days
from evaluation.synthetic.truth import truth_of
from evaluation.synthetic.voices import Voices, invent_voices

TYPES = ("sick", "permitted", "unlawful")


@dataclass(frozen=True)
class Municipality:
    """A municipality that never was. Nothing in it is about a person.

    Frames (``pupil`` is an index 0, 1, … shared by all of them):

    * ``pupils`` – one row per pupil: pupil, elev_id, cpr, fornavn, efternavn, is_girl
    * ``enrolments`` – one row per pupil, school year, school and grade: letter, enrolled_from, enrolled_to
    * ``school_days`` – one row per school and open day: school_year, month (of the ISO week's Thursday), iso_week
    * ``absences`` – one row per absent pupil-day as registered: day_on, school_id, grade, letter, absence_type,
      day_fraction, spell
    * ``talks`` – one row per talk or follow-up: pupil, school_id, grade, kind, status, held_on
    * ``targeted`` – one row per pupil the frozen rule selects: window_possible_days, window_absent_days, selected_on
    * ``consents`` – one row per statement: pupil, purpose, holder, answer, given_on, withdrawn_on, plan
    * ``segments``, ``school_forms`` – coded interviews and school forms, see :mod:`evaluation.synthetic.voices`

    ``truth`` holds everything that was planted; no part of the pipeline may read it.
    """

    study: Study
    scenario: Scenario
    seed: int
    pupils: pd.DataFrame
    enrolments: pd.DataFrame
    school_days: pd.DataFrame
    absences: pd.DataFrame
    talks: pd.DataFrame
    targeted: pd.DataFrame
    consents: pd.DataFrame
    voices: Voices
    truth: Mapping[str, Any]

    @property
    def protocol(self) -> Protocol:
        """The study's protocol."""
        return self.study.protocol

    @property
    def segments(self) -> pd.DataFrame:
        """One row per coded segment, code and coder."""
        return self.voices.segments

    @property
    def school_forms(self) -> pd.DataFrame:
        """One row per filled field of a school's form."""
        return self.voices.forms

    @cached_property
    def pupil_days(self) -> pd.DataFrame:
        """One row per pupil and open day enrolled: pupil, school_id, grade, day_on, school_year, month, iso_week."""
        both = self.enrolments.merge(self.school_days, on=["school_id", "school_year"])
        inside = both["day_on"].between(both["enrolled_from"], both["enrolled_to"])
        columns = ["pupil", "school_id", "grade", "letter", "day_on", "school_year", "month", "iso_week"]
        return both.loc[inside, columns].sort_values(["pupil", "day_on"], ignore_index=True)


def make_municipality(
    study: Study, *, seed: int, scenario: Scenario | None = None, pupils: int = 2600
) -> Municipality:
    """Draw a municipality for a study's schools, grades, years, waves and calendar.

    The same seed gives the same municipality; scenarios share pupils, seasons and luck, so that two of them
    differ by what is planted and by nothing else.

    Args:
        study: the study whose protocol, calendar and codebook are used.
        seed: of every draw.
        scenario: what is planted; an effect of −1.75 points when not given.
        pupils: about how many there are at any time.
    """
    protocol = study.protocol
    plan = silenced(scenario or Scenario(), protocol)
    days = school_days(study)
    people = invent_people(protocol, days, seed=seed, pupils=pupils)
    untreated = untreated_absence(people, protocol, days, plan, seed=seed)
    if plan.kind is Kind.TREND:
        untreated = on_its_way_down(people, days, untreated, protocol)
    talks = hold_talks(people, protocol, days, plan, seed=seed)
    cells = treatment(talks, protocol, days)
    observed = observed_absence(people, days, untreated, cells, plan, seed=seed)
    listed = list_pupils(people, protocol, days, untreated, seed=seed)
    observed = with_list(observed, listed, plan, len(people.school))
    targeted = select_targeted(people, protocol, days, observed, talks)
    follow_ups = follow_up(targeted, days, seed=seed)
    if len(listed):
        begun = listed[["pupil", "school", "grade"]].assign(day=listed["starts"])
        follow_ups = pd.concat([follow_ups, begun], ignore_index=True)
        targeted = pd.concat([targeted, listed.drop(columns="starts")], ignore_index=True)
    data_set = protocol.data_set("targeted_pupils")
    purpose = (data_set.consent_purpose if data_set else None) or "evaluering"
    consents = gather_consents(targeted, protocol, days, purpose, seed=seed)
    voices = invent_voices(study, seed=seed)
    effects = {
        r.id: realised_effects(people, protocol, days, untreated, observed, cells, plan, through=r.cutoff)
        for r in protocol.rounds
    }
    return Municipality(
        study=study,
        scenario=plan,
        seed=seed,
        pupils=people.pupils,
        enrolments=enrolments(people, protocol, days),
        school_days=days.frame(tuple(s.id for s in protocol.schools), protocol.years.all),
        absences=_absence_frame(people, protocol, days, observed),
        talks=_talk_frame(protocol, days, talks, follow_ups),
        targeted=_with_names(protocol, days, targeted, ["selected_on"]),
        consents=consents,
        voices=voices,
        truth=truth_of(
            protocol, plan, seed, days, people, untreated, observed, effects, targeted, consents, voices
        ),
    )


def silenced(scenario: Scenario, protocol: Protocol) -> Scenario:
    """The scenario with the weeks that ``missing_weeks`` means where none are named: the second school's."""
    if scenario.kind is not Kind.MISSING_WEEKS or scenario.missing_weeks:
        return scenario
    school, year = protocol.schools[1 % len(protocol.schools)].id, protocol.years.follow_up[:4]
    return replace(scenario, missing_weeks=tuple((school, f"{year}-W{week}") for week in SILENT_WEEKS))


def cells(municipality: Municipality, *, through: dt.date | None = None) -> pd.DataFrame:
    """The counts a faultless pipeline would make: the columns of ``core_cells``, one row per school, grade and ISO week.

    Args:
        municipality: whose registrations are counted.
        through: last day counted; all days when not given.
    """
    last = pd.Timestamp(through) if through else municipality.school_days["day_on"].max()
    days = municipality.pupil_days
    days = days[days["day_on"] <= last]
    keys = ["school_id", "grade", "school_year", "iso_week", "month"]
    possible = days.groupby(keys, sort=True).agg(pupils=("pupil", "nunique"), possible_days=("pupil", "size"))
    absent = municipality.absences[municipality.absences["day_on"] <= last]
    by_type = absent.pivot_table(
        index=keys,
        columns="absence_type",
        values="day_fraction",
        aggfunc="sum",
        fill_value=0.0,
        observed=True,
    )
    by_type = by_type.reindex(index=possible.index, columns=list(TYPES), fill_value=0.0).fillna(0.0)
    out = possible.join(by_type.rename(columns={t: f"{t}_days" for t in TYPES})).reset_index()
    out["absent_days"] = out[[f"{t}_days" for t in TYPES]].sum(axis=1)
    monday = pd.to_datetime(out["iso_week"] + "-1", format="%G-W%V-%u").astype("datetime64[us]")
    out["period"] = "week"
    out["period_from"], out["period_to"] = monday, monday + pd.Timedelta(days=6)
    out = out.astype({"pupils": float, "possible_days": float})
    columns = ["school_id", "grade", "school_year", "period", "period_from", "period_to", "month", "pupils"]
    return out[[*columns, "possible_days", "absent_days", "sick_days", "permitted_days", "unlawful_days"]]


def _absence_frame(people: People, protocol: Protocol, days: Days, observed: Absence) -> pd.DataFrame:
    at = (observed.pupil, observed.day)
    on = np.array(days.on, dtype="datetime64[us]")
    return pd.DataFrame(
        {
            "pupil": observed.pupil,
            "day_on": on[observed.day],
            "school_year": np.array(protocol.years.all, dtype=object)[days.year[observed.day]],
            "iso_week": np.array(days.week_label, dtype=object)[observed.day],
            "month": np.array(days.month, dtype=object)[observed.day],
            "school_id": np.array([s.id for s in protocol.schools], dtype=object)[people.school[at]],
            "grade": np.array(protocol.grades.order, dtype=object)[people.grade[at]],
            "letter": people.letter[at].astype(np.int64),
            "absence_type": np.array(TYPES, dtype=object)[observed.kind],
            "day_fraction": observed.fraction,
            "spell": observed.spell,
        }
    )


def _talk_frame(
    protocol: Protocol, days: Days, talks: pd.DataFrame, follow_ups: pd.DataFrame
) -> pd.DataFrame:
    both = pd.concat(
        [
            talks.drop(columns="wave").assign(kind="talk"),
            follow_ups.rename(columns={"day": "held_on"}).assign(kind="follow_up", status="held"),
        ],
        ignore_index=True,
    )
    named = _with_names(protocol, days, both, ["held_on"])
    return named[["pupil", "school_id", "grade", "kind", "status", "held_on"]]


def _with_names(protocol: Protocol, days: Days, frame: pd.DataFrame, dates: list[str]) -> pd.DataFrame:
    """Indices of schools, grades and days replaced by ids and dates."""
    on = np.array(days.on, dtype="datetime64[us]")
    out = frame.drop(columns=["school", "grade"]).copy()
    out.insert(
        1,
        "school_id",
        np.array([s.id for s in protocol.schools], dtype=object)[frame["school"].to_numpy(int)],
    )
    out.insert(2, "grade", np.array(protocol.grades.order, dtype=object)[frame["grade"].to_numpy(int)])
    for column in dates:
        out[column] = on[frame[column].to_numpy(int)]
    return out
