"""What must hold for the tables that came through the door, table by table, with how serious it is.

Blocking is what would make a figure wrong or break the law; a warning is what a person should look at.
"""

from __future__ import annotations

from dataclasses import replace

from evaluation.expectations import rules as r
from evaluation.expectations.checks import Check, Finding, Sound, Subject, finding
from evaluation.expectations.declare import IN_CALENDAR, Suite, must, must_all, should, should_all, suite
from evaluation.interviews.form_layouts import FORMS
from evaluation.words import Count, Filed, Name, Names, Percent, Persons, Values
from evaluation.words.catalogue.quality import Delivery, Kept
from evaluation.words.texts import texts

TEXT = texts("expectations")


_ROSTER = "roster_next"
_DOOR = "door_next"
_LEDGER_PARTS = tuple(
    f"rows_{part}" for part in ("kept", "quarantined", "duplicate", "superseded", "out_of_round", "skipped")
)

_PLACE = (
    must("known_school", r.in_set("school_id", r.schools)),
    must("known_grade", r.in_set("grade", r.grades)),
)
_TYPE = must("known_type", r.in_set("absence_type", r.types))


def _known_pupil(*, or_empty: bool = False) -> Check:
    rule = r.known_in("raw_pupils", "pupil_key", or_empty=or_empty)
    return should("known_pupil", rule, _ROSTER)


def _types_at_most_possible(_: Subject) -> Sound:
    too_many = f"SUM(absent_days) > MIN(school_days) + {r.TOLERANCE_DAYS}"
    return replace(r.not_true(too_many), by=("source_file", "source_row"))


def _every_grade(f: Subject) -> list[Finding] | None:
    """One finding per school; None when the study needs no roster because everybody delivers totals of grades."""
    found = f.query("SELECT DISTINCT school_id, school_year, grade FROM t")
    if found.empty:
        return None
    there = set(found.itertuples(index=False, name=None))
    years, order = f.protocol.years.all, f.protocol.grades.order
    rows = []
    for school in f.protocol.schools:
        lost = {y: [g for g in order if (school.id, y, g) not in there] for y in years}
        lost = {y: gs for y, gs in lost.items() if gs}
        n, name = sum(map(len, lost.values())), Name(school.name)
        counts = (school.id, n == 0, n, len(years) * len(order))
        if not n:
            rows.append(finding(*counts, Delivery.GRADES_THERE, school=name))
            continue
        gaps = tuple(f"{y} ({_named(f, gs)})" for y, gs in lost.items())
        rows.append(finding(*counts, Delivery.GRADES_MISSING, school=name, gaps=Names(gaps)))
    return rows


def _named(f: Subject, grades: list[str]) -> str:
    is_all = len(grades) == len(f.protocol.grades.order)
    return TEXT("no_grade") if is_all else ", ".join(map(f.protocol.grades.name, grades))


def _purposes(f: Subject) -> list[str]:
    return [d.consent_purpose for d in f.protocol.data_sets if d.consent_purpose]


def _held_has_date(_: Subject) -> Sound:
    return Sound("status IS DISTINCT FROM 'held' OR held_on IS NOT NULL")


def _in_follow_up_year(f: Subject) -> Sound:
    return Sound(f"held_on IS NULL OR {r.in_years(f, 'held_on', [f.protocol.years.follow_up])}")


def _treated_grade(f: Subject) -> Sound:
    return Sound(f"{r.in_cells(f.protocol.treated)} OR kind = 'follow_up'")


def _weekdays(_: Subject) -> Sound:
    return Sound("day_on < DATE_TRUNC('week', day_on) + INTERVAL 5 DAY OR NOT is_school_day")


def _has_school_days(f: Subject) -> list[Finding]:
    open_days = f.frame[f.frame["is_school_day"].astype(bool)].groupby(["school_id", "school_year"]).size()
    rows = []
    for school in f.protocol.schools:
        for year in f.protocol.years.all:
            n = int(open_days.get((school.id, year), 0))
            values: Values = {"school": Name(school.name), "days": Count(n), "year": Name(year)}
            rows.append(finding(f"{school.id} {year}", n > 0, int(n == 0), 1, Delivery.SCHOOL_DAYS, **values))
    return rows


