"""The one canonical table of coded segments, and how any reader's rows become it.

Readers of particular formats hand over :class:`Coding` records; here codes are looked up, attributes brought to
the codebook's values, names turned into pseudonyms, duplicates counted and texts kept apart.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.errors import EnvironmentProblem, Problem
from evaluation.interviews.attributes import DocumentAttributes, attribute_problems, normal_name, slug
from evaluation.interviews.coding_labels import Coding, Marks, Resolver

SEGMENT_COLUMNS = (
    "source_file",
    "source_row",
    "document_id",
    "informant",
    "school_id",
    "grade",
    "occasion",
    "form",
    "coder",
    "code",
    "polarity",
    "start",
    "end",
    "consent",
    "approved_quote",
    "segment_id",
)
"""One row per document × segment × code × coder. ``start``/``end`` are code points (half-open), or missing."""

TEXT_COLUMNS = ("segment_id", "text")
DOCUMENT_COLUMNS = (
    "document_id",
    "informant",
    "school_id",
    "grade",
    "occasion",
    "form",
    "consent",
    "coders",
    "segments",
)
"""One row per document; ``coders`` are pseudonyms joined by ``|``, also those who found nothing to code."""

PERSONAL_DATA_CODE = "X.PII"
MIN_KEY_BYTES = 16


@dataclass(frozen=True)
class SegmentBatch:
    """What one file gave. ``rows_in`` = ``kept`` + ``quarantined`` + ``duplicates``, always.

    ``segments``: :data:`SEGMENT_COLUMNS`; ``texts``: one row per segment with a text; ``documents``:
    :data:`DOCUMENT_COLUMNS`. ``marks`` counts codings that qualify a segment (direction, approval) instead of
    being rows. ``notes`` are remarks that lose nothing.
    """

    segments: pd.DataFrame
    texts: pd.DataFrame
    documents: pd.DataFrame
    problems: tuple[Problem, ...]
    rows_in: int
    kept: int
    quarantined: int
    duplicates: int
    marks: int = 0
    notes: tuple[str, ...] = ()


def pseudonym(key: bytes, kind: str, name: str) -> str:
    """Stable keyed pseudonym, e.g. ``d_3f…`` (64 bits of HMAC-SHA256); the name cannot be found without the key."""
    if len(key) < MIN_KEY_BYTES:
        raise EnvironmentProblem(
            f"The pseudonym key has {len(key)} bytes; at least {MIN_KEY_BYTES} are needed."
        )
    digest = hmac.new(key, f"interview:{kind}:{name}".encode(), hashlib.sha256).hexdigest()
    return f"{kind[0]}_{digest[:16]}"


def build_batch(
    codings: Iterable[Coding],
    *,
    file: str,
    codebook: Codebook,
    key: bytes,
    documents: Mapping[str, DocumentAttributes] | None = None,
    problems: Iterable[Problem] = (),
    rows_lost: int = 0,
    notes: Iterable[str] = (),
    schools: Mapping[str, str] | None = None,
) -> SegmentBatch:
    """Bring codings to the canonical table.

    ``documents`` maps :func:`~evaluation.interviews.attributes.normal_name` of a document to what is known of it
    beside the rows. ``rows_lost`` rows were already quarantined by the reader, with ``problems`` saying why.
    """
    pseudonym(key, "document", "")  # refuse a short key before anything is read
    rows = list(codings)
    known = dict(documents or {})
    found = list(problems)
    resolver = Resolver(codebook, file, found)
    marks = Marks(rows)
    table: list[dict[str, object]] = []
    texts: dict[str, str] = {}
    coders: dict[str, set[str]] = {}
    seen: dict[tuple[object, ...], dict[str, object]] = {}
    attributes: dict[str, DocumentAttributes] = {}
    duplicates = quarantined = 0
    for coding in rows:
        if marks.is_mark(coding):
            continue
        code, polarity = resolver.resolve(coding)
        if code is None:
            quarantined += 1
            continue
        name = normal_name(coding.document)
        if name not in attributes:
            attributes[name] = known.get(name, DocumentAttributes())
        about = attributes[name] = attributes[name].updated(coding.attributes)
        document_id = pseudonym(key, "document", name)
        segment_id = _segment_id(key, name, coding)
        coder = coding.coder or about.only_coder
        coder_id = pseudonym(key, "koder", slug(coder)) if coder else None
        direction = polarity or marks.polarity(coding)
        is_approved = coding.approved or marks.is_approved(coding)
        if (fact := (segment_id, code.id, coder_id)) in seen:
            duplicates += 1
            _merge(seen[fact], direction, is_approved)
            continue
        coders.setdefault(name, set()).update({coder_id} if coder_id else ())
        if coding.text:
            texts.setdefault(segment_id, unicodedata.normalize("NFC", coding.text))
        table.append(
            {
                "source_file": file,
                "source_row": coding.row,
                "document_id": document_id,
                "_name": name,
                "coder": coder_id,
                "code": code.id,
                "polarity": direction,
                "start": coding.start,
                "end": coding.end,
                "approved_quote": is_approved,
                "segment_id": segment_id,
            }
        )
        seen[fact] = table[-1]
    _block_personal_quotes(table)
    for name, about in known.items():
        attributes.setdefault(name, about)
    values = {name: about.canonical(codebook, schools) for name, about in attributes.items()}
    found += attribute_problems(attributes.values(), codebook, file, schools)
    for row in table:
        row.update(values[str(row.pop("_name"))])
    segments = _frame(table)
    return SegmentBatch(
        segments=segments,
        texts=pd.DataFrame(sorted(texts.items()), columns=list(TEXT_COLUMNS), dtype="str"),
        documents=_documents(attributes, values, coders, segments, key),
        problems=tuple(found),
        rows_in=len(rows) - marks.count + rows_lost,
        kept=len(table),
        quarantined=quarantined + rows_lost,
        duplicates=duplicates,
        marks=marks.count,
        notes=tuple(notes),
    )


def _merge(row: dict[str, object], direction: str | None, is_approved: bool) -> None:
    """The same coder's same code again: two directions are *blandet*, one is better than none."""
    if direction and row["polarity"] not in (direction, None):
        row["polarity"] = "blandet"
    row["polarity"] = row["polarity"] or direction
    row["approved_quote"] = bool(row["approved_quote"]) or is_approved


