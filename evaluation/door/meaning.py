"""What a column that nobody reads may mean, told by its values and its place among the others.

An unread column is a question, unless it is proved to say nothing of how much a row counts: it is empty, it is free text,
it holds numbers or names of persons or cases, or it repeats what another column says (the week of the date, the grade of
the class). Nothing is harmless because it is not known to be harmful. The same judgement is made by the draft of a
mapping and by the door, over the whole file.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from evaluation.disclosure.names import normalise_token
from evaluation.door.beside import Beside, Relation
from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import MONTHS, WEEKDAYS, parse_date, weekday_of
from evaluation.door.headings import (
    ATTRIBUTES,
    DATE_FORMATS,
    FIRST_NAMES,
    HEADINGS,
    LAST_NAMES,
    NAME_HEADINGS,
    NOTED_BY,
    STAMPS,
    heading,
    is_percent,
)
from evaluation.door.nobody import is_known_word
from evaluation.door.questions import is_ignored
from evaluation.door.values import parse_class

Class = Literal["empty", "person", "text", "amount", "date", "words"]
MOST_DISTINCT = 2_000
"""Different values of a column that are kept; of the others is told only what they look like."""
SENTENCE = 6
"""So many words are a sentence, and no code."""
FEW = 5
"""Of fewer different texts nobody can tell whether they are free or chosen from a list."""
SOME = 20
"""From so many different values, or rows, on a pattern in them is no accident."""
_PART_WORDS = re.compile(
    r"½|\bhalv|\bkvart|\bformiddag|\beftermiddag|\bmorgen|\bmiddag|\d\s*(?:t|timer?|lektion\w*|min\w*)\b|%",
    re.IGNORECASE,
)
TELLS_A_PART = re.compile(_PART_WORDS.pattern + r"|\bkl\.?\s*\d|\d[:.]\d\d\b", re.IGNORECASE)
"""Words of a part of a day, and times of day, wherever they stand."""
_AMOUNT = re.compile(
    r"(?:kl\.?\s*)?[+-]?\d{1,4}(?:[.,]\d{1,4})?(?:\s*[½¼¾⅓⅔])?\s*(?:%|[^\W\d_]{1,12}\.?)?|[½¼¾⅓⅔].*"
    r"|\d{1,2}\s*/\s*\d{1,2}|(?:kl\.?\s*)?\d{1,2}[:.]\d{2}(?::\d{2})?(?:\s*[-–]\s*\d{1,2}[:.]\d{2})?"
    r"|[+-]?\d{4,}|P?T?(?:\d+\s*[^\W\d_]{1,8}\.?\s*)+",
    re.IGNORECASE,
)
_ALL_DATES = parse_date([f for _, f in DATE_FORMATS if f != "excel"])


@dataclass
class Values:
    """Different values of a column with how often each stands. ``looks``: of those that were too many to be kept, how often
    they look like what; ``is_many``: there were such.
    """

    counts: Counter[str] = field(default_factory=Counter)
    filled: int = 0
    looks: Counter[str] = field(default_factory=Counter)

    def add(self, more: Iterable[tuple[str, int]]) -> None:
        """Count more values."""
        for value, n in more:
            self.filled += n
            if value in self.counts or len(self.counts) < MOST_DISTINCT:
                self.counts[value] += n
            else:
                self.looks[_glance(value)] += n

    @property
    def is_many(self) -> bool:
        """Were there more different values than are kept?"""
        return bool(self.looks)

    def share(self, test: Callable[[str], object], look: str = "") -> float:
        """The share of the filled cells that pass, the others by their look."""
        return (sum(n for v, n in self.counts.items() if test(v)) + self.looks[look]) / max(self.filled, 1)


def _glance(text: str) -> str:
    """What one of very many values looks like, at little cost."""
    if "@" in text:
        return "person"
    if " " not in text and len(text) >= 20:
        return "key"
    if text.replace(" ", "").isdecimal():
        return "number" if len(text) >= 6 else ""
    return "sentence" if text.count(" ") >= 2 else "name" if text.istitle() else ""


@dataclass(frozen=True)
class Table:
    """The columns of a file as far as meaning needs them.

    ``values`` by heading; ``read``: our column → the file's, for the columns that are read; ``amounts``: the file's columns
    that are summed; ``beside``: what the unread columns say beside them, over all rows; ``places``: words of the study's
    schools and municipality, normalised.
    """

    values: dict[str, Values]
    read: dict[str, str]
    beside: Beside
    amounts: tuple[str, ...] = ()
    places: frozenset[str] = frozenset()


def class_of(values: Values) -> Class:
    """What the values alone look like; ``person``, ``text`` and ``empty`` are proved."""
    if not values.filled:
        return "empty"
    if values.share(lambda v: "@" in v or parse_cpr(v)[1] in (None, "cpr_nine_digits"), "person") >= 0.95:
        return "person"
    if values.share(is_some_date) >= 0.3:
        return "date"
    if _are_identifiers(values) or _are_names(values):
        return "person"
    if _is_free_text(values):
        return "text"
    is_class = values.share(lambda v: parse_class(v)[1] not in (None, parse_class(v)[0])) >= 0.8
    return "amount" if values.share(_AMOUNT.fullmatch) >= 0.2 and not is_class else "words"


def _are_identifiers(values: Values) -> bool:
    """Whole numbers of one length, too long for an amount, neither round nor all times of day; or keys of many letters and
    figures, another in each row.
    """
    are_keys = len(values.counts) >= SOME and all(map(_KEY.fullmatch, values.counts))
    if are_keys and values.filled == len(values.counts) + values.looks["key"]:
        return True
    digits = [v.replace(" ", "") for v in values.counts]
    if not all(re.fullmatch(r"\d{6,40}", d) for d in digits) or set(values.looks) - {"number"}:
        return False
    lengths, numbers = {len(d) for d in digits}, [int(d) for d in digits]
    is_round = any(all(n % unit == 0 for n in numbers) for unit in (60, 100, 1000)) or max(numbers) < 10_000
    are_times = is_round or all(map(_ARE_TIMES.fullmatch, digits))
    return len(lengths) == 1 and not are_times and not _are_moments(numbers, lengths.pop())


_ARE_TIMES = re.compile(r"(?:(?:[01]\d|2[0-4])[0-5]\d[0-5]\d){1,2}|(?:(?:[01]\d|2[0-4])[0-5]\d){2}")
"""``101742``, ``08001130``: times of day, one or two, without anything between."""


def _are_moments(numbers: list[int], length: int) -> bool:
    """Seconds, or thousandths of them, since 1970, in the years that a study can be about."""
    seconds = [n / 1000 ** max((length - 10) // 3, 0) for n in numbers]
    return length in (10, 13, 16) and all(1.4e9 <= s <= 1.95e9 for s in seconds)


_KEY = re.compile(r"[\w-]{20,}")


def _are_names(values: Values) -> bool:
    """Many different texts of several words with capitals, of more words than amounts are written in."""
    if len(values.counts) < SOME or values.share(_is_full_name, "name") < 0.95:
        return False
    return len({w for v in values.counts for w in v.split()}) >= min(len(values.counts), 2 * SOME)


def _is_full_name(text: str) -> bool:
    words = re.split(r"[\s,-]+", text)
    return 2 <= len(words) <= 6 and all(w.isalpha() and w[:1].isupper() for w in words[:1] + words[-1:])


def _is_free_text(values: Values) -> bool:
    """Sentences that people wrote: nearly each another, in other words and not in other numbers alone, and none of them
    often of a part of a day; or one sentence of many words."""
    if len(values.counts) == 1:
        (only,) = values.counts
        return len(only.split()) >= SENTENCE and not _PART_WORDS.search(only)
    if len(values.counts) < FEW:
        return False
    tells = sum(n for v, n in values.counts.items() if TELLS_A_PART.search(v))
    if tells >= max(2, 0.2 * sum(values.counts.values())):
        return False
    shapes = {re.sub(r"\d+", "0", v.casefold()) for v in values.counts}
    is_prose = (
        values.share(lambda v: len(re.findall(r"[^\W\d_]{2,}", v)) >= 3 or len(v) > 25, "sentence") >= 0.5
    )
    words = {w for v in values.counts for w in re.findall(r"[^\W\d_]{2,}", v.casefold())}
    return (
        is_prose
        and len(values.counts) + sum(values.looks.values()) >= 0.8 * values.filled
        and len(shapes) >= 0.8 * len(values.counts)
        and len(words) >= min(len(values.counts), 2 * SOME)
    )


def is_some_date(text: str) -> bool:
    """Is it a date in some way of writing, of the years that a study can be about?"""
    groups = re.findall(r"\d+", text)
    words = re.findall(r"[^\W\d_]{2,}", text.casefold())
    if (
        len(text) > 45
        or not groups
        or (len(groups) == 1 and len(groups[0]) < 5)
        or any(len(g) > 8 for g in groups)
        or any(w not in MONTHS and w not in ("den", "kl", "excel") and weekday_of(w) is None for w in words)
    ):
        return False
    if re.fullmatch(r"\d{5}(?:[.,]\d+)?", text):
        return 42_000 <= float(text.replace(",", ".")) <= 49_800
    day = _day(text)
    return day is not None and 1990 <= day.year <= 2045


@dataclass(frozen=True)
class Unread:
    """A column that is not read and may matter: what it looks like."""

    name: str
    looks: Class


def may_matter(table: Table, ignored: Iterable[str] = (), *, is_roster: bool = False) -> tuple[Unread, ...]:
    """Columns that are neither read nor ignored and cannot be shown to be harmless, in the file's order."""
    left, patterns = set(table.read.values()), tuple(ignored)
    found: list[Unread] = []
    for name, values in table.values.items():
        if not name or name in left or is_ignored(name, patterns):
            continue
        looks = class_of(values)
        if looks == "person" and _is_sparse(table, values):
            looks = (
                "words"  # a number that stands beside some of the rows alone refers to something about them
            )
        if looks in ("empty", "person", "text") or _is_known(table, name, looks):
            continue
        if is_roster and looks not in ("date", "amount") and heading(name) not in HEADINGS["status"]:
            continue
        if any(test(table, name, looks) for test in _ADDS_NOTHING):
            continue
        if table.beside.same.get(name, set()) & {*left, *(other.name for other in found)}:
            continue
        found.append(Unread(name, looks))
    return tuple(found)


