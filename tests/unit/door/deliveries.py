"""Deliveries made up from known absences: an export and its correction, a class at a time, rows that take others back.

The words are a generator's own: it knows nothing of the door's lists. What varies is how an export says its day (if it
does), what the correction corrects, how classes are written, and what grain the rows have.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.unit.door.exports import MONTHS, SCHOOL_DAYS

Day = tuple[str, dt.date, str]
"""A pupil's number, a day, a code."""
OLD, NEW = dt.date(2026, 10, 2), dt.date(2026, 11, 17)


@dataclass
class Delivery:
    """Files of one inbox, in the order the draft sees them, and the truth: absent days by code. ``is_dated``: anybody can
    tell the newer file.
    """

    shape: str
    files: dict[str, str]
    truth: dict[str, float]
    is_dated: bool
    answers: dict[str, str] = field(default_factory=dict)


NAMES: dict[str, tuple[Callable[[dt.date, int], str], bool]] = {
    "iso": (lambda d, n: f"fravaer_{d:%Y-%m-%d}.csv", True),
    "danish": (lambda d, n: f"fravaer_{d:%d-%m-%Y}.csv", True),
    "dots": (lambda d, n: f"Fravær {d:%d.%m.%Y}.csv", True),
    "digits": (lambda d, n: f"fravaer{d:%Y%m%d}.csv", True),
    "digits turned": (lambda d, n: f"fravaer_{d:%d%m%Y}.csv", True),
    "words": (lambda d, n: f"fravær {d.day}. {MONTHS[d.month - 1]} {d.year}.csv", True),
    "line": (lambda d, n: f"fravaer ({n}).csv", True),
    "copies": (lambda d, n: f"fravaer ({n}).csv", False),
    "corrected": (lambda d, n: f"fravaer_2026-11-17{'_rettet' * (n - 1)}.csv", False),
    "versions": (lambda d, n: f"fravaer_v{n}.csv", False),
}
"""How a file is called, by its day and number, and whether its day is told at all."""
LINES = ("Udskrevet {0:%d-%m-%Y} kl. 10:15", "Udtræk pr. {0.day}. {1} {0.year}", "Trukket: {0:%Y-%m-%d}")


def delivery(seed: int) -> Delivery:
    """One delivery; the same seed gives the same."""
    r = random.Random(31_000 + seed)
    return r.choice((_corrected, _corrected, _corrected, _moved, _minus, _logs))(r)


def _pupils(r: random.Random, labels: list[str]) -> dict[str, str]:
    return {f"{1 + i:02d}0512{4100 + i}": labels[i % len(labels)] for i in range(r.randint(6, 14))}


def _days(r: random.Random, pupils: dict[str, str], last: dt.date) -> set[Day]:
    open_days = [d for d in SCHOOL_DAYS if d <= last]
    return {(p, d, r.choice("SU")) for p in pupils for d in r.sample(open_days, r.randint(2, 6))}


def _totals(days: set[Day]) -> dict[str, float]:
    return {code: float(sum(d[2] == code for d in days)) for code in "SU"}


def _called(r: random.Random, naming: str, over: str) -> tuple[list[str], list[list[str]]]:
    """Names of the older and the newer file, and the lines over their headings."""
    name, _ = NAMES[naming]
    lines: list[list[str]] = [[], []]
    if naming == "line":
        lines = [[over.format(d, MONTHS[d.month - 1])] for d in (OLD, NEW)]
    return [name(OLD, 1), name(NEW, 2)], lines


def _corrected(r: random.Random) -> Delivery:
    """The newer export has everything as it is now: some days are deleted, moved, added or of another type."""
    naming, over = r.choice(list(NAMES)), r.choice(LINES)
    labels = r.choice((["6.A"], ["6.A", "6.B"], ["7a", "7b", "8a"]))
    pupils = _pupils(r, labels)
    before = {d for d in _days(r, pupils, OLD) if d[1] <= OLD}
    after = set(before)
    # The first and the last day stay: what an export without a period says of days beyond its own rows nobody can tell.
    ends = {min(d[1] for d in before), max(d[1] for d in before)}
    for day in sorted(d for d in before if d[1] not in ends):
        change = r.random()
        if change < 0.08:
            after.discard(day)
        elif change < 0.14:
            after.discard(day)
            after.add((day[0], r.choice([d for d in SCHOOL_DAYS if d <= OLD]), day[2]))
        elif change < 0.2:
            after.discard(day)
            after.add((day[0], day[1], "U" if day[2] == "S" else "S"))
    after = set({(p, d): (p, d, c) for p, d, c in sorted(after)}.values())
    if r.random() < 0.6:
        seen = {(p, d) for p, d, _ in after}
        after |= {x for x in _days(r, pupils, dt.date(2026, 11, 13)) if x[1] > OLD and x[:2] not in seen}
    has_class, grain = r.random() < 0.7, r.choice(("day", "span"))
    names, lines = _called(r, naming, over)
    files = {
        n: _text(days, pupils if has_class else {}, grain, above)
        for n, days, above in zip(names, (before, after), lines, strict=True)
    }
    if r.random() < 0.5:
        files = dict(reversed(files.items()))
    return Delivery(
        f"corrected, {naming}, {grain}", files, _totals(after), NAMES[naming][1] and names[0] != names[1]
    )


