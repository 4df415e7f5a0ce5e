"""A withdrawal planted where nobody may look is never followed by used words: the interview is out, or the file refused.

Names, headings and the case of letters are drawn here; no list of the product's is imported.
"""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import lxml.etree
import openpyxl
import pytest
from factories import KEY, codebook, guid, project, qdpx, qualcoder_project, selection, text_source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment

from evaluation.errors import InputError
from evaluation.interviews.attributes import DocumentAttributes
from evaluation.interviews.combine import combine
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.readers import read_segments
from evaluation.interviews.segments import SegmentBatch
from evaluation.interviews.side_tables import read_side_table, side_tables_of

BOOK = codebook()
TEXT = "Jeg er gladere nu."
few = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
letters = st.text("bdfgjlmvyæøå ", min_size=0, max_size=8)


def any_case(word: str) -> st.SearchStrategy[str]:
    return st.lists(st.booleans(), min_size=len(word), max_size=len(word)).map(
        lambda ups: "".join(c.upper() if up else c for c, up in zip(word, ups, strict=True))
    )


about_consent = st.tuples(
    letters,
    st.sampled_from(["samtykke", "consent"]).flatmap(any_case),
    st.sampled_from(["", " (", "_", "-"]),
    letters,
).map(lambda parts: f"{parts[0]}{parts[1]}{parts[2]}{parts[3]}x")
"""A variable's name that holds the stem of consent and is not the codebook's attribute."""
answers = st.sampled_from(["nej", "Nej", "trukket tilbage", "12-11-2026", "x", "ja", "0"])
planted = st.one_of(
    st.tuples(about_consent, answers),
    st.tuples(
        letters.map(lambda t: f"v{t}"),
        st.sampled_from(["samtykke trukket", "Trukket tilbage", "nej", "010114-4001"]),
    ),
)
"""A name and a value of which at least one may be a no, or ties the interview to a child."""


def read_all(path: Path, **answers: Any) -> SegmentBatch:
    documents: dict[str, DocumentAttributes] = {}
    for side in side_tables_of(path):
        for name, about in read_side_table(side).documents.items():
            documents[name] = documents.get(name, DocumentAttributes()).joined(about)
    return read_segments(path, codebook=BOOK, key=KEY, documents=documents, **answers)


def used(path: Path, **answers: Any) -> int | None:
    """Rows that would be used; ``None`` when the file is refused."""
    try:
        batch = read_all(path, **answers)
    except InputError:
        return None
    kept = len(with_valid_consent(batch.segments).segments)
    assert kept or batch.problems  # never silent
    return kept


def says_yes(path: Path, document: str = "elev_01") -> Path:
    """With a side table that says yes, and nothing else."""
    side = path.parent / f"{path.stem}.dokumenter.csv"
    side.write_text(f"document;samtykke\n{document};gyldigt\n", encoding="utf-8")
    return path


def rqda(folder: Path, kind: str, name: str, value: str) -> Path:
    path = folder / "p.rqda"
    with sqlite3.connect(path) as db:
        db.executescript(
            "CREATE TABLE source(id, name, file, status); CREATE TABLE freecode(id, name, status);"
            "CREATE TABLE coding(cid, fid, seltext, selfirst, selend, status, owner);"
            "CREATE TABLE fileAttr(variable, value, fileID, status); CREATE TABLE caseAttr(variable, value, caseID, status);"
            "CREATE TABLE cases(name, id, status); CREATE TABLE caselinkage(caseid, fid, status);"
            "CREATE TABLE filecat(name, catid, status); CREATE TABLE treefile(fid, catid, status);"
        )
        db.execute("INSERT INTO source VALUES (1, 'elev_01.txt', ?, 1)", [TEXT])
        db.execute("INSERT INTO freecode VALUES (1, 'MP.TEGN.FALD', 1)")
        db.execute("INSERT INTO coding VALUES (1, 1, ?, 0, 18, 1, 'anna')", [TEXT])
        db.execute("INSERT INTO cases VALUES (?, 1, 1)", [f"{name}: {value}" if kind == "case name" else "E"])
        db.execute("INSERT INTO caselinkage VALUES (1, 1, 1)")
        if kind in ("file", "case"):
            db.execute(f"INSERT INTO {kind}Attr VALUES (?, ?, 1, 1)", [name, value])
        if kind == "group":
            db.execute("INSERT INTO filecat VALUES (?, 1, 1)", [f"{name}: {value}"])
            db.execute("INSERT INTO treefile VALUES (1, 1, 1)")
    db.close()
    return says_yes(path)


