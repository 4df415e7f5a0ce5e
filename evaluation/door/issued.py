"""When an export was made, as its name or a line above its headings says it: in whatever way the day is written.

For a draft. Nothing is taken for the day of the export where two days stand, or a day that can be read in two ways.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from evaluation.door.dates import parse_date
from evaluation.door.mapping_parts import strptime_format

_BEFORE, _AFTER = r"(?<![\d.])", r"(?!\d)"
WRITTEN = (
    (r"\d{4}-\d{2}-\d{2}", ("yyyy-mm-dd",)),
    (r"\d{4}_\d{2}_\d{2}", ("yyyy_mm_dd",)),
    (r"\d{4}\.\d{2}\.\d{2}", ("yyyy.mm.dd",)),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("dd-mm-yyyy",)),
    (r"\d{1,2}_\d{1,2}_\d{4}", ("dd_mm_yyyy",)),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("dd.mm.yyyy",)),
    (r"\d{1,2}/\d{1,2}-\d{4}", ("dd/mm-yyyy",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("dd/mm/yyyy",)),
    (r"\d{8}", ("yyyymmdd", "ddmmyyyy")),
    (r"\d{6}", ("yymmdd", "ddmmyy")),
    (r"\d{1,2}\. ?[^\W\d_]+ \d{4}", ("d. mmmm yyyy", "d.mmmm yyyy")),
    (r"\d{1,2} [^\W\d_]+ \d{4}", ("d mmmm yyyy",)),
    (r"\d{1,2}-[^\W\d_]+-\d{4}", ("d-mmmm-yyyy",)),
    (r"\d{1,2}_[^\W\d_]+_\d{4}", ("d_mmmm_yyyy",)),
)
"""Ways of writing a day, each with the formats it may have; what looks like two of them is the first."""


@dataclass(frozen=True)
class Issued:
    """A day in a text: the pattern it fits, how it is written (None: in more than one way), and where it stands."""

    pattern: str
    format: str | None
    start: int
    end: int


def issued_in(text: str, years: Iterable[int]) -> Issued | None:
    """The only day that a text names, of one of the years; None where it names none or several."""
    known = set(years)
    found: list[Issued] = []
    for pattern, formats in WRITTEN:
        whole = f"{_BEFORE}({pattern}){_AFTER}"
        for match in re.finditer(whole, text):
            if any(f.start < match.end(1) and match.start(1) < f.end for f in found):
                continue
            fits = [f for f in formats if (day := _day(match[1], f)) is not None and day.year in known]
            if fits:
                found.append(Issued(whole, fits[0] if len(fits) == 1 else None, match.start(1), match.end(1)))
    return found[0] if len(found) == 1 else None


def _day(text: str, fmt: str) -> dt.date | None:
    day: dt.date | None = parse_date((strptime_format(fmt),))(text)[0]
    return day
