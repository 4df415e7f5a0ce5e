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

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from evaluation.effects.design import Panel
from evaluation.effects.regression_to_mean import (
    BetaMixture,
    fit_beta_from_bands,
    fit_beta_mixture,
    posterior_share,
)
from evaluation.effects.results import OVERALL, Estimate, t_interval
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.twfe import twfe
from evaluation.errors import CannotEstimate, InputError, KomgladError

TargetedEstimator = Literal[
    "naive",
    "regression_to_mean",
    "did_all_others",
    "equally_high",
    "gap_window",
    "ancova",
]
WINDOWS = ("window", "gap", "followup")
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
NAIVE_WARNING = (
    "Et fald hos elever, der er valgt ud, fordi deres fravær var højt, ville komme også uden indsats. "
    "Tallet siger ikke i sig selv noget om indsatsen."
)
ALL_OTHERS_WARNING = "Sammenligning med alle andre elever blander tilfældige udsving sammen med indsatsen."


@dataclass(frozen=True, slots=True)
class TargetedEstimate:
    """One way of answering, in percentage points of school days; a fall is negative.

    ``pupils`` counts the treated pupils behind it, ``control_pupils`` those compared with; ``before_pct``,
    ``after_pct`` and ``change_pp`` describe the treated; ``expected_change_pp`` is what regression to the
    mean alone would do to them. ``is_answer`` is False for figures that must not be read as one; ``note``
    says why.
    """

    estimator: TargetedEstimator
    status: Literal["estimated", "not_estimable"]
    is_answer: bool
    estimate: Estimate | None
    pupils: int
    control_pupils: int
    clusters: int
    before_pct: float
    after_pct: float
    change_pp: float
    expected_change_pp: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TargetedResult:
    """All of question (e): six figures in a fixed order, and the fitted distribution of propensities."""

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
    notes = [] if enough.all() else [f"{int((~enough).sum())} elever uden dage i begge vinduer er ikke med."]
    rows = rows[enough].assign(pupils=1.0, band="all").reset_index(drop=True)
    prior = _fit(
        lambda: fit_beta_mixture(
            rows["window_absent_days"], rows["window_possible_days"], components=components
        ),
        lambda: fit_beta_mixture(rows["window_absent_days"], rows["window_possible_days"]),
        notes,
    )
    return _answer(rows, prior, level, notes)


def targeted_from_bands(frame: pd.DataFrame, *, level: float = 0.95) -> TargetedResult:
    """Question (e) from counts: one row per school, grade, absence band and is_selected.

    Columns as in ``core_band_cells``; ``band`` holds the band's lower edge in percent of school days.
    Differences are taken within bands as well as within schools, and each row weighs as many pupils as it
    counts.
    """
    _need(frame, _BAND_COLUMNS, "targeted bands")
    rows = frame[list(_BAND_COLUMNS)].copy()
    numeric = [c for c in rows.columns if c.endswith("_days") or c == "pupils"]
    rows[numeric] = rows[numeric].astype(float)
    keep = (rows["pupils"] > 0) & (rows["window_possible_days"] > 0) & (rows["followup_possible_days"] > 0)
    notes = [] if keep.all() else [f"{int((~keep).sum())} optællinger uden elever eller dage er ikke med."]
    rows = rows[keep].reset_index(drop=True)
    edge = pd.to_numeric(rows["band"], errors="coerce")
    if edge.isna().any():
        raise InputError(
            "targeted bands: the band must hold its lower edge in percent of school days, as a number"
        )
    count = rows.groupby(edge.to_numpy(float))["pupils"].sum()
    n_days = round(float(rows["window_possible_days"].sum() / rows["pupils"].sum())) if len(rows) else 0
    prior = _fit(
        lambda: fit_beta_from_bands(count.index.to_numpy(float) / 100.0, count.to_numpy(), n_days),
        None,
        notes,
    )
    return _answer(rows.assign(band=edge.astype(str)), prior, level, notes)


def _answer(rows: pd.DataFrame, prior: BetaMixture | None, level: float, notes: list[str]) -> TargetedResult:
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
        raise CannotEstimate("Ingen på indsatsårgangene er valgt ud af reglen, så der er ingen at følge.")
    high = data[data["chosen"]]
    # Everybody else, high or not and in whatever grade: the comparison that misleads.
    all_pupils = data.assign(treated=(data["chosen"] & (data["treated"] > 0)).astype(float), band="all")
    expected = _expected_change(own, prior)
    found = [
        _naive(own, expected, level),
        _expected_row(own, expected),
        _contrast("did_all_others", all_pupils, own, "change", level, expected, note=ALL_OTHERS_WARNING),
        _contrast("equally_high", high, own, "change", level, expected, is_answer=True),
        _contrast("gap_window", high, own, "gap_change", level, None, is_answer=True),
        _contrast("ancova", high, own, "after", level, expected, is_answer=True, covariates=("before",)),
    ]
    return TargetedResult(tuple(found), prior, tuple(notes))


