"""The raw_ tables on their way out of the door: as frames for whoever looks, in pieces for whoever stores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import duckdb
import pandas as pd
import pyarrow as pa

from evaluation.tables import table
from evaluation.tables.relations import conformed

Batches = Callable[[], Iterator[pa.RecordBatch]]


@dataclass(frozen=True)
class Landed(Mapping[str, pd.DataFrame]):
    """Raw tables by name. ``landed[name]`` is a frame; :meth:`reader` gives the same rows without holding them.

    ``frames`` are small and kept; ``streams`` are made again from the stage whenever they are asked for; ``more``
    holds rows that came by another way than the door and belong into a stream.
    """

    frames: Mapping[str, pd.DataFrame]
    streams: Mapping[str, Batches] = field(default_factory=dict)
    more: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name in self.frames:
            return self.frames[name]
        made: pd.DataFrame = self.reader(name).read_all().to_pandas()
        return table(name).conform(made)

    def __iter__(self) -> Iterator[str]:
        return iter([*self.streams, *(n for n in self.frames if n not in self.streams)])

    def __len__(self) -> int:
        return len({*self.streams, *self.frames})

    def reader(self, name: str) -> pa.RecordBatchReader:
        """A table's rows in pieces, sorted by its key."""
        schema = table(name).schema
        if name in self.frames:
            whole = pa.Table.from_pandas(self.frames[name], schema=schema, preserve_index=False)
            return whole.replace_schema_metadata(None).to_reader()
        return pa.RecordBatchReader.from_batches(schema, self._sorted(name, schema))

    def with_frames(self, frames: Mapping[str, pd.DataFrame]) -> Landed:
        """The same with some tables replaced or added."""
        return replace(self, frames={**self.frames, **frames})

    def with_more(self, name: str, rows: pd.DataFrame) -> Landed:
        """The same with rows added to a table."""
        if name in self.frames:
            both = [f for f in (self.frames[name], rows) if len(f)]
            return self.with_frames(
                {name: table(name).conform(pd.concat(both) if both else self.frames[name])}
            )
        return replace(self, more={**self.more, name: table(name).conform(rows)})

    def _sorted(self, name: str, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        stream, rows = self.streams[name](), self.more.get(name)
        if rows is None or rows.empty:
            yield from (conformed(batch, schema) for batch in stream)
            return
        with duckdb.connect(":memory:") as connection:
            connection.register(
                "came", pa.RecordBatchReader.from_batches(schema, (conformed(b, schema) for b in stream))
            )
            connection.register("more", rows)
            both = "SELECT * FROM came UNION ALL BY NAME SELECT * FROM more ORDER BY ALL NULLS LAST"
            for batch in connection.sql(both).to_arrow_reader():
                yield conformed(batch, schema)
