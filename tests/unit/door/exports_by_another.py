"""Exports by another hand: shapes and headings that :mod:`tests.unit.door.exports` has none of, against planted truth.

Weeks as lines, spans of lessons, spans in one cell, lengths as hours and minutes, reversals, versions, days that were
counted up, absence that was reported and never confirmed, part-time spans, registers that note who was there. Most of
them cannot be read without an answer, and some of them not at all; none may be read wrongly.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

from tests.unit.door.exports import KINDS, SCHOOL_DAYS, Export, Role

Pupil = tuple[str, str]
Day = tuple[int, dt.date, str, float]
"""A pupil's number in the list, a day, a type and a share of the day."""

CODES = (
    {"sick": "SYG", "permitted": "FRI", "unlawful": "ULO"},
    {"sick": "Sygemelding", "permitted": "Ferie", "unlawful": "Pjæk"},
    {"sick": "A1", "permitted": "B2", "unlawful": "C3"},
    {"sick": "Forkølet", "permitted": "Rejse", "unlawful": "Ukendt årsag"},
)
PUPIL_HEADS = ("CPR nr", "Elevens personnr.", "Cpr-nummer (elev)", "Person-ID", "ELEV_CPR")
CLASS_HEADS = ("Kl.", "Klasse/hold", "Hjemklasse", "Klassens navn", "KLASSE_NAVN")
DATE_HEADS = ("Skoledag", "Dato (fravær)", "DATO", "Registreringsdag", "Hvornår")
TYPE_HEADS = ("Hvorfor", "Fraværsgrund", "Grund", "ABSENCE_KODE", "Begrundelse")
WRITE = ("%d.%m.%Y", "%d-%m-%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%y")
LABEL = {"%d.%m.%Y": "dd.mm.yyyy", "%d-%m-%Y": "dd-mm-yyyy", "%Y-%m-%d": "yyyy-mm-dd", "%d/%m/%Y": "dd/mm/yyyy",
         "%d.%m.%y": "dd.mm.yy"}  # fmt: skip


def export(seed: int) -> Export:
    """One export; the same seed gives the same."""
    r = random.Random(900_000 + seed)
    pupils = [
        (
            f"{1 + r.randrange(28):02d}{1 + r.randrange(12):02d}12{4100 + i}",
            f"{r.choice('789')}{r.choice('ab')}",
        )
        for i in range(r.randint(4, 12))
    ]
    days: list[Day] = []
    for i in range(len(pupils)):
        for day in r.sample(SCHOOL_DAYS, r.randint(1, 6)):
            days.append((i, day, r.choice(KINDS), r.choice((1.0, 1.0, 0.5))))
    return r.choice(MAKERS)(r, pupils, sorted(days))


def _made(
    r: random.Random,
    shape: str,
    columns: list[tuple[str, Role, list[str]]],
    days: list[Day],
    codes: dict[str, str],
    write: str,
    **more: object,
) -> Export:
    order = list(columns)
    r.shuffle(order)
    rows = [list(cells) for cells in zip(*(c[2] for c in order), strict=True)]
    truth = {k: sum(d[3] for d in days if d[2] == k) for k in KINDS}
    said = {code: (kind, 1.0) for kind, code in codes.items()}
    roles = {c[0]: c[1] for c in order}
    return Export(shape, [c[0] for c in order], rows, roles, truth, said, LABEL.get(write, ""), **more)  # type: ignore[arg-type]


def _beside(r: random.Random, pupils: list[Pupil], who: list[int]) -> list[tuple[str, Role, list[str]]]:
    return [
        (r.choice(PUPIL_HEADS), Role("pupil"), [pupils[i][0] for i in who]),
        (r.choice(CLASS_HEADS), Role("class"), [pupils[i][1] for i in who]),
    ]


def _rows(
    r: random.Random, pupils: list[Pupil], days: list[Day]
) -> tuple[list[tuple[str, Role, list[str]]], dict[str, str], str]:
    codes, write = r.choice(CODES), r.choice(WRITE)
    columns = _beside(r, pupils, [d[0] for d in days])
    columns.append((r.choice(DATE_HEADS), Role("date"), [f"{d[1]:{write}}" for d in days]))
    columns.append((r.choice(TYPE_HEADS), Role("type"), [codes[d[2]] for d in days]))
    return columns, codes, write