def _moved(r: random.Random) -> Delivery:
    """Totals by pupil and week; some pupils are in another class in the newer export, with all their weeks."""
    naming, over = r.choice([n for n in NAMES if n != "corrected"]), r.choice(LINES)
    pupils = _pupils(r, ["6.A", "6.B"])
    days = _days(r, pupils, dt.date(2026, 9, 25))
    later = {p: ("6.B" if c == "6.A" and r.random() < 0.4 else c) for p, c in pupils.items()}
    names, lines = _called(r, naming, over)
    files = {n: _weeks(days, of, above) for n, of, above in zip(names, (pupils, later), lines, strict=True)}
    made = Delivery(f"moved, {naming}", files, _totals(days), NAMES[naming][1])
    made.answers["unit"] = "days"
    return made


def _minus(r: random.Random) -> Delivery:
    """Bookings of which some are taken back by a negative row: at the end, far below, or in a file of their own."""
    pupils = _pupils(r, ["6.A", "6.B"])
    days = sorted(_days(r, pupils, dt.date(2026, 11, 13)))
    days = sorted({(p, d): (p, d, c) for p, d, c in days}.values())
    back = r.sample(days, r.randint(1, 4))
    where = r.choice(("beside", "end", "own file"))
    rows = [(*d, "1") for d in days]
    taken = [(*d, "-1") for d in back]
    if where == "beside":
        rows = sorted([*rows, *taken])
    elif where == "end":
        rows += taken
    head = "CPR;Klasse;Dato;Type;Antal dage\n"
    line = "{0};{4};{1:%d-%m-%Y};{2};{3}\n"
    files = {"fravaer_2026-11-16.csv": head + "".join(line.format(*row, pupils[row[0]]) for row in rows)}
    if where == "own file":
        files["fravaer_2026-11-17.csv"] = head + "".join(line.format(*row, pupils[row[0]]) for row in taken)
    left = {d for d in days if d not in back}
    return Delivery(f"minus, {where}", files, _totals(left), True, {"unit": "days"})


def _logs(r: random.Random) -> Delivery:
    """Talks without pupils: a log for each class, and perhaps a newer one for one of them."""
    classes = r.choice((["6.A", "6.B"], ["6.A", "6.B", "6.C"]))
    has_class = r.random() < 0.5
    files: dict[str, str] = {}
    held = 0
    for n, label in enumerate(classes):
        talks = [(d, "Afholdt") for d in r.sample(SCHOOL_DAYS[:40], r.randint(4, 9))]
        held += len(talks)
        if n == 0 and r.random() < 0.5:
            older = talks[: len(talks) // 2]
            files[f"samtaler_{label[0]}{label[2]}_2026-09-30.csv"] = _log(older, label, has_class)
        files[f"samtaler_{label[0]}{label[2]}_2026-11-{16 + n}.csv"] = _log(talks, label, has_class)
    return Delivery(
        f"logs, {'with' if has_class else 'without'} classes", files, {"held": float(held)}, has_class
    )


def _log(talks: list[tuple[dt.date, str]], label: str, has_class: bool) -> str:
    head = f"{'Klasse' if has_class else 'Klassetrin'};Dato;Status\n"
    where = label if has_class else label[0]
    return head + "".join(f"{where};{d:%d-%m-%Y};{status}\n" for d, status in sorted(talks))


def _text(days: set[Day], pupils: dict[str, str], grain: str, above: list[str]) -> str:
    ends = ["Fra", "Til"] if grain == "span" else ["Dato"]
    head = ["CPR", *(["Klasse"] if pupils else []), *ends, "Type"]
    rows = [
        [p, *([pupils[p]] if pupils else []), *([f"{d:%d-%m-%Y}"] * len(ends)), code]
        for p, d, code in sorted(days)
    ]
    return "".join(";".join(cells) + "\n" for cells in ([[line] for line in above] + [head] + rows))


def _weeks(days: set[Day], pupils: dict[str, str], above: list[str]) -> str:
    head = "CPR;Klasse;Uge;Mulige dage;Sygedage;Ulovlige dage\n"
    lines = []
    for p in pupils:
        for week in range(33, 40):
            mine = [d for d in days if d[0] == p and d[1].isocalendar().week == week]
            counts = [sum(d[2] == c for d in mine) for c in "SU"]
            lines.append(f"{p};{pupils[p]};2026-W{week};5;{counts[0]};{counts[1]}\n")
    return "".join(f"{line}\n" for line in above) + head + "".join(lines)
