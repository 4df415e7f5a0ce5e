"""What is known of a document (informant, school, grade …) and how tools' words become the codebook's values.

The attributes come from a QDA tool's cases and variables, from the coded rows themselves, or from a side table.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from types import MappingProxyType

from evaluation.codebooks import Codebook
from evaluation.errors import Problem
from evaluation.interviews.consent_prose import is_yes_answer
from evaluation.interviews.plain_columns import ALIASES

FIELDS = {
    "informant": "informant",
    "skole": "school_id",
    "aargang": "grade",
    "nedslag": "occasion",
    "form": "form",
    "samtykke": "consent",
}
"""The codebook's attribute → column of the canonical table."""

CONSENT = "samtykke"
MEMO = "memo"
"""Stands for a note, with the mark of its text behind it: the words themselves may name somebody."""
UNREAD = "variabel"
"""Stands for every variable, heading or group that says something nobody understands: it may be that somebody has left."""
VALID, MISSING, WITHDRAWN = "gyldigt", "mangler", "trukket_tilbage"
UNKNOWN_CONSENT = "ukendt"
"""The consent of a document of which something is said that nobody understands."""
STRICTNESS = (WITHDRAWN, MISSING, UNKNOWN_CONSENT, VALID)
"""The first of these that is said of a document, by anything and anywhere, holds."""
_FAULTS = {
    "unknown_consent": "a word on consent that is not known; the document is left out",
    "two_consents": "different words on consent; the most restrictive holds",
    "silent_participant": "somebody takes part of whom no consent is stated; the document is left out",
    "unknown_attribute": "a value that is not known; the document is left out",
    "interview_school": "a school that is not in the protocol; the document is left out",
    "interview_grade": "not a grade; the document is left out",
    "interview_occasion": "an occasion that the codebook does not have; the document is left out",
    "two_attributes": "different values; none of them is taken",
    "unread": "something is said that nobody understands; the document is left out",
    "side_table": "another value in the file than in the side table, which is taken",
}