def qualcoder(folder: Path, kind: str, name: str, value: str) -> Path:
    path = qualcoder_project(folder / "p.qda", TEXT, [("MP.TEGN.FALD", TEXT, 0, 18, "anna")])
    with sqlite3.connect(path / "data.qda") as db:
        ((document,),) = db.execute("SELECT name FROM source").fetchall()
        db.execute("DELETE FROM attribute")
        if kind == "case name":
            db.execute("UPDATE cases SET name = ?", [f"{name}: {value}"])
        elif kind in ("file", "case"):
            owner = db.execute("SELECT caseid FROM case_text").fetchone()[0] if kind == "case" else 1
            row = [name, kind, value, owner]
            db.execute("INSERT INTO attribute (name, attr_type, value, id) VALUES (?, ?, ?, ?)", row)
    db.close()
    says_yes(path, document)
    return path


def refi(folder: Path, kind: str, name: str, value: str) -> Path:
    variable, label = guid("v"), quoteattr(f"{name}: {value}")
    said = (
        f'<VariableValue><VariableRef targetGUID="{variable}"/><TextValue>{value}</TextValue></VariableValue>'
    )
    points = f'<SourceRef targetGUID="{guid("elev_01")}"/>'
    case_name = label if kind == "case name" else '"E"'
    case = f'<Case guid="{guid("c")}" name={case_name}>{said if kind == "case" else ""}{points}</Case>'
    group = f'<Set guid="{guid("s")}" name={label}><MemberSource targetGUID="{guid("elev_01")}"/></Set>'
    source = text_source(
        "elev_01",
        selection(0, 18, [BOOK.get("MP.TEGN.FALD").guid]),
        text=TEXT,
        extra=said if kind == "file" else "",
    )
    root = project(
        source,
        book=BOOK,
        variables=f'<Variable guid="{variable}" name={quoteattr(name)} typeOfVariable="Text"/>',
        cases=case,
        sets=group if kind == "group" else "",
    )
    return says_yes(qdpx(folder / "p.qdpx", root))


def rows(folder: Path, head: list[str], *lines: list[str]) -> Path:
    book = openpyxl.Workbook()
    for line in (head, *lines):
        book.active.append(line)
    book.save(folder / "p.xlsx")
    return says_yes(folder / "p.xlsx")


def sheet(folder: Path, kind: str, name: str, value: str) -> Path:
    head = ["dokument", "kode", "tekst", *(["koder"] if kind == "case" else [])]
    line = ["elev_01", "MP.TEGN.FALD", TEXT, *(["AB"] if kind == "case" else [])]
    if kind == "group":  # MAXQDA
        head, line = (
            ["Document name", "Code", "Segment", "Created by"],
            ["elev_01", "MP.TEGN.FALD", TEXT, "AB"],
        )
    if kind == "case name":  # the headings of Taguette
        head, line = ["id", "document", "tag", "content"], ["1", "elev_01", "MP.TEGN.FALD", TEXT]
    return rows(folder, [name, *head], [value, *line])


@pytest.mark.parametrize("tool", [rqda, qualcoder, refi, sheet])
@few
@given(plant=planted, data=st.data())
def test_what_may_be_a_consent_is_one_that_nobody_understands(
    tool: Callable[[Path, str, str, str], Path], plant: tuple[str, str], data: Any, tmp_path_factory: Any
) -> None:
    kind = data.draw(st.sampled_from(["file", "case"]), label="kind")
    assert not used(tool(tmp_path_factory.mktemp("p"), kind, *plant))


@pytest.mark.parametrize("tool", [rqda, refi, qualcoder, sheet])
@pytest.mark.parametrize("kind", ["case name", "group"])
@few
@given(name=about_consent, value=answers)
def test_names_of_cases_and_groups_speak_of_consent_too(
    tool: Callable[[Path, str, str, str], Path], kind: str, name: str, value: str, tmp_path_factory: Any
) -> None:
    if (tool, kind) != (qualcoder, "group"):  # QualCoder has none
        assert not used(tool(tmp_path_factory.mktemp("p"), kind, name, value))


