"""Danish numbers, dates and lists as they stand in a text. Nothing here knows what a number means.

Decimal comma, full stop for thousands, a real minus sign and non-breaking spaces before units, so that no number is torn
from its unit at the end of a line. Dates are never abbreviated to ambiguous digits. There is one rounding,
:func:`rounded`: in text, table, figure, file and gate a number is the same.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

NBSP = "\u00a0"
MINUS = "\u2212"
MONTHS = (
    "januar februar marts april maj juni juli august september oktober november december".split()  # noqa: SIM905
)
SMALL = ("nul", "én", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni", "ti", "elleve", "tolv")
TIE = 1e-9
"""What binary fractions lose: 1.005 is a tie although its nearest double lies below it."""
MOST_WEEKS = 6
"""So many weeks are named; more are counted."""


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or the empty text."""
    import pandas as pd

    if value is None or (isinstance(value, str) and not value):
        return True
    return bool(pd.isna(value)) if pd.api.types.is_scalar(value) else False


def rounded(value: float, decimals: int = 1) -> float:
    """The number as it is shown, halves away from zero as a reader would do it; never ``-0.0``."""
    import numpy as np

    return float(rounded_all(np.array([value], dtype=float), decimals)[0])


def rounded_all(values: npt.NDArray[np.float64], decimals: int = 1) -> npt.NDArray[np.float64]:
    """:func:`rounded` for many numbers; what is missing stays missing."""
    import numpy as np

    scale = 10.0**decimals
    size = np.floor(np.abs(values) * scale + 0.5 + TIE) / scale
    return np.where(size == 0, 0.0, np.copysign(size, values))


def number(value: float, decimals: int = 1) -> str:
    """``-1234.56`` as ``−1.234,6``."""
    shown = rounded(value, decimals)
    text = f"{abs(shown):,.{max(decimals, 0)}f}".translate(str.maketrans(",.", ".,"))
    return (MINUS if shown < 0 else "") + text


def plain(value: float) -> str:
    """A number somebody decided, without decimals it does not have: ``80``, ``0,05``."""
    return f"{value:.10g}".replace("-", MINUS).replace(".", ",")


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
    import pandas as pd

    stamp: dt.date = pd.Timestamp(day).date()
    return stamp


def month(day: Any) -> str:
    """``november 2026``."""
    d = as_date(day)
    return f"{MONTHS[d.month - 1]} {d.year}"


def weeks(mondays: Iterable[Any]) -> str:
    """``uge 43, 44 og 45 (2026)``; many weeks are counted instead."""
    days = sorted({as_date(d) for d in mondays})
    if not days:
        return "ingen uger"
    if len(days) > MOST_WEEKS:
        return f"{len(days)} uger"
    iso = [d.isocalendar() for d in days]
    return f"uge {join(str(i.week) for i in iso)} ({'/'.join(sorted({str(i.year) for i in iso}))})"


def join(items: Iterable[str], last: str = "og") -> str:
    """``a, b og c``."""
    parts = list(items)
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def capital(text: str) -> str:
    """The text with its first letter capital, the rest untouched."""
    return text[:1].upper() + text[1:]


def plain_letters(text: str) -> str:
    """Danish letters as they are spelt without them: ``ae``, ``oe``, ``aa``."""
    return text.replace("æ", "ae").replace("ø", "oe").replace("å", "aa")


def plural(n: float, forms: Sequence[str]) -> str:
    """The form that goes with the number: of (``skole``, ``skoler``)."""
    return forms[0] if n == 1 else forms[1]


def one_in(share_pct: float, half: float = 0.0) -> str:
    """A share as people: ``cirka 1 ud af 5``; in tenths when one in a whole number would be far off.

    ``half`` is half of the step the share was rounded to. *Alle* and *ingen* only where it cannot be anything else; *cirka*
    is never further off than a fifteenth of the share (one in a whole number) or five percentage points (tenths).
    """
    low, high = share_pct - half, share_pct + half
    if high <= 0 or low >= 100:
        return "ingen" if high <= 0 else "alle"
    best = min(range(2, 21), key=lambda n: (abs(100 / n - share_pct), n))
    if abs(100 / best - share_pct) + half <= share_pct / 15:
        return f"cirka hver {ORDINALS[best]}" if best in ORDINALS else f"cirka 1 ud af {best}"
    tenths = math.floor(share_pct / 10 + 0.5 + TIE)
    if tenths == 0:
        most = math.ceil(100 / high) - 1
        return f"færre end 1 ud af {most if most < 100 else count(most // 100 * 100)}"
    if tenths == 10:
        return "flere end 9 ud af 10"
    return f"cirka {tenths} ud af 10"


ORDINALS = dict(enumerate("anden tredje fjerde femte sjette syvende ottende niende tiende".split(), start=2))  # noqa: SIM905
