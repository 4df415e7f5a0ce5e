"""Weeks, months and quarters as exports write them: to the first and last day of the period. Values only, no frames."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from evaluation.door.dates import MONTHS, parse_school_year

Parser = Callable[[str], tuple[Any, str | None]]
SEPARATOR = "\x01"
"""Joins a period's text and its year's text, so that both are parsed once per distinct pair."""


def parse_week(starts_month: int, *, of_school_years: bool = False) -> Parser:
    """Monday of an ISO week from "2026-W37", "37/2026", or "Week 37", "Uge 37", "37" with a year beside it.

    The year beside it is a calendar year, or a school year that begins in ``starts_month``: one that is written as two
    years, or any where they are declared to be such.
    """

    def parse(text: str) -> tuple[Any, str | None]:
        period, _, beside = text.partition(SEPARATOR)
        whole = re.fullmatch(r"(\d{4})\s*-?\s*[WwUu]\.?\s*(\d{1,2})", period.strip())
        turned = re.fullmatch(r"\D*(\d{1,2})\s*[/-]\s*(\d{4})", period.strip())
        alone = re.fullmatch(r"(?:[A-Za-z]+\.?\s*)?(\d{1,2})", period.strip())
        if whole:
            year, week = int(whole[1]), int(whole[2])
        elif turned:
            year, week = int(turned[2]), int(turned[1])
        elif alone and beside:
            week = int(alone[1])
            first = _first_year(beside)
            if first is None:
                return None, "period_format"
            is_second_half = of_school_years or "/" in beside or "-" in beside
            year = first + 1 if is_second_half and week < _first_week(first, starts_month) else first
        else:
            return None, "period_format" if text.strip(SEPARATOR + " ") else "empty_value"
        try:
            return dt.date.fromisocalendar(year, week, 1), None
        except ValueError:
            return None, "period_format"

    return parse


def parse_month(starts_month: int, *, of_school_years: bool = False) -> Parser:
    """First day of a month from "2026-09", "09-2026", "september 2026", or "9", "september" with a year beside it, which
    is told as :func:`parse_week` does.
    """

    def parse(text: str) -> tuple[Any, str | None]:
        period, _, beside = text.partition(SEPARATOR)
        period = period.strip().casefold()
        whole = re.fullmatch(r"(\d{4})[-/. ](\d{1,2})", period)
        turned = re.fullmatch(r"(\d{1,2}|[a-zæøå]+)\.?[-/. ]+(\d{4})", period)
        if whole:
            year, month = int(whole[1]), int(whole[2])
        elif turned:
            year, month = int(turned[2]), _month(turned[1])
        elif period and beside:
            month = _month(period)
            first = _first_year(beside)
            if first is None:
                return None, "period_format"
            is_school_year = of_school_years or "/" in beside or "-" in beside
            year = first + 1 if is_school_year and month < starts_month else first
        else:
            return None, "period_format" if text.strip(SEPARATOR + " ") else "empty_value"
        try:
            return dt.date(year, month, 1), None
        except ValueError:
            return None, "period_format"

    return parse


MONTH_ALONE = r"(?<![\d.])(?<!\d )(?<!\. )\b([A-Za-zÆØÅæøå]+ \d{4}|\d{4}-\d{2})(?![-\d])"
"""A month that is no part of a date: a list says on which day it was printed, too."""


def months_in(text: str) -> list[dt.date]:
    """The months that a text names."""
    found = (parse_month(8)(m) for m in re.findall(MONTH_ALONE, text))
    return [month for month, rule in found if rule is None]


def parse_quarter(text: str) -> tuple[Any, str | None]:
    """First day of a calendar quarter from "3. kvartal 2026", "Q3 2026", "2026-Q3"."""
    turned = re.fullmatch(
        r"(?:[Qq]|(?=\d\.))?\s*([1-4])\.?\s*(?:kvartal|kvt\.?|[Qq])?\s*(\d{4})", text, re.IGNORECASE
    )
    whole = re.fullmatch(r"(\d{4})\s*-?\s*(?:[QqKk])([1-4])", text)
    if not (turned or whole):
        return None, "period_format" if text else "empty_value"
    year, quarter = (int(whole[1]), int(whole[2])) if whole else (int(turned[2]), int(turned[1]))  # type: ignore[index]
    return dt.date(year, 3 * quarter - 2, 1), None


def parse_day_of(period: str, dates: Parser) -> Parser:
    """First day of the week or month that a date lies in."""

    def parse(text: str) -> tuple[Any, str | None]:
        day, rule = dates(text.strip(SEPARATOR))
        if rule is not None:
            return None, rule
        if period == "quarter":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1), None
        return (day - dt.timedelta(days=day.weekday()) if period == "week" else day.replace(day=1)), None

    return parse


def last_day(first: dt.date, period: str) -> dt.date:
    """The last day of a week (Sunday), month or quarter that begins on ``first``."""
    if period == "week":
        return first + dt.timedelta(days=6)
    if period == "quarter":
        first = first.replace(month=first.month + 2)
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _month(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS.get(text, 0)


def _first_year(text: str) -> int | None:
    if re.fullmatch(r"\d{4}", text.strip()):
        return int(text)
    year, rule = parse_school_year(text)
    return int(year[:4]) if rule is None else None


def _first_week(year: int, starts_month: int) -> int:
    return dt.date(year, starts_month, 1).isocalendar().week