leaving = st.sampled_from(["Udgår", "fortrudt", "Mor har sagt fra", "STATUS", "Går i SFO", "kohort"])
unknown = st.one_of(leaving, st.text("bdfgjlmvyæøå", min_size=4, max_size=9).map(lambda t: f"zq{t}"))
"""Names of variables and groups that no codebook and no tool has."""
said = st.sampled_from(["12-11", "ja", "mor har sagt fra", "gyldig", "x", "3", "billedkunst"])


@pytest.mark.parametrize("tool", [rqda, qualcoder, refi, sheet])
@pytest.mark.parametrize("kind", ["file", "case", "group"])
@few
@given(name=unknown, value=said)
def test_what_nobody_understands_takes_the_interview_out_until_it_is_answered(
    tool: Any, kind: str, name: str, value: str, tmp_path_factory: Any
) -> None:
    if (tool, kind) == (qualcoder, "group"):  # QualCoder has none
        return
    path = tool(tmp_path_factory.mktemp("p"), kind, name, value)
    assert not used(path)
    shown = f"{name}: {value}" if kind == "group" and tool in (rqda, refi) else name
    assert used(path, ignored=[shown.upper()]) == 1
    if kind != "group":
        assert used(path, roles={name: "samtykke"}) == (1 if value in ("ja", "gyldig") else 0)


@pytest.mark.parametrize("tool", [rqda, qualcoder, refi, sheet])
@pytest.mark.parametrize(
    ("name", "value", "is_in"),
    [
        ("Alder", "12", True),
        ("Alder", "mor har sagt fra", False),
        ("Varighed", "45 min", True),
        ("Køn", "pige", True),
        ("Køn", "nej", False),
        ("Interviewer", "Anna", True),
        ("Interviewer", "har fortrudt", False),
        ("Dato", "12-11-2026", True),
    ],
)
def test_what_only_describes_takes_nobody_out(
    tool: Any, name: str, value: str, is_in: bool, tmp_path: Path
) -> None:
    assert used(tool(tmp_path, "file", name, value)) == int(is_in)


@pytest.mark.parametrize(
    ("group", "is_in"),
    [("Elever", True), ("Interviews", True), ("Gruppe 3", True), ("6. klasse", True), ("Udgår", False), ("Ude", False),
     ("Elever uden", False)],
)  # fmt: skip
def test_a_group_whose_words_are_all_known_takes_nobody_out(group: str, is_in: bool, tmp_path: Path) -> None:
    root = refi_root(sets=f'<Set guid="{guid("s")}" name="{group}">{MEMBER}</Set>')
    assert used(says_yes(qdpx(tmp_path / "p.qdpx", root))) == int(is_in)


MEMBER = f'<MemberSource targetGUID="{guid("elev_01")}"/>'
SAID = f'<VariableValue><VariableRef targetGUID="{guid("v")}"/><TextValue>trukket tilbage</TextValue></VariableValue>'


def refi_root(cases: str = "", sets: str = "", inside: str = "", codes: str = "", coded: str = "") -> str:
    """A project with two interviews; something is said of nobody, or of somebody in the first."""
    fald = BOOK.get("MP.TEGN.FALD").guid
    marks = [fald, *([coded] if coded else [])]
    first = text_source("elev_01", selection(0, 18, marks), text=TEXT, extra=inside)
    other = text_source("voksen_02", selection(0, 18, [fald], tag="O"), text=TEXT)
    own = f'<Code guid="{fald}" name="MP.TEGN.FALD" isCodable="true"/>{codes}'
    variable = f'<Variable guid="{guid("v")}" name="samtykke" typeOfVariable="Text"/>'
    return project(first + other, codes=own, cases=cases, sets=sets, variables=variable)


def case_of(name: str, inner: str) -> str:
    return f'<Case guid="{guid(name)}" name="{name}">{inner}</Case>'


