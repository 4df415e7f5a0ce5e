"""The most restrictive word on consent holds, wherever and in whatever order it is said."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from factories import (
    ROOT,
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

from evaluation.errors import InputError
from evaluation.interviews.attributes import DocumentAttributes, strictest
from evaluation.interviews.combine import combine
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.segments import SegmentBatch
from evaluation.interviews.side_tables import read_side_table

CASES = ROOT / "tests/data/interviews"
WORDS = {
    "gyldigt": "gyldigt",
    "Ja": "gyldigt",
    "mangler": "mangler",
    "nej": "mangler",
    "tilbagekaldt": "trukket_tilbage",
    "trukket tilbage": "trukket_tilbage",
    "ring til mor": "ukendt",
    "gyldigt?": "ukendt",
}
ORDER = ("trukket_tilbage", "mangler", "ukendt", "gyldigt")


def expected(words: Sequence[str]) -> str | None:
    """The rule once more, by hand."""
    return next((state for state in ORDER if state in {WORDS[w] for w in words}), None)


def csv(path: Path, words: Sequence[str]) -> Path:
    lines = "".join(f"gruppe;MP.MAAL;sætning {n};{word}\n" for n, word in enumerate(words))
    path.write_text("dokument;kode;tekst;samtykke\n" + lines, encoding="utf-8")
    return path


def refi(path: Path, said: Sequence[tuple[str, str]]) -> Path:
    """A project in which each word is said by a source's variable, a case, a case used as a code, a set or a code."""
    book, text, variable = codebook(), "Hun sagde ja. Han sagde nej.", guid("samtykke")
    own, cases, sets, codes, marks = "", "", "", "", [book.get("MP.MAAL").guid]
    codes += f'<Code guid="{book.get("MP.MAAL").guid}" name="MP.MAAL" isCodable="true"/>'
    for n, (kind, word) in enumerate(said):
        value = f'<VariableValue><VariableRef targetGUID="{variable}"/><TextValue>{word}</TextValue></VariableValue>'
        if kind == "source":
            own += value
        elif kind == "set":
            member = f'<MemberSource targetGUID="{guid("gruppe")}"/>'
            sets += f'<Set guid="{guid(f"set{n}")}" name="Samtykke: {word}">{member}</Set>'
        elif kind == "code":
            codes += f'<Code guid="{guid(f"code{n}")}" name="samtykke: {word}" isCodable="true"/>'
            marks.append(guid(f"code{n}"))
        else:
            points = f'<SourceRef targetGUID="{guid("gruppe")}"/>'
            if kind == "case code":
                codes += f'<Code guid="{guid(f"person{n}")}" name="Deltager {n}" isCodable="true"/>'
                marks.append(guid(f"person{n}"))
                points = f'<CodeRef targetGUID="{guid(f"person{n}")}"/>'
            cases += f'<Case guid="{guid(f"case{n}")}" name="Deltager {n}">{points}{value}</Case>'
    source = text_source("gruppe", selection(0, 13, marks), text=text, extra=own)
    declared = f'<Variable guid="{variable}" name="samtykke" typeOfVariable="Text"/>'
    return qdpx(path, project(source, codes=codes, cases=cases, variables=declared, sets=sets))


def qualcoder(path: Path, said: Sequence[tuple[str, str]]) -> Path:
    folder = qualcoder_project(path, "Hun sagde ja.", [("MP.MAAL", "Hun sagde ja.", 0, 13, "AB")])
    with sqlite3.connect(folder / "data.qda") as connection:
        connection.execute("DELETE FROM attribute WHERE name = 'samtykke' OR attr_type = 'case'")
        connection.execute("DELETE FROM case_text")
        for n, (kind, word) in enumerate(said, 100):
            owner = 1 if kind == "file" else n
            if kind == "case":
                connection.execute("INSERT INTO cases VALUES (?, ?)", [n, f"Deltager {n}"])
                connection.execute("INSERT INTO case_text VALUES (?, ?, 1, 0, 5)", [n, n])
            connection.execute(
                "INSERT INTO attribute (name, attr_type, value, id) VALUES ('samtykke', ?, ?, ?)",
                [kind, word, owner],
            )
    connection.close()
    return folder