def _is_sparse(table: Table, values: Values) -> bool:
    return values.filled < 0.8 * table.beside.rows and _are_identifiers(values)


def _is_known(table: Table, name: str, looks: Class) -> bool:
    """Is what the heading says borne out by every value: when something was noted, who noted it or whom it is about, which
    class or place the pupil belongs to? A heading alone proves nothing.
    """
    tidy, values = heading(name), table.values[name]
    if looks == "date":
        return tidy in STAMPS
    if looks != "words" or values.share(TELLS_A_PART.search):
        return False
    if tidy in (*HEADINGS["class"], *HEADINGS["grade"]):
        return values.share(lambda v: parse_class(v)[0] is not None) >= 0.95
    if tidy in NOTED_BY:
        return values.share(_is_who_noted, "name") >= 0.95
    if tidy in (*NAME_HEADINGS, *FIRST_NAMES, *LAST_NAMES):
        fewest = 0 if tidy in LAST_NAMES else 0.5
        # Some are called Max or April: most must not be words of schools.
        return _is_each_ones_own(table, name, fewest) and values.share(_is_called_so, "name") >= 0.7
    return tidy in ATTRIBUTES and (
        values.share(lambda v: _is_place(v, table.places)) == 1 or _is_each_pupils(table, name)
    )


