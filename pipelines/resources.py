"""What assets are given: study, warehouse, inbox, key and reports' places. Assembled from settings, swapped by tests."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.errors import EnvironmentProblem, Problem
from evaluation.protocol import Protocol
from evaluation.study import Study, load_study
from pipelines.frozen import frozen_state
from pipelines.io_manager import ParquetIOManager
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.storage import Warehouse

if TYPE_CHECKING:
    from evaluation.door.pseudonyms import PseudonymKey


@dataclass(frozen=True)
class KeySource:
    """Where the pseudonym key comes from. It is read when data come through the door, and only then."""

    settings: Settings

    def load(self) -> PseudonymKey:
        """The key. Raises :class:`EnvironmentProblem` when it is missing, too short or readable by others."""
        from evaluation.door.pseudonyms import PseudonymKey

        if self.settings.key is not None:
            return PseudonymKey.parse(self.settings.key)
        path = self.settings.key_file
        if not path.is_file():
            raise EnvironmentProblem(
                "there is no pseudonym key, so no file with names or CPR numbers may be read",
                [
                    Problem(
                        str(path),
                        found="missing",
                        next_step="komglad init makes one; or set KOMGLAD_KEY_FILE",
                    )
                ],
            )
        _refuse_inside(path, self.settings.data)
        if path.stat().st_mode & 0o077:
            raise EnvironmentProblem(
                "the pseudonym key can be read by others",
                [Problem(str(path), found="readable by group or others", next_step=f"chmod 600 {path}")],
            )
        return PseudonymKey.parse(path.read_text(encoding="utf-8"))


def _refuse_inside(path: Path, data: Path) -> None:
    if path.resolve().is_relative_to(data):
        raise EnvironmentProblem(
            "the pseudonym key lies in the data folder, so whoever has the data can undo the pseudonyms",
            [
                Problem(
                    str(path),
                    found="inside the data folder",
                    next_step="move it out and set KOMGLAD_KEY_FILE",
                )
            ],
        )


@dataclass(frozen=True)
class Places:
    """The inbox and the folder of reports, with the project's own folder for the manifest's git commit."""

    incoming: Path
    reports: Path
    releases: Path


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
        "places": Places(settings.incoming, settings.reports, settings.data / "releases"),
        "key": KeySource(settings),
        "frozen": FrozenPlans(settings.data),
        "io_manager": ParquetIOManager(warehouse, progress or Progress()),
    }