def consent(batch: SegmentBatch) -> str | None:
    (word,) = batch.documents["consent"].tolist()
    return word if isinstance(word, str) else None


few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
words = st.lists(st.sampled_from(sorted(WORDS)), min_size=1, max_size=4)


@few
@given(words=words, data=st.data())
def test_permuted_rows_and_files_say_the_same(
    words: list[str], data: Any, tmp_path_factory: Any, read: Any
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    for turn, order in enumerate((words, data.draw(st.permutations(words)))):
        cut = data.draw(st.integers(0, len(order)))
        parts = [p for p in (order[:cut], order[cut:]) if p]
        once = max(
            map(len, parts)
        )  # the files' sentences have the same numbers, and the same in two files is one
        batches = [read(csv(folder / f"{turn}{n}.csv", part)) for n, part in enumerate(parts)]
        for files in itertools.permutations(batches):
            whole = combine(files)
            assert consent(whole) == expected(words)
            assert set(whole.segments["consent"]) == {expected(words)}
            is_in = expected(words) == "gyldigt"
            assert len(with_valid_consent(whole.segments).segments) == (once if is_in else 0)
            states = {WORDS[w] for w in words}
            # The same coding in two files, of whom nobody knows, is said by itself.
            of_consent = [p for p in whole.problems if p.rule != "coder_unknown"]
            assert bool(of_consent) == (len(states) > 1 or "ukendt" in states)


@few
@given(
    words=words,
    kinds=st.lists(st.sampled_from(["source", "case", "case code", "set", "code"]), min_size=4, max_size=4),
    data=st.data(),
)
def test_permuted_cases_sets_codes_and_variables_say_the_same(
    words: list[str], kinds: list[str], data: Any, tmp_path_factory: Any, read: Any
) -> None:
    folder = tmp_path_factory.mktemp("refi")
    said = list(zip(kinds, words, strict=False))
    for turn, order in enumerate((said, data.draw(st.permutations(said)))):
        batch = read(refi(folder / f"{turn}.qdpx", order))
        assert consent(batch) == expected(words), order
        assert batch.kept == 1


@few
@given(words=words, kinds=st.lists(st.sampled_from(["file", "case"]), min_size=4, max_size=4), data=st.data())
def test_permuted_attributes_of_a_qualcoder_project_say_the_same(
    words: list[str], kinds: list[str], data: Any, tmp_path_factory: Any, read: Any
) -> None:
    folder = tmp_path_factory.mktemp("qualcoder")
    said = list(zip(kinds, words, strict=False))
    for turn, order in enumerate((said, data.draw(st.permutations(said)))):
        assert consent(read(qualcoder(folder / f"{turn}.qda", order))) == expected(words)


@few
@given(words=words, side=st.sampled_from(sorted(WORDS)))
def test_a_side_table_makes_no_consent_better(
    words: list[str], side: str, tmp_path_factory: Any, read: Any
) -> None:
    folder = tmp_path_factory.mktemp("side")
    table = folder / "d.csv"
    table.write_text(f"document;samtykke\ngruppe;{side}\n", encoding="utf-8")
    batch = read(csv(folder / "c.csv", words), documents=read_side_table(table).documents)
    assert consent(batch) == expected([*words, side])


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("gyldigt_then_afslag.csv", "mangler"),
        ("gyldigt_then_mangler.csv", "mangler"),
        ("group_withdrawn_casecodes_12.qdpx", "trukket_tilbage"),
        ("group_withdrawn_second_sourceref.qdpx", "trukket_tilbage"),
        ("source_valid_case_withdrawn.qdpx", "trukket_tilbage"),
    ],
)
def test_a_document_with_one_no_is_out_and_it_is_said(name: str, word: str, read: Any) -> None:
    batch = read(CASES / name)
    assert consent(batch) == word
    assert with_valid_consent(batch.segments).segments.empty
    assert [p.rule for p in batch.problems] == ["two_consents"]


