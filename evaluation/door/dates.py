"""Days, months' names and school years from text, in exactly the forms a mapping declares. Nothing is guessed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")


def weekday_of(text: str) -> int | None:
    """0 for Monday to 6 for Sunday, from a Danish name or at least its first two letters; None for another word."""
    word = text.strip().rstrip(".").casefold()
    return next((i for i, name in enumerate(WEEKDAYS) if len(word) >= 2 and name.startswith(word)), None)


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
