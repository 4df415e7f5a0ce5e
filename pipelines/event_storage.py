"""Dagster's SQLite storage for the length of one round: the same files, held open instead of opened per event.

Dagster opens a file, writes one event, flushes it to the disk and closes it again, some 800 times a round: more than
a fifth of a round's time. Here a file stays open until the instance is disposed of, and the write-ahead log is
flushed when it is folded in, not at every commit. A process that is killed loses nothing by that; a power failure can
lose the last events of a run, never the database, and the tables themselves are flushed before they are renamed.
``dagster.yaml`` names Dagster's own class: its page and daemon read and write the same files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import sqlalchemy
from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    SQLITE_BUSY_TIMEOUT_SECONDS,
    SqliteEventLogStorage,
)
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.schedules.sqlite.sqlite_schedule_storage import SqliteScheduleStorage
from dagster._core.storage.sqlite_storage import (
    DagsterSqliteStorage,
    _event_logs_directory,
    _runs_directory,
    _schedule_directory,
)
from dagster._serdes import ConfigurableClassData


def _held_open(address: str) -> sqlalchemy.Engine:
    """An engine that keeps its connection."""
    arguments = {"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
    engine = sqlalchemy.create_engine(address, connect_args=arguments)

    @sqlalchemy.event.listens_for(engine, "connect")
    def flush_seldom(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine


class EventLog(SqliteEventLogStorage):
    """Events: one file a run, and one index over all runs."""

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = _held_open(self.conn_string_for_shard(shard))
                self._initdb(self._engines[shard])
            with self._engines[shard].begin() as connection:
                yield connection

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


class Runs(SqliteRunStorage):
    """Runs and their tags: one file."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engine = _held_open(conn_string)
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[sqlalchemy.Connection]:
        """A transaction on the open file."""
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the file."""
        super().dispose()
        self._engine.dispose()


class RoundStorage(DagsterSqliteStorage):
    """What a round's instance writes to."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super(DagsterSqliteStorage, self).__init__()
        self.base_dir = base_dir
        self._inst_data = inst_data
        self._run_storage = Runs.from_local(_runs_directory(base_dir))
        self._event_log_storage = EventLog(_event_logs_directory(base_dir))
        self._schedule_storage = SqliteScheduleStorage.from_local(_schedule_directory(base_dir))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> Self:
        """From the instance's settings."""
        return cls.from_local(inst_data=inst_data, **config_value)
