"""Batches of several files as one: overlapping exports counted once, what is known of a document shared."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from evaluation.interviews.attributes import FIELDS
from evaluation.interviews.consent import VALID, WITHDRAWN
from evaluation.interviews.segments import DOCUMENT_COLUMNS, SEGMENT_COLUMNS, TEXT_COLUMNS, SegmentBatch

KEY = ["document_id", "segment_id", "code", "coder"]
"""One row of the canonical table; the same coding in a second file is a duplicate."""


def combine(batches: Sequence[SegmentBatch]) -> SegmentBatch:
    """All batches as one; the first file wins where two say the same, and the ledger still adds up.

    A document's attributes are taken from whichever file knows them, first come first served, except consent:
    withdrawn anywhere is withdrawn, and missing anywhere is missing unless it is withdrawn.
    """
    if not batches:
        return _empty()
    everything = pd.concat([batch.segments for batch in batches], ignore_index=True)
    is_again = everything.duplicated(KEY)
    approved = everything.groupby(KEY, dropna=False)["approved_quote"].transform("any")
    segments = everything.assign(approved_quote=approved.astype(bool))[~is_again]
    documents = _documents(pd.concat([batch.documents for batch in batches], ignore_index=True))
    about = documents.set_index("document_id")
    segments = segments.assign(**{c: segments["document_id"].map(about[c]) for c in FIELDS.values()})
    counts = segments.groupby("document_id")["segment_id"].nunique()
    documents["segments"] = documents["document_id"].map(counts).fillna(0).astype("int64")
    texts = pd.concat([batch.texts for batch in batches], ignore_index=True).drop_duplicates("segment_id")
    order = ["document_id", "start", "end", "segment_id", "code", "coder", "polarity"]
    return SegmentBatch(
        segments=segments.sort_values(order, kind="stable", ignore_index=True)[list(SEGMENT_COLUMNS)],
        texts=texts.sort_values("segment_id", ignore_index=True),
        documents=documents,
        problems=tuple(problem for batch in batches for problem in batch.problems),
        rows_in=sum(batch.rows_in for batch in batches),
        kept=len(segments),
        quarantined=sum(batch.quarantined for batch in batches),
        duplicates=sum(batch.duplicates for batch in batches) + int(is_again.sum()),
        marks=sum(batch.marks for batch in batches),
        notes=tuple(note for batch in batches for note in batch.notes),
    )


def _documents(stacked: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for document, part in stacked.groupby("document_id", sort=True):
        row: dict[str, object] = {"document_id": document}
        for column in FIELDS.values():
            known = part[column].dropna()
            row[column] = known.iloc[0] if len(known) else None
        stated = set(part["consent"].dropna())
        if stated - {VALID}:
            row["consent"] = WITHDRAWN if WITHDRAWN in stated else min(stated - {VALID})
        names = {name for cell in part["coders"].dropna() for name in str(cell).split("|") if name}
        rows.append(row | {"coders": "|".join(sorted(names)), "segments": 0})
    frame = pd.DataFrame(rows, columns=list(DOCUMENT_COLUMNS))
    for column in DOCUMENT_COLUMNS[:-1]:
        frame[column] = frame[column].astype("str").where(frame[column].notna())
    return frame


def _empty() -> SegmentBatch:
    return SegmentBatch(
        segments=pd.DataFrame(columns=list(SEGMENT_COLUMNS)),
        texts=pd.DataFrame(columns=list(TEXT_COLUMNS)),
        documents=pd.DataFrame(columns=list(DOCUMENT_COLUMNS)),
        problems=(),
        rows_in=0,
        kept=0,
        quarantined=0,
        duplicates=0,
    )
