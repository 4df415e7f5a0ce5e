"""Results: the frozen records every estimator returns. No computation beyond t-ratios and intervals belongs here.

All effects are in the outcome's own unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Sparse: TypeAlias = Any
"""A scipy.sparse array; its type stubs know neither slices nor mixed products."""


@dataclass(frozen=True, slots=True)
class Term:
    """What an estimate is about: one overall number, a group, an event time, a calendar period or a (g, t) pair."""

    term: str
    group: float | str | None = None
    period: float | str | None = None
    event: float | None = None


OVERALL = Term("overall")


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimate with its inference. ``df`` is None for normal reference distributions and for resampling.

    ``smallest_p`` is the smallest p-value the method could have given on this design (resampling methods only);
    ``band_low`` and ``band_high`` are simultaneous over the family the estimate was reported with.
    """

    term: Term
    estimate: float
    std_error: float | None
    df: float | None
    t: float | None
    p_value: float | None
    ci_low: float | None
    ci_high: float | None
    inference: str
    smallest_p: float | None = None
    band_low: float | None = None
    band_high: float | None = None


ESTIMATE_COLUMNS = tuple(f.name for f in fields(Estimate) if f.name != "term")


@dataclass(frozen=True, slots=True)
class JointTest:
    """Wald-type test that several contrasts are jointly ``null``.

    ``df_denom`` is None when the reference distribution is chi-squared.
    """

    statistic: float
    df: float
    df_denom: float | None
    p_value: float
    method: str


@dataclass(frozen=True, slots=True)
class DesignCounts:
    """How much is behind the numbers.

    ``observations`` is N of the small-sample factors: the input rows that entered, or the sum of weights that are
    counts. ``cluster_columns`` the number of clusters by each column where there are several. ``working`` is the
    working model of CR2 and of all degrees of freedom.
    """

    units: int
    clusters: int
    treated_clusters: int
    periods: int
    observations: int
    working: str = "identity"
    cluster_columns: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class HonestBound:
    """One robust interval of Rambachan and Roth (2023) under a bound on the violation of parallel trends."""

    restriction: str
    bound: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class MissedTrend:
    """A linear differential trend that the leads give away with probability ``power`` (Roth 2022).

    ``slope`` is per period; ``bias`` what it adds to the target, ``bias_after_passing`` that given that no lead is
    significant. ``bayes_factor`` is P(no lead significant | trend) / P(no lead significant | parallel),
    ``likelihood_ratio`` compares the densities of the leads seen.
    """

    power: float
    slope: float
    bias: float
    bias_after_passing: float
    bayes_factor: float
    likelihood_ratio: float


@dataclass(frozen=True, slots=True)
class DidResult:
    """Everything one run of the engine says about one panel.

    ``options`` are all that was asked for, columns and defaults included, under the names of the command's options;
    with ``version`` they make the same result again.
    """

    design: DesignCounts
    estimates: tuple[Estimate, ...]
    pretrend: JointTest | None = None
    honest: tuple[HonestBound, ...] = ()
    missed_trends: tuple[MissedTrend, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
    options: Mapping[str, object] = field(default_factory=dict)
    version: str = ""

    def frame(self) -> pd.DataFrame:
        """One row for each estimate, in the order they are printed; what does not exist is missing."""
        rows = [
            {**asdict(e.term), **{name: getattr(e, name) for name in ESTIMATE_COLUMNS}}
            for e in self.estimates
        ]
        return pd.DataFrame(rows, columns=[*(f.name for f in fields(Term)), *ESTIMATE_COLUMNS])


def t_interval(
    term: Term,
    estimate: float,
    std_error: float,
    df: float | None,
    *,
    inference: str,
    level: float = 0.95,
    null: float = 0.0,
) -> Estimate:
    """Estimate with a symmetric interval from t(df), or from the normal when ``df`` is None.

    A standard error of zero or not a number gives no t, no p and no interval: silence, not certainty.
    """
    if not (np.isfinite(std_error) and std_error > 0) or (df is not None and not df > 0):
        return Estimate(term, estimate, None, df, None, None, None, None, inference)
    t = (estimate - null) / std_error
    if df is None or not np.isfinite(df):
        p = 2.0 * float(special.ndtr(-abs(t)))
        q = float(special.ndtri(0.5 + level / 2))
    else:
        p = 2.0 * float(special.stdtr(df, -abs(t)))
        q = float(special.stdtrit(df, 0.5 + level / 2))
    return Estimate(
        term, estimate, std_error, df, t, p, estimate - q * std_error, estimate + q * std_error, inference
    )
