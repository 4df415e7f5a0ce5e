"""A proposal is a valid mapping that reads the file, names its doubts, and shows nobody."""

from __future__ import annotations

import tomllib
from pathlib import Path

import openpyxl
import pytest

from evaluation.door.mapping import Mapping, parse_mapping
from evaluation.door.nobody import is_nobody
from evaluation.door.propose import propose_mapping
from evaluation.errors import InputError
from evaluation.study import load_study
from tests.unit.door.analyst import answered

PROTOCOL = load_study("demo_kommune").protocol


def proposed(path: Path) -> tuple[Mapping, str]:
    proposal = propose_mapping(path, PROTOCOL)
    mapping = parse_mapping(tomllib.loads(answered(proposal.toml)), name="draft")
    return mapping, "\n".join([*proposal.doubts, proposal.toml])


def test_day_rows_in_cp1252(tmp_path: Path) -> None:
    path = tmp_path / "fravær_2026-11-20.csv"
    rows = ["0101144001;6.A;25-09-2026;S;Hel", "0202144002;6.Å;08-09-2026;U;Halv"] * 3 + [
        "0101144001;6.A;08-09-2026;Ida Prøve;Hel"
    ]
    path.write_text("\n".join(["CPR-nr;Klasse;Dato;Fraværskode;Omfang", *rows]), encoding="cp1252")
    mapping, text = proposed(path)
    assert (mapping.shape, mapping.encoding, mapping.delimiter) == ("absence/day", ("cp1252",), ";")
    assert mapping.date_formats == ("%d-%m-%Y",)
    assert mapping.types == {"S": "sick", "U": "unlawful"}
    assert mapping.columns["half_day"].map == {"Hel": "1", "Halv": "0.5"}
    assert mapping.columns["pupil"].kind == "cpr"
    assert "hvilken skole" in text
    for secret in ("Ida", "0101144001", "0202144002"):
        assert secret not in text


def test_day_and_month_that_cannot_be_told_apart_are_a_doubt(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "CPR;Klasse;Dato;Kode\n0101144001;6.A;03-04-2026;S\n0101144001;6.A;04-05-2026;S\n", encoding="utf-8"
    )
    assert "måneden først" in proposed(path)[1]


def test_roster_with_lines_above_its_header(tmp_path: Path) -> None:
    path = tmp_path / "elever_2026-27_2026-11-20.txt"
    path.write_text(
        "Skoleår 2026/27\nElevID¤Skolekode¤Fornavn¤CPR¤Stamklasse\n17¤990001¤Ida¤0101144001¤6.A\n",
        encoding="cp1252",
    )
    mapping, text = proposed(path)
    assert (mapping.kind, mapping.header_row, mapping.delimiter) == ("pupils", 2, "¤")
    assert mapping.columns["local_id"].column == "ElevID"
    assert "Ida" not in text


def test_week_totals_in_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Opsummering"
    for row in (
        ["Årgang", "Uge", "Elever", "Skoledage", "Sygdom", "Fravær med tilladelse", "Ulovligt"],
        ["6", "2026-W37", 20, 100, 4.5, 1, 0],
    ):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    mapping, _ = proposed(tmp_path / "a.xlsx")
    assert (mapping.shape, mapping.sheet) == ("totals/week", "Opsummering")
    assert mapping.totals is not None
    assert mapping.totals.types["permitted"].add == ("Fravær med tilladelse",)
    assert [q.name for q in mapping.questions] == ["totals.unit"]


@pytest.mark.parametrize(
    ("spans", "shape"),
    [
        (("07-09-2026;13-09-2026", "14-09-2026;20-09-2026"), "totals/week"),
        (("01-09-2026;30-09-2026", "01-10-2026;31-10-2026"), "totals/month"),
        (("01-07-2026;30-09-2026", "01-10-2026;31-12-2026"), "totals/quarter"),
    ],
)
def test_days_by_type_in_spans_are_totals_of_the_period_that_holds_them(
    tmp_path: Path, spans: tuple[str, ...], shape: str
) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"0101144001;6.A;{span};20;1;0;0\n" for span in spans)
    path.write_text("CPR;Klasse;Fra;Til;Skoledage;Syg;Fri;Ulovligt\n" + rows, encoding="utf-8")
    mapping, _ = proposed(path)
    assert mapping.shape == shape
    assert mapping.columns["date"].column == "Fra"


def test_days_counted_over_half_a_year_are_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "CPR;Klasse;Fra;Til;Skoledage;Syg;Fri;Ulovligt\n0101144001;6.A;10-08-2026;13-11-2026;62;3;1;0\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="nobody can tell in which month") as refusal:
        propose_mapping(path, PROTOCOL)
    assert "ask for the export by week" in str(refusal.value)


