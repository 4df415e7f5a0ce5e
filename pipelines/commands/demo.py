"""``komglad demo``: a made-up municipality through both rounds, with everything a real round has."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    seed: Annotated[int, typer.Option(help="another municipality")] = 1,
    scenario: Annotated[
        str, typer.Option(help="effect, none, regression_to_the_mean or registration_change")
    ] = "effect",
    folder: Annotated[Path | None, typer.Option(help="default: data/demo")] = None,
) -> None:
    """Invent a municipality with fictitious schools, run both report rounds, and say where the reports are."""
    from pipelines.demonstration import run_demonstration
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    run_demonstration(folder or settings.data / "demo", seed=seed, scenario=scenario)
