"""Tables in pieces: the same rows, in the same order, as the frame; nothing depends on how they were cut."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.door.landed import Landed
from evaluation.tables import table
from pipelines import storage
from pipelines.storage import Warehouse

SCHEMA = table("raw_interview_texts").schema


def landed(*sizes: int) -> Landed:
    """Rows numbered from 0 in pieces of these sizes."""

    def stream():
        start = 0
        for size in sizes:
            names = [f"{n:04d}" for n in range(start, start + size)]
            yield pa.RecordBatch.from_pydict({"segment_id": names, "text": names})
            start += size

    return Landed({}, {"raw_interview_texts": stream})


def test_the_frame_and_the_pieces_hold_the_same_rows_and_can_be_read_again() -> None:
    tables = landed(3, 2)
    for _ in range(2):
        assert list(tables["raw_interview_texts"]["text"]) == ["0000", "0001", "0002", "0003", "0004"]
    assert tables.reader("raw_interview_texts").read_all().num_rows == 5


def test_rows_from_elsewhere_are_sorted_in() -> None:
    more = pd.DataFrame({"segment_id": ["0001a", "0000a"], "text": ["x", None]})
    tables = landed(2, 1).with_more("raw_interview_texts", more)
    read = tables.reader("raw_interview_texts").read_all()
    assert read.column("segment_id").to_pylist() == ["0000", "0000a", "0001", "0001a", "0002"]
    kept = Landed({"raw_interview_texts": table("raw_interview_texts").empty()})
    assert len(kept.with_more("raw_interview_texts", more)["raw_interview_texts"]) == 2


@pytest.mark.parametrize("sizes", [(10,), (1,) * 10, (4, 0, 6), (7, 3)])
def test_how_rows_were_cut_leaves_no_trace_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...]
) -> None:
    monkeypatch.setattr(storage, "ROW_GROUP", 4)
    path, rows = Warehouse(tmp_path).write_stream("r", "t", landed(*sizes).reader("raw_interview_texts"))
    assert rows == 10
    parquet = pq.ParquetFile(path)
    assert [parquet.metadata.row_group(n).num_rows for n in range(parquet.num_row_groups)] == [4, 4, 2]
    reference, _ = Warehouse(tmp_path).write_stream("r", "u", landed(10).reader("raw_interview_texts"))
    assert path.read_bytes() == reference.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_stream_that_fails_leaves_the_old_table_whole(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    path, _ = warehouse.write_stream("r", "t", landed(3).reader("raw_interview_texts"))
    before = path.read_bytes()

    def broken():
        yield pa.RecordBatch.from_pydict({"segment_id": ["a"], "text": ["b"]})
        raise RuntimeError("cut off")

    reader = Landed({}, {"raw_interview_texts": broken}).reader("raw_interview_texts")
    with pytest.raises(Exception, match="cut off"):
        warehouse.write_stream("r", "t", reader)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["t.parquet"]


def test_an_empty_table_is_written_with_its_columns(tmp_path: Path) -> None:
    path, rows = Warehouse(tmp_path).write_stream("r", "t", landed().reader("raw_interview_texts"))
    assert rows == 0
    assert pq.read_schema(path).equals(SCHEMA)
