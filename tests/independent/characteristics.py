"""Thousands of independent studies through the engine's weights at once, and the verdict's own rule on each.

Everything the verdict looks at is linear in the outcome, or a square of what is linear: each design is set up once by
the engine (``Design``), and all studies pass through it as columns. tests/unit/questions/test_characteristics.py holds the
columns against the engine's own functions and against the whole chain from weeks to verdict.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from evaluation.effects.absorb import fit_nuisance, group_sums
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.permutation import calendars
from evaluation.effects.permuted_weights import Assignments, FittedPanel, imputation_weights
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.effects.twfe import twfe
from evaluation.effects.whitened import Whitened
from evaluation.questions import cohorts_before
from evaluation.questions.verdict import Cause, Direction, Due, Judgement, Look, Rule, Word, judge
from tests.independent.generator import (
    DAYS,
    GRADES,
    MONTHS,
    SIZES,
    TALKS,
    THREATS,
    WEEKS_OF_MONTH,
    YEARS,
    Threat,
    Truth,
    cells,
    draw,
)

Array = NDArray[np.float64]
HORIZON = (0.0, 1.0, 2.0)
BASE = ("cell:cal_month", "school_id:month")
TRIPLE = (*BASE, "cell:school_year")
JUDGED = (Word.ACHIEVED, Word.SMALL_FALL, Word.NOT_ACHIEVED, Word.UNDECIDED, Word.CANNOT)
ALARMS = (Cause.LEADS, Cause.MODELS_DISAGREE)


def frame() -> pd.DataFrame:
    """One row per school, grade, year and month, in the order in which the generator's arrays unroll."""
    rows = pd.DataFrame(
        list(itertools.product(range(len(SIZES)), range(GRADES), range(YEARS), range(MONTHS))),
        columns=["school_id", "grade", "school_year", "cal_month"],
    )
    rows["t"] = (rows["school_year"] * MONTHS + rows["cal_month"]).astype(float)
    rows["month"] = rows["t"]
    rows["cell"] = rows["school_id"].astype(str) + ":" + rows["grade"].astype(str)
    rows["possible_days"] = DAYS * WEEKS_OF_MONTH[rows["cal_month"]] * np.array(SIZES)[rows["school_id"]]
    first = (YEARS - 1) * MONTHS + 1
    rows["start"] = rows["grade"].map({g: first + m for g, m in TALKS.items()}).astype(float)
    return rows


def panel_of(rows: pd.DataFrame, absorb: tuple[str, ...], **treatment: str) -> Panel:
    """The engine's panel as the product makes it."""
    how = treatment or {"start": "start"}
    return Panel.from_frame(
        rows.assign(y=0.0, start=rows["start"].fillna(np.inf)),
        outcome="y",
        unit="cell",
        time="t",
        **how,
        weights="possible_days",
        absorb=absorb,
        cluster=("school_id", "grade"),
        rows="possible_days",
        working="inverse-weight",
        keep=("school_id", "grade", "month", "cell", "cal_month"),
    )


@dataclass(frozen=True)
class Contrast:
    """A contrast for columns of outcomes: ``V`` (n,) weights, ``A`` (G, n) adjusted scores, ``df``."""

    V: Array
    A: Array
    df: float

    def __call__(self, Y: Array) -> tuple[Array, Array]:
        """(R,) estimates and CR2 standard errors of the columns of Y (n, R)."""
        return self.V @ Y, np.sqrt(((self.A @ Y) ** 2).sum(axis=0))

    def half_width(self, level: float = 0.95) -> float:
        """Of the interval, in standard errors."""
        return float(student.ppf(0.5 + level / 2, self.df))

    @classmethod
    def of(cls, est: LinearEstimator, keep: NDArray[np.bool_]) -> Contrast:
        """From the engine's own adjusted weights; ``keep`` the rows of the whole panel the estimator looks at."""
        meat = sandwich(est, "cr2")
        adjusted = meat.T[:, 0] / np.sqrt(est.phi)
        spread = np.zeros((est.y.size, est.G))
        spread[np.arange(est.y.size), est.cluster] = adjusted
        back = spread - est.share[:, None] * group_sums(est.group, est.n_groups, spread)[est.group]
        back -= est.K @ (est.Z.T @ spread)
        V, A = np.zeros(keep.size), np.zeros((est.G, keep.size))
        V[keep], A[:, keep] = est.V[:, 0], back.T
        return cls(V, A, float(satterthwaite_df(meat)[0]))


@dataclass(frozen=True)
class Design:
    """One model's look at the milestone: ``contrast``, its permutations ``W`` (720, n) and the slope before."""

    panel: Panel
    contrast: Contrast
    W: Array
    hit: Array
    slope: Contrast


