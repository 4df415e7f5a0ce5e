"""Notes in QDA tools: one that speaks of leaving takes its interview out; ordinary ones are one question."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd
import pytest
from factories import (
    KEY,
    codebook,
    guid,
    project,
    qdpx,
    qualcoder_project,
    selection,
    taguette_database,
    text_source,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.interviews.attributes import DocumentAttributes
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.readers import read_segments
from evaluation.interviews.segments import SegmentBatch

BOOK = codebook()
TEXT = "Jeg er gladere nu."
few = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
letters = st.text("bdfgjlmvyæøå ", min_size=0, max_size=8)
refusals = st.tuples(
    letters,
    st.sampled_from(
        [
            "slettes",
            "Slet",
            "SLETTET",
            "mor har trukket samtykket tilbage",
            "har fortrudt",
            "udgår",
            "vil ikke deltage",
        ]
    ),
    st.sampled_from(["", ".", " nu", "!"]),
).map(lambda parts: f"{parts[0]} {parts[1]}{parts[2]}")
ordinary = st.sampled_from(
    ["God samtale, lidt støj i baggrunden", "Se også gruppe 3 om frikvarter", "Lydfilen er slettet 12/9", "slet ikke enig",
     "Lydfil slettet efter udskrivning", "Tjek koden igen"]
)  # fmt: skip


def table(folder: Path, place: str, note: str) -> Path:
    path = folder / "p.csv"
    name = f"interview_07 ({note})" if place == "name" else "interview_07"
    code = note if place == "code" else "MP.MAAL"
    comment = note if place == "part" else ""
    lines = [f"{name};MP.TEGN.FALD;{TEXT};", f"{name};{code};Mere.;{comment}"]
    path.write_text("\n".join(["dokument;kode;tekst;comment", *lines]) + "\n", encoding="utf-8")
    return path


def refi(folder: Path, place: str, note: str) -> Path:
    fald = BOOK.get("MP.TEGN.FALD").guid
    hung = f'<NoteRef targetGUID="{guid("n")}"/>'
    code = guid("slet") if place == "code" else fald
    name = f"interview_07 ({note})" if place == "name" else "interview_07"
    extra = {"document": f"<Description>{escape(note)}</Description>", "note": hung}.get(place, "")
    inner = selection(0, 18, [fald]) + selection(0, 3, [code], tag="P")
    if place == "part":
        inner = inner.replace(
            "</PlainTextSelection>", f"<Description>{escape(note)}</Description></PlainTextSelection>", 1
        )
    root = project(
        text_source(name, inner, text=TEXT, extra=extra),
        codes=f'<Code guid="{fald}" name="MP.TEGN.FALD" isCodable="true"/>'
        f'<Code guid="{guid("slet")}" name={quoteattr(note)} isCodable="true"/>',
    )
    note_of_all = f"interview_07: {note}" if place == "nobody" else note
    content = f"<PlainTextContent>{escape(note_of_all)}</PlainTextContent>"
    if place in ("note", "nobody"):
        root = root.replace(
            "</Project>", f'<Notes><Note guid="{guid("n")}" name="Memo 1">{content}</Note></Notes></Project>'
        )
    return qdpx(folder / "p.qdpx", root)


def qualcoder(folder: Path, place: str, note: str) -> Path:
    label = note if place == "code" else "MP.MAAL"
    path = qualcoder_project(
        folder / "p.qda", TEXT, [("MP.TEGN.FALD", TEXT, 0, 18, "anna"), (label, "Jeg", 0, 3, "anna")]
    )
    with sqlite3.connect(path / "data.qda") as db:
        db.execute("DELETE FROM attribute")
        db.execute(
            "UPDATE source SET name = ?", [f"interview_07 ({note})" if place == "name" else "interview_07"]
        )
        db.execute("ALTER TABLE source ADD memo")
        db.execute("CREATE TABLE annotation(anid, fid, pos0, pos1, memo)")
        db.execute("CREATE TABLE journal(jid, name, jentry)")
        if place == "document":
            db.execute("UPDATE source SET memo = ?", [note])
        elif place == "part":
            db.execute("UPDATE code_text SET memo = ? WHERE pos1 = 3", [note])
        elif place == "note":
            db.execute("INSERT INTO annotation VALUES (1, 1, 0, 3, ?)", [note])
        elif place == "nobody":
            db.execute("INSERT INTO journal VALUES (1, 'dagbog', ?)", [f"interview_07: {note}"])
    db.close()
    return path


def rqda(folder: Path, place: str, note: str) -> Path:
    path = folder / "p.rqda"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE source(id, name, file, memo, status); CREATE TABLE freecode(id, name, status);"
            "CREATE TABLE coding(cid, fid, seltext, selfirst, selend, status, owner, memo);"
            "CREATE TABLE annotation(fid, position, annotation, status); CREATE TABLE journal(name, journal, status);"
        )
        name = f"interview_07 ({note})" if place == "name" else "interview_07"
        db.execute(
            "INSERT INTO source VALUES (1, ?, ?, ?, 1)", [name, TEXT, note if place == "document" else ""]
        )
        db.execute(
            "INSERT INTO freecode VALUES (1, 'MP.TEGN.FALD', 1), (2, ?, 1)",
            [note if place == "code" else "MP.MAAL"],
        )
        hung = note if place == "part" else ""
        db.execute("INSERT INTO coding VALUES (1, 1, ?, 0, 18, 1, 'anna', '')", [TEXT])
        db.execute("INSERT INTO coding VALUES (2, 1, 'Jeg', 0, 3, 1, 'anna', ?)", [hung])
        if place == "note":
            db.execute("INSERT INTO annotation VALUES (1, 0, ?, 1)", [note])
        if place == "nobody":
            db.execute("INSERT INTO journal VALUES ('dagbog', ?, 1)", [f"interview_07: {note}"])
    db.close()
    return path


def taguette(folder: Path, place: str, note: str) -> Path:
    label = note if place == "code" else "MP.MAAL"
    path = taguette_database(
        folder / "p.sqlite3", f"<p>{TEXT}</p>", [(0, 18, TEXT, "MP.TEGN.FALD"), (0, 3, "Jeg", label)]
    )
    with sqlite3.connect(path) as db:
        db.execute(
            "UPDATE documents SET name = ?", [f"interview_07 ({note})" if place == "name" else "interview_07"]
        )
        db.execute("ALTER TABLE documents ADD description")
        db.execute("ALTER TABLE projects ADD description")
        db.execute(
            "INSERT INTO projects VALUES (1, 'p', ?)", [f"interview_07: {note}" if place == "nobody" else ""]
        )
        if place == "document":
            db.execute("UPDATE documents SET description = ?", [note])
    db.close()
    return path


TOOLS: list[tuple[Callable[[Path, str, str], Path], tuple[str, ...]]] = [
    (table, ("name", "code", "part")),
    (refi, ("name", "code", "document", "part", "note", "nobody")),
    (qualcoder, ("name", "code", "document", "part", "note", "nobody")),
    (rqda, ("name", "code", "document", "part", "note", "nobody")),
    (taguette, ("name", "code", "document", "nobody")),
]
PLACES = [
    pytest.param(tool, place, id=f"{tool.__name__}-{place}") for tool, places in TOOLS for place in places
]


def read(path: Path, note: str = "", **answers: Any) -> SegmentBatch:
    yes = DocumentAttributes.of([("samtykke", "gyldigt")])
    names = ("interview 7", *((f"interview 7 {note}",) if note else ()))
    return read_segments(path, codebook=BOOK, key=KEY, documents=dict.fromkeys(names, yes), **answers)


@pytest.mark.parametrize(("tool", "place"), PLACES)
@few
@given(note=refusals)
def test_a_refusal_in_a_note_a_name_or_a_code_takes_the_interview_out_and_is_said(
    tool: Callable[[Path, str, str], Path], place: str, note: str, tmp_path_factory: Any
) -> None:
    batch = read(tool(tmp_path_factory.mktemp("p"), place, note))
    assert not len(with_valid_consent(batch.segments).segments)
    assert {"unread", "unknown_consent"} & {p.rule for p in batch.problems}


@pytest.mark.parametrize(("tool", "place"), [p for p in PLACES if p.values[1] not in ("name", "code")])
@few
@given(note=ordinary)
def test_an_ordinary_note_changes_no_coding_and_is_one_question_answered_once(
    tool: Callable[[Path, str, str], Path], place: str, note: str, tmp_path_factory: Any
) -> None:
    bare = read(tool(tmp_path_factory.mktemp("p"), place, ""))
    path = tool(tmp_path_factory.mktemp("p"), place, note)
    batch = read(path)
    pd.testing.assert_frame_equal(batch.segments, bare.segments)
    pd.testing.assert_frame_equal(batch.documents, bare.documents)
    assert [p.rule for p in batch.problems] == ["unread_notes"]
    assert "1 note" in batch.problems[0].found
    assert note not in str(batch.problems)
    assert not read(path, notes_read=1).problems


def test_a_note_on_leaving_that_names_nobody_is_asked_about_and_takes_nobody_out(tmp_path: Path) -> None:
    path = qualcoder(tmp_path, "nobody", "")
    with sqlite3.connect(path / "data.qda") as db:
        db.execute("UPDATE journal SET jentry = 'Husk: én af pigerne har trukket sig'")
    db.close()
    batch = read(path)
    assert [p.rule for p in batch.problems] == ["unread_notes", "note_of_nobody"]
    assert len(with_valid_consent(batch.segments).segments) == 2
    assert not read(path, notes_read=1).problems


@pytest.mark.parametrize(
    ("name", "is_asked"),
    [("interview_07 (mor)", False), ("interview_07 (2)", False), ("interview_07 (6. klasse)", False),
     ("interview_07 (ude)", True), ("interview_07 [må kasseres]", True)],
)  # fmt: skip
def test_a_remark_in_brackets_in_a_name_is_a_note(name: str, is_asked: bool, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"dokument;kode;tekst;samtykke\n{name};MP.TEGN.FALD;{TEXT};ja\n", encoding="utf-8")
    batch = read_segments(path, codebook=BOOK, key=KEY)
    assert [p.rule for p in batch.problems] == ["unread_notes"] * is_asked
    assert len(with_valid_consent(batch.segments).segments) == 1
