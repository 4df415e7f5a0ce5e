"""The files are what four systems would hand over, and the door finds exactly the dirt that was planted."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from evaluation.study import load_study
from evaluation.synthetic import EXPORTED_ON, Scenario, cells, make_municipality, write_files, write_truth

pytestmark = pytest.mark.slow

STUDY = load_study("demo_kommune")
SMALL = 800
NOVEMBER, JUNE = EXPORTED_ON


@pytest.fixture(scope="module")
def municipality():
    return make_municipality(STUDY, seed=4, pupils=SMALL)


@pytest.fixture(scope="module")
def inbox(municipality, tmp_path_factory):
    folder = tmp_path_factory.mktemp("incoming")
    return folder, write_files(municipality, folder)


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def test_the_same_municipality_gives_the_same_bytes(municipality, inbox, tmp_path):
    write_files(municipality, tmp_path)
    assert hashes(tmp_path) == hashes(inbox[0])
    assert set(hashes(tmp_path)) == set(inbox[1].files)


def test_every_school_has_its_own_shape_and_encoding(inbox):
    folder = inbox[0]
    sheet = pd.read_excel(folder / f"boegelund/fravaer_{NOVEMBER}.xlsx", sheet_name="Fravær")
    assert list(sheet.columns)[:5] == ["Elev", "CPR", "Klasse", "Fra", "Til"]
    fjord = (folder / f"fjord/dagsfravaer_{NOVEMBER}.csv").read_bytes()
    assert fjord.decode("cp1252").startswith("CPR-nr;Klasse;Dato;Fraværskode;Omfang\r\n")
    with pytest.raises(UnicodeDecodeError):
        fjord.decode("utf-8")
    totals = (folder / f"kirkemose/ugetal_{NOVEMBER}.csv").read_bytes()
    assert totals.startswith(b"\xef\xbb\xbfElev-id;")
    assert ";0,5\r\n" in totals.decode("utf-8-sig")
    assert (
        (folder / f"oestereng/fravaer_{NOVEMBER}.csv")
        .read_text(encoding="utf-8")
        .startswith("ElevID\tKlasse")
    )
    roster = (folder / f"boegelund/elever_2026-27_{NOVEMBER}.txt").read_bytes().decode("cp1252").splitlines()
    assert roster[0] == "2026/27"
    assert roster[1].startswith("ElevID¤Skolekode¤")


def test_the_first_export_knows_nothing_of_what_comes_later(inbox):
    folder = inbox[0]
    fjord = pd.read_csv(folder / f"fjord/dagsfravaer_{NOVEMBER}.csv", sep=";", encoding="cp1252", dtype=str)
    days = pd.to_datetime(fjord["Dato"], format="%d-%m-%Y", errors="coerce")
    # A planted weekend row may lie up to two days after the day it was copied from.
    assert days.max() <= pd.Timestamp(NOVEMBER) + pd.Timedelta(days=2)
    talks = pd.read_csv(folder / f"sundhedsplejen/samtaler_{NOVEMBER}.csv", sep=";", dtype=str)
    assert set(talks.loc[talks["Klassetrin"].isin(["1", "8"]), "Status"]) <= {"planlagt", "måske"}
    later = pd.read_csv(folder / f"fjord/dagsfravaer_{JUNE}.csv", sep=";", encoding="cp1252", dtype=str)
    assert later["Dato"].str[-4:].isin(["2026", "2027"]).all()


def test_some_recent_registrations_are_corrected_later(municipality, inbox):
    folder = inbox[0]
    frames = [
        pd.read_csv(folder / f"oestereng/fravaer_{day}.csv", sep="\t", dtype=str).drop_duplicates(
            ["ElevID", "Dato"]
        )
        for day in EXPORTED_ON
    ]
    both = frames[0].merge(frames[1], on=["ElevID", "Dato"])
    assert (both["Type_x"] != both["Type_y"]).sum() > 0


def test_missing_weeks_and_the_silent_class_are_left_out(inbox, tmp_path):
    scenario = Scenario(missing_weeks=(("990003", "2026-W45"), ("990002", "2026-W37")), has_dirt=False)
    m = make_municipality(STUDY, seed=4, pupils=SMALL, scenario=scenario)
    written = write_files(m, tmp_path)
    assert written.dirt.empty
    assert written.unregistered_class is None
    assert inbox[1].unregistered_class[:2] == ("990002", "4")
    totals = pd.read_csv(tmp_path / f"kirkemose/ugetal_{JUNE}.csv", sep=";", encoding="utf-8-sig", dtype=str)
    assert "2026-W45" not in set(totals["Uge"])
    assert "2026-W44" in set(totals["Uge"])
    fjord = pd.read_csv(tmp_path / f"fjord/dagsfravaer_{JUNE}.csv", sep=";", encoding="cp1252", dtype=str)
    assert not fjord["Dato"].isin([f"{d:02d}-09-2026" for d in range(7, 12)]).any()


def test_without_dirt_the_totals_are_the_counts(tmp_path):
    m = make_municipality(STUDY, seed=4, pupils=SMALL, scenario=Scenario(has_dirt=False))
    write_files(m, tmp_path)
    totals = pd.read_csv(
        tmp_path / f"kirkemose/ugetal_{JUNE}.csv", sep=";", decimal=",", encoding="utf-8-sig"
    )
    counts = cells(m)
    mine = counts[(counts["school_id"] == "990003") & (counts["school_year"] == "2026/27")]
    assert totals["Skoledage"].sum() == mine["possible_days"].sum()
    assert totals[["Sygdom", "Tilladelse", "Ulovligt"]].sum().sum() == mine["absent_days"].sum()


def test_the_truth_is_written_with_its_dirt_and_stands_outside_the_inbox(municipality, inbox, tmp_path):
    write_truth(municipality, tmp_path / "truth.json", dirt=inbox[1].dirt)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert (
        truth["rounds"]["end_of_year_2027"]["att_pp"]
        == municipality.truth["rounds"]["end_of_year_2027"]["att_pp"]
    )
    assert len(truth["dirt"]) == len(inbox[1].dirt)
    assert not any("truth" in name for name in inbox[1].files)


def test_canaries_sit_in_every_kind_of_input(inbox, tmp_path):
    m = make_municipality(STUDY, seed=4, pupils=SMALL, scenario=Scenario(has_canaries=True))
    written = write_files(m, tmp_path)
    assert len(written.canaries.values) >= 7
    kinds = {name.split("/")[-1].split("_")[0] for name in written.files} - {"skema"}
    for kind in kinds:
        texts = []
        for name in written.files:
            if name.split("/")[-1].startswith(kind):
                if name.endswith(".xlsx"):
                    texts.append(pd.read_excel(tmp_path / name, dtype=str).to_csv())
                else:
                    encoding = "cp1252" if kind in ("elever", "dagsfravaer") else "utf-8"
                    texts.append((tmp_path / name).read_bytes().decode(encoding))
        assert any(c in t for c in written.canaries.values for t in texts), kind
    assert inbox[1].canaries.values == ()


def test_the_door_quarantines_what_was_planted_and_nothing_else(inbox):
    from evaluation.door.intake import read_incoming
    from evaluation.door.pseudonyms import PseudonymKey, generate_key

    folder, written = inbox
    found = read_incoming(folder, STUDY, round_id="end_of_year_2027", key=PseudonymKey.parse(generate_key()))
    assert found.problems == ()
    places = ["source_file", "source_row"]
    set_aside = set(map(tuple, found.tables["raw_quarantine"][places].to_numpy()))
    planted = written.dirt[written.dirt["outcome"] == "quarantined"]
    assert set_aside <= set(map(tuple, planted[places].to_numpy()))
    # Contradictions of the first export that the second one settles are superseded, not set aside.
    settled = (planted["fault"] == "conflict") & planted["source_file"].str.contains(str(NOVEMBER))
    assert set(map(tuple, planted[~settled][places].to_numpy())) <= set_aside


def test_exports_follow_the_days_asked_for(municipality, tmp_path):
    day = dt.date(2026, 11, 20)
    written = write_files(municipality, tmp_path, exported_on=(day,))
    assert all(str(day) in name for name in written.files)
