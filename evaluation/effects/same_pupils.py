"""The same pupils followed one grade up: did those who had a talk change differently from the others?

What belongs here is question (b): pupils present in two school years in a row in the same school, compared
with themselves in the same months a year before, and with the pupils of the untreated grades of their school.
What stays out: who stayed (``evaluation.panel.cohorts``), consent and disclosure.

Absence rises with age by itself. The untreated grades' step up takes out what all grades share; where an
earlier pair of years exists, the same step of the previous cohort takes out what belongs to that step (5th to
6th grade).

    y = unit × calendar month + school × month [+ step × later year] + D·tau,   by imputation

``unit`` is the cohort (school × step × pair of years) in counts, the pupil in pupil rows; both weigh school
days. Clusters are school × step, never the pupil: the talks were given to grades. Logit and Poisson beside it
ask whether the answer hangs on points rather than ratios.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.design import Panel
from evaluation.effects.form_fit import Form
from evaluation.effects.functional_form import FunctionalForm, functional_form
from evaluation.effects.imputation import imputation
from evaluation.effects.results import OVERALL, Estimate
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.errors import CannotEstimate, InputError

Ageing = Literal["untreated grades", "untreated grades and previous cohort"]
SchoolGrade = tuple[str, str]
_COLUMNS = ("school_id", "grade", "school_year", "year_pair", "month", "possible_days", "absent_days")


@dataclass(frozen=True, slots=True)
class SamePupils:
    """ATT in percentage points for pupils who were there both years.

    ``before_pct`` and ``after_pct`` describe the treated pupils in the months compared; ``others_change_pp``
    is the untreated grades' step up over the same months. ``pupils`` is None when the rows are counts without
    it.
    """

    estimate: Estimate
    ageing: Ageing
    before_pct: float
    after_pct: float
    others_change_pp: float
    pupils: float | None
    clusters: int
    treated_clusters: int
    notes: tuple[str, ...]


def followed_rows(
    frame: pd.DataFrame,
    first_month: Mapping[SchoolGrade, str],
    transition_from: Mapping[SchoolGrade, str] | None = None,
    *,
    follow_up_year: str,
) -> pd.DataFrame:
    """Mark which rows are after the talks, and drop what has no counterpart.

    ``frame``: one row per school, step, pair of years ("2025/26>2026/27"), school year and month ("2026-09"), as
    ``core_cohort_cells``, or the same per pupil with ``pupil_key``. ``first_month`` gives for each treated
    school × grade the first whole month after its talks, ``transition_from`` the first month of talks; months
    between the two are dropped. Adds ``is_later, cal_month, t, is_treated``.
    """
    missing = [c for c in _COLUMNS if c not in frame.columns]
    if missing:
        raise InputError(f"same pupils: columns {', '.join(missing)} are missing")
    rows = frame[frame["possible_days"] > 0].copy()
    rows["is_later"] = rows["school_year"].astype(str) == rows["year_pair"].astype(str).str.split(">").str[1]
    date = rows["month"].astype(str).str.split("-", expand=True).astype(int)
    rows["cal_month"], rows["t"] = date[1], 12 * date[0] + date[1]
    place = list(zip(rows["school_id"].astype(str), rows["grade"].astype(str), strict=True))
    begins = np.array([first_month.get(p, "9999-99") for p in place])
    talks = np.array([(transition_from or {}).get(p, first_month.get(p, "9999-99")) for p in place])
    month = rows["month"].to_numpy(dtype=str)
    follow_up = rows["is_later"].to_numpy() & (rows["school_year"].astype(str) == follow_up_year).to_numpy()
    rows["is_treated"] = follow_up & (month >= begins)
    rows = rows[~(follow_up & (month >= talks) & (month < begins))]
    # A calendar month says something only where the unit has it in both years.
    key = [c for c in ("pupil_key",) if c in rows.columns] + ["school_id", "grade", "year_pair", "cal_month"]
    both = rows.groupby(key)["is_later"].transform("nunique") == 2
    return rows[both].reset_index(drop=True)


def same_pupils(rows: pd.DataFrame, *, level: float = 0.95) -> SamePupils:
    """The ATT from rows as made by :func:`followed_rows`, from counts or from pupils (``pupil_key`` present).

    Raises :class:`CannotEstimate` when nobody followed has had a talk, or when no untreated step is left.
    """
    if rows.empty or not rows["is_treated"].any():
        raise CannotEstimate(
            "same pupils: nobody followed has a whole month after a talk", why="no_month_of_same_pupils"
        )
    by_pupil = "pupil_key" in rows.columns
    data = _labelled(rows).assign(y=100.0 * rows["absent_days"] / rows["possible_days"], start=np.inf)
    first = data[data["is_treated"]].groupby("unit")["t"].min()
    data["start"] = data["unit"].map(first).fillna(np.inf)
    untreated_later = data[~data["is_treated"] & data["is_later"]]
    if untreated_later.empty:
        raise CannotEstimate("same pupils: no untreated step is left to compare with", why="no_grade_beside")
    has_previous = data["year_pair"].nunique() > 1
    absorb = ["unit:cal_month", "school_id:pair_month", *(["step_later"] if has_previous else [])]
    panel = Panel.from_frame(
        data,
        outcome="y",
        unit="unit",
        time="t",
        start="start",
        weights="possible_days",
        absorb=absorb,
        cluster=("school_id", "grade"),
        working="inverse-weight",
        keep=("school_id", "grade"),
    )
    fit = imputation(panel)
    omega = aggregate_contrasts(fit, "overall")[1]
    meat = sandwich(fit.contrast(omega), "cr2")
    estimate = cluster_robust_estimates(meat, [OVERALL], level=level, null=0.0)[0]
    before, after = _before_after(data, data["is_treated"])
    months = set(data.loc[data["is_treated"], "cal_month"])
    pairs = set(data.loc[data["is_treated"], "year_pair"])
    others = data["is_later"] & ~np.isfinite(data["start"])
    others &= data["cal_month"].isin(months) & data["year_pair"].isin(pairs)
    other_before, other_after = _before_after(data, others)
    treated = data[data["is_treated"]]
    pupils: float | None = None
    if by_pupil:
        pupils = float(treated["pupil_key"].nunique())
    elif "pupils" in data.columns:
        pupils = float(treated.groupby("unit")["pupils"].max().sum())
    return SamePupils(
        estimate=estimate,
        ageing="untreated grades and previous cohort" if has_previous else "untreated grades",
        before_pct=before,
        after_pct=after,
        others_change_pp=other_after - other_before,
        pupils=pupils,
        clusters=data.groupby(["school_id", "grade"]).ngroups,
        treated_clusters=treated.groupby(["school_id", "grade"]).ngroups,
        notes=fit.notes,
    )


def same_pupils_form(rows: pd.DataFrame, form: Form, *, level: float = 0.95) -> FunctionalForm:
    """The same contrast as odds or rates, from rows as made by :func:`followed_rows`.

    unit + school × month (+ step × later year): without the units' own seasons, which would leave these models more
    parameters than they settle with. Raises :class:`CannotEstimate` as :func:`functional_form` does.
    """
    data = _labelled(rows).assign(treated=rows["is_treated"].astype(int))
    effects = ["unit", "school_id:pair_month", *(["step_later"] if data["year_pair"].nunique() > 1 else [])]
    return functional_form(data, form, fixed_effects=effects, level=level)


def _labelled(rows: pd.DataFrame) -> pd.DataFrame:
    """With the labels of the model's fixed effects: ``unit``, ``pair_month``, ``step_later``."""
    pair, step = rows["year_pair"].astype(str), rows["grade"].astype(str)
    by_pupil = "pupil_key" in rows.columns
    who = rows["pupil_key"].astype(str) if by_pupil else rows["school_id"].astype(str) + "|" + step
    return rows.assign(
        unit=who + "|" + pair,
        pair_month=pair + "|" + rows["t"].astype(str),
        step_later=step + "|" + rows["is_later"].astype(str),
    )


def _before_after(data: pd.DataFrame, later: pd.Series) -> tuple[float, float]:
    """Percent of school days in the rows marked, and in the same units' same months the year before."""
    chosen = data.loc[later, ["unit", "cal_month", "absent_days", "possible_days"]]
    earlier = data.loc[~data["is_later"], ["unit", "cal_month", "absent_days", "possible_days"]]
    pairs = chosen.merge(earlier, on=["unit", "cal_month"], suffixes=("", "_before"))
    if pairs.empty:
        return float("nan"), float("nan")
    before = 100.0 * float(pairs["absent_days_before"].sum() / pairs["possible_days_before"].sum())
    return before, 100.0 * float(pairs["absent_days"].sum() / pairs["possible_days"].sum())
