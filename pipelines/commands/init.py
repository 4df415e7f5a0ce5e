"""``komglad init``: make the pseudonym key, once, where only its owner can read it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    key_file: Annotated[
        Path | None,
        typer.Option(help="where the key is to lie; default: KOMGLAD_KEY_FILE or ~/.config/komglad/key"),
    ] = None,
) -> None:
    """Make the key that turns CPR numbers into pseudonyms. It is never overwritten."""
    from pipelines.key_file import make_key_file
    from pipelines.settings import Settings

    settings = Settings.from_environment()
    path = (key_file or settings.key_file).expanduser().absolute()
    key = make_key_file(path, settings, option="--key-file")
    typer.echo(f"Nøglen ligger i {path} og kan kun læses af dig (nøgle-id {key.key_id}).")
    typer.echo(
        "Gem en kopi et sikkert sted uden for datamappen: uden nøglen kan nye udtræk ikke knyttes til de gamle."
    )
