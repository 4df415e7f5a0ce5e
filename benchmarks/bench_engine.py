"""Speed of the engine on 40 clusters × 20 periods, as ratios within one run against Python peers.

    python benchmarks/bench_engine.py [--draws 9999]

Nothing here is asserted: a machine's load is not a fact about the code.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # for everybody alike, before numpy is imported

import numpy as np
import pandas as pd

from evaluation.effects import did
from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.design import Panel
from evaluation.effects.event_study import imputation_event_study
from evaluation.effects.group_time import group_time
from evaluation.effects.group_time_aggregate import aggregate, influence_estimates
from evaluation.effects.imputation import imputation
from evaluation.effects.kept import forget
from evaluation.effects.permutation import permutation_test
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.effects.twfe import twfe
from evaluation.effects.wild import wild_bootstrap


def frame() -> pd.DataFrame:
    """Four schools × ten grades × twenty months; grades 6, 1 and 8 start in months 12, 15 and 17."""
    rng = np.random.default_rng(1)
    data = pd.DataFrame(
        [(s, str(g), t) for s in range(4) for g in range(10) for t in range(20)],
        columns=["school", "grade", "t"],
    )
    data["cell"] = data["school"] * 10 + data["grade"].astype(int)
    data["cal_month"] = data["t"] % 10
    data["start"] = data["grade"].map({"6": 12, "1": 15, "8": 17}).fillna(np.inf)
    data["post"] = (data["t"] >= data["start"]).astype(float)
    data["days"] = rng.integers(900, 1500, 800).astype(float)
    data["y"] = 7 + rng.normal(size=800) - data["post"]
    return data


def best(task: Callable[[], object], times: int = 3) -> float:
    """Shortest of some runs, in seconds: the least disturbed one."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        task()
        spent.append(time.perf_counter() - begun)
    return min(spent)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--draws", type=int, default=9999)
    draws = parser.parse_args().draws
    warnings.simplefilter("ignore")
    data = frame()

    def panel(**options: object) -> Panel:
        return Panel.from_frame(
            data,
            outcome="y",
            unit="cell",
            time="t",
            start="start",
            keep=["grade"],
            cluster=["cell"],
            **options,
        )

    plain = panel()
    school = panel(weights="days", absorb=["cell:cal_month", "school:t"], working="inverse-weight")
    fit = imputation(school, transition=1)
    _, omega = aggregate_contrasts(fit)
    ours = {
        "TWFE + CR2 + Satterthwaite": lambda: satterthwaite_df(sandwich(twfe(plain), "cr2")),
        f"wild bootstrap, {draws} draws": lambda: wild_bootstrap(twfe(plain), draws=draws, interval=False),
        f"wild bootstrap with interval, {draws} draws": lambda: wild_bootstrap(twfe(plain), draws=draws),
        "imputation": lambda: imputation(school, transition=1),
        "imputation + CR2 + Satterthwaite": lambda: satterthwaite_df(sandwich(fit.contrast(omega), "cr2")),
        "permutation, 720 assignments": lambda: _permutation(school),
        "permutation, a further outcome": lambda: permutation_test(school, "grade", transition=1),
        "event study with bands and lead test": lambda: imputation_event_study(school, transition=1),
        "group-time, four aggregations": lambda: _group_time(plain),
        "Sun & Abraham, CR2, bands, leads, reading": lambda: _by_name(data, "sun-abraham", start="start"),
        "extended two-way, CR2, reading": lambda: _by_name(data, "etwfe", start="start"),
        "effect of switching, DID_M": lambda: _by_name(data, "did-m", treatment="post"),
    }
    spent = {name: best(task) for name, task in ours.items()}
    print(f"{'the same work on 40 clusters × 20 periods':<48}{'seconds':>10}{'times ours':>12}")
    for name, seconds in spent.items():
        print(f"{name:<48}{seconds:>10.4f}{1:>12}")
        for peer, task in _peers(data, draws).get(name, {}).items():
            try:
                other = best(task)
                print(f"{'  ' + peer:<48}{other:>10.4f}{other / seconds:>12.1f}")
            except Exception as problem:
                print(f"  {peer}: {type(problem).__name__}: {str(problem)[:80]}")
    print(f"\nall of the above, ours: {sum(spent.values()):.2f} s")


