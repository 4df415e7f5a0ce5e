"""Exports made up from known absences, of shapes nobody described: grains × amounts × headings × dates × what stands beside.

The words here are a generator's own: it knows nothing of the door's lists. Each export carries the truth and what every
column means, so that an oracle can answer the questions of a draft as the school would.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field

SCHOOL_DAYS = [
    d
    for n in range(96)
    if (d := dt.date(2026, 8, 10) + dt.timedelta(days=n)).weekday() < 5
    and not dt.date(2026, 10, 10) <= d <= dt.date(2026, 10, 18)
    and d <= dt.date(2026, 11, 13)
]
KINDS = ("sick", "permitted", "unlawful")
MONTHS = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
]
WEEKDAYS = ["mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"]
NAMES = [
    "Åse",
    "Øjvind",
    "Ægir",
    "Karla",
    "Bo",
    "Camilla",
    "Dagny",
    "Esben",
    "Frida",
    "Gorm",
    "Hjørdis",
    "Ib",
    "Jytte",
    "Knud",
]
SURNAMES = ["Ravnsbæk", "Tangløse", "Bækskov", "Kløvermark", "Vindstille", "Kanariefugl"]


@dataclass(frozen=True)
class Absence:
    """Days of one pupil in a row, of one type; a share below one is a part of a single day."""

    pupil: int
    days: tuple[dt.date, ...]
    kind: str
    share: float = 1.0
    counts: bool = True
    minutes_from: int = 480


@dataclass(frozen=True)
class Role:
    """What a column means. ``what``: ours, or harmless; ``words``: value → what it says there."""

    what: str
    words: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    day: float = 0


@dataclass
class Export:
    """A file and its truth: days by type, and the role of every column."""

    shape: str
    header: list[str]
    rows: list[list[str]]
    roles: dict[str, Role]
    truth: dict[str, float]
    codes: dict[str, tuple[str, float]]
    date_label: str
    above: list[str] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The file."""
        lines = [*self.above, ";".join(self.header), *(";".join(r) for r in self.rows)]
        return "\n".join(lines) + "\n"


DATES: dict[str, Callable[[dt.date], str]] = {
    "dd-mm-yyyy": lambda d: f"{d:%d-%m-%Y}",
    "dd.mm.yyyy": lambda d: f"{d:%d.%m.%Y}",
    "dd/mm/yyyy": lambda d: f"{d:%d/%m/%Y}",
    "yyyy-mm-dd": lambda d: f"{d:%Y-%m-%d}",
    "d/m-yyyy": lambda d: f"{d.day}/{d.month}-{d.year}",
    "dd-mm-yy": lambda d: f"{d:%d-%m-%y}",
    "mm/dd/yyyy": lambda d: f"{d:%m/%d/%Y}",
    "ddmmyyyy": lambda d: f"{d:%d%m%Y}",
    "yyyymmdd": lambda d: f"{d:%Y%m%d}",
    "d. mmmm yyyy": lambda d: f"{d.day}. {MONTHS[d.month - 1]} {d.year}",
    "dd-mmm-yy": lambda d: f"{d.day:02d}-{MONTHS[d.month - 1][:3]}-{d:%y}",
    "dddd den d. mmmm yyyy": lambda d: f"{WEEKDAYS[d.weekday()]} den {d.day}. {MONTHS[d.month - 1]} {d.year}",
    "iso": lambda d: f"{d:%Y-%m-%d}T00:00:00",
}
"""Ways of writing a date, by how a mapping would call them."""
READ_AS = {"dddd den d. mmmm yyyy": "d. mmmm yyyy"}

