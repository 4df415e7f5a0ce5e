"""``komglad run ROUND``: materialise a round through Dagster, with progress, and end with places and verdict."""

from __future__ import annotations

from typing import Annotated

import typer


def run(
    round_id: Annotated[str, typer.Argument(metavar="ROUND", help="for example november_2026")],
    quiet: Annotated[bool, typer.Option("--quiet", help="print only the ending")] = False,
) -> None:
    """Run one report round: read, validate, estimate, protect, render."""
    from evaluation.study import load_study
    from pipelines.display import RoundDisplay, print_ending
    from pipelines.known_round import known_round
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    known_round(load_study(settings.study), round_id)
    with RoundDisplay(round_id, quiet=quiet) as display:
        from pipelines.runner import run_round

        outcome = run_round(settings, round_id, listener=display.done)
    print_ending(settings, outcome.round_id)
