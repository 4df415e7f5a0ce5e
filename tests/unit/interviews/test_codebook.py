"""The codebook: reading, looking up, and the exchange with other tools without loss."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import pytest
from factories import CODEBOOK_FILE, QDA, ROOT
from lxml import etree
from typer.testing import CliRunner

from evaluation.codebooks import Code, Codebook, codebook_from_mapping, load_codebook
from evaluation.errors import InputError, ProtocolError
from evaluation.interviews.codebook_diff import compare
from evaluation.interviews.qdc import codebook_from_qdc, codebook_to_qdc
from evaluation.interviews.taguette import taguette_codebook
from pipelines.commands.codebook import app


def canonical(data: bytes) -> bytes:
    return bytes(etree.tostring(etree.fromstring(data), method="c14n"))


def test_the_study_s_codebook_is_read_whole(book: Codebook) -> None:
    assert len(book.codes) == 178
    assert sum(code.is_codable for code in book.codes) == 154
    assert book.version == "0.4.0"
    # "Kodning af 20 % af materialet (mindst 3 interviews)" and the two limits of the agreement rule
    rule = book.agreement
    assert (rule.double_coded_share, rule.double_coded_minimum) == (0.20, 3)
    assert (rule.firm, rule.tentative) == (0.8, 0.667)
    assert [link.sign for link in book.joint_display] == [
        "MP.TEGN.FALD",
        "MP.TEGN.SPROG",
        "MP.TEGN.SAMARB",
        "MP.TEGN.FOREBYG",
        "MP.MILEPAEL.3MDR",
        "MP.MAAL",
    ]
    assert book.attribute("samtykke").values == ("gyldigt", "mangler", "trukket_tilbage")
    assert book.attribute("indsatselev").values == ("ja", "nej", "ikke_oplyst")


def test_the_version_rises_with_what_a_code_or_an_attribute_means(book: Codebook) -> None:
    """Whoever changes the meaning raises the version and writes both here; a spelling changes neither."""
    codes = [(c.id, c.parent, c.guid, c.name, c.is_codable, c.unstated) for c in book.codes]
    meaning = repr((codes, [(a.id, a.values) for a in book.attributes]))
    assert (book.version, hashlib.sha256(meaning.encode()).hexdigest()[:12]) == ("0.4.0", "3b947bf3edf2")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("MP.TEGN.FALD", "MP.TEGN.FALD"),
        ("mp.tegn.fald", "MP.TEGN.FALD"),
        ("Fald i fravær (oplevet)", "MP.TEGN.FALD"),
        ("{49781147-F7FC-58A2-BE7A-029690C6CA3C}", "MP.TEGN.FALD"),
        ("Årsagsarenaer", "SBST.ARENA"),
        ("MP.TEGN.FALD Fald i fravær", "MP.TEGN.FALD"),
        ("noget helt andet", None),
        ("", None),
    ],
)
def test_a_code_is_found_by_id_guid_or_name(book: Codebook, label: str, expected: str | None) -> None:
    found = book.resolve(label)
    assert (found.id if found else None) == expected


def test_an_unknown_code_is_answered_with_the_nearest(book: Codebook) -> None:
    assert book.nearest("MP.TEGN.FLAD") == "MP.TEGN.FALD"
    assert book.nearest("Helhedsyn") == "SBST.VAERDI.4"
    assert book.nearest("xyzzy qwerty") is None
    with pytest.raises(ProtocolError, match=r"Nearest: MP\.TEGN\.FALD"):
        book.get("MP.TEGN.FLAD")


def test_family_is_the_nearest_folder(book: Codebook) -> None:
    assert book.folder_of("MP.TEGN.FALD") == "MP.TEGN"
    assert book.folder_of("MP.UFRIV") == "MP"
    assert book.folder_of("VFF.KOMP.FORFINE") == "VFF"
    assert book.folder_of("GTH.KONTEKST.5.BARRIERE") == "GTH.KONTEKST"


def test_codebook_to_qdc_to_codebook_is_identical(book: Codebook) -> None:
    data = codebook_to_qdc(book)
    assert codebook_from_qdc(data) == book
    assert codebook_to_qdc(codebook_from_qdc(data)) == data


@pytest.mark.parametrize(
    "definition",
    [
        "",
        "to\nlinjer",
        "x\nKilde: ikke en kilde",
        "--> & <b>",
        "Kilde: a\nBrug når: b",
        " [A.B] forkert",
        "\u00a0æ 😀",
    ],
)
def test_round_trip_keeps_text_that_looks_like_our_own_labels(definition: str) -> None:
    guid = "00000000-0000-4000-8000-00000000000"
    codes = (
        Code(
            "B", "Barn", guid + "1", parent="A", definition=definition, keywords=("a, b", "c"), source="-- x"
        ),
        Code("A", "Mappe", guid + "2", is_codable=False, kind="særlig", definition=definition),
    )
    book = Codebook(version="9", codes=codes, rules=("a --> b",), title="t\n")
    assert codebook_from_qdc(codebook_to_qdc(book)) == book


def test_exported_qdc_validates_against_both_schemas(book: Codebook) -> None:
    """REFI-QDA's own codebook schema, and the codebook type of its project schema."""
    data = codebook_to_qdc(book)
    etree.XMLSchema(etree.parse(QDA / "Codebook.xsd")).assertValid(etree.fromstring(data))
    root = etree.fromstring(data)
    del root.attrib["origin"]
    inner = etree.tostring(root).replace(b"urn:QDA-XML:codebook:1.0", b"urn:QDA-XML:project:1.0")
    project = b'<Project xmlns="urn:QDA-XML:project:1.0" name="p">' + inner + b"</Project>"
    etree.XMLSchema(etree.parse(QDA / "Project-mrt2019.xsd")).assertValid(etree.fromstring(project))


