"""``komglad new-study DIR``: a study folder of one's own to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def new_study(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="a folder that does not exist yet")],
) -> None:
    """Copy the pilot's study (protocol, calendar, codebook, mapping files) as a start for another trial."""
    import shlex
    import shutil

    from evaluation.errors import InputError, Problem
    from evaluation.study import PACKAGED, load_study
    from pipelines.settings import DEFAULT_STUDY

    if directory.exists() and any(directory.iterdir()):
        raise InputError(
            f"{directory} is not empty, so nothing was written",
            [Problem(str(directory), found="files are there already", next_step="name a new folder")],
        )
    shutil.copytree(
        PACKAGED / DEFAULT_STUDY, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )
    study = load_study(str(directory))
    typer.echo(
        f"{directory}: protocol.toml, calendar.csv, codebook.yaml and {len(study.mappings)} mapping files"
    )
    typer.echo("Edit protocol.toml first (schools, waves, rounds); then")
    typer.echo(f"  komglad --study {shlex.quote(str(directory))} check")
