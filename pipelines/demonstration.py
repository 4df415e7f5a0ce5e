"""The demonstration: synthetic files written as systems would write them, then the same rounds as anyone's data.

A demonstration takes place only in a folder it made itself (:mod:`pipelines.demo_folder`): a folder without the marker,
or with a file that no demonstration made, is somebody's, and is refused untouched.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, Problem
from evaluation.study import load_study
from evaluation.synthetic import Kind, Scenario, make_municipality, write_files, write_truth
from evaluation.words.texts import texts
from pipelines.demo_folder import KEY, MARKER, STUDY, UNDER_WAY, digest, finish, marker_text, require_own
from pipelines.display import Ending, RoundDisplay
from pipelines.frozen import freeze_protocol
from pipelines.lock import run_lock
from pipelines.purging import remove
from pipelines.runner import run_round
from pipelines.settings import Settings
from pipelines.storage import write_text
from pipelines.stores import LOCKS, LOG, files_of
from pipelines.sweep import sweep

TEXT = texts("running")


def kind_of(word: str) -> Kind:
    """The scenario a word names.

    Raises:
        InputError: no scenario is called that; the message names them all.
    """
    try:
        return Kind(word)
    except ValueError:
        raise InputError(
            TEXT("demonstration_no_scenario", word=word),
            [
                Problem(
                    "",
                    column="--scenario",
                    found=f'"{word}"',
                    expected=TEXT("demonstration_one_of") + ", ".join(Kind),
                    next_step=TEXT("demonstration_choose"),
                )
            ],
        ) from None


def seed_of(word: str) -> int:
    """The seed by its digits. Raises InputError for what is no whole number from 0 on."""
    if word.isascii() and word.isdigit():
        return int(word)
    raise InputError(
        TEXT("demonstration_no_seed", word=word),
        [
            Problem(
                "",
                column="--seed",
                found=f'"{word}"',
                expected=TEXT("demonstration_whole"),
                next_step=TEXT("demonstration_other_seed"),
            )
        ],
    )


def clear(folder: Path) -> None:
    """Take away what an earlier demonstration left in ``folder``, and nothing else: every store but locks, log and mark.

    The frozen plan too: another version of komglad may have frozen another plan.

    Raises:
        InputError: no demonstration made the folder.
    """
    if not require_own(folder):
        return
    stores = ((path, store) for path, store in files_of(folder) if path.name != MARKER)
    remove(folder, (path for path, store in stores if store is not None and store.name not in (LOCKS, LOG)))


def invent(folder: Path, *, seed: int, kind: Kind) -> None:
    """An invented municipality's files in the inbox, its truth beside them, and the plan frozen, in an own folder.

    The files are written aside and named in the marker before they stand in the inbox, so that a demonstration that
    is cut short can always be begun again.
    """
    study = load_study(STUDY)
    clear(folder)
    sweep(folder)
    aside = folder / "scratch" / "incoming"
    municipality = make_municipality(study, seed=seed, scenario=Scenario(kind=kind))
    written = write_files(municipality, aside)
    invented = {name: digest(aside / name) for name in sorted(written.files)}
    marker = {"made_by": "komglad demo", "seed": seed, "scenario": kind.value, "incoming": invented}
    write_text(folder / MARKER, marker_text({**marker, UNDER_WAY: True}))
    aside.rename(folder / "incoming")
    write_truth(municipality, folder / "truth" / "truth.json")
    began = min(w.planned_from for w in study.protocol.waves)
    freeze_protocol(folder, study.protocol, began, key=PseudonymKey.parse(KEY).for_seals)


def run_demonstration(folder: Path, *, seed: int, kind: Kind) -> None:
    """Write files and truth into ``folder``, run every round of the demonstration study, print where things are."""
    console = Console(highlight=False, soft_wrap=True)
    began = time.perf_counter()
    settings = replace(Settings.from_environment(study=STUDY, data=folder), key=KEY)
    require_own(settings.data)
    settings.export()
    study = load_study(STUDY)
    console.print(TEXT("demonstration_inventing"))
    with run_lock(settings.data):
        invent(settings.data, seed=seed, kind=kind)
    for the_round in study.protocol.rounds:
        console.print(f"\n[bold]{the_round.title}[/bold]")
        with RoundDisplay(the_round.id) as display:
            run_round(settings, the_round.id, listener=display.done)
        Ending.read(settings, the_round.id).show()
    finish(settings.data)
    console.print(
        TEXT(
            "demonstration_done",
            perf_counter=f"{time.perf_counter() - began:.0f}",
            reports=settings.reports / "index.html",
        )
    )
