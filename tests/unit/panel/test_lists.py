"""Pupils with a follow-up beside the pupils of the rule: counted on both lists, on one, and without consent."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.expectations.checks import Subject
from evaluation.expectations.core_suites import SUITES
from evaluation.legal_basis import TARGETED
from evaluation.panel.cohorts import Followed, selection_windows
from evaluation.study import load_study
from evaluation.tables import table
from evaluation.words import ANALYST, Public, may_reach, render

P = load_study("demo_kommune").protocol
SCHOOL = P.schools[0].id
PURPOSE = P.data_set(TARGETED).consent_purpose
CUTOFF = dt.date(2027, 6, 25)
DAYS_ABSENT = {"both": 2, "both_no_consent": 1, "rule_only": 1, "follow_up_only": 0, "neither": 0}
"""Of five school days a week."""


def frame(name: str, rows: list[dict]) -> pd.DataFrame:
    declared = table(name)
    return declared.conform(pd.DataFrame(rows).reindex(columns=list(declared.columns)))


def log(key: str, held: dt.date = dt.date(2027, 1, 12), status: str = "held") -> dict:
    return {
        "pupil_key": key,
        "kind": "follow_up",
        "status": status,
        "held_on": held,
        "school_id": SCHOOL,
        "grade": "1",
    }


def consent(key: str, purpose: str = PURPOSE, is_in_force: bool = True) -> dict:
    return {"pupil_key": key, "purpose": purpose, "is_in_force": is_in_force, "status": "given"}


FOLLOWED = Followed.of(
    frame(
        "raw_talks",
        [
            log("both"),
            log("both_no_consent"),
            log("follow_up_only"),
            log("rule_only", status="planned"),
            log("neither", held=dt.date(2027, 8, 20)),
        ],
    ),
    frame(
        "core_consents",
        [
            consent("both"),
            consent("follow_up_only"),
            consent("both_no_consent", purpose="andet"),
            consent("rule_only"),
            consent("both_no_consent", is_in_force=False),
        ],
    ),
    P,
    CUTOFF,
)


def test_who_is_followed_is_the_log_by_the_cut_off_and_the_consent_for_this_purpose() -> None:
    assert FOLLOWED.held == {"both", "both_no_consent", "follow_up_only"}
    assert FOLLOWED.consented == {"both", "follow_up_only", "rule_only"}


def test_both_lists_are_counted_and_told_to_the_analyst_alone() -> None:
    mondays = list(pd.date_range("2026-08-10", "2027-06-14", freq="7D"))
    weeks = [
        {
            "pupil_key": key,
            "school_id": SCHOOL,
            "grade": "1",
            "school_year": "2026/27",
            "week_from": monday,
            "month": f"{monday:%Y-%m}",
            "possible_days": 5.0,
            "absent_days": float(days),
        }
        for key, days in DAYS_ABSENT.items()
        for monday in mondays
    ]
    pupils = [
        {
            "pupil_key": key,
            "school_id": SCHOOL,
            "grade": "1",
            "school_year": "2026/27",
            "enrolled_from": dt.date(2026, 8, 1),
            "enrolled_to": dt.date(2027, 7, 31),
        }
        for key in DAYS_ABSENT
    ]
    days = [
        {"school_id": SCHOOL, "day_on": m, "week_from": m, "month": f"{m:%Y-%m}", "school_year": "2026/27"}
        for m in mondays
    ]
    talks = [
        {
            "school_id": SCHOOL,
            "grade": "1",
            "wave": "wave_1",
            "is_started": True,
            "transition_from_month": "2026-12",
            "first_on": dt.date(2026, 12, 1),
            "last_on": dt.date(2026, 12, 17),
        }
    ]
    bands, _ = selection_windows(
        frame("core_pupil_weeks", weeks),
        frame("core_pupils", pupils),
        frame("core_school_days", days),
        frame("core_talks", talks),
        FOLLOWED,
        P,
    )
    mine = bands[bands["rule"].eq("primary") & bands["is_treated"]]
    selected = mine[mine["is_selected"]]
    assert (selected["pupils"].sum(), selected["follow_ups"].sum()) == (3, 2)
    assert (mine["pupils"].sum(), mine["follow_ups"].sum(), mine["follow_ups_consented"].sum()) == (5, 3, 2)
    check = next(c for c in SUITES["core_band_cells"].checks if c.name == "both_lists")
    (found,) = check.groups(Subject(bands, P))
    assert not found.is_sound
    assert render(found.statement, ANALYST) == (
        "2 elever har både fået en opfølgning og højt fravær efter reglen, 1 kun en opfølgning og 1 kun højt fravær; "
        "1 elev med opfølgning er uden gyldigt samtykke."
    )
    assert not may_reach(found.statement, Public(5, "•"))
    nobody = bands.assign(follow_ups=0, follow_ups_consented=0)
    assert check.groups(Subject(nobody, P)) is None
