"""Telling what an unknown export is: which of its columns are ours, and of what kind and grain the file is.

Columns are told by their headings first, then by the shape of what stands in them; no value is shown to anybody.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable

from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import MONTHS, parse_date
from evaluation.door.heading_row import LEAST_DATES, is_date
from evaluation.door.headings import (
    DATE_FORMATS,
    FIRST_NAMES,
    HEADINGS,
    LAST_NAMES,
    LENGTHS,
    LESSONS,
    NAME_HEADINGS,
    exact_type_of,
    heading,
    is_of_absence,
    named,
)
from evaluation.door.look import Look
from evaluation.door.meaning import Table, Values, beside_of, may_matter
from evaluation.door.values import parse_class
from evaluation.errors import InputError, Problem


def columns_of(look: Look) -> dict[str, str]:
    """Our column → the file's, by heading first, then by the shape of the values."""
    found: dict[str, str] = {}
    tidy = {heading(c): c for c in reversed(look.header) if c}
    counted = {h.removeprefix("antal "): c for h, c in tidy.items()}
    for name, headings in HEADINGS.items():
        there = counted if name in ("pupils", "school_days") else tidy
        headed = (there[h] for h in headings if h in there)
        hit = next((c for c in headed if c not in found.values() or name == "local_id"), None)
        if hit:
            found[name] = hit
    numbers = [
        c for c, values in look.columns.items() if c not in look.marks and share_of(values, is_number, 0.5)
    ]
    if numbers:
        found["pupil"] = numbers[0]
    elif "pupil" not in found:
        names = next((tidy[h] for h in NAME_HEADINGS if h in tidy), None)
        found |= {"pupil": names} if names else {}
    _spans(found, tidy, look)
    _span_in_a_cell(found, look)
    _lesson_span(found, look)
    _consents(found, look)
    _talks(found, look)
    status = found.get("status", "")
    if (
        "type" not in found
        and "kind" not in found
        and share_of(look.columns.get(status, ()), exact_type_of, 0.5)
    ):
        found["type"] = found.pop("status")
    for name, test in (
        ("type", exact_type_of),
        ("class", lambda v: parse_class(v)[1] not in (None, parse_class(v)[0])),
        ("date", is_date),
    ):
        taken = {*found.values(), *look.marks}
        free = [c for c, v in look.columns.items() if c not in taken and share_of(v, test, 0.8)]
        half = [c for c, v in look.columns.items() if c not in taken and share_of(v, test, 0.5)]
        free = free or (half if name == "type" and len(half) == 1 else [])
        if name not in found and free and not (name == "date" and "from" in found):
            found[name] = free[0]
    if "date" in found and "to" in found and "from" not in found:
        found["from"] = found.pop("date")
    _length(found, look)
    if "type" not in found and "kind" not in found and {"date", "from"} & found.keys() and not look.marks:
        free = [h for h in look.header if h and h not in found.values()]
        told = [h for h in free if is_of_absence(h) and not amounts_of(found, look)]
        found |= {"type": told[0]} if len(told) == 1 else {}
    if (
        "type" not in found
        and {"date", "from"} & found.keys()
        and not amounts_of(found, look)
        and not look.marks
    ):
        # The only column of codes, beside those of yes and no, can only be the type, whatever it is called; what they
        # mean is asked all the same.
        words = [u.name for u in may_matter(table_of(look, found)) if u.looks == "words"]
        codes = [c for c in words if not share_of(look.columns[c], _YES_OR_NO.fullmatch, 1)]
        found |= {"type": codes[0]} if len(codes) == 1 and "kind" not in found else {}
    return found


def table_of(
    look: Look, read: dict[str, str], amounts: tuple[str, ...] = (), places: frozenset[str] = frozenset()
) -> Table:
    """The look as meaning needs it; ``places`` as :class:`~evaluation.door.meaning.Table` has them."""
    values: dict[str, Values] = {}
    for name, counts in look.columns.items():
        values[name] = Values()
        values[name].add(counts.items())
    beside = beside_of(read, amounts)
    beside.see(look.frame, [c for c in values if c not in read.values()])
    return Table(values, read, beside, amounts, places)


