"""Small mistakes at the terminal: each is answered with a sentence that says what to do, and changes nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.demo_folder import MARKER
from pipelines.demonstration import invent, kind_of
from tests.conftest import KEY

ROUND = "november_2026"


def komglad(data, *tokens, given: str | None = None, **environment: str):
    """The command as a program of its own."""
    command = [sys.executable, "-c", "from pipelines.entry import main; main()", "--study", "demo_kommune"]
    return subprocess.run(
        [*command, "--data", str(data), *map(str, tokens)],
        env={**os.environ, "KOMGLAD_KEY": KEY, **environment},
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_the_public_key_of_a_demonstration_is_not_rotated(tmp_path):
    """Afterwards the folder would be sealed with a key that nobody reads it with."""
    data = tmp_path / "demo"
    invent(data, seed=1, kind=kind_of("effect"))
    assert (data / MARKER).is_file()
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file()}
    done = komglad(data, "rotate", "--yes", "--to", tmp_path / "keys" / "new")
    assert done.returncode == 2, done.stderr
    assert "er en demonstration" in done.stderr
    assert not (tmp_path / "keys").exists()
    assert {p: p.read_bytes() for p in before} == before


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["-1", "abc", "1.5", ""])
def test_a_seed_that_is_none_is_refused_in_words(tmp_path, seed):
    done = komglad(tmp_path, "demo", f"--seed={seed}", "--folder", tmp_path / "demo")
    assert done.returncode == 2, done.stderr
    assert "et helt tal fra 0 og op" in done.stderr
    assert not (tmp_path / "demo").exists()


@pytest.mark.slow
def test_forget_without_a_number_says_where_it_is_expected(tmp_path):
    done = komglad(tmp_path, "forget", "--yes", given="")
    assert done.returncode == 2, done.stderr
    assert "standard input" in done.stderr
    assert "CPR-nummer" in done.stderr


@pytest.mark.slow
def test_freeze_ends_in_danish(tmp_path):
    done = komglad(tmp_path, "freeze")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("Frosset ")


def test_a_full_disk_tells_the_monitor_what_to_do(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    monkeypatch.setenv("KOMGLAD_KEY", KEY)
    result = CliRunner().invoke(app, ["--study", "demo_kommune", "--data", str(tmp_path), "doctor", "--json"])
    problems = json.loads(result.stdout)["problems"]
    assert any("GB fri" in p["found"] for p in problems)
    assert all(p["next"] for p in problems)


@pytest.mark.slow
def test_a_folder_in_place_of_an_approval_is_named(demonstration, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(demonstration.folder, data, ignore=shutil.ignore_patterns("dagster", "*.lock"))
    (data / "releases" / f"{ROUND}.approval.json").mkdir(parents=True)
    done = komglad(data, "report", ROUND)
    assert done.returncode == 2, done.stderr
    assert f"releases/{ROUND}.approval.json" in done.stderr
    assert "sikkerhedskopi" in done.stderr
