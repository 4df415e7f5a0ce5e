"""The order of periods that are written as text: quarters, months, weeks, dates, school years, numbered labels.

"Q42010" comes before "Q12011" and "2026-W9" before "2026-W10", although neither sorts so. All labels of a panel are
read in the first way of writing that fits every one of them; day and month are never guessed. Not here: periods
that are numbers already, and what a start column means (``design``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from evaluation.errors import InputError

Key = tuple[int, ...]
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january", "januar"),
            ("feb", "february", "februar"),
            ("mar", "march", "marts"),
            ("apr", "april"),
            ("may", "maj"),
            ("jun", "june", "juni"),
            ("jul", "july", "juli"),
            ("aug", "august"),
            ("sep", "sept", "september"),
            ("oct", "okt", "october", "oktober"),
            ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}
CLOCK = r"(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?(?:Z|[+-]\d{2}(?::?\d{2})?)?"
YEAR_MONTH = range(190_001, 210_000)
"""Whole numbers that may be a year with a month behind it, such as 202611."""


@dataclass(frozen=True)
class _Writing:
    """One way of writing a period: the pattern, and the sort key of its groups (None: not such a period)."""

    pattern: re.Pattern[str]
    key: Callable[[tuple[str, ...]], Key | None]

    def read(self, label: str) -> Key | None:
        match = self.pattern.fullmatch(label)
        return None if match is None else self.key(match.groups())


def _part(most: int, *, year: int = 0, part: int = 1) -> Callable[[tuple[str, ...]], Key | None]:
    """Year and a part of it from 1 to ``most``, found in these two groups."""

    def key(groups: tuple[str, ...]) -> Key | None:
        number = int(groups[part])
        return (int(groups[year]), number) if 1 <= number <= most else None

    return key


def _day(year: int, month: int, day: int) -> Callable[[tuple[str, ...]], Key | None]:
    def key(groups: tuple[str, ...]) -> Key | None:
        try:
            found = date(int(groups[year]), int(groups[month]), int(groups[day]))
        except ValueError:
            return None
        return (found.toordinal(), *_clock(groups[3:]))

    return key


def _clock(groups: tuple[str, ...]) -> Key:
    return tuple(int(g) for g in groups if g is not None)


def _school_year(groups: tuple[str, ...]) -> Key | None:
    first, second = int(groups[0]), int(groups[1])
    return (first,) if (first + 1) % 100 == second % 100 else None


def _named_month(year: int, name: int, day: int | None = None) -> Callable[[tuple[str, ...]], Key | None]:
    def key(groups: tuple[str, ...]) -> Key | None:
        month = MONTHS.get(groups[name].lower())
        if month is None:
            return None
        return (int(groups[year]), month) + (() if day is None else (int(groups[day]),))

    return key


def _writing(pattern: str, key: Callable[[tuple[str, ...]], Key | None]) -> _Writing:
    return _Writing(re.compile(pattern, re.IGNORECASE), key)


WRITINGS = (
    _writing(r"(\d{4})-(\d{1,2})-(\d{1,2})" + CLOCK, _day(0, 1, 2)),
    _writing(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})", _day(0, 1, 2)),
    _writing(r"(\d{4})[-/](\d{2}|\d{4})", _school_year),
    _writing(r"(\d{4})[-/ ]?m?(\d{1,2})", _part(12)),
    _writing(r"(\d{4})[-/: ]?[qk](\d)", _part(4)),
    _writing(r"[qk](\d)[-/: ]?(\d{4})", _part(4, year=1, part=0)),
    _writing(r"(\d)\.? ?(?:kvartal|quarter|q) ?(\d{4})", _part(4, year=1, part=0)),
    _writing(r"(\d{4})[-/: ]?[hs](\d)", _part(2)),
    _writing(r"(\d{4})[-/: ]?[wu](\d{1,2})", _part(53)),
    _writing(r"([^\W\d_]{3,9})\.?[- ]?(\d{4})", _named_month(1, 0)),
    _writing(r"(\d{4})[- ]?([^\W\d_]{3,9})\.?", _named_month(0, 1)),
    _writing(r"(\d{1,2})[-. ]*([^\W\d_]{3,9})\.?[- ]*(\d{4})", _named_month(2, 1, 0)),
)  # fmt: skip
DAY_FIRST = _writing(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})", _day(2, 1, 0))
MONTH_FIRST = _writing(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})", _day(2, 0, 1))
NUMBERED = re.compile(r"(\D*)(\d+)(\D*)")


@dataclass(frozen=True)
class PeriodOrder:
    """Periods in their order. ``known`` is False where text alone had to decide, which is no order in time."""

    labels: tuple[str, ...]
    read: Callable[[str], Key | None] | None

    @property
    def known(self) -> bool:
        """Whether the labels tell their order in time."""
        return self.read is not None

    def demand(self) -> None:
        """Refuse periods without an order in time.

        Raises:
            InputError: the text of the labels does not tell it.
        """
        if not self.known:
            raise InputError(
                "The order of the periods cannot be told from their text. Write them as numbers, dates (2026-11-05), "
                "months (2026-11), quarters (2026Q4) or weeks (2026-W45)."
            )

    def position(self, label: str) -> int | None:
        """How many periods lie before ``label``; None where it is not written as the periods are."""
        if self.read is None:
            return self.labels.index(label) if label in self.labels else None
        key = self.read(label)
        if key is None:
            return None
        return sum(1 for other in self.labels if (self.read(other) or ()) < key)


def period_order(labels: Sequence[str]) -> PeriodOrder:
    """The distinct labels in their order in time, or in the order of their text where they tell none.

    Raises:
        InputError: dates whose order depends on whether day or month comes first, or two labels of one period.
    """
    distinct = sorted(set(labels))
    for writing in WRITINGS:
        if all(writing.read(label) is not None for label in distinct):
            return _sorted(distinct, writing.read)
    readings = [w for w in (DAY_FIRST, MONTH_FIRST) if all(w.read(label) is not None for label in distinct)]
    orders = [_sorted(distinct, w.read) for w in readings]
    if len(orders) == 2 and orders[0].labels != orders[1].labels:
        raise InputError(
            "The dates in the time column can be read with the day or the month first, and their order depends on it. "
            "Write them as year-month-day, for example 2026-11-05."
        )
    if orders:
        return orders[0]
    return _numbered(distinct)


def _sorted(labels: list[str], read: Callable[[str], Key | None]) -> PeriodOrder:
    ordered = sorted(labels, key=lambda label: read(label) or ())
    keys = {read(label) for label in labels}
    if len(keys) < len(labels):
        raise InputError(
            f"{len(labels) - len(keys)} periods of the time column are written in more than one way. "
            "Write each period one way."
        )
    return PeriodOrder(tuple(ordered), read)


def _numbered(labels: list[str]) -> PeriodOrder:
    """Labels that differ in one number only ("week 9", "week 10"); else the order of their text."""
    matches = [NUMBERED.fullmatch(label) for label in labels]
    if len({m and (m.group(1), m.group(3)) for m in matches}) != 1 or matches[0] is None:
        return PeriodOrder(tuple(labels), None)
    before, after = matches[0].group(1), matches[0].group(3)

    def read(label: str) -> Key | None:
        found = NUMBERED.fullmatch(label)
        same = found is not None and (found.group(1), found.group(3)) == (before, after)
        return (int(found.group(2)),) if found is not None and same else None

    return _sorted(labels, read)


def are_year_months(values: Sequence[float]) -> bool:
    """Whether numbers such as 202611 are a year and a month: December and January would lie 89 apart."""
    numbers = set(values)
    if len({int(v) // 100 for v in numbers}) < 2 or not all(v in YEAR_MONTH for v in numbers):
        return False
    return all(1 <= int(v) % 100 <= 12 for v in numbers)
