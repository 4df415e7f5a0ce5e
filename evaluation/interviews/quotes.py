"""Which statements may be quoted: approved by a person, not marked as personal data, clean in a scan.

The scan is a net under the human check, never a replacement for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.approvals import QuoteDecisions
from evaluation.interviews.identity import fingerprint, flat, segments_sharing_words
from evaluation.interviews.segments import PERSONAL_DATA_CODE

QUOTE_COLUMNS = ("code", "segment_id", "quote")
MAX_QUOTE_CHARACTERS = 300
NEVER_QUOTED = ("X.CITAT", "X.NYT", PERSONAL_DATA_CODE)
"""Codes that say something of the coding, not of what is told."""

PATTERNS = {
    "cpr": re.compile(r"(?<!\d)(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])\d{2}[\s-]?\d{4}(?!\d)"),
    "telefon": re.compile(r"(?<!\d)(?:\+45[\s-]?|0045[\s-]?)?(?:\d[\s-]?){7}\d(?!\d)"),
    "e-mail": re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+"),
    "adresse": re.compile(r"\b[A-ZÆØÅ][\wæøå]+(?:vej|gade|allé|stræde|parken|torvet)\s+\d+", re.UNICODE),
    "link": re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE),
}


def personal_hits(text: str, names: Iterable[str] = ()) -> tuple[str, ...]:
    """Kinds of personal data found in a text: ``cpr``, ``telefon``, ``e-mail``, ``adresse``, ``link``, ``navn``.

    ``names`` are words that must not stand in a quote (pupils', staff's, schools' names); compared as whole words
    without regard to case.
    """
    hits = [kind for kind, pattern in PATTERNS.items() if pattern.search(text)]
    words = {word.casefold() for word in re.findall(r"\w+", text)}
    parts = {part.casefold() for name in names for part in re.findall(r"\w+", name) if len(part) > 1}
    return (*hits, *(["navn"] if words & parts else []))


def refused(segments: pd.DataFrame) -> set[str]:
    """Segments that somebody, while coding, has said are not to be printed."""
    said_no = segments.reindex(columns=["is_refused_quote"])["is_refused_quote"].eq(True)
    return set(segments.loc[said_no, "segment_id"])


def approved_quotes(
    segments: pd.DataFrame,
    texts: pd.DataFrame,
    codebook: Codebook,
    *,
    names: Iterable[str] = (),
    decisions: QuoteDecisions | None = None,
) -> pd.DataFrame:
    """Quotes fit to stand in a report; one row per code and segment: those a person chose first, in the codebook's order.

    Approval needs a person's mark on exactly these words (their fingerprint; in the coded file or in the study's
    ``decisions``), no refusal from anybody and no ``X.PII`` from anyone on any part of them, in whatever document they
    stand, a clean scan and at most :data:`MAX_QUOTE_CHARACTERS`. No school, grade or informant goes along. The order
    within a code is arbitrary and the same every time.
    """
    forbidden = tuple(names)
    decided = decisions or QuoteDecisions()
    blocked = segments_sharing_words(segments, texts, PERSONAL_DATA_CODE) | refused(segments)
    # The same words said elsewhere are the same words: who knows them would print them all the same.
    blocked_words = {fingerprint(str(t)) for t in texts.loc[texts["segment_id"].isin(blocked), "text"]}
    marked = segments[segments["approved_sha256"].notna()]
    approved = set(zip(marked["segment_id"], marked["approved_sha256"], strict=True))
    body: dict[str, str] = {}
    for segment, text in zip(texts["segment_id"], texts["text"], strict=True):
        words = flat(str(text))
        mark = fingerprint(words)
        is_let_out = (segment, mark) in approved or decided.is_let_out(words)
        if not is_let_out or decided.is_refused(words) or mark in blocked_words:
            continue
        if words and len(words) <= MAX_QUOTE_CHARACTERS and not personal_hits(words, forbidden):
            body[str(segment)] = words
    pairs = segments.loc[segments["segment_id"].isin(body), ["code", "segment_id"]].drop_duplicates()
    order = {code.id: number for number, code in enumerate(codebook.codes)}
    pairs = pairs[~pairs["code"].isin(NEVER_QUOTED)]
    quotes = pairs["segment_id"].map(body)
    # Which of several quotes comes first must follow from the words: segments are named anew with every key.
    mixed = quotes.map(lambda q: fingerprint(str(q)))
    # What is chosen in the study's decisions goes before what was only marked while coding.
    is_marked = ~quotes.map(lambda q: decided.is_let_out(str(q))).astype(bool)
    pairs = pairs.assign(quote=quotes, _marked=is_marked, _order=pairs["code"].map(order), _mixed=mixed)
    return pairs.sort_values(["_marked", "_order", "_mixed", "segment_id"], ignore_index=True)[
        list(QUOTE_COLUMNS)
    ]
