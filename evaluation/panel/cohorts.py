"""Counts for questions about the same pupils: who was there both years, and who was high before the talks.

Pupil-weeks go in, counts come out: the legal basis of all-pupil data covers counts alone. One row always
stands for a group, never for a pupil (small groups are still small: disclosure control decides what is shown).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from evaluation.legal_basis import TARGETED, require_basis
from evaluation.protocol import Cell, Protocol, Targeted, Wave
from evaluation.tables import table
from evaluation.tables.relations import Relation, run_sql

_COHORTS = """
WITH main_place AS (
  SELECT pupil_key, school_year, school_id, grade,
         ROW_NUMBER() OVER (PARTITION BY pupil_key, school_year
                            ORDER BY SUM(possible_days) DESC, school_id, grade) AS rank_place
  FROM pupil_weeks GROUP BY pupil_key, school_year, school_id, grade
), stayers AS (
  SELECT n.pupil_key, n.school_id, n.grade, p.grade AS grade_before,
         n.school_year AS year_now, p.school_year AS year_before
  FROM main_place n
  JOIN pairs y ON y.year_now = n.school_year
  JOIN main_place p ON p.pupil_key = n.pupil_key AND p.school_year = y.year_before
                   AND p.rank_place = 1 AND p.school_id = n.school_id
  JOIN steps g ON g.grade_now = n.grade AND g.grade_before = p.grade
  WHERE n.rank_place = 1
)
SELECT s.school_id, s.grade, w.school_year, s.year_before || '>' || s.year_now AS year_pair, w.month,
       COUNT(DISTINCT w.pupil_key) AS pupils, SUM(w.possible_days) AS possible_days,
       SUM(w.absent_days) AS absent_days
FROM stayers s
JOIN pupil_weeks w ON w.pupil_key = s.pupil_key AND w.school_year IN (s.year_now, s.year_before)
GROUP BY s.school_id, s.grade, w.school_year, s.year_before || '>' || s.year_now, w.month
"""

_WINDOWS = """
SELECT w.pupil_key, p.school_id, p.grade,
       SUM(CASE WHEN w.week_from >= p.w_from AND w.week_from < p.w_to THEN w.possible_days ELSE 0 END) AS w_possible,
       SUM(CASE WHEN w.week_from >= p.w_from AND w.week_from < p.w_to THEN w.absent_days ELSE 0 END) AS w_absent,
       SUM(CASE WHEN w.week_from >= p.b_from AND w.week_from < p.b_to THEN w.possible_days ELSE 0 END) AS b_possible,
       SUM(CASE WHEN w.week_from >= p.b_from AND w.week_from < p.b_to THEN w.absent_days ELSE 0 END) AS b_absent,
       SUM(CASE WHEN w.week_from >= p.f_from AND w.week_from < p.f_to THEN w.possible_days ELSE 0 END) AS f_possible,
       SUM(CASE WHEN w.week_from >= p.f_from AND w.week_from < p.f_to THEN w.absent_days ELSE 0 END) AS f_absent
FROM pupil_weeks w JOIN places p ON p.pupil_key = w.pupil_key
GROUP BY w.pupil_key, p.school_id, p.grade
"""

_PUPIL_YEARS = """
SELECT w.school_year, w.school_id, w.grade, w.pupil_key,
       SUM(w.possible_days) AS possible_days, SUM(w.absent_days) AS absent_days
FROM pupil_weeks w JOIN limits l ON l.school_year = w.school_year AND w.week_from <= l.last_week
GROUP BY w.school_year, w.school_id, w.grade, w.pupil_key
ORDER BY w.school_year, w.school_id, w.grade, w.pupil_key
"""

# A consent holds from its date on and is never backfilled.
_PUPIL_PERIODS = """
SELECT w.pupil_key, w.school_id, w.grade, w.school_year, w.month,
       SUM(w.possible_days) AS possible_days, SUM(w.absent_days) AS absent_days, SUM(w.sick_days) AS sick_days,
       SUM(w.permitted_days) AS permitted_days, SUM(w.unlawful_days) AS unlawful_days
