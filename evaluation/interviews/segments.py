"""The one canonical table of coded segments, and how any reader's rows become it.

Readers of particular formats hand over :class:`Coding` records; here codes are looked up, attributes brought to
the codebook's values, names turned into pseudonyms, duplicates counted and texts kept apart.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.errors import EnvironmentProblem, Problem
from evaluation.interviews.agreement import asked_for
from evaluation.interviews.attributes import (
    CONSENT,
    DocumentAttributes,
    attribute_problems,
    may_be_same,
    normal_name,
    slug,
)
from evaluation.interviews.coding_labels import Coding, Resolver
from evaluation.interviews.identity import (
    Refusal,
    fingerprint,
    refused_segments,
    segments_sharing_words,
    statement_places,
    words_of,
)
from evaluation.interviews.marks import Marks, one_direction, passage_of
from evaluation.interviews.understanding import Understanding

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
    "approved_sha256",
    "is_refused_quote",
    "segment_id",
)
"""One row per document × segment × code × coder. ``start``/``end`` are code points (half-open), or missing.

``approved_sha256``: :func:`~evaluation.interviews.identity.fingerprint` of the words a person approved as a quote.
``is_refused_quote``: somebody has said that these words are not to be printed; then nobody's approval counts."""

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
    being rows. ``notes`` are remarks that lose nothing. ``coder_names`` are the coders as the file names them,
    ``only_in_side_table`` the normal names of documents that the file itself does not speak of. ``names``: document → its
    name as written; ``apart`` are those that the mapping says are no copy of another.
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
    coder_names: tuple[str, ...] = field(default=(), repr=False)
    only_in_side_table: frozenset[str] = field(default=frozenset(), repr=False)
    refusals: frozenset[Refusal] = field(default=frozenset(), repr=False)
    names: Mapping[str, str] = field(default_factory=dict, repr=False)
    apart: frozenset[str] = field(default=frozenset(), repr=False)


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
    side_table: Mapping[str, DocumentAttributes] | None = None,
    problems: Iterable[Problem] = (),
    rows_lost: int = 0,
    aside: Sequence[Sequence[Coding]] = (),
    notes: Iterable[str] = (),
    schools: Mapping[str, str] | None = None,
    known: Understanding | None = None,
    asked: Mapping[str, Sequence[str]] | None = None,
) -> SegmentBatch:
    """Bring codings to the canonical table.

    ``documents`` maps :func:`~evaluation.interviews.attributes.normal_name` of a document to what the file knows of it
    beside the rows; ``side_table`` to what the analyst has written down, which corrects it, consent set aside.
    ``rows_lost`` rows were already quarantined by the reader, with ``problems`` saying why; a no on one of them, as
    ``aside`` tells, holds all the same. ``known``: what names mean that the codebook does not know.
    """
    pseudonym(key, "document", "")  # refuse a short key before anything is read
    rows = list(codings)
    found = list(problems)
    resolver = Resolver(codebook, file, found)
    places = statement_places(rows)
    known = known or Understanding.of(codebook, schools)
    marks = Marks(rows, places, known)
    attributes = dict(documents or {})
    for coding, (name, _) in zip(rows, places, strict=True):
        if said := [*marks.attributes(coding), *known.of_coding(coding.polarity or "", coding.coder or "")]:
            about = attributes.get(name, DocumentAttributes())
            attributes[name] = about.joined(DocumentAttributes.of(said))
    written: dict[str, str] = {name: name for name in (*(documents or {}), *(side_table or {}))}
    for coding in rows:
        name = normal_name(coding.document)
        written[name] = min(written.get(name, coding.document), coding.document)
    no_quotes = [pair for pair in zip(places, rows, strict=True) if pair[1].approved is False]
    no_quotes += marks.refused
    for ways in aside:
        for name, no in marks.forbidden(ways):
            attributes[name] = attributes.get(name, DocumentAttributes()).joined(no)
        no_quotes += zip(statement_places(ways), ways, strict=True)
    refusals = frozenset(
        Refusal(
            pseudonym(key, "document", place[0]),
            pseudonym(key, "segment", "\0".join(place)),
            passage_of(place, coding),
        )
        for place, coding in no_quotes
        if coding.approved is False or marks.is_refusal(coding)
    )
    lost = (normal_name(way.document) for ways in aside for way in ways)
    unmet = frozenset(side_table or {}).difference(attributes, (name for name, _ in places), lost)
    for name, side in (side_table or {}).items():
        attributes[name] = attributes.get(name, DocumentAttributes()).corrected(side)
    for name in {*attributes, *(name for name, _ in places)} - {""}:
        about = attributes.get(name, DocumentAttributes())
        attributes[name] = about.joined(DocumentAttributes.of(known.of_name(name)))
    for name in {*unmet, ""} & {n for n, a in attributes.items() if a.is_refusal(codebook)}:
        # Nobody knows whom the no is about: it holds for every document that may be meant.
        for other in (n for n in attributes if n != name and may_be_same(name, n)):
            attributes[other] = attributes[other].joined(DocumentAttributes.of([(CONSENT, "?")]))
    if "" not in {name for name, _ in places}:
        attributes.pop("", None)
    table: list[dict[str, object]] = []
    texts: dict[str, str] = {}
    coders: dict[str, set[str]] = {}
    spelt: dict[str, str] = {}
    seen: dict[tuple[object, ...], dict[str, object]] = {}
    unsaid: list[int | None] = []
    duplicates = quarantined = 0
    for coding, place in zip(rows, places, strict=True):
        if marks.is_mark(coding):
            continue
        code, polarity = resolver.resolve(coding)
        if code is None:
            quarantined += 1
            continue
        name = place[0]
        about = attributes.setdefault(name, DocumentAttributes())
        document_id = pseudonym(key, "document", name)
        segment_id = pseudonym(key, "segment", "\0".join(place))
        coder = coding.coder or about.only_coder
        coder_id = pseudonym(key, "koder", slug(coder)) if coder else None
        if coder:
            spelt[slug(coder)] = min(spelt.get(slug(coder), coder), coder)
        direction = polarity or marks.polarity(place, coding.coder)
        words = words_of(place)
        # Words lent by another row are nobody's approved words.
        is_approved = bool(coding.text and coding.approved) or (bool(words) and marks.is_approved(place))
        if (fact := (segment_id, code.id, coder_id)) in seen:
            _merge(seen[fact], direction, is_approved)
            if coder_id is None:
                unsaid.append(coding.row)
            else:
                duplicates += 1
            continue
        coders.setdefault(name, set()).update({coder_id} if coder_id else ())
        if words:
            spoken = unicodedata.normalize("NFC", coding.text or words)
            texts[segment_id] = min(texts.get(segment_id, spoken), spoken)
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
                "is_refused_quote": False,
                "segment_id": segment_id,
            }
        )
        seen[fact] = table[-1]
    for row in table:
        approved = texts.get(str(row["segment_id"])) if row["approved_quote"] else None
        row["approved_sha256"] = fingerprint(approved) if approved else None
    found += marks.problems(file)
    values = {name: about.canonical(codebook, schools) for name, about in attributes.items()}
    if unsaid:
        found.append(nameless(file, unsaid[0], len(unsaid)))
    found += attribute_problems(attributes.values(), codebook, file, schools)
    for row in table:
        row.update(values[str(row.pop("_name"))])
    words_said = pd.DataFrame(sorted(texts.items()), columns=list(TEXT_COLUMNS), dtype="str")
    segments, stopped = without_refused_quotes(_frame(table), words_said, refusals)
    segments = without_personal_quotes(segments, words_said)
    if stopped:
        found.append(refused_quotes(file, stopped))
    return SegmentBatch(
        segments=segments,
        texts=words_said,
        documents=_documents(
            attributes,
            values,
            coders,
            segments,
            key,
            {pseudonym(key, "koder", c): t for c, t in (asked or {}).items()},
        ),
        problems=tuple(found),
        rows_in=len(rows) - marks.count + rows_lost,
        kept=len(table),
        quarantined=quarantined + len(unsaid) + rows_lost,
        duplicates=duplicates,
        marks=marks.count,
        notes=tuple(notes),
        only_in_side_table=unmet,
        refusals=refusals,
        names={pseudonym(key, "document", name): as_written for name, as_written in written.items()},
        apart=frozenset(pseudonym(key, "document", name) for name in written if known.is_apart(name)),
        coder_names=tuple(spelt[who] for who in sorted(spelt)),
    )


