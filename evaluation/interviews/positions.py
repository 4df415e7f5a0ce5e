"""Where a coded segment stands in its text: the ways tools count, each checked against the text.

REFI-QDA 1.5 counts Unicode code points. NVivo 12.6 counts UTF-16 units, so every emoji before a segment shifts
it by one. Byte-order marks and CRLF are counted by some tools and not by others. Nothing is guessed: a convention
is used only when the text bears it out, and a segment that no convention bears out is reported.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Literal

Unit = Literal["code_points", "utf16"]
Convention = tuple[Unit, bool, bool]
"""(unit, byte-order mark counted, CRLF counted as two)"""

_ELLIPSIS = ("...", "…", "[...]")
_SHORTEST_EVIDENCE = 3
_TRUNCATED_FROM = 20
_MANY_WORDS, _MORE_WORDS = 0.8, 5
"""Word boundaries decide when four fifths of a document's segments keep them, twice as many and five more than
under any other reading."""
_LETTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Selection:
    """What an export says of one segment: positions as written, and the text it quotes (``None``: none)."""

    start: int
    end: int
    quoted: str | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """Outcome for one selection; ``start``/``end`` are code points of the canonical text (no BOM, LF).

    ``status``: ``verified`` (the quoted text stands there), ``consistent`` (nothing quoted, but only one reading is
    possible or the file's other segments settle it), ``mismatch``, ``out_of_range`` or ``ambiguous``.
    """

    status: str
    start: int | None = None
    end: int | None = None
    text: str = ""
    unit: Unit | None = None

    @property
    def is_found(self) -> bool:
        """True when the segment may be used."""
        return self.status in {"verified", "consistent"}


class Text:
    """A document's text with maps from every way of counting to code points of the canonical text."""

    def __init__(self, raw: str) -> None:
        self.had_mark = raw.startswith("\ufeff")
        body = raw[1:] if self.had_mark else raw
        self.canonical = body.replace("\r\n", "\n").replace("\r", "\n")
        self.had_crlf = "\r\n" in body
        self.is_plain = self.canonical.isascii() or max(self.canonical, default="") <= "\uffff"
        self._body = body
        self._boundaries: dict[tuple[Unit, bool], list[int]] = {}

    @cached_property
    def flat(self) -> str:
        """The canonical text with blanks collapsed, in which quotations are looked for."""
        return _flat(self.canonical)

    def conventions(self) -> tuple[Convention, ...]:
        """Readings that can differ for this text, the standard's own first."""
        units: tuple[Unit, ...] = ("code_points",) if self.is_plain else ("code_points", "utf16")
        marks = (False, True) if self.had_mark else (False,)
        breaks = (True, False) if self.had_crlf else (False,)
        return tuple((unit, mark, crlf) for crlf in breaks for mark in marks for unit in units)

    def last_resorts(self) -> tuple[Convention, ...]:
        """Readings tried only against quoted text: LF counted as two, as in a file that had CRLF before export."""
        if self.had_crlf or "\n" not in self.canonical:
            return ()
        return tuple((unit, mark, True) for unit, mark, crlf in self.conventions() if not crlf)

    def slice(self, selection: Selection, convention: Convention) -> tuple[int, int] | None:
        """Canonical (start, end) of a selection read in a convention; ``None`` out of range or mid-character."""
        unit, mark, crlf = convention
        start, end = selection.start - mark, selection.end - mark
        if start < 0 or end < start:
            return None
        first, last = self._position(start, unit, crlf), self._position(end, unit, crlf)
        return None if first is None or last is None else (first, last)

    def _position(self, offset: int, unit: Unit, crlf: bool) -> int | None:
        if unit == "code_points" and not crlf:
            return offset if offset <= len(self.canonical) else None
        if (unit, crlf) not in self._boundaries:
            self._boundaries[unit, crlf] = self._widths(unit, crlf)
        boundaries = self._boundaries[unit, crlf]
        place = bisect_left(boundaries, offset)
        return place if place < len(boundaries) and boundaries[place] == offset else None

    def _widths(self, unit: Unit, crlf: bool) -> list[int]:
        """Offset, in the convention, at which each canonical character begins (one more for the end)."""
        # Where a file has CRLF, only its CRLF count as two; where it has none, all of its LF do.
        is_double = crlf and self.had_crlf
        text = self._body.replace("\r\n", "\uffff").replace("\r", "\n") if is_double else self.canonical
        wide = "\uffff" if is_double else "\n" if crlf else ""
        widths = [2 if char == wide or (unit == "utf16" and char > "\uffff") else 1 for char in text]
        return [0, *accumulate(widths)]


@dataclass(frozen=True, slots=True)
class Counting:
    """What is documented of a tool: its unit, and whether it counts CRLF as two (``None``: not known)."""

    unit: Unit | None = None
    crlf: bool | None = None


def locate(
    texts: Sequence[tuple[Text, Sequence[Selection]]],
    unit: Unit | None = None,
    *,
    tool: Counting = Counting(),
) -> list[list[Located]]:
    """Place the selections of all documents of one export; one list per document, in order.

    Each selection is first read in the convention most of its document's (then its file's) quoted segments agree
    with. ``unit`` is the analyst's own statement and excludes the other unit. ``tool`` is what is documented of
    the tool that wrote the file; it is asked only when nothing in the file can tell.
    """
    allowed = [
        [c for c in text.conventions() if unit is None or text.is_plain or c[0] == unit] for text, _ in texts
    ]
    per_document: list[Counter[Convention]] = []
    for number, (text, selections) in enumerate(texts):
        votes = _votes(text, selections, allowed[number])
        best = max(votes.values(), default=0)
        if best < sum(bool(selection.quoted) for selection in selections):
            late = _votes(text, selections, text.last_resorts())
            if max(late.values(), default=0) > best:
                allowed[number] = [*allowed[number], *late]
                votes += late
        per_document.append(votes)
    evidence = _Evidence([(text, votes) for (text, _), votes in zip(texts, per_document, strict=True)])
    located: list[list[Located]] = []
    for (text, selections), conventions, votes in zip(texts, allowed, per_document, strict=True):
        ranked = sorted(
            conventions, key=lambda c: (-votes[c], -evidence.score(text, c), conventions.index(c))
        )
        settled = _settled(text, selections, conventions, votes, evidence, tool)
        located.append([_place(text, one, ranked, settled, evidence.has_quotes) for one in selections])
    return located


class _Evidence:
    """Votes of a whole file, by aspect; a text votes only on the aspects that matter in it."""

    def __init__(self, documents: Sequence[tuple[Text, Counter[Convention]]]) -> None:
        self.has_quotes = any(votes for _, votes in documents)
        self._counts: tuple[Counter[object], ...] = (Counter(), Counter(), Counter())
        for text, votes in documents:
            for convention, count in votes.items():
                for aspect, matters in enumerate(_matters(text)):
                    if matters:
                        self._counts[aspect][convention[aspect]] += count

    def score(self, text: Text, convention: Convention) -> int:
        return sum(
            self._counts[aspect][convention[aspect]]
            for aspect, matters in enumerate(_matters(text))
            if matters
        )

    def keep(self, text: Text, conventions: list[Convention]) -> list[Convention]:
        """Conventions that have, aspect by aspect, more votes in the file than any other."""
        for aspect, matters in enumerate(_matters(text)):
            ranked = self._counts[aspect].most_common(2)
            if matters and ranked and (len(ranked) == 1 or ranked[0][1] > ranked[1][1]):
                conventions = [c for c in conventions if c[aspect] == ranked[0][0]] or conventions
        return conventions


def _matters(text: Text) -> tuple[bool, bool, bool]:
    """Does it matter in this text how units, the byte-order mark and CRLF are counted?"""
    return (not text.is_plain, text.had_mark, text.had_crlf)


def _votes(
    text: Text, selections: Sequence[Selection], conventions: Sequence[Convention]
) -> Counter[Convention]:
    """How many quoted selections each convention places on their own text; conventions without any are left out."""
    return Counter(c for c in conventions for selection in selections if _agrees(text, selection, c))


def _place(
    text: Text,
    selection: Selection,
    ranked: list[Convention],
    settled: Convention | None,
    quotes_are_text: bool,
) -> Located:
    slices = {convention: text.slice(selection, convention) for convention in ranked}
    possible = {convention: place for convention, place in slices.items() if place is not None}
    if not possible:
        return Located("out_of_range")
    for convention, (start, end) in possible.items():
        if _agrees(text, selection, convention):
            return Located("verified", start, end, text.canonical[start:end], convention[0])
    if selection.quoted and (quotes_are_text or _stands_somewhere(text, selection.quoted)):
        return Located("mismatch")
    if settled is not None:
        possible = {settled: possible[settled]} if settled in possible else {}
    if len(set(possible.values())) != 1:
        return Located("ambiguous" if possible else "out_of_range")
    convention, (start, end) = next(iter(possible.items()))
    return Located("consistent", start, end, text.canonical[start:end], convention[0])


def _settled(
    text: Text,
    selections: Sequence[Selection],
    conventions: list[Convention],
    votes: Counter[Convention],
    evidence: _Evidence,
    tool: Counting,
) -> Convention | None:
    """The convention of a document's unquoted selections, or ``None`` when nothing settles it.

    Settled by the document's quoted segments, the file's, word boundaries, what is documented of the tool; for
    the mark and CRLF at last by the standard, which counts the characters of the text file.
    """
    best = [c for c in conventions if votes[c] and votes[c] == max(votes.values())]
    conventions = evidence.keep(text, best or conventions)
    if _same_slices(text, selections, conventions):
        return conventions[0]
    kept = {c: sum(_keeps_words(text, one, c) for one in selections) for c in conventions}
    whole = [c for c in conventions if kept[c] == len(selections)]
    if whole and _same_slices(text, selections, whole):
        return whole[0]
    first, second = sorted(kept.values(), reverse=True)[:2]
    if first >= _MANY_WORDS * len(selections) and first >= 2 * second and first - second >= _MORE_WORDS:
        return max(conventions, key=lambda c: kept[c])
    if tool.unit is None and not text.is_plain and len({c[0] for c in conventions}) > 1:
        return None
    crlf = text.had_crlf if tool.crlf is None else tool.crlf and text.had_crlf
    documented = [c for c in conventions if c[0] == tool.unit or tool.unit is None or text.is_plain]
    documented = [c for c in documented if c[2] == crlf] or documented
    documented = [c for c in documented if not c[1]] or documented
    return documented[0] if documented and _same_slices(text, selections, documented) else None


def _same_slices(text: Text, selections: Sequence[Selection], conventions: list[Convention]) -> bool:
    return len({tuple(text.slice(one, c) for one in selections) for c in conventions}) == 1


def _keeps_words(text: Text, selection: Selection, convention: Convention) -> bool:
    place = text.slice(selection, convention)
    if place is None:
        return False
    start, end = place
    body = text.canonical
    cuts_first = 0 < start < len(body) and _LETTER.match(body[start - 1]) and _LETTER.match(body[start])
    cuts_last = 0 < end < len(body) and _LETTER.match(body[end - 1]) and _LETTER.match(body[end])
    begins_blank = start < end and body[start].isspace()
    return not (cuts_first or cuts_last or begins_blank)


def _agrees(text: Text, selection: Selection, convention: Convention) -> bool:
    if not selection.quoted:
        return False
    place = text.slice(selection, convention)
    if place is None or place[0] == place[1]:
        return False
    found, quoted = _flat(text.canonical[slice(*place)]), _flat(selection.quoted)
    if found == quoted:
        return True
    for mark in _ELLIPSIS:
        if quoted.endswith(mark) and len(quoted) > len(mark) + _SHORTEST_EVIDENCE:
            return found.startswith(quoted.removesuffix(mark).rstrip())
    return len(quoted) >= _TRUNCATED_FROM and len(found) > len(quoted) and found.startswith(quoted)


def _stands_somewhere(text: Text, quoted: str) -> bool:
    flat = _flat(quoted)
    return len(flat) >= _SHORTEST_EVIDENCE and flat in text.flat


def _flat(text: str) -> str:
    return " ".join(text.split())