HEADS = {
    "pupil": ("CPR", "CPR-nr.", "Personnummer", "Elevens CPR-nummer", "cprnr"),
    "class": ("Klasse", "Stamklasse", "Hold", "Klassebetegnelse"),
    "date": ("Dato", "Fraværsdato", "Dag", "Dato for fravær", "Fraværets dato"),
    "from": ("Fra", "Startdato", "Fra og med", "Første dag", "Fraværet begyndte", "Periode start"),
    "to": ("Til", "Slutdato", "Til og med", "Sidste dag", "Fraværet sluttede", "Periode slut"),
    "type": (
        "Type",
        "Fraværstype",
        "Kode",
        "Fraværskode",
        "Kategori",
        "Årsag",
        "Registreret som",
        "Art af fravær",
    ),
    "half": (
        "Omfang",
        "Halv dag",
        "Hele/halve dage",
        "Hel eller halv",
        "Dagens længde",
        "Fraværets omfang",
        "Hvor meget",
    ),
    "hours": ("Timer", "Antal timer", "Fraværstimer", "Timer i alt", "Fravær (timer)"),
    "minutes": ("Minutter", "Antal minutter", "Fraværsminutter", "Min."),
    "percent": ("Procent", "Fravær %", "Andel i procent", "Pct."),
    "share": ("Andel", "Dagandel", "Del af dagen", "Vægt"),
    "lesson": ("Lektion", "Time", "Modul nr.", "Lektionsnr."),
    "length": ("Antal dage", "Varighed", "Dage", "Længde i dage", "Hvor længe"),
    "status": ("Status", "Godkendelse", "Tilstand", "Behandling", "Sagens gang", "Bekræftet"),
    "clock_from": ("Fra kl.", "Kl. fra", "Starttidspunkt", "Mødt"),
    "clock_to": ("Til kl.", "Kl. til", "Sluttidspunkt", "Gået"),
}
CODES = {
    "letters": {"sick": "S", "permitted": "F", "unlawful": "U"},
    "words": {"sick": "Sygdom", "permitted": "Ekstraordinær frihed", "unlawful": "Ulovligt fravær"},
    "short": {"sick": "Syg", "permitted": "Fri", "unlawful": "Ulovlig"},
    "numbers": {"sick": "10", "permitted": "20", "unlawful": "30"},
    "own": {"sick": "Helbred", "permitted": "Bevilget", "unlawful": "Uden grund"},
}
HALF_WORDS = (
    ("Hel", "Halv"),
    ("1", "0,5"),
    ("hele dagen", "formiddag"),
    ("Nej", "Ja"),
    ("", "x"),
    ("H", "½"),
    ("fuld", "delvis"),
)
STATUSES = (
    ("Godkendt", "Annulleret"), ("Afsluttet", "Kladde"), ("Ja", "Nej"), ("OK", "Slettet"), ("Bekræftet", "Afventer"),
    ("1", "0"), ("Aktiv", "Tilbagekaldt"),
)  # fmt: skip


def export(seed: int) -> Export:
    """One export; the same seed gives the same."""
    r = random.Random(seed)
    grain = r.choice(
        (
            "day",
            "day",
            "day",
            "span",
            "span",
            "length",
            "lessons",
            "clock",
            "moments",
            "month",
            "dates",
            "types",
            "halves",
            "totals",
        )
    )
    upper = r.random() < 0.8
    pupils = _pupils(r, r.randint(3, 14), upper=upper)
    absences = _absences(
        r,
        len(pupils),
        spans=grain in ("span", "length"),
        halves=grain not in ("span", "length") and upper and r.random() < 0.7,
    )
    return _MAKERS[grain](r, pupils, absences)


def _pupils(r: random.Random, n: int, *, upper: bool) -> list[tuple[str, str, str]]:
    """Number, class and name."""
    made = []
    for i in range(n):
        day = dt.date(2012 if upper else 2015, 1, 1) + dt.timedelta(days=r.randrange(360))
        grade = r.choice("789") if upper else r.choice("1236")
        name = f"{NAMES[i % len(NAMES)]} {r.choice(SURNAMES)}"
        made.append((f"{day:%d%m%y}-{4000 + i}", f"{grade}.{r.choice('AB')}", name))
    return made


def _absences(r: random.Random, n: int, *, spans: bool, halves: bool) -> list[Absence]:
    made, taken = [], set()
    for pupil in range(n):
        for _ in range(r.randint(1, 6)):
            length = r.choice((1, 1, 2, 3, 5)) if spans else 1
            start = r.randrange(len(SCHOOL_DAYS) - length)
            days = tuple(SCHOOL_DAYS[start : start + length])
            if any((pupil, d) in taken for d in days) or (days[-1] - days[0]).days > 6:
                continue
            taken |= {(pupil, d) for d in days}
            share = 0.5 if halves and length == 1 and r.random() < 0.5 else 1.0
            made.append(Absence(pupil, days, r.choice(KINDS), share))
    return made


