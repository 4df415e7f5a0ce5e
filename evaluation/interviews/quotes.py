"""Which statements may be quoted: approved by a person, not marked as personal data, clean in a scan.

The scan is a net under the human check, never a replacement for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.segments import PERSONAL_DATA_CODE

QUOTE_COLUMNS = ("code", "segment_id", "quote")
MAX_QUOTE_CHARACTERS = 300

_PATTERNS = {
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
    hits = [kind for kind, pattern in _PATTERNS.items() if pattern.search(text)]
    words = {word.casefold() for word in re.findall(r"\w+", text)}
    parts = {part.casefold() for name in names for part in re.findall(r"\w+", name) if len(part) > 1}
    return (*hits, *(["navn"] if words & parts else []))


def approved_quotes(
    segments: pd.DataFrame, texts: pd.DataFrame, codebook: Codebook, *, names: Iterable[str] = ()
) -> pd.DataFrame:
    """Quotes fit to stand in a report; one row per code and segment, in the codebook's order.

    Approval needs a person's mark and no ``X.PII`` from anyone, a clean scan and at most
    :data:`MAX_QUOTE_CHARACTERS`. No school, grade or informant goes along. The order within a code is arbitrary and the
    same every time.
    """
    forbidden = tuple(names)
    blocked = set(segments.loc[segments["code"] == PERSONAL_DATA_CODE, "segment_id"])
    mark = "approved_quote" if "approved_quote" in segments else "is_approved_quote"
    marked = segments[segments[mark].fillna(False).astype(bool) & ~segments["segment_id"].isin(blocked)]
    body = {
        segment: text.strip()
        for segment, text in zip(texts["segment_id"], texts["text"], strict=True)
        if text.strip() and len(text.strip()) <= MAX_QUOTE_CHARACTERS and not personal_hits(text, forbidden)
    }
    pairs = marked.loc[marked["segment_id"].isin(body.keys()), ["code", "segment_id"]].drop_duplicates()
    order = {code.id: number for number, code in enumerate(codebook.codes)}
    pairs = pairs[~pairs["code"].astype("str").str.startswith("X.")]
    quotes = pairs["segment_id"].map(body)
    # Which of several quotes comes first must follow from the words: segments are named anew with every key.
    mixed = quotes.map(lambda q: hashlib.sha256(str(q).encode()).hexdigest())
    pairs = pairs.assign(quote=quotes, _order=pairs["code"].map(order), _mixed=mixed)
    return pairs.sort_values(["_order", "_mixed", "segment_id"], ignore_index=True)[list(QUOTE_COLUMNS)]