def design(rows: pd.DataFrame, absorb: tuple[str, ...], grades: tuple[int, ...] = tuple(TALKS)) -> Design:
    """The milestone over the treated ``grades``; other treated grades are left out, as in a look of one wave."""
    out = set(TALKS) - set(grades)
    panel = panel_of(rows, absorb)
    fit = imputation(panel, transition=1)
    mask = np.isin(panel.event[fit.treated], HORIZON)
    mask &= np.isin(panel.keys["grade"].to_numpy().astype(int)[fit.treated], grades)
    omega = fit.weights(mask)[:, None]
    est = fit.contrast(omega)
    keep = fit.untreated.copy()
    keep[fit.treated[mask]] = True
    alone = ~np.isin(panel.keys["grade"].to_numpy().astype(int), list(out))
    W = np.zeros((1, panel.n)) if out else _permuted(panel)
    if out:
        small = _permuted(panel.subset(alone))
        W = np.zeros((small.shape[0], panel.n))
        W[:, alone] = small
    hit = np.isin(panel.event, HORIZON) & np.isin(panel.keys["grade"].to_numpy().astype(int), grades)
    return Design(panel, Contrast.of(est, keep), W, hit.astype(float), _slope(rows, absorb))


def _permuted(panel: Panel) -> Array:
    plan = calendars(panel, "grade", "school_id")
    rows, _ = plan.assignments(None, 0)
    event = panel.time[None, :] - plan.start[rows[:, plan.value], plan.stratum[None, :]]
    nuisance = fit_nuisance(panel)
    weights = imputation_weights(
        Assignments(FittedPanel(panel, nuisance), event >= -1, np.isin(event, np.array(HORIZON)), panel.w)
    )
    scaled = weights * np.sqrt(panel.w)
    # The weights stand on residuals; pulled back they stand on the outcome itself.
    return np.asarray(scaled - nuisance.pullback(scaled.T).T)


def _slope(rows: pd.DataFrame, absorb: tuple[str, ...]) -> Contrast:
    """The straight line through the months before the talks in the last year, per month, zero at the talks."""
    first = (YEARS - 1) * MONTHS
    talk = rows["start"] - 1
    before = (rows["t"] >= first) & (rows["t"] < talk)
    data = rows.assign(line=np.where(before, rows["t"] - talk.fillna(0), 0.0))
    untreated = ~(rows["t"] >= talk.fillna(np.inf))
    panel = panel_of(data[untreated], absorb, treatment="line")
    return Contrast.of(twfe(panel), untreated.to_numpy())


def cohorts(rows: pd.DataFrame, Y: Array) -> Whitened:
    """The product's look at the cohorts, on the months without talks, for every column of Y (n, R)."""
    talk = rows["start"] - 1
    known = (~(rows["t"] >= talk.fillna(np.inf))).to_numpy()
    data = rows[known]
    cohort = (data["grade"] - data["school_year"] + YEARS - 1).to_numpy()
    school = data["school_id"].to_numpy()

    def codes(*columns: str) -> NDArray[np.int64]:
        return data.groupby(list(columns), sort=False).ngroup().to_numpy()

    return cohorts_before.contrast(
        Y[known],
        np.isin(cohort, list(TALKS)),
        block=school,
        cohort=school * (GRADES + YEARS) + cohort,
        cell_month=codes("cell", "cal_month"),
        month_of=codes("school_id", "month"),
        years=data["t"].to_numpy() / MONTHS,
        pupils=np.array(SIZES, dtype=float)[school],
        days=data["possible_days"].to_numpy(dtype=float),
    )


