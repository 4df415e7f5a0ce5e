"""Batches of several files as one: overlapping exports counted once, what is known of a document shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from evaluation.errors import Problem
from evaluation.interviews.attributes import (
    CONSENT,
    FIELDS,
    UNKNOWN_CONSENT,
    VALID,
    between_files,
    may_be_same,
    near_names,
    normal_name,
    strictest,
)
from evaluation.interviews.identity import shared_ids
from evaluation.interviews.marks import lonely_counter, one_direction, two_directions
from evaluation.interviews.segments import (
    DOCUMENT_COLUMNS,
    SEGMENT_COLUMNS,
    TEXT_COLUMNS,
    SegmentBatch,
    nameless,
    refused_quotes,
    without_personal_quotes,
    without_refused_quotes,
)
from evaluation.interviews.signs import lonely_counters

KEY = ["document_id", "segment_id", "code", "coder"]
"""One row of the canonical table; the same coding in a second file is a duplicate."""


def combine(batches: Sequence[SegmentBatch]) -> SegmentBatch:
    """All batches as one: what two files say alike is counted once, and the ledger still adds up.

    A document's attributes are taken from whichever file knows them. Files that contradict each other are reported:
    of consents the most restrictive holds, of anything else nothing is known.
    """
    if not batches:
        return _empty()
    everything = pd.concat([batch.segments for batch in batches], ignore_index=True)
    texts = pd.concat([batch.texts for batch in batches], ignore_index=True).drop_duplicates("segment_id")
    same = shared_ids(everything, texts)
    everything["segment_id"] = everything["segment_id"].replace(same)
    texts = texts[~texts["segment_id"].isin(same)]
    # The file that knows a statement's place speaks first of it.
    everything = everything.sort_values("start", kind="stable", na_position="last", ignore_index=True)
    is_same = everything.duplicated(KEY)
    is_again = is_same | _is_known_with_coder(everything)
    approved = everything.groupby(KEY, dropna=False)["approved_sha256"].transform("first")
    polarity, contradicted = _directions(everything)
    segments = everything.assign(
        approved_sha256=approved, approved_quote=approved.notna(), polarity=polarity
    )[~is_again]
    refusals = frozenset(
        replace(no, segment_id=same.get(no.segment_id, no.segment_id)) for b in batches for no in b.refusals
    )
    segments, stopped = without_refused_quotes(segments, texts, refusals)
    segments = without_personal_quotes(segments, texts)
    documents, problems = _documents(pd.concat([batch.documents for batch in batches], ignore_index=True))
    names = {document: normal_name(name) for batch in batches for document, name in batch.names.items()}
    if near := _near_a_no(documents, names) - frozenset().union(*(batch.apart for batch in batches)):
        documents["consent"] = documents["consent"].mask(documents["document_id"].isin(near), UNKNOWN_CONSENT)
        problems.append(near_names(len(near)))
    if lonely := lonely_counters(segments, texts):
        problems.append(lonely_counter(lonely))
    if stopped:
        problems.append(refused_quotes("", stopped))
    if unsaid := int((is_same & everything["coder"].isna()).sum()):
        problems.append(nameless("", None, unsaid))
    about = documents.set_index("document_id")
    segments = segments.assign(**{c: segments["document_id"].map(about[c]) for c in FIELDS.values()})
    counts = segments.groupby("document_id")["segment_id"].nunique()
    documents["segments"] = documents["document_id"].map(counts).fillna(0).astype("int64")
    order = ["document_id", "start", "end", "segment_id", "code", "coder", "polarity"]
    return SegmentBatch(
        segments=segments.sort_values(order, kind="stable", ignore_index=True)[list(SEGMENT_COLUMNS)],
        texts=texts.sort_values("segment_id", ignore_index=True),
        documents=documents,
        problems=(*(p for batch in batches for p in batch.problems), *problems, *contradicted),
        rows_in=sum(batch.rows_in for batch in batches),
        kept=len(segments),
        quarantined=sum(batch.quarantined for batch in batches),
        duplicates=sum(batch.duplicates for batch in batches) + int(is_again.sum()),
        marks=sum(batch.marks for batch in batches),
        notes=tuple(note for batch in batches for note in batch.notes),
        refusals=refusals,
        names={document: name for batch in batches for document, name in batch.names.items()},
    )


def _directions(rows: pd.DataFrame) -> tuple[pd.Series, list[Problem]]:
    """Each coding's direction from all files together: one is better than none, two are *blandet*, and that is said.

    What a file tells without a coder holds for the coders who state none; where all of them state another, for them too.
    """
    found: dict[object, str | None] = {}
    twice = 0
    several = rows[rows.duplicated(KEY[:-1], keep=False)]
    for _, place in several.groupby(KEY[:-1], sort=False):
        said = {
            coder: (part.index, set(part["polarity"].dropna()))
            for coder, part in place.groupby(place["coder"].fillna(""), sort=False)
        }
        loose = said.pop("", None) if len(said) > 1 else None
        stated = [words for _, words in said.values()]
        new = loose[1].difference(*stated) if loose else set()
        for index, words in said.values():
            mine = words | new if not words or all(stated) else words
            found |= dict.fromkeys(index, one_direction(mine))
            twice += len(mine) > 1
    problems = []
    if twice:
        problems = [two_directions("", None, twice)]
    merged = pd.Series(found, dtype=rows["polarity"].dtype)
    return rows["polarity"].where(~rows.index.isin(merged.index), merged.reindex(rows.index)), problems


def _is_known_with_coder(rows: pd.DataFrame) -> pd.Series:
    """A coding without a coder that another file has with one: the same coding, less well told."""
    place = pd.MultiIndex.from_frame(rows[KEY[:-1]])
    has_coder = rows["coder"].notna().to_numpy(dtype=bool)
    return pd.Series(~has_coder & place.isin(place[has_coder]), index=rows.index)


def _documents(stacked: pd.DataFrame) -> tuple[pd.DataFrame, list[Problem]]:
    """One row per document, and how often files contradict each other about one, by attribute."""
    rows = []
    differ: Counter[str] = Counter()
    for document, part in stacked.groupby("document_id", sort=True):
        row: dict[str, object] = {"document_id": document}
        for name, column in FIELDS.items():
            values = set(part[column].dropna())
            if name == CONSENT:
                row[column] = strictest(values)
            else:
                row[column] = next(iter(values)) if len(values) == 1 else None
            differ[name] += len(values) > 1
        names = {name for cell in part["coders"].dropna() for name in str(cell).split("|") if name}
        rows.append(row | {"coders": "|".join(sorted(names)), "segments": 0})
    problems = [between_files(name, times) for name, times in differ.items() if times]
    frame = pd.DataFrame(rows, columns=list(DOCUMENT_COLUMNS))
    for column in DOCUMENT_COLUMNS[:-1]:
        frame[column] = frame[column].astype("str").where(frame[column].notna())
    return frame, problems


def _near_a_no(documents: pd.DataFrame, names: Mapping[str, str]) -> frozenset[str]:
    """Documents with a yes whose name may be that of one without."""
    stated = documents.dropna(subset=["consent"])
    is_yes = stated["consent"].eq(VALID)
    noes = [names[d] for d in stated.loc[~is_yes, "document_id"] if names.get(d)]
    yeses = [d for d in stated.loc[is_yes, "document_id"] if d in names]
    return frozenset(d for d in yeses if any(may_be_same(names[d], no) for no in noes))


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
