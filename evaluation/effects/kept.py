"""What has been worked out is kept for the next who asks: the outcomes of a study share most of their designs.

Here: keys made of contents, never of identity, and a cache that they serve. Nothing kept here may depend on
anything but its key, and nobody may write in what comes out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np

from evaluation.effects.results import BoolArray, FloatArray, IntArray

Key = TypeVar("Key", bound="Told")
Found = TypeVar("Found")
_forgetters: list[Callable[[], Any]] = []


class Told:
    """Told apart by the numbers something depends on and nothing else, so that what follows can be kept."""

    def __init__(self, *parts: FloatArray | IntArray | BoolArray, after: bytes = b"") -> None:
        digest = blake2b(after)
        for part in parts:
            digest.update(repr(part.shape).encode() + np.ascontiguousarray(part).tobytes())
        self.digest = digest.digest()

    def __hash__(self) -> int:
        return hash((type(self), self.digest))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and isinstance(other, Told) and self.digest == other.digest


def kept(count: int) -> Callable[[Callable[[Key], Found]], Callable[[Key], Found]]:
    """The function's last ``count`` answers stay in memory, found by the contents of its one argument."""

    def around(work: Callable[[Key], Found]) -> Callable[[Key], Found]:
        remembering = lru_cache(maxsize=count)(work)
        _forgetters.append(remembering.cache_clear)
        return remembering

    return around


def forget() -> None:
    """Drop all that is kept; only a benchmark has reason to."""
    for forgetter in _forgetters:
        forgetter()
