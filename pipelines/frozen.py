"""The record of frozen plans: what the protocol said when it was frozen, and how it differs now.

The record is sealed with the study's key, so that a date or a decision that was changed afterwards shows, also when
whoever changed it knows how komglad works.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.errors import InputError, Problem, ProtocolError
from evaluation.protocol import Protocol
from evaluation.sealing import SealKey, opened, refused, sealed, sealed_with
from evaluation.study import parse_protocol
from evaluation.words import danish
from evaluation.words.texts import texts
from pipelines.storage import write_bytes

TEXT = texts("running")
FOLDER = "frozen"
WAY_BACK = TEXT("frozen_from_backup")
_PLANS = "plans"


@dataclass(frozen=True)
class FrozenPlan:
    """One freezing: date, version, hash and every decision as it was."""

    frozen_on: str
    version: str
    hash: str
    reason: str
    decisions: dict[str, Any]


def _path(data: Path, study_id: str) -> Path:
    return data / FOLDER / f"{study_id}.json"


def frozen_plans(data: Path, study_id: str, key: SealKey) -> list[FrozenPlan]:
    """Every freezing of a study, oldest first.

    Raises:
        InputError: the record is damaged, was altered, has no seal yet, belongs to another key, or is gone though a report
            was made after it.
    """
    path = _path(data, study_id)
    if not path.is_file():
        if told := _told_by_reports(data):
            raise refused(sealed_name(path), TEXT("frozen_gone", on=danish.date(told)), WAY_BACK)
        return []
    text = path.read_bytes()
    if not sealed_with(text) and _before_seals(path):
        raise refused(
            sealed_name(path),
            TEXT("frozen_no_seal"),
            TEXT("frozen_seal_it"),
        )
    return [FrozenPlan(**entry) for entry in opened(sealed_name(path), text, key, way_back=WAY_BACK)[_PLANS]]


def _told_by_reports(data: Path) -> dt.date | None:
    """The day of the freezing that a report of this folder was made after; None where no report tells of one."""
    days = set()
    for kind in ("reports", "releases"):
        for path in (data / kind).glob("*/manifest.json"):
            try:
                days.add(json.loads(path.read_bytes()).get("frozen_on"))
            except (OSError, ValueError, AttributeError):  # whoever reads the report itself refuses it
                continue
    return dt.date.fromisoformat(min(d for d in days if d)) if any(days) else None


def sealed_name(path: Path) -> str:
    """The name a record is sealed under."""
    return f"{FOLDER}/{path.name}"


def _before_seals(path: Path) -> list[FrozenPlan]:
    """The freezings of a record from before there were seals; none when it is no such record."""
    try:
        entries = json.loads(path.read_bytes())
        return [FrozenPlan(**{k: v for k, v in entry.items() if k != "chain"}) for entry in entries]
    except (ValueError, TypeError, AttributeError):
        return []


def freeze_protocol(
    data: Path, protocol: Protocol, today: dt.date, reason: str = "", *, key: SealKey
) -> FrozenPlan:
    """Add a freezing. Freezing the same plan again adds none.

    A record from before there were seals is taken over with a reason, as one more freezing: the record then says from
    when on it is known to be unaltered.

    Raises:
        InputError: the plan was frozen before, is another now or has no seal yet, and no reason is given.
    """
    path = _path(data, protocol.study.id)
    old = _before_seals(path) if path.is_file() and not sealed_with(path.read_bytes()) else []
    plans = old if old and reason.strip() else frozen_plans(data, protocol.study.id, key)
    if plans and plans[-1].hash == protocol.hash and not old:
        return plans[-1]
    if plans and not reason.strip():
        changed = list(differences(_as_today(plans[-1].decisions), protocol.model_dump(mode="json")))
        raise InputError(
            TEXT("frozen_changed_since", on=plans[-1].frozen_on),
            [
                Problem(
                    "protocol.toml",
                    column=c,
                    found=TEXT("frozen_changed"),
                    next_step='komglad freeze --reason "…"',
                )
                for c in changed
            ],
        )
    plan = FrozenPlan(
        today.isoformat(), protocol.study.version, protocol.hash, reason, protocol.model_dump(mode="json")
    )
    content = {_PLANS: [asdict(one) for one in (*plans, plan)]}
    write_bytes(path, sealed(sealed_name(path), content, key, indent=1))
    return plan


def frozen_state(data: Path, protocol: Protocol, report_date: dt.date, key: SealKey) -> dict[str, Any]:
    """What a report says about the plan: frozen in time or not, when, and which decisions changed since."""
    plans = [p for p in frozen_plans(data, protocol.study.id, key) if p.frozen_on <= report_date.isoformat()]
    if not plans:
        return {"is_frozen": False, "frozen_on": None, "changes_since_freeze": []}
    first = plans[0]
    changes = list(differences(_as_today(first.decisions), protocol.model_dump(mode="json")))
    return {
        "is_frozen": not changes,
        "frozen_on": first.frozen_on,
        "frozen_hash": first.hash,
        "changes_since_freeze": changes,
        "reasons": [p.reason for p in plans[1:]],
    }


def _as_today(decisions: dict[str, Any]) -> dict[str, Any]:
    """Decisions frozen under an older schema, as they are written today: that something is said now which acted then is
    no change. Decisions that cannot be read today are compared as they stand."""
    try:
        return parse_protocol(decisions).model_dump(mode="json")
    except ProtocolError:
        return decisions


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