def test_the_ready_qdc_is_read_and_written_back_without_loss(book: Codebook) -> None:
    raw = (QDA / "kodebog.qdc").read_bytes()
    read = codebook_from_qdc(raw)
    assert codebook_to_qdc(read) == raw
    since = compare(book, read)  # an export of the codebook before the learning circle was in it
    assert (since.added, since.renamed, since.moved, since.redefined) == ((), (), (), ("SBST.TRIN.5",))
    assert {code.rpartition(".")[0] or code for code in since.removed} == {
        "SBST",
        "SBST.CIRKEL",
        "SBST.AFSLUT",
        "GTH",
    }


@pytest.mark.parametrize("namespace", ["urn:QDA-XML:codebook:1.0", "urn:QDA-XML:codebook:0:4", ""])
@pytest.mark.parametrize("style", ["plain", "bom", "crlf", "utf16", "braces"])
def test_codebooks_of_other_tools(namespace: str, style: str) -> None:
    guid = "943BC29F-CD76-5677-B60E-DF774D40B4FF"
    if style == "braces":
        guid = "{" + guid + "}"
    xmlns = f' xmlns="{namespace}"' if namespace else ""
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<CodeBook{xmlns} origin="Tool">\n<Codes>\n'
        f'<Code guid="{guid}" name="Æble" isCodable="1" color="#ff0000">\n'
        '<Code guid="00000000-0000-4000-8000-000000000001" name="Pære" isCodable="false"/>\n'
        "</Code>\n</Codes>\n<Sets/>\n</CodeBook>\n"
    )
    if style == "crlf":
        text = text.replace("\n", "\r\n")
    data = text.encode("utf-16" if style == "utf16" else "utf-8-sig" if style == "bom" else "utf-8")
    codes = codebook_from_qdc(data).codes
    assert [(c.name, c.parent, c.is_codable) for c in codes] == [
        ("Æble", None, True),
        ("Pære", "Æble", False),
    ]
    assert codes[0].guid == "943bc29f-cd76-5677-b60e-df774d40b4ff"
    assert codes[0].color == "#ff0000"


