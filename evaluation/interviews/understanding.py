"""What names and values in a tool mean for a document, and which of them nobody understands.

A variable, a column, a set or a code on a whole document that is not understood may be about somebody who has left: the
document is then out until somebody answers, in the mapping: under ``[ignore]`` why it means nothing, or under
``[interviews.variables]`` what it is. What is known to describe and nothing more is listed here; a list that is too short
asks once too often and lets nobody in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from evaluation.codebooks import Codebook
from evaluation.interviews.attributes import (
    CONSENT,
    FIELDS,
    MEMO,
    UNREAD,
    attribute_name,
    canonical_value,
    consent_of,
    normal_name,
    note_mark,
    note_marks,
    school_id,
    slug,
)
from evaluation.interviews.consent_prose import is_plain_yes
from evaluation.interviews.plain_columns import ALIASES, NO, YES

POLARITIES = ("positiv", "negativ", "blandet", "neutral")
DIRECTION, CODER = "retning", "koder"
GROUP = "(gruppe)"
"""Stands for the name of a group of documents: the words themselves may name somebody."""

_SPEAKS_OF_CONSENT = re.compile(
    r"samtyk|consent|tilbagekald|tilbagetruk|\btrukket\b|withdr[ae]w|opt(?:ed)? ?out"
    r"|\b(?:udgaa(?:r|et)?|udgik|fortr(?:y|ud|oed)\w*)\b|framel|afmeld|udelad|udeluk"
    r"|(?:sagt|siger|sige|meldt|melder|melde) fra|(?:trak|traekker|traekke) (?:sig|sit)"
    r"|(?:maa|vil|skal|oensker) ikke (?:bruge|anvende|indgaa|citere|medtage|vaere med|deltage)"
    r"|\bslet(?:te[srt]?|tede|ning\w*)?\b(?! (?:ikke|ingen|intet|ingenting|og ret)\b)|\bdelet(?:e[ds]?|ion)\b"
)
"""A net for names of cases, documents and codes, which everybody writes as they like; the rest has to be understood."""
_RECORDING_GONE = re.compile(
    r"\b(?:lyd\w*|optagelse\w*|audio\w*|video\w*|diktafon\w*)(?: (?:er|blev|bliver|skal|nu))* slet\w*"
    r"|\bslet\w*(?: de[nt]?)? (?:lyd\w*|optagelse\w*|audio\w*|video\w*)(?= (?:efter|naar|inden|senest)\b|\Z)"
)
"""That the recording is deleted when it is written down is what every consent form promises."""
IN_BRACKETS = re.compile(r"[(\[{]([^)\]}]+)[)\]}]")
_ASSIGNMENT = re.compile(r"\A\s*([^:=]+?)\s*[:=]\s*(.+?)\s*\Z")
_NUMBER = re.compile(r"(?<!\d)[0-3]\d[01]\d{3}[- ]?\d{4}(?!\d)")
_AMOUNT = re.compile(
    r"[\d\W_]*(?:\s*(?:min|minutter|minutes|timer|time|aar|år|years|kl|h|t|m|s|stk)\b[\d\W_]*)*", re.I
)

_COUNTED = (
    "alder age aar år skoleaar uge maaned måned dag dato date interviewdato varighed laengde længde duration minutter antal "
    "nr nummer id lbnr loebenummer runde gruppe side linje tid klokkeslaet area weight weight_score coverage coverage_% "
    "density beginning end creation_date created oprettet modified modified_date aendret"
)
_SHORT = (
    "interviewer moderator interviewet_af transskriberet_af udskrevet_af transcribed_by created_by modified_by author "
    "forfatter koen køn gender sex sprog language color colour farve"
)
_PROSE = "comment quotation_name reference"
_OF_GROUPS = "document_group document_groups dokumentgruppe dokumentgruppen"
_GROUP_WORDS = (
    "interview interviews dokument dokumenter document documents fil filer file files internal internals kilde kilder "
    "source sources udskrift udskrifter transskription transskriptioner transcripts tekster runde gruppe grupper klasse "
    "klasser aargang skole skoler voksne boern børn alle all data materiale og i foer før efter kopi copy del part ny "
    "renskrevet anonymiseret pseudonymiseret final endelig mor far"
)


def _slugs(words: str) -> frozenset[str]:
    return frozenset(slug(word) for word in words.split())


_NUMBERS, _FEW_WORDS, _TEXTS = _slugs(_COUNTED), _slugs(_SHORT), _slugs(_PROSE)
_GROUP_COLUMNS, _KNOWN_WORDS = _slugs(_OF_GROUPS), _slugs(_GROUP_WORDS)
_SEGMENTS = frozenset(
    slug(word)
    for name, words in ALIASES.items()
    if name not in (*FIELDS, "elev", "citat_godkendt", "retning")
    for word in (name, *words)
)
"""Names of columns that tell where a statement stands: a second one of the kind says nothing of its document."""


def speaks_of_consent(text: str) -> bool:
    """Whether a label or a heading is about consent, or about somebody who leaves, in whichever words."""
    words = " ".join(re.findall(r"[^\W_]+", slug(text)))
    return _SPEAKS_OF_CONSENT.search(_RECORDING_GONE.sub("", words)) is not None


def is_called_consent(text: str) -> bool:
    """Whether a label or a heading has the word itself in it."""
    return any(stem in slug(text) for stem in ("samtyk", "consent"))


@dataclass(frozen=True)
class Understanding:
    """The study's words, and what the mapping answers: names without meaning (``ignored``) and what others are (``roles``).

    Every question is answered with pairs of an attribute and a word; :data:`UNREAD` with the name is what is not understood.
    """

    codebook: Codebook
    schools: Mapping[str, str] | None = None
    ignored: frozenset[str] = frozenset()
    roles: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        codebook: Codebook,
        schools: Mapping[str, str] | None = None,
        ignored: Iterable[str] = (),
        roles: Mapping[str, str] | None = None,
    ) -> Understanding:
        """With names as a person writes them."""
        named = {slug(name): role for name, role in (roles or {}).items()}
        return cls(codebook, schools, frozenset(slug(name) for name in ignored), named)

    def is_ignored(self, name: str) -> bool:
        """Whether somebody has said that a name means nothing here."""
        return slug(name) in self.ignored

    def is_apart(self, document: str) -> bool:
        """Whether somebody has said that a document, by its normal name, is nobody else's."""
        return document in {normal_name(name) for name in self.ignored}

    def has_role(self, name: str) -> bool:
        """Whether somebody has said which attribute a name is."""
        return slug(name) in self.roles

    def of_variable(self, label: str, value: str) -> list[tuple[str, str]]:
        """What a tool's variable or a table's column says of its document.

        One called a consent in other words than the codebook's is a word on consent that nobody understands; so is any value
        of a known attribute that speaks of leaving. A person's number describes nobody.
        """
        value = value.strip()
        if not value or self.is_ignored(label):
            return []
        name = self.roles.get(slug(label)) or attribute_name(label, self.codebook)
        if name == CONSENT:
            return [(CONSENT, value)]
        if name is None and slug(label) in _GROUP_COLUMNS:
            return self.of_group(value)
        is_doubted = speaks_of_consent(label) or speaks_of_consent(value)
        if is_doubted and (name or is_called_consent(label)):
            return [(CONSENT, f"{label}: {value}"), *([(name, value)] if name else [])]
        if name is None:
            is_doubted = is_doubted or _NUMBER.search(value) is not None
            is_known = not is_doubted and self._is_description(slug(label), value)
            return [] if is_known else [(UNREAD, _shown(label))]
        return [(name, value)]

    def of_coding(self, direction: str, coder: str) -> list[tuple[str, str]]:
        """What stands in the place of a direction or of a coder and is none: it may be a no."""
        is_no_direction = slug(direction) not in ("", *POLARITIES) and not self.is_ignored(DIRECTION)
        is_no_coder = bool(coder.strip()) and not (self._is_name(coder) or self.is_ignored(CODER))
        return [
            (UNREAD, name) for name, is_it in ((DIRECTION, is_no_direction), (CODER, is_no_coder)) if is_it
        ]

    def of_group(self, name: str) -> list[tuple[str, str]]:
        """What the name of a group of documents, or a code set on a whole one, says of each.

        As :meth:`of_name`, or a value that only one attribute has (``Elevgruppe``), or words that are all known.
        """
        if self.is_ignored(name) or not name.strip():
            return []
        attributes = [item for item in self.codebook.attributes if item.id in FIELDS]
        owners = [i.id for i in attributes if canonical_value(i.id, name, i.values) is not None]
        if len(owners) == 1:
            return [(owners[0], name)]
        if said := self.of_name(name):
            return said
        is_school = self.schools is not None and school_id(name, self.schools) is not None
        is_known = bool(owners) or is_school or self.only_describes(name)
        return [] if is_known else [(UNREAD, GROUP)]

    def of_name(self, name: str) -> list[tuple[str, str]]:
        """What the name of a code, a case or a document says: ``samtykke: gyldigt``, ``Informant = elev``.

        One that speaks of consent in any other way is a word on consent that nobody understands; any other says nothing.
        """
        if self.is_ignored(name):
            return []
        if assignment := _ASSIGNMENT.match(name):
            known = attribute_name(assignment.group(1), self.codebook)
            if known in FIELDS and slug(assignment.group(1)) in {known, FIELDS[known], "consent"}:
                return [(known, assignment.group(2))]
        said = name if not is_plain_yes(name, speaks_of_consent) else ""
        said = IN_BRACKETS.sub(
            lambda remark: "" if is_plain_yes(remark[1], speaks_of_consent) else remark[0], said
        )
        return [(CONSENT, name)] if speaks_of_consent(said) else []

    def of_memo(self, text: str) -> list[tuple[str, str]]:
        """What a note on a document says of consent: a stated word, or prose that may be a no; anything else is nothing.

        A yes in prose raises no doubt and gives nothing: of whom in the interview it speaks, nobody can tell.
        """
        if self.is_ignored(MEMO) or not speaks_of_consent(text):
            return []
        stated = [
            (n, word) for n, word in self.of_name(text) if n == CONSENT and consent_of(word, self.codebook)
        ]
        is_yes = is_plain_yes(text, speaks_of_consent)
        if stated or is_yes or (mark := note_mark([text])) in self.answered:
            return stated
        return [(UNREAD, f"{MEMO} {mark}")]

    @cached_property
    def answered(self) -> frozenset[str]:
        """The marks of notes of which somebody has said that they mean nothing here."""
        return frozenset().union(*(note_marks(name.replace("_", " ")) for name in self.ignored))

    def only_describes(self, words: str) -> bool:
        """Whether all words of a remark are known to describe and nothing more; numbers do."""
        return all(self._is_known(word) for word in re.findall(r"[^\W\d_]+", slug(words)))

    def _is_description(self, label: str, value: str) -> bool:
        """Whether a variable is known to describe, and its value is one it may have."""
        is_answer = value.casefold() in YES | NO or consent_of(value, self.codebook) is not None
        if label in _TEXTS | _SEGMENTS:
            return not is_answer or value.isdigit()
        if label in _NUMBERS:
            return _AMOUNT.fullmatch(value) is not None
        return label in _FEW_WORDS and self._is_name(value)

    def _is_name(self, value: str) -> bool:
        """One word, or up to three that each begin as a name does, and no answer."""
        words = value.split()
        is_answer = value.casefold() in YES | NO or consent_of(value, self.codebook) is not None
        is_short = len(words) == 1 or (
            len(words) <= 3 and all(word[:1].isupper() or word.isdigit() for word in words)
        )
        return is_short and not is_answer and not speaks_of_consent(value)

    def _is_known(self, word: str) -> bool:
        return word in self._words or any(
            word.removesuffix(ending) in self._words for ending in ("e", "r", "er", "ne", "erne", "s")
        )

    @cached_property
    def _words(self) -> frozenset[str]:
        told = [item for item in self.codebook.attributes if item.id in FIELDS and item.id != CONSENT]
        words = {word for item in told for value in item.values for word in slug(value).split("_")}
        return _KNOWN_WORDS | words - {"ikke"}


def _shown(label: str) -> str:
    """A name as it may be shown to the analyst; one that holds a long number may be a person's."""
    name = label.strip() or "(uden navn)"
    return "(navn med et nummer)" if re.search(r"\d{6}", name) else name