def _weeks(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """A line for each pupil and week, weekdays as headings; whole days alone."""
    codes = CODES[r.randrange(3)]
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    heads = r.choice((("Ma", "Ti", "On", "To", "Fr"), ("man.", "tirs.", "ons.", "tors.", "fre."),
                      ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")))  # fmt: skip
    lines = sorted({(i, d.isocalendar().week) for i, d, *_ in days})
    at = {(i, d): codes[k] for i, d, k, _ in days}
    columns = _beside(r, pupils, [i for i, _ in lines])
    columns.append(("Uge", Role("week"), [f"2026-W{w}" for _, w in lines]))
    for n, head in enumerate(heads):
        cells = [at.get((i, dt.date.fromisocalendar(2026, w, n + 1)), "") for i, w in lines]
        columns.append((head, Role("mark"), cells))
    return _made(r, "weeks", columns, days, codes, "")


def _span_of_lessons(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """From and to a lesson of a day of six."""
    columns, codes, write = _rows(r, pupils, days)
    columns.append(
        (r.choice(("Fra lektion", "Lektion fra", "Første time")), Role("first_lesson"), ["1"] * len(days))
    )
    columns.append((r.choice(("Til lektion", "Lektion til", "Sidste time")), Role("last_lesson"),
                    ["3" if d[3] < 1 else "6" for d in days]))  # fmt: skip
    return _made(r, "span of lessons", columns, days, codes, write)


def _span_in_a_cell(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """First and last day in one cell."""
    columns, codes, write = _rows(r, pupils, days)
    mark = r.choice((" - ", " til ", "–"))
    spans = [f"{d[1]:{write}}{mark}{d[1]:{write}}" for d in days]
    columns = [(h, role, spans if role.what == "date" else v) for h, role, v in columns]
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    return _made(r, "span in a cell", columns, days, codes, write)


def _hours_and_minutes(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """A length written ``3:00`` beside the day."""
    columns, codes, write = _rows(r, pupils, days)
    head = r.choice(("Varighed (t:mm)", "Fravær i tid", "Længde", "Tid i alt"))
    columns.append((head, Role("clock_length"), ["3:00" if d[3] < 1 else "6:00" for d in days]))
    return _made(r, "hours and minutes", columns, days, codes, write)


def _reversals(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Bookings of which some are taken back by a line with a minus."""
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    back = [d for d in days if r.random() < 0.3] or days[:1]
    booked = sorted(
        [*((d, "1") for d in days), *((d, "-1") for d in back)], key=lambda b: (b[0], b[1] == "-1")
    )
    columns, codes, write = _rows(r, pupils, [d for d, _ in booked])
    columns.append(
        (
            r.choice(("Antal", "Bogført", "Fortegn", "Dage +/-")),
            Role("amount", unit="days"),
            [n for _, n in booked],
        )
    )
    return _made(r, "reversals", columns, [d for d in days if d not in back], codes, write)


def _versions(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Every change is a line of its own; the last one holds."""
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    lines: list[tuple[Day, int, str]] = []
    for d in days:
        if r.random() < 0.3:
            lines.append(((d[0], d[1], r.choice(KINDS), 1.0), 1, "Nej"))
        lines.append((d, 2, "Ja"))
    columns, codes, write = _rows(r, pupils, [d for d, _, _ in lines])
    columns.append((r.choice(("Gældende", "Aktuel", "Seneste udgave", "Er gyldig")),
                    Role("status", {"Ja": "counts", "Nej": "none"}), [g for _, _, g in lines]))  # fmt: skip
    return _made(r, "versions", columns, days, codes, write)


def _confirmed(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """What parents reported, and whether the school saw it; some lines are of pupils who came after all."""
    words = r.choice((("Set", "Mødt alligevel"), ("1", "0"), ("x", ""), ("Bekræftet", "Trukket tilbage")))
    seen = [r.random() < 0.7 for _ in days]
    columns, codes, write = _rows(r, pupils, days)
    role = Role("status", {words[0]: "counts", words[1]: "none"})
    head = r.choice(("Lærerens svar", "Kontrol", "Bekræftelse", "Udfald"))
    columns.append((head, role, [words[0 if s else 1] for s in seen]))
    kept = [(i, d, k, 1.0) for (i, d, k, _), s in zip(days, seen, strict=True) if s]
    return _made(r, "confirmed", columns, kept, codes, write)


def _decimals(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Parts of a day as a decimal number, with and without a nought before it."""
    columns, codes, write = _rows(r, pupils, days)
    short = r.random() < 0.5
    cells = [("1" if d[3] == 1 else ",5" if short else "0,50") for d in days]
    columns.append(
        (r.choice(("Fraværsandel", "Hvor stor en del", "Brøk", "Enhed")), Role("amount", unit="share"), cells)
    )
    return _made(r, "decimals", columns, days, codes, write)


def _counted_up(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Days of each type by week, counted from August on, which must not be added up."""
    weeks = list(range(33, 47))
    lines = [(i, w) for i in range(len(pupils)) for w in weeks if w != 42]
    columns = _beside(r, pupils, [i for i, _ in lines])
    columns.append(("Ugenr.", Role("week"), [f"2026-W{w}" for _, w in lines]))
    for kind, head in zip(
        KINDS, ("Sygedage til dato", "Fridage til dato", "Ulovlige dage til dato"), strict=True
    ):
        cells = [
            sum(x[3] for x in days if x[0] == i and x[2] == kind and x[1].isocalendar().week <= w)
            for i, w in lines
        ]
        columns.append((head, Role(f"total:{kind}"), [f"{c:g}".replace(".", ",") for c in cells]))
    made = _made(r, "counted up", columns, days, {}, "")
    made.answers = {"totals.unit": "days"}
    return made


def _part_time(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Spans of a week in which the pupil was there on some days: the number beside them says how many were missed."""
    codes, write = r.choice(CODES), r.choice(WRITE)
    mondays = {
        i: r.choice((dt.date(2026, 9, 7), dt.date(2026, 9, 14), dt.date(2026, 11, 2)))
        for i in range(len(pupils))
    }
    spans = [(i, mondays[i], r.choice(KINDS), r.randint(2, 4)) for i in range(len(pupils))]
    columns = _beside(r, pupils, [s[0] for s in spans])
    columns += [
        (
            r.choice(("Periodens start", "Start den", "Fra d.")),
            Role("from"),
            [f"{s[1]:{write}}" for s in spans],
        ),
        (
            r.choice(("Periodens slut", "Slut den", "Til d.")),
            Role("to"),
            [f"{s[1] + dt.timedelta(4):{write}}" for s in spans],
        ),
        (r.choice(TYPE_HEADS), Role("type"), [codes[s[2]] for s in spans]),
        (
            r.choice(("Heraf fravær", "Fraværsdage", "Antal hele dage")),
            Role("amount", unit="days"),
            [str(s[3]) for s in spans],
        ),
    ]
    return _made(r, "part time", columns, [(s[0], s[1], s[2], float(s[3])) for s in spans], codes, write)


def _register(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """A line for everybody each day of two weeks; most of them were there."""
    codes, write = dict(r.choice(CODES[:2])), r.choice(WRITE)
    there = r.choice(("Til stede", "Mødt", "OK", "-"))
    fortnight = SCHOOL_DAYS[20:30]
    at = {(i, d): (k, 1.0) for i, d, k, _ in days if d in fortnight}
    lines = [(i, d) for i in range(len(pupils)) for d in fortnight]
    columns = _beside(r, pupils, [i for i, _ in lines])
    columns.append((r.choice(DATE_HEADS), Role("date"), [f"{d:{write}}" for _, d in lines]))
    columns.append(
        (r.choice(TYPE_HEADS), Role("type"), [codes[at[x][0]] if x in at else there for x in lines])
    )
    kept = [(i, d, k, 1.0) for i, d, k, _ in days if d in fortnight]
    made = _made(r, "register", columns, kept, codes, write)
    made.codes[there] = ("none", 1.0)
    return made


MAKERS: tuple[Callable[[random.Random, list[Pupil], list[Day]], Export], ...] = (
    _weeks, _span_of_lessons, _span_in_a_cell, _hours_and_minutes, _reversals, _versions, _confirmed, _decimals,
    _counted_up, _part_time, _register,
)  # fmt: skip
