"""The warehouse: one Parquet file per round and table, replaced whole or not at all.

A file is written under a temporary name, flushed to the disk and renamed, so a crash leaves the old table and
readers never see half a table. Files are readable by their owner only. Beside each checked table stands its
verdict (did the blocking checks pass, for exactly these bytes?), because Dagster's own blocking holds only
within one run: a table is handed on only when its stored verdict says so.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.errors import EnvironmentProblem, GateRefused, InputError, Problem
from evaluation.expectations import CHECKED_TABLES
from evaluation.tables import TABLES
from evaluation.tables.relations import KEY_ID, Stored

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

KEYED_BY = "raw_ledger"
"""The table that says which key the door used last."""
ROW_GROUP = 1 << 18
"""Rows of a Parquet row group of a streamed table: what a writer holds at a time."""


@contextlib.contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """A temporary path beside ``path`` that takes its place when the block succeeds; owner-only, flushed.

    Raises:
        EnvironmentProblem: the disk is full or the folder cannot be written; the old file is whole.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise _disk_problem(path, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o600)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _disk_problem(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _disk_problem(path: Path, error: OSError) -> EnvironmentProblem:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EnvironmentProblem(
            f"the disk is full: {path.name} could not be written; the old file is whole",
            [
                Problem(
                    path.name,
                    found=f"no space left in {path.parent}",
                    next_step="free some space and run again",
                )
            ],
        )
    return EnvironmentProblem(
        f"{path.name} could not be written: {error.strerror or error}",
        [
            Problem(
                path.name,
                found=f"{path.parent} cannot be written",
                next_step="check the folder's permissions",
            )
        ],
    )


def write_text(path: Path, text: str) -> None:
    """A text file, atomically, UTF-8 with LF line ends on every system."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(path: Path, content: bytes) -> None:
    """A binary file, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


@dataclass(frozen=True)
class Warehouse:
    """Tables of every round under one folder."""

    root: Path

    def path(self, round_id: str, table: str) -> Path:
        """Where a table is."""
        return self.root / round_id / f"{table}.parquet"

    def write(self, round_id: str, table: str, frame: pd.DataFrame, key_id: str = "") -> Path:
        """Replace a table. The same frame gives the same bytes. ``key_id``: the key its pseudonyms were made with."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.path(round_id, table)
        metadata = {KEY_ID: key_id} if key_id else None
        arrow = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(metadata)
        with atomic_file(path) as temporary:
            pq.write_table(arrow, temporary, compression="zstd", use_dictionary=True, write_statistics=True)
        return path

    def write_stream(
        self, round_id: str, table: str, reader: pa.RecordBatchReader, key_id: str = ""
    ) -> tuple[Path, int]:
        """Replace a table by rows that arrive in pieces and are never all held; returns the file and their number."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        path, rows = self.path(round_id, table), 0
        schema = reader.schema.with_metadata({KEY_ID: key_id}) if key_id else reader.schema
        with (
            atomic_file(path) as temporary,
            pq.ParquetWriter(temporary, schema, compression="zstd", use_dictionary=True) as writer,
        ):
            for group in _row_groups(reader):
                writer.write_table(pa.Table.from_batches(group, schema), row_group_size=ROW_GROUP)
                rows += sum(batch.num_rows for batch in group)
        return path, rows

    def stored(self, round_id: str, table: str) -> Stored:
        """A table where it lies, for statements that read what they need of it.

        Raises:
            InputError: the round has no such table yet.
        """
        path = self.path(round_id, table)
        if not path.is_file():
            raise InputError(
                f"{round_id} has no {table} yet",
                [
                    Problem(
                        f"{round_id}/{table}.parquet", found="missing", next_step=f"komglad run {round_id}"
                    )
                ],
            )
        return Stored(table, path)

    def read(self, round_id: str, table: str) -> pd.DataFrame:
        """A table as a frame, with its declared types when it is declared.

        Raises:
            InputError: the round has no such table yet.
        """
        import pandas as pd

        stored = self.stored(round_id, table)
        return stored.frame() if table in TABLES else pd.read_parquet(stored.path)

    def require_passed(self, round_id: str, table: str) -> None:
        """The gate before use downstream: a table's checks passed for exactly the bytes that are there.

        Raises:
            GateRefused: a blocking check failed, or the table was never checked since it was written.
        """
        if table in CHECKED_TABLES:
            self._require_passed(round_id, table)

    def key_id(self, round_id: str, table: str) -> str:
        """Which key a table's pseudonyms were made with; empty when there is no table or it holds none."""
        import pyarrow.parquet as pq

        path = self.path(round_id, table)
        found = (pq.read_schema(path).metadata or {}) if path.is_file() else {}
        return str(found.get(KEY_ID.encode(), b"").decode())

    def pupil_keys(self, key_id: str) -> set[str]:
        """Pseudonyms of all pupils in tables of any round that were made with this key."""
        import pyarrow.parquet as pq

        found: set[str] = set()
        for path in sorted(self.root.glob("*/*.parquet")):
            schema = pq.read_schema(path)
            if (schema.metadata or {}).get(
                KEY_ID.encode(), b""
            ).decode() == key_id and "pupil_key" in schema.names:
                keys = pq.read_table(path, columns=["pupil_key"]).column(0)
                found |= set(keys.drop_null().unique().to_pylist())
        return found

    def require_one_key(self, round_id: str, table: str) -> None:
        """Pseudonyms of two keys never meet: a table goes with the round's raw tables or is made again.

        Raises:
            GateRefused: the table's pseudonyms were made with another key than the raw tables'.
        """
        mine, now = self.key_id(round_id, table), self.key_id(round_id, KEYED_BY)
        if mine and now and mine != now:
            raise GateRefused(
                f"{table} was made with another pseudonym key than the round's raw tables, so its pupils are not theirs",
                [
                    Problem(
                        f"{round_id}/{table}",
                        found=f"key {mine}",
                        expected=f"key {now}",
                        next_step=f"make the whole round again: komglad run {round_id}",
                    )
                ],
            )

    def require_checked(self, round_id: str) -> None:
        """The export gate: every checked table of the round passed for exactly its bytes.

        Raises:
            GateRefused: naming the first table that did not.
        """
        for table in CHECKED_TABLES:
            self._require_passed(round_id, table)

    def _require_passed(self, round_id: str, table: str) -> None:
        verdict = self.verdict(round_id, table)
        if verdict is None or verdict["sha256"] != self.digest(round_id, table):
            raise GateRefused(
                f"{table} has not been checked since it was written, so nothing may be made from it",
                [Problem(f"{round_id}/{table}", found="no verdict", next_step=f"komglad run {round_id}")],
            )
        if not verdict["passed"]:
            raise GateRefused(
                f"{table} did not pass its checks, so nothing may be made from it",
                [
                    Problem(f"{round_id}/{table}", found=s, next_step="komglad check")
                    for s in verdict["failed"]
                ],
            )

    def read_json(self, round_id: str, name: str) -> dict[str, Any] | None:
        """A record of a round, None when there is none."""
        path = self.root / round_id / f"{name}.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def write_json(self, round_id: str, name: str, content: dict[str, Any]) -> None:
        """Replace a record of a round."""
        text = json.dumps(content, ensure_ascii=False, sort_keys=True)
        write_text(self.root / round_id / f"{name}.json", text + "\n")

    def digest(self, round_id: str, table: str) -> str:
        """SHA-256 of a table's file; empty when there is none."""
        path = self.path(round_id, table)
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def verdict(self, round_id: str, table: str) -> dict[str, Any] | None:
        """The stored verdict of a table's checks."""
        return self.read_json(round_id, f"checks/{table}")

    def store_verdict(
        self, round_id: str, table: str, *, passed: bool, failed: list[str], results: list[dict[str, Any]]
    ) -> None:
        """Write what the checks said about the bytes that are there now: the verdict, and apart from it every result.

        The verdict is read each time a table is handed on, so it stays small.
        """
        self.write_json(round_id, f"checks/{table}.results", {"results": results})
        content = {"table": table, "sha256": self.digest(round_id, table), "passed": passed, "failed": failed}
        self.write_json(round_id, f"checks/{table}", content)

    def check_results(self, round_id: str, table: str) -> list[dict[str, Any]]:
        """Every result of a table's checks, for the data-quality page."""
        return (self.read_json(round_id, f"checks/{table}.results") or {"results": []})["results"]

    def tables(self, round_id: str) -> list[str]:
        """Names of the tables a round has."""
        return sorted(p.stem for p in (self.root / round_id).glob("*.parquet"))

    def digests(self, round_id: str) -> dict[str, str]:
        """Every table's hash: two runs of the same inputs give the same."""
        return {name: self.digest(round_id, name) for name in self.tables(round_id)}


def _row_groups(reader: pa.RecordBatchReader) -> Iterator[list[pa.RecordBatch]]:
    """Pieces together until they fill a row group, so that their size at the source leaves no trace in the file."""
    group: list[pa.RecordBatch] = []
    held = 0
    for piece in reader:
        batch = piece
        while held + batch.num_rows >= ROW_GROUP:
            take = ROW_GROUP - held
            yield [*group, batch.slice(0, take)]
            batch, group, held = batch.slice(take), [], 0
        if batch.num_rows:
            group.append(batch)
            held += batch.num_rows
    if group:
        yield group


def connect(round_id: str, root: Path | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with one view per table of a round: for analysts and notebooks. Locks nothing."""
    import duckdb

    from pipelines.settings import Settings

    warehouse = Warehouse(root or Settings.from_environment().warehouse)
    names = warehouse.tables(round_id)
    if not names:
        raise InputError(f"{round_id} has no tables yet; run: komglad run {round_id}")
    connection = duckdb.connect(":memory:")
    for name in names:
        file = str(warehouse.path(round_id, name)).replace("'", "''")
        connection.execute(f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{file}')")
    return connection
