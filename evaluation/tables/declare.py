"""What it means to declare a table: name, grain, typed columns, key. The declarations stand in raw, core and out.

Names are a grammar: ``raw_`` is what came through the door, ``core_`` is what the evaluation is made from,
``out_`` is what it found. Columns carry their unit (``_pct`` per cent, ``_pp`` percentage points, ``_days``,
``_on`` a date); booleans start ``is_`` or ``has_``. Ids, keys and grades are strings.

Types are DuckDB's: VARCHAR, DATE, DOUBLE, BIGINT, BOOLEAN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from evaluation.errors import KomgladError

_PANDAS = {
    "VARCHAR": "str",
    "DATE": "datetime64[us]",
    "DOUBLE": "float64",
    "BIGINT": "int64",
    "BOOLEAN": "bool",
}
_ARROW = {
    "VARCHAR": pa.large_string(),
    "DATE": pa.timestamp("us"),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
}


@dataclass(frozen=True)
class Table:
    """A declared table. ``grain`` says what one row is; ``key`` are the columns that make a row unique."""

    name: str
    grain: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        """raw, core or out."""
        return self.name.split("_", 1)[0]

    @property
    def schema(self) -> pa.Schema:
        """The table's columns as Arrow types, as they are stored."""
        return pa.schema([(c, _ARROW[t]) for c, t in self.columns.items()])

    def empty(self) -> pd.DataFrame:
        """A frame with the table's columns and no rows. BIGINT and BOOLEAN may become nullable in use."""
        return pd.DataFrame({c: pd.Series(dtype=_PANDAS[t]) for c, t in self.columns.items()})

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with exactly this table's columns, in order, typed, rows sorted by key: same rows, same bytes.

        Raises:
            KomgladError: a column is missing; extra columns are dropped only when they start with ``_``.
        """
        missing = [c for c in self.columns if c not in frame]
        extra = [c for c in frame if c not in self.columns and not str(c).startswith("_")]
        if missing or extra:
            raise KomgladError(f"{self.name}: missing columns {missing}, undeclared columns {extra}")
        typed = pd.DataFrame({c: _as(frame[c], t) for c, t in self.columns.items()})
        by = list(self.key) or list(self.columns)
        return typed.sort_values(by, kind="stable", na_position="last").reset_index(drop=True)


def _as(column: pd.Series, kind: str) -> pd.Series:
    if kind == "DATE":
        return pd.to_datetime(column).astype("datetime64[us]")
    if kind == "BIGINT":
        return column.astype("Int64") if column.isna().any() else column.astype("int64")
    if kind == "BOOLEAN":
        return column.astype("boolean") if column.isna().any() else column.astype("bool")
    if kind == "DOUBLE":
        return column.astype("float64")
    return column.astype("str")


def declared(name: str, grain: str, columns: str, key: str = "") -> Table:
    """Columns as ``name TYPE`` words, VARCHAR where no type follows."""
    kinds = {"DATE", "DOUBLE", "BIGINT", "BOOLEAN"}
    parsed: dict[str, str] = {}
    last = ""
    for word in columns.split():
        if word in kinds:
            parsed[last] = word
        else:
            parsed[word], last = "VARCHAR", word
    return Table(name, grain, parsed, tuple(key.split()))
