"""Forgetting: every trace of one pupil goes, everybody else's stays byte for byte, and the pupil does not come back."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import json
import lzma
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from evaluation.door.files import masked_name
from evaluation.door.forget import execute_forget, finish_forget, plan_forget
from evaluation.door.forget_files import Places
from evaluation.door.forget_proof import still_held
from evaluation.door.forget_tables import KeyedPupil
from evaluation.door.forgotten import load_forgotten, read_forgotten, receipt_name
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey, generate_key
from evaluation.door.traces import Traces
from evaluation.errors import InputError
from evaluation.publication.leaving import undeclared_values
from evaluation.sealing import opened, sealed
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
    receipt = execute_forget(
        plan, KEY, places(data, study), listed=listed, on=dt.date(2026, 11, 23), receipt="0a1b"
    )
    (data / "receipts").mkdir(exist_ok=True)
    (data / "receipts" / receipt_name(receipt.id)).write_bytes(receipt.filed(KEY))
    finish_forget(plan, KEY, listed=listed)
    assert GONE not in repr(plan)
    return receipt.filed(KEY).decode()


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


def test_the_receipt_is_declared_among_what_leaves(data: Path) -> None:
    """After a removal a round can still go out: the attack reads receipts, their seals included."""
    assert [p for p, text in undeclared_values("forget", json.loads(forget(data))) if text is None] == []


def test_the_receipt_holds_no_count_and_says_that_nothing_is_left(data: Path) -> None:
    receipt = opened("forget-0a1b.json", forget(data).encode(), KEY.for_seals, way_back="")
    assert receipt == {
        "id": "0a1b",
        "on": "2026-11-23",
        "key_id": KEY.key_id,
        "again": ["november_2026"],
        "still_in": [],
        "by_hand": [],
        "elsewhere": [],
        "unsearched": [],
    }


def test_a_round_that_has_gone_out_is_named_while_it_holds_rows(data: Path) -> None:
    gone_out = replace(places(data), rounds=())
    plan = plan_forget(GONE, KEY, gone_out)
    receipt = execute_forget(
        plan, KEY, gone_out, listed=data / "forgotten.json", on=dt.date(2026, 11, 23), receipt="0a1b"
    )
    assert receipt.still_in == ("november_2026",)
    assert receipt.elsewhere == ()


def zipped(content: bytes, name: str = "inside/elever.csv") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


NUMBER = f"x;{GONE[:6]}-{GONE[6:]};6.A\n"
PUPIL = KEY.pseudonym("pupil", GONE)
COPIES = {
    "a copy in text": ("backup/elever.csv", ("y\n" * 600_000 + NUMBER).encode()),
    "utf-16": ("old/elever.txt", ("x" + NUMBER).encode("utf-16")),
    "odd utf-16": ("old/elever.txt", b"x" + NUMBER.encode("utf-16-le")),
    "a zip in a zip": ("old/elever.zip", zipped(zipped(NUMBER.encode()))),
    "gzip": ("old/elever.csv.gz", gzip.compress(NUMBER.encode())),
    "a name in a zip": ("old/x.zip", zipped(b"", f"{GONE}.csv")),
    "the key in a table of nobody's": ("notes/raw.parquet", None),
    "a table under another name": ("backup/core_pupils.parquet.bak", None),
    "a table without an ending": ("noter/pupils", None),
    "bzip2": ("old/elever.csv.bz2", bz2.compress(NUMBER.encode())),
    "xz": ("old/elever.csv.xz", lzma.compress(NUMBER.encode())),
    "the key in a log": ("dagster/log.txt", f"row {PUPIL}".encode()),
    "a file's name": (f"gamle filer/samtykke {STAYS} og {GONE}.docx", b"x"),
}


BETWEEN = [chr(c) for c in range(32, 0x10000) if unicodedata.category(chr(c)) in ("Pd", "Zs")]
"""Every dash and blank there is; word processors put some of them in by themselves."""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_the_number_is_found_with_any_dash_or_blank_in_it(tmp_path: Path, encoding: str) -> None:
    texts = [f"{GONE[:6]}{between}{GONE[6:]}" for c in BETWEEN for between in (c, f" {c} ")]
    texts += [f"{GONE[:2]}.{GONE[2:4]}.{GONE[4:6]}-{GONE[6:]}", f"{GONE[1:6]}\u2212{GONE[6:]}"]
    planted = [t for t in texts if t.encode(encoding, "ignore").decode(encoding) == t]
    assert len(planted) > 5
    for n, text in enumerate(planted):
        (tmp_path / f"{n}.md").write_text(f"Talt med Ida, {text}, om fravær", encoding=encoding)
    apart = (f"{GONE[:6]};{GONE[6:]}", f"{GONE[:6]}\n{GONE[6:]}", f"{GONE}1", f"{GONE[:6]}-1{GONE[6:]}")
    for n, text in enumerate(apart):
        (tmp_path / f"other{n}.md").write_text(text, encoding=encoding)
    who = KeyedPupil(KEY.key_id, PUPIL, frozenset(), {})
    held, unsearched = still_held(tmp_path, who, Traces(GONE), skip=[])
    assert sorted(held) == sorted(f"{n}.md" for n in range(len(planted)))
    assert unsearched == ()


@pytest.mark.parametrize("what", list(COPIES))
def test_whatever_still_holds_the_pupil_anywhere_is_named(data: Path, what: str) -> None:
    name, content = COPIES[what]
    path = data / name
    path.parent.mkdir()
    if content is None:
        pd.DataFrame({"pupil_key": ["a", PUPIL]}).to_parquet(path)
    else:
        path.write_bytes(content)
    (data / "others.csv").write_text(f"x;{STAYS};{GONE}1\n")  # a longer number is another
    receipt = opened("forget-0a1b.json", forget(data).encode(), KEY.for_seals, way_back="")
    assert receipt["elsewhere"] == [masked_name(name)]
    assert GONE not in str(receipt)


def test_a_list_from_before_a_removal_is_noticed(data: Path) -> None:
    listed, receipts = data / "forgotten.json", data / "receipts"
    forget(data)
    later = receipts / "forget-77.json"  # a later removal, whose list was not restored
    later.write_bytes(sealed(later.name, {"id": later.name}, KEY.for_seals))
    with pytest.raises(InputError, match=r"(?s)ældre end kvitteringerne.*forget-77\.json"):
        read_forgotten(listed, KEY)
    load_forgotten(listed, KEY).settled("77").write(listed, KEY)
    assert read_forgotten(listed, KEY) == {PUPIL}
    later.write_text("{}")
    with pytest.raises(InputError, match=r"(?s)forget-77\.json kan ikke bruges.*sikkerhedskopien"):
        read_forgotten(listed, KEY)
    later.unlink()
    listed.unlink()
    with pytest.raises(InputError, match="ældre end kvitteringerne"):
        read_forgotten(listed, KEY)


def test_a_receipt_that_is_gone_is_noticed_and_a_removal_only_the_ledger_knows(data: Path) -> None:
    listed, receipt = data / "forgotten.json", data / "receipts" / "forget-0a1b.json"
    forget(data)
    assert read_forgotten(listed, KEY, ["0a1b"]) == {PUPIL}
    with pytest.raises(InputError, match=r"(?s)ældre end kvitteringerne.*forget-77\.json.*--again"):
        read_forgotten(listed, KEY, ["0a1b", "77"])
    receipt.unlink()
    with pytest.raises(InputError, match=r"(?s)kvitteringer mangler.*forget-0a1b\.json.*--again"):
        read_forgotten(listed, KEY)
    forget(data)  # again, under the same id
    assert read_forgotten(listed, KEY, ["0a1b"]) == {PUPIL}


def test_a_list_that_is_no_file_is_not_taken_for_nobody(data: Path) -> None:
    listed = data / "forgotten.json"
    for put in (lambda: listed.mkdir(), lambda: listed.symlink_to(data / "væk.json")):
        put()
        with pytest.raises(InputError, match=r"forgotten\.json kan ikke bruges"):
            read_forgotten(listed, KEY)
        listed.rmdir() if listed.is_dir() else listed.unlink()


@pytest.mark.parametrize("harm", ["", "{}", "[]", "a pupil taken off"])
def test_a_list_that_was_altered_is_refused_with_the_way_back(data: Path, harm: str) -> None:
    forget(data)
    listed = data / "forgotten.json"
    listed.write_text(listed.read_text().replace(PUPIL, "0" * 20) if harm.startswith("a pupil") else harm)
    with pytest.raises(InputError, match=r"forgotten\.json kan ikke bruges") as refused:
        read_forgotten(listed, KEY)
    assert "sikkerhedskopien" in str(refused.value)


def test_a_file_that_held_nobody_else_goes_whole_so_that_rounds_go_on(data: Path) -> None:
    for path in (data / "incoming").rglob("*.*"):
        encoding = "utf-8" if path.name == "fravaer_2026-11-20.csv" else "cp1252"
        lines = path.read_bytes().decode(encoding).splitlines(keepends=True)
        others = (STAYS, "18\t")
        path.write_bytes("".join(x for x in lines if not any(o in x for o in others)).encode(encoding))
    (data / "incoming/fjord/elever_2026-27_2026-11-20.txt").unlink()
    assert read(data).problems == ()
    forget(data)
    assert [p.name for p in (data / "incoming").rglob("*") if p.is_file()] == []
    assert read(data).problems == ()


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
    with pytest.raises(InputError, match="anden nøgle"):
        read_forgotten(data / "forgotten.json", PseudonymKey.parse(generate_key()))
