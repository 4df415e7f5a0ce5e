"""What must hold for the tables the evaluation is made from, table by table, with how serious it is."""

from __future__ import annotations

import pandas as pd

from evaluation.expectations import coverage
from evaluation.expectations import rules as r
from evaluation.expectations.checks import Check, Sound, Subject
from evaluation.expectations.coverage import findings
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

_KIND_DAYS = ("sick_days", "permitted_days", "unlawful_days")
_WINDOWS = ("window", "baseline", "followup")
_BAND_DAYS = tuple(f"{w}_{k}_days" for w in _WINDOWS for k in ("possible", "absent"))

_CELL = (
    must("known_school", "Skolen er med i undersøgelsen", r.in_set("school_id", r.schools), IN_PROGRAM),
    must("known_grade", "Årgangen er med i undersøgelsen", r.in_set("grade", r.grades), IN_PROGRAM),
)
_PLACE = (
    *_CELL,
    must("known_year", "Skoleåret er med i undersøgelsen", r.in_set("school_year", r.years), IN_PROGRAM),
)
_ABSENT_AT_MOST = must(
    "absent_at_most_possible", "Fraværet er højst skoledagene", r.at_most("absent_days", "possible_days")
)
_TOTAL_DAYS = (
    must(
        "not_negative", "Ingen antal er negative", r.not_negative("possible_days", "absent_days"), IN_PROGRAM
    ),
    _ABSENT_AT_MOST,
)
_TYPED_DAYS = (
    must(
        "not_negative",
        "Ingen antal er negative",
        r.not_negative("possible_days", "absent_days", *_KIND_DAYS),
        IN_PROGRAM,
    ),
    _ABSENT_AT_MOST,
    must(
        "types_add_up", "Typerne giver det samlede fravær", r.adds_up("absent_days", *_KIND_DAYS), IN_PROGRAM
    ),
)


def _by_cutoff(column: str) -> Check:
    return must("by_cutoff", "Intet ligger efter dataskæringen", r.by_cutoff(column), IN_PROGRAM)


def _one_day_a_day(_: Subject) -> Sound:
    return Sound("SUM(day_fraction) <= 1.0", by=("pupil_key", "day_on"))


def _days_in_follow_up(f: Subject) -> pd.DataFrame:
    by_school = f.frame[f.frame["school_year"] == f.protocol.years.follow_up].groupby("school_id").size()
    rows = []
    for school in f.protocol.schools:
        n = int(by_school.get(school.id, 0))
        text = f"{school.name} har {n} skoledage i {f.protocol.years.follow_up} indtil dataskæringen."
        rows.append((school.id, n > 0, int(n == 0), 1, text))
    return findings(rows)


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
    return Sound(f"grade IN {r.listed(f.protocol.treated_grades)}")


def _every_treated_cell(f: Subject) -> pd.DataFrame:
    there = set(map(tuple, f.frame[["school_id", "grade"]].to_numpy()))
    rows = []
    for school in f.protocol.schools:
        for grade in f.protocol.treated_grades:
            is_there = (school.id, grade) in there
            text = f"{school.name}, {f.protocol.grades.name(grade)}, {'er med' if is_there else 'mangler'}."
            rows.append((f"{school.id} {grade}", is_there, int(not is_there), 1, text))
    return findings(rows)


def _coverage(f: Subject) -> pd.DataFrame | None:
    started = f.frame[f.frame["is_started"].astype(bool) & f.frame["is_logged"].astype(bool)]
    if started.empty:
        return None
    limit = f.protocol.talks.minimum_coverage_pct
    columns = started[["school_id", "grade", "pupils", "talks_held", "coverage_pct"]]
    rows = []
    for school_id, grade, pupils, held, percent in columns.itertuples(index=False, name=None):
        place = f"{coverage.school_name(f, school_id)}, {f.protocol.grades.name(grade)}"
        text = f"{place}: {held} af {pupils} elever har haft samtalen; grænsen er {limit:g} %."
        rows.append(
            (f"{school_id} {grade}", percent >= limit, max(0, int(pupils) - int(held)), int(pupils), text)
        )
    return findings(rows)


def _logged(f: Subject) -> pd.DataFrame:
    assumed = int((~f.frame["is_logged"].astype(bool)).sum())
    text = (
        f"For {assumed} af {len(f.frame)} skoler og årgange er samtalevinduet protokollens antagelse."
        if assumed
        else "Alle samtalevinduer kommer fra samtaleloggen."
    )
    return findings([("", assumed == 0, assumed, len(f.frame), text)])


