"""``komglad verify`` has three answers: the same bytes, the same numbers from other versions, not the same.

The rerun itself is held in test_commands; here its result is an unaltered copy of the demonstration.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from pipelines.provenance import provenance
from pipelines.resources import warehouse_of
from pipelines.verification import compared, other_numbers_in
from tests.acceptance.test_commands import ROUND, Terminal, environment, finished, refusal
from tests.conftest import settings_for

__all__ = ["environment", "finished"]


@pytest.fixture
def remade(demonstration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.verification.rerun", lambda *_: settings_for(demonstration.folder))


def later_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is here now is not what made the round."""
    now = replace(
        provenance(),
        git_commit="f" * 40,
        package_versions={**provenance().package_versions, "numpy": "99.0"},
    )
    monkeypatch.setattr("pipelines.verification.provenance", lambda: now)


def rewrite(data: Path, table: str, change) -> None:
    """A table as another version would have written it: sealed, its last digits different."""
    warehouse = warehouse_of(settings_for(data))
    frame = pd.read_parquet(warehouse.path(ROUND, table))
    change(frame).to_parquet(warehouse.path(ROUND, table))
    warehouse.vouch(ROUND, table)


@pytest.mark.slow
def test_the_same_numbers_of_other_versions_are_named_with_the_way_back(
    remade, finished: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewrite(finished.data, "out_effects", lambda f: f.assign(estimate_pp=f["estimate_pp"] * (1 + 1e-13)))
    code, said = refusal(finished("verify", ROUND))
    assert code == 3  # no version explains it
    assert "out_effects.parquet" in said
    commit = provenance().git_commit.rstrip("+")
    later_version(monkeypatch)
    done = finished("verify", ROUND)
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    assert "de samme tal" in done.output
    assert "→ 99.0" in done.output
    assert f"git checkout {commit}" in done.output


@pytest.mark.slow
@pytest.mark.parametrize("is_later", [False, True])
@pytest.mark.parametrize(
    "what", ["a number", "a page", "the pdf", "a table of nobody's", "the plan in the manifest"]
)
def test_what_was_altered_is_never_excused(
    remade, finished: Terminal, monkeypatch: pytest.MonkeyPatch, what: str, is_later: bool
) -> None:
    folder, name = finished.data / "reports" / ROUND, "out_effects.parquet"
    if what == "a number":
        rewrite(finished.data, "out_effects", lambda f: f.assign(estimate_pp=f["estimate_pp"] + 1e-6))
    elif what == "a page":
        name = "styregruppe.html"
        (folder / name).write_text(
            (folder / name).read_text("utf-8").replace("usikkert", "sikkert") + " ", "utf-8"
        )
    elif what == "the pdf":
        name = "styregruppe.pdf"
        (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    elif what == "a table of nobody's":
        path = finished.data / "warehouse" / ROUND / name
        pd.read_parquet(path).assign(note="").to_parquet(path)
    else:
        name = "manifest.json"
        stated = json.loads((folder / name).read_text("utf-8"))
        (folder / name).write_text(json.dumps({**stated, "is_frozen": not stated["is_frozen"]}), "utf-8")
    if is_later:
        later_version(monkeypatch)
    code, said = refusal(finished("verify", ROUND))
    assert code == 3
    assert name in said
    assert ("git checkout" in said) == is_later


@pytest.mark.slow
def test_another_key_is_told_before_anything_is_made(
    finished: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOMGLAD_KEY", "ff00" * 4 + "0123456789abcdef" * 3)
    code, said = refusal(finished("verify", ROUND))
    assert code == 2
    assert "en anden nøgle" in said
    assert "rotate" in said
    assert not list(finished.data.glob(".verify-*"))


@pytest.mark.slow
def test_a_print_of_another_browser_is_said_and_not_compared(
    remade, finished: Terminal, demonstration
) -> None:
    """Both were entered in the ledger as they are; only the engine that printed them differs."""
    path = settings_for(demonstration.folder).reports / ROUND / "styregruppe.pdf"
    assert b"/Producer (Skia/PDF" in path.read_bytes()
    found = compared(settings_for(finished.data), settings_for(demonstration.folder), ROUND)
    assert found.is_same_bytes
    assert found.printed == ()
    mine = finished.data / "reports" / ROUND / "styregruppe.pdf"
    mine.write_bytes(mine.read_bytes().replace(b"Skia/PDF m", b"Skia/PDF x"))
    found = compared(settings_for(finished.data), settings_for(demonstration.folder), ROUND)
    assert found.different == ()
    assert "lavet af Skia/PDF x" in found.printed[0]
    assert [name for name, _ in found.altered] == ["styregruppe.pdf"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.assign(a=f["a"] * (1 + 1e-12)), ""),
        (lambda f: f.assign(a=f["a"] * (1 + 1e-8)), "kolonnen a"),
        (lambda f: f.assign(a=f["a"].where(f["a"] > 1)), "kolonnen a"),
        (lambda f: f.assign(b=["x", "z"]), "kolonnen b"),
        (lambda f: f.assign(n=f["n"] + 1), "kolonnen n"),
        (lambda f: f.head(1), "antal rækker"),
        (lambda f: f.rename(columns={"a": "c"}), "kolonner"),
    ],
)
def test_numbers_are_the_same_to_nine_decimals_and_all_else_exactly(tmp_path, change, says) -> None:
    frame = pd.DataFrame({"a": [1.0, 1e6 / 3], "b": ["x", "y"], "n": [1, 2]})
    frame.to_parquet(tmp_path / "old.parquet")
    change(frame).to_parquet(tmp_path / "new.parquet")
    found = other_numbers_in(tmp_path / "old.parquet", tmp_path / "new.parquet")
    assert (says in found) if says else found == ""
