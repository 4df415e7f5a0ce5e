"""The engine by size, beside its peers: processor time, peak memory and the same estimates, one process for each.

    python benchmarks/bench_sizes.py [--largest 1200]

Schools × 10 grades × 30 months in the study's own model (no peer has its inference), and units × 20 periods beside
pyfixest and diff-diff. Processor time of the whole process, imports included; nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for everybody alike, before numpy is imported

import numpy as np
import pandas as pd

SCHOOLS, UNITS = (4, 25, 100, 400, 1200), (40, 1_000, 10_000, 100_000)
STUDY = {"unit": "cell", "time": "t", "start": "start", "weights": "w", "cluster": "cell", "transition": 1}
MODEL = ["cell:cal_month", "school:t"]
PANEL = {"unit": "u", "time": "t"}


def country(schools: int) -> pd.DataFrame:
    """Three school years of ten months; grades 6, 1 and 8 start in the third."""
    rng = np.random.default_rng(1)
    school, grade, t = (a.ravel() for a in np.meshgrid(range(schools), range(10), range(30), indexing="ij"))
    frame = pd.DataFrame(
        {"school": school, "grade": grade, "t": t, "cell": school * 10 + grade, "cal_month": t % 10}
    )
    frame["year"] = frame["t"] // 10
    frame["start"] = frame["grade"].map({6: 22, 1: 24, 8: 26}).astype(float)
    frame["w"] = rng.integers(900, 1500, len(frame)).astype(float)
    return frame.assign(
        y=7 + rng.normal(size=len(frame)) + frame["cell"] % 7 - (frame["t"] >= frame["start"])
    )


def units(count: int) -> pd.DataFrame:
    """Twenty periods, three waves, two in five never treated."""
    rng = np.random.default_rng(2)
    start = rng.choice([8, 11, 14, np.inf], size=count, p=[0.2, 0.2, 0.2, 0.4])
    frame = pd.DataFrame({"u": np.repeat(np.arange(count), 20), "t": np.tile(np.arange(1, 21), count)})
    frame["start"] = start[frame["u"]]
    frame["d"] = (frame["t"] >= frame["start"]).astype(float)
    noise = rng.normal(size=len(frame)) + rng.normal(size=count)[frame["u"]]
    return frame.assign(y=noise + frame["t"] / 10 + frame["d"])


def ours(path: str, **asked: object) -> tuple[float, float]:
    """The public function, as the command calls it."""
    from evaluation.effects import did

    first = did(path, "y", **asked).estimates[0]
    return first.estimate, float(first.std_error or "nan")


def pyfixest(path: str) -> tuple[float, float]:
    import pyfixest as pf

    fit = pf.feols("y ~ d | u + t", pd.read_parquet(path), vcov={"CRV1": "u"})
    return float(fit.coef().iloc[0]), float(fit.se().iloc[0])


def diff_diff(path: str) -> tuple[float, float]:
    import diff_diff as dd

    frame = pd.read_parquet(path)
    frame["start"] = frame["start"].replace(np.inf, 0)
    fit = dd.ImputationDiD().fit(frame, outcome="y", unit="u", time="t", first_treat="start")
    return float(fit.overall_att), float(fit.overall_se)


TASKS: dict[str, Callable[[str], tuple[float, float]]] = {
    "imputation, CR2, leads": lambda path: ours(path, **STUDY, absorb=MODEL),
    "the same + cell × school year": lambda path: ours(path, **STUDY, absorb=[*MODEL, "cell:year"]),
    "the same + 720 permutations": lambda path: ours(
        path, **STUDY, absorb=MODEL, assign="grade", within="school"
    ),
    "TWFE, CR1": lambda path: ours(path, **PANEL, treatment="d", inference="cr1"),
    "TWFE, CR1: pyfixest": pyfixest,
    "imputation, CR2, leads (units)": lambda path: ours(path, **PANEL, start="start"),
    "imputation: diff-diff (no CR2, no leads)": diff_diff,
}
BY_SCHOOL, BY_UNIT = list(TASKS)[:3], list(TASKS)[3:]


def measured(task: str, path: Path) -> dict[str, float]:
    """Run one task in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--task", task, "--path", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=1200, help="most schools")
    parser.add_argument("--most", type=int, default=100_000, help="most units")
    parser.add_argument("--task", choices=list(TASKS))
    parser.add_argument("--path")
    given = parser.parse_args()
    if given.task:
        estimate, error = TASKS[given.task](given.path)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"estimate": estimate, "error": error, "cpu": time.process_time(), "mb": peak}))
        return
    print(f"{'':<26}{'':<42}{'cpu s':>8}{'MB':>7}{'estimate':>12}{'std.error':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, sizes, make, tasks, most in (
            ("schools", SCHOOLS, country, BY_SCHOOL, given.largest),
            ("units", UNITS, units, BY_UNIT, given.most),
        ):
            for size in (s for s in sizes if s <= most):
                path = Path(folder) / "panel.parquet"
                make(size).to_parquet(path)
                for task in tasks:
                    row = measured(task, path)
                    told = (
                        f"{row['cpu']:>8.2f}{row['mb']:>7}{row['estimate']:>12.6f}{row['error']:>11.6f}"
                        if row
                        else "refuses"
                    )
                    print(f"{f'{size} {name}':<26}{task:<42}{told}", flush=True)


if __name__ == "__main__":
    main()
