"""Two people let a round go out, one after the other: their approval, and a copy without working data.

What belongs here: checking that what is approved is what was audited, keeping the first approval until the second
comes, and making the copy. The paths are the caller's; account and time too. Who asks, and how, stands in
``pipelines.commands.approve``.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from evaluation.disclosure.audit import audit
from evaluation.disclosure.ledger import Ledger, read_ledger, write_ledger, write_private
from evaluation.disclosure.names import normalise_token
from evaluation.disclosure.release import Release
from evaluation.errors import GateRefused, InputError, Problem
from evaluation.sealing import SealKey, opened, sealed
from evaluation.words.texts import texts

TEXT = texts("running")
APPROVAL_FILE = "approval.json"
WAITING_FILE = "waiting.json"
"""The first person's approval, until the second's comes."""
_WAY_BACK = TEXT("stores_approve_again")


@dataclass(frozen=True)
class Approver:
    """A person who lets a round go out. ``account``: of the operating system; ``at``: local time, ISO."""

    name: str
    account: str
    at: str


@dataclass(frozen=True)
class Approval:
    """Who approved which release, when, and the SHA-256 of every file that goes out.

    ``is_one_account``: both did it from one account, as the protocol allows; the names alone tell them apart.
    ``attack``: what an attack on everything that leaves read, and that it found nothing.
    """

    release: str
    by: tuple[Approver, ...]
    content: str
    files: Mapping[str, str]
    is_one_account: bool = False
    attack: Mapping[str, object] = field(default_factory=dict)

    @property
    def is_complete(self) -> bool:
        """Whether two people have approved, so that the copy is made."""
        return len(self.by) > 1


def approve(
    reports: Path,
    ledger_path: Path,
    destination: Path,
    release_id: str,
    who: Approver,
    key: SealKey,
    *,
    one_account: bool = False,
    attack: Callable[[], Mapping[str, object]] = dict,
) -> Approval:
    """Approve ``release_id``: verify, attack once more, record; with the second person's approval also copy.

    ``reports``: the round's rendered files. ``destination``: where the copy goes, with ``approval.json``
    beside it; only the files the ledger knows are copied, readable by their owner only. ``one_account``: two people
    may use one account. An approval of other bytes than the present ones has lapsed. ``attack``: attacks everything that
    leaves, refuses by raising, and returns its record.

    Raises:
        InputError: no name, the same person twice, one account for both, an unknown round, or a copy that exists.
        GateRefused: the report changed, or is not safe. Nothing is written.
    """
    who = replace(who, name=" ".join(who.name.split()))
    ledger = read_ledger(ledger_path, key)
    entry = next((e for e in ledger.entries if e.release.id == release_id), None)
    if entry is None or not entry.hashes:
        raise InputError(
            TEXT("approval_not_audited", release_id=release_id),
            [
                Problem(
                    ledger_path.name,
                    found=TEXT("approval_no_release"),
                    expected=", ".join(e.release.id for e in ledger.entries) or TEXT("approval_one_release"),
                    next_step=f"komglad run {release_id}",
                )
            ],
        )
    _refuse_changes(reports, entry.hashes, release_id)
    audit(entry.release, _before(ledger, release_id)).refuse()
    if destination.exists():
        raise InputError(
            TEXT("approval_before", release_id=release_id),
            [
                Problem(
                    destination.name,
                    found=TEXT("approval_copy_there"),
                    next_step=TEXT("approval_new_round"),
                )
            ],
        )
    waiting = destination.with_name(f"{destination.name}.{WAITING_FILE}")
    present = Approval(release_id, (), entry.content, dict(entry.hashes))
    first = _first(waiting, present, key)
    _refuse_one_person(first, who, one_account=one_account)
    present = replace(present, attack=dict(attack()))
    if first is None:
        approval = replace(present, by=(who,))
        write_private(waiting, sealed(waiting.name, asdict(approval), key, indent=1))
        return approval
    approval = replace(present, by=(first, who), is_one_account=first.account == who.account)
    copied = {name: (reports / name).read_bytes() for name in entry.hashes}
    for name, data in copied.items():
        # Read once and compared with the audited hash: what is copied is what was attacked.
        if hashlib.sha256(data).hexdigest() != entry.hashes[name]:
            raise _changed(release_id, [Problem(name, found=TEXT("approval_changed_meanwhile"))])
    # The copy takes its place last: cut short anywhere before, approving again finishes the same approval.
    aside = destination.with_name(f".{destination.name}.new")
    shutil.rmtree(aside, ignore_errors=True)
    for name, data in copied.items():
        write_private(aside / name, data)
    write_ledger(ledger_path, ledger.publish(release_id, who.at[:10]), key)
    record = destination.with_name(f"{destination.name}.{APPROVAL_FILE}")
    write_private(record, sealed(record.name, asdict(approval), key, indent=1))
    aside.rename(destination)
    waiting.unlink()
    return approval


def _first(waiting: Path, present: Approval, key: SealKey) -> Approver | None:
    """Who has approved these very bytes and waits for a second person; None when nobody has."""
    if not waiting.is_file():
        return None
    found = opened(waiting.name, waiting.read_bytes(), key, way_back=_WAY_BACK)
    is_present = (found["content"], found["files"]) == (present.content, present.files)
    return Approver(**found["by"][0]) if is_present else None


def _refuse_one_person(first: Approver | None, who: Approver, *, one_account: bool) -> None:
    """The second person is another than the first, and where the protocol asks for it also by the account's word."""
    again = TEXT("approval_second_reads")
    if not who.name:
        problem = Problem("", column="--by", found=TEXT("approval_no_name"), expected="--by NAME")
    elif first is None:
        return
    elif _person(first.name) == _person(who.name):
        problem = Problem("", column="--by", found=TEXT("approval_same_name"), next_step=again)
    elif first.account == who.account and not one_account:
        problem = Problem(
            "",
            found=TEXT("approval_same_account", account=who.account),
            expected=TEXT("approval_own_account"),
            next_step=TEXT("approval_or_one_account", again=again),
        )
    else:
        return
    raise InputError(TEXT("approval_two_people"), [problem])


def _person(name: str) -> str:
    return " ".join(normalise_token(part) for part in name.split())


def _before(ledger: Ledger, release_id: str) -> tuple[Release, ...]:
    ids = [e.release.id for e in ledger.entries]
    return tuple(e.release for e in ledger.entries[: ids.index(release_id)])


def _refuse_changes(reports: Path, hashes: Mapping[str, str], release_id: str) -> None:
    root = reports.resolve()
    problems = []
    for name, expected in sorted(hashes.items()):
        path = reports / name
        if not path.is_file() or not path.resolve().is_relative_to(root):
            problems.append(Problem(name, found=TEXT("ledger_gone")))
        elif hashlib.sha256(path.read_bytes()).hexdigest() != expected:
            problems.append(Problem(name, found=TEXT("approval_changed")))
    if problems:
        raise _changed(release_id, problems)


def _changed(release_id: str, problems: Sequence[Problem]) -> GateRefused:
    return GateRefused(TEXT("approval_another_report", release_id=release_id), problems)
