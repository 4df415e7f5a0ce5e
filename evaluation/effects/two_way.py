"""Two-way (and many-way) clustering: the sum over each column's clusters less that over the crossed ones.

``V = V_A + V_B − V_AB`` (Cameron, Gelbach & Miller 2011), each part with the small-sample factor of its own number of
clusters; with more columns all their crossings alternate in sign. Where the sum has negative eigenvalues they are set to
zero, as the paper proposes; a variance that is not positive is replaced by the largest of the one-way ones, and counted.
The reference is t with one less than the smallest number of clusters. Not here: the parts (``sandwich``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy import special

from evaluation.effects.linear import LinearEstimator
from evaluation.effects.results import Estimate, FloatArray, IntArray, JointTest, Term, t_interval
from evaluation.effects.sandwich import sandwich
from evaluation.errors import CannotEstimate, InputError


@dataclass(frozen=True)
class TwoWay:
    """Covariance (m, m) and variances (m,), the degrees of freedom of t, and what had to be mended.

    ``is_repaired``: negative eigenvalues were set to zero; ``replaced``: so many variances were not positive.
    """

    kind: str
    cov: FloatArray
    variances: FloatArray
    df: float
    is_repaired: bool
    replaced: int

    def estimates(
        self, theta: FloatArray, terms: Sequence[Term], *, level: float, null: float
    ) -> list[Estimate]:
        """Estimates with their t intervals."""
        errors = np.sqrt(self.variances)
        return [
            t_interval(term, float(b), float(s), self.df, inference=self.kind, level=level, null=null)
            for term, b, s in zip(terms, theta, errors, strict=True)
        ]

    def joint_test(self, theta: FloatArray) -> JointTest:
        """Wald test that all contrasts are zero, as F.

        Raises:
            CannotEstimate: the covariance is singular.
        """
        q = theta.size
        if np.linalg.matrix_rank(self.cov, tol=1e-10 * float(np.trace(self.cov))) < q:
            raise CannotEstimate(f"Cannot test {q} contrasts jointly: their covariance is singular.")
        F = float(theta @ np.linalg.solve(self.cov, theta)) / q
        return JointTest(
            F, float(q), self.df, float(special.fdtrc(q, self.df, max(F, 0.0))), f"F ({self.kind})"
        )


def two_way(estimator: LinearEstimator, columns: Sequence[IntArray], kind: str) -> TwoWay:
    """Covariance clustered by each of ``columns`` (n,) of codes.

    Raises:
        InputError: fewer than two columns. CannotEstimate: a column with one cluster.
    """
    if len(columns) < 2:
        raise InputError("Two-way clustering needs two columns of clusters: --cluster A B --two-way.")
    cov = np.zeros((estimator.V.shape[1],) * 2)
    largest = np.zeros(cov.shape[0])
    fewest = np.inf
    for size in range(1, len(columns) + 1):
        for some in combinations(columns, size):
            _, codes = np.unique(np.column_stack(some), axis=0, return_inverse=True)
            part = replace(estimator, cluster=codes.reshape(-1).astype(np.int64))
            own = sandwich(part, kind).cov
            cov += (-1) ** (size + 1) * own
            fewest = min(fewest, part.G)
            if size == 1:
                largest = np.maximum(largest, np.diag(own))
    lost = np.diag(cov) <= 1e-10 * largest
    values, vectors = np.linalg.eigh(cov)
    negative = bool(values[0] < -1e-12 * max(values[-1], 0.0))
    if negative:
        cov = (vectors * np.maximum(values, 0.0)) @ vectors.T
    variances = np.where(lost, largest, np.diag(cov))
    return TwoWay(
        f"{kind} two-way", cov, variances, float(fewest) - 1, negative, int((lost & (largest > 0)).sum())
    )
