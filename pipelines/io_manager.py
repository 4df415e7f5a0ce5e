"""Between assets and the warehouse: writes what an asset returns, reads what the next one asks for.

Inputs pass the gate of :meth:`pipelines.storage.Warehouse.require_passed`; the row count and the file's hash become
metadata. Values of rows never do.
"""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg
import pandas as pd
import pyarrow as pa

from evaluation.tables import TABLES
from evaluation.tables.relations import INBOX, Stored
from pipelines.origins import INCOMING
from pipelines.progress import Progress
from pipelines.storage import KEYED_BY, Warehouse


class ParquetIOManager(dg.IOManager):
    """One Parquet file per round (partition) and asset, by temporary name and rename.

    ``upstream`` names the tables each one is made from; what they were when it was made is noted beside it.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        progress: Progress,
        minimum: int,
        upstream: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._warehouse = warehouse
        self._progress = progress
        self._minimum = minimum
        self._upstream = upstream

    def handle_output(
        self, context: dg.OutputContext, obj: pd.DataFrame | pa.RecordBatchReader | None
    ) -> None:
        """Replace the table: a frame is conformed to its declaration first, a reader is stored piece by piece."""
        if obj is None:
            return
        name, round_id = context.asset_key.path[-1], context.partition_key
        is_core = name in TABLES and TABLES[name].layer == "core"
        key_id = self._warehouse.key_id(round_id, KEYED_BY) if is_core else ""
        inputs = self._warehouse.present(round_id, self._upstream.get(name, ()))
        if isinstance(obj, pa.RecordBatchReader):
            if inbox := (obj.schema.metadata or {}).get(INBOX.encode()):
                inputs[INCOMING] = inbox.decode()
            path, rows = self._warehouse.write_stream(round_id, name, obj, key_id, inputs)
        else:
            frame = TABLES[name].conform(obj) if name in TABLES else obj
            path, rows = self._warehouse.write(round_id, name, frame, key_id, inputs), len(frame)
        self._progress.done(name, rows)
        # A few rows about persons are a small count, also on Dagster's page.
        is_few = name in TABLES and "pupil_key" in TABLES[name].columns and 0 < rows < self._minimum
        context.add_output_metadata(
            {
                **({} if is_few else {"dagster/row_count": rows}),
                "file": dg.MetadataValue.path(str(path)),
                "sha256": self._warehouse.digest(context.partition_key, name)[:16],
            }
        )

    def load_input(self, context: dg.InputContext) -> pd.DataFrame | Stored:
        """A table of the same round, if its checks passed: where it lies when the asset asks for that, else its rows."""
        round_id, name = context.partition_key, context.asset_key.path[-1]
        self._warehouse.require_passed(round_id, name)
        self._warehouse.require_one_key(round_id, name)
        if context.dagster_type.typing_type is Stored:
            return self._warehouse.stored(round_id, name)
        return self._warehouse.read(round_id, name)
