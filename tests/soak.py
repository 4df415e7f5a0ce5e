"""The page left open while both rounds are run again and again: ``python -m tests.soak --runs 20``.

Held: the memory of what stays open grows by less than 1 MB a run, Dagster's store stays under its stated size, no run is
slower at the end than at the beginning, and no process is left when the page closes. Prints its figures as one object.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from evaluation.study import load_study
from pipelines.frozen import freeze_protocol
from tests.conftest import make_inbox, seal_key
from tests.dagster_page import DagsterPage, processes_of, wait_for

WARM_UP = 4
"""Runs until all that is loaded once is loaded."""
LARGEST_SLOPE_MB, LARGEST_STORE_MB, SLOWER = 1.0, 150.0, 1.25


def resident_mb(data: Path) -> float:
    """Memory of the page, the code server and the daemon together; call it while nothing runs."""
    pages = 0
    for process in processes_of(data):
        try:
            pages += int(Path(f"/proc/{process}/statm").read_text().split()[1])
        except OSError:
            continue
    return pages * 4096 / 1e6


def store_mb(data: Path) -> float:
    """Everything Dagster keeps."""
    return sum(p.stat().st_size for p in (data / "dagster").rglob("*") if p.is_file()) / 1e6


def at_rest(data: Path) -> bool:
    """Whether nothing starts or ends: the same processes at each look."""
    seen = processes_of(data).keys()
    for _ in range(5):
        time.sleep(1)
        if processes_of(data).keys() != seen:
            return False
    return True


def soak(folder: Path, runs: int) -> dict[str, object]:
    """Run both rounds ``runs`` times through the page; returns the figures."""
    data = folder / "data"
    make_inbox(data)
    protocol = load_study("demo_kommune").protocol
    freeze_protocol(data, protocol, min(w.planned_from for w in protocol.waves), key=seal_key())
    page = DagsterPage(data, folder / "key")
    memory, seconds = [], []
    try:
        for number in range(runs):
            began = time.perf_counter()
            for the_round in protocol.rounds:
                ended = page.ended(page.launch(the_round.id))
                assert ended == "SUCCESS", (number, the_round.id, ended, page.said.read_text()[-2000:])
            seconds.append(time.perf_counter() - began)
            wait_for("the end of the run's process", lambda: at_rest(data), 120)
            memory.append(resident_mb(data))
            sys.stderr.write(f"{number + 1}/{runs}: {seconds[-1]:.0f} s, {memory[-1]:.0f} MB" + "\n")
        store = store_mb(data)
    finally:
        page.stop()
    wait_for("the end of every process", lambda: not processes_of(data), 30)
    warm = memory[WARM_UP:]
    quarter = max(1, len(seconds) // 4)
    first, last = (statistics.median(s) for s in (seconds[WARM_UP:][:quarter], seconds[-quarter:]))
    return {
        "runs_of_both_rounds": runs,
        "memory_mb": round(memory[-1], 1),
        "memory_slope_mb": round(float(np.polyfit(range(len(warm)), warm, 1)[0]), 2),
        "store_mb": round(store, 1),
        "seconds_first": round(first, 1),
        "seconds_last": round(last, 1),
    }


def main() -> None:
    """Soak, print, and fail when a figure is not held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    if runs < WARM_UP + 3:
        parser.error(f"at least {WARM_UP + 3} runs, so that a slope can be seen")
    with tempfile.TemporaryDirectory(prefix="komglad-soak-") as folder:
        found = soak(Path(folder), runs)
    sys.stdout.write(json.dumps(found) + "\n")
    assert found["memory_slope_mb"] < LARGEST_SLOPE_MB
    assert found["store_mb"] < LARGEST_STORE_MB
    assert found["seconds_last"] <= SLOWER * found["seconds_first"]


if __name__ == "__main__":
    main()
