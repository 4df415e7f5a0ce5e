"""Telling what an unknown export is: which of its columns are ours, and of what kind and grain the file is.

Columns are told by their headings first, then by the shape of what stands in them; no value is shown to anybody.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable

from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import MONTHS, parse_date
from evaluation.door.heading_row import LEAST_DATES
from evaluation.door.headings import (
    CHOICES,
    DATE_FORMATS,
    FIRST_NAMES,
    HALF,
    HEADINGS,
    LAST_NAMES,
    NAME_HEADINGS,
    PRESENT,
    heading,
    is_percent,
    type_of,
)
from evaluation.door.look import Look
from evaluation.door.values import parse_class
from evaluation.errors import InputError, Problem


def columns_of(look: Look) -> dict[str, str]:
    """Our column → the file's, by heading first, then by the shape of the values."""
    found: dict[str, str] = {}
    tidy = {heading(c): c for c in reversed(look.header) if c}
    for name, headings in HEADINGS.items():
        hit = next(
            (
                tidy[h]
                for h in headings
                if h in tidy and (tidy[h] not in found.values() or name == "local_id")
            ),
            None,
        )
        if hit:
            found[name] = hit
    numbers = [
        c for c, values in look.columns.items() if c not in look.marks and share_of(values, is_number, 0.5)
    ]
    if numbers:
        found["pupil"] = numbers[0]
    elif "pupil" not in found:
        names = next((tidy[h] for h in NAME_HEADINGS if h in tidy), None)
        found |= {"pupil": names} if names else {}
    status = found.get("status", "")
    if "type" not in found and "kind" not in found and share_of(look.columns.get(status, ()), type_of, 0.5):
        found["type"] = found.pop("status")
    for name, test in (
        ("type", lambda v: type_of(v) is not None),
        ("class", lambda v: parse_class(v)[1] not in (None, parse_class(v)[0])),
        ("date", lambda v: any(parse_date((f,))(v)[1] is None for _, f in DATE_FORMATS)),
    ):
        taken = {*found.values(), *look.marks}
        free = [c for c, v in look.columns.items() if c not in taken and share_of(v, test, 0.8)]
        if name not in found and free and not (name == "date" and "from" in found):
            found[name] = free[0]
    return found


def is_number(value: str) -> bool:
    """Is it a CPR number, or one that was spoilt on the way (a lost zero, an impossible date)?"""
    return parse_cpr(value)[1] in (None, "cpr_nine_digits", "cpr_date")


def share_of(values: Iterable[str], test: Callable[[str], object], least: float) -> bool:
    """Do at least the share ``least`` (0 to 1) of the values pass? No values pass nothing."""
    passed = [bool(test(v)) for v in values]
    return bool(passed) and sum(passed) >= least * len(passed)


def kind_of(found: dict[str, str], look: Look) -> tuple[str, str]:
    """Kind of the file and grain of its rows, as mapping files name them; the grain is empty where a kind has one.

    Raises:
        InputError: the file counts days over spans that no period holds.
    """
    by_type = bool(amounts_of(found, look)) and "type" not in found
    if "purpose" in found and "answer" in found:
        return "consents", ""
    if len([h for h in look.header if is_period(h)]) >= LEAST_DATES:
        raise refuse(
            "weeks or months stand as headings, which no mapping can read",
            rule="period_headings",
            found="a column for each week or month",
            expected="one line for each pupil and week or month, with a column for each type",
            next_step="ask for the export in lines, or turn the table round and save it",
        )
    if look.marks:
        return "absence", "grid"
    if "status" in found and "kind" in found:
        return "talks", ""
    for period in ("week", "month", "quarter"):
        if period in found and (by_type or not {"type", "date", "from"} & found.keys()):
            return "totals", period
    if "from" in found and "to" in found:
        if by_type:
            return "totals", _span_of(found, look)
        if "type" in found or not _is_roster(look):
            return "absence", "interval"
    elif "from" in found and "type" in found:
        return "absence", "interval"
    if "date" in found and by_type:
        if _are_counts(found, look):
            raise _long_spans(
                "the file counts days up to a date and does not say since when",
                "numbers of days larger than one, and one date",
            )
        return "absence", "grid"
    if "date" in found:
        return "absence", "day"
    return "pupils", ""


