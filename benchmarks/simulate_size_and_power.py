"""Size, power and coverage of every inference the report prints, in studies whose truth is known.

    python benchmarks/simulate_size_and_power.py --replications 3000 --date 2026-11-23

writes ``operating_characteristics_full.csv`` beside it and the report's small table in
``evaluation/effects``. The studies stand in ``simulated_studies.py``. Model "two_way" is weighted least
squares with cell and month effects; "same_month_last_year" is the protocol's model by imputation, without the
month of the talks, over all months after it or over the milestone's three.

Everything is linear in the outcome, so each design is set up once by the engine and thousands of outcomes are
run through its weights at once; the tests compare some of them with the engine's own functions.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from characteristics_for_readers import write
from numpy.typing import NDArray
from scipy.stats import t as student
from simulated_doubt import form_rows, left_out_rows, month_rows
from simulated_other_questions import counted_rows, same_pupils_rows, school_rows, targeted_rows
from simulated_studies import (
    MILESTONE,
    SEED,
    STARTS,
    UNEQUAL,
    Array,
    Study,
    Table,
    panel_of,
    residuals,
    simulate,
)

from evaluation.effects.absorb import fit_nuisance, group_sums
from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.permutation import calendars
from evaluation.effects.permuted_weights import nuisance_annihilator
from evaluation.effects.power import minimum_detectable_effect
from evaluation.effects.sandwich import sandwich, small_sample_factor
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.effects.twfe import twfe
from evaluation.questions.one_wave import cell_changes, donald_lang, ferman_pinto

HERE = Path(__file__).resolve().parent
FULL = HERE / "operating_characteristics_full.csv"
SMALL = HERE.parent / "evaluation" / "effects" / "operating_characteristics.csv"
EFFECT = -1.0
WILD_DRAWS = 399


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
    return fit.contrast(omega, for_bootstrap=True), keep


def cluster_t(est: LinearEstimator, Y: Array, kind: str) -> tuple[Array, Array]:
    """Estimates and standard errors (replications,) by the engine's adjusted weights."""
    meat = sandwich(est, kind)
    scores = group_sums(est.cluster, est.G, meat.T * 1.0 / np.sqrt(est.phi)[:, None] * residuals(est, Y))
    factor = small_sample_factor(kind, est.G, est.N, est.rank)
    return est.V[:, 0] @ Y, np.sqrt(factor * (scores**2).sum(axis=0))


def wild_p(est: LinearEstimator, Y: Array, draws: int, seed: int) -> Array:
    """WCR p-values (Rademacher, CR1 t) of all columns: each needs only its G × G matrix v_h'R_hg u_g.

    Every study draws anew: signs shared by all of them would put their own luck, of size .01, into every figure.
    """
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
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(est.cluster == g) for g in range(est.G)]
    out = np.empty(Y.shape[1])
    for r in range(Y.shape[1]):
        U = rng.choice([-1.0, 1.0], (draws, est.G))
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
    M = nuisance_annihilator(panel, fit_nuisance(panel))
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


def design_rows(
    study: Study, table: Table, waves: str, model: str, horizon: tuple[float, ...] | None
) -> None:
    """Every method of one design: size without an effect, power at −1 point, coverage, bias, MDE."""
    Y = study.y + (study.shocks if table.scenario["shocks"] == "yes" else 0.0)
    for cluster, name in ((("school_id", "grade"), "cell"), (("grade",), "grade")):
        panel = panel_of(study.frame, study.starts[waves], model, cluster, study.working)
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


def run(replications: int, date: str, seed: int = SEED) -> pd.DataFrame:
    """The whole table; the same arguments give the same table."""
    rows: list[dict[str, object]] = []
    few, third = max(replications // 10, 2), max(replications // 3, 2)
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
        doubt = Table(rows, {"pupils": pupils, **scenario})
        month_rows(study, doubt, few)
        left_out_rows(study, doubt)
        form_rows(Study(study.frame, study.y[:, :third], study.shocks[:, :third]), doubt)
        if pupils == "move up":
            same_pupils_rows(few_studies, Table(rows, {**scenario, "pupils": pupils, "model": "same_pupils"}))
    # Held against another study's table, so its own error is kept small beside that one's.
    earlier = simulate(3 * replications, UNEQUAL, seed)
    for waves, shocks in itertools.product(STARTS, ("no", "yes")):
        scenario = {
            "pupils": UNEQUAL,
            "waves": waves,
            "shocks": shocks,
            "model": "two_way",
            "estimand": "all months",
        }
        design_rows(earlier, Table(rows, scenario), waves, "two_way", None)
    scenario = {
        "pupils": "followed",
        "waves": "all waves",
        "shocks": "no",
        "model": "targeted",
        "estimand": "targeted",
    }
    targeted_rows(third, seed, Table(rows, scenario))
    counted_rows(third, seed, Table(rows, {**scenario, "waves": "one wave"}))
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
    parser.add_argument("--full", type=Path, default=FULL, help="the long table, for analysts")
    parser.add_argument("--small", type=Path, default=SMALL, help="the small Danish table, for the report")
    options = parser.parse_args()
    table = run(options.replications, options.date, options.seed)
    write(table, options.full, options.small)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
