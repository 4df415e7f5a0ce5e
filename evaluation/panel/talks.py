"""When each school and grade had its talks, and which months follow from it.

The protocol plans windows; the talk log overrides them. The window ends on the day the declared share of the
pupils had had the talk, so that a straggler months later does not move the start of the follow-up. Months from
the first to that last talk are a transition and left out; the first whole school month after it is month 1.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from evaluation.panel.calendar import SchoolMonths, school_months
from evaluation.protocol import Protocol, Wave
from evaluation.tables import table


def talk_windows(
    raw_talks: pd.DataFrame,
    core_pupils: pd.DataFrame,
    raw_calendar: pd.DataFrame,
    protocol: Protocol,
    cutoff: dt.date,
) -> pd.DataFrame:
    """``core_talks``: one row per school and treated grade, with the months the estimates are built on.

    Without any log at all (a study that delivers none) the planned window counts as held, and is marked so.
    """
    months = school_months(raw_calendar)
    rows = [
        _window(wave, school.id, raw_talks, core_pupils, protocol, cutoff, months)
        for wave in protocol.waves
        for school in protocol.schools
    ]
    return table("core_talks").conform(pd.DataFrame(rows))


def _window(
    wave: Wave,
    school_id: str,
    raw_talks: pd.DataFrame,
    core_pupils: pd.DataFrame,
    protocol: Protocol,
    cutoff: dt.date,
    months: SchoolMonths,
) -> dict[str, object]:
    has_log = not raw_talks.empty
    mine = raw_talks[(raw_talks["school_id"] == school_id) & (raw_talks["grade"] == wave.grade)]
    talks = mine[mine["kind"] == "talk"]
    held = talks[talks["status"] == "held"].sort_values("held_on").drop_duplicates("pupil_key")
    pupils = _pupils(core_pupils, school_id, wave.grade, protocol.years.follow_up)
    coverage = 100 * len(held) / pupils if pupils else float("nan")
    needed = protocol.talks.minimum_coverage_pct / 100 * pupils
    covered = bool(pupils) and len(held) >= needed
    if has_log:
        first = held["held_on"].min() if len(held) else pd.NaT
        last = held["held_on"].iloc[max(int(-(-needed // 1)) - 1, 0)] if covered else pd.NaT
    else:
        first, last = pd.Timestamp(wave.planned_from), pd.Timestamp(wave.planned_to)
    end = pd.Timestamp(cutoff)
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
        "grade": wave.grade,
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
        "is_logged": has_log,
        "is_started": is_started,
    }


def _pupils(core_pupils: pd.DataFrame, school_id: str, grade: str, school_year: str) -> int:
    """Pupils of a school and grade in a school year, however long they were enrolled."""
    mine = core_pupils[
        (core_pupils["school_id"] == school_id)
        & (core_pupils["grade"] == grade)
        & (core_pupils["school_year"] == school_year)
    ]
    return int(mine["pupil_key"].nunique())
