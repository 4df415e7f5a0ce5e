"""Proof that a pupil is gone: every file of the data folder is searched for the number and for the pupil's keys.

Searching only, whatever a file is called (:mod:`~evaluation.door.forget_content`). What is done about a file that still
holds the pupil, or that cannot be searched, is :mod:`~evaluation.door.forget`'s business.
"""

from __future__ import annotations

import io
from collections.abc import Collection
from fnmatch import fnmatch
from pathlib import Path

from evaluation.door.forget_content import Found, Search
from evaluation.door.forget_journal import with_journal
from evaluation.door.forget_tables import KeyedPupil, segments_of, without
from evaluation.door.traces import Traces
from evaluation.errors import InputError

OF_SYSTEMS = ("~$*", ".DS_Store", "desktop.ini")
"""What an office program or a system puts beside files: names of them at the most, which are searched."""

BESIDE = ("-wal", "-shm")
"""What SQLite has beside a database that is in use, or whose process was killed: changes to it, and their index."""


def still_held(
    data: Path, who: KeyedPupil, traces: Traces, *, skip: Collection[Path]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files below ``data`` that hold the pupil, and files that no search reaches, by relative name.

    ``skip``: files that are known to hold the pupil.
    """
    known, search = {p.resolve() for p in skip}, Search(traces, (who.pupil_key, *who.document_keys))
    held: list[str] = []
    unsearched: list[str] = []
    for path in sorted(data.rglob("*")):
        if not path.is_file() or path.is_symlink() or path.resolve() in known:
            continue
        name = path.relative_to(data).as_posix()
        found = Found.PUPIL if traces.is_in(name) else _found(path, who, search)
        if found is Found.PUPIL or (found and not any(fnmatch(path.name, n) for n in OF_SYSTEMS)):
            (held if found is Found.PUPIL else unsearched).append(name)
    return tuple(held), tuple(unsearched)


def _found(path: Path, who: KeyedPupil, search: Search) -> Found:
    try:
        if (journal := path.with_name(f"{path.name}-wal")).is_file():
            content, frames = path.read_bytes(), journal.read_bytes()
            return max(search.inside(io.BytesIO(with_journal(content, frames))), search.raw(content + frames))
        if path.name.endswith(BESIDE) and path.with_name(path.name[: -len(BESIDE[0])]).is_file():
            return search.raw(path.read_bytes())  # its pages were searched with their database
        with path.open("rb") as stream:
            found = search.inside(stream)
        if (
            found is Found.NOTHING
            and path.suffix == ".parquet"
            and without(path, who, segments_of(path.parent, who), None)
        ):
            return Found.PUPIL  # a row that tells the pupil by its place or by a segment alone
    except (OSError, ValueError, InputError):
        return Found.NOT_SEARCHED
    return found
