"""Oddities that a person has looked at and accepted: noted once with a reason, and noted until they grow.

They lie in ``noted.json`` in the data folder, sealed, the owner's alone. What would stop a round cannot be accepted away.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evaluation.errors import InputError, Problem
from evaluation.expectations import CheckResult
from evaluation.sealing import SealKey, opened, sealed
from evaluation.words import ANALYST
from evaluation.words.texts import texts
from pipelines.storage import write_bytes

TEXT = texts("running")


NAME = "noted.json"
WAY_BACK = TEXT("stores_note_again")
SHORTEST_REASON = 10


@dataclass(frozen=True)
class Noted:
    """By id: how many were accepted, and why."""

    path: Path
    entries: dict[str, dict[str, Any]]
    key: SealKey = field(repr=False)

    @classmethod
    def read(cls, data: Path, key: SealKey) -> Noted:
        """What was noted; nothing where nothing was.

        Raises:
            InputError: the notes are damaged, were altered, or belong to another key.
        """
        path = data / NAME
        found = opened(NAME, path.read_bytes(), key, way_back=WAY_BACK) if path.is_file() else {}
        return cls(path, found, key)

    @staticmethod
    def id_of(result: CheckResult) -> str:
        """A short id of what a check says of a group, the same from day to day."""
        text = f"{result.table_name}/{result.check_name}/{result.group_id}"
        return hashlib.sha256(text.encode()).hexdigest()[:6]

    def reason_for(self, result: CheckResult) -> str | None:
        """Why it was accepted; None when it was not, or has grown since."""
        entry = self.entries.get(self.id_of(result))
        return (
            None if entry is None or ANALYST.number(result.count) > entry["count"] else str(entry["reason"])
        )

    def add(self, result: CheckResult, reason: str) -> None:
        """Note it, and keep it.

        Raises:
            InputError: it would stop the round, or the reason says nothing.
        """
        if result.is_blocking:
            raise InputError(
                TEXT("noted_stops"),
                [Problem("", found=result.text(ANALYST), next_step=TEXT("noted_at_the_source"))],
            )
        if len(reason.strip()) < SHORTEST_REASON:
            raise InputError(
                TEXT("noted_too_short"),
                [Problem("", found=f'"{reason}"', next_step=TEXT("noted_say_why"))],
            )
        kept = {
            **self.entries,
            self.id_of(result): {"count": ANALYST.number(result.count), "reason": reason.strip()},
        }
        write_bytes(self.path, sealed(NAME, kept, self.key, indent=1))
