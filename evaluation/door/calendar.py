"""The school calendar: from ``calendar.csv`` (and calendar files of the inbox) to one row per school and weekday.

``calendar.csv`` holds ``school_id,from,to,kind,label``: ``school_id`` is ``*`` for all schools or one of the
protocol's; ``kind`` is ``school_year`` (first and last day), ``closed`` (holidays), ``open`` (a school day in spite
of a rule above it) or ``public_holidays`` (``label`` is the country whose public holidays are closed, as the
library *holidays* names it, "DK" when no row says otherwise, "none" for none). Later kinds win over earlier ones.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evaluation.errors import Problem, ProtocolError
from evaluation.protocol import Protocol
from evaluation.tables import table

HEADER = ("school_id", "from", "to", "kind", "label")
KINDS = ("school_year", "public_holidays", "closed", "open")
OUTSIDE, SCHOOL_DAY, WEEKEND, CLOSED = 0, 1, 2, 3
_EPOCH = np.datetime64("1970-01-01", "D")


@dataclass(frozen=True)
class Span:
    """One row of a calendar: a school (``*`` for all), its first and last day, and what they are."""

    school_id: str
    first: dt.date
    last: dt.date
    kind: str
    label: str


@dataclass(frozen=True)
class SchoolCalendar:
    """What each day is at each school. ``status`` (schools, days) from ``first``: outside, school day, weekend, closed."""

    schools: tuple[str, ...]
    first: np.datetime64
    status: np.ndarray
    school_year: np.ndarray
    label: np.ndarray

    def of(self, school: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Status (n,) of days (n,) ``datetime64[D]`` at schools (n,) given by their place in ``schools``."""
        at = (days - self.first).astype(np.int64)
        inside = (at >= 0) & (at < self.status.shape[1]) & (school >= 0) & ~np.isnat(days)
        result = np.zeros(len(days), dtype=np.int8)
        result[inside] = self.status[school[inside], at[inside]]
        return result

    def school_days_between(self, school: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
        """Number of school days (n,) from ``first`` to ``last``, both included."""
        before = np.concatenate(
            [np.zeros((len(self.schools), 1), np.int64), np.cumsum(self.status == SCHOOL_DAY, axis=1)], axis=1
        )
        end = self.status.shape[1]
        low = np.clip((first - self.first).astype(np.int64), 0, end)
        high = np.clip((last - self.first).astype(np.int64) + 1, 0, end)
        return np.asarray(np.maximum(before[school, high] - before[school, low], 0))

    def frame(self) -> pd.DataFrame:
        """The raw_calendar table: one row per school and weekday inside a school year."""
        inside = (self.status == SCHOOL_DAY) | (self.status == CLOSED)
        school, day = np.nonzero(inside)
        frame = pd.DataFrame(
            {
                "school_id": np.array(self.schools, dtype=object)[school],
                "day_on": (self.first + day).astype("datetime64[us]"),
                "school_year": self.school_year[school, day],
                "is_school_day": self.status[school, day] == SCHOOL_DAY,
                "label": self.label[school, day],
            }
        )
        return table("raw_calendar").conform(frame)


def read_spans(path: Path, protocol: Protocol) -> tuple[Span, ...]:
    """The rows of a ``calendar.csv``; raises :class:`ProtocolError` with everything that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error):
        raise ProtocolError(
            "the calendar cannot be read",
            [Problem(path.name, found="not readable as UTF-8 text", expected=",".join(HEADER))],
        ) from None
    if not lines or tuple(c.strip() for c in lines[0]) != HEADER:
        raise ProtocolError(
            "the calendar has another header",
            [Problem(path.name, 1, None, "another header", "calendar", ",".join(HEADER))],
        )
    spans: list[Span] = []
    problems: list[Problem] = []
    for number, cells in enumerate(lines[1:], start=2):
        if not any(c.strip() for c in cells) or cells[0].startswith("#"):
            continue
        wrong = parse_span([c.strip() for c in cells], protocol)
        if isinstance(wrong, Span):
            spans.append(wrong)
        else:
            problems += [Problem(path.name, number, column, found, "calendar") for column, found in wrong]
    if not problems and not any(s.kind == "school_year" for s in spans):
        problems.append(Problem(path.name, found="no row of kind school_year", rule="calendar"))
    if problems:
        raise ProtocolError(f"the calendar has {len(problems)} problem(s)", problems)
    return tuple(spans)


def parse_span(cells: Sequence[str], protocol: Protocol) -> Span | list[tuple[str, str]]:
    """One row as a :class:`Span`, or what is wrong with it as (column, words)."""
    if len(cells) != len(HEADER):
        return [("", f"{len(cells)} columns, {len(HEADER)} expected")]
    school, first, last, kind, label = cells
    wrong: list[tuple[str, str]] = []
    if kind not in KINDS:
        wrong.append(("kind", f"not one of {', '.join(KINDS)}"))
    if school != "*" and school not in {s.id for s in protocol.schools}:
        wrong.append(("school_id", "not a school of the protocol"))
    days: list[dt.date] = []
    for column, text in (("from", first), ("to", last or first)):
        try:
            days.append(dt.date.fromisoformat(text) if text or kind != "public_holidays" else dt.date.min)
        except ValueError:
            wrong.append((column, "not a date like 2026-08-10"))
    if len(days) == 2 and days[0] > days[1]:
        wrong.append(("to", "before from"))
    if kind == "public_holidays" and label != "none" and not wrong and _holidays(label, [2026]) is None:
        wrong.append(("label", "not a country of the library holidays, nor none"))
    return wrong or Span(school, days[0], days[1], kind, label)


def build_calendar(spans: Sequence[Span], protocol: Protocol) -> SchoolCalendar:
    """Every day from the first school year's first day to the last one's last, at each school of the protocol."""
    years = [s for s in spans if s.kind == "school_year"]
    first = np.datetime64(min(s.first for s in years), "D")
    last = np.datetime64(max(s.last for s in years), "D")
    days = np.arange(first, last + 1)
    schools = tuple(s.id for s in protocol.schools)
    shape = (len(schools), len(days))
    status = np.zeros(shape, dtype=np.int8)
    school_year = np.full(shape, None, dtype=object)
    label = np.full(shape, "", dtype=object)
    weekend = ((days - _EPOCH).astype(np.int64) + 3) % 7 >= 5
    ordered = sorted(spans, key=lambda s: (KINDS.index(s.kind), s.school_id != "*", s.first))
    if not any(s.kind == "public_holidays" for s in spans):
        ordered = sorted([*ordered, Span("*", dt.date.min, dt.date.min, "public_holidays", "DK")],
                         key=lambda s: (KINDS.index(s.kind), s.school_id != "*", s.first))  # fmt: skip
    for span in ordered:
        rows = [i for i, s in enumerate(schools) if span.school_id in ("*", s)]
        for row in rows:
            _apply(span, days, status[row], school_year[row], label[row], protocol)
    status[:, weekend] = np.where(status[:, weekend] == OUTSIDE, OUTSIDE, WEEKEND)
    return SchoolCalendar(schools, first, status, school_year, label)


def _apply(
    span: Span, days: np.ndarray, status: np.ndarray, year: np.ndarray, label: np.ndarray, protocol: Protocol
) -> None:
    inside = status != OUTSIDE
    if span.kind == "public_holidays":
        if span.label == "none":
            return
        closed = _holidays(span.label, sorted({int(str(d)[:4]) for d in days[[0, -1]]})) or {}
        for day, name in sorted(closed.items()):
            hit = (days == np.datetime64(day, "D")) & inside
            status[hit], label[hit] = CLOSED, name
        return
    hit = (days >= np.datetime64(span.first, "D")) & (days <= np.datetime64(span.last, "D"))
    if span.kind == "school_year":
        status[hit] = SCHOOL_DAY
        year[hit] = protocol.years.of(span.first)
    else:
        hit &= inside
        status[hit] = SCHOOL_DAY if span.kind == "open" else CLOSED
        label[hit] = "" if span.kind == "open" else span.label


def _holidays(country: str, years: Sequence[int]) -> dict[dt.date, str] | None:
    """Public holidays of a country ("DK", "GB-ENG") in the years from the first to the last; None if unknown."""
    import holidays

    code, _, part = country.partition("-")
    span = range(years[0], years[-1] + 1)
    try:
        found = holidays.country_holidays(code, subdiv=part or None, years=span, language="da")
    except (NotImplementedError, KeyError, ValueError):
        return None
    return dict(found.items())