def test_somebody_of_whom_nothing_is_said_has_not_consented(tmp_path: Path, read: Any) -> None:
    folder = qualcoder(tmp_path / "p.qda", [("case", "gyldigt"), ("case", "")])
    batch = read(folder)
    assert consent(batch) == "ukendt"
    assert [p.rule for p in batch.problems] == ["silent_participant"]
    # A word about the whole document covers everybody in it; silence of all is no answer at all.
    assert (
        consent(read(qualcoder(tmp_path / "q.qda", [("case", "gyldigt"), ("case", ""), ("file", "ja")])))
        == "gyldigt"
    )
    silent = read(qualcoder(tmp_path / "r.qda", [("case", ""), ("case", "")]))
    assert (consent(silent), silent.problems) == (None, ())


@pytest.mark.parametrize(
    "name", ["uden samtykke", "Samtykke ikke indhentet", "med samtykke", "Må ikke bruges"]
)
def test_a_code_that_speaks_of_consent_in_its_own_way_is_asked_about(
    name: str, tmp_path: Path, read: Any
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        f"id,document,tag,content\n1,a,MP.MAAL,hej\n1,a,{name},hej\n2,a,samtykke: ja,hej\n", encoding="utf-8"
    )
    batch = read(path)
    assert consent(batch) == "ukendt"
    assert {p.rule for p in batch.problems} == {"unknown_consent"}
    assert name not in str(batch.problems)


@pytest.mark.parametrize("name", ["Trukket tilbage", "Tilbagekaldt", "trukket"])
def test_a_code_may_withdraw_without_the_word_consent(name: str, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        f"id,document,tag,content\n1,a,MP.MAAL,hej\n1,a,{name},hej\n2,a,samtykke: ja,hej\n", encoding="utf-8"
    )
    batch = read(path)
    assert consent(batch) == "trukket_tilbage"
    assert {p.rule for p in batch.problems} == {"two_consents"}


LOST_ROWS = (
    "dokument;kode;citat_godkendt;samtykke\na;MP.MAAL;;ja\na;;;WORD\n",
    "dokument;kode;citat_godkendt;samtykke\na;MP.MAAL;;ja\na;MP.MAAL;måske;WORD\n",
    "dokument;samtykke;MP.MAAL\na;ja;x\na;WORD;\n",
)


@pytest.mark.parametrize("text", LOST_ROWS)
def test_a_no_holds_on_a_row_that_is_no_coding(text: str, tmp_path: Path, read: Any) -> None:
    for word, result in (("nej", "mangler"), ("tilbagekaldt", "trukket_tilbage"), ("?", "ukendt")):
        path = tmp_path / "c.csv"
        path.write_text(text.replace("WORD", word), encoding="utf-8")
        batch = read(path)
        assert consent(batch) == result
        assert {p.rule for p in batch.problems} & {"two_consents", "unknown_consent"}
    # A yes on such a row makes nothing valid.
    path.write_text(text.replace("ja", "").replace("WORD", "gyldigt"), encoding="utf-8")
    assert consent(read(path)) is None


@dataclass(frozen=True)
class Said:
    """One coding of the interview "gruppe": its label, and whether its place is right (or its row fits)."""

    label: str
    is_placed: bool = True


HEAD = "Hun sagde ja."
RQDA = (
    "CREATE TABLE source (name text, id integer, file text, status integer);"
    "CREATE TABLE freecode (name text, id integer, status integer);"
    "CREATE TABLE coding (cid integer, fid integer, seltext text, selfirst real, selend real, status integer,"
    " owner text);"
)
REQUAL = (
    "CREATE TABLE projects (project_id INTEGER, project_name TEXT);"
    "CREATE TABLE documents (doc_id INTEGER, project_id INTEGER, doc_name TEXT, doc_text TEXT);"
    "CREATE TABLE codes (project_id INTEGER, code_id INTEGER, code_name TEXT);"
    "CREATE TABLE segments (project_id INTEGER, user_id INTEGER, doc_id INTEGER, code_id INTEGER,"
    " segment_id INTEGER, segment_start INTEGER, segment_end INTEGER, segment_text TEXT);"
)


def refi_of(path: Path, said: Sequence[Said]) -> Path:
    names = dict.fromkeys(one.label for one in said)
    codes = "".join(f'<Code guid="{guid(n)}" name="{n}" isCodable="true"/>' for n in names)
    inside = "".join(
        selection(*((0, 13) if one.is_placed else (90, 99)), [guid(one.label)], tag=f"S{n}")
        for n, one in enumerate(said)
    )
    return qdpx(path, project(text_source("gruppe", inside, text=HEAD), codes=codes))


