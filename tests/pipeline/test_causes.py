"""An error keeps its meaning: the exit code, the place and the way on, and never a foreign error's own words."""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from pathlib import Path

import duckdb
import pytest
import sqlalchemy.exc
from lxml.etree import SerialisationError

from evaluation.errors import InputError
from pipelines.causes import explained

SECRET = "010114-4001"


def raised(error: BaseException, *around: BaseException) -> BaseException:
    """The error as it arrives: each of the others was made from it in turn."""
    for outer in around:
        try:
            raise outer from error
        except BaseException as caught:
            error = caught
    return error


def sqlite_error(code: int) -> sqlite3.Error:
    """SQLite's own error of a kind: its code is what tells it, its words say only »disk I/O error«."""
    error = sqlite3.OperationalError(SECRET)
    error.sqlite_errorcode = code
    return error


def from_sqlite(*statements: str, database: Path | str = ":memory:") -> sqlite3.Error:
    """What SQLite really raises."""
    with pytest.raises(sqlite3.Error) as caught, contextlib.closing(sqlite3.connect(database)) as connection:
        for statement in statements:
            connection.execute(statement)
    return caught.value


def from_duckdb(statement: str, memory: str) -> duckdb.Error:
    """What DuckDB really raises where a statement does not fit in the memory it may hold."""
    with duckdb.connect(config={"memory_limit": memory, "max_temp_directory_size": "1TB"}) as connection:
        with pytest.raises(duckdb.Error) as caught:
            connection.execute(statement)
        return caught.value


FULL = OSError(errno.ENOSPC, f"No space left on device {SECRET}", "/data/x.parquet")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (FULL, 5, "disken er fuld"),
        (raised(FULL, RuntimeError(SECRET), ValueError(SECRET)), 5, "disken er fuld"),
        (OSError(errno.EDQUOT, "quota"), 5, "disken er fuld"),
        (from_sqlite("PRAGMA max_page_count = 2", *(f"CREATE TABLE t{i} (a)" for i in range(3))), 5, "disken er fuld"),
        (sqlalchemy.exc.OperationalError("INSERT", {}, sqlite_error(sqlite3.SQLITE_IOERR_WRITE)), 5, "disken er fuld"),
        (sqlite_error(sqlite3.SQLITE_IOERR_FSYNC), 5, "disken er fuld"),
        (duckdb.IOException(f"Could not write {SECRET}: No space left on device"), 5, "disken er fuld"),
        (duckdb.IOException(f"Could not write {SECRET}: File too large"), 5, "disken er fuld"),
        (SerialisationError("IO_EFBIG"), 5, "disken er fuld"),
        (duckdb.OutOfMemoryException(f"failed to offload {SECRET}: 'max_temp_directory_size'"), 5, "disken er fuld"),
        (from_sqlite("SELECT * FROM sqlite_master", database=__file__), 5, "flyt mappen dagster væk"),
        (sqlalchemy.exc.DatabaseError("x", {}, sqlite_error(sqlite3.SQLITE_CORRUPT_INDEX)), 5, "dagster"),
        (from_sqlite("CREATE TABLE t (a)", database="/"), 5, "adgang nægtet"),
        (sqlite_error(sqlite3.SQLITE_READONLY_DBMOVED), 5, "adgang nægtet"),
        (PermissionError(errno.EACCES, SECRET, "/data/warehouse"), 5, "adgang nægtet"),
        (OSError(errno.EROFS, SECRET, "/data/warehouse"), 5, "adgang nægtet"),
        (MemoryError(SECRET), 5, "hukommelse"),
        (from_duckdb("SELECT list(range) FROM range(3000000)", "8MB"), 5, "hukommelse"),
        (raised(InputError("filen mangler"), RuntimeError(SECRET)), 2, "filen mangler"),
        (raised(KeyboardInterrupt(), RuntimeError(SECRET)), 130, "afbrudt, intet udgivet"),
    ],
)  # fmt: skip
def test_a_known_cause_is_told_with_its_code(tmp_path, error, code, says):
    found = explained(error, tmp_path)
    assert found is not None
    assert found.exit_code == code
    assert says in str(found)
    assert SECRET not in str(found)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("releases/november_2026.approval.json", "sikkerhedskopi"),
        ("reports/ledger.json", "sikkerhedskopi"),
        ("warehouse/november_2026/raw_absence.parquet", "komglad run"),
    ],
)
def test_a_folder_in_place_of_a_store_is_named_with_the_way_back(tmp_path, name, says):
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(IsADirectoryError) as caught:
        (tmp_path / name).read_bytes()
    found = explained(caught.value, tmp_path)
    assert found is not None
    assert found.exit_code == 2
    assert f"{name}: en mappe" in str(found)
    assert says in str(found)


@pytest.mark.parametrize("error", [ValueError(SECRET), OSError(errno.ENOENT, "x"), KeyError("disk")])
def test_what_is_not_known_is_not_made_up(tmp_path, error):
    assert explained(error, tmp_path) is None


def test_a_full_disk_says_how_much_is_free_and_how_much_a_round_takes(tmp_path):
    (tmp_path / "warehouse" / "r").mkdir(parents=True)
    with (tmp_path / "warehouse" / "r" / "raw.parquet").open("wb") as stream:
        stream.truncate(3_200_000_000)
    said = str(explained(FULL, tmp_path))
    assert "/data/x.parquet" in said
    assert "fri" in said
    assert "omkring 3,2 GB til en runde" in said
