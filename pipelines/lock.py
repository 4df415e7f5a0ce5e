"""One run at a time, decided before Dagster's instance is made.

Two first runs at once on a fresh SQLite home can break it for good, so the lock comes first. It is the operating
system's own lock on a file: a process that dies lets go of it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from evaluation.errors import Busy, EnvironmentProblem


@contextlib.contextmanager
def run_lock(data: Path) -> Iterator[None]:
    """Hold the data folder for the length of a block.

    Raises:
        Busy: another process holds it; the message names the process and when it began.
        EnvironmentProblem: the folder cannot be written.
    """
    path = data / "run.lock"
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise EnvironmentProblem(f"the data folder {data} cannot be written: {error.strerror}") from error
    with handle:
        if not _try_lock(handle):
            raise Busy(_who(handle))
        path.chmod(0o600)
        handle.seek(0)
        handle.truncate()
        started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        json.dump({"process": os.getpid(), "started": started}, handle)
        handle.flush()
        yield


def _try_lock(handle: IO[str]) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _who(handle: IO[str]) -> str:
    handle.seek(0)
    try:
        holder = json.loads(handle.read())
        return (
            f"another run is under way: process {holder['process']}, started {holder['started']}. "
            "Wait for it, or end that process, and run again"
        )
    except (ValueError, KeyError):
        return "another run is under way (it is just starting). Wait for it and run again"
