"""Whose a data folder is: a marker stands in every folder that ``komglad demo`` made, and names each file it invented.

The marker opens the folder to the next demonstration, and to the public key that its invented pupils have. Everything
else there must be told of too: it is sealed with that key, or a document that is so states its hash. A file that nothing
tells of may be somebody's, who copied the folder to begin with.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path, PurePath

from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, Problem
from evaluation.sealing import sealed_with
from evaluation.words import Count
from evaluation.words.texts import texts
from pipelines.storage import write_text
from pipelines.stores import HISTORY, LEDGER, LOCKS, LOG, files_of

TEXT = texts("running")


STUDY = "demo_kommune"
KEY = "6b6f6d676c61642064656d6f206b65793a206f70646967746564652064617461"
"""Public on purpose: it protects nobody, because nobody in the demonstration exists."""

MARKER = "made_by_komglad_demo.json"
"""Stands in every folder a demonstration made, with the SHA-256 of every file it put into the inbox."""
UNDER_WAY = "is_under_way"
"""Stands in the marker until a demonstration is whole: what it was killed in the middle of, nothing tells of."""
LOCK = "run.lock"
SHOWN = 5
FREE = {LOCKS, LOG, HISTORY}
"""Stores that grow with every command; none of them holds anything of a study's own."""
REMADE = (MARKER, "truth/truth.json", "reports/index.html", "reports/*/manifest.json")
"""Written after everything that could tell of them, and made of nothing else than that."""
_HASH = re.compile(rb"\b[0-9a-f]{64}\b")


def require_own(folder: Path) -> bool:
    """Whether an earlier demonstration lies in ``folder``; nothing there at all is fine too.

    Raises:
        InputError: the folder, or something in it that the next demonstration would replace, was made by somebody else.
    """
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise _somebodys(folder, TEXT("demo_folder_is_a_file"))
    found = [p for p in folder.iterdir() if p.name != LOCK]
    if not found:
        return False
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        invented = marker["incoming"]
        known = {str(name): str(digest) for name, digest in invented.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise _somebodys(folder, TEXT("demo_folder_no_mark", found=Count(len(found)))) from None
    inbox = folder / "incoming"
    strange = [p for p in inbox.rglob("*") if p.is_file() and known.get(_name(p, inbox)) != digest(p)]
    if strange:
        raise _somebodys(folder, TEXT("demo_folder_strange", strange=Count(len(strange))))
    if foreign := _foreign(folder, is_under_way=bool(marker.get(UNDER_WAY))):
        names = ", ".join(_name(p, folder) for p in foreign[:SHOWN])
        raise _somebodys(
            folder, TEXT("demo_folder_foreign", foreign=Count(len(foreign)), names=PurePath(names))
        )
    return True


def finish(folder: Path) -> None:
    """Say in the marker that the demonstration is whole."""
    marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    write_text(folder / MARKER, marker_text({**marker, UNDER_WAY: False}))


def marker_text(content: Mapping[str, object]) -> str:
    """The marker as it is filed."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _foreign(folder: Path, *, is_under_way: bool) -> list[Path]:
    """What somebody else's study left in a copied folder, and what nothing here tells of."""
    known = PseudonymKey.parse(KEY).for_seals.key_id
    found = {path: store for path, store in files_of(folder) if store and store.name not in FREE}
    ours = {p for p in found if p.suffix == ".json" and sealed_with(p.read_bytes()) == known}
    told = {h.decode() for p in (*ours, folder / MARKER) for h in _HASH.findall(p.read_bytes())}
    untold = [p for p in found if not (p in ours or _is_remade(p) or digest(p) in told)]
    if not is_under_way:
        return untold
    half = ("warehouse/", "reports/") if (folder / LEDGER).is_file() else ("warehouse/",)
    return [p for p in untold if found[p].is_sealed or not found[p].pattern.startswith(half)]


def _is_remade(path: Path) -> bool:
    return any(path.match(pattern) for pattern in REMADE)


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
