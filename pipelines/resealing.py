"""Sealing what is kept with a new key: ledger, approvals, receipts, notes, frozen plans, and the records beside every table.

Which documents are sealed, and under which name, is known here and nowhere else. What they hold is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.disclosure.approval import APPROVAL_FILE, WAITING_FILE
from evaluation.disclosure.ledger import NAME, WAY_BACK
from evaluation.door.forgotten import RECEIPTS
from evaluation.errors import InputError
from evaluation.sealing import SealKey, opened, sealed, sealed_with
from pipelines import frozen, noted
from pipelines.origins import FOLDER
from pipelines.storage import write_bytes


@dataclass(frozen=True)
class Document:
    """A sealed document: where it lies, the name it is sealed under, and the way back when it is damaged."""

    path: Path
    name: str
    way_back: str
    can_be_made_again: bool = False


def documents(data: Path) -> Iterator[Document]:
    """Every sealed document of a data folder but the list of the forgotten, whose content changes with the key."""
    warehouse = data / "warehouse"
    for path in sorted(warehouse.glob("*/release.json")):
        yield _of_round(path, warehouse, path.parent.name)
    for folder in ("checks", FOLDER):
        for path in sorted(warehouse.glob(f"*/{folder}/*.json")):
            yield _of_round(path, warehouse, path.parent.parent.name)
    if (data / "reports" / NAME).is_file():
        yield Document(data / "reports" / NAME, NAME, WAY_BACK)
    for kind in (APPROVAL_FILE, WAITING_FILE):
        for path in sorted((data / "releases").glob(f"*.{kind}")):
            yield Document(path, path.name, "hent godkendelsen fra sikkerhedskopien")
    for path in sorted((data / frozen.FOLDER).glob("*.json")):
        yield Document(path, frozen.sealed_name(path), frozen.WAY_BACK)
    if (data / noted.NAME).is_file():
        yield Document(data / noted.NAME, noted.NAME, noted.WAY_BACK)
    for path in sorted((data / RECEIPTS).glob("forget-*.json")):
        yield Document(path, path.name, "hent kvitteringen fra sikkerhedskopien")


def reseal(data: Path, old: SealKey, new: SealKey) -> None:
    """Seal every document with the new key; one that has it already stays, so that a cut-short change goes on.

    A damaged record of a round stays damaged: the round is made again with the new key.

    Raises:
        InputError: another document is damaged, or was sealed with neither key; nothing has changed then.
    """
    changed: list[tuple[Document, bytes]] = []
    for document in documents(data):
        before = document.path.read_bytes()
        if sealed_with(before) == new.key_id:
            continue
        try:
            content = opened(document.name, before, old, way_back=document.way_back)
        except InputError:
            if document.can_be_made_again:
                continue
            raise
        indent = 1 if b"\n" in before.strip() else None
        changed.append((document, sealed(document.name, content, new, indent=indent)))
    for document, after in changed:
        write_bytes(document.path, after)


def _of_round(path: Path, warehouse: Path, round_id: str) -> Document:
    name = path.relative_to(warehouse).as_posix()
    return Document(path, name, f"lav runden igen: komglad run {round_id}", can_be_made_again=True)