def qualcoder_of(path: Path, said: Sequence[Said]) -> Path:
    places = {True: (0, 13), False: (900, 950)}
    folder = qualcoder_project(path, HEAD, [(one.label, HEAD, *places[one.is_placed], "AB") for one in said])
    with sqlite3.connect(folder / "data.qda") as base:
        base.execute("DELETE FROM attribute WHERE name = 'samtykke'")
    base.close()
    return folder


def taguette_of(path: Path, said: Sequence[Said]) -> Path:
    rows = [(0, 13 if one.is_placed else 99, HEAD, one.label) for one in said]
    return taguette_database(path, f"<p>{HEAD}</p>", rows)


def rqda_of(path: Path, said: Sequence[Said]) -> Path:
    with sqlite3.connect(path) as base:
        base.executescript(RQDA)
        base.execute("INSERT INTO source VALUES ('gruppe', 1, ?, 1)", [HEAD])
        for n, one in enumerate(said, 1):
            base.execute("INSERT INTO freecode VALUES (?, ?, 1)", [one.label, n])
            end = 13.0 if one.is_placed else 99.0
            base.execute("INSERT INTO coding VALUES (?, 1, ?, 0.0, ?, 1, 'AB')", [n, HEAD, end])
    base.close()
    return path


def requal_of(path: Path, said: Sequence[Said]) -> Path:
    with sqlite3.connect(path) as base:
        base.executescript(REQUAL)
        base.execute("INSERT INTO documents VALUES (1, 1, 'gruppe', ?)", [HEAD])
        for n, one in enumerate(said, 1):
            base.execute("INSERT INTO codes VALUES (1, ?, ?)", [n, one.label])
            end = 13 if one.is_placed else 99
            base.execute("INSERT INTO segments VALUES (1, 1, 1, ?, ?, 1, ?, ?)", [n, n, end, HEAD])
    base.close()
    return path


def highlights_of(path: Path, said: Sequence[Said]) -> Path:
    """Taguette's CSV: a row that does not fit is one whose text holds a comma and no quotation marks."""
    text = {True: HEAD, False: "Hun sagde, ja."}
    lines = "".join(f"{n},gruppe,{one.label},{text[one.is_placed]}\n" for n, one in enumerate(said))
    path.write_text("id,document,tag,content\n" + lines, encoding="utf-8")
    return path


def maxqda_of(path: Path, said: Sequence[Said]) -> Path:
    """MAXQDA's spreadsheet: a row that does not fit has a cell to the right of the headings."""
    book = openpyxl.Workbook()
    book.active.append(["Document name", "Code", "Segment", "Created by"])
    for one in said:
        book.active.append(["gruppe", one.label, HEAD, "AB", *([] if one.is_placed else ["en note"])])
    book.save(path)
    return path


def plain_of(path: Path, said: Sequence[Said]) -> Path:
    text = {True: HEAD, False: "Hun sagde; ja."}
    lines = "".join(f"gruppe;{one.label};{text[one.is_placed]};AB\n" for one in said)
    path.write_text("dokument;kode;tekst;koder\n" + lines, encoding="utf-8")
    return path


READERS: dict[str, Callable[[Path, Sequence[Said]], Path]] = {
    "p.qdpx": refi_of,
    "p.qda": qualcoder_of,
    "t.sqlite3": taguette_of,
    "p.rqda": rqda_of,
    "p.requal": requal_of,
    "h.csv": highlights_of,
    "m.xlsx": maxqda_of,
    "c.csv": plain_of,
}
LABELS: dict[str, str | None] = {f"samtykke: {word}": state for word, state in WORDS.items()} | {
    "MP.SAMTYKKE: nej": "ukendt",
    "Samtykke/nej": "ukendt",
    "MP.MAAL": None,
    "MP.SAMTYKKE": None,
    "MP.SAMTYKKE: positiv": None,
    "MP.SAMTYKKE: Samtykke og deling af oplysninger": None,
}
codings = st.lists(st.builds(Said, st.sampled_from(sorted(LABELS)), st.booleans()), max_size=4)


