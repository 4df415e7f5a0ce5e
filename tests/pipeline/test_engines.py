"""A round on Spark is a round on DuckDB: every statement that one asks, and every file that it makes.

What a round asks is not listed here: an engine that asks both stands in for DuckDB while a real round runs, so that a new
statement cannot be forgotten.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.errors import EnvironmentProblem, InputError
from evaluation.expectations.rules import text
from evaluation.study import load_study
from evaluation.tables import table
from evaluation.tables.relations import (
    Embedded,
    Engine,
    Opened,
    Relation,
    Stored,
    conformed,
    opened,
    run_sql,
    use,
)
from pipelines.checking import check_round
from pipelines.engines import engine_of
from pipelines.resources import places_of
from pipelines.runner import run_round
from pipelines.storage import Warehouse
from tests.conftest import make_inbox, settings_for

ROUND = "end_of_year_2027"
LOCAL = "local[2]"
_NEEDED = {
    "pyspark (requirements-spark.lock)": importlib.util.find_spec("pyspark"),
    "Java": shutil.which("java"),
}
MISSING = [what for what, found in _NEEDED.items() if found is None]
needs_spark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@dataclass(frozen=True)
class Both:
    """An engine that asks DuckDB and another, and holds their answers together; DuckDB's are handed on."""

    other: Engine
    asked: set[str] = field(default_factory=set)
    differ: dict[str, str] = field(default_factory=dict)

    def open(self, named: Mapping[str, Relation], numbered: str = "") -> Opened:
        return _BothOpened(self, Embedded().open(named, numbered), self.other.open(named, numbered))


@dataclass(frozen=True)
class _BothOpened:
    both: Both
    here: Opened
    there: Opened

    def frame(self, statement: str) -> pd.DataFrame:
        self.both.asked.add(statement)
        here = self.here.frame(statement)
        try:
            there = self.there.frame(statement)
        except Exception as error:  # a check that fails would only be counted as crashed
            self.both.differ[statement] = f"{type(error).__name__}: {error}"
            return here
        # A text column without a value is an object to one and a str to the other.
        types = [{c: str(t).replace("object", "str") for c, t in f.dtypes.items()} for f in (here, there)]
        missing, extra = _except_all(here, there), _except_all(there, here)
        if types[0] != types[1] or missing or extra:
            self.both.differ[statement] = f"{missing} rows missing, {extra} extra; {types}"
        return here

    def pieces(self, statement: str) -> Iterator[pa.RecordBatch]:
        self.both.asked.add(statement)
        here = pa.Table.from_batches(list(self.here.pieces(statement)))
        there = [conformed(batch, here.schema) for batch in self.there.pieces(statement)]
        # In pieces the order is part of the answer.
        if not pa.Table.from_batches(there, schema=here.schema).equals(here):
            self.both.differ[statement] = "other rows, or another order"
        yield from here.to_batches()

    def close(self) -> None:
        self.here.close()
        self.there.close()


def _except_all(a: pd.DataFrame, b: pd.DataFrame) -> int:
    with duckdb.connect() as connection:
        connection.register("a", a)
        connection.register("b", b)
        return len(connection.sql("FROM a EXCEPT ALL FROM b"))


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory):
    from evaluation.tables.spark import Spark

    engine = Spark.start(LOCAL, tmp_path_factory.mktemp("spark"))
    yield engine
    engine.stop()


@pytest.fixture
def both(spark) -> Iterator[Both]:
    engine = Both(spark)
    use(engine)
    yield engine
    use(Embedded())


@needs_spark
@pytest.mark.long
def test_every_statement_of_a_round_and_a_check_gives_the_same_rows(both: Both, tmp_path: Path) -> None:
    """``EXCEPT ALL`` is empty both ways, row numbers and types included."""
    make_inbox(tmp_path)
    settings, study = settings_for(tmp_path), load_study("demo_kommune")
    run_round(settings, ROUND)
    check_round(settings, study, study.protocol.round(ROUND))
    assert both.differ == {}
    assert len(both.asked) > 90


@needs_spark
@pytest.mark.long
def test_rows_are_numbered_as_they_lie_and_names_may_hold_signs(both: Both, tmp_path: Path) -> None:
    rows = pd.DataFrame({"pupil_key": ["b", "a", "c"], "purpose": "p", "is_in_force": True, "status": "x"})
    rows["from_on"] = pd.Timestamp(2026, 9, 1)
    path = Warehouse(tmp_path / "børn's [1] {2}*").write(
        "r", "core_consents", table("core_consents").conform(rows)
    )
    for relation in (rows, Stored("core_consents", path)):
        with closing(opened({"t": relation}, numbered="t")) as asked:
            asked.frame("SELECT _row, pupil_key, from_on FROM t")
    assert both.differ == {}


@needs_spark
@pytest.mark.long
def test_a_round_on_spark_makes_the_same_files(tmp_path: Path) -> None:
    """Byte for byte: every table, those in pieces among them, and every report."""
    made: list[dict[str, bytes]] = []
    for engine in ("duckdb", LOCAL):
        settings = replace(settings_for(tmp_path / engine.partition("[")[0]), engine=engine)
        make_inbox(settings.data)
        run_round(settings, ROUND)
        tables = {p.name: p.read_bytes() for p in (settings.warehouse / ROUND).glob("*.parquet")}
        made.append(tables | places_of(settings).reports_of(ROUND))
        assert not list(settings.data.glob(".spark-*"))
    here, there = made
    assert here.keys() == there.keys()
    assert [name for name in here if here[name] != there[name]] == []


def test_an_address_that_is_none_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    for engine in ("sparc", "spark://", "DuckDB ", "http://v:1"):
        with (
            pytest.raises(InputError, match="KOMGLAD_ENGINE"),
            engine_of(replace(settings_for(tmp_path), engine=engine)),
        ):
            pass


def test_who_has_no_pyspark_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyspark", "pyspark.sql", "pyspark.errors"):
        monkeypatch.setitem(sys.modules, name, None)
    with (
        pytest.raises(EnvironmentProblem, match=r"requirements-spark\.lock"),
        engine_of(replace(settings_for(tmp_path), engine=LOCAL)),
    ):
        pass
    assert run_sql("SELECT 1 AS n")["n"].tolist() == [1]


@given(st.text())
def test_a_literal_is_the_text_it_was_made_from(value: str) -> None:
    """No quote ends it and no backslash begins an escape."""
    written = text(value)
    assert "\\" not in written
    with duckdb.connect() as connection:
        if "\0" not in value:
            assert connection.sql(f"SELECT {written}").fetchall() == [(value,)]
