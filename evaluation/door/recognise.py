"""Telling what an unknown export is: which of its columns are ours, and of what kind and grain the file is.

Columns are told by their headings first, then by the shape of what stands in them; no value is shown to anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import parse_date
from evaluation.door.headings import (
    CHOICES,
    DATE_FORMATS,
    FIRST_NAMES,
    HALF,
    HEADINGS,
    LAST_NAMES,
    NAME_HEADINGS,
    heading,
    type_of,
)
from evaluation.door.look import Look
from evaluation.door.values import parse_class


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
        c for c, values in look.columns.items() if c not in look.days and share_of(values, is_number, 0.5)
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
        taken = {*found.values(), *look.days}
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
    """Kind of the file and grain of its rows, as mapping files name them; the grain is empty where a kind has one."""
    amounts = len({type_of(c) for c in look.header if c and len(c) > 2} - {None})
    if "purpose" in found and "answer" in found:
        return "consents", ""
    if look.days:
        return "absence", "grid"
    if "status" in found and "kind" in found:
        return "talks", ""
    for period in ("week", "month", "quarter"):
        if period in found and amounts >= 2:
            return "totals", period
    if "from" in found and "to" in found and ("type" in found or not _is_roster(look)):
        return "absence", "interval"
    if "date" in found:
        return "absence", "day"
    return "pupils", ""


def _is_roster(look: Look) -> bool:
    known = {heading(c) for c in look.header}
    return bool(known & {*FIRST_NAMES, *LAST_NAMES, "indmeldt", "udmeldt", "klassetrin", "klassespor"})


def is_known(value: str) -> bool:
    """A word, alone, that exports use for a type, a choice or a share of a day."""
    known = {*HALF, "hel", "heldag", "hel dag", "nej", *(w for words in CHOICES.values() for w in words)}
    return heading(value) in known or (type_of(value) is not None and len(value.split()) <= 3)
