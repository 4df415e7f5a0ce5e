"""The file that holds the pseudonym key: made once, read by its owner only, outside data and program."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation.errors import EnvironmentProblem, Problem
from evaluation.words.texts import texts
from pipelines.causes import reason_of
from pipelines.private import own_folder
from pipelines.settings import PROJECT, Settings

if TYPE_CHECKING:
    from evaluation.door.pseudonyms import PseudonymKey

TEXT = texts("running")


def make_key_file(path: Path, settings: Settings, *, option: str) -> PseudonymKey:
    """Make a key where only its owner can read it; ``option`` is what the command calls the place.

    Raises:
        EnvironmentProblem: there is a file already, or the place is unfit; nothing is overwritten.
    """
    from evaluation.door.pseudonyms import PseudonymKey, generate_key

    def refuse(found: str, next_step: str) -> EnvironmentProblem:
        return EnvironmentProblem(
            TEXT("key_none_made"), [Problem(str(path), found=found, next_step=next_step)]
        )

    for folder, found in ((settings.data, TEXT("key_in_data")), (PROJECT, TEXT("key_in_program"))):
        if path.parent.resolve().is_relative_to(folder.resolve()):
            raise refuse(found, TEXT("key_choose_outside", option=option))
    try:
        own_folder(path.parent)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise refuse(
            TEXT("key_there_already"),
            TEXT("key_keep_it"),
        ) from None
    except OSError as error:
        found = TEXT("key_not_writable", why=reason_of(error))
        raise refuse(found, TEXT("key_choose_another", option=option)) from None
    text = generate_key()
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(text + "\n")
    except OSError:
        path.unlink(missing_ok=True)  # half a key would be kept as if it were one
        raise
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
            TEXT("key_missing"),
            TEXT("ledger_gone"),
            TEXT("key_init"),
        )
    if path.resolve().is_relative_to(data):
        raise refuse(
            TEXT("key_not_usable"),
            TEXT("key_in_data"),
            TEXT("key_move_it"),
        )
    if path.stat().st_mode & 0o077:
        raise refuse(TEXT("key_not_usable"), TEXT("key_open"), f"chmod 600 {path}")
    return PseudonymKey.parse(path.read_text(encoding="utf-8"))
