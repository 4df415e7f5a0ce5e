"""Rows that say the same of a pupil's day and are told apart by what nobody counts with: said twice, or each a part?

A register writes a row for each lesson, or the same absence twice. Equal rows count once, so a file that could be either is
not read until its mapping says which. Whole days that stand twice now and then are slips; more of them than slips explain
are a question as well. Only what was seen is kept, as numbers: eight bytes for what a row counts for and eight for
everything else it says.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk
from evaluation.door.mapping import Mapping
from evaluation.door.nobody import is_nobody
from evaluation.door.questions import Question
from evaluation.door.stage import Stage

_COUNTS_WITH = (
    "pupil",
    "date",
    "from",
    "to",
    "length",
    "type",
    "amount",
    "half_day",
    "day_part",
    "time_from",
    "time_to",
)
"""Our columns by which one absence is told from another."""
_STATED = ("school", "pupil", "first", "last", "type", "part", "fraction")
"""What a staged row counts for."""
SLIPS = 0.1
"""At most this share of a file's rows stands twice by accident. Where mornings and afternoons are rows of their own it is
far more: with a whole day for every other absence, a third of them.
"""
_ANSWER = (
    'same_rows = "once" (det samme fravær, skrevet flere gange: tæller én gang), eller "parts" (hver række er sin egen del '
    "af dagen: de lægges sammen, og amount eller half_day siger, hvor stor hver er)"
)


@dataclass
class Alike:
    """Grows while a file of absences is read."""

    mapping: Mapping
    counted: list[np.ndarray] = field(default_factory=list)
    rest: list[np.ndarray] = field(default_factory=list)
    is_part: list[np.ndarray] = field(default_factory=list)
    apart_by: set[str] = field(default_factory=set)

    def see(self, chunk: Chunk, keep: np.ndarray, compact: dict[str, np.ndarray]) -> None:
        """Look at the kept rows of a piece; ``compact``: what they were staged as."""
        if self.mapping.kind != "absence" or self.mapping.same_rows is not None:
            return
        absent = compact["type"] >= 0
        counted = _mixed([compact[name][absent] for name in _STATED])
        frame = chunk.frame[keep][absent]
        used = {c for n in _COUNTS_WITH if n in self.mapping.columns for c in self.mapping.columns[n].used}
        others = [str(c) for c in frame if c not in used and not str(c).startswith("\x00")]
        coded = {c: _numbered(frame[c]) for c in others}
        again = pd.Series(counted).duplicated(keep=False).to_numpy()
        if again.any():
            groups = pd.Series(counted[again])
            for name, numbers in coded.items():
                if (pd.Series(numbers[again]).groupby(groups).nunique() > 1).any():
                    self.apart_by.add(name)
        self.counted.append(counted)
        self.rest.append(_mixed(list(coded.values())) if coded else np.zeros(len(frame), dtype=np.uint64))
        self.is_part.append(compact["fraction"][absent] < 1)

    def questions(self) -> tuple[Question, ...]:
        """The question, where rows that count for the same say something else too, repeat a part of a day or are many."""
        if not self.counted:
            return ()
        counted, rest, is_part = (np.concatenate(each) for each in (self.counted, self.rest, self.is_part))
        order = np.argsort(counted, kind="stable")
        same = counted[order][1:] == counted[order][:-1]
        differs = same & (rest[order][1:] != rest[order][:-1])
        parts = same & is_part[order][1:]
        if not differs.any() and not parts.any():
            return (
                (_many(int(same.sum()), len(counted)),) if is_no_slip(int(same.sum()), len(counted)) else ()
            )
        names = ", ".join(sorted(c for c in self.apart_by if is_nobody(c)))
        by = f" og er kun forskellige i andet, end der tælles med{f' ({names})' if names else ''}"
        n = int((differs | parts).sum())
        why = f"{n} rækker siger det samme om en elevs dag som en anden række{by if differs.any() else ', en del af dagen'}"
        return (
            Question(
                "column",
                "same_rows",
                why,
                f"samme fravær flere gange, eller hver sin del af dagen? {_ANSWER}",
            ),
        )


def is_no_slip(again: int, rows: int) -> bool:
    """Do more of the rows stand again than slips explain, by three standard deviations and one?"""
    return bool(again > SLIPS * rows + 3 * (SLIPS * (1 - SLIPS) * rows) ** 0.5 + 1)


def _many(again: int, rows: int) -> Question:
    """The question about whole days of which too many stand again."""
    return Question(
        "column",
        "same_rows",
        f"{again} af {rows} rækker siger det samme om en elevs dag som en anden række, og det er for mange til at være fejl",
        f"samme fravær flere gange, eller hver sin del af dagen (en formiddag, en lektion)? {_ANSWER}; er "
        'hver række en halv dag: amount = { constant = "0.5", unit = "share" }',
    )


def number_parts(stage: Stage, file: int) -> None:
    """Each of a file's equal rows as a part of the day of its own: the first, the second …"""
    keys = "school, pupil, first, last, type, part, fraction"
    stage.run(
        (
            f"""UPDATE absence SET part = n.nth FROM (
                  SELECT id, 1000 + row_number() OVER (PARTITION BY {keys} ORDER BY row, id) AS nth
                  FROM absence WHERE file = {int(file)} AND type >= 0) n
                WHERE absence.id = n.id""",
        )
    )


def _mixed(columns: list[np.ndarray]) -> np.ndarray:
    """One number (n,) for each row of several columns (n,); two rows that differ get the same once in 2^64 (splitmix64)."""
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for values in columns:
        whole = values.astype("datetime64[D]").astype(np.int64) if values.dtype.kind == "M" else values
        bits = np.ascontiguousarray(whole.astype(np.float64 if whole.dtype.kind == "f" else np.int64)).view(
            np.uint64
        )
        mixed = (mixed ^ bits) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
    return mixed


def _numbered(texts: pd.Series) -> np.ndarray:
    """A number (n,) for each text, the same in every piece of a file; 0 where there is none."""
    codes, different = pd.factorize(texts)
    return np.array([*(hash(t) for t in different), 0], dtype=np.int64)[codes]
