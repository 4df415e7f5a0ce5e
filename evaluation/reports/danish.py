"""Danish numbers, dates and lists as they stand in a text. Nothing here knows what a number means.

Decimal comma, full stop for thousands, a real minus sign and non-breaking spaces before units, so that no
number is torn from its unit at the end of a line. Dates are never abbreviated to ambiguous digits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

NBSP = "\u00a0"
MINUS = "\u2212"
MONTHS = (
    "januar februar marts april maj juni juli august september oktober november december".split()  # noqa: SIM905
)
SMALL = ("nul", "én", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti", "elleve", "tolv")


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or the empty text."""
    if value is None or (isinstance(value, str) and not value):
        return True
    return bool(pd.isna(value)) if pd.api.types.is_scalar(value) else False


def rounded(value: float, decimals: int = 1) -> float:
    """The number as it is shown, halves away from zero as a reader would do it; never ``-0.0``."""
    quantum = Decimal(1).scaleb(-decimals)
    shown = float(Decimal(repr(float(value))).quantize(quantum, rounding=ROUND_HALF_UP))
    return shown + 0.0 if shown else 0.0


def number(value: float, decimals: int = 1) -> str:
    """``-1234.56`` as ``−1.234,6``."""
    shown = rounded(value, decimals)
    text = f"{abs(shown):,.{decimals}f}".replace(",", "\x00").replace(".", ",").replace("\x00", ".")
    return (MINUS if shown < 0 else "") + text


def count(value: float) -> str:
    """A whole number: ``2.600``."""
    return number(value, 0)


def word(n: int) -> str:
    """Small whole numbers in words, as Danish prose has them: ``fire``; from 13 in digits."""
    return SMALL[n] if 0 <= n < len(SMALL) else count(n)


def neuter(n: int) -> str:
    """Small whole numbers before a neuter noun, at the head of a sentence: ``Ét sted``, ``To steder``."""
    return "Ét" if n == 1 else capital(word(n))


def percent(value: float, decimals: int = 1) -> str:
    """``6.84`` as ``6,8 %``."""
    return f"{number(value, decimals)}{NBSP}%"


def points(value: float) -> str:
    """Percentage points without sign: ``0,4 procentpoint``."""
    return f"{number(abs(value))}{NBSP}procentpoint"


def signed(value: float, decimals: int = 1) -> str:
    """With its sign, also when positive; zero has none."""
    shown = rounded(value, decimals)
    return ("+" if shown > 0 else "") + number(value, decimals)


def date(day: Any) -> str:
    """``13. november 2026``."""
    d = as_date(day)
    return f"{d.day}.{NBSP}{MONTHS[d.month - 1]} {d.year}"


def as_date(day: Any) -> dt.date:
    """A date from a date, a timestamp or ISO text."""
    if isinstance(day, str):
        return dt.date.fromisoformat(day[:10])
    if isinstance(day, dt.datetime):
        return day.date()
    if isinstance(day, dt.date):
        return day
    stamp: dt.date = pd.Timestamp(day).date()
    return stamp


def month(day: Any) -> str:
    """``november 2026``."""
    d = as_date(day)
    return f"{MONTHS[d.month - 1]} {d.year}"


def join(items: Iterable[str], last: str = "og") -> str:
    """``a, b og c``."""
    parts = list(items)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def capital(text: str) -> str:
    """The text with its first letter capital, the rest untouched."""
    return text[:1].upper() + text[1:]


def one_in(share_pct: float) -> str:
    """A share as people: ``cirka 1 ud af 5``; in tenths when one in a whole number would be far off."""
    if share_pct <= 0:
        return "ingen"
    best = min(range(2, 21), key=lambda n: (abs(100 / n - share_pct), n))
    if abs(100 / best - share_pct) <= 0.07 * share_pct:
        return f"cirka 1 ud af {best}"
    tenths = round(share_pct / 10)
    if tenths == 0:
        return f"færre end 1 ud af {int(100 // share_pct)}"
    return f"cirka {tenths} ud af 10"


def fraction(share: float) -> str:
    """A share of something in everyday words, for sizes and never for results."""
    names: tuple[tuple[float, str], ...] = (
        (0.1, "en tiendedel"), (0.2, "en femtedel"), (0.25, "en fjerdedel"), (1 / 3, "en tredjedel"),
        (0.5, "halvdelen"), (2 / 3, "to tredjedele"), (0.75, "tre fjerdedele"), (1.0, "hele størrelsen"),
    )  # fmt: skip
    return min(names, key=lambda pair: abs(pair[0] - share))[1]