def _contrast(
    name: TargetedEstimator,
    sample: pd.DataFrame,
    own: pd.DataFrame,
    outcome: str,
    level: float,
    expected: float | None,
    *,
    is_answer: bool = False,
    covariates: tuple[str, ...] = (),
    note: str = "",
) -> TargetedEstimate:
    """Treated against untreated within schools (and bands), CR2 on school × grade with Satterthwaite df."""
    usable = sample[sample[outcome].notna()]
    own = own[own[outcome].notna()]
    described = _describe(own, "gap" if outcome == "gap_change" else "before")
    controls = usable[usable["treated"] == 0]
    clusters = usable.groupby(["school_id", "grade"]).ngroups
    counts = (round(own["pupils"].sum()), round(controls["pupils"].sum()), clusters)
    try:
        if own.empty:
            raise CannotEstimate("Ingen indsatselev har skoledage i dette vindue.")
        if controls.empty:
            raise CannotEstimate("Ingen elev på de andre årgange er valgt ud af samme regel.")
        panel = Panel.from_frame(
            usable,
            outcome=outcome,
            treatment="treated",
            weights="pupils",
            absorb=("everyone", "school_id", "band"),
            covariates=covariates,
            cluster=("school_id", "grade"),
            working="inverse-weight",
        )
        estimate = cluster_robust_estimates(sandwich(twfe(panel), "cr2"), [OVERALL], level=level, null=0.0)[0]
    except KomgladError as refusal:
        # The engine's own words are for analysts; ours, above, are for readers.
        ours = own.empty or controls.empty
        reason = refusal.message if ours else "For få skoler og årgange bag tallet til at sammenligne."
        return TargetedEstimate(name, "not_estimable", is_answer, None, *counts, *described, expected, reason)
    return TargetedEstimate(name, "estimated", is_answer, estimate, *counts, *described, expected, note)


def _naive(own: pd.DataFrame, expected: float | None, level: float) -> TargetedEstimate:
    clusters = own.groupby(["school_id", "grade"]).ngroups
    described = _describe(own, "before")
    counts = (round(own["pupils"].sum()), 0, clusters)
    try:
        estimate = _mean_change(own, level)
    except CannotEstimate as refusal:
        return TargetedEstimate(
            "naive", "not_estimable", False, None, *counts, *described, expected, refusal.message
        )
    return TargetedEstimate(
        "naive", "estimated", False, estimate, *counts, *described, expected, NAIVE_WARNING
    )


def _mean_change(own: pd.DataFrame, level: float) -> Estimate:
    """Weighted mean of the change with CR2 and Satterthwaite df, in closed form for a mean.

    With w_g the cluster's weight and W the sum, the CR2 factor on cluster g is (1 - w_g/W)^(-1/2); under the
    working model the scores' covariances are P_gg = w_g/W² and P_gh = -a_g a_h w_g w_h/W³, and df = (tr
    P)²/tr(P²).
    """
    cluster = own.groupby(["school_id", "grade"]).ngroup().to_numpy()
    weight, change = own["pupils"].to_numpy(float), own["change"].to_numpy(float)
    mean, total = float(np.average(change, weights=weight)), float(weight.sum())
    size = np.bincount(cluster, weights=weight)
    if size.size < 2:
        raise CannotEstimate("Én skole med én årgang er for lidt til at regne usikkerhed på.")
    factor = 1.0 / np.sqrt(1.0 - size / total)
    scores = factor * np.bincount(cluster, weights=weight * (change - mean)) / total
    P = -np.outer(factor * size, factor * size) / total**3
    np.fill_diagonal(P, size / total**2)
    df = float(np.trace(P) ** 2 / (P * P).sum())
    return t_interval(OVERALL, mean, float(np.sqrt(scores @ scores)), df, inference="cr2", level=level)


def _expected_row(own: pd.DataFrame, expected: float | None) -> TargetedEstimate:
    described = _describe(own, "before")
    counts = (round(own["pupils"].sum()), 0, own.groupby(["school_id", "grade"]).ngroups)
    if expected is None:
        note = "Det forventede fald kan ikke beregnes, fordi fordelingen af fravær ikke kan tilpasses."
        return TargetedEstimate(
            "regression_to_mean", "not_estimable", False, None, *counts, *described, None, note
        )
    note = "Det fald, der ville komme uden indsats, fordi eleverne er valgt ud efter højt fravær."
    return TargetedEstimate(
        "regression_to_mean", "estimated", False, None, *counts, *described, expected, note
    )


def _expected_change(own: pd.DataFrame, prior: BetaMixture | None) -> float | None:
    """Posterior mean minus what was seen, averaged over the treated chosen pupils, in percentage points."""
    if prior is None:
        return None
    # A row that counts several pupils stands for that many with its mean number of days each.
    absent = (own["window_absent_days"] / own["pupils"]).to_numpy(float)
    possible = (own["window_possible_days"] / own["pupils"]).to_numpy(float)
    later = 100.0 * posterior_share(prior, absent, possible)
    return float(np.average(later - own["before"], weights=own["pupils"]))


def _describe(own: pd.DataFrame, before: str) -> tuple[float, float, float]:
    if own.empty:
        return float("nan"), float("nan"), float("nan")
    first = float(np.average(own[before], weights=own["pupils"]))
    second = float(np.average(own["after"], weights=own["pupils"]))
    return first, second, second - first


def _fit(first: object, second: object, notes: list[str]) -> BetaMixture | None:
    """The first fit that succeeds; a simpler one is said, and so is none."""
    assert callable(first)
    try:
        fitted = first()
    except CannotEstimate:
        if callable(second):
            try:
                fitted = second()
            except CannotEstimate:
                notes.append(
                    "Fordelingen af fravær kan ikke tilpasses; faldet ved udvælgelse alene vises ikke."
                )
                return None
            notes.append("Fordelingen af fravær er tilpasset med én gruppe elever i stedet for to.")
        else:
            notes.append("Fordelingen af fravær kan ikke tilpasses; faldet ved udvælgelse alene vises ikke.")
            return None
    assert isinstance(fitted, BetaMixture)
    return fitted


def _need(frame: pd.DataFrame, columns: tuple[str, ...], what: str) -> None:
    missing = [c for c in columns if c not in frame.columns]
    if missing:
        raise InputError(f"{what}: columns {', '.join(missing)} are missing")
