"""Which CR2 for the imputation functional? Size on the study's own design; the table of docs/methods/inference.md.

    python benchmarks/calibrate_imputation_cr2.py [--replications 3000]

Four schools × ten grades, two years of ten months, no effect; cell-by-year effects of .54 points on monthly noise of 1.2,
optionally grade-by-year shocks of .4 common to the schools. One pass: each estimator is linear, so all outcomes of a
design are judged by the same weights.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from scipy import stats

from evaluation.effects.absorb import group_sums
from evaluation.effects.design import Panel
from evaluation.effects.imputation import imputation
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.results import FloatArray
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.effects.twfe import twfe

WAVES = {"one wave": {6: 12}, "three waves": {6: 12, 1: 15, 8: 17}}


def school_panel(waves: dict[int, int]) -> Panel:
    """The design with its talk months left out; the outcome is filled in later."""
    rng = np.random.default_rng(3)
    pupils = rng.integers(50, 80, (4, 10))
    data = pd.DataFrame(
        [(s, g, t, pupils[s, g] * (18 + t % 3)) for s in range(4) for g in range(10) for t in range(20)],
        columns=["school", "grade", "t", "days"],
    )
    data["cell"], data["month"] = data["school"] * 10 + data["grade"], data["t"] % 10
    data["start"] = data["grade"].map(waves).fillna(np.inf)
    data = data[data["t"] != data["start"] - 1].assign(y=0.0)
    return Panel.from_frame(
        data, outcome="y", unit="cell", time="t", start="start", weights="days", keep=["grade"],
        absorb=["cell:month", "school:t"], working="inverse-weight",
    )  # fmt: skip


def outcomes(panel: Panel, replications: int, shock: float) -> FloatArray:
    """(n, replications) outcomes without any effect."""
    rng = np.random.default_rng(1)
    year = (panel.time >= 10).astype(int)
    Y = rng.normal(scale=0.54, size=(2 * panel.n_units, replications))[panel.unit * 2 + year]
    Y = Y + rng.normal(scale=1.2, size=(panel.n, replications)) * np.sqrt(1200 / panel.w)[:, None]
    grade = panel.keys["grade"].to_numpy().astype(int)
    return np.asarray(Y + rng.normal(scale=shock, size=(20, replications))[grade * 2 + year])


def size(estimator: LinearEstimator, Y: FloatArray, kind: str) -> float:
    """Share of outcomes in which the 5 % test rejects a true null."""
    result = sandwich(estimator, kind)
    df = estimator.G - 1 if kind == "cr0" else float(satterthwaite_df(result)[0])
    means = group_sums(estimator.group, estimator.n_groups, estimator.share[:, None] * Y)[estimator.group]
    e = (Y - means - estimator.Z @ (estimator.K.T @ Y)) / np.sqrt(estimator.phi)[:, None]
    scores = group_sums(estimator.cluster, estimator.G, result.T * e)
    t = np.abs(estimator.V[:, 0] @ Y) / np.sqrt(result.factor * (scores**2).sum(axis=0))
    return float((2 * stats.t.sf(t, df) < 0.05).mean())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--replications", type=int, default=3000)
    count = parser.parse_args().replications
    print(f"{'':<14}{'shocks':<8}{'horizon':<10}{'CR0':>7}{'block':>7}{'score':>7}{'TWFE CR2':>10}")
    for name, waves in WAVES.items():
        panel = school_panel(waves)
        for shock in (0.0, 0.4):
            Y = outcomes(panel, count, shock)
            for label, last in (("all", np.inf), ("1-3", 2)):
                panel_y = replace(panel, y=Y[:, 0])
                fit = imputation(panel_y)
                inside = panel.event[fit.treated] <= last
                estimator = fit.contrast(fit.weights(inside)[:, None])
                keep = fit.untreated.copy()
                keep[fit.treated[inside]] = True
                block = replace(estimator, by_score=False)
                row = [
                    size(estimator, Y[keep], "cr0"),
                    size(block, Y[keep], "cr2"),
                    size(estimator, Y[keep], "cr2"),
                ]
                own = f"{size(twfe(panel_y), Y, 'cr2'):>10.3f}" if label == "all" else f"{'':>10}"
                print(f"{name:<14}{shock:<8}{label:<10}" + "".join(f"{r:>7.3f}" for r in row) + own)


if __name__ == "__main__":
    main()
