"""Making a round again somewhere else, and finding what differs. Nothing of the real data folder is touched."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from pipelines.resources import resources_from
from pipelines.runner import run_round
from pipelines.settings import Settings
from pipelines.storage import write_bytes

COMPARED = {".html", ".csv", ".xlsx", ".docx", ".json", ".txt"}
"""PDFs are left out: the browser stamps them with the time they were printed."""


def rerun(settings: Settings, round_id: str, scratch: Path) -> Settings:
    """Run a round from the real inbox into ``scratch``. Returns the scratch settings."""
    again = replace(settings, data=scratch / "data")
    real = resources_from(settings)
    places = replace(real["places"], reports=again.reports)
    if real["places"].ledger.is_file():
        write_bytes(places.ledger, real["places"].ledger.read_bytes())
    run_round(again, round_id, resource_overrides={"places": places, "frozen": real["frozen"]})
    return again


def differing(settings: Settings, again: Settings, round_id: str) -> tuple[int, list[tuple[str, str]]]:
    """How many files were compared, and the names that differ with why."""
    before = _hashes(settings.warehouse / round_id, {".parquet"}) | _hashes(
        settings.reports / round_id, COMPARED
    )
    now = _hashes(again.warehouse / round_id, {".parquet"}) | _hashes(again.reports / round_id, COMPARED)
    different = []
    for name in sorted({*before, *now}):
        if name not in now:
            different.append((name, "was there, and is not made again"))
        elif name not in before:
            different.append((name, "is made now, and was not there"))
        elif before[name] != now[name]:
            different.append((name, "other content"))
    return len({*before, *now}), different


def _hashes(folder: Path, suffixes: set[str]) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file() and p.suffix in suffixes
    }
