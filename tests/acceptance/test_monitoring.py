"""What a monitor and a log reader meet: one object that changes nothing, and lines that say nothing about persons."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from pipelines.lock import run_lock
from pipelines.log import account, begin, log_path
from pipelines.settings import PROJECT
from tests.conftest import KEY
from tests.dagster_page import PROGRAM

PAGE = PROJECT / "docs" / "drift" / "log-og-overvaagning.md"


def komglad(data: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        env={
            **os.environ,
            "KOMGLAD_STUDY": "demo_kommune",
            "KOMGLAD_DATA": str(data),
            "KOMGLAD_KEY": KEY,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def test_a_monitor_gets_the_object_that_is_documented(data):
    with run_lock(data):
        done = komglad(data, "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert found["ready"] is True
    assert found["busy"]["process"] == os.getpid()
    example = PAGE.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0]
    assert set(json.loads(example)) == set(found)
    assert [p.name for p in data.iterdir()] == ["run.lock"]


def test_a_monitor_is_told_what_is_wrong_and_its_exit_code(data):
    data.chmod(0o755)
    done = komglad(data, "doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 5
    assert found["ready"] is False
    assert "kan læses af andre" in found["problems"][0]["found"]


def test_a_command_that_changes_the_folder_is_logged_without_its_arguments(data):
    """The log says who did what, when and how it ended, and never about whom."""
    secret = "Anna-Sofie-Madsen-0101101234"
    assert komglad(data, "run", secret).returncode == 2
    (begun, ended) = log_path(data).read_text(encoding="utf-8").splitlines()
    assert f" INFO  run begyndt bruger={account()} proces=" in begun
    assert " ERROR run slut kode=2 " in ended
    assert ended.endswith(
        f" bruger={account()} fejl=InputError"
    )  # also where the folder was not there at first
    assert secret not in begun + ended
    assert stat.S_IMODE(log_path(data).stat().st_mode) == 0o600


def test_a_command_that_only_looks_leaves_no_line(data):
    komglad(data, "doctor")
    assert not log_path(data).exists()


def test_the_level_decides_what_is_written(data):
    begin(data, "run", "ERROR")(0, "")
    assert not log_path(data).exists()
    begin(data, "run", "ERROR")(3, "GateRefused")
    assert log_path(data).read_text(encoding="utf-8").count("\n") == 1


def test_who_looks_for_a_fault_sees_its_place_and_not_its_words(data, tmp_path):
    """An error of a library can hold a person's value; a data folder that is a file makes one."""
    secret = "0101101234"
    code = (
        "import sys; from pipelines import cli; import pipelines.readiness as r\n"
        f"def broken(_): raise RuntimeError('pupil {secret}')\n"
        "r.readiness = broken\nsys.argv = ['komglad', 'doctor']\ncli.main()"
    )
    done = subprocess.run(
        [PROGRAM[0], "-c", code],
        env={**os.environ, "KOMGLAD_DEBUG": "1", "KOMGLAD_DATA": str(data), "KOMGLAD_KEY": KEY},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "RuntimeError" in done.stderr
    assert "home.py" in done.stderr
    assert secret not in done.stderr
