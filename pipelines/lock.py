"""One writer at a time, and which runs still live: locks of the operating system on files of the data folder.

A lock is held by a process and let go of when that process ends, however it ends. So the folder's lock
(``run.lock``) tells a busy folder from a free one, and the lock on a run's own file (``dagster/live/``) tells a live
run from a dead one. What a lock protects, and who takes it, stands elsewhere (:mod:`pipelines.resources`,
:mod:`pipelines.runner`).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from evaluation.errors import Busy, EnvironmentProblem, Problem
from evaluation.words.texts import texts
from pipelines.causes import FULL, disk_full, reason_of
from pipelines.private import own_folder

TEXT = texts("running")


_BUSY = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, getattr(errno, "EDEADLOCK", errno.EDEADLK)}
"""What the operating system answers when somebody else holds the lock; every other answer is the file system's."""
_SYNCHRONISED = (
    "onedrive",
    "dropbox",
    "google drive",
    "googledrive",
    "icloud",
    "nextcloud",
    "owncloud",
    "box sync",
)
_OWN_LOCKS = {"nolock", "nobrl", "localflock", "local_lock=all", "local_lock=flock"}
"""How NFS, SMB and Lustre say in a mount that its locks stay on this machine: another machine would not meet them."""
_MOUNTS = Path("/proc/self/mountinfo")
_TRY_AGAIN_SECONDS = 0.2
_LOOKED_AT_SECONDS = 2.0
"""A run that claims its file may meet somebody who looks at it: that takes a moment, never this long."""
_HOME_SECONDS = 60.0
_GLANCE_SECONDS = 0.5
"""``komglad doctor`` looks at a lock by trying it: that takes a moment, and is no reason to turn a run away."""
_FAR = 1 << 30
"""Windows locks bytes, and locked bytes cannot be read: the one that is locked lies behind all that is written."""


@contextlib.contextmanager
def run_lock(data: Path, *, patience: float = _GLANCE_SECONDS) -> Iterator[None]:
    """Hold the data folder for the length of a block. Waits at most ``patience`` seconds for another holder.

    Raises:
        Busy: another process holds it; the message names the process and when it began.
        EnvironmentProblem: the folder cannot be written, or lies where locks do not hold.
    """
    _refuse_place(data)
    with _held(data / "run.lock", patience, _run_under_way):
        yield


@contextlib.contextmanager
def page_lock(data: Path, address: str) -> Iterator[None]:
    """Hold the data folder's page: one page and one daemon a folder.

    Raises:
        Busy: another page is open; the message names its address.
    """

    def is_open(holder: dict[str, Any]) -> str:
        place = holder.get("address", "en anden adresse")
        return TEXT("lock_page_open", data=data, place=str(place))

    with _held(data / "page.lock", 0.0, is_open, address=address):
        yield


@contextlib.contextmanager
def home_lock(data: Path) -> Iterator[None]:
    """Make Dagster's SQLite home alone: two that make it at once can break it for good. Takes a moment."""
    with _held(data / "dagster" / "home.lock", _HOME_SECONDS, _run_under_way):
        yield


def probe_locks(data: Path) -> None:
    """Raise :class:`EnvironmentProblem` when locks do not hold in a folder, or it is synchronised; leaves nothing."""
    _refuse_place(data)
    with (
        tempfile.TemporaryDirectory(prefix=".komglad-", dir=data) as aside,
        _held(Path(aside, "probe"), 0.0, _run_under_way),
    ):
        pass


@contextlib.contextmanager
def alive(path: Path) -> Iterator[None]:
    """Hold a file for the length of a block, so that everybody can see that its process lives; nothing where there are no
    locks.
    """
    with _opened(path) as handle:
        with contextlib.suppress(EnvironmentProblem):
            _try_lock(handle)
        yield


def is_alive(path: Path) -> bool:
    """Whether a process holds the file: also one of another container, and never one that has ended."""
    if not path.is_file():
        return False
    with path.open("a+", encoding="utf-8") as handle, contextlib.suppress(EnvironmentProblem):
        return not _try_lock(handle)
    return True


def refuse_busy(data: Path) -> None:
    """Turn a command away at once that would wait for the lock in vain; who goes on takes the lock all the same.

    Raises:
        Busy: another process holds the folder.
    """
    if (data / "run.lock").is_file():
        with run_lock(data):
            pass


def holder_of(data: Path) -> dict[str, Any] | None:
    """Who holds the folder now: process and start; None when nobody does."""
    return _looked_at(data / "run.lock")


def page_of(data: Path) -> dict[str, Any] | None:
    """Who has the folder's page open, and where; None when nobody has."""
    return _looked_at(data / "page.lock")


