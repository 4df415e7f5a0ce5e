"""From the text of a cell to a value: dates, numbers, grades, school years, CPR numbers. No files, no pupils.

Everything works on distinct values: :func:`by_distinct` parses each different text once, so a million rows cost
what their few thousand different texts cost. A parser returns the value and, where it has none, a rule id of
:data:`RULES`.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x200E, 0x200F, 0x202A, 0x202C])
"""Zero-width and direction marks: they make two texts that look alike differ."""


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
    "forgotten": Rule("a pupil whose data may be used", "nothing; ask the source to leave the pupil out"),
    "ambiguous_name": Rule(
        "a name that one pupil of the school has", "add the CPR number or the class, or correct by hand"
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


def clean(text: str) -> str:
    """NFC, without zero-width marks, with ordinary blanks, stripped."""
    if text.isascii():
        # Nearly every cell of an export: nothing to compose, and no blank but the ordinary ones.
        return " ".join(text.translate(INVISIBLE).split())
    composed = unicodedata.normalize("NFC", text.translate(INVISIBLE))
    return " ".join(composed.replace("\u00a0", " ").replace("\u202f", " ").split())


def has_look_alike(text: str) -> bool:
    """Whether a text holds letters or digits of another script than Latin (Cyrillic "А", Arabic digits …)."""
    return not text.isascii() and any(
        not c.isascii() and (c.isalpha() or c.isnumeric()) and not unicodedata.name(c, "").startswith(_LATIN)
        for c in text
    )


_HAS_INVISIBLE = re.compile(f"[{''.join(re.escape(chr(c)) for c in INVISIBLE)}]").search
_LATIN = ("LATIN", "SUPERSCRIPT", "VULGAR", "FEMININE", "MASCULINE")


@dataclass(frozen=True)
class Parsed:
    """Values of one column: ``values`` (n,), ``is_bad`` (n,) where no value could be had, ``rules`` (n,) why.

    ``rules`` is computed on demand for the rows asked for, because nearly all rows are good.
    """

    values: np.ndarray
    is_bad: np.ndarray
    codes: np.ndarray
    distinct_rules: np.ndarray

    def rules(self, rows: np.ndarray) -> np.ndarray:
        """Rule ids of the given places (k,)."""
        return np.asarray(self.distinct_rules[self.codes[rows]])


def by_distinct(
    values: pd.Series, parse: Callable[[str], tuple[Any, str | None]], dtype: str = "object"
) -> Parsed:
    """Parse each distinct text once; an empty cell is given to ``parse`` as the empty text."""
    codes, uniques = pd.factorize(values)
    parsed = [_parse_clean(str(u), parse) for u in uniques] + [parse("")]
    found = np.empty(len(parsed), dtype=object)
    found[:] = [p[0] for p in parsed]
    rules = np.empty(len(parsed), dtype=object)
    rules[:] = [p[1] for p in parsed]
    is_bad = np.array([p[1] is not None for p in parsed])
    typed = found if dtype == "object" else np.array([p[0] for p in parsed], dtype=dtype)
    return Parsed(typed[codes], is_bad[codes], codes, rules)


def _parse_clean(text: str, parse: Callable[[str], tuple[Any, str | None]]) -> tuple[Any, str | None]:
    if _HAS_INVISIBLE(text):
        return parse("")[0], "invisible"
    if has_look_alike(text):
        return parse("")[0], "look_alike"
    return parse(clean(text))


def parse_date(
    formats: Sequence[str], *, epoch_1904: bool = False
) -> Callable[[str], tuple[Any, str | None]]:
    """A parser for dates in exactly these formats. ``excel`` takes date cells and serial numbers; months' names are
    Danish or English, whatever the machine's language is.

    The day and the month are never guessed: a text that fits no declared format has no date.
    """

    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return None, "empty_value"
        for fmt in formats:
            if fmt in ("excel", "excel1904"):
                found = _excel_date(text, epoch_1904 or fmt == "excel1904")
                if found is not None:
                    return found, None
                continue
            try:
                if "%B" in fmt:
                    parsed = dt.datetime.strptime(_month_as_number(text), fmt.replace("%B", "%m"))  # noqa: DTZ007
                else:
                    parsed = dt.datetime.strptime(text, fmt)  # noqa: DTZ007 (a calendar day has no time zone)
            except ValueError:
                continue
            if parsed.year >= 1900:
                return parsed.date(), None
        return None, "date_format"

    return parse


MONTHS = {
    name: number
    for names in (
        "januar februar marts april maj juni juli august september oktober november december",
        "january february march april may june july august september october november december",
        "jan feb mar apr maj jun jul aug sep okt nov dec",
    )
    for number, name in enumerate(names.split(), start=1)
}


def _month_as_number(text: str) -> str:
    return re.sub(r"[^\W\d_]+\.?", lambda m: str(MONTHS.get(m[0].rstrip(".").casefold(), m[0])), text)


EXCEL_CELL = "excel:"
"""Marks a real date cell, as the Excel reader hands it on."""


def _excel_date(text: str, epoch_1904: bool) -> dt.date | None:
    if text.startswith(EXCEL_CELL):
        return dt.date.fromisoformat(text.removeprefix(EXCEL_CELL)[:10])
    if not re.fullmatch(r"\d{4,5}(?:[.,]0+)?", text):
        return None
    serial = int(re.split(r"[.,]", text)[0])
    start = dt.date(1904, 1, 1) if epoch_1904 else dt.date(1899, 12, 30)
    return start + dt.timedelta(days=serial) if 10_000 <= serial <= 80_000 else None


def parse_number(decimal: str) -> Callable[[str], tuple[Any, str | None]]:
    """A parser for plain numbers with this decimal sign; the other sign, and thousands signs, are refused."""
    sign = re.escape(decimal)
    shape = re.compile(rf"[+-]?\d+(?:{sign}\d+)?(?:[eE][+-]?\d+)?")

    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return np.nan, "empty_value"
        if not (text.isascii() and shape.fullmatch(text)):
            return np.nan, "number_format"
        number = float(text.replace(decimal, "."))
        return (number, None) if np.isfinite(number) else (np.nan, "number_format")

    return parse


def parse_cpr(text: str) -> tuple[Any, str | None]:
    """A CPR number as ten digits. Modulus 11 is not tested: valid numbers have failed it since 2007.

    The date must exist; replacement numbers (day + 60) are accepted. Source: CPR-kontoret, "Personnummeret i CPR".
    """
    if not text:
        return None, "empty_value"
    if re.fullmatch(r"\d{9}", text) or re.fullmatch(r"\d{5}[- ]\d{4}", text):
        return None, "cpr_nine_digits"
    match = re.fullmatch(r"(\d{2})(\d{2})(\d{2})[- ]?(\d{4})", text)
    if not match or not text.isascii():
        return None, "cpr_format"
    day, month, year, serial = (int(g) for g in match.groups())
    if day > 60:
        day -= 60
    try:
        dt.date(century(year, serial) + year, month, day)
    except ValueError:
        return None, "cpr_date"
    return "".join(match.groups()), None


def century(year: int, serial: int) -> int:
    """1800, 1900 or 2000: the seventh digit and the year together, as CPR-kontoret states."""
    seventh = serial // 1000
    if seventh <= 3:
        return 1900
    if seventh in (4, 9):
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800


def parse_school_year(text: str) -> tuple[Any, str | None]:
    """``2026/27`` from "2026/27", "26/27", "2026-2027", "2026/2027", "Skoleår 2026/27"."""
    match = re.search(r"(?<!\d)(\d{4}|\d{2})\s*[/–-]\s*(\d{4}|\d{2})(?!\d)", text)
    if not text:
        return None, "empty_value"
    if not match:
        return None, "school_year_format"
    first, second = (int(g) % 100 for g in match.groups())
    if (first + 1) % 100 != second:
        return None, "school_year_format"
    century = match[1][:2] if len(match[1]) == 4 else "20"
    return f"{century}{first:02d}/{second:02d}", None


_CLASS = re.compile(
    r"0*(\d{1,2})(?:\s*[.\-]?\s*(?:kl(?:asse)?\.?|årgang)?\s*)?[.\- ]?\s*([A-Za-zÆØÅæøå]{1,2})?\s*\d?",
    re.IGNORECASE,
)


def parse_class(text: str) -> tuple[Any, Any]:
    """Grade and tidy label of one class: ("6", "6.A") from "6.A", "06A", "6 a", "6. a"; ("0", "0") from "0.kl".

    Returns (None, None) for what is not plainly one grade, e.g. "0/1", "6.-7.", "Rød stue".
    """
    match = _CLASS.fullmatch(text)
    if not match:
        return None, None
    grade, letter = str(int(match[1])), (match[2] or "").upper()
    if letter in ("KL",):
        letter = ""
    return grade, f"{grade}.{letter}" if letter else grade


def full_name(text: str) -> str:
    """A person's name as it is compared: "Efternavn, Fornavn" turned round, casefolded."""
    last, comma, first = text.partition(",")
    return clean(f"{first} {last}" if comma else text).casefold()


def shape_of(text: str) -> str:
    """A text with every letter as ``a``/``A`` and every digit as ``9``: what was found, without the value."""
    masked = "".join(
        "9" if c.isnumeric() else ("A" if c.isupper() else "a") if c.isalpha() else c for c in text[:40]
    )
    return f'"{masked}"' + (" …" if len(text) > 40 else "")


_SAFE = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|[+-]?\d{1,4}(?:[.,]\d{1,3}){0,2}|\d{1,2}[-./ ]{0,2}[A-Za-zÆØÅæøå]{0,2}[.]?"
    r"|[A-Za-zÆØÅæøå]{1,2}|excel:[\d-]+|\d{4}-[WwUu]?\d{1,2}"
)


def shown(text: str) -> str:
    """A value for a message: itself when it can only be a date, a small number, a class or a code; else its shape."""
    return f'"{text}"' if text and _SAFE.fullmatch(text) else shape_of(text)
