"""The panel on both engines: processor time of DuckDB and of Spark on this machine, one process for each.

    python benchmarks/bench_engines.py data/demo/warehouse/november_2026 [--times 40]

A made round's raw tables, every pupil so many times over: enrolments, absence days, pupil-weeks and cells are made from
their Parquet files. Processor time of the whole process and its children, Spark's Java among them.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.panel.core import register_tables
from evaluation.tables.relations import Relation, Stored
from pipelines.engines import engine_of
from pipelines.settings import Settings

ENGINES = ("duckdb", "local[2]")
TABLES = ("raw_calendar", "raw_pupils", "raw_absence", "raw_totals")


def repeat(made: Path, times: int, folder: Path) -> None:
    """A round's raw tables with every pupil ``times`` times; the calendar as it is."""
    for name in TABLES:
        file, to = made / f"{name}.parquet", folder / f"{name}.parquet"
        rows = f"FROM '{file}'"
        if name != "raw_calendar":
            rows = f"SELECT * REPLACE (pupil_key || n AS pupil_key) FROM '{file}', range({times}) AS r(n)"
        duckdb.sql(f"COPY ({rows}) TO '{to}' (FORMAT parquet)")


def measure(engine: str, folder: Path) -> dict[str, float]:
    """Make the panel; seconds of processor time of this process and its ended children, and what was made."""

    def keep(name: str, rows: pa.RecordBatchReader) -> Stored:
        path = folder / f"{name}.parquet"
        with pq.ParquetWriter(path, rows.schema) as writer:
            for piece in rows:
                writer.write_batch(piece)
        return Stored(name, path)

    tables: dict[str, Relation] = {name: Stored(name, folder / f"{name}.parquet") for name in TABLES}
    with engine_of(Settings("demo_kommune", folder, None, folder, engine=engine)):
        tables |= register_tables(tables, dt.date(2100, 1, 1), keep)
    if engine != "duckdb":
        from pyspark import SparkContext

        # Its Java lives on until this process ends; only a child that has been waited for is counted.
        SparkContext._gateway.shutdown()
        SparkContext._gateway.proc.stdin.close()
        SparkContext._gateway.proc.wait()
    return {"absence_days": len(tables["core_absence_days"]), "pupil_weeks": len(tables["core_pupil_weeks"]),
            "absent_days_in_cells": float(tables["core_cells"]["absent_days"].sum())}  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("round", type=Path)
    asked.add_argument("--times", type=int, default=40)
    asked.add_argument("--engine", choices=ENGINES)
    options = asked.parse_args()
    if options.engine:
        print(json.dumps(measure(options.engine, options.round)))
        return
    for engine in ENGINES:
        with tempfile.TemporaryDirectory() as folder:
            repeat(options.round, options.times, Path(folder))
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            run = [sys.executable, __file__, folder, "--engine", engine]
            made = subprocess.run(run, check=True, capture_output=True, text=True).stdout
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(engine, f"{seconds:.1f} s", made.strip().splitlines()[-1])


if __name__ == "__main__":
    main()
