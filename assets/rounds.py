"""What assets share: which round a run is about, and how a declared table becomes an asset's description."""

from __future__ import annotations

import dagster as dg

from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.tables import TABLES


def round_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, study: Study) -> Round:
    """The protocol's round that this run's partition names."""
    return study.protocol.round(context.partition_key)


def described(name: str) -> dict[str, object]:
    """Arguments of ``@dg.asset`` for a declared table: name, group by layer, grain and columns."""
    table = TABLES[name]
    columns = [dg.TableColumn(column, kind) for column, kind in table.columns.items()]
    return {
        "name": name,
        "group_name": table.layer,
        "description": table.grain,
        "metadata": {"dagster/column_schema": dg.TableSchema(columns=columns), "key": ", ".join(table.key)},
        "kinds": {"parquet", "duckdb"},
    }


def out_spec(name: str) -> dg.AssetOut:
    """One table of a multi-asset."""
    arguments = described(name)
    arguments.pop("name")
    return dg.AssetOut(**arguments)  # type: ignore[arg-type]
