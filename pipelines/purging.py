"""The end of the pilot: everything about persons goes, what documents it stays, and the folder is searched for proof.

What goes and what stays is decided in :mod:`pipelines.stores`, file by file; a file that no entry there knows is left
alone and named, because nobody here can tell what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evaluation.door.forgotten import FORGOTTEN, made_with
from evaluation.sealing import sealed_with
from pipelines.resealing import documents
from pipelines.storage import file_digest, write_bytes
from pipelines.stores import LOCKS, LOG, Store, files_of
from pipelines.sweep import sweep


@dataclass(frozen=True)
class Purge:
    """What a purge takes and leaves: files by kind, and files nobody knows."""

    going: dict[str, tuple[Path, ...]]
    staying: dict[str, tuple[Path, ...]]
    unknown: tuple[Path, ...]


def plan_purge(data: Path) -> Purge:
    """What would go. Nothing is changed."""
    going: dict[str, list[Path]] = {}
    staying: dict[str, list[Path]] = {}
    unknown = []
    for path, store in files_of(data):
        if store is None:
            unknown.append(path)
        elif store.name != LOCKS:
            (staying if store.stays else going).setdefault(store.name, []).append(path)
    return Purge(_fixed(going), _fixed(staying), tuple(unknown))


def is_sealed_with(data: Path, key_id: str) -> bool:
    """Whether what is sealed in the folder carries this key and no other; a folder without a seal carries none."""
    found = {sealed_with(d.path.read_bytes()) for d in documents(data)}
    found.add(made_with(data / FORGOTTEN))
    return found - {""} == {key_id}


def carry_out(data: Path, plan: Purge) -> None:
    """Remove what goes, and every folder that is empty afterwards."""
    sweep(data)
    remove(data, (path for files in plan.going.values() for path in files))


def remove(data: Path, files: Iterable[Path]) -> None:
    """Remove files of a data folder, and every folder that is empty afterwards."""
    for path in files:
        path.unlink(missing_ok=True)
    for folder in sorted(
        (p for p in data.rglob("*") if p.is_dir()), key=lambda p: len(p.parts), reverse=True
    ):
        if not any(folder.iterdir()):
            folder.rmdir()


def left_of_persons(data: Path) -> list[tuple[Path, Store]]:
    """Files that hold persons and are still there: none, when a purge has been carried to its end."""
    return [
        (path, store)
        for path, store in files_of(data)
        if store is not None and (store.holds_persons or not store.stays) and store.name != LOCKS
    ]


def file_receipt(data: Path, plan: Purge, on: str, key_id: str, *, is_key_gone: bool) -> Path:
    """A receipt of what went and what stays, with the SHA-256 of everything that stays. No name of a file that went."""
    content = {
        "on": on,
        "key_id": key_id,
        "is_key_deleted": is_key_gone,
        "deleted": sorted(plan.going),
        "stays": {
            p.relative_to(data).as_posix(): file_digest(p)
            for name, files in plan.staying.items()
            if name != LOG  # it goes on
            for p in files
        },
        "unknown_files": len(plan.unknown),
    }
    path = data / "receipts" / f"purge-{on}.json"
    write_bytes(path, (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode())
    return path


def _fixed(found: dict[str, list[Path]]) -> dict[str, tuple[Path, ...]]:
    return {name: tuple(paths) for name, paths in found.items()}
