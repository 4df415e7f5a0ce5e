"""The storage of a round's events: Dagster's own class reads what it wrote, and nothing stays open behind it."""

from __future__ import annotations

import sys

import dagster as dg
import pytest
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from pipelines.event_storage import EventLog
from pipelines.instance import open_instance
from tests.conftest import settings_for


@dg.asset
def answer() -> int:
    return 42


@pytest.fixture
def finished(tmp_path):
    """A folder in which one run has ended, and the run's id."""
    settings = settings_for(tmp_path)
    with open_instance(settings) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        result = dg.materialize([answer], instance=instance)
    return settings, result.run_id


def test_dagsters_own_storage_reads_what_was_written(finished):
    settings, run_id = finished
    own = DagsterSqliteStorage.from_local(str(settings.dagster))
    assert own.run_storage.get_runs(dg.RunsFilter([run_id]))[0].status == dg.DagsterRunStatus.SUCCESS
    events = [
        e.dagster_event_type for e in own.event_log_storage.get_logs_for_run(run_id) if e.is_dagster_event
    ]
    assert events.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == 1
    assert events[-1] == dg.DagsterEventType.RUN_SUCCESS
    assert own.event_log_storage.get_latest_materialization_events([answer.key])[answer.key].run_id == run_id


def test_a_closed_instance_has_folded_its_log_in(finished):
    """The last connection that closes removes SQLite's write-ahead files: none left says none is open."""
    settings, _ = finished
    assert list(settings.dagster.rglob("*.db"))
    assert not list(settings.dagster.rglob("*.db-wal"))


def test_both_read_beside_an_open_writer(tmp_path):
    settings = settings_for(tmp_path)
    with open_instance(settings) as writer, open_instance(settings) as reader:
        result = dg.materialize([answer], instance=writer)
        assert reader.get_run_by_id(result.run_id).status == dg.DagsterRunStatus.SUCCESS
        assert reader.get_latest_materialization_event(answer.key).run_id == result.run_id


def test_without_dagsters_private_parts_its_own_storage_is_used(tmp_path, monkeypatch):
    """Another version may have none of them: a round is slower then, and the same."""
    monkeypatch.setitem(sys.modules, "pipelines.event_storage", None)
    settings = settings_for(tmp_path)
    with open_instance(settings) as instance:
        assert not isinstance(instance.event_log_storage, EventLog)
        run_id = dg.materialize([answer], instance=instance).run_id
    monkeypatch.undo()
    with open_instance(settings) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        assert [run.run_id for run in instance.get_runs()] == [run_id]