_UNKNOWN = {
    CONSENT: "unknown_consent",
    "skole": "interview_school",
    "aargang": "interview_grade",
    "nedslag": "interview_occasion",
}
"""Attribute → the rule of a value that is not known; each is answered in its own way."""
_ANSWERS = (
    'say in the mapping that it means nothing, [ignore] "NAME" = "why", '
    'or what it is, [interviews.variables] "NAME" = "form"'
)
_NOTHING = " \t\n\r-–—."
_EXTENSION = re.compile(r"\.(txt|docx?|odt|rtf|pdf|html?|md|vtt|srt)\Z", re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""Stands behind the names of a project's sources that are called the same."""
_MARK = re.compile(r"[0-9a-f]{8}")
_PARTS = re.compile(rf"{_GUID.pattern}|\d+|[^\W\d_]+")
_GRADE = re.compile(
    r"(\d{1,2})\.?_?(?:klasse|kl\.?|aargang|klassetrin|[a-z])?|(?:klasse|aargang|klassetrin)_(\d{1,2})\.?"
)
_SYNONYMS = {
    "samtykke": {
        "ja": "gyldigt",
        "givet": "gyldigt",
        "gyldig": "gyldigt",
        "valid": "gyldigt",
        "true": "gyldigt",
        "false": "mangler",
        "nej": "mangler",
        "afslag": "mangler",
        "ikke_givet": "mangler",
        "missing": "mangler",
        "trukket": "trukket_tilbage",
        "tilbagekaldt": "trukket_tilbage",
        "tilbagetrukket": "trukket_tilbage",
        "withdrawn": "trukket_tilbage",
    },
    "informant": {
        "pupil": "elev",
        "student": "elev",
        "laerer": "laerer_paedagog",
        "paedagog": "laerer_paedagog",
    },
}


@dataclass(frozen=True)
class DocumentAttributes:
    """Every word said of a document, by attribute of the codebook, wherever and in whatever order it was said.

    ``coders`` are everyone who coded the document. ``is_consent_its_own``: some word on consent is about the whole
    document; ``has_silent_participant``: somebody who takes part in it has no word on consent.
    ``overruled``: words that a side table replaced.
    """

    words: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    coders: tuple[str, ...] = ()
    is_consent_its_own: bool = False
    has_silent_participant: bool = False
    overruled: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, said: Iterable[tuple[str, str]], coders: Iterable[str] = ()) -> DocumentAttributes:
        """What is said of a whole document, as pairs of an attribute and a word."""
        words: dict[str, frozenset[str]] = {}
        for name, word in said:
            if word.strip(_NOTHING):
                words[name] = words.get(name, frozenset()) | {word.strip()}
        return cls(words, tuple(sorted(set(coders))), CONSENT in words)

    @classmethod
    def of_participant(cls, said: Iterable[tuple[str, str]]) -> DocumentAttributes:
        """What is said of one person (a tool's *case*) who takes part in a document.

        A case that is described, but neither as an informant nor by a consent, is a school or a class and nobody.
        """
        about = cls.of(said)
        is_person = not about.words.keys() - {UNREAD} or "informant" in about.words
        return cls(about.words, (), False, is_person and CONSENT not in about.words)

    @property
    def only_coder(self) -> str | None:
        """The coder of rows that name none, when there is exactly one."""
        return self.coders[0] if len(self.coders) == 1 else None

    def joined(self, other: DocumentAttributes) -> DocumentAttributes:
        """Both together; which of them came first makes no difference."""
        names = {**self.words, **other.words}
        return DocumentAttributes(
            {n: self.words.get(n, frozenset()) | other.words.get(n, frozenset()) for n in names},
            tuple(sorted({*self.coders, *other.coders})),
            self.is_consent_its_own or other.is_consent_its_own,
            self.has_silent_participant or other.has_silent_participant,
            {**self.overruled, **other.overruled},
        )

    def corrected(self, side: DocumentAttributes) -> DocumentAttributes:
        """With the analyst's side table, which replaces what it states, except that nothing replaces a consent."""
        lost = {n: words for n, words in self.words.items() if n != CONSENT and n in side.words}
        kept = replace(self, words={n: w for n, w in self.words.items() if n not in lost}, overruled=lost)
        return replace(kept.joined(side), coders=side.coders or self.coders)

    def canonical(
        self, codebook: Codebook, schools: Mapping[str, str] | None = None
    ) -> dict[str, str | None]:
        """Column of the canonical table → the codebook's value; ``None`` where nothing is known for certain.

        Consent is the most restrictive of all that is said, and what is not understood, of anything, may be a no. Of
        anything else two values are none.
        """
        found: dict[str, str | None] = {}
        for name, column in FIELDS.items():
            values = self._values(name, codebook, schools)
            if name == CONSENT:
                is_doubted = self._is_somebody_missing or self._is_unread(codebook, schools)
                found[column] = strictest(values | ({None} if is_doubted else set()))
            else:
                found[column] = next(iter(values)) if len(values) == 1 else None
        return found

    def _is_unread(self, codebook: Codebook, schools: Mapping[str, str] | None) -> bool:
        """Whether anything is said that nobody understands; values of known attributes included."""
        return UNREAD in self.words or any(None in self._values(name, codebook, schools) for name in FIELDS)

    @property
    def _is_somebody_missing(self) -> bool:
        """The others' consent is stated one by one, somebody's is not, and nothing is said of the whole document."""
        return self.has_silent_participant and CONSENT in self.words and not self.is_consent_its_own

    def _values(self, name: str, codebook: Codebook, schools: Mapping[str, str] | None) -> set[str | None]:
        return _known(name, self.words.get(name, ()), codebook, schools)

    def is_refusal(self, codebook: Codebook) -> bool:
        """Whether anything but a yes is said on consent, or anything that nobody understands."""
        consent = strictest(self._values(CONSENT, codebook, None))
        return consent not in (None, VALID) or self._is_unread(codebook, None)

    def faults(self, codebook: Codebook, schools: Mapping[str, str] | None) -> list[tuple[str, str]]:
        """(attribute, rule) of what is not understood (``unknown_…``) and of what contradicts itself (``two_…``)."""
        found: list[tuple[str, str]] = []
        for name in FIELDS:
            values = self._values(name, codebook, schools)
            if None in values:
                found.append((name, _UNKNOWN.get(name, "unknown_attribute")))
            if len(values - {None}) > 1:
                found.append((name, "two_consents" if name == CONSENT else "two_attributes"))
            if name in self.overruled and _known(name, self.overruled[name], codebook, schools) != values:
                found.append((name, "side_table"))
        found += [(name, "unread") for name in sorted(self.words.get(UNREAD, ()))]
        if self._is_somebody_missing:
            found.append((CONSENT, "silent_participant"))
        return found


def _known(
    name: str, words: Iterable[str], codebook: Codebook, schools: Mapping[str, str] | None
) -> set[str | None]:
    return {_value(codebook, name, word, schools) for word in words}


