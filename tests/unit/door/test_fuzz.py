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
    "csv": 150,
    "grid": 100,
    "grid_dates": 100,
    "grid_types": 100,
    "grid_halves": 100,
    "grid_weekdays": 100,
    "xlsx": 60,
    "xml": 800,
    "zip": 800,
    "map": 100,
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
        # libFuzzer measures the peak of the process that started it too (ru_maxrss outlives exec): the script limits.
        "-rss_limit_mb=0",
        f"-artifact_prefix={tmp_path}/",
    ]
    done = subprocess.run(
        [sys.executable, str(script), kind, str(corpus), *options],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"Done {RUNS[kind]} runs" in done.stderr
    assert "ft: 1 " not in done.stderr.splitlines()[-2], "nothing was instrumented"
