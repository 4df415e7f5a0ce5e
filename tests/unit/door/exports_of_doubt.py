"""Exports by a third hand: columns whose heading, place or look seems to say that they do not matter, and which do.

Amounts written as identifiers, as text or once for each pupil; headings nobody knows, or none at all; types that only
begin like one of the study's; counts of half days, of days attended, of years that begin in August. Most of them cannot
be read without an answer, and some of them not at all; none may be read wrongly.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable

from tests.unit.door.exports import KINDS, SCHOOL_DAYS, Export, Role
from tests.unit.door.exports_by_another import WRITE, Day, Pupil, _beside, _made, _rows

Columns = list[tuple[str, Role, list[str]]]
BLOCKED = Role("blocked")
"""A column that changes the days and that no mapping can read: the file can only be asked about."""
SPRING = [d for n in range(25) if (d := dt.date(2026, 1, 12) + dt.timedelta(days=n)).weekday() < 5]


def export(seed: int) -> Export:
    """One export; the same seed gives the same."""
    r = random.Random(5_000_000 + seed)
    pupils = [
        (
            f"{1 + r.randrange(28):02d}{1 + r.randrange(12):02d}12{4100 + i}",
            f"{r.choice('789')}{r.choice('ab')}",
        )
        for i in range(r.randint(4, 12))
    ]
    days: list[Day] = []
    for i in range(len(pupils)):
        for day in r.sample(SCHOOL_DAYS, r.randint(2, 6)):
            days.append((i, day, r.choice(KINDS), r.choice((1.0, 1.0, 0.5))))
    return r.choice(MAKERS)(r, pupils, sorted(days))


def unknown(r: random.Random) -> str:
    """A heading that is no word of any language."""
    syllables = [
        r.choice("bdfglmnprstv") + r.choice("aeiouyæøå") + r.choice("lmnrst") for _ in range(r.randint(2, 3))
    ]
    return "".join(syllables).capitalize()


def _head(r: random.Random, *known: str) -> str:
    """One of the headings, or one that nobody knows."""
    return r.choice((*known, unknown(r)))


def _half_as_number(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """1 for half a day and 0 for a whole one, or the other way round."""
    columns, codes, write = _rows(r, pupils, days)
    half, whole = r.choice((("1", "0"), ("1", "0"), ("0", "1"), ("1", "2"), ("2", "1"), ("50", "100")))
    head = _head(r, "Halv dag", "Halvdag", "Halv", "Heldag", "Hel dag", "Halv/hel")
    columns.append(
        (head, Role("half", {half: "0.5", whole: "1"}), [half if d[3] < 1 else whole for d in days])
    )
    return _made(r, "half as number", columns, days, codes, write)


def _without_a_heading(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """What the column holds stands in no heading."""
    columns, codes, write = _rows(r, pupils, days)
    half, whole = r.choice((("½", "1"), ("halv", "hel"), ("x", ""), ("0,5", "1"), ("3", "6")))
    columns.append(("", BLOCKED, [half if d[3] < 1 else whole for d in days]))
    made = _made(r, "no heading", columns, days, codes, write)
    made.roles[f"(kolonne {made.header.index('') + 1})"] = Role("half", {half: "0.5", whole: "1"})
    return made


def _as_identifier(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Lengths and times that look like numbers of something."""
    columns, codes, write = _rows(r, pupils, days)
    way = r.randrange(5)
    part = [d[3] if d[3] < 1 else r.choice((1.0, 0.5, 0.25)) for d in days]
    days = [(i, d, k, p) for (i, d, k, _), p in zip(days, part, strict=True)]
    if way == 0:
        role, cells = Role("amount", unit="minutes", day=360), [f"{int(p * 360):04d}" for p in part]
    elif way == 1:
        role, cells = BLOCKED, [str(int(p * 6 * 3600)) for p in part]
    elif way == 2:
        role, cells = BLOCKED, [f"{14 - int(p * 6):02d}{0 if p * 6 % 1 == 0 else 30:02d}" for p in part]
    elif way == 3:
        role, cells = BLOCKED, [str(int(p * 6 * 3_600_000)) for p in part]
    else:
        role, cells = BLOCKED, [f"{14 - int(p * 6):02d}{0 if p * 6 % 1 == 0 else 30:02d}00" for p in part]
    columns.append((_head(r, "Varighed", "Tid", "Kode 2", "Mødt", "Længde"), role, cells))
    return _made(r, "as identifier", columns, days, codes, write)


