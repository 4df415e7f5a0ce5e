"""How long each absence was and what share of a day it is worth, as the mapping declares it; nothing is assumed.

A share comes from the words of a column (``half_day``), from the code itself (``[shares]``), from an amount with a unit
(``amount``: hours of a school day …), or from times of day (``clock``). Several of them multiply. A share of nothing is a
statement that makes no absence.
"""

from __future__ import annotations

import re
import zlib
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.amounts import amounts, day_lengths
from evaluation.door.calendar import SCHOOL_DAY, SchoolCalendar
from evaluation.door.chunks import GRID_PART, GRID_SHARE
from evaluation.door.dates import parse_moment
from evaluation.door.fields import NOT_OF_THE_STUDY, Fields
from evaluation.door.mapping_parts import Clock
from evaluation.door.questions import Question
from evaluation.door.scrutiny import StillOpen
from evaluation.door.values import clean, parse_number

PRECISION = 2**20
"""Shares are cut to a whole number of these parts: sums are exact in any order, and six sixths are never more than a day."""

EMPTY_TO = Question(
    "column",
    "empty_to",
    "slutdagen er tom i nogle rækker: er fraværet ikke slut, eller varede det én dag?",
    'skriv empty_to = "ongoing" (varer til udtrækkets dag) eller "one_day"',
)

ONLY_STARTS = Question(
    "date",
    "clock",
    "hver række har kun et starttidspunkt, og det siger ikke, hvor længe fraværet varede",
    "bed om udtræk med sluttidspunkt; er hver række en lektion, så skriv under [columns] amount = { constant = "
    '"1", unit = "lessons", day = 6 } med skoledagens lektioner; er hver række hele dage, så skriv clock = "whole_days"',
)


def interval(f: Fields) -> tuple[np.ndarray, np.ndarray]:
    """First and last day (n,) of absences with a beginning and an end, or with a length."""
    mapping = f.source.mapping
    first = f.date("from")
    if "length" in mapping.columns:
        return first, _end_of_length(f, first)
    is_empty = f.text("to").isna().to_numpy(dtype=bool)
    if not is_empty.any():
        last = _last_day(f, first, f.date("to"))
    elif mapping.empty_to is None:
        raise StillOpen(f.source.name, (EMPTY_TO,))
    else:
        last = _last_day(f, first, f.date("to", optional=True))
        end = f.exported() if mapping.empty_to == "ongoing" else first
        f.quarantine_rows("to", is_empty & np.isnat(end) & ~np.isnat(first), "empty_value",
                          found="an ongoing absence in an export without a day")  # fmt: skip
        # An absence that begins after the export is the future's, not an interval turned round.
        last = np.where(is_empty, np.maximum(end, first), last)
    f.quarantine_rows("to", first > last, "reversed_interval")
    return first, last