REF = f'<SourceRef targetGUID="{guid("elev_01")}"/>'
PERSON = f'<Code guid="{guid("person")}" name="Deltager" isCodable="true"/>'
TIES: dict[str, dict[str, str]] = {
    "its source": {"cases": case_of("c", SAID + REF)},
    "a part of its source": {
        "cases": case_of("c", SAID + f'<SourceRef targetGUID="{guid("part")}"/>'),
        "inside": f'<Representation guid="{guid("part")}" name="udskrift"/>',
    },
    "a value on a part of the source": {"inside": f'<Representation guid="{guid("part")}">{SAID}</Representation>'},
    "a case in the case": {"cases": case_of("c", SAID + f'<CodeRef targetGUID="{guid("d")}"/>') + case_of("d", REF)},
    "a nested case": {"cases": case_of("c", SAID + case_of("d", REF))},
    "the case it is in": {"cases": case_of("c", REF + case_of("d", SAID))},
    "the case it is in by name": {"cases": case_of("c", REF + f'<CodeRef targetGUID="{guid("d")}"/>') + case_of("d", SAID)},
    "a ring of cases": {"cases": case_of("c", SAID + f'<CodeRef targetGUID="{guid("d")}"/>')
                        + case_of("d", REF + f'<CodeRef targetGUID="{guid("c")}"/>')},
    "a group of cases": {"sets": f'<Set guid="{guid("s")}" name="Udgår"><MemberCode targetGUID="{guid("c")}"/></Set>',
                         "cases": case_of("c", REF)},
    "a group of codes that are cases": {
        "sets": f'<Set guid="{guid("s")}" name="Udgår"><MemberCode targetGUID="{guid("person")}"/></Set>',
        "cases": case_of("c", f'<CodeRef targetGUID="{guid("person")}"/>'), "codes": PERSON, "coded": guid("person")},
    "a code": {"cases": case_of("c", SAID + f'<CodeRef targetGUID="{guid("person")}"/>'), "codes": PERSON,
               "coded": guid("person")},
    "the name of a case": {"cases": case_of("Har fortrudt", REF)},
    "a memo on the source": {"inside": "<Description>Mor har trukket sit ja</Description>"},
}  # fmt: skip
LOST = {
    "no source": {"cases": case_of("c", SAID)},
    "a source without an id": {"cases": case_of("c", SAID + "<SourceRef/>")},
    "a source that is not there": {"cases": case_of("c", SAID + REF + f'<SourceRef targetGUID="{guid("gone")}"/>')},
    "a group with a source that is not there": {
        "sets": f'<Set guid="{guid("s")}" name="Udgår"><MemberSource targetGUID="{guid("gone")}"/></Set>'},
    "a case in a case that is not there": {"cases": case_of("c", SAID + f'<CodeRef targetGUID="{guid("gone")}"/>')},
}  # fmt: skip
NOBODY = {
    "a sibling": {"cases": case_of("c", case_of("d", SAID + REF) + case_of("e", ""))},
    "a group of codes": {"sets": f'<Set guid="{guid("s")}" name="Mine koder">'
                         f'<MemberCode targetGUID="{BOOK.get("MP.TEGN.FALD").guid}"/></Set>'},
    "an empty group": {"sets": f'<Set guid="{guid("s")}" name="Udgår"/>'},
}  # fmt: skip


@pytest.mark.parametrize("tie", TIES)
def test_a_no_holds_for_the_document_it_is_tied_to_and_for_no_other(tie: str, tmp_path: Path) -> None:
    path = qdpx(tmp_path / "p.qdpx", refi_root(**TIES[tie]))
    (tmp_path / "dokumenter.csv").write_text(
        "document;samtykke\nelev_01;ja\nvoksen_02;ja\n", encoding="utf-8"
    )
    assert used(path) == 1
    out = read_all(path).documents.set_index("consent")["segments"]
    assert out["gyldigt"] == 1


@pytest.mark.parametrize("tie", LOST)
def test_a_no_whose_document_is_lost_holds_for_all(tie: str, tmp_path: Path) -> None:
    path = qdpx(tmp_path / "p.qdpx", refi_root(**LOST[tie]))
    (tmp_path / "dokumenter.csv").write_text(
        "document;samtykke\nelev_01;ja\nvoksen_02;ja\n", encoding="utf-8"
    )
    assert used(path) == 0


@pytest.mark.parametrize("case", NOBODY)
def test_a_no_about_others_takes_nobody_out(case: str, tmp_path: Path) -> None:
    path = qdpx(tmp_path / "p.qdpx", refi_root(**NOBODY[case]))
    (tmp_path / "dokumenter.csv").write_text(
        "document;samtykke\nelev_01;ja\nvoksen_02;ja\n", encoding="utf-8"
    )
    assert used(path) == (1 if case == "a sibling" else 2)