def _segment_id(key: bytes, document: str, coding: Coding) -> str:
    if coding.start is not None and coding.end is not None:
        place = f"{coding.start}-{coding.end}"
    elif coding.segment:
        place = f"#{coding.segment.strip().casefold()}"
    elif coding.text:
        place = "=" + " ".join(unicodedata.normalize("NFC", coding.text).split())
    else:
        place = f"row {coding.row}"
    return pseudonym(key, "segment", f"{document}\0{place}")


def _block_personal_quotes(table: list[dict[str, object]]) -> None:
    """A segment coded as personal data by anyone is never an approved quote, whoever approved it."""
    blocked = {row["segment_id"] for row in table if row["code"] == PERSONAL_DATA_CODE}
    for row in table:
        if row["segment_id"] in blocked:
            row["approved_quote"] = False


def _frame(table: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(table, columns=list(SEGMENT_COLUMNS))
    for column in SEGMENT_COLUMNS:
        if column in ("source_row", "start", "end"):
            frame[column] = frame[column].astype("Int64")
        elif column == "approved_quote":
            frame[column] = frame[column].astype(bool)
        else:
            frame[column] = frame[column].astype("str").where(frame[column].notna())
    order = ["document_id", "start", "end", "segment_id", "code", "coder", "polarity"]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def _documents(
    attributes: Mapping[str, DocumentAttributes],
    values: Mapping[str, dict[str, str | None]],
    coders: Mapping[str, set[str]],
    segments: pd.DataFrame,
    key: bytes,
) -> pd.DataFrame:
    counts = segments.groupby("document_id")["segment_id"].nunique()
    rows = []
    for name, about in attributes.items():
        document_id = pseudonym(key, "document", name)
        stated = {pseudonym(key, "koder", slug(coder)) for coder in about.coders}
        everyone = sorted(stated | coders.get(name, set()))
        rows.append(
            {"document_id": document_id, **values[name], "coders": "|".join(everyone)}
            | {"segments": int(counts.get(document_id, 0))}
        )
    frame = pd.DataFrame(rows, columns=list(DOCUMENT_COLUMNS))
    for column in DOCUMENT_COLUMNS[:-1]:
        frame[column] = frame[column].astype("str").where(frame[column].notna())
    frame["segments"] = frame["segments"].astype("int64")
    return frame.sort_values("document_id", ignore_index=True)
