"""What assets need from outside, as protocols. Pipelines provide them; tests may provide others."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pandas as pd


class Key(Protocol):
    """Gives the pseudonym key when data come through the door."""

    def load(self) -> Any:
        """The key; raises when there is none."""


class Places(Protocol):
    """Folders outside the warehouse."""

    incoming: Path
    reports: Path
    releases: Path


class Warehouse(Protocol):
    """Tables by round."""

    def read(self, round_id: str, table: str) -> pd.DataFrame:
        """A table, whatever its checks said."""

    def read_gated(self, round_id: str, table: str) -> pd.DataFrame:
        """A table whose checks passed."""

    def tables(self, round_id: str) -> list[str]:
        """Names of the round's tables."""

    def digests(self, round_id: str) -> dict[str, str]:
        """Hashes of the round's tables."""

    def verdict(self, round_id: str, table: str) -> dict[str, Any] | None:
        """What the checks said."""

    def store_verdict(
        self, round_id: str, table: str, *, passed: bool, failed: list[str], results: list[dict[str, Any]]
    ) -> None:
        """Keep what the checks said."""
