"""What an error of the machine or of a library means, in words and with the exit code that belongs to it.

Only causes that are known are told here: a full disk, a place that cannot be written, a damaged store, an
interruption. The text of a foreign error is never repeated: it could hold a value of a person.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from evaluation.errors import EnvironmentProblem, InputError, KomgladError, Problem
from evaluation.words.texts import texts
from pipelines.stores import AGAIN, STORES, out_of_place, store_of

TEXT = texts("running")


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL_WORDS = (
    *(os.strerror(number).lower() for number in FULL),
    *(f"io_{errno.errorcode[number]}".lower() for number in FULL),
    "max_temp_directory_size",
)
"""DuckDB says in the operating system's words why it could not write, and names this setting when it has no more room
for what does not fit in memory; lxml, through which workbooks are written too, gives the number's name."""
_DUCKDB_MEMORY = "OutOfMemoryException"
_SQLITE_FULL = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
)
"""SQLite says that the disk is full; a quota or a limit that is reached is to it a write that failed."""
_SQLITE_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SQLITE_CLOSED = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)
_PRIMARY = 0xFF
"""SQLite's codes say the kind in their last byte, and the case before it."""


class Interrupted(KomgladError):
    """Somebody stopped the command. Exit code 130."""

    exit_code = 130

    def __init__(self) -> None:
        super().__init__(TEXT("causes_interrupted"))


def explained(error: BaseException, data: Path) -> KomgladError | None:
    """The error in words when its cause is known; None when it is not. ``data``: the data folder it happened in."""
    for cause in _causes(error):
        if isinstance(cause, KomgladError):
            return cause
        if isinstance(cause, KeyboardInterrupt):
            return Interrupted()
        place = Path(name) if isinstance(name := getattr(cause, "filename", None), str) else data
        if _is_full(cause):
            return disk_full(place, data)
        if isinstance(cause, OSError) and cause.errno in CLOSED:
            return closed(place)
        if isinstance(cause, (IsADirectoryError, NotADirectoryError)) and place != data:
            return not_a_file(place, data)
        if isinstance(cause, sqlite3.DatabaseError) and _says(cause, _SQLITE_CLOSED):
            return closed(data / "dagster")
        if isinstance(cause, sqlite3.DatabaseError) and _says(cause, _SQLITE_DAMAGED):
            return damaged_history(data)
        if isinstance(cause, MemoryError) or type(cause).__name__ == _DUCKDB_MEMORY:
            return EnvironmentProblem(
                TEXT("causes_no_memory"),
                [Problem("", found="for lidt hukommelse", next_step=TEXT("causes_close_programs"))],
            )
    return None


def _is_full(cause: BaseException) -> bool:
    """Whether an error of Python, SQLite, DuckDB or Arrow says that there is no room for what is written."""
    if isinstance(cause, sqlite3.Error):
        return _says(cause, _SQLITE_FULL)
    return getattr(cause, "errno", None) in FULL or any(w in str(cause).lower() for w in _FULL_WORDS)


def _says(cause: sqlite3.Error, codes: tuple[int, ...]) -> bool:
    code = getattr(cause, "sqlite_errorcode", 0)
    return code in codes or code & _PRIMARY in codes


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from; database layers keep the original beside it."""
    todo: list[BaseException] = [error]
    seen: set[int] = set()
    while todo:
        one = todo.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        around = None if one.__suppress_context__ else one.__context__
        origins = (getattr(one, "orig", None), one.__cause__, around)
        todo += [e for e in origins if isinstance(e, BaseException)]


def reason_of(error: OSError) -> str:
    """Why the operating system would not, in Danish; of what has no words here, the name of its number."""
    known = TEXT.all("causes_reasons")
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return known.get(name, name)


def disk_full(place: Path, data: Path) -> EnvironmentProblem:
    """No room: where, how much there is, and about how much a round takes."""
    existing = next(p for p in (place, *place.parents) if p.exists())
    return EnvironmentProblem(
        TEXT("causes_disk_full"),
        [
            Problem(
                str(place),
                found=f"{_size(shutil.disk_usage(existing).free)} fri",
                expected=f"omkring {_size(_needed(data))} til en runde",
                next_step=TEXT("causes_make_room"),
            )
        ],
    )


def _needed(data: Path) -> int:
    """What a round takes: as much as the largest there is, else twice what was delivered; never less than 50 MB."""
    rounds = [_bytes(p) for p in (data / "warehouse").glob("*") if p.is_dir()]
    return max(50_000_000, *rounds, 2 * _bytes(data / "incoming"))


def _bytes(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def _size(number: int) -> str:
    unit, name = (1e9, "GB") if number >= 1e9 else (1e6, "MB")
    return f"{number / unit:.1f} {name}".replace(".", ",")


def closed(place: Path) -> EnvironmentProblem:
    """A place that may not be read or written."""
    return EnvironmentProblem(
        TEXT("causes_not_readable", name=place.name),
        [
            Problem(
                str(place),
                found=TEXT("causes_denied"),
                next_step=TEXT("causes_give_access"),
            )
        ],
    )


def not_a_file(place: Path, data: Path) -> InputError:
    """A folder in place of a file, or a file in place of a folder, with the way back of the store it belongs to."""
    is_folder = place.is_dir()
    if not is_folder:
        place = next((p for p in (place, *place.parents) if p.is_file()), place)
    is_inside = data in place.parents
    name = place.relative_to(data).as_posix() if is_inside else str(place)
    below = next((s for s in STORES if s.pattern.startswith(f"{name}/")), None)
    store = (store_of(place, data) if is_inside else None) or below
    return InputError(
        TEXT("causes_folder" if is_folder else "causes_file", name=store.name if store else place.name),
        [
            Problem(
                name,
                found=TEXT("causes_folder_found" if is_folder else "causes_file_found"),
                next_step=TEXT("causes_move_folder", way_back=store.way_back if store else AGAIN),
            )
        ],
    )


def require_open(data: Path) -> None:
    """The data folder may be looked into, if there is one.

    Raises:
        EnvironmentProblem: it is somebody else's alone.
    """
    if data.is_dir() and not os.access(data, os.R_OK | os.X_OK):
        raise closed(data)


def require_in_place(data: Path) -> None:
    """What stands in the place of one of komglad's files or folders is told before it is taken for one that is missing.

    Raises:
        InputError: naming the first.
    """
    for place in out_of_place(data):
        raise not_a_file(place, data)


def damaged_history(data: Path) -> EnvironmentProblem:
    """Dagster's own files are damaged; nothing that is reported depends on them."""
    return EnvironmentProblem(
        TEXT("causes_dagster_damaged"),
        [
            Problem(
                str(data / "dagster"),
                found="en beskadiget database",
                next_step=TEXT("causes_move_dagster"),
            )
        ],
    )


def damaged(name: str, way_back: str) -> InputError:
    """A store that cannot be read, with the way back."""
    return InputError(
        TEXT("causes_damaged", name=name),
        [Problem(name, found="beskadiget", next_step=way_back)],
    )