_CLOCK = re.compile(r"(?:kl\.?\s*)?\d{1,2}[:.]\d{2}(?::\d{2})?")
_SPANS = {
    "from": {
        "fra",
        "fom",
        "f",
        "start",
        "startdato",
        "starttidspunkt",
        "startede",
        "første",
        "begyndt",
        "begyndte",
        "begynder",
    },
    "to": {"til", "tom", "t", "slut", "slutdato", "sluttidspunkt", "sluttede", "slutter", "sidste"},
}
"""Words of a first and of a last day."""
_OF_SPANS = {
    "og", "med", "o", "m", "dato", "dag", "den", "kl", "tid", "tidspunkt", "klokken", "periode", "perioden", "fravær",
    "fraværet", "fraværsdag", "sygedag", "skoledag",
}  # fmt: skip
"""Words that may stand beside them; with any other (``Første skoledag igen``) a heading tells of something else."""


def _spans(found: dict[str, str], tidy: dict[str, str], look: Look) -> None:
    """First and last day by how their headings begin, where dates stand under them; times of day are no days."""
    for name, told in _SPANS.items():
        times = f"time_{name}"
        for text, column in tidy.items():
            values = look.columns.get(column, ())
            words = set(text.split())
            is_told = bool(words & told) and words <= told | _OF_SPANS
            others = [v for n, v in found.items() if n not in (name, times)]
            if column in others or not (is_told or found.get(name) == column):
                continue
            if share_of(values, _CLOCK.fullmatch, 0.8):
                found[times] = column
                if found.get(name) == column:
                    del found[name]
            elif name not in found and share_of(values, is_date, 0.5):
                found[name] = column
    if ("time_from" in found) != ("time_to" in found):
        found.pop("time_from", None)
        found.pop("time_to", None)


SPAN = r"\s+-\s+|\s*–\s*|\s+til\s+"
"""What stands between the first and the last day of an absence in one cell."""


def _span_in_a_cell(found: dict[str, str], look: Look) -> None:
    """The one column whose cells hold a first and a last day."""
    taken = {v for n, v in found.items() if n not in ("date", "from", "to")} | set(look.marks)
    spans = [c for c, v in look.columns.items() if c not in taken and share_of(v, _is_span, 0.8)]
    if len(spans) == 1:
        found.pop("date", None)
        found |= {"from": spans[0], "to": spans[0]}


def _is_span(text: str) -> bool:
    days = re.split(SPAN, text)
    return len(days) == 2 and all(map(is_date, days))


FIRST_LESSONS = 3
"""A first lesson of a day is no later; larger numbers may be hours of the clock."""


def _lesson_span(found: dict[str, str], look: Look) -> None:
    """First and last lesson of an absence, told by their headings and small whole numbers under them."""
    hit: dict[str, str] = {}
    for column in look.header:
        words, values = set(heading(column).split()), look.columns.get(column, ())
        if not words & set(LESSONS) or column in found.values() or not share_of(values, str.isdecimal, 1):
            continue
        hit |= {name: column for name, told in _SPANS.items() if words & told}
    if hit.keys() == _SPANS.keys() and min(map(int, look.columns[hit["from"]])) <= FIRST_LESSONS:
        found |= {"first_lesson": hit["from"], "last_lesson": hit["to"]}


def _length(found: dict[str, str], look: Look) -> None:
    """How many days an absence lasted, where a first day stands without a last one."""
    start = "from" if "from" in found else "date"
    if start not in found or "to" in found or look.marks or amounts_of(found, look):
        return
    for column in look.header:
        values = look.columns.get(column, Counter())
        told = heading(column) in LENGTHS or heading(column).split()[-1:] == ["dage"]
        if told and column not in found.values() and share_of(values, _NUMBER.fullmatch, 0.8):
            sizes = [float(v.replace(",", ".")) for v in values if _NUMBER.fullmatch(v)]
            if max(sizes) > 1:
                found["from"] = found.pop(start)
                found["length"] = column
            return


