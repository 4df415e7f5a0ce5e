"""Difference-in-differences from many millions of pupil-days of Parquet, against DuckDB's own scan of the columns.

    python benchmarks/bench_scale.py [--rows 20000000] [--peers]

Synthetic data (1,000 cells × 20 months) are written to a temporary folder and removed. Each task runs in a process of
its own, so that memory is its own as well; the ratio within one run is what is to be read.
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
from pathlib import Path

import duckdb

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the processes it starts inherit it

CELLS, MONTHS = 1_000, 20
COLUMNS = ("cell", "t", "start", "absent", "lessons")
PLAIN, WEIGHTED = COLUMNS[:4], COLUMNS


def make(path: Path, rows: int) -> None:
    """One row per pupil and school day: absence with a season and an effect of −1 point, lessons as weights.

    The order is of no use: columns that compress well would flatter everybody.
    """
    with duckdb.connect() as con:
        con.execute(
            f"""COPY (
                SELECT cell, t, CASE WHEN cell < 300 THEN 12 + cell % 3 ELSE 0 END::INTEGER AS start,
                       (100 * (random() < 0.07 + 0.001 * (t % 10)
                               - 0.01 * (cell < 300 AND t >= 12 + cell % 3)::INTEGER)::INTEGER)::DOUBLE AS absent,
                       (4 + hash(i + 7) % 4)::DOUBLE AS lessons, i AS pupil_day
                FROM (SELECT i, (hash(i) % {CELLS})::INTEGER AS cell, (hash(i + {rows}) % {MONTHS})::INTEGER AS t
                      FROM range({rows}) r(i))) TO '{path}' (FORMAT parquet)"""
        )


def scan(path: str, columns: tuple[str, ...]) -> object:
    """DuckDB reads and adds up the columns the model uses, nothing else."""
    sums = ", ".join(f"sum({c})" for c in columns)
    return duckdb.sql(f"SELECT {sums} FROM read_parquet('{path}')").fetchall()


def group_by(path: str, sums: str) -> object:
    """DuckDB's plain grouping to cells: the least any estimator has to do."""
    keys = ", ".join(COLUMNS[:3])
    return duckdb.sql(
        f"SELECT {keys}, count(*), {sums} FROM read_parquet('{path}') GROUP BY {keys}"
    ).fetchall()


def komglad(estimator: str, path: str, weights: str | None = None) -> object:
    """The whole of ``komglad did``: reading, checks, estimate, CR2, degrees of freedom, joint test of the leads."""
    from evaluation.effects.compress import PanelSpec, read_panel
    from evaluation.effects.did_options import DidOptions
    from evaluation.effects.run import run_did

    working = "inverse-weight" if weights else "identity"
    spec = PanelSpec("absent", "cell", "t", "start", weights=weights, working=working)
    panel, units = read_panel(Path(path), spec)
    result = run_did(panel, DidOptions(estimator=estimator), units=units)
    return result.estimates[0].estimate, result.estimates[0].std_error


def duckreg(path: str) -> object:
    """The package duckreg, point estimate only."""
    from duckreg.estimators import DuckRegression

    model = DuckRegression(
        db_name=":memory:",
        table_name=f"(SELECT *, (start > 0 AND t >= start)::INTEGER AS d FROM read_parquet('{path}'))",
        formula="absent ~ d + cell + t",
        cluster_col="",
        n_bootstraps=0,
        seed=1,
    )
    model.fit()
    return float(model.point_estimate[1])


def pyfixest(path: str) -> object:
    """DuckDB to cells, then pyfixest with clustered errors."""
    import pyfixest as pf

    cells = duckdb.sql(
        "SELECT cell, t, (start > 0 AND t >= start)::INTEGER AS d, avg(absent) AS y, count(*)::DOUBLE AS n "
        f"FROM read_parquet('{path}') GROUP BY ALL"
    ).df()
    fit = pf.feols("y ~ d | cell + t", cells, weights="n", vcov={"CRV1": "cell"})
    return float(fit.coef().iloc[0])


TASKS = {
    "scan of four columns": lambda path: scan(path, PLAIN),
    "group by": lambda path: group_by(path, "sum(absent)"),
    "komglad twfe": lambda path: komglad("twfe", path),
    "komglad imputation": lambda path: komglad("imputation", path),
    "scan of five columns": lambda path: scan(path, WEIGHTED),
    "group by, weighted": lambda path: group_by(path, "sum(lessons * absent), sum(lessons)"),
    "komglad imputation, weighted": lambda path: komglad("imputation", path, "lessons"),
}
PEERS = {"duckreg (point only)": duckreg, "DuckDB + pyfixest on cells": pyfixest}
REPEATS = 3


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--task")
    parser.add_argument("--file")
    given = parser.parse_args()
    if given.task:
        _one(given.task, given.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pupil_days.parquet"
        make(path, given.rows)
        print(f"{given.rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB of Parquet")
        print(f"{'':<32}{'seconds':>10}{'× scan':>10}{'CPU s':>10}{'× scan':>10}{'MB':>10}")
        base: dict[str, float] = {}
        for task in [*TASKS, *(PEERS if given.peers else {})]:
            command = [sys.executable, __file__, "--task", task, "--file", str(path)]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            if answer.returncode:
                print(f"{task:<32}  failed: {answer.stderr.strip().splitlines()[-1][:90]}")
                continue
            report = json.loads(answer.stdout.splitlines()[-1])
            base = report if task.startswith("scan") else base
            shown = [(report[k], report[k] / base[k]) for k in ("seconds", "cpu")]
            print(
                f"{task:<32}" + "".join(f"{a:>10.2f}{b:>10.2f}" for a, b in shown) + f"{report['mb']:>10.0f}"
            )


def _one(task: str, path: str) -> None:
    """Run one task once to warm up and then some more times, the best counting: imports and file cache are not the work."""
    import evaluation.effects.run  # noqa: F401

    work = {**TASKS, **PEERS}[task]
    work(path)
    best = {"seconds": float("inf"), "cpu": float("inf")}
    for _ in range(REPEATS):
        begun, busy = time.perf_counter(), time.process_time()
        work(path)
        best["seconds"] = min(best["seconds"], time.perf_counter() - begun)
        best["cpu"] = min(best["cpu"], time.process_time() - busy)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**best, "mb": memory}))


if __name__ == "__main__":
    main()
