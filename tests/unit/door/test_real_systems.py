"""The pilot's ready mappings on files made the way the systems' public sources make them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
ROSTER = (
    "2026/27\nElevID¤Skolekode¤Skolenavn¤Fornavn¤Efternavn¤CPR¤Klassetrin¤Klassespor¤Stamklasse¤Indmeldt¤Udmeldt\n"
    "1¤165001¤Egelund¤Åse¤Kanariefugl¤0101144001¤6¤A¤6.A¤¤\n"
    "2¤165001¤Egelund¤Ida¤Kanariesen¤0202144002¤8¤A¤8.A¤¤\n"
    "3¤165001¤Egelund¤Ida¤Kanariesen¤0303144003¤8¤B¤8.B¤¤\n"
    "4¤165001¤Egelund¤Bo¤Tvilling¤0404144004¤6¤A¤6.A¤¤\n"
    "5¤165001¤Egelund¤Bo¤Tvilling¤0505144005¤6¤A¤6.A¤¤\n"
)
FRAVAER = ["Elev", "Klasse", "Fra", "Til", "Halv dag", "Kategori", "Status", "Registreret af", "Årsag"]
OPSUMMERING = [
    "Kvartal", "Elev", "Klasse", "Skoledage", "Sygdom", "Ekstraordinær frihed", "Ulovligt fravær", "Ulovligt %",
]  # fmt: skip


def workbook(path: Path, rows: list[list[object]], summary: list[list[object]]) -> None:
    """As AbsenceStatsService of Skoleoverblikket writes a school year: two sheets, real date cells."""
    book = openpyxl.Workbook()
    book.active.title = "Fravær"
    for row in [FRAVAER, *rows]:
        book.active.append(row)
    sheet = book.create_sheet("Opsummering")
    for row in [OPSUMMERING, *summary]:
        sheet.append(row)
    book.save(path)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "egelund"
    folder.mkdir()
    (folder / "elever_2026-27_2026-11-20.txt").write_text(ROSTER, encoding="cp1252", newline="\r\n")
    return tmp_path


def read(inbox: Path) -> Intake:
    intake = read_incoming(inbox, STUDY, round_id="november_2026", key=KEY)
    assert not intake.problems
    parts = [
        "rows_kept",
        "rows_quarantined",
        "rows_duplicate",
        "rows_superseded",
        "rows_out_of_round",
        "rows_skipped",
    ]
    ledger = intake.tables["raw_ledger"]
    assert (ledger["rows_in"] == ledger[parts].sum(axis=1)).all()
    everything = "".join(t.to_csv() for t in intake.tables.values())
    for canary in ("Kanarie", "Tvilling", "Ida", "0101144001", "forkølet"):
        assert canary not in everything
    return intake


def test_skoleoverblikkets_workbook_finds_pupils_by_name(inbox: Path) -> None:
    day, next_day = dt.date(2026, 9, 7), dt.date(2026, 9, 8)
    rows: list[list[object]] = [
        ["Åse Kanariefugl", "6.A", day, next_day, "", "Sygdom", "", "Forælder", "forkølet"],
        ["Kanariesen, Ida", "8.B", day, day, "Ja", "Ulovligt fravær", "", "Personale", ""],
        ["Åse Kanariefugl", "6.A", dt.date(2026, 9, 10), dt.date(2026, 9, 10), "", "Ekstraordinær frihed",
         "Afventer godkendelse", "Forælder", ""],
        ["Bo Tvilling", "6.A", day, day, "", "Sygdom", "", "Personale", ""],
        ["Ukendt Kanariebarn", "6.A", day, day, "", "Sygdom", "", "Personale", ""],
    ]  # fmt: skip
    summary = [
        ["3. kvartal 2026", "Åse Kanariefugl", "6.A", 36, 2, 0, 0, 0],
        ["4. kvartal 2026", "Åse Kanariefugl", "6.A", 50, 9, 0, 0, 0],
    ]
    workbook(inbox / "egelund" / "fravaer-2026-27_2026-11-20.xlsx", rows, summary)
    intake = read(inbox)
    absence = intake.tables["raw_absence"]
    assert list(absence["pupil_key"]) == [KEY.pseudonym("pupil", n) for n in ("0101144001", "0303144003")]
    assert list(absence["day_fraction"]) == [1.0, 0.5]
    assert [d.day for d in absence["to_on"]] == [8, 7]
    quarantine = intake.tables["raw_quarantine"]
    assert dict(zip(quarantine["source_row"], quarantine["rule"], strict=True)) == {
        5: "ambiguous_name",
        6: "unknown_pupil",
    }
    ledger = intake.tables["raw_ledger"].set_index("source_file")
    book = "egelund/fravaer-2026-27_2026-11-20.xlsx"
    assert ledger.loc[f"{book}#Fravær", ["rows_in", "rows_kept"]].tolist() == [5, 3]
    assert ledger.loc[f"{book}#Opsummering", ["rows_in", "rows_kept", "rows_out_of_round"]].tolist() == [
        2,
        1,
        1,
    ]
    totals = intake.tables["raw_totals"]
    assert set(totals["period"]) == {"quarter"}
    assert totals.set_index("absence_type")["absent_days"].to_dict() == {
        "sick": 2,
        "permitted": 0,
        "unlawful": 0,
    }


STIL = """<?xml version="1.0" encoding="UTF-8"?>
<ns2:UNILoginExportFullMyndighed xmlns:ns2="https://wsieksport.unilogin.dk/eksport/fullmyndighed"
    exportDateTime="2026-11-20T06:00:00" accessLevel="FullMyndighed">
  <Institution><InstitutionNumber>165001</InstitutionNumber><InstitutionName>Egelundskolen</InstitutionName>
    <Group><GroupId>6A</GroupId><GroupName>6.A</GroupName><GroupType>Hovedgruppe</GroupType></Group>
    <InstitutionPerson><LocalPersonId>17</LocalPersonId>
      <Person><FirstName>Åse</FirstName><FamilyName>Kanariefugl</FamilyName>
        <CivilRegistrationNumber>0101144001</CivilRegistrationNumber></Person>
      <Student><Role>Elev</Role><Level>6</Level><MainGroupId>6A</MainGroupId></Student></InstitutionPerson>
    <InstitutionPerson><LocalPersonId>18</LocalPersonId>
      <Person><FirstName>Ida</FirstName><FamilyName>Kanariesen</FamilyName>
        <CivilRegistrationNumber>0202144002</CivilRegistrationNumber></Person>
      <Student><Role>Elev</Role><Level>10</Level><MainGroupId>10</MainGroupId></Student></InstitutionPerson>
    <InstitutionPerson><LocalPersonId>99</LocalPersonId>
      <Person><FirstName>Lærer</FirstName><CivilRegistrationNumber>0101701111</CivilRegistrationNumber></Person>
      <Employee><Role>Lærer</Role></Employee></InstitutionPerson>
  </Institution>
</ns2:UNILoginExportFullMyndighed>
"""


def test_the_national_roster_of_the_service_schema(tmp_path: Path) -> None:
    (tmp_path / "skolegrunddata_2026-11-20.xml").write_text(STIL, encoding="utf-8")
    intake = read(tmp_path)
    pupils = intake.tables["raw_pupils"]
    assert pupils[["school_id", "school_year", "grade", "class_label"]].to_numpy().tolist() == [
        ["165001", "2026/27", "6", "6.A"]
    ]
    ledger = intake.tables["raw_ledger"].iloc[0]
    assert (ledger["rows_in"], ledger["rows_kept"]) == (
        2,
        2,
    )  # the teacher is no row, grade 10 is kept and no pupil
    assert intake.tables["raw_quarantine"].empty
