"""Has registration itself changed? Better registration during a pilot raises recorded absence, and worse lowers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import pandas as pd

from evaluation.effects.registration import (
    RegistrationCheck,
    registration_alarms,
    silent_classes,
    type_share_alarm,
)
from evaluation.errors import KomgladError
from evaluation.protocol import Protocol
from evaluation.tables import table


def answer(
    monthly: pd.DataFrame,
    core_cells: pd.DataFrame,
    core_talks: pd.DataFrame,
    protocol: Protocol,
    round_id: str,
) -> pd.DataFrame:
    """``out_registration``: shares of types and silent classes, treated grades against the others.

    ``is_alarm`` is set where the check bars a verdict: the treated grades moved apart from the others. A single
    silent class is a warning in its note, not an alarm.
    """
    begun = set(core_talks.loc[core_talks["transition_from_month"].notna(), "grade"])
    is_follow_up = monthly["school_year"].eq(protocol.years.follow_up)
    by_month = monthly.assign(is_treated_grade=monthly["grade"].isin(begun), is_after=is_follow_up)
    weekly = core_cells[core_cells["period"].eq("week")].assign(
        is_treated_grade=lambda f: f["grade"].isin(begun),
        is_after=lambda f: f["school_year"].eq(protocol.years.follow_up),
        week_from=lambda f: f["period_from"],
        class_label="",
    )
    checks = [
        *_tried(
            partial(
                type_share_alarm,
                by_month,
                limit_pp=protocol.quality.type_share_alarm_pp,
                alpha=protocol.verdict.alpha,
            )
        ),
        *_tried(partial(silent_classes, weekly, minimum_weeks=protocol.quality.zero_class_weeks)),
    ]
    barring = set(registration_alarms(checks))
    rows = [asdict(c) | {"round": round_id, "is_alarm": c.is_alarm and c.note in barring} for c in checks]
    declared = table("out_registration")
    return declared.conform(pd.DataFrame(rows)) if rows else declared.empty()


def _tried(check: Callable[[], tuple[RegistrationCheck, ...]]) -> tuple[RegistrationCheck, ...]:
    """The check's rows; none when there is nothing to compare (no grade has begun, or no absence at all)."""
    try:
        return check()
    except KomgladError:
        return ()
