"""What Dagster is told of a table: its size, unless a handful of rows would speak of a handful of persons."""

from __future__ import annotations

import dagster as dg
import pandas as pd
import pytest

from evaluation.tables import table
from pipelines.io_manager import ParquetIOManager
from pipelines.progress import Progress
from pipelines.storage import Warehouse

MINIMUM = 5


@pytest.mark.parametrize(
    ("name", "rows", "is_said"),
    [
        ("core_consents", MINIMUM - 1, False),
        ("core_consents", MINIMUM, True),
        ("core_consents", 0, True),
        ("core_school_days", MINIMUM - 1, True),
    ],
)
def test_a_few_rows_about_persons_are_not_counted_in_metadata(tmp_path, name, rows, is_said):
    declared = table(name)
    frame = pd.concat([declared.empty(), pd.DataFrame([{} for _ in range(rows)])], ignore_index=True)
    for column, kind in declared.columns.items():
        if kind == "VARCHAR":
            frame[column] = [f"{column}{n}" for n in range(rows)]
        elif kind == "DATE":
            frame[column] = pd.Timestamp(2026, 9, 1)
        else:
            frame[column] = 1
    context = dg.build_output_context(asset_key=dg.AssetKey(name), partition_key="november_2026")
    manager = ParquetIOManager(Warehouse(tmp_path), Progress(), MINIMUM, {})
    manager.handle_output(context, frame[list(declared.columns)])
    said = context.get_logged_metadata()
    assert ("dagster/row_count" in said) == is_said
    assert said["sha256"]
    if is_said:
        assert said["dagster/row_count"] == dg.IntMetadataValue(rows)