def strictest(values: Iterable[str | None]) -> str | None:
    """The consent that holds when all of these are said; ``None`` or another word among them is not understood.

    Withdrawn before missing before not understood before valid; nothing said is ``None``.
    """
    said = {value if value in STRICTNESS else UNKNOWN_CONSENT for value in values}
    return next((value for value in STRICTNESS if value in said), None)


def attribute_problems(
    documents: Iterable[DocumentAttributes],
    codebook: Codebook,
    file: str,
    schools: Mapping[str, str] | None = None,
) -> list[Problem]:
    """One problem per attribute and fault; the values themselves are not shown, they may name somebody."""
    every = tuple(documents)
    # All notes are one question, and one line answers it.
    marks = {m for d in every for n in d.words.get(UNREAD, ()) for m in note_marks(n)}
    notes = " ".join([MEMO, *sorted(marks)])
    counts: Counter[tuple[str, str]] = Counter()
    unknown: dict[str, set[str]] = {}
    for document in every:
        faults = document.faults(codebook, schools)
        counts.update({(notes if note_marks(name) else name, rule) for name, rule in faults})
        for name, words in document.words.items():
            odd = {word for word in words if name in FIELDS and _value(codebook, name, word, schools) is None}
            unknown[name] = unknown.get(name, set()) | odd
    return [
        Problem(
            file,
            column=name,
            found=f"{times} document(s): {_FAULTS[rule]}",
            rule=rule,
            expected="" if rule == "unread" else _allowed(name, codebook, schools, unknown.get(name, ())),
            next_step=_ANSWERS
            if rule == "unread"
            else "correct the attribute in the tool or in the side table",
        )
        for (name, rule), times in counts.items()
    ]


def note_mark(texts: Iterable[str]) -> str:
    """Eight hexadecimal digits that tell these notes from others; one letter more and it is another mark."""
    words = "\0".join(sorted(" ".join(unicodedata.normalize("NFC", text).split()) for text in texts))
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def note_marks(name: str) -> frozenset[str]:
    """The marks in ``memo 3f9a2c71 77aa01bc``; none in a name that is none of a note."""
    first, *marks = name.casefold().split() or [""]
    return frozenset(marks if first == MEMO and all(map(_MARK.fullmatch, marks)) else ())


def lonely_cases(file: str, cases: int) -> Problem:
    """Cases with attributes that belong to no document: what they say, a consent perhaps, is about nobody."""
    return Problem(
        file,
        found=f"{cases} case(s) with attributes that are tied to no document",
        rule="lonely_case",
        expected="each case tied to its document",
        next_step="write what it says in the side table; some tools lose the tie when they export",
    )


def near_names(times: int) -> Problem:
    """Documents that may be another one's copy, of which a no is said."""
    return Problem(
        "",
        column=CONSENT,
        found=f"{times} document(s) named almost as one with another consent; left out",
        rule="near_interview",
        expected="one name for one interview",
        next_step='spell the name the same everywhere; is it another person, say in the mapping [ignore] "NAME" = "why"',
    )


def between_files(name: str, times: int) -> Problem:
    """Documents about which several files contradict each other in one attribute."""
    rule = "two_consents" if name == CONSENT else "two_attributes"
    return Problem(
        "",
        column=name,
        found=f"{times} document(s), between several files: {_FAULTS[rule]}",
        rule=rule,
        expected="one value in all files and side tables",
        next_step="correct the attribute in the tool or in the side table",
    )


def _allowed(
    name: str, codebook: Codebook, schools: Mapping[str, str] | None, said: Iterable[str] = ()
) -> str:
    """The words that an attribute may have, those first that are near what was ``said``; which is not shown."""
    if name == "skole" and schools is not None:
        return ", ".join(nearest_first(school_names(schools), said))
    attribute = codebook.attribute(name)
    return ", ".join(nearest_first(attribute.values if attribute else (), said))


def school_names(schools: Mapping[str, str]) -> list[str]:
    """One name of each school as the protocol writes it: the first that is not its id."""
    names: dict[str, str] = {}
    for name, school in schools.items():
        if names.get(school, school) == school:
            names[school] = name
    return sorted(names.values())


NEAR = 0.6
"""The least likeness (0–1, of letters) at which a word is shown as the one that may be meant."""


