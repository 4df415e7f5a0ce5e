"""Dagster's instance for a data folder: the project's dagster.yaml with the folder's own SQLite home."""

from __future__ import annotations

import dagster as dg
from dagster._core.instance.ref import InstanceRef

from pipelines.settings import PROJECT, Settings


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance whose runs and events lie under ``settings.dagster``. Take the run lock first."""
    settings.dagster.mkdir(parents=True, exist_ok=True, mode=0o700)
    storage = {
        "module": "pipelines.event_storage",
        "class": "RoundStorage",
        "config": {"base_dir": str(settings.dagster)},
    }
    ref = InstanceRef.from_dir(
        str(settings.dagster),
        config_dir=str(PROJECT),
        config_filename="dagster.yaml",
        overrides={"storage": {"custom": storage}},
    )
    return dg.DagsterInstance.from_ref(ref)


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """Mark runs failed whose process died. Only call while holding the run lock: then no other run is alive."""
    unfinished = [
        dg.DagsterRunStatus.STARTED,
        dg.DagsterRunStatus.STARTING,
        dg.DagsterRunStatus.QUEUED,
        dg.DagsterRunStatus.NOT_STARTED,
    ]
    dead = instance.get_runs(filters=dg.RunsFilter(statuses=unfinished))
    for run in dead:
        instance.report_run_failed(run, "the process ended before the run did")
    return len(dead)
