"""The file that holds the pseudonym key: made once, read by its owner only, outside data and program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.errors import EnvironmentProblem, Problem
from pipelines.settings import PROJECT, Settings

if TYPE_CHECKING:
    from evaluation.door.pseudonyms import PseudonymKey


def make_key_file(path: Path, settings: Settings, *, option: str) -> PseudonymKey:
    """Make a key where only its owner can read it; ``option`` is what the command calls the place.

    Raises:
        EnvironmentProblem: there is a file already, or the place is unfit; nothing is overwritten.
    """
    from evaluation.door.pseudonyms import PseudonymKey, generate_key

    def refuse(found: str, next_step: str) -> EnvironmentProblem:
        problem = Problem(str(path), found=found, rule="key", next_step=next_step)
        return EnvironmentProblem("no key was made", [problem])

    for folder, name in ((settings.data, "data folder"), (PROJECT, "program's folder")):
        if path.parent.resolve().is_relative_to(folder.resolve()):
            raise refuse(
                f"inside the {name}, so whoever gets a copy of it can undo the pseudonyms",
                f"choose a place outside with {option}, for example ~/.config/komglad/key",
            )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise refuse(
            "there is a key already; a new one would make every pseudonym another",
            "keep it; to change keys on purpose: komglad rotate",
        ) from None
    except OSError as error:
        raise refuse(f"cannot be written: {error.strerror}", f"choose another place with {option}") from None
    text = generate_key()
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text + "\n")
    return PseudonymKey.parse(text)


def read_key_file(path: Path, data: Path) -> PseudonymKey:
    """The key in a file.

    Raises:
        EnvironmentProblem: it is missing, lies with the data, can be read by others, or is no good key.
    """
    from evaluation.door.pseudonyms import PseudonymKey

    def refuse(message: str, found: str, next_step: str) -> EnvironmentProblem:
        return EnvironmentProblem(message, [Problem(str(path), found=found, next_step=next_step)])

    if not path.is_file():
        raise refuse(
            "there is no pseudonym key, so no file with names or CPR numbers may be read",
            "missing",
            "komglad init makes one; or set KOMGLAD_KEY_FILE",
        )
    if path.resolve().is_relative_to(data):
        raise refuse(
            "the pseudonym key lies in the data folder, so whoever has the data can undo the pseudonyms",
            "inside the data folder",
            "move it out and set KOMGLAD_KEY_FILE",
        )
    if path.stat().st_mode & 0o077:
        raise refuse(
            "the pseudonym key can be read by others", "readable by group or others", f"chmod 600 {path}"
        )
    return PseudonymKey.parse(path.read_text(encoding="utf-8"))