def nameless(file: str, row: int | None, times: int) -> Problem:
    """The same code on the same statement again, and nobody knows by whom: two coders, or one row twice."""
    return Problem(
        file,
        row,
        "koder",
        f"{times} coding(s) that stand twice without a coder",
        "coder_unknown",
        "who coded each row",
        'name the coder: a column, "kodere" in the side table, or [interviews] coder in the mapping',
    )


def _merge(row: dict[str, object], direction: str | None, is_approved: bool) -> None:
    """The same coder's same code again: two directions are *blandet*, one is better than none."""
    row["polarity"] = one_direction({str(said) for said in (row["polarity"], direction) if said})
    row["approved_quote"] = bool(row["approved_quote"]) or is_approved


def without_personal_quotes(segments: pd.DataFrame, texts: pd.DataFrame) -> pd.DataFrame:
    """A segment any part of which anyone coded as personal data is never an approved quote, whoever approved it."""
    blocked = segments["segment_id"].isin(segments_sharing_words(segments, texts, PERSONAL_DATA_CODE))
    return segments.assign(
        approved_quote=segments["approved_quote"] & ~blocked,
        approved_sha256=segments["approved_sha256"].mask(blocked),
    )


def without_refused_quotes(
    segments: pd.DataFrame, texts: pd.DataFrame, refusals: Iterable[Refusal]
) -> tuple[pd.DataFrame, int]:
    """A statement somebody has said no to is no approved quote, whoever said yes; and how many were approved as well."""
    blocked = segments["segment_id"].isin(refused_segments(segments, texts, refusals))
    stopped = int(segments.loc[blocked & segments["approved_quote"].astype(bool), "segment_id"].nunique())
    return segments.assign(
        approved_quote=segments["approved_quote"] & ~blocked,
        approved_sha256=segments["approved_sha256"].mask(blocked),
        is_refused_quote=segments["is_refused_quote"] | blocked,
    ), stopped


