"""For whom something is said: the only way from a count of people to text.

The *analyst* works with the data and sees them as they are, in the terminal and on owner-only pages: never in a file
under the reports, a log or Dagster's metadata. A *school* reads its own letter. The *public* reads what has passed the gate:
counts beside the protected tables are coarse, and few are the marker.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePath

from evaluation.words import danish
from evaluation.words.values import Count, Persons, Value


class Reach(IntEnum):
    """How far a statement may go; what is public may be read by everybody before it."""

    ANALYST = 0
    SCHOOL = 1
    PUBLIC = 2


@dataclass(frozen=True, slots=True)
class Analyst:
    """Whoever runs the evaluation."""

    reach = Reach.ANALYST

    def people(self, count: Persons) -> str:
        """The count as it is."""
        return danish.count(count._count())

    def number(self, count: Persons) -> int:
        """The count as a number, for a machine of the analyst's own: ``komglad check --json``."""
        return count._count()


@dataclass(frozen=True, slots=True)
class OneSchool:
    """A school, about its own pupils and what it delivered itself."""

    school_id: str
    reach = Reach.SCHOOL

    def people(self, count: Persons) -> str:
        """The count as it is: the school delivered it."""
        return danish.count(count._count())


@dataclass(frozen=True, slots=True)
class Public:
    """Readers of a report. ``minimum`` and ``marker`` are the protocol's."""

    minimum: int
    marker: str
    step: int = 5
    reach = Reach.PUBLIC

    def people(self, count: Persons) -> str:
        """Few, and none, are the marker; others are given to the nearest five, and at least three stand behind each.

        With a step of one they are as they are: for counts that the gate itself prints.
        """
        nearest = self.step * ((count._count() + self.step // 2) // self.step)
        is_few = count.is_fewer_than(self.minimum) or (
            self.step > 1 and nearest + self.step // 2 < self.minimum + 2
        )
        return self.marker if is_few else danish.count(nearest)


Audience = Analyst | OneSchool | Public
ANALYST = Analyst()


def shown(value: Value | str | PurePath, forms: str, audience: Audience | None) -> str:
    """One value in a text, with its noun where ``forms`` gives one (``kilde|kilder``).

    Raises TypeError for a bare number, and for a count of people without an audience.
    """
    if not isinstance(value, (str, PurePath, Value)):
        raise TypeError(f"a value of kind {type(value).__name__} does not say what it is a number of")
    if isinstance(value, Persons) and audience is not None:
        text = audience.people(value)
        is_one = text == "1"
    else:
        text, is_one = str(value), isinstance(value, Count) and value.n == 1
    return f"{text} {danish.plural(1 if is_one else 2, forms.split('|'))}" if forms else text