def nearest_first(known: Iterable[str], said: Iterable[str]) -> list[str]:
    """The known words in their order, but first the one that is most like a word that was said, if any is near."""
    words, odd = list(known), [slug(word) for word in said]
    likeness = {
        word: max((SequenceMatcher(None, o, slug(word)).ratio() for o in odd), default=0.0) for word in words
    }
    best = max(words, key=lambda word: likeness[word], default=None)
    is_near = best is not None and likeness[best] >= NEAR
    return sorted(words, key=lambda word: word != best) if is_near else words


HIGHEST_GRADE = 10


def canonical_value(name: str, raw: str, values: Iterable[str]) -> str | None:
    """The codebook's spelling of a value: compared as slugs, synonyms and grades such as ``6. klasse`` included."""
    word = slug(raw)
    if not word:
        return None
    allowed = {slug(value): value for value in values}
    word = _SYNONYMS.get(name, {}).get(word, word)
    if word in allowed:
        return allowed[word]
    if name == "aargang" and (grade := _GRADE.fullmatch(word)):
        told = int(grade.group(1) or grade.group(2))
        # Which grades a study follows is its protocol's to say; that it is a grade is understood.
        return allowed.get(str(told), str(told) if told <= HIGHEST_GRADE else None)
    if name == CONSENT:
        # The beginning of a word is no consent.
        return allowed.get(VALID) if is_yes_answer(raw) else None
    longer = [value for key, value in allowed.items() if key.startswith(word) and len(word) >= 4]
    return longer[0] if len(longer) == 1 else None


def school_id(raw: str, schools: Mapping[str, str] | None) -> str | None:
    """The protocol's id of a school named by its id or by one of its names; as written when none are given."""
    label = unicodedata.normalize("NFC", raw.strip())
    if schools is None:
        return label or None
    known = {slug(name): school for name, school in schools.items()}
    known |= {slug(school): school for school in schools.values()}
    return known.get(slug(label))


def _value(codebook: Codebook, name: str, raw: str, schools: Mapping[str, str] | None = None) -> str | None:
    if name == "skole" and schools is not None:
        return school_id(raw, schools) if raw.strip() else None
    attribute = codebook.attribute(name)
    values = attribute.values if attribute else ()
    found = canonical_value(name, raw, values)
    if found is None and raw.strip() and (name == "skole" or not values):
        # A school's id belongs to the study's protocol, which knows more schools than the codebook's example.
        return unicodedata.normalize("NFC", raw.strip())
    return found


def attribute_name(label: str, codebook: Codebook) -> str | None:
    """The codebook's attribute meant by a tool's variable name, e.g. ``Cases:Årgang`` → ``aargang``."""
    word = slug(re.split(r"[:/\\]", label)[-1])
    for name in FIELDS:
        if word in {slug(name), FIELDS[name], *(slug(alias) for alias in ALIASES.get(name, ()))}:
            return name
    return word if codebook.attribute(word) else None


def consent_of(word: str, codebook: Codebook) -> str | None:
    """The codebook's value of a word on consent; ``None`` where it is not understood."""
    return _value(codebook, CONSENT, word)


def second_consents(file: str, columns: int) -> Problem:
    """Filled columns that speak of consent beside the one that is read: a no in them would be lost."""
    return Problem(
        file,
        1,
        found=f"{columns} more column(s) that speak of consent",
        rule="second_consent",
        expected="one column samtykke",
        next_step="write the most restrictive word in samtykke, and take the others out",
    )


def normal_name(name: str) -> str:
    """A document's name as it is compared: its words and numbers, whatever stands between them, without its extension."""
    text = _EXTENSION.sub("", " ".join(unicodedata.normalize("NFC", name).split())).casefold()
    return " ".join(part.lstrip("0") or "0" for part in _PARTS.findall(text)) or text


def may_be_same(one: str, other: str) -> bool:
    """Whether two normal names may be one document's: one begins or ends the other (``elev 1 m4a``, ``kopi af elev 1``)."""
    short, long = sorted(([w for w in n.split() if not _GUID.fullmatch(w)] for n in (one, other)), key=len)
    return long[: len(short)] == short or long[len(long) - len(short) :] == short


def slug(text: str) -> str:
    """Lower case with æøå written out and blanks, dashes and slashes as one underscore."""
    word = unicodedata.normalize("NFC", text).strip().casefold()
    for letter, plain in (("æ", "ae"), ("ø", "oe"), ("å", "aa"), ("é", "e")):
        word = word.replace(letter, plain)
    return re.sub(r"[\s\-/_]+", "_", word).strip("_")
