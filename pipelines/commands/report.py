"""``komglad report ROUND``: render a round's reports again from the warehouse, in seconds."""

from __future__ import annotations

from typing import Annotated

import typer


def report(
    round_id: Annotated[str, typer.Argument(metavar="ROUND")],
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="print the PDF too")] = False,
) -> None:
    """Render reports, school pages, Målplan text and tables from what has been released."""
    from evaluation.study import load_study
    from pipelines.display import print_ending
    from pipelines.known_round import known_round
    from pipelines.lock import run_lock
    from pipelines.resources import resources_from
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    the_round = known_round(study, round_id)
    from assets.rendering import render_round

    with run_lock(settings.data):
        resources = resources_from(settings)
        outdated = render_round(study, the_round, resources["warehouse"], resources["places"], pdf=pdf)
    print_ending(settings, round_id)
    if outdated:
        typer.echo(
            f"  PDF'en viste den tidligere rapport og er fjernet; en ny: komglad report {round_id} --pdf"
        )
