"""``komglad purge``: what is about persons goes, the key with it, what documents the pilot stays, and it is proven."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.door.forgotten import Forgotten
from evaluation.door.pseudonyms import PseudonymKey
from pipelines.stores import LOCKS, STORES, store_of
from tests.acceptance.test_commands import Terminal, contents, environment, refusal, terminal
from tests.conftest import KEY

__all__ = ["environment", "terminal"]

PLACES = {
    "incoming/**/*": "incoming/fjord/elever.txt",
    "warehouse/*/*.parquet": "warehouse/november_2026/raw_absence.parquet",
    "warehouse/*/made/*.json": "warehouse/november_2026/made/raw_absence.json",
    "warehouse/*/checks/*.json": "warehouse/november_2026/checks/raw_absence.json",
    "warehouse/*/release.json": "warehouse/november_2026/release.json",
    "reports/**/*": "reports/november_2026/skoler/fjord.html",
    "releases/*/**/*": "releases/november_2026/skoler/fjord.html",
    "releases/*.approval.json": "releases/november_2026.approval.json",
    "releases/*.waiting.json": "releases/november_2026.waiting.json",
    "check/*": "check/november_2026.html",
    "superseded/**/*": "superseded/november_2026/styregruppe.pdf",
    "receipts/*.json": "receipts/forget-0a1b.json",
    "frozen/*.json": "frozen/demo_kommune.json",
    "dagster/**/*": "dagster/history/runs.db",
    "log/*": "log/komglad.log",
    "letters/*/*": "letters/november_2026/fjord.docx",
    "truth/*": "truth/truth.json",
}
"""A file for every pattern; the other stores are named by theirs."""


@pytest.fixture
def folder(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    """A data folder with a file of every kind, a leftover, and a key file."""
    for store in STORES:
        if store.name != LOCKS:
            put(terminal.data / PLACES.get(store.pattern, store.pattern))
    put(terminal.data / "warehouse" / "november_2026" / ".raw_absence.parquet.x.tmp")
    (tmp_path / "key").write_text(KEY, encoding="ascii")
    (tmp_path / "key").chmod(0o600)
    Forgotten(KEY_OF_THE_PILOT.key_id).write(terminal.data / "forgotten.json", KEY_OF_THE_PILOT)
    monkeypatch.delenv("KOMGLAD_KEY")
    (terminal.data / "made_by_komglad_demo.json").unlink()
    return terminal


KEY_OF_THE_PILOT = PseudonymKey.parse(KEY)


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x", encoding="utf-8")


def test_every_store_is_told_by_its_place(tmp_path: Path) -> None:
    for store in STORES:
        assert store_of(tmp_path / PLACES.get(store.pattern, store.pattern), tmp_path) in (store, *STORES)
    for stranger in ("notes.txt", "backup/elever.csv", "warehouse/x.csv", "releases/x.json"):
        assert store_of(tmp_path / stranger, tmp_path) is None, stranger


def test_what_is_about_persons_goes_and_the_receipt_says_what_stays(folder: Terminal, tmp_path: Path) -> None:
    before = contents(folder.data)
    done = folder("purge", "--yes")
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    after = contents(folder.data)
    assert not (tmp_path / "key").exists()
    for store in STORES:
        name = PLACES.get(store.pattern, store.pattern)
        if store.name != LOCKS and name in before:
            assert (name in after) == store.stays, store.name
            assert not (store.holds_persons and name in after)
    (receipt,) = (folder.data / "receipts").glob("purge-*.json")
    said = json.loads(receipt.read_text("utf-8"))
    assert said["is_key_deleted"]
    assert said["stays"] == {
        n: h for n, h in after.items() if not n.startswith(("receipts/purge", "run.lock", "log/"))
    }
    assert "elever.txt" not in receipt.read_text("utf-8")
    assert not [p for p in folder.data.rglob("*") if p.is_dir() and not any(p.iterdir())]


def test_without_a_yes_nothing_changes(folder: Terminal, tmp_path: Path) -> None:
    before = contents(folder.data) | {"key": (tmp_path / "key").read_text()}
    code, said = refusal(folder("purge"))
    assert code == 2
    assert "--yes" in said
    after = contents(folder.data) | {"key": (tmp_path / "key").read_text()}
    changing = (".tmp", "run.lock", "komglad.log")
    assert {n: h for n, h in after.items() if not n.endswith(changing)} == {
        n: h for n, h in before.items() if not n.endswith(changing)
    }


def test_a_file_nobody_knows_is_named_and_left(folder: Terminal) -> None:
    put(folder.data / "backup" / "elever.csv")
    code, said = refusal(folder("purge", "--yes"))
    assert code == 3
    assert "1 filer, komglad ikke kender" in said
    assert (folder.data / "backup" / "elever.csv").is_file()
    assert not (folder.data / "incoming").exists()


@pytest.mark.parametrize("sealed_with", ["another key", "nothing"])
def test_the_key_of_another_folder_stays(folder: Terminal, tmp_path: Path, sealed_with: str) -> None:
    (folder.data / "forgotten.json").unlink()
    if sealed_with == "another key":
        other = PseudonymKey.parse(KEY[::-1])
        Forgotten(other.key_id).write(folder.data / "forgotten.json", other)
    done = folder("purge", "--yes")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "key").read_text(encoding="ascii") == KEY
    assert "ikke forseglet med den" in done.output
    (receipt,) = (folder.data / "receipts").glob("purge-*.json")
    assert not json.loads(receipt.read_text("utf-8"))["is_key_deleted"]
