"""Making a round again somewhere else, and finding what differs. Nothing of the real data folder is touched.

There are three answers: the same bytes; the same numbers, from other versions of the code or its libraries; not the
same. A report file that is not the one entered in the ledger of releases, or a table that is not the one written, is
altered, whatever a rerun says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assets.rendering import PREFIX
from evaluation.disclosure.ledger import read_ledger
from evaluation.publication.leaving import MANIFEST
from evaluation.reports.pdf import printed_by
from evaluation.study import load_study
from evaluation.words.texts import texts
from pipelines.origins import FOLDER
from pipelines.provenance import provenance
from pipelines.release_ledger import approvals
from pipelines.resources import KeySource, resources_from, warehouse_of
from pipelines.runner import run_round
from pipelines.settings import Settings
from pipelines.storage import file_digest, write_bytes

TEXT = texts("running")


TOLERANCE = 1e-9
"""Numbers of two versions of a library that differ by no more, relative to their size, are the same."""
MADE_BY = ("git_commit", "package_versions", "table_hashes", "files")
"""What a manifest says of the code that made a round, and of bytes that follow from it."""


@dataclass(frozen=True)
class Verified:
    """What making a round again found.

    ``different``: name and reason of each file that is not the same. ``versions``: what is another now than then.
    ``printed``: printed files that another browser made, or that none is here to make.
    """

    compared: int
    altered: tuple[tuple[str, str], ...]
    different: tuple[tuple[str, str], ...]
    other_numbers: tuple[tuple[str, str], ...]
    versions: tuple[str, ...]
    printed: tuple[str, ...]

    @property
    def is_same_bytes(self) -> bool:
        """Every file, byte for byte."""
        return not self.altered and not self.different

    @property
    def is_same_numbers(self) -> bool:
        """Every number, and what differs beside them is explained by other versions."""
        return not self.altered and not self.other_numbers and (not self.different or bool(self.versions))


def rerun(settings: Settings, round_id: str, scratch: Path) -> Settings:
    """Run a round from the real inbox into ``scratch``, beside what earlier rounds released. Returns its settings."""
    again = replace(settings, data=scratch / "data")
    real = resources_from(settings)
    places = replace(real["places"], home=again.data)
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
        released = (f"{PREFIX}*.parquet", "release.json", f"{FOLDER}/{PREFIX}*")
        for path in (p for pattern in released for p in folder.glob(pattern)):
            write_bytes(again.warehouse / earlier / path.relative_to(folder), path.read_bytes())


def compared(settings: Settings, again: Settings, round_id: str) -> Verified:
    """A round and what came of making it again."""
    before, now = (_files(place, round_id) for place in (settings, again))
    different, other_numbers, printed = [], [], []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if name.endswith(".pdf") and (why := _other_print(old, new)) is not None:
            printed.append(f"{name}: {why}")
        elif old is None or new is None:
            found = TEXT("verification_missing") if new is None else "er ny"
            different.append((name, found))
            other_numbers.append((name, found))
        elif file_digest(old) != file_digest(new):
            different.append((name, _why(name, old, new)))
            if why := _beyond_versions(name, old, new):
                other_numbers.append((name, why))
    return Verified(
        len({*before, *now}),
        tuple(altered(settings, round_id)),
        tuple(different),
        tuple(other_numbers),
        tuple(versions(settings, round_id)),
        tuple(printed),
    )


def _files(settings: Settings, round_id: str) -> dict[str, Path]:
    """Tables and report files of a round by name."""
    tables = {p.name: p for p in (settings.warehouse / round_id).glob("*.parquet")}
    folder = settings.reports / round_id
    pages = (p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))
    return tables | {p.relative_to(folder).as_posix(): p for p in pages}


def altered(settings: Settings, round_id: str) -> list[tuple[str, str]]:
    """Tables that are not the ones written, and report files that are not the ones entered in the ledger.

    Raises:
        InputError: the round, or the ledger, was made with another key.
    """
    warehouse, key = warehouse_of(settings), KeySource(settings).load().for_seals
    found = [
        (f"{name}.parquet", TEXT("verification_changed"))
        for name in warehouse.tables(round_id)
        if warehouse.read_json(round_id, f"{FOLDER}/{name}") is None or not warehouse.is_whole(round_id, name)
    ]
    ledger = read_ledger(settings.reports / "ledger.json", key)
    entry = next((e for e in ledger.entries if e.release.id == round_id), None)
    hashes = entry.hashes if entry is not None else {}
    for name, digest in hashes.items():
        path = settings.reports / round_id / name
        if not path.is_file() or file_digest(path) != digest:
            found.append((name, TEXT("verification_since_published")))
    approved = approvals(settings.data, key).get(round_id, {"files": {}})["files"]
    for name, digest in approved.items():
        path = settings.data / "releases" / round_id / name
        if not path.is_file() or file_digest(path) != digest:
            found.append((f"releases/{round_id}/{name}", TEXT("verification_since_approved")))
    return found


def other_numbers_in(old: Path, new: Path) -> str:
    """What differs between two tables beyond the last digits; empty when nothing does."""
    before, now = pd.read_parquet(old), pd.read_parquet(new)
    if list(before.columns) != list(now.columns) or len(before) != len(now):
        return TEXT("verification_other_shape")
    for column in before.columns:
        a, b = before[column], now[column]
        if pd.api.types.is_float_dtype(a) and pd.api.types.is_float_dtype(b):
            x, y = (s.astype("float64").to_numpy(na_value=np.nan) for s in (a, b))
            if not np.allclose(x, y, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
                return f"andre tal i kolonnen {column}"
        elif not a.equals(b.astype(a.dtype) if a.dtype != b.dtype else b):
            return f"andet indhold i kolonnen {column}"
    return ""


def _beyond_versions(name: str, old: Path, new: Path) -> str:
    """What no other version explains: other numbers of a table, or a manifest that says another plan or other inputs."""
    if old.suffix == ".parquet":
        return other_numbers_in(old, new)
    if name == MANIFEST:
        before, now = ({k: v for k, v in _object(p).items() if k not in MADE_BY} for p in (old, new))
        return "" if before == now else _why(name, old, new)
    return ""


def versions(settings: Settings, round_id: str) -> list[str]:
    """What the round's manifest says made it, where that is another now."""
    stored = warehouse_of(settings).read_json(round_id, "release") or {"manifest": {}}
    then, now = stored["manifest"], provenance()
    packages = then.get("package_versions", {})
    found = [
        f"{name} {packages.get(name, 'fandtes ikke')} → {now.package_versions.get(name, 'findes ikke')}"
        for name in sorted({*packages, *now.package_versions})
        if packages.get(name) != now.package_versions.get(name)
    ]
    if then.get("git_commit") != now.git_commit:
        found.insert(0, f"komglads kode {then.get('git_commit')} → {now.git_commit}")
    return found


def _other_print(old: Path | None, new: Path | None) -> str | None:
    """Why a printed file cannot be compared; None when it can."""
    if new is None:
        return TEXT("verification_no_browser")
    if old is None:
        return TEXT("verification_not_made")
    then, now = (printed_by(p.read_bytes()) for p in (old, new))
    return TEXT("verification_other_version", then=then, now=now) if then != now else None


def _why(name: str, old: Path, new: Path) -> str:
    """Which of a manifest's entries differ; of anything else, that it does."""
    if name != MANIFEST:
        return "andet indhold"
    before, now = _object(old), _object(new)
    names = [n for n in sorted({*before, *now}) if before.get(n) != now.get(n)]
    return f"andet indhold i {', '.join(names)}"


def _object(path: Path) -> dict[str, Any]:
    """A JSON object; what is none any more comes back as it is, under one name."""
    content = path.read_bytes()
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"content": content.hex()}
