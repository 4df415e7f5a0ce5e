"""What a column that nobody reads may mean, told by its values and its place among the others.

A column is harmless when it can be shown to say nothing of how much a row counts: it is empty, holds numbers or names
of persons, repeats what another column says (the week of the date, the grade of the class), or is free text. Everything
else is a :class:`~evaluation.door.questions.Question`: an amount, a second date, a status, a share or half of the day.
The same judgement is made by the draft of a mapping and by the door, of the same values, over the whole file.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import MONTHS, WEEKDAYS, parse_date
from evaluation.door.headings import (
    ATTRIBUTES,
    DATE_FORMATS,
    FIRST_NAMES,
    HEADINGS,
    LAST_NAMES,
    NAME_HEADINGS,
    STAMPS,
    heading,
    is_percent,
)
from evaluation.door.questions import is_ignored
from evaluation.door.values import parse_class

Class = Literal["empty", "person", "number", "amount", "date", "words", "text"]
MOST_DISTINCT = 2_000
"""Different values of a column that are kept; one that has more is judged by these."""
SAMPLE_ROWS = 5_000
"""Rows that are compared across columns."""
FEW = 20
"""A column of so few different words may be a code."""
SENTENCE = 6
"""So many words are no code, however often they stand, unless they tell a part of a day."""
_TELLS_A_PART = re.compile(
    r"½|\bhalv|\bformiddag|\beftermiddag|\d\s*(?:t|timer?|lektion\w*|min\w*)\b|%", re.IGNORECASE
)
_TRIED = 300
"""Different values of which a share is taken: the commonest."""

_AMOUNT = re.compile(
    r"(?:kl\.?\s*)?[+-]?\d{1,4}(?:[.,]\d{1,4})?(?:\s*[½¼¾⅓⅔])?\s*(?:%|[^\W\d_]{1,12}\.?)?|[½¼¾⅓⅔].*"
    r"|\d{1,2}\s*/\s*\d{1,2}|(?:kl\.?\s*)?\d{1,2}[:.]\d{2}(?::\d{2})?(?:\s*[-–]\s*\d{1,2}[:.]\d{2})?"
)
_ALL_DATES = parse_date([f for _, f in DATE_FORMATS if f != "excel"])


@dataclass
class Values:
    """Different values of a column with how often each stands; ``is_many`` when not all of them were kept."""

    counts: Counter[str] = field(default_factory=Counter)
    filled: int = 0
    is_many: bool = False

    def add(self, more: Iterable[tuple[str, int]]) -> None:
        """Count more values."""
        for value, n in more:
            self.filled += n
            if value in self.counts or len(self.counts) < MOST_DISTINCT:
                self.counts[value] += n
            else:
                self.is_many = True


@dataclass(frozen=True)
class Table:
    """The columns of a file as far as meaning needs them.

    ``values`` by heading; ``rows``: some rows as heading → text, in the file's order; ``read``: our column → the file's,
    for the columns that are read.
    """

    values: dict[str, Values]
    rows: Sequence[dict[str, str]]
    read: dict[str, str]
    amounts: tuple[str, ...] = ()

    def column(self, name: str) -> list[str]:
        """A column of the sample."""
        return [row.get(name, "") for row in self.rows]


def class_of(values: Values) -> Class:
    """What the values alone look like."""
    if not values.filled:
        return "empty"
    common = [v for v, _ in values.counts.most_common(_TRIED)]
    weight = sum(values.counts[v] for v in common)

    def share(test: Callable[[str], object]) -> float:
        return sum(values.counts[v] for v in common if test(v)) / weight

    if share(lambda v: "@" in v or parse_cpr(v)[1] in (None, "cpr_nine_digits")) >= 0.5:
        return "person"
    if share(is_some_date) >= 0.3:
        return "date"
    if share(lambda v: re.fullmatch(r"[+-]?[\d ]{5,}", v) or re.fullmatch(r"0\d{3,}", v)) >= 0.5:
        return "number"
    if (
        share(_AMOUNT.fullmatch) >= 0.2
        and not share(lambda v: parse_class(v)[1] not in (None, parse_class(v)[0])) >= 0.8
    ):
        return "amount"
    if share(lambda v: len(v.split()) >= SENTENCE and not _TELLS_A_PART.search(v)) >= 0.9:
        return "text"
    many_words = share(lambda v: len(v.split()) >= 3 or len(v) > 25)
    distinct = len(values.counts)
    if many_words >= 0.5 and distinct >= 0.8 * values.filled and distinct > 1:
        return "text"
    top = sum(n for _, n in values.counts.most_common(FEW))
    return "words" if distinct <= FEW or top >= 0.6 * values.filled else "text"


def is_some_date(text: str) -> bool:
    """Is it a date in some way of writing, of the years that a study can be about?"""
    if len(text) > 45 or not any(c.isdigit() for c in text):
        return False
    if re.fullmatch(r"\d{5}(?:[.,]\d+)?", text):
        return 42_000 <= float(text.replace(",", ".")) <= 49_800
    day = parse_date(("excel",))(text)[0] or _ALL_DATES(text)[0]
    return day is not None and 1990 <= day.year <= 2045


@dataclass(frozen=True)
class Unread:
    """A column that is not read and may matter: what it looks like."""

    name: str
    looks: Class


def may_matter(table: Table, ignored: Iterable[str] = (), *, is_roster: bool = False) -> tuple[Unread, ...]:
    """Columns that are neither read nor ignored and cannot be shown to be harmless, in the file's order."""
    left, patterns = set(table.read.values()), tuple(ignored)
    found: list[Unread] = []
    for name, values in table.values.items():
        if not name or name in left or is_ignored(name, patterns):
            continue
        looks = class_of(values)
        if looks in ("empty", "person", "text") or _is_known(name, looks):
            continue
        if is_roster and looks != "date" and heading(name) not in HEADINGS["status"]:
            continue
        if looks == "number" or any(test(table, name, looks) for test in _ADDS_NOTHING):
            continue
        same = (*table.read.values(), *(other.name for other in found))
        if table.rows and any(table.column(name) == table.column(other) for other in same):
            continue
        found.append(Unread(name, looks))
    return tuple(found)


