"""Mapping files: the strict models of how an export is described, and reading them from a study's folder.

What an export looks like belongs here; parsing its values and its bytes does not. Everything that is wrong with
a mapping is said at once (:class:`~evaluation.errors.ProtocolError`), because the person who corrects it is an
analyst with a text editor.
"""

from __future__ import annotations

import datetime as dt
import difflib
import fnmatch
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from evaluation.door.mapping_parts import (
    NAMED_FORMATS,
    Clock,
    Column,
    ExportedOn,
    Grid,
    Period,
    Sql,
    Strict,
    Totals,
    Wide,
    Xml,
    compiled,
    strptime_format,
    two_orders,
)
from evaluation.door.meaning import codes_with_a_share
from evaluation.door.questions import BLANK, Question, is_ignored, open_places, share_question, without_open
from evaluation.door.values import clean, parse_class
from evaluation.door.voices_options import FormOptions, VoicesOptions
from evaluation.errors import Problem, ProtocolError

Kind = Literal["absence", "totals", "pupils", "talks", "consents", "calendar", "interviews", "school_forms"]
ROUTED: frozenset[str] = frozenset({"interviews", "school_forms"})
"""Kinds that are read by :mod:`evaluation.interviews`; the door checks the file and passes it on."""

COLUMNS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    kind: (frozenset(required.split()), frozenset(optional.split()))
    for kind, required, optional in (
        (
            "absence/day",
            "school pupil type date",
            "class grade half_day amount day_part time_from time_to status exported_on",
        ),
        (
            "absence/interval",
            "school pupil type from",
            "to length class grade half_day amount day_part time_from time_to status exported_on",
        ),
        (
            "absence/grid",
            "school pupil",
            "month date week year school_year class grade half_day amount status exported_on",
        ),
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
    format: Literal[
        "csv", "xlsx", "xls", "xlsb", "ods", "html", "spreadsheetml", "json", "xml", "grid", "sql"
    ] = "csv"
    zip_members: tuple[str, ...] = ()
    encoding: tuple[str, ...] = ("utf-8",)
    delimiter: str = ";"
    decimal: Literal[",", "."] = ","
    sheet: str | None = None
    header_row: Annotated[int, Field(ge=1)] = 1
    header: tuple[str, ...] = ()
    skip_lines: tuple[str, ...] = ()
    fill_down: tuple[str, ...] = ()
    date_formats: tuple[str, ...] = ("%Y-%m-%d",)
    exported_on: ExportedOn | None = None
    overlap: Literal["pupil_day", "whole_period"] | None = None
    complete_for: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    period: Period | Literal["rows", "to_export"] | None = None
    rows_from: dt.date | None = None
    columns: dict[str, Column] = Field(default_factory=dict)
    types: dict[str, str] = Field(default_factory=dict)
    shares: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(default_factory=dict)
    ignore: dict[str, Annotated[str, Field(min_length=3)]] = Field(default_factory=dict)
    clock: Clock | Literal["whole_days"] | None = None
    empty_to: Literal["ongoing", "one_day"] | None = None
    same_rows: Literal["once", "parts"] | None = None
    to_is: Literal["last_day", "day_after"] | None = None
    questions: tuple[Question, ...] = ()
    totals: Totals | None = None
    grid: Grid = Grid()
    wide: Wide | None = None
    xml: Xml | None = None
    record: str | None = None
    sql: Sql | None = None
    interviews: VoicesOptions = VoicesOptions()
    school_form: FormOptions = FormOptions()

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
                raise ValueError(
                    f'"{name}" er ikke en tegnkodning: skriv utf-8, cp1252 eller utf-16'
                ) from None
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
        formats = tuple(v if v in NAMED_FORMATS else strptime_format(v) for v in value)
        if orders := two_orders(formats):
            raise ValueError(
                f"to rækkefølger af dag og måned ({orders[0]} og {orders[1]}) læser samme tekst som hver sin dag: "
                "behold den, skolen bruger"
            )
        return formats

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.questions:
            return self
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
        used += [a.column for a in self.wide.answers] if self.wide else []
        if self.totals:
            sums = [*self.totals.types.values(), *([self.totals.total] if self.totals.total else [])]
            used += [c for amount in sums for c in (*amount.add, *amount.subtract)]
        return tuple(dict.fromkeys(used))

    @property
    def has_blank_absence(self) -> bool:
        """Is an empty cell an absence, as in a register of who was there?"""
        return any(not clean(code) and kind != "none" for code, kind in self.types.items())

    def complete_classes(self, name: str) -> tuple[str, ...] | None:
        """Tidy labels of the classes that a file is complete for; None where the mapping does not say."""
        said = next((c for p, c in self.complete_for.items() if fnmatch.fnmatch(name, p)), None)
        return None if said is None else tuple(str(parse_class(clean(c))[1] or clean(c)) for c in said)

    def handed_on(self, header: Iterable[str]) -> tuple[str, ...]:
        """The file's columns that the door looks at: those read, and those that nobody has decided to leave. Of absences
        all, because what is left may tell two rows apart.
        """
        used, left = (
            self.used_columns,
            () if self.kind == "absence" and self.same_rows is None else tuple(self.ignore),
        )
        rest = (h for h in header if h and h not in used)
        return (*used, *(h for h in rest if not is_ignored(h, left)))


def read_mapping(path: Path, *, type_ids: Iterable[str] = ()) -> Mapping:
    """One mapping file; what it leaves open are its ``questions``.

    Raises:
        ProtocolError: with every problem of the file, each with the field it is about.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ProtocolError(
            f"mappingen {path.name} kan ikke læses",
            [
                Problem(
                    path.name,
                    found=f"ikke TOML i UTF-8: {error}",
                    rule="TOML 1.0 in UTF-8",
                    next_step="ret linjen; se docs/mapping-files.md",
                )
            ],
        ) from None
    return parse_mapping(raw, name=path.name, type_ids=type_ids)


def parse_mapping(raw: dict[str, Any], *, name: str, type_ids: Iterable[str] = ()) -> Mapping:
    """A mapping from its raw tables; ``type_ids`` are the study's absence types plus ``none`` (not an absence)."""
    questions = open_places(raw)
    try:
        mapping = Mapping.model_validate({**without_open(raw), "name": name, "questions": questions})
    except ValidationError as error:
        raise ProtocolError(f"der er fejl i mappingen {name}", _problems_of(error, name)) from None
    if not questions and mapping.kind == "absence":
        blank = any(not clean(code) for code in mapping.types)
        if not blank and set(mapping.types.values()) == {"none"}:
            mapping = mapping.model_copy(update={"questions": (BLANK,)})
        counted = {code: kind for code, kind in mapping.types.items() if kind != "none"}
        parts = tuple(c for c in codes_with_a_share(counted) if c not in mapping.shares)
        if parts:
            mapping = mapping.model_copy(update={"questions": (share_question(parts),)})
    known = set(type_ids)
    used = set(mapping.types.values()) | set(mapping.totals.types if mapping.totals else ())
    unknown = sorted(used - known - {"none"}) if known else []
    if unknown:
        raise ProtocolError(
            f"der er fejl i mappingen {name}",
            [
                Problem(
                    name,
                    column="types",
                    found=f'"{t}" er ingen af undersøgelsens fraværstyper',
                    expected=f"en af {', '.join(sorted(known))}, eller none",
                )
                for t in unknown
            ],
        )
    return mapping


def read_mappings(
    paths: Iterable[Path], *, type_ids: Iterable[str] = (), undecided: bool = False
) -> tuple[Mapping, ...]:
    """All mapping files of a study; raises one :class:`ProtocolError` with the problems of all of them.

    ``undecided``: mappings with open questions are handed on too; else they are problems.
    """
    mappings: list[Mapping] = []
    problems: list[Problem] = []
    known = tuple(type_ids)
    for path in paths:
        try:
            mapping = read_mapping(path, type_ids=known)
            mappings.append(mapping)
            problems += [] if undecided else [q.problem(mapping.name) for q in mapping.questions]
        except ProtocolError as error:
            problems += error.problems
    if problems:
        raise ProtocolError(f"{len(problems)} fejl i mappingfilerne", problems)
    return tuple(mappings)


def _inconsistencies(m: Mapping) -> Iterable[str]:
    if m.format == "sql":
        if m.sql is None:
            yield "format = sql skal have en tabel [sql] med address_env og query"
    elif not m.files:
        yield "files: skriv mindst ét mønster, regnet fra indbakken"
    yield from (
        f'files: "{p}" skal regnes fra indbakken'
        for p in m.files
        if p.startswith(("/", "\\")) or ".." in Path(p).parts or ":" in p
    )
    if m.kind in ROUTED:
        return
    if m.kind == "absence" and m.format != "grid" and m.grain not in ("day", "interval"):
        yield "absence skal have grain = day eller interval"
        return
    if m.kind == "totals" and m.grain not in ("week", "month", "quarter"):
        yield "totals skal have grain = week, month eller quarter"
        return
    if m.complete_for and m.overlap != "whole_period":
        yield 'complete_for hører til overlap = "whole_period"'
    if m.period == "to_export" and (m.exported_on is None or not m.exported_on.is_required):
        yield 'period = "to_export" skal have exported_on, uden is_required = false: den dag, hvert udtræk er fra'
    if len(m.delimiter) != 1:
        yield "delimiter: skal være ét tegn"
    if m.format == "xml" and m.xml is None:
        yield "format = xml skal have en tabel [xml] med record"
    if m.to_is is not None and (m.kind != "absence" or "to" not in m.columns):
        yield "to_is hører til et interval med to"
    if m.record is not None and m.format not in ("json", "grid"):
        yield "record hører til format = json; i XML er det xml = { record = … }"
    if m.wide and m.kind != "consents":
        yield "wide: en kolonne for hver forælder og hvert formål hører til kind = consents"
    if m.same_rows and m.kind != "absence":
        yield "same_rows hører til kind = absence"
    if m.kind == "totals" and m.totals is None:
        yield "totals skal have en tabel [totals] med types"
    if m.kind == "absence" and not m.types:
        yield "absence skal have en tabel [types]: filens koder og undersøgelsens typer"
    if m.has_blank_absence and m.format == "grid" and m.grid.headings in ("types", "halves", "sessions"):
        yield f'types: et tomt felt kan ikke være fravær, hvor grid.headings = "{m.grid.headings}": bed om udtrækket i dage'
    yield from _wrong_columns(m)


_GRID_NEEDS = {
    "days": frozenset({"month"}),
    "dates": frozenset[str](),
    "types": frozenset({"date"}),
    "halves": frozenset({"date"}),
    "weekdays": frozenset({"week"}),
    "sessions": frozenset({"week"}),
}
"""What a grid must say of time beside its headings."""


def _wrong_columns(m: Mapping) -> Iterable[str]:
    required, optional = COLUMNS[m.shape]
    for name in sorted(set(m.columns) - required - optional):
        near = difflib.get_close_matches(name, sorted(required | optional), 1)
        hint = (
            f'. Mente du "{near[0]}"?' if near else f". Den kender: {', '.join(sorted(required | optional))}"
        )
        yield f'columns: "{name}" er ikke en kolonne i {m.shape}{hint}'
    if m.wide:
        required, optional = required - {"purpose", "answer"}, optional - {"holder"}
    required |= _GRID_NEEDS[m.grid.headings] if m.shape == "absence/grid" else frozenset()
    yield from (f'columns: "{name}" mangler i {m.shape}' for name in sorted(required - set(m.columns)))
    if m.header and m.format != "grid":
        yield from (
            f'header: har ikke "{c}", som columns nævner' for c in m.used_columns if c not in m.header
        )
        yield from (
            f'ignore: header har ikke "{c}"'
            for c in m.ignore
            if not any(is_ignored(h, (c,)) for h in m.header)
        )
    yield from (
        f'fill_down: "{c}" læses ikke under [columns]' for c in m.fill_down if c not in m.used_columns
    )
    yield from ("ignore: nævn kolonnerne; * alene er dem alle" for c in m.ignore if c.strip("* ") == "")
    yield from (f'ignore: "{c}" læses under [columns]' for c in m.ignore if c in m.used_columns)
    yield from _wrong_amounts(m)
    if m.shape == "pupils" and not {"grade", "class"} & set(m.columns):
        yield 'columns: pupils skal have "grade" eller "class"'
    if m.kind == "totals":
        if not {"pupil", "grade", "class"} & set(m.columns):
            yield 'columns: totals skal have "pupil", "grade" eller "class"'
        if not {"week", "date", "month", "quarter"} & set(m.columns):
            yield f'columns: totals skal have "{m.grain}" eller "date"'
        if "school_days" not in m.columns and "pupil" not in m.columns and "pupils" not in m.columns:
            yield 'columns: totaler for grupper skal have "school_days" eller "pupils"'


_UNITS = {
    "amount": ("share", "percent", "days", "hours", "lessons", "minutes"),
    "length": ("school_days", "calendar_days"),
}
"""Columns of ours that need a unit, and those they may have."""


def _wrong_amounts(m: Mapping) -> Iterable[str]:
    for name, units in _UNITS.items():
        if name in m.columns and m.columns[name].unit not in units:
            yield f"columns.{name}: unit skal være en af {', '.join(units)}"
    for name, column in m.columns.items():
        if (
            column.columns
            and name not in ("names", "local_id")
            and not (name == "amount" and column.unit == "lessons" and len(column.columns) == 2)
        ):
            yield f"columns.{name}: flere kolonner hører til names, local_id og amount i lektioner (første og sidste)"
    yield from (
        f"columns.{name}: unit hører til amount og length"
        for name, column in m.columns.items()
        if column.unit and name not in _UNITS
    )
    yield from (
        f"columns.{name}: plus hører til amount"
        for name, c in m.columns.items()
        if c.plus and name != "amount"
    )
    if m.shape == "absence/interval" and len({"to", "length"} & set(m.columns)) != 1:
        yield 'columns: et interval skal have "to", eller "length" (hvor længe det varede)'
    if ("time_from" in m.columns) != ("time_to" in m.columns):
        yield "columns: time_from og time_to hører sammen"
    if "time_from" in m.columns and not isinstance(m.clock, Clock):
        yield "clock: klokkeslæt skal have clock = { day = … }, skoledagens timer"
    yield from (f'shares: "{code}" står ikke i [types]' for code in m.shares if code not in m.types)


def _problems_of(error: ValidationError, name: str) -> list[Problem]:
    problems = []
    for e in error.errors():
        place = ".".join(str(part) for part in e["loc"]) or None
        problems += [
            Problem(name, column=place, found=part, rule=e["type"], next_step="se docs/mapping-files.md")
            for part in _danish(e).split("; ")
        ]
    return problems


_KNOWN_FIELDS: dict[str, tuple[str, ...]] = {
    "": tuple(Mapping.model_fields),
    "columns": tuple(Column.model_fields),
    "totals": tuple(Totals.model_fields),
    "grid": tuple(Grid.model_fields),
    "xml": tuple(Xml.model_fields),
    "sql": tuple(Sql.model_fields),
    "exported_on": tuple(ExportedOn.model_fields),
}
"""Fields by the table they stand in, to name the nearest."""


def _danish(error: Any) -> str:
    """What the model says of a mapping, for the analyst who wrote it."""
    kind, loc = str(error["type"]), [str(part) for part in error["loc"]]
    if kind == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    if kind == "extra_forbidden":
        known = [
            f for f in _KNOWN_FIELDS.get(loc[0] if len(loc) > 1 else "", ()) if f not in ("name", "questions")
        ]
        near = difflib.get_close_matches(loc[-1], known, 1)
        hint = f'Mente du "{near[0]}"?' if near else f"Der kan stå: {', '.join(known)}" if known else ""
        return f'"{loc[-1]}" er et ukendt felt. {hint}'.strip()
    if kind == "missing":
        return f'"{loc[-1]}" mangler'
    if kind == "literal_error":
        expected = str(error["ctx"]["expected"]).replace(" or ", " eller ")
        near = difflib.get_close_matches(str(error["input"]), re.findall(r"'([^']*)'", expected), 1)
        return f"skal være {expected}" + (f'. Mente du "{near[0]}"?' if near else "")
    words = {"string_type": "skal være en tekst i anførselstegn", "bool_type": "skal være true eller false",
             "dict_type": "skal være en tabel", "model_type": "skal være en tabel", "int_type": "skal være et helt tal",
             "int_parsing": "skal være et helt tal", "float_type": "skal være et tal", "float_parsing": "skal være et tal",
             "tuple_type": "skal være en liste", "string_too_short": "er for kort: skriv en grund"}  # fmt: skip
    return words.get(kind, str(error["msg"]))