def _truth(absences: list[Absence]) -> dict[str, float]:
    return {k: sum(len(a.days) * a.share for a in absences if a.kind == k and a.counts) for k in KINDS}


@dataclass
class _Sheet:
    """Columns as they are added: heading, role, and a value for each row."""

    r: random.Random
    columns: list[tuple[str, Role, list[str]]] = field(default_factory=list)

    def add(self, heads: tuple[str, ...], role: Role, values: list[str]) -> str:
        free = [h for h in heads if h not in (c[0] for c in self.columns)]
        name = self.r.choice(free)
        self.columns.append((name, role, values))
        return name

    def beside(self, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> None:
        """Columns that say nothing of how much a row counts."""
        r, n = self.r, len(absences)
        harmless: list[tuple[tuple[str, ...], list[str]]] = [
            (("Navn", "Elev", "Elevens navn"), [pupils[a.pupil][2] for a in absences]),
            (("Ugedag",), [WEEKDAYS[a.days[0].weekday()] for a in absences]),
            (("Uge", "Ugenr."), [str(a.days[0].isocalendar().week) for a in absences]),
            (("Skoleår",), ["2026/27"] * n),
            (("Nr.", "Løbenummer"), [str(i + 1) for i in range(n)]),
            (
                ("Registreret af", "Oprettet af"),
                [r.choice(("Lærer", "Forælder", "Kontor")) for _ in range(n)],
            ),
            (
                ("Bemærkning", "Kommentar"),
                [r.choice(("", "", f"ringede {i} gange og sagde at det var {i}")) for i in range(n)],
            ),
            (
                ("UNI-login", "Brugernavn"),
                [f"{pupils[a.pupil][2][:3].casefold()}{a.pupil:04d}x" for a in absences],
            ),
            (("Køn",), [r.choice("DP") for _ in range(n)]),
            (("Tom",), [""] * n),
        ]
        for heads, values in r.sample(harmless, r.choice((0, 0, 1, 2, 3))):
            self.add(heads, Role("harmless"), values)

    def status(self, absences: list[Absence]) -> list[Absence]:
        """Sometimes a status, by which some rows do not count."""
        if self.r.random() < 0.75:
            return absences
        good, bad = self.r.choice(STATUSES)
        decided = [
            Absence(a.pupil, a.days, a.kind, a.share, self.r.random() < 0.7, a.minutes_from) for a in absences
        ]
        words = {good: "counts", bad: "none"}
        self.add(HEADS["status"], Role("status", words), [good if a.counts else bad for a in decided])
        return decided

    def export(
        self, shape: str, absences: list[Absence], codes: dict[str, str], label: str, **more: object
    ) -> Export:
        order = list(self.columns)
        self.r.shuffle(order)
        rows = [list(cells) for cells in zip(*(c[2] for c in order), strict=True)]
        said = {code: (kind, 1.0) for kind, code in codes.items()}
        return Export(
            shape,
            [c[0] for c in order],
            rows,
            {c[0]: c[1] for c in order},
            _truth(absences),
            said,
            label,
            **more,
        )  # type: ignore[arg-type]


def _start(
    r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]
) -> tuple[_Sheet, dict[str, str], str]:
    sheet = _Sheet(r)
    sheet.add(HEADS["pupil"], Role("pupil"), [pupils[a.pupil][0] for a in absences])
    sheet.add(HEADS["class"], Role("class"), [pupils[a.pupil][1] for a in absences])
    codes = CODES[r.choice(tuple(CODES))]
    sheet.add(HEADS["type"], Role("type"), [codes[a.kind] for a in absences])
    return sheet, codes, r.choice(tuple(DATES))


