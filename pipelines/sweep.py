"""What killed processes left behind: half-written files, spilled rows, and the copies that checks and reruns work in.

All of it may hold rows about persons and none of it is needed, so it goes before anything is read, forgotten or made.
Every name here is one that komglad gives; nothing else is touched. Call it while holding the run lock.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evaluation.door.erase import UNFINISHED
from pipelines.lock import alive, is_alive

CHECKING, VERIFYING, SPREAD = ".check-", ".verify-", ".spark-"
ASIDE = (CHECKING, VERIFYING, SPREAD)
"""How the folders begin in which a check, a rerun or another engine works."""
ALIVE = ".alive"
"""A file in such a folder that its process holds. A process's number says nothing: in a container everybody is the first."""
SCRATCH = "scratch"
HALF_WRITTEN = (".tmp", ".new", ".part", ".spill")
"""Endings of what is written under a temporary, hidden name, in every folder but the inbox."""


def sweep(data: Path) -> None:
    """Remove every leftover in a data folder, and this user's in the system's folder for temporary files."""
    for left in _leftovers(data):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def sweep_aside(data: Path) -> None:
    """Remove what ended checks and reruns left behind. Those at work keep theirs, so no lock is needed."""
    for left in _aside(data):
        shutil.rmtree(left, ignore_errors=True)


def _aside(data: Path) -> Iterator[Path]:
    for folder in (data, Path(tempfile.gettempdir())):
        for begins in ASIDE:
            yield from (p for p in folder.glob(f"{begins}*") if _is_left(p))


def _leftovers(data: Path) -> Iterator[Path]:
    if (data / SCRATCH).is_dir():
        yield data / SCRATCH
    yield from _aside(data)
    for place, folders, files in os.walk(data):
        here = Path(place)
        # A check or rerun that is under way sees to its own.
        folders[:] = [f for f in folders if here != data or not f.startswith(ASIDE) or _is_left(here / f)]
        is_inbox = here == data / "incoming" or (data / "incoming") in here.parents
        for name in (*files, *folders):
            is_half = not is_inbox and name.startswith(".") and name.endswith(HALF_WRITTEN)
            if is_half or name.startswith(UNFINISHED):
                yield here / name


def _is_left(folder: Path) -> bool:
    """The folder is ours, holds something, and nobody works there."""
    try:
        if hasattr(os, "getuid") and folder.stat().st_uid != os.getuid():
            return False
        return any(p.name != ALIVE for p in folder.iterdir()) and not is_alive(folder / ALIVE)
    except OSError:
        return False


@contextmanager
def working_aside(data: Path, begins: str) -> Iterator[Path]:
    """A folder that is gone afterwards, inside the data folder: what a killed process leaves lies where data may lie.

    A data folder that cannot be written is no hindrance.
    """
    inside = str(data) if data.is_dir() and os.access(data, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix=begins, dir=inside) as folder, alive(Path(folder, ALIVE)):
        yield Path(folder)
