"""What must hold for the tables that came through the door, table by table, with how serious it is.

Blocking is what would make a figure wrong or break the law; a warning is what a person should look at.
"""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from evaluation.expectations import rules as r
from evaluation.expectations.checks import Check, Sound, Subject
from evaluation.expectations.coverage import findings
from evaluation.expectations.declare import IN_CALENDAR, Suite, must, must_all, should, should_all, suite

_ROSTER = "bed skolen om en ny elevliste"
_DOOR = "fejlen ligger i indlæsningen: meld den"
_LEDGER_PARTS = ("rows_kept", "rows_quarantined", "rows_duplicate", "rows_superseded", "rows_out_of_round")

_PLACE = (
    must("known_school", "Skolen er med i undersøgelsen", r.in_set("school_id", r.schools)),
    must("known_grade", "Årgangen er med i undersøgelsen", r.in_set("grade", r.grades)),
)
_TYPE = must("known_type", "Fraværstypen er kendt", r.in_set("absence_type", r.types))


def _known_pupil(*, or_empty: bool = False) -> Check:
    rule = r.known_in("raw_pupils", "pupil_key", or_empty=or_empty)
    return should("known_pupil", "Eleven findes på elevlisten", rule, _ROSTER)


def _types_at_most_possible(_: Subject) -> Sound:
    too_many = f"SUM(absent_days) > MIN(school_days) + {r.TOLERANCE_DAYS}"
    return replace(r.not_true(too_many), by=("source_file", "source_row"))


def _every_grade(f: Subject) -> pd.DataFrame | None:
    """One finding per school; None when the study needs no roster because everybody delivers totals of grades."""
    found = f.query("SELECT DISTINCT school_id, school_year, grade FROM t")
    if found.empty:
        return None
    there = set(found.itertuples(index=False, name=None))
    years, order = f.protocol.years.all, f.protocol.grades.order
    rows = []
    for school in f.protocol.schools:
        lost = {y: [g for g in order if (school.id, y, g) not in there] for y in years}
        n = sum(map(len, lost.values()))
        parts = [f"i {y} ingen elever på {_named(f, gs)}" for y, gs in lost.items() if gs]
        text = f"{school.name} har {'; '.join(parts)}." if n else f"{school.name} har elever på alle årgange."
        rows.append((school.id, n == 0, n, len(years) * len(order), text))
    return findings(rows)


def _named(f: Subject, grades: list[str]) -> str:
    is_all = len(grades) == len(f.protocol.grades.order)
    return "nogen årgang" if is_all else ", ".join(map(f.protocol.grades.name, grades))


def _purposes(f: Subject) -> list[str]:
    return [d.consent_purpose for d in f.protocol.data_sets if d.consent_purpose]


def _held_has_date(_: Subject) -> Sound:
    return Sound("status IS DISTINCT FROM 'held' OR held_on IS NOT NULL")


def _in_follow_up_year(f: Subject) -> Sound:
    return Sound(f"held_on IS NULL OR {r.in_years(f, 'held_on', [f.protocol.years.follow_up])}")


def _treated_grade(f: Subject) -> Sound:
    return Sound(f"grade IN {r.listed(f.protocol.treated_grades)} OR kind = 'follow_up'")


def _weekdays(_: Subject) -> Sound:
    return Sound("EXTRACT(ISODOW FROM day_on) <= 5 OR NOT is_school_day")


def _has_school_days(f: Subject) -> pd.DataFrame:
    open_days = f.frame[f.frame["is_school_day"].astype(bool)].groupby(["school_id", "school_year"]).size()
    rows = []
    for school in f.protocol.schools:
        for year in f.protocol.years.all:
            n = int(open_days.get((school.id, year), 0))
            rows.append(
                (f"{school.id} {year}", n > 0, int(n == 0), 1, f"{school.name} har {n} skoledage i {year}.")
            )
    return findings(rows)


def _quarantine_share(f: Subject) -> pd.DataFrame:
    limit = f.protocol.quality.maximum_quarantine_pct
    rows = []
    columns = f.frame[["source_file", "rows_in", "rows_quarantined"]].itertuples(index=False, name=None)
    for name, total, aside in columns:
        percent = 100 * int(aside) / int(total) if total else 0.0
        share = f"{percent:.1f}".replace(".", ",")
        text = f"{name}: {aside} af {total} rækker kunne ikke bruges ({share} %)."
        rows.append((str(name), percent <= limit, int(aside), int(total), text))
    return findings(rows)


