"""The parts of a mapping file: where a column comes from, how amounts are summed, dates of exports, grids, XML, SQL."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Strict(BaseModel):
    """Frozen, and closed to fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Unit = Literal["share", "percent", "days", "hours", "lessons", "minutes", "school_days", "calendar_days"]
COUNTED = ("hours", "lessons", "minutes")
"""Units of which a number makes a school day, which must be said."""


class DayLength(Strict):
    """How much makes a school day: one number, or one by grade (``{ "0-3" = 5, "4-6" = 6, "7-9" = 7 }``)."""

    everybody: Annotated[float, Field(gt=0)] | None = None
    by_grade: dict[str, Annotated[float, Field(gt=0)]] = {}

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        if isinstance(value, (int, float)):
            return {"everybody": value}
        if isinstance(value, dict) and not {"everybody", "by_grade"} & value.keys():
            return {"by_grade": value}
        return value

    def of(self, grade: str | None) -> float:
        """The length for a grade; NaN where the mapping does not say."""
        if self.everybody is not None:
            return self.everybody
        for names, length in self.by_grade.items():
            first, _, last = names.partition("-")
            if grade == names or (
                grade and grade.isdigit() and last and int(first) <= int(grade) <= int(last)
            ):
                return length
        return float("nan")


class Clock(Strict):
    """What times of day beside dates mean: ``hours`` make a school day, and a part of them a part of the day."""

    day: DayLength


class Column(Strict):
    """Where one of our columns comes from: a column of the file, a constant, a line above the header, or the
    file's or its sheet's name; then an optional pattern (its first group is the value) and an optional map of values.
    ``plus``: a second column with a unit of its own that is added to an amount (whole days beside hours).
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    constant: str | None = None
    line: Annotated[int, Field(ge=1)] | None = None
    file_name: str | None = None
    sheet: str | None = None
    pattern: str | None = None
    map: dict[str, str] = {}
    kind: Literal["cpr", "local", "name"] | None = None
    unit: Unit | None = None
    day: DayLength | None = None
    plus: Column | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"column": value}
        if isinstance(value, list):
            return {"columns": value}
        return value

    @field_validator("pattern", "file_name", "sheet")
    @classmethod
    def _is_regex_with_group(cls, value: str | None) -> str | None:
        return None if value is None else one_group(value)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.column, self.constant, self.line, self.file_name, self.sheet, self.columns or None]
        if sum(v is not None for v in given) != 1:
            raise ValueError("skriv præcis én af column, columns, constant, line, file_name, sheet")
        if (self.day is not None) != (self.unit in COUNTED):
            raise ValueError(f"day (hvor mange en skoledag har) hører til unit = {', '.join(COUNTED)}")
        if self.plus and not (
            self.column and self.unit and self.plus.column and self.plus.unit and not self.plus.plus
        ):
            raise ValueError("plus er én kolonne mere med sin egen unit ved siden af column og unit")
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """The file's columns that are read."""
        own = (self.column,) if self.column is not None else self.columns
        return own if self.plus is None else (*own, *self.plus.used)


class Sum(Strict):
    """An amount made of the file's columns: those added minus those subtracted."""

    add: Annotated[tuple[str, ...], Field(min_length=1)]
    subtract: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        return {"add": [value]} if isinstance(value, str) else value


class Totals(Strict):
    """How a period total is counted: its unit, one amount per absence type, and a total to check against.

    ``running = false`` declares that amounts which never fall from one period to the next are each period's own,
    ``sums = false`` that no row is the sum of others.
    ``possible``: whether school_days counts one pupil's days (``pupil``) or those of the whole group (``group``).
    """

    unit: Literal["days", "sessions", "hours", "lessons", "minutes"] = "days"
    per_day: Annotated[float, Field(gt=0)] | None = None
    running: Literal[False] | None = None
    sums: Literal[False] | None = None
    possible: Literal["group", "pupil"] | None = None
    types: Annotated[dict[str, Sum], Field(min_length=1)]
    total: Sum | None = None
    total_tolerance: Annotated[float, Field(ge=0)] = 0.01
    empty_is_zero: bool = False

    @property
    def units_per_day(self) -> float:
        """What one school day counts in the file's unit."""
        return 1.0 if self.unit == "days" else self.per_day or 2.0

    @model_validator(mode="after")
    def _length_of_a_day(self) -> Self:
        if self.unit in COUNTED and self.per_day is None:
            raise ValueError(f"unit = {self.unit} skal have per_day: hvor mange en skoledag har")
        return self


