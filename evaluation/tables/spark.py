"""Spark as the engine: the same statements over the same files, spread over the machines of a cluster.

The machines must see the data folder under the same path. Here: how Spark is started, what of its dialect is set so that
it reads the statements as DuckDB does, and how its results become the same rows. Not here: which engine a process uses.
"""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.errors import EnvironmentProblem, Problem
from evaluation.tables.relations import PIECE, Opened, Relation, Stored
from evaluation.words.texts import texts

TEXT = texts("running")
DIALECT = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.session.timeZone": "UTC",
    # A time stamp is a day and an hour as the file has it, in no time zone.
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
}
QUIET = {
    "spark.log.level": "OFF",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""A failed statement is repeated with its values in Spark's log, and its page shows them to who asks."""
ALONE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "4",
}
"""On this machine alone nobody else is listened to, and 200 parts of a table cost more than they give."""


@dataclass(frozen=True)
class Spark:
    """A Spark that has been started. Rows on their way lie in ``scratch`` while a statement lasts."""

    session: Any
    scratch: Path

    @classmethod
    def start(cls, master: str, scratch: Path) -> Spark:
        """Start Spark, or find the one of a cluster, under a master's address (``local[2]``, ``spark://host:7077``).

        ``scratch``: a folder of the owner's that every machine sees under this path.

        Raises:
            EnvironmentProblem: pyspark or Java is not installed, or nobody answers at the address.
        """
        logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
        # Only Arrow passes between it and us.
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        try:
            from py4j.protocol import Py4JError
            from pyspark.errors import PySparkException
            from pyspark.sql import SparkSession
        except ImportError:
            problem = Problem("pyspark", found=TEXT("spark_missing"), next_step=TEXT("spark_install"))
            raise EnvironmentProblem(TEXT("spark_not_started"), [problem]) from None
        places = {"spark.local.dir": str(scratch), "spark.sql.warehouse.dir": _address(scratch)}
        settings = DIALECT | QUIET | places | (ALONE if master.startswith("local") else {})
        builder = SparkSession.builder.master(master).appName("komglad")
        for name, value in settings.items():
            builder = builder.config(name, value)
        try:
            return cls(builder.getOrCreate(), scratch)
        except (PySparkException, Py4JError, OSError):
            problem = Problem(master, found=TEXT("spark_no_answer"), next_step=TEXT("spark_java"))
            raise EnvironmentProblem(TEXT("spark_not_started"), [problem]) from None

    def open(self, relations: Mapping[str, Relation], numbered: str = "") -> Opened:
        """A session with one view per relation; rows in memory are set down in ``scratch`` for it."""
        session = self.session.newSession()
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        for name, relation in relations.items():
            path = relation.path if isinstance(relation, Stored) else _set_down(relation, folder / name)
            rows = session.read.parquet(_pattern(path))
            if name == numbered:
                rows = rows.selectExpr("*", "_metadata.row_index AS _row")
            rows.createOrReplaceTempView(name)
        return _OpenedThere(session, folder)

    def stop(self) -> None:
        """End it."""
        self.session.stop()


@dataclass(frozen=True)
class _OpenedThere:
    session: Any
    folder: Path

    def frame(self, statement: str) -> pd.DataFrame:
        found: pa.Table = self.session.sql(statement).toArrow()
        made: pd.DataFrame = found.cast(pa.schema([(f.name, _as(f.type)) for f in found.schema])).to_pandas()
        return made

    def pieces(self, statement: str) -> Iterator[pa.RecordBatch]:
        made = self.folder / "pieces"
        self.session.sql(statement).write.parquet(_address(made))
        # Spark numbers the parts of an ordered result in its order.
        for part in sorted(made.glob("part-*.parquet")):
            yield from pq.ParquetFile(part).iter_batches(PIECE)

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _set_down(frame: pd.DataFrame, path: Path) -> Path:
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    # A column without a single value has no type of its own.
    typed = [f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in rows.schema]
    pq.write_table(rows.cast(pa.schema(typed)), path, coerce_timestamps="us")
    return path


def _as(kind: pa.DataType) -> pa.DataType:
    """The type as DuckDB's frames have it: days as time stamps without a zone, whole numbers of one size."""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return pa.timestamp("us")
    if pa.types.is_integer(kind):
        return pa.int64()
    return pa.float64() if pa.types.is_decimal(kind) else kind


def _address(path: Path) -> str:
    """The place on the machines' own disks, whatever store the cluster otherwise keeps files in."""
    return "file:///" + path.absolute().as_posix().lstrip("/")


def _pattern(path: Path) -> str:
    """The place of one file, where Spark would take a bare name for a pattern."""
    return re.sub(r"([][{}*?])", r"\\\1", _address(path))
