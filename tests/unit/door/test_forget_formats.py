"""Forgetting in every format the door reads; killed at any step it is finished by giving the command again."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from evaluation.door import forget as module
from evaluation.door.forget import Plan, Receipt, execute_forget, finish_forget, nobody_found, plan_forget
from evaluation.door.forget_files import Places
from evaluation.door.forgotten import read_forgotten, receipt_name
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError
from evaluation.intake import read_round
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")
GONE, STAYS = "0101144001", "0202144002"
ABSENCE = """
kind = "absence"
grain = "day"
date_formats = ["dd-mm-yyyy", "excel"]
{file}
[columns]
school = {{ constant = "990001" }}
pupil = {{ column = "CPR", kind = "cpr" }}
class = "Klasse"
date = "Dato"
type = "Kode"
[types]
S = "sick"
[ignore]
Note = "bemærkninger til skolen selv"
"""
ROSTER_XML = """
kind = "pupils"
files = ["*.xml"]
format = "xml"
xml = { record = "Elev" }
[columns]
school = { constant = "990001" }
pupil = { column = "Cpr", kind = "cpr" }
grade = "Trin"
"""
HEADER = "CPR;Klasse;Dato;Kode;Note"


class Case:
    """A study with one mapping and an inbox with one file."""

    def __init__(self, root: Path, mapping: str, name: str, content: bytes) -> None:
        self.data = root
        (root / "study" / "mappings").mkdir(parents=True)
        (root / "study" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
        self.path = root / "incoming" / name
        self.path.parent.mkdir(parents=True)
        self.path.write_bytes(content)
        self.study = Study(DEMO.protocol, (root / "study", *DEMO.folders))
        self.places = Places(self.study, root / "warehouse", root / "incoming", ("november_2026",))
        self.listed = root / "forgotten.json"

    def plan(self) -> Plan:
        return plan_forget(GONE, KEY, self.places)

    def forget(self) -> Receipt:
        plan = self.plan()
        self.found = plan.files
        receipt = execute_forget(
            plan, KEY, self.places, listed=self.listed, on=dt.date(2026, 11, 23), receipt="0a1b"
        )
        filed = self.data / "receipts" / receipt_name(receipt.id)
        filed.parent.mkdir(exist_ok=True)
        filed.write_bytes(receipt.filed(KEY))
        finish_forget(plan, KEY, listed=self.listed)
        return receipt

    def read(self) -> dict[str, pd.DataFrame]:
        intake = read_round(self.data / "incoming", self.study, round_id="november_2026", key=KEY,
                            forgotten=read_forgotten(self.listed, KEY))  # fmt: skip
        assert not intake.problems
        return dict(intake.tables)


def row(number: str, day: str = "07-09-2026", note: str = "") -> str:
    return f"{number};6.A;{day};S;{note}"


def sheet(rows: list[list[object]], hidden: list[object] | None = None) -> bytes:
    book = openpyxl.Workbook()
    for cells in rows:
        book.active.append(cells)
    if hidden:
        book.create_sheet("Gammelt").append(hidden)
        book["Gammelt"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def unpacked(content: bytes) -> bytes:
    """Everything in a file, packed parts unpacked, so that nothing hides."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return b"\n".join(unpacked(archive.read(name)) for name in archive.namelist())


