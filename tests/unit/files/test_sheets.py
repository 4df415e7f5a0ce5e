"""Every format's cells come out as they were put in, and damage is refused in words."""

from __future__ import annotations

import datetime as dt
import io
import json
import random

import openpyxl
import pytest

from evaluation.errors import InputError
from evaluation.files.sheets import SHEETS, open_sheets
from evaluation.files.sniff import content_kind, file_kind
from evaluation.files.spreadsheetml import NAMESPACE
from evaluation.files.xlsx import xlsx_sheets
from evaluation.files.xml_records import likely_records

PAGE = """<html><body><table><tr><td>menu<table><tr><td>inner</td></tr></table></td></tr></table>
<table style="display: none"><tr><td>hidden</td></tr></table>
<table><caption>Fravær</caption>
<tr><th>Elev</th><th colspan=2>Dag</th></tr>
<tr><td rowspan="2">Bo<br>Prøve</td><td>7.&nbsp;sep</td><td>S</td></tr>
<tr><td>8. sep</td><td></td></tr></table></body></html>"""


def rows_of(data: bytes, kind: str, sheet: int = 0) -> list[list]:
    return [list(r) for r in open_sheets(data, kind, "f")[sheet].rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_tables_of_a_page(encoding: str) -> None:
    sheets = open_sheets(PAGE.encode(encoding), "html", "f")
    assert [(s.name, s.is_visible) for s in sheets] == [
        ("Tabel 1", True),
        ("Tabel 2", False),
        ("Fravær", True),
    ]
    assert list(sheets[2].rows()) == [
        ["Elev", "Dag", None],
        ["Bo Prøve", "7. sep", "S"],
        ["Bo Prøve", "8. sep", None],
    ]


def test_a_packed_page_is_a_page() -> None:
    packed = (
        b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\n"
        b"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
        b"<table><tr><td>Frav=C3=A6r</td></tr></table>\n--b--\n"
    )
    assert content_kind(packed) == "html"
    assert rows_of(packed, "html") == [["Fravær"]]


def spreadsheetml(body: str, options: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{NAMESPACE}" xmlns:ss="{NAMESPACE}">'
        f'<Worksheet ss:Name="6.A"><Table>{body}</Table>{options}</Worksheet></Workbook>'
    ).encode()


def test_an_xml_workbook_keeps_places_types_and_merges() -> None:
    data = spreadsheetml(
        '<Row><Cell ss:MergeAcross="1"><Data ss:Type="String">Dato</Data></Cell><Cell><Data ss:Type="String">Dage'
        '</Data></Cell></Row><Row ss:Index="3"><Cell ss:Index="2"><Data ss:Type="DateTime">2026-09-07T00:00:00.000'
        '</Data></Cell><Cell><Data ss:Type="Number">0.5</Data></Cell><Cell><Data ss:Type="Boolean">1</Data></Cell></Row>'
    )
    assert content_kind(data) == "spreadsheetml"
    assert rows_of(data, "spreadsheetml") == [
        ["Dato", None, "Dage"],
        [],
        [None, dt.datetime.fromisoformat("2026-09-07"), 0.5, True],
    ]


@pytest.mark.parametrize(
    "body",
    [
        '<Row ss:Index="9999999"/>',
        '<Row><Cell ss:Index="0"/></Row>',
        '<Row ss:Index="2"/><Row ss:Index="1"/>',
        '<Row><Cell><Data ss:Type="Number">en</Data></Cell></Row>',
    ],
)
def test_an_xml_workbook_with_impossible_places_is_refused(body: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        rows_of(spreadsheetml(body), "spreadsheetml")


def test_entities_are_not_followed() -> None:
    bomb = b'<!DOCTYPE w [<!ENTITY a "aaaa">]>' + spreadsheetml("<Row/>").partition(b"?>")[2]
    with pytest.raises(InputError):
        open_sheets(bomb, "spreadsheetml", "f")


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rs: json.dumps(rs),
        lambda rs: json.dumps({"count": 2, "value": rs}),
        lambda rs: "\n".join(map(json.dumps, rs)) + "\n",
        lambda rs: "\ufeff" + json.dumps(rs, indent=1),
    ],
    ids=["list", "list in an object", "an object a line", "byte order mark"],
)
def test_json_in_its_shapes(wrap) -> None:
    records = [
        {"a": 1, "b": {"c": "x", "d": None}, "e": ["p", "q"]},
        {"a": 0.5, "b": {"c": "y"}, "f": [{"g": 1}], "e": []},
    ]
    data = wrap(records).encode()
    assert content_kind(data) == "json"
    assert rows_of(data, "json") == [
        ["a", "b.c", "b.d", "e", "f […]"],
        [1, "x", None, "p, q", None],
        [0.5, "y", None, None, '[{"g": 1}]'],
    ]


@pytest.mark.parametrize(
    "text", ["[1, 2]", '{"a": [{"b": 1}], "c": [{"d": 1}]}', '{"a": 1}\n{"a": ', "[]", "{}"]
)
def test_json_that_is_no_list_of_objects_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        open_sheets(text.encode(), "json", "f")


def xlsx(*sheets: tuple[str, str]) -> io.BytesIO:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, state in sheets:
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        sheet.append(["a"])
    book.create_chartsheet("diagram")
    out = io.BytesIO()
    book.save(out)
    out.seek(0)
    return out


def test_sheets_of_a_workbook_are_told_without_reading_it() -> None:
    book = xlsx(("6.A", "visible"), ("gemt", "hidden"), ("Ø & Å", "visible"), ("væk", "veryHidden"))
    assert file_kind(book) == "xlsx"
    assert xlsx_sheets(book) == (("6.A", True), ("gemt", False), ("Ø & Å", True), ("væk", False))


@pytest.mark.parametrize("kind", SHEETS)
def test_damage_is_refused_in_words(kind: str) -> None:
    """Whatever the bytes: cells, or a refusal with something to do. Never another error."""
    draw = random.Random(7)
    seeds = [
        PAGE.encode(),
        spreadsheetml("<Row><Cell><Data>1</Data></Cell></Row>"),
        b'[{"a": 1}, {"a": 2}]',
        b"\xd0\xcf\x11\xe0" + bytes(600),
    ]
    for seed in seeds:
        for _ in range(40):
            data = bytearray(seed)
            for _ in range(draw.randrange(1, 6)):
                data[draw.randrange(len(data))] = draw.randrange(256)
            refused = _refusal(bytes(data[: draw.randrange(len(data))]), kind)
            assert refused is None or all(p.next_step for p in refused.problems)


def _refusal(data: bytes, kind: str) -> InputError | None:
    try:
        for sheet in open_sheets(data, kind, "f"):
            list(sheet.rows())
    except InputError as refused:
        return refused
    return None


def test_the_record_of_an_xml_file_is_what_repeats() -> None:
    text = """<export xmlns="urn:x"><skole><nummer>165001</nummer>
    <elev id="1"><navn>A</navn><fravær><dato>2026-09-07</dato><kode>S</kode></fravær></elev>
    <elev id="2"><navn>B</navn><fravær><dato>2026-09-08</dato><kode>U</kode></fravær></elev></skole></export>"""
    found = likely_records(io.BytesIO(text.encode()), "f", 10)
    assert found.record in ("elev", "fravær")
    assert len(found.rows) == 2
    assert not found.is_cut
    assert "2026-09-07" in found.rows[0].values()