@few
@given(tie=st.sampled_from(sorted(TIES)), data=st.data())
def test_the_order_of_elements_never_changes_a_consent(tie: str, data: Any, tmp_path_factory: Any) -> None:
    root = lxml.etree.fromstring(refi_root(**TIES[tie]).encode())
    for element in [e for e in root.iter() if len(e) > 1]:
        element[:] = data.draw(st.permutations(list(element)))
    path = qdpx(tmp_path_factory.mktemp("p") / "p.qdpx", lxml.etree.tostring(root))
    (path.parent / "dokumenter.csv").write_text(
        "document;samtykke\nelev_01;ja\nvoksen_02;ja\n", encoding="utf-8"
    )
    assert used(path) == 1


def test_a_note_on_a_cell_and_a_name_are_heard(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for line in (
        ["dokument", "kode", "tekst", "samtykke"],
        ["a", "MP.MAAL", TEXT, "ja"],
        ["b", "MP.MAAL", TEXT, "ja"],
    ):
        book.active.append(line)
    book.active["C2"].comment = Comment("mor har sagt fra", "AB")
    book.save(tmp_path / "p.xlsx")
    assert used(tmp_path / "p.xlsx") == 1
    (asked,) = read_segments(tmp_path / "p.xlsx", codebook=BOOK, key=KEY).problems
    assert asked.rule == "unread"
    assert used(tmp_path / "p.xlsx", ignored=[asked.column]) == 2
    (tmp_path / "q.csv").write_text(
        "dokument;kode;tekst;samtykke\nelev 3 (udgået);MP.MAAL;Ja.;ja\nb;MP.MAAL;Ja.;ja\n"
    )
    assert used(tmp_path / "q.csv") == 1
    (tmp_path / "r.csv").write_text(
        "dokument;kode;tekst\nelev 3;MP.MAAL;Ja.\nb;MP.MAAL;Ja.\n", encoding="utf-8"
    )
    (tmp_path / "r.dokumenter.csv").write_text(
        "document;samtykke\nelev 3;ja\nelev 3 (udgået);ja\nb;ja\n", encoding="utf-8"
    )
    assert used(tmp_path / "r.csv") == 1


@pytest.mark.parametrize("tool", [rqda, qualcoder])
@pytest.mark.parametrize(("value", "rows_used"), [("nej", 0), ("gyldigt", 1)])
def test_a_no_of_somebody_who_is_tied_to_no_interview_holds_for_all(
    tool: Any, value: str, rows_used: int, tmp_path: Path
) -> None:
    path = tool(tmp_path, "case", "samtykke", value)
    with sqlite3.connect(path / "data.qda" if path.is_dir() else path) as db:
        db.execute("DELETE FROM " + ("case_text" if path.is_dir() else "caselinkage"))
    db.close()
    assert used(path) == rows_used
    assert "lonely_case" in {problem.rule for problem in read_all(path).problems}


@pytest.mark.parametrize(("value", "rows_used"), [("nej", 0), ("gyldigt", 1)])
def test_a_no_of_a_refi_case_without_its_source_holds_for_all(
    value: str, rows_used: int, tmp_path: Path
) -> None:
    said = f'<VariableValue><VariableRef targetGUID="{guid("v")}"/><TextValue>{value}</TextValue></VariableValue>'
    source = text_source("elev_01", selection(0, 18, [BOOK.get("MP.TEGN.FALD").guid]), text=TEXT)
    variable = f'<Variable guid="{guid("v")}" name="samtykke" typeOfVariable="Text"/>'
    case = f'<Case guid="{guid("c")}" name="E">{said}</Case>'
    root = project(source, book=BOOK, variables=variable, cases=case)
    assert used(says_yes(qdpx(tmp_path / "p.qdpx", root))) == rows_used


def table(folder: Path, document: str = "elev_01") -> Path:
    path = folder / "anna.csv"
    path.write_text(
        f"dokument;kode;tekst;samtykke\n{document};MP.TEGN.FALD;Det er bedre.;gyldigt\n", encoding="utf-8"
    )
    return path


@few
@given(
    name=st.sampled_from(["dokumenter.csv", "anna.dokumenter.csv", "anna.csv.dokumenter.csv"]).flatmap(
        any_case
    )
)
def test_a_side_table_is_found_whatever_the_case_of_its_name(name: str, tmp_path_factory: Any) -> None:
    path = table(tmp_path_factory.mktemp("p"))
    (path.parent / name).write_text("document;samtykke\nelev_01;trukket_tilbage\n", encoding="utf-8")
    assert used(path) == 0


@few
@given(
    heading=st.text(string.ascii_lowercase + "æøå -_", min_size=8, max_size=14),
    value=st.text(string.ascii_letters + string.digits, min_size=1, max_size=12),
)
def test_any_other_filled_column_of_a_side_table_is_refused(
    heading: str, value: str, tmp_path_factory: Any
) -> None:
    path = table(tmp_path_factory.mktemp("p"))
    (path.parent / "dokumenter.csv").write_text(
        f"document;samtykke;{heading};form\nelev_01;gyldigt;{value};\n"
    )
    assert used(path) is None


def test_rows_without_a_name_and_second_sheets_are_refused(tmp_path: Path) -> None:
    path = table(tmp_path)
    side = tmp_path / "dokumenter.csv"
    side.write_text("document;samtykke\nelev_01;gyldigt\n;trukket_tilbage\n", encoding="utf-8")
    assert used(path) is None
    side.unlink()
    for name, other in (("dokumenter.xlsx", path), ("two.xlsx", tmp_path / "two.xlsx")):
        book = openpyxl.Workbook()
        for sheet_of in (book.active, book.create_sheet("B")):
            sheet_of.append(["dokument", "kode", "tekst", "samtykke"][:: 1 if "two" in name else 3])
            sheet_of.append(["elev_01", "MP.TEGN.FALD", "Ja.", "gyldigt"][:: 1 if "two" in name else 3])
        book.save(tmp_path / name)
        assert used(other) is None, name
        (tmp_path / name).unlink()


def test_a_no_in_a_row_without_a_document_holds_for_all(tmp_path: Path) -> None:
    path = table(tmp_path)
    path.write_text(
        path.read_text(encoding="utf-8") + ";MP.TEGN.FALD;Mere.;trukket_tilbage\n", encoding="utf-8"
    )
    batch = read_all(path)
    assert used(path) == 0
    assert len(batch.documents) == 1


@pytest.mark.parametrize(
    ("coded", "is_meant"),
    [("elev_01.m4a", True), ("Elev 1", True), ("elev01 del 2", True), ("elev_01 3f2a", True), ("elev_010", False),
     ("elev_02", False), ("mor_01", False)],
)  # fmt: skip
def test_a_no_that_meets_no_document_holds_for_every_one_that_may_be_meant(
    coded: str, is_meant: bool, tmp_path: Path
) -> None:
    path = table(tmp_path, coded)
    (tmp_path / "dokumenter.csv").write_text("document;samtykke\nelev_01;trukket_tilbage\n", encoding="utf-8")
    assert used(path) == (0 if is_meant else 1)


def test_two_sources_of_one_name_are_both_out(tmp_path: Path) -> None:
    one = text_source("elev_01", selection(0, 18, [BOOK.get("MP.TEGN.FALD").guid]), text=TEXT)
    said = f'<VariableValue><VariableRef targetGUID="{guid("v")}"/><TextValue>gyldigt</TextValue></VariableValue>'
    one = one.replace("</TextSource>", f"{said}</TextSource>")
    both = one + one.replace(guid("elev_01"), guid("another"), 1)
    variable = f'<Variable guid="{guid("v")}" name="samtykke" typeOfVariable="Text"/>'
    path = qdpx(tmp_path / "p.qdpx", project(both, book=BOOK, variables=variable))
    assert used(path) == 2
    (tmp_path / "dokumenter.csv").write_text("document;samtykke\nelev_01;nej\n", encoding="utf-8")
    assert used(path) == 0


def test_the_same_coding_in_two_files_without_a_coder_is_reported(tmp_path: Path) -> None:
    batches = []
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("id,document,tag,content\n1,elev_01,MP.TEGN.FALD,Ja.\n")
        batches.append(read_all(tmp_path / f"{name}.csv"))
    assert [p.rule for p in combine(batches).problems] == ["coder_unknown"]
