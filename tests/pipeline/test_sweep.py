"""What killed processes leave goes before anything else happens; what lives, and what is anybody else's, stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.sweep import ASIDE, sweep, working_aside

LEFT = (
    "scratch/komglad-x1/duckdb_temp_storage.tmp",
    "warehouse/november_2026/.raw_absence.parquet.x1.tmp",
    "warehouse/november_2026/.spill/rows",
    "warehouse/november_2026/.komglad-forget-x1.tmp",
    "incoming/fjord/.komglad-forget-x1.tmp",
    ".komglad-forget-x1.tmp",
    ".check-x1/november_2026/raw_absence.parquet",
    "reports/.ledger.json.new",
    "releases/.november_2026.new/styregruppe.html",
    "reports/november_2026/.styregruppe.pdf.part",
)
KEPT = (
    "warehouse/november_2026/raw_absence.parquet",
    "warehouse/november_2026/made/raw_absence.json",
    "incoming/fjord/.upload.tmp",
    "incoming/fjord/fravaer.tmp",
    "reports/ledger.json",
    "notes.tmp",
    ".own/notes.txt",
    "scratchpad.txt",
)


def put(data: Path, name: str) -> None:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("rows", encoding="utf-8")


def test_every_leftover_goes_and_nothing_else(tmp_path):
    for name in (*LEFT, *KEPT):
        put(tmp_path, name)
    sweep(tmp_path)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == set(KEPT)
    sweep(tmp_path)
    sweep(tmp_path / "not there")


WORKING = """
import sys, tempfile
from pathlib import Path
from pipelines.sweep import working_aside
tempfile.tempdir = sys.argv[3]
with working_aside(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "rows").write_text("rows")
    print(folder.name, flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("begins", ASIDE)
def test_the_folder_of_a_process_goes_when_the_process_has_gone(tmp_path, monkeypatch, begins):
    """Also in the system's folder for temporary files, where a check works when the data folder is read-only. The folder
    of a process that was killed goes though another one has its number by now, as the first of a container has.
    """
    elsewhere, data = tmp_path / "tmp", tmp_path / "data"
    elsewhere.mkdir()
    data.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    for folder in (data, elsewhere):
        put(folder, f"{begins}{os.getpid()}-x1/november_2026/raw_absence.parquet")
        put(folder, f"{begins}1-x2/november_2026/raw_absence.parquet")
    command = [sys.executable, "-c", WORKING]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    lives, killed = (
        subprocess.Popen([*command, str(data), begins, str(elsewhere)], **pipes) for _ in range(2)
    )
    names = [p.stdout.readline().strip() for p in (lives, killed)]
    killed.kill()
    killed.wait()
    sweep(data)
    assert {p.name for folder in (data, elsewhere) for p in folder.iterdir()} == {names[0]}
    lives.communicate("")
    assert list(data.iterdir()) == []


def test_a_folder_to_work_aside_in_lies_in_the_data_folder_and_is_gone_afterwards(tmp_path):
    for begins in ASIDE:
        with working_aside(tmp_path, begins) as folder:
            assert folder.parent == tmp_path
            assert folder.stat().st_mode & 0o077 == 0
            put(folder, "rows")
            sweep(tmp_path)
            assert (folder / "rows").is_file()
        assert list(tmp_path.iterdir()) == []
