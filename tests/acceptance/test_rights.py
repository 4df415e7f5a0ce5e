"""A data folder that belongs to somebody else: every command says so in Danish with code 5, and nothing of it is taken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from pipelines.cli import app
from tests.acceptance.test_commands import PROGRAM, ROUND, environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights of files are POSIX")
__all__ = ["environment"]

DROP = "import ctypes; [ctypes.CDLL(None).prctl(24, c) for c in (0, 1, 2, 3)]"
"""Root's rights to what is another's; anybody else has none to lose."""
AGAIN = f"import os, sys; os.execv(sys.executable, [sys.executable, '-c', {PROGRAM!r}, *sys.argv[1:]])"


def as_another(data: Path, *tokens: str) -> subprocess.CompletedProcess[str]:
    """The command by somebody who has no rights to the folder."""
    return subprocess.run(
        [sys.executable, "-c", f"{DROP}; {AGAIN}", "--data", str(data), *tokens],
        input="0101011234\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def theirs(tmp_path: Path):
    """A folder with an inbox and a round, that somebody else owns."""
    data = tmp_path / "deres"
    for name in (
        "incoming/fjord/a.csv",
        f"warehouse/{ROUND}/release.json",
        "reports/ledger.json",
        "run.lock",
    ):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("{}", encoding="utf-8")
    data.chmod(0o000)
    yield data
    data.chmod(0o700)


@pytest.mark.slow
@pytest.mark.parametrize(
    "tokens",
    [
        ("doctor",),
        ("check", ROUND),
        ("run", ROUND),
        ("trace", ROUND, "out_effects"),
        ("forget", "--yes"),
        ("demo", "--folder", "DATA"),
        ("map", "DATA/incoming/fjord/a.csv"),
    ],
    ids=lambda t: t[0],
)
def test_another_users_folder_is_told_with_5(theirs: Path, tokens: tuple[str, ...]) -> None:
    done = as_another(theirs, *(t.replace("DATA", str(theirs)) for t in tokens))
    assert done.returncode == 5, done.stderr
    assert "adgang nægtet" in done.stderr
    assert str(theirs) in done.stderr
    for word in ("Traceback", "ermission denied", "komglad itself", "--data kan ikke bruges"):
        assert word not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_folder_one_may_only_read_is_looked_at_by_doctor(theirs: Path) -> None:
    """A monitor need not be the owner."""
    for place in (theirs, *theirs.rglob("*")):
        place.chmod(0o555 if place.is_dir() else 0o444)
    theirs.chmod(0o555)
    done = as_another(theirs, "doctor", "--json")
    assert done.returncode == 5, done.stderr
    assert '"ready": false' in done.stdout
    assert "kan ikke skrives" in done.stdout
    told = as_another(theirs, "freeze")
    assert told.returncode == 5
    assert "run.lock: adgang nægtet" in told.stderr


def test_no_path_on_the_command_line_is_judged_before_komglad_can_say_why() -> None:
    """Typer calls a file that may not be read a value that cannot be used, which is another matter with another code."""
    todo, paths = [get_command(app)], 0
    while todo:
        command = todo.pop()
        todo += getattr(command, "commands", {}).values()
        for param in command.params:
            if getattr(param.type_descriptor, "annotation", None) is Path:
                paths += 1
                assert not param.type_descriptor.parameter_info.readable, (command.name, param.name)
    assert paths > 15


def test_typer_itself_is_left_as_it_is() -> None:
    """Another program in this process has its own help."""
    from typer.core import TyperCommand, TyperGroup

    for kind in (TyperCommand, TyperGroup):
        assert not kind.context_class.__module__.startswith("pipelines")
        assert not kind.context_class.formatter_class.__module__.startswith("pipelines")
