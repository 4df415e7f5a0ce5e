"""Keyed pseudonyms: the one-way step that names and CPR numbers take at the door, and rotation of its key.

A plain hash would be worthless: all of Denmark's CPR numbers can be tried in seconds. So every pseudonym is an
HMAC-SHA-256 (RFC 2104) under a key that lies outside the repository and the data folder, with a subkey per
purpose, so that a pupil's key cannot be compared with a coder's or with a name's. Where the key comes from
(environment, file) is :mod:`pipelines`' business.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.errors import EnvironmentProblem, InputError, Problem

KEY_BYTES = 32
MINIMUM_BYTES = 32
PSEUDONYM_HEX = 20
"""80 bits. Chance of any collision among a million pupils: 10^12 / 2 / 2^80 < 10^-12."""

_HOW = "komglad init makes a good key"


@dataclass(frozen=True)
class PseudonymKey:
    """A secret key. Its text never appears in ``repr``, in messages or in files of the product."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < MINIMUM_BYTES:
            raise EnvironmentProblem(
                "the pseudonym key is too short",
                [Problem("", found=f"{len(self.secret)} bytes", expected=f"at least {MINIMUM_BYTES} random bytes",
                         rule="key", next_step=_HOW)],
            )  # fmt: skip
        if len(set(self.secret)) < 8:
            raise EnvironmentProblem(
                "the pseudonym key is not random",
                [Problem("", found=f"{len(set(self.secret))} different bytes", rule="key", next_step=_HOW)],
            )

    @classmethod
    def from_bytes(cls, content: bytes) -> PseudonymKey:
        """The key in a key file's or variable's content: hexadecimal text (as ``komglad init`` writes it)."""
        try:
            text = content.decode("ascii")
        except UnicodeDecodeError:
            raise EnvironmentProblem(
                "the pseudonym key cannot be read",
                [Problem("", found="bytes that are not text", expected="64 hexadecimal digits", rule="key",
                         next_step=_HOW)],
            ) from None  # fmt: skip
        return cls.parse(text)

    @classmethod
    def parse(cls, text: str) -> PseudonymKey:
        """The key written as hexadecimal digits.

        Raises:
            EnvironmentProblem: missing, not hexadecimal, too short or not random; the text is not repeated.
        """
        bare = "".join(text.split())
        if not bare:
            raise EnvironmentProblem(
                "the pseudonym key is empty", [Problem("", found="nothing", rule="key", next_step=_HOW)]
            )
        try:
            secret = bytes.fromhex(bare)
        except ValueError:
            raise EnvironmentProblem(
                "the pseudonym key cannot be read",
                [Problem("", found=f"{len(bare)} characters that are not all hexadecimal digits",
                         expected="64 hexadecimal digits", rule="key", next_step=_HOW)],
            ) from None  # fmt: skip
        return cls(secret)

    @property
    def key_id(self) -> str:
        """Eight hex digits that tell keys apart without giving anything of them away."""
        return self._subkey(b"key-id").hex()[:8]

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

    def _subkey(self, purpose: bytes) -> bytes:
        return hmac.digest(self.secret, b"komglad/1/" + purpose, "sha256")


def generate_key() -> str:
    """A new key as 64 hexadecimal digits, from the system's random source."""
    return secrets.token_hex(KEY_BYTES)


def rotation_map(old: PseudonymKey, new: PseudonymKey, purpose: str, values: pd.Series) -> pd.DataFrame:
    """Old and new pseudonym of every distinct canonical value: ``old_key``, ``new_key``, sorted by the old.

    Needs the identifiers themselves, so it can only be made at the door, from the incoming files.
    """
    distinct = values.dropna().drop_duplicates()
    frame = pd.DataFrame(
        {"old_key": old.hash_many(purpose, distinct), "new_key": new.hash_many(purpose, distinct)},
        dtype="str",
    )
    return frame.sort_values("old_key").reset_index(drop=True)


def rotate(frame: pd.DataFrame, rotation: pd.DataFrame, column: str = "pupil_key") -> pd.DataFrame:
    """The frame with ``column`` under the new key.

    Raises:
        InputError: some pseudonyms are not in the map; nothing is half rotated.
    """
    new = frame[column].map(rotation.set_index("old_key")["new_key"])
    lost = int((new.isna() & frame[column].notna()).sum())
    if lost:
        raise InputError(
            "the key cannot be rotated",
            [Problem("", column=column, found=f"{lost} rows have a pseudonym that is not in the rotation map",
                     rule="rotation", next_step="make the map from all incoming files the table came from")],
        )  # fmt: skip
    return frame.assign(**{column: new.astype("str")})
