"""What the attack on everything that leaves is given from a data folder: files, receipts and the log.

What is done with it stands in :mod:`evaluation.publication.attack`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from evaluation.disclosure.ledger import NAME as LEDGER
from evaluation.disclosure.ledger import LedgerEntry, read_ledger
from evaluation.errors import GateRefused, InputError, Problem
from evaluation.publication.attack import Attack, attack_everything, school_days_until
from evaluation.publication.publish import rules_of
from evaluation.study import load_study
from evaluation.words.texts import texts
from pipelines.known_round import known_round
from pipelines.release_ledger import require_ledger
from pipelines.resources import KeySource
from pipelines.settings import Settings

TEXT = texts("running")


def attack_folder(settings: Settings, round_id: str | None = None) -> Attack:
    """Attack the reports of a data folder up to a round.

    Raises:
        InputError: no such round, or no report of it.
        GateRefused: a file that went out, or is about to, is missing or another.
    """
    study = load_study(settings.study)
    protocol = study.protocol
    order = [r.id for r in protocol.rounds]
    if round_id is not None:
        known_round(study, round_id)
    later = set(order[order.index(round_id) + 1 :]) if round_id else set()
    files = {
        path.relative_to(settings.reports).as_posix(): path.read_bytes()
        for path in sorted(settings.reports.rglob("*"))
        if path.is_file() and path.relative_to(settings.reports).parts[0] not in later
    }
    wanted = [round_id] if round_id else order
    if not any(name.startswith(f"{r}/") for name in files for r in wanted):
        raise InputError(
            TEXT("attacking_no_report"),
            [Problem("reports", found=TEXT("ledger_gone"), next_step=f"komglad run {wanted[0]}")],
        )
    key = KeySource(settings).load().for_seals
    require_ledger(settings.data, key)
    if (settings.reports / LEDGER).is_file():
        entries = read_ledger(settings.reports / LEDGER, key).entries
        files |= _gone_out(settings, [e for e in entries if e.release.id not in later])
    receipts = {p.name: p.read_bytes() for p in sorted((settings.data / "receipts").glob("*.json"))}
    days = [p for r in order if (p := settings.warehouse / r / "core_school_days.parquet").is_file()]
    known = school_days_until(pd.read_parquet(days[-1]), protocol) if days else {}
    return attack_everything(files, protocol, rules_of(protocol), known, receipts, _log(settings.data))


def _gone_out(settings: Settings, entries: Iterable[LedgerEntry]) -> dict[str, bytes]:
    """Files by name as the ledger knows them: of a published round the approved copy, else the report.

    A file that is missing or another would not be attacked, and what it says would count as safe.

    Raises:
        GateRefused: naming every such file.
    """
    found, problems = {}, []
    for entry in entries:
        name, is_copied = entry.release.id, (settings.data / "releases" / entry.release.id).is_dir()
        is_copy = is_copied and entry.status == "published"
        home = settings.data / "releases" if is_copy else settings.reports
        way_back = TEXT("stores_backup") if is_copy else TEXT("storage_run_again", round_id=name)
        for file, digest in entry.hashes.items():
            path = home / name / file
            content = path.read_bytes() if path.is_file() else None
            if content is not None and hashlib.sha256(content).hexdigest() == digest:
                found[f"{name}/{file}"] = content
                continue
            is_there = TEXT("approval_changed") if content is not None else TEXT("ledger_gone")
            place = path.relative_to(settings.data).as_posix()
            problems.append(Problem(place, found=is_there, next_step=way_back))
    if problems:
        raise GateRefused(TEXT("attacking_other_files"), problems)
    return found


def _log(data: Path) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in sorted((data / "log").glob("*")) if p.is_file()}
