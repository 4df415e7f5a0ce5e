"""Which ways of writing dates a file uses: the one order of day, month and year that reads all of them, or a question.

An order is told by the dates alone: a day over 12, a month by name, a year of four figures first. Whether a day was a
holiday or lies ahead tells nothing, because schools err.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from evaluation.door.dates import ENGLISH_MONTHS, parse_date
from evaluation.door.headings import DATE_FORMATS

_FORMATS = dict(DATE_FORMATS)


@dataclass(frozen=True)
class Orders:
    """``chosen``: the fewest formats that read all dates in one order; empty when nothing fits.

    ``others``: formats of another order that reads all of them as well, as other days; then nobody but the school knows.
    ``unread``: how many different texts no format reads.
    """

    chosen: tuple[str, ...]
    others: tuple[str, ...]
    unread: int
    has_english_months: bool


def order_of(label: str) -> str:
    """``dmy``, ``mdy``, ``ymd``, or empty for a way of writing that cannot be taken for another."""
    if label in ("excel", "excel1904", "iso") or "mmm" in label:
        return ""
    order = "".join(dict.fromkeys(c for c in label.split(" hh")[0] if c in "dmy"))
    return "" if label.startswith("yyyy") else order


@cache
def _read(label: str, text: str) -> dt.date | None:
    found: dt.date | None = parse_date((_FORMATS[label],))(text)[0]
    return found


def orders_of(texts: Iterable[str], years: range) -> Orders:
    """How the dates are written; a reading outside ``years`` is no reading, because nothing of it could be used."""
    values = sorted(set(texts))
    days = {
        (label, v): day
        for label in _FORMATS
        for v in values
        if (day := _read(label, v)) is not None and day.year in years
    }
    known = {v for _, v in days}
    sure = [label for label in _FORMATS if not order_of(label)]
    by_order: dict[str, dict[str, dt.date]] = {}
    for order in ("dmy", "ymd", "mdy"):
        labels = [*sure, *(label for label in _FORMATS if order_of(label) == order)]
        by_order[order] = {
            v: days[label, v] for label in reversed(labels) for v in known if (label, v) in days
        }
    whole = [o for o, read in by_order.items() if len(read) == len(known)]
    has_english = any(w in ENGLISH_MONTHS for v in known for w in re.findall(r"[a-z]+", v.casefold()))
    if not known:
        return Orders((), (), len(values), has_english)
    if not whole:
        # Two orders in one file: which text is which, nobody can tell.
        most = sorted(by_order, key=lambda o: -len(by_order[o]))[:2]
        one, two = (_fewest(o, known, days, sure) for o in most)
        return Orders(one, two, len(values) - len(known), has_english)
    first = whole[0]
    other = next((o for o in whole[1:] if by_order[o] != by_order[first]), None)
    return Orders(
        _fewest(first, known, days, sure),
        _fewest(other, known, days, sure) if other else (),
        len(values) - len(known),
        has_english,
    )


def _fewest(
    order: str, known: set[str], days: dict[tuple[str, str], dt.date], sure: list[str]
) -> tuple[str, ...]:
    """The formats of an order that read the most, until all is read."""
    left, chosen = set(known), []
    labels = [label for label in _FORMATS if label in sure or order_of(label) == order]
    while left:
        best = max(labels, key=lambda label: sum((label, v) in days for v in left))
        read = {v for v in left if (best, v) in days}
        if not read:
            break
        chosen.append(best)
        left -= read
    return tuple(chosen)