_INITIALS = re.compile(r"[A-ZÆØÅ]{2,4}\d{0,2}|[a-zæøå]{2,4}\d{1,4}")


def _is_called_so(text: str) -> bool:
    """Can it be what a person is called? Words with capitals, not all of them words of schools and their systems; or a
    letter in place of the name.
    """
    words = [w for w in re.findall(r"[^\W\d_]+", text) if len(w) > 1]
    if re.search(r"\d", text) or not re.search(r"[^\W\d_]", text):
        return False
    return all(w[:1].isupper() and not w.isupper() for w in words) and not (
        words and all(map(is_known_word, words))
    )


def _is_who_noted(text: str) -> bool:
    """The whole name, the initials or the login of somebody. One word alone may be anything."""
    if _INITIALS.fullmatch(text) or (_LOGIN.fullmatch(text) and not text.isalpha()):
        return not is_known_word(re.sub(r"\d", "", text))
    return len(re.findall(r"[^\W\d_]+", text)) >= 2 and _is_called_so(text)


def _is_each_ones_own(table: Table, name: str, fewest: float) -> bool:
    """Whole names; or one value for each pupil, and at least such a share as many values as pupils, or one for all."""
    if table.values[name].share(_is_full_name, "name") >= 0.7:
        return True
    fixed = table.beside.fixed.get((name, "pupil"))
    if fixed is None or not fixed.holds or not fixed.of:
        return False
    return len(fixed.values) >= fewest * len(fixed.of) or len(fixed.values) == 1


