"""What follows from who gets the programme and who they are compared with: nothing here is decided, all of it is derived.

The protocol's waves say who begins when, its ``comparison`` who shows what would have happened anyway. From the two follow
the fixed effects of a month, who could have had the programme instead (the permutation), the level uncertainty is counted
at (the clusters), and the smallest p-value that can be had. No data are read here, so all of it is known before any.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import factorial, prod

from evaluation.protocol import Cell, Comparison, Protocol, Round, Wave


@dataclass(frozen=True)
class Compared:
    """A comparison: the fixed effect of a month; who exchange calendars, and what pairs them; the clusters."""

    month_of: str
    assign: str
    within: str | None
    cluster: tuple[str, ...]


COMPARED: Mapping[Comparison, Compared] = {
    "grades_same_school": Compared("school_id:month", "grade", "school_id", ("school_id", "grade")),
    "same_grades_other_schools": Compared("grade:month", "school_id", "grade", ("school_id",)),
    "all_others": Compared("month", "cell", None, ("school_id", "grade")),
}


def compared(protocol: Protocol) -> Compared:
    """The study's comparison."""
    return COMPARED[protocol.estimand.comparison]


def controls(protocol: Protocol, wave: Wave, comparison: Comparison | None = None) -> tuple[Cell, ...]:
    """Schools and grades that show what would have happened to a wave: without the programme, or with it later.

    ``comparison`` asks for another than the study's own.
    """
    kind = comparison or protocol.estimand.comparison
    own = {cell for cell, w in protocol.treated.items() if w.id == wave.id}
    schools, grades = {s for s, _ in own}, {g for _, g in own}
    return tuple(
        (school.id, grade)
        for school in protocol.schools
        for grade in protocol.grades.order
        if (school.id, grade) not in own
        and (kind != "grades_same_school" or school.id in schools)
        and (kind != "same_grades_other_schools" or grade in grades)
        and _is_later(protocol.treated.get((school.id, grade)), wave)
    )


def _is_later(other: Wave | None, wave: Wave) -> bool:
    return other is None or other.planned_from > wave.planned_to


def has_controls(protocol: Protocol) -> bool:
    """Whether anybody shows what would have happened anyway, for any wave."""
    return any(controls(protocol, w) for w in protocol.group_waves)


def has_never_treated(protocol: Protocol) -> bool:
    """Whether anybody of the comparison never gets the programme; else all rests on those who have not begun yet."""
    return any(c not in protocol.treated for w in protocol.group_waves for c in controls(protocol, w))


def assign_value(protocol: Protocol, cell: Cell) -> str:
    """The value of the permutation's column that a school and grade belong to."""
    return {"school_id": cell[0], "grade": cell[1], "cell": ":".join(cell)}[compared(protocol).assign]


def others_values(protocol: Protocol, waves: Collection[str]) -> frozenset[str]:
    """Values of the permutation's column that only other waves hold: a look at ``waves`` is made without them."""
    own = {assign_value(protocol, c) for c, w in protocol.treated.items() if w.id in waves}
    return frozenset(
        v
        for c, w in protocol.treated.items()
        if w.id not in waves and (v := assign_value(protocol, c)) not in own
    )


def assignments(protocol: Protocol, waves: Collection[str] | None = None) -> int:
    """In how many ways the waves' calendars could have been given out: the permutation's assignments, as planned.

    ``waves`` keeps only these beside who never gets the programme. Schools that lack a grade are known from data alone.
    """
    kept = {w.id for w in protocol.group_waves} if waves is None else set(waves)
    out = others_values(protocol, kept)
    calendars: dict[str, dict[str, str]] = {}
    missing: set[str] = set()
    for school in protocol.schools:
        for grade in protocol.grades.order:
            cell = (school.id, grade)
            value, wave = assign_value(protocol, cell), protocol.treated.get(cell)
            stratum = {"school_id": school.id, "grade": grade, None: ""}[compared(protocol).within]
            if value in out:
                continue
            if wave is not None and wave.id not in kept:
                missing.add(stratum)  # a school or grade that lacks a part is left out of the exchange
                continue
            calendars.setdefault(value, {})[stratum] = wave.id if wave is not None else ""
    whole = [tuple(sorted((k, v) for k, v in c.items() if k not in missing)) for c in calendars.values()]
    return factorial(len(whole)) // prod(factorial(n) for n in Counter(whole).values())


def smallest_p(protocol: Protocol, waves: Collection[str] | None = None) -> float:
    """The smallest p-value the permutation can give: one over :func:`assignments`; 1 where nobody could be exchanged."""
    return 1.0 / assignments(protocol, waves)


@dataclass(frozen=True)
class Schedule:
    """When a wave's milestone can be judged, as planned. Months are ``(year, month)``.

    ``round`` is the first whose cut-off lies after the last month's end, None where none does; ``slack_days`` the days
    between the two. ``is_close``: only the school calendar decides, for the cut-off lies in that month's last days.
    ``latest`` is the last month in which the programme may be given for some round to reach it; None where no month is.
    """

    wave: Wave
    last_month: tuple[int, int]
    round: Round | None
    slack_days: int
    is_close: bool
    latest: tuple[int, int] | None


CLOSE_DAYS = 10
"""A cut-off so many days before a month's end may lie after its last school day."""


def schedule(protocol: Protocol, wave: Wave) -> Schedule:
    """The wave's milestone against the rounds' cut-offs."""
    given = (wave.planned_to.year, wave.planned_to.month)
    last = _after(protocol, given)
    found, slack = _reached(protocol, last)
    latest, month = None, (wave.planned_from.year, wave.planned_from.month)
    while _reached(protocol, _after(protocol, month))[0] is not None:
        latest, month = month, _next(protocol, month)
    is_close = found is not None and slack < 0
    return Schedule(wave, last, found, slack, is_close, latest)


def _reached(protocol: Protocol, month: tuple[int, int]) -> tuple[Round | None, int]:
    """The first round that reaches the month's end, with the days between."""
    end = dt.date(month[0] + month[1] // 12, month[1] % 12 + 1, 1) - dt.timedelta(days=1)
    for candidate in sorted(protocol.rounds, key=lambda r: r.cutoff):
        slack = (candidate.cutoff - end).days
        if slack >= -CLOSE_DAYS:
            return candidate, slack
    return None, 0


def _after(protocol: Protocol, month: tuple[int, int]) -> tuple[int, int]:
    """The milestone's last whole school month after a month of talks."""
    for _ in range(max(protocol.milestone.months)):
        month = _next(protocol, month)
    return month


def _next(protocol: Protocol, month: tuple[int, int]) -> tuple[int, int]:
    """The next month of a school year: the month before a year starts is holiday."""
    year, number = month[0] + month[1] // 12, month[1] % 12 + 1
    if number % 12 + 1 == protocol.years.starts_month:
        return _next(protocol, (year, number))
    return year, number
