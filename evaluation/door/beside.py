"""What unread columns say beside those that are read, over all rows of a file: sums that grow piece by piece.

Here is only what was seen. What it proves is the business of :mod:`~evaluation.door.meaning`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.values import clean

MOST_KEPT = 200_000
"""Different pairs that are kept of two columns; where there are more, nothing is proved."""


@dataclass(frozen=True)
class Relation:
    """How a column may follow from others. ``key``: what the others' texts say, None where they say nothing; ``ways``: by
    name, whether a text follows from it.
    """

    columns: tuple[str, ...]
    key: Callable[..., Any]
    ways: Mapping[str, Callable[[Any, str], bool]]


@dataclass
class Told:
    """One column beside a relation's: the ``ways`` in which every row so far follows, and how much there was to follow."""

    ways: frozenset[str]
    seen: set[tuple[str, ...]] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    rows: int = 0


@dataclass
class Fixed:
    """The values of a column for each of another's, while there is one for each."""

    of: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    holds: bool = True

    @property
    def values(self) -> set[str]:
        """Different values."""
        return set(self.of.values())


@dataclass
class Counting:
    """A column that grows by one from row to row, so far."""

    last: int | None = None
    rows: int = 0
    holds: bool = True


_Coded = tuple[np.ndarray, list[str]]


@dataclass
class Beside:
    """Grows with every piece of a file. ``relations`` and ``owners`` (columns that may have one value each) by name."""

    relations: Mapping[str, Relation]
    owners: Mapping[str, str]
    others: tuple[str, ...]
    told: dict[tuple[str, str], Told] = field(default_factory=dict)
    fixed: dict[tuple[str, str], Fixed] = field(default_factory=dict)
    counting: dict[str, Counting] = field(default_factory=dict)
    same: dict[str, set[str]] = field(default_factory=dict)
    rows: int = 0

    def see(self, frame: pd.DataFrame, unread: Sequence[str]) -> None:
        """Look at one piece: text, missing where a cell is empty."""
        coded: dict[tuple[str, ...], _Coded] = {}
        self.rows += len(frame)
        for name in unread:
            if self._is_settled(name):
                continue
            mine = _coded(frame, (name,), coded)
            for key, relation in self.relations.items():
                told = self.told.setdefault((name, key), Told(frozenset(relation.ways)))
                if told.ways and set(relation.columns) <= set(frame):
                    _follow(told, relation, _pairs(_coded(frame, relation.columns, coded), mine))
            for key, owner in self.owners.items():
                fixed = self.fixed.setdefault((name, key), Fixed())
                if fixed.holds and owner in frame:
                    _hold(fixed, _pairs(_coded(frame, (owner,), coded), mine))
            _count(self.counting.setdefault(name, Counting()), mine)
            known = {c for c in (*self.others, *unread) if c != name and c in frame}
            self.same[name] = {
                c
                for c in self.same.get(name, known)
                if c in frame and _are_same(mine, _coded(frame, (c,), coded))
            }

    def _is_settled(self, name: str) -> bool:
        """Has everything that the column could follow from failed?"""
        return name in self.counting and not (
            self.counting[name].holds
            or self.same.get(name)
            or any(self.told[name, key].ways for key in self.relations)
            or any(self.fixed[name, key].holds for key in self.owners)
        )


def _coded(frame: pd.DataFrame, columns: tuple[str, ...], known: dict[tuple[str, ...], _Coded]) -> _Coded:
    """Each row's text as a place in a list of texts, -1 where the one column is empty; several columns are joined."""
    if columns in known:
        return known[columns]
    if len(columns) == 1:
        codes, different = pd.factorize(frame[columns[0]])
        known[columns] = np.asarray(codes, dtype=np.int64), different.tolist()
        return known[columns]
    joined = np.zeros(len(frame), dtype=np.int64)
    parts = [_coded(frame, (c,), known) for c in columns]
    for each, texts in parts:
        joined = np.unique(joined * (len(texts) + 1) + each + 1, return_inverse=True)[1].astype(np.int64)
    _, firsts, codes = np.unique(joined, return_index=True, return_inverse=True)
    joint = ["\x1f".join(t[c[i]] if c[i] >= 0 else "" for c, t in parts) for i in firsts]
    known[columns] = np.asarray(codes, dtype=np.int64).reshape(len(joined)), joint
    return known[columns]


def _pairs(theirs: _Coded, mine: _Coded) -> Iterator[tuple[str, str, int]]:
    """Different pairs of texts with how often each stands, where both say something."""
    both = (theirs[0] >= 0) & (mine[0] >= 0)
    width = len(mine[1])
    found, counts = np.unique(theirs[0][both] * width + mine[0][both], return_counts=True)
    for pair, n in zip(found.tolist(), counts.tolist(), strict=True):
        yield theirs[1][pair // width], mine[1][pair % width], n


def _follow(told: Told, relation: Relation, pairs: Iterable[tuple[str, str, int]]) -> None:
    for theirs, mine, n in pairs:
        if (theirs, mine) not in told.seen:
            key = relation.key(*(clean(t) for t in theirs.split("\x1f")))
            if key is None:
                continue
            told.ways = frozenset(w for w in told.ways if relation.ways[w](key, clean(mine)))
            if not told.ways or len(told.seen) >= MOST_KEPT:
                told.ways, told.seen = frozenset(), set()
                return
            told.seen.add((theirs, mine))
            told.values.add(mine)
        told.rows += n


def _hold(fixed: Fixed, pairs: Iterable[tuple[str, str, int]]) -> None:
    for theirs, mine, n in pairs:
        fixed.rows += n
        if fixed.of.setdefault(theirs, mine) != mine or len(fixed.of) > MOST_KEPT:
            fixed.holds, fixed.of = False, {}
            return


def _count(counting: Counting, mine: _Coded) -> None:
    if not counting.holds or not len(mine[0]):
        return
    if (mine[0] < 0).any() or not all(t.isdecimal() and len(t) <= 12 for t in mine[1]):
        counting.holds = False
        return
    numbers = np.array([int(t) for t in mine[1]], dtype=np.int64)[mine[0]]
    before = counting.last if counting.last is not None else int(numbers[0]) - 1
    counting.holds = bool((np.diff(numbers, prepend=before) == 1).all())
    counting.last, counting.rows = int(numbers[-1]), counting.rows + len(numbers)


def _are_same(one: _Coded, other: _Coded) -> bool:
    """Do two columns hold the same text in every row?"""
    if len(one[1]) != len(other[1]) or not ((one[0] >= 0) == (other[0] >= 0)).all():
        return False
    return all(a == b for a, b, _ in _pairs(one, other))
