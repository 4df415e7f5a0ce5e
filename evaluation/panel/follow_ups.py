"""Pupils with a follow-up held and consent in force, counted beside equally high pupils without one, in the same months.

Rows of single pupils go in only where consent covers them; everybody else enters as counts by band of absence. The month
of the follow-up is neither before nor after. A consent is never backfilled, so a pupil's months before may be fewer than
three; each comparison is made over the very months the pupil has.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.panel.cohorts import band_of
from evaluation.protocol import Protocol
from evaluation.tables import table
from evaluation.tables.relations import Relation, run_sql

MONTHS_AROUND = 3
"""Months before and after the follow-up, at most."""
LEAST_DAYS = 15.0
"""Fewer possible days before the follow-up than this classify nobody."""

_FOLLOWED = """
WITH own AS (
  SELECT p.pupil_key, p.school_id, p.grade, f.seq AS follow_up, m.seq AS seq, p.possible_days, p.absent_days
  FROM periods p JOIN months m ON m.month = p.month JOIN follow_ups f ON f.pupil_key = p.pupil_key CROSS JOIN limits l
  WHERE m.seq BETWEEN f.seq - l.around AND f.seq + l.around AND m.seq <> f.seq AND m.seq <= l.last_at
)
SELECT pupil_key, MAX_BY(school_id, seq) AS school_id, MAX_BY(grade, seq) AS grade, follow_up,
       MIN(seq) AS first_at, MAX(seq) AS last_at,
       SUM(CASE WHEN seq < follow_up THEN possible_days ELSE 0 END) AS before_possible_days,
       SUM(CASE WHEN seq < follow_up THEN absent_days ELSE 0 END) AS before_absent_days,
       SUM(CASE WHEN seq > follow_up THEN possible_days ELSE 0 END) AS after_possible_days,
       SUM(CASE WHEN seq > follow_up THEN absent_days ELSE 0 END) AS after_absent_days
FROM own GROUP BY pupil_key, follow_up
"""
_OTHERS = """
WITH monthly AS (
  SELECT w.pupil_key, w.school_id, w.grade, m.seq, SUM(w.possible_days) AS possible_days, SUM(w.absent_days) AS absent_days
  FROM pupil_weeks w JOIN months m ON m.month = w.month
  WHERE w.pupil_key NOT IN (SELECT pupil_key FROM ever)
  GROUP BY w.pupil_key, w.school_id, w.grade, m.seq
)
SELECT o.pupil_key, o.school_id, o.grade, s.follow_up, s.first_at, s.last_at,
       SUM(CASE WHEN o.seq < s.follow_up THEN o.possible_days ELSE 0 END) AS before_possible_days,
       SUM(CASE WHEN o.seq < s.follow_up THEN o.absent_days ELSE 0 END) AS before_absent_days,
       SUM(CASE WHEN o.seq > s.follow_up THEN o.possible_days ELSE 0 END) AS after_possible_days,
       SUM(CASE WHEN o.seq > s.follow_up THEN o.absent_days ELSE 0 END) AS after_absent_days
FROM monthly o JOIN spans s ON o.seq BETWEEN s.first_at AND s.last_at AND o.seq <> s.follow_up
GROUP BY o.pupil_key, o.school_id, o.grade, s.follow_up, s.first_at, s.last_at
"""
_DAYS = ["before_possible_days", "before_absent_days", "after_possible_days", "after_absent_days"]


def follow_up_cells(
    core_pupil_periods: pd.DataFrame,
    core_pupil_weeks: Relation,
    raw_talks: pd.DataFrame,
    core_school_days: pd.DataFrame,
    protocol: Protocol,
    cutoff: dt.date,
) -> pd.DataFrame:
    """``core_follow_up_cells``; empty where nobody with a consent in force has had a follow-up."""
    declared = table("core_follow_up_cells")
    held = raw_talks[raw_talks["kind"].eq("follow_up") & raw_talks["status"].eq("held")]
    held = held[pd.to_datetime(held["held_on"]) <= pd.Timestamp(cutoff)]
    if protocol.targeted is None or held.empty or core_pupil_periods.empty:
        return declared.empty()
    months = _months(core_school_days)
    first = held.groupby("pupil_key", as_index=False)["held_on"].min()
    first = first.assign(month=pd.to_datetime(first["held_on"]).dt.strftime("%Y-%m")).merge(
        months, on="month"
    )
    own = run_sql(
        _FOLLOWED,
        limits=pd.DataFrame(
            {"around": [MONTHS_AROUND], "last_at": [_last_whole(months, core_school_days, cutoff)]}
        ),
        periods=core_pupil_periods,
        months=months,
        follow_ups=first[["pupil_key", "seq"]],
    )
    own = _usable(own)
    if own.empty:
        return declared.empty()
    spans = own[["follow_up", "first_at", "last_at"]].drop_duplicates()
    others = _usable(
        run_sql(_OTHERS, pupil_weeks=core_pupil_weeks, months=months, spans=spans, ever=held[["pupil_key"]])
    )
    both = pd.concat([own.assign(is_followed=True), others.assign(is_followed=False)])
    return declared.conform(_counted(both, months, protocol))


def _usable(pupils: pd.DataFrame) -> pd.DataFrame:
    return pupils[(pupils["before_possible_days"] >= LEAST_DAYS) & (pupils["after_possible_days"] > 0)]


def _counted(pupils: pd.DataFrame, months: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    assert protocol.targeted is not None  # the caller asked
    share = 100 * pupils["before_absent_days"] / pupils["before_possible_days"]
    keys = ["follow_up", "first_at", "last_at", "school_id", "grade", "band", "is_followed"]
    counted = (
        pupils.assign(band=band_of(share, protocol.targeted.bands_pct))
        .groupby(keys, as_index=False)
        .agg(pupils=("pupil_key", "nunique"), **{d: (d, "sum") for d in _DAYS})
    )
    name = months.set_index("seq")["month"]
    return counted.assign(
        follow_up_month=counted["follow_up"].map(name),
        first_month=counted["first_at"].map(name),
        last_month=counted["last_at"].map(name),
        is_treated_grade=[
            c in protocol.treated for c in zip(counted["school_id"], counted["grade"], strict=True)
        ],
    ).drop(columns=["follow_up", "first_at", "last_at"])


def _months(core_school_days: pd.DataFrame) -> pd.DataFrame:
    """The school months in order, numbered from 0."""
    names = sorted(core_school_days["month"].unique())
    return pd.DataFrame({"month": pd.Series(names, dtype="str"), "seq": range(len(names))})


def _last_whole(months: pd.DataFrame, core_school_days: pd.DataFrame, cutoff: dt.date) -> int:
    """The last month that is over at the cut-off."""
    over = months[months["month"] < f"{cutoff:%Y-%m}"]["seq"]
    last_day = pd.to_datetime(core_school_days["day_on"]).max()
    is_whole = pd.Timestamp(cutoff) >= last_day and cutoff.day >= 20
    return int(months["seq"].max()) if is_whole else int(over.max()) if len(over) else -1