def permutation_p(W: Array, Y: Array) -> Array:
    """(R,) exact two-sided p of the columns; the observed assignment is the first row of W."""
    out = np.empty(Y.shape[1])
    for part in np.array_split(np.arange(Y.shape[1]), max(1, Y.shape[1] // 500)):
        size = np.abs(W @ Y[:, part])
        out[part] = (size >= size[0] * (1 - 1e-9)).mean(axis=0)
    return out


@dataclass(frozen=True)
class Bench:
    """The designs that every study passes: two models, and each wave's contrast in both."""

    rows: pd.DataFrame
    models: dict[str, Design]
    waves: dict[str, dict[int, Contrast]]

    @classmethod
    def make(cls) -> Bench:
        """Set up once; a second or two."""
        rows = frame()
        models = {"same_month_last_year": design(rows, BASE), "same_month_own_year": design(rows, TRIPLE)}
        waves = {name: {g: _wave(d, g) for g in TALKS} for name, d in models.items()}
        return cls(rows, models, waves)

    def outcomes(self, studies: int, truth: Truth, seed: int) -> Array:
        """(n, R) columns of outcomes."""
        rng = np.random.default_rng([seed, THREATS.index(truth.threat)])
        parts = [min(100, studies - i) for i in range(0, studies, 100)]
        return np.concatenate([cells(rng, draw(rng, k, truth)).reshape(k, -1) for k in parts]).T

    @property
    def after(self) -> Array:
        """(n,) 1 in every month after the talks of its cell."""
        return np.asarray((self.rows["t"] >= self.rows["start"].fillna(np.inf)).to_numpy(dtype=float))


def _wave(d: Design, grade: int) -> Contrast:
    fit = imputation(d.panel, transition=1)
    mask = np.isin(d.panel.event[fit.treated], HORIZON)
    mask &= d.panel.keys["grade"].to_numpy().astype(int)[fit.treated] == grade
    keep = fit.untreated.copy()
    keep[fit.treated[mask]] = True
    return Contrast.of(fit.contrast(fit.weights(mask)[:, None]), keep)


def judgements(
    bench: Bench, primary: str, Y: Array, rule: Rule, disagree: Array | None = None
) -> tuple[list[Judgement], dict[str, Array]]:
    """The rule itself on every column, and the numbers it was given; ``disagree`` (R,) where the alarm is known."""
    d = bench.models[primary]
    theta, se = d.contrast(Y)
    half = d.contrast.half_width() * se
    p = permutation_p(d.W, Y)
    p_relevant = permutation_p(d.W, Y + rule.relevant_change_pp * d.hit[:, None])
    slope, slope_se = d.slope(Y)
    numbers = {
        "theta": theta, "low": theta - half, "high": theta + half, "p": p, "p_relevant": p_relevant, "se": se,
        "slope": slope, "leads": np.abs(slope) > d.slope.half_width(1 - rule.alpha) * slope_se,
        "disagree": cohorts(bench.rows, Y).p_value() <= rule.alpha if disagree is None else disagree,
    }  # fmt: skip
    smallest = 1.0 / len(d.W)
    found = []
    for r in range(Y.shape[1]):
        raised = [
            cause
            for cause, name in ((Cause.LEADS, "leads"), (Cause.MODELS_DISAGREE, "disagree"))
            if numbers[name][r]
        ]
        look = Look(
            float(theta[r]),
            (float(numbers["low"][r]), float(numbers["high"][r])),
            float(p[r]),
            float(p_relevant[r]),
            smallest,
        )
        found.append(judge(look, Due(True, None), rule, raised))
    return found, numbers


def characterise(
    bench: Bench, studies: int, seed: int, rule: Rule, effects: tuple[float, ...], threats: tuple[Threat, ...]
) -> pd.DataFrame:
    """One row per model, threat, effect and measure, with the Monte-Carlo standard error of its mean."""
    out: list[dict[str, object]] = []
    for threat in threats:
        clean = bench.outcomes(studies, Truth(threat), seed)
        # No month after a talk is in it, so no effect moves it.
        disagree = cohorts(bench.rows, clean).p_value() <= rule.alpha
        for effect, model in itertools.product(effects, bench.models):
            Y = clean + effect * bench.after[:, None]
            found, n = judgements(bench, model, Y, rule, disagree)
            measures: dict[str, Array] = {f"word:{w}": np.array([j.word == w for j in found]) for w in JUDGED}
            measures |= {
                f"direction:{x}": np.array([j.direction == x for j in found]) for x in Direction if x
            }
            measures |= {f"cause:{c}": np.array([c in j.causes for j in found]) for c in ALARMS}
            measures["bias"] = n["theta"] - effect
            measures["coverage"] = (n["low"] <= effect) & (effect <= n["high"])
            measures["standard_error"] = n["se"]
            measures["slope"] = n["slope"]
            if effect == 0:
                for grade, contrast in bench.waves[model].items():
                    theta, se = contrast(Y)
                    measures[f"wave_{grade}:coverage"] = np.abs(theta) <= contrast.half_width() * se
                    measures[f"wave_{grade}:bias"] = theta
                    measures[f"wave_{grade}:standard_error"] = se
            for name, values in measures.items():
                v = np.asarray(values, dtype=float)
                error = float(v.std(ddof=1) / np.sqrt(v.size))
                where = {"model": model, "threat": threat, "effect_pp": effect, "measure": name}
                out.append(where | {"value": float(v.mean()), "mc_se": error, "studies": v.size})
    return pd.DataFrame(out).round({"value": 4, "mc_se": 4})
