"""``komglad demo``: a made-up municipality through both rounds, with everything a real round has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluation.words.texts import texts

TEXT = texts("commands")


def demo(
    seed: Annotated[str, typer.Option(metavar="NUMBER", help="another municipality")] = "1",
    scenario: Annotated[
        str, typer.Option(help="what happens in it; an unknown word is answered with the known ones")
    ] = "effect",
    folder: Annotated[Path | None, typer.Option(help="default: data/demo", readable=False)] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="do not ask before making a demonstration again")
    ] = False,
) -> None:
    """Invent a municipality with fictitious schools, run both report rounds, and say where the reports are.

    Takes place only in a new or empty folder, or in one that an earlier demonstration made.
    """
    from pipelines.demo_folder import require_own
    from pipelines.demonstration import kind_of, run_demonstration, seed_of
    from pipelines.display import agreed
    from pipelines.settings import Settings

    place = folder or Settings.from_environment().data / "demo"
    kind, number = kind_of(scenario), seed_of(seed)
    if require_own(place):
        typer.echo(TEXT("demo_place_taken", place=place))
        if not agreed(TEXT("demo_ask"), yes=yes):
            return
    run_demonstration(place, seed=number, kind=kind)
