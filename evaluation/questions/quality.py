"""What is known about the data: every check's finding and every file's balance, as sentences a school leader reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evaluation.tables import table


def answer(results: Iterable[Mapping[str, Any]], raw_ledger: pd.DataFrame, round_id: str) -> pd.DataFrame:
    """``out_quality`` from the stored results of the checks and the ledger of the incoming files."""
    columns = (
        "check_name",
        "table_name",
        "group_id",
        "severity",
        "is_passed",
        "count",
        "of_total",
        "sentence",
    )
    rows = [{c: r[c] for c in columns} for r in results]
    rows += [_balance(r) for r in raw_ledger.to_dict("records")]
    declared = table("out_quality")
    return declared.conform(pd.DataFrame(rows).assign(round=round_id)) if rows else declared.empty()


def _balance(row: Mapping[Any, Any]) -> dict[str, object]:
    """One file: rows in = used + quarantined + duplicates + replaced + outside the round."""
    quarantined, rows_in = int(row["rows_quarantined"]), int(row["rows_in"])
    sentence = (
        f"{rows_in} rækker ind: {int(row['rows_kept'])} brugt, {quarantined} i karantæne, "
        f"{int(row['rows_duplicate'])} dubletter, {int(row['rows_superseded'])} erstattet af en nyere fil, "
        f"{int(row['rows_out_of_round'])} uden for runden."
    )
    return {
        "check_name": "ledger",
        "table_name": "raw_ledger",
        "group_id": str(row["source_file"]),
        "severity": "warning" if quarantined else "info",
        "is_passed": quarantined == 0,
        "count": quarantined,
        "of_total": rows_in,
        "sentence": sentence,
    }
