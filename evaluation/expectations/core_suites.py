"""What must hold for the tables the evaluation is made from, table by table, with how serious it is."""

from __future__ import annotations

from evaluation.expectations import coverage, kept
from evaluation.expectations import rules as r
from evaluation.expectations.checks import Check, Finding, Sound, Subject, finding
from evaluation.expectations.declare import (
    IN_CALENDAR,
    IN_PROGRAM,
    Suite,
    must,
    must_all,
    note_all,
    should,
    should_all,
    suite,
)
from evaluation.expectations.totals import totals_agree
from evaluation.words import Count, Limit, Name, Persons, Values
from evaluation.words.catalogue.quality import Coverage, Delivery

_KIND_DAYS = ("sick_days", "permitted_days", "unlawful_days")
_AROUND = tuple(f"{w}_{k}_days" for w in ("before", "after") for k in ("possible", "absent"))
_WINDOWS = ("window", "baseline", "followup")
_BAND_DAYS = tuple(f"{w}_{k}_days" for w in _WINDOWS for k in ("possible", "absent"))

_CELL = (
    must("known_school", r.in_set("school_id", r.schools), IN_PROGRAM),
    must("known_grade", r.in_set("grade", r.grades), IN_PROGRAM),
)
_PLACE = (
    *_CELL,
    must("known_year", r.in_set("school_year", r.years), IN_PROGRAM),
)
_ABSENT_AT_MOST = must("absent_at_most_possible", r.at_most("absent_days", "possible_days"))
_TOTAL_DAYS = (
    must("not_negative", r.not_negative("possible_days", "absent_days"), IN_PROGRAM),
    _ABSENT_AT_MOST,
)
_TYPED_DAYS = (
    must("not_negative", r.not_negative("possible_days", "absent_days", *_KIND_DAYS), IN_PROGRAM),
    _ABSENT_AT_MOST,
    must("types_add_up", r.adds_up("absent_days", *_KIND_DAYS), IN_PROGRAM),
)


def _by_cutoff(column: str) -> Check:
    return must("by_cutoff", r.by_cutoff(column), IN_PROGRAM)


def _one_day_a_day(_: Subject) -> Sound:
    return Sound("SUM(day_fraction) <= 1.0", by=("pupil_key", "day_on"))


def _days_in_follow_up(f: Subject) -> list[Finding]:
    year = f.protocol.years.follow_up
    by_school = f.frame[f.frame["school_year"] == year].groupby("school_id").size()
    rows = []
    for school in f.protocol.schools:
        n = int(by_school.get(school.id, 0))
        values: Values = {"school": Name(school.name), "days": Count(n), "year": Name(year)}
        rows.append(finding(school.id, n > 0, int(n == 0), 1, Delivery.SCHOOL_DAYS_SO_FAR, **values))
    return rows


def _has_consent(f: Subject) -> Sound | None:
    if "core_consents" not in f.others:
        return None
    data_set = f.protocol.data_set("targeted_pupils")
    purpose = data_set.consent_purpose if data_set is not None else None
    own = f" AND c.purpose = {r.text(purpose)}" if purpose else ""
    in_force = f"SELECT 1 FROM core_consents AS c WHERE c.pupil_key = t.pupil_key AND c.is_in_force{own}"
    return Sound(f"EXISTS ({in_force})")


def _interview_consent(f: Subject) -> Sound | None:
    return _none_refused(f, "raw_interviews")


def _document_consent(f: Subject) -> Sound | None:
    return _none_refused(f, "raw_interview_documents")


def _none_refused(f: Subject, raw: str) -> Sound | None:
    if raw not in f.others:
        return None
    refused = f"SELECT 1 FROM {raw} AS o WHERE o.document_id = t.document_id AND o.consent IS DISTINCT FROM 'gyldigt'"
    return Sound(f"NOT EXISTS ({refused})")


def _treated_grade(f: Subject) -> Sound:
    return Sound(r.in_cells(f.protocol.treated))


def _every_treated_cell(f: Subject) -> list[Finding]:
    there = set(map(tuple, f.frame[["school_id", "grade"]].to_numpy()))
    rows = []
    for school_id, grade in f.protocol.treated:
        is_there = (school_id, grade) in there
        code = Delivery.CELL_THERE if is_there else Delivery.CELL_MISSING
        name = f.protocol.school(school_id).name
        place: Values = {"school": Name(name), "grade": Name(f.protocol.grades.name(grade))}
        rows.append(finding(f"{school_id} {grade}", is_there, int(not is_there), 1, code, **place))
    return rows


