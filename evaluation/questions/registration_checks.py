"""Has the way absence is registered changed? An alarm that an effect on paper is one of pencils.

What belongs here is the comparison of registration before and after: how absence divides into types, and
which classes report no absence at all for weeks. What stays out: files and rows that are missing altogether
(the gates do that), and any estimate of the programme.

Two signs raise the alarm. A type's share of all absence moves by more than a limit in the treated grades
beyond what it moves in the others, *and* by more than chance among cells would. Or classes whose registration
is silent for weeks become more common among the treated grades than among the others. Every alarm carries its
reason in Danish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from evaluation.errors import CannotEstimate, InputError
from evaluation.words import Count, Days, Name, noted, say
from evaluation.words.catalogue.estimates import Note

TYPES = ("sick_days", "permitted_days", "unlawful_days")


@dataclass(frozen=True, slots=True)
class RegistrationCheck:
    """One check of one group. Shares are percent of absence days (types) or of classes' weeks (silent
    classes).

    ``change`` is treated minus others where both are there; ``limit`` the change that raises the alarm; ``note``: what is
    said of it, kept.
    """

    check_name: str
    group_kind: str
    group_id: str
    before: float
    after: float
    change: float
    limit: float
    is_alarm: bool
    note: str = ""


def type_share_alarm(
    cells: pd.DataFrame,
    *,
    limit_pp: float = 10.0,
    alpha: float = 0.05,
    types: Sequence[str] = TYPES,
    names: Mapping[str, str] | None = None,
) -> tuple[RegistrationCheck, ...]:
    """Share of each type of all absence, treated against untreated grades, before against after.

    ``cells``: one row per cell and period with ``school_id, grade, is_treated_grade, is_after`` and the days
    by type. Each cell gives one before share and one after share; the contrast of the cells' changes is
    tested by Welch's t with each cell weighing the same. ``names``: the study's words for the types.
    """
    _need(cells, ("school_id", "grade", "is_treated_grade", "is_after", *types))
    data = cells.assign(all_days=cells[list(types)].sum(axis=1))
    sums = data.groupby(["school_id", "grade", "is_treated_grade", "is_after"])[[*types, "all_days"]].sum()
    wide = sums.unstack("is_after")
    if True not in wide.columns.get_level_values(1) or False not in wide.columns.get_level_values(1):
        raise CannotEstimate("registration: both a period before and one after are needed")
    # A cell needs absence on both sides to have a share on both.
    wide = wide.iloc[np.flatnonzero(wide["all_days"].to_numpy(dtype=float).min(axis=1) > 0)]
    treated = wide.index.get_level_values("is_treated_grade").to_numpy(dtype=bool)
    if treated.sum() < 2 or (~treated).sum() < 2:
        raise CannotEstimate(
            "registration: at least two treated and two untreated cells with absence are needed"
        )
    out = []
    for kind in types:
        share = 100.0 * wide[kind] / wide["all_days"]
        before, after = share[False].to_numpy(float), share[True].to_numpy(float)
        change = after - before
        contrast = float(change[treated].mean() - change[~treated].mean())
        p = _welch(change[treated], change[~treated])
        alarm = abs(contrast) > limit_pp and p <= alpha
        moved = Note.TYPE_ROSE if contrast > 0 else Note.TYPE_FELL
        note = noted(say(moved, kind=Name((names or {}).get(kind, kind)))) if alarm else ""
        out.append(
            RegistrationCheck(
                f"type_share:{kind}",
                "treated",
                "all",
                float(before[treated].mean()),
                float(after[treated].mean()),
                contrast,
                limit_pp,
                alarm,
                note,
            )
        )
    return tuple(out)


def silent_classes(
    weeks: pd.DataFrame,
    *,
    minimum_weeks: int = 3,
    minimum_expected_days: float = 5.0,
    limit_pp: float = 5.0,
    unit: Sequence[str] = ("school_id", "grade", "class_label"),
) -> tuple[RegistrationCheck, ...]:
    """Runs of weeks in which a class registers no absence at all though some was to be expected.

    ``weeks``: one row per class and week in order of ``week_from`` with ``possible_days, absent_days,
    is_treated_grade, is_after``. A run counts when it has ``minimum_weeks`` weeks and the overall absence
    rate would have given ``minimum_expected_days`` days in it (at 5 days the chance of none is under 1 %).
    Returns one check per silent run, and one for the treated grades against the others.
    """
    unit = list(unit)
    _need(weeks, (*unit, "week_from", "possible_days", "absent_days", "is_treated_grade", "is_after"))
    possible = float(weeks["possible_days"].sum())
    if not possible > 0:
        raise CannotEstimate("registration: there are no school days")
    rate = float(weeks["absent_days"].sum()) / possible
    data = weeks[weeks["possible_days"] > 0].sort_values([*unit, "week_from"], kind="stable").copy()
    data["silent"] = data["absent_days"] == 0
    new_unit = data[unit].ne(data[unit].shift()).any(axis=1)
    data["run"] = (new_unit | data["silent"].ne(data["silent"].shift())).cumsum()
    data["expected"] = rate * data["possible_days"]
    runs = data[data["silent"]].groupby("run").agg(length=("expected", "size"), expected=("expected", "sum"))
    long_runs = runs[(runs["length"] >= minimum_weeks) & (runs["expected"] >= minimum_expected_days)]
    data["missing"] = data["run"].isin(long_runs.index)
    out = []
    for run in long_runs.index:
        rows = data[data["run"] == run]
        first = rows.iloc[0]
        label = " ".join(str(first[c]) for c in unit)
        expected = Days(float(rows["expected"].sum()))
        note = noted(say(Note.SILENT_CLASS, weeks=Count(len(rows)), days=expected))
        out.append(
            RegistrationCheck(
                "silent_class", "class", label, 100 * rate, 0.0, -100 * rate, float(minimum_weeks), True, note
            )
        )
    share = 100.0 * data.groupby(["is_treated_grade", "is_after"])["missing"].mean()
    before, after = float(share.get((True, False), 0.0)), float(share.get((True, True), 0.0))
    others = float(share.get((False, True), 0.0)) - float(share.get((False, False), 0.0))
    contrast = (after - before) - others
    alarm = abs(contrast) > limit_pp
    more = Note.SILENT_WEEKS_MORE if contrast > 0 else Note.SILENT_WEEKS_FEWER
    said = noted(say(more)) if alarm else ""
    out.append(
        RegistrationCheck("silent_weeks", "treated", "all", before, after, contrast, limit_pp, alarm, said)
    )
    return tuple(out)


def bars_a_verdict(check: RegistrationCheck) -> bool:
    """Alarms about the treated grades against the others do; single classes do not."""
    return check.is_alarm and check.group_kind == "treated"


def _welch(a: np.ndarray, b: np.ndarray) -> float:
    variance_a, variance_b = a.var(ddof=1) / a.size, b.var(ddof=1) / b.size
    total = variance_a + variance_b
    difference = float(a.mean() - b.mean())
    if not total > 0:
        return 0.0 if difference else 1.0
    df = total**2 / (variance_a**2 / (a.size - 1) + variance_b**2 / (b.size - 1))
    return 2.0 * float(special.stdtr(df, -abs(difference) / np.sqrt(total)))


def _need(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise InputError(f"registration: columns {', '.join(missing)} are missing")