def _is_known(name: str, looks: Class) -> bool:
    """Headings that say who or when it was noted, never how much."""
    tidy = heading(name)
    if looks == "date":
        return tidy in STAMPS
    places = (*HEADINGS["class"], *HEADINGS["grade"])
    return looks in ("words", "number") and tidy in (
        *ATTRIBUTES,
        *places,
        *NAME_HEADINGS,
        *FIRST_NAMES,
        *LAST_NAMES,
    )


def _is_of_the_date(table: Table, name: str, looks: Class) -> bool:
    """The week, month, year, weekday or school year of a date that is read; or a date far from it (a birthday)."""
    for column in (table.read.get("date"), table.read.get("from"), table.read.get("given_on")):
        days = (
            [(_day(a), b) for a, b in zip(table.column(column), table.column(name), strict=True)]
            if column
            else []
        )
        pairs = [(d, b) for d, b in days if d is not None and b]
        if not pairs:
            continue
        if looks == "date":
            others = [(d, _day(b)) for d, b in pairs]
            return all(o is not None and abs((d - o).days) > 400 for d, o in others)
        is_told = len({b for _, b in pairs}) >= 2 and len(pairs) >= 5
        is_headed = heading(name) in (*HEADINGS["week"], *HEADINGS["month"], *HEADINGS["year"], "ugedag", "dag",
                                      *HEADINGS["school_year"], *HEADINGS["quarter"])  # fmt: skip
        if (is_told or is_headed) and any(all(_tidy(b) in part(d) for d, b in pairs) for part in _PARTS):
            return True
    return False


