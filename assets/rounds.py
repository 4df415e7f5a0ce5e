"""What assets share: which round a run is about, and how a declared table becomes an asset's description."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.tables import TABLES
from evaluation.words.catalogue import protected


def round_of(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext, study: Study) -> Round:
    """The protocol's round that this run's partition names."""
    return study.protocol.round(context.partition_key)


def described(name: str) -> dict[str, Any]:
    """Arguments of ``@dg.asset`` for a declared table: name, group by layer, grain and columns."""
    table = TABLES[name]
    columns = [dg.TableColumn(column, kind, _meaning(column)) for column, kind in table.columns.items()]
    return {
        "name": name,
        "group_name": table.layer,
        "description": table.grain,
        "metadata": {"dagster/column_schema": dg.TableSchema(columns=columns), "key": ", ".join(table.key)},
        "kinds": {"parquet", "duckdb"},
        "tags": {"layer": table.layer, "rows_about": "pupils" if "pupil_key" in table.columns else "groups"},
    }


_UNITS = {
    "_pct": "procent",
    "_pp": "procentpoint",
    "_days": "skoledage",
    "_on": "dato",
    "_year": protected.YEAR,
    "_key": "pseudonym",
    "_id": "kode",
}
"""What the end of a column's name says of it; the names are a grammar (:mod:`evaluation.tables`)."""


def _meaning(column: str) -> str | None:
    if column.startswith(("is_", "has_")):
        return "ja eller nej"
    return next((unit for end, unit in _UNITS.items() if column.endswith(end)), None)


def table_asset(
    name: str, deps: Sequence[dg.AssetKey] = ()
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """``@dg.asset`` of a declared table."""
    made: Callable[[Callable[..., Any]], dg.AssetsDefinition] = dg.asset(**described(name), deps=deps)
    return made


def out_spec(name: str) -> dg.AssetOut:
    """One table of a multi-asset."""
    arguments = described(name)
    arguments.pop("name")
    return dg.AssetOut(**arguments)