def _last_day(f: Fields, first: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The last day (n,) of absences whose ``to`` is the day after; a part of the day it began on ends on that day."""
    if f.source.mapping.to_is != "day_after":
        return end
    is_part = (first == end) & (np.nan_to_num(_minutes(f, "to")) > 0)
    return np.where(is_part, end, end - 1)


def _minutes(f: Fields, name: str) -> np.ndarray:
    """Minutes after midnight (n,) of a date's time."""
    moment = parse_moment(f.source.mapping.date_formats, epoch_1904=f.reading.epoch_1904)

    def minute(text: str) -> tuple[float, None]:
        found = moment(text)[0] if text else None
        return (float("nan") if found is None else found.hour * 60 + found.minute), None

    return f.parse(name, minute, "float64")


def _end_of_length(f: Fields, first: np.ndarray) -> np.ndarray:
    spec = f.source.mapping.columns["length"]
    days = f.number("length")
    f.quarantine_rows("length", ~np.isnan(days) & (days < 0), "negative")
    f.quarantine_rows("length", (days > 1) & (days % 1 != 0), "length_of_parts")
    whole = np.where(np.isnan(days) | (days < 1), 1, days).astype(np.int64)
    if spec.unit == "calendar_days":
        return np.asarray(first + whole - 1)
    return nth_school_day(f.desk.calendar, f.school(), first, whole)


def nth_school_day(
    calendar: SchoolCalendar, school: np.ndarray, first: np.ndarray, count: np.ndarray
) -> np.ndarray:
    """The ``count``-th school day (n,) from ``first`` on; the last of the calendar where it has no more."""
    last = first.copy()
    for place in np.unique(school[school >= 0]):
        open_days = calendar.first + np.flatnonzero(calendar.status[place] == SCHOOL_DAY)
        at = np.flatnonzero((school == place) & ~np.isnat(first))
        if len(open_days) and len(at):
            start = np.searchsorted(open_days, first[at])
            last[at] = open_days[np.minimum(start + count[at] - 1, len(open_days) - 1)]
    return np.asarray(np.maximum(last, first))


def shares(
    f: Fields, by_code: np.ndarray, grade: np.ndarray, pupil: np.ndarray, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Share of a day (n,) and whether a school noted it as half a day (n,), which only some grades do."""
    noted = by_code * _half_days(f)
    worth = noted.copy()
    if f.has("amount") or isinstance(f.source.mapping.clock, Clock):
        known = np.where(pd.isna(grade), f.desk.roster_grade(pupil, first), grade)
        worth = worth * amounts(f, known, first, last) * _by_the_clock(f, known, first, last)
    if "length" in f.source.mapping.columns:
        length = f.number("length")
        worth = worth * np.where(length < 1, length, 1.0)
        noted = noted * np.where(length == 0.5, 0.5, 1.0)
    worth = np.floor(worth * PRECISION + 1e-3) / PRECISION
    f.is_outside |= worth == 0
    return worth, noted % 1 != 0


def parts(f: Fields) -> np.ndarray:
    """Which part of the day a row speaks of (n,), so that two parts are no contradiction; 0 for the whole."""

    def number(text: str) -> tuple[int, None]:
        return (zlib.crc32(text.casefold().encode()) if text else 0), None

    if GRID_PART in f.chunk.frame:
        return f.parse_file_column(GRID_PART, number, "int64")
    if f.has("day_part"):
        return f.parse("day_part", number, "int64")
    if f.has("time_from"):
        return f.parse("time_from", number, "int64")
    if f.has("half_day"):
        return _named_halves(f)
    moment = next((n for n in ("from", "date") if f.has(n)), None)
    if isinstance(f.source.mapping.clock, Clock) and moment:
        return f.parse(moment, number, "int64")
    return np.zeros(len(f.chunk.rows), dtype=np.int64)


def _named_halves(f: Fields) -> np.ndarray:
    """Halves of a day that go by different words (``Formiddag``, ``Eftermiddag``) are different parts of it."""
    words = f.source.mapping.columns["half_day"].map
    halves = {clean(w).casefold() for w, share in words.items() if share in ("0.5", "0,5")}
    texts = f.text("half_day").fillna("").map(clean).str.casefold()
    codes = {w: zlib.crc32(w.encode()) for w in halves} if len(halves) > 1 else {}
    return texts.map(codes).fillna(0).to_numpy(dtype=np.int64)


def _half_days(f: Fields) -> np.ndarray:
    decimal = f.source.mapping.decimal

    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return np.nan, "empty_value"
        if text == NOT_OF_THE_STUDY:
            return 0.0, None
        value, rule = parse_number(".")(text.replace(decimal, "."))
        return (value, None) if rule is None and value in (0, 0.5, 1) else (np.nan, "half_day_value")

    if GRID_SHARE in f.chunk.frame:
        marks = {"": (1.0, None), "x": (1.0, None), "½": (0.5, None)}
        return f.parse_file_column(GRID_SHARE, lambda t: marks.get(t.casefold()) or parse(t), "float64")
    return f.parse("half_day", parse, "float64") if f.has("half_day") else np.ones(len(f.chunk.rows))


def _by_the_clock(f: Fields, grade: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The share of the day between two times of day (n,); several days are whole days. A beginning alone says nothing of it.

    Raises :class:`StillOpen` where nothing else says it either.
    """
    mapping, n = f.source.mapping, len(f.chunk.rows)
    if not isinstance(mapping.clock, Clock):
        return np.ones(n)
    if f.has("time_from"):
        start, end = (f.parse(name, _time_of_day, "float64") for name in ("time_from", "time_to"))
        column = "time_to"
    elif f.has("to"):
        start, end = (np.where(first != last, np.nan, _minutes(f, name)) for name in ("from", "to"))
        column = "to"
    elif any(f.has(name) for name in ("amount", "half_day", "length")):
        return np.ones(n)
    else:
        raise StillOpen(f.source.name, (ONLY_STARTS,))
    minutes = end - start
    # From midnight to midnight, or to the last minute, is the day itself; no other beginning is its own end.
    is_day = np.isnan(minutes) | ((start == 0) & ((end == 0) | (end >= _LAST_MINUTE)))
    f.quarantine_rows(column, (minutes <= 0) & ~is_day, "reversed_interval")
    worth = np.where(is_day, 1.0, minutes / 60 / day_lengths(f, mapping.clock.day, grade))
    f.quarantine_rows(column, worth > 1 + 1e-9, "more_than_a_day")
    return worth


_LAST_MINUTE = 24 * 60 - 1


def _time_of_day(text: str) -> tuple[Any, str | None]:
    """Minutes after midnight of ``08:20``, ``8.20``, ``kl. 8.20``."""
    match = re.fullmatch(r"(?:kl\.?\s*)?(\d{1,2})[:.](\d{2})(?:[:.]\d{2})?", text.casefold())
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        return np.nan, "time_format" if text else "empty_value"
    return int(match[1]) * 60 + int(match[2]), None
