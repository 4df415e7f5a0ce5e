"""What the end of an absence is: its last day, or the day after, as calendars write it and as schools note who is back.

Nothing in a date says it. It is told by the rows: where the end is the last day, some absences begin and end on the same
day, and none ends on the first day of a weekend or of a holiday.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluation.door.calendar import SCHOOL_DAY, SchoolCalendar
from evaluation.door.dates import parse_moment
from evaluation.door.fields import Fields
from evaluation.door.headings import heading
from evaluation.door.mapping import Mapping
from evaluation.door.questions import ENDS, Question
from evaluation.door.values import clean

Moment = Callable[[str], tuple[object, str | None]]
IsOpen = Callable[[np.ndarray], np.ndarray]
FEW = 5
"""Of fewer absences none need be of one day."""
MANY, DIRT = 20, 50
"""From so many rows on a tenth of one-day absences settles it; one in so many may be an error."""
_SAYS_LAST = re.compile(r"\b(?:sidste|last|til og med|t ?o ?m)\b")


@dataclass
class Ends:
    """Grows while the rows are seen. Only ends at midnight, or without a time, can be the day after.

    ``heading``: the ends'; None where there is nothing to ask. ``rows``: such ends; ``zero``: those on the day of the
    beginning; ``at_midnight``: those that a time was written beside; ``off``: ends on, and beginnings on, a day without
    school after one with school.
    """

    heading: str | None
    rows: int = 0
    zero: int = 0
    at_midnight: int = 0
    off: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, mapping: Mapping) -> Ends:
        """Nothing seen yet of a mapping's intervals; nothing to ask where it has none, or says it."""
        is_asked = mapping.kind == "absence" and "to" in mapping.columns and mapping.to_is is None
        return cls((mapping.columns["to"].column or "") if is_asked else None)

    @property
    def is_settled(self) -> bool:
        """Do so many absences last a day that the end can only be the last day?"""
        return self.heading is None or (
            self.rows >= MANY and self.zero >= self.rows / 10 and self.off[0] <= self.off[1]
        )

    def see(self, starts: pd.Series, ends: pd.Series, moment: Moment, is_open: IsOpen) -> None:
        """Look at beginnings and ends, as text."""
        first, _ = _moments(starts, moment)
        last, is_timed = _moments(ends, moment)
        known = ~np.isnat(first) & ~np.isnat(last) & (last == last.astype("datetime64[D]"))
        first, last, is_timed = (
            first[known].astype("datetime64[D]"),
            last[known].astype("datetime64[D]"),
            is_timed[known],
        )
        self.rows += len(last)
        self.zero += int(np.sum(first == last))
        self.at_midnight += int(np.sum(is_timed & (first != last)))
        off = (int(np.sum(~is_open(days) & is_open(days - 1))) for days in (last, first))
        self.off = (self.off[0] + next(off), self.off[1] + next(off))

    def questions(self) -> tuple[Question, ...]:
        """What is to be answered, where the ends may be the day after as far as the rows tell."""
        if self.heading is None:
            return ()
        ends, starts = self.off
        is_off = ends > starts and ends >= max(2 if self.zero else 1, self.rows / DIRT)
        is_never_the_same = self.zero <= self.rows // DIRT
        says_last = bool(_SAYS_LAST.search(heading(self.heading)))
        may_be_after = bool(self.at_midnight or (self.rows >= FEW and not says_last))
        return (ENDS,) if is_off or (is_never_the_same and may_be_after) else ()


def see_ends(ends: Ends, fields: Fields) -> None:
    """Look at a piece of a file, until it is settled."""
    if not ends.is_settled:
        moment = parse_moment(fields.source.mapping.date_formats, epoch_1904=fields.reading.epoch_1904)
        starts, last = fields.text("from"), fields.text("to")
        if fields.source.mapping.empty_to == "one_day":
            last = last.fillna(starts)
        ends.see(starts, last, moment, _school_days_of(fields.desk.calendar))


def _moments(texts: pd.Series, moment: Moment) -> tuple[np.ndarray, np.ndarray]:
    """Minutes (n,), and whether a time was written (n,)."""
    codes, different = pd.factorize(texts)
    found = [moment(clean(str(t)))[0] for t in different]
    values = np.array([*found, None], dtype="datetime64[m]")
    return values[codes], np.array([*(":" in str(t) for t in different), False])[codes]


def _school_days_of(calendar: SchoolCalendar) -> IsOpen:
    """Whether any school is open on days (n,)."""
    is_open = (calendar.status == SCHOOL_DAY).any(axis=0)

    def of(days: np.ndarray) -> np.ndarray:
        at = (days - calendar.first).astype(np.int64)
        inside = (at >= 0) & (at < len(is_open))
        return np.asarray(inside & is_open[np.clip(at, 0, len(is_open) - 1)])

    return of


def weekdays(days: np.ndarray) -> np.ndarray:
    """Whether days (n,) are Monday to Friday, where no calendar is at hand."""
    return np.asarray(np.is_busday(days))
