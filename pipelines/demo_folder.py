"""Whose a data folder is: a marker stands in every folder that ``komglad demo`` made, and names each file it invented.

The marker opens the folder to the next demonstration, and to the public key that its invented pupils have.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path, PurePath

from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, Problem
from evaluation.sealing import sealed_with
from evaluation.words import Count
from evaluation.words.texts import texts
from pipelines.stores import LEDGER, REPORTS, files_of

TEXT = texts("running")


STUDY = "demo_kommune"
KEY = "6b6f6d676c61642064656d6f206b65793a206f70646967746564652064617461"
"""Public on purpose: it protects nobody, because nobody in the demonstration exists."""

MARKER = "made_by_komglad_demo.json"
"""Stands in every folder a demonstration made, with the SHA-256 of every file it put into the inbox."""
LOCK = "run.lock"
SHOWN = 5


def require_own(folder: Path) -> bool:
    """Whether an earlier demonstration lies in ``folder``; nothing there at all is fine too.

    Raises:
        InputError: the folder, something in its inbox, or a sealed document or report in it was made by somebody else.
    """
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise _somebodys(folder, TEXT("demo_folder_is_a_file"))
    found = [p for p in folder.iterdir() if p.name != LOCK]
    if not found:
        return False
    try:
        invented = json.loads((folder / MARKER).read_text(encoding="utf-8"))["incoming"]
        known = {str(name): str(digest) for name, digest in invented.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _somebodys(folder, TEXT("demo_folder_no_mark", found=Count(len(found)))) from None
    inbox = folder / "incoming"
    strange = [p for p in inbox.rglob("*") if p.is_file() and known.get(_name(p, inbox)) != digest(p)]
    if strange:
        raise _somebodys(folder, TEXT("demo_folder_strange", strange=Count(len(strange))))
    if foreign := _foreign(folder):
        names = ", ".join(_name(p, folder) for p in foreign[:SHOWN])
        raise _somebodys(
            folder, TEXT("demo_folder_foreign", foreign=Count(len(foreign)), names=PurePath(names))
        )
    return True


def _foreign(folder: Path) -> list[Path]:
    """What somebody else's study left in a copied folder: documents that no demonstration's key sealed, and reports that no
    ledger tells of.
    """
    known, ledger = PseudonymKey.parse(KEY).for_seals.key_id, folder / LEDGER
    found = [(path, store) for path, store in files_of(folder) if store is not None]
    sealed = [p for p, store in found if store.is_sealed and sealed_with(p.read_bytes()) != known]
    untold = [p for p, store in found if store.pattern == REPORTS and not ledger.is_file()]
    return sealed + untold


def _somebodys(folder: Path, found: str) -> InputError:
    return InputError(
        TEXT("demo_folder_not_ours", folder=folder),
        [
            Problem(
                str(folder),
                found=found,
                expected=TEXT("demo_folder_expected"),
                next_step=TEXT("demo_folder_choose"),
            )
        ],
    )


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
