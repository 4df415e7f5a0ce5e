"""One coding as a file says it, and which code of the study's codebook its label means.

Labels that are no code but a mark on a statement: :mod:`evaluation.interviews.marks`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from evaluation.codebooks import Code, Codebook
from evaluation.errors import Problem
from evaluation.interviews.attributes import DocumentAttributes, slug
from evaluation.interviews.notes import Notes
from evaluation.interviews.understanding import POLARITIES, speaks_of_consent

_POLARITY_SUFFIX = re.compile(r"\s*[:#=/,]\s*(positiv|negativ|blandet|neutral)\s*\Z", re.IGNORECASE)
_CODE_LIKE = re.compile(r"[A-ZÆØÅ][A-ZÆØÅ0-9]*(\.[A-ZÆØÅ0-9]+)+")


@dataclass(frozen=True, slots=True)
class Coding:
    """One code set on one segment by one coder, as a file says it; nothing of it is pseudonymised yet.

    ``approved``: whether the words may be a quote; ``None`` where nothing is said of it.
    """

    document: str
    label: str
    row: int | None = None
    code: str | None = None
    coder: str | None = None
    start: int | None = None
    end: int | None = None
    text: str | None = None
    segment: str | None = None
    polarity: str | None = None
    approved: bool | None = None
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Reading:
    """What a file says before anything is judged; ``documents`` by normal name, and under no name what is said of nobody
    knows which.

    ``lost`` rows were put aside by the reader, with ``problems``; ``aside`` are those of them that still tell something,
    each in the ways it may be read. ``notes`` are remarks of the reader, ``written`` the notes of the analysts.
    """

    codings: Sequence[Coding]
    documents: Mapping[str, DocumentAttributes] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    lost: int = 0
    aside: Sequence[Sequence[Coding]] = ()
    notes: Sequence[str] = ()
    written: Notes | None = None


def label_in_folder(name: str, folder: str, codebook: Codebook) -> str:
    """A code's name, with its folder's where the folder speaks of consent: ``nej`` in ``Samtykke`` is no code."""
    is_told = folder and speaks_of_consent(folder) and codebook.resolve(name) is None
    return f"{folder}/{name}" if is_told else name


class Resolver:
    """Looks codes up; every unknown label is reported once, with the row of its first use and the nearest code."""

    def __init__(self, codebook: Codebook, file: str, problems: list[Problem]) -> None:
        self._codebook = codebook
        self._file = file
        self._problems = problems
        self._reported: set[str] = set()
        self._cache: dict[tuple[str | None, str], tuple[Code | None, str | None]] = {}

    def resolve(self, coding: Coding) -> tuple[Code | None, str | None]:
        """(entry or ``None``, direction stated with the row or in the label)."""
        label = coding.label
        stated = slug(coding.polarity or "") or None
        if (coding.code, label) not in self._cache:
            suffix = _POLARITY_SUFFIX.search(label)
            code = self._codebook.resolve(coding.code) if coding.code else None
            stem = self._codebook.resolve(label[: suffix.start()]) if suffix else None
            code = code or stem or self._codebook.resolve(label)
            direction = suffix.group(1).casefold() if suffix and stem is not None and stem == code else None
            self._cache[coding.code, label] = code, direction
        code, direction = self._cache[coding.code, label]
        if stated and stated not in POLARITIES:
            self._report(
                f"direction {stated}", coding, "a direction that is not known", ", ".join(POLARITIES), ""
            )
            stated = None
        if code is None and label in self._reported:
            return None, None
        if code is None:
            near = self._codebook.nearest(label)
            shown = repr(label) if near or _CODE_LIKE.fullmatch(label.strip()) else "a label"
            self._report(
                label,
                coding,
                f"{shown} is not in the codebook, version {self._codebook.version}",
                "a code's id or name",
                f"nearest: {near}"
                if near
                else "code with the exported .qdc, or add the code to the codebook",
            )
            return None, None
        if not code.is_codable:
            self._report(
                label,
                coding,
                f"{code.id} is a folder and cannot be coded",
                "one of the codes in it",
                "recode the segments with the most precise code",
            )
            return None, None
        return code, stated or direction

    def _report(self, about: str, coding: Coding, found: str, expected: str, next_step: str) -> None:
        if about not in self._reported:
            self._reported.add(about)
            self._problems.append(
                Problem(self._file, coding.row, "kode", found, "codebook", expected, next_step)
            )
