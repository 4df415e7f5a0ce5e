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


def locate(
    texts: Sequence[tuple[Text, Sequence[Selection]]],
    unit: Unit | None = None,
    *,
    tool_unit: Unit | None = None,
) -> list[list[Located]]:
    """Place the selections of all documents of one export; one list per document, in order.

    Each selection is first read in the convention most of its document's (then its file's) quoted segments agree
    with. ``unit`` is the analyst's own statement and excludes the other unit. ``tool_unit`` is what is documented
    of the tool that wrote the file; it is asked only when nothing in the file can tell.
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
    whole_file: Counter[Convention] = Counter()
    for votes in per_document:
        whole_file.update(votes)
    quotes_are_text = sum(whole_file.values()) > 0
    located: list[list[Located]] = []
    for (text, selections), conventions, votes in zip(texts, allowed, per_document, strict=True):
        ranked = sorted(
            conventions, key=lambda c: (-votes[c], -_unit_votes(whole_file, c), conventions.index(c))
        )
        fallback = _fallback(text, selections, conventions, votes, whole_file, tool_unit)
        located.append([_place(text, one, ranked, fallback, quotes_are_text) for one in selections])
    return located


def _votes(
    text: Text, selections: Sequence[Selection], conventions: Sequence[Convention]
) -> Counter[Convention]:
    """How many quoted selections each convention places on their own text; conventions without any are left out."""
    return Counter(c for c in conventions for selection in selections if _agrees(text, selection, c))


def _place(
    text: Text,
    selection: Selection,
    ranked: list[Convention],
    fallback: Convention | None,
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
    if len(set(possible.values())) == 1:
        convention, (start, end) = next(iter(possible.items()))
    elif fallback in possible:
        convention, (start, end) = fallback, possible[fallback]
    else:
        return Located("ambiguous")
    return Located("consistent", start, end, text.canonical[start:end], convention[0])


def _fallback(
    text: Text,
    selections: Sequence[Selection],
    conventions: list[Convention],
    votes: Counter[Convention],
    whole_file: Counter[Convention],
    tool_unit: Unit | None,
) -> Convention | None:
    """Convention for selections that quote nothing: settled by quoted ones, by word boundaries, by the tool."""
    for counted in (votes, whole_file):
        best = [c for c in conventions if counted[c] and counted[c] == max(counted[d] for d in conventions)]
        if len(best) == 1:
            return best[0]
    whole = [c for c in conventions if selections and all(_keeps_words(text, one, c) for one in selections)]
    if len({tuple(text.slice(one, c) for one in selections) for c in whole}) == 1:
        return whole[0]
    documented = [c for c in conventions if c[0] == tool_unit]
    distinct = {tuple(text.slice(one, c) for one in selections) for c in documented}
    return documented[0] if len(distinct) == 1 else None


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


def _unit_votes(votes: Counter[Convention], convention: Convention) -> int:
    return sum(count for other, count in votes.items() if other[0] == convention[0])


def _flat(text: str) -> str:
    return " ".join(text.split())
