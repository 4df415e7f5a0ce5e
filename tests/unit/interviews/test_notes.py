"""Notes in QDA tools: one that speaks of leaving takes its interview out; ordinary ones are one question."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import openpyxl
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
from openpyxl.comments import Comment

from evaluation.interviews.attributes import DocumentAttributes
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.notes import Notes
from evaluation.interviews.qdc_text import description, plain_description
from evaluation.interviews.readers import read_segments
from evaluation.interviews.segments import SegmentBatch
from evaluation.interviews.taguette import taguette_codebook
from evaluation.interviews.understanding import Understanding, speaks_of_consent
from evaluation.questions.voices import codebook_of
from evaluation.study import load_study

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
    answered = [batch.problems[0].expected.split('"')[1]]
    assert not read(path, notes_read=answered).problems
    other = tool(tmp_path_factory.mktemp("p"), place, f"{note}, og mere")
    assert [p.rule for p in read(other, notes_read=answered).problems] == ["unread_notes"]


def test_a_note_on_leaving_that_names_nobody_is_asked_about_and_takes_nobody_out(tmp_path: Path) -> None:
    path = qualcoder(tmp_path, "nobody", "")
    with sqlite3.connect(path / "data.qda") as db:
        db.execute("UPDATE journal SET jentry = 'Husk: én af pigerne har trukket sig'")
    db.close()
    batch = read(path)
    assert [p.rule for p in batch.problems] == ["unread_notes", "note_of_nobody"]
    assert len(with_valid_consent(batch.segments).segments) == 2
    assert not read(path, notes_read=[batch.problems[0].expected.split('"')[1]]).problems


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


YES = [
    "samtykke modtaget fra mor",
    "Forældre har givet samtykke 12/11",
    "Samtykkeerklæring underskrevet, ligger i mappen",
    "Samtykke ok",
    "God samtale. Mor har givet samtykke d. 12. nov 2026. Husk at spørge læreren",
    "samtykke modtaget fra Lise 12/11",
    "Consent received from mother",
    "Anna Jensen:\nForældresamtykke afleveret",
]
EVERYDAY = [
    *YES,
    "lydfil slettes efter udskrift",
    "Slet lydfilen efter udskrift",
    "husk at spørge læreren",
    "Se også gruppe 3",
]


@pytest.mark.parametrize(("tool", "place"), [p for p in PLACES if p.values[1] not in ("name", "code")])
@few
@given(note=st.sampled_from(EVERYDAY))
def test_a_plain_yes_and_everyday_notes_take_nobody_out_and_give_no_consent(
    tool: Callable[[Path, str, str], Path], place: str, note: str, tmp_path_factory: Any
) -> None:
    path = tool(tmp_path_factory.mktemp("p"), place, note)
    bare = read(tool(tmp_path_factory.mktemp("p"), place, ""))
    batch = read(path)
    pd.testing.assert_frame_equal(batch.segments, bare.segments)
    assert [p.rule for p in batch.problems] == ["unread_notes"]
    silent = read_segments(path, codebook=BOOK, key=KEY)
    assert not len(with_valid_consent(silent.segments).segments)


UNCLEAR = [
    "samtykke fra mor, far skal spørges",
    "2/3 forældre har givet samtykke",
    "har mor givet samtykke",
    "Samtykke modtaget?",
    "venter på samtykke",
    "samtykke givet til lyd, nej til citat",
    "Samtykke modtaget fra mor. Men hun vil alligevel tænke over det",
    "samtykke fra mor i orden, fra far Nej",
    "samtykke kasseret",
    "Samtykke givet. Slettes",
]


@pytest.mark.parametrize(("tool", "place"), [p for p in PLACES if p.values[1] in ("document", "part")])
@few
@given(note=st.sampled_from(UNCLEAR))
def test_what_is_no_plain_yes_is_one_question_that_one_line_answers_and_another_note_asks_again(
    tool: Callable[[Path, str, str], Path], place: str, note: str, tmp_path_factory: Any
) -> None:
    path = tool(tmp_path_factory.mktemp("p"), place, note)
    batch = read(path)
    assert not len(with_valid_consent(batch.segments).segments)
    (asked,) = [p for p in batch.problems if p.rule == "unread"]
    assert note not in str(batch.problems)
    answered = read(path, ignored=[asked.column])
    assert len(with_valid_consent(answered.segments).segments)
    other = read(tool(tmp_path_factory.mktemp("p"), place, f"{note}!!x"), ignored=[asked.column])
    assert not len(with_valid_consent(other.segments).segments)


yes_words = st.sampled_from(YES)


@settings(max_examples=150, deadline=None)
@given(
    yes=yes_words,
    no=refusals,
    where=st.sampled_from(["before", "behind", "between"]),
    by=st.sampled_from([" ", ", ", ". "]),
)
def test_a_yes_with_a_refusal_near_is_none(yes: str, no: str, where: str, by: str) -> None:
    words = yes.split(" ")
    text = {
        "before": f"{no}{by}{yes}",
        "behind": f"{yes}{by}{no}",
        "between": " ".join([*words[:1], no, *words[1:]]),
    }[where]
    assert Understanding.of(BOOK).of_memo(text)


@pytest.mark.parametrize(
    ("said", "is_yes"),
    [
        *(
            (word, True)
            for word in ("Ja, fra mor 12/11", "underskrevet", "OK", "modtaget d. 3. nov", "Ja (mor og far)")
        ),
        *(
            (word, False)
            for word in (
                "ja til lyd",
                "ja, men ikke citat",
                "12/11",
                "ja?",
                "måske",
                "ikke modtaget",
                "1 af 2 givet",
            )
        ),
    ],
)
def test_a_consent_in_the_words_people_use(said: str, is_yes: bool, tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    path.write_text(f"dokument;kode;tekst;samtykke\na;MP.TEGN.FALD;{TEXT};{said}\n", encoding="utf-8")
    batch = read_segments(path, codebook=BOOK, key=KEY)
    assert len(with_valid_consent(batch.segments).segments) == is_yes
    assert [p.rule for p in batch.problems] == ["unknown_consent"] * (not is_yes)


def test_a_note_on_a_cell_is_read_where_it_hangs(tmp_path: Path) -> None:
    def with_notes(**notes: str) -> Path:
        book = openpyxl.Workbook()
        for line in (
            ["dokument", "kode", "tekst", "samtykke"],
            ["a", "MP.MAAL", TEXT, "ja"],
            ["b", "MP.MAAL", TEXT, "ja"],
        ):
            book.active.append(line)
        for cell, text in notes.items():
            book.active[cell].comment = Comment(text, "AB")
        book.save(tmp_path / "p.xlsx")
        return tmp_path / "p.xlsx"

    def kept(path: Path) -> tuple[int, list[str]]:
        batch = read_segments(path, codebook=BOOK, key=KEY)
        return len(with_valid_consent(batch.segments).segments), [p.rule for p in batch.problems]

    assert kept(with_notes(C2="samtykke modtaget fra mor", B3="tjek koden")) == (2, ["unread_notes"])
    assert kept(with_notes(A1="navnene er ændret")) == (2, ["unread_notes"])
    assert kept(with_notes(C2="mor har trukket sit samtykke")) == (1, ["unread"])
    assert kept(with_notes(A1="en af dem har trukket sig")) == (2, ["unread_notes", "note_of_nobody"])


def by_a_code(tool: str, folder: Path, words: str) -> Path:
    """A project in which something stands by a code, or is the project's name."""
    folder.mkdir()
    if tool == "refi":
        path = refi(folder, "document", "")
        fald = BOOK.get("MP.TEGN.FALD").guid
        about = f"<Description>{escape(words)}</Description>"
        described = f'<Code guid="{fald}" name="MP.TEGN.FALD" isCodable="true">{about}</Code>'
        root = project(text_source("interview_07", selection(0, 18, [fald]), text=TEXT), codes=described)
        return qdpx(path, root)
    if tool == "qualcoder":
        path = qualcoder(folder, "", "")
        with sqlite3.connect(path / "data.qda") as db:
            if "memo" not in [c[1] for c in db.execute("PRAGMA table_info(code_name)")]:
                db.execute("ALTER TABLE code_name ADD memo")
            db.execute("UPDATE code_name SET memo = ? WHERE cid = 1", [words])
        db.close()
        return path
    path = taguette(folder, "", "")
    with sqlite3.connect(path) as db:
        if tool == "taguette-project":
            db.execute("UPDATE projects SET name = ?", [words])
        else:
            db.execute("UPDATE tags SET description = ?", [words])
    db.close()
    return path


