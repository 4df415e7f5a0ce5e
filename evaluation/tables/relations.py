"""Tables as relations: rows in memory or in a Parquet file, read by the same SQL on one of two engines.

The tables that grow with the number of pupils are never held as a whole: a statement reads what it needs from
their files and hands its rows on in pieces. The statements keep to what DuckDB and Spark both understand (joins, window
functions, standard aggregates; ``STRING``, not ``VARCHAR``). DuckDB runs within the process and is what a process begins
with; :mod:`evaluation.tables.spark` runs the same text over the same files on other machines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pandas as pd
import pyarrow as pa

from evaluation.tables import table

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GB"
"""What a statement over stored tables may hold; more is set down beside the tables and taken up again."""
KEY_ID = "komglad.key_id"
"""Names, in a table's own file, the key its pseudonyms were made with."""
INBOX = "komglad.inbox"
"""Names, in a raw table's own file, the reading of the inbox it came from."""
PIECE = 1 << 17
"""Rows of a piece that is handed on."""


@dataclass(frozen=True)
class Stored:
    """The rows of a declared table in a Parquet file. Nothing is read before somebody asks."""

    name: str
    path: Path

    def frame(self) -> pd.DataFrame:
        """All rows, with the table's declared types."""
        return table(self.name).conform(pd.read_parquet(self.path))

    def __len__(self) -> int:
        import pyarrow.parquet as pq

        return int(pq.read_metadata(self.path).num_rows)

    def schema(self) -> pa.Schema:
        """The columns and types the file has."""
        import pyarrow.parquet as pq

        return pq.read_schema(self.path)


Relation = pd.DataFrame | Stored


def frame_of(relation: Relation) -> pd.DataFrame:
    """The rows in memory."""
    return relation.frame() if isinstance(relation, Stored) else relation


def collected(name: str, pieces: pa.RecordBatchReader) -> pd.DataFrame:
    """The rows of a declared table that were handed on in pieces, in memory."""
    return table(name).conform(pieces.read_pandas())


class Opened(Protocol):
    """Relations that an engine has before it, by their names."""

    def frame(self, statement: str) -> pd.DataFrame:
        """The result of a statement, as a frame."""

    def pieces(self, statement: str) -> Iterator[pa.RecordBatch]:
        """The result of a statement in its own order, in pieces."""

    def close(self) -> None:
        """Forget the relations."""


class Engine(Protocol):
    """What runs statements."""

    def open(self, relations: Mapping[str, Relation], numbered: str = "") -> Opened:
        """Statements may name these relations. The relation ``numbered`` gets the column ``_row``, from 0."""


@dataclass(frozen=True)
class _OpenedHere:
    connection: duckdb.DuckDBPyConnection

    def frame(self, statement: str) -> pd.DataFrame:
        return self.connection.execute(statement).df()

    def pieces(self, statement: str) -> Iterator[pa.RecordBatch]:
        yield from self.connection.sql(statement).to_arrow_reader(PIECE)

    def close(self) -> None:
        self.connection.close()


class Embedded:
    """DuckDB, within this process."""

    def open(self, relations: Mapping[str, Relation], numbered: str = "") -> Opened:
        """A connection with one view per relation."""
        folders = [str(r.path.parent / ".spill") for r in relations.values() if isinstance(r, Stored)]
        connection = _database(folders[0] if folders else "").cursor()
        for name, relation in relations.items():
            if isinstance(relation, Stored):
                file = _quoted(str(relation.path))
                row, option = (
                    (", file_row_number AS _row", ", file_row_number = true")
                    if name == numbered
                    else ("", "")
                )
                star = "* EXCLUDE (file_row_number)" if row else "*"
                connection.execute(
                    f"CREATE TEMP VIEW {name} AS SELECT {star}{row} FROM read_parquet({file}{option})"
                )
            else:
                numbers = {"_row": range(len(relation))} if name == numbered else {}
                connection.register(name, relation.assign(**numbers) if numbers else relation)
        return _OpenedHere(connection)


@lru_cache(maxsize=4)
def _database(spill: str) -> duckdb.DuckDBPyConnection:
    """A database in memory, made once: views belong to its connections. Making one for each statement costs 14 ms.

    Rows of stored tables that do not fit into :data:`MEMORY` are set down in ``spill``, in the round's own folder, and
    removed with the statement; what a killed process left there is removed by the next database.
    """
    import duckdb

    database = duckdb.connect(":memory:")
    # The standard's name, which DuckDB does not have.
    database.execute("CREATE MACRO regexp_like(text, pattern) AS regexp_matches(text, pattern)")
    if spill:
        database.execute(f"SET memory_limit = '{MEMORY}'; SET temp_directory = {_quoted(spill)}")
        database.execute("SET preserve_insertion_order = false")
    return database


_engine: Engine = Embedded()


def use(engine: Engine) -> None:
    """From now on this process's statements are run by ``engine``."""
    global _engine
    _engine = engine


def opened(relations: Mapping[str, Relation], numbered: str = "") -> Opened:
    """Relations before the engine in use: see :meth:`Engine.open`."""
    return _engine.open(relations, numbered)


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def run_sql(statement: str, **relations: Relation) -> pd.DataFrame:
    """One statement over named relations; the result as a frame.

    Sums of days do not depend on how threads split them: shares of days are whole numbers of 2⁻²⁰, whose sums are exact.
    """
    with closing(opened(relations)) as asked:
        return asked.frame(statement)


def stream_sql(name: str, statement: str, **relations: Relation) -> pa.RecordBatchReader:
    """The rows a statement makes for a declared table: its columns and types, sorted by its key, in pieces.

    The statement runs when the first piece is asked for; the relations are closed after the last.
    """
    declared = table(name)
    columns = ", ".join(f"CAST({c} AS {_SQL.get(t, t)}) AS {c}" for c, t in declared.columns.items())
    # The rest of the columns settles the order of rows that share a key, so that the same rows give the same bytes.
    by = ", ".join(f"{c} NULLS LAST" for c in dict.fromkeys([*declared.key, *declared.columns]))
    ordered = f"SELECT {columns} FROM ({statement}) AS made ORDER BY {by}"
    return pa.RecordBatchReader.from_batches(declared.schema, _pieces(ordered, declared.schema, relations))


def _pieces(statement: str, schema: pa.Schema, relations: dict[str, Relation]) -> Iterator[pa.RecordBatch]:
    with closing(opened(relations)) as asked:
        for batch in asked.pieces(statement):
            yield conformed(batch, schema)


def conformed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The piece with the declared columns and types."""
    arrays = [batch.column(f.name).cast(f.type) for f in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


_SQL = {"DATE": "TIMESTAMP", "VARCHAR": "STRING"}
"""Dates are stored as time stamps, as frames hold them; a text has no declared length."""
