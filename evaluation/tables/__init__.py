"""Every table of the warehouse: its name, grain and columns. One place, read by assets, checks and documents.

Names are a grammar: ``raw_`` is what came through the door, ``core_`` is what the evaluation is made from,
``out_`` is what it found. Columns carry their unit (``_pct`` per cent, ``_pp`` percentage points, ``_days``,
``_on`` a date); booleans start ``is_`` or ``has_``. Ids, keys and grades are strings.
"""

from __future__ import annotations

from evaluation.tables.core import CORE
from evaluation.tables.declare import Table
from evaluation.tables.out import OUT
from evaluation.tables.raw import RAW

__all__ = ["TABLES", "Table", "table"]

TABLES: dict[str, Table] = {t.name: t for t in (*RAW, *CORE, *OUT)}
"""All declared tables by name."""


def table(name: str) -> Table:
    """The declaration of a table; raises ``KeyError`` for an unknown name."""
    return TABLES[name]
