"""Coverage of what stands around the estimate: the months since the talks, other forms, one school or grade left out.

Nobody is helped in these studies, so an interval is right when it holds zero, and a band when it holds zero in every
month at once.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from scipy.stats import t as student
from simulated_studies import STARTS, Array, Study, Table, panel_of, residuals

from evaluation.effects.absorb import group_sums
from evaluation.effects.contrasts import aggregate_contrasts
from evaluation.effects.event_study import simultaneous_half_widths
from evaluation.effects.functional_form import functional_form
from evaluation.effects.honest_few import FewClusters
from evaluation.effects.imputation import ImputationFit, imputation
from evaluation.effects.linear import LinearEstimator
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import htz_test, satterthwaite_df

FIRST_FOLLOW_UP = 10
MINIMUM_CLUSTERS = 4
CELL = ("school_id", "grade")


def month_rows(study: Study, table: Table, few: int) -> None:
    """The protocol's event study: each month's interval, the band over all of them, the joint test of the leads."""
    panel = panel_of(study.frame, STARTS["all waves"], "same_month_last_year", CELL)
    assert panel.start is not None
    reach = int(max(STARTS["all waves"].values())) - FIRST_FOLLOW_UP
    fit = imputation(panel, anticipation=reach)
    months, omega = _months(fit)
    est = fit.contrast(omega)
    keep = fit.untreated.copy()
    keep[fit.treated[np.abs(omega).max(axis=1) > 0]] = True
    Y = study.y[keep]
    theta, scores, df = _scores(est, Y)
    errors = np.sqrt((scores**2).sum(axis=1))
    half = student.ppf(0.975, df)[:, None] * errors
    table.add("months: each", "coverage 95", np.abs(theta) <= half)
    inside = [
        np.abs(theta[:, r])
        <= simultaneous_half_widths(scores[:, :, r].T, errors[:, r], df, level=0.95, seed=r, draws=5_000)
        for r in range(Y.shape[1])
    ]
    table.add("months: band", "coverage 95", [bool(row.all()) for row in inside])
    leads = _common_leads(fit, months, omega)
    table.add(
        "months: joint test of leads",
        "size",
        _joint_p(replace(est.pick(leads), y=Y[:, 0]), theta[leads], scores[leads]) <= 0.05,
    )
    _honest_rows(fit, months, leads, omega, theta, scores, few, table)


def _months(fit: ImputationFit) -> tuple[list[int], Array]:
    """Months since the talks in the follow-up year with cells enough behind them, and their weights."""
    panel = fit.panel
    event = panel.event[fit.treated].astype(int)
    month = np.where(event >= 0, event + 1, np.where(event == -1, 0, event + 1))
    inside = (panel.time[fit.treated] >= FIRST_FOLLOW_UP) & (month != 0)
    cluster = panel.cluster_codes()[fit.treated]
    shown = [
        int(m)
        for m in np.unique(month[inside])
        if np.unique(cluster[inside & (month == m)]).size >= MINIMUM_CLUSTERS
    ]
    return shown, np.column_stack([fit.weights(inside & (month == m)) for m in shown])


def _common_leads(fit: ImputationFit, months: list[int], omega: Array) -> list[int]:
    cluster = fit.panel.cluster_codes()[fit.treated]
    behind = [np.unique(cluster[np.abs(omega[:, i]) > 0]).size for i in range(len(months))]
    return [i for i, m in enumerate(months) if m < 0 and behind[i] >= max(behind) / 2]


def _scores(est: LinearEstimator, Y: Array) -> tuple[Array, Array, Array]:
    """Estimates (m, r), adjusted cluster scores (m, G, r) and degrees of freedom (m,) of CR2."""
    meat = sandwich(est, "cr2")
    T = meat.T / np.sqrt(est.phi)[:, None]
    e = residuals(est, Y)
    scores = np.stack([group_sums(est.cluster, est.G, T[:, [j]] * e) for j in range(T.shape[1])])
    return est.V.T @ Y, scores, satterthwaite_df(meat)


def _joint_p(est: LinearEstimator, theta: Array, scores: Array) -> Array:
    """HTZ p-values (r,) of all columns: degrees of freedom are the design's, so one test gives them."""
    test = htz_test(sandwich(est, "cr2"))
    assert test.df_denom is not None
    q, eta = test.df, test.df_denom + test.df - 1
    p = np.empty(theta.shape[1])
    for r in range(theta.shape[1]):
        cov = scores[:, :, r] @ scores[:, :, r].T
        F = (eta - q + 1) / (eta * q) * float(theta[:, r] @ np.linalg.solve(cov, theta[:, r]))
        p[r] = _f_tail(F, q, eta - q + 1)
    return p


