"""Dagster's web page, bound to 127.0.0.1 and answering only requests that name this machine.

Dagster itself answers any Host header, so a page in the user's browser could reach it by rebinding a name to
127.0.0.1; the allow-list closes that.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

import typer
import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from starlette.applications import Starlette
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pipelines.instance import end_dead_runs, open_instance
from pipelines.lock import run_lock
from pipelines.settings import PROJECT, Settings

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]


def guarded(app: Starlette) -> Starlette:
    """The application with the allow-list of hosts in front."""
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK)
    return app


@contextlib.contextmanager
def workspace(settings: Settings, instance: DagsterInstance) -> Iterator[WorkspaceProcessContext]:
    """The code location with this study's definitions, loaded in a process of its own."""
    settings.export()
    target = ModuleTarget(
        module_name="pipelines.definitions",
        attribute="defs",
        working_directory=str(PROJECT),
        location_name="komglad",
    )
    with WorkspaceProcessContext(instance=instance, version="", workspace_load_target=target) as context:
        yield context


def serve(settings: Settings, port: int, *, with_daemon: bool) -> None:
    """Serve until interrupted."""
    with run_lock(settings.data), open_instance(settings) as instance:
        end_dead_runs(instance)
    with open_instance(settings) as instance, workspace(settings, instance) as context:
        app = guarded(create_app_from_workspace_process_context(context))
        with _daemon(settings) if with_daemon else contextlib.nullcontext():
            typer.echo(f"Dagster: http://127.0.0.1:{port}  (stop with Ctrl-C)")
            uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


@contextlib.contextmanager
def _daemon(settings: Settings) -> Iterator[None]:
    """Schedules, the sensor and the run queue, in a process that ends with this one."""
    home = {"DAGSTER_HOME": str(settings.dagster)}
    (settings.dagster / "dagster.yaml").write_text(
        (PROJECT / "dagster.yaml").read_text(encoding="utf-8").replace("data/dagster", str(settings.dagster)),
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "dagster._daemon",
        "run",
        "-m",
        "pipelines.definitions",
        "-d",
        str(PROJECT),
    ]
    process = subprocess.Popen(command, env={**os.environ, **home})
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
