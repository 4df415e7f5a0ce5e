"""The list of forgotten pupils: what the door turns away, and whether a withdrawal was carried to its end.

It holds pseudonyms under one key: of pupils, and of interviews that were theirs. Never a number or a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from evaluation.door.erase import replacing
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, Problem

FORGOTTEN = "forgotten.json"
"""Its name in the data folder."""


@dataclass(frozen=True)
class Forgotten:
    """Keys that must not come through the door. ``unfinished``: pupils whose removal was begun and not ended."""

    key_id: str
    pupils: frozenset[str] = field(default_factory=frozenset)
    documents: frozenset[str] = field(default_factory=frozenset)
    unfinished: frozenset[str] = field(default_factory=frozenset)

    @property
    def keys(self) -> frozenset[str]:
        """All of them; pupils' and documents' pseudonyms cannot be confused."""
        return self.pupils | self.documents

    def begun(self, pupil: str, documents: Iterable[str]) -> Forgotten:
        """With a pupil whose removal begins now."""
        return replace(
            self,
            pupils=self.pupils | {pupil},
            documents=self.documents | set(documents),
            unfinished=self.unfinished | {pupil},
        )

    def finished(self, pupil: str) -> Forgotten:
        """With a pupil whose removal is complete."""
        return replace(self, unfinished=self.unfinished - {pupil})

    def write(self, path: Path) -> None:
        """Replace the list; it is readable by its owner only."""
        content = {
            "key_id": self.key_id,
            "pupil_keys": sorted(self.pupils),
            "document_keys": sorted(self.documents),
            "unfinished": sorted(self.unfinished),
        }
        with replacing(path) as stream:
            stream.write((json.dumps(content, indent=0) + "\n").encode())


def made_with(path: Path) -> str:
    """Id of the key the list was made with; empty when there is no list that can be read."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["key_id"])
    except (ValueError, KeyError, TypeError, OSError):
        return ""


def load_forgotten(path: Path, key: PseudonymKey) -> Forgotten:
    """The list; an empty one when nobody was forgotten.

    Raises:
        InputError: the list is damaged, or was made with another key and would let pupils back in.
    """
    if not path.is_file():
        return Forgotten(key.key_id)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made_with = str(content["key_id"])
        pupils, documents, unfinished = (
            frozenset(str(k) for k in content.get(name, []))
            for name in ("pupil_keys", "document_keys", "unfinished")
        )
    except (ValueError, KeyError, TypeError, AttributeError, OSError):
        raise InputError(
            "the list of forgotten pupils cannot be read",
            [
                Problem(
                    path.name, found="damaged", next_step="restore it from a backup before running a round"
                )
            ],
        ) from None
    if made_with != key.key_id:
        raise InputError(
            "the list of forgotten pupils was made with another key",
            [Problem(path.name, found=f"key {made_with}", expected=f"key {key.key_id}",
                     next_step="go back to that key, and change it with komglad rotate")],
        )  # fmt: skip
    return Forgotten(made_with, pupils, documents, unfinished)


def read_forgotten(path: Path, key: PseudonymKey) -> frozenset[str]:
    """Keys that must not come through the door.

    Raises:
        InputError: as :func:`load_forgotten`; also when a removal was begun and not ended, because nothing may be
            made from data of which a pupil is only half gone.
    """
    forgotten = load_forgotten(path, key)
    if forgotten.unfinished:
        raise InputError(
            "a withdrawal was begun and not carried to its end",
            [Problem(path.name, found=f"{len(forgotten.unfinished)} pupil(s) only partly removed",
                     expected="a finished removal", rule="forget_unfinished",
                     next_step="run komglad forget again with the same number")],
        )  # fmt: skip
    return forgotten.keys
