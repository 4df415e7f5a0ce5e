"""The checks' results as the table the report's data-quality page reads."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from evaluation.expectations.checks import CheckResult
from evaluation.tables import table


def quality_table(results: Iterable[CheckResult], round_id: str) -> pd.DataFrame:
    """One row per finding, the columns of ``out_quality``. A crashed check is in it as blocking and not passed."""
    rows = [
        {
            "round": round_id,
            "check_name": r.check_name,
            "table_name": r.table_name,
            "group_id": r.group_id,
            "severity": "blocking" if r.is_crashed else r.severity,
            "is_passed": r.is_passed,
            "count": r.count,
            "of_total": r.of_total,
            "sentence": r.sentence,
        }
        for r in results
    ]
    declared = table("out_quality")
    return declared.conform(pd.DataFrame(rows)) if rows else declared.empty()
