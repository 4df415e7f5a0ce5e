"""Consent lists with one row per pupil and a column for each parent and purpose, told apart into one row per statement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk
from evaluation.door.mapping import Mapping

ANSWER, PURPOSE, WHOSE = "\x00answer", "\x00purpose", "\x00whose"
"""Columns of a chunk that was told apart; no file can have a heading like them."""


def told_apart(chunk: Chunk, mapping: Mapping) -> Chunk:
    """One row per answer, in the order of the file; an empty cell says nothing. Other mappings' chunks as they are."""
    if mapping.wide is None or not len(chunk.rows):
        return chunk
    columns = mapping.wide.answers
    cells = pd.concat([chunk.frame[a.column] for a in columns], ignore_index=True)
    n = len(chunk.rows)
    at = np.tile(np.arange(n), len(columns))
    which = np.repeat(np.arange(len(columns)), n)
    said = np.flatnonzero(cells.notna().to_numpy(dtype=bool))
    said = said[np.argsort(at[said], kind="stable")]
    frame = chunk.frame.take(at[said]).reset_index(drop=True)
    frame[ANSWER] = cells.iloc[said].reset_index(drop=True)
    frame[PURPOSE] = pd.Series([columns[i].purpose for i in which[said]], dtype="str")
    frame[WHOSE] = pd.Series([columns[i].holder for i in which[said]], dtype="str")
    return replace(chunk, frame=frame, rows=chunk.rows[at[said]])
