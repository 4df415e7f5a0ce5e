"""What an amount in its unit is of a day: hours of a school day, lessons, per cent, days, alone or two columns together."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.fields import Fields
from evaluation.door.mapping_parts import Column, DayLength
from evaluation.door.nobody import is_nobody
from evaluation.door.questions import Question
from evaluation.door.scrutiny import StillOpen
from evaluation.door.values import by_distinct, clean, parse_number

REST = Question(
    "column",
    "amount",
    "læses ikke, men har et tal, netop hvor rækkens amount er 0",
    'læg den til: amount = { column = "Dage", unit = "days", plus = { column = "Timer", unit = "hours", day = 6 } }',
)


def amounts(f: Fields, grade: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """The share that an amount in its unit is (n,)."""
    if not f.has("amount"):
        return np.ones(len(f.chunk.rows))
    spec = f.source.mapping.columns["amount"]
    # A constant is the mapping's own number, whatever the file's decimal sign is.
    is_own = spec.constant is not None and "." in spec.constant
    decimal = "." if is_own else f.source.mapping.decimal
    quantity = quantity_parser(decimal, spec.unit)
    if spec.plus is not None:
        return _sum_of_two(f, spec, spec.plus, grade, first, last)
    if spec.columns:
        first_lesson, last_lesson = (f.parse_file_column(c, quantity, "float64") for c in spec.columns)
        f.quarantine_rows("amount", last_lesson < first_lesson, "reversed_interval")
        amount = last_lesson - first_lesson + 1
    else:
        amount = f.parse("amount", quantity, "float64")
    f.quarantine_rows("amount", amount < 0, "negative")
    worth = _share_of(f, spec, amount, grade, first, last)
    f.quarantine_rows("amount", worth > 1 + 1e-9, "more_than_a_day")
    _ask_what_zero_means(f, worth)
    return worth


def _share_of(
    f: Fields, spec: Column, amount: np.ndarray, grade: np.ndarray, first: np.ndarray, last: np.ndarray
) -> np.ndarray:
    """The share (n,) that an amount in the column's unit is of each day of its absence."""
    if spec.unit == "percent":
        return np.asarray(amount / 100)
    if spec.unit == "days":
        known = ~np.isnat(first) & ~np.isnat(last) & (last >= first)
        low, high = (np.where(known, d, np.datetime64("1900-01-01", "D")) for d in (first, last))
        school = f.school()
        days = f.desk.calendar.school_days_between(np.maximum(school, 0), low, high)
        return np.asarray(amount / np.maximum(days, 1))
    return amount if spec.day is None else np.asarray(amount / day_lengths(f, spec.day, grade))


def _sum_of_two(
    f: Fields, spec: Column, plus: Column, grade: np.ndarray, first: np.ndarray, last: np.ndarray
) -> np.ndarray:
    """The share (n,) that two columns are together, each in its unit; an empty one beside a filled one is nothing."""
    worth = np.zeros(len(f.chunk.rows))
    is_said = np.zeros(len(worth), dtype=bool)
    for part in (spec, plus):
        quantity = _or_nothing(quantity_parser(f.source.mapping.decimal, part.unit), np.nan)
        amount = f.parse_file_column(str(part.column), quantity, "float64")
        f.quarantine_rows("amount", amount < 0, "negative")
        is_said |= ~np.isnan(amount)
        worth += np.nan_to_num(_share_of(f, part, amount, grade, first, last))
    f.quarantine_rows("amount", ~is_said, "empty_value")
    f.quarantine_rows("amount", worth > 1 + 1e-9, "more_than_a_day")
    return worth


def _or_nothing(quantity: Any, nothing: float) -> Any:
    """The parser, to which an empty cell is ``nothing`` and no fault."""
    return lambda text: quantity(text) if text else (nothing, None)


def _ask_what_zero_means(f: Fields, worth: np.ndarray) -> None:
    """Rows of nothing in which a column that is not read has a number, and that has none in the others: the rest of the
    amount.

    Raises :class:`StillOpen` where there is such a column.
    """
    is_zero = (worth == 0) & ~f.is_bad & ~f.is_outside
    if not is_zero.any():
        return
    used = f.source.mapping.used_columns
    for column in (str(c) for c in f.chunk.frame if c not in used and not str(c).startswith("\x00")):
        if f.chunk.frame[column][worth > 0].head(_LOOKED_AT).fillna("").map(clean).isin(("", "0")).mean() < 1:
            continue
        number = _or_nothing(quantity_parser(f.source.mapping.decimal, "hours"), 0.0)
        said = by_distinct(f.chunk.frame[column], number, "float64").values
        if (said[is_zero] > 0).any() and not (np.nan_to_num(said[worth > 0], nan=1.0) != 0).any():
            why = f"{REST.why}: {int((said[is_zero] > 0).sum())} rækker"
            name = column if is_nobody(column) else "amount"
            raise StillOpen(f.source.name, (replace(REST, name=name, why=why),))


def day_lengths(f: Fields, day: DayLength, grade: np.ndarray) -> np.ndarray:
    """The length of each row's school day (n,) in the unit it is said in."""
    codes, names = pd.factorize(grade)
    table = np.array([*(day.of(str(g)) for g in names), day.of(None)])
    lengths = table[codes]
    f.quarantine_rows("amount" if f.has("amount") else "to", np.isnan(lengths), "unknown_grade",
                      found="a grade whose day has no length")  # fmt: skip
    return np.asarray(lengths)


_LOOKED_AT = 50
"""Rows by which most columns are told to be no rest of an amount."""
_PER_HOUR = {"hours": 1, "minutes": 60}


def quantity_parser(decimal: str, unit: str | None) -> Any:
    """A parser for numbers with a unit written behind them (``2 t``, ``50 %``), without the nought before their decimals
    (``,5``), for fractions (``1/2``, ``½``), and for hours and minutes (``3:30``) where the unit is one of them.
    """
    number = parse_number(decimal)
    fractions = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}

    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return np.nan, "empty_value"
        bare = re.sub(r"\s*(?:%|[^\W\d_½¼¾⅓⅔]+\.?)$", "", text)
        if unit in _PER_HOUR and (match := re.fullmatch(r"(\d{1,2}):([0-5]\d)(?::00)?", bare)):
            return (int(match[1]) + int(match[2]) / 60) * _PER_HOUR[unit], None
        if match := re.fullmatch(r"(\d+)\s*/\s*([1-9]\d*)", bare):
            return int(match[1]) / int(match[2]), None
        if match := re.fullmatch(r"(\d*)\s*([½¼¾⅓⅔])", bare):
            return int(match[1] or 0) + fractions[match[2]], None
        return number(re.sub(rf"^(?={re.escape(decimal)}\d)", "0", bare))

    return parse