FROM pupil_weeks w JOIN consents c ON c.pupil_key = w.pupil_key AND w.week_from >= c.from_on
GROUP BY w.pupil_key, w.school_id, w.grade, w.school_year, w.month
"""


def cohort_cells(core_pupil_weeks: Relation, protocol: Protocol) -> pd.DataFrame:
    """``core_cohort_cells``: pupils present in the same school in two school years in a row, one grade up."""
    years, grades = protocol.years.all, protocol.grades.order
    pairs = pd.DataFrame({"year_before": years[:-1], "year_now": years[1:]}, dtype="str")
    steps = pd.DataFrame({"grade_before": grades[:-1], "grade_now": grades[1:]}, dtype="str")
    found = run_sql(_COHORTS, pupil_weeks=core_pupil_weeks, pairs=pairs, steps=steps)
    return table("core_cohort_cells").conform(found)


@dataclass(frozen=True)
class Followed:
    """Keys of the pupils with a follow-up held by the cut-off, and of those whose consent is in force."""

    held: frozenset[str]
    consented: frozenset[str]

    @classmethod
    def of(
        cls, raw_talks: pd.DataFrame, core_consents: pd.DataFrame, protocol: Protocol, cutoff: dt.date
    ) -> Followed:
        """From the log and the consent register."""
        basis = protocol.data_set(TARGETED)
        held = raw_talks[raw_talks["kind"].eq("follow_up") & raw_talks["status"].eq("held")]
        held = held[pd.to_datetime(held["held_on"]) <= pd.Timestamp(cutoff)]
        purpose = "" if basis is None else basis.consent_purpose or ""
        in_force = core_consents[core_consents["is_in_force"] & core_consents["purpose"].eq(purpose)]
        return cls(frozenset(held["pupil_key"]), frozenset(in_force["pupil_key"]))


def selection_windows(
    core_pupil_weeks: Relation,
    core_pupils: pd.DataFrame,
    core_school_days: pd.DataFrame,
    core_talks: pd.DataFrame,
    followed: Followed,
    protocol: Protocol,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``core_band_cells`` and ``core_window_days`` for every wave whose talks are finished.

    ``followed`` names the pupils with a follow-up held: they are counted beside the rule's, never listed.

    The rule is applied in the same weeks to every grade of the school that has had no talks, or to the same grades of the
    schools without them, so that treated and untreated pupils are selected alike. Whole weeks stand for the protocol's
    school days (five to a week).
    """
    bands, windows = table("core_band_cells").empty(), table("core_window_days").empty()
    if protocol.targeted is None or not len(core_pupil_weeks):
        return bands, windows
    rule = protocol.targeted
    found, days = [], []
    treated_so_far = set(core_talks.loc[core_talks["transition_from_month"].notna(), "grade"])
    weeks = pd.DatetimeIndex(sorted(core_school_days["week_from"].unique()))
    free = set(protocol.grades.order) - treated_so_far
    for wave in protocol.group_waves:
        talks = core_talks[(core_talks["wave"] == wave.id) & core_talks["is_started"].astype(bool)]
        for kind in ("primary", "gap", "year_before"):
            places = [
                _places(talk, cells, core_pupils, protocol, weeks, kind, rule)
                for talk, cells in _windows_for(talks, free, protocol)
            ]
            if not places:
                continue
            pupils = run_sql(_WINDOWS, pupil_weeks=core_pupil_weeks, places=pd.concat(places))
            pupils = pupils[(pupils["w_possible"] >= rule.minimum_school_days) & (pupils["f_possible"] > 0)]
            pupils = pupils.assign(
                is_followed=pupils["pupil_key"].isin(followed.held),
                is_consented=pupils["pupil_key"].isin(followed.held & followed.consented),
            )
            found.append(_by_band(pupils, wave, protocol, kind, rule))
            if kind == "primary":
                days.append(_distribution(pupils, wave.id))
    if found:
        bands = table("core_band_cells").conform(pd.concat(found))
        windows = table("core_window_days").conform(pd.concat(days))
    return bands, windows


