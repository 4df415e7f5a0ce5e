"""Coverage of the intervals beside the main estimate: targeted pupils, schools, the same pupils followed."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from simulated_studies import GRADES, SCHOOLS, SEED, STARTS, Study, Table, panel_of, residuals

from evaluation.effects.absorb import group_sums
from evaluation.effects.contrasts import contrasts_by
from evaluation.effects.imputation import imputation
from evaluation.effects.same_pupils import followed_rows, same_pupils, same_pupils_form
from evaluation.effects.sandwich import sandwich
from evaluation.effects.schools import pool_schools
from evaluation.effects.targeted import targeted_from_bands, targeted_from_pupils


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


def counted_rows(replications: int, seed: int, table: Table) -> None:
    """The same trap as the report prints it: one grade with talks, counts by band, the rule and the gap rule."""
    rng = np.random.default_rng(seed)
    who = pd.DataFrame(
        list(itertools.product(SCHOOLS, [g for g in GRADES if g not in ("1", "8")], range(65))),
        columns=["school_id", "grade", "number"],
    ).assign(pupils=1)
    who["is_treated"] = who["grade"] == "6"
    printed = ("naive", "equally_high", "ancova", "gap_window")
    found: dict[str, list[tuple[float, bool]]] = {name: [] for name in printed}
    for _ in range(replications):
        p = rng.beta(0.7, 9.3, len(who))
        days = {window: rng.binomial(60, p).astype(float) for window in ("window", "gap", "followup")}
        rows = who.assign(band=np.array([0, 5, 10, 20])[np.digitize(days["window"] / 60, [0.05, 0.10, 0.20])])
        rows = rows.assign(is_selected=rows["band"] >= 10)
        for window, absent in days.items():
            rows[f"{window}_possible_days"], rows[f"{window}_absent_days"] = 60.0, absent
        keys = ["school_id", "grade", "band", "is_selected", "is_treated"]
        result = targeted_from_bands(rows.drop(columns="number").groupby(keys, as_index=False).sum())
        for name, kept in found.items():
            estimate = result.of(name).estimate
            kept.append((estimate.estimate, estimate.ci_low <= 0.0 <= estimate.ci_high))
    for name, kept in found.items():
        table.add(f"counted: {name}", "bias", [r[0] for r in kept])
        table.add(f"counted: {name}", "coverage 95", [r[1] for r in kept])


def school_rows(study: Study, table: Table) -> None:
    """Four schools with true effects of their own (SD 0.5 around −1): raw and shrunk intervals, common
    effect."""
    rng = np.random.default_rng(SEED)
    panel = panel_of(study.frame, STARTS["all waves"], "same_month_last_year", ("school_id", "grade"))
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


def same_pupils_rows(study: Study, table: Table) -> None:
    """Cohorts that move up a grade, nobody helped: is the interval right although pupils carry over?"""
    frame = study.frame
    grade, later = frame["grade"].astype(int), frame["t"] >= 10
    month = 1 + (frame["cal_month"] + 7) % 12
    calendar_year = np.where(later, 2026, 2025) + (frame["cal_month"] >= 5)
    rows = frame.assign(
        school_year=np.where(later, "2026/27", "2025/26"),
        year_pair="2025/26>2026/27",
        month=[f"{y}-{m:02d}" for y, m in zip(calendar_year, month, strict=True)],
        grade=(grade + np.where(later, 0, 1)).astype(str),
    )
    first = {"6": "2026-10", "1": "2027-01", "8": "2027-03"}
    talks = {"6": "2026-09", "1": "2026-12", "8": "2027-02"}
    begins = {(s, g): m for s in SCHOOLS for g, m in first.items()}
    transition = {(s, g): m for s in SCHOOLS for g, m in talks.items()}
    followed = rows["grade"].isin([str(g) for g in range(1, 10)])
    found: dict[str, list[tuple[float, bool]]] = {"same pupils": []}
    found |= {f"same pupils: {form}": [] for form in ("logit", "poisson")}
    for r in range(study.y.shape[1]):
        days = rows.assign(absent_days=study.y[:, r] * rows["possible_days"] / 100.0)[followed]
        marked = followed_rows(days, begins, transition, follow_up_year="2026/27")
        linear = same_pupils(marked).estimate
        found["same pupils"].append((linear.estimate, linear.ci_low <= 0.0 <= linear.ci_high))
        for form in ("logit", "poisson"):
            fit = same_pupils_form(marked, form)
            found[f"same pupils: {form}"].append((fit.effect_pp, fit.ci_low_pp <= 0.0 <= fit.ci_high_pp))
    for name, kept in found.items():
        table.add(name, "bias", [r[0] for r in kept])
        table.add(name, "coverage 95", [r[1] for r in kept])
