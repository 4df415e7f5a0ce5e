"""Texts that people wrote: scanned for what points to a person, and left out where something does."""

from __future__ import annotations

import pandas as pd

from evaluation.disclosure.text import scan_text


def without_identifiers(texts: pd.Series) -> pd.Series:
    """The texts; missing where one holds a number, address or the like that points to a person."""
    is_clean = [not pd.isna(t) and not scan_text(str(t)) for t in texts]
    return texts.where(pd.Series(is_clean, index=texts.index, dtype=bool))
