"""Size, power and coverage of every inference the report prints, in studies whose truth is known.

    python benchmarks/simulate_size_and_power.py --replications 3000 --date 2026-11-23

writes ``evaluation/effects/operating_characteristics.csv``. The studies look like the pilot: four schools ×
ten grades, two school years of ten months, 50 to 80 pupils in a cell. A pupil's propensity is 97.5 %
Beta(mean .0665, kappa 32) and 2.5 % Beta(mean .35, kappa 4); absence follows the season and comes in spells
of two days.

* pupils "new each year": every school year draws its own pupils; "move up": the pupils of a grade are next
year's
  pupils of the grade above, as they are in life, which ties cells to each other.
* shocks "yes": grade-year shocks common to the schools (SD 0.4 points), which clusters of cells cannot see.
* waves: grade 6 from October ("one wave"), and grades 1 and 8 from January and March ("all waves"): the first whole
  months after the protocol's planned talks.
* model "two_way" is weighted least squares with cell and month effects; "same_month_last_year" is the
protocol's
  model by imputation, without the month of the talks.

Everything is linear in the outcome, so each design is set up once by the engine and thousands of outcomes are
run through its weights at once; the tests compare some of them with the engine's own functions.
"""

from __future__ import annotations

import argparse
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import t as student

from evaluation.effects.absorb import group_sums
from evaluation.effects.contrasts import aggregate_contrasts, contrasts_by
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.one_wave import cell_changes, donald_lang, ferman_pinto
from evaluation.effects.permutation import calendars, nuisance_annihilator
from evaluation.effects.power import minimum_detectable_effect
from evaluation.effects.sandwich import sandwich, small_sample_factor
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.effects.schools import pool_schools
from evaluation.effects.targeted import targeted_from_pupils
from evaluation.effects.twfe import twfe

Array = NDArray[np.float64]
OUTPUT = Path(__file__).resolve().parents[1] / "evaluation" / "effects" / "operating_characteristics.csv"
SEED = 20261113
SCHOOLS, GRADES, MONTHS = "ABCD", [str(g) for g in range(10)], 20
SEASON = np.array([0.75, 0.90, 1.00, 1.15, 1.25, 1.15, 1.10, 1.00, 0.90, 0.80])
SHOCK_SD = 0.4
DAYS, SPELL = 20, 2
STARTS = {"one wave": {"6": 12}, "all waves": {"6": 12, "1": 15, "8": 17}}
MILESTONE = (0.0, 1.0, 2.0)
MODELS = {"two_way": ("cell", "t"), "same_month_last_year": ("cell:cal_month", "school_id:t")}
EFFECT = -1.0
WILD_DRAWS = 399


@dataclass(frozen=True)
class Study:
    """The cells of a study and many outcomes: ``frame`` one row per cell and month, ``y`` (rows,
    replications)."""

    frame: pd.DataFrame
    y: Array
    shocks: Array


def simulate(replications: int, pupils: str = "new each year", seed: int = SEED) -> Study:
    """Untreated outcomes in percent of school days, with the grade-year shocks kept apart."""
    rng = np.random.default_rng(seed)
    # A cohort is named by its grade in the first year; new pupils each year need no cohort to follow.
    cohorts = range(-1, 10) if pupils == "move up" else range(10)
    size = {(s, c, y): int(rng.integers(50, 81)) for s in SCHOOLS for c in cohorts for y in (0, 1)}
    absent: dict[tuple[str, str, int], Array] = {}
    for school, cohort in itertools.product(SCHOOLS, cohorts):
        if pupils == "move up":
            size[school, cohort, 1] = size[school, cohort, 0]
        for year in (0, 1):
            if year == 0 or pupils != "move up":
                p = _propensities(rng, size[school, cohort, year], replications)
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
    common = rng.normal(0.0, SHOCK_SD, (10, 2, replications))
    return Study(frame, y, common[frame["grade"].astype(int), frame["year"]])


def _propensities(rng: np.random.Generator, pupils: int, replications: int) -> Array:
    shape = (pupils, replications)
    usual, long_term = rng.beta(0.0665 * 32, 0.9335 * 32, shape), rng.beta(0.35 * 4, 0.65 * 4, shape)
    return np.where(rng.random(shape) < 0.025, long_term, usual)


def panel_of(frame: pd.DataFrame, waves: str, model: str, cluster: tuple[str, ...]) -> Panel:
    """The engine's panel for a design; rows stay in the frame's order (cell, month)."""
    data = frame.assign(start=frame["grade"].map(STARTS[waves]).fillna(np.inf), y=0.0)
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
        working="inverse-weight",
        keep=("school_id", "grade", "cell"),
    )
    assert (panel.keys["cell"].to_numpy() == frame["cell"].to_numpy()).all()
    return panel