def _within_cells(f: Subject) -> Sound | None:
    """No month holds more days than the cells it is the sum of; the last month is cut to the same weeks in every year."""
    if "core_cells" not in f.others:
        return None
    cells = (
        "SELECT COALESCE(SUM(c.absent_days), 0) FROM core_cells AS c WHERE c.school_id = t.school_id "
        "AND c.grade = t.grade AND c.school_year = t.school_year AND c.month = t.month"
    )
    return Sound(f"absent_days <= ({cells}) + {r.TOLERANCE_DAYS}")


def _coverage(f: Subject) -> list[Finding] | None:
    started = f.frame[f.frame["is_started"].astype(bool) & f.frame["is_logged"].astype(bool)]
    if started.empty:
        return None
    limit = f.protocol.talks.minimum_coverage_pct
    columns = started[["school_id", "grade", "pupils", "talks_held", "coverage_pct"]]
    return [
        finding(
            f"{school_id} {grade}",
            percent >= limit,
            max(0, int(pupils) - int(held)),
            int(pupils),
            Coverage.TALKS,
            school=Name(coverage.school_name(f, school_id)),
            grade=Name(f.protocol.grades.name(grade)),
            held=Persons(int(held)),
            pupils=Persons(int(pupils)),
            limit=Limit(limit),
        )
        for school_id, grade, pupils, held, percent in columns.itertuples(index=False, name=None)
    ]


def _lists(f: Subject) -> list[Finding] | None:
    """Follow-ups held beside the pupils of the rule, in the groups that have had their talks."""
    mine = f.frame[f.frame["rule"].eq("primary") & f.frame["is_treated"].astype(bool)]
    followed, consented = (int(mine[c].sum()) for c in ("follow_ups", "follow_ups_consented"))
    if not followed:
        return None
    by_rule = mine[mine["is_selected"].astype(bool)]
    both, selected = int(by_rule["follow_ups"].sum()), int(by_rule["pupils"].sum())
    return [
        finding(
            "",
            followed == consented,
            followed - consented,
            followed,
            Coverage.LISTS,
            both=Persons(both),
            followed=Persons(followed - both),
            by_rule=Persons(selected - both),
            without=Persons(followed - consented),
        )
    ]


def _logged(f: Subject) -> list[Finding]:
    assumed, n = int((~f.frame["is_logged"].astype(bool)).sum()), len(f.frame)
    if not assumed:
        return [finding("", True, 0, n, Coverage.LOGGED)]
    return [finding("", False, assumed, n, Coverage.ASSUMED, assumed=Count(assumed), all=Count(n))]


