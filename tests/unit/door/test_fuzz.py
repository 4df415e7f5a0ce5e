"""Coverage-guided fuzz of the readers, bounded: a fixed seed and few runs from a corpus of real small files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

pytest.importorskip("atheris", reason="the fuzzer has wheels for Linux only")

CORPUS = Path(__file__).parents[2] / "data" / "door" / "corpus"
RUNS = {
    "csv": 300,
    "grid": 250,
    "grid_dates": 250,
    "grid_types": 250,
    "grid_halves": 250,
    "grid_weekdays": 250,
    "xlsx": 60,
    "xml": 1500,
    "zip": 1500,
    "map": 250,
}


@pytest.mark.parametrize("kind", RUNS)
def test_no_bytes_are_more_than_the_door_can_answer(kind: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for path in CORPUS.rglob("*"):
        if path.is_file() and (kind in ("map", path.parent.name)):
            shutil.copy(path, corpus / f"{path.parent.name}_{path.name}")
    script = Path(__file__).with_name("fuzz_door.py")
    options = [
        f"-runs={RUNS[kind]}",
        "-seed=20260810",
        "-max_len=8192",
        "-timeout=20",
        f"-artifact_prefix={tmp_path}/",
    ]
    done = subprocess.run(
        [sys.executable, str(script), kind, str(corpus), *options],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {RUNS[kind]} runs" in done.stderr
    assert "ft: 1 " not in done.stderr.splitlines()[-2], "nothing was instrumented"
