"""One piece of a file, field by field: the mapping's columns looked up, parsed, and their faults quarantined.

What a field means in a kind of file is the business of :mod:`evaluation.door.kinds`; here is only how a field
gets its value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.chunks import GRID_DAY, Chunk, Reading
from evaluation.door.dates import parse_date
from evaluation.door.desk import Desk
from evaluation.door.files import Incoming
from evaluation.door.mapping_parts import Column
from evaluation.door.periods import SEPARATOR
from evaluation.door.quarantine import Quarantine
from evaluation.door.values import Parsed, bare_grade, by_distinct, clean, parse_class, parse_number

Parser = Callable[[str], tuple[Any, str | None]]
LABEL = "class-label"
"""Purpose of the pseudonyms of class labels."""
NOT_OF_THE_STUDY = "none"
"""What a mapping writes for a school or grade that is no part of the study."""


@dataclass
class Fields:
    """The fields of one chunk.

    ``is_bad`` (n,) grows as fields are parsed; bad rows are in the quarantine, ``is_negative`` (n,) among them.
    ``is_outside`` (n,): rows of a school or grade that the mapping declares as no part of the study (``none``); they are
    accepted and make no row.
    """

    desk: Desk
    source: Incoming
    reading: Reading
    chunk: Chunk
    quarantine: Quarantine
    is_bad: np.ndarray
    is_outside: np.ndarray
    is_negative: np.ndarray

    @classmethod
    def of(
        cls, desk: Desk, source: Incoming, reading: Reading, chunk: Chunk, quarantine: Quarantine
    ) -> Fields:
        """Fields of a chunk, with its rejects already in quarantine."""
        quarantine.add_rejects(chunk.rejects)
        n = len(chunk.rows)
        masks = (np.zeros(n, dtype=bool) for _ in range(3))
        return cls(desk, source, reading, chunk, quarantine, *masks)

    def has(self, name: str) -> bool:
        """Whether the mapping says where this column of ours comes from."""
        return name in self.source.mapping.columns

    def text(self, name: str) -> pd.Series:
        """The column's text (n,), before its map."""
        spec = self.source.mapping.columns[name]
        if spec.used:
            texts = self.chunk.frame[spec.used[0]]
            return texts if spec.pattern is None else texts.str.extract(spec.pattern, expand=False)
        pages = self.chunk.pages if spec.line is not None else ()
        starts, over = zip(*(pages or ((0, self.reading.preamble),)), strict=True)
        at = np.searchsorted(starts, self.chunk.rows, side="right") - 1
        is_month = name == "month"
        return pd.Series([self._single(spec, p, is_month=is_month) for p in over], dtype="str").take(at)

    def quarantine_rows(self, name: str, hit: np.ndarray, rule: str, *, found: str | None = None) -> None:
        """Quarantine the rows where ``hit`` (n,) for one rule; ``found`` in words, else the column's masked text."""
        hit = hit & ~self.is_outside
        at = np.flatnonzero(hit & ~self.is_bad)
        self.is_bad |= hit
        self.is_negative |= hit & (rule == "negative")
        rules = np.full(len(at), rule, dtype=object)
        rows, label = self.chunk.rows[at], self._label(name)
        if found is None and (self.has(name) or GRID_DAY in self.chunk.frame):
            texts = self.text(name) if self.has(name) else self.chunk.frame[GRID_DAY]
            self.quarantine.add_values(rows, label, rules, texts.iloc[at])
        else:
            self.quarantine.add(rows, label, rules, np.full(len(at), found or "", dtype=object))

    def parse(
        self,
        name: str,
        parser: Parser,
        dtype: str = "object",
        *,
        is_person: bool = False,
        beside: str | None = None,
    ) -> np.ndarray:
        """Values (n,) of a mapped column; rows without a value are quarantined.

        With ``beside`` the parser gets that column's text too, after :data:`~evaluation.door.periods.SEPARATOR`.
        """
        spec = self.source.mapping.columns[name]
        texts = self.text(name)
        if beside is not None:
            texts = texts.fillna("") + SEPARATOR + self.text(beside).fillna("")
        parsed = by_distinct(texts, _mapped(spec, parser), dtype)
        self._take_faults(name, parsed, texts, is_person=is_person)
        return parsed.values

    def parse_file_column(self, column: str, parser: Parser, dtype: str = "object") -> np.ndarray:
        """Values (n,) of a column of the file itself (amounts of totals, cells of a grid)."""
        texts = self.chunk.frame[column]
        parsed = by_distinct(texts, parser, dtype)
        self._take_faults(column, parsed, texts, is_person=False)
        return parsed.values

    def number(self, name: str) -> np.ndarray:
        """Numbers (n,)."""
        return self.parse(name, parse_number(self.source.mapping.decimal), "float64")

    def date(self, name: str, *, optional: bool = False) -> np.ndarray:
        """Days (n,) as ``datetime64[D]``; with ``optional`` an empty cell is no day and no fault."""
        parser = parse_date(self.source.mapping.date_formats, epoch_1904=self.reading.epoch_1904)
        return self.parse(name, _optional(parser) if optional else parser, "datetime64[D]")

    def school(self) -> np.ndarray:
        """Place of the school in the protocol (n,); -1 where unknown."""
        schools = self.desk.protocol.schools
        known = {clean(t).casefold(): i for i, s in enumerate(schools) for t in (s.name, s.short, s.id)}
        known[NOT_OF_THE_STUDY] = -2
        school = self.parse("school", _lookup(known, "unknown_school", missing=-1), "int64")
        self.is_outside |= school == -2
        return np.asarray(np.maximum(school, -1))

    def grade_and_class(self, *, required: bool) -> tuple[np.ndarray, np.ndarray]:
        """Grades (n,) and tidy class labels (n,); None where the file does not say (only if not ``required``)."""
        n = len(self.chunk.rows)
        grades, labels = np.full(n, None, dtype=object), np.full(n, None, dtype=object)
        order = self.desk.protocol.grades.order
        if self.has("class"):
            parser = _class_parser(
                order, self.source.mapping.columns["class"], required=not self.has("grade") and required
            )
            texts = self.text("class")
            parsed = by_distinct(texts, parser)
            if not self.has("grade"):
                self._take_faults("class", parsed, texts, is_person=False)
                grades = np.array([v[0] if v else None for v in parsed.values], dtype=object) if n else grades
            labels = self._labels(parsed, texts)
        if self.has("grade"):
            known = _lookup(
                {NOT_OF_THE_STUDY: NOT_OF_THE_STUDY, **{g.casefold(): g for g in order}}, "unknown_grade"
            )

            def parser(text: str) -> tuple[Any, str | None]:
                return known(bare_grade(text))

            grades = self.parse("grade", parser if required else _optional(parser))
        self.is_outside |= np.asarray(grades == NOT_OF_THE_STUDY, dtype=bool)
        return grades, labels

    def choice(self, name: str, allowed: Iterable[str], *, optional: bool = False) -> np.ndarray:
        """One of the allowed words (n,), by the column's map or as it stands."""
        parser = _lookup({a.casefold(): a for a in allowed}, "unknown_value")
        return self.parse(name, _optional(parser) if optional else parser)

    def exported(self) -> np.ndarray:
        """The day each row was exported (n,), ``NaT`` where nobody says."""
        if self.has("exported_on"):
            return self.date("exported_on")
        day = np.datetime64(self.source.exported_on or "NaT", "D")
        return np.full(len(self.chunk.rows), day, dtype="datetime64[D]")

    def _single(self, spec: Column, lines: tuple[str, ...], *, is_month: bool) -> str | None:
        if spec.constant is not None:
            return spec.constant
        if spec.line is not None:
            text: str | None = lines[spec.line - 1] if spec.line <= len(lines) else None
            pattern = spec.pattern
        elif spec.sheet is not None:
            text, pattern = self.source.sheet, spec.sheet
        else:
            text, pattern = self.source.name, spec.file_name
        if text is None or pattern is None:
            return text
        match = re.search(pattern, text)
        if match and is_month and _is_of_a_date(text, match):
            return None
        return match[1] if match else None

    def _labels(self, parsed: Parsed, texts: pd.Series) -> np.ndarray:
        """Class labels: tidy where they are plain, else keyed, because free text may name a person."""
        labels = np.array([v[1] if v else None for v in parsed.values], dtype=object)
        free = np.flatnonzero(pd.isna(labels) & texts.notna().to_numpy())
        if len(free):
            hashed = self.desk.key.pseudonyms(LABEL, texts.iloc[free].map(clean))
            labels[free] = ("k" + hashed.str[:6]).to_numpy(dtype=object)
        return labels

    def _take_faults(self, name: str, parsed: Parsed, texts: pd.Series, *, is_person: bool) -> None:
        at = np.flatnonzero(parsed.is_bad)
        if not len(at):
            return
        self.is_bad[at] = True
        self.quarantine.add_values(
            self.chunk.rows[at],
            self._label(name),
            parsed.rules(at),
            texts.iloc[at],
            is_person=is_person,
        )

    def _label(self, name: str) -> str:
        spec = self.source.mapping.columns.get(name)
        return spec.column if spec is not None and spec.column is not None else name.lstrip("\x00")