SUITES: dict[str, Suite] = {
    "raw_absence": suite(
        "pupil_key from_on to_on",
        _PLACE,
        _TYPE,
        must("day_fraction", "En dag tæller 1, eller ½ hvor årgangen må", r.half_days_only_where_allowed),
        must("in_order", "Perioden slutter ikke, før den begynder", r.in_order("from_on", "to_on")),
        must("inside_years", "Datoen ligger i undersøgelsens skoleår", r.inside_years("from_on")),
        must("by_cutoff", "Datoen ligger ikke efter dataskæringen", r.by_cutoff("from_on")),
        _known_pupil(),
    ),
    "raw_totals": suite(
        "period period_from period_to",
        _PLACE,
        _TYPE,
        must(
            "not_negative", "Ingen antal er negative", r.not_negative("pupils", "school_days", "absent_days")
        ),
        must(
            "absent_at_most_possible",
            "Fraværet er højst skoledagene",
            r.at_most("absent_days", "school_days"),
        ),
        must("types_at_most_possible", "Typerne er tilsammen højst skoledagene", _types_at_most_possible),
        must("in_order", "Perioden slutter ikke, før den begynder", r.in_order("period_from", "period_to")),
        must("inside_years", "Perioden ligger i undersøgelsens skoleår", r.inside_years("period_to")),
        must("by_cutoff", "Perioden begynder ikke efter dataskæringen", r.by_cutoff("period_from")),
    ),
    "raw_pupils": suite(
        "pupil_key",
        _PLACE,
        must("known_year", "Skoleåret er med i undersøgelsen", r.in_set("school_year", r.years)),
        must("in_order", "Ingen udmeldes før indmeldelsen", r.in_order("enrolled_from", "enrolled_to")),
        should(
            "no_overlap",
            "Ingen elev står to steder på samme tid",
            r.no_overlap(("pupil_key", "school_year"), "enrolled_from", "enrolled_to"),
            "spørg skolerne, hvor eleven går",
        ),
        should_all("every_grade", "Alle skoler har elever på alle årgange", _every_grade, _ROSTER),
    ),
    "raw_talks": suite(
        "school_id grade",
        _PLACE,
        must("known_kind", "Det er en samtale eller en opfølgning", r.one_of("kind", "talk", "follow_up")),
        must("known_status", "Status er kendt", r.one_of("status", "planned", "held", "cancelled")),
        must("held_has_date", "En afholdt samtale har en dato", _held_has_date),
        must("in_follow_up_year", "Samtalen er holdt i skoleåret {p.years.follow_up}", _in_follow_up_year),
        should("treated_grade", "Samtalen er på en indsatsårgang", _treated_grade),
        _known_pupil(or_empty=True),
    ),
    "raw_consents": suite(
        "pupil_key given_on",
        must("known_answer", "Svaret er ja eller nej", r.one_of("answer", "yes", "no")),
        must("known_purpose", "Formålet er et af undersøgelsens", r.in_set("purpose", _purposes)),
        should(
            "in_order", "Intet er trukket tilbage før det er givet", r.in_order("given_on", "withdrawn_on")
        ),
        _known_pupil(),
    ),
    "raw_calendar": suite(
        "day_on",
        _PLACE[0],
        must("known_year", "Skoleåret er med i undersøgelsen", r.in_set("school_year", r.years), IN_CALENDAR),
        must("weekdays", "Ingen skoledag er en lørdag eller søndag", _weekdays, IN_CALENDAR),
        must_all("has_school_days", "Hver skole har skoledage hvert år", _has_school_days, IN_CALENDAR),
    ),
    "raw_interviews": suite(
        "document_id code segment_id",
        should(
            "known_school",
            "Skolen er med i undersøgelsen eller ikke oplyst",
            r.in_set("school_id", r.schools, or_empty=True),
        ),
        should(
            "known_polarity",
            "Retningen er en af kodebogens",
            r.one_of("polarity", "positiv", "negativ", "blandet", "neutral", or_empty=True),
        ),
        must(
            "known_consent",
            "Samtykke er gyldigt, mangler eller er trukket tilbage",
            r.one_of("consent", "gyldigt", "mangler", "trukket_tilbage", or_empty=True),
        ),
        should("positions", "Udsagnet slutter ikke, før det begynder", r.in_order("start", "end")),
    ),
    "raw_interview_documents": suite(
        "document_id",
        should(
            "known_school",
            "Skolen er med i undersøgelsen eller ikke oplyst",
            r.in_set("school_id", r.schools, or_empty=True),
        ),
        must(
            "known_consent",
            "Samtykke er gyldigt, mangler eller er trukket tilbage",
            r.one_of("consent", "gyldigt", "mangler", "trukket_tilbage", or_empty=True),
        ),
        should("not_negative", "Ingen antal er negative", r.not_negative("segments")),
    ),
    "raw_interview_texts": suite(
        "segment_id",
        should(
            "known_segment", "Teksten hører til et kodet udsagn", r.known_in("raw_interviews", "segment_id")
        ),
    ),
    "raw_school_forms": suite(
        "",
        should("known_school", "Skolen er med i undersøgelsen", r.in_set("school_id", r.schools)),
        must(
            "known_form",
            "Skemaet er et af de tre",
            r.one_of("form", "vurder_og_find_fokus", "kontekstdialog", "implementeringstrappe"),
        ),
    ),
    "raw_quarantine": suite("source_file rule", has_key=False),
    "raw_ledger": suite(
        "source_file sha256",
        must(
            "balances", "Hver fils rækker ind er lig rækker ud", r.adds_up("rows_in", *_LEDGER_PARTS), _DOOR
        ),
        must("not_negative", "Ingen antal er negative", r.not_negative("rows_in", *_LEDGER_PARTS), _DOOR),
        must_all(
            "quarantine_share",
            "Højst {p.quality.maximum_quarantine_pct:g} % af en fils rækker er sat til side",
            _quarantine_share,
            "se karantænelisten, og ret kildefilen eller mappingen",
        ),
    ),
}
"""Every raw_ table's suite."""
