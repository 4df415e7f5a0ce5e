"""The ledger of releases: what was published, when, and with which hashes.

What belongs here: remembering, and the only functions of the gate that read or write a ledger file. The
ledger holds printed numbers and the names of hidden cells – never a hidden number – so that every later
round can be attacked together with it. A published entry is frozen. The file is sealed with the study's key: a ledger
from which a release was taken out would let the next round give away what that release hides.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from evaluation.disclosure.release import Release
from evaluation.errors import GateRefused, InputError, Problem
from evaluation.sealing import SealKey, opened, refused, sealed
from evaluation.words.texts import texts

TEXT = texts("running")


VERSION = 1
NAME = "ledger.json"
WAY_BACK = TEXT("ledger_from_backup")
Status = Literal["draft", "published"]


@dataclass(frozen=True)
class LedgerEntry:
    """One release. ``on``: ISO date given by the caller. ``hashes``: file name → SHA-256 of what was written."""

    release: Release
    on: str
    hashes: Mapping[str, str]
    status: Status = "draft"

    @cached_property
    def content(self) -> str:
        """SHA-256 of the printed numbers and hidden cells."""
        return content_hash(self.release)


@dataclass(frozen=True)
class Ledger:
    """Every release, oldest first. ``removals``: receipts of every removal known when one was filed."""

    entries: tuple[LedgerEntry, ...] = ()
    removals: tuple[str, ...] = ()

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
        """A ledger with ``release`` as a draft. A rerun with the same numbers only renews date and hashes, and of
        a published release nothing.

        Raises GateRefused where other numbers would replace a published release or one that later releases
        were protected against.
        """
        entry = LedgerEntry(release, on, dict(sorted(hashes.items())))
        ids = [e.release.id for e in self.entries]
        if release.id not in ids:
            return replace(self, entries=(*self.entries, entry))
        at = ids.index(release.id)
        old = self.entries[at]
        if old.content != entry.content and (old.status == "published" or at + 1 < len(ids)):
            why = TEXT("ledger_published" if old.status == "published" else "ledger_followed")
            raise GateRefused(
                TEXT("ledger_frozen", release=release.id, why=why),
                [
                    Problem(
                        "",
                        found=TEXT("ledger_other_numbers"),
                        expected=TEXT("ledger_its_numbers"),
                        next_step=TEXT("approval_new_round"),
                    )
                ],
            )
        if old.status == "published":
            return self  # what was approved is what the entry names, whatever is rendered again
        return replace(self, entries=(*self.entries[:at], entry, *self.entries[at + 1 :]))

    def publish(self, release_id: str, on: str) -> Ledger:
        """A ledger in which ``release_id`` is published (approved) on that date. Raises InputError if unknown."""
        if release_id not in {e.release.id for e in self.entries}:
            raise InputError(TEXT("approval_not_audited", release_id=release_id))
        entries = (
            replace(e, status="published", on=on) if e.release.id == release_id else e for e in self.entries
        )
        return replace(self, entries=tuple(entries))


def content_hash(release: Release) -> str:
    """SHA-256 over everything a release says."""
    text = json.dumps(release.to_dict(), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_ledger(path: Path, key: SealKey) -> Ledger:
    """The ledger in a file. Raises InputError when it is missing, damaged, altered, or another key's."""
    if not path.is_file():
        raise refused(path.name, TEXT("ledger_gone"), WAY_BACK)
    data = opened(path.name, path.read_bytes(), key, way_back=WAY_BACK)
    try:
        if data["version"] != VERSION:
            raise refused(
                path.name,
                TEXT("ledger_other_version", version=str(data["version"]), version_2=str(VERSION)),
                WAY_BACK,
            )
        return Ledger(
            tuple(
                LedgerEntry(Release.from_dict(e["release"]), e["on"], e["hashes"], e["status"])
                for e in data["entries"]
            ),
            tuple(data.get("removals", ())),  # a ledger that knows of none has none to tell
        )
    except (ValueError, KeyError, TypeError):
        raise refused(path.name, TEXT("ledger_other_code"), WAY_BACK) from None


def write_ledger(path: Path, ledger: Ledger, key: SealKey) -> None:
    """Write whole or not at all, sealed, readable by its owner only."""
    entries = [
        {"release": e.release.to_dict(), "on": e.on, "hashes": dict(e.hashes), "status": e.status}
        for e in ledger.entries
    ]
    content = {"version": VERSION, "entries": entries, "removals": list(ledger.removals)}
    write_private(path, sealed(path.name, content, key))


def write_private(path: Path, data: bytes) -> None:
    """Write to a temporary name and rename; mode 0600 from the first byte, folders 0700."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
