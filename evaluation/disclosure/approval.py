"""Two people let a round go out: their approval, and a copy without working data.

What belongs here: checking that what is approved is what was audited, and making the copy. The paths are the
caller's; the date too. Who asks, and how, stands in ``pipelines.commands.approve``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation.disclosure.audit import audit
from evaluation.disclosure.ledger import Ledger, read_ledger, write_ledger, write_private
from evaluation.disclosure.names import normalise_token
from evaluation.disclosure.release import Release
from evaluation.errors import GateRefused, InputError, Problem

APPROVALS_NEEDED = 2
APPROVAL_FILE = "approval.json"


@dataclass(frozen=True)
class Approval:
    """Who approved which release, when, and the SHA-256 of every file that went out."""

    release: str
    by: tuple[str, ...]
    on: str
    content: str
    files: Mapping[str, str]


def hash_files(folder: Path, names: Sequence[str] | None = None) -> dict[str, str]:
    """SHA-256 of files below a folder by relative name: of ``names``, or of all."""
    if names is None:
        names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    return {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in sorted(names)}


def check_approvers(by: Sequence[str]) -> tuple[str, ...]:
    """The names, tidied. Raises InputError unless at least two different people are named."""
    names = tuple(" ".join(name.split()) for name in by)
    different = {" ".join(normalise_token(part) for part in name.split()) for name in names if name}
    if len(different) < APPROVALS_NEEDED or len(different) < len(names):
        raise InputError(
            "A release needs two different people.",
            [
                Problem(
                    "",
                    column="--by",
                    found=f"{len(names)} given, {len(different)} different",
                    expected="--by NAME --by NAME",
                    next_step="let a second person read the report and approve it",
                )
            ],
        )
    return names


def approve(
    reports: Path, ledger_path: Path, destination: Path, release_id: str, by: Sequence[str], on: str
) -> Approval:
    """Approve ``release_id``: verify, attack once more, copy, record. Nothing is written when anything fails.

    ``reports``: the round's rendered files. ``destination``: where the copy goes, with ``approval.json``
    beside it; only the files the ledger knows are copied, readable by their owner only. ``on``: ISO date.
    Raises InputError (approvers, unknown round, a copy that exists), GateRefused (changed or not safe).
    """
    names = check_approvers(by)
    ledger = read_ledger(ledger_path)
    entry = next((e for e in ledger.entries if e.release.id == release_id), None)
    if entry is None or not entry.hashes:
        raise InputError(
            f'"{release_id}" has not passed the disclosure audit.',
            [
                Problem(
                    ledger_path.name,
                    found="no audited release of that name",
                    expected=", ".join(e.release.id for e in ledger.entries)
                    or "at least one audited release",
                    next_step=f"run komglad run {release_id}",
                )
            ],
        )
    _refuse_changes(reports, entry.hashes, release_id)
    audit(entry.release, _before(ledger, release_id)).refuse()
    if destination.exists():
        raise InputError(
            f'"{release_id}" has been approved before.',
            [
                Problem(
                    destination.name,
                    found="a release copy exists",
                    expected="none",
                    next_step="a published release is frozen; publish changes in a new round",
                )
            ],
        )
    copied = {name: (reports / name).read_bytes() for name in entry.hashes}
    for name, data in copied.items():
        # Read once and compared with the audited hash: what is copied is what was attacked.
        if hashlib.sha256(data).hexdigest() != entry.hashes[name]:
            raise _changed(
                release_id, [Problem(name, found="changed while it was copied", expected="audited bytes")]
            )
    approval = Approval(release_id, names, on, entry.content, dict(entry.hashes))
    # Written aside and renamed: a crash leaves no half release behind.
    aside = destination.with_name(f".{destination.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    for name, data in copied.items():
        write_private(aside / name, data)
    aside.rename(destination)
    text = json.dumps(asdict(approval), ensure_ascii=False, indent=1, sort_keys=True)
    write_private(destination.parent / f"{destination.name}.{APPROVAL_FILE}", text.encode())
    write_ledger(ledger_path, ledger.publish(release_id, on))
    return approval


def _before(ledger: Ledger, release_id: str) -> tuple[Release, ...]:
    ids = [e.release.id for e in ledger.entries]
    return tuple(e.release for e in ledger.entries[: ids.index(release_id)])


def _refuse_changes(reports: Path, hashes: Mapping[str, str], release_id: str) -> None:
    root = reports.resolve()
    problems = []
    for name, expected in sorted(hashes.items()):
        path = reports / name
        if not path.is_file() or not path.resolve().is_relative_to(root):
            problems.append(Problem(name, found="missing", expected="the audited file"))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            problems.append(Problem(name, found="changed after the audit", expected="the audited bytes"))
    if problems:
        raise _changed(release_id, problems)


def _changed(release_id: str, problems: Sequence[Problem]) -> GateRefused:
    return GateRefused(
        f'The report of "{release_id}" is not the one that was audited; nothing was approved. '
        f"Run komglad run {release_id} and read it again.",
        problems,
    )
