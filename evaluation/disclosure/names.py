"""Finding roster names in a text without keeping a roster: keyed hashes of name parts.

What belongs here: how a Danish name is taken apart, normalised, hashed and found again. The door builds a
:class:`NameMatcher` while it still sees the names; only hashes are ever stored, and without the key they
can be neither read nor guessed. Other identifiers are found in ``text``.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from evaluation.errors import EnvironmentProblem

WORD = re.compile(r"[^\W\d_]+(?:['’`´-][^\W\d_]+)*['’`´]?")
BROKEN = re.compile(r"([^\W\d_]+)-[ \t]*\r?\n[ \t]*([^\W\d_]+)")
"""A word divided at the end of a line."""
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
PARTICLES = frozenset(
    {"af", "da", "de", "del", "den", "der", "di", "du", "el", "la", "le", "van", "von", "bin", "al"}
)
_ORDINARY_TEXT = (
    "ager bak bakke bank berg bjerg blom bo bork by bæk dal dam dahl eg elm eng frost gade god hede holm hav "
    "have høj kær kok krog lang lille liv lund lykke lærke maj mark munk møller pil ravn ris sand sky skov "
    "smed sne sol sten stor storm sund ung vang ven vind vinter å"
)
ORDINARY_WORDS = frozenset(_ORDINARY_TEXT.split())
"""Words that are also names: found only with a capital letter, or nearly every text would be stopped."""


def normalise_text(text: str) -> str:
    """One composed form, no invisible characters, plain spaces, dashes and digits."""
    composed = unicodedata.normalize("NFKC", text.translate(INVISIBLE))
    digits = re.sub(r"\d", lambda hit: str(unicodedata.decimal(hit.group())), composed)
    return re.sub(r"[‐‑‒–—−]", "-", digits)


def normalise_token(token: str) -> str:
    """Case, composition and the Danish spellings å/aa, æ/ae, ø/oe made one; accents taken off."""
    folded = normalise_text(token).casefold()
    for letter, spelling in (("å", "aa"), ("æ", "ae"), ("ø", "oe"), ("ö", "oe"), ("ä", "ae"), ("ü", "u")):
        folded = folded.replace(letter, spelling)
    stripped = unicodedata.normalize("NFD", folded)
    return "".join(c for c in stripped if not unicodedata.combining(c))


def name_tokens(name: str) -> frozenset[str]:
    """What of a name is looked for: each part of two letters or more, and hyphenated parts written as one."""
    tokens: set[str] = set()
    for word in WORD.findall(normalise_text(name)):
        parts = [normalise_token(p) for p in re.split(r"['’`´-]", word) if p]
        tokens.update(parts)
        tokens.add("".join(parts))
    return frozenset(t for t in tokens if len(t) >= 2 and t not in PARTICLES)


@dataclass(frozen=True)
class NameMatcher:
    """Knows names by their hashes only. ``tokens``: hexadecimal HMAC-SHA-256, cut to 128 bits."""

    tokens: frozenset[str]
    key: bytes = field(repr=False)

    @classmethod
    def from_names(cls, names: Iterable[str], key: bytes) -> NameMatcher:
        """Hash every part of every name. ``key``: the study's secret; a key of its own is derived from it."""
        derived = _derive(key)
        parts = frozenset().union(*(name_tokens(n) for n in names))
        return cls(frozenset(_digest(derived, p) for p in parts), derived)

    def scan(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where names stand, as (start, end) in ``normalise_text(text)``."""
        clean = normalise_text(text)
        found: list[tuple[int, int]] = []
        for word in WORD.finditer(clean):
            start = word.start()
            whole = [(start, word.end(), word.group())]
            parts = [
                (start + p.start(), start + p.end(), p.group())
                for p in re.finditer(r"[^'’`´-]+", word.group())
            ]
            hits = [(a, b) for a, b, w in (whole + parts if len(parts) > 1 else whole) if self._is_name(w)]
            if hits:
                found.append((min(a for a, _ in hits), max(b for _, b in hits)))
        for broken in BROKEN.finditer(clean):
            if self._is_name(broken.group(1) + broken.group(2)):
                found.append(broken.span())
        return tuple(found)

    def _is_name(self, word: str) -> bool:
        plain = re.sub(r"['’`´-]", "", word)
        forms = {plain, re.sub(r"['’`´][sS]?$", "", word).replace("-", "")}
        # Genitive: Ida → Idas; Lars → Lars' and Lars's; Max → Max'; also the spelling Maxes.
        forms |= {re.sub(r"(?<=.)(?i:es|s)$", "", plain), re.sub(r"(?<=.)[sS]$", "", plain)}
        for form in forms:
            token = normalise_token(form)
            is_ordinary = word.islower() and token in _ORDINARY
            if len(token) >= 2 and not is_ordinary and _digest(self.key, token) in self.tokens:
                return True
        return False


_ORDINARY = frozenset(normalise_token(w) for w in ORDINARY_WORDS)


def _derive(key: bytes) -> bytes:
    if len(key) < 16:
        raise EnvironmentProblem("The key is too short to hide names: at least 16 bytes are needed.")
    return hmac.new(key, b"komglad roster names", hashlib.sha256).digest()


def _digest(key: bytes, token: str) -> str:
    return hmac.new(key, token.encode(), hashlib.sha256).hexdigest()[:32]