TEXT = "\n".join([HEADER, row(GONE), row(STAYS), row("010114-4001", "08-09-2026"), ""])
BOOK = [
    ["CPR", "Klasse", "Dato", "Kode"],
    [101144001, "6.A", dt.date(2026, 9, 7), "S"],
    [STAYS, "6.A", dt.date(2026, 9, 7), "S"],
    [GONE, "6.A", "08-09-2026", "S"],
]
CASES: dict[str, tuple[str, str, bytes, int]] = {
    "text": (ABSENCE.format(file='files = ["*.csv"]'), "a.csv", TEXT.encode(), 2),
    "utf-16": (ABSENCE.format(file='files = ["*.csv"]\nencoding = "utf-16"'), "a.csv", TEXT.encode("utf-16"), 2),
    "quoted line break": (
        ABSENCE.format(file='files = ["*.csv"]'), "a.csv",
        "\n".join([HEADER, row(GONE, note='"to\nlinjer; her"'), row(STAYS, note='"a\nb"'), ""]).encode(), 1,
    ),
    "xlsx": (
        ABSENCE.format(file='files = ["*.xlsx"]\nformat = "xlsx"'), "a.xlsx",
        sheet(BOOK, [f"gammel note om {GONE}"]), 3,
    ),
    "zip": (
        ABSENCE.format(file='files = ["*.zip"]\nzip_members = ["**.csv"]'), "a.zip",
        packed({"x/a.csv": TEXT.encode(), "b.csv": "\n".join([HEADER, row(STAYS, "09-09-2026"), ""]).encode()}), 2,
    ),
    "zip of xlsx": (
        ABSENCE.format(file='files = ["*.zip"]\nzip_members = ["*.xlsx"]\nformat = "xlsx"'), "a.zip",
        packed({"a.xlsx": sheet(BOOK)}), 2,
    ),
    "xml": (
        ROSTER_XML, "elever.xml",
        f'<?xml version="1.0" encoding="iso-8859-1"?>\n<r>\n<Elev><Cpr>{GONE}</Cpr><Trin>6</Trin><N>Æ</N></Elev>\n'
        f"<Elev><Cpr>{STAYS}</Cpr><Trin>6</Trin><N>Ø</N></Elev>\n</r>".encode("iso-8859-1"), 1,
    ),
    "xml in one line": (
        ROSTER_XML, "elever.xml",
        f"<r><Elev><Cpr>{GONE}</Cpr><Trin>6</Trin></Elev><Elev><Cpr>{STAYS}</Cpr><Trin>6</Trin></Elev></r>".encode(), 1,
    ),
}  # fmt: skip


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    mapping, name, content, _ = CASES[request.param]
    made = Case(tmp_path, mapping, name, content)
    made.expected = CASES[request.param][3]  # type: ignore[attr-defined]
    return made


def test_the_pupil_leaves_the_file_and_the_others_stay(case: Case) -> None:
    before = case.read()
    mine, other = (KEY.pseudonym("pupil", n) for n in (GONE, STAYS))
    name = "raw_pupils" if case.path.suffix == ".xml" else "raw_absence"
    assert mine in set(before[name]["pupil_key"])
    receipt = case.forget()
    for spelled in (GONE, "010114-4001", "101144001"):
        for encoding in ("ascii", "utf-16-le"):
            assert spelled.encode(encoding) not in unpacked(case.path.read_bytes())
    after = case.read()
    kept = before[name][before[name]["pupil_key"] == other]
    assert len(kept)
    columns = [c for c in kept if c not in ("source_row",)]
    pd.testing.assert_frame_equal(
        after[name][columns].reset_index(drop=True), kept[columns].reset_index(drop=True)
    )
    assert not len(after["raw_quarantine"])
    assert [(f.rows, f.is_by_hand) for f in case.found] == [(case.expected, False)]  # type: ignore[attr-defined]
    assert GONE not in receipt.filed(KEY).decode()
    assert mine not in receipt.filed(KEY).decode()


def test_a_second_time_changes_no_byte(case: Case) -> None:
    case.forget()
    before = case.path.read_bytes()
    assert case.forget().elsewhere == ()
    assert case.found == ()
    assert case.path.read_bytes() == before


