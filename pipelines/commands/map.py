"""``komglad map``: look at an unknown export and propose a mapping, with its doubts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def map_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="the export to look at; it is only read")],
) -> None:
    """Print a draft mapping for FILE; its doubts stand above it as comments. Save it in the study's mappings/."""
    from evaluation.door.propose import propose_mapping
    from evaluation.study import load_study
    from pipelines.settings import Settings

    proposal = propose_mapping(file, load_study(Settings.from_environment().study).protocol)
    for doubt in proposal.doubts:
        typer.echo(f"# TVIVL: {doubt}")
    typer.echo(proposal.toml, nl=False)
