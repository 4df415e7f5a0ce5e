"""Small mistakes at the terminal: each is answered with a sentence that says what to do, and changes nothing."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.demo_folder import MARKER
from pipelines.demonstration import invent, kind_of
from pipelines.display import says_yes
from pipelines.told import told
from pipelines.usage import explained_usage, is_usage
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


ENGLISH = re.compile(r"\b(usage|error|try|such|missing|invalid|unexpected|aborted|value|argument)\b", re.I)


def commands(group=None, path=()):
    """Every command with the words that name it."""
    for name, command in (group or typer.main.get_command(app)).commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))


def refused(*tokens: str) -> str:
    """What is said of a command line that cannot be read."""
    with pytest.raises(Exception) as caught:  # noqa: PT011
        app(["--study", "demo_kommune", *tokens], standalone_mode=False, prog_name="komglad")
    error = explained_usage(caught.value) if is_usage(caught.value) else caught.value
    assert error.exit_code == 2
    said = told(error)
    assert not ENGLISH.search(said), said
    return said


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(p, c, id="-".join(p)) for p, c in commands() if p[0] != "did"]
)
def test_a_mistyped_option_is_answered_with_the_one_that_was_meant(path, command, tmp_path, monkeypatch):
    """One letter is lost or doubled in each option of each command."""
    monkeypatch.setenv("KOMGLAD_DATA", str(tmp_path / "none"))
    luck = random.Random("-".join(path))
    options = [o for p in command.params for o in p.opts if o.startswith("--") and len(o) > 4]
    for option in options:
        at = luck.randrange(3, len(option))
        wrong = option[:at] + luck.choice(["", 2 * option[at]]) + option[at + 1 :]
        if wrong not in options:
            said = refused(*path, wrong)
            assert f"{' '.join(path)} har ikke {wrong}" in said
            assert f"mente du {option}?" in said
    if len(name := path[-1]) > 3:
        assert f"mente du {name}?" in refused(*path[:-1], name[:-2] + name[-1])


@pytest.mark.parametrize(
    ("tokens", "says"),
    [
        (["run"], "komglad run mangler ROUND"),
        (["codebook", "export"], "mangler FILE"),
        (["ui", "--port", "x"], "et helt tal"),
        (["demo", "--seed"], "--seed mangler en værdi"),
        ([], "mangler en kommando"),
        (["run", "a", "b"], "flere ord"),
        (["run", "--data", "x", "a"], "--data skrives før kommandoen"),
        (["codebook", "print", "--data", "x"], "--data skrives før kommandoen"),
        (["--quiet", "run", "a"], "--quiet skrives efter kommandoen"),
        (["010114-4001"], "ingen kommando …"),
        (["run", "a", "0101144001"], "flere ord"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_told_in_danish(tokens, says, tmp_path, monkeypatch):
    monkeypatch.setenv("KOMGLAD_DATA", str(tmp_path / "none"))
    said = refused(*tokens)
    assert says in said
    assert "4001" not in said
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tokens", "code", "says"),
    [
        (["run", "--pdff"], 2, "har ikke --pdff"),
        (["demo", "--folder=x", "--yes=3"], 2, "--yes tager ingen værdi"),
        (["new-study", "NEW", "--ask"], 130, "afbrudt"),
    ],
)
def test_the_program_ends_with_the_code_of_a_wrong_line_and_of_no_answer(tmp_path, tokens, code, says):
    """An input that ends in the middle of a question is an interruption, as Ctrl-C is."""
    done = komglad(tmp_path, *(str(tmp_path / "new") if t == "NEW" else t for t in tokens), given="")
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert not ENGLISH.search(done.stderr), done.stderr
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("typed", "agreed"), [("j", True), ("Ja", True), ("yes", True), ("", False), ("hvad\nnej", False)]
)
def test_a_question_is_answered_in_danish(typed, agreed):
    asking = typer.Typer()
    asking.command()(lambda: typer.echo(f"svar: {says_yes('Fortsæt?')}"))
    done = CliRunner().invoke(asking, input=f"{typed}\n")
    assert f"svar: {agreed}" in done.output, done.output
    assert "[j/N]" in done.output
    assert ("skriv j for ja" in done.output) == ("hvad" in typed)