def refused_quotes(file: str, times: int) -> Problem:
    """Statements that somebody approved as quotes and somebody said no to: the no holds."""
    return Problem(
        file,
        None,
        "citat_godkendt",
        f"{times} statement(s) that somebody approved as a quote and somebody said no to",
        "refused_quote",
        "one answer from everybody",
        "take the wrong answer out; until then the words are not printed",
    )


def _frame(table: list[dict[str, object]]) -> pd.DataFrame:
    frame = pd.DataFrame(table, columns=list(SEGMENT_COLUMNS))
    for column in SEGMENT_COLUMNS:
        if column in ("source_row", "start", "end"):
            frame[column] = frame[column].astype("Int64")
        elif column in ("approved_quote", "is_refused_quote"):
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
    asked: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    counts = segments.groupby("document_id")["segment_id"].nunique()
    rows = []
    for name, about in attributes.items():
        document_id = pseudonym(key, "document", name)
        stated = {pseudonym(key, "koder", slug(coder)) for coder in about.coders}
        everyone = sorted(asked_for(c, asked.get(c, ())) for c in stated | coders.get(name, set()))
        rows.append(
            {"document_id": document_id, **values[name], "coders": "|".join(everyone)}
            | {"segments": int(counts.get(document_id, 0))}
        )
    frame = pd.DataFrame(rows, columns=list(DOCUMENT_COLUMNS))
    for column in DOCUMENT_COLUMNS[:-1]:
        frame[column] = frame[column].astype("str").where(frame[column].notna())
    frame["segments"] = frame["segments"].astype("int64")
    return frame.sort_values("document_id", ignore_index=True)
