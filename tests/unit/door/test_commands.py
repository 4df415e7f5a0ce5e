"""The door's commands: the key is made once and outside, numbers are never arguments, drafts are printed."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, Problem
from pipelines.cli import app
from pipelines.told import told

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
    assert "der er allerede en nøgle" in str(again.exception)
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
    done = runner.invoke(app, ["forget", "--yes"], input="010114-4001\n")
    assert done.exit_code == 0, done.output
    assert list(pd.read_parquet(folder / "raw_absence.parquet")["pupil_key"]) == keys[1:]
    (receipt,) = (tmp_path / "data" / "receipts").iterdir()
    assert json.loads(receipt.read_text())["again"] == ["november_2026"]
    for text in (done.output, receipt.read_text()):
        assert "010114" not in text
        assert keys[0] not in text
    assert runner.invoke(app, ["forget", "0101144001"]).exit_code == 2


def test_forget_of_a_number_nobody_has_changes_nothing_and_files_nothing(
    runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOMGLAD_KEY", TEXT)
    data = tmp_path / "data"
    folder = data / "warehouse" / "november_2026"
    folder.mkdir(parents=True)
    keys = [KEY.pseudonym("pupil", "0101144001")]
    pd.DataFrame({"pupil_key": keys}).to_parquet(folder / "raw_absence.parquet")
    (data / "incoming").mkdir()
    (data / "incoming" / "brev.pdf").write_bytes(b"%PDF-1.7 ...")
    nobody = runner.invoke(app, ["forget"], input="020214-4002\n")
    assert getattr(nobody.exception, "exit_code", None) == 2
    assert "ingen fundet" in str(nobody.exception)
    assert "brev.pdf" in str(nobody.exception)
    assert "Fjernet" not in nobody.output
    assert not (data / "receipts").exists()
    assert not (data / "forgotten.json").exists()
    assert runner.invoke(app, ["forget", "--yes"], input="010114-4001\n").exception.exit_code == 3  # type: ignore[union-attr]
    (data / "incoming" / "brev.pdf").unlink()
    assert (
        runner.invoke(app, ["forget", "--yes"], input="010114-4001\n").exit_code == 0
    )  # removed before: not nobody


def test_map_prints_a_draft_under_its_doubts(runner: CliRunner, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("CPR;Klasse;Dato;Kode\n0101144001;6.A;25-09-2026;S\n", encoding="utf-8")
    done = runner.invoke(app, ["map", str(path)])
    assert done.exit_code == 0, done.output
    assert done.output.startswith("# TVIVL: ")
    assert 'kind = "absence"' in done.output
    assert "0101144001" not in done.output


REFUSED = [
    InputError(
        "a.csv holds no rows",
        [Problem("a.csv", 3, "CPR", "a header and no rows", "empty_file", "rows", "ask")],
    ),
    InputError(
        "2 problem(s)",
        [
            Problem("a.csv", found="not a readable file", rule="unreadable", next_step="remove it"),
            Problem("b.csv", 7, None, "an unclosed quotation mark", "unclosed_quote", "rows", "close it"),
        ],
    ),
    InputError(
        "mappingen m.toml kan ikke læses",
        [Problem("m.toml", 2, "types", "ikke TOML", expected="TOML", next_step="ret")],
    ),
]


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refusal_is_told_in_danish_with_its_place_and_the_next_step(refused: InputError) -> None:
    text = told(refused)
    for english in ("Next", "Expected", "line ", "column", "holds no", "problem(s)"):
        assert english not in text
    for p in refused.problems:
        assert p.file in text
        assert p.line is None or f"linje {p.line}" in text
        assert p.column is None or f"kolonnen {p.column}" in text
    assert text.count("→") == len(refused.problems)
