"""A run that is killed, another clock, zone or line end: the next run gives the tables of an undisturbed one."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from evaluation.errors import GateRefused
from pipelines.instance import open_instance
from pipelines.resources import warehouse_of
from pipelines.storage import Warehouse, connect
from tests.conftest import KEY, settings_for

pytestmark = pytest.mark.slow

ROUND, LATER = "november_2026", "end_of_year_2027"
PROGRAM = """
import itertools, os, sys, time
if "SET_BACK" in os.environ:
    real, calls = time.time, itertools.count()
    time.time = lambda: real() - 86400 * (next(calls) > 200)
def told(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo") and not isinstance(arguments[-1], str):
        sys.stderr.write(f"CONNECTION {event}\\n")
sys.addaudithook(told)
from pipelines.entry import main
main()
"""
"""The command, which tells of every connection that is tried to a place that is no file. With SET_BACK, somebody puts
the clock a day back meanwhile."""
NOT_COMPARED = {"out_verdicts"}
"""Says whether the plan was frozen, which these folders do not repeat."""


def komglad(*arguments: str, data: Path, **environment: str) -> subprocess.Popen:
    """The command in a process of its own, as a user starts it."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            PROGRAM,
            "--study",
            "demo_kommune",
            *arguments,
        ],
        env={**os.environ, "KOMGLAD_DATA": str(data), "KOMGLAD_KEY": KEY, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def inbox_like(demonstration, folder: Path) -> Path:
    shutil.copytree(demonstration.settings.incoming, folder / "incoming")
    return folder


def digests(settings) -> dict[str, str]:
    found = Warehouse(settings.warehouse).digests(ROUND)
    return {n: d for n, d in found.items() if n not in NOT_COMPARED and not n.startswith("released_")}


def test_a_killed_run_is_made_good_by_the_next_one(demonstration, tmp_path):
    """Killed after the first raw tables, and again in the middle of the estimates."""
    data = inbox_like(demonstration, tmp_path / "æøå mappe")
    settings = settings_for(data)
    for last_seen in ("raw_ledger", "core_cells"):
        process = komglad("run", ROUND, "--quiet", data=data)
        deadline = time.monotonic() + 180
        target = settings.warehouse / ROUND / f"{last_seen}.parquet"
        before = target.stat().st_mtime_ns if target.exists() else 0
        while time.monotonic() < deadline and process.poll() is None:
            if target.exists() and target.stat().st_mtime_ns != before:
                break
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    process = komglad("run", ROUND, "--quiet", data=data)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert digests(settings) == digests(demonstration.settings)
    with open_instance(settings) as instance:
        statuses = sorted(run.status.value for run in instance.get_runs())
    assert statuses == ["FAILURE", "FAILURE", "SUCCESS"]


def test_an_interruption_says_that_nothing_went_out_and_leaves_with_130(demonstration, tmp_path):
    data = inbox_like(demonstration, tmp_path / "interrupted")
    process = komglad("run", ROUND, "--quiet", data=data)
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        if (data / "warehouse" / ROUND / "raw_ledger.parquet").exists():
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "afbrudt, intet udgivet" in errors
    assert "Traceback" not in errors
    assert not (data / "reports").exists()
    assert not list((data / "warehouse").rglob("*.tmp"))


@pytest.mark.skipif(os.name == "nt", reason="file size limits are POSIX")
def test_a_full_disk_says_how_much_and_where_and_leaves_with_5(demonstration, tmp_path):
    """A limit on the size of files stands for the disk: the first large table does not fit."""
    data = inbox_like(demonstration, tmp_path / "full")
    limited = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)); from pipelines.entry import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", limited, "--study", "demo_kommune", "run", ROUND, "--quiet"],
        env={**os.environ, "KOMGLAD_DATA": str(data), "KOMGLAD_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert "disken er fuld" in done.stderr
    assert re.search(
        rf"{re.escape(str(data))}.*: [\d,]+ [MG]B fri.*omkring [\d,]+ [MG]B til en runde", done.stderr
    )
    assert "Traceback" not in done.stderr
    assert not (data / "reports" / ROUND).exists()
    assert not list((data / "warehouse").rglob("*.tmp"))


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C"},
        pytest.param(  # where some days of the autumn have no midnight
            {"TZ": "America/Santiago", "SET_BACK": "1"}, marks=pytest.mark.long
        ),
    ],
    ids=["another day", "no midnight, clock set back"],
)
def test_zone_locale_and_clock_do_not_matter(demonstration, tmp_path, elsewhere):
    """And no connection is tried."""
    data = inbox_like(demonstration, tmp_path / "elsewhere")
    process = komglad("run", ROUND, "--quiet", data=data, **elsewhere)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "CONNECTION" not in errors
    assert digests(settings_for(data)) == digests(demonstration.settings)


def test_a_second_run_leaves_at_once(demonstration, tmp_path):
    """Two rounds on a fresh home, started together: one ends, the other is busy, the home is whole."""
    data = inbox_like(demonstration, tmp_path / "both")
    processes = [komglad("run", r, "--quiet", data=data) for r in (ROUND, LATER)]
    results = [(p.communicate(timeout=300), p.returncode) for p in processes]
    assert sorted(code for _, code in results) == [0, 4]
    (_, busy), _ = next(r for r in results if r[1] == 4)
    assert "en anden kørsel er i gang" in busy
    assert "Traceback" not in busy
    with open_instance(settings_for(data)) as instance:
        assert [run.status.value for run in instance.get_runs()] == ["SUCCESS"]


def test_a_notebook_beside_a_run_sees_whole_tables(demonstration, tmp_path):
    """The old ones or the new ones; while one is being replaced it is told so."""
    data = tmp_path / "read meanwhile"
    shutil.copytree(demonstration.folder, data, ignore=shutil.ignore_patterns("dagster", "*.lock"))
    settings = settings_for(data)
    warehouse = warehouse_of(settings)
    cells = len(warehouse.read(ROUND, "core_cells"))
    process = komglad("run", ROUND, "--quiet", data=data)
    looks = 0
    while process.poll() is None:
        with warnings.catch_warnings(), contextlib.suppress(GateRefused):
            warnings.simplefilter("ignore")
            notebook = connect(ROUND, warehouse)
            assert notebook.execute("SELECT COUNT(*) FROM core_cells").fetchone() == (cells,)
            looks += 1
        time.sleep(0.1)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert looks > 5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        connect(ROUND, warehouse)
    assert digests(settings) == digests(demonstration.settings)


@pytest.mark.parametrize(
    ("key", "says"),
    [("", "ingen nøgle"), ("abcd", "for kort"), ("zz" * 32, "kan ikke læses")],
    ids=["missing", "too short", "not a key"],
)
def test_without_a_good_key_nothing_is_read_and_nothing_written(demonstration, tmp_path, key, says):
    data = inbox_like(demonstration, tmp_path / "keyless")
    missing = str(tmp_path / "no-such-key")
    process = komglad("run", ROUND, "--quiet", data=data, KOMGLAD_KEY=key, KOMGLAD_KEY_FILE=missing)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 5
    assert says in errors
    assert not (data / "warehouse").exists()
