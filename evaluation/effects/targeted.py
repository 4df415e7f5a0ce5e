"""Targeted pupils (indsatselever): did they change more than equally absent pupils who had no talk?

What belongs here is question (e): pupils chosen for their high absence fall afterwards with no effect at all,
so the plain before/after is shown only beside the fall expected from regression to the mean, and the answer
is the contrast with pupils whom the same frozen rule picks in the untreated grades of the same schools in the
same window. What stays out: the rule and the windows (the caller applies them), consent and disclosure.

Both grains of data give the same contrasts, because both become rows with a before, a gap and an after:
one row per pupil, or one row per school, grade and absence band with its number of pupils (where consent does
not cover the control pupils one by one). Shares become percentage points here. Sources: Davis 1976; Barnett,
van der Pols & Dobson 2005; Daw & Hatfield 2018 (*Health Services Research* 53:4138).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import get_args

import numpy as np
import pandas as pd

from evaluation.effects.regression_to_mean import BetaMixture, fit_beta_from_bands, fit_beta_mixture
from evaluation.effects.targeted_contrasts import (
    Remark,
    TargetedEstimate,
    TargetedEstimator,
    contrast,
    expected_change,
    expected_from_selection,
    naive_change,
)
from evaluation.errors import CannotEstimate, InputError

__all__ = [
    "Remark",
    "TargetedEstimate",
    "TargetedEstimator",
    "TargetedResult",
    "targeted_from_bands",
    "targeted_from_pupils",
]

WINDOWS = ("window", "gap", "followup")
FIGURES: tuple[TargetedEstimator, ...] = get_args(TargetedEstimator)
_PUPIL_COLUMNS = (
    "pupil_key",
    "school_id",
    "grade",
    "window",
    "possible_days",
    "absent_days",
    "is_treated",
    "is_selected",
)
_BAND_COLUMNS = (
    "school_id",
    "grade",
    "band",
    "is_selected",
    "is_treated",
    "pupils",
    "window_possible_days",
    "window_absent_days",
    "gap_possible_days",
    "gap_absent_days",
    "followup_possible_days",
    "followup_absent_days",
)


@dataclass(frozen=True, slots=True)
class TargetedResult:
    """Figures of question (e) in a fixed order, and the fitted distribution of propensities where one was needed."""

    estimates: tuple[TargetedEstimate, ...]
    prior: BetaMixture | None
    notes: tuple[str, ...]

    def of(self, estimator: TargetedEstimator) -> TargetedEstimate:
        """The figure of one estimator."""
        return next(e for e in self.estimates if e.estimator == estimator)


def targeted_from_pupils(
    frame: pd.DataFrame, *, level: float = 0.95, components: int = 2, min_possible_days: float = 1.0
) -> TargetedResult:
    """Question (e) from pupils.

    ``frame``: one row per pupil and window with ``pupil_key, school_id, grade, window ("window" in which the rule
    looked, optionally "gap", and "followup"), possible_days, absent_days, is_treated (the grade has talks),
    is_selected (by the frozen rule)``. It holds *all* pupils of the grades, chosen or not, as far as consent
    goes. Pupils without ``min_possible_days`` in both window and followup are left out and counted in the
    notes.
    """
    _need(frame, _PUPIL_COLUMNS, "targeted pupils")
    unknown = sorted(set(frame["window"].astype(str)) - set(WINDOWS))
    if unknown:
        raise InputError(f"targeted pupils: windows {unknown} are not known; expected {', '.join(WINDOWS)}")
    if frame.duplicated(["pupil_key", "window"]).any():
        count = int(frame.duplicated(["pupil_key", "window"]).sum())
        raise InputError(f"targeted pupils: {count} rows repeat a pupil and window; one row each is expected")
    wide = frame.pivot(index="pupil_key", columns="window", values=["possible_days", "absent_days"])
    who = frame.drop_duplicates("pupil_key").set_index("pupil_key")
    rows = who[["school_id", "grade", "is_treated", "is_selected"]].copy()
    for window in WINDOWS:
        for what in ("possible", "absent"):
            column = (f"{what}_days", window)
            rows[f"{window}_{what}_days"] = wide[column].astype(float) if column in wide.columns else np.nan
    enough = (rows["window_possible_days"] >= min_possible_days) & (
        rows["followup_possible_days"] >= min_possible_days
    )
    notes = (
        [] if enough.all() else [f"{int((~enough).sum())} pupils without days in both windows are left out"]
    )
    rows = rows[enough].assign(pupils=1.0, band="all").reset_index(drop=True)
    prior = _fit(
        lambda: fit_beta_mixture(
            rows["window_absent_days"], rows["window_possible_days"], components=components
        ),
        lambda: fit_beta_mixture(rows["window_absent_days"], rows["window_possible_days"]),
        notes,
    )
    return _answer(rows, prior, level, notes)


def targeted_from_bands(
    frame: pd.DataFrame, *, level: float = 0.95, figures: Sequence[TargetedEstimator] = FIGURES
) -> TargetedResult:
    """Question (e) from counts: one row per school, grade, absence band and is_selected.

    Columns as in ``core_band_cells``; ``band`` holds the band's lower edge in percent of school days.
    Differences are taken within bands as well as within schools, and each row weighs as many pupils as it
    counts. ``figures``: the ones wanted.
    """
    _need(frame, _BAND_COLUMNS, "targeted bands")
    rows = frame[list(_BAND_COLUMNS)].copy()
    numeric = [c for c in rows.columns if c.endswith("_days") or c == "pupils"]
    rows[numeric] = rows[numeric].astype(float)
    keep = (rows["pupils"] > 0) & (rows["window_possible_days"] > 0) & (rows["followup_possible_days"] > 0)
    notes = [] if keep.all() else [f"{int((~keep).sum())} counts without pupils or days are left out"]
    rows = rows[keep].reset_index(drop=True)
    edge = pd.to_numeric(rows["band"], errors="coerce")
    if edge.isna().any():
        raise InputError(
            "targeted bands: the band must hold its lower edge in percent of school days, as a number"
        )
    count = rows.groupby(edge.to_numpy(float))["pupils"].sum()
    n_days = round(float(rows["window_possible_days"].sum() / rows["pupils"].sum())) if len(rows) else 0
    prior = None
    if set(figures) != {"gap_window"}:
        prior = _fit(
            lambda: fit_beta_from_bands(count.index.to_numpy(float) / 100.0, count.to_numpy(), n_days),
            None,
            notes,
        )
    return _answer(rows.assign(band=edge.astype(str)), prior, level, notes, figures)


def _answer(
    rows: pd.DataFrame,
    prior: BetaMixture | None,
    level: float,
    notes: list[str],
    figures: Sequence[TargetedEstimator] = FIGURES,
) -> TargetedResult:
    data = rows.assign(
        before=100.0 * rows["window_absent_days"] / rows["window_possible_days"],
        after=100.0 * rows["followup_absent_days"] / rows["followup_possible_days"],
        gap=100.0 * rows["gap_absent_days"] / rows["gap_possible_days"].where(rows["gap_possible_days"] > 0),
        treated=rows["is_treated"].astype(float),
        chosen=rows["is_selected"].astype(bool),
        everyone="1",
    )
    data["change"] = data["after"] - data["before"]
    data["gap_change"] = data["after"] - data["gap"]
    own = data[data["chosen"] & (data["treated"] > 0)]
    if own.empty:
        raise CannotEstimate("targeted pupils: the rule chose nobody who is treated", why="nobody_chosen")
    high = data[data["chosen"]]
    # Everybody else, high or not and in whatever grade: the comparison that misleads.
    all_pupils = data.assign(treated=(data["chosen"] & (data["treated"] > 0)).astype(float), band="all")
    expected = expected_change(own, prior)
    answer = partial(contrast, own=own, level=level, is_answer=True)
    ways: dict[TargetedEstimator, Callable[[], TargetedEstimate]] = {
        "naive": lambda: naive_change(own, expected, level),
        "regression_to_mean": lambda: expected_from_selection(own, expected),
        "did_all_others": lambda: contrast(
            "did_all_others", all_pupils, own, "change", level, expected, remark=Remark.ALL_OTHERS
        ),
        "equally_high": lambda: answer("equally_high", high, outcome="change", expected=expected),
        "gap_window": lambda: answer("gap_window", high, outcome="gap_change", expected=None),
        "ancova": lambda: answer("ancova", high, outcome="after", expected=expected, covariates=("before",)),
    }
    return TargetedResult(tuple(ways[name]() for name in FIGURES if name in figures), prior, tuple(notes))


def _fit(
    first: Callable[[], BetaMixture], simpler: Callable[[], BetaMixture] | None, notes: list[str]
) -> BetaMixture | None:
    """The first fit that succeeds; a simpler one is said, and so is none."""
    try:
        return first()
    except CannotEstimate:
        pass
    if simpler is not None:
        try:
            fitted = simpler()
        except CannotEstimate:
            pass
        else:
            notes.append("the distribution of absence is fitted with one group of pupils instead of two")
            return fitted
    notes.append("the distribution of absence cannot be fitted; the fall by selection alone is not given")
    return None


def _need(frame: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise InputError(f"{what}: columns {', '.join(missing)} are missing")
