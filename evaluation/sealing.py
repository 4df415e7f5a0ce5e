"""Documents that show when they were altered: JSON under a hash that only the owner of the study's key can make.

Sealing and opening, and keyed hashes of anything else. What is sealed, where it lies and how one comes back from a
damaged document is the caller's business. A keyed hash also gives nothing away: a plain hash of a small table lets
everybody try which table it is.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluation.errors import InputError, Problem
from evaluation.words.texts import texts

TEXT = texts("running")


SEAL = "sealed"
"""Where the seal stands in a document."""


@dataclass(frozen=True)
class SealKey:
    """What documents are sealed with. ``key_id`` names the key without giving anything of it away."""

    secret: bytes = field(repr=False)
    key_id: str

    def keyed(self, purpose: str, text: str) -> str:
        """A hash of a text that nobody without the key can make or try."""
        return hmac.digest(self.secret, f"{purpose}\n{text}".encode(), "sha256").hex()


def sealed(name: str, content: Mapping[str, Any], key: SealKey, *, indent: int | None = None) -> bytes:
    """The document as it is filed. Its seal holds for this name alone, so that documents cannot change places."""
    seal = {"key_id": key.key_id, "hmac": key.keyed(name, _canonical(content))}
    text = json.dumps({**content, SEAL: seal}, ensure_ascii=False, sort_keys=True, indent=indent)
    return (text + "\n").encode()


def opened(name: str, data: bytes, key: SealKey, *, way_back: str) -> dict[str, Any]:
    """The content of a sealed document.

    Raises:
        InputError: it is no such document, was sealed with another key, or was altered afterwards. The message names
            the file and ``way_back``.
    """
    try:
        content = json.loads(data)
        seal = content.pop(SEAL)
        key_id, found = str(seal["key_id"]), str(seal["hmac"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise refused(name, TEXT("sealing_damaged"), way_back) from None
    if key_id != key.key_id:
        raise another_key(name, key_id, key.key_id)
    if not hmac.compare_digest(found, key.keyed(name, _canonical(content))):
        raise refused(name, TEXT("sealing_changed"), way_back)
    return dict(content)


def sealed_with(data: bytes) -> str:
    """Id of the key a document names; empty when it is no sealed document."""
    try:
        return str(json.loads(data)[SEAL]["key_id"])
    except (ValueError, KeyError, TypeError):
        return ""


def refused(name: str, found: str, way_back: str) -> InputError:
    """A store that cannot be trusted, with the way back."""
    return InputError(
        TEXT("sealing_not_usable", name=name, found=found),
        [Problem(name, found=found, expected=TEXT("sealing_as_written"), next_step=way_back)],
    )


def another_key(name: str, found: str, expected: str) -> InputError:
    """A store that belongs to another key."""
    return InputError(
        TEXT("sealing_other_key", name=name),
        [
            Problem(
                name,
                found=TEXT("sealing_key_found", found=found),
                expected=TEXT("sealing_key_expected", expected=expected),
                next_step=TEXT("sealing_use_that_key"),
            )
        ],
    )


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
