"""How much of what was to be registered is there: school × grade × week against the school calendar."""

from __future__ import annotations

import pandas as pd

from evaluation.protocol import Protocol


def registered_share(
    core_cells: pd.DataFrame, core_school_days: pd.DataFrame, protocol: Protocol
) -> float | None:
    """Share (0–1) of the expected school × grade × weeks of the follow-up year that have possible days.

    Expected are the grades a school has had in the study; a monthly total counts for every week of its month. None
    when nothing is expected.
    """
    weeks = core_school_days.loc[
        core_school_days["school_year"] == protocol.years.follow_up, ["school_id", "week_from", "month"]
    ].drop_duplicates()
    places = core_cells[["school_id", "grade"]].drop_duplicates()
    expected = weeks.merge(places, on="school_id")
    if expected.empty:
        return None
    there = core_cells[core_cells["possible_days"] > 0]
    weekly = there[there["period"] == "week"][["school_id", "grade", "period_from"]].drop_duplicates()
    monthly = there[there["period"] == "month"][["school_id", "grade", "month"]].drop_duplicates()
    found = expected.merge(
        weekly,
        how="left",
        left_on=["school_id", "grade", "week_from"],
        right_on=["school_id", "grade", "period_from"],
    )
    by_month = found.merge(monthly.assign(has_month=True), how="left", on=["school_id", "grade", "month"])
    is_there = found["period_from"].notna().to_numpy() | by_month["has_month"].notna().to_numpy()
    return float(is_there.mean())
