"""What assets are given: study, warehouse, inbox, key and reports' places. Assembled from settings, swapped by tests."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.disclosure.ledger import Ledger, read_ledger, write_ledger
from evaluation.disclosure.release import Release
from evaluation.protocol import Protocol
from evaluation.study import Study, load_study
from pipelines.frozen import frozen_state
from pipelines.io_manager import ParquetIOManager
from pipelines.key_file import read_key_file
from pipelines.progress import Progress
from pipelines.provenance import provenance
from pipelines.settings import Settings
from pipelines.storage import Warehouse, write_bytes

if TYPE_CHECKING:
    from evaluation.door.pseudonyms import PseudonymKey


@dataclass(frozen=True)
class KeySource:
    """Where the pseudonym key comes from. It is read when data come through the door, and only then."""

    settings: Settings

    def load(self) -> PseudonymKey:
        """The key. Raises :class:`EnvironmentProblem` when it is missing, too short or readable by others."""
        if self.settings.key is not None:
            from evaluation.door.pseudonyms import PseudonymKey

            return PseudonymKey.parse(self.settings.key)
        return read_key_file(self.settings.key_file, self.settings.data)


@dataclass(frozen=True)
class Places:
    """The inbox and the folder of reports, with the ledger of what has been released beside them."""

    incoming: Path
    reports: Path
    forgotten: Path
    scratch: Path

    def fresh_scratch(self) -> Path:
        """An empty folder of the owner's to spill rows in; what a killed run left there is gone."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True, mode=0o700, exist_ok=True)
        return self.scratch

    def read_forgotten(self, key: PseudonymKey) -> frozenset[str]:
        """Pseudonyms of pupils who have withdrawn, for the door to turn away."""
        from evaluation.door.forgotten import read_forgotten

        return read_forgotten(self.forgotten, key)

    @property
    def sql_addresses(self) -> dict[str, str]:
        """Addresses of SQL sources, by the name of the environment variable that a mapping names."""
        return dict(os.environ)

    def report_path(self, name: str) -> Path:
        """Where a report file is."""
        return self.reports / name

    def write_report(self, name: str, content: bytes) -> None:
        """Write a report file whole, readable by its owner only."""
        write_bytes(self.reports / name, content)

    def reports_of(self, round_id: str) -> dict[str, bytes]:
        """A round's report files by path below its folder, the manifest left out."""
        folder = self.reports / round_id
        found = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith("."))
        return {
            n: p.read_bytes() for p in found if (n := p.relative_to(folder).as_posix()) != "manifest.json"
        }

    @property
    def ledger(self) -> Path:
        """The ledger of releases."""
        return self.reports / "ledger.json"

    def read_ledger(self) -> Ledger:
        """What has been released before."""
        return read_ledger(self.ledger)

    def record_release(self, release: Release, on: str, hashes: dict[str, str]) -> None:
        """Keep what this round releases."""
        write_ledger(self.ledger, self.read_ledger().record(release, on, hashes))


@dataclass(frozen=True)
class FrozenPlans:
    """What is known about the plan having been frozen before outcomes were seen."""

    data: Path

    def state(self, protocol: Protocol, report_date: dt.date) -> dict[str, Any]:
        """Frozen in time or not, when, and which decisions changed since."""
        return frozen_state(self.data, protocol, report_date)


def resources_from(settings: Settings, progress: Progress | None = None) -> dict[str, object]:
    """Every resource the assets name, for these settings."""
    study: Study = load_study(settings.study)
    warehouse = Warehouse(settings.warehouse)
    return {
        "study": study,
        "warehouse": warehouse,
        "places": Places(
            settings.incoming, settings.reports, settings.data / "forgotten.json", settings.data / "scratch"
        ),
        "key": KeySource(settings),
        "frozen": FrozenPlans(settings.data),
        "provenance": provenance(),
        "io_manager": ParquetIOManager(
            warehouse, progress or Progress(), study.protocol.disclosure.minimum_pupils
        ),
    }