def _permutation(panel: Panel) -> object:
    """Every assignment factored anew: outcomes of one design share that work, which would flatter the second run."""
    forget()
    return permutation_test(panel, "grade", transition=1)


def _by_name(data: pd.DataFrame, name: str, **timing: str) -> object:
    """From the data frame, as an analyst calls it: reading included, as in the peers."""
    return did(data, "y", unit="cell", time="t", estimator=name, **timing)


def _group_time(panel: Panel) -> None:
    fit = group_time(panel, control="not-yet")
    for kind in ("overall", "group", "event", "calendar"):
        influence_estimates(fit, aggregate(fit, kind), draws=999)


def _peers(data: pd.DataFrame, draws: int) -> dict[str, dict[str, Callable[[], object]]]:
    """Peers doing the same work; a peer that refuses says so in the table."""
    import diff_diff
    import pyfixest
    import statsmodels.formula.api as smf

    never = data.assign(start=data["start"].replace(np.inf, 0))
    staggered = {"outcome": "y", "unit": "cell", "time": "t", "first_treat": "start"}

    def statsmodels_fit() -> object:
        return smf.ols("y ~ post + C(cell) + C(t)", data).fit(
            cov_type="cluster", cov_kwds={"groups": data["cell"]}
        )

    return {
        "TWFE + CR2 + Satterthwaite": {
            "pyfixest, CRV1 only": lambda: pyfixest.feols("y ~ post | cell + t", data, vcov={"CRV1": "cell"}),
            "statsmodels, CR1 only": statsmodels_fit,
        },
        f"wild bootstrap, {draws} draws": {
            "diff-diff wild_bootstrap_se": lambda: _diff_diff_wild(data, draws),
        },
        "imputation + CR2 + Satterthwaite": {
            "diff-diff ImputationDiD (cell and month)": lambda: diff_diff.ImputationDiD().fit(
                never, **staggered
            ),
        },
        "group-time, four aggregations": {
            "diff-diff CallawaySantAnna": lambda: diff_diff.CallawaySantAnna(
                control_group="not_yet_treated", n_bootstrap=999
            ).fit(never, **staggered, aggregate="all"),
        },
        "Sun & Abraham, CR2, bands, leads, reading": {
            "diff-diff SunAbraham, HC1": lambda: diff_diff.SunAbraham().fit(never, **staggered),
            "pyfixest saturated, CRV1": lambda: pyfixest.event_study(
                never.astype({"start": int}), "y", "cell", "t", "start", estimator="saturated", cluster="cell"
            ),
        },
        "extended two-way, CR2, reading": {
            "diff-diff ETWFE, HC1": lambda: diff_diff.ETWFE().fit(
                never, outcome="y", unit="cell", time="t", cohort="start"
            ),
        },
        "effect of switching, DID_M": {
            "diff-diff dCDH": lambda: diff_diff.ChaisemartinDHaultfoeuille(drop_larger_lower=False).fit(
                data, outcome="y", group="cell", time="t", treatment="post"
            ),
        },
    }


def _diff_diff_wild(data: pd.DataFrame, draws: int) -> object:
    import diff_diff

    y = data["y"].to_numpy()
    X = np.column_stack(
        [data["post"], pd.get_dummies(data["cell"]), pd.get_dummies(data["t"]).iloc[:, 1:]]
    ).astype(float)
    residuals = y - X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return diff_diff.wild_bootstrap_se(X, y, residuals, data["cell"].to_numpy(), 0, n_bootstrap=draws)


if __name__ == "__main__":
    main()