def estimator_of(
    panel: Panel, model: str, horizon: tuple[float, ...] | None
) -> tuple[LinearEstimator, NDArray[np.bool_]]:
    """The average effect as a linear functional, and the rows of the panel it looks at."""
    if model == "two_way":
        return twfe(panel), np.ones(panel.n, dtype=bool)
    fit = imputation(panel, transition=1)
    omega = aggregate_contrasts(fit, "overall", horizon=horizon)[1]
    keep = fit.untreated.copy()
    keep[fit.treated[omega[:, 0] > 0]] = True
    return fit.contrast(omega), keep


def residuals(est: LinearEstimator, Y: Array) -> Array:
    """``Y − ȳ_group − Z K'Y`` for every column."""
    means = group_sums(est.group, est.n_groups, est.share[:, None] * Y)[est.group]
    return np.asarray(Y - means - est.Z @ (est.K.T @ Y))


def cluster_t(est: LinearEstimator, Y: Array, kind: str) -> tuple[Array, Array]:
    """Estimates and standard errors (replications,) by the engine's adjusted weights."""
    meat = sandwich(est, kind)
    scores = group_sums(est.cluster, est.G, meat.T * 1.0 / np.sqrt(est.phi)[:, None] * residuals(est, Y))
    factor = small_sample_factor(kind, est.G, est.N, est.rank)
    return est.V[:, 0] @ Y, np.sqrt(factor * (scores**2).sum(axis=0))


def wild_p(est: LinearEstimator, Y: Array, draws: int, seed: int) -> Array:
    """WCR p-values (Rademacher, CR1 t) of all columns: each needs only its G × G matrix v_h'R_hg u_g."""
    model = est.null_models[0]
    assert model is not None
    u = model.nuisance.residual(Y)
    spread = np.zeros((est.y.size, est.G))
    spread[np.arange(est.y.size), est.cluster] = est.V[:, 0]
    back = spread - est.share[:, None] * group_sums(est.group, est.n_groups, spread)[est.group]
    back = back - est.K @ (est.Z.T @ spread)
    own = group_sums(est.cluster, est.G, est.V * u)
    observed = est.V[:, 0] @ Y
    scores = group_sums(est.cluster, est.G, est.V * residuals(est, Y))
    t = np.abs(observed) / np.sqrt((scores**2).sum(axis=0))
    U = np.random.default_rng(seed).choice([-1.0, 1.0], (draws, est.G))
    members = [np.flatnonzero(est.cluster == g) for g in range(est.G)]
    out = np.empty(Y.shape[1])
    for r in range(Y.shape[1]):
        C = np.column_stack([back[rows].T @ u[rows, r] for rows in members])
        top, bottom = U @ own[:, r], ((U @ C.T) ** 2).sum(axis=1)
        larger = (np.abs(top) >= t[r] * np.sqrt(bottom) * (1 - 1e-10)).sum()
        out[r] = max(int(larger), 1) / draws
    return out


def permutation_weights(panel: Panel, estimator: str, horizon: tuple[float, ...] | None) -> Array:
    """(assignments, rows) weights on y that give the estimate under each assignment, the true one first."""
    plan = calendars(panel, "grade", "school_id")
    rows, _ = plan.assignments(None, 0)
    starts = plan.start[rows[:, plan.value], plan.stratum[None, :]]
    event = panel.time[None, :] - starts
    root = np.sqrt(panel.w)
    M = nuisance_annihilator(panel)
    out = np.zeros((rows.shape[0], panel.n))
    for k in range(rows.shape[0]):
        if estimator == "twfe":
            d = M @ (root * (event[k] >= 0))
            out[k] = d * root / float(d @ d)
            continue
        S = np.flatnonzero(event[k] >= -1)
        effect = np.isin(event[k, S], horizon) if horizon is not None else event[k, S] >= 0
        omega = np.where(effect, panel.w[S], 0.0)
        x = np.linalg.solve(M[np.ix_(S, S)], omega / omega.sum() / root[S])
        out[k] = (x @ M[S]) * root
    return out


@dataclass
class Table:
    """Rows of the result, each with the Monte-Carlo standard error of its mean."""

    rows: list[dict[str, object]]
    scenario: dict[str, str]

    def add(self, method: str, measure: str, values: object) -> None:
        """The mean of ``values`` over the replications; a constant has no Monte-Carlo error."""
        v = np.asarray(values, dtype=float).ravel()
        error = float(v.std(ddof=1) / np.sqrt(v.size)) if v.size > 1 else 0.0
        line = {"method": method, "measure": measure, "value": float(v.mean()), "mc_se": error}
        self.rows.append({**self.scenario, **line, "replications": v.size})