def _windows_for(
    talks: pd.DataFrame, free: set[str], protocol: Protocol
) -> Iterator[tuple[object, set[Cell]]]:
    """Each cell's talks with the schools and grades the rule is applied to in their weeks: its own, and the comparison.

    A school without the programme is looked at once a grade, in the weeks of the first school that has it.
    """
    seen: set[Cell] = set()
    for talk in talks.sort_values(["school_id", "grade"]).itertuples():
        own = (str(talk.school_id), str(talk.grade))
        if protocol.estimand.comparison == "grades_same_school":
            yield talk, {own} | {(own[0], g) for g in free}
            continue
        others = {(s.id, own[1]) for s in protocol.schools if (s.id, own[1]) not in protocol.treated} - seen
        seen |= others
        yield talk, {own} | others


def _places(
    talk: object,
    cells: set[Cell],
    core_pupils: pd.DataFrame,
    protocol: Protocol,
    weeks: pd.DatetimeIndex,
    kind: str,
    rule: Targeted,
) -> pd.DataFrame:
    """Pupils of some places with the windows of one cell's talks: whole weeks before the first and after the last talk.

    "year_before": those who were there the year before, in the same weeks of that year (364 days keep the weekday).
    """
    first, last = pd.Timestamp(talk.first_on), pd.Timestamp(talk.last_on)  # type: ignore[attr-defined]
    start = int(weeks.searchsorted(first.to_period("W-SUN").start_time))
    end = int(weeks.searchsorted(last, side="right"))
    gap = rule.gap_school_days // 5 if kind == "gap" else 0
    length = rule.window_school_days // 5
    follow = weeks[end : end + max(protocol.milestone.months) * 4 + 1]
    far = pd.Timestamp.max.normalize()

    def at(i: int) -> pd.Timestamp:
        return (
            pd.Timestamp(weeks[i])
            if 0 <= i < len(weeks)
            else (far if i >= len(weeks) else pd.Timestamp(weeks[0]))
        )

    year, back = protocol.years.follow_up, pd.Timedelta(0)
    if kind == "year_before":
        year, back = max(protocol.years.baseline), pd.Timedelta(days=364)
    here = core_pupils[
        pd.MultiIndex.from_frame(core_pupils[["school_id", "grade"]]).isin(cells)
        & core_pupils["school_year"].eq(year)
        & (core_pupils["enrolled_from"] <= first - back)
        & (core_pupils["enrolled_to"] >= last - back)
    ][["pupil_key", "school_id", "grade"]].drop_duplicates("pupil_key")
    w_from, w_to = at(start - gap - length), at(start - gap)
    b_from, b_to = (at(start - gap), at(start)) if kind == "gap" else (w_from, w_to)
    f_to = pd.Timestamp(follow[-1]) + pd.Timedelta(days=7) if len(follow) else far
    windows = {
        "w_from": w_from,
        "w_to": w_to,
        "b_from": b_from,
        "b_to": b_to,
        "f_from": at(end),
        "f_to": f_to,
    }
    return here.assign(**{name: day - back for name, day in windows.items()})


def _by_band(pupils: pd.DataFrame, wave: Wave, protocol: Protocol, kind: str, rule: Targeted) -> pd.DataFrame:
    pct = 100 * pupils["w_absent"] / pupils["w_possible"]
    grouped = (
        pupils.assign(band=band_of(pct, rule.bands_pct), is_selected=pct >= rule.threshold_pct)
        .groupby(["school_id", "grade", "band", "is_selected"], as_index=False)
        .agg(
            pupils=("pupil_key", "nunique"),
            follow_ups=("is_followed", "sum"),
            follow_ups_consented=("is_consented", "sum"),
            window_possible_days=("w_possible", "sum"),
            window_absent_days=("w_absent", "sum"),
            baseline_possible_days=("b_possible", "sum"),
            baseline_absent_days=("b_absent", "sum"),
            followup_possible_days=("f_possible", "sum"),
            followup_absent_days=("f_absent", "sum"),
        )
    )
    of_wave = {cell for cell, w in protocol.treated.items() if w.id == wave.id}
    is_treated = [c in of_wave for c in zip(grouped["school_id"], grouped["grade"], strict=True)]
    return grouped.assign(wave=wave.id, rule=kind, is_treated=is_treated)


