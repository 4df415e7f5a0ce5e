"""What a kind makes of one chunk: columns to stage and what is known of its rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Staged:
    """Columns (n,) of one chunk; ``is_late`` (n,) after the cut-off; ``school`` (n,) places in the protocol.

    ``is_silent`` (n,): accepted rows that say nothing about a school day (a pupil without a mark in a grid).
    """

    columns: dict[str, np.ndarray]
    is_late: np.ndarray
    school: np.ndarray
    is_silent: np.ndarray | None = None
    name_tokens: frozenset[str] = field(default_factory=frozenset)
    local_ids: dict[str, str] = field(default_factory=dict)