SUITES: dict[str, Suite] = {
    "core_school_days": suite(
        "day_on month",
        _CELL[0],
        must("inside_years", "Dagen ligger i undersøgelsens skoleår", r.inside_years("day_on"), IN_CALENDAR),
        _by_cutoff("day_on"),
        must_all("every_school", "Hver skole har skoledage i året", _days_in_follow_up, IN_CALENDAR),
    ),
    "core_pupils": suite(
        "pupil_key enrolled_from",
        _PLACE,
        must(
            "in_order",
            "Ingen periode slutter før sin start",
            r.in_order("enrolled_from", "enrolled_to"),
            IN_PROGRAM,
        ),
        must(
            "no_overlap",
            "Ingen elev er to steder på samme tid",
            r.no_overlap(("pupil_key",), "enrolled_from", "enrolled_to"),
            IN_PROGRAM,
        ),
    ),
    "core_absence_days": suite(
        "pupil_key day_on",
        _PLACE,
        must("known_type", "Fraværstypen er kendt", r.in_set("absence_type", r.types), IN_PROGRAM),
        must("day_fraction", "En dag tæller 1, eller ½ hvor årgangen må", r.half_days_only_where_allowed),
        must("one_day_a_day", "Ingen er fraværende mere end én dag på en dag", _one_day_a_day, IN_PROGRAM),
        must("known_pupil", "Eleven er indskrevet", r.known_in("core_pupils", "pupil_key"), IN_PROGRAM),
        must(
            "on_school_days",
            "Fraværet ligger på en skoledag",
            r.known_in("core_school_days", "school_id", "day_on"),
            IN_CALENDAR,
        ),
        _by_cutoff("day_on"),
        should_all(
            "totals_agree",
            "Kvartalsopgørelser passer med dagsregistreringerne",
            totals_agree,
            "spørg skolen, hvilken af de to filer der er fuldstændig",
        ),
    ),
    "core_pupil_weeks": suite(
        "pupil_key week_from",
        _PLACE,
        _TYPED_DAYS,
        should_all(
            "silent_classes",
            "Alle klasser registrerer fravær",
            coverage.silent_classes,
            "spørg skolen, om klassen har registreret",
        ),
    ),
    "core_cells": suite(
        "period period_from month",
        _PLACE,
        _TYPED_DAYS,
        _by_cutoff("period_from"),
        must_all(
            "completeness",
            "Mindst {p.quality.minimum_completeness_pct:g} % af skoleugerne er registreret",
            coverage.completeness,
            "bed skolerne om de uger, der mangler",
        ),
        must_all(
            "baseline_delivered",
            "Hver skole har et tidligere år at sammenligne med",
            coverage.baseline_delivered,
            "bed skolen om forrige skoleårs eksport",
        ),
        should_all(
            "missing_weeks", "Ingen skoleuge mangler", coverage.missing_weeks, "bed skolen om en ny eksport"
        ),
        note_all(
            "thin_weeks",
            "Ingen uge er påfaldende tynd",
            coverage.thin_weeks,
            "spørg skolen, om alt er registreret",
        ),
        should_all(
            "silent_grades",
            "Alle årgange registrerer fravær",
            coverage.silent_grades,
            "spørg skolen, om årgangen har registreret",
        ),
        should_all(
            "type_shares",
            "Typerne fordeler sig som året før",
            coverage.type_shares,
            "spørg skolen, om registreringen er ændret",
        ),
        note_all("provisional_weeks", "Ingen uger er foreløbige", coverage.provisional_weeks),
    ),
    "core_cohort_cells": suite("month", _PLACE, _TOTAL_DAYS),
    "core_band_cells": suite(
        "wave rule band",
        _CELL,
        must("known_wave", "Bølgen er en af undersøgelsens", r.in_set("wave", r.waves), IN_PROGRAM),
        must("not_negative", "Ingen antal er negative", r.not_negative("pupils", *_BAND_DAYS), IN_PROGRAM),
        [
            must(
                f"{w}_absent_at_most_possible",
                "Fraværet er højst skoledagene",
                r.at_most(f"{w}_absent_days", f"{w}_possible_days"),
                IN_PROGRAM,
            )
            for w in _WINDOWS
        ],
    ),
    "core_window_days": suite(
        "wave possible_days",
        must("known_wave", "Bølgen er en af undersøgelsens", r.in_set("wave", r.waves), IN_PROGRAM),
        _TOTAL_DAYS,
    ),
    "core_year_bands": suite(
        "band through_month",
        _PLACE,
        must("not_negative", "Ingen antal er negative", r.not_negative("pupils"), IN_PROGRAM),
    ),
    "core_pupil_periods": suite(
        "pupil_key month",
        _PLACE,
        _TYPED_DAYS,
        must(
            "consent_in_force",
            "Der er gyldigt samtykke for hver elev",
            _has_consent,
            "kør runden igen; elever uden samtykke må kun tælle med i summer",
        ),
    ),
    "core_talks": suite(
        "school_id grade wave",
        _CELL,
        must("treated_grade", "Årgangen er en indsatsårgang", _treated_grade, IN_PROGRAM),
        must_all("every_cell", "Alle skoler og indsatsårgange er med", _every_treated_cell, IN_PROGRAM),
        must(
            "not_negative",
            "Ingen antal er negative",
            r.not_negative("pupils", "talks_planned", "talks_held", "follow_ups", "coverage_pct"),
            IN_PROGRAM,
        ),
        must(
            "in_order",
            "Samtalerne slutter ikke før de begynder",
            r.in_order("first_on", "last_on"),
            IN_PROGRAM,
        ),
        should_all(
            "coverage",
            "Mindst {p.talks.minimum_coverage_pct:g} % af eleverne har haft samtalen",
            _coverage,
            "spørg sundhedsplejen, om loggen er fuldstændig",
        ),
        note_all("logged", "Samtalevinduerne kommer fra samtaleloggen", _logged),
    ),
    "core_consents": suite("pupil_key purpose is_in_force"),
    "core_interview_documents": suite(
        "document_id",
        should(
            "known_school",
            "Skolen er med i undersøgelsen eller ikke oplyst",
            r.in_set("school_id", r.schools, or_empty=True),
            "ret interviewets oplysninger",
        ),
        must(
            "consent_in_force",
            "Der er gyldigt samtykke til hvert interview",
            _document_consent,
            "fjern interviewet, eller ret dets samtykke",
        ),
    ),
    "core_interview_codes": suite(
        "document_id code segment_id",
        should(
            "known_school",
            "Skolen er med i undersøgelsen eller ikke oplyst",
            r.in_set("school_id", r.schools, or_empty=True),
            "ret interviewets oplysninger",
        ),
        must(
            "consent_in_force",
            "Der er gyldigt samtykke til hvert interview",
            _interview_consent,
            "fjern interviewet, eller ret dets samtykke",
        ),
    ),
}
"""Every core_ table's suite."""
