"""What was registered: levels with their denominators, by period and group. No comparison of causes here.

Years are compared over the same school weeks: week k of an earlier year stands against week k of this one
(364 days earlier, so that weekdays agree), up to the last whole week before the cut-off.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from evaluation.measures import DAYS
from evaluation.panel.cohorts import pupil_years
from evaluation.panel.estimation import same_weeks
from evaluation.protocol import Protocol
from evaluation.tables import table
from evaluation.tables.relations import Relation

OVER_PCT = 10.0
MINIMUM_DAYS = 20
_SUMS = ["possible_days", "absent_days", "sick_days", "permitted_days", "unlawful_days"]


def last_whole_week(cutoff: dt.date) -> pd.Timestamp:
    """Monday of the last week whose Friday is not after the cut-off."""
    end = pd.Timestamp(cutoff)
    monday = end - pd.Timedelta(days=end.weekday())
    return monday if end.weekday() >= 4 else monday - pd.Timedelta(days=7)


def so_far(week_from: pd.Series, school_year: pd.Series, protocol: Protocol, cutoff: dt.date) -> pd.Series:
    """Whether a week lies within the part of its school year that the cut-off year has reached."""
    years_back = int(protocol.years.follow_up[:4]) - school_year.str[:4].astype("int64")
    limit = last_whole_week(cutoff) - pd.to_timedelta(364 * years_back, unit="D")
    return pd.Series(pd.to_datetime(week_from) <= limit, index=week_from.index)


def describe(
    core_cells: pd.DataFrame,
    core_pupil_weeks: Relation,
    core_talks: pd.DataFrame,
    protocol: Protocol,
    cutoff: dt.date,
) -> pd.DataFrame:
    """``out_description``: every group of :func:`groupings` by year to date, month and week.

    ``over_10`` counts pupils whose absence in the year to date exceeds 10 per cent, among pupils with at least 20
    possible days; it is known only where pupils (or their own totals) are delivered.
    """
    cells = core_cells[core_cells["school_year"].isin(protocol.years.all)]
    over = _over_10(core_pupil_weeks, protocol, cutoff)
    begun = begun_grades(core_talks, protocol)
    to_date = cells[so_far(cells["period_from"], cells["school_year"], protocol, cutoff)]
    months = same_weeks(cells, cutoff)
    weeks = cells[cells["period"].eq("week")]
    parts: list[pd.DataFrame] = []
    for kind, frame, period in (
        ("year_to_date", to_date, "school_year"),
        ("month", months, "month"),
        ("week", weeks, "period_from"),
    ):
        for group_kind, grouped, keys in groupings(frame, begun):
            counts = _count(grouped, period, keys)
            if kind == "year_to_date" and len(over):
                counts = _with_over_10(counts, group_kind, over, begun, keys)
            parts.append(counts.assign(period_kind=kind, group_kind=group_kind))
    return table("out_description").conform(_by_outcome(pd.concat(parts), protocol))


def begun_grades(core_talks: pd.DataFrame, protocol: Protocol) -> tuple[str, ...] | None:
    """Grades whose programme has begun, in the protocol's order: they are *treated*, the others *comparison*.

    None where the programme is not given to whole grades of all schools: then neither group is made of grades.
    """
    if any((s.id, g) not in protocol.treated for s in protocol.schools for g in protocol.treated_grades):
        return None
    started = set(core_talks.loc[core_talks["transition_from_month"].notna(), "grade"])
    found = tuple(g for g in protocol.grades.order if g in started)
    return None if found == protocol.grades.order else found


def groupings(
    frame: pd.DataFrame, begun: tuple[str, ...] | None
) -> Iterator[tuple[str, pd.DataFrame, list[str]]]:
    """The groups that are described: name, rows and the columns that tell them apart."""
    yield "all", frame, []
    yield "grade", frame, ["grade"]
    yield "school", frame, ["school_id"]
    yield "school_grade", frame, ["school_id", "grade"]
    if begun is None:
        return
    is_begun = frame["grade"].isin(begun)
    yield "treated", frame[is_begun], []
    yield "comparison", frame[~is_begun], []


def _count(frame: pd.DataFrame, period: str, keys: list[str]) -> pd.DataFrame:
    """Days summed; pupils as the mean over the period's weeks, so that a pupil is counted once."""
    by = ["school_year", *([period] if period != "school_year" else []), *keys]
    weekly = frame.groupby([*by, *({"period_from"} - set(by))], as_index=False)[["pupils", *_SUMS]].sum()
    counts = weekly.groupby(by, as_index=False).agg(
        pupils=("pupils", "mean"), **{c: (c, "sum") for c in _SUMS}, first=("possible_days", "size")
    )
    if period == "period_from":
        counts["period"] = counts["period_from"].dt.strftime("%Y-%m-%d")
    else:
        counts["period"] = counts[period]
        counts["period_from"] = pd.NaT
    return counts.drop(columns="first")


def _over_10(core_pupil_weeks: Relation, protocol: Protocol, cutoff: dt.date) -> pd.DataFrame:
    """One row per school, grade and school year: pupils classified, and pupils above ten per cent."""
    keys = ["school_year", "school_id", "grade"]
    pupils = pupil_years(core_pupil_weeks, protocol, last_whole_week(cutoff))
    pupils = pupils[pupils["possible_days"] >= MINIMUM_DAYS]
    pupils["is_over"] = 100 * pupils["absent_days"] / pupils["possible_days"] > OVER_PCT
    return pupils.groupby(keys, as_index=False).agg(over=("is_over", "sum"), classified=("is_over", "size"))


def _with_over_10(
    counts: pd.DataFrame, group_kind: str, over: pd.DataFrame, begun: tuple[str, ...] | None, keys: list[str]
) -> pd.DataFrame:
    rows = next(frame for kind, frame, _ in groupings(over, begun) if kind == group_kind)
    by = ["school_year", *keys]
    summed = rows.groupby(by, as_index=False)[["over", "classified"]].sum()
    merged = counts.merge(summed, on=by, how="left")
    return merged.assign(
        over_10_pupils=merged["over"].astype("float64"),
        over_10_pct=100 * merged["over"] / merged["classified"],
    ).drop(columns=["over", "classified"])


def _by_outcome(counts: pd.DataFrame, protocol: Protocol) -> pd.DataFrame:
    """One row per outcome; the share above ten per cent belongs to the primary outcome alone."""
    counts = counts.reindex(
        columns=[*dict.fromkeys([*counts.columns, "over_10_pupils", "over_10_pct", "school_id", "grade"])]
    )
    whole = {t.id for t in protocol.absence_types}
    rows = []
    for outcome in (o for o in protocol.outcomes if o.measure == DAYS):
        days = (
            counts["absent_days"]
            if set(outcome.types) == whole
            else counts[[f"{t}_days" for t in outcome.types]].sum(axis=1)
        )
        frame = counts.assign(
            outcome=outcome.id, absent_days=days, absence_pct=100 * days / counts["possible_days"]
        )
        if not outcome.is_primary:
            frame = frame.assign(over_10_pupils=float("nan"), over_10_pct=float("nan"))
            frame = frame[frame["period_kind"] != "week"]
        rows.append(frame)
    long = pd.concat(rows)
    school, grade = long["school_id"].fillna(""), long["grade"].fillna("")
    both = (school + ":" + grade).where((school != "") & (grade != ""), school + grade)
    group_id = both.where(both != "", long["group_kind"])
    return long.assign(group_id=group_id).drop(
        columns=["month", "sick_days", "permitted_days", "unlawful_days"], errors="ignore"
    )
