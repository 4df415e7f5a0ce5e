"""The ledger of releases: what was published, when, and with which hashes.

What belongs here: remembering, and the only functions of the gate that read or write a ledger file. The
ledger holds printed numbers and the names of hidden cells – never a hidden number – so that every later
round can be attacked together with it. A published entry is frozen.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from evaluation.disclosure.release import Release
from evaluation.errors import GateRefused, InputError, Problem

VERSION = 1
Status = Literal["draft", "published"]


@dataclass(frozen=True)
class LedgerEntry:
    """One release. ``on``: ISO date given by the caller. ``hashes``: file name → SHA-256 of what was written."""

    release: Release
    on: str
    hashes: Mapping[str, str]
    status: Status = "draft"

    @property
    def content(self) -> str:
        """SHA-256 of the printed numbers and hidden cells."""
        return content_hash(self.release)


@dataclass(frozen=True)
class Ledger:
    """Every release, oldest first."""

    entries: tuple[LedgerEntry, ...] = ()

    def earlier_than(self, release_id: str) -> tuple[Release, ...]:
        """What a (re)run of ``release_id`` is protected and attacked with.

        All entries before its own (all, if it has none), and its own once it is published: then a rerun
        reprints it.
        """
        out: list[Release] = []
        for entry in self.entries:
            if entry.release.id == release_id:
                return (*out, entry.release) if entry.status == "published" else tuple(out)
            out.append(entry.release)
        return tuple(out)

    def record(self, release: Release, on: str, hashes: Mapping[str, str]) -> Ledger:
        """A ledger with ``release`` as a draft. A rerun with the same numbers only renews date and hashes.

        Raises GateRefused where other numbers would replace a published release or one that later releases
        were protected against.
        """
        entry = LedgerEntry(release, on, dict(sorted(hashes.items())))
        ids = [e.release.id for e in self.entries]
        if release.id not in ids:
            return Ledger((*self.entries, entry))
        at = ids.index(release.id)
        old = self.entries[at]
        if old.content != entry.content and (old.status == "published" or at + 1 < len(ids)):
            why = "is published" if old.status == "published" else "is followed by later releases"
            raise GateRefused(
                f'Release "{release.id}" {why}: its numbers are frozen.',
                [
                    Problem(
                        "",
                        found="the rerun gives other numbers",
                        expected="the numbers in the ledger",
                        next_step="publish the change in a new round, which is attacked together with this one",
                    )
                ],
            )
        if old.status == "published":
            entry = replace(entry, status="published", on=old.on)
        return Ledger((*self.entries[:at], entry, *self.entries[at + 1 :]))

    def publish(self, release_id: str, on: str) -> Ledger:
        """A ledger in which ``release_id`` is published (approved) on that date. Raises InputError if unknown."""
        if release_id not in {e.release.id for e in self.entries}:
            raise InputError(f'No release "{release_id}" in the ledger.')
        return Ledger(
            tuple(
                replace(e, status="published", on=on) if e.release.id == release_id else e
                for e in self.entries
            )
        )


def content_hash(release: Release) -> str:
    """SHA-256 over everything a release says."""
    text = json.dumps(release.to_dict(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_ledger(path: Path) -> Ledger:
    """The ledger in a file; an empty one where there is none. Raises InputError when it was damaged."""
    if not path.exists():
        return Ledger()
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        entries = tuple(
            LedgerEntry(Release.from_dict(e["release"]), e["on"], e["hashes"], e["status"])
            for e in data["entries"]
        )
        is_whole = data["version"] == VERSION and [e.content for e in entries] == [
            e["content"] for e in data["entries"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path) from error
    if not is_whole:
        raise _damaged(path)
    return Ledger(entries)


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Write whole or not at all, readable by its owner only."""
    entries = [
        {
            "release": e.release.to_dict(),
            "on": e.on,
            "hashes": dict(e.hashes),
            "status": e.status,
            "content": e.content,
        }
        for e in ledger.entries
    ]
    text = json.dumps({"version": VERSION, "entries": entries}, ensure_ascii=False, sort_keys=True)
    write_private(path, text.encode())


def write_private(path: Path, data: bytes) -> None:
    """Write to a temporary name and rename; mode 0600 from the first byte, folders 0700."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _damaged(path: Path) -> InputError:
    return InputError(
        "The ledger of releases cannot be trusted; without it no new release can be attacked.",
        [
            Problem(
                path.name,
                found="content does not match its hashes, or is no ledger",
                expected=f"a ledger of version {VERSION}",
                next_step="restore the file from the backup",
            )
        ],
    )
