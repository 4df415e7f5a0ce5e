"""What assets are given: study, warehouse, inbox, key and reports' places. Assembled from settings, swapped by tests."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.disclosure.ledger import NAME, Ledger, read_ledger, write_ledger
from evaluation.disclosure.release import Release
from evaluation.protocol import Protocol
from evaluation.publication.leaving import MANIFEST
from evaluation.sealing import SealKey
from evaluation.study import Study, load_study
from pipelines.demo_folder import KEY, MARKER
from pipelines.frozen import frozen_state
from pipelines.key_file import read_key_file
from pipelines.origins import Sealing
from pipelines.private import own_folder
from pipelines.progress import Progress
from pipelines.provenance import provenance
from pipelines.release_ledger import open_ledger
from pipelines.settings import Settings
from pipelines.storage import Warehouse, write_bytes
from pipelines.sweep import SCRATCH, sweep

if TYPE_CHECKING:
    from evaluation.door.pseudonyms import PseudonymKey


@dataclass(frozen=True)
class KeySource:
    """Where the study's key comes from: it makes pseudonyms at the door and seals what is kept.

    A demonstration's folder has its own, which is public; everything in it is invented, and its study says so.
    """

    settings: Settings

    @property
    def is_public(self) -> bool:
        """Whether the folder is a demonstration, and its key the one that everybody knows."""
        is_marked = (self.settings.data / MARKER).is_file()
        return is_marked and load_study(self.settings.study).protocol.study.is_fictitious

    def load(self) -> PseudonymKey:
        """The key. Raises :class:`EnvironmentProblem` when it is missing, too short or readable by others."""
        from evaluation.door.pseudonyms import PseudonymKey

        if self.is_public:
            return PseudonymKey.parse(KEY)
        if self.settings.key is not None:
            return PseudonymKey.parse(self.settings.key)
        return read_key_file(self.settings.key_file, self.settings.data)


@dataclass(frozen=True)
class Places:
    """The inbox and the folder of reports, with the ledger of what has been released beside them.

    ``home``: the data folder in which runs set down what they make; the inbox may be another's.
    """

    incoming: Path
    home: Path
    forgotten: Path
    key: KeySource

    @property
    def reports(self) -> Path:
        """Rendered reports, one folder a round."""
        return self.home / "reports"

    @property
    def scratch(self) -> Path:
        """Rows on their way to the warehouse, while a run lasts."""
        return self.home / SCRATCH

    def fresh_scratch(self) -> Path:
        """An empty folder of the owner's to spill rows in; what killed runs and checks left anywhere is gone."""
        sweep(self.home)
        own_folder(self.scratch)
        return self.scratch

    def read_forgotten(self, key: PseudonymKey) -> frozenset[str]:
        """Pseudonyms of pupils who have withdrawn, for the door to turn away."""
        from evaluation.door.forgotten import read_forgotten

        return read_forgotten(self.forgotten, key, self.removals_released(key.for_seals))

    def removals_released(self, key: SealKey) -> tuple[str, ...]:
        """Receipts of the removals known when the newest release was filed; a ledger that is gone is told at the gate."""
        return read_ledger(self.ledger, key).removals if self.ledger.is_file() else ()

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

    def differs(self, name: str, content: bytes) -> bool:
        """Whether a report file is there and has another content."""
        path = self.report_path(name)
        return path.is_file() and path.read_bytes() != content

    def aside(self, name: str) -> Path:
        """Where a report file lies that no longer belongs to its report."""
        return self.home / "superseded" / name

    def set_aside(self, name: str) -> bool:
        """Move a report file out of the reports without losing it; False when there is none."""
        path, aside = self.report_path(name), self.aside(name)
        if not path.is_file():
            return False
        own_folder(aside.parent)
        path.replace(aside)
        return True

    def drop_aside(self, round_id: str) -> None:
        """Take away what was set aside of a round: a new one has been made."""
        shutil.rmtree(self.aside(round_id), ignore_errors=True)

    def reports_of(self, round_id: str) -> dict[str, bytes]:
        """A round's report files by path below its folder, the manifest left out."""
        folder = self.reports / round_id
        found = (p for p in sorted(folder.rglob("*")) if p.is_file() and not p.name.startswith("."))
        return {n: p.read_bytes() for p in found if (n := p.relative_to(folder).as_posix()) != MANIFEST}

    @property
    def ledger(self) -> Path:
        """The ledger of releases."""
        return self.reports / NAME

    def open_ledger(self, round_id: str) -> Ledger:
        """What has been released before this run of a round; begun where nothing has, refused where it has gaps.

        The list of the forgotten is looked at with it: an older one would let pupils back in, and what is recorded names it.
        """
        key = self.key.load()
        self.read_forgotten(key)
        return open_ledger(self.home, key.for_seals, round_id)

    def record_release(self, release: Release, on: str, hashes: dict[str, str]) -> None:
        """Keep what this round releases, and every removal known by now; one that was known is never dropped."""
        from evaluation.door.forgotten import load_forgotten

        key = self.key.load()
        ledger = read_ledger(self.ledger, key.for_seals).record(release, on, hashes)
        known = load_forgotten(self.forgotten, key).receipts
        removals = dict.fromkeys((*ledger.removals, *known))
        write_ledger(self.ledger, replace(ledger, removals=tuple(removals)), key.for_seals)


@dataclass(frozen=True)
class FrozenPlans:
    """What is known about the plan having been frozen before outcomes were seen."""

    data: Path
    key: KeySource

    def state(self, protocol: Protocol, report_date: dt.date) -> dict[str, Any]:
        """Frozen in time or not, when, and which decisions changed since."""
        return frozen_state(self.data, protocol, report_date, self.key.load().for_seals)


def warehouse_of(settings: Settings, study: Study | None = None) -> Warehouse:
    """The tables of these settings' data folder, vouched for with the study's key, which is read once."""
    protocol = (study or load_study(settings.study)).protocol
    key = KeySource(settings)
    return Warehouse(
        settings.warehouse,
        Sealing(cache(lambda: key.load().for_seals), protocol.hash, provenance().code),
    )


def places_of(settings: Settings) -> Places:
    """The inbox and the reports of these settings' data folder."""
    return Places(settings.incoming, settings.data, settings.data / "forgotten.json", KeySource(settings))


def resources_from(settings: Settings, progress: Progress | None = None) -> dict[str, Any]:
    """Every resource the assets name, for these settings."""
    from assets import upstream
    from pipelines.io_manager import ParquetIOManager

    study: Study = load_study(settings.study)
    warehouse = warehouse_of(settings, study)
    key = KeySource(settings)
    return {
        "study": study,
        "warehouse": warehouse,
        "places": places_of(settings),
        "key": key,
        "frozen": FrozenPlans(settings.data, key),
        "provenance": provenance(),
        "io_manager": ParquetIOManager(
            warehouse, progress or Progress(), study.protocol.disclosure.minimum_pupils, upstream()
        ),
    }
