"""Dagster's web page for a data folder: one code server, one daemon, and the page itself behind its guard.

Page and daemon read one workspace, so that they mean the same location by one name, and both talk to one code server,
which also starts the runs. Both are wards of this process and end with it; when one of them ends by itself the page
ends too and says so, because a page that can start nothing looks like one that can.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import dagster as dg
import typer
import uvicorn
import yaml
from dagster_webserver.app import create_app_from_workspace_process_context

from evaluation.errors import Busy, EnvironmentProblem, Problem
from evaluation.words.texts import texts
from pipelines import stopping, ward
from pipelines.guard import Guard
from pipelines.instance import end_dead_runs, open_instance, write_home
from pipelines.lock import home_lock, page_lock
from pipelines.private import close_to_others, sentence
from pipelines.settings import PROJECT, Settings
from pipelines.storage import write_text

TEXT = texts("running")


LOCATION = "komglad"
"""The code location's one name."""
_START_SECONDS = 180.0


def serve(settings: Settings, port: int, *, with_daemon: bool) -> None:
    """Serve until interrupted.

    Raises:
        Busy: the folder's page is open already, or another program has the port.
        EnvironmentProblem: the key stands in the environment, or one of Dagster's processes has ended.
    """
    _refuse_key_in_environment(settings)
    _refuse_taken(port)
    os.umask(0o077)
    with (
        stopping.left_to_others(),
        _stopped_by(signal.default_int_handler),
        page_lock(settings.data, f"http://127.0.0.1:{port}"),
        tempfile.TemporaryDirectory(prefix="komglad-") as made,
        contextlib.ExitStack() as open_things,
    ):
        if changed := close_to_others(settings.data):
            typer.echo(sentence(changed, settings.data), err=True)
        with open_instance(settings) as instance:
            end_dead_runs(instance, settings.data)
        folder = Path(made)
        wards = {"kodeserver": open_things.enter_context(_code_server(settings, folder))}
        if with_daemon:
            wards[TEXT("page_daemon")] = open_things.enter_context(_daemon(settings, folder))
        context = open_things.enter_context(_workspace(settings, folder, can_start=with_daemon))
        guard = Guard(create_app_from_workspace_process_context(context), port)
        server = uvicorn.Server(
            uvicorn.Config(
                guard,
                host="127.0.0.1",
                port=port,
                log_level="warning",
                server_header=False,
                timeout_graceful_shutdown=3,
            )
        )
        address = settings.dagster / "page-address"
        write_text(address, guard.address + "\n")
        open_things.callback(address.unlink, missing_ok=True)
        typer.echo(TEXT("page_address", address=guard.address))
        _serve_with(server, wards)


def _refuse_key_in_environment(settings: Settings) -> None:
    if settings.key is not None:
        raise EnvironmentProblem(
            TEXT("page_key_in_environment"),
            [
                Problem(
                    "KOMGLAD_KEY",
                    found="sat",
                    expected=TEXT("page_key_expected"),
                    next_step=TEXT("page_key_next"),
                )
            ],
        )


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Busy(TEXT("page_port_taken", port=str(port), port_2=str(port + 1))) from error


@dataclass(frozen=True)
class _Code:
    """How page and daemon reach the code server: a socket of the owner's, or a port where there are none (Windows)."""

    arguments: tuple[str, ...]
    place: dict[str, str | int]

    def is_up(self) -> bool:
        if "socket" in self.place:
            return Path(str(self.place["socket"])).exists()
        with socket.socket() as probe:
            return probe.connect_ex(("localhost", int(self.place["port"]))) == 0


def _code_place(folder: Path) -> _Code:
    if os.name != "nt":
        path = str(folder / "code.sock")
        return _Code(("--socket", path), {"socket": path})
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    return _Code(("--port", str(port)), {"host": "localhost", "port": port})


@contextlib.contextmanager
def _code_server(settings: Settings, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process that holds this study's definitions, and the workspace file that names it."""
    code = _code_place(folder)
    named = {"grpc_server": {**code.place, "location_name": LOCATION}}
    (folder / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [named]}), encoding="utf-8")
    process = ward.start(
        "dagster", "code-server", "start", *code.arguments, "--location-name", LOCATION,
        "-m", "pipelines.definitions", "-d", str(PROJECT), "--log-level", "WARNING",
        environment=settings.for_children(),
    )  # fmt: skip
    try:
        until = time.monotonic() + _START_SECONDS
        while not code.is_up():
            if process.poll() is not None or time.monotonic() > until:
                raise _ended("kodeserver", process)
            time.sleep(0.1)
        yield process
    finally:
        ward.stop(process)


@contextlib.contextmanager
def _daemon(settings: Settings, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Schedules, the sensor, backfills and the queue of runs."""
    process = ward.start(
        "dagster-daemon", "run", "-w", str(folder / "workspace.yaml"), "--log-level", "warning",
        environment=settings.for_children(),
    )  # fmt: skip
    try:
        yield process
    finally:
        ward.stop(process)


@contextlib.contextmanager
def _workspace(settings: Settings, folder: Path, *, can_start: bool) -> Iterator[Any]:
    """What the page shows: the instance as every Dagster process sees it, and the one location.

    Raises:
        EnvironmentProblem: this Dagster has not got the two private names (ADR 8); its own development server is the way.
    """
    try:
        from dagster._core.workspace.context import WorkspaceProcessContext
        from dagster._core.workspace.load_target import WorkspaceFileTarget
    except ImportError:
        other_way = TEXT("page_other_way", home=str(settings.dagster))
        raise EnvironmentProblem(TEXT("page_other_dagster", version=dg.__version__), [
            Problem("dagster", found=dg.__version__, next_step=other_way)
        ]) from None  # fmt: skip
    with home_lock(settings.data):
        write_home(settings)
    target = WorkspaceFileTarget(paths=[str(folder / "workspace.yaml")])
    with (
        dg.DagsterInstance.from_config(str(settings.dagster)) as instance,
        WorkspaceProcessContext(
            instance=instance, version="", workspace_load_target=target, read_only=not can_start
        ) as context,
    ):
        yield context


def _serve_with(server: uvicorn.Server, wards: dict[str, subprocess.Popen[bytes]]) -> None:
    """Serve until asked to stop (Ctrl-C, SIGTERM, a closed window) or until a ward has ended."""
    gone: list[EnvironmentProblem] = []

    def watch() -> None:
        while not server.should_exit:
            for name, process in wards.items():
                if process.poll() is not None:
                    gone.append(_ended(name, process))
                    server.should_exit = True
            time.sleep(0.5)

    def close(_number: int, _frame: object) -> None:
        server.should_exit = True

    watching = threading.Thread(target=watch, name="wards")
    watching.start()
    try:
        # The server hands a signal on once it has stopped; what it is handed to must not end this process half way.
        with _stopped_by(close):
            server.run()
    finally:
        server.should_exit = True
        watching.join()
    if gone:
        raise gone[0]


@contextlib.contextmanager
def _stopped_by(handler: Callable[[int, FrameType | None], Any]) -> Iterator[None]:
    """What happens on Ctrl-C, SIGTERM and a closed window for the length of a block."""
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _ended(name: str, process: subprocess.Popen[bytes]) -> EnvironmentProblem:
    what = (
        "svarer ikke"
        if process.returncode is None
        else TEXT("page_stopped", returncode=str(process.returncode))
    )
    return EnvironmentProblem(
        TEXT("page_part_stopped", name=name, what=what),
        [Problem(name, found=what, next_step=TEXT("page_open_again"))],
    )