class Grid(Strict):
    """One line per pupil and a column for each mark. ``headings`` says what heads such a column.

    ``days``: days of one month, a code in each cell; ``dates``: whole dates, a code in each cell; ``types``: codes of
    ``[types]``, with a line for each pupil and day, and a day or half a day in each cell; ``halves``: the two halves of
    a day, with a line for each pupil and day, and a code in each cell; ``weekdays``: Monday to Friday, with a line for
    each pupil and week, and a code in each cell; ``sessions``: both halves of each weekday (``Mon AM``, ``Mon PM`` …), with
    a line for each pupil and week.
    """

    headings: Literal["days", "dates", "types", "halves", "weekdays", "sessions"] = "days"
    halves: tuple[str, str] = ("Formiddag", "Eftermiddag")
    day_header: str = r"^(?:.*\D)?(\d{1,2})\.?$"

    @field_validator("day_header")
    @classmethod
    def _is_regex_with_group(cls, value: str) -> str:
        return one_group(value)


class Answer(Strict):
    """A column of a wide consent list: whose answer it is, and for which purpose."""

    column: str
    purpose: str
    holder: str = ""


class Wide(Strict):
    """A consent list with one row per pupil. ``words``: what is written in the cells, as ``yes`` or ``no``."""

    answers: Annotated[tuple[Answer, ...], Field(min_length=1)]
    words: dict[str, Literal["yes", "no"]] = {}


class Xml(Strict):
    """Which element is a record; with ``having``, only records that have that child are rows at all.

    Columns are paths below the record (``Person/Name``), or above it (``../Number``); of several paths joined by
    ``|`` the first that leads to a text is taken.
    """

    record: str
    having: str | None = None


class Sql(Strict):
    """A query read in bulk. The address stands in an environment variable that is only NAMED here."""

    address_env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
    query: str


class Period(Strict):
    """Where an export says which days it is complete for: a line above the header, or the file's name; the pattern has
    a group around the first day and one around the last.
    """

    line: Annotated[int, Field(ge=1)] | None = None
    file_name: str | None = None
    pattern: str = r"(\d[\d./-]+\d)\D+(\d[\d./-]+\d)"

    @field_validator("pattern", "file_name")
    @classmethod
    def _has_two_groups(cls, value: str | None) -> str | None:
        if value is not None and compiled(value).groups != 2:
            raise ValueError(
                f'"{value}" skal have to grupper i runde parenteser: den første dag og den sidste'
            )
        return value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.line is None) == (self.file_name is None):
            raise ValueError("skriv line eller file_name")
        return self


class ExportedOn(Strict):
    """Where an export says on which day it was made, and how that is written: its file name, or a line above the header.

    ``is_required = false``: files without it are read too, and count as older than every dated export.
    """

    file_name: str | None = None
    line: Annotated[int, Field(ge=1)] | None = None
    pattern: str | None = None
    format: str = "yyyy-mm-dd"
    is_required: bool = True

    @field_validator("file_name", "pattern")
    @classmethod
    def _is_regex_with_group(cls, value: str | None) -> str | None:
        return None if value is None else one_group(value)

    @field_validator("format")
    @classmethod
    def _is_date_format(cls, value: str) -> str:
        strptime_format(value)
        return value

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file_name is None) == (self.line is None or self.pattern is None):
            raise ValueError("skriv file_name, eller line og pattern")
        return self


