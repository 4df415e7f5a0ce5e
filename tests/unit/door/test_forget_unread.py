"""A pupil in what the door does not read, by the school's own number or by name: the file is named."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from evaluation.door.forget import Receipt, execute_forget, finish_forget, plan_forget
from evaluation.door.forget_files import Places
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")
GONE, STAYS, ID, NAME = "0101144001", "0202144002", "00417", "Karla Kanariefugl"
ROSTER = """
kind = "pupils"
files = ["elever.csv"]
[columns]
school = { constant = "990001" }
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
local_id = "Elevnr"
names = ["Fornavn", "Efternavn"]
"""
BY_ID = """
kind = "absence"
grain = "day"
files = ["fravaer_*.*", "**/fravaer_*.*"]
FORMAT
[columns]
school = { constant = "990001" }
pupil = { column = "Elev", kind = "KIND" }
date = "Dato"
type = "Kode"
[types]
S = "sick"
"""
ROSTER_ROWS = (
    f"CPR;Klasse;Elevnr;Fornavn;Efternavn\n{GONE};6.A;{ID};Karla;Kanariefugl\n{STAYS};6.A;00418;Bo;Bækskov\n"
)
GOOD = f"Elev;Dato;Kode\n{ID};2026-09-07;S\n00418;2026-09-07;S\n"


def forget(folder: Path, files: dict[str, bytes], *, kind: str = "local", form: str = "") -> Receipt:
    (folder / "study" / "mappings").mkdir(parents=True, exist_ok=True)
    (folder / "study" / "mappings" / "elever.toml").write_text(ROSTER, encoding="utf-8")
    by_id = BY_ID.replace("KIND", kind).replace("FORMAT", form)
    (folder / "study" / "mappings" / "fravaer.toml").write_text(by_id, encoding="utf-8")
    for name, content in {"elever.csv": ROSTER_ROWS.encode(), **files}.items():
        path = folder / "incoming" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return again(folder)


def again(folder: Path) -> Receipt:
    study = Study(DEMO.protocol, (folder / "study", *DEMO.folders))
    places = Places(study, folder / "warehouse", folder / "incoming", ())
    listed = folder / "forgotten.json"
    plan = plan_forget(GONE, KEY, places)
    receipt = execute_forget(plan, KEY, places, listed=listed, on=dt.date(2026, 11, 23), receipt="0a1b")
    (folder / "receipts").mkdir(exist_ok=True)
    (folder / "receipts" / "forget-0a1b.json").write_bytes(receipt.filed(KEY))
    finish_forget(plan, KEY, listed=listed)
    return receipt


def book(**sheets: list[list[object]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in sheets.items():
        for row in (sheet := made.create_sheet(title)) and rows:
            sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def packed(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, content)
    return out.getvalue()


HOLDING: dict[str, tuple[str, bytes]] = {
    "nobody reads it": ("gammelt.csv", f"Nr;Dage\n{ID};3\n".encode()),
    "nobody reads it, by name": ("noter.txt", b"Dato\tHvem\n2026-09-07\tKanariefugl, Karla\n"),
    "nobody reads it, utf-16": ("gammelt.txt", f"Nr\tDage\n{ID}\t3\n".encode("utf-16")),
    "nobody reads it, a workbook": ("gammelt.xlsx", book(Ark1=[["Nr", "Dage"], [417, 3]])),
    "nobody reads it, packed": ("gammelt.zip", packed("a.csv", f"{ID};3\n".encode())),
    "hidden": (".gammelt.csv", f"Nr;Dage\n{ID};3\n".encode()),
    "another heading": ("fravaer_1.csv", f"Elevnr;Dato;Kode\n{ID};2026-09-07;S\n".encode()),
    "another encoding": ("fravaer_1.csv", f"Elev;Dato;Kode\n{ID};2026-09-07;S\nå;2026-09-07;S\n".encode("cp1252")),
    "a short row": ("fravaer_1.csv", f"{GOOD}{ID};2026-09-08\n".encode()),
    "a long row": ("fravaer_1.csv", f"{GOOD}{ID};2026-09-08;S;;x\n".encode()),
    "an unclosed quotation mark": ("fravaer_1.csv", f'{GOOD}{ID};"2026-09-08;S\n'.encode()),
    "a folder nobody reads": ("gammelt/arkiv/liste.md", f"- {NAME}\n".encode()),
}  # fmt: skip


@pytest.mark.parametrize("what", list(HOLDING))
def test_a_file_that_still_holds_the_pupil_is_named(tmp_path: Path, what: str) -> None:
    name, content = HOLDING[what]
    receipt = forget(tmp_path, {name: content})
    assert set(receipt.by_hand) == {name, "elever.csv"}
    # Once somebody has seen to the file the same command finishes: the roster was kept to know whom to look for.
    (tmp_path / "incoming" / name).unlink()
    assert again(tmp_path).by_hand == ()
    everything = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert GONE.encode() not in everything
    assert b"Kanariefugl" not in everything


def test_a_row_that_the_door_cannot_attribute_is_named(tmp_path: Path) -> None:
    """Two pupils of one name: whose the row is nobody can tell."""
    roster = ROSTER_ROWS + f"0303144003;6.B;00419;{NAME.replace(' ', ';')}\n"
    rows = f"Elev;Dato;Kode\n{NAME};2026-09-07;S\nBo Bækskov;2026-09-07;S\n".encode()
    receipt = forget(tmp_path, {"elever.csv": roster.encode(), "fravaer_1.csv": rows}, kind="name")
    assert set(receipt.by_hand) == {"fravaer_1.csv", "elever.csv"}


def test_a_sheet_nobody_reads_is_searched(tmp_path: Path) -> None:
    rows = [["Elev", "Dato", "Kode"], ["00418", "2026-09-07", "S"]]
    form = 'format = "xlsx"\nsheet = "Fravær"'
    content = book(Fravær=rows, Noter=[["Hvem"], [NAME]])
    assert set(forget(tmp_path, {"fravaer_1.xlsx": content}, form=form).by_hand) == {
        "fravaer_1.xlsx",
        "elever.csv",
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: {"fravaer_1.csv": GOOD.encode()},
        lambda: {"fravaer_1.csv": GOOD.replace(ID, "00418").encode(), "andet.csv": b"Nr;Dage\n00418;417.5\n"},
        lambda: {"fravaer_1.csv": f"Elev;Dato;Kode\n00418;2026-09-07;S\n00418;{ID}\n".replace(ID, "2026").encode()},
    ],
)  # fmt: skip
def test_nothing_is_named_where_nothing_is_left(tmp_path: Path, make: Callable[[], dict[str, bytes]]) -> None:
    assert forget(tmp_path, make()).by_hand == ()
