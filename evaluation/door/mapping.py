"""Mapping files: the strict models of how an export is described, and reading them from a study's folder.

What an export looks like belongs here; parsing its values and its bytes does not. Everything that is wrong with
a mapping is said at once (:class:`~evaluation.errors.ProtocolError`), because the person who corrects it is an
analyst with a text editor.
"""

from __future__ import annotations

import datetime as dt
import difflib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from evaluation.door.mapping_parts import (
    Column,
    ExportedOn,
    Grid,
    Sql,
    Strict,
    Totals,
    Xml,
    compiled,
    strptime_format,
)
from evaluation.errors import Problem, ProtocolError

Kind = Literal["absence", "totals", "pupils", "talks", "consents", "calendar", "interviews", "school_forms"]
ROUTED: frozenset[str] = frozenset({"interviews", "school_forms"})
"""Kinds that are read by :mod:`evaluation.interviews`; the door checks the file and passes it on."""

COLUMNS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(required.split()), frozenset(optional.split()))
    for kind, required, optional in (
        ("absence/day", "school pupil type date", "class grade half_day day_part status exported_on"),
        ("absence/interval", "school pupil type from to", "class grade half_day status exported_on"),
        ("absence/grid", "school pupil", "month date week year school_year class grade exported_on"),
        (
            "totals/week",
            "school",
            "pupil class grade week year school_year date pupils school_days exported_on",
        ),
        (
            "totals/month",
            "school",
            "pupil class grade month year school_year date pupils school_days exported_on",
        ),
        ("totals/quarter", "school pupil", "class grade quarter date school_days exported_on"),
        ("pupils", "school pupil", "school_year grade class local_id from to names exported_on"),
        ("talks", "school status", "grade class pupil kind date exported_on"),
        ("consents", "pupil purpose answer given_on", "holder withdrawn_on exported_on"),
        ("calendar", "from", "school to kind label"),
    )
}
"""Our columns by kind and grain: those that must be mapped and those that may be."""