def claim_run(data: Path, run_id: str) -> IO[str]:
    """Say that a run lives: its file stays locked until the handle is closed or the process ends."""
    handle = _opened(_live(data) / run_id)
    until = time.monotonic() + _LOOKED_AT_SECONDS
    while not _try_lock(handle):
        if time.monotonic() >= until:
            handle.close()
            raise Busy(TEXT("lock_run_going", run_id=run_id))
        time.sleep(_TRY_AGAIN_SECONDS)
    _write_holder(handle)
    return handle


def is_live(data: Path, run_id: str) -> bool | None:
    """Whether a run's process lives; None when the run has not said so yet (it is queued or only just starting)."""
    path = _live(data) / run_id
    if not path.is_file():
        return None
    with path.open("a+", encoding="utf-8") as handle:
        if not _try_lock(handle):
            return True
        return False if _holder(handle) else None


def forget_claim(data: Path, run_id: str) -> None:
    """Take a finished run's file away."""
    (_live(data) / run_id).unlink(missing_ok=True)


def claims(data: Path) -> list[str]:
    """Ids of the runs that have said they live and whose file has not been taken away."""
    folder = _live(data)
    return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def _looked_at(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    # A monitor may have no right to write, and only looks.
    with path.open("a+" if os.access(path, os.W_OK) else "r", encoding="utf-8") as handle:
        return None if _try_lock(handle) else _holder(handle)


@contextlib.contextmanager
def _held(path: Path, patience: float, busy: Callable[[dict[str, Any]], str], **more: str) -> Iterator[None]:
    with _opened(path) as handle:
        until = time.monotonic() + patience
        while not _try_lock(handle):
            if time.monotonic() >= until:
                raise Busy(busy(_holder(handle)))
            time.sleep(_TRY_AGAIN_SECONDS)
        _refuse_hollow(path)
        _write_holder(handle, **more)
        yield


def _live(data: Path) -> Path:
    return data / "dagster" / "live"


def _opened(path: Path) -> IO[str]:
    try:
        own_folder(path.parent)
        handle = path.open("a+", encoding="utf-8")
        path.chmod(0o600)
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(path, path.parent) from error
        raise EnvironmentProblem(
            TEXT("lock_not_writable", parent=path.parent, reason=reason_of(error)),
            [
                Problem(
                    str(path),
                    found=reason_of(error),
                    next_step=TEXT("lock_mend_rights"),
                )
            ],
        ) from error
    return handle


def _try_lock(handle: IO[str]) -> bool:
    """Whether the lock is now ours; raises where the file system has no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(_FAR)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise _no_locks(Path(handle.name), reason_of(error)) from error
    return True


def _refuse_hollow(path: Path) -> None:
    """Some network file systems grant every lock: what we hold must be refused to a second handle."""
    with path.open("a+", encoding="utf-8") as second:
        if _try_lock(second):
            raise _no_locks(path, TEXT("lock_two_may_lock"))


def _refuse_place(data: Path) -> None:
    """Where what holds here is no hindrance to somebody else: a synchronised folder, a mount that keeps its locks."""
    for part in data.parts:
        if part.lower().startswith(_SYNCHRONISED):
            raise EnvironmentProblem(
                TEXT("lock_synchronised", part=part),
                [_elsewhere(data, f"under {part}")],
            )
    mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace") if _MOUNTS.is_file() else ""
    if own := mount_options(mounts, data.resolve()) & _OWN_LOCKS:
        raise _no_locks(data, TEXT("lock_own_machine", option=", ".join(sorted(own))))


def mount_options(mounts: str, place: Path) -> set[str]:
    """The options of the mount a place lies in, in the words of Linux's ``mountinfo``; the last of the deepest holds."""
    found: tuple[int, set[str]] = (-1, set())
    for line in mounts.splitlines():
        here, _, system = (part.split() for part in line.partition(" - "))
        point = Path(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), here[4]))
        if (point == place or point in place.parents) and len(point.parts) >= found[0]:
            found = len(point.parts), {*here[5].split(","), *system[-1].split(",")}
    return found[1]


def _no_locks(path: Path, found: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        TEXT("lock_no_locks", parent=path.parent),
        [_elsewhere(path, found)],
    )


def _elsewhere(path: Path, found: str) -> Problem:
    return Problem(
        str(path),
        found=found,
        expected=TEXT("lock_own_disk"),
        next_step=TEXT("lock_move"),
    )


def _write_holder(handle: IO[str], **more: str) -> None:
    handle.seek(0)
    handle.truncate()
    started = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    json.dump({"process": os.getpid(), "started": started, **more}, handle)
    handle.flush()


def _holder(handle: IO[str]) -> dict[str, Any]:
    try:
        handle.seek(0)
        found = json.loads(handle.read())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _run_under_way(holder: dict[str, Any]) -> str:
    if not {"process", "started"} <= holder.keys():
        return TEXT("lock_busy_beginning")
    return TEXT("lock_busy", process=str(holder["process"]), started=str(holder["started"]))
