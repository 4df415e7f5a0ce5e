"""What assets need from outside, as protocols. Pipelines provide them; tests may provide others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from evaluation.disclosure.ledger import Ledger
from evaluation.disclosure.release import Release
from evaluation.tables.relations import Stored


class Key(Protocol):
    """Gives the pseudonym key when data come through the door."""

    def load(self) -> Any:
        """The key; raises when there is none."""


class Places(Protocol):
    """Folders outside the warehouse: the inbox, and what is written for people."""

    @property
    def incoming(self) -> Path:
        """The inbox."""

    def fresh_scratch(self) -> Path:
        """An empty folder of the owner's, for rows on their way to the warehouse."""

    @property
    def sql_addresses(self) -> dict[str, str]:
        """Addresses of SQL sources by the name of the environment variable that holds them."""

    def read_forgotten(self, key: Any) -> frozenset[str]:
        """Pseudonyms of pupils who have withdrawn."""

    def report_path(self, name: str) -> Path:
        """Where a report file is, by its path below the reports' folder."""

    def write_report(self, name: str, content: bytes) -> None:
        """Write a report file whole, readable by its owner only."""

    def differs(self, name: str, content: bytes) -> bool:
        """Whether a report file is there and has another content."""

    def set_aside(self, name: str) -> bool:
        """Move a report file out of the reports without losing it; False when there is none."""

    def drop_aside(self, round_id: str) -> None:
        """Take away what was set aside of a round: a new one has been made."""

    def reports_of(self, round_id: str) -> dict[str, bytes]:
        """A round's report files by path below its folder, the manifest left out."""

    def open_ledger(self, round_id: str) -> Ledger:
        """What has been released before this run of a round; begun where nothing has, refused where it has gaps."""

    def record_release(self, release: Release, on: str, hashes: dict[str, str]) -> None:
        """Keep what this round releases, so that later rounds are attacked together with it."""


class Provenance(Protocol):
    """Which code made a report."""

    git_commit: str
    package_versions: dict[str, str]


class FrozenPlans(Protocol):
    """What is known about the plan having been frozen before outcomes were seen."""

    def state(self, protocol: Any, report_date: dt.date) -> dict[str, Any]:
        """Frozen in time or not, when, and which decisions changed since."""


class Warehouse(Protocol):
    """Tables and small JSON records by round."""

    def read(self, round_id: str, table: str) -> pd.DataFrame:
        """A table, whatever its checks said."""

    def stored(self, round_id: str, table: str) -> Stored:
        """A table where it lies, whatever its checks said."""

    def write(
        self,
        round_id: str,
        table: str,
        frame: pd.DataFrame,
        *,
        inputs: Mapping[str, str] | None = None,
    ) -> Path:
        """Replace a table, noting what it was made from."""

    def present(self, round_id: str, tables: Iterable[str]) -> dict[str, str]:
        """SHA-256 of tables as they lie now."""

    def require_fit(self, round_id: str, tables: Iterable[str]) -> None:
        """Refuse unless these tables, and all they were made from, are the present ones."""

    def keyed(self, text: str) -> str:
        """A hash of a text that leaves: nobody without the key can try which text it was."""

    def read_json(self, round_id: str, name: str) -> dict[str, Any] | None:
        """A record, None when there is none."""

    def write_json(self, round_id: str, name: str, content: dict[str, Any]) -> None:
        """Replace a record."""

    def require_checked(self, round_id: str) -> None:
        """Refuse unless every checked table of the round passed for exactly its bytes."""

    def tables(self, round_id: str) -> list[str]:
        """Names of the round's tables."""

    def digests(self, round_id: str) -> dict[str, str]:
        """Hashes of the round's tables."""

    def store_verdict(
        self, round_id: str, table: str, *, passed: bool, failed: list[str], results: list[dict[str, Any]]
    ) -> None:
        """Keep what the checks said."""

    def check_results(self, round_id: str, table: str) -> list[dict[str, Any]]:
        """Every result of a table's checks."""
