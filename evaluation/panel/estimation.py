"""From cells to the panel that is estimated: school × grade × month with outcome, weights and months since the talk.

Incomplete months. A round's last month may be cut short. Earlier years are then cut to the same ISO weeks, so
that a month is always compared with its own same weeks: illness doubles from September to late November.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.measures import DAYS
from evaluation.protocol import Outcome, Protocol
from evaluation.tables import table

DAY_COLUMNS = ("possible_days", "absent_days", "sick_days", "permitted_days", "unlawful_days")
_PLACE = ["school_id", "grade", "month"]


def same_weeks(core_cells: pd.DataFrame, cutoff: dt.date) -> pd.DataFrame:
    """Cells whose last month of each earlier year holds only the ISO weeks the cut-off year has reached.

    Only the calendar month of the cut-off is affected; weeks that the cut-off splits are dropped everywhere.
    """
    end = pd.Timestamp(cutoff)
    last_week = end.to_period("W-SUN").start_time
    is_split = end.weekday() < 4
    week = pd.to_datetime(core_cells["period_from"])
    cut_month = (last_week + pd.Timedelta(days=3)).strftime("%m")
    in_cut_month = core_cells["month"].str[-2:].eq(cut_month) & core_cells["period"].eq("week")
    limit = int(last_week.isocalendar().week) - (1 if is_split else 0)
    week_number = (week + pd.Timedelta(days=3)).dt.isocalendar()["week"].astype("int64")
    keep = ~in_cut_month | (week_number <= limit)
    return core_cells[keep & (week <= end)]


def monthly_panel(
    core_cells: pd.DataFrame, core_talks: pd.DataFrame, protocol: Protocol, cutoff: dt.date
) -> pd.DataFrame:
    """``core_monthly``: one row per cell (school × grade) and school month of the protocol's years.

    Columns: school_id, grade, cell, wave, school_year, month, cal_month, t (1, 2, … over school months), pupils
    (mean over the month's periods), the day counts, start (t of month 1 after the talks, NaN where no talks are
    finished), event (month 1 is the first whole month after the talks; 0, −1, … the talk months and before; NaN for
    never treated), transition (how many talk months come before month 1), is_transition, is_treated, is_reached
    (whether the declared share of its pupils had the talk; missing where there are no talks). A grade whose talks have
    begun but are not finished is left out from its first talk month on, and one whose programme has ended from the month
    after.
    """
    cells = same_weeks(core_cells, cutoff)
    cells = cells[cells["school_year"].isin(protocol.years.all) & cells["grade"].isin(protocol.grades.order)]
    keys = ["school_id", "grade", "school_year", "month"]
    sums = cells.groupby(keys, as_index=False).agg(
        pupils=("pupils", "mean"), **{c: (c, "sum") for c in DAY_COLUMNS}
    )
    sums = sums[sums["possible_days"] > 0]
    months = {m: i + 1 for i, m in enumerate(sorted(sums["month"].unique()))}
    talks = core_talks[
        [
            "school_id",
            "grade",
            "wave",
            "transition_from_month",
            "transition_to_month",
            "is_started",
            "is_reached",
        ]
    ]
    panel = sums.merge(talks, how="left", on=["school_id", "grade"])
    panel["t"] = panel["month"].map(months).astype("int64")
    panel["cal_month"] = panel["month"].str[-2:]
    panel["cell"] = panel["school_id"] + ":" + panel["grade"]
    started = panel["is_started"].fillna(False).astype(bool)
    from_t, to_t = (
        panel[c].map(months).astype("float64") for c in ("transition_from_month", "transition_to_month")
    )
    is_unfinished = ~started & panel["transition_from_month"].notna()
    panel["event"] = (panel["t"] - to_t).where(started)
    panel["start"] = (to_t + 1).where(started)
    panel["transition"] = (to_t - from_t + 1).where(started)
    panel["is_transition"] = started & (panel["t"] >= from_t) & (panel["t"] <= to_t)
    panel["is_treated"] = started & (panel["event"] >= 1)
    left_out = is_unfinished & (panel["month"] >= panel["transition_from_month"].fillna("9999-12"))
    for wave in protocol.waves:
        if wave.ends_on is not None:
            left_out |= panel["wave"].eq(wave.id) & (panel["month"] > f"{wave.ends_on:%Y-%m}")
    kept = panel[~left_out].drop(columns=["transition_from_month", "transition_to_month", "is_started"])
    return table("core_monthly").conform(kept)


def outcome_rows(monthly: pd.DataFrame, core_measured: pd.DataFrame, outcome: Outcome) -> pd.DataFrame:
    """The monthly panel's rows on which an outcome is known. Of an outcome that counts only some days: the months that
    were registered day by day, with the days that count (``counted_days``) and the school days they are of."""
    if outcome.measure == DAYS:
        return monthly
    mine = core_measured.loc[
        core_measured["outcome"] == outcome.id, [*_PLACE, "possible_days", "counted_days"]
    ]
    return monthly.drop(columns="possible_days").merge(mine, on=_PLACE)


def outcome_pct(panel: pd.DataFrame, outcome: Outcome, protocol: Protocol) -> pd.Series:
    """The outcome in per cent of possible days: 100 · days absent of the outcome's types / school days.

    The rows are those of :func:`outcome_rows`. An outcome of every type is the registered total, which some sources
    deliver without its types.
    """
    if outcome.measure != DAYS:
        days = panel["counted_days"]
    elif set(outcome.types) == {t.id for t in protocol.absence_types}:
        days = panel["absent_days"]
    else:
        days = panel[[f"{t}_days" for t in outcome.types]].sum(axis=1)
    return 100 * days / panel["possible_days"]
