"""Consent gates each interview: only segments whose document has a valid consent go on, the rest is counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pandas as pd

from evaluation.interviews.attributes import MISSING, UNKNOWN_CONSENT, VALID, WITHDRAWN, strictest


@dataclass(frozen=True)
class ConsentedSegments:
    """Segments with a valid consent, and how many documents and rows were left out, by reason."""

    segments: pd.DataFrame
    documents_kept: int
    documents_missing: int
    documents_withdrawn: int
    documents_unknown: int
    rows_dropped: int


def with_valid_consent(segments: pd.DataFrame) -> ConsentedSegments:
    """Keep the rows of documents whose consent is ``gyldigt`` wherever it is stated.

    A document is judged as a whole, over all files it was coded in: any other word on any of its rows takes all of
    them out, and an unknown consent is no consent.
    """
    words: dict[str, set[str]] = {}
    for document, word in zip(segments["document_id"], segments["consent"], strict=True):
        words.setdefault(str(document), set()).update([] if pd.isna(word) else [str(word)])
    said = {document: strictest(those) for document, those in words.items()}
    states = Counter(said.values())
    keep = segments["document_id"].isin([document for document, word in said.items() if word == VALID])
    return ConsentedSegments(
        segments=segments[keep].reset_index(drop=True),
        documents_kept=states[VALID],
        documents_missing=states[MISSING],
        documents_withdrawn=states[WITHDRAWN],
        documents_unknown=states[None] + states[UNKNOWN_CONSENT],
        rows_dropped=int((~keep).sum()),
    )
