"""Who a row is about: replacement numbers, several systems' ids, names that are nearly right, and grouped reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluation.door.cpr import parse_cpr
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")
ROSTER = """
kind = "pupils"
files = ["elever.csv"]
[columns]
school = { constant = "990001" }
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
school_year = { constant = "2026/27" }
local_id = ["Aula", "Uni"]
names = ["Fornavn", "Efternavn"]
"""
ABSENCE = """
kind = "absence"
grain = "day"
files = ["f.csv"]
date_formats = ["yyyy-mm-dd"]
[columns]
school = { constant = "990001" }
pupil = { column = "Elev", kind = "KIND" }
date = "Dato"
type = "Type"
[types]
S = "sick"
"""
PUPILS = "CPR;Klasse;Aula;Uni;Fornavn;Efternavn\n" + "".join(
    (
        "0101144001;6.A;70;anna1;Anna Sofie;Bækgård\n",
        "0202144002;6.A;71;;Bo;Prøve\n",
        "030314-A1B2;6.B;72;clar3;Clara;Prøve\n",
        "0404144004;6.B;73;70;Dan;Test\n",  # one system's number is another pupil's in the other
    )
)


def intake_of(folder: Path, kind: str, rows: str) -> Intake:
    (folder / "study" / "mappings").mkdir(parents=True)
    (folder / "study" / "mappings" / "elever.toml").write_text(ROSTER, encoding="utf-8")
    (folder / "study" / "mappings" / "f.toml").write_text(ABSENCE.replace("KIND", kind), encoding="utf-8")
    (folder / "inbox").mkdir()
    (folder / "inbox" / "elever.csv").write_text(PUPILS, encoding="utf-8")
    (folder / "inbox" / "f.csv").write_text("Elev;Dato;Type\n" + rows, encoding="utf-8")
    study = Study(DEMO.protocol, (folder / "study", *DEMO.folders))
    intake = read_incoming(folder / "inbox", study, round_id="november_2026", key=KEY)
    assert not intake.problems
    return intake


def faults(intake: Intake) -> list[tuple[int, str]]:
    rows = intake.tables["raw_quarantine"]
    return sorted(zip(rows["source_row"].astype(int), rows["rule"], strict=True))


def test_pupils_are_found_by_the_ids_of_several_systems(tmp_path: Path) -> None:
    rows = "".join(
        f"{who};2026-09-{day:02};S\n" for day, who in enumerate(("71", "anna1", "clar3", "70", "99"), start=1)
    )
    intake = intake_of(tmp_path, "local", rows)
    assert intake.tables["raw_absence"]["pupil_key"].nunique() == 3
    assert faults(intake) == [(5, "ambiguous_id"), (6, "unknown_pupil")]


def test_a_name_that_is_nearly_right_is_told_apart_from_an_unknown_one(tmp_path: Path) -> None:
    names = ("Bo Prøve", "Anna Bækgård", "Anna Sofie Baekgaard", "Prøve, Clara", "Ingen Kendt")
    rows = "".join(f"{who};2026-09-{day:02};S\n" for day, who in zip((1, 2, 3, 4, 7), names, strict=True))
    intake = intake_of(tmp_path, "name", rows)
    assert len(intake.tables["raw_absence"]) == 2
    assert faults(intake) == [(3, "near_name"), (4, "near_name"), (6, "unknown_pupil")]
    assert "Bækgård" not in intake.tables["raw_quarantine"].to_csv()


def test_a_replacement_number_with_letters_is_a_number_in_any_spelling(tmp_path: Path) -> None:
    rows = "030314-A1B2;2026-09-01;S\n030314a1b2;2026-09-02;S\n"
    intake = intake_of(tmp_path, "cpr", rows)
    assert len(intake.tables["raw_absence"]) == 2
    assert intake.tables["raw_absence"]["pupil_key"].nunique() == 1


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("010114-ABCD", "cpr_format"),
        ("310214-A1B2", "cpr_date"),
        ("610114A1B2", None),
        ("010114-A1B", "cpr_format"),
    ],
)
def test_what_is_no_replacement_number(text: str, rule: str | None) -> None:
    assert parse_cpr(text)[1] == rule


GROUPED = "CPR;Navn;Klasse;Dato;Fraværstype\n" + "".join(
    (
        "0101144001;Anna;6.A;01-09-2026;Sygdom\n",
        ";;;15-09-2026;Sygdom\n",
        ";;;22-09-2026;Sygdom\n",
        "0202144002;Bo;6.A;02-09-2026;Sygdom\n",
        ";;;16-09-2026;Sygdom\n",
        "I alt;;;;5\n",
    )
)


def test_a_grouped_report_is_filled_down(tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "f.csv").write_text(GROUPED, encoding="utf-8")
    toml = propose_mapping(tmp_path / "inbox" / "f.csv", DEMO.protocol, tmp_path / "inbox").toml
    assert 'fill_down = ["CPR", "Klasse"]' in toml  # names are not read
    toml = toml.replace('constant = "?"', 'constant = "990001"')
    (tmp_path / "study" / "mappings").mkdir(parents=True)
    (tmp_path / "study" / "mappings" / "f.toml").write_text(toml, encoding="utf-8")
    study = Study(DEMO.protocol, (tmp_path / "study", *DEMO.folders))
    intake = read_incoming(tmp_path / "inbox", study, round_id="november_2026", key=KEY)
    assert not intake.problems
    rows = intake.tables["raw_absence"]
    assert sorted(rows.groupby("pupil_key").size()) == [2, 3]
    ledger = intake.tables["raw_ledger"].iloc[0]
    assert (ledger["rows_kept"], ledger["rows_skipped"], ledger["sums_off"]) == (5, 1, 0)


def test_letters_destroyed_on_the_way_are_told(tmp_path: Path) -> None:
    text = "CPR;Navn;Klasse;Dato;Fraværstype\n0101144001;BÃ¦kgÃ¥rd;6.A;01-09-2026;Sygdom\n"
    (tmp_path / "f.csv").write_text(text, encoding="utf-8")
    doubts = " ".join(propose_mapping(tmp_path / "f.csv", DEMO.protocol).doubts)
    assert "Ã¦ for æ" in doubts
    assert "kgÃ" not in doubts


SESSIONS = """
kind = "absence"
grain = "day"
files = ["f.csv"]
date_formats = ["yyyy-mm-dd"]
[columns]
school = { constant = "990001" }
pupil = { column = "Elev", kind = "cpr" }
class = "Klasse"
date = "Dato"
day_part = "Session"
half_day = { constant = "0.5" }
type = "Type"
[types]
"/" = "none"
S = "sick"
U = "unlawful"
"""


def test_a_register_with_a_line_for_each_session(tmp_path: Path) -> None:
    """Two halves make a day in every grade; one half alone only where halves are registered."""
    lines = (
        "0101144001;2.A;2026-09-01;AM;S", "0101144001;2.A;2026-09-01;PM;S",  # a day
        "0101144001;2.A;2026-09-02;AM;S", "0101144001;2.A;2026-09-02;PM;U",  # a day of two kinds
        "0101144001;2.A;2026-09-03;AM;/", "0101144001;2.A;2026-09-03;PM;S",  # half a day, set aside in this grade
        "0202124002;8.A;2026-09-03;AM;/", "0202124002;8.A;2026-09-03;PM;S",
    )  # fmt: skip
    (tmp_path / "study" / "mappings").mkdir(parents=True)
    (tmp_path / "study" / "mappings" / "f.toml").write_text(SESSIONS, encoding="utf-8")
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "f.csv").write_text(
        "Elev;Klasse;Dato;Session;Type\n" + "\n".join(lines) + "\n", encoding="utf-8"
    )
    study = Study(DEMO.protocol, (tmp_path / "study", *DEMO.folders))
    intake = read_incoming(tmp_path / "inbox", study, round_id="november_2026", key=KEY)
    assert not intake.problems
    rows = intake.tables["raw_absence"]
    assert rows.groupby(["grade", "absence_type"])["day_fraction"].sum().to_dict() == {
        ("2", "sick"): 0.5 + 0.5 + 0.5,
        ("2", "unlawful"): 0.5,
        ("8", "sick"): 0.5,
    }
    assert ("half_day_grade", 7) in set(
        intake.tables["raw_quarantine"][["rule", "source_row"]].itertuples(index=False, name=None)
    )
