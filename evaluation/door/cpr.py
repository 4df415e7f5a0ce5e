"""CPR numbers: what is one, when its holder was born, and all that people born in some years can have.

Source: CPR-kontoret, "Personnummeret i CPR". No keys and no pupils.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

REPLACEMENT = 60
"""Added to the day in a replacement number."""


def parse_cpr(text: str) -> tuple[Any, str | None]:
    """A CPR number as ten characters. Modulus 11 is not tested: valid numbers have failed it since 2007.

    The date must exist; replacement numbers are accepted: day + 60, and those that systems make with letters among the
    last four (``010114-A1B2``). Source: CPR-kontoret, "Personnummeret i CPR".
    """
    if not text:
        return None, "empty_value"
    if re.fullmatch(r"\d{9}", text) or re.fullmatch(r"\d{5}[- ]\d{4}", text):
        return None, "cpr_nine_digits"
    match = _NUMBER.fullmatch(text) if text.isascii() else None
    if not match:
        return None, "cpr_format"
    day, month, year = (int(g) for g in match.groups()[:3])
    serial = int(match[4]) if match[4].isdigit() else _CHILDREN
    if day > REPLACEMENT:
        day -= REPLACEMENT
    try:
        dt.date(century(year, serial) + year, month, day)
    except ValueError:
        return None, "cpr_date"
    return "".join(match.groups()).upper(), None


_NUMBER = re.compile(r"(\d{2})(\d{2})(\d{2})[- ]?(\d{4}|(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[0-9A-Za-z]{4})")
_CHILDREN = 4000
"""A number with letters says no century: it is read as one of this."""


def century(year: int, serial: int) -> int:
    """1800, 1900 or 2000: the seventh digit and the year together, as CPR-kontoret states."""
    seventh = serial // 1000
    if seventh <= 3:
        return 1900
    if seventh in (4, 9):
        return 2000 if year <= 36 else 1900
    return 2000 if year <= 57 else 1800


def numbers_born(years: Iterable[int]) -> Iterator[str]:
    """Every CPR number that people born in these years can have; replacement numbers after all others."""
    for more in (0, REPLACEMENT):
        for year in years:
            for ordinal in range(dt.date(year, 1, 1).toordinal(), dt.date(year + 1, 1, 1).toordinal()):
                yield from _numbers_of(dt.date.fromordinal(ordinal), more)


def _numbers_of(day: dt.date, more: int) -> Iterator[str]:
    start = f"{day.day + more:02d}{day:%m%y}"
    return (start + serial for serial in serials_of(day.year))


@lru_cache(maxsize=4)
def serials_of(year: int) -> tuple[str, ...]:
    """Last four digits that go with a year of birth."""
    sevenths = [d for d in range(10) if century(year % 100, 1000 * d) + year % 100 == year]
    return tuple(f"{n:04d}" for d in sevenths for n in range(1000 * d, 1000 * d + 1000))
