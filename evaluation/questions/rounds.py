"""Comparing rounds is a join: the same question, estimator, outcome, group, horizon and weights in two tables."""

from __future__ import annotations

import pandas as pd

KEYS = ["question", "estimator", "outcome", "group_kind", "group_id", "horizon", "weights"]


def compare_rounds(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """One row per estimate of either ``out_effects``: estimate_before_pp, estimate_pp and change_pp.

    NaN where a round has no such estimate (not due, not estimable, or not asked for).
    """
    before = earlier[[*KEYS, "estimate_pp", "protocol_hash"]].rename(
        columns={"estimate_pp": "estimate_before_pp", "protocol_hash": "protocol_before"}
    )
    both = later[[*KEYS, "estimate_pp", "protocol_hash"]].merge(before, how="outer", on=KEYS)
    both["change_pp"] = both["estimate_pp"] - both["estimate_before_pp"]
    both["is_same_protocol"] = both["protocol_hash"].eq(both["protocol_before"])
    seen = both["estimate_pp"].notna() | both["estimate_before_pp"].notna()
    return both[seen].sort_values(KEYS, kind="stable").reset_index(drop=True)
