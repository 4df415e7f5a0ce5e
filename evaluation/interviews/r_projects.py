"""Projects of RQDA (``.rqda``) and requal (``.requal``): SQLite files with a document's text, codes, coders and cases.

RQDA counts characters from 0, half-open; deleted rows stay with status 0. requal counts from 1, both ends included.
Sources: github.com/Ronggui/RQDA, ``ProjectFun.R``; github.com/RE-QDA/requal, ``db_startup.R``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evaluation.errors import Problem
from evaluation.files.sqlite import rows_of, text_of
from evaluation.interviews.attributes import (
    DocumentAttributes,
    lonely_cases,
    normal_name,
)
from evaluation.interviews.coding_labels import Coding, Reading, label_in_folder
from evaluation.interviews.identity import flat
from evaluation.interviews.notes import Notes
from evaluation.interviews.understanding import Understanding

RQDA_TABLES = frozenset({"source", "freecode", "coding"})
REQUAL_TABLES = frozenset({"documents", "codes", "segments", "projects"})


def rqda_project(connection: sqlite3.Connection, file: str, known: Understanding) -> Reading:
    """Everything in an RQDA project that was not deleted; its two tables of codings are two coders' or one's."""
    sources = {r["id"]: r for r in _alive(rows_of(connection, "source", "id", "name", "file"))}
    written = Notes(known)
    groups = {r.get("catid"): text_of(r.get("name")) for r in _alive(rows_of(connection, "codecat"))}
    folders = {r.get("cid"): groups.get(r.get("catid"), "") for r in _alive(rows_of(connection, "treecode"))}
    labels = {
        r["id"]: label_in_folder(text_of(r["name"]), folders.get(r["id"], ""), known.codebook)
        for r in _alive(rows_of(connection, "freecode", "id", "name"))
    }
    marks = []
    for name in ("coding", "coding2"):
        for number, r in enumerate(rows_of(connection, name), 1):
            if text_of(r.get("status")) not in ("0", "0.0"):
                span = (r.get("selfirst"), r.get("selend"))
                marks.append(
                    _Mark(name, number, r.get("fid"), r.get("cid"), span, r.get("seltext"), r.get("owner"))
                )
    texts = {key: (text_of(r["name"]), text_of(r.get("file"))) for key, r in sources.items()}
    said = {key: written.about(text_of(r.get("memo"))) for key, r in sources.items()}
    for table, words in (("coding", "memo"), ("coding2", "memo"), ("annotation", "annotation")):
        for r in _alive(rows_of(connection, table)):
            _hear(said, r.get("fid"), text_of(r.get(words)), written)
    for table, words in (("journal", "journal"), ("project", "memo")):
        for r in _alive(rows_of(connection, table)):
            written.of_nobody(f"{text_of(r.get('name'))}\n{text_of(r.get(words))}".strip())
    for r in rows_of(connection, "fileAttr"):
        _say(said, r.get("fileID"), r.get("variable"), r.get("value"), known)
    sets = {
        r.get("catid"): known.of_group(text_of(r.get("name"))) + written.about(text_of(r.get("memo")))
        for r in _alive(rows_of(connection, "filecat"))
    }
    for r in _alive(rows_of(connection, "treefile")):
        said.setdefault(r.get("fid"), []).extend(sets.get(r.get("catid"), ()))
    persons = {
        r["id"]: known.of_name(text_of(r.get("name"))) + written.about(text_of(r.get("memo")))
        for r in _alive(rows_of(connection, "cases", "id"))
    }
    for r in rows_of(connection, "caseAttr"):
        _say(persons, r.get("caseID"), r.get("variable"), r.get("value"), known)
    links = {(r.get("caseid"), r.get("fid")) for r in _alive(rows_of(connection, "caselinkage"))}
    return replace(_project(file, texts, labels, marks, said, persons, links), written=written)


def requal_project(connection: sqlite3.Connection, file: str, known: Understanding) -> Reading:
    """Everything in a requal database (of one project)."""
    written = Notes(known)
    texts = {
        r["doc_id"]: (text_of(r.get("doc_name")), text_of(r.get("doc_text")))
        for r in rows_of(connection, "documents", "doc_id", "doc_name", "doc_text")
    }
    labels = {
        r["code_id"]: text_of(r["code_name"]) for r in rows_of(connection, "codes", "code_id", "code_name")
    }
    users = {
        r["user_id"]: text_of(r.get("user_name") or r.get("user_login")) for r in rows_of(connection, "users")
    }
    marks = []
    for number, r in enumerate(rows_of(connection, "segments", "segment_start", "segment_end"), 1):
        start = r["segment_start"]
        span = (start - 1 if isinstance(start, int) else None, r["segment_end"])
        who = users.get(r.get("user_id"))
        marks.append(
            _Mark("segments", number, r.get("doc_id"), r.get("code_id"), span, r.get("segment_text"), who)
        )
    names = {r["attribute_id"]: r.get("attribute_name") for r in rows_of(connection, "attributes")}
    values = {r["attribute_value_id"]: r.get("value") for r in rows_of(connection, "attribute_values")}

    def say(table: str, key: str, into: dict[Any, list[tuple[str, str]]]) -> None:
        for r in rows_of(connection, table):
            name, value = names.get(r.get("attribute_id")), values.get(r.get("attribute_value_id"))
            _say(into, r.get(key), name, value, known)

    said = {
        r["doc_id"]: written.about(text_of(r.get("doc_description")))
        for r in rows_of(connection, "documents")
    }
    place = {r["segment_id"]: r.get("doc_id") for r in rows_of(connection, "segments", "segment_id")}
    hung = {r.get("memo_id"): r.get("doc_id") for r in rows_of(connection, "memos_documents_map")}
    hung |= {
        r.get("memo_id"): place.get(r.get("segment_id")) for r in rows_of(connection, "memos_segments_map")
    }
    for r in rows_of(connection, "memos", "memo_id"):
        _hear(said, hung.get(r["memo_id"]), text_of(r.get("text") or r.get("memo_text")), written)
    for r in rows_of(connection, "projects"):
        written.of_nobody(text_of(r.get("project_description")))
    persons = {
        r["case_id"]: known.of_name(text_of(r.get("case_name")))
        + written.about(text_of(r.get("case_description")))
        for r in rows_of(connection, "cases", "case_id")
    }
    say("attributes_documents_map", "doc_id", said)
    say("attributes_cases_map", "case_id", persons)
    links = {(r.get("case_id"), r.get("doc_id")) for r in rows_of(connection, "cases_documents_map")}
    return replace(_project(file, texts, labels, marks, said, persons, links), written=written)


@dataclass(frozen=True, slots=True)
class _Mark:
    """One row of codings as the file holds it."""

    table: str
    number: int
    document: Any
    code: Any
    span: tuple[Any, Any]
    quoted: Any
    owner: Any


def _project(
    file: str,
    texts: Mapping[Any, tuple[str, str]],
    labels: Mapping[Any, str],
    marks: Iterable[_Mark],
    said: Mapping[Any, list[tuple[str, str]]],
    persons: Mapping[Any, list[tuple[str, str]]],
    links: set[tuple[Any, Any]],
) -> Reading:
    codings: list[Coding] = []
    aside: list[tuple[Coding]] = []
    problems: list[Problem] = []
    for mark in marks:
        if mark.document not in texts or mark.code not in labels:
            problems.append(Problem(file, mark.number, mark.table, "a reference to nothing", "dangling"))
            continue
        name, text = texts[mark.document]
        place = _place(text, mark.span, text_of(mark.quoted))
        label = labels[mark.code]
        if place is None:
            aside.append((Coding(name, label, mark.number),))
            found = "the text at the segment's position is not the text the segment quotes"
            problems.append(
                Problem(file, mark.number, mark.table, found, "positions", "a position that matches the text",
                        "code the segment again in the tool")
            )  # fmt: skip
            continue
        start, end = place
        coder = text_of(mark.owner) or None
        codings.append(Coding(name, label, mark.number, None, coder, start, end, text[start:end]))
    lost = len(problems)
    tied = {person for person, document in links if document in texts}
    tied -= {person for person, document in links if document not in texts}
    documents = _documents(texts, said, persons, links)
    if lonely := [words for person, words in persons.items() if words and person not in tied]:
        problems.append(lonely_cases(file, len(lonely)))
        documents[""] = DocumentAttributes.of(pair for words in lonely for pair in words)
    return Reading(codings, documents, problems, lost, aside)


def _place(text: str, span: tuple[Any, Any], quoted: str) -> tuple[int, int] | None:
    """Where the segment stands; one character beside it where the quoted words are there and not here."""
    if not all(isinstance(p, int | float) and float(p).is_integer() for p in span):
        return None
    first, last = (int(p) for p in span)
    for shift in (0, 1, -1):
        start, end = first + shift, last + (shift if shift == -1 else 0)
        if 0 <= start < end <= len(text) and (not quoted.strip() or flat(text[start:end]) == flat(quoted)):
            return start, end
    return None


def _documents(
    texts: Mapping[Any, tuple[str, str]],
    said: Mapping[Any, list[tuple[str, str]]],
    persons: Mapping[Any, list[tuple[str, str]]],
    links: Iterable[tuple[Any, Any]],
) -> dict[str, DocumentAttributes]:
    by_id = {key: DocumentAttributes.of(said.get(key, ())) for key in texts}
    for person, document in links:
        if document in by_id and person in persons:
            by_id[document] = by_id[document].joined(DocumentAttributes.of_participant(persons[person]))
    documents: dict[str, DocumentAttributes] = {}
    for key, (name, _) in texts.items():
        about = documents.get(normal_name(name), DocumentAttributes())
        documents[normal_name(name)] = about.joined(by_id[key])
    return documents


def _say(
    into: dict[Any, list[tuple[str, str]]], key: Any, variable: Any, value: Any, known: Understanding
) -> None:
    into.setdefault(key, []).extend(known.of_variable(text_of(variable), text_of(value)))


def _hear(into: dict[Any, list[tuple[str, str]]], document: Any, text: str, written: Notes) -> None:
    """A note on a document or on a part of it; on none, where the document is not there."""
    if document in into:
        into[document].extend(written.about(text))
    else:
        written.of_nobody(text)


def _alive(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [r for r in rows if text_of(r.get("status")) not in ("0", "0.0")]