def test_groups_of_codes_from_another_tool_come_back_as_they_were() -> None:
    """ATLAS.ti's code groups and NVivo's sets; a member that is no code of the book is nobody's."""
    one, two = ("00000000-0000-4000-8000-00000000000" + digit for digit in "12")
    xml = (
        '<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="Tool"><Codes>'
        f'<Code guid="{one}" name="Søvn" isCodable="true"/><Code guid="{two}" name="Venner" isCodable="true"/></Codes>'
        '<Sets><Set guid="00000000-0000-4000-8000-0000000000aa" name="Trivsel"><Description>Begge</Description>'
        f'<MemberCode guid="{two}"/><MemberCode guid="{one}"/></Set>'
        '<Set guid="00000000-0000-4000-8000-0000000000bb" name="Søvn alene">'
        f'<MemberCode guid="{one.upper()}"/><MemberCode guid="{one[:-1]}9"/></Set></Sets></CodeBook>'
    )
    book = codebook_from_qdc(xml)
    assert [(s.name, s.codes, s.description) for s in book.sets] == [
        ("Trivsel", ("Venner", "Søvn"), "Begge"),
        ("Søvn alene", ("Søvn",), ""),
    ]
    written = codebook_to_qdc(book)
    etree.XMLSchema(etree.parse(QDA / "Codebook.xsd")).assertValid(etree.fromstring(written))
    assert codebook_from_qdc(written) == book
    whole = xml.replace(f'<MemberCode guid="{one[:-1]}9"/>', "").replace(one.upper(), one)
    assert canonical(
        codebook_to_qdc(codebook_from_qdc(whole)).replace(b"\n", b"").replace(b"  ", b"")
    ) == canonical(whole.encode())


def test_a_project_s_sets_of_codes_are_read_and_those_of_sources_left() -> None:
    guid = "00000000-0000-4000-8000-000000000001"
    xml = (
        '<Project xmlns="urn:QDA-XML:project:1.0" name="p"><CodeBook><Codes>'
        f'<Code guid="{guid}" name="Søvn" isCodable="true"/></Codes></CodeBook>'
        f'<Sets><Set guid="{guid[:-1]}2" name="Trivsel"><MemberCode targetGUID="{guid}"/></Set>'
        f'<Set guid="{guid[:-1]}3" name="Elever"><MemberSource targetGUID="{guid[:-1]}4"/></Set></Sets></Project>'
    )
    assert [(s.name, s.codes) for s in codebook_from_qdc(xml).sets] == [("Trivsel", ("Søvn",))]


def test_two_codes_of_one_name_keep_apart() -> None:
    xml = (
        "<CodeBook><Codes>"
        + "".join(
            f'<Code guid="0000000{n}-0000-4000-8000-000000000000" name="{parent}" isCodable="true">'
            f'<Code guid="1000000{n}-0000-4000-8000-000000000000" name="andet" isCodable="true"/></Code>'
            for n, parent in enumerate(("a", "b"))
        )
        + "</Codes></CodeBook>"
    )
    assert [code.id for code in codebook_from_qdc(xml).codes] == ["a", "a/andet", "b", "b/andet"]


