"""What is known of a document (informant, school, grade …) and how tools' words become the codebook's values.

The attributes come from a QDA tool's cases and variables, from the coded rows themselves, or from a side table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.interviews.plain_columns import ALIASES
from evaluation.interviews.tables import read_rows

FIELDS = {
    "informant": "informant",
    "skole": "school_id",
    "aargang": "grade",
    "nedslag": "occasion",
    "form": "form",
    "samtykke": "consent",
}
"""The codebook's attribute → column of the canonical table."""

_EXTENSION = re.compile(r"\.(txt|docx?|odt|rtf|pdf|html?|md|vtt|srt)\Z", re.IGNORECASE)
_SYNONYMS = {
    "samtykke": {
        "ja": "gyldigt",
        "givet": "gyldigt",
        "gyldig": "gyldigt",
        "valid": "gyldigt",
        "true": "gyldigt",
        "false": "mangler",
        "nej": "mangler",
        "ikke_givet": "mangler",
        "missing": "mangler",
        "trukket": "trukket_tilbage",
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
    """Raw words per attribute of the codebook; ``coders`` are everyone who coded the document."""

    raw: Mapping[str, str] = field(default_factory=dict)
    coders: tuple[str, ...] = ()

    @property
    def only_coder(self) -> str | None:
        """The coder of rows that name none, when there is exactly one."""
        return self.coders[0] if len(self.coders) == 1 else None

    def updated(self, more: Mapping[str, str]) -> DocumentAttributes:
        """With ``more`` where this says nothing yet; consent withdrawn anywhere stays withdrawn."""
        new = {name: value for name, value in more.items() if value.strip() and not self.raw.get(name)}
        if canonical_value("samtykke", more.get("samtykke", ""), ("trukket_tilbage",)):
            new["samtykke"] = "trukket_tilbage"
        return DocumentAttributes({**self.raw, **new}, self.coders) if new else self

    def canonical(
        self, codebook: Codebook, schools: Mapping[str, str] | None = None
    ) -> dict[str, str | None]:
        """Column of the canonical table → the codebook's value, or ``None`` when missing or unknown."""
        return {
            column: _value(codebook, name, self.raw.get(name, ""), schools) for name, column in FIELDS.items()
        }


def attribute_problems(
    documents: Iterable[DocumentAttributes],
    codebook: Codebook,
    file: str,
    schools: Mapping[str, str] | None = None,
) -> list[Problem]:
    """One problem per attribute with values the codebook does not know; the values themselves are not shown."""
    counts: dict[str, int] = {}
    for document in documents:
        for name in FIELDS:
            raw = document.raw.get(name, "")
            if raw.strip() and _value(codebook, name, raw, schools) is None:
                counts[name] = counts.get(name, 0) + 1
    problems = []
    for name, times in counts.items():
        attribute = codebook.attribute(name)
        allowed = ", ".join(attribute.values) if attribute else ""
        if name == "skole" and schools is not None:
            allowed = ", ".join(sorted(set(schools.values())))
        problems.append(
            Problem(
                file,
                column=name,
                found=f"{times} document(s) with a value that is not known",
                rule="codebook",
                expected=allowed,
                next_step="correct the attribute in the tool or in the side table",
            )
        )
    return problems


def canonical_value(name: str, raw: str, values: Iterable[str]) -> str | None:
    """The codebook's spelling of a value: compared as slugs, synonyms and grades such as ``6. klasse`` included."""
    word = slug(raw)
    if not word:
        return None
    allowed = {slug(value): value for value in values}
    word = _SYNONYMS.get(name, {}).get(word, word)
    if word in allowed:
        return allowed[word]
    if name == "aargang" and (numbers := re.findall(r"\d+", word)) and len(numbers) == 1:
        return allowed.get(str(int(numbers[0])))
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


def read_documents(path: Path) -> dict[str, DocumentAttributes]:
    """Side table (CSV or XLSX; columns in :mod:`~evaluation.interviews.plain_columns`), by normal name.

    Raises ``InputError`` when a document stands twice with different values or no document column is found.
    """
    table = read_rows(path)
    headings = {canonical: table.heading(canonical) for canonical in ("dokument", "koder", *FIELDS)}
    if headings["dokument"] is None:
        problem = Problem(
            path.name, 1, found="no column for the document", expected='"document" or "dokument"'
        )
        raise InputError(f"{path.name} is not a table of documents.", [*table.problems, problem])
    documents: dict[str, DocumentAttributes] = {}
    problems = list(table.problems)
    for row in table.rows:
        name = normal_name(row.get(headings["dokument"]))
        if not name:
            continue
        raw = {key: value for key in FIELDS if (value := row.get(headings[key]).strip())}
        coders = tuple(c.strip() for c in re.split(r"[|,;]", row.get(headings["koder"])) if c.strip())
        about = DocumentAttributes(raw, coders)
        if name in documents and documents[name] != about:
            problems.append(
                Problem(
                    path.name,
                    row.line,
                    found="the document stands twice with different values",
                    expected="once",
                )
            )
        documents[name] = about
    if problems:
        raise InputError(f"{path.name} has {len(problems)} problem(s).", problems)
    return documents


def normal_name(name: str) -> str:
    """A document's name as it is compared: NFC, no extension, blanks collapsed, casefolded."""
    text = " ".join(unicodedata.normalize("NFC", name).split())
    return _EXTENSION.sub("", text).casefold()


def slug(text: str) -> str:
    """Lower case with æøå written out and blanks, dashes and slashes as one underscore."""
    word = unicodedata.normalize("NFC", text).strip().casefold()
    for letter, plain in (("æ", "ae"), ("ø", "oe"), ("å", "aa"), ("é", "e")):
        word = word.replace(letter, plain)
    return re.sub(r"[\s\-/_]+", "_", word).strip("_")
