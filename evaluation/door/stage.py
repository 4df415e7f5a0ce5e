"""Accepted rows on their way to the tables: compact, without identifiers, kept in DuckDB until all files are read.

Texts (pupil keys, grades, class labels) are numbered once, so that overlap and conflict between files are decided
over integers, for a million rows as for a hundred. What does not fit in memory is spilled to a private folder that
goes with the stage; only numbers are ever written there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

MEMORY_LIMIT = "768MB"
"""What DuckDB may hold before it spills; the readers' pieces and the numbered texts come on top."""
SLICE_ROWS = 3_000_000
"""So many staged rows are decided over at once."""
BATCH_ROWS = 1 << 17
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


class Stage:
    """One DuckDB table per kind, filled chunk by chunk. ``id`` numbers the rows of a table in order of arrival.

    ``scratch``: a folder to spill in when memory is short; the system's folder for temporary files when None.
    """

    def __init__(self, scratch: Path | None = None) -> None:
        self.texts = Interner()
        self._counts: dict[str, int] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="komglad-", dir=scratch)
        self.connection: Any = duckdb.connect(":memory:")
        self.run(
            (
                f"SET temp_directory = '{self._folder.name.replace(chr(39), chr(39) * 2)}'",
                f"SET memory_limit = '{MEMORY_LIMIT}'",
            )
        )

    def add(self, kind: str, columns: dict[str, np.ndarray]) -> None:
        """Append rows; days are stored as days since 1970, missing as NULL."""
        frame = pd.DataFrame({name: _storable(values) for name, values in columns.items()})
        start = self._counts.get(kind, 0)
        frame.insert(0, "id", np.arange(start, start + len(frame), dtype=np.int64))
        self.connection.register("_piece", frame)
        if kind in self._counts:
            self.connection.execute(f"INSERT INTO {kind} SELECT * FROM _piece")
        else:
            self.connection.execute(f"CREATE TABLE {kind} AS SELECT * FROM _piece")
        self.connection.unregister("_piece")
        self._counts[kind] = start + len(frame)

    def drop_file(self, number: int) -> None:
        """Take back every row of a file that turned out to be refused."""
        for kind in self._counts:
            self.connection.execute(f"DELETE FROM {kind} WHERE file = {int(number)}")

    def has(self, kind: str) -> bool:
        """Whether any row of a kind came."""
        if kind not in self._counts:
            return False
        return bool(self.connection.execute(f"SELECT count(*) FROM {kind}").fetchall()[0][0])

    def slices(self, kind: str) -> list[str]:
        """Conditions that part a kind's rows by a whole number, to be named in the braces; one that always holds for few."""
        n = -(-self._counts.get(kind, 0) // SLICE_ROWS)
        return [f"abs({{0}}) % {n} = {i}" for i in range(n)] if n > 1 else ["TRUE"]

    def frame(self, sql: str) -> pd.DataFrame:
        """The result of a statement that is known to be small."""
        frame: pd.DataFrame = self.connection.execute(sql).df()
        return frame

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The result of a statement in pieces, none of it kept."""
        with self.connection.cursor() as cursor:
            yield from cursor.sql(sql).to_arrow_reader(BATCH_ROWS)

    def run(self, statements: Iterable[str]) -> None:
        """Statements in order."""
        for statement in statements:
            self.connection.execute(statement)

    def make(self, name: str, rows: pd.DataFrame) -> None:
        """A small table of its own, seen by every cursor."""
        self.connection.register("_rows", rows)
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM _rows")
        self.connection.unregister("_rows")


def _storable(values: np.ndarray) -> Any:
    if values.dtype.kind != "M":
        return values
    missing = np.isnat(values)
    days = (np.where(missing, _EPOCH, values.astype("datetime64[D]")) - _EPOCH).astype(np.int32)
    return (
        pd.array(days, dtype="Int32") if not missing.any() else pd.Series(days, dtype="Int32").mask(missing)
    )