@pytest.mark.parametrize("headings", ["August;September;Oktober", "Uge 33;Uge 34;uge 35"])
def test_periods_for_headings_are_refused_with_what_to_ask_for(tmp_path: Path, headings: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"CPR;Klasse;{headings}\n0101144001;6.A;1;2;0\n", encoding="utf-8")
    with pytest.raises(InputError, match="weeks or months stand as headings") as refusal:
        propose_mapping(path, PROTOCOL)
    assert "one line for each pupil and week or month" in str(refusal.value)


def test_counts_up_to_a_date_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "CPR;Klasse;Sygedage;Ulovlige dage;Opgjort\n0101144001;6.A;3;0;13-11-2026\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match="does not say since when"):
        propose_mapping(path, PROTOCOL)


def test_percentages_are_never_taken_for_days(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Uge;Årgang;Elever;Sygdom %;Lovligt pct.;Ulovligt (procent)\n2026-W37;6;48;3,2;1;0\n",
        encoding="utf-8",
    )
    proposal = propose_mapping(path, PROTOCOL)
    assert '"Sygdom %"' not in proposal.toml.split("[totals]")[1]
    assert any("Bed om dage i stedet" in d for d in proposal.doubts)
    mapping = parse_mapping(tomllib.loads(proposal.toml), name="draft")
    assert {"totals.types", "totals.unit"} <= {q.name for q in mapping.questions}


def test_totals_without_types_and_lines_per_lesson_are_doubts(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "Klasse;Uge;Antal elever;Mulige dage;Fraværsdage\n6.A;2026-W37;22;110;7\n", encoding="utf-8"
    )
    proposal = propose_mapping(path, PROTOCOL)
    assert 'grain = "week"' in proposal.toml
    assert any("ikke fraværet fordelt på typer" in d for d in proposal.doubts)
    path.write_text("CPR;Klasse;Dato;Lektion;Kode\n0101144001;6.A;14-09-2026;3;Syg\n", encoding="utf-8")
    assert any("en linje pr. lektion" in d for d in propose_mapping(path, PROTOCOL).doubts)


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b""), ("a.csv", b"one\ntwo\n"), ("a.pdf", b"%PDF"), ("a.xlsx", b"PK")]
)
def test_what_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError):
        propose_mapping(tmp_path / name, PROTOCOL)


def test_the_school_is_taken_from_the_folder_where_it_names_one(tmp_path: Path) -> None:
    rows = "CPR;Klasse;Dato;Kode\n0101144001;6.A;25-09-2026;S\n"
    told, silent = tmp_path / "oestereng" / "a.csv", tmp_path / "skoler" / "a.csv"
    for path in (told, silent):
        path.parent.mkdir()
        path.write_text(rows, encoding="utf-8")
    mapping, text = proposed(told)
    assert mapping.columns["school"].constant == "990004"
    assert "Østereng. Er det rigtigt?" in text
    assert "Filen siger ikke, hvilken skole" in proposed(silent)[1]


def test_a_code_that_is_not_shown_is_asked_about_also_where_most_rows_say_another(tmp_path: Path) -> None:
    """Three of a hundred rows: all unlawful absence of the file, under a word that might be a name."""
    path = tmp_path / "a.csv"
    kinds = ["Til stede"] * 97 + ["Uberettiget"] * 3
    rows = "".join(f"0101144{i:03d};6.A;{1 + i % 28:02d}-09-2026;{k}\n" for i, k in enumerate(kinds))
    path.write_text("CPR;Klasse;Dato;Kode\n" + rows, encoding="utf-8")
    draft = propose_mapping(path, PROTOCOL).toml
    assert '"?" = "?"' in draft
    assert "Uberettiget" not in draft


@pytest.mark.parametrize(
    "text", ["Registreringsdag", "Hvornår", "Begrundelse", "Bekræftelse", "ABSENCE_KODE"]
)
def test_a_danish_word_that_is_made_of_others_is_shown(text: str) -> None:
    assert is_nobody(text)


@pytest.mark.parametrize(
    "name",
    ["Annelise", "Else", "Flemming", "Henning", "Havrelse", "Dagmar", "Elvira", "Ane Registrup", "Typhanie", "Skjold",
     "Hvorslev", "Kristian", "Grundtvig", "Bo", "Artur", "Karla Else", "Fredskov", "Elevine",
     "Max Jan Tue", "Solhed", "Elev Jan", "Maj", "Typea", "Boelev", "010114-4001", "101144001"],
)  # fmt: skip
def test_a_name_is_not(name: str) -> None:
    assert not is_nobody(name)


def test_no_word_of_a_column_of_schools_is_shown_that_may_be_a_persons(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"010114{4001 + i};Bøgelund Skole (Åse Ravnsbæk);6.A;25-09-2026;Syg\n" for i in range(3))
    path.write_text("CPR;Skole;Klasse;Dato;Type\n" + rows, encoding="utf-8")
    draft = propose_mapping(path, PROTOCOL).toml
    assert 'school = { column = "Skole", map = { "?" = "?" } }' in draft
    assert "Ravnsbæk" not in draft
