"""For each expectation a small frame that breaks it: a check that cannot fail is a defect.

``SOUND`` holds one small sound frame per table; ``BROKEN`` says, for every check of every suite, what is done to the
sound frame so that this check, and no machinery, says no.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest

from evaluation.expectations import CHECKED_TABLES, NEEDS, raise_if_crashed, run_suite, suite_for
from evaluation.expectations.checks import Subject
from evaluation.expectations.run import judge
from evaluation.study import load_study
from evaluation.tables import TABLES, table
from evaluation.words import ANALYST, Persons

pytestmark = pytest.mark.slow

P = load_study("demo_kommune").protocol
CUTOFF = dt.date(2026, 11, 13)
S = P.schools[0].id
DAY = pd.Timestamp(2026, 9, 1)  # a Tuesday in the pilot year
SATURDAY = pd.Timestamp(2026, 9, 5)
SOURCE = {"source_file": "a.csv", "source_row": 2, "exported_on": pd.Timestamp(2026, 11, 20)}
DAYS = {
    "possible_days": 100.0,
    "absent_days": 7.0,
    "sick_days": 4.0,
    "permitted_days": 2.0,
    "unlawful_days": 1.0,
}


def weekly(*keys: str) -> list[dict]:
    """Twelve weeks of two school years in every school and grade: 7 of 100 days absent throughout."""
    rows = []
    for year, monday in (("2025/26", dt.date(2025, 8, 11)), ("2026/27", dt.date(2026, 8, 10))):
        for school in P.schools:
            for grade in P.grades.order:
                for k in range(12):
                    start = pd.Timestamp(monday) + pd.Timedelta(weeks=k)
                    thursday = start + pd.Timedelta(days=3)
                    row = {
                        "school_id": school.id,
                        "grade": grade,
                        "school_year": year,
                        "period": "week",
                        "period_from": start,
                        "week_from": start,
                        "period_to": start + pd.Timedelta(days=6),
                        "month": f"{thursday:%Y-%m}",
                        "pupils": 20.0,
                        "pupil_key": f"{school.id}-{grade}",
                        **DAYS,
                    }
                    rows.append({c: row[c] for c in row if c in keys})
    return rows


def rows_of(name: str) -> list[dict]:
    """The sound rows of a table."""
    columns = tuple(table(name).columns)
    place = {"school_id": S, "grade": "8", "school_year": "2026/27"}
    simple: dict[str, list[dict]] = {
        "raw_absence": [
            {
                **SOURCE,
                **place,
                "pupil_key": "k1",
                "class_label": "8.A",
                "from_on": DAY,
                "to_on": DAY,
                "day_fraction": 0.5,
                "absence_type": "sick",
            },
            {
                **SOURCE,
                **place,
                "source_row": 3,
                "grade": "1",
                "pupil_key": "k2",
                "class_label": "1.A",
                "from_on": DAY,
                "to_on": DAY,
                "day_fraction": 1.0,
                "absence_type": "unlawful",
            },
        ],
        "raw_totals": [
            {
                **SOURCE,
                **place,
                "class_label": "8.A",
                "pupil_key": "k1",
                "period": "2026-W36",
                "period_from": DAY,
                "period_to": DAY,
                "pupils": 1.0,
                "school_days": 5.0,
                "absence_type": t,
                "absent_days": 2.0,
            }
            for t in ("sick", "unlawful")
        ],
        "raw_pupils": [
            {
                **SOURCE,
                "source_row": n,
                "pupil_key": f"k{n}",
                "school_id": s.id,
                "school_year": y,
                "grade": g,
                "class_label": "A",
                "enrolled_from": pd.Timestamp(int(y[:4]), 8, 9),
                "enrolled_to": pd.NaT,
            }
            for n, (s, y, g) in enumerate(
                (s, y, g) for s in P.schools for y in P.years.all for g in P.grades.order
            )
        ],
        "raw_talks": [
            {
                **SOURCE,
                "school_id": S,
                "grade": "6",
                "pupil_key": "k1",
                "kind": "talk",
                "status": "held",
                "held_on": DAY,
            }
        ],
        "raw_consents": [
            {
                **SOURCE,
                "pupil_key": "k1",
                "purpose": "evaluering",
                "holder": "h",
                "answer": "yes",
                "given_on": DAY,
                "withdrawn_on": pd.NaT,
            }
        ],
        "raw_calendar": [
            {
                "school_id": s.id,
                "day_on": pd.Timestamp(int(y[:4]), 9, 3),
                "school_year": y,
                "is_school_day": True,
                "label": "",
            }
            for s in P.schools
            for y in P.years.all
        ],
        "raw_interviews": [
            {
                "source_file": "i.csv",
                "source_row": 2,
                "document_id": "d1",
                "informant": "elev",
                "school_id": S,
                "grade": "6",
                "occasion": "o",
                "form": "f",
                "coder": "c",
                "code": "MP.MAAL",
                "polarity": "positiv",
                "start": 0,
                "end": 9,
                "consent": "gyldigt",
                "is_approved_quote": False,
                "segment_id": "s1",
            }
        ],
        "raw_interview_documents": [
            {
                "document_id": "d1",
                "informant": "elev",
                "school_id": S,
                "grade": "6",
                "occasion": "o",
                "form": "f",
                "consent": "gyldigt",
                "coders": "c",
                "segments": 1,
            }
        ],
        "raw_interview_texts": [{"segment_id": "s1", "text": "Det går godt."}],
        "raw_school_forms": [
            {
                "source_file": "f.xlsx",
                "source_row": 2,
                "form": "kontekstdialog",
                "school_id": S,
                "occasion": "o",
                "theme": "1",
                "dimension": "BARRIERE",
                "value": "Tid",
                "score": 1.0,
            }
        ],
        "raw_quarantine": [
            {
                "source_file": "a.csv",
                "source_row": 9,
                "column_name": "Dato",
                "rule": "date",
                "found": "not a date",
                "expected": "dd-mm-yyyy",
                "next_step": "correct it",
            }
        ],
        "raw_left_out": [
            {
                "source_file": "a.csv",
                "source_row": 7,
                "status": "superseded",
                "reason": "newer_export",
                "other_file": "b.csv",
                "other_row": 3,
            }
        ],
        "raw_ledger": [
            {
                "source_file": "a.csv",
                "source_kind": "absence",
                "school_id": S,
                "exported_on": DAY,
                "sha256": "ab",
                "rows_in": 100,
                "rows_kept": 93,
                "rows_quarantined": 3,
                "rows_duplicate": 1,
                "rows_superseded": 1,
                "rows_out_of_round": 1,
                "rows_skipped": 1,
                "sheets_unread": None,
                "only_older": 0,
                "only_older_lines": None,
                "deleted": 0,
                "deleted_lines": None,
                "sums": 2,
                "sums_off": 0,
                "sums_off_lines": None,
                "key_id": "k",
            }
        ],
        "core_school_days": [
            {
                "school_id": s.id,
                "day_on": DAY,
                "school_year": "2026/27",
                "iso_week": "2026-W36",
                "week_from": pd.Timestamp(2026, 8, 31),
                "month": "2026-09",
                "month_from": pd.Timestamp(2026, 9, 1),
                "weekday": 2,
                "is_after_holiday": False,
            }
            for s in P.schools
        ],
        "core_pupils": [
            {
                **place,
                "pupil_key": "k1",
                "class_label": "8.A",
                "enrolled_from": DAY,
                "enrolled_to": DAY + pd.Timedelta(days=9),
            },
            {
                **place,
                "pupil_key": "k1",
                "class_label": "8.A",
                "enrolled_from": DAY + pd.Timedelta(days=10),
                "enrolled_to": DAY + pd.Timedelta(days=19),
            },
        ],
        "core_absence_days": [
            {**place, "pupil_key": "k1", "day_on": DAY, "absence_type": t, "day_fraction": 0.5}
            for t in ("sick", "unlawful")
        ],
        "core_pupil_weeks": weekly(*columns),
        "core_cells": weekly(*columns),
        "core_monthly": [
            {
                **place,
                "cell": f"{S}:8",
                "wave": "wave_8",
                "month": "2026-09",
                "cal_month": "09",
                "t": 2,
                "pupils": 20.0,
                **DAYS,
                "start": 2.0,
                "event": 1.0,
                "transition": 1.0,
                "is_transition": False,
                "is_treated": True,
                "is_reached": True,
            }
        ],
        "core_measured": [
            {
                **place,
                "outcome": "single_days",
                "month": "2026-09",
                "possible_days": 100.0,
                "counted_days": 2.0,
            }
        ],
        "core_cohort_cells": [
            {
                **place,
                "year_pair": "2025/26-2026/27",
                "month": "2026-09",
                "pupils": 20,
                "possible_days": 100.0,
                "absent_days": 7.0,
            }
        ],
        "core_window_days": [{"wave": "wave_6", "possible_days": 60, "absent_days": 5.5, "pupils": 9}],
        "core_band_cells": [
            {
                "wave": "wave_6",
                "rule": "primary",
                "school_id": S,
                "grade": "8",
                "band": "0-5",
                "is_selected": False,
                "is_treated": True,
                "pupils": 9,
                "follow_ups": 3,
                "follow_ups_consented": 3,
                **{
                    f"{w}_{k}_days": 9.0
                    for w in ("window", "baseline", "followup")
                    for k in ("possible", "absent")
                },
            }
        ],
        "core_year_bands": [{**place, "through_month": "2026-10", "band": "0-5", "pupils": 9}],
        "core_follow_up_cells": [
            {
                **place,
                "follow_up_month": "2026-10",
                "first_month": "2026-09",
                "last_month": "2026-11",
                "band": "10–20",
                "is_followed": True,
                "is_treated_grade": True,
                "pupils": 9,
                **{f"{w}_{k}_days": 9.0 for w in ("before", "after") for k in ("possible", "absent")},
            }
        ],
        "core_pupil_periods": [{**place, "pupil_key": "k1", "month": "2026-09", **DAYS}],
        "core_talks": [
            {
                "school_id": s.id,
                "grade": w.grades[0],
                "wave": w.id,
                "pupils": 20,
                "talks_planned": 20,
                "talks_held": 19,
                "follow_ups": 1,
                "coverage_pct": 95.0,
                "first_on": DAY,
                "last_on": DAY,
                "transition_from_month": "2026-09",
                "transition_to_month": "2026-09",
                "first_month": "2026-10",
                "milestone_complete_on": DAY,
                "is_logged": True,
                "is_reached": True,
                "is_started": True,
            }
            for s in P.schools
            for w in P.waves
        ],
        "core_consents": [
            {
                "pupil_key": "k1",
                "purpose": "evaluering",
                "is_in_force": True,
                "status": "given",
                "from_on": DAY,
            }
        ],
        "core_interview_documents": [
            {
                "document_id": "d1",
                "informant": "elev",
                "school_id": S,
                "grade": "6",
                "occasion": "o",
                "form": "f",
                "coders": "c",
                "segments": 1,
            }
        ],
        "core_interview_codes": [
            {
                "document_id": "d1",
                "informant": "elev",
                "school_id": S,
                "grade": "6",
                "occasion": "o",
                "form": "f",
                "coder": "c",
                "code": "MP.MAAL",
                "family": "MP",
                "polarity": "positiv",
                "is_approved_quote": False,
                "segment_id": "s1",
            }
        ],
    }
    return simple[name]


def sound(name: str) -> pd.DataFrame:
    rows = pd.DataFrame(rows_of(name))
    return table(name).conform(rows.reindex(columns=list(table(name).columns)))


OTHERS: dict[str, dict[str, pd.DataFrame]] = {
    name: {n: sound(n) for n in needed} for name, needed in NEEDS.items()
}
_weeks = sound("core_cells")[["school_id", "school_year", "period_from"]].drop_duplicates()
_first_week = {"period": "week", "period_from": pd.Timestamp(2026, 8, 10)}
OTHERS["core_cells"] = {
    "core_school_days": _weeks.rename(columns={"period_from": "week_from"}),
    "raw_totals": sound("raw_totals").assign(**_first_week),
}
_classes = sound("core_pupil_weeks")[["pupil_key", "school_year", "school_id", "grade"]].drop_duplicates()
_absent = {"pupil_key": f"{S}-8", "day_on": pd.Timestamp(2026, 8, 11), "day_fraction": 7.0}
OTHERS["core_pupil_weeks"] = {
    "core_pupils": _classes.assign(class_label="A"),
    "core_absence_days": sound("core_absence_days").iloc[:1].assign(**_absent),
    "core_school_days": sound("core_school_days").assign(
        day_on=_absent["day_on"], week_from=pd.Timestamp(2026, 8, 10)
    ),
    "raw_absence": sound("raw_absence").assign(
        from_on=_absent["day_on"], exported_on=pd.Timestamp(2026, 11, 20)
    ),
}
OTHERS["core_absence_days"]["raw_absence"] = sound("raw_absence").iloc[:1]

Change = Callable[[pd.DataFrame], pd.DataFrame]


def put(column: str, value: object, where: Callable[[pd.DataFrame], object] | None = None) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        out = frame.copy()
        rows = out.index[:1] if where is None else where(out)
        out.loc[rows, column] = value
        return out

    return change


def twice(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([frame, frame.iloc[[0]]], ignore_index=True)


def follow_up(frame: pd.DataFrame) -> pd.Series:
    return frame["school_year"] == "2026/27"


WEEKS = [pd.Timestamp(2026, 8, 10) + pd.Timedelta(weeks=k) for k in range(12)]
LATE = pd.Timestamp(2026, 11, 16)
LONG_AGO = pd.Timestamp(2019, 9, 2)
NO_DAYS = dict.fromkeys(("absent_days", "sick_days", "permitted_days", "unlawful_days"), 0.0)


def silence(where: Callable[[pd.DataFrame], pd.Series]) -> Change:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        out = frame.copy()
        for column, value in NO_DAYS.items():
            out.loc[where(out), column] = value
        return out

    return change


PLACE = {"known_school": put("school_id", "000000"), "known_grade": put("grade", "12")}
YEAR = {"known_year": put("school_year", "2019/20")}
DAY_SUMS = {
    "not_negative": put("absent_days", -1.0),
    "absent_at_most_possible": put("absent_days", 101.0),
}
ADD_UP = {"types_add_up": put("sick_days", 5.0)}
TEXT_CPR = "ring til 0101154321 i dag"

BROKEN: dict[str, dict[str, Change]] = {
    "raw_absence": {
        **PLACE,
        "known_type": put("absence_type", "holiday"),
        "day_fraction": put("day_fraction", 1.5, lambda f: f["grade"] == "1"),
        "in_order": put("from_on", pd.Timestamp(2026, 9, 2)),
        "inside_years": put("from_on", LONG_AGO),
        "by_cutoff": put("from_on", LATE),
        "known_pupil": put("pupil_key", "stranger"),
        "no_personal_numbers": put("class_label", TEXT_CPR),
    },
    "raw_totals": {
        **PLACE,
        "known_type": put("absence_type", "holiday"),
        "not_negative": put("absent_days", -1.0),
        "absent_at_most_possible": put("absent_days", 6.0),
        "types_at_most_possible": put("absent_days", 4.0),
        "in_order": put("period_to", pd.Timestamp(2026, 8, 31)),
        "inside_years": put("period_to", LONG_AGO),
        "by_cutoff": put("period_from", LATE),
        "no_personal_numbers": put("class_label", TEXT_CPR),
    },
    "raw_pupils": {
        **PLACE,
        **YEAR,
        "in_order": put("enrolled_to", LONG_AGO),
        "no_overlap": lambda f: twice(f).assign(source_row=range(len(f) + 1)),
        "every_grade": lambda f: f.iloc[1:],
        "no_personal_numbers": put("class_label", TEXT_CPR),
    },
    "raw_talks": {
        **PLACE,
        "known_kind": put("kind", "chat"),
        "known_status": put("status", "perhaps"),
        "held_has_date": put("held_on", pd.NaT),
        "in_follow_up_year": put("held_on", pd.Timestamp(2025, 9, 1)),
        "treated_grade": put("grade", "5"),
        "known_pupil": put("pupil_key", "stranger"),
        "no_personal_numbers": put("kind", TEXT_CPR),
    },
    "raw_consents": {
        "known_answer": put("answer", "perhaps"),
        "known_purpose": put("purpose", "pictures"),
        "in_order": put("withdrawn_on", LONG_AGO),
        "known_pupil": put("pupil_key", "stranger"),
        "no_personal_numbers": put("answer", TEXT_CPR),
    },
    "raw_calendar": {
        "known_school": PLACE["known_school"],
        **YEAR,
        "weekdays": put("day_on", SATURDAY),
        "has_school_days": put("is_school_day", False),
        "no_personal_numbers": put("label", TEXT_CPR),
    },
    "raw_interviews": {
        "known_school": PLACE["known_school"],
        "known_polarity": put("polarity", "rosy"),
        "known_consent": put("consent", "perhaps"),
        "positions": put("end", -1),
        "no_personal_numbers": put("form", TEXT_CPR),
    },
    "raw_interview_documents": {
        "known_school": PLACE["known_school"],
        "known_consent": put("consent", "perhaps"),
        "not_negative": put("segments", -1),
        "no_personal_numbers": put("form", TEXT_CPR),
    },
    "raw_interview_texts": {
        "known_segment": put("segment_id", "s9"),
        "no_personal_numbers": put("text", TEXT_CPR),
    },
    "raw_school_forms": {
        "known_school": PLACE["known_school"],
        "known_form": put("form", "other"),
        "no_personal_numbers": put("value", TEXT_CPR),
    },
    "raw_quarantine": {"no_personal_numbers": put("found", TEXT_CPR)},
    "raw_left_out": {
        "known_status": put("status", "gone"),
        "no_personal_numbers": put("other_file", TEXT_CPR),
    },
    "raw_ledger": {
        "balances": put("rows_kept", 92),
        "not_negative": lambda f: f.assign(rows_kept=97, rows_duplicate=-3),
        "quarantine_share": lambda f: f.assign(rows_kept=90, rows_quarantined=6),  # 6 % > 5 %
        "no_personal_numbers": put("source_kind", TEXT_CPR),
        "sheets_read": put("sheets_unread", "6.B"),
        "nothing_only_older": lambda f: f.assign(only_older=2, only_older_lines="3, 8"),
        "nothing_deleted": lambda f: f.assign(deleted=2, deleted_lines="3, 8"),
        "sums_agree": lambda f: f.assign(sums_off=1, sums_off_lines="6"),
    },
    "core_school_days": {
        "known_school": PLACE["known_school"],
        "inside_years": put("day_on", LONG_AGO),
        "by_cutoff": put("day_on", LATE),
        "every_school": lambda f: f.iloc[1:],
        "no_personal_numbers": put("month", TEXT_CPR),
    },
    "core_pupils": {
        **PLACE,
        **YEAR,
        "in_order": put("enrolled_to", LONG_AGO),
        "no_overlap": put("enrolled_to", DAY + pd.Timedelta(days=10)),
        "no_personal_numbers": put("class_label", TEXT_CPR),
    },
    "core_absence_days": {
        **PLACE,
        **YEAR,
        "known_type": put("absence_type", "holiday"),
        "day_fraction": put("day_fraction", 0.0),
        "one_day_a_day": put("day_fraction", 1.0),
        "known_pupil": put("pupil_key", "stranger"),
        "on_school_days": put("day_on", SATURDAY),
        "by_cutoff": put("day_on", LATE),
        "no_personal_numbers": put("absence_type", TEXT_CPR),
        "statements_have_days": put("pupil_key", "k9"),  # the file's only statement is about k1
        "totals_agree": lambda f: f,  # the totals beside it say nine days
    },
    "core_pupil_weeks": {
        **PLACE,
        **YEAR,
        **DAY_SUMS,
        **ADD_UP,
        # One of the seven days of the pupil and week that the days beside it speak of is lost.
        "days_have_weeks": put(
            "absent_days",
            6.0,
            lambda f: (f["pupil_key"] == f"{S}-8") & (f["week_from"] == pd.Timestamp(2026, 8, 10)),
        ),
        "silent_classes": silence(
            lambda f: (
                follow_up(f)
                & (f["grade"] == "4")
                & (f["school_id"] == S)
                & (f["week_from"] < pd.Timestamp(2026, 9, 1))
            )
        ),
        "told_to_the_end": lambda f: f,  # the export beside it is from the day before
        "no_personal_numbers": put("month", TEXT_CPR),
    },
    "core_cells": {
        **PLACE,
        **YEAR,
        **DAY_SUMS,
        **ADD_UP,
        "by_cutoff": put("period_from", LATE),
        "totals_have_cells": lambda f: f[
            ~((f["school_id"] == S) & (f["grade"] == "8") & (f["period_from"] == WEEKS[0]))
        ],
        # 6 of 4 × 12 school-weeks are silent: 87.5 % < 90 %.
        "completeness": silence(
            lambda f: follow_up(f) & (f["school_id"] == S) & f["period_from"].isin(WEEKS[1::2])
        ),
        "baseline_delivered": lambda f: f[(f["school_id"] != S) | follow_up(f)],
        "missing_weeks": silence(
            lambda f: follow_up(f) & (f["school_id"] == S) & (f["period_from"] == WEEKS[3])
        ),
        "thin_weeks": lambda f: f.assign(
            **{
                c: f[c].where(
                    ~(follow_up(f) & (f["school_id"] == S) & (f["period_from"] == WEEKS[3])), f[c] / 5
                )
                for c in NO_DAYS
            }
        ),
        "silent_grades": silence(lambda f: follow_up(f) & (f["school_id"] == S) & (f["grade"] == "3")),
        "type_shares": lambda f: f.assign(
            sick_days=f["sick_days"] - follow_up(f), unlawful_days=f["unlawful_days"] + follow_up(f)
        ),  # 1/7 = 14 points > 10
        "provisional_weeks": put("period_to", pd.Timestamp(2026, 11, 8)),
        "no_personal_numbers": put("month", TEXT_CPR),
    },
    "core_monthly": {
        **PLACE,
        **YEAR,
        **DAY_SUMS,
        **ADD_UP,
        "treated_after_talks": put("event", 0.0),
        "within_cells": lambda f: f.assign(
            possible_days=1e6, absent_days=9e5, sick_days=9e5, permitted_days=0.0, unlawful_days=0.0
        ),
        "no_personal_numbers": put("month", TEXT_CPR),
    },
    "core_measured": {
        **PLACE,
        **YEAR,
        "not_negative": put("counted_days", -0.5),
        "absent_at_most_possible": put("counted_days", 1e6),
        "no_personal_numbers": put("outcome", TEXT_CPR),
    },
    "core_cohort_cells": {**PLACE, **YEAR, **DAY_SUMS, "no_personal_numbers": put("year_pair", TEXT_CPR)},
    "core_window_days": {
        "known_wave": put("wave", "wave_5"),
        "not_negative": put("absent_days", -0.5),
        "absent_at_most_possible": put("absent_days", 60.5),
        "no_personal_numbers": put("wave", TEXT_CPR),
    },
    "core_band_cells": {
        **PLACE,
        "known_wave": put("wave", "wave_5"),
        "not_negative": put("baseline_absent_days", -1.0),
        "both_lists": put("follow_ups_consented", 2),
        **{
            f"{w}_absent_at_most_possible": put(f"{w}_absent_days", 10.0)
            for w in ("window", "baseline", "followup")
        },
        "no_personal_numbers": put("band", TEXT_CPR),
    },
    "core_year_bands": {
        **PLACE,
        **YEAR,
        "not_negative": put("pupils", -1),
        "no_personal_numbers": put("band", TEXT_CPR),
    },
    "core_follow_up_cells": {
        "known_school": PLACE["known_school"],
        "known_grade": PLACE["known_grade"],
        "not_negative": put("pupils", -1),
        **{f"{w}_absent_at_most_possible": put(f"{w}_absent_days", 10.0) for w in ("before", "after")},
        "no_personal_numbers": put("band", TEXT_CPR),
    },
    "core_pupil_periods": {
        **PLACE,
        **YEAR,
        **DAY_SUMS,
        **ADD_UP,
        "consent_in_force": put("pupil_key", "k2"),
        "no_personal_numbers": put("month", TEXT_CPR),
    },
    "core_talks": {
        **PLACE,
        "treated_grade": put("grade", "5"),
        "every_cell": lambda f: f.iloc[1:],
        "not_negative": put("talks_held", -1),
        "in_order": put("last_on", LONG_AGO),
        "coverage": put("coverage_pct", 79.0),
        "logged": put("is_logged", False),
        "no_personal_numbers": put("wave", TEXT_CPR),
    },
    "core_consents": {"no_personal_numbers": put("status", TEXT_CPR)},
    "core_interview_documents": {
        "known_school": PLACE["known_school"],
        "consent_in_force": put("document_id", "d2"),
        "no_personal_numbers": put("form", TEXT_CPR),
    },
    "core_interview_codes": {
        "known_school": PLACE["known_school"],
        "consent_in_force": put("document_id", "d2"),
        "no_personal_numbers": put("form", TEXT_CPR),
    },
}


def quarter(absent_days: float) -> pd.DataFrame:
    """Totals of the quarter that holds DAY."""
    first, last = pd.Timestamp(2026, 7, 1), pd.Timestamp(2026, 9, 30)
    return sound("raw_totals").assign(
        period="quarter", period_from=first, period_to=last, absent_days=absent_days
    )


def others_for(name: str, check: str) -> dict[str, pd.DataFrame]:
    if check == "totals_agree":
        return {"raw_totals": quarter(9.0)}
    if (name, check) == ("core_pupil_weeks", "told_to_the_end"):
        early = OTHERS[name]["raw_absence"].assign(exported_on=pd.Timestamp(2026, 8, 10))
        return {**OTHERS[name], "raw_absence": early}
    if (name, check) == ("core_interview_codes", "consent_in_force"):
        return {"raw_interviews": sound("raw_interviews").assign(document_id="d2", consent="trukket_tilbage")}
    if (name, check) == ("core_interview_documents", "consent_in_force"):
        raw = sound("raw_interview_documents")
        return {"raw_interview_documents": raw.assign(document_id="d2", consent="mangler")}
    return OTHERS.get(name, {})


CASES = [(t, c) for t, checks in BROKEN.items() for c in checks]


@pytest.mark.parametrize("name", CHECKED_TABLES)
def test_a_sound_table_passes_every_check(name):
    others = OTHERS.get(name, {}) | ({"raw_totals": quarter(0.5)} if name == "core_absence_days" else {})
    results = run_suite(name, sound(name), P, others=others, cutoff=CUTOFF)
    assert [r for r in results if not r.is_passed] == []
    assert {c.name for c in suite_for(name, P)} | {"columns"} == {r.check_name for r in results}


@pytest.mark.parametrize(("name", "check"), CASES, ids=[f"{t}-{c}" for t, c in CASES])
def test_each_check_fails_on_the_frame_made_to_break_it(name, check):
    frame = BROKEN[name][check](sound(name))
    declared = [c for c in suite_for(name, P) if c.name == check]
    mine = judge(declared, Subject(frame, P, others_for(name, check), CUTOFF))
    raise_if_crashed(mine)
    assert any(not r.is_passed for r in mine)
    for r in mine:
        if not r.is_passed:
            assert r.text(ANALYST).endswith(".")
            assert "0101154321" not in r.text(ANALYST)


@pytest.mark.parametrize("name", CHECKED_TABLES)
def test_every_key_and_every_required_column_can_fail(name):
    suite = suite_for(name, P)
    for check in suite:
        if check.name == "key_unique":
            assert [r.count for r in judge([check], Subject(twice(sound(name)), P))] == [Persons(2)]
        if check.name.startswith("filled_"):
            column = check.name.removeprefix("filled_")
            nullable = {"BOOLEAN": "boolean", "BIGINT": "Int64"}.get(TABLES[name].columns[column])
            frame = sound(name).astype({column: nullable}) if nullable else sound(name)
            broken = put(column, pd.NA if nullable else None)(frame)
            assert [r.count for r in judge([check], Subject(broken, P))] == [Persons(1)]


def test_every_check_of_every_suite_has_a_breaking_frame():
    general = {"key_unique"}
    for name in CHECKED_TABLES:
        declared = {c.name for c in suite_for(name, P) if not c.name.startswith("filled_")} - general
        assert declared == set(BROKEN[name]), name


def test_declared_tables_all_have_a_suite():
    assert set(CHECKED_TABLES) == {n for n, t in TABLES.items() if t.layer in ("raw", "core")}
