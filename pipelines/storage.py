"""The warehouse: one Parquet file per round and table, replaced whole or not at all.

A file is written under a temporary name, flushed to the disk and renamed, so a crash leaves the old table and
readers never see half a table. Files are readable by their owner only. Beside each checked table stands its
verdict (did the blocking checks pass, for exactly these bytes?), because Dagster's own blocking holds only
within one run: a table is handed on only when its stored verdict says so. Beside every table stands what it was made
from (:mod:`pipelines.origins`): a table that komglad did not write, or that was altered since, is read by nobody.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evaluation.errors import EnvironmentProblem, GateRefused, InputError, KomgladError, Problem
from evaluation.expectations import CHECKED_TABLES
from evaluation.sealing import opened, refused, sealed
from evaluation.tables import TABLES
from evaluation.tables.relations import KEY_ID, Stored
from evaluation.words import Count
from evaluation.words.texts import texts
from pipelines import origins
from pipelines.causes import CLOSED, FULL, closed, disk_full, not_a_file, reason_of
from pipelines.origins import Sealing
from pipelines.private import own_folder

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import pyarrow as pa

TEXT = texts("running")
STALE = TEXT("storage_stale_view")


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
        own_folder(path.parent)
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


def _disk_problem(path: Path, error: OSError) -> KomgladError:
    if isinstance(error, (IsADirectoryError, NotADirectoryError, FileExistsError)):
        return not_a_file(path, _data_of(path))
    if error.errno in FULL:
        return disk_full(path, _data_of(path))
    if error.errno in CLOSED:
        return closed(path)
    return EnvironmentProblem(
        TEXT("storage_not_written", name=path.name),
        [
            Problem(
                str(path.parent),
                found=reason_of(error),
                next_step=TEXT("storage_look_at_disk"),
            )
        ],
    )


def _data_of(path: Path) -> Path:
    """The data folder a file lies in, as far as its place tells."""
    return next((p for p in path.parents if (p / "warehouse").is_dir()), path.parent)


def write_text(path: Path, text: str) -> None:
    """A text file, atomically, UTF-8 with LF line ends on every system."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_bytes(path: Path, content: bytes) -> None:
    """A binary file, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_bytes(content)


def file_digest(path: Path) -> str:
    """SHA-256 of a file; worked out once for a file that has not been written since."""
    state = path.stat()
    return _digest(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=4096)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class Warehouse:
    """Tables of every round under one folder. Without ``sealing`` it is a place to set tables down and no more."""

    root: Path
    sealing: Sealing | None = None

    def path(self, round_id: str, table: str) -> Path:
        """Where a table is."""
        return self.root / round_id / f"{table}.parquet"

    def write(
        self,
        round_id: str,
        table: str,
        frame: pd.DataFrame,
        key_id: str = "",
        inputs: Mapping[str, str] | None = None,
    ) -> Path:
        """Replace a table. The same frame gives the same bytes.

        ``key_id``: the key its pseudonyms were made with. ``inputs``: SHA-256 of what it was made from, by name.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = self.path(round_id, table)
        metadata = {KEY_ID: key_id} if key_id else None
        arrow = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(metadata)
        with atomic_file(path) as temporary:
            pq.write_table(arrow, temporary, compression="zstd", use_dictionary=True, write_statistics=True)
        origins.note(self, round_id, table, inputs or {})
        return path

    def write_stream(
        self,
        round_id: str,
        table: str,
        reader: pa.RecordBatchReader,
        key_id: str = "",
        inputs: Mapping[str, str] | None = None,
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
        origins.note(self, round_id, table, inputs or {})
        return path, rows

    def stored(self, round_id: str, table: str) -> Stored:
        """A table where it lies, for statements that read what they need of it.

        Raises:
            InputError: the round has no such table yet.
            GateRefused: it is not the table komglad wrote.
        """
        path = self.path(round_id, table)
        if not path.is_file():
            raise InputError(
                TEXT("storage_no_table_yet", round_id=round_id, table=table),
                [
                    Problem(
                        f"{round_id}/{table}.parquet",
                        found="findes ikke",
                        next_step=f"komglad run {round_id}",
                    )
                ],
            )
        if self.sealing is not None:
            origins.require_whole(self, round_id, table)
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

    def is_whole(self, round_id: str, table: str) -> bool:
        """Whether a table's bytes are the ones that were written."""
        try:
            origins.require_whole(self, round_id, table)
        except KomgladError:
            return False
        return True

    def vouch(self, round_id: str, table: str) -> None:
        """Seal a table's bytes anew, after rows were taken out of it; what it was made from stays."""
        made = origins.origin_of(self, round_id, table)
        if made is not None:
            origins.note(self, round_id, table, made.inputs)

    def require_fit(self, round_id: str, tables: Iterable[str]) -> None:
        """Tables, and all they were made from, are the present ones, under the present protocol and code.

        Raises:
            GateRefused: with every table that does not fit.
        """
        origins.require_fit(self, round_id, tables)

    def present(self, round_id: str, tables: Iterable[str]) -> dict[str, str]:
        """SHA-256 of tables as they lie now: what is made from them now is made from these bytes."""
        return {name: self.digest(round_id, name) for name in tables}

    def require_one_key(self, round_id: str, table: str) -> None:
        """Pseudonyms of two keys never meet: a table goes with the round's raw tables or is made again.

        Raises:
            GateRefused: the table's pseudonyms were made with another key than the raw tables'.
        """
        mine, now = self.key_id(round_id, table), self.key_id(round_id, KEYED_BY)
        if mine and now and mine != now:
            raise GateRefused(
                TEXT("storage_two_keys", table=table),
                [
                    Problem(
                        f"{round_id}/{table}",
                        found=TEXT("sealing_key_found", found=mine),
                        expected=TEXT("sealing_key_expected", expected=now),
                        next_step=TEXT("storage_run_again", round_id=round_id),
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
                TEXT("storage_not_checked", table=table),
                [Problem(f"{round_id}/{table}", found="ingen kontrol", next_step=f"komglad run {round_id}")],
            )
        if not verdict["passed"]:
            raise GateRefused(
                TEXT("storage_not_passed", table=table),
                [
                    Problem(f"{round_id}/{table}", found=s, next_step="komglad check")
                    for s in verdict["failed"]
                ],
            )

    def read_json(self, round_id: str, name: str) -> dict[str, Any] | None:
        """A record of a round, None when there is none.

        Raises:
            InputError: it is damaged, was altered since it was written, or was sealed with another key.
        """
        path = self.root / round_id / f"{name}.json"
        if not path.is_file():
            return None
        if self.sealing is None:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        way_back = TEXT("storage_run_again", round_id=round_id)
        return opened(f"{round_id}/{name}.json", path.read_bytes(), self.sealing.key(), way_back=way_back)

    def write_json(self, round_id: str, name: str, content: dict[str, Any]) -> None:
        """Replace a record of a round."""
        if self.sealing is None:
            data = (json.dumps(content, ensure_ascii=False, sort_keys=True) + "\n").encode()
        else:
            data = sealed(f"{round_id}/{name}.json", content, self.sealing.key())
        write_bytes(self.root / round_id / f"{name}.json", data)

    def digest(self, round_id: str, table: str) -> str:
        """SHA-256 of a table's file; empty when there is none."""
        path = self.path(round_id, table)
        return file_digest(path) if path.is_file() else ""

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
        """Every result of a table's checks, for the data-quality page; none of a table that was not checked.

        Raises:
            InputError: the table was checked, and what was found is gone.
        """
        name = f"checks/{table}.results"
        found = self.read_json(round_id, name)
        if found is None and self.verdict(round_id, table) is not None:
            raise refused(
                f"{round_id}/{name}.json", TEXT("storage_gone"), f"lav runden igen: komglad run {round_id}"
            )
        results: list[dict[str, Any]] = [] if found is None else found["results"]
        return results

    def tables(self, round_id: str) -> list[str]:
        """Names of the tables a round has."""
        return sorted(p.stem for p in (self.root / round_id).glob("*.parquet"))

    def recorded(self, round_id: str) -> list[str]:
        """Names of the tables that a round is known to have been given, whether they still lie there or not."""
        return sorted(p.stem for p in (self.root / round_id / origins.FOLDER).glob("*.json"))

    def digests(self, round_id: str) -> dict[str, str]:
        """Every table's hash: two runs of the same inputs give the same."""
        return self.present(round_id, self.tables(round_id))

    def keyed(self, text: str) -> str:
        """A hash of a text that leaves: nobody without the key can try which text it was."""
        assert self.sealing is not None
        return self.sealing.key().keyed("manifest", text)


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


def connect(round_id: str, warehouse: Warehouse | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB with one view per table of a round: for analysts and notebooks. Locks nothing.

    A table that is not made from the present ones is warned of, and the view ``komglad_forældet`` says why.

    Raises:
        InputError: the round has no tables, or they were made with another key.
        GateRefused: a table is not the one komglad wrote.
    """
    import duckdb

    if warehouse is None:
        from pipelines.resources import warehouse_of
        from pipelines.settings import Settings

        warehouse = warehouse_of(Settings.from_environment())
    names = warehouse.tables(round_id)
    if not names:
        raise InputError(TEXT("storage_no_tables_yet", round_id=round_id))
    old = origins.outdated(warehouse, round_id)
    if old:
        name, why = next(iter(old.items()))
        warnings.warn(
            TEXT(
                "storage_stale",
                old=Count(len(old)),
                names=Count(len(names)),
                round_id=round_id,
                name=name,
                why=why,
            ),
            stacklevel=2,
        )
    connection = duckdb.connect(":memory:")
    for name in names:
        file = str(warehouse.path(round_id, name)).replace("'", "''")
        connection.execute(f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{file}')")
    connection.execute(f"CREATE TABLE {STALE} (tabel VARCHAR, grund VARCHAR)")
    for row in sorted(old.items()):
        connection.execute(f"INSERT INTO {STALE} VALUES (?, ?)", row)
    return connection