def _is_of_a_date(text: str, match: re.Match[str]) -> bool:
    """Is what was found the month of a day, as of the day a list was printed on?"""
    return bool(
        re.search(r"\b\d{1,2}\.?\s*$", text[: match.start(1)]) or re.match(r"-\d", text[match.end(1) :])
    )


def _mapped(spec: Column, parser: Parser) -> Parser:
    """The parser after the column's map; what the map does not name is parsed as it stands."""
    if not spec.map:
        return parser
    table = {clean(k).casefold(): v for k, v in spec.map.items()}
    return lambda text: parser(table.get(text.casefold(), text))


def _optional(parser: Parser) -> Parser:
    return lambda text: parser(text) if text else (None, None)


def _lookup(known: Mapping[str, Any], rule: str, missing: Any = None) -> Parser:
    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return missing, "empty_value"
        found = known.get(text.casefold(), missing)
        return found, (rule if found is missing or found == missing else None)

    return parse


def _class_parser(order: tuple[str, ...], spec: Column, *, required: bool) -> Parser:
    declared = {clean(k).casefold(): v for k, v in spec.map.items()}

    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return (None, None), ("empty_value" if required else None)
        if text.casefold() in declared:
            grade = declared[text.casefold()]
            return (grade, None), (None if grade in (*order, NOT_OF_THE_STUDY) else "unknown_grade")
        grade, label = parse_class(text)
        if grade is None and text in order:
            grade, label = text, text
        if grade in order:
            return (grade, label), None
        return (None, label), "unknown_grade"

    return parse