def _distribution(pupils: pd.DataFrame, wave: str) -> pd.DataFrame:
    counted = pupils.groupby(["w_possible", "w_absent"], as_index=False).agg(pupils=("pupil_key", "nunique"))
    return counted.rename(columns={"w_possible": "possible_days", "w_absent": "absent_days"}).assign(
        wave=wave
    )


def band_of(pct: pd.Series, lower_edges: tuple[float, ...]) -> pd.Series:
    """The absence band of a percentage: ``0–5``, ``5–10``, … ``20+``; a lower edge belongs to its band."""
    edges = list(lower_edges)
    names = [f"{a:g}–{b:g}" for a, b in pairwise(edges)] + [f"{edges[-1]:g}+"]
    at = np.searchsorted(np.asarray(edges), pct.to_numpy(dtype="float64"), side="right") - 1
    return pd.Series(
        np.asarray(names, dtype=object)[np.clip(at, 0, len(names) - 1)], index=pct.index, dtype="str"
    )


def year_limits(protocol: Protocol, last_week: pd.Timestamp) -> pd.DataFrame:
    """The last week counted of each school year, by its Monday: ``school_year, last_week``.

    Earlier years end as many whole weeks into their year: 364 days keep the weekday, so week k of an earlier school
    year stands against week k of this one.
    """
    years = pd.Series(protocol.years.all, dtype="str")
    back = int(protocol.years.follow_up[:4]) - years.str[:4].astype("int64")
    ends = (last_week - pd.to_timedelta(364 * back, unit="D")).astype("datetime64[us]")
    return pd.DataFrame({"school_year": years, "last_week": ends})


def pupil_years(core_pupil_weeks: Relation, protocol: Protocol, last_week: pd.Timestamp) -> pd.DataFrame:
    """One row per pupil, school, grade and school year: possible and absent days up to :func:`year_limits`."""
    limits = year_limits(protocol, last_week)
    return run_sql(_PUPIL_YEARS, pupil_weeks=core_pupil_weeks, limits=limits)


def year_bands(
    core_pupil_weeks: Relation, protocol: Protocol, cutoff: dt.date, lower_edges: tuple[float, ...]
) -> pd.DataFrame:
    """``core_year_bands``: pupils by band of their absence in the year so far, earlier years cut to the same weeks.

    A pupil with fewer than 20 possible days so far is not classified: one day would be five per cent or more.
    """
    pupils = pupil_years(core_pupil_weeks, protocol, pd.Timestamp(cutoff).to_period("W-SUN").start_time)
    pupils = pupils[pupils["possible_days"] >= 20]
    counted = (
        pupils.assign(band=band_of(100 * pupils["absent_days"] / pupils["possible_days"], lower_edges))
        .groupby(["school_id", "grade", "school_year", "band"], as_index=False)
        .agg(pupils=("pupil_key", "nunique"))
    )
    return table("core_year_bands").conform(counted.assign(through_month=f"{cutoff:%Y-%m}"))


def targeted_pupil_periods(
    core_pupil_weeks: Relation, core_consents: pd.DataFrame, protocol: Protocol
) -> pd.DataFrame:
    """``core_pupil_periods``: month sums for pupils whose consent is in force, and for nobody else.

    Raises:
        GateRefused: the protocol's legal basis for targeted pupils does not cover rows of single pupils.
    """
    basis = protocol.data_set(TARGETED)
    if basis is None or core_consents.empty:
        return table("core_pupil_periods").empty()
    require_basis(protocol, "core_pupil_periods", len(core_consents))
    is_for_this = core_consents["purpose"].eq(basis.consent_purpose or "")
    in_force = core_consents.loc[core_consents["is_in_force"] & is_for_this, ["pupil_key", "from_on"]]
    found = run_sql(
        _PUPIL_PERIODS, pupil_weeks=core_pupil_weeks, consents=in_force.drop_duplicates("pupil_key")
    )
    return table("core_pupil_periods").conform(found)
