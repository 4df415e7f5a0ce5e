"""From the text of a cell to a value: tidy text, numbers, classes, names. No files, no pupils.

Everything works on distinct values: :func:`by_distinct` parses each different text once, so a million rows cost
what their few thousand different texts cost. A parser returns the value and, where it has none, a rule id of
:data:`~evaluation.door.rules.RULES`. Dates and CPR numbers have modules of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

INVISIBLE = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x200E, 0x200F, 0x202A, 0x202C])
"""Zero-width and direction marks: they make two texts that look alike differ."""


def clean(text: str) -> str:
    """NFC, without zero-width marks, with ordinary blanks, stripped."""
    if text.isascii():
        # Nearly every cell of an export: nothing to compose, and no blank but the ordinary ones.
        return " ".join(text.translate(INVISIBLE).split())
    composed = unicodedata.normalize("NFC", text.translate(INVISIBLE))
    return " ".join(composed.replace("\u00a0", " ").replace("\u202f", " ").split())


def has_look_alike(text: str) -> bool:
    """Whether a text holds letters or digits of another script than Latin (Cyrillic "А", Arabic digits …)."""
    return not text.isascii() and any(
        not c.isascii() and (c.isalpha() or c.isnumeric()) and not unicodedata.name(c, "").startswith(_LATIN)
        for c in text
    )


_HAS_INVISIBLE = re.compile(f"[{''.join(re.escape(chr(c)) for c in INVISIBLE)}]").search
_LATIN = ("LATIN", "SUPERSCRIPT", "VULGAR", "FEMININE", "MASCULINE")


@dataclass(frozen=True)
class Parsed:
    """Values of one column: ``values`` (n,), ``is_bad`` (n,) where no value could be had, ``rules`` (n,) why.

    ``rules`` is computed on demand for the rows asked for, because nearly all rows are good.
    """

    values: np.ndarray
    is_bad: np.ndarray
    codes: np.ndarray
    distinct_rules: np.ndarray

    def rules(self, rows: np.ndarray) -> np.ndarray:
        """Rule ids of the given places (k,)."""
        return np.asarray(self.distinct_rules[self.codes[rows]])


def by_distinct(
    values: pd.Series, parse: Callable[[str], tuple[Any, str | None]], dtype: str = "object"
) -> Parsed:
    """Parse each distinct text once; an empty cell is given to ``parse`` as the empty text."""
    codes, uniques = pd.factorize(values)
    parsed = [_parse_clean(str(u), parse) for u in uniques] + [parse("")]
    found = np.empty(len(parsed), dtype=object)
    found[:] = [p[0] for p in parsed]
    rules = np.empty(len(parsed), dtype=object)
    rules[:] = [p[1] for p in parsed]
    is_bad = np.array([p[1] is not None for p in parsed])
    typed = found if dtype == "object" else np.array([p[0] for p in parsed], dtype=dtype)
    return Parsed(typed[codes], is_bad[codes], codes, rules)


def _parse_clean(text: str, parse: Callable[[str], tuple[Any, str | None]]) -> tuple[Any, str | None]:
    if _HAS_INVISIBLE(text):
        return parse("")[0], "invisible"
    if has_look_alike(text):
        return parse("")[0], "look_alike"
    return parse(clean(text))


def parse_number(decimal: str) -> Callable[[str], tuple[Any, str | None]]:
    """A parser for plain numbers with this decimal sign; the other sign, and thousands signs, are refused."""
    sign = re.escape(decimal)
    shape = re.compile(rf"[+-]?\d+(?:{sign}\d+)?(?:[eE][+-]?\d+)?")

    def parse(text: str) -> tuple[Any, str | None]:
        if not text:
            return np.nan, "empty_value"
        if not (text.isascii() and shape.fullmatch(text)):
            return np.nan, "number_format"
        number = float(text.replace(decimal, "."))
        return (number, None) if np.isfinite(number) else (np.nan, "number_format")

    return parse


_CLASS = re.compile(
    r"0*(\d{1,2})(?:\s*[.\-]?\s*(?:kl(?:asse)?\.?|årgang)?\s*)?[.\- ]?\s*"
    r"(?:([A-Za-zÆØÅæøå]{1,2})[.\-]?(\d)?|(?<!\d)(\d))?",
    re.IGNORECASE,
)


def parse_class(text: str) -> tuple[Any, Any]:
    """Grade and tidy label of one class: ("6", "6.A") from "6.A", "06A", "6 a", "6. a"; ("0", "0") from "0.kl"; ("7", "7.1")
    from "7.1". Two classes have two labels: only capitals, separators, noughts and the word for class are tidied.

    Returns (None, None) for what is not plainly one grade, e.g. "0/1", "6.-7.", "7-9", "Rød stue".
    """
    match = _CLASS.fullmatch(text)
    if not match or (match[4] and "-" in text and int(match[4]) > int(match[1])):
        return None, None
    grade, letter = str(int(match[1])), (match[2] or "").upper()
    if letter in ("KL",):
        letter = ""
    track = letter + (match[3] or match[4] or "")
    return grade, f"{grade}.{track}" if track else grade


_GRADE = re.compile(
    r"(?:(?:klassetrin|årgang|trin|grade|year)\s*)?0*(\d{1,2})\s*\.?\s*(?:årg(?:ang)?|kl(?:asse)?|klassetrin|trin)?\.?",
    re.IGNORECASE,
)


def bare_grade(text: str) -> str:
    """The number of a grade that is written with its word (``0. årg.``, ``Klassetrin 06``); any other text as it is."""
    match = _GRADE.fullmatch(text)
    return str(int(match[1])) if match else text


def full_name(text: str) -> str:
    """A person's name as it is compared: "Efternavn, Fornavn" turned round, casefolded."""
    last, comma, first = text.partition(",")
    return clean(f"{first} {last}" if comma else text).casefold()


def shape_of(text: str) -> str:
    """A text with every letter as ``a``/``A`` and every digit as ``9``: what was found, without the value."""
    masked = "".join(
        "9" if c.isnumeric() else ("A" if c.isupper() else "a") if c.isalpha() else c for c in text[:40]
    )
    return f'"{masked}"' + (" …" if len(text) > 40 else "")


_SAFE = re.compile(
    r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|[+-]?\d{1,4}(?:[.,]\d{1,3}){0,2}|\d{1,2}[-./ ]{0,2}[A-Za-zÆØÅæøå]{0,2}[.]?"
    r"|[A-Za-zÆØÅæøå]{1,2}|excel:[\d-]+|\d{4}-[WwUu]?\d{1,2}"
)


def shown(text: str) -> str:
    """A value for a message: itself when it can only be a date, a small number, a class or a code; else its shape."""
    return f'"{text}"' if text and _SAFE.fullmatch(text) else shape_of(text)
