"""Has registration itself changed? Better registration during a pilot raises recorded absence, and worse lowers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

import pandas as pd

from evaluation.errors import KomgladError
from evaluation.protocol import Protocol
from evaluation.questions.registration_checks import (
    RegistrationCheck,
    bars_a_verdict,
    silent_classes,
    type_share_alarm,
)
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
    talks = core_talks[core_talks["transition_from_month"].notna()]
    begun = pd.MultiIndex.from_frame(talks[["school_id", "grade"]])
    is_follow_up = monthly["school_year"].eq(protocol.years.follow_up)
    by_month = monthly.assign(is_treated_grade=_among(monthly, begun), is_after=is_follow_up)
    weekly = core_cells[core_cells["period"].eq("week")].assign(
        is_treated_grade=lambda f: _among(f, begun),
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
                names={f"{t.id}_days": t.label.lower() for t in protocol.absence_types},
            )
        ),
        *_tried(partial(silent_classes, weekly, minimum_weeks=protocol.quality.zero_class_weeks)),
    ]
    rows = [asdict(c) | {"round": round_id, "is_alarm": bars_a_verdict(c)} for c in checks]
    declared = table("out_registration")
    return declared.conform(pd.DataFrame(rows)) if rows else declared.empty()


def _among(frame: pd.DataFrame, begun: pd.MultiIndex) -> pd.Series:
    is_begun = pd.MultiIndex.from_frame(frame[["school_id", "grade"]]).isin(begun)
    return pd.Series(is_begun, index=frame.index)


def _tried(check: Callable[[], tuple[RegistrationCheck, ...]]) -> tuple[RegistrationCheck, ...]:
    """The check's rows; none when there is nothing to compare (no grade has begun, or no absence at all)."""
    try:
        return check()
    except KomgladError:
        return ()
