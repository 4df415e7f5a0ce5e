"""Changing the pseudonym key: what was kept under the old key and cannot be made again moves to the new one.

Tables are made again from the inbox. The list of forgotten pupils cannot be: it holds pseudonyms and no numbers, and a
list that nobody can read would let pupils back in who have withdrawn. So the old key's owner finds the numbers behind
the list by trying every CPR number of the study's birth years, in memory, and the new key takes them from there. That
this takes a minute is the reason why pseudonyms are keyed at all: without the key it cannot be done.

Interviews on the list are found among the names in the inbox. One that is in no file any more cannot be moved; it is
counted, because it would come in again with a new export.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evaluation.codebooks import load_codebook
from evaluation.door.cpr import numbers_born
from evaluation.door.files import find_incoming
from evaluation.door.forgotten import Forgotten
from evaluation.door.identities import PUPIL
from evaluation.door.mapping import read_mappings
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, KomgladError, Problem
from evaluation.interviews.readers import document_names
from evaluation.interviews.segments import pseudonym
from evaluation.protocol import Protocol
from evaluation.study import Study

YOUNGEST, OLDEST = 4, 18
"""Ages between which a pupil begins a school year, with a year to spare at either end."""


@dataclass(frozen=True)
class Moved:
    """The list under the new key, and how many interviews of it could not be followed."""

    forgotten: Forgotten
    lost_documents: int


def birth_years(protocol: Protocol) -> range:
    """Years in which the pupils of any of the study's school years may be born."""
    first, last = (int(min(protocol.years.all)[:4]), int(max(protocol.years.all)[:4]))
    return range(first - OLDEST, last - YOUNGEST + 1)


def rotation_map(
    old: PseudonymKey, new: PseudonymKey, pupil_keys: Collection[str], years: Iterable[int]
) -> dict[str, str]:
    """New pupil key by old one.

    Raises:
        InputError: some pupils are not born in ``years``; how many, and nothing about them.
    """
    spans = sorted(set(years))
    numbers = old.values_behind(PUPIL, numbers_born(spans), pupil_keys)
    if lost := len(set(pupil_keys)) - len(numbers):
        raise InputError(
            "the key cannot be rotated",
            [Problem("", found=f"{lost} pupil(s) with no number of the birth years {spans[0]}-{spans[-1]}",
                     expected="every pupil born in those years, and pseudonyms made with the old key",
                     rule="rotation", next_step="widen the years: --born 1995-2025")],
        )  # fmt: skip
    return {o: new.pseudonym(PUPIL, number) for o, number in numbers.items()}


def interview_names(incoming: Path, study: Study) -> frozenset[str]:
    """Names of all interviews in the inbox, as they are compared. They may point to persons."""
    held = study.optional_file("codebook.yaml")
    if held is None:  # a study without interviews
        return frozenset()
    codebook = load_codebook(held)
    sources = find_incoming(incoming, read_mappings(study.mappings)).sources if incoming.is_dir() else ()
    names: set[str] = set()
    for path in sorted({s.path for s in sources if s.mapping.kind == "interviews"}):
        with suppress(KomgladError):  # what the door refuses brings nobody back
            names |= document_names(path, codebook)
    return frozenset(names)


def moved_list(
    forgotten: Forgotten,
    old: PseudonymKey,
    new: PseudonymKey,
    *,
    pupils: dict[str, str],
    document_names: Iterable[str],
) -> Moved:
    """The list of forgotten pupils under the new key. ``pupils`` is :func:`rotation_map` of them.

    ``document_names``: names of all interviews in the inbox, as they are compared.
    """
    by_name = {
        pseudonym(old.for_interviews, "document", name): pseudonym(new.for_interviews, "document", name)
        for name in set(document_names)
    }
    documents = frozenset(by_name[d] for d in forgotten.documents if d in by_name)
    found = Forgotten(
        new.key_id, frozenset(pupils[p] for p in forgotten.pupils), documents, forgotten.receipts
    )
    return Moved(found, len(forgotten.documents) - len(documents))
