"""Were the treated grades' pupils others than usual before any talk? What tells the two models of a milestone apart.

The model without a grade's own year counts a better cohort of pupils as an effect; the primary one does not. The plain
difference of their two numbers finds a cohort one point better in .35 of studies, for it sees the last year's few months
alone. A cohort is known from the grades it went through: here its level is estimated from all months without talks, in the
follow-up year and the years before: ``y ~ D + cell × calendar month + month of the comparison``, D the treated cohorts in
every year of theirs. Pupils stay, so a cohort's months are weighed by a declared covariance (generalised least squares), and
the interval is CR2 with school × cohort as clusters (docs/methods/doubt.md; ADR 25).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.design import compared
from evaluation.effects.results import BoolArray, FloatArray, IntArray
from evaluation.effects.whitened import Whitened, whitened_contrast
from evaluation.errors import CannotEstimate
from evaluation.panel.estimation import outcome_pct
from evaluation.protocol import Protocol

BETWEEN_PUPILS_PP = 5.0
"""Standard deviation between pupils in a year's absence. Like the next two a working value: it decides how sharp the look
is, not how often it is wrong, and between 4 and 7.4 that share moves by .02."""
KEPT_A_YEAR = 0.65
"""Correlation of a pupil's absence from one year to the next."""
MOST_ROWS = 6000
"""Cell-months of one block: where schools are compared with schools, nothing falls into blocks of one school."""
SPELL_DAYS = 2.0
"""Absence comes in spells of so many days on average."""


def cohorts_before(monthly: pd.DataFrame, protocol: Protocol) -> Whitened:
    """By how many points the treated cohorts differ from what their grades and schools make one expect.

    Raises:
        CannotEstimate: no cohort can be told from its grade (one year of data, or no comparison).
    """
    y = outcome_pct(monthly, protocol.primary_outcome, protocol)
    known = ~(monthly["is_treated"] | monthly["is_transition"]) & np.isfinite(y)
    frame = monthly.assign(y=y)[known.to_numpy()]
    years = sorted(monthly["school_year"].unique())
    year = frame["school_year"].map({v: i for i, v in enumerate(years)}).to_numpy(dtype=np.int64)
    grade = frame["grade"].map({g: i for i, g in enumerate(protocol.grades.order)}).to_numpy(dtype=np.int64)
    school = pd.factorize(frame["school_id"])[0]
    cohort = school * (len(protocol.grades.order) + len(years)) + grade - year + len(years)
    is_last = frame["school_year"].eq(protocol.years.follow_up).to_numpy()
    treated = np.unique(cohort[frame["start"].notna().to_numpy() & is_last])
    if not treated.size:
        raise CannotEstimate("No treated cohort has months without talks in the follow-up year.")
    month_of = compared(protocol).month_of.split(":")
    block = school if "school_id" in month_of else np.zeros_like(school)
    if np.bincount(block).max() > MOST_ROWS:
        raise CannotEstimate(
            "Too many cell-months to follow cohorts where schools are compared with schools."
        )
    return contrast(
        frame["y"].to_numpy(dtype=np.float64)[:, None],
        np.isin(cohort, treated),
        block=block,
        cohort=cohort,
        cell_month=_codes(frame, "cell", "cal_month"),
        month_of=_codes(frame, *month_of),
        years=frame["t"].to_numpy(dtype=np.float64) / frame.groupby("school_year")["t"].nunique().max(),
        pupils=frame["pupils"].to_numpy(dtype=np.float64),
        days=frame["possible_days"].to_numpy(dtype=np.float64),
    )


def contrast(
    y: FloatArray,
    is_treated_cohort: BoolArray,
    *,
    block: IntArray,
    cohort: IntArray,
    cell_month: IntArray,
    month_of: IntArray,
    years: FloatArray,
    pupils: FloatArray,
    days: FloatArray,
) -> Whitened:
    """The estimate from arrays (n,) of cell-months without talks; ``y`` (n, R) per cent, ``years`` their time in years."""
    share = np.clip(float(np.average(y.mean(axis=1), weights=days)) / 100, 0.01, 0.99)
    of_days = 1e4 * SPELL_DAYS * share * (1 - share) / days
    spread = BETWEEN_PUPILS_PP / np.sqrt(pupils)

    def covariance(rows: IntArray) -> FloatArray:
        apart = np.abs(years[rows, None] - years[None, rows])
        return np.asarray(np.outer(spread[rows], spread[rows]) * KEPT_A_YEAR**apart + np.diag(of_days[rows]))

    return whitened_contrast(
        y,
        is_treated_cohort.astype(np.float64),
        blocks=block,
        clusters=cohort,
        absorb=(cell_month, month_of),
        covariance=covariance,
    )


def _codes(frame: pd.DataFrame, *columns: str) -> IntArray:
    return np.asarray(frame.groupby(list(columns), sort=False).ngroup(), dtype=np.int64)
