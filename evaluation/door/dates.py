"""Days, months' names and school years from text, in exactly the forms a mapping declares. Nothing is guessed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")


def weekday_of(text: str) -> int | None:
    """0 for Monday to 6 for Sunday, from a Danish name or at least its first two letters, or an English one or its first
    three; None for another word.
    """
    word = text.strip().rstrip(".").casefold()
    for names, least in ((WEEKDAYS, 2), (_ENGLISH_DAYS, 3)):
        for i, name in enumerate(names):
            if len(word) >= least and name.startswith(word):
                return i
    return None


_ENGLISH_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SESSION = re.compile(
    r"(\w+)[ .\-_/]*\b(am|pm|fm|em|formiddag|eftermiddag|morning|afternoon)\.?", re.IGNORECASE
)


def session_of(text: str) -> tuple[int, int] | None:
    """Weekday and half (0 before noon, 1 after) of a heading like ``Mon AM`` or ``Tirsdag eftermiddag``."""
    match = _SESSION.fullmatch(text.strip())
    day = weekday_of(match[1]) if match else None
    if match is None or day is None:
        return None
    return day, int(match[2].casefold() in ("pm", "em", "eftermiddag", "afternoon"))


def parse_date(
    formats: Sequence[str], *, epoch_1904: bool = False
) -> Callable[[str], tuple[Any, str | None]]:
    """A parser for dates in exactly these formats. ``excel`` takes date cells and serial numbers, ``iso`` ISO 8601 with
    or without a time and an offset; months' names are Danish or English, whatever the machine's language is; a name of
    a weekday before the date is passed over.

    The day and the month are never guessed: a text that fits no declared format has no date.
    """
    read = parse_moment(formats, epoch_1904=epoch_1904)

    def parse(text: str) -> tuple[Any, str | None]:
        found, rule = read(text)
        return (None if found is None else found.date()), rule

    return parse


def parse_moment(
    formats: Sequence[str], *, epoch_1904: bool = False
) -> Callable[[str], tuple[Any, str | None]]:
    """As :func:`parse_date`, with the time of day; a moment with an offset is told in Danish time."""

    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return None, "empty_value"
        for fmt in formats:
            if fmt in ("excel", "excel1904"):
                found = _excel_moment(text, epoch_1904 or fmt == "excel1904")
                if found is not None:
                    return found, None
                continue
            try:
                if fmt == "iso":
                    found = dt.datetime.fromisoformat(text)
                elif "%B" in fmt:
                    if not any(c.isalpha() for c in text):
                        continue
                    bare = _WEEKDAY.sub("", text)
                    found = dt.datetime.strptime(_month_as_number(bare), fmt.replace("%B", "%m"))  # noqa: DTZ007
                else:
                    found = dt.datetime.strptime(_WEEKDAY.sub("", text), fmt)  # noqa: DTZ007 (time zones below)
            except ValueError:
                continue
            if found.year >= 1900:
                return _danish(found), None
        return None, "date_format"

    return parse


def _danish(moment: dt.datetime) -> dt.datetime:
    """A moment with an offset as the clocks on the wall showed it; midnight by an offset of nought is a plain date."""
    if moment.tzinfo is None:
        return moment
    plain = moment.replace(tzinfo=None)
    if not moment.utcoffset() and plain.time() == dt.time():
        return plain
    return moment.astimezone(_DENMARK).replace(tzinfo=None)


_DENMARK = ZoneInfo("Europe/Copenhagen")
_WEEKDAY = re.compile(
    r"^(?:(?:man|tirs|ons|tors|fre|lør|søn)(?:dag)?|ma|ti|on|to|fr|lø|sø|tir|tor"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun)\b\.?,?\s*(?:den\s+|d\.\s*)?",
    re.IGNORECASE,
)
"""A weekday before a date, with what Danish puts between them."""

MONTHS = {
    name: number
    for names in (
        "januar februar marts april maj juni juli august september oktober november december",
        "january february march april may june july august september october november december",
        "jan feb mar apr maj jun jul aug sep okt nov dec",
        "jan feb mar apr may jun jul aug sept oct nov dec",
    )
    for number, name in enumerate(names.split(), start=1)
}
ENGLISH_MONTHS = frozenset({"january", "february", "march", "may", "june", "july", "october", "oct"})
"""Names of months that only English writes so."""


def _month_as_number(text: str) -> str:
    return re.sub(r"[^\W\d_]+\.?", lambda m: _numbered(m[0]), text)


def _numbered(word: str) -> str:
    """The number of a month in place of its name; the full stop of a short name goes with it."""
    number = MONTHS.get(word.rstrip(".").casefold())
    return word if number is None else str(number)


EXCEL_CELL = "excel:"
"""Marks a real date cell, as the Excel reader hands it on."""


def _excel_moment(text: str, epoch_1904: bool) -> dt.datetime | None:
    if text.startswith(EXCEL_CELL):
        return dt.datetime.fromisoformat(text.removeprefix(EXCEL_CELL))
    match = re.fullmatch(r"(\d{4,5})(?:[.,](\d+))?", text)
    if not match:
        return None
    serial = int(match[1])
    if not 10_000 <= serial <= 80_000:
        return None
    start = dt.datetime(1904, 1, 1) if epoch_1904 else dt.datetime(1899, 12, 30)  # noqa: DTZ001 (a calendar day)
    seconds = round(float(f"0.{match[2] or 0}") * 86_400)
    return start + dt.timedelta(days=serial, seconds=seconds)


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