def amounts_of(found: dict[str, str], look: Look) -> dict[str, str]:
    """Columns that name a type of absence in their headings, with the type; none when fewer than two do."""
    taken = set(found.values())
    named = (c for c in look.header if len(c) > 2 and c not in taken and not is_percent(c))
    hit = {c: t for c in named if (t := type_of(c))}
    return hit if len(set(hit.values())) >= 2 else {}


def _are_counts(found: dict[str, str], look: Look) -> bool:
    """Are most amounts larger than a day, so that they cannot be one day's?"""
    sizes = [
        (float(v.replace(",", ".")), n)
        for c in amounts_of(found, look)
        for v, n in look.columns[c].items()
        if re.fullmatch(r"\d+(?:[.,]\d+)?", v)
    ]
    some = sum(n for size, n in sizes if size > 0)
    return sum(n for size, n in sizes if size > 1) > some / 2


def _span_of(found: dict[str, str], look: Look) -> str:
    """The period that holds every span from a first to a last day."""
    days = {n: sorted(_as_days(look.columns.get(found[n], ()))) for n in ("from", "to")}
    if len(days["from"]) != len(days["to"]) or not days["from"]:
        pairs = [(min(days["from"], default=dt.date.min), max(days["to"], default=dt.date.max))]
    else:
        pairs = list(zip(days["from"], days["to"], strict=True))
    periods: dict[str, Callable[[dt.date], object]] = {
        "week": lambda d: d.isocalendar()[:2],
        "month": lambda d: (d.year, d.month),
        "quarter": lambda d: (d.year, (d.month - 1) // 3),
    }
    for name, period in periods.items():
        if all(period(first) == period(last) for first, last in pairs):
            return name
    raise _long_spans(
        "the file counts days over more than a quarter, so nobody can tell in which month they were",
        "spans longer than a week, a month or a quarter",
    )


def _long_spans(message: str, found: str) -> InputError:
    return refuse(
        message,
        rule="long_spans",
        found=found,
        expected="days by week or month, or one row per day or interval",
        next_step="ask for the export by week, or for each absence",
    )


def refuse(message: str, *, rule: str, found: str, expected: str, next_step: str) -> InputError:
    """The refusal of a file that no mapping can read, to be raised."""
    return InputError(message, [Problem("", found=found, rule=rule, expected=expected, next_step=next_step)])


def _as_days(values: Iterable[str]) -> set[dt.date]:
    parsed = (parse_date(tuple(f for _, f in DATE_FORMATS))(v)[0] for v in values)
    return {d for d in parsed if d is not None}


def is_period(text: str) -> bool:
    """Is it the name of a month or of a week?"""
    words = heading(text).split()
    return len(words) in (1, 2) and (
        words[0] in MONTHS or (words[0] in ("uge", "week") and words[-1].isdigit())
    )


def _is_roster(look: Look) -> bool:
    known = {heading(c) for c in look.header}
    names = {*FIRST_NAMES, *LAST_NAMES, *NAME_HEADINGS}
    return bool(known & {*names, "indmeldt", "udmeldt", "klassetrin", "klassespor"})


def is_known(value: str) -> bool:
    """A word, alone, that exports use for a type, a choice or a share of a day."""
    known = {
        *HALF,
        *PRESENT,
        "hel",
        "heldag",
        "hel dag",
        "nej",
        *(w for words in CHOICES.values() for w in words),
    }
    return heading(value) in known or (type_of(value) is not None and len(value.split()) <= 3)
