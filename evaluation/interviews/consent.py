"""Consent gates each interview: only segments whose document has a valid consent go on, the rest is counted."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

VALID = "gyldigt"
WITHDRAWN = "trukket_tilbage"


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

    A document is judged as a whole, over all files it was coded in: one ``trukket_tilbage`` or ``mangler`` on any
    of its rows takes all of them out, and an unknown consent is no consent.
    """
    said = segments["consent"]
    flags = pd.DataFrame(
        {
            "document_id": segments["document_id"],
            "valid": said.eq(VALID).fillna(False).astype(bool),
            "withdrawn": said.eq(WITHDRAWN).fillna(False).astype(bool),
            "unknown": said.isna(),
        }
    )
    flags["other"] = ~(flags["valid"] | flags["withdrawn"] | flags["unknown"])
    stated = flags.groupby("document_id")[["valid", "withdrawn", "unknown", "other"]].any()
    withdrawn = stated["withdrawn"]
    valid = stated["valid"] & ~withdrawn & ~stated["other"]
    unknown = ~stated[["valid", "withdrawn", "other"]].any(axis=1)
    keep = segments["document_id"].isin(stated.index[valid])
    return ConsentedSegments(
        segments=segments[keep].reset_index(drop=True),
        documents_kept=int(valid.sum()),
        documents_missing=int((~valid & ~withdrawn & ~unknown).sum()),
        documents_withdrawn=int(withdrawn.sum()),
        documents_unknown=int(unknown.sum()),
        rows_dropped=int((~keep).sum()),
    )
