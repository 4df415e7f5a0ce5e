"""Keyed pseudonyms: the one-way step that names and CPR numbers take at the door.

A plain hash would be worthless: all of Denmark's CPR numbers can be tried in seconds. So every pseudonym is an
HMAC-SHA-256 (RFC 2104) under a key that lies outside the repository and the data folder, with a subkey per
purpose, so that a pupil's key cannot be compared with a coder's or with a name's. Where the key comes from
(environment, file) is :mod:`pipelines`' business; how a key is changed is told in
:mod:`~evaluation.door.rotation`.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.errors import EnvironmentProblem, Problem
from evaluation.sealing import SealKey
from evaluation.words import Count
from evaluation.words.texts import texts

TEXT = texts("running")
KEY_BYTES = 32
MINIMUM_BYTES = 32
PSEUDONYM_HEX = 20
"""80 bits. Chance of any collision among a million pupils: 10^12 / 2 / 2^80 < 10^-12."""

_HOW = TEXT("key_how")
_EXPECTED = TEXT("key_expected")


@dataclass(frozen=True)
class PseudonymKey:
    """A secret key. Its text never appears in ``repr``, in messages or in files of the product."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MINIMUM_BYTES:
            raise EnvironmentProblem(
                TEXT("key_too_short"),
                [
                    Problem(
                        "",
                        found=TEXT("key_bytes", n=Count(len(self.secret))),
                        expected=_EXPECTED,
                        next_step=_HOW,
                    )
                ],
            )
        if len(set(self.secret)) < 8:
            raise EnvironmentProblem(
                TEXT("key_not_random"),
                [Problem("", found=TEXT("key_different", n=Count(len(set(self.secret)))), next_step=_HOW)],
            )

    @classmethod
    def from_bytes(cls, content: bytes) -> PseudonymKey:
        """The key in a key file's or variable's content: hexadecimal text (as ``komglad init`` writes it)."""
        try:
            text = content.decode("ascii")
        except UnicodeDecodeError:
            raise EnvironmentProblem(
                TEXT("key_not_readable"),
                [Problem("", found=TEXT("key_no_text"), expected=_EXPECTED, next_step=_HOW)],
            ) from None
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> PseudonymKey:
        """The key written as hexadecimal digits.

        Raises:
            EnvironmentProblem: missing, not hexadecimal, too short or not random; the text is not repeated.
        """
        bare = "".join(text.split())
        if not bare:
            raise EnvironmentProblem(TEXT("key_empty"), [Problem("", expected=_EXPECTED, next_step=_HOW)])
        try:
            secret = bytes.fromhex(bare)
        except ValueError:
            raise EnvironmentProblem(
                TEXT("key_not_readable"),
                [
                    Problem(
                        "",
                        found=TEXT("key_characters", n=Count(len(bare))),
                        expected=_EXPECTED,
                        next_step=_HOW,
                    )
                ],
            ) from None
        return cls(secret)

    @property
    def key_id(self) -> str:
        """Eight hex digits that tell keys apart without giving anything of them away."""
        return self._subkey(b"key-id").hex()[:8]

    @property
    def for_interviews(self) -> bytes:
        """The subkey that documents, segments and coders of interviews are keyed with."""
        return self.pseudonym("interviews", "subkey").encode()

    @property
    def for_seals(self) -> SealKey:
        """The subkey that stores of the data folder are sealed with."""
        return SealKey(self._subkey(b"seals"), self.key_id)

    def pseudonym(self, purpose: str, value: str) -> str:
        """The pseudonym of one canonical value, :data:`PSEUDONYM_HEX` hex digits."""
        return str(self.hash_many(purpose, [value])[0])

    def pseudonyms(self, purpose: str, values: pd.Series) -> pd.Series:
        """Pseudonyms of canonical values, missing stays missing; hashed once per distinct value."""
        codes, uniques = pd.factorize(values)
        hashed = np.array([*self.hash_many(purpose, uniques), None], dtype=object)
        return pd.Series(hashed[codes], index=values.index, dtype="str")

    def hash_many(self, purpose: str, values: Iterable[str]) -> np.ndarray:
        """Pseudonyms of distinct values as an object array (n,)."""
        subkey = self._subkey(purpose.encode())
        out = [hmac.digest(subkey, str(v).encode(), "sha256").hex()[:PSEUDONYM_HEX] for v in values]
        return np.array(out, dtype=object)

    def values_behind(
        self, purpose: str, values: Iterable[str], pseudonyms: Collection[str]
    ) -> dict[str, str]:
        """Value by pseudonym, for those of the ``values`` that have one of the ``pseudonyms``; ends when all are found.

        Only the key's owner can ask this, and only where the values can be tried; the answer holds identifiers.
        """
        subkey = self._subkey(purpose.encode())
        wanted = {bytes.fromhex(p): p for p in pseudonyms}
        size, found = PSEUDONYM_HEX // 2, {}
        for value in values if wanted else ():
            known = wanted.get(hmac.digest(subkey, value.encode(), "sha256")[:size])
            if known is not None:
                found[known] = value
                if len(found) == len(wanted):
                    break
        return found

    def _subkey(self, purpose: bytes) -> bytes:
        return hmac.digest(self.secret, b"komglad/1/" + purpose, "sha256")


def generate_key() -> str:
    """A new key as 64 hexadecimal digits, from the system's random source."""
    return secrets.token_hex(KEY_BYTES)