def _quarantine_share(f: Subject) -> list[Finding]:
    rows = []
    columns = f.frame[["source_file", "rows_in", "rows_quarantined"]].itertuples(index=False, name=None)
    for name, total, aside in columns:
        percent = 100 * int(aside) / int(total) if total else 0.0
        values: Values = {
            "file": Filed(str(name)),
            "aside": Persons(int(aside)),
            "rows": Persons(int(total)),
            "share": Percent(percent),
        }
        is_allowed = f.protocol.quality.allows_aside(int(aside), int(total))
        rows.append(finding(str(name), is_allowed, aside, total, Delivery.FILE_SET_ASIDE, **values))
    return rows


def _sheets_read(f: Subject) -> list[Finding]:
    rows = []
    for name, left in f.frame[["source_file", "sheets_unread"]].itertuples(index=False, name=None):
        sheets = [] if left is None or left != left else str(left).split("; ")
        counts, file = (str(name), not sheets, len(sheets), len(sheets) + 1), Filed(str(name))
        rows.append(
            finding(*counts, Kept.SHEETS_UNREAD, file=file, sheets=Filed(", ".join(sheets)))
            if sheets
            else finding(*counts, Kept.SHEETS_READ, file=file)
        )
    return rows


def _nothing_only_older(f: Subject) -> list[Finding]:
    return _rows_named(f, "only_older", "rows_kept", Kept.ONLY_OLDER, Kept.NOT_ONLY_OLDER)


def _nothing_deleted(f: Subject) -> list[Finding]:
    return _rows_named(f, "deleted", "rows_in", Kept.DELETED, Kept.NOTHING_DELETED)


def _rows_named(f: Subject, column: str, total: str, some: Kept, none: Kept) -> list[Finding]:
    """By file: how many of its rows a column of the ledger counts, with their lines."""
    columns = f.frame[["source_file", column, f"{column}_lines", total]]
    rows = []
    for name, n, lines, of_total in columns.itertuples(index=False, name=None):
        counts, file = (str(name), not n, int(n), int(of_total)), Filed(str(name))
        values: Values = {"file": file, "rows": Persons(int(n)), "lines": Filed(str(lines))}
        rows.append(finding(*counts, some, **values) if n else finding(*counts, none, file=file))
    return rows


def _sums_agree(f: Subject) -> list[Finding] | None:
    columns = f.frame[["source_file", "sums", "sums_off", "sums_off_lines"]]
    rows = []
    for name, n, off, lines in columns.itertuples(index=False, name=None):
        counts, file = (str(name), not off, int(off), int(n)), Filed(str(name))
        values: Values = {
            "file": file,
            "off": Count(int(off)),
            "sums": Count(int(n)),
            "lines": Filed(str(lines)),
        }
        if off:
            rows.append(finding(*counts, Kept.SUMS_OFF, **values))
        elif n:
            rows.append(finding(*counts, Kept.SUMS_AGREE, file=file))
    return rows or None