def _is_each_pupils(table: Table, name: str) -> bool:
    """One value for each pupil, of whom enough have several rows, and not one for all: that may say what file it is."""
    fixed = table.beside.fixed.get((name, "pupil"))
    if fixed is None or not fixed.holds or len(fixed.values) < 2:
        return False
    return len(fixed.of) >= 5 and fixed.rows >= 1.5 * len(fixed.of)


def _is_place(text: str, places: frozenset[str]) -> bool:
    """Does every word belong to a school or municipality of the study, or does one call itself a school?"""
    words = re.findall(r"[^\W_]+", text.casefold())
    return bool(words) and (
        all(normalise_token(w) in places for w in words)
        or any(re.search(r"skolen?s?$", w) and len(w) > 7 for w in words)
    )


def _day(text: str) -> dt.date | None:
    return _known_day(text) if text else None


@functools.lru_cache(maxsize=20_000)
def _known_day(text: str) -> dt.date | None:
    found: dt.date | None = parse_date(("excel",))(text)[0] or _ALL_DATES(text)[0]
    return found


def _number(text: str) -> float | None:
    return float(text.replace(",", ".")) if re.fullmatch(r"[+-]?\d+(?:[.,]\d+)?", text.strip()) else None


def _tidy(text: str) -> str:
    return re.sub(r"^(?:uge|week|w|u)\s*|\.$", "", text.casefold()).lstrip("0") or "0"


