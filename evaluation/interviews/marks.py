"""Codings that qualify a statement or its document: tools without fields for a direction or an approval set them as codes.

Marks are no rows. What a label is as a code is :mod:`evaluation.interviews.coding_labels`' matter.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from evaluation.codebooks import Codebook
from evaluation.errors import Problem
from evaluation.interviews.attributes import (
    CONSENT,
    VALID,
    DocumentAttributes,
    consent_of,
    normal_name,
    slug,
)
from evaluation.interviews.coding_labels import Coding
from evaluation.interviews.identity import Passage, Place, heard, is_same_passage, words_of
from evaluation.interviews.plain_columns import YES
from evaluation.interviews.understanding import POLARITIES, Understanding, speaks_of_consent

APPROVAL_MARKS = frozenset({"citat_godkendt", "godkendt_citat", "x.citat.godkendt", "quote_approved"})
APPROVAL, REFUSAL = "citat_godkendt", "citat_afvist"
"""What a mark on a quote is: an approval by its name alone or with a yes, a no with any other word."""


class Marks:
    """Codings that qualify a statement or its document instead of being rows, set as codes by tools without fields.

    A direction or a quote's approval qualifies the statement it is set on (``places``, one per coding); a code such as
    ``samtykke: gyldigt`` or ``informant: elev`` says something of the whole document.
    """

    def __init__(self, codings: Sequence[Coding], places: Sequence[Place], known: Understanding) -> None:
        self._known = known
        self._codebook: Codebook = known.codebook
        self._kinds: dict[str, str | tuple[tuple[str, str], ...] | None] = {}
        self._polarity: dict[Place, dict[str | None, set[str]]] = {}
        self._approved: set[Place] = set()
        self.refused: list[tuple[Place, Coding]] = []
        self._contradicted: set[Place] = set()
        self._unmet: list[Coding] = []
        self.count = 0
        statements: dict[str, list[tuple[Place, Coding]]] = {}
        for coding, place in zip(codings, places, strict=True):
            if self._kind(coding.label) is None:
                statements.setdefault(place[0], []).append((place, coding))
        for coding, place in zip(codings, places, strict=True):
            word = self._kind(coding.label)
            if word is None:
                continue
            self.count += 1
            if isinstance(word, tuple):
                continue
            if word == REFUSAL:
                self.refused.append((place, coding))
                continue
            everybody = statements.get(place[0], [])
            if word in POLARITIES:
                own = [pair for pair in everybody if pair[1].coder == coding.coder]
                met = _met(coding, place, own) or _met(coding, place, everybody)
                for other in met:
                    self._polarity.setdefault(other, {}).setdefault(coding.coder, set()).add(word)
            else:  # an approval is of exactly these words
                met = {m for m in _met(coding, place, everybody) if words_of(m) == words_of(place)}
                self._approved |= met
            if not met:
                self._unmet.append(coding)

    def is_mark(self, coding: Coding) -> bool:
        """True for a coding that qualifies others instead of being a row."""
        return self._kind(coding.label) is not None

    def attributes(self, coding: Coding) -> tuple[tuple[str, str], ...]:
        """What a coding says of its whole document, as pairs of an attribute and a word."""
        word = self._kind(coding.label)
        return (*coding.attributes, *(word if isinstance(word, tuple) else ()))

    def forbidden(self, ways: Sequence[Coding]) -> list[tuple[str, DocumentAttributes]]:
        """By document what a coding that is put aside says against its use; a yes there makes nothing valid.

        Of several ways of reading it those count in which it is a code, or a consent that is understood, if any is.
        """
        told: list[tuple[str, list[str], bool]] = []
        for way in ways:
            words = [word for name, word in self.attributes(way) if name == CONSENT]
            values = {consent_of(word, self._codebook) for word in words}
            is_read = None not in values if words else self._is_code(way.label)
            told.append((normal_name(way.document), words if values != {VALID} else [], is_read))
        some = [one for one in told if one[2]] or told
        return [
            (name, DocumentAttributes.of((CONSENT, word) for word in words))
            for name, words, _ in some
            if words
        ]

    def polarity(self, place: Place, coder: str | None) -> str | None:
        """Direction the same coder marked on the statement, or else the others; two directions are *blandet*."""
        said = self._polarity.get(place, {})
        if coder in said:
            return one_direction(said[coder])
        others = {word for words in said.values() for word in words}
        if len(others) > 1:
            self._contradicted.add(place)
        return one_direction(others)

    def problems(self, file: str) -> list[Problem]:
        """Marks on no statement, and statements on whose direction other coders' marks differ; ask when all are read."""
        found = []
        if self._unmet:
            what = f"{len(self._unmet)} mark(s) of direction or approval on no coded statement"
            step = "set the mark on the statement's own words"
            found.append(
                Problem(file, self._unmet[0].row, "retning", what, "mark_unmet", "a statement", step)
            )
        if self._contradicted:
            found.append(two_directions(file, None, len(self._contradicted)))
        return found

    def is_refusal(self, coding: Coding) -> bool:
        """True for a mark that says no to a quote."""
        return self._kind(coding.label) == REFUSAL

    def is_approved(self, place: Place) -> bool:
        """True when anybody marked the statement as an approved quote."""
        return place in self._approved

    def _kind(self, label: str) -> str | tuple[tuple[str, str], ...] | None:
        if label not in self._kinds:
            word = re.sub(r"\A(retning|polaritet)[_:= ]+", "", slug(label))
            if word in POLARITIES or (word := _on_a_quote(label) or ""):
                self._kinds[label] = word
            elif self._is_code(label):
                self._kinds[label] = None
            else:
                self._kinds[label] = tuple(self._known.of_name(label)) or None
        return self._kinds[label]

    def _is_code(self, label: str) -> bool:
        """A code and nothing else: ``MP.SAMTYKKE: nej`` may be a code, or a consent, and nobody can tell."""
        code = self._codebook.resolve(label)
        if code is None or not speaks_of_consent(label):
            return code is not None
        tail = re.split(r"(?<!:)[:=](?!:)", label, maxsplit=1)[1:]
        return not tail or slug(tail[0]) in {"", *POLARITIES, slug(code.name)}


