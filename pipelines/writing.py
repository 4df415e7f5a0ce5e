"""What every run does before it writes, whoever started it: command line, Dagster's page, a backfill, the sensor.

It says that it lives, holds the data folder alone, closes it to other accounts and has the engine that is set. Dagster
gives an asset the warehouse only through here, so a table cannot be written beside another run.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from evaluation.words.texts import texts
from pipelines import private
from pipelines.engines import engine_of
from pipelines.instance import prune_runs
from pipelines.lock import claim_run, forget_claim, run_lock
from pipelines.settings import Settings
from pipelines.sweep import SCRATCH

TEXT = texts("running")


PATIENCE_SECONDS = 600.0
"""A run that Dagster started waits for another writer as it would in Dagster's queue; then it fails and says who."""


@contextlib.contextmanager
def writing(settings: Settings, say: Callable[[str], None], *, patience: float = 0.5) -> Iterator[None]:
    """Hold the data folder for a run; what is made meanwhile is its owner's alone.

    Raises:
        Busy: another process holds the folder.
        InputError: the engine that is set is none.
        EnvironmentProblem: the folder cannot be held, or cannot be closed to others, or the engine cannot be started.
    """
    with run_lock(settings.data, patience=patience):
        umask = os.umask(0o077)
        try:
            changed = private.close_to_others(settings.data)
            if changed:
                say(private.sentence(changed, settings.data))
            with engine_of(settings):
                yield
        finally:
            shutil.rmtree(settings.data / SCRATCH, ignore_errors=True)
            os.umask(umask)


@contextlib.contextmanager
def claimed(settings: Settings, run_id: str) -> Iterator[None]:
    """Say for the length of a block that a run of this process lives."""
    with claim_run(settings.data, run_id):
        yield
    forget_claim(settings.data, run_id)


def guarded(settings: Settings, resources: Mapping[str, Any]) -> dict[str, Any]:
    """The same resources, the warehouse and what writes to it behind the folder's lock: for runs that Dagster starts."""

    @dg.resource(description=TEXT("writing_about"))
    def warehouse(context: dg.InitResourceContext) -> Iterator[object]:
        log = context.log
        if context.run is not None:
            # Open until the process ends: Dagster writes the run's last event after its resources are gone.
            atexit.register(claim_run(settings.data, context.run.run_id).close)
        with writing(settings, log.warning if log else print, patience=PATIENCE_SECONDS):
            if context.instance is not None:
                prune_runs(context.instance, settings)
            yield resources["warehouse"]

    @dg.io_manager(required_resource_keys={"warehouse"})
    def io_manager(_: dg.InitResourceContext) -> dg.IOManager:
        made: dg.IOManager = resources["io_manager"]
        return made

    return {**resources, "warehouse": warehouse, "io_manager": io_manager}
