"""The ledger of releases beside what it speaks of: begun once, and refused when it is missing or older than that.

A round is attacked together with everything released before. Without the ledger, or with an older one, the attack
would not know of those releases, and a difference between two rounds could give away what each of them hides. What a
ledger holds stands in :mod:`evaluation.disclosure.ledger`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evaluation.disclosure.approval import APPROVAL_FILE
from evaluation.disclosure.ledger import NAME, WAY_BACK, Ledger, content_hash, read_ledger, write_ledger
from evaluation.disclosure.release import Release
from evaluation.errors import InputError, Problem
from evaluation.sealing import SealKey, opened, refused
from evaluation.words.texts import texts

TEXT = texts("running")


def open_ledger(home: Path, key: SealKey, round_id: str) -> Ledger:
    """What has been released before this run of a round, in the data folder ``home``.

    It is begun, empty, before the first release writes anything: from then on a missing ledger is a lost one.

    Raises:
        InputError: it is missing, damaged or altered, or does not know a round whose report lies beside it.
    """
    path = home / "reports" / NAME
    if not path.is_file():
        if found := finished_rounds(home) | released_rounds(home):
            raise _gap(TEXT("release_ledger_gone"), found)
        write_ledger(path, Ledger(), key)
    ledger = read_ledger(path, key)
    contents = {e.release.id: e.content for e in ledger.entries}
    for name, approval in approvals(home, key).items():
        if name in contents and contents[name] != approval["content"]:
            raise _gap(TEXT("release_ledger_not_approved"), {name})
    known = {e.release.id: e.status for e in ledger.entries}
    published = {name for name, status in known.items() if status == "published"}
    lost = (finished_rounds(home) - {round_id} - set(known)) | (approved_rounds(home) - published)
    if lost:
        raise _gap(TEXT("release_ledger_older"), lost)
    return ledger


def require_ledger(home: Path, key: SealKey) -> None:
    """Refuse as :func:`open_ledger` where anything has been released; nothing is begun."""
    if (home / "reports" / NAME).exists() or finished_rounds(home) | released_rounds(home):
        open_ledger(home, key, "")


def require_entered(home: Path, key: SealKey, release: Release) -> None:
    """Refuse a stored release that the ledger knows with other numbers: one from before, or not gone out yet.

    Raises:
        InputError: that; or as :func:`open_ledger`.
    """
    require_ledger(home, key)
    path = home / "reports" / NAME
    entries = read_ledger(path, key).entries if path.is_file() else ()
    known = {e.release.id: e.content for e in entries}
    if known.get(release.id, content_hash(release)) != content_hash(release):
        raise refused(
            f"{release.id}/release.json",
            TEXT("release_ledger_other_release"),
            TEXT("storage_run_again", round_id=release.id),
        )


def finished_rounds(home: Path) -> set[str]:
    """Rounds with a finished report: its manifest is written last."""
    return {p.parent.name for p in (home / "reports").glob("*/manifest.json")}


def approved_rounds(home: Path) -> set[str]:
    """Rounds that two people have let go out."""
    return {p.name.removesuffix(f".{APPROVAL_FILE}") for p in (home / "releases").glob(f"*.{APPROVAL_FILE}")}


def approvals(home: Path, key: SealKey) -> dict[str, dict[str, Any]]:
    """What was approved, by round.

    Raises:
        InputError: an approval is damaged, altered, or another key's.
    """
    found = {}
    for path in sorted((home / "releases").glob(f"*.{APPROVAL_FILE}")):
        way_back = "hent godkendelsen fra sikkerhedskopien"
        content = opened(path.name, path.read_bytes(), key, way_back=way_back)
        found[path.name.removesuffix(f".{APPROVAL_FILE}")] = content
    return found


def released_rounds(home: Path) -> set[str]:
    """Rounds that have come through the gate at some time."""
    copies = {p.name for p in (home / "releases").glob("*") if p.is_dir() and not p.name.startswith(".")}
    return (
        {p.parent.name for p in (home / "warehouse").glob("*/release.json")} | copies | approved_rounds(home)
    )


def _gap(what: str, rounds: set[str]) -> InputError:
    return InputError(
        TEXT("release_ledger_refused", name=NAME, what=what),
        [
            Problem(
                f"reports/{NAME}",
                found=TEXT("release_ledger_knows_not", name=name),
                expected=TEXT("release_ledger_expected"),
                next_step=WAY_BACK,
            )
            for name in sorted(rounds)
        ],
    )