LEAST_ENROLMENT = 60
"""Days: half of a roster's enrolments last longer."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")


def is_number(value: str) -> bool:
    """Is it a CPR number, or one that was spoilt on the way (a lost zero, an impossible date)?"""
    return parse_cpr(value)[1] in (None, "cpr_nine_digits", "cpr_date")


def share_of(values: Iterable[str], test: Callable[[str], object], least: float) -> bool:
    """Do at least the share ``least`` (0 to 1) of the values pass? No values pass nothing."""
    passed = [bool(test(v)) for v in values]
    return bool(passed) and sum(passed) >= least * len(passed)


def kind_of(found: dict[str, str], look: Look) -> tuple[str, str]:
    """Kind of the file and grain of its rows, as mapping files name them; the grain is empty where a kind has one.

    Raises:
        InputError: the file counts days over spans that no period holds.
    """
    by_type = bool(amounts_of(found, look)) and "type" not in found
    if ("purpose" in found and "answer" in found) or len(answers_of(look)) >= 2:
        return "consents", ""
    if is_talk_log(found, look):
        return "talks", ""
    if len([h for h in look.header if is_period(h)]) >= LEAST_DATES:
        raise refuse(
            "weeks or months stand as headings, which no mapping can read",
            rule="period_headings",
            found="a column for each week or month",
            expected="one line for each pupil and week or month, with a column for each type",
            next_step="ask for the export in lines, or turn the table round and save it",
        )
    if look.marks:
        return "absence", "grid"
    if "status" in found and "kind" in found:
        return "talks", ""
    for period in ("week", "month", "quarter"):
        if period in found and (by_type or not {"type", "date", "from"} & found.keys()):
            return "totals", period
    if "from" in found and "to" in found:
        if by_type:
            return "totals", _span_of(found, look)
        if "type" in found or not _is_roster(found, look):
            return "absence", "interval"
    elif "from" in found and ("type" in found or "length" in found):
        return "absence", "interval"
    if "date" in found and by_type and all(_is_of_a_day(c) for c in amounts_of(found, look)):
        if _are_counts(found, look):
            raise _long_spans(
                "the file counts days up to a date and does not say since when",
                "numbers of days larger than one, and one date",
            )
        return "absence", "grid"
    if "date" in found:
        return "absence", "day"
    if _repeats(found, look):
        return "absence", "interval" if "from" in found else "day"
    return "pupils", ""


def _repeats(found: dict[str, str], look: Look) -> bool:
    """Do pupils stand in several rows, as they do in no roster?"""
    pupils = look.columns.get(found.get("pupil", ""), Counter())
    return sum(pupils.values()) > 1.1 * len(pupils)


_YES_OR_NO = re.compile(r"(?:ja|nej|yes|no)\b.*|[01xX]", re.IGNORECASE)


def answers_of(look: Look) -> tuple[str, ...]:
    """Columns of a wide consent list: headed by a consent or a purpose, with a yes or a no in them."""
    texts = [heading(h) for h in (*look.header, *look.above, look.name)]
    about = any("samtyk" in t or "consent" in t for t in texts)
    told = {h for h in look.header if re.search("|".join(("samtyk", "consent", *look.purposes)), heading(h))}
    return tuple(
        c
        for c in look.header
        if (about or c in told)
        and share_of(look.columns.get(c, ()), _YES_OR_NO.fullmatch, 0.5 if c in told else 0.8)
    )


def _consents(found: dict[str, str], look: Look) -> None:
    """Purpose and answer of a list of consents: the study's purposes beside a yes or a no, whatever heads them."""
    free = [c for c in look.header if c and c not in found.values()]
    about = [
        c for c in look.header if c and share_of(look.columns[c], lambda v: heading(v) in look.purposes, 1)
    ]
    said = [c for c in free if share_of(look.columns[c], _YES_OR_NO.fullmatch, 0.8)]
    if len(about) == 1 and len(said) == 1 and "answer" not in found:
        found |= {"purpose": about[0], "answer": said[0]}


_HELD = re.compile(r"\b(?:afholdt|gennemført)")
SOME_HELD = 0.2


def _talks(found: dict[str, str], look: Look) -> None:
    """The column of a log of talks that tells what came of each, whatever heads it, where no other tells a type."""
    said = [
        c
        for c, v in look.columns.items()
        if c
        and c not in look.marks
        and sum(n for t, n in v.items() if _HELD.search(heading(t))) > SOME_HELD * look.filled
    ]
    if len(said) == 1 and found.get("type", said[0]) == said[0] and "kind" not in found:
        found.pop("type", None)
        found["status"] = said[0]


def is_talk_log(found: dict[str, str], look: Look) -> bool:
    """Do headings, the name, or what came of them, tell of talks that were planned or held?"""
    held = look.columns.get(found.get("status", ""), Counter())
    if sum(n for t, n in held.items() if _HELD.search(heading(t))) > SOME_HELD * max(look.filled, 1):
        return True
    words = [heading(h) for h in (*look.header, look.sheet or "", look.name)]
    return any(re.search(r"\bsamtale(?!.*fravær)|sundhedsplejerske", w) for w in words)


