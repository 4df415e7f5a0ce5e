"""What every kind of test shares: settings for a folder, and one demonstration made once for all of them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

for _variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# How long an example takes says how busy the machine is; nothing is timed in a test. The same commit draws the same
# examples; KOMGLAD_HUNT=1 draws new ones (make test-long does).
hypothesis_settings.register_profile(
    "komglad",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize="KOMGLAD_HUNT" not in os.environ,
)
hypothesis_settings.load_profile("komglad")

pytest_plugins = ("tests.slow_tests",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write-golden", action="store_true", help="keep the words of the pages as they are made now"
    )


KEY = "00112233445566778899aabbccddeeff0f1e2d3c4b5a69788796a5b4c3d2e1f0"
"""A key for synthetic data only."""


@dataclass(frozen=True)
class Demonstration:
    """A synthetic municipality with planted canaries that has been run through both rounds."""

    folder: Path
    canaries: tuple[str, ...]
    truth: dict

    @property
    def settings(self):
        return settings_for(self.folder)

    @property
    def rounds(self) -> tuple[str, ...]:
        return ("november_2026", "end_of_year_2027")


def settings_for(folder: Path, study: str = "demo_kommune"):
    """Settings that touch nothing outside ``folder``."""
    from pipelines.settings import Settings

    return replace(Settings.from_environment(study=study, data=folder), key=KEY)


def seal_key(key: str = KEY):
    """What documents of the data folder are sealed with."""
    from evaluation.door.pseudonyms import PseudonymKey

    return PseudonymKey.parse(key).for_seals


def sealing(protocol: str = "p", code: str = "1", key: str = KEY):
    """What a warehouse vouches for its tables with."""
    from pipelines.origins import Sealing

    return Sealing(lambda: seal_key(key), protocol, code)


def make_inbox(
    folder: Path, *, seed: int = 1, pupils: int = 2600, scenario=None
) -> tuple[tuple[str, ...], dict]:
    """Files of a synthetic municipality in ``folder/incoming``. Returns its canaries and its truth."""
    from evaluation.study import load_study
    from evaluation.synthetic import Scenario, make_municipality, write_files

    study = load_study("demo_kommune")
    municipality = make_municipality(
        study, seed=seed, pupils=pupils, scenario=scenario or Scenario(has_canaries=True)
    )
    written = write_files(municipality, folder / "incoming")
    return written.canaries.values if written.canaries else (), dict(municipality.truth)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demonstration:
    """Both rounds, run once and shared by all workers; tests only read it."""
    from evaluation.study import load_study
    from pipelines.frozen import freeze_protocol
    from pipelines.runner import run_round

    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "demonstration"
    done = shared / "done.json"
    with FileLock(f"{shared}.lock"):
        if not done.is_file():
            canaries, truth = make_inbox(shared)
            settings = settings_for(shared)
            protocol = load_study("demo_kommune").protocol
            began = min(w.planned_from for w in protocol.waves)
            freeze_protocol(settings.data, protocol, began, key=seal_key())
            for the_round in protocol.rounds:
                run_round(settings, the_round.id)
            done.write_text(json.dumps({"canaries": canaries, "truth": truth}, default=str), encoding="utf-8")
    stored = json.loads(done.read_text(encoding="utf-8"))
    return Demonstration(shared, tuple(stored["canaries"]), stored["truth"])
