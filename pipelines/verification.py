"""Making a round again somewhere else, and finding what differs. Nothing of the real data folder is touched."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from assets.rendering import PREFIX
from evaluation.study import load_study
from pipelines.resources import resources_from
from pipelines.runner import run_round
from pipelines.settings import Settings
from pipelines.storage import write_bytes

COMPARED = {".html", ".csv", ".xlsx", ".docx", ".json", ".txt"}
"""PDFs are left out, also of the manifest's list: the browser stamps them with the time they were printed."""
MANIFEST = "manifest.json"


def rerun(settings: Settings, round_id: str, scratch: Path) -> Settings:
    """Run a round from the real inbox into ``scratch``, beside what earlier rounds released. Returns its settings."""
    again = replace(settings, data=scratch / "data")
    real = resources_from(settings)
    places = replace(real["places"], reports=again.reports)
    if real["places"].ledger.is_file():
        write_bytes(places.ledger, real["places"].ledger.read_bytes())
    _earlier_releases(settings, again, round_id)
    run_round(again, round_id, resource_overrides={"places": places, "frozen": real["frozen"]})
    return again


def _earlier_releases(settings: Settings, again: Settings, round_id: str) -> None:
    """A report says what has changed since the round before it, so its released tables must lie there too."""
    protocol = load_study(settings.study).protocol
    cutoff = protocol.round(round_id).cutoff
    for earlier in (r.id for r in protocol.rounds if r.cutoff < cutoff):
        folder = settings.warehouse / earlier
        for path in (*folder.glob(f"{PREFIX}*.parquet"), *folder.glob("release.json")):
            write_bytes(again.warehouse / earlier / path.name, path.read_bytes())


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
            different.append((name, _why(settings, again, round_id) if name == MANIFEST else "other content"))
    return len({*before, *now}), different


def _hashes(folder: Path, suffixes: set[str]) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(_compared(p)).hexdigest()
        for p in folder.rglob("*")
        if p.is_file() and p.suffix in suffixes
    }


def _compared(path: Path) -> bytes:
    """A file's bytes; a manifest's without the PDFs it lists."""
    content = path.read_bytes()
    return json.dumps(_without_pdfs(content)).encode() if path.name == MANIFEST else content


def _without_pdfs(content: bytes) -> dict[str, Any]:
    """The manifest; what is none any more comes back as it is, under one name."""
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
        return {"content": content.hex()}
    return found | {"files": {n: h for n, h in found["files"].items() if not n.endswith(".pdf")}}


def _why(settings: Settings, again: Settings, round_id: str) -> str:
    """Which of the manifest's entries differ; often it is the program's own version."""
    before, now = (
        _without_pdfs((place.reports / round_id / MANIFEST).read_bytes()) for place in (settings, again)
    )
    names = [n for n in sorted({*before, *now}) if before.get(n) != now.get(n)]
    return f"other content in {', '.join(names)}"
