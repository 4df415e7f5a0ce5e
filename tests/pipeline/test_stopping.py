"""Ctrl-C, SIGTERM and a closed window: one ending, whatever the command was in the middle of."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import KEY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="signals between processes are POSIX"),
]
ENTRY = "from pipelines.entry import main; main()"
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
ROUND = "november_2026"


def started(*arguments: str, data: Path, program: str = ENTRY, before: str = "") -> subprocess.Popen[str]:
    """The command as a user starts it, ``before``: what the program does first. The handlers are the system's own."""
    fresh = "import signal as s; s.signal(15, s.SIG_DFL); s.signal(1, s.SIG_DFL); s.signal(2, s.default_int_handler)"
    return subprocess.Popen(
        [sys.executable, "-c", f"{fresh}\n{before}\n{program}", "--study", "demo_kommune", *arguments],
        env={**os.environ, "KOMGLAD_DATA": str(data), "KOMGLAD_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stopped(process: subprocess.Popen[str]) -> str:
    """What was said; asserts the one ending."""
    said, errors = process.communicate(timeout=120)
    assert process.returncode == 130, (said[-500:], errors)
    assert "afbrudt, intet udgivet" in errors
    assert errors.count("afbrudt") == 1
    assert "Traceback" not in errors
    return errors


def until(process: subprocess.Popen[str], seen) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None and not seen():
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()


@pytest.mark.parametrize(
    ("number", "module"),
    list(zip(SIGNALS, ["typer", "pipelines.own_names", "evaluation.study"], strict=True)),
    ids=[n.name for n in SIGNALS],
)
def test_while_it_is_imported(tmp_path, number, module):
    """The signal arrives as a module is looked for: before the command line is there, in it, and in the command."""
    before = f"""
import os, signal, sys
class At:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}" and At.first:
            At.first = False
            os.kill(os.getpid(), {int(number)})
At.first = True
sys.meta_path.insert(0, At())"""
    stopped(started("plan", data=tmp_path, before=before))


@pytest.mark.parametrize("number", SIGNALS[1:], ids=lambda n: n.name)
@pytest.mark.parametrize(
    "work",
    [
        "Dropped()",
        "from dagster._utils.interrupts import raise_interrupts_as\n"
        "    from dagster import DagsterExecutionInterruptedError as Error\n"
        "    with raise_interrupts_as(Error): Dropped(); time.sleep(60)",
        "from dagster._utils.interrupts import capture_interrupts\n"
        "    with capture_interrupts(): Dropped(); time.sleep(2)",
        "os.kill(os.getpid(), NUMBER)",
    ],
    ids=["in __del__", "in __del__ under Dagster", "while Dagster keeps its books", "alone"],
)
def test_a_signal_is_never_lost(tmp_path, number, work):
    """The exception meets what swallows it; the command ends all the same, and what it has open is closed first."""
    before = f"""
import os, time, tempfile
class Dropped:
    def __del__(self):
        os.kill(os.getpid(), NUMBER)
NUMBER = {int(number)}
import pipelines.cli as cli
def work() -> None:
    with tempfile.TemporaryDirectory(dir={str(tmp_path)!r}):
        inner()
        time.sleep(60)
def inner():
    {work}
cli.app.command("work")(work)"""
    began = time.monotonic()
    stopped(started("work", data=tmp_path / "data", before=before))
    assert time.monotonic() - began < 30
    assert not list(tmp_path.glob("tmp*"))


def test_a_second_signal_does_not_cut_the_cleaning_up_short(tmp_path):
    """A closed window and the shell behind it both send one."""
    before = f"""
import os, signal, time, pathlib
import pipelines.cli as cli
def work() -> None:
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(60)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(1.5)
        pathlib.Path({str(tmp_path / "clean")!r}).touch()
cli.app.command("work")(work)"""
    stopped(started("work", data=tmp_path / "data", before=before))
    assert (tmp_path / "clean").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP], ids=lambda n: n.name)
def test_what_the_starter_turned_off_stays_off(tmp_path, number):
    """SIGINT behind ``&`` and SIGHUP behind ``nohup``; SIGTERM still ends it, also after Dagster."""
    before = f"""
import os, signal
signal.signal({int(number)}, signal.SIG_IGN)
import pipelines.cli as cli
def work() -> None:
    from dagster._utils.interrupts import capture_interrupts
    os.kill(os.getpid(), {int(number)})
    with capture_interrupts():
        pass
    print("on")
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()
cli.app.command("work")(work)"""
    process = started("work", data=tmp_path / "data", before=before)
    out, errors = process.communicate(timeout=60)
    assert out == "on\n"
    assert process.returncode == 130, errors


@pytest.mark.parametrize("number", [signal.SIGTERM], ids=lambda n: n.name)
def test_check_leaves_no_rows(demonstration, tmp_path, number):
    data = tmp_path / "data"
    shutil.copytree(demonstration.settings.incoming, data / "incoming")
    process = started("check", ROUND, data=data)
    until(process, lambda: list(data.glob(".check-*/*/*")))
    process.send_signal(number)
    stopped(process)
    assert not list(data.glob(".check-*"))


@pytest.mark.parametrize("number", [signal.SIGHUP], ids=lambda n: n.name)
def test_a_run_sweeps_and_logs(demonstration, tmp_path, number):
    data = tmp_path / "data"
    shutil.copytree(demonstration.settings.incoming, data / "incoming")
    process = started("run", ROUND, "--quiet", data=data)
    until(process, lambda: (data / "scratch").is_dir())
    process.send_signal(number)
    stopped(process)
    assert not (data / "scratch").exists()
    assert not (data / "reports" / ROUND).exists()
    assert not list(data.rglob("*.tmp"))
    assert "run slut kode=130" in (data / "log" / "komglad.log").read_text(encoding="utf-8")
