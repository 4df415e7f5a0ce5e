"""What a file says beside what its mapping reads: the door's own look at unread columns and times of day.

Every piece is looked at, so that an amount in the last line is seen as well as one in the first. What may change the
days that are counted becomes a question, and the file is refused until its mapping answers it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evaluation.door.beside import Beside
from evaluation.door.chunks import Chunk
from evaluation.door.dates import parse_moment
from evaluation.door.mapping import Mapping
from evaluation.door.meaning import WHY, Table, Values, beside_of, may_matter
from evaluation.door.questions import IGNORE_ANSWER, Question, is_ignored
from evaluation.door.values import clean
from evaluation.errors import InputError
from evaluation.files.sheet import SEVERAL

_DAYS = ("date", "from", "to")


class StillOpen(InputError):
    """A file is not read because something about it is not answered."""

    def __init__(self, name: str, questions: tuple[Question, ...]) -> None:
        self.questions = questions
        super().__init__(f"{name}: {len(questions)} åbne spørgsmål", [q.problem(name) for q in questions])


@dataclass
class Scrutiny:
    """Grows while a file is read. ``places``: words of the study's schools and municipality."""

    mapping: Mapping
    epoch_1904: bool
    places: frozenset[str] = frozenset()
    values: dict[str, Values] = field(default_factory=dict)
    beside: Beside = field(init=False)
    moments: set[str] = field(default_factory=set)
    has_times: bool = False

    def __post_init__(self) -> None:
        """What the unread columns are held against."""
        self.beside = beside_of(self._read, self._amounts)

    @property
    def _read(self) -> dict[str, str]:
        return {n: c.column for n, c in self.mapping.columns.items() if c.column is not None}

    @property
    def _amounts(self) -> tuple[str, ...]:
        totals = self.mapping.totals
        return tuple(dict.fromkeys(c for s in totals.types.values() for c in s.add)) if totals else ()

    def see(self, chunk: Chunk) -> None:
        """Look at one piece."""
        frame, used = chunk.frame, self.mapping.used_columns
        unread = [
            str(c)
            for c in frame
            if c not in used and not str(c).startswith("\x00") and not is_ignored(str(c), self.mapping.ignore)
        ]
        if unread:
            if len(chunk.rows) and (np.diff(chunk.rows) == 0).any():
                frame = frame[
                    np.r_[True, np.diff(chunk.rows) > 0]
                ]  # a grid's line stands in it once per mark
            for column in unread:
                found = frame[column].value_counts()
                counts = Counter({clean(str(v)): int(n) for v, n in found.items()})
                self.values.setdefault(column, Values()).add(counts.items())
            self.beside.see(frame, unread)
        self._see_times(frame)

    def questions(self) -> tuple[Question, ...]:
        """What must be answered before the file counts."""
        mapping = self.mapping
        table = Table(self.values, self._read, self.beside, self._amounts, self.places)
        several = [n for n in self.values if n.endswith(SEVERAL) and not is_ignored(n, mapping.ignore)]
        found = [replace(SEVERAL_QUESTION, name=n) for n in several]
        ignored = (*mapping.ignore, *several, *of_all_rows(self.values, self.beside.rows))
        found += [
            Question("column", u.name, WHY[u.looks], IGNORE_ANSWER)
            for u in may_matter(table, ignored, is_roster=mapping.kind == "pupils")
        ]
        if self.has_times and mapping.kind == "absence" and mapping.clock is None:
            found.append(CLOCK_QUESTION)
        return tuple(found)

    def _see_times(self, frame: pd.DataFrame) -> None:
        """Times of day beside the dates that are read."""
        formats = self.mapping.date_formats
        if (
            self.has_times
            or self.mapping.clock
            or not any(f in ("excel", "iso") or "%H" in f for f in formats)
        ):
            return
        moment = parse_moment(formats, epoch_1904=self.epoch_1904)
        for name in _DAYS:
            column = self.mapping.columns[name].column if name in self.mapping.columns else None
            if column is None or column not in frame:
                continue
            for text in frame[column].dropna().unique():
                if text in self.moments:
                    continue
                if len(self.moments) < 100_000:
                    self.moments.add(text)
                found = moment(clean(str(text)))[0]
                if found is not None and (found.hour or found.minute):
                    self.has_times = True
                    return


def of_all_rows(values: Mapping_[str, Values], rows: int) -> tuple[str, ...]:
    """What stands above XML's records and is the same for all of them: like a line over a table, it tells no rows apart."""
    return tuple(
        n for n, v in values.items() if n.startswith(("../", "/")) and len(v.counts) == 1 and v.filled == rows
    )


SEVERAL_QUESTION = Question(
    "column",
    "record",
    "står flere gange i samme post, eller ved siden af posterne, og læses ikke",
    'gør det til posten, så hver er en række (xml = { record = "…" } og resten med ../ foran; json: record = "…"), eller '
    "skriv navnet under [ignore] med en grund til, at det intet betyder",
)

CLOCK_QUESTION = Question(
    "date",
    "clock",
    "datoerne har klokkeslæt: er hver række hele dage, eller timer af en dag?",
    'skriv clock = "whole_days", eller clock = { day = 6 } med skoledagens længde i timer',
)