@pytest.mark.slow
def test_killed_at_any_step_the_command_finishes_it(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = case.data / "warehouse" / "november_2026"
    folder.mkdir(parents=True)
    tables = case.read()
    for name in ("raw_absence", "raw_pupils", "raw_quarantine"):
        tables[name].to_parquet(folder / f"{name}.parquet")
    real: Callable[..., object] = module.replacing
    for step in range(4):
        calls = iter(range(100))

        def dies(path: Path, step: int = step, calls: object = calls) -> object:
            if next(calls) == step:  # type: ignore[call-overload]
                raise KeyboardInterrupt
            return real(path)

        monkeypatch.setattr(module, "replacing", dies)
        try:
            case.forget()
        except KeyboardInterrupt:
            with pytest.raises(InputError, match="not carried to its end"):
                read_forgotten(case.listed, KEY)
        monkeypatch.setattr(module, "replacing", real)
    case.forget()
    assert read_forgotten(case.listed, KEY) == {KEY.pseudonym("pupil", GONE)}
    for path in case.data.rglob("*"):
        if path.is_file():
            assert GONE.encode() not in unpacked(path.read_bytes())
    for name in ("raw_absence", "raw_pupils"):
        assert KEY.pseudonym("pupil", GONE) not in set(
            pd.read_parquet(folder / f"{name}.parquet")["pupil_key"]
        )
    assert not list(case.data.rglob("*.tmp"))


def test_quarantine_entries_of_the_pupils_rows_go_too(tmp_path: Path) -> None:
    bad = [row(GONE, "31-02-2026"), row(STAYS, "31-02-2026"), row("010114-4001", "12-09-2026")]
    case = Case(
        tmp_path, ABSENCE.format(file='files = ["*.csv"]'), "a.csv", "\n".join([HEADER, *bad]).encode()
    )
    folder = tmp_path / "warehouse" / "november_2026"
    folder.mkdir(parents=True)
    entries = case.read()["raw_quarantine"]
    assert list(entries["source_row"]) == [2, 3, 4]
    entries.to_parquet(folder / "raw_quarantine.parquet")
    case.forget()
    assert list(pd.read_parquet(folder / "raw_quarantine.parquet")["source_row"]) == [3]


def test_a_file_that_cannot_be_rewritten_is_left_to_a_person_and_named_without_the_number(
    tmp_path: Path,
) -> None:
    case = Case(tmp_path, ABSENCE.format(file='files = ["*.csv"]'), "a.csv", TEXT.encode())
    (case.data / "incoming" / f"brev {GONE}.pdf").write_bytes(b"%PDF-1.7 ...")
    (case.data / "incoming" / "noter.bin").write_bytes(b"intet her")
    receipt = case.forget()
    assert [f.is_by_hand for f in case.found] == [False, True]
    assert receipt.by_hand == ("brev 999999-9999.pdf",)
    assert receipt.elsewhere == ()


def _html(rows: list[list[object]]) -> bytes:
    lines = "".join(f"<tr>{''.join(f'<td>{c}</td>' for c in row)}</tr>" for row in rows)
    return f"<html><body><table>{lines}</table></body></html>".encode()


def _json(rows: list[list[object]]) -> bytes:
    return json.dumps([dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]).encode()


@pytest.mark.parametrize(("kind", "make"), [("html", _html), ("json", _json)])
@pytest.mark.parametrize("holds", [True, False])
def test_a_format_that_cannot_be_written_is_named_when_it_holds_the_pupil_and_only_then(
    kind: str, make: Callable[[list[list[object]]], bytes], holds: bool, tmp_path: Path
) -> None:
    rows = [
        ["CPR", "Klasse", "Dato", "Kode"],
        [int(GONE) if holds else STAYS, "6.A", "07-09-2026", "S"],  # the leading zero is lost
        [STAYS, "6.A", "08-09-2026", "S"],
    ]
    name = f"a.{kind}"
    case = Case(tmp_path, ABSENCE.format(file=f'files = ["a.*"]\nformat = "{kind}"'), name, make(rows))
    plan = case.plan()
    assert [(f.name, f.rows, f.is_by_hand) for f in plan.files] == ([(name, 1, True)] if holds else [])
    assert nobody_found(plan, KEY, listed=case.listed) == (None if holds else ())
    if holds:
        before = case.path.read_bytes()
        assert case.forget().by_hand == (name,)
        assert case.path.read_bytes() == before


EXPORTS = Path(__file__).parents[2] / "data" / "door" / "exports"


@pytest.mark.parametrize(("name", "kind"), [("04_biff.xls", "xls"), ("05.ods", "ods")])
def test_a_workbook_that_cannot_be_written_is_left_whole_and_named_with_its_rows(
    name: str, kind: str, tmp_path: Path
) -> None:
    truth = json.loads((EXPORTS / "truth.json").read_text(encoding="utf-8"))["days"]
    numbers = Counter(str(day[0]).replace("-", "") for day in truth)
    number, rows = numbers.most_common(1)[0]
    mapping = ABSENCE.format(file=f'files = ["*.{kind}"]\nformat = "{kind}"').replace('"Kode"', '"Fravær"')
    case = Case(tmp_path, mapping, name, (EXPORTS / name).read_bytes())
    found = plan_forget(number, KEY, case.places).files
    assert [(f.name, f.rows, f.is_by_hand) for f in found] == [(name, rows, True)]
    stranger = plan_forget(GONE, KEY, case.places)
    assert stranger.files == ()
    assert nobody_found(stranger, KEY, listed=case.listed) == ()
    assert case.path.read_bytes() == (EXPORTS / name).read_bytes()


def test_rows_from_a_database_are_counted_and_kept_out(tmp_path: Path) -> None:
    import sqlite3

    place = tmp_path / "db.sqlite"
    with sqlite3.connect(place) as base:
        base.execute("CREATE TABLE a (CPR TEXT, Klasse TEXT, Dato TEXT, Kode TEXT)")
        base.executemany("INSERT INTO a VALUES (?, '6.A', '07-09-2026', 'S')", [(GONE,), (STAYS,)])
    mapping = ABSENCE.format(file='format = "sql"') + '[sql]\naddress_env = "DB"\nquery = "SELECT * FROM a"\n'
    case = Case(tmp_path, mapping, "x/readme.csv", b"")
    (case.data / "incoming" / "x" / "readme.csv").unlink()
    addresses = {"DB": f"sqlite:///{place}"}
    case.places = Places(case.study, tmp_path / "w", tmp_path / "incoming", (), addresses)
    case.forget()
    assert [(f.name, f.rows, f.is_by_hand) for f in case.found] == [("sql:m", 1, True)]
    intake = read_round(tmp_path / "incoming", case.study, round_id="november_2026", key=KEY,
                        sql_addresses=addresses, forgotten=read_forgotten(case.listed, KEY))  # fmt: skip
    assert list(intake.tables["raw_absence"]["pupil_key"]) == [KEY.pseudonym("pupil", STAYS)]
    assert list(intake.tables["raw_quarantine"]["rule"]) == ["forgotten"]


CODED = """dokument;segment;kode;tekst;informant;skole;aargang;nedslag;form;samtykke
interview_07;1;{code};Jeg var ked af det;elev;990001;6;delevaluering_nov_2026;enkeltinterview;gyldigt
interview_08;1;{code};Det gik bedre;elev;990001;6;delevaluering_nov_2026;enkeltinterview;gyldigt
"""


def test_an_interview_that_a_side_table_ties_to_the_pupil_goes(tmp_path: Path) -> None:
    from evaluation.codebooks import load_codebook

    code = next(c.id for c in load_codebook(DEMO.file("codebook.yaml")).codes if c.is_codable)
    case = Case(tmp_path, 'kind = "interviews"\nfiles = ["interviews/*.csv"]\n', "interviews/kodet.csv",
                CODED.format(code=code).encode())  # fmt: skip
    side = tmp_path / "incoming" / "sider"
    side.mkdir()
    (side / "kodet.dokumenter.csv").write_text(
        f"document;CPR\ninterview_07.docx;{GONE}\ninterview_08;{STAYS}\n"
    )
    (tmp_path / "study" / "mappings" / "s.toml").write_text(
        'kind = "interviews"\nfiles = ["sider/*.csv"]\n', encoding="utf-8"
    )
    folder = tmp_path / "warehouse" / "november_2026"
    folder.mkdir(parents=True)
    intake = read_round(case.path.parent.parent, case.study, round_id="november_2026", key=KEY)
    words = ("raw_interviews", "raw_interview_texts")
    before = {name: intake.tables[name] for name in words}
    assert [len(t) for t in before.values()] == [2, 2]
    for name, table in before.items():
        table.to_parquet(folder / f"{name}.parquet")
    case.forget()
    for name in words:
        assert len(pd.read_parquet(folder / f"{name}.parquet")) == 1
    assert b"interview_07" not in case.path.read_bytes()
    assert b"interview_08" in case.path.read_bytes()
    case.path.write_text(CODED.format(code=code), encoding="utf-8")  # the tool exports it once more
    again = read_round(case.path.parent.parent, case.study, round_id="november_2026", key=KEY,
                       forgotten=read_forgotten(case.listed, KEY))  # fmt: skip
    assert len(again.tables["raw_interviews"]) == 1
    ledger = again.tables["raw_ledger"].set_index("source_file").loc["interviews/kodet.csv"]
    assert (ledger["rows_in"], ledger["rows_kept"], ledger["rows_quarantined"]) == (2, 1, 1)


def project(folder: Path, *, about: str = "", cases: bool = True) -> Path:
    """Two interviews whose words lie in files beside the project, with a case and a set that point at them."""
    from tests.unit.interviews import factories as f

    code = next(c for c in f.codebook().codes if c.is_codable)
    sources = "".join(
        f.text_source(name, f.selection(0, 4, [code.guid], tag=name), path=f"internal://{f.guid(name)}.txt")
        for name in ("interview_07", "interview_08")
    )
    refs = "".join(f'<SourceRef targetGUID="{f.guid(n)}"/>' for n in ("interview_07", "interview_08"))
    members = "".join(f'<MemberSource targetGUID="{f.guid(n)}"/>' for n in ("interview_07", "interview_08"))
    xml = f.project(
        sources,
        book=f.codebook(),
        cases=f'<Case guid="{f.guid("case")}" name="6. klasse">{refs}</Case>' if cases else "",
        sets=f'<Set guid="{f.guid("set")}" name="alle">{members}</Set>' if cases else "",
    )
    words = {"interview_07": "Jeg var ked af det", "interview_08": f"Det gik bedre {about}"}
    return f.qdpx(folder, xml, {f"Sources/{f.guid(n)}.txt": w for n, w in words.items()})


@pytest.fixture
def with_project(tmp_path: Path) -> Callable[[str], Case]:
    def make(about: str) -> Case:
        case = Case(
            tmp_path, 'kind = "interviews"\nfiles = ["interviews/*.qdpx"]\n', "interviews/p.qdpx", b""
        )
        project(case.path, about=about)
        side = tmp_path / "incoming" / "interviews" / "p.dokumenter.csv"
        side.write_text(f"document;CPR\ninterview_07;{GONE}\ninterview_08;{STAYS}\n", encoding="utf-8")
        (tmp_path / "study" / "mappings" / "s.toml").write_text(
            'kind = "interviews"\nfiles = ["interviews/*.dokumenter.csv"]\n', encoding="utf-8"
        )
        return case

    return make


def test_an_interview_leaves_its_project_with_its_words_and_all_that_points_at_it(
    with_project: Callable[[str], Case],
) -> None:
    from lxml import etree

    from evaluation.codebooks import load_codebook
    from evaluation.interviews.readers import document_names
    from evaluation.interviews.refi_project import read_qdpx
    from tests.unit.interviews import factories as f

    case = with_project("")
    with zipfile.ZipFile(case.path) as before:
        other = before.read(f"Sources/{f.guid('interview_08')}.txt")
    case.forget()
    assert [(x.name, x.rows, x.is_by_hand) for x in case.found if x.name.endswith("qdpx")] == [
        ("interviews/p.qdpx", 1, False)
    ]
    with zipfile.ZipFile(case.path) as archive:
        assert archive.namelist() == ["project.qde", f"Sources/{f.guid('interview_08')}.txt"]
        assert archive.read(f"Sources/{f.guid('interview_08')}.txt") == other
        xml = archive.read("project.qde")
    assert f.guid("interview_07").encode() not in xml
    assert b"interview_07" not in xml
    assert xml.count(f.guid("interview_08").encode()) == 4  # itself, its file, a case and a set
    etree.XMLSchema(etree.parse(f.QDA / "Project-mrt2019.xsd")).assertValid(read_qdpx(case.path).root)
    names = document_names(case.path, load_codebook(DEMO.file("codebook.yaml")))
    assert names == {"interview 8"}
    case.forget()
    assert [x.rows for x in case.found if x.name.endswith("qdpx")] == []


@pytest.mark.parametrize("about", [GONE, f"{GONE[:6]}-{GONE[6:]}"])
def test_a_project_in_which_the_number_stands_elsewhere_is_left_to_a_person(
    with_project: Callable[[str], Case], about: str
) -> None:
    case = with_project(about)
    before = case.path.read_bytes()
    case.forget()
    assert [(x.name, x.is_by_hand) for x in case.found if x.name.endswith("qdpx")] == [
        ("interviews/p.qdpx", True)
    ]
    assert case.path.read_bytes() == before


def test_a_project_without_the_pupil_is_the_same_bytes(tmp_path: Path) -> None:
    from evaluation.door.erase_project import without_interviews
    from evaluation.door.traces import Traces
    from tests.unit.interviews import factories as f

    for path in (project(tmp_path / "p.qdpx"), f.QDA / "target-atlas-project.qdpx"):
        out = io.BytesIO()
        assert without_interviews(path, Traces(GONE, documents=frozenset({"another"})), out) == frozenset()
        assert out.getvalue() == path.read_bytes()
