"""Would the answer survive another choice? The same estimate, made again with something left out or
pretended.

What belongs here is the list of variations of question (h): leave one school or grade out, a placebo year,
placebo grades, equal weights, without the grades at the ends. Each is written against a callable
``estimate(frame)`` and knows nothing of the estimator behind it. What stays out: Honest DiD (``honest``),
registration (``registration``) and functional form (``functional_form``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from evaluation.errors import CannotEstimate, InputError, KomgladError

Variation = Literal["main", "leave_one_out", "placebo_year", "placebo_grades", "unweighted", "without"]


class Estimated(Protocol):
    """What ``estimate(frame)`` returns, in percentage points; None where it cannot be had."""

    @property
    def estimate(self) -> float:
        """Point estimate."""

    @property
    def ci_low(self) -> float | None:
        """Lower end of the interval."""

    @property
    def ci_high(self) -> float | None:
        """Upper end of the interval."""

    @property
    def p_value(self) -> float | None:
        """Two-sided p-value."""


Estimator = Callable[[pd.DataFrame], Estimated]


@dataclass(frozen=True, slots=True)
class SensitivityRow:
    """One variation. ``label`` says what was left out or pretended; ``reason`` why there is no number."""

    variation: Variation
    label: str
    status: Literal["estimated", "not_estimable"]
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    p_value: float | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LeaveOneOutSummary:
    """How far the estimate moves: its range, what moves it most, and whether its sign or side of zero
    changes."""

    low: float
    high: float
    most_influential: str
    sign_changes: tuple[str, ...]
    conclusion_changes: tuple[str, ...]


def main_row(frame: pd.DataFrame, estimate: Estimator) -> SensitivityRow:
    """The estimate everything else is compared with."""
    return _row("main", "alle", lambda: frame, estimate)


def leave_one_out(frame: pd.DataFrame, estimate: Estimator, column: str) -> tuple[SensitivityRow, ...]:
    """Once without each value of ``column`` (school_id, grade or a cell), in sorted order."""
    _need(frame, column)
    values = sorted(frame[column].astype(str).unique())
    if len(values) < 2:
        raise CannotEstimate(f"sensitivity: leaving one out needs at least two values of {column}")
    return tuple(
        _row("leave_one_out", f"uden {value}", partial(_dropped, frame, column, value), estimate)
        for value in values
    )


def without(
    frame: pd.DataFrame, estimate: Estimator, values: Iterable[str], column: str = "grade"
) -> SensitivityRow:
    """Without some values at once, for example the grades at the ends ("0", "9")."""
    _need(frame, column)
    out = sorted(map(str, values))
    return _row(
        "without", "uden " + ", ".join(out), lambda: frame[~frame[column].astype(str).isin(out)], estimate
    )


def unweighted(frame: pd.DataFrame, estimate: Estimator, weights: str) -> SensitivityRow:
    """Every cell counts the same: the weights' column becomes 1."""
    _need(frame, weights)
    return _row("unweighted", "lige vægt", lambda: frame.assign(**{weights: 1.0}), estimate)


def placebo_year(
    frame: pd.DataFrame,
    estimate: Estimator,
    *,
    start: str = "start",
    time: str = "t",
    shift: float,
    label: str = "et år før",
) -> SensitivityRow:
    """Pretend that the programme began ``shift`` periods earlier, in data from before it truly began.

    Periods from each unit's true start on are dropped, and for the untreated those from the earliest true
    start, so that no true effect can leak in. ``start`` is inf or missing for units never treated.
    """
    _need(frame, start, time)
    begins = pd.to_numeric(frame[start], errors="coerce").fillna(np.inf)
    if not np.isfinite(begins).any():
        raise CannotEstimate("sensitivity: a placebo year needs units that are treated later")
    first = float(begins[np.isfinite(begins)].min())

    def pretended() -> pd.DataFrame:
        before = frame[frame[time] < np.minimum(begins, first)]
        return before.assign(**{start: (begins - shift).loc[before.index]})

    return _row("placebo_year", label, pretended, estimate)


def placebo_grades(
    frame: pd.DataFrame,
    estimate: Estimator,
    *,
    start: str = "start",
    grade: str = "grade",
    pretended: Sequence[str] | None = None,
) -> tuple[SensitivityRow, ...]:
    """Without the treated grades, pretend in turn that each untreated grade began when the first wave did.

    ``pretended`` limits which grades take a turn.
    """
    _need(frame, start, grade)
    begins = pd.to_numeric(frame[start], errors="coerce").fillna(np.inf)
    treated = set(frame.loc[np.isfinite(begins), grade].astype(str))
    untreated = frame[~frame[grade].astype(str).isin(treated)]
    grades = sorted(untreated[grade].astype(str).unique())
    if not treated or len(grades) < 2:
        raise CannotEstimate("sensitivity: placebo grades need a treated grade and two untreated ones")
    first = float(begins[np.isfinite(begins)].min())
    turns = grades if pretended is None else [g for g in grades if g in set(map(str, pretended))]
    return tuple(
        _row(
            "placebo_grades",
            f"{turn} lader som om",
            partial(_pretended, untreated, grade, turn, start, first),
            estimate,
        )
        for turn in turns
    )


def summarise_leave_one_out(main: SensitivityRow, rows: Sequence[SensitivityRow]) -> LeaveOneOutSummary:
    """What leaving one out does to the main estimate; rows without a number count as changing the
    conclusion."""
    if main.estimate is None:
        raise CannotEstimate("sensitivity: the main estimate is missing")
    known = [r for r in rows if r.estimate is not None]
    if not known:
        raise CannotEstimate("sensitivity: no variation could be estimated")
    values = [float(r.estimate or 0.0) for r in known]
    moves = [abs(v - main.estimate) for v in values]
    return LeaveOneOutSummary(
        low=min(values),
        high=max(values),
        most_influential=known[int(np.argmax(moves))].label,
        sign_changes=tuple(
            r.label for r, v in zip(known, values, strict=True) if np.sign(v) != np.sign(main.estimate)
        ),
        conclusion_changes=tuple(r.label for r in rows if _side(r) != _side(main)),
    )


def _dropped(frame: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    return frame[frame[column].astype(str) != value]


def _pretended(frame: pd.DataFrame, grade: str, turn: str, start: str, first: float) -> pd.DataFrame:
    return frame.assign(**{start: np.where(frame[grade].astype(str) == turn, first, np.inf)})


def _side(row: SensitivityRow) -> str:
    """On which side of zero the whole interval lies."""
    if row.ci_low is None or row.ci_high is None:
        return "unknown"
    return "below" if row.ci_high < 0 else "above" if row.ci_low > 0 else "across"


def _row(
    variation: Variation, label: str, make: Callable[[], pd.DataFrame], estimate: Estimator
) -> SensitivityRow:
    try:
        found = estimate(make())
    except KomgladError as refusal:
        return SensitivityRow(variation, label, "not_estimable", None, None, None, None, refusal.message)
    if not np.isfinite(found.estimate):
        return SensitivityRow(variation, label, "not_estimable", None, None, None, None, "Intet tal kom ud.")
    return SensitivityRow(
        variation, label, "estimated", found.estimate, found.ci_low, found.ci_high, found.p_value
    )


def _need(frame: pd.DataFrame, *columns: str) -> None:
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise InputError(f"sensitivity: columns {', '.join(missing)} are missing")