_PARTS: dict[str, Callable[[dt.date], tuple[str, ...]]] = {
    "week": lambda d: (str(d.isocalendar().week), f"{d.isocalendar().year}-w{d.isocalendar().week:02d}"),
    "month": lambda d: (str(d.month), *(m for m, n in MONTHS.items() if n == d.month), f"{d.year}-{d.month:02d}"),
    "year": lambda d: (str(d.year),),
    "year after": lambda d: (str(d.year + (d.month >= 8)),),
    "day": lambda d: (str(d.day),),
    "weekday": lambda d: (
        str(d.isoweekday()), WEEKDAYS[d.weekday()], *(WEEKDAYS[d.weekday()][:n] for n in (2, 3, 4)),
    ),
    "school year": lambda d: tuple(
        f"{a}/{b}"
        for y in (d.year - (d.month < 8),)
        for a, b in ((y, (y + 1) % 100), (y % 100, (y + 1) % 100), (y, y + 1))
    ),
    "quarter": lambda d: (str((d.month + 2) // 3), f"{(d.month + 2) // 3}. kvartal {d.year}"),
}  # fmt: skip
_PART_HEADINGS = (
    "ugedag", "dag", *(h for n in ("week", "month", "year", "school_year", "quarter") for h in HEADINGS[n]),
)  # fmt: skip


def _is_part(texts: Callable[[dt.date], tuple[str, ...]]) -> Callable[[dt.date, str], bool]:
    return lambda day, text: _tidy(text) in texts(day)


def _is_long_before(day: dt.date, text: str) -> bool:
    """A birthday: no end of an absence, which comes after its beginning."""
    other = _day(text)
    return other is not None and (day - other).days > 400


def _of_the_class(text: str) -> tuple[str, str] | None:
    grade, label = parse_class(text)
    return None if grade is None else (grade, str(label).casefold())


def _is_grade(of: tuple[str, str], text: str) -> bool:
    return text.rstrip(".") in (of[0], f"{int(of[0]):02d}") or parse_class(text)[0] == of[0]


def _is_letter(of: tuple[str, str], text: str) -> bool:
    return text.casefold() in (of[1], of[1].partition(".")[2])


def _length(first: str, last: str) -> tuple[dt.date | None, dt.date | None]:
    return _day(first), _day(last)


def _is_days(of: tuple[dt.date | None, dt.date | None], text: str) -> bool:
    first, last = of
    return first is not None and last is not None and (last - first).days + 1 == _number(text)


def _is_weekdays(of: tuple[dt.date | None, dt.date | None], text: str) -> bool:
    first, last = of
    if first is None or last is None or (last - first).days > 3_660:
        return False
    return sum(
        (first + dt.timedelta(days=n)).weekday() < 5 for n in range((last - first).days + 1)
    ) == _number(text)


def _amounts(*texts: str) -> tuple[float | None, ...]:
    return tuple(_number(t or "0") for t in texts)


def _amounts_alone(*texts: str) -> tuple[float | None, ...]:
    return *_amounts(*texts), None


def _is_sum(of: tuple[float | None, ...], text: str) -> bool:
    said, parts = _number(text), of[:-1]
    return said is not None and None not in parts and abs(said - sum(p for p in parts if p)) <= 0.01


def _is_share(of: tuple[float | None, ...], text: str) -> bool:
    said, days, parts = _number(text.rstrip("% ")), of[-1], [p for p in of[:-1] if p is not None]
    if said is None or not days:
        return False
    return any(abs(said - 100 * n / days) <= 0.6 for n in (*parts, sum(parts)))


def beside_of(read: dict[str, str], amounts: tuple[str, ...] = ()) -> Beside:
    """What is to be seen of unread columns beside those that are read."""
    of_date = {"before": _is_long_before} | {part: _is_part(texts) for part, texts in _PARTS.items()}
    relations = {
        str(n): Relation((read[n],), _day, of_date) for n in ("date", "from", "given_on") if n in read
    }
    if "class" in read:
        ways = {"grade": _is_grade, "letter": _is_letter}
        relations["class"] = Relation((read["class"],), _of_the_class, ways)
    if "from" in read and "to" in read and read["from"] != read["to"]:
        relations["length"] = Relation(
            (read["from"], read["to"]), _length, {"days": _is_days, "weekdays": _is_weekdays}
        )
    if amounts:
        possible = read.get("school_days", "")
        relations["sum"] = Relation(
            (*amounts, *([possible] if possible else [])),
            _amounts if possible else _amounts_alone,
            {"sum": _is_sum, "share": _is_share},
        )
    owners = {str(name): read[name] for name in ("pupil", "school", "class") if name in read}
    return Beside(relations, owners, tuple(dict.fromkeys(read.values())))


def _is_of_the_date(table: Table, name: str, looks: Class) -> bool:
    """The week, month, year, weekday or school year of a date that is read; or a date long before it (a birthday)."""
    for ours in ("date", "from", "given_on"):
        told = table.beside.told.get((name, ours))
        if told is None or not told.rows or not told.ways:
            continue
        if looks == "date":
            return "before" in told.ways
        if told.ways == {"before"}:
            continue
        if heading(name) in _PART_HEADINGS or all(len(v) >= 4 and not v.isdecimal() for v in told.values):
            return True
        # A small number may be an amount that falls together with a part of the date in a few rows.
        are_numbers = any(v.isdecimal() for v in told.values)
        least = (3, 2 * SOME // 4) if are_numbers else (2, 5)
        return len(told.values) >= least[0] and len(told.seen) >= least[1]
    return False


def _is_of_the_class(table: Table, name: str, _: Class) -> bool:
    """The grade or the letter of the class that is read."""
    told = table.beside.told.get((name, "class"))
    if told is None or not told.ways or not told.rows:
        return False
    if heading(name) in (*HEADINGS["grade"], "spor", "klassespor"):
        return True
    are_numbers = any(v.isdecimal() for v in told.values)
    return len(told.values) >= (3 if are_numbers else 2) and told.rows >= (SOME if are_numbers else 5)


_IDENTITY = (*HEADINGS["pupil"], *HEADINGS["local_id"])
_LOGIN = re.compile(r"(?=\D*\d\D*\d)(?=.*[^\W\d_]{2})[^\W_]{6,20}")


def _is_of_the_pupil(table: Table, name: str, _: Class) -> bool:
    """One value for each pupil, nearly each of its own, that can only be a name or a login."""
    fixed = table.beside.fixed.get((name, "pupil"))
    if fixed is None or not fixed.holds or not fixed.of:
        return False
    n, values = len(fixed.of), fixed.values
    if heading(name) in _IDENTITY:
        return len(values) == n
    is_repeated = n >= 5 and fixed.rows >= 1.5 * n
    is_who = sum(bool(_is_full_name(v) or _LOGIN.fullmatch(v)) for v in values) >= 0.95 * len(values)
    return is_repeated and is_who and len(values) >= 0.9 * n and not any(_AMOUNT.fullmatch(v) for v in values)


def _names_the_same(table: Table, name: str, looks: Class) -> bool:
    """Another name of the school or class: one value for each, and a value of its own."""
    for ours, least in (("school", 3), ("class", 5)):
        fixed = table.beside.fixed.get((name, ours))
        if (
            looks == "words"
            and fixed is not None
            and fixed.holds
            and len(fixed.of) >= least
            and fixed.rows >= 1.5 * len(fixed.of)
            and len(fixed.values) == len(fixed.of)
            and not any(TELLS_A_PART.search(v) for v in fixed.values)
        ):
            return True
    return False


def _is_row_number(table: Table, name: str, _: Class) -> bool:
    counting = table.beside.counting.get(name)
    return counting is not None and counting.holds and counting.rows >= 5


def _is_length_of_the_interval(table: Table, name: str, looks: Class) -> bool:
    """Days or weekdays from the first day to the last, as the dates already say."""
    told = table.beside.told.get((name, "length"))
    return looks == "amount" and told is not None and bool(told.ways) and told.rows > 0


def _is_sum_or_share(table: Table, name: str, looks: Class) -> bool:
    """The sum of the amounts that are read, or a percentage of the possible days."""
    told = table.beside.told.get((name, "sum"))
    if looks != "amount" or told is None or not told.rows:
        return False
    is_share = is_percent(name) or any("%" in v for v in told.values)
    return ("share" if is_share else "sum") in told.ways


_ADDS_NOTHING: tuple[Callable[[Table, str, Class], bool], ...] = (
    _is_of_the_date,
    _is_of_the_class,
    _is_of_the_pupil,
    _names_the_same,
    _is_row_number,
    _is_length_of_the_interval,
    _is_sum_or_share,
)
"""Ways in which a column can be shown to add nothing to what is read."""


WHY: dict[Class, str] = {
    "amount": "læses ikke og ligner en mængde (tal, timer, minutter, klokkeslæt eller procent)",
    "date": "læses ikke og er en dato til i samme række (en slutdag, en længde?)",
    "words": "læses ikke og har få forskellige ord: en status, en godkendelse, hel eller halv dag, formiddag eller "
    "eftermiddag?",
}
"""Why an unread column is asked about."""


HALVES_IN_CODES = re.compile(r"½|halv|1/2|0[.,]5|\d\s*(?:t|l|m)\b|%", re.IGNORECASE)


MOST_LETTERS_MORE = 4  # "halv"; a longer addition is a word of its own, and read as one


def codes_with_a_share(types: Mapping[str, str]) -> tuple[str, ...]:
    """Codes that may say a share of the day with the type ``types`` gives them: letters with figures or fractions (``S½``,
    ``S2``), a small letter where others are capitals (``s`` or ``u`` beside ``S``), a short code that another begins with
    (``SH`` beside ``S``), and a word with few letters more than another of its type (``Sygh`` beside ``Syg``)."""
    known = {c: kind for c, kind in types.items() if c}
    folded = Counter(c.casefold() for c in known)
    has_capitals = any(len(c) == 1 and c.isupper() for c in known)

    def goes_on(code: str, other: str) -> bool:
        is_same = {known[code], known[other]} & {"?"} or known[code] == known[other]
        shorter, longer = other.casefold(), code.casefold()
        if not 0 < len(longer) - len(shorter) <= MOST_LETTERS_MORE:
            return False
        if len(longer) <= 3 and longer.startswith(shorter):
            return True
        return bool(is_same) and (longer.startswith(shorter) or longer.endswith(shorter))

    return tuple(
        c
        for c in known
        if HALVES_IN_CODES.search(c)
        or (any(x.isalpha() for x in c) and any(x.isnumeric() for x in c) and len(c) <= 6)
        or folded[c.casefold()] > 1
        or (has_capitals and len(c) == 1 and c.islower())
        or any(goes_on(c, o) for o in known)
    )
