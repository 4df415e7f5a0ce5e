"""SQLite files from other programs, opened read-only and immutable; their tables' meaning does not belong here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evaluation.errors import InputError, Problem

MAX_CELL_BYTES = 50 * 1024 * 1024


@contextmanager
def open_sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    """Read-only connection. Raises ``InputError`` when the file is no sound database, also while it is read."""
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error:
        raise _unusable(path.name) from None
    try:
        connection.row_factory = sqlite3.Row
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
        # A view or trigger in a foreign file must not call anything with side effects.
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        yield connection
    except (sqlite3.Error, OverflowError, UnicodeError):
        raise _unusable(path.name) from None
    finally:
        connection.close()


def tables_of(connection: sqlite3.Connection) -> frozenset[str]:
    """Names of the real tables (no views), in lower case."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return frozenset(str(name[0]).casefold() for name in names)


def rows_of(connection: sqlite3.Connection, table: str, *columns: str) -> list[dict[str, Any]]:
    """All rows of a table as mappings, in the order of its row ids; empty when the table does not exist.

    ``table`` and the ``columns`` it must have are constants of the calling reader, never names from the file.
    Raises ``sqlite3.DatabaseError`` (a refusal inside :func:`open_sqlite`) when a column is missing.
    """
    if table.casefold() not in tables_of(connection):
        return []
    cursor = connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid')
    names = [str(item[0]) for item in cursor.description]
    if not set(columns) <= set(names):
        raise sqlite3.DatabaseError(f"{table} has other columns")
    return [dict(zip(names, row, strict=True)) for row in cursor]


def text_of(value: Any) -> str:
    """A cell as text; SQLite columns may hold any type whatever they declare."""
    if value is None:
        return ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _unusable(file: str) -> InputError:
    problem = Problem(
        file,
        found="not a complete SQLite database",
        rule="Taguette or QualCoder",
        expected="the project file, closed in the program it came from",
        next_step="close the project there and copy it again",
    )
    return InputError(f"{file} cannot be read.", [problem])
