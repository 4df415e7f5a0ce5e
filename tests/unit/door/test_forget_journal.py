"""A database that is in use, or whose process was killed, is searched as it is with its journal: nothing hides there."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.door.forget_journal import with_journal
from evaluation.door.forget_proof import still_held
from evaluation.door.forget_tables import KeyedPupil
from evaluation.door.traces import Traces

GONE, STAYS = "0101144001", "0202144002"
WHO, TRACES = KeyedPupil("k", "p" * 20, frozenset(), {}), Traces(GONE)
WRITER = """
import os, signal, sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("PRAGMA journal_mode=WAL")
c.execute("PRAGMA wal_autocheckpoint=20")
c.execute("CREATE TABLE t (a TEXT, b BLOB)")
for n in range(200):
    c.execute("INSERT INTO t VALUES (?, ?)", ("nobody", "ord " * 225))
    c.commit()
c.execute("INSERT INTO t VALUES (?, ?)", (sys.argv[2], ""))
c.commit()
c.execute("INSERT INTO t VALUES (?, ?)", ("never committed", b"x" * 100_000))
os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(folder: Path, text: str) -> Path:
    """A database whose writer was killed, as the run history is."""
    path = folder / "runs.db"
    done = subprocess.run([sys.executable, "-c", WRITER, str(path), text], check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.with_name("runs.db-wal").stat().st_size
    return path


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("number", [GONE, STAYS])
def test_a_killed_writers_database_is_searched_to_the_end(tmp_path: Path, number: str) -> None:
    killed(tmp_path, f"om {number[:6]}-{number[6:]}")
    held, unsearched = still_held(tmp_path, WHO, TRACES, skip=[])
    assert unsearched == ()
    assert bool(held) == (number == GONE)


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.parametrize("whole", [True, False])
def test_it_is_the_database_that_sqlite_makes_of_both(tmp_path: Path, whole: bool) -> None:
    """Also when a checkpoint was cut short, which leaves a database that is none."""
    path = killed(tmp_path, "the last")
    if not whole:
        old, journal = path.read_bytes(), path.with_name("runs.db-wal").read_bytes()
        path.write_bytes(with_journal(old, journal)[: 8 * 4096] + old[8 * 4096 :])
        with sqlite3.connect(":memory:") as alone, pytest.raises(sqlite3.DatabaseError):
            alone.deserialize(path.read_bytes()[:18] + b"\1\1" + path.read_bytes()[20:])
            alone.execute("SELECT a, b FROM t").fetchall()
    mine = with_journal(path.read_bytes(), path.with_name("runs.db-wal").read_bytes())
    shutil.copytree(tmp_path, tmp_path / "copy")
    with sqlite3.connect(tmp_path / "copy" / "runs.db") as theirs:
        want = theirs.execute("SELECT a, b FROM t").fetchall()
    with sqlite3.connect(":memory:") as here:
        here.deserialize(mine[:18] + b"\1\1" + mine[20:])
        assert here.execute("SELECT a, b FROM t").fetchall() == want
    assert want[-1][0] == "the last"


def test_a_database_somebody_has_open_is_searched(tmp_path: Path) -> None:
    """As the run history is while the page is open."""
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (a TEXT)")
        connection.commit()
        assert still_held(tmp_path, WHO, TRACES, skip=[]) == ((), ())
        connection.execute("INSERT INTO t VALUES (?)", (f"{GONE[:6]}-{GONE[6:]}",))
        connection.commit()
        held, unsearched = still_held(tmp_path, WHO, TRACES, skip=[])
    assert "runs.db" in held
    assert unsearched == ()


@pytest.mark.parametrize("journal", [b"", b"\0" * 3, b"\x37\x7f\x06\x82" + b"\0" * 100, b"x" * 5000])
def test_what_is_no_journal_changes_nothing(journal: bytes) -> None:
    assert with_journal(b"database", journal) == b"database"
