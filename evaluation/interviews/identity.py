"""Which statement a coding is about: its document with its span, or with its text; a running number is neither.

What belongs here: how places are compared within a file and between files, and the fingerprint that ties an approval
to its exact words. What a coding means is :mod:`evaluation.interviews.coding_labels`' matter.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from evaluation.interviews.attributes import normal_name
from evaluation.interviews.coding_labels import Coding

Place = tuple[str, str]
"""A document's normal name and where in it."""


def flat(text: str) -> str:
    """A statement's words as they are compared, hashed and printed: NFC, every run of blanks one blank."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fingerprint(text: str) -> str:
    """SHA-256 of a statement's words; one other character and it is another statement."""
    return hashlib.sha256(flat(text).encode("utf-8", "surrogatepass")).hexdigest()


def statement_places(codings: Sequence[Coding]) -> list[Place]:
    """For each coding of a file the statement it is about.

    Codings with a span are about the same statement when span and words are the same; without one, when number (if
    there is any) and words are. A coding without words takes those of its span or number where all others agree on
    them. Two texts under one number are two statements.
    """
    spoken: dict[tuple[str, str], set[str]] = {}
    for coding in codings:
        if coding.text and (where := _where(coding)):
            spoken.setdefault((normal_name(coding.document), where), set()).add(flat(coding.text))
    places = []
    for coding in codings:
        document, where = normal_name(coding.document), _where(coding)
        words = flat(coding.text or "")
        if not words and len(known := spoken.get((document, where), set())) == 1:
            words = next(iter(known))
        places.append((document, f"{where}\0{words}" if where or words else f"row {coding.row}"))
    return places


def words_of(place: Place) -> str:
    """The words a place is known by; empty where a file holds none."""
    return place[1].partition("\0")[2]


def _where(coding: Coding) -> str:
    if coding.start is not None and coding.end is not None:
        return f"{coding.start}-{coding.end}"
    return f"#{coding.segment.strip().casefold()}" if coding.segment else ""


def heard(text: str) -> str:
    """A text's words as they sound: letters and digits alone, of any case, one blank between them."""
    seen = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    return " ".join(_HEARD.findall(seen.casefold()))


_HEARD = re.compile(r"[^\W_]+")
Span = tuple[int, int]
"""Code points, half-open."""
Passage = tuple[Span | None, str]
"""Where in a document, if that is known, and the words heard there."""


def may_share_words(one: Passage, other: Passage) -> bool:
    """Whether two passages of a document overlap, or may where a span is not known.

    Without both spans: one's words stand in the other's, one begins as the other ends, or either has no words.
    """
    (span, words), (other_span, other_words) = one, other
    if span is not None and other_span is not None:
        return max(span[0], other_span[0]) < min(span[1], other_span[1])
    if not words or not other_words or words in other_words or other_words in words:
        return True
    return _ends_as_begins(words.split(), other_words.split()) or _ends_as_begins(
        other_words.split(), words.split()
    )


def _ends_as_begins(ending: Sequence[str], beginning: Sequence[str]) -> bool:
    return any(ending[-n:] == beginning[:n] for n in range(1, min(len(ending), len(beginning)) + 1))


def is_same_passage(one: Passage, other: Passage) -> bool:
    """Whether two passages of a document are about the same: at least half of the shorter lies in the other.

    Where a span is not known: one's words stand in the other's.
    """
    (span, words), (other_span, other_words) = one, other
    if span is not None and other_span is not None:
        shared = min(span[1], other_span[1]) - max(span[0], other_span[0])
        return shared > 0 and 2 * shared >= min(span[1] - span[0], other_span[1] - other_span[0])
    return bool(words and other_words) and (words in other_words or other_words in words)


def same_passages(
    segments: pd.DataFrame, texts: pd.DataFrame | None = None, of: Container[str] | None = None
) -> dict[str, frozenset[str]]:
    """Segment (those in ``of``, or all) → the segments of its document about the same passage, itself included."""
    found: dict[str, set[str]] = {}
    for part in _passages(segments, texts).values():
        for segment, passage in part:
            if of is not None and segment not in of:
                continue
            same = {other for other, place in part if is_same_passage(passage, place)}
            found.setdefault(segment, {segment}).update(same)
    return {segment: frozenset(others) for segment, others in found.items()}


def passages_with(segments: pd.DataFrame, texts: pd.DataFrame | None, code: str) -> frozenset[str]:
    """Segments of the passages on which a code stands."""
    named = set(segments.loc[segments["code"] == code, "segment_id"])
    return frozenset().union(*same_passages(segments, texts, named).values())


