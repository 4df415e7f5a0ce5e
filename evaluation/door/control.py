"""The sums an export carries (``I alt``), held against its own rows: a file that lost rows on its way says so itself.

A sum may stand under every group or under the whole file, count rows or add a column. Nothing is corrected here, and no
sum enters a figure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk
from evaluation.door.mapping import Mapping
from evaluation.door.values import by_distinct, parse_number

TOLERANCE = 0.051
"""Sums are printed with a decimal or none."""


@dataclass(frozen=True)
class Sum:
    """One number of a sum line: what the file states and what its rows give (those of the group, and of the file so far)."""

    line: int
    column: str
    stated: float
    of_group: float
    of_file: float

    @property
    def read(self) -> float:
        """The one of the two that is nearer to what is stated."""
        is_group = abs(self.stated - self.of_group) <= abs(self.stated - self.of_file)
        return round(self.of_group if is_group else self.of_file, 3)

    @property
    def agrees(self) -> bool:
        """Whether it is one of the two."""
        return abs(self.stated - self.read) <= TOLERANCE


def control_total(sums: Sequence[Sum]) -> dict[str, Any]:
    """What a file states of itself and what was read, for machines: how many sums, which lines are off, and by column
    the largest sum, which is the file's.
    """
    largest: dict[str, Sum] = {}
    for s in sums:
        if s.column not in largest or s.of_file >= largest[s.column].of_file:
            largest[s.column] = s
    return {
        "sums": len(sums),
        "off": sum(not s.agrees for s in sums),
        "lines_off": sorted({s.line for s in sums if not s.agrees}),
        "by_column": {c: {"stated": s.stated, "read": s.read} for c, s in largest.items()},
    }


@dataclass
class _Book:
    """Rows, and by column how many of them hold a number and what the numbers add up to."""

    rows: int = 0
    numbers: Counter[str] = field(default_factory=Counter)
    totals: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, part: dict[str, np.ndarray], n: int) -> None:
        self.rows += n
        for column, values in part.items():
            known = values[~np.isnan(values)]
            self.numbers[column] += len(known)
            self.totals[column] += float(known.sum())

    def total(self, column: str) -> float:
        """What a column adds up to; the rows of one that holds no numbers are counted."""
        return self.totals[column] if self.numbers[column] else float(self.rows)


@dataclass
class Sums:
    """Grows while a file is read."""

    mapping: Mapping
    found: list[Sum] = field(default_factory=list)
    _group: _Book = field(default_factory=_Book)
    _file: _Book = field(default_factory=_Book)

    def see(self, chunk: Chunk) -> None:
        """Add a piece's rows, and hold its sum lines against what stands above them."""
        if not self.mapping.skip_lines or self.mapping.format == "grid":
            return
        rows = {str(c): _numbers(chunk.frame[c], self.mapping) for c in chunk.frame}
        sums = chunk.frame.iloc[:0] if chunk.sums is None else chunk.sums
        stated = {str(c): _numbers(sums[c], self.mapping) for c in sums}
        edges = [0, *np.searchsorted(chunk.rows, chunk.sum_rows).tolist(), len(chunk.rows)]
        for i, (low, high) in enumerate(pairwise(edges)):
            part = {c: values[low:high] for c, values in rows.items()}
            self._group.add(part, high - low)
            self._file.add(part, high - low)
            if i < len(sums):
                if not _is_average(sums.iloc[i]):
                    self.found += [
                        Sum(int(chunk.sum_rows[i]), c, float(v[i]), self._group.total(c), self._file.total(c))
                        for c, v in stated.items()
                        if not np.isnan(v[i])
                    ]
                self._group = _Book()


def _is_average(line: pd.Series) -> bool:
    first = next((str(v).casefold() for v in line.dropna()), "")
    return first.startswith(("gennemsnit", "gns", "snit", "procent", "average", "mean"))


def _numbers(texts: pd.Series, mapping: Mapping) -> np.ndarray:
    parsed = by_distinct(texts, parse_number(mapping.decimal))
    return np.array(
        [np.nan if bad else float(v) for v, bad in zip(parsed.values, parsed.is_bad, strict=True)]
    )