def _f_tail(F: float, q: float, d: float) -> float:
    from scipy.stats import f

    return float(f.sf(F, q, d))


def _honest_rows(
    fit: ImputationFit,
    months: list[int],
    leads: list[int],
    omega: Array,
    theta: Array,
    scores: Array,
    few: int,
    table: Table,
) -> None:
    """Robust intervals of the mean over the milestone's months; parallel trends hold, so every bound holds."""
    posts = [i for i, m in enumerate(months) if m > 0]
    order = [*leads, *posts]
    target = np.array([1.0 if months[i] in (1, 2, 3) else 0.0 for i in posts])
    columns = omega[:, order]
    est = fit.contrast(columns)
    working, df = np.einsum("ij,i,ij->j", est.V, est.phi, est.V), satterthwaite_df(sandwich(est, "cr2"))

    @lru_cache(maxsize=4096)
    def df_at(weights: tuple[float, ...]) -> float:
        combined = columns @ np.array(weights)[:, None]
        return float(satterthwaite_df(sandwich(fit.contrast(combined), "cr2"))[0])

    for restriction, bounds, name in (
        ("relative-magnitudes", (0.5, 1.0), "honest: relative magnitudes"),
        ("smoothness", (0.0,), "honest: smoothness 0"),
        ("smoothness", (0.1,), "honest: smoothness"),
    ):
        held = []
        for r in range(few):
            known = FewClusters(
                betahat=theta[order, r],
                sigma=scores[order, :, r] @ scores[order, :, r].T,
                working=working,
                df=df,
                # Degrees of freedom move slowly with the weights: two decimals serve, and are met again.
                df_of=lambda w: df_at(tuple(np.round(w, 2))),
                n_pre=len(leads),
                l_vec=target / target.sum(),
            )
            found = known.intervals(restriction, bounds, 0.95)
            held.append([i.ci_low <= 0.0 <= i.ci_high for i in found])
        table.add(name, "coverage 95", np.array(held).T)


def form_rows(study: Study, table: Table) -> None:
    """Logit and Poisson on the counts of each study, with the protocol's clusters."""
    frame = study.frame
    start = frame["grade"].map(STARTS["all waves"]).fillna(np.inf)
    frame = frame.assign(
        treated=(frame["t"] >= start).astype(int),
        month=frame["t"].astype(str),
        is_transition=frame["t"] == start - 1,
    )
    keep = ~frame["is_transition"].to_numpy()
    for form in ("logit", "poisson"):
        estimates, held = [], []
        for r in range(study.y.shape[1]):
            days = frame.assign(absent_days=study.y[:, r] * frame["possible_days"] / 100.0)[keep]
            found = functional_form(days, form)
            estimates.append(found.effect_pp)
            held.append(found.ci_low_pp <= 0.0 <= found.ci_high_pp)
        table.add(f"form: {form}", "bias", estimates)
        table.add(f"form: {form}", "coverage 95", held)


def left_out_rows(study: Study, table: Table) -> None:
    """The estimate over all months without each school, each grade of comparison, and the grades at the ends."""
    frame = study.frame
    never = [g for g in sorted(frame["grade"].unique()) if g not in STARTS["all waves"]]
    variations = [("school_id", [s]) for s in sorted(frame["school_id"].unique())]
    variations += [("grade", [g]) for g in never] + [("grade", ["0", "9"])]
    held = []
    for column, values in variations:
        rows = ~frame[column].isin(values).to_numpy()
        panel = panel_of(
            frame[rows].reset_index(drop=True), STARTS["all waves"], "same_month_last_year", CELL
        )
        fit = imputation(panel, transition=1)
        omega = aggregate_contrasts(fit, "overall")[1]
        keep = fit.untreated.copy()
        keep[fit.treated] = True
        est = fit.contrast(omega)
        theta, scores, df = _scores(est, study.y[rows][keep])
        half = student.ppf(0.975, df)[:, None] * np.sqrt((scores**2).sum(axis=1))
        held.append(np.abs(theta) <= half)
    table.add("one left out", "coverage 95", np.vstack(held))
