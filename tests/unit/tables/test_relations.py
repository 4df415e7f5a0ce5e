"""The same SQL over rows in memory and rows in a file; results in pieces, typed and in order."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from evaluation.tables import table
from evaluation.tables.relations import Stored, collected, frame_of, opened, run_sql, stream_sql
from pipelines.storage import Warehouse


def consents(keys: list[str]) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"pupil_key": keys, "purpose": "evaluering", "is_in_force": True, "status": "in_force"}
    )
    return table("core_consents").conform(rows.assign(from_on=pd.Timestamp(2026, 9, 1)))


def stored(folder: Path, frame: pd.DataFrame) -> Stored:
    return Stored("core_consents", Warehouse(folder).write("r", "core_consents", frame))


def test_a_statement_gives_the_same_from_memory_and_from_a_file(tmp_path: Path) -> None:
    frame = consents([f"p{i:04}" for i in range(500)])
    statement = "SELECT COUNT(*) AS n, MIN(pupil_key) AS first, MAX(from_on) AS last FROM t"
    pd.testing.assert_frame_equal(run_sql(statement, t=frame), run_sql(statement, t=stored(tmp_path, frame)))
    lying = stored(tmp_path, frame)
    assert len(lying) == 500
    pd.testing.assert_frame_equal(frame_of(lying), frame)


def test_rows_are_numbered_as_they_lie(tmp_path: Path) -> None:
    frame = consents(["b", "a", "c"])
    for relation in (frame, stored(tmp_path, frame)):
        with closing(opened({"t": relation}, numbered="t")) as asked:
            found = asked.frame("SELECT _row, pupil_key FROM t ORDER BY _row")
        assert list(found.itertuples(index=False, name=None)) == [(0, "a"), (1, "b"), (2, "c")]


def test_pieces_are_sorted_by_key_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    keys = [f"p{i:05}" for i in range(3000)]
    shuffled = consents(keys).sample(frac=1, random_state=3)
    reader = stream_sql("core_consents", "SELECT * FROM t", t=shuffled)
    assert reader.schema == table("core_consents").schema
    pd.testing.assert_frame_equal(collected("core_consents", reader), consents(keys))
    made = [
        Warehouse(tmp_path / name).write_stream(
            "r", "core_consents", stream_sql("core_consents", "FROM t", t=rows)
        )[0]
        for name, rows in (("a", shuffled), ("b", consents(keys)))
    ]
    assert made[0].read_bytes() == made[1].read_bytes()


def test_a_column_the_table_does_not_declare_is_not_handed_on() -> None:
    reader = stream_sql("core_consents", "SELECT *, 1 AS extra FROM t", t=consents(["a"]))
    assert reader.read_all().column_names == list(table("core_consents").columns)


def test_views_of_one_connection_are_not_seen_by_another() -> None:
    import duckdb

    with closing(opened({"t": consents(["a"])})), closing(opened({"u": consents(["b"])})) as other:
        assert other.frame("SELECT pupil_key FROM u")["pupil_key"].tolist() == ["b"]
        with pytest.raises(duckdb.CatalogException):
            other.frame("SELECT * FROM t")


def test_a_path_with_quotes_is_a_path(tmp_path: Path) -> None:
    lying = stored(tmp_path / "børn's", consents(["a", "b"]))
    assert run_sql("SELECT COUNT(*) AS n FROM t", t=lying)["n"].tolist() == [2]


def test_what_does_not_fit_into_memory_is_set_down_beside_the_tables_and_gone_afterwards(
    tmp_path: Path,
) -> None:
    """Sorting more than the engine may hold: 200 MB of keys against a limit that is lowered for the test."""
    wide = pa.table(
        {"k": pa.array([f"{i * 7919 % 2_000_003:0100d}" for i in range(400_000)], pa.large_string())}
    )
    import pyarrow.parquet as pq

    path = tmp_path / "wide.parquet"
    pq.write_table(wide, path)
    with closing(opened({"t": Stored("core_consents", path)})) as asked:
        asked.frame("SET memory_limit = '60MB'")
        try:
            last = ""
            for batch in asked.pieces("SELECT k FROM t ORDER BY k"):
                values = batch.column("k")
                assert last <= values[0].as_py()
                last = values[-1].as_py()
        finally:
            asked.frame("SET memory_limit = '1GB'")
    assert last == max(wide["k"].to_pylist())
    # An empty mark of the running process stays until it ends.
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and p != path and p.stat().st_size]