def test_every_kind_of_difference_is_named(book: Codebook) -> None:
    codes = list(book.codes)
    at = {code.id: n for n, code in enumerate(codes)}
    codes[at["MP.TEGN.FALD"]] = replace(book.get("MP.TEGN.FALD"), name="Fald")
    codes[at["MP.UFRIV"]] = replace(book.get("MP.UFRIV"), parent="MP.TEGN")
    codes[at["KL.LAERT"]] = replace(book.get("KL.LAERT"), definition="Noget andet.")
    codes[at["KL.GJORT"]] = replace(book.get("KL.GJORT"), is_codable=False)
    codes[at["X.NYT"]] = replace(book.get("X.NYT"), guid="00000000-0000-4000-8000-000000000009")
    codes[at["X.CITAT"]] = Code("Y", "Helt ny", "00000000-0000-4000-8000-000000000008")
    difference = compare(book, replace(book, codes=tuple(codes)))
    assert difference.added == ("Y",)
    assert difference.removed == ("X.CITAT",)
    assert difference.renamed == (("MP.TEGN.FALD", "Fald i fravær (oplevet)", "Fald"),)
    assert difference.moved == (("MP.UFRIV", "MP", "MP.TEGN"),)
    assert difference.redefined == ("KL.LAERT",)
    assert difference.codable_changed == ("KL.GJORT",)
    assert difference.reguided == ("X.NYT",)
    assert len(difference.lines()) == 7
    assert not difference.is_same


def test_all_problems_of_a_codebook_are_reported_at_once() -> None:
    guid = "00000000-0000-4000-8000-000000000001"
    raw = {
        "meta": {},
        "koder": [
            {"id": "A", "navn": "a", "guid": guid, "parent": "B"},
            {"id": "B", "navn": "b", "guid": guid, "parent": "A"},
            {"id": "A", "navn": "", "guid": "x", "parent": "Z"},
        ],
        "joint_display": [{"tegn": "A", "kvalitative_koder": ["C"]}],
    }
    with pytest.raises(ProtocolError) as refusal:
        codebook_from_mapping(raw)
    found = " ".join(str(problem) for problem in refusal.value.problems)
    for word in (
        "no version",
        "stands 2 times",
        "no valid GUID",
        "unknown parent 'Z'",
        "own ancestor",
        "unknown code 'C'",
    ):
        assert word in found


@pytest.mark.parametrize("text", ["[]", "a: [", "koder: 3", "\x00", "koder:\n- 1\n"])
def test_a_file_that_is_no_codebook_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ProtocolError):
        load_codebook(tmp_path / "c.yaml")


def test_two_codes_with_one_guid_are_refused() -> None:
    code = '<Code guid="00000000-0000-4000-8000-000000000001" name="a" isCodable="true"/>'
    with pytest.raises(InputError, match="share the GUID"):
        codebook_from_qdc(f"<CodeBook><Codes>{code}{code}</Codes></CodeBook>")


def test_the_command_prints_exports_and_compares(tmp_path: Path, book: Codebook) -> None:
    run = CliRunner()
    assert "MP.TEGN.FALD" in run.invoke(app, ["print"]).output
    assert run.invoke(app, []).output == run.invoke(app, ["print"]).output
    assert (
        "Definition: Informanten oplever mindre fravær." in run.invoke(app, ["print", "MP.TEGN.FALD"]).output
    )
    target = tmp_path / "k.qdc"
    assert run.invoke(app, ["export", str(target)]).exit_code == 0
    assert codebook_from_qdc(target) == load_codebook(CODEBOOK_FILE)
    assert isinstance(run.invoke(app, ["export", str(target)]).exception, InputError)
    assert "de samme 178 koder" in run.invoke(app, ["compare", str(target)]).output
    assert "findes kun" in run.invoke(app, ["compare", str(QDA / "target-atlas-project.qdpx")]).output
    assert run.invoke(app, ["forms", str(tmp_path)]).exit_code == 0
    assert len(list(tmp_path.glob("*.xlsx"))) == 7


def test_taguette_itself_takes_every_code_as_it_is_written(book: Codebook) -> None:
    """Against what Taguette 1.5 exported after it had imported the file; make it again with tests.by_taguette."""

    def tags(data: bytes) -> dict[str, str]:
        rows = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        return {row["tag"]: row["description"] for row in rows}

    taken = tags((ROOT / "tests/data/interviews/taguette_took.csv").read_bytes())
    own = {"interesting"}  # what Taguette begins a project with
    assert {tag: text for tag, text in taken.items() if tag not in own} == tags(taguette_codebook(book))