def design_rows(
    study: Study, table: Table, waves: str, model: str, horizon: tuple[float, ...] | None
) -> None:
    """Every method of one design: size without an effect, power at −1 point, coverage, bias, MDE."""
    Y = study.y + (study.shocks if table.scenario["shocks"] == "yes" else 0.0)
    for cluster, name in ((("school_id", "grade"), "cell"), (("grade",), "grade")):
        panel = panel_of(study.frame, waves, model, cluster)
        est, keep = estimator_of(panel, model, horizon)
        treated, used = (panel.event >= 0)[keep].astype(float), Y[keep]
        moved = EFFECT * float(est.V[:, 0] @ treated)
        for kind in ("cr1", "cr2") if name == "cell" else ("cr2",):
            theta, se = cluster_t(est, used, kind)
            df = float(est.G - 1) if kind == "cr1" else float(satterthwaite_df(sandwich(est, "cr2"))[0])
            label = f"CR1, t({df:.0f}), {name}" if kind == "cr1" else f"CR2 + Satterthwaite, {name}"
            cut = float(student.ppf(0.975, df))
            table.add(label, "size", np.abs(theta) > cut * se)
            table.add(label, "power at -1", np.abs(theta + moved) > cut * se)
            if kind == "cr2" and name == "cell":
                table.add(label, "coverage 95", np.abs(theta) <= cut * se)
                table.add(label, "coverage 80", np.abs(theta) <= float(student.ppf(0.90, df)) * se)
                table.add(label, "bias", theta)
                table.add(label, "df", df)
                table.add(label, "mde", [minimum_detectable_effect(s, df) for s in se])
        if name == "cell":
            table.add("WCR, cell", "size", wild_p(est, used, WILD_DRAWS, SEED) <= 0.05)
            shifted = used + EFFECT * treated[:, None]
            table.add("WCR, cell", "power at -1", wild_p(est, shifted, WILD_DRAWS, SEED) <= 0.05)
            W = permutation_weights(panel, "twfe" if model == "two_way" else "imputation", horizon)
            event = (panel.event >= 0).astype(float)
            for measure, effect in (("size", 0.0), ("power at -1", EFFECT)):
                statistics = np.abs(W @ (Y + effect * event[:, None]))
                p = (statistics >= statistics[0] * (1 - 1e-9)).mean(axis=0)
                table.add("permutation over grades", measure, p <= 0.05)
    if waves == "one wave" and model == "two_way":
        one_wave_rows(study.frame, Y, table)


def one_wave_rows(frame: pd.DataFrame, Y: Array, table: Table) -> None:
    """Donald–Lang and Ferman–Pinto on each cell's change: October–May over the same months a year before."""
    base = frame.assign(is_treated_grade=frame["grade"] == "6", is_after=frame["t"] >= 10, y=0.0)
    base = base[base["cal_month"] >= 2]
    cells = cell_changes(base)
    place = {key: i for i, key in enumerate(zip(cells["school_id"], cells["grade"], strict=True))}
    weight = np.zeros((len(cells), len(frame)))
    after = base[base["is_after"]].set_index(["school_id", "grade", "cal_month"])["possible_days"]
    for index, r in base.iterrows():
        i = place[r["school_id"], r["grade"]]
        share = after[r["school_id"], r["grade"], r["cal_month"]] / cells["size"][i]
        weight[i, index] = share if r["is_after"] else -share
    changes, treated = weight @ Y, cells["is_treated_grade"].to_numpy(dtype=float)
    for measure, effect in (("size", 0.0), ("power at -1", EFFECT)):
        p_t, p_b = np.empty(Y.shape[1]), np.empty(Y.shape[1])
        for r in range(Y.shape[1]):
            mine = cells.assign(change=changes[:, r] + effect * treated)
            p_t[r] = donald_lang(mine).p_value
            p_b[r] = ferman_pinto(mine, draws=WILD_DRAWS, seed=r).p_value
        table.add("Donald-Lang within schools", measure, p_t <= 0.05)
        table.add("Ferman-Pinto", measure, p_b <= 0.05)


