"""The warehouse: whole files or old files, owner-only, and nothing is handed on that was not checked."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pandas as pd
import pyarrow as pa
import pytest

from evaluation.errors import GateRefused, InputError
from evaluation.tables import table
from pipelines.storage import Warehouse, atomic_file, connect, write_text
from tests.conftest import sealing


def consents(n: int) -> pd.DataFrame:
    rows = {"pupil_key": [f"p{i}" for i in range(n)], "purpose": "evaluering", "is_in_force": True}
    return table("core_consents").conform(
        pd.DataFrame({**rows, "status": "in_force", "from_on": pd.Timestamp("2026-09-01")})
    )


def test_the_same_frame_gives_the_same_bytes(tmp_path):
    first, second = Warehouse(tmp_path / "a"), Warehouse(tmp_path / "b")
    first.write("r", "core_consents", consents(3))
    second.write(
        "r",
        "core_consents",
        consents(3).sample(frac=1, random_state=1).sort_values("pupil_key", ignore_index=True),
    )
    assert first.digest("r", "core_consents") == second.digest("r", "core_consents") != ""


def test_a_table_comes_back_as_it_was_declared(tmp_path):
    warehouse = Warehouse(tmp_path, sealing())
    warehouse.write("r", "core_consents", consents(3))
    pd.testing.assert_frame_equal(warehouse.read("r", "core_consents"), consents(3))


def test_files_are_readable_by_their_owner_only(tmp_path):
    path = Warehouse(tmp_path / "w").write("r", "core_consents", consents(1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_file(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def _by_replacing(path):
    from evaluation.door.erase import replacing

    with replacing(path) as stream:
        stream.write(b"new")


def _privately(path):
    from evaluation.disclosure.ledger import write_private

    write_private(path, b"new")


@pytest.mark.parametrize("write", [lambda p: write_text(p, "new"), _by_replacing, _privately])
def test_a_file_is_on_the_disk_before_it_takes_the_old_ones_place(tmp_path, monkeypatch, write):
    """The order on which a power cut depends: written aside, flushed to the disk, renamed; the old file until then."""
    path, done = tmp_path / "a.json", []
    path.write_text("old")
    flush, rename = os.fsync, type(path).replace

    def flushed(handle):
        done.append(("flushed", os.fstat(handle).st_size, path.read_text()))
        flush(handle)

    def renamed(self, target):
        done.append(("renamed", self.stat().st_size, path.read_text()))
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(type(path), "replace", renamed)
    write(path)
    assert done == [("flushed", 3, "old"), ("renamed", 3, "old")]
    assert path.read_text() == "new"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_missing_table_says_what_to_run(tmp_path):
    with pytest.raises(InputError, match="komglad run november_2026"):
        Warehouse(tmp_path).read("november_2026", "core_cells")


def test_an_unchecked_table_is_not_handed_on(tmp_path):
    warehouse = Warehouse(tmp_path, sealing())
    warehouse.write("r", "core_consents", consents(2))
    with pytest.raises(GateRefused, match="er ikke kontrolleret"):
        warehouse.require_passed("r", "core_consents")
    warehouse.store_verdict("r", "core_consents", passed=True, failed=[], results=[])
    warehouse.require_passed("r", "core_consents")
    assert len(warehouse.stored("r", "core_consents")) == 2


def test_a_verdict_holds_only_for_the_bytes_it_was_given_for(tmp_path):
    warehouse = Warehouse(tmp_path, sealing())
    warehouse.write("r", "core_consents", consents(2))
    warehouse.store_verdict("r", "core_consents", passed=True, failed=[], results=[])
    warehouse.write("r", "core_consents", consents(3))
    with pytest.raises(GateRefused, match="er ikke kontrolleret, siden"):
        warehouse.require_passed("r", "core_consents")


def test_a_failed_verdict_stays_a_refusal_in_every_later_run(tmp_path):
    warehouse = Warehouse(tmp_path, sealing())
    warehouse.write("r", "core_consents", consents(2))
    warehouse.store_verdict(
        "r", "core_consents", passed=False, failed=["to elever står to gange"], results=[]
    )
    with pytest.raises(GateRefused, match="to elever står to gange") as refused:
        warehouse.require_passed("r", "core_consents")
    assert refused.value.exit_code == 3


def test_analysts_get_one_view_per_table_and_lock_nothing(tmp_path):
    warehouse = Warehouse(tmp_path, sealing())
    warehouse.write("r", "core_consents", consents(4))
    with connect("r", warehouse) as connection:
        assert connection.execute("SELECT COUNT(*) FROM core_consents").fetchone() == (4,)
        assert connection.execute("SELECT COUNT(*) FROM komglad_forældet").fetchone() == (0,)
        warehouse.write("r", "core_consents", consents(5))
        assert connection.execute("SELECT COUNT(*) FROM core_consents").fetchone() == (5,)


FULL = """
import resource, sys, pandas as pd
from pathlib import Path
from evaluation.errors import EnvironmentProblem
from pipelines.storage import Warehouse
warehouse = Warehouse(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    warehouse.write("r", "big", pd.DataFrame({"x": range(200_000)}))
except EnvironmentProblem as problem:
    print(problem.exit_code, problem)
"""


@pytest.mark.skipif(os.name == "nt", reason="file size limits are POSIX")
def test_a_disk_that_takes_no_more_leaves_the_old_table_whole(tmp_path):
    warehouse = Warehouse(tmp_path)
    warehouse.write("r", "big", pd.DataFrame({"x": range(10)}))
    before = warehouse.digest("r", "big")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("5 disken er fuld")
    assert warehouse.digest("r", "big") == before
    assert [p.name for p in (tmp_path / "r").iterdir()] == ["big.parquet"]


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path):
    blocked = tmp_path / "not-a-folder"
    blocked.write_text("")
    with pytest.raises(InputError, match="en fil står, hvor der skal være en mappe"):
        Warehouse(blocked).write("r", "core_consents", consents(1))


def test_paths_with_danish_letters_spaces_and_quotes_work(tmp_path):
    root = tmp_path / "blåbær grød's mappe"
    warehouse = Warehouse(root, sealing())
    warehouse.write("r", "core_consents", consents(2))
    with connect("r", warehouse) as connection:
        assert connection.execute("SELECT COUNT(*) FROM core_consents").fetchone() == (2,)


def test_pseudonyms_of_two_keys_never_meet(tmp_path):
    warehouse = Warehouse(tmp_path)
    ledger = table("raw_ledger").empty()
    warehouse.write("r", "raw_ledger", ledger, "aaaa1111")
    warehouse.write("r", "core_consents", consents(2), "aaaa1111")
    assert warehouse.key_id("r", "core_consents") == "aaaa1111"
    warehouse.require_one_key("r", "core_consents")
    warehouse.write("r", "raw_ledger", ledger, "bbbb2222")
    with pytest.raises(GateRefused, match="en anden nøgle end rundens rå tabeller") as refused:
        warehouse.require_one_key("r", "core_consents")
    assert "komglad run r" in str(refused.value)
    assert "bbbb2222" in str(refused.value)


def test_rows_in_pieces_carry_the_key_id_too(tmp_path):
    warehouse = Warehouse(tmp_path)
    schema = table("core_consents").schema
    pieces = pa.Table.from_pandas(consents(3), schema=schema, preserve_index=False)
    warehouse.write_stream("r", "core_consents", pieces.replace_schema_metadata(None).to_reader(), "aaaa1111")
    assert warehouse.key_id("r", "core_consents") == "aaaa1111"
    pd.testing.assert_frame_equal(warehouse.read("r", "core_consents"), consents(3))


def test_a_folder_in_place_of_a_file_is_told_by_its_own_words(tmp_path):
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(InputError) as refused:
        write_text(tmp_path / "manifest.json", "{}")
    assert "en mappe står, hvor der skal være en fil" in str(refused.value)
    assert list(tmp_path.iterdir()) == [tmp_path / "manifest.json"]
