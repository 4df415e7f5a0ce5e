"""One coding as a file says it, and what its label means: a code of the study's codebook, or a mark on a segment.

Tools without fields for a direction or a quote's approval set them as codes; those are marks and no rows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.codebooks import Code, Codebook
from evaluation.errors import Problem
from evaluation.interviews.attributes import normal_name, slug

POLARITIES = ("positiv", "negativ", "blandet", "neutral")
APPROVAL_MARKS = frozenset({"citat_godkendt", "godkendt_citat", "x.citat.godkendt", "quote_approved"})
_POLARITY_SUFFIX = re.compile(r"\s*[:#=/,]\s*(positiv|negativ|blandet|neutral)\s*\Z", re.IGNORECASE)
_CODE_LIKE = re.compile(r"[A-ZÆØÅ][A-ZÆØÅ0-9]*(\.[A-ZÆØÅ0-9]+)+")


@dataclass(frozen=True, slots=True)
class Coding:
    """One code set on one segment by one coder, as a file says it; nothing of it is pseudonymised yet."""

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
    approved: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


class Marks:
    """Codings that qualify a segment: a direction or a quote's approval, set as a code by tools without fields."""

    def __init__(self, codings: list[Coding]) -> None:
        self._polarity: dict[tuple[object, ...], str] = {}
        self._approved: set[tuple[object, ...]] = set()
        self.count = 0
        for coding in codings:
            word = _mark(coding)
            if word is None:
                continue
            self.count += 1
            if word in POLARITIES:
                self._polarity[(*_place(coding), coding.coder)] = word
            else:
                self._approved.add(_place(coding))

    @staticmethod
    def is_mark(coding: Coding) -> bool:
        """True for a coding that qualifies others instead of being a row."""
        return _mark(coding) is not None

    def polarity(self, coding: Coding) -> str | None:
        """Direction the same coder marked on the coding's segment."""
        return self._polarity.get((*_place(coding), coding.coder))

    def is_approved(self, coding: Coding) -> bool:
        """True when anybody marked the coding's segment as an approved quote."""
        return _place(coding) in self._approved


def _mark(coding: Coding) -> str | None:
    word = re.sub(r"\A(retning|polaritet)[_:= ]+", "", slug(coding.label))
    return word if word in POLARITIES or word in APPROVAL_MARKS else None


def _place(coding: Coding) -> tuple[object, ...]:
    if coding.start is not None:
        return normal_name(coding.document), coding.start, coding.end
    return normal_name(coding.document), coding.segment or coding.text


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