class Mapping(Strict):
    """One source. ``name`` is the mapping file's own name; everything else is what the file says."""

    name: str = ""
    kind: Kind
    grain: Literal["day", "interval", "week", "month", "quarter"] | None = None
    files: tuple[str, ...] = ()
    format: Literal["csv", "xlsx", "xml", "grid", "sql"] = "csv"
    zip_members: tuple[str, ...] = ()
    encoding: tuple[str, ...] = ("utf-8",)
    delimiter: str = ";"
    decimal: Literal[",", "."] = ","
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] = 1
    header: tuple[str, ...] = ()
    skip_lines: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)
    exported_on: ExportedOn | None = None
    overlap: Literal["pupil_day", "whole_period"] = "pupil_day"
    rows_from: dt.date | None = None
    columns: dict[str, Column] = Field(default_factory=dict)
    types: dict[str, str] = Field(default_factory=dict)
    totals: Totals | None = None
    grid: Grid = Grid()
    xml: Xml | None = None
    sql: Sql | None = None

    @field_validator("encoding", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("encoding")
    @classmethod
    def _known_encodings(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            try:
                "".encode(name)
            except LookupError:
                raise ValueError(f'"{name}" is not an encoding; use utf-8, cp1252 or utf-16') from None
        return value

    @field_validator("skip_lines")
    @classmethod
    def _regexes(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            compiled(pattern)
        return value

    @field_validator("date_formats")
    @classmethod
    def _known_formats(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(v if v in ("excel", "excel1904") else strptime_format(v) for v in value)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wrong = list(_inconsistencies(self))
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def shape(self) -> str:
        """Key into :data:`COLUMNS`."""
        if self.kind == "absence":
            return "absence/grid" if self.format == "grid" else f"absence/{self.grain}"
        return f"totals/{self.grain}" if self.kind == "totals" else self.kind

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Every column of the file that the mapping reads, once."""
        used = [c for column in self.columns.values() for c in column.used]
        if self.totals:
            sums = [*self.totals.types.values(), *([self.totals.total] if self.totals.total else [])]
            used += [c for amount in sums for c in (*amount.add, *amount.subtract)]
        return tuple(dict.fromkeys(used))


def read_mapping(path: Path, *, type_ids: Iterable[str] = ()) -> Mapping:
    """One mapping file.

    Raises:
        ProtocolError: with every problem of the file, each with the field it is about.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ProtocolError(
            f"the mapping {path.name} cannot be read",
            [Problem(path.name, found=f"{type(error).__name__}: {error}", rule="TOML 1.0 in UTF-8")],
        ) from None
    return parse_mapping(raw, name=path.name, type_ids=type_ids)


def parse_mapping(raw: dict[str, Any], *, name: str, type_ids: Iterable[str] = ()) -> Mapping:
    """A mapping from its raw tables; ``type_ids`` are the study's absence types plus ``none`` (not an absence)."""
    try:
        mapping = Mapping.model_validate({**raw, "name": name})
    except ValidationError as error:
        raise ProtocolError(f"the mapping {name} is wrong", _problems_of(error, name)) from None
    known = set(type_ids)
    used = set(mapping.types.values()) | set(mapping.totals.types if mapping.totals else ())
    unknown = sorted(used - known - {"none"}) if known else []
    if unknown:
        raise ProtocolError(
            f"the mapping {name} is wrong",
            [
                Problem(
                    name,
                    column="types",
                    found=f'"{t}" is not an absence type of the study',
                    expected=f"one of {', '.join(sorted(known))}, or none",
                )
                for t in unknown
            ],
        )
    return mapping


def read_mappings(paths: Iterable[Path], *, type_ids: Iterable[str] = ()) -> tuple[Mapping, ...]:
    """All mapping files of a study; raises one :class:`ProtocolError` with the problems of all of them."""
    mappings: list[Mapping] = []
    problems: list[Problem] = []
    known = tuple(type_ids)
    for path in paths:
        try:
            mappings.append(read_mapping(path, type_ids=known))
        except ProtocolError as error:
            problems += error.problems
    if problems:
        raise ProtocolError(f"{len(problems)} problem(s) in the mapping files", problems)
    return tuple(mappings)


def _inconsistencies(m: Mapping) -> Iterable[str]:
    if m.format == "sql":
        if m.sql is None:
            yield "format = sql needs a table [sql] with address_env and query"
    elif not m.files:
        yield "files: name at least one pattern, relative to the inbox"
    yield from (
        f'files: "{p}" must be relative to the inbox'
        for p in m.files
        if p.startswith(("/", "\\")) or ".." in Path(p).parts or ":" in p
    )
    if m.kind in ROUTED:
        return
    if m.kind == "absence" and m.format != "grid" and m.grain not in ("day", "interval"):
        yield "absence needs grain = day or interval"
        return
    if m.kind == "totals" and m.grain not in ("week", "month", "quarter"):
        yield "totals needs grain = week, month or quarter"
        return
    if len(m.delimiter) != 1:
        yield "delimiter: must be one character"
    if m.format == "xml" and m.xml is None:
        yield "format = xml needs a table [xml] with record"
    if m.kind == "totals" and m.totals is None:
        yield "totals needs a table [totals] with types"
    if m.kind == "absence" and not m.types:
        yield "absence needs a table [types]: the file's codes and the study's types"
    yield from _wrong_columns(m)


_GRID_NEEDS = {
    "days": frozenset({"month"}),
    "dates": frozenset[str](),
    "types": frozenset({"date"}),
    "halves": frozenset({"date"}),
    "weekdays": frozenset({"week"}),
}
"""What a grid must say of time beside its headings."""


def _wrong_columns(m: Mapping) -> Iterable[str]:
    required, optional = COLUMNS[m.shape]
    for name in sorted(set(m.columns) - required - optional):
        near = difflib.get_close_matches(name, sorted(required | optional), 1)
        hint = (
            f'; did you mean "{near[0]}"?' if near else f"; known: {', '.join(sorted(required | optional))}"
        )
        yield f'columns: "{name}" is not a column of {m.shape}{hint}'
    required |= _GRID_NEEDS[m.grid.headings] if m.shape == "absence/grid" else frozenset()
    yield from (f'columns: "{name}" is missing for {m.shape}' for name in sorted(required - set(m.columns)))
    yield from (f"columns: {n} is not decided: put what it is in place of the ?" for n in _undecided(m))
    if m.header and m.format != "grid":
        yield from (
            f'header: has no "{c}", which columns names' for c in m.used_columns if c not in (*m.header, "?")
        )
    if m.shape == "pupils" and not {"grade", "class"} & set(m.columns):
        yield 'columns: pupils needs "grade" or "class"'
    if m.kind == "totals":
        if not {"pupil", "grade", "class"} & set(m.columns):
            yield 'columns: totals needs "pupil", "grade" or "class"'
        if not {"week", "date", "month", "quarter"} & set(m.columns):
            yield f'columns: totals needs "{m.grain}" or "date"'
        if "school_days" not in m.columns and "pupil" not in m.columns and "pupils" not in m.columns:
            yield 'columns: totals of groups need "school_days" or "pupils"'


def _undecided(m: Mapping) -> Iterable[str]:
    """What a draft of ``komglad map`` left open."""
    yield from (
        name
        for name, column in m.columns.items()
        if "?" in (*column.used, column.constant, *column.map.values())
    )
    yield from (f'[types] "{code}"' for code, kind in m.types.items() if "?" in (code, kind))
    if m.totals:
        yield from (f"[totals] {t}" for t, s in m.totals.types.items() if "?" in (*s.add, *s.subtract))


def _problems_of(error: ValidationError, name: str) -> list[Problem]:
    problems = []
    for e in error.errors():
        place = ".".join(str(part) for part in e["loc"]) or None
        problems += [
            Problem(name, column=place, found=part, rule=e["type"], next_step="see docs/mapping-files.md")
            for part in e["msg"].removeprefix("Value error, ").split("; ")
        ]
    return problems
