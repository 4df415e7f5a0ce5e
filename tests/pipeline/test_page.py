"""Dagster's page as a person uses it: a run, a subset, a backfill and the sensor, each through GraphQL and the daemon.

And what must not happen meanwhile: two writers, a live run marked dead, a child that outlives the page.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess

import pytest

from evaluation.errors import Busy
from evaluation.intake import RAW_TABLES
from evaluation.study import load_study
from pipelines.lock import run_lock
from pipelines.runner import run_round
from pipelines.sensors import next_round
from tests.conftest import make_inbox, settings_for
from tests.dagster_page import PROGRAM, SELECTOR, DagsterPage, processes_of, wait_for
from tests.pipeline.test_processes import digests

pytestmark = pytest.mark.slow

ROUND, LATER = "november_2026", "end_of_year_2027"
BACKFILL = """
mutation ($params: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $params) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }
"""
BACKFILL_STATUS = """
query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }
"""
START_SENSOR = "mutation ($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }"
TICKS = """
query ($s: SensorSelector!) { sensorOrError(sensorSelector: $s) { ... on Sensor { sensorState {
  ticks(limit: 5) { status skipReason runIds error { message } } } } } }
"""
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } } }"
LATE_FILE = "sundhedsplejen/samtykker_2027-06-29.csv"
"""Comes when the page is open."""
TABLES = [
    *RAW_TABLES,
    *(f"core_{n}" for n in ("school_days", "pupils", "absence_days", "pupil_weeks", "cells")),
]
SENSOR = {**SELECTOR, "sensorName": "incoming_files"}


@pytest.fixture(scope="module")
def inbox(tmp_path_factory):
    """Files of an invented municipality."""
    folder = tmp_path_factory.mktemp("delivered")
    make_inbox(folder)
    return folder / "incoming"


@pytest.fixture(scope="module")
def page(inbox, tmp_path_factory):
    """The page of a folder in which nothing has been run."""
    folder = tmp_path_factory.mktemp("page")
    data = folder / "æøå data"
    shutil.copytree(inbox, data / "incoming")
    (data / "incoming" / LATE_FILE).unlink()
    opened = DagsterPage(data, folder / "key")
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def first_run(page):
    """A run started from the page: all that passes the door, and the core tables up to the cells."""
    run_id = page.launch(ROUND, TABLES)
    assert page.ended(run_id) == "SUCCESS"
    return run_id


def test_a_run_from_the_page_makes_what_the_command_line_makes(page, first_run, inbox, tmp_path):
    shutil.copytree(page.data / "incoming", tmp_path / "incoming")
    settings = settings_for(tmp_path)
    run_round(settings, ROUND, assets=TABLES)
    assert set(digests(settings)) == set(TABLES)
    assert digests(settings_for(page.data)) == digests(settings)


def test_page_and_daemon_mean_one_location(page, first_run):
    found = page.ask(
        "{ repositoriesOrError { ... on RepositoryConnection { nodes { location { name } } } } }"
    )
    assert [n["location"]["name"] for n in found["repositoriesOrError"]["nodes"]] == ["komglad"]
    wait_for(
        "every daemon's sign of life",
        lambda: all(
            d["healthy"]
            for d in page.ask(DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
            if d["required"]
        ),
    )


def test_a_subset_is_run(page, first_run):
    before = (page.data / "warehouse" / ROUND / "core_cells.parquet").stat().st_mtime_ns
    assert page.ended(page.launch(ROUND, ["core_cells"])) == "SUCCESS"
    assert (page.data / "warehouse" / ROUND / "core_cells.parquet").stat().st_mtime_ns > before


def test_a_run_from_the_page_waits_for_another_writer(page, first_run):
    with run_lock(page.data):
        run_id = page.launch(ROUND, ["core_cells"])
        wait_for("the run's start", lambda: page.status(run_id) == "STARTED")
        with pytest.raises(AssertionError):
            wait_for("an end", lambda: page.status(run_id) != "STARTED", 3)
    assert page.ended(run_id) == "SUCCESS"


def test_the_command_line_leaves_a_live_run_of_the_page_alone(page, first_run):
    """It is busy, exit code 4, names the run's process, and does not mark the run dead; nor a run in the queue."""
    run_id = page.launch(ROUND, TABLES)
    queued = page.launch(ROUND, ["core_cells"])
    wait_for("the folder's lock", lambda: _is_held(page))
    done = subprocess.run(
        [*PROGRAM, "run", ROUND, "--quiet"], env=page.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    (worker,) = [p for p in processes_of(page.data) if f"proces {p}," in done.stderr]
    assert worker != page.process.pid
    assert page.status(run_id) == "STARTED"
    assert page.ended(run_id) == "SUCCESS"
    assert page.ended(queued) == "SUCCESS"


def _is_held(page) -> bool:
    try:
        with run_lock(page.data):
            return False
    except Busy:
        return True


def test_a_backfill_of_both_rounds_runs_one_round_after_the_other(page, first_run):
    answer = page.ask(
        BACKFILL,
        params={
            "assetSelection": [{"path": [n]} for n in TABLES],
            "partitionNames": [ROUND, LATER],
        },
    )["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    status = wait_for(
        "the end of the backfill",
        lambda: (
            (s := page.ask(BACKFILL_STATUS, id=answer["backfillId"])["partitionBackfillOrError"]["status"])
            not in {"REQUESTED", "CANCELING", "FAILING"}
            and s
        ),
    )
    assert status == "COMPLETED_SUCCESS"
    assert (page.data / "warehouse" / LATER / "core_school_days.parquet").is_file()


def test_a_file_dropped_in_the_inbox_starts_the_round_that_is_due(page, first_run, inbox):
    due = next_round(load_study("demo_kommune").protocol, dt.datetime.now(dt.UTC).date())
    old = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()
    for path in (page.data / "incoming").rglob("*"):
        os.utime(path, (old, old))
    before = set(page.runs())
    dropped = page.data / "incoming" / LATE_FILE
    shutil.copy2(inbox / LATE_FILE, dropped)
    os.utime(dropped, (old, old))
    assert page.ask(START_SENSOR, s=SENSOR)["startSensor"]["__typename"] == "Sensor"
    tick = wait_for("a tick of the sensor", lambda: _ticks(page))[0]
    if due is None:
        assert "every round" in tick["skipReason"]
        return
    assert tick["status"] == "SUCCESS", tick
    (run_id,) = set(page.runs()) - before
    tags = {t["key"]: t["value"] for t in page.runs()[run_id]["tags"]}
    assert (tags["dagster/sensor_name"], tags["dagster/partition"]) == ("incoming_files", due.id)
    assert page.ended(run_id) == "SUCCESS"


def _ticks(page):
    return [
        t
        for t in page.ask(TICKS, s=SENSOR)["sensorOrError"]["sensorState"]["ticks"]
        if t["status"] in {"SUCCESS", "SKIPPED", "FAILURE"}
    ]


def test_no_child_has_the_key_in_its_environment(page, first_run):
    children = {p: e for p, e in processes_of(page.data).items() if p != page.process.pid}
    assert len(children) >= 3
    assert not [p for p, e in children.items() if b"KOMGLAD_KEY=" in e]


def test_a_second_page_for_the_folder_is_told_where_the_first_is(page, tmp_path):
    second = DagsterPage(page.data, tmp_path / "key", wait=False)
    code, errors = second.ended_by_itself()
    assert code == 4
    assert f"127.0.0.1:{page.port}" in errors
