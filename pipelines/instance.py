"""Dagster's instance for a data folder: the packaged dagster.yaml with the folder's own SQLite home, and its dead runs."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from pathlib import Path

import dagster as dg
import yaml

from evaluation.words.texts import texts
from pipelines import lock
from pipelines.settings import Settings, packaged

TEXT = texts("running")


_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_WAITING = {dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.QUEUED}
_THEIRS = "dagster.yaml"
_OURS = "komglad.yaml"
"""The same settings with the storage that keeps its files open for the length of a round."""
KEPT_RUNS = 50
"""A run of a whole round leaves about 2 MB of events: the store stays under 150 MB."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_START = dt.timedelta(seconds=180)
"""Dagster's own limit for a run to start: within it a run that has not claimed its file may be on its way."""


def open_instance(settings: Settings) -> dg.DagsterInstance:
    """The instance whose runs and events lie under ``settings.dagster``, made first when there is none."""
    with lock.home_lock(settings.data):
        write_home(settings)
        return dg.DagsterInstance.from_config(str(settings.dagster), _OURS if _holds_open() else _THEIRS)


def _holds_open() -> bool:
    """Whether Dagster still has the parts that are not public; without them its own storage does, only slower."""
    try:
        import pipelines.event_storage  # noqa: F401
    except (ImportError, AttributeError):
        return False
    return True


def write_home(settings: Settings) -> None:
    """The folder's own settings: what is packaged, with its places; for Dagster's programs, and for ours."""
    from pipelines.storage import write_text

    config = yaml.safe_load(packaged("dagster.yaml").read_text(encoding="utf-8"))
    place = {"base_dir": str(settings.dagster)}
    held_open = {"module": "pipelines.event_storage", "class": "RoundStorage", "config": place}
    for name, storage in {_THEIRS: {"sqlite": place}, _OURS: {"custom": held_open}}.items():
        text = yaml.safe_dump({**config, "storage": storage}, allow_unicode=True, sort_keys=True)
        path = settings.dagster / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            write_text(path, text)


def end_dead_runs(instance: dg.DagsterInstance, data: Path) -> int:
    """Mark runs failed whose process ended before they did. A live run, and one that waits its turn, is left alone.

    A run's process holds the lock of the run's own file. A run without such a file either waits in Dagster's queue,
    or is just starting; only when it should have started long ago is it dead.
    """
    dead = 0
    for record in instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED)):
        run = record.dagster_run
        live = lock.is_live(data, run.run_id)
        if live is None and run.status not in _WAITING:
            age = dt.datetime.now(dt.UTC) - record.update_timestamp.replace(tzinfo=dt.UTC)
            live = age < _START
        if live is False:
            instance.report_run_failed(run, TEXT("instance_ended_early"))
            dead += 1
    for run_id in lock.claims(data):
        if lock.is_live(data, run_id) is False:
            lock.forget_claim(data, run_id)
    return dead


def prune_runs(instance: dg.DagsterInstance, settings: Settings) -> int:
    """Forget the oldest finished runs, so that Dagster's store stays small; their tables and reports stay."""
    finished = [
        dg.DagsterRunStatus.SUCCESS,
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELED,
    ]
    old = instance.get_run_records(dg.RunsFilter(statuses=finished))[KEPT_RUNS:]
    if not old:
        return 0
    for record in old:
        instance.delete_run(record.dagster_run.run_id)
    known = {record.dagster_run.run_id for record in instance.get_run_records()}
    for path in settings.dagster.rglob("*.db"):
        # Dagster empties a run's own file and leaves it as large as it was.
        if _UUID.fullmatch(path.stem) and path.stem not in known:
            with contextlib.suppress(OSError):
                path.unlink()
    return len(old)
