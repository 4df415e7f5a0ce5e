"""Accepted rows on their way to the tables: compact, without identifiers, kept in DuckDB until all files are read.

Texts (pupil keys, grades, class labels) are numbered once, so that overlap and conflict between files are decided
over integers, for a million rows as for a hundred.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pandas as pd

_EPOCH = np.datetime64("1970-01-01", "D")


@dataclass
class Interner:
    """Numbers distinct texts; missing is -1."""

    numbers: dict[str, int] = field(default_factory=dict)

    def codes(self, values: np.ndarray) -> np.ndarray:
        """Numbers (n,) of texts (n,)."""
        codes, uniques = pd.factorize(values)
        table = np.array(
            [self.numbers.setdefault(str(u), len(self.numbers)) for u in uniques] + [-1], dtype=np.int32
        )
        return np.asarray(table[codes])

    def texts(self, codes: np.ndarray) -> np.ndarray:
        """Texts (n,) of numbers (n,) as an object array, None for -1."""
        return np.asarray(np.array([*self.numbers, None], dtype=object)[codes])


@dataclass
class Stage:
    """One DuckDB table per kind, filled chunk by chunk. ``id`` numbers the rows of a table in order of arrival."""

    connection: Any = field(default_factory=lambda: duckdb.connect(":memory:"))
    texts: Interner = field(default_factory=Interner)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, columns: dict[str, np.ndarray]) -> None:
        """Append rows; days are stored as days since 1970, missing as NULL."""
        frame = pd.DataFrame({name: _storable(values) for name, values in columns.items()})
        start = self.counts.get(kind, 0)
        frame.insert(0, "id", np.arange(start, start + len(frame), dtype=np.int64))
        self.connection.register("_piece", frame)
        if kind in self.counts:
            self.connection.execute(f"INSERT INTO {kind} SELECT * FROM _piece")
        else:
            self.connection.execute(f"CREATE TABLE {kind} AS SELECT * FROM _piece")
        self.connection.unregister("_piece")
        self.counts[kind] = start + len(frame)

    def drop_file(self, kind: str, number: int) -> None:
        """Take back the rows of a file that turned out to be refused."""
        if kind in self.counts:
            self.connection.execute(f"DELETE FROM {kind} WHERE file = {int(number)}")

    def has(self, kind: str) -> bool:
        """Whether any row of a kind came."""
        if kind not in self.counts:
            return False
        return bool(self.connection.execute(f"SELECT count(*) FROM {kind}").fetchall()[0][0])

    def frame(self, sql: str) -> pd.DataFrame:
        """The result of a statement."""
        frame: pd.DataFrame = self.connection.execute(sql).df()
        return frame

    def run(self, statements: Iterable[str]) -> None:
        """Statements in order."""
        for statement in statements:
            self.connection.execute(statement)


def _storable(values: np.ndarray) -> Any:
    if values.dtype.kind != "M":
        return values
    missing = np.isnat(values)
    days = (np.where(missing, _EPOCH, values.astype("datetime64[D]")) - _EPOCH).astype(np.int32)
    return (
        pd.array(days, dtype="Int32") if not missing.any() else pd.Series(days, dtype="Int32").mask(missing)
    )


def days_to_dates(days: pd.Series) -> pd.Series:
    """Days since 1970 as ``datetime64[us]``, missing as NaT."""
    values = pd.to_numeric(days, errors="coerce").to_numpy(dtype="float64", na_value=np.nan)
    out = np.full(len(values), np.datetime64("NaT", "us"), dtype="datetime64[us]")
    known = ~np.isnan(values)
    out[known] = (_EPOCH + values[known].astype(np.int64)).astype("datetime64[us]")
    return pd.Series(out, index=days.index)