SUITES: dict[str, Suite] = {
    "core_school_days": suite(
        "day_on month",
        _CELL[0],
        must("inside_years", r.inside_years("day_on"), IN_CALENDAR),
        _by_cutoff("day_on"),
        must_all("every_school", _days_in_follow_up, IN_CALENDAR),
    ),
    "core_pupils": suite(
        "pupil_key enrolled_from",
        _PLACE,
        must("in_order", r.in_order("enrolled_from", "enrolled_to"), IN_PROGRAM),
        must("no_overlap", r.no_overlap(("pupil_key",), "enrolled_from", "enrolled_to"), IN_PROGRAM),
    ),
    "core_absence_days": suite(
        "pupil_key day_on",
        _PLACE,
        must("known_type", r.in_set("absence_type", r.types), IN_PROGRAM),
        must("day_fraction", r.share_of_a_day),
        must("one_day_a_day", _one_day_a_day, IN_PROGRAM),
        must("known_pupil", r.known_in("core_pupils", "pupil_key"), IN_PROGRAM),
        must("on_school_days", r.known_in("core_school_days", "school_id", "day_on"), IN_CALENDAR),
        _by_cutoff("day_on"),
        must_all("statements_have_days", kept.statements_have_days, "statements_have_days_next"),
        should_all("totals_agree", totals_agree, "totals_agree_next"),
    ),
    "core_pupil_weeks": suite(
        "pupil_key week_from",
        _PLACE,
        _TYPED_DAYS,
        must_all("days_have_weeks", kept.days_have_weeks, "days_have_weeks_next"),
        should_all("silent_classes", coverage.silent_classes, "silent_classes_next"),
        should_all("told_to_the_end", coverage.told_to_the_end, "told_to_the_end_next"),
    ),
    "core_cells": suite(
        "period period_from month",
        _PLACE,
        _TYPED_DAYS,
        _by_cutoff("period_from"),
        must_all("totals_have_cells", kept.totals_have_cells, IN_PROGRAM),
        must_all("completeness", coverage.completeness, "completeness_next"),
        must_all("baseline_delivered", coverage.baseline_delivered, "baseline_delivered_next"),
        should_all("missing_weeks", coverage.missing_weeks, "missing_weeks_next"),
        note_all("thin_weeks", coverage.thin_weeks, "thin_weeks_next"),
        should_all("silent_grades", coverage.silent_grades, "silent_grades_next"),
        should_all("type_shares", coverage.type_shares, "type_shares_next"),
        note_all("provisional_weeks", coverage.provisional_weeks),
    ),
    "core_monthly": suite(
        "cell month t",
        _PLACE,
        _TYPED_DAYS,
        must(
            "treated_after_talks",
            lambda _: Sound("NOT is_treated OR (event >= 1 AND NOT is_transition)"),
            IN_PROGRAM,
        ),
        must("within_cells", _within_cells, IN_PROGRAM),
    ),
    "core_measured": suite(
        "month",
        _PLACE,
        must("not_negative", r.not_negative("possible_days", "counted_days"), IN_PROGRAM),
        must("absent_at_most_possible", r.at_most("counted_days", "possible_days")),
    ),
    "core_cohort_cells": suite("month", _PLACE, _TOTAL_DAYS),
    "core_band_cells": suite(
        "wave rule band",
        _CELL,
        must("known_wave", r.in_set("wave", r.waves), IN_PROGRAM),
        must("not_negative", r.not_negative("pupils", *_BAND_DAYS), IN_PROGRAM),
        note_all("both_lists", _lists),
        [
            must(
                f"{w}_absent_at_most_possible",
                r.at_most(f"{w}_absent_days", f"{w}_possible_days"),
                IN_PROGRAM,
                said="absent_at_most_possible",
            )
            for w in _WINDOWS
        ],
    ),
    "core_window_days": suite(
        "wave possible_days",
        must("known_wave", r.in_set("wave", r.waves), IN_PROGRAM),
        _TOTAL_DAYS,
    ),
    "core_year_bands": suite(
        "band through_month",
        _PLACE,
        must("not_negative", r.not_negative("pupils"), IN_PROGRAM),
    ),
    "core_follow_up_cells": suite(
        "follow_up_month first_month last_month band",
        _CELL,
        must("not_negative", r.not_negative("pupils", *_AROUND), IN_PROGRAM),
        [
            must(
                f"{w}_absent_at_most_possible",
                r.at_most(f"{w}_absent_days", f"{w}_possible_days"),
                IN_PROGRAM,
                said="absent_at_most_possible",
            )
            for w in ("before", "after")
        ],
    ),
    "core_pupil_periods": suite(
        "pupil_key month",
        _PLACE,
        _TYPED_DAYS,
        must("consent_in_force", _has_consent, "consent_in_force_next"),
    ),
    "core_talks": suite(
        "school_id grade wave",
        _CELL,
        must("treated_grade", _treated_grade, IN_PROGRAM),
        must_all("every_cell", _every_treated_cell, IN_PROGRAM),
        must(
            "not_negative",
            r.not_negative("pupils", "talks_planned", "talks_held", "follow_ups", "coverage_pct"),
            IN_PROGRAM,
        ),
        must("in_order", r.in_order("first_on", "last_on"), IN_PROGRAM, said="talks_in_order"),
        should_all("coverage", _coverage, "coverage_next"),
        note_all("logged", _logged),
    ),
    "core_consents": suite("pupil_key purpose is_in_force"),
    "core_interview_documents": suite(
        "document_id",
        should(
            "known_school",
            r.in_set("school_id", r.schools, or_empty=True),
            "known_school_next",
            said="known_school_or_none",
        ),
        must("consent_in_force", _document_consent, "consent_of_interview_next", said="consent_of_interview"),
    ),
    "core_interview_codes": suite(
        "document_id code segment_id",
        should(
            "known_school",
            r.in_set("school_id", r.schools, or_empty=True),
            "known_school_next",
            said="known_school_or_none",
        ),
        must(
            "consent_in_force", _interview_consent, "consent_of_interview_next", said="consent_of_interview"
        ),
    ),
}
"""Every core_ table's suite."""
