"""Simulated studies whose truth is known, and the table their results go into.

What belongs here is how the studies come to be; what is asked of them stands in the scripts beside.
They look like the pilot: four schools × ten grades, two school years of ten months, 50 to 80 pupils in a
cell. A pupil's propensity is 97.5 % Beta(mean .0665, kappa 32) and 2.5 % Beta(mean .35, kappa 4); absence
follows the season and comes in spells of two days.

* pupils "new each year": every school year draws its own pupils; "move up": the pupils of a grade are the
next
  year's pupils of the grade above, as they are in life, which ties cells to each other.
* pupils "unequal schools": new pupils each year in schools of 95, 75, 50 and 40 pupils a grade, 1.6 % of them with long
  absence, shocks of 0.36 points, the third wave in April, and CR2 with an identity working model: the design under which
  the earlier study's table was made, as far as its figures tell (with one wave the largest of four treated cells then
  carries most).
* shocks: grade-year shocks common to the schools (SD 0.4 points), which clusters of cells cannot see.
* waves: grade 6 from October ("one wave"), and grades 1 and 8 from January and March ("all waves"), the first
  whole months after the protocol's planned talks.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.absorb import group_sums
from evaluation.effects.design import Panel
from evaluation.effects.linear import LinearEstimator

Array = NDArray[np.float64]
SEED = 20261113
SCHOOLS, GRADES, MONTHS = "ABCD", [str(g) for g in range(10)], 20
SEASON = np.array([0.75, 0.90, 1.00, 1.15, 1.25, 1.15, 1.10, 1.00, 0.90, 0.80])
SHOCK_SD = 0.4
UNEQUAL = "unequal schools"
SCHOOL_SIZES = {"A": 95, "B": 75, "C": 50, "D": 40}
LONG_TERM, FEWER_LONG_TERM, SMALLER_SHOCK_SD = 0.025, 0.016, 0.36
DAYS, SPELL = 20, 2
STARTS = {"one wave": {"6": 12}, "all waves": {"6": 12, "1": 15, "8": 17}}
LATE_THIRD_WAVE = {"one wave": {"6": 12}, "all waves": {"6": 12, "1": 15, "8": 18}}
MILESTONE = (0.0, 1.0, 2.0)
MODELS = {"two_way": ("cell", "t"), "same_month_last_year": ("cell:cal_month", "school_id:t")}


@dataclass(frozen=True)
class Study:
    """One row of ``frame`` per cell and month; ``y`` and ``shocks`` (rows, replications) in percent.

    With CR2's working model, and the first treated month of each treated grade by how many waves there are.
    """

    frame: pd.DataFrame
    y: Array
    shocks: Array
    working: str = "inverse-weight"
    starts: Mapping[str, Mapping[str, int]] = field(default_factory=lambda: STARTS)


def simulate(replications: int, pupils: str = "new each year", seed: int = SEED) -> Study:
    """Untreated outcomes in percent of school days, with the grade-year shocks kept apart."""
    rng = np.random.default_rng(seed)
    # A cohort is named by its grade in the first year; new pupils each year need no cohort to follow.
    cohorts = range(-1, 10) if pupils == "move up" else range(10)
    unequal = pupils == UNEQUAL
    size = {
        (s, c, y): SCHOOL_SIZES[s] if unequal else int(rng.integers(50, 81))
        for s in SCHOOLS
        for c in cohorts
        for y in (0, 1)
    }
    share = FEWER_LONG_TERM if unequal else LONG_TERM
    absent: dict[tuple[str, str, int], Array] = {}
    for school, cohort in itertools.product(SCHOOLS, cohorts):
        if pupils == "move up":
            size[school, cohort, 1] = size[school, cohort, 0]
        for year in (0, 1):
            if year == 0 or pupils != "move up":
                p = _propensities(rng, size[school, cohort, year], replications, share)
            grade = cohort + (year if pupils == "move up" else 0)
            if 0 <= grade <= 9:
                for m in range(10):
                    spells = rng.binomial(DAYS // SPELL, np.minimum(p * SEASON[m], 1.0))
                    absent[school, str(grade), 10 * year + m] = SPELL * spells.sum(axis=0, dtype=float)
    frame = pd.DataFrame(
        list(itertools.product(SCHOOLS, GRADES, range(MONTHS))), columns=["school_id", "grade", "t"]
    )
    frame["cell"] = frame["school_id"] + frame["grade"]
    frame["year"], frame["cal_month"] = frame["t"] // 10, frame["t"] % 10
    rows = list(zip(frame["school_id"], frame["grade"], frame["t"], strict=True))
    step = 1 if pupils == "move up" else 0
    frame["possible_days"] = [float(DAYS * size[s, int(g) - step * (t // 10), t // 10]) for s, g, t in rows]
    y = 100.0 * np.array([absent[row] for row in rows]) / frame["possible_days"].to_numpy()[:, None]
    common = rng.normal(0.0, SMALLER_SHOCK_SD if unequal else SHOCK_SD, (10, 2, replications))
    shocks = common[frame["grade"].astype(int), frame["year"]]
    return Study(frame, y, shocks, "identity", LATE_THIRD_WAVE) if unequal else Study(frame, y, shocks)


def _propensities(rng: np.random.Generator, pupils: int, replications: int, long_term_share: float) -> Array:
    shape = (pupils, replications)
    usual, long_term = rng.beta(0.0665 * 32, 0.9335 * 32, shape), rng.beta(0.35 * 4, 0.65 * 4, shape)
    return np.where(rng.random(shape) < long_term_share, long_term, usual)


def panel_of(
    frame: pd.DataFrame,
    starts: Mapping[str, int],
    model: str,
    cluster: tuple[str, ...],
    working: str = "inverse-weight",
) -> Panel:
    """The engine's panel for a design; rows stay in the frame's order (cell, month)."""
    data = frame.assign(start=frame["grade"].map(starts).fillna(np.inf), y=0.0)
    panel = Panel.from_frame(
        data,
        outcome="y",
        unit="cell",
        time="t",
        start="start",
        weights="possible_days",
        absorb=MODELS[model],
        cluster=cluster,
        rows="possible_days",
        working=working,
        keep=("school_id", "grade", "cell"),
    )
    assert (panel.keys["cell"].to_numpy() == frame["cell"].to_numpy()).all()
    return panel


def residuals(est: LinearEstimator, Y: Array) -> Array:
    """``Y − ȳ_group − Z K'Y`` for every column."""
    means = group_sums(est.group, est.n_groups, est.share[:, None] * Y)[est.group]
    return np.asarray(Y - means - est.Z @ (est.K.T @ Y))


@dataclass
class Table:
    """Rows of the result, each with the Monte-Carlo standard error of its mean."""

    rows: list[dict[str, object]]
    scenario: dict[str, str]

    def add(self, method: str, measure: str, values: object) -> None:
        """The mean of ``values``, the last axis over the studies; a constant has no Monte-Carlo error."""
        v = np.atleast_2d(np.asarray(values, dtype=float)).mean(axis=0)
        error = float(v.std(ddof=1) / np.sqrt(v.size)) if v.size > 1 else 0.0
        line = {"method": method, "measure": measure, "value": float(v.mean()), "mc_se": error}
        self.rows.append({**self.scenario, **line, "replications": v.size})
