"""Typed values: what a number in a statement is a number of.

What belongs here is the meaning of one value and its text. A count of people has none: :class:`Persons` becomes text
only where an audience is named (:mod:`evaluation.words.audience`). A number that may be read by anybody once it has passed
the gate is one of the others; a text is a :class:`Name`, which the study or the codebook gave and no person.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NoReturn

from evaluation.words import danish


class CountOfPeople(TypeError):
    """Somebody tried to make text of a count of people without saying for whom. Says no number."""

    def __init__(self) -> None:
        super().__init__("a count of people has no text; name the audience: audience.people(count)")


class Persons:
    """A count of people, or of rows about people. It can be added and compared, and has no text of any kind."""

    __slots__ = ("__n",)

    def __init__(self, n: int) -> None:
        if n != int(n) or n < 0:
            raise ValueError("a count of people is a whole number from 0")
        self.__n = int(n)

    def _refuse(self, *_: Any) -> NoReturn:
        raise CountOfPeople

    __str__ = __repr__ = __format__ = __bytes__ = _refuse
    __int__ = __float__ = __index__ = __iter__ = __reduce__ = __getstate__ = _refuse

    def __reduce_ex__(self, _: Any) -> NoReturn:
        raise CountOfPeople

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, "_Persons__n"):
            raise AttributeError("a count of people does not change")
        object.__setattr__(self, name, value)

    def __copy__(self) -> Persons:
        return self

    def __deepcopy__(self, _: object) -> Persons:
        return self

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Persons) and self.__n == other.__n

    def __hash__(self) -> int:
        return hash(("persons", self.__n))

    def __add__(self, other: Persons) -> Persons:
        return Persons(self.__n + other.__n)

    def __bool__(self) -> bool:
        return self.__n > 0

    def is_fewer_than(self, limit: int) -> bool:
        """Whether there are fewer than a stated limit."""
        return self.__n < limit

    def _count(self) -> int:
        """For :mod:`evaluation.words.audience` alone, which says to whom; a test finds any other use."""
        return self.__n


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things that are no people and no rows about people: schools, weeks, files, codes."""

    n: int

    def __str__(self) -> str:
        return danish.count(self.n)


@dataclass(frozen=True, slots=True)
class Days:
    """School days or days absent."""

    days: float

    def __str__(self) -> str:
        whole = danish.rounded(self.days) == int(danish.rounded(self.days))
        unit = "dag" if 0 < danish.rounded(self.days) <= 1 else "dage"
        return f"{danish.number(self.days, 0 if whole else 1)}{danish.NBSP}{unit}"


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of a hundred. ``decimals`` as it is shown."""

    value: float
    decimals: int = 1

    def __str__(self) -> str:
        return danish.percent(self.value, self.decimals)


@dataclass(frozen=True, slots=True)
class Limit:
    """A number that the protocol decided, as it stands there; its unit is in the sentence."""

    value: float

    def __str__(self) -> str:
        return danish.plain(self.value)


@dataclass(frozen=True, slots=True)
class Points:
    """Percentage points without sign; the way they go is in the sentence."""

    value: float

    def __str__(self) -> str:
        return danish.points(self.value)


@dataclass(frozen=True, slots=True)
class Number:
    """A number without unit: a ratio, an alpha, a p-value."""

    value: float
    decimals: int = 1

    def __str__(self) -> str:
        return danish.number(self.value, self.decimals)


@dataclass(frozen=True, slots=True)
class On:
    """A day."""

    day: dt.date

    def __str__(self) -> str:
        return danish.date(self.day)


@dataclass(frozen=True, slots=True)
class Weeks:
    """School weeks by their Mondays."""

    mondays: tuple[dt.date, ...]

    def __str__(self) -> str:
        return danish.weeks(self.mondays)


@dataclass(frozen=True, slots=True)
class Name:
    """A name the study, the codebook or the program gave: a school, a grade, a year, a table. Never a person's words."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Names:
    """Several names, as a list in a sentence."""

    texts: tuple[str, ...]

    def __str__(self) -> str:
        return danish.join(self.texts)


@dataclass(frozen=True, slots=True)
class Filed:
    """The name of a file, sheet or column, or a value that stood there, as persons wrote it: the analyst's alone."""

    text: str

    def __str__(self) -> str:
        return self.text


Value = Persons | Count | Days | Percent | Limit | Points | Number | On | Weeks | Name | Names | Filed
Values = dict[str, Value]
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Persons, Count, Days, Percent, Limit, Points, Number, On, Weeks, Name, Names, Filed)
}
"""Every kind by its name."""
