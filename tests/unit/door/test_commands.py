"""The door's commands: the key is made once and outside, numbers are never arguments, drafts are printed."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from evaluation.door.pseudonyms import PseudonymKey
from pipelines.cli import app

TEXT = "00112233445566778899aabbccddeeff" * 2
KEY = PseudonymKey.parse(TEXT)


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("KOMGLAD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KOMGLAD_STUDY", "demo_kommune")
    monkeypatch.setenv("KOMGLAD_KEY_FILE", str(tmp_path / "hemmeligt" / "key"))
    monkeypatch.delenv("KOMGLAD_KEY", raising=False)
    return CliRunner()


def test_init_makes_an_owner_only_key_once(runner: CliRunner, tmp_path: Path) -> None:
    done = runner.invoke(app, ["init"])
    path = tmp_path / "hemmeligt" / "key"
    assert done.exit_code == 0, done.output
    assert path.stat().st_mode & 0o777 == 0o600
    key = PseudonymKey.parse(path.read_text())
    assert key.key_id in done.output
    assert path.read_text().strip() not in done.output
    again = runner.invoke(app, ["init"])
    assert "there is a key already" in str(again.exception)
    assert getattr(again.exception, "exit_code", None) == 5
    assert PseudonymKey.parse(path.read_text()) == key


@pytest.mark.parametrize("where", ["data/key", "repo"])
def test_init_refuses_places_that_are_copied_along(runner: CliRunner, tmp_path: Path, where: str) -> None:
    from pipelines.settings import PROJECT

    path = tmp_path / where if where != "repo" else PROJECT / "docs" / "key"
    refused = runner.invoke(app, ["init", "--key-file", str(path)])
    assert getattr(refused.exception, "exit_code", None) == 5
    assert not path.exists()


def test_forget_reads_the_number_from_standard_input(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOMGLAD_KEY", TEXT)
    folder = tmp_path / "data" / "warehouse" / "november_2026"
    folder.mkdir(parents=True)
    keys = [KEY.pseudonym("pupil", "0101144001"), KEY.pseudonym("pupil", "0202144002")]
    pd.DataFrame({"pupil_key": keys, "x": [1, 2]}).to_parquet(folder / "raw_absence.parquet")
    done = runner.invoke(app, ["forget"], input="010114-4001\n")
    assert done.exit_code == 0, done.output
    assert list(pd.read_parquet(folder / "raw_absence.parquet")["pupil_key"]) == keys[1:]
    (receipt,) = (tmp_path / "data" / "receipts").iterdir()
    assert json.loads(receipt.read_text())["tables"][0]["rows"] == 1
    for text in (done.output, receipt.read_text()):
        assert "010114" not in text
        assert keys[0] not in text
    assert runner.invoke(app, ["forget", "0101144001"]).exit_code == 2


def test_map_prints_a_draft_under_its_doubts(runner: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("CPR;Klasse;Dato;Kode\n0101144001;6.A;25-09-2026;S\n", encoding="utf-8")
    done = runner.invoke(app, ["map", str(path)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("# TVIVL: ")
    assert 'kind = "absence"' in done.output
    assert "0101144001" not in done.output