@pytest.mark.parametrize("tool", ["refi", "qualcoder", "taguette", "taguette-project"])
def test_a_refusal_by_a_code_or_in_the_projects_name_is_heard_and_the_codebooks_own_words_are_not(
    tool: str, tmp_path: Path
) -> None:
    """Every code is described: only words on consent that the codebook does not have are asked about."""
    whole = read(by_a_code(tool, tmp_path / "a", "Hvad eleven siger om skolen"))
    assert not whole.problems
    described = {line for code in BOOK.codes for line in description(code).splitlines()}
    for n, words in enumerate(sorted(line for line in described if "samtykke" in line.casefold())[:4]):
        assert not read(by_a_code(tool, tmp_path / f"b{n}", words)).problems, words
    part = sorted({w for line in described for w in line.split() if speaks_of_consent(w)})[:3]
    assert part
    for n, word in enumerate(part):  # a word of the codebook that stands alone is somebody's note
        alone = read(by_a_code(tool, tmp_path / f"e{n}", word))
        assert "note_of_nobody" in {p.rule for p in alone.problems}, word
    asked = read(by_a_code(tool, tmp_path / "c", "mor har trukket samtykket tilbage"))
    assert "note_of_nobody" in {p.rule for p in asked.problems}
    named = read(by_a_code(tool, tmp_path / "d", "interview_07 mor har trukket samtykket tilbage"))
    assert len(with_valid_consent(named.segments).segments) == 0


@pytest.mark.parametrize("study", ["kom_glad_i_skole"])
def test_the_codebook_that_a_tool_has_taken_in_is_no_note(study: str, tmp_path: Path) -> None:
    """Every code as komglad's own export describes it, those on consent among them."""
    book = codebook_of(load_study(study))
    exported = csv.DictReader(io.StringIO(taguette_codebook(book).decode("utf-8-sig")))
    path = taguette(tmp_path, "", "")
    with sqlite3.connect(path) as db:
        for n, row in enumerate(exported, 100):
            db.execute(
                "INSERT INTO tags(id, project_id, path, description) VALUES (?, 1, ?, ?)",
                [n, row["tag"], row["description"]],
            )
    db.close()
    yes = DocumentAttributes.of([("samtykke", "gyldigt")])
    whole = read_segments(path, codebook=book, key=KEY, documents={"interview 7": yes})
    assert not whole.problems
    assert len(with_valid_consent(whole.segments).segments) == 2
    for code in book.codes:
        unread = Notes(Understanding(book))
        for words in (description(code), plain_description(code), code.definition):
            unread.of_code(words)
        assert not unread.unread, code.id