def _on_a_quote(label: str) -> str | None:
    """What a label says of a quote: ``citat godkendt``, ``citat godkendt: ja`` or ``citat godkendt = nej``."""
    name, *answer = re.split(r"\s*[:=]\s*", label.strip(), maxsplit=1)
    if slug(name) not in APPROVAL_MARKS:
        return None
    return APPROVAL if not answer or slug(answer[0]) in YES else REFUSAL


def _met(mark: Coding, place: Place, statements: Sequence[tuple[Place, Coding]]) -> set[Place]:
    """Those of the statements that a mark is about: the one on its own place, else those of the same passage."""

    exact = {place for other, _ in statements if other == place}
    mine = passage_of(place, mark)
    return exact or {other for other, one in statements if is_same_passage(mine, passage_of(other, one))}


def passage_of(place: Place, coding: Coding) -> Passage:
    """Where in its document a coding stands, if that is known, and its words."""
    is_placed = coding.start is not None and coding.end is not None
    return (coding.start or 0, coding.end or 0) if is_placed else None, heard(words_of(place))


def one_direction(said: Collection[str]) -> str | None:
    """The one direction that is said; two are *blandet*."""
    return "blandet" if len(said) > 1 else next(iter(said), None)


def two_directions(file: str, row: int | None, times: int) -> Problem:
    """Files or coders say opposite things of the direction of one coding."""
    return Problem(
        file,
        row,
        "retning",
        f"{times} coding(s) with two directions",
        "two_directions",
        "one direction for each coding",
        "correct the wrong one; until then it counts as blandet",
    )


def lonely_counter(times: int) -> Problem:
    """Statements that speak against, and nobody can tell what."""
    return Problem(
        "",
        None,
        "kode",
        f"{times} statement(s) coded as speaking against, with no code on what",
        "lonely_counter",
        "the code of what it speaks against, on the same statement",
        "set that code too; until then no sign hears it",
    )