@pytest.mark.parametrize("name", READERS)
@few
@given(said=codings, data=st.data())
def test_in_every_reader_a_no_holds_wherever_it_is_set_and_in_whatever_order(
    name: str, said: list[Said], data: Any, tmp_path_factory: Any, read: Any
) -> None:
    """A coding whose place is wrong, or whose row does not fit, gives no consent and takes none back unheard."""
    whole = [Said("MP.MAAL"), *said]
    states = {LABELS[one.label] for one in said if one.is_placed or LABELS[one.label] != "gyldigt"} - {None}
    folder = tmp_path_factory.mktemp("reader")
    for turn, order in enumerate((whole, data.draw(st.permutations(whole)))):
        batch = read(READERS[name](folder / f"{turn}{name}", order))
        assert consent(batch) == next((state for state in ORDER if state in states), None)
        assert batch.quarantined >= sum(not one.is_placed for one in said)
        rules = {p.rule for p in batch.problems}
        assert ("unknown_consent" in rules) == ("ukendt" in states)


@pytest.mark.parametrize("name", ["p.qdpx", "p.qda", "p.rqda"])
def test_a_code_in_a_folder_on_consent_is_a_word_on_consent(name: str, tmp_path: Path, read: Any) -> None:
    said = [Said("MP.MAAL"), Said("nej"), Said("MP.SAMTYKKE")]
    if name == "p.qdpx":
        inner = "".join(f'<Code guid="{guid(one.label)}" name="{one.label}"/>' for one in said[1:])
        codes = f'<Code guid="{guid("MP.MAAL")}" name="MP.MAAL"/><Code guid="{guid("f")}" name="Samtykke">'
        inside = selection(0, 13, [guid(one.label) for one in said])
        source = text_source("gruppe", inside, text=HEAD)
        path = qdpx(tmp_path / name, project(source, codes=f"{codes}{inner}</Code>"))
    else:
        path = READERS[name](tmp_path / name, said)
        folders = (
            "CREATE TABLE code_cat (catid INTEGER, name TEXT); INSERT INTO code_cat VALUES (9, 'Samtykke');"
            "UPDATE code_name SET catid = 9 WHERE name <> 'MP.MAAL';"
            if path.is_dir()
            else "CREATE TABLE codecat (name text, catid integer, status integer);"
            "INSERT INTO codecat VALUES ('Samtykke', 9, 1);"
            "CREATE TABLE treecode (cid integer, catid integer, status integer);"
            "INSERT INTO treecode SELECT id, 9, 1 FROM freecode WHERE name <> 'MP.MAAL';"
        )
        with sqlite3.connect(path / "data.qda" if path.is_dir() else path) as base:
            base.executescript(folders)
        base.close()
    batch = read(path)
    assert consent(batch) == "ukendt"
    assert set(batch.segments["code"]) == {"MP.MAAL", "MP.SAMTYKKE"}
    assert {p.rule for p in batch.problems} == {"unknown_consent"}


COLUMNS = ("dokument", "kode", "retning", "koder", "tekst", "informant", "aargang", "samtykke")


@few
@given(columns=st.permutations(COLUMNS), word=st.sampled_from(sorted(WORDS)), pieces=st.integers(2, 4))
@pytest.mark.parametrize("cut", ["dokument", "tekst"])
def test_a_row_that_its_own_text_has_cut_is_put_together_to_hear_its_no(
    cut: str, columns: list[str], word: str, pieces: int, tmp_path_factory: Any, read: Any
) -> None:
    cells = ("gruppe", "MP.MAAL", "positiv", "AB", "hej", "elev", "6", "ja")
    whole = dict(zip(COLUMNS, cells, strict=True))
    long = ";".join("abcd"[:pieces])
    whole |= {"dokument": f'"{long}"'} if cut == "dokument" else {}
    broken = whole | {"samtykke": word, "tekst": "farvel", cut: long}
    path = tmp_path_factory.mktemp("cut") / "c.csv"
    lines = [columns, *([row[c] for c in columns] for row in (whole, whole, broken))]
    path.write_text("".join(";".join(line) + "\n" for line in lines), encoding="utf-8")
    batch = read(path)
    assert batch.quarantined == 1
    assert len(batch.documents) == 1
    assert consent(batch) == expected(["Ja", word])


