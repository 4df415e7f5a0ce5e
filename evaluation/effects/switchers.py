"""Treatments that begin and end: the effect in the period of a switch, DID_M of de Chaisemartin & D'Haultfœuille (2020).

Units that join between two periods are compared with those untreated in both, units that leave with those treated in both:
``DID_M = Σ_t (N₊ₜ DID₊ₜ + N₋ₜ DID₋ₜ) / N_S``. No unit whose treatment changed is a control, and effects may differ between
units and periods; earlier treatment must not act on the present outcome. Placebo k makes the same comparison over the k-th
step before the switch, among units whose treatment did not change in between. Standard errors take treatment as given: the
scores are the deviations of each change from the mean of its own kind, summed by cluster, without a small-sample factor.
Not here: effects of treatment that lasts (``imputation``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from evaluation.effects.coding import renumbered
from evaluation.effects.design import Panel
from evaluation.effects.group_time_units import cluster_influence
from evaluation.effects.results import OVERALL, BoolArray, Estimate, FloatArray, JointTest, Term, t_interval
from evaluation.errors import CannotEstimate, InputError

MAX_PLACEBOS = 3
"""Most steps before the switch that are looked at."""


@dataclass(frozen=True)
class Switchers:
    """DID_M first, then the placebos that the panel has: ``steps`` (k,) 0, -1, …; ``theta`` (k,); ``scores`` (G, k)."""

    steps: tuple[int, ...]
    theta: FloatArray
    scores: FloatArray
    counts: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def cov(self) -> FloatArray:
        """(k, k) covariance clustered as the panel is."""
        return np.asarray(self.scores.T @ self.scores, dtype=np.float64)

    def estimates(self, aggregate: str, *, level: float, null: float) -> list[Estimate]:
        """The effect alone ("overall"), or with the placebos before it ("event")."""
        errors = np.sqrt(np.diag(self.cov))
        order = sorted(range(len(self.steps)), key=lambda j: self.steps[j])
        chosen = order if aggregate == "event" else [0]
        return [
            t_interval(
                Term("event", event=float(self.steps[j])) if aggregate == "event" else OVERALL,
                float(self.theta[j]), float(errors[j]), None, inference="influence", level=level, null=null,
            )
            for j in chosen
        ]  # fmt: skip

    def placebo_test(self) -> JointTest | None:
        """Wald test that all placebos are zero."""
        q = self.theta.size - 1
        if not q:
            return None
        theta, cov = self.theta[1:], self.cov[1:, 1:]
        if np.linalg.matrix_rank(cov, tol=1e-10 * float(np.trace(cov))) < q:
            return None
        W = float(theta @ np.linalg.solve(cov, theta))
        return JointTest(W, float(q), None, float(special.chdtrc(q, W)), "Wald (influence)")


def switchers(panel: Panel) -> Switchers:
    """The effect of switching and its placebos.

    Raises:
        InputError: the treatment is not 0/1, units or periods are missing, or several rows share them.
        CannotEstimate: nobody switches while others of the same treatment do not.
    """
    if not np.isin(panel.d, (0.0, 1.0)).all():
        raise InputError("The effect of switching needs a 0/1 treatment column.")
    if not panel.unit_labels or np.unique(panel.time).size < 2:
        raise InputError("The effect of switching needs units and periods: give --unit and --time.")
    unit, units = renumbered(panel.unit)
    periods, t = np.unique(panel.time, return_inverse=True)
    shape = (units, periods.size)
    if (np.bincount(unit * periods.size + t, minlength=units * periods.size) > 1).any():
        raise InputError("Several rows share a unit and a period: aggregate the panel to one row for each.")
    Y, D, W = (np.full(shape, np.nan) for _ in range(3))
    Y[unit, t], D[unit, t], W[unit, t] = panel.y, panel.d, panel.w
    cluster = np.zeros(units, dtype=np.int64)
    cluster[unit] = panel.cluster_codes()
    if not np.array_equal(cluster[unit], panel.cluster_codes()):
        raise InputError("Each unit must lie in one cluster: some units change cluster.")
    cluster, G = renumbered(cluster)
    if G < 2:
        raise CannotEstimate("Cannot estimate a standard error: there is only one cluster.")
    steps, thetas, scores = [], [], []
    counts, notes = (0, 0), []
    for k in range(MAX_PLACEBOS + 1):
        theta, score, joined, left, alone = _comparison(Y, D, W, k)
        if theta is None:
            if k == 0:
                raise CannotEstimate(
                    "Cannot estimate an effect: no unit switches between two periods while another of the same earlier "
                    "treatment stays."
                )
            break
        if k == 0:
            counts = (joined, left)
            notes.append(
                f"{joined} units' periods join and {left} leave; each is compared with those that stay."
            )
            if alone:
                notes.append(
                    f"{alone} switches have nobody of the same earlier treatment that stays, and are left out."
                )
        steps.append(-k)
        thetas.append(theta)
        scores.append(cluster_influence(score[:, None], cluster)[:, 0])
    return Switchers(tuple(steps), np.array(thetas), np.column_stack(scores), counts, tuple(notes))


def _comparison(
    Y: FloatArray, D: FloatArray, W: FloatArray, k: int
) -> tuple[float | None, FloatArray, int, int, int]:
    """Effect (k = 0) or placebo k, the units' scores, how many join, leave, and switch with nobody to compare with."""
    total, top, joined, left, alone = 0.0, 0.0, 0, 0, 0
    score = np.zeros(Y.shape[0])
    for t in range(k + 1, Y.shape[1]):
        change = Y[:, t - k] - Y[:, t - k - 1]
        w = W[:, t]
        past = D[:, t - k - 1 : t]
        with np.errstate(invalid="ignore"):
            settled = np.isfinite(change) & np.isfinite(D[:, t]) & (past == D[:, [t - 1]]).all(axis=1)
        for before, sign in ((0.0, 1.0), (1.0, -1.0)):
            mine = settled & (D[:, t - 1] == before)
            moved, stayed = mine & (D[:, t] != before), mine & (D[:, t] == before)
            if not moved.any():
                continue
            if not stayed.any():
                alone += int(moved.sum())
                continue
            size = float(w[moved].sum())
            total += size
            for rows, side in ((moved, sign), (stayed, -sign)):
                mean, share = _mean(change, w, rows)
                top += size * side * mean
                score[rows] += size * side * share * (change[rows] - mean)
            joined, left = (
                (joined + int(moved.sum()), left) if sign > 0 else (joined, left + int(moved.sum()))
            )
    if not total > 0:
        return None, score, joined, left, alone
    return top / total, score / total, joined, left, alone


def _mean(change: FloatArray, w: FloatArray, rows: BoolArray) -> tuple[float, FloatArray]:
    share = w[rows] / w[rows].sum()
    return float(share @ change[rows]), share
