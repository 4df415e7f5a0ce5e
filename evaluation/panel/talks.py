"""When each school and grade had its talks, and which months follow from it.

The protocol plans windows; the talk log overrides them. A cell counts from the window in which its talks were held,
whatever share was reached (intention to treat); where none was held by the planned window's end, from the planned one.
The window ends on the day the declared share of the pupils had had the talk (where so many were never reached, that
share of those who had it), so that a straggler months later does not move the start of the follow-up. Months from
the first to that last talk are a transition and left out; the first whole school month after it is month 1.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd

from evaluation.panel.calendar import SchoolMonths, school_months
from evaluation.protocol import Cell, Protocol, Wave
from evaluation.tables import table


def talk_windows(
    raw_talks: pd.DataFrame,
    core_pupils: pd.DataFrame,
    raw_calendar: pd.DataFrame,
    protocol: Protocol,
    cutoff: dt.date,
) -> pd.DataFrame:
    """``core_talks``: one row per school and grade that gets the programme, with the months the estimates are built on.

    Without any log at all (a study that delivers none) the planned window counts as held, and is marked so.
    """
    months = school_months(raw_calendar)
    rows = [
        _window(wave, cell, raw_talks, core_pupils, protocol, cutoff, months)
        for cell, wave in protocol.treated.items()
    ]
    if not rows:
        return table("core_talks").empty()
    return table("core_talks").conform(pd.DataFrame(rows))


def _window(
    wave: Wave,
    cell: Cell,
    raw_talks: pd.DataFrame,
    core_pupils: pd.DataFrame,
    protocol: Protocol,
    cutoff: dt.date,
    months: SchoolMonths,
) -> dict[str, object]:
    has_log = not raw_talks.empty
    school_id, grade = cell
    mine = raw_talks[(raw_talks["school_id"] == school_id) & (raw_talks["grade"] == grade)]
    talks = mine[mine["kind"] == "talk"]
    held = talks[talks["status"] == "held"].sort_values("held_on").drop_duplicates("pupil_key")
    pupils = _pupils(core_pupils, school_id, grade, protocol.years.follow_up)
    coverage = 100 * len(held) / pupils if pupils else float("nan")
    needed = protocol.talks.minimum_coverage_pct / 100 * pupils
    covered = bool(pupils) and len(held) >= needed
    end = pd.Timestamp(cutoff)
    is_over = pd.Timestamp(wave.planned_to) <= end
    is_assumed = not has_log or (held.empty and is_over)
    first, last = _from_to(held, wave, needed if covered else None, is_over, is_assumed, protocol)
    first = first if pd.notna(first) and first <= end else pd.NaT
    is_started = bool(pd.notna(first) and pd.notna(last) and last <= end)
    # The plan stands in for what has not happened yet, so that "tidligst" can be answered.
    last_month = months.of(last if pd.notna(last) else pd.Timestamp(wave.planned_to))
    first_month = months.after(last_month)
    third = months.after(last_month, max(protocol.milestone.months))
    provisional = dt.timedelta(days=protocol.quality.provisional_days)
    complete = months.end_of(third) + provisional if third else None
    return {
        "school_id": school_id,
        "grade": grade,
        "wave": wave.id,
        "pupils": pupils,
        "talks_planned": int(talks["pupil_key"].nunique()),
        "talks_held": len(held),
        "follow_ups": int(((mine["kind"] == "follow_up") & (mine["status"] == "held")).sum()),
        "coverage_pct": coverage,
        "first_on": first,
        "last_on": last if is_started else pd.NaT,
        "transition_from_month": months.of(first) if pd.notna(first) else None,
        "transition_to_month": last_month if is_started else None,
        "first_month": first_month if is_started else None,
        "milestone_complete_on": complete,
        "is_logged": not is_assumed,
        "is_reached": covered or not has_log,
        "is_started": is_started,
    }


def _from_to(
    held: pd.DataFrame,
    wave: Wave,
    needed: float | None,
    is_over: bool,
    is_assumed: bool,
    protocol: Protocol,
) -> tuple[Any, Any]:
    """First and last day of a cell's talks; NaT for the last while it is open. ``needed``: talks, where they were held."""
    if is_assumed:
        return pd.Timestamp(wave.planned_from), pd.Timestamp(wave.planned_to)
    if held.empty:
        return pd.NaT, pd.NaT
    first = held["held_on"].min()
    if needed is not None:
        return first, _share_held_on(held, needed)
    # Meant to be reached counts as reached once the planned window is over, whatever share it was.
    share = protocol.talks.minimum_coverage_pct / 100
    return first, _share_held_on(held, share * len(held)) if is_over else pd.NaT


def _share_held_on(held: pd.DataFrame, needed: float) -> pd.Timestamp:
    """The day on which so many of the talks (in the order of their days) had been held."""
    day: pd.Timestamp = held["held_on"].iloc[max(int(-(-needed // 1)) - 1, 0)]
    return day


def _pupils(core_pupils: pd.DataFrame, school_id: str, grade: str, school_year: str) -> int:
    """Pupils of a school and grade in a school year, however long they were enrolled."""
    mine = core_pupils[
        (core_pupils["school_id"] == school_id)
        & (core_pupils["grade"] == grade)
        & (core_pupils["school_year"] == school_year)
    ]
    return int(mine["pupil_key"].nunique())
