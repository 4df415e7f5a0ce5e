"""Patterns in absence: when, how long, how much. Description only; there is no inference here.

What belongs here is question (i): weekdays, the first school days after a holiday, spells of a single day and
long ones, bands 0–5–10–20 % and the crossing of legal thresholds. "Over 10 per cent" has one meaning in all of
them: more than ten, of the pupils with enough school days to say so, each counted where they went to school.
What stays out: any effect, and disclosure control (counts leave here as they are and are protected later).

Frames in: *absence days*, one row per pupil, day and type (``pupil_key, day_on, school_year, school_id,
grade, absence_type, day_fraction``); *pupil-weeks*, one row per pupil, school, grade and week (``pupil_key,
school_year, school_id, grade, week_from, possible_days, absent_days``); *school days*, one row per school and
day (``school_id, day_on, school_year, week_from, weekday`` 1–5, ``is_after_holiday``). Frames out: one row
per pattern, school year, group and level, in the columns of ``out_patterns`` but for the round.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

from evaluation.errors import InputError

By = Literal["all", "school", "grade"]
COLUMNS = (
    "pattern",
    "school_year",
    "group_kind",
    "group_id",
    "level",
    "pupils",
    "possible_days",
    "absent_days",
    "count",
    "share_pct",
)
WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag")
_GROUP_COLUMN = {"school": "school_id", "grade": "grade"}
_EQUAL = 1e-9
"""Sums of half days are exact; a quotient of them may miss a threshold by rounding alone."""


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """A dated threshold of ``value`` percent of school days, or of school days, per quarter or school year.

    ``crossing`` says whether reaching the value is enough ("at_least") or it must be exceeded ("more_than").
    """

    id: str
    value: float
    unit: Literal["pct_of_school_days", "school_days"]
    per: Literal["quarter", "school_year"]
    types: tuple[str, ...]
    in_force_from: dt.date
    in_force_until: dt.date | None = None
    crossing: Literal["at_least", "more_than"] = "at_least"


def weekday_pattern(
    absence: pd.DataFrame, weeks: pd.DataFrame, school_days: pd.DataFrame, by: By = "all"
) -> pd.DataFrame:
    """Absence in percent of school days by weekday; ``count`` is the number of absence registrations."""
    daily = _daily(absence, weeks, school_days)
    daily["level"] = [WEEKDAYS[int(d) - 1] for d in daily["weekday"]]
    return _rates("weekday", daily, by)


def after_holiday_pattern(
    absence: pd.DataFrame, weeks: pd.DataFrame, school_days: pd.DataFrame, by: By = "all"
) -> pd.DataFrame:
    """Absence in percent of school days in the days marked as following a holiday, and on all other days."""
    daily = _daily(absence, weeks, school_days)
    daily["level"] = np.where(daily["is_after_holiday"].astype(bool), "efter ferie", "øvrige dage")
    return _rates("after_holiday", daily, by)


def spells(absence: pd.DataFrame, school_days: pd.DataFrame) -> pd.DataFrame:
    """One row per spell: ``pupil_key, school_year, school_id, grade, first_on, length, days``.

    A spell runs over consecutive school days of the pupil's school with any absence; weekends and holidays
    neither break nor lengthen it. ``length`` counts school days, ``days`` the absence (half days as halves).
    """
    _need(
        absence, ("pupil_key", "day_on", "school_year", "school_id", "grade", "day_fraction"), "absence days"
    )
    calendar = _calendar(school_days)
    calendar["number"] = calendar.groupby("school_id")["day_on"].rank(method="first").astype(int)
    key = ["pupil_key", "school_year", "school_id", "grade", "day_on"]
    days = absence.assign(day_on=pd.to_datetime(absence["day_on"]))
    days = days.groupby(key, as_index=False)[["day_fraction"]].sum()
    days = days.merge(calendar[["school_id", "day_on", "number"]], on=["school_id", "day_on"], how="inner")
    days = days.sort_values(["pupil_key", "school_id", "number"], kind="stable").reset_index(drop=True)
    same = days[["pupil_key", "school_id", "school_year"]].eq(
        days[["pupil_key", "school_id", "school_year"]].shift()
    )
    days["spell"] = (~(same.all(axis=1) & (days["number"].diff() == 1))).cumsum()
    return (
        days.groupby("spell")
        .agg(
            pupil_key=("pupil_key", "first"),
            school_year=("school_year", "first"),
            school_id=("school_id", "first"),
            grade=("grade", "first"),
            first_on=("day_on", "min"),
            length=("number", "size"),
            days=("day_fraction", "sum"),
        )
        .reset_index(drop=True)
    )


def single_day_pattern(spell_rows: pd.DataFrame, weeks: pd.DataFrame, by: By = "all") -> pd.DataFrame:
    """How much of absence comes as single days: ``count`` spells, their days, and percent of all spells."""
    level = np.where(spell_rows["length"] == 1, "1 dag", "2 dage eller flere")
    return _spell_shares("single_day_spells", spell_rows.assign(level=level), weeks, by)


def long_spell_pattern(
    spell_rows: pd.DataFrame, weeks: pd.DataFrame, lengths: Sequence[int] = (5, 10, 15), by: By = "all"
) -> pd.DataFrame:
    """Pupils with at least one spell of so many school days, as percent of pupils enrolled; ``count``
    pupils."""
    enrolled = _enrolled(weeks, by)
    out = []
    for length in lengths:
        rows = spell_rows[spell_rows["length"] >= length].assign(group_id=lambda d: _group(d, by))
        count = rows.groupby(["school_year", "group_id"]).agg(
            count=("pupil_key", "nunique"), absent_days=("days", "sum")
        )
        out.append(enrolled.join(count).fillna({"count": 0.0, "absent_days": 0.0}).assign(level=f"{length}+"))
    table = pd.concat(out).reset_index()
    return _finish("long_spells", table.assign(share_pct=_percent(table["count"], table["pupils"])), by)


def band_pattern(
    weeks: pd.DataFrame,
    edges_pct: Sequence[float] = (0, 5, 10, 20),
    by: By = "all",
    minimum_days: float = 0.0,
) -> pd.DataFrame:
    """Pupils by band of their absence so far in the school year, at each school and grade they went to.

    A band holds its upper edge and not its lower, so that the bands above ten are those who are *over* ten per
    cent. Pupils with fewer than ``minimum_days`` possible days are not classified.
    """
    edges = sorted(map(float, edges_pct))
    if not edges or edges[0] != 0:
        raise InputError(f"patterns: the bands must begin at 0 percent, found {edges[:1]}")
    names = [f"{low:g}-{high:g}" for low, high in pairwise(edges)] + [f"{edges[-1]:g}+"]
    rows = _placed_pupils(weeks, by, minimum_days)
    share = 100.0 * rows["absent_days"] / rows["possible_days"]
    at = np.searchsorted(np.array(edges), share.to_numpy() - _EQUAL, side="left") - 1
    rows["level"] = pd.Categorical.from_codes(np.maximum(at, 0), categories=pd.Index(names), ordered=True)
    table = rows.groupby(["school_year", "group_id", "level"], observed=False).agg(
        count=("pupil_key", "size"),
        possible_days=("possible_days", "sum"),
        absent_days=("absent_days", "sum"),
    )
    table = table.reset_index()
    table["pupils"] = table.groupby(["school_year", "group_id"])["count"].transform("sum")
    table["level"] = table["level"].astype(str)
    return _finish("bands", table.assign(share_pct=_percent(table["count"], table["pupils"])), by)


def threshold_pattern(
    absence: pd.DataFrame, weeks: pd.DataFrame, rules: Sequence[ThresholdRule], by: By = "all"
) -> pd.DataFrame:
    """Pupils who reached each threshold in at least one of its periods, as percent of pupils enrolled.

    A rule is applied to the days on which it is in force. Quarters are calendar quarters; a week's school
    days belong to the quarter of its Monday.
    """
    _need(absence, ("pupil_key", "day_on", "school_year", "absence_type", "day_fraction"), "absence days")
    enrolled = _enrolled(weeks, by)
    place = _pupil_years(weeks, by).sort_values("possible_days", ascending=False, kind="stable")
    place = place.drop_duplicates(["pupil_key", "school_year"])[["pupil_key", "school_year", "group_id"]]
    days = absence.assign(on=pd.to_datetime(absence["day_on"]))
    spans = weeks.assign(on=pd.to_datetime(weeks["week_from"]))
    out = []
    for rule in rules:
        mine = _in_force(days[days["absence_type"].isin(rule.types)], rule)
        key = ["pupil_key", "school_year", "period"]
        reached = mine.groupby(key)["day_fraction"].sum().rename("days").to_frame()
        if rule.unit == "pct_of_school_days":
            possible = _in_force(spans, rule).groupby(key)["possible_days"].sum()
            reached["days"] = 100.0 * reached["days"] / possible.reindex(reached.index)
        hit = reached[_is_crossed(reached["days"], rule)].reset_index()
        who = (
            hit[["pupil_key", "school_year"]].drop_duplicates().merge(place, on=["pupil_key", "school_year"])
        )
        count = who.groupby(["school_year", "group_id"])["pupil_key"].nunique().rename("count")
        out.append(enrolled.join(count).fillna({"count": 0.0}).assign(level=rule.id, absent_days=np.nan))
    if not out:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(out).reset_index()
    return _finish("threshold", table.assign(share_pct=_percent(table["count"], table["pupils"])), by)


def yearly_share_pattern(
    weeks: pd.DataFrame, rules: Sequence[ThresholdRule], by: By = "all", minimum_days: float = 0.0
) -> pd.DataFrame:
    """Pupils across each threshold on all absence of the school year, which pupil-weeks tell without day records.

    The pupils are those of :func:`band_pattern`, so that a threshold on a band's edge says what the bands say.
    """
    out = []
    for rule in rules:
        rows = _placed_pupils(
            _in_force(weeks.assign(on=pd.to_datetime(weeks["week_from"])), rule), by, minimum_days
        )
        rows["is_hit"] = _is_crossed(100.0 * rows["absent_days"] / rows["possible_days"], rule)
        table = rows.groupby(["school_year", "group_id"]).agg(
            pupils=("is_hit", "size"), count=("is_hit", "sum"), possible_days=("possible_days", "sum")
        )
        out.append(table.reset_index().assign(level=rule.id, absent_days=np.nan))
    if not out:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(out)
    return _finish("threshold", table.assign(share_pct=_percent(table["count"], table["pupils"])), by)


def _is_crossed(amount: pd.Series, rule: ThresholdRule) -> pd.Series:
    if rule.crossing == "more_than":
        return amount > rule.value + _EQUAL
    return amount >= rule.value - _EQUAL


def _in_force(rows: pd.DataFrame, rule: ThresholdRule) -> pd.DataFrame:
    inside = rows["on"] >= pd.Timestamp(rule.in_force_from)
    if rule.in_force_until is not None:
        inside &= rows["on"] <= pd.Timestamp(rule.in_force_until)
    rows = rows[inside]
    period = (
        rows["on"].dt.to_period("Q").astype(str) if rule.per == "quarter" else rows["school_year"].astype(str)
    )
    return rows.assign(period=period)


def _daily(absence: pd.DataFrame, weeks: pd.DataFrame, school_days: pd.DataFrame) -> pd.DataFrame:
    """One row per school, grade and school day: possible and absent days, registrations, pupils.

    A week's possible days are spread evenly over the school's days that week, which is exact but for pupils
    who come or leave within it.
    """
    _need(absence, ("day_on", "school_id", "grade", "day_fraction"), "absence days")
    calendar = _calendar(school_days)
    per_week = calendar.groupby(["school_id", "week_from"])["day_on"].transform("size")
    possible = weeks.assign(week_from=pd.to_datetime(weeks["week_from"]))
    keys = ["school_id", "grade", "school_year", "week_from"]
    possible = possible.groupby(keys, as_index=False)[["possible_days"]].sum()
    daily = possible.merge(
        calendar.assign(per_week=per_week).drop(columns="school_year"),
        on=["school_id", "week_from"],
        how="inner",
    )
    daily["possible_days"] = daily["possible_days"] / daily["per_week"]
    days = absence.assign(day_on=pd.to_datetime(absence["day_on"]))
    sums = days.groupby(["school_id", "grade", "day_on"], as_index=False).agg(
        absent_days=("day_fraction", "sum"), count=("day_fraction", "size")
    )
    daily = daily.merge(sums, on=["school_id", "grade", "day_on"], how="left")
    return daily.fillna({"absent_days": 0.0, "count": 0.0})


def _rates(pattern: str, daily: pd.DataFrame, by: By) -> pd.DataFrame:
    daily = daily.assign(group_id=_group(daily, by))
    table = daily.groupby(["school_year", "group_id", "level"], as_index=False)[
        ["possible_days", "absent_days", "count"]
    ].sum()
    table["pupils"] = np.nan
    return _finish(
        pattern, table.assign(share_pct=_percent(table["absent_days"], table["possible_days"])), by
    )


def _spell_shares(pattern: str, rows: pd.DataFrame, weeks: pd.DataFrame, by: By) -> pd.DataFrame:
    rows = rows.assign(group_id=_group(rows, by))
    table = rows.groupby(["school_year", "group_id", "level"]).agg(
        count=("length", "size"), absent_days=("days", "sum")
    )
    table = table.join(_enrolled(weeks, by), on=["school_year", "group_id"]).reset_index()
    total = table.groupby(["school_year", "group_id"])["count"].transform("sum")
    return _finish(pattern, table.assign(share_pct=_percent(table["count"], total)), by)


def _pupil_years(weeks: pd.DataFrame, by: By) -> pd.DataFrame:
    """One row per pupil, school year and group: possible and absent days, pupils with no school day left
    out."""
    _need(
        weeks,
        ("pupil_key", "school_year", "school_id", "grade", "possible_days", "absent_days"),
        "pupil-weeks",
    )
    rows = weeks.assign(group_id=_group(weeks, by))
    rows = rows.groupby(["pupil_key", "school_year", "group_id"], as_index=False)[
        ["possible_days", "absent_days"]
    ].sum()
    return rows[rows["possible_days"] > 0].reset_index(drop=True)


def _placed_pupils(weeks: pd.DataFrame, by: By, minimum_days: float) -> pd.DataFrame:
    """One row per pupil, school year, school and grade, with its group: who moved is counted at each place."""
    _need(
        weeks,
        ("pupil_key", "school_year", "school_id", "grade", "possible_days", "absent_days"),
        "pupil-weeks",
    )
    rows = weeks.groupby(["pupil_key", "school_year", "school_id", "grade"], as_index=False)[
        ["possible_days", "absent_days"]
    ].sum()
    rows = rows[(rows["possible_days"] > 0) & (rows["possible_days"] >= minimum_days)]
    return rows.assign(group_id=_group(rows, by)).reset_index(drop=True)


def _enrolled(weeks: pd.DataFrame, by: By) -> pd.DataFrame:
    """Pupils and possible days, indexed by school year and group."""
    rows = _pupil_years(weeks, by)
    return rows.groupby(["school_year", "group_id"]).agg(
        pupils=("pupil_key", "nunique"), possible_days=("possible_days", "sum")
    )


def _group(frame: pd.DataFrame, by: By) -> pd.Series:
    if by == "all":
        return pd.Series("all", index=frame.index)
    return frame[_GROUP_COLUMN[by]].astype(str)


def _calendar(school_days: pd.DataFrame) -> pd.DataFrame:
    _need(school_days, ("school_id", "day_on", "school_year", "week_from"), "school days")
    return school_days.assign(
        day_on=pd.to_datetime(school_days["day_on"]), week_from=pd.to_datetime(school_days["week_from"])
    )


def _percent(part: pd.Series, whole: pd.Series) -> pd.Series:
    return 100.0 * part / whole.where(whole > 0)


def _finish(pattern: str, table: pd.DataFrame, by: By) -> pd.DataFrame:
    table = table.assign(pattern=pattern, group_kind=by)
    numbers = ["pupils", "possible_days", "absent_days", "count", "share_pct"]
    table[numbers] = table[numbers].astype(float)
    return table[list(COLUMNS)].reset_index(drop=True)


def _need(frame: pd.DataFrame, columns: Sequence[str], what: str) -> None:
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise InputError(f"patterns: columns {', '.join(missing)} are missing from the {what}")