def _tidy(text: str) -> str:
    return re.sub(r"^(?:uge|week|w|u)\s*|\.$", "", text.casefold()).lstrip("0") or "0"


_PARTS: tuple[Callable[[dt.date], tuple[str, ...]], ...] = (
    lambda d: (str(d.isocalendar().week), f"{d.isocalendar().year}-w{d.isocalendar().week:02d}"),
    lambda d: (str(d.month), *(m for m, n in MONTHS.items() if n == d.month), f"{d.year}-{d.month:02d}"),
    lambda d: (str(d.year),),
    lambda d: (str(d.year + (d.month >= 8)),),
    lambda d: (str(d.day),),
    lambda d: (str(d.isoweekday()), WEEKDAYS[d.weekday()], *(WEEKDAYS[d.weekday()][:n] for n in (2, 3, 4))),
    lambda d: tuple(
        f"{a}/{b}"
        for y in (d.year - (d.month < 8),)
        for a, b in ((y, (y + 1) % 100), (y % 100, (y + 1) % 100), (y, y + 1))
    ),
    lambda d: (str((d.month + 2) // 3), f"{(d.month + 2) // 3}. kvartal {d.year}"),
)


def _is_of_the_class(table: Table, name: str, _: Class) -> bool:
    """The grade or the letter of the class that is read."""
    column = table.read.get("class")
    pairs = (
        [(parse_class(a), b) for a, b in zip(table.column(column), table.column(name), strict=True) if b]
        if column
        else []
    )
    told = [(c, b) for c, b in pairs if c[0] is not None]
    if not told or not (
        heading(name) in HEADINGS["grade"] or (len(told) >= 5 and len({b for _, b in told}) >= 2)
    ):
        return False
    return all(
        b.casefold().rstrip(".")
        in (c[0], f"{int(c[0]):02d}", str(c[1]).casefold(), str(c[1]).partition(".")[2].casefold())
        or parse_class(b)[0] == c[0]
        for c, b in told
    )


def _is_of_the_pupil(table: Table, name: str, _: Class) -> bool:
    """One value for each pupil and nearly as many values as pupils: a name or a number of theirs."""
    column = table.read.get("pupil")
    pairs = (
        [(a, b) for a, b in zip(table.column(column), table.column(name), strict=True) if a and b]
        if column
        else []
    )
    by_pupil: dict[str, set[str]] = {}
    for a, b in pairs:
        by_pupil.setdefault(a, set()).add(b)
    values = {b for _, b in pairs}
    return (
        len(by_pupil) >= 5
        and len(pairs) >= 1.5 * len(by_pupil)
        and len(values) >= 0.6 * len(by_pupil)
        and all(len(v) == 1 for v in by_pupil.values())
        and not any(re.search(r"\d[.,:]\d|[½%]", v) for v in values)
    )


def _names_the_same(table: Table, name: str, looks: Class) -> bool:
    """Another name of the school or class: one value for each, and a value of its own."""
    for ours in ("school", "class"):
        column = table.read.get(ours)
        pairs = (
            {(a, b) for a, b in zip(table.column(column), table.column(name), strict=True)}
            if column
            else set()
        )
        if (
            len(pairs) >= 3
            and len(table.rows) >= 1.5 * len(pairs)
            and len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
            and looks == "words"
        ):
            return True
    return False


def _is_row_number(table: Table, name: str, _: Class) -> bool:
    numbers = table.column(name)
    if len(numbers) < 5 or not all(n.isdigit() for n in numbers):
        return False
    return all(int(b) == int(a) + 1 for a, b in pairwise(numbers))


def _is_length_of_the_interval(table: Table, name: str, looks: Class) -> bool:
    """Days or weekdays from the first day to the last, as the dates already say."""
    first, last = table.read.get("from"), table.read.get("to")
    if not first or not last or looks != "amount":
        return False
    rows = zip(table.column(first), table.column(last), table.column(name), strict=True)
    lengths = [(_day(a), _day(b), _number(c)) for a, b, c in rows if a and b and c]
    known = [(a, b, c) for a, b, c in lengths if a is not None and b is not None and c is not None]
    return (
        bool(known)
        and len(known) == len(lengths)
        and (
            all((b - a).days + 1 == c for a, b, c in known) or all(_weekdays(a, b) == c for a, b, c in known)
        )
    )


def _weekdays(first: dt.date, last: dt.date) -> int:
    return sum((first + dt.timedelta(days=n)).weekday() < 5 for n in range((last - first).days + 1))


def _is_sum_or_share(table: Table, name: str, looks: Class) -> bool:
    """The sum of the amounts that are read, or a percentage of the possible days."""
    if not table.amounts or looks != "amount":
        return False
    possible = table.read.get("school_days")
    checked = 0
    for row in table.rows:
        said = _number(row.get(name, "").rstrip("% "))
        parts = [_number(row.get(a, "") or "0") for a in table.amounts]
        days = _number(row.get(possible, "")) if possible else None
        if said is None or None in parts:
            continue
        checked += 1
        numbers = [p for p in parts if p is not None]
        if is_percent(name) or "%" in row.get(name, ""):
            if not days or not any(abs(said - 100 * n / days) <= 0.6 for n in (*numbers, sum(numbers))):
                return False
        elif abs(said - sum(numbers)) > 0.01:
            return False
    return checked > 0


_ADDS_NOTHING: tuple[Callable[[Table, str, Class], bool], ...] = (
    _is_of_the_date,
    _is_of_the_class,
    _is_of_the_pupil,
    _names_the_same,
    _is_row_number,
    _is_length_of_the_interval,
    _is_sum_or_share,
)
"""Ways in which a column can be shown to add nothing to what is read."""


def _day(text: str) -> dt.date | None:
    found: dt.date | None = (parse_date(("excel",))(text)[0] or _ALL_DATES(text)[0]) if text else None
    return found


def _number(text: str) -> float | None:
    return float(text.replace(",", ".")) if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text.strip()) else None


WHY: dict[Class, str] = {
    "amount": "læses ikke og ligner en mængde (tal, timer, minutter, klokkeslæt eller procent)",
    "date": "læses ikke og er en dato til i samme række (en slutdag, en længde?)",
    "words": "læses ikke og har få forskellige ord: en status, en godkendelse, hel eller halv dag, formiddag eller "
    "eftermiddag?",
}
"""Why an unread column is asked about."""


HALVES_IN_CODES = re.compile(r"½|halv|1/2|0[.,]5|\d\s*(?:t|l|m)\b|%", re.IGNORECASE)


MOST_LETTERS_MORE = 4  # "halv"; a longer addition is a word of its own, and read as one


def codes_with_a_share(types: Mapping[str, str]) -> tuple[str, ...]:
    """Codes that may say a share of the day with the type ``types`` gives them: letters with figures or fractions (``S½``,
    ``S2``), one of two codes that differ by capitals alone (``s``, ``S``), a short code that another begins with (``SH``
    beside ``S``), and a word with few letters more than another of its type (``Sygh`` beside ``Syg``)."""
    known = {c: kind for c, kind in types.items() if c}
    folded = Counter(c.casefold() for c in known)

    def goes_on(code: str, other: str) -> bool:
        is_same = {known[code], known[other]} & {"?"} or known[code] == known[other]
        shorter, longer = other.casefold(), code.casefold()
        if not 0 < len(longer) - len(shorter) <= MOST_LETTERS_MORE:
            return False
        if len(longer) <= 3 and longer.startswith(shorter):
            return True
        return bool(is_same) and (longer.startswith(shorter) or longer.endswith(shorter))

    return tuple(
        c
        for c in known
        if HALVES_IN_CODES.search(c)
        or (any(x.isalpha() for x in c) and any(x.isnumeric() for x in c) and len(c) <= 6)
        or folded[c.casefold()] > 1
        or any(goes_on(c, o) for o in known)
    )
