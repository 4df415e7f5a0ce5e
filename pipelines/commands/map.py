"""``komglad map``: look at an unknown export and propose a mapping, with its doubts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def map_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="the export (or QualCoder's folder) to look at; it is only read",
            readable=False,
        ),
    ],
) -> None:
    """Print a draft mapping for FILE; its doubts stand above it as comments. Save it in the study's mappings/."""
    from evaluation.codebooks import load_codebook
    from evaluation.door.propose import propose_mapping
    from evaluation.interviews.propose import propose_voices
    from evaluation.study import load_study
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    study = load_study(settings.study)
    codebook = study.optional_file("codebook.yaml")
    if codebook is not None and (voices := propose_voices(file, load_codebook(codebook))) is not None:
        typer.echo(voices, nl=False)
        return
    proposal = propose_mapping(file, study.protocol, settings.incoming)
    for doubt in proposal.doubts:
        typer.echo(f"# TVIVL: {doubt}")
    typer.echo(proposal.toml, nl=False)