def amounts_of(found: dict[str, str], look: Look) -> dict[str, str]:
    """Columns whose headings name a type of absence and nothing more, with the type; none when fewer than two types are."""
    taken = set(found.values())
    hit = {c: said.kind for c in look.header if len(c) > 2 and c not in taken and (said := named(c))}
    return hit if len(set(hit.values())) >= 2 else {}


def _is_of_a_day(column: str) -> bool:
    """Can a heading stand over a mark, or a part of a day, of one day?"""
    said = named(column)
    return said is not None and said.unit in (None, "days") and not said.is_running


def _are_counts(found: dict[str, str], look: Look) -> bool:
    """Are most amounts larger than a day, so that they cannot be one day's?"""
    sizes = [
        (float(v.replace(",", ".")), n)
        for c in amounts_of(found, look)
        for v, n in look.columns[c].items()
        if re.fullmatch(r"\d+(?:[.,]\d+)?", v)
    ]
    some = sum(n for size, n in sizes if size > 0)
    return sum(n for size, n in sizes if size > 1) > some / 2


def _span_of(found: dict[str, str], look: Look) -> str:
    """The period that holds every span from a first to a last day."""
    days = {n: sorted(_as_days(look.columns.get(found[n], ()))) for n in ("from", "to")}
    if len(days["from"]) != len(days["to"]) or not days["from"]:
        pairs = [(min(days["from"], default=dt.date.min), max(days["to"], default=dt.date.max))]
    else:
        pairs = list(zip(days["from"], days["to"], strict=True))
    periods: dict[str, Callable[[dt.date], object]] = {
        "week": lambda d: d.isocalendar()[:2],
        "month": lambda d: (d.year, d.month),
        "quarter": lambda d: (d.year, (d.month - 1) // 3),
    }
    for name, period in periods.items():
        if all(period(first) == period(last) for first, last in pairs):
            return name
    raise _long_spans(
        "the file counts days over more than a quarter, so nobody can tell in which month they were",
        "spans longer than a week, a month or a quarter",
    )


def _long_spans(message: str, found: str) -> InputError:
    return refuse(
        message,
        rule="long_spans",
        found=found,
        expected="days by week or month, or one row per day or interval",
        next_step="ask for the export by week, or for each absence",
    )


def refuse(message: str, *, rule: str, found: str, expected: str, next_step: str) -> InputError:
    """The refusal of a file that no mapping can read, to be raised."""
    return InputError(message, [Problem("", found=found, rule=rule, expected=expected, next_step=next_step)])


def _as_days(values: Iterable[str]) -> set[dt.date]:
    parsed = (parse_date(tuple(f for _, f in DATE_FORMATS))(v)[0] for v in values)
    return {d for d in parsed if d is not None}


def is_period(text: str) -> bool:
    """Is it the name of a month or of a week?"""
    words = heading(text).split()
    return len(words) in (1, 2) and (
        words[0] in MONTHS or (words[0] in ("uge", "week") and words[-1].isdigit())
    )


def _is_roster(found: dict[str, str], look: Look) -> bool:
    """Headings of a roster, each pupil once, and no enrolment of a few days."""
    if _repeats(found, look):
        return False
    read = parse_date(tuple(f for _, f in DATE_FORMATS))
    ends = look.frame[[found["from"], found["to"]]].fillna("").drop_duplicates()
    pairs = [(read(a)[0], read(b)[0]) for a, b in ends.itertuples(index=False, name=None)]
    spans = [(b - a).days for a, b in pairs if a is not None and b is not None]
    if len(spans) > len(pairs) / 2 and sorted(spans)[len(spans) // 2] < LEAST_ENROLMENT:
        return False
    known = {heading(c) for c in look.header}
    names = {*FIRST_NAMES, *LAST_NAMES, *NAME_HEADINGS}
    return are_enrolments(found) or bool(known & {*names, "klassetrin", "klassespor"})


def are_enrolments(found: dict[str, str]) -> bool:
    """Do the headings of the dates say that they are of going to the school, and not of being away from it?"""
    return all(heading(found[n]).startswith(("indm", "udm")) for n in ("from", "to") if n in found)
