"""The demonstration: synthetic files written as systems would write them, then the same rounds as anyone's data."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from evaluation.study import load_study
from evaluation.synthetic import Scenario, make_municipality, write_files, write_truth
from pipelines.display import RoundDisplay, print_ending
from pipelines.frozen import freeze_protocol
from pipelines.runner import run_round
from pipelines.settings import Settings

STUDY = "demo_kommune"
KEY = "6b6f6d676c61642064656d6f206b65793a206f70646967746564652064617461"
"""Public on purpose: it protects nobody, because nobody in the demonstration exists."""

MADE = ("incoming", "warehouse", "reports", "releases", "dagster", "truth", "frozen", "scratch", "receipts")
"""What a demonstration makes, the frozen plan included: another version of komglad may have frozen another plan."""


def clear(folder: Path) -> None:
    """Take away what an earlier demonstration left in ``folder``, and nothing else."""
    for made in MADE:
        shutil.rmtree(folder / made, ignore_errors=True)


def run_demonstration(folder: Path, *, seed: int, scenario: str) -> None:
    """Write files and truth into ``folder``, run every round of the demonstration study, print where things are."""
    console = Console(highlight=False, soft_wrap=True)
    began = time.perf_counter()
    settings = replace(Settings.from_environment(study=STUDY, data=folder), key=KEY)
    settings.export()
    study = load_study(STUDY)
    clear(folder)
    console.print("[bold]Opfinder en kommune[/bold] med fire skoler og cirka 2.600 elever …")
    municipality = make_municipality(study, seed=seed, scenario=Scenario(kind=scenario))
    write_files(municipality, settings.incoming)
    write_truth(municipality, folder / "truth" / "truth.json")
    freeze_protocol(settings.data, study.protocol, min(w.planned_from for w in study.protocol.waves))
    for the_round in study.protocol.rounds:
        console.print(f"\n[bold]{the_round.title}[/bold]")
        with RoundDisplay(the_round.id) as display:
            run_round(settings, the_round.id, listener=display.done)
        print_ending(settings, the_round.id)
    console.print(
        f"\nAlt på {time.perf_counter() - began:.0f} sekunder. Begynd her: {settings.reports / 'index.html'}"
    )
