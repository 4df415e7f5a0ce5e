"""What the attack on everything that leaves is given from a data folder: files, receipts and the log.

What is done with it stands in :mod:`evaluation.publication.attack`.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from evaluation.errors import InputError, Problem
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
    require_ledger(settings.data, KeySource(settings).load().for_seals)
    receipts = {p.name: p.read_bytes() for p in sorted((settings.data / "receipts").glob("*.json"))}
    days = [p for r in order if (p := settings.warehouse / r / "core_school_days.parquet").is_file()]
    known = school_days_until(pd.read_parquet(days[-1]), protocol) if days else {}
    return attack_everything(files, protocol, rules_of(protocol), known, receipts, _log(settings.data))


def _log(data: Path) -> dict[str, str]:
    return {p.name: p.read_text(encoding="utf-8") for p in sorted((data / "log").glob("*")) if p.is_file()}
