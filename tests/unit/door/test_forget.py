"""Forgetting: every trace of one pupil goes, everybody else's stays byte for byte, and the pupil does not come back."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from evaluation.door.forget import execute_forget, finish_forget, plan_forget
from evaluation.door.forget_files import Places
from evaluation.door.forgotten import read_forgotten
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey, generate_key
from evaluation.errors import InputError
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("demo_kommune")
GONE, STAYS = "0101144001", "0202144002"
ROSTER = "2026/27\nElevID¤Skolekode¤Skolenavn¤Fornavn¤Efternavn¤CPR¤Klassetrin¤Klassespor¤Stamklasse¤Indmeldt¤Udmeldt\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An inbox where ElevID 17 is the pupil at one school and somebody else at another."""
    for name, text, encoding in (
        ("oestereng/elever_2026-27_2026-11-20.txt",
         ROSTER + f"17¤990004¤Østereng¤A¤B¤{GONE[:6]}-{GONE[6:]}¤6¤A¤6.A¤¤\n18¤990004¤Østereng¤C¤D¤{STAYS}¤6¤A¤6.A¤¤\n",
         "cp1252"),
        ("oestereng/fravaer_2026-11-20.csv",
         "ElevID\tKlasse\tDato\tType\tAndel\n17\t6.A\t07.09.2026\tSygdom\t1\n18\t6.A\t07.09.2026\tSygdom\t1\n", "utf-8"),
        ("fjord/elever_2026-27_2026-11-20.txt", ROSTER + f"17¤990002¤Fjord¤E¤F¤{STAYS}¤6¤A¤6.A¤¤\n", "cp1252"),
        ("fjord/dagsfravaer_2026-11-20.csv",
         f"CPR-nr;Klasse;Dato;Fraværskode;Omfang\n{GONE};6.A;08-09-2026;S;Hel\n{STAYS};6.A;08-09-2026;S;Hel\n", "cp1252"),
    ):  # fmt: skip
        path = tmp_path / "incoming" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding=encoding, newline="\r\n")
    intake = read(tmp_path)
    assert not intake.problems
    for name in ("raw_absence", "raw_pupils", "raw_calendar"):
        folder = tmp_path / "warehouse" / "november_2026"
        folder.mkdir(parents=True, exist_ok=True)
        intake.tables[name].to_parquet(folder / f"{name}.parquet")
    return tmp_path


def read(data: Path) -> Intake:
    forgotten = read_forgotten(data / "forgotten.json", KEY)
    return read_incoming(data / "incoming", STUDY, round_id="november_2026", key=KEY, forgotten=forgotten)


def places(data: Path, study: Study = STUDY) -> Places:
    return Places(study, data / "warehouse", data / "incoming", ("november_2026",))


def forget(data: Path, study: Study = STUDY) -> str:
    listed = data / "forgotten.json"
    plan = plan_forget(f"{GONE[:6]}-{GONE[6:]}", KEY, places(data, study))
    receipt = execute_forget(plan, KEY, places(data, study), listed=listed, on=dt.date(2026, 11, 23))
    finish_forget(plan, KEY, listed=listed)
    assert GONE not in repr(plan)
    return receipt.to_json()


def test_the_pupil_is_gone_from_warehouse_and_inbox_and_others_are_untouched(data: Path) -> None:
    before = pd.read_parquet(data / "warehouse/november_2026/raw_absence.parquet")
    pupil = KEY.pseudonym("pupil", GONE)
    assert before["pupil_key"].eq(pupil).sum() == 2
    receipt = forget(data)
    for name in ("raw_absence", "raw_pupils"):
        after = pd.read_parquet(data / f"warehouse/november_2026/{name}.parquet")
        assert pupil not in set(after["pupil_key"])
    after = pd.read_parquet(data / "warehouse/november_2026/raw_absence.parquet")
    expected = before[before["pupil_key"] != pupil].reset_index(drop=True)
    pd.testing.assert_frame_equal(after.reset_index(drop=True), expected)
    everything = b"".join(p.read_bytes() for p in data.rglob("*") if p.is_file())
    assert GONE.encode() not in everything
    assert b"010114-4001" not in everything
    lines = (data / "incoming/oestereng/fravaer_2026-11-20.csv").read_bytes()
    assert lines == b"ElevID\tKlasse\tDato\tType\tAndel\r\n18\t6.A\t07.09.2026\tSygdom\t1\r\n"
    # ElevID 17 of another school is somebody else.
    assert b"17\xa4990002" in (data / "incoming/fjord/elever_2026-27_2026-11-20.txt").read_bytes()
    assert GONE not in receipt
    assert pupil not in receipt


def test_the_receipt_counts_what_was_removed(data: Path) -> None:
    import json

    receipt = json.loads(forget(data))
    assert {t["name"]: t["rows"] for t in receipt["tables"]} == {
        "november_2026/raw_absence.parquet": 2,
        "november_2026/raw_pupils.parquet": 1,
    }
    assert sum(f["rows"] for f in receipt["files"]) == 1 + 1 + 1  # roster, ElevID file, CPR file


def test_a_new_export_does_not_bring_the_pupil_back(data: Path) -> None:
    forget(data)
    path = data / "incoming/fjord/dagsfravaer_2026-11-21.csv"
    rows = (
        f"CPR-nr;Klasse;Dato;Fraværskode;Omfang\n{GONE};6.A;09-09-2026;S;Hel\n{STAYS};6.A;09-09-2026;S;Hel\n"
    )
    path.write_text(rows, encoding="cp1252")
    intake = read(data)
    assert KEY.pseudonym("pupil", GONE) not in set(intake.tables["raw_absence"]["pupil_key"])
    assert list(intake.tables["raw_quarantine"]["rule"]) == ["forgotten"]


def test_twice_changes_nothing_more(data: Path) -> None:
    forget(data)
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file()}
    forget(data)
    assert {p: p.read_bytes() for p in data.rglob("*") if p.is_file()} == before


def test_a_wrong_number_is_refused_without_repeating_it(data: Path) -> None:
    with pytest.raises(InputError) as caught:
        plan_forget("310214-4001", KEY, places(data))
    assert "310214" not in str(caught.value)


def test_a_list_made_with_another_key_is_refused(data: Path) -> None:
    forget(data)
    with pytest.raises(InputError, match="another key"):
        read_forgotten(data / "forgotten.json", PseudonymKey.parse(generate_key()))
