"""QualCoder projects: ``data.qda`` (SQLite) in a folder whose name ends with ``.qda``.

``code_text`` holds the codings with their coder (``owner``); positions are code points of ``source.fulltext``.
Attributes belong to files, or to cases that files' text belongs to. Source: github.com/ccbogel/QualCoder.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from evaluation.codebooks import Codebook
from evaluation.errors import Problem
from evaluation.files.sqlite import rows_of, text_of
from evaluation.interviews.attributes import (
    DocumentAttributes,
    lonely_cases,
    normal_name,
)
from evaluation.interviews.coding_labels import Coding, Reading, label_in_folder
from evaluation.interviews.notes import Notes
from evaluation.interviews.positions import Counting, Selection, Text, locate
from evaluation.interviews.understanding import Understanding

_NOTED = (("code_text", "fid"), ("annotation", "fid"), ("code_image", "id"), ("code_av", "id"))
"""Tables of notes on a part of a file, and their column of the file."""
_MEDIA = (("code_image", "imid"), ("code_av", "avid"))


def codings_of_project(connection: sqlite3.Connection, file: str, known: Understanding) -> Reading:
    """Everything in a QualCoder database."""
    sources = {row["id"]: row for row in rows_of(connection, "source", "id", "name", "fulltext")}
    names = {key: text_of(row.get("name")) for key, row in sources.items()}
    labels = _labels(connection, known.codebook)
    coded: dict[Any, list[dict[str, Any]]] = {key: [] for key in sources}
    problems: list[Problem] = []
    lost = 0
    aside: list[tuple[Coding]] = []
    codings: list[Coding] = []
    for number, row in enumerate(rows_of(connection, "code_text", "cid", "fid", "pos0", "pos1"), 1):
        if row.get("fid") not in sources or row.get("cid") not in labels:
            lost += 1
            problems.append(Problem(file, number, "code_text", "a reference to nothing", "QualCoder"))
            continue
        coded[row["fid"]].append({**row, "_number": number})
    texts = {key: Text(text_of(row.get("fulltext"))) for key, row in sources.items()}
    pairs = [(texts[key], [_selection(row) for row in coded[key]]) for key in sources]
    for key, located in zip(sources, locate(pairs, tool=Counting("code_points")), strict=True):
        for row, place in zip(coded[key], located, strict=True):
            if not place.is_found:
                lost += 1
                aside.append((Coding(names[key], labels[row["cid"]], row["_number"]),))
                problems.append(
                    Problem(
                        file,
                        row["_number"],
                        "code_text",
                        "the text at the segment's position is not the text the segment quotes",
                        "positions",
                        "a position that matches the text",
                        "open the file in QualCoder, code the segment again",
                    )
                )
                continue
            codings.append(
                Coding(
                    names[key],
                    labels[row["cid"]],
                    row["_number"],
                    None,
                    text_of(row.get("owner")) or None,
                    place.start,
                    place.end,
                    place.text,
                )
            )
    codings += _media_codings(connection, names, labels)
    written = Notes(known)
    for row in rows_of(connection, "code_name", "cid"):
        written.of_code(text_of(row.get("memo")))
    documents, lonely = _documents(connection, sources, known, written)
    if lonely:
        problems.append(lonely_cases(file, lonely))
    return Reading(codings, documents, problems, lost, aside, written=written)


def _selection(row: dict[str, Any]) -> Selection:
    start, end = row.get("pos0"), row.get("pos1")
    if not isinstance(start, int) or not isinstance(end, int):
        return Selection(-1, -1)
    return Selection(start, end, text_of(row.get("seltext")) or None)


def _labels(connection: sqlite3.Connection, codebook: Codebook) -> dict[Any, str]:
    """Code → label; the id in brackets that the exported codebook leaves in the memo wins over the name."""
    folders = {r.get("catid"): text_of(r.get("name")) for r in rows_of(connection, "code_cat")}
    labels: dict[Any, str] = {}
    for row in rows_of(connection, "code_name", "cid", "name"):
        memo, name = text_of(row.get("memo")), text_of(row.get("name"))
        has_id = memo.startswith("[") and "]" in memo
        folder = folders.get(row.get("catid"), "")
        labels[row["cid"]] = memo[1 : memo.index("]")] if has_id else label_in_folder(name, folder, codebook)
    return labels


def _media_codings(
    connection: sqlite3.Connection, names: dict[Any, str], labels: dict[Any, str]
) -> list[Coding]:
    codings = []
    for table, key in _MEDIA:
        for number, row in enumerate(rows_of(connection, table), 1):
            if row.get("id") in names and row.get("cid") in labels:
                owner = text_of(row.get("owner")) or None
                codings.append(
                    Coding(
                        names[row["id"]],
                        labels[row["cid"]],
                        number,
                        None,
                        owner,
                        segment=f"{table} {row.get(key)}",
                    )
                )
    return codings


def _documents(
    connection: sqlite3.Connection,
    sources: Mapping[Any, dict[str, Any]],
    known: Understanding,
    written: Notes,
) -> tuple[dict[str, DocumentAttributes], int]:
    """What is known of each document by its normal name, and how many cases with attributes belong to none, or also to one
    that is not there."""
    by_file = {key: written.about(text_of(row.get("memo"))) for key, row in sources.items()}
    for table, of_file in _NOTED:
        for row in rows_of(connection, table):
            if (file := row.get(of_file)) in by_file:
                by_file[file] += written.about(text_of(row.get("memo")))
            else:
                written.of_nobody(text_of(row.get("memo")))
    for row in rows_of(connection, "journal"):
        written.of_nobody(f"{text_of(row.get('name'))}\n{text_of(row.get('jentry'))}")
    for row in rows_of(connection, "project"):
        written.of_nobody(text_of(row.get("memo")))
    by_case = {
        row["caseid"]: known.of_name(text_of(row.get("name"))) + written.about(text_of(row.get("memo")))
        for row in rows_of(connection, "cases", "caseid")
    }
    for row in rows_of(connection, "attribute"):
        owner = by_case if text_of(row.get("attr_type")) == "case" else by_file
        said = known.of_variable(text_of(row.get("name")), text_of(row.get("value")))
        owner.setdefault(row.get("id"), []).extend(said)
    about = {key: DocumentAttributes.of(by_file[key]) for key in sources}
    tied: set[Any] = set()
    astray: set[Any] = set()
    for row in rows_of(connection, "case_text"):
        file, case = row.get("fid"), row.get("caseid")
        if file in about and case in by_case:
            about[file] = about[file].joined(DocumentAttributes.of_participant(by_case[case]))
            tied.add(case)
        elif case in by_case:
            astray.add(case)
    lonely = {case for case, said in by_case.items() if said and (case not in tied or case in astray)}
    documents: dict[str, DocumentAttributes] = {}
    for key, row in sources.items():
        name = normal_name(text_of(row.get("name")))
        documents[name] = documents.get(name, DocumentAttributes()).joined(about[key])
    if lonely:
        documents[""] = DocumentAttributes.of(pair for case in lonely for pair in by_case[case])
    return documents, len(lonely)