def _as_text(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Lengths written as words, nearly every one another."""
    columns, codes, write = _rows(r, pupils, days)
    minutes = [r.randrange(20, 300) for _ in days]
    write_it: Callable[[int], str] = r.choice((
        lambda m: f"{m // 60}t {m % 60}m",
        lambda m: f"PT{m // 60}H{m % 60}M",
        lambda m: f"fra 8.10 til {8 + (m + 10) // 60}.{(m + 10) % 60:02d}",
        lambda m: f"væk {m} minutter af dagen den dag",
        lambda m: f"{m // 60} timer og {m % 60} minutter",
        lambda m: f"Eleven var ikke til stede i klassen fra klokken {8 + m // 60}",
        lambda m: f"kl.0810-kl.{8 + m // 60:02d}{m % 60:02d}",
    ))  # fmt: skip
    columns.append(
        (_head(r, "Varighed", "Bemærkning", "Tidsrum", "Fravær"), BLOCKED, [write_it(m) for m in minutes])
    )
    days = [(i, d, k, m / 360) for (i, d, k, _), m in zip(days, minutes, strict=True)]
    return _made(r, "as text", columns, days, codes, write)


def _once_for_each_pupil(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """A part of the day that is the same in all rows of a pupil."""
    columns, codes, write = _rows(r, pupils, days)
    way = r.randrange(4)
    part = {i: r.choice((1.0, 0.5, 0.25, 0.75)) for i in range(len(pupils))}
    if way == 3:
        part = {i: (20 + i) / 40 for i in range(len(pupils))}
    texts: dict[int, Callable[[float], tuple[Role, str]]] = {
        0: lambda p: (Role("amount", unit="percent"), f"{p * 100:g}"),
        1: lambda p: (BLOCKED, f"{p * 4:g} dele"),
        2: lambda p: (
            BLOCKED,
            {1.0: "fuldt skema", 0.5: "halvt skema", 0.25: "en fjerdedel", 0.75: "næsten"}[p],
        ),
        3: lambda p: (BLOCKED, f"{p * 40:g}"),
    }
    cells = [texts[way](part[d[0]]) for d in days]
    columns.append(
        (_head(r, "Nedsat skema", "Ugentlige timer", "Ordning", "Skema"), cells[0][0], [c for _, c in cells])
    )
    days = [(i, d, k, part[i]) for i, d, k, _ in days]
    return _made(r, "once for each pupil", columns, days, codes, write)


def _unknown_end(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """The last day under a heading that other systems use for something else."""
    columns, codes, write = _rows(r, pupils, [(i, d, k, 1.0) for i, d, k, _ in days])
    mondays = [d - dt.timedelta(days=d.weekday()) for _, d, _, _ in days]
    seen: set[tuple[int, dt.date]] = set()
    kept = [n for n, d in enumerate(days) if not ((d[0], mondays[n]) in seen or seen.add((d[0], mondays[n])))]  # type: ignore[func-returns-value]
    length = [r.randint(1, 5) for _ in days]
    columns = [(h, role, [cells[n] for n in kept]) for h, role, cells in columns]
    firsts = [f"{mondays[n]:{write}}" for n in kept]
    columns = [(h, Role("from") if role.what == "date" else role, firsts if role.what == "date" else cells)
               for h, role, cells in columns]  # fmt: skip
    ends = [f"{mondays[n] + dt.timedelta(days=length[n] - 1):{write}}" for n in kept]
    columns.append((_head(r, "Udskrevet", "Afsluttet den", "Retur", "Gældende til"), Role("to"), ends))
    spans = [(days[n][0], mondays[n], days[n][2], float(sum(
        mondays[n] + dt.timedelta(days=x) in SCHOOL_DAYS for x in range(length[n])))) for n in kept]  # fmt: skip
    return _made(r, "unknown end", columns, spans, codes, write)


def _lessons_counted(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """How many lessons of a day of six, under a heading that elsewhere says which lesson."""
    part = [r.randint(1, 6) for _ in days]
    days = [(i, d, k, p / 6) for (i, d, k, _), p in zip(days, part, strict=True)]
    columns, codes, write = _rows(r, pupils, days)
    head = _head(r, "Lektioner", "Lektion", "Time", "Timer", "Modul")
    columns.append((head, Role("amount", unit="lessons", day=6), [str(p) for p in part]))
    return _made(r, "lessons counted", columns, days, codes, write)


def _totals(
    r: random.Random,
    pupils: list[Pupil],
    days: list[Day],
    heads: tuple[str, str, str],
    per_day: float,
    more: Columns,
) -> tuple[Columns, list[tuple[int, int]]]:
    weeks = sorted({(i, d.isocalendar().week) for i, d, *_ in days})
    columns = _beside(r, pupils, [i for i, _ in weeks])
    columns.append(("Uge", Role("week"), [f"2026-W{w}" for _, w in weeks]))
    for kind, head in zip(KINDS, heads, strict=True):
        sums = [
            sum(x[3] for x in days if x[0] == i and x[2] == kind and x[1].isocalendar().week == w)
            for i, w in weeks
        ]
        columns.append((head, Role(f"total:{kind}"), [f"{s * per_day:g}".replace(".", ",") for s in sums]))
    return [*columns, *more], weeks


def _half_days_counted(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Totals whose headings end like days and count half days, quarters or something else."""
    heads, per_day, unit = r.choice((
        (("Sygdom halve dage", "Frihed halve dage", "Ulovligt halve dage"), 2, "sessions"),
        (("Syge halvdage", "Fri halvdage", "Ulovlige halvdage"), 2, "sessions"),
        (("Sygdom dobbeltlektioner", "Frihed dobbeltlektioner", "Ulovligt dobbeltlektioner"), 3, "lessons"),
        (("Sygdom kvartdage", "Frihed kvartdage", "Ulovligt kvartdage"), 4, "lessons"),
    ))  # fmt: skip
    columns, _ = _totals(r, pupils, days, heads, per_day, [])
    made = _made(r, "half days counted", columns, days, {}, "")
    made.answers = {"totals.unit": unit, "totals.per_day": per_day, "totals.running": False}
    return made


def _nearly_a_type(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Totals with a column beside them that begins or ends like a type, or is a part of one."""
    head = r.choice(("Lovpligtige skoledage", "heraf sygdom", "Sygdom sidste år", "Sygeplejerske besøg", "Fritidstilbud",
                     "Ulovlighedssager", "Feriedage planlagt", "Sygdom i familien", "Sygdom (heraf hele uger)"))  # fmt: skip
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    columns, weeks = _totals(r, pupils, days, ("Sygedage", "Fridage", "Ulovlige dage"), 1, [])
    columns.insert(
        r.randrange(3, len(columns)), (head, Role("harmless"), [str(r.randint(0, 3)) for _ in weeks])
    )
    made = _made(r, "nearly a type", columns, days, {}, "")
    made.answers = {"totals.unit": "days", "totals.running": False}
    return made


def _nearly_a_type_by_day(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """A column for each type in a line for each day, and one more that is a part of one of them."""
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    write = r.choice(WRITE)
    columns = _beside(r, pupils, [d[0] for d in days])
    columns.append(("Dato", Role("date"), [f"{d[1]:{write}}" for d in days]))
    heads = ("Sygdom", "Frihed", "Ulovligt")
    for kind, head in zip(KINDS, heads, strict=True):
        columns.append((head, Role(f"mark:{kind}"), ["1" if d[2] == kind else "0" for d in days]))
    more = r.choice(("heraf sygdom", "Sygdom før kl. 10", "Lovpligtig undervisning", "Sygemeldt af læge"))
    columns.append(
        (more, Role("harmless"), ["1" if d[2] == "sick" and r.random() < 0.5 else "0" for d in days])
    )
    return _made(r, "nearly a type by day", columns, days, dict(zip(KINDS, heads, strict=True)), write)


def _other_letters(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """A register in letters, of which some mean something else than elsewhere."""
    letters, there = r.choice((
        ({"sick": "S", "permitted": "L", "unlawful": "U"}, "T"),
        ({"sick": "S", "permitted": "E", "unlawful": "U"}, "F"),
        ({"sick": "S", "permitted": "T", "unlawful": "L"}, "P"),
        ({"sick": "F", "permitted": "L", "unlawful": "U"}, "T"),
    ))  # fmt: skip
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    columns, _, write = _rows(r, pupils, days)
    present = sorted(
        {(i, d) for i in range(len(pupils)) for d in SCHOOL_DAYS[20:25]} - {(i, d) for i, d, *_ in days}
    )
    lines = [*((d[0], d[1], letters[d[2]]) for d in days), *((i, d, there) for i, d in present)]
    heads = {role.what: h for h, role, _ in columns}
    columns = [
        (heads["pupil"], Role("pupil"), [pupils[i][0] for i, _, _ in lines]),
        (heads["class"], Role("class"), [pupils[i][1] for i, _, _ in lines]),
        (heads["date"], Role("date"), [f"{d:{write}}" for _, d, _ in lines]),
        (heads["type"], Role("type"), [c for _, _, c in lines]),
    ]
    made = _made(r, "other letters", columns, days, letters, write)
    made.codes[there] = ("none", 1.0)
    return made


def _school_years(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Months beside the year in which their school year began."""
    days = [(i, SPRING[n % len(SPRING)], k, 1.0) for n, (i, _, k, _) in enumerate(days)]
    columns = _beside(r, pupils, list(range(len(pupils))))
    columns.append(("Skoleår", Role("school_year"), ["2025"] * len(pupils)))
    columns.append(("Måned", Role("month"), ["1"] * len(pupils)))
    days = [d for d in days if d[1].month == 1]
    for kind, head in zip(KINDS, ("Sygedage", "Fridage", "Ulovlige dage"), strict=True):
        cells = [str(int(sum(x[3] for x in days if x[0] == i and x[2] == kind))) for i in range(len(pupils))]
        columns.append((head, Role(f"total:{kind}"), cells))
    made = _made(r, "school years", columns, days, {}, "")
    made.answers = {"totals.unit": "days", "totals.running": False, "first_on": dt.date(2026, 1, 1)}
    return made


def _days_attended(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Days on which the pupil was there, which are not those on which it could have been."""
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    columns, weeks = _totals(r, pupils, days, ("Sygedage", "Fridage", "Ulovlige dage"), 1, [])
    gone = [sum(x[3] for x in days if x[0] == i and x[1].isocalendar().week == w) for i, w in weeks]
    open_ = [sum(d.isocalendar().week == w for d in SCHOOL_DAYS) for _, w in weeks]
    head = r.choice(("Fremmødedage", "Antal fremmødedage", "Fremmøde", unknown(r)))
    columns.append((head, Role("harmless"), [f"{a - b:g}" for a, b in zip(open_, gone, strict=True)]))
    made = _made(r, "days attended", columns, days, {}, "")
    made.answers = {"totals.unit": "days", "totals.running": False, "possible": sum(open_)}
    return made


def _long_absences(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Each pupil once, for months, and no word of why."""
    write = r.choice(WRITE)
    columns = _beside(r, pupils, list(range(len(pupils))))
    if r.random() < 0.5:
        columns.append(("Navn", Role("harmless"), [f"Åse {unknown(r)}" for _ in pupils]))
    columns.append(
        (
            r.choice(("Fra", "Startdato", "Fra og med")),
            Role("from"),
            [f"{SCHOOL_DAYS[0]:{write}}"] * len(pupils),
        )
    )
    ends = [f"{SCHOOL_DAYS[-1 - n % 4]:{write}}" for n in range(len(pupils))]
    columns.append((r.choice(("Til", "Slutdato", "Til og med")), Role("to"), ends))
    spans = [(i, SCHOOL_DAYS[0], "sick", float(len(SCHOOL_DAYS) - i % 4)) for i in range(len(pupils))]
    made = _made(r, "long absences", columns, spans, {}, write)
    made.answers = {"kind": "absence"}
    return made


def _counted_so_far(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """Beside each day what has come together until then: nothing of the row itself."""
    days = [(i, d, k, 1.0) for i, d, k, _ in days]
    columns, codes, write = _rows(r, pupils, days)
    sofar = [sum(x[0] == d[0] and x[1] <= d[1] for x in days) for d in days]
    way = r.randrange(3)
    cells = [str(n) for n in sofar] if way == 0 else [f"{100 * n / 60:.1f}".replace(".", ",") for n in sofar]
    head = _head(r, "Dage i alt", "Fravær i alt", "Fraværsprocent", "Fravær til dato")
    columns.append((head, Role("harmless"), [c + " %" if way == 2 else c for c in cells]))
    return _made(r, "counted so far", columns, days, codes, write)


def _any_amount(r: random.Random, pupils: list[Pupil], days: list[Day]) -> Export:
    """An amount in any way of writing under a heading nobody knows."""
    columns, codes, write = _rows(r, pupils, days)
    half, whole, role = r.choice((
        ("0,5", "1", Role("amount", unit="share")), (",5", "1,0", Role("amount", unit="share")),
        ("½", "1", Role("amount", unit="share")), ("50%", "100%", Role("amount", unit="percent")),
        ("180", "360", Role("amount", unit="minutes", day=360)), ("3", "6", Role("amount", unit="hours", day=6)),
        ("3 t", "6 t", Role("amount", unit="hours", day=6)), ("J", "N", Role("half", {"J": "0.5", "N": "1"})),
        ("fm", "fm+em", Role("half", {"fm": "0.5", "fm+em": "1"})), ("1/2", "1/1", Role("half", {"1/2": "0.5", "1/1": "1"})),
        ("tidlig", "hele", Role("half", {"tidlig": "0.5", "hele": "1"})),
        ("A", "A+B", Role("half", {"A": "0.5", "A+B": "1"})),
        ("*", "**", Role("half", {"*": "0.5", "**": "1"})), ("TRUE", "FALSE", Role("half", {"TRUE": "0.5", "FALSE": "1"})),
    ))  # fmt: skip
    columns.append((unknown(r), role, [half if d[3] < 1 else whole for d in days]))
    if r.random() < 0.3:
        columns.append((unknown(r), Role("harmless"), [str(100_001 + 7 * n) for n in range(len(days))]))
    return _made(r, "any amount", columns, days, codes, write)


MAKERS: tuple[Callable[[random.Random, list[Pupil], list[Day]], Export], ...] = (
    _half_as_number, _without_a_heading, _as_identifier, _as_text, _once_for_each_pupil, _unknown_end, _lessons_counted,
    _half_days_counted, _nearly_a_type, _nearly_a_type_by_day, _other_letters, _school_years, _days_attended,
    _long_absences, _counted_so_far, _any_amount,
)  # fmt: skip
