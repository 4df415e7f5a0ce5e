"""The data folder's Dagster home: its settings, and that its store stays small."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys

import dagster as dg
import pytest
import yaml

from pipelines import instance as home
from pipelines.instance import open_instance, prune_runs
from tests.conftest import settings_for


@dg.asset
def answer() -> int:
    return 42


def test_the_home_of_a_folder_sends_nothing_and_runs_one_round_at_a_time(tmp_path):
    settings = settings_for(tmp_path / 'æøå "mappe"')
    with open_instance(settings) as instance:
        assert instance.telemetry_enabled is False
    config = yaml.safe_load((settings.dagster / "dagster.yaml").read_text(encoding="utf-8"))
    assert config["telemetry"] == {"enabled": False}
    assert config["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert config["storage"]["sqlite"]["base_dir"] == str(settings.dagster)
    with dg.DagsterInstance.from_config(str(settings.dagster)) as as_dagster_sees_it:
        assert as_dagster_sees_it.telemetry_enabled is False


def test_the_oldest_runs_are_forgotten_with_their_files_and_the_newest_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(home, "KEPT_RUNS", 2)
    settings = settings_for(tmp_path)
    with open_instance(settings) as instance:
        ids = [dg.materialize([answer], instance=instance).run_id for _ in range(4)]
        assert prune_runs(instance, settings) == 2
        assert [run.run_id for run in instance.get_runs()] == [ids[3], ids[2]]
        assert instance.get_latest_materialization_event(answer.key).run_id == ids[3]
        assert prune_runs(instance, settings) == 0
    left = {p.stem for p in settings.dagster.rglob("*.db")}
    assert set(ids) & left == {ids[2], ids[3]}


FIRST = """
import sys, time
from pathlib import Path
from tests.conftest import settings_for
from pipelines.instance import open_instance
print("ready", flush=True)
sys.stdin.readline()
with open_instance(settings_for(Path(sys.argv[1]))) as instance:
    print(len(instance.get_runs()))
"""


@pytest.mark.long
def test_two_that_make_the_home_at_the_same_moment_leave_it_whole(tmp_path):
    """Both end well and every store is whole. That goes well without the lock at times: this is no proof of the lock."""
    command = [sys.executable, "-c", FIRST, str(tmp_path)]
    two = [subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    for process in two:
        assert process.stdout.readline() == "ready\n", process.communicate()
    for process in two:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in two:
        said, errors = process.communicate(timeout=120)
        assert (process.returncode, said) == (0, "0\n"), errors
    stores = sorted((tmp_path / "dagster").rglob("*.db"))
    assert len(stores) >= 3
    for path in stores:
        with contextlib.closing(sqlite3.connect(path)) as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert store.execute("SELECT count(*) FROM alembic_version").fetchall() == [(1,)]
