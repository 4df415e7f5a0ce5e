"""Files in blocks, made up from known absences: a class or a month at a time, with a title over the headings.

The words are a generator's own: it knows nothing of the door's lists. What stands between the blocks varies: titles, blank
lines, headings again or not, printed-on lines, page feet.
"""

from __future__ import annotations

import calendar
import datetime as dt
import random
from dataclasses import dataclass, field

from tests.unit.door.exports import MONTHS, SCHOOL_DAYS

Told = tuple[str, str, str]
"""A pupil's number, a day, a class."""


@dataclass
class Blocks:
    """``lines`` of cells, and the truth: each pupil's day with its class. ``is_plain``: nothing in it needs an answer."""

    shape: str
    lines: list[list[str]]
    truth: set[Told]
    is_plain: bool
    first_row: int = 0
    answers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return "".join(";".join(cells) + "\n" for cells in self.lines)


def blocks(seed: int) -> Blocks:
    """A grid of days in blocks; the same seed gives the same."""
    r = random.Random(77_000 + seed)
    months = sorted(r.sample([8, 9, 11], r.choice((1, 1, 2))))
    classes = r.sample(["6.A", "6.B", "7.A", "8.C"], r.choice((1, 2, 2, 3)))
    title = r.choice(("both", "both", "one line", "class alone", "none"))
    again = r.choice(("headings", "headings", "titles alone", "month's own length"))
    printed = r.choice(("", "", "over", "foot"))
    padded = r.random() < 0.5
    blank = r.choice((0, 0, 1, 2))
    word = r.choice(("Klasse ", "Klasse: ", "klasse "))
    lines: list[list[str]] = []
    truth: set[Told] = set()
    first_row, n = 0, 0
    width = 32
    for month in months:
        for label in classes:
            over = [[f"{word}{label}"], [f"{MONTHS[month - 1].capitalize()} 2026"]]
            if title == "one line":
                over = [[f"{word}{label}", f"{MONTHS[month - 1]} 2026"]]
            elif title == "class alone":
                over = over[:1]
            elif title == "none":
                over = []
            if printed == "over":
                over.insert(r.randint(0, len(over)), ["Udskrevet 3. marts 2027"])
            lines += [[]] * blank if lines else []
            lines += over
            days = calendar.monthrange(2026, month)[1] if again == "month's own length" else 31
            if not first_row or again != "titles alone":
                lines.append(["CPR", *(str(d) for d in range(1, days + 1))])
                first_row = first_row or len(lines)
            for _ in range(r.randint(1, 4)):
                n += 1
                number = f"{1 + n:02d}03124{100 + n}"
                mine = [d for d in SCHOOL_DAYS if d.month == month]
                absent = r.sample(mine, min(len(mine), r.choice((0, 1, 2, 3))))
                cells = [
                    number,
                    *("S" if dt.date(2026, month, d) in absent else "" for d in _days(month, days)),
                ]
                lines.append(cells)
                truth |= {(number, d.isoformat(), label) for d in absent}
            if printed == "foot":
                lines.append([r.choice(("Side 1 af 3", "Udskrevet 3. marts 2027", "Antal elever: 4"))])
    if padded:
        lines = [[*cells, *[""] * (width - len(cells))] if cells else [] for cells in lines]
    several = len(months) * len(classes) > 1
    is_plain = (not several and title != "none") or (
        title in ("both", "one line") and again == "headings" and printed == ""
    )
    is_plain &= bool(truth)
    made = Blocks(f"{title}, {again}, {printed or 'not printed'}", lines, truth, is_plain, first_row)
    if len(months) == 1:
        made.answers["month"] = f"2026-{months[0]:02d}"
    return made


def _days(month: int, days: int) -> list[int]:
    """Days of the month, and for headings beyond its end the last day again, which no pupil misses."""
    last = calendar.monthrange(2026, month)[1]
    return [d if d <= last else 0 or _sunday(month) for d in range(1, days + 1)]


def _sunday(month: int) -> int:
    return next(d for d in range(1, 8) if dt.date(2026, month, d).weekday() == 6)
