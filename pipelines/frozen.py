"""The record of frozen plans: what the protocol said when it was frozen, and how it differs now."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.errors import InputError, Problem
from evaluation.protocol import Protocol
from pipelines.storage import write_text


@dataclass(frozen=True)
class FrozenPlan:
    """One freezing: date, version, hash and every decision as it was."""

    frozen_on: str
    version: str
    hash: str
    reason: str
    decisions: dict[str, Any]


def _path(data: Path, study_id: str) -> Path:
    return data / "frozen" / f"{study_id}.json"


def frozen_plans(data: Path, study_id: str) -> list[FrozenPlan]:
    """Every freezing of a study, oldest first."""
    path = _path(data, study_id)
    if not path.is_file():
        return []
    return [FrozenPlan(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def freeze_protocol(data: Path, protocol: Protocol, today: dt.date, reason: str = "") -> FrozenPlan:
    """Add a freezing. Freezing the same plan again changes nothing.

    Raises:
        InputError: the plan was frozen before, is another now, and no reason is given.
    """
    plans = frozen_plans(data, protocol.study.id)
    if plans and plans[-1].hash == protocol.hash:
        return plans[-1]
    if plans and not reason.strip():
        changed = list(differences(plans[-1].decisions, protocol.model_dump(mode="json")))
        raise InputError(
            f"the plan was frozen on {plans[-1].frozen_on} and has changed since; say why",
            [
                Problem("protocol.toml", column=c, found="changed", next_step='komglad freeze --reason "…"')
                for c in changed
            ],
        )
    plan = FrozenPlan(
        today.isoformat(), protocol.study.version, protocol.hash, reason, protocol.model_dump(mode="json")
    )
    text = json.dumps([p.__dict__ for p in (*plans, plan)], ensure_ascii=False, indent=1, sort_keys=True)
    write_text(_path(data, protocol.study.id), text + "\n")
    return plan


def frozen_state(data: Path, protocol: Protocol, report_date: dt.date) -> dict[str, Any]:
    """What a report says about the plan: frozen in time or not, when, and which decisions changed since."""
    plans = [p for p in frozen_plans(data, protocol.study.id) if p.frozen_on <= report_date.isoformat()]
    if not plans:
        return {"is_frozen": False, "frozen_on": None, "changes_since_freeze": []}
    first = plans[0]
    changes = list(differences(first.decisions, protocol.model_dump(mode="json")))
    return {
        "is_frozen": not changes,
        "frozen_on": first.frozen_on,
        "frozen_hash": first.hash,
        "changes_since_freeze": changes,
        "reasons": [p.reason for p in plans[1:]],
    }


def differences(before: Any, now: Any, place: str = "") -> Iterator[str]:
    """Dotted places of decisions that differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            yield from differences(before.get(key), now.get(key), f"{place}.{key}".lstrip("."))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for i, (a, b) in enumerate(zip(before, now, strict=True)):
            yield from differences(a, b, f"{place}[{i}]")
    elif before != now:
        yield place
