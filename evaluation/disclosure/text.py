"""The gate for words: what must not stand in a quote or a free text, and how a quote may be attributed.

What belongs here: patterns of identifiers, the approval mark of quotes, and attribution by counting sources.
Findings carry kinds and places, never what was found.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from evaluation.disclosure.names import NameMatcher, normalise_text
from evaluation.disclosure.rules import DisclosureRules

FindingKind = Literal["cpr", "email", "phone", "address", "name"]

# Day 61–91 marks an administrative CPR number.
_CPR = re.compile(
    r"(?<!\d)(?:0[1-9]|[12]\d|3[01]|6[1-9]|[78]\d|9[01])[ ./-]?(?:0[1-9]|1[0-2])[ ./-]?\d{2}\s?[-./]?\s?\d{4}(?!\d)"
)
_EMAIL = re.compile(
    r"[\w.+-]+\s?(?:@|\(at\)|\[at\]|\bsnabel-?a\b)\s?[\w-]+(?:\s?(?:\.|\(dot\)|\bpunktum\b)\s?\w{2,})+", re.I
)
_PHONE = re.compile(
    r"(?<![\d.,])(?:(?:\+|00)\s?45[\s.-]?)?(?:[2-9]\d(?:[\s.-]?\d{2}){3}|[2-9]\d{3}[\s.-]\d{4}|[2-9]\d{2}[\s.-]\d{2}[\s.-]\d{3})(?!\w|,\d)"
)
_PHONE_SAID = re.compile(
    r"(?:(?:\+|00)\s?45[\s.-]?|\b(?:tlf|telefon\w*|mobil\w*|ring|sms)\b[\s.:]*(?:til\s|på\s)?\s*)\d{2}(?:[\s.-]?\d{2}){3}(?!\d)",
    re.I,
)
_PHONE_PAIRS = re.compile(r"(?<![\d.,-])(?<!\d )\d{2}(?: \d{2}){3}(?!\d|,\d| \d{2}\b)")
_YEARS = re.compile(r"(?:19|20)\d{2}[\s.-]?(?:19|20)\d{2}")
_STREET = re.compile(
    r"\b[^\W\d_][\w.'-]*(?:vej|gade|allé|alle|stræde|vænge|parken|torvet?|plads|bakken|haven|stien|vangen|krogen|"
    r"toften|boulevard|kvarteret|huset)\.?\s+\d{1,3}\s?[a-zA-Z]?\b",
    re.I,
)
_STREET_APART = re.compile(r"\b[A-ZÆØÅ]\w+\s+(?:Vej|Gade|Allé|Alle|Plads|Torv|Stræde|Boulevard)\s+\d{1,3}\b")
_POSTCODE = re.compile(r"(?:,\s*|^\s*|\bDK-)[1-9]\d{3}\s+[A-ZÆØÅ][\wæøå]+", re.M)
_PATTERNS: tuple[tuple[FindingKind, re.Pattern[str]], ...] = (
    ("cpr", _CPR),
    ("email", _EMAIL),
    ("phone", _PHONE),
    ("phone", _PHONE_SAID),
    ("phone", _PHONE_PAIRS),
    ("address", _STREET),
    ("address", _STREET_APART),
    ("address", _POSTCODE),
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that may identify a person, at ``start``–``end`` of the normalised text; never the text itself."""

    kind: FindingKind
    start: int
    end: int


def scan_text(text: str, roster_names: NameMatcher | Iterable[str] = ()) -> tuple[Finding, ...]:
    """Every CPR number, e-mail, phone number, address and roster name in a text, sorted.

    ``roster_names``: a matcher from the door, or names in memory (which are not kept).
    """
    clean = normalise_text(text)
    found: list[Finding] = []
    for kind, pattern in _PATTERNS:
        for hit in pattern.finditer(clean):
            if kind == "phone" and _YEARS.fullmatch(hit.group()):
                continue
            found.append(Finding(kind, hit.start(), hit.end()))
    cpr = [f for f in found if f.kind == "cpr"]
    found = [f for f in found if f.kind != "phone" or not any(c.start <= f.start < c.end for c in cpr)]
    matcher = (
        roster_names
        if isinstance(roster_names, NameMatcher)
        else NameMatcher.from_names(roster_names, b"names held in memory only")
    )
    found.extend(Finding("name", start, end) for start, end in matcher.scan(text))
    return tuple(sorted(set(found)))


def attribute(
    source: Mapping[str, str], sources: pd.DataFrame, fields: Sequence[str], rules: DisclosureRules
) -> dict[str, str]:
    """How a quote may be attributed: the most telling fields that at least ``quote_minimum_sources`` share.

    ``sources``: one row per source, with the columns ``fields`` (school, grade, actor). More fields beat
    fewer, then those first in ``fields``. Returns {} where even one field alone is shared by too few.
    """
    for size in range(len(fields), 0, -1):
        for chosen in itertools.combinations(fields, size):
            if any(name not in source or pd.isna(source[name]) for name in chosen):
                continue
            is_alike = pd.Series(True, index=sources.index)
            for name in chosen:
                is_alike &= sources[name] == source[name]
            if int(is_alike.sum()) >= rules.quote_minimum_sources:
                return {name: source[name] for name in chosen}
    return {}
