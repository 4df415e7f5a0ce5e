"""Why a row is quarantined: every rule's id, what is expected and what the analyst does. No parsing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A reason for quarantine: what is expected and what the analyst does."""

    expected: str
    next_step: str


RULES: dict[str, Rule] = {
    "too_few_columns": Rule("as many columns as the header", "correct the line, or ask for the export again"),
    "too_many_columns": Rule("as many columns as the header", "quote the text that holds the separator"),
    "unclosed_quote": Rule("a closing quotation mark", "close the quotation mark in this line"),
    "truncated_line": Rule("a complete last line", "the export was cut off: ask for it again"),
    "nul_byte": Rule("text without NUL bytes", "the file is damaged: ask for the export again"),
    "look_alike": Rule("Latin letters and digits", "replace characters that only look like Latin ones"),
    "invisible": Rule("text without zero-width characters", "delete the character that cannot be seen"),
    "empty_value": Rule("a value", "fill it in at the source"),
    "date_format": Rule("a date as the mapping's date_formats say", "correct the cell, or the mapping"),
    "number_format": Rule(
        "a number with the mapping's decimal sign and no thousands sign", "correct the cell"
    ),
    "negative": Rule("zero or more", "correct at the source"),
    "cpr_date": Rule("a CPR number whose first six digits are a date", "correct at the source"),
    "cpr_nine_digits": Rule("ten digits", "leading zero lost? format the column as text before exporting"),
    "cpr_format": Rule("ddmmyy-xxxx or ten digits", "correct at the source"),
    "unknown_pupil": Rule("a pupil of the roster", "add the pupil to the roster, or remove the row"),
    "not_enrolled": Rule(
        "a pupil whom a roster has on that day",
        "ask the school for a new roster, or correct the date at the source",
    ),
    "forgotten": Rule("a pupil whose data may be used", "nothing; ask the source to leave the pupil out"),
    "ambiguous_name": Rule(
        "a name that one pupil of the school has", "add the CPR number or the class, or correct by hand"
    ),
    "ambiguous_id": Rule(
        "an id that one pupil of the school has", "use CPR numbers, or name one system's id in local_id"
    ),
    "near_name": Rule(
        "a name of the roster",
        "nearly the same name stands there: correct it at the source, or add the CPR number",
    ),
    "unknown_school": Rule("a school of the protocol", "add the code to columns.school.map in the mapping"),
    "unknown_grade": Rule("a grade of the protocol", "declare it in columns.class.map or columns.grade.map"),
    "unknown_type": Rule("a code of the mapping's [types]", "declare the code in [types]"),
    "unknown_value": Rule("a value of the mapping's map", "declare it in the column's map"),
    "school_year_format": Rule("a school year like 2026/27", "correct the value"),
    "period_format": Rule("a week like 2026-W37 or a month like 2026-09", "correct the value"),
    "outside_school_year": Rule(
        "a day inside a school year of calendar.csv", "correct the date or the calendar"
    ),
    "future": Rule("a day before the export was made", "correct the date, or the export date"),
    "weekend": Rule("a school day of calendar.csv", "correct the date"),
    "closing_day": Rule("a school day of calendar.csv", "correct the date or the calendar"),
    "no_school_day": Rule("at least one school day of calendar.csv", "correct the dates or the calendar"),
    "reversed_interval": Rule("a first day on or before the last", "correct the dates"),
    "half_day_grade": Rule("whole days in this grade (grades.half_days)", "correct at the source"),
    "half_day_value": Rule("0.5 or 1 day", "declare the value in columns.half_day.map"),
    "more_than_a_day": Rule(
        "no more than a school day", "correct the row, or the length of the day in the mapping"
    ),
    "length_of_parts": Rule(
        "whole days, or a part of one", "write the whole days and the half day in two rows"
    ),
    "time_format": Rule("a time of day like 08:20", "correct the cell"),
    "more_than_possible": Rule("no more absent days than school days", "correct at the source"),
    "more_than_calendar": Rule(
        "no more school days than the calendar has", "correct the row or the calendar"
    ),
    "no_school_days": Rule("more than zero school days", "correct at the source"),
    "types_do_not_add_up": Rule("types that sum to the total column", "correct at the source"),
    "conflict": Rule("one statement per pupil and day", "decide at the source which is right"),
    "formula": Rule("a value, not a formula", "paste as values and save again"),
    "holder_date": Rule("a date of withdrawal on or after the consent", "correct at the source"),
}
"""Every quarantine rule id; the identity of a rule is stable, its words may improve."""