NAMED_FORMATS = ("excel", "excel1904", "iso")
"""Ways of writing a date that go by a name."""
_TOKENS = re.compile(r"hh:mm:ss|hh:mm|tt:mm:ss|tt:mm|yyyy|åååå|yy|åå|mmmm|mmm|mm?|dd?", re.IGNORECASE)
_CODES = {"hh:mm:ss": "%H:%M:%S", "hh:mm": "%H:%M", "tt:mm:ss": "%H:%M:%S", "tt:mm": "%H:%M", "yyyy": "%Y",
          "åååå": "%Y", "yy": "%y", "åå": "%y", "mmmm": "%B", "mmm": "%B", "mm": "%m", "m": "%m", "dd": "%d",
          "d": "%d"}  # fmt: skip
_EXCEL_DRESS = re.compile(r"^\[\$[^\]]*\]|;.*$|\\|\"|^\s*d{3,4}\b\.?,?\s*(?:den\s+)?", re.IGNORECASE)
"""What Excel writes round a format: its language, its other sections, escapes, and the name of the weekday."""


def strptime_format(text: str) -> str:
    """``dd-mm-yyyy``, ``d. mmm. åååå`` and what Excel calls its formats as a strptime format, which passes through.

    Raises:
        ValueError: the text names no day, month and year, each once, or nothing can be read by it.
    """
    result = text
    if "%" not in text:
        bare = text
        while (shorter := _EXCEL_DRESS.sub("", bare)) != bare:
            bare = shorter
        result = _TOKENS.sub(lambda token: _CODES[token[0].lower()], bare)
    # The full stop of a month's short name goes with the name.
    result = re.sub(r"(?<=%S)Z$", "%z", result.replace("%b", "%B").replace("%B.", "%B"))
    codes = re.findall(r"%[a-zA-Z]", result)
    parts = [sum(code in codes_of for code in codes) for codes_of in (("%d",), ("%m", "%B"), ("%y", "%Y"))]
    wrong = ValueError(
        f'"{text}" er ikke et datoformat: skriv fx dd-mm-yyyy, d. mmmm yyyy, yyyy-mm-dd hh:mm eller excel'
    )
    if parts != [1, 1, 1] or len(set(codes)) < len(codes):
        raise wrong
    try:
        plain = result.replace("%B", "%m").replace("%z", "+0100")
        if dt.datetime.strptime(dt.datetime(2026, 9, 22, 8, 20).strftime(plain), plain).day != 22:  # noqa: DTZ001, DTZ007
            raise wrong
    except ValueError:
        raise wrong from None
    if re.search(r"[^\W\dTZd_]", re.sub(r"%[a-zA-Z]|\b(?:den|kl)\b", "", result)):
        raise wrong
    return result


def two_orders(formats: Iterable[str]) -> tuple[str, str] | None:
    """Two of the formats that read the same text as different days; None where no text can be read in two ways."""
    numeric = [f for f in formats if f not in NAMED_FORMATS and "%B" not in f]
    days = [dt.datetime(y, m, d, 8, 9, 10) for y in (2026, 2025) for m in (9, 11) for d in (5, 7, 12)]  # noqa: DTZ001
    for one in numeric:
        for other in numeric:
            for day in days if one != other else ():
                try:
                    found = dt.datetime.strptime(day.strftime(one.replace("%z", "+0100")), other)  # noqa: DTZ007
                except ValueError:
                    continue
                if found.date() != day.date():
                    return one, other
    return None


def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression; raises ValueError in words."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f'"{pattern}" er ikke et regulært udtryk: {error}') from None


def one_group(pattern: str) -> str:
    """The pattern, when it is a regular expression with a group around the value; else ValueError."""
    if compiled(pattern).groups < 1:
        raise ValueError(f'"{pattern}" skal have en gruppe i runde parenteser om værdien')
    return pattern
