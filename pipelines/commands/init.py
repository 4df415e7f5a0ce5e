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
    import os

    from evaluation.door.pseudonyms import PseudonymKey, generate_key
    from evaluation.errors import EnvironmentProblem, Problem
    from pipelines.settings import PROJECT, Settings

    settings = Settings.from_environment()
    path = (key_file or settings.key_file).expanduser().absolute()

    def refuse(found: str, next_step: str) -> EnvironmentProblem:
        problem = Problem(str(path), found=found, rule="key", next_step=next_step)
        return EnvironmentProblem("no key was made", [problem])

    for folder, name in ((settings.data, "data folder"), (PROJECT, "program's folder")):
        if path.parent.resolve().is_relative_to(folder.resolve()):
            raise refuse(
                f"inside the {name}, so whoever gets a copy of it can undo the pseudonyms",
                "choose a place outside with --key-file, for example ~/.config/komglad/key",
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise refuse(
            "there is a key already; a new one would make every pseudonym another",
            "keep it; to change keys on purpose see docs/mapping-files.md, rotation",
        ) from None
    except OSError as error:
        raise refuse(f"cannot be written: {error.strerror}", "choose another place with --key-file") from None
    text = generate_key()
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text + "\n")
    typer.echo(
        f"Nøglen ligger i {path} og kan kun læses af dig (nøgle-id {PseudonymKey.parse(text).key_id})."
    )
    typer.echo(
        "Gem en kopi et sikkert sted uden for datamappen: uden nøglen kan nye udtræk ikke knyttes til de gamle."
    )
