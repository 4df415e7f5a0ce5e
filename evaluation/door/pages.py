"""Pages and blocks: headings that stand again further down, and what the lines over them say of the rows below.

An export that prints a class or a month at a time repeats its headings under a line that says which. What a mapping reads
from a line above the headings, a row takes from its own page. A title nobody can place is a question: the rows below it
would be read under the one before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.door.cpr import parse_cpr
from evaluation.door.headings import with_places
from evaluation.door.mapping import Mapping
from evaluation.door.mapping_parts import Column
from evaluation.door.periods import months_in
from evaluation.door.questions import Question
from evaluation.door.values import by_distinct, clean, parse_class

Line = Callable[[int], tuple[str, Sequence[str]]]
"""A line by its number: its text as a preamble holds it, and its cells."""
Preamble = tuple[str, ...]
OF_A_BLOCK = ("class", "grade", "month", "week", "quarter", "date", "year")
"""What a title over a block may say of its rows."""
MOST_IN_A_TITLE = 2
UNCLEAR = Question(
    "column",
    "line",
    "overskrifterne står igen længere nede, eller under en ny titel, som mappingen ikke kan læse klasse og måned af",
    "læs dem af linjen over overskrifterne (class = { line = … }, month = { line = … }), nævn linjen i skip_lines, hvis den "
    "intet siger om rækkerne, eller bed om et udtræk for hver klasse og måned",
)


@dataclass(frozen=True)
class Turned:
    """What a piece's pages are: ``pages`` (first line, the lines over its headings), ``titles`` that were read, and lines
    that are ``unclear``.
    """

    pages: tuple[tuple[int, Preamble], ...] = ()
    titles: frozenset[int] = frozenset()
    unclear: tuple[int, ...] = ()


@dataclass
class Pages:
    """Grows while a file is read: the page that the next row stands on."""

    mapping: Mapping
    header: tuple[str, ...]
    preamble: Preamble
    _first: Preamble = field(init=False)

    def __post_init__(self) -> None:
        self._first = self.preamble

    @property
    def depth(self) -> int:
        """Lines over the headings."""
        return self.mapping.header_row - 1

    def cut(self, take: int, n: int, cells: Callable[[int], Sequence[str]]) -> int:
        """How many of ``n`` lines to take, about ``take``, so that no headings are cut from the lines over them."""
        take = max(take, 0)
        heads = (i for i in range(take, min(take + self.depth, n)) if self._is_head(cells(i)))
        return max(min((i - self.depth for i in heads), default=take), 0)

    def turn(
        self, frame: pd.DataFrame, rows: np.ndarray, again: np.ndarray, broken: Sequence[int], line: Line
    ) -> Turned:
        """The pages of a piece: its rows, which of them are headings (n,), and lines that could not be split."""
        heads = {int(n): self._is_same(line(int(n))[1]) for n in rows[again]}
        heads |= {n: False for n in broken if self._is_head(line(n)[1])}
        lines = self._lines
        if not heads and not lines:
            return Turned()
        titles = self._titles(frame, rows, again, {n for n in broken if n not in heads}, line)
        pages, read, unclear = [(0, self.preamble)], set[int](), [n for n, same in heads.items() if not same]
        for n in sorted(heads):
            over = tuple(line(i)[0] for i in range(n - self.depth, n))
            at = n - self.depth - 1
            said = [self._of(c, over) if at + (c.line or 1) in titles else None for c in lines]
            if lines and all(v is not None for v in said):
                pages.append((n, over))
                read |= titles & set(range(n - self.depth, n))
            elif self._depends and (lost := self._just_over(n, titles, line)):
                unclear.append(lost)
        for n in sorted(titles - read):
            page = max((p for p in pages if p[0] <= n), key=lambda p: p[0])[1]
            text = (line(n)[0],)
            new = [(self._of(c, text, line=1), self._of(c, page)) for c in lines if c.pattern]
            is_other = any(v is not None and v != old for v, old in new)
            if is_other or (self._depends and all(v is None for v, _ in new) and names_a_block(line(n)[1])):
                unclear.append(n)
        self.preamble = pages[-1][1]
        is_first = len(pages) == 1 and pages[0][1] == self._first
        return Turned(() if is_first else tuple(pages), frozenset(read), tuple(sorted(set(unclear))))

    @property
    def _lines(self) -> list[Column]:
        return [c for c in self.mapping.columns.values() if c.line is not None]

    @property
    def _depends(self) -> bool:
        """Does anything that a title may say come from elsewhere than a column?"""
        columns = self.mapping.columns
        return any(n in columns and not columns[n].used for n in OF_A_BLOCK)

    def _of(self, column: Column, over: Preamble, line: int | None = None) -> str | None:
        """What a column says on a page with these lines over its headings."""
        place = (line or column.line or 1) - 1
        text = over[place] if place < len(over) else ""
        if column.pattern is None:
            return clean(text) or None
        match = re.search(column.pattern, text)
        return clean(match[1]) if match and match[1] else None

    def _just_over(self, head: int, titles: set[int], line: Line) -> int | None:
        """The nearest title over a line of headings, with nothing but blank lines between."""
        for n in range(head - 1, max(head - self.depth - 3, 0), -1):
            if n in titles:
                return n
            if any(clean(c) for c in line(n)[1]):
                return None
        return None

    def _is_head(self, cells: Sequence[str]) -> bool:
        used = self.mapping.used_columns
        found = [clean(c).strip('"') for c in cells]
        return bool(used) and all(
            c in self.header and (place := self.header.index(c)) < len(found) and found[place] == c
            for c in used
        )

    def _is_same(self, cells: Sequence[str]) -> bool:
        """Are they the headings of the first page? Where all columns count, as in a grid."""
        if self.mapping.format != "grid":
            return True
        found = [clean(c).strip('"') for c in cells]
        while found and not found[-1]:
            found.pop()
        return with_places(found) == self.header

    def _titles(
        self, frame: pd.DataFrame, rows: np.ndarray, again: np.ndarray, broken: set[int], line: Line
    ) -> set[int]:
        """Lines that are no rows: those that could not be split, or hold next to nothing and no pupil's number."""
        few = (frame.notna().sum(axis=1).to_numpy() <= MOST_IN_A_TITLE) & ~again
        spec = self.mapping.columns.get("pupil")
        if spec is not None and spec.column is not None and spec.kind in (None, "cpr"):
            at = np.flatnonzero(few)
            few[at] = by_distinct(frame[spec.column].iloc[at], parse_cpr).is_bad
            return {*broken, *rows[few].tolist()}
        patterns = [c.pattern for c in self._lines if c.pattern]
        named = ((int(n), *line(int(n))) for n in rows[few])
        return {*broken, *(n for n, text, cells in named
                           if any(re.search(p, text) for p in patterns) or names_a_block(cells))}  # fmt: skip


def names_a_block(cells: Sequence[str]) -> bool:
    """Does a cell end in a class, or name a month?"""
    return any(months_in(t) or _ends_in_a_class(t) for c in cells if (t := clean(c)))


def _ends_in_a_class(text: str) -> bool:
    words = text.split()
    ends = (" ".join(words[i:]) for i in range(len(words)))
    return any(re.search(r"[^\W\d_]", end) and parse_class(end)[0] is not None for end in ends)
