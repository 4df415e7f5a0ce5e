"""Where the headings of an unknown table stand, and which of them are days or dates. No file is opened here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import EXCEL_CELL, parse_date
from evaluation.door.headings import DATE_FORMATS
from evaluation.door.values import clean
from evaluation.errors import InputError, Problem

DAY_HEADING = re.compile(r"^(?:.*\D)?(\d{1,2})\.?$")
_ANY_DATE = parse_date([f for _, f in DATE_FORMATS])
LEAST_DAYS, LEAST_DATES = 20, 3
"""So many headings that are days of a month, or whole dates, make a table a grid."""


HEAD_LINES = 200
"""So far down a line of headings is looked for."""


def header_place(rows: Sequence[Sequence[str]], name: str) -> int:
    """Place of the line of headings: the first of the widest lines that hold no data."""
    rows = rows[:HEAD_LINES]
    width = max((len([c for c in r if clean(c)]) for r in rows), default=0)
    likely = [
        (i, n) for i, r in enumerate(rows) if (n := len([c for c in r if clean(c)])) > 1 and _is_heading(r)
    ]
    best = max((n for _, n in likely), default=0)
    if not likely or best < width / 3:
        raise InputError(
            f"{name} has no line of headings",
            [Problem(name, found="every line looks like data, or there is none", rule="header_missing",
                     expected="a line with the columns' names", next_step="ask for the export with headings")],
        )  # fmt: skip
    return next(i for i, n in likely if n >= max(2, 0.7 * best))


def _is_heading(row: Sequence[str]) -> bool:
    cells = [clean(c) for c in row if clean(c)]
    days = sum(bool(DAY_HEADING.match(c)) for c in cells)
    if days >= LEAST_DAYS:
        return True
    is_unique = len({c.casefold() for c in cells}) >= len(cells) - 2
    words = [c for c in cells if not is_date(c)]
    if len(cells) - len(words) < LEAST_DATES or not words:
        words = cells
    return is_unique and not any(_is_data(c) for c in words)


def is_date(cell: str) -> bool:
    """Is it a date in any way of writing that is known?"""
    return any(c.isdigit() for c in cell) and _ANY_DATE(cell)[1] is None


def _is_data(cell: str) -> bool:
    return bool(
        re.search(r"\d{4,}|\d[.,/-]\d", cell)
        or cell.startswith(EXCEL_CELL)
        or re.fullmatch(r"\d+", cell)
        or parse_cpr(cell)[1] in (None, "cpr_nine_digits")
        or "@" in cell
        or len(cell) > 60
    )
