"""Running set-based SQL over frames. The only place of :mod:`evaluation.panel` that knows which engine runs it.

The statements themselves keep to the portable core (joins, window functions, standard aggregates), so that
a distributed engine can run the same text over the same Parquet files.
"""

from __future__ import annotations

import pandas as pd


def run_sql(statement: str, **frames: pd.DataFrame) -> pd.DataFrame:
    """One statement over named frames, in an in-memory DuckDB. Returns the result as a frame.

    One thread and no insertion-order shortcuts are not needed for reproducibility of counts, but sums of
    floating-point days must not depend on how threads split them: days are multiples of a half, whose sums are exact.
    """
    import duckdb

    with duckdb.connect(":memory:") as connection:
        for name, frame in frames.items():
            connection.register(name, frame)
        return connection.execute(statement).df()