def targeted_rows(replications: int, seed: int, table: Table) -> None:
    """Targeted pupils chosen at 10 % of 60 days, nobody helped: the trap and the contrast that escapes it."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[tuple[float, bool]]] = {
        "naive": [],
        "did_all_others": [],
        "equally_high": [],
        "ancova": [],
    }
    who = pd.DataFrame(
        list(itertools.product(SCHOOLS, GRADES, range(65))), columns=["school_id", "grade", "number"]
    )
    who["pupil_key"] = who["school_id"] + who["grade"] + "-" + who["number"].astype(str)
    who["is_treated"] = who["grade"].isin(["1", "6", "8"])
    for _ in range(replications):
        p = rng.beta(0.7, 9.3, len(who))
        window, later = rng.binomial(60, p), rng.binomial(60, p)
        base = who.assign(is_selected=window >= 6, possible_days=60.0)
        frame = pd.concat(
            [
                base.assign(window="window", absent_days=window),
                base.assign(window="followup", absent_days=later),
            ]
        )
        result = targeted_from_pupils(frame, components=1)
        for name, rows in found.items():
            estimate = result.of(name).estimate
            rows.append((estimate.estimate, estimate.ci_low <= 0.0 <= estimate.ci_high))
    for name, rows in found.items():
        table.add(f"targeted: {name}", "bias", [r[0] for r in rows])
        table.add(f"targeted: {name}", "coverage 95", [r[1] for r in rows])


def school_rows(study: Study, table: Table) -> None:
    """Four schools with true effects of their own (SD 0.5 around −1): raw and shrunk intervals, common
    effect."""
    rng = np.random.default_rng(SEED)
    panel = panel_of(study.frame, "all waves", "same_month_last_year", ("school_id", "grade"))
    fit = imputation(panel, transition=1)
    est = fit.contrast(contrasts_by(fit, "school_id")[1])
    keep = fit.untreated.copy()
    keep[fit.treated] = True
    T = sandwich(est, "cr2").T / np.sqrt(est.phi)[:, None]
    school = pd.factorize(panel.keys["school_id"], sort=True)[0][keep]
    treated = (panel.event >= 0)[keep].astype(float)
    raw, shrunk, common = [], [], []
    for r in range(study.y.shape[1]):
        truth = rng.normal(-1.0, 0.5, 4)
        y = study.y[keep, r] + truth[school] * treated
        scores = group_sums(est.cluster, est.G, T * residuals(est, y[:, None]))
        pooled = pool_schools(list(SCHOOLS), est.V.T @ y, scores.T @ scores)
        raw += [s.raw_low <= t <= s.raw_high for s, t in zip(pooled.schools, truth, strict=True)]
        shrunk += [s.shrunk_low <= t <= s.shrunk_high for s, t in zip(pooled.schools, truth, strict=True)]
        common.append(pooled.ci_low <= -1.0 <= pooled.ci_high)
    table.add("schools: raw", "coverage 95", raw)
    table.add("schools: shrunk", "coverage 95", shrunk)
    table.add("schools: common effect, Hartung-Knapp", "coverage 95", common)


def run(replications: int, date: str, seed: int = SEED) -> pd.DataFrame:
    """The whole table; the same arguments give the same table."""
    rows: list[dict[str, object]] = []
    few = max(replications // 10, 2)
    for pupils in ("new each year", "move up"):
        study = simulate(replications, pupils, seed)
        for waves, shocks in itertools.product(STARTS, ("no", "yes")):
            for model, estimand, horizon in (
                ("two_way", "all months", None),
                ("same_month_last_year", "all months", None),
                ("same_month_last_year", "milestone", MILESTONE),
            ):
                scenario = {
                    "pupils": pupils,
                    "waves": waves,
                    "shocks": shocks,
                    "model": model,
                    "estimand": estimand,
                }
                design_rows(study, Table(rows, scenario), waves, model, horizon)
        scenario = {
            "waves": "all waves",
            "shocks": "no",
            "model": "same_month_last_year",
            "estimand": "all months",
        }
        few_studies = Study(study.frame, study.y[:, :few], study.shocks[:, :few])
        school_rows(few_studies, Table(rows, {"pupils": pupils, **scenario}))
    scenario = {
        "pupils": "followed",
        "waves": "all waves",
        "shocks": "no",
        "model": "targeted",
        "estimand": "targeted",
    }
    targeted_rows(max(replications // 3, 2), seed, Table(rows, scenario))
    table = pd.DataFrame(rows)
    return table.assign(date=date, seed=seed).round({"value": 4, "mc_se": 4})


def main() -> None:
    """Write the table named by the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=3000)
    parser.add_argument(
        "--date", required=True, help="the day the table is made, YYYY-MM-DD; printed in the report"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    table = run(options.replications, options.date, options.seed)
    table.to_csv(options.output, index=False)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
