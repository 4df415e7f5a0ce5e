"""raw_: what came through the door."""

from __future__ import annotations

from evaluation.tables.declare import declared

_SOURCE = "source_file source_row BIGINT exported_on DATE "

RAW = (
    declared(
        "raw_absence",
        "One row per accepted absence statement: a pupil, an interval (day rows have equal ends) and a type.",
        _SOURCE + "school_id pupil_key grade class_label from_on DATE to_on DATE day_fraction DOUBLE "
        "absence_type",
        "source_file source_row from_on pupil_key",
    ),
    declared(
        "raw_totals",
        "One row per accepted period total: a school, grade and week or month; of one pupil when pupil_key "
        "is set, else of a class or the whole grade. Days, not sessions; school_days is the sum over pupils.",
        _SOURCE + "school_id grade class_label pupil_key period period_from DATE period_to DATE "
        "pupils DOUBLE school_days DOUBLE absence_type absent_days DOUBLE",
        "source_file source_row absence_type",
    ),
    declared(
        "raw_pupils",
        "One row per pupil, school, grade and enrolment interval within a school year.",
        _SOURCE + "pupil_key school_id school_year grade class_label enrolled_from DATE enrolled_to DATE",
        "source_file source_row",
    ),
    declared(
        "raw_talks",
        "One row per talk or follow-up in the talk log. kind: talk | follow_up; status: planned | held | cancelled.",
        _SOURCE + "school_id grade pupil_key kind status held_on DATE",
        "source_file source_row",
    ),
    declared(
        "raw_consents",
        "One row per statement in the consent register. answer: yes | no; holder: who of the custody holders.",
        _SOURCE + "pupil_key purpose holder answer given_on DATE withdrawn_on DATE",
        "source_file source_row",
    ),
    declared(
        "raw_calendar",
        "One row per school and day inside a school year, weekends left out.",
        "school_id day_on DATE school_year is_school_day BOOLEAN label",
        "school_id day_on",
    ),
    declared(
        "raw_interviews",
        "One row per coded segment, code and coder. The words themselves are kept apart (raw_interview_texts); "
        "approved_sha256: fingerprint of the words a person approved as a quote; is_refused_quote: somebody said no to it.",
        "source_file source_row BIGINT document_id informant school_id grade occasion form coder code "
        "polarity start BIGINT end BIGINT consent is_approved_quote BOOLEAN approved_sha256 "
        "is_refused_quote BOOLEAN segment_id",
        "document_id segment_id code coder",
    ),
    declared(
        "raw_interview_documents",
        "One row per interview, talk or minute, also one without a coded segment. coders: pseudonyms joined by |, "
        "those who found nothing to code included.",
        "document_id informant school_id grade occasion form consent coders segments BIGINT",
        "document_id",
    ),
    declared(
        "raw_interview_texts",
        "One row per segment of an interview with a valid consent: its words.",
        "segment_id text",
        "segment_id",
    ),
    declared(
        "raw_school_forms",
        "One row per filled field of a school's form (form_layouts).",
        "source_file source_row BIGINT form school_id occasion theme dimension value score DOUBLE",
        "source_file source_row form theme dimension",
    ),
    declared(
        "raw_quarantine",
        "One row per row that was not accepted: where it stands and why, without any personal value.",
        "source_file source_row BIGINT column_name rule found expected next_step",
        "source_file source_row column_name rule",
    ),
    declared(
        "raw_left_out",
        "One row per row of a file that nothing is wrong with and that makes no row. status: duplicate | superseded | "
        "out_of_round | skipped; reason says why, other_file and other_row what stands instead.",
        "source_file source_row BIGINT status reason other_file other_row BIGINT",
        "source_file source_row status",
    ),
    declared(
        "raw_ledger",
        "One row per incoming file: rows_in = rows_kept + rows_quarantined + rows_duplicate + rows_superseded "
        "+ rows_out_of_round (after the cut-off, or exported after the report date) + rows_skipped (lines that are no "
        "rows: sums, repeated headings). sheets_unread: visible sheets nobody reads; only_older: rows that a newer export "
        "of the same days lacks; deleted: rows with days that count no more, because a newer export that is called complete "
        "lacks them; sums, sums_off: sums that the file states, and those that its rows do not give.",
        "source_file source_kind school_id exported_on DATE sha256 rows_in BIGINT rows_kept BIGINT "
        "rows_quarantined BIGINT rows_duplicate BIGINT rows_superseded BIGINT rows_out_of_round BIGINT "
        "rows_skipped BIGINT sheets_unread only_older BIGINT only_older_lines deleted BIGINT deleted_lines "
        "sums BIGINT sums_off BIGINT sums_off_lines key_id",
        "source_file",
    ),
)
