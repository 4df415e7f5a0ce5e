"""The list of forgotten pupils: what the door turns away, and whether a withdrawal was carried to its end.

It holds pseudonyms under one key – of pupils, and of interviews that were theirs – and the ids of the receipts of all
removals, never a number or a name. It is sealed with that key. List, receipts and the ledger of releases name the same
removals: a list that was restored from before a removal would let a pupil back in, and is refused; so is a folder that
has lost a receipt.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from evaluation.door.erase import replacing
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, Problem
from evaluation.sealing import opened, refused, sealed, sealed_with
from evaluation.words.texts import texts

TEXT = texts("running")

FORGOTTEN = "forgotten.json"
RECEIPTS = "receipts"
"""Their names in the data folder."""
WAY_BACK = "hent den nyeste forgotten.json fra sikkerhedskopien, før en runde køres"


@dataclass(frozen=True)
class Forgotten:
    """Keys that must not come through the door.

    ``receipts``: ids of the receipts of all removals, oldest first. ``unfinished``: receipt by pupil, of removals that
    were begun and not ended.
    """

    key_id: str
    pupils: frozenset[str] = field(default_factory=frozenset)
    documents: frozenset[str] = field(default_factory=frozenset)
    receipts: tuple[str, ...] = ()
    unfinished: Mapping[str, str] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[str]:
        """All of them; pupils' and documents' pseudonyms cannot be confused."""
        return self.pupils | self.documents

    def begun(self, pupil: str, documents: Iterable[str], receipt: str) -> Forgotten:
        """With a pupil whose removal begins now; one that was begun before keeps its receipt."""
        mine = self.unfinished.get(pupil, receipt)
        return replace(
            self,
            pupils=self.pupils | {pupil},
            documents=self.documents | set(documents),
            receipts=(*self.receipts, *([mine] if mine not in self.receipts else [])),
            unfinished={**self.unfinished, pupil: mine},
        )

    def finished(self, pupil: str) -> Forgotten:
        """With a pupil whose removal is complete."""
        return replace(self, unfinished={p: r for p, r in self.unfinished.items() if p != pupil})

    def settled(self, receipt: str) -> Forgotten:
        """With an earlier removal that was carried out again, because the list of that time was lost."""
        return self if receipt in self.receipts else replace(self, receipts=(*self.receipts, receipt))

    def write(self, path: Path, key: PseudonymKey) -> None:
        """Replace the list; it is readable by its owner only."""
        content = {
            "key_id": self.key_id,
            "pupil_keys": sorted(self.pupils),
            "document_keys": sorted(self.documents),
            "receipts": list(self.receipts),
            "unfinished": dict(sorted(self.unfinished.items())),
        }
        with replacing(path) as stream:
            stream.write(sealed(path.name, content, key.for_seals, indent=0))


def made_with(path: Path) -> str:
    """Id of the key the list was made with; empty when there is no list that can be read."""
    return sealed_with(path.read_bytes()) if path.is_file() else ""


def load_forgotten(path: Path, key: PseudonymKey) -> Forgotten:
    """The list; an empty one when nobody was forgotten.

    Raises:
        InputError: the list is damaged, was altered, or was made with another key and would let pupils back in.
    """
    if not os.path.lexists(path):
        return Forgotten(key.key_id)
    if not path.is_file():
        raise refused(path.name, TEXT("forgotten_no_file"), WAY_BACK)
    content = opened(path.name, path.read_bytes(), key.for_seals, way_back=WAY_BACK)
    return Forgotten(
        key.key_id,
        frozenset(content["pupil_keys"]),
        frozenset(content["document_keys"]),
        tuple(content["receipts"]),
        dict(content["unfinished"]),
    )


def read_forgotten(path: Path, key: PseudonymKey, released: Iterable[str] = ()) -> frozenset[str]:
    """Keys that must not come through the door. ``released``: receipts that the ledger of releases knows.

    Raises:
        InputError: as :func:`load_forgotten`; a receipt is damaged or gone; the list is older than a receipt beside it
            or than the ledger; or a removal was begun and not ended, because nothing may be made from data of which a
            pupil is only half gone.
    """
    forgotten = load_forgotten(path, key)
    for receipt in _receipts(path):
        opened(
            receipt.name,
            receipt.read_bytes(),
            key.for_seals,
            way_back="hent kvitteringen fra sikkerhedskopien",
        )
    if lost := lost_receipts(path, forgotten, released):
        raise InputError(
            "listen over glemte elever er ældre end kvitteringerne, så elever, der har trukket sig, ville komme ind igen",
            [Problem(f"{RECEIPTS}/{name}", found="en fjernelse, som listen ikke kender", expected=FORGOTTEN,
                     rule="forget_restored", next_step=f"{WAY_BACK}; {_again(name)}") for name in lost],
        )  # fmt: skip
    if gone := gone_receipts(path, forgotten):
        raise InputError(
            "kvitteringer mangler, så det ikke kan vises, at elever, der har trukket sig, er fjernet",
            [Problem(f"{RECEIPTS}/{name}", found="væk", expected="kvitteringen for en fjernelse, som listen kender",
                     rule="forget_restored", next_step=f"hent kvitteringen fra sikkerhedskopien; {_again(name)}")
             for name in gone],
        )  # fmt: skip
    if forgotten.unfinished:
        raise InputError(
            "a withdrawal was begun and not carried to its end",
            [Problem(path.name, found="a pupil is only partly removed",
                     expected="a finished removal", rule="forget_unfinished",
                     next_step="run komglad forget again with the same number")],
        )  # fmt: skip
    return forgotten.keys


def lost_receipts(path: Path, forgotten: Forgotten, released: Iterable[str] = ()) -> tuple[str, ...]:
    """Names of receipts beside the list, or known to the ledger, whose removals the list does not know."""
    found = {p.name for p in _receipts(path)} | {receipt_name(r) for r in released}
    return tuple(sorted(found - {receipt_name(r) for r in forgotten.receipts}))


def gone_receipts(path: Path, forgotten: Forgotten) -> tuple[str, ...]:
    """Names of receipts of finished removals that are not beside the list."""
    finished = (receipt_name(r) for r in forgotten.receipts if r not in forgotten.unfinished.values())
    return tuple(n for n in finished if not (path.parent / RECEIPTS / n).is_file())


def _again(name: str) -> str:
    return f"findes den ikke, så giv komglad forget --again {name} igen med den samme elevs nummer"


def _receipts(path: Path) -> list[Path]:
    return sorted((path.parent / RECEIPTS).glob("forget-*.json"))


def receipt_id(name: str) -> str:
    """The id in a receipt's file name."""
    return name.removeprefix("forget-").removesuffix(".json")


def receipt_name(receipt: str) -> str:
    """The file name of a receipt."""
    return f"forget-{receipt}.json"
