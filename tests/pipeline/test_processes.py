"""A run that is killed, another clock, zone or line end: the next run gives the tables of an undisturbed one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.instance import open_instance
from pipelines.storage import Warehouse
from tests.conftest import KEY, settings_for

pytestmark = pytest.mark.slow

ROUND = "november_2026"
NOT_COMPARED = {"out_verdicts"}
"""Says whether the plan was frozen, which these folders do not repeat."""


def komglad(*arguments: str, data: Path, **environment: str) -> subprocess.Popen:
    """The command in a process of its own, as a user starts it."""
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from pipelines.cli import main; main()",
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


def test_zone_locale_and_clock_do_not_matter(demonstration, tmp_path):
    data = inbox_like(demonstration, tmp_path / "elsewhere")
    process = komglad("run", ROUND, "--quiet", data=data, TZ="Pacific/Kiritimati", LC_ALL="C", LANG="C")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert digests(settings_for(data)) == digests(demonstration.settings)


def test_a_second_run_leaves_at_once(demonstration, tmp_path):
    """Two first runs on a fresh home, started together: one ends, the other is busy, the home is whole."""
    data = inbox_like(demonstration, tmp_path / "both")
    processes = [komglad("run", ROUND, "--quiet", data=data) for _ in range(2)]
    results = [(p.communicate(timeout=300), p.returncode) for p in processes]
    assert sorted(code for _, code in results) == [0, 4]
    (_, busy), _ = next(r for r in results if r[1] == 4)
    assert "another run is under way" in busy
    assert "Traceback" not in busy
    with open_instance(settings_for(data)) as instance:
        assert [run.status.value for run in instance.get_runs()] == ["SUCCESS"]


@pytest.mark.parametrize(
    ("key", "says"),
    [("", "there is no pseudonym key"), ("abcd", "too short"), ("zz" * 32, "cannot be read")],
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