SUITES: dict[str, Suite] = {
    "raw_absence": suite(
        "pupil_key from_on to_on",
        _PLACE,
        _TYPE,
        must("day_fraction", r.share_of_a_day),
        must("in_order", r.in_order("from_on", "to_on")),
        must("inside_years", r.inside_years("from_on")),
        must("by_cutoff", r.by_cutoff("from_on")),
        _known_pupil(),
    ),
    "raw_totals": suite(
        "period period_from period_to",
        _PLACE,
        _TYPE,
        must("not_negative", r.not_negative("pupils", "school_days", "absent_days")),
        must("absent_at_most_possible", r.at_most("absent_days", "school_days")),
        must("types_at_most_possible", _types_at_most_possible),
        must("in_order", r.in_order("period_from", "period_to")),
        must("inside_years", r.inside_years("period_to"), said="period_inside_years"),
        must("by_cutoff", r.by_cutoff("period_from"), said="begins_by_cutoff"),
    ),
    "raw_pupils": suite(
        "pupil_key",
        _PLACE,
        must("known_year", r.in_set("school_year", r.years)),
        must("in_order", r.in_order("enrolled_from", "enrolled_to"), said="leaves_after_entry"),
        should(
            "no_overlap",
            r.no_overlap(("pupil_key", "school_year"), "enrolled_from", "enrolled_to"),
            "no_overlap_next",
        ),
        should_all("every_grade", _every_grade, _ROSTER),
    ),
    "raw_talks": suite(
        "school_id grade",
        _PLACE,
        must("known_kind", r.one_of("kind", "talk", "follow_up")),
        must("known_status", r.one_of("status", "planned", "held", "cancelled")),
        must("held_has_date", _held_has_date),
        must("in_follow_up_year", _in_follow_up_year),
        should("treated_grade", _treated_grade),
        _known_pupil(or_empty=True),
    ),
    "raw_consents": suite(
        "pupil_key given_on",
        must("known_answer", r.one_of("answer", "yes", "no")),
        must("known_purpose", r.in_set("purpose", _purposes)),
        should("in_order", r.in_order("given_on", "withdrawn_on"), said="withdrawn_after_given"),
        _known_pupil(),
    ),
    "raw_calendar": suite(
        "day_on",
        _PLACE[0],
        must("known_year", r.in_set("school_year", r.years), IN_CALENDAR),
        must("weekdays", _weekdays, IN_CALENDAR),
        must_all("has_school_days", _has_school_days, IN_CALENDAR),
    ),
    "raw_interviews": suite(
        "document_id code segment_id",
        should("known_school", r.in_set("school_id", r.schools, or_empty=True), said="known_school_or_none"),
        should(
            "known_polarity", r.one_of("polarity", "positiv", "negativ", "blandet", "neutral", or_empty=True)
        ),
        must(
            "known_consent",
            r.one_of("consent", "gyldigt", "mangler", "trukket_tilbage", "ukendt", or_empty=True),
        ),
        should("positions", r.in_order("start", "end")),
    ),
    "raw_interview_documents": suite(
        "document_id",
        should("known_school", r.in_set("school_id", r.schools, or_empty=True), said="known_school_or_none"),
        must(
            "known_consent",
            r.one_of("consent", "gyldigt", "mangler", "trukket_tilbage", "ukendt", or_empty=True),
        ),
        should("not_negative", r.not_negative("segments")),
    ),
    "raw_interview_texts": suite(
        "segment_id",
        should("known_segment", r.known_in("raw_interviews", "segment_id")),
    ),
    "raw_school_forms": suite(
        "",
        should("known_school", r.in_set("school_id", r.schools)),
        must("known_form", r.one_of("form", *(form.form for form in FORMS))),
    ),
    "raw_quarantine": suite("source_file rule", has_key=False),
    "raw_left_out": suite(
        "source_file status reason",
        must(
            "known_status",
            r.one_of("status", "duplicate", "superseded", "out_of_round", "skipped"),
            _DOOR,
            said="known_left_out",
        ),
    ),
    "raw_ledger": suite(
        "source_file sha256",
        must("balances", r.adds_up("rows_in", *_LEDGER_PARTS), _DOOR),
        must("not_negative", r.not_negative("rows_in", *_LEDGER_PARTS), _DOOR),
        must_all("quarantine_share", _quarantine_share, "quarantine_share_next"),
        should_all("sheets_read", _sheets_read, "sheets_read_next"),
        should_all("nothing_only_older", _nothing_only_older, "nothing_only_older_next"),
        should_all("nothing_deleted", _nothing_deleted, "nothing_deleted_next"),
        should_all("sums_agree", _sums_agree, "sums_agree_next"),
    ),
}
"""Every raw_ table's suite."""