def _day(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    sheet, codes, label = _start(r, pupils, absences)
    sheet.add(HEADS["date"], Role("date"), [DATES[label](a.days[0]) for a in absences])
    amount = r.choice(("none", "half", "half", "hours", "minutes", "percent", "share", "code"))
    if amount == "none":
        absences = [Absence(a.pupil, a.days, a.kind) for a in absences]
    if amount == "half":
        whole, half = r.choice(HALF_WORDS)
        sheet.add(
            HEADS["half"],
            Role("half", {whole: "1", half: "0.5"}),
            [half if a.share < 1 else whole for a in absences],
        )
    if amount in ("hours", "minutes"):
        day = {"hours": r.choice((5, 6, 7)), "minutes": r.choice((240, 300, 360))}[amount]
        shares = [r.choice((0.25, 0.5, 1.0)) for _ in absences]
        absences = [Absence(a.pupil, a.days, a.kind, s) for a, s in zip(absences, shares, strict=True)]
        values = [f"{s * day:g}".replace(".", ",") for s in shares]
        sheet.add(HEADS[amount], Role("amount", unit=amount, day=day), values)
    if amount == "percent":
        sign = r.choice(("", " %"))
        sheet.add(
            HEADS["percent"], Role("amount", unit="percent"), [f"{a.share * 100:g}{sign}" for a in absences]
        )
    if amount == "share":
        sheet.add(
            HEADS["share"], Role("amount", unit="share"), [f"{a.share:g}".replace(".", ",") for a in absences]
        )
    more: dict[str, tuple[str, float]] = {}
    if amount == "code":
        mark = r.choice(("½", "2", "h"))
        at = next(i for i, c in enumerate(sheet.columns) if c[1].what == "type")
        name, role, values = sheet.columns[at]
        sheet.columns[at] = (
            name,
            role,
            [v + mark if a.share < 1 else v for v, a in zip(values, absences, strict=True)],
        )
        more = {c + mark: (k, 0.5) for k, c in codes.items()}
    absences = sheet.status(absences)
    if r.random() < 0.2:
        sheet.add(
            ("Registreret den", "Oprettet", "Indtastet"),
            Role("harmless"),
            [DATES[label](a.days[0] + dt.timedelta(days=r.randint(0, 5))) for a in absences],
        )
    sheet.beside(pupils, absences)
    made = sheet.export(f"day/{amount}", absences, codes, label)
    made.codes |= more
    return made


def _span(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    sheet, codes, label = _start(r, pupils, absences)
    sheet.add(HEADS["from"], Role("from"), [DATES[label](a.days[0]) for a in absences])
    ends = [DATES[label](a.days[-1]) for a in absences]
    open_ends = r.random() < 0.3
    if open_ends:
        last = {a.pupil: a for a in absences}
        decided, ends = [], []
        for a in absences:
            is_open = (
                a is last[a.pupil]
                and r.random() < 0.5
                and not any(o.pupil == a.pupil and o.days[0] > a.days[0] for o in absences)
            )
            days = tuple(d for d in SCHOOL_DAYS if d >= a.days[0]) if is_open else a.days
            decided.append(Absence(a.pupil, days, a.kind))
            ends.append("" if is_open else DATES[label](a.days[-1]))
        absences = decided
    sheet.add(HEADS["to"], Role("to"), ends)
    absences = sheet.status(absences)
    sheet.beside(pupils, absences)
    return sheet.export(
        "span/open" if open_ends else "span", absences, codes, label, answers={"empty_to": "ongoing"}
    )


def _length(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    sheet, codes, label = _start(r, pupils, absences)
    sheet.add((*HEADS["date"], *HEADS["from"]), Role("from"), [DATES[label](a.days[0]) for a in absences])
    sheet.add(HEADS["length"], Role("length", unit="school_days"), [str(len(a.days)) for a in absences])
    absences = sheet.status(absences)
    sheet.beside(pupils, absences)
    return sheet.export("length", absences, codes, label)


def _lessons(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    rows = [Absence(a.pupil, a.days, a.kind, 1 / 6) for a in absences for _ in range(r.choice((1, 3, 6)))]
    numbers, seen = [], {}
    for a in rows:
        seen[a.pupil, a.days] = seen.get((a.pupil, a.days), 0) + 1
        numbers.append(str(seen[a.pupil, a.days]))
    sheet, codes, label = _start(r, pupils, rows)
    sheet.add(HEADS["date"], Role("date"), [DATES[label](a.days[0]) for a in rows])
    sheet.add(HEADS["lesson"], Role("lesson", day=6), numbers)
    sheet.beside(pupils, rows)
    return sheet.export("lessons", rows, codes, label)


def _clock(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    day = 6
    absences = [Absence(a.pupil, a.days, a.kind, r.choice((1 / 6, 0.5, 1.0))) for a in absences]
    sheet, codes, label = _start(r, pupils, absences)
    sheet.add(HEADS["date"], Role("date"), [DATES[label](a.days[0]) for a in absences])
    sheet.add(HEADS["clock_from"], Role("time_from", day=day), ["08:00"] * len(absences))
    ends = [480 + round(a.share * day * 60) for a in absences]
    sheet.add(HEADS["clock_to"], Role("time_to", day=day), [f"{m // 60:02d}:{m % 60:02d}" for m in ends])
    sheet.beside(pupils, absences)
    return sheet.export("clock", absences, codes, label, answers={"clock": {"day": day}})


def _moments(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    day = 6
    absences = [Absence(a.pupil, a.days, a.kind, r.choice((1 / 6, 0.5, 1.0))) for a in absences]
    sheet, codes, _ = _start(r, pupils, absences)
    label = r.choice(("dd-mm-yyyy hh:mm", "iso", "dd/mm/yyyy hh:mm"))
    write = {
        "dd-mm-yyyy hh:mm": "%d-%m-%Y %H:%M",
        "iso": "%Y-%m-%dT%H:%M:%S",
        "dd/mm/yyyy hh:mm": "%d/%m/%Y %H:%M",
    }[label]
    starts = [dt.datetime.combine(a.days[0], dt.time(8)) for a in absences]
    ends = [s + dt.timedelta(hours=day * a.share) for s, a in zip(starts, absences, strict=True)]
    sheet.add(HEADS["from"], Role("from"), [f"{s:{write}}" for s in starts])
    sheet.add(HEADS["to"], Role("to"), [f"{e:{write}}" for e in ends])
    sheet.beside(pupils, absences)
    return sheet.export("moments", absences, codes, label, answers={"clock": {"day": day}})


def _month(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    month = r.choice((9, 10))
    absences = [a for a in absences if a.days[0].month == month]
    codes = CODES["letters"]
    mark = r.choice(("½", "2", "small")) if any(a.share < 1 for a in absences) else ""
    days = [str(d) for d in range(1, 31)]
    said: dict[str, tuple[str, float]] = {c: (k, 1.0) for k, c in codes.items()}
    rows = []
    for i, (cpr, _, name) in enumerate(pupils):
        cells = dict.fromkeys(days, "")
        for a in absences:
            if a.pupil == i:
                code = codes[a.kind]
                if a.share < 1:
                    code = code.casefold() if mark == "small" else code + mark
                    said[code] = (a.kind, 0.5)
                cells[str(a.days[0].day)] = code
        rows.append([cpr, name, *cells.values()])
    roles = {"CPR": Role("pupil"), "Navn": Role("harmless")}
    above = [f"Klasse: 8.A{';' * 31}", f"{MONTHS[month - 1].capitalize()} 2026{';' * 31}"]
    return Export(
        f"month/{mark or 'whole'}", ["CPR", "Navn", *days], rows, roles, _truth(absences), said, "", above
    )


def _dates(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    label = r.choice(("dd-mm-yyyy", "yyyy-mm-dd", "dd/mm/yyyy", "dd-mm-yy"))
    start = r.randrange(len(SCHOOL_DAYS) - 15)
    days = SCHOOL_DAYS[start : start + 15]
    absences = [Absence(a.pupil, a.days, a.kind) for a in absences if a.days[0] in days]
    codes = CODES["letters"]
    rows = []
    for i, (cpr, label_of_class, _) in enumerate(pupils):
        mine = {a.days[0]: codes[a.kind] for a in absences if a.pupil == i}
        rows.append([cpr, label_of_class, *(mine.get(d, "") for d in days)])
    roles = {"CPR": Role("pupil"), "Klasse": Role("class")}
    said = {c: (k, 1.0) for k, c in codes.items()}
    return Export(
        "dates",
        ["CPR", "Klasse", *(DATES[label](d) for d in days)],
        rows,
        roles,
        _truth(absences),
        said,
        label,
    )


def _types(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    label = r.choice(tuple(DATES))
    one, half = r.choice((("1", "0,5"), ("x", "½")))
    heads = {"sick": "Sygdom", "permitted": "Ekstraordinær frihed", "unlawful": "Ulovligt fravær"}
    rows = [
        [pupils[a.pupil][0], pupils[a.pupil][1], DATES[label](a.days[0]),
         *((one if a.share == 1 else half) if a.kind == k else "" for k in KINDS)]
        for a in absences
    ]  # fmt: skip
    roles = {"CPR": Role("pupil"), "Klasse": Role("class"), "Dato": Role("date")}
    said = {h: (k, 1.0) for k, h in heads.items()}
    return Export(
        "types", ["CPR", "Klasse", "Dato", *heads.values()], rows, roles, _truth(absences), said, label
    )


def _halves(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    label = r.choice(tuple(DATES))
    heads = r.choice((["Formiddag", "Eftermiddag"], ["AM", "PM"], ["fm", "em"]))
    codes = CODES["letters"]
    rows = [
        [
            pupils[a.pupil][0],
            pupils[a.pupil][1],
            DATES[label](a.days[0]),
            codes[a.kind],
            codes[a.kind] if a.share == 1 else "",
        ]
        for a in absences
    ]
    roles = {"CPR": Role("pupil"), "Klasse": Role("class"), "Dato": Role("date")}
    said = {c: (k, 1.0) for k, c in codes.items()}
    return Export("halves", ["CPR", "Klasse", "Dato", *heads], rows, roles, _truth(absences), said, label)


def _totals(r: random.Random, pupils: list[tuple[str, str, str]], absences: list[Absence]) -> Export:
    """Days, hours or lessons of each pupil by week, sometimes with a sum, a percentage or another count beside them."""
    unit, day = r.choice((("days", 1), ("days", 1), ("lessons", 6), ("hours", 5)))
    heads = {
        "days": r.choice((("Sygedage", "Frihedsdage", "Ulovlige dage"), ("Syg", "Fri", "Ulovligt"))),
        "lessons": ("Syge-lektioner", "Fri-lektioner", "Ulovlige lektioner"),
        "hours": r.choice((("Sygetimer", "Fritimer", "Ulovlige timer"), ("Syg", "Fri", "Ulovligt"))),
    }[unit]
    cells: dict[tuple[int, int], dict[str, float]] = {}
    for a in absences:
        key = (a.pupil, a.days[0].isocalendar().week)
        cells.setdefault(key, dict.fromkeys(KINDS, 0.0))[a.kind] += a.share * day
    sheet = _Sheet(r)
    keys = sorted(cells)
    number = lambda x: f"{x:g}".replace(".", ",")  # noqa: E731
    sheet.add(HEADS["pupil"], Role("pupil"), [pupils[p][0] for p, _ in keys])
    sheet.add(HEADS["class"], Role("class"), [pupils[p][1] for p, _ in keys])
    sheet.add(("Uge", "Ugenummer"), Role("week"), [f"2026-W{w}" for _, w in keys])
    for kind, head in zip(KINDS, heads, strict=True):
        sheet.add((head,), Role(f"total:{kind}"), [number(cells[k][kind]) for k in keys])
    if r.random() < 0.4:
        sheet.add(
            ("I alt", "Fravær i alt", "Sum"), Role("harmless"), [number(sum(cells[k].values())) for k in keys]
        )
    if r.random() < 0.2:
        sheet.add(("Forsinkelser", "Antal gange"), Role("harmless"), [str(r.randint(0, 4)) for _ in keys])
    truth = _truth(absences)
    return sheet_export(
        sheet, f"totals/{unit}", truth, {"totals.unit": unit, "totals.per_day": day, "totals.running": False}
    )


def sheet_export(sheet: _Sheet, shape: str, truth: dict[str, float], answers: dict[str, object]) -> Export:
    """A table of totals: no codes and no dates."""
    made = sheet.export(shape, [], {}, "", answers=answers)
    made.truth = truth
    return made


_MAKERS: dict[str, Callable[[random.Random, list[tuple[str, str, str]], list[Absence]], Export]] = {
    "day": _day, "span": _span, "length": _length, "lessons": _lessons, "clock": _clock, "moments": _moments,
    "month": _month, "dates": _dates, "types": _types, "halves": _halves, "totals": _totals,
}  # fmt: skip