@pytest.mark.parametrize("heading", ["samtykkestatus", "Samtykke trukket den", "consent"])
def test_a_second_column_on_consent_is_refused(heading: str, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "c.csv"
    path.write_text(f"dokument;kode;samtykke;{heading}\na;MP.MAAL;ja;nej\n", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        read(path)
    assert [p.rule for p in refusal.value.problems] == ["second_consent"]
    table = tmp_path / "d.csv"
    table.write_text(f"document;samtykke;{heading}\na;ja;nej\n", encoding="utf-8")
    with pytest.raises(InputError, match="problem"):
        read_side_table(table)
    path.write_text(f"dokument;kode;samtykke;{heading}\na;MP.MAAL;ja;\n", encoding="utf-8")
    assert consent(read(path)) == "gyldigt"


def test_the_spreadsheet_of_a_tool_keeps_its_column_on_consent(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "m.csv"
    path.write_text(
        "Document name;Code;Segment;Created by;Samtykke\na;MP.MAAL;hej;AB;trukket\n", encoding="utf-8"
    )
    assert consent(read(path)) == "trukket_tilbage"


def test_two_values_of_an_attribute_are_none_and_a_side_table_decides(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "dokument;kode;tekst;aargang;informant\na;MP.MAAL;x;6;elev\na;MP.MAAL;y;8;elev\n", encoding="utf-8"
    )
    batch = read(path)
    assert batch.segments["grade"].isna().all()
    assert set(batch.segments["informant"]) == {"elev"}
    assert [(p.column, p.rule) for p in batch.problems] == [("aargang", "two_attributes")]
    table = tmp_path / "d.csv"
    table.write_text("document;aargang\na;flere\n", encoding="utf-8")
    told = read(path, documents=read_side_table(table).documents)
    assert set(told.segments["grade"]) == {"flere"}
    assert [(p.column, p.rule) for p in told.problems] == [("aargang", "side_table")]
    other = tmp_path / "e.csv"
    other.write_text("dokument;kode;tekst;informant\na;MP.UFRIV;z;skoleledelse\n", encoding="utf-8")
    both = combine([told, read(other)])
    assert both.documents["informant"].isna().all()
    assert [p.rule for p in both.problems] == ["side_table", "two_attributes"]


def test_a_number_in_a_label_is_no_grade(read: Any) -> None:
    batch = read(CASES / "unknown_labels_400.csv")
    assert (batch.rows_in, batch.quarantined, batch.marks) == (400, 400, 0)


def test_words_are_joined_in_any_order() -> None:
    said = [
        DocumentAttributes.of([("samtykke", "ja"), ("informant", "elev")], ["AB"]),
        DocumentAttributes.of_participant([("samtykke", "nej")]),
        DocumentAttributes.of_participant([]),
    ]
    forms = set()
    for one, two, three in itertools.permutations(said):
        whole = one.joined(two).joined(three)
        forms.add(
            (
                tuple(sorted(whole.words.items())),
                whole.coders,
                whole.is_consent_its_own,
                whole.has_silent_participant,
            )
        )
    assert len(forms) == 1
    assert strictest([]) is None
    assert strictest(["gyldigt", "noget andet"]) == "ukendt"


HEADINGS = (
    "informant",
    "skole",
    "aargang",
    "nedslag",
    "form",
    "retning",
    "koder",
    "segment",
    "citat_godkendt",
    "start",
)
USUAL = dict(
    zip(HEADINGS, ("elev", "s1", "6", "baseline", "referat", "positiv", "AB", "1", "nej", ""), strict=True)
)
NO_WORDS = ("{} (mor har trukket samtykket)", "udgår", "{} – udgår", "Udgår – mor har sagt nej")
ASKED = ("6 – afslag", "mor siger stop", "{} (ring til far)", "?", "nej tak")


@few
@given(
    heading=st.sampled_from(HEADINGS),
    word=st.sampled_from([*NO_WORDS, *ASKED]),
    others=st.integers(0, 2),
    data=st.data(),
)
def test_a_value_of_any_known_column_that_is_not_understood_takes_its_interview_out(
    heading: str, word: str, others: int, data: Any, tmp_path_factory: Any, read: Any
) -> None:
    is_free = heading in (
        "segment",
        "citat_godkendt",
        "start",
    )  # anything may stand there but somebody's leaving
    is_out = not is_free or word in NO_WORDS
    odd = USUAL | {heading: word.format(USUAL[heading])}
    rows = [("a", USUAL)] * (1 + others) + [("a", odd), ("b", USUAL)]
    path = tmp_path_factory.mktemp("cell") / "c.csv"
    lines = [
        ";".join([name, "MP.MAAL", f"sætning {n}", *cells.values(), "ja"])
        for n, (name, cells) in enumerate(data.draw(st.permutations(rows)))
    ]
    path.write_text("\n".join([f"dokument;kode;tekst;{';'.join(HEADINGS)};samtykke", *lines]) + "\n", "utf-8")
    batch = read(path, schools={"Nordskolen": "s1"})
    in_force = with_valid_consent(batch.segments).segments
    assert in_force["document_id"].nunique() == (1 if is_out else 2)
    assert sorted(batch.documents["consent"]) == (["gyldigt", "ukendt"] if is_out else ["gyldigt", "gyldigt"])
    asked = {p.rule for p in batch.problems} & {
        *("unknown_attribute", "interview_school", "interview_grade", "interview_occasion"),
        *("unknown_consent", "unread"),
    }
    assert bool(asked) == is_out
    assert "mor" not in " ".join(str(p) for p in batch.problems)


def test_what_stands_for_a_known_value_is_answered_in_the_side_table_or_the_mapping(
    tmp_path: Path, read: Any
) -> None:
    path, side = tmp_path / "c.csv", tmp_path / "d.csv"
    path.write_text("dokument;kode;aargang;koder;samtykke\na;MP.MAAL;7;anna fra u34;ja\n", encoding="utf-8")
    side.write_text("document;aargang\na;flere\n", encoding="utf-8")
    told = read_side_table(side).documents
    assert consent(read(path)) == consent(read(path, documents=told)) == "ukendt"
    assert consent(read(path, documents=told, ignored=["koder"])) == "gyldigt"


SPELLINGS = ("Elev 01", "elev-01", "elev_1", "ELEV1", "elev 1.docx", "Elev  01.txt")
COPIES = ("{} (rettet)", "{} – kopi", "kopi af {}", "{} (2)", "{} v2", "{}_ny.docx")


@few
@given(
    names=st.lists(st.sampled_from(SPELLINGS), min_size=2, max_size=2),
    copy=st.sampled_from(["{}", *COPIES]),
    state=st.sampled_from(["trukket tilbage", "nej", "ring til mor", "ja"]),
    is_in_one_file=st.booleans(),
)
def test_a_no_is_heard_under_a_name_that_is_nearly_the_same(
    names: list[str], copy: str, state: str, is_in_one_file: bool, tmp_path_factory: Any, read: Any
) -> None:
    folder, other = tmp_path_factory.mktemp("near"), copy.format(names[1])
    rows = [f"{names[0]};MP.MAAL;hej;ja\nElev 11;MP.MAAL;hej;ja\n", f"{other};MP.MAAL;farvel;{state}\n"]
    parts = ["".join(rows)] if is_in_one_file else rows
    for n, part in enumerate(parts):
        (folder / f"{n}.csv").write_text("dokument;kode;tekst;samtykke\n" + part, encoding="utf-8")
    whole = combine([read(folder / f"{n}.csv") for n in range(len(parts))])
    valid = set(whole.documents.loc[whole.documents["consent"] == "gyldigt", "document_id"])
    is_kept = state == "ja"
    assert len(valid) == (1 + (1 if copy == "{}" else 2) if is_kept else 1)
    assert ("near_interview" in {p.rule for p in whole.problems}) == (not is_kept and copy != "{}")


def test_a_name_that_is_another_s_beginning_is_answered_in_the_mapping(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "c.csv"
    path.write_text("dokument;kode;samtykke\nElev 1;MP.MAAL;nej\nElev 1-2;MP.MAAL;ja\n", encoding="utf-8")
    assert "gyldigt" not in set(combine([read(path)]).documents["consent"])
    assert "gyldigt" in set(combine([read(path, ignored=["elev 1 – 2"])]).documents["consent"])
