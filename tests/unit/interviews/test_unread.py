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

import openpyxl
import pytest
from factories import KEY, codebook, guid, project, qdpx, qualcoder_project, selection, text_source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


def read_all(path: Path, sides: list[Path] | None = None) -> SegmentBatch:
    documents: dict[str, DocumentAttributes] = {}
    for side in side_tables_of(path) if sides is None else sides:
        for name, about in read_side_table(side).documents.items():
            documents[name] = documents.get(name, DocumentAttributes()).joined(about)
    return read_segments(path, codebook=BOOK, key=KEY, documents=documents)


def used(path: Path) -> int | None:
    """Rows that would be used; ``None`` when the file is refused."""
    try:
        batch = read_all(path)
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


@pytest.mark.parametrize("tool", [rqda, qualcoder, refi, sheet])
def test_a_variable_that_says_something_else_is_reported_and_takes_nobody_out(
    tool: Any, tmp_path: Path
) -> None:
    path = tool(tmp_path, "file", "Yndlingsfag", "billedkunst")
    assert used(path) == 1
    assert "unread" in {problem.rule for problem in read_all(path).problems}


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
