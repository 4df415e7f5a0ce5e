"""The parts of a mapping file: where a column comes from, how amounts are summed, dates of exports, grids, XML, SQL."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class Strict(BaseModel):
    """Frozen, and closed to fields nobody declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Strict):
    """Where one of our columns comes from: a column of the file, a constant, a line above the header, or the
    file's name; then an optional pattern (its first group is the value) and an optional map of values.
    """

    column: str | None = None
    columns: tuple[str, ...] = ()
    constant: str | None = None
    line: Annotated[int, Field(ge=1)] | None = None
    file_name: str | None = None
    pattern: str | None = None
    map: dict[str, str] = {}
    kind: Literal["cpr", "local", "name"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"column": value}
        if isinstance(value, list):
            return {"columns": value}
        return value

    @field_validator("pattern", "file_name")
    @classmethod
    def _is_regex_with_group(cls, value: str | None) -> str | None:
        return None if value is None else one_group(value)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [self.column, self.constant, self.line, self.file_name, self.columns or None]
        if sum(v is not None for v in given) != 1:
            raise ValueError("give exactly one of column, columns, constant, line, file_name")
        return self

    @property
    def used(self) -> tuple[str, ...]:
        """The file's columns that are read."""
        return (self.column,) if self.column is not None else self.columns


class Sum(Strict):
    """An amount made of the file's columns: those added minus those subtracted."""

    add: Annotated[tuple[str, ...], Field(min_length=1)]
    subtract: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: Any) -> Any:
        return {"add": [value]} if isinstance(value, str) else value


class Totals(Strict):
    """How a period total is counted: its unit, one amount per absence type, and a total to check against."""

    unit: Literal["days", "sessions"] = "days"
    per_day: Annotated[float, Field(gt=0)] = 2
    types: Annotated[dict[str, Sum], Field(min_length=1)]
    total: Sum | None = None
    total_tolerance: Annotated[float, Field(ge=0)] = 0.01
    empty_is_zero: bool = False

    @property
    def units_per_day(self) -> float:
        """What one school day counts in the file's unit."""
        return self.per_day if self.unit == "sessions" else 1.0


class Grid(Strict):
    """One line per pupil and a column for each mark. ``headings`` says what heads such a column.

    ``days``: days of one month, a code in each cell; ``dates``: whole dates, a code in each cell; ``types``: codes of
    ``[types]``, with a line for each pupil and day, and a day or half a day in each cell; ``halves``: the two halves of
    a day, with a line for each pupil and day, and a code in each cell; ``weekdays``: Monday to Friday, with a line for
    each pupil and week, and a code in each cell.
    """

    headings: Literal["days", "dates", "types", "halves", "weekdays"] = "days"
    halves: tuple[str, str] = ("Formiddag", "Eftermiddag")
    day_header: str = r"^(?:.*\D)?(\d{1,2})\.?$"

    @field_validator("day_header")
    @classmethod
    def _is_regex_with_group(cls, value: str) -> str:
        return one_group(value)


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


class ExportedOn(Strict):
    """Where the date of an export stands in its file name, and how it is written.

    ``is_required = false``: files without it are read too, and count as older than every dated export.
    """

    file_name: str
    format: str = "yyyy-mm-dd"
    is_required: bool = True

    @field_validator("file_name")
    @classmethod
    def _is_regex_with_group(cls, value: str) -> str:
        return one_group(value)


_TOKENS = re.compile(r"hh:mm:ss|hh:mm|yyyy|åååå|yy|åå|mmmm|mm?|dd?", re.IGNORECASE)
_CODES = {"hh:mm:ss": "%H:%M:%S", "hh:mm": "%H:%M", "yyyy": "%Y", "åååå": "%Y", "yy": "%y", "åå": "%y",
          "mmmm": "%B", "mm": "%m", "m": "%m", "dd": "%d", "d": "%d"}  # fmt: skip


def strptime_format(text: str) -> str:
    """``dd-mm-yyyy``, ``d. mmmm yyyy`` and the like as a strptime format; a strptime format is passed through.

    Raises:
        ValueError: the text names no day, month and year.
    """
    result = text if "%" in text else _TOKENS.sub(lambda token: _CODES[token[0].lower()], text)
    found = re.findall(r"%[a-zA-Z]", result)
    if "%d" not in found or not {"%m", "%B"} & set(found) or not {"%y", "%Y"} & set(found):
        raise ValueError(f'"{text}" is not a date format; write for example dd-mm-yyyy, yyyy-mm-dd or excel')
    return result


def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression; raises ValueError in words."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f'"{pattern}" is not a regular expression: {error}') from None


def one_group(pattern: str) -> str:
    """The pattern, when it is a regular expression with a group around the value; else ValueError."""
    if compiled(pattern).groups < 1:
        raise ValueError(f'"{pattern}" needs a group in round brackets around the value')
    return pattern