def segments_sharing_words(segments: pd.DataFrame, texts: pd.DataFrame, code: str) -> set[str]:
    """Segments that overlap one with this code, or hold its words, whoever coded either.

    In another document too, when all the words of one stand in the other.
    """
    named = set(segments.loc[segments["code"] == code, "segment_id"])
    if not named:
        return set()
    passages = _passages(segments, texts)
    found = set(named)
    spoken = set()
    for part in passages.values():
        marked = [passage for segment, passage in part if segment in named]
        spoken |= {words for _, words in marked if words}
        found |= {
            segment
            for segment, other in part
            if any(may_share_words(one, other) or (one[1] and one[1] in other[1]) for one in marked)
        }
    return found | {
        segment
        for part in passages.values()
        for segment, (_, words) in part
        if words and any(_stands_in(one, words) or _stands_in(words, one) for one in spoken)
    }


def _stands_in(one: str, other: str) -> bool:
    """Whether the words of one stand together in the other, the last in the genitive perhaps."""
    return f" {one} " in f" {other} " or f" {one}s " in f" {other} "


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody's no to printing a statement: its document, its segment, and where and what it is."""

    document_id: str
    segment_id: str
    passage: Passage


def refused_segments(segments: pd.DataFrame, texts: pd.DataFrame, refusals: Iterable[Refusal]) -> set[str]:
    """Segments somebody has said no to: the same statement, the same words in the document, or the same passage."""
    told: dict[str, set[Passage]] = {}
    found: set[str] = set()
    for one in refusals:
        found.add(one.segment_id)
        told.setdefault(one.document_id, set()).add(one.passage)
    for document, part in _passages(segments, texts).items():
        passages = told.get(document, set())
        spoken = {said for _, said in passages if said}
        found |= {
            segment
            for segment, passage in part
            if passage[1] in spoken or any(is_same_passage(no, passage) for no in passages)
        }
    return found


def _passages(segments: pd.DataFrame, texts: pd.DataFrame | None) -> dict[str, list[tuple[str, Passage]]]:
    """Document → its segments with span and words."""
    told = () if texts is None else zip(texts["segment_id"], texts["text"], strict=True)
    words = {str(s): heard(str(t)) for s, t in told}
    placed = segments.reindex(columns=["document_id", "segment_id", "start", "end"]).drop_duplicates(
        "segment_id"
    )
    found: dict[str, list[tuple[str, Passage]]] = {}
    for document, segment, start, end in placed.itertuples(index=False):
        span = None if pd.isna(start) or pd.isna(end) else (int(start), int(end))
        found.setdefault(document, []).append((segment, (span, words.get(segment, ""))))
    return found


def shared_ids(segments: pd.DataFrame, texts: pd.DataFrame) -> dict[str, str]:
    """Segment → segment, for statements that files know in different ways: by span and words, by words, by span.

    A file without spans says the words alone; its k-th statement of those words in a document is the k-th of the file
    that knows their place, and a span without words is the span with words where only one has them. ``segments``: rows
    of all files with ``source_file``; ``texts``: segment_id and text. What cannot be told apart stays as it is.
    """
    words = {s: flat(t) for s, t in zip(texts["segment_id"], texts["text"], strict=True)}
    known = segments.drop_duplicates(["source_file", "segment_id"])
    same: dict[str, str] = {}
    by_words: dict[tuple[str, str], dict[str, list[tuple[float, str]]]] = {}
    by_span: dict[tuple[str, int, int], set[str]] = {}
    silent: list[tuple[tuple[str, int, int], str]] = []
    for file, document, start, end, segment, row in known[
        ["source_file", "document_id", "start", "end", "segment_id", "source_row"]
    ].itertuples(index=False):
        has_span = not pd.isna(start) and not pd.isna(end)
        if has_span:
            span = (str(document), int(start), int(end))
            if segment in words:
                by_span.setdefault(span, set()).add(str(segment))
            else:
                silent.append((span, str(segment)))
        if segment in words:
            order = float(start) if has_span else float("inf") if pd.isna(row) else float(row)
            files = by_words.setdefault((str(document), words[segment]), {})
            files.setdefault(f"{'a' if has_span else 'b'}{file}", []).append((order, str(segment)))
    for span, segment in silent:
        if len(spoken := by_span.get(span, set())) == 1:
            same[segment] = next(iter(spoken))
    for files in by_words.values():
        if len(files) < 2:
            continue
        placed = sorted({pair for file, pairs in files.items() if file[0] == "a" for pair in pairs})
        bare = {file: sorted(pairs) for file, pairs in files.items() if file[0] == "b"}
        if not placed and all(len(pairs) == 1 for pairs in bare.values()):
            placed = sorted((0.0, pairs[0][1]) for pairs in bare.values())[:1]
        for pairs in bare.values():
            if len(pairs) <= len(placed):
                for (_, segment), (_, other) in zip(pairs, placed, strict=False):
                    same[segment] = other
    return {segment: other for segment, other in same.items() if segment != other}
