"""The whitened contrast against the engine's own CR2, generalised least squares by hand, and a planted truth."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from evaluation.effects.design import Panel
from evaluation.effects.results import Term
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import cluster_robust_estimates
from evaluation.effects.twfe import twfe
from evaluation.effects.whitened import Whitened, whitened_contrast
from evaluation.errors import CannotEstimate

RHO = 0.6


def panel(seed: int = 3, studies: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Three schools × four units × six months; unit 0 of each school treated in the last three; errors of one unit alike."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        list(itertools.product(range(3), range(4), range(6))), columns=["school", "unit", "month"]
    )
    rows["cell"] = rows["school"] * 4 + rows["unit"]
    rows["school_month"] = rows["school"] * 6 + rows["month"]
    rows["d"] = ((rows["unit"] == 0) & (rows["month"] >= 3)).astype(float)
    rows["days"] = rng.integers(50, 200, len(rows)).astype(float)
    drift = rng.normal(0, 1, (12, 2, studies))[rows["cell"], (rows["month"] >= 3).astype(int)]
    y = rows["cell"].to_numpy()[:, None] + drift + rng.normal(0, 1, (len(rows), studies))
    return rows, y


def fitted(rows: pd.DataFrame, y: np.ndarray, covariance: object) -> Whitened:
    return whitened_contrast(
        y,
        rows["d"].to_numpy(),
        blocks=rows["school"].to_numpy(),
        clusters=rows["cell"].to_numpy(),
        absorb=(rows["cell"].to_numpy(), rows["school_month"].to_numpy()),
        covariance=covariance,
    )


def test_with_weights_alone_it_is_the_engines_weighted_fit_with_cr2() -> None:
    rows, y = panel()
    days = rows["days"].to_numpy()
    found = fitted(rows, y, lambda i: np.diag(1 / days[i]))
    whole = Panel.from_frame(
        rows.assign(y=y[:, 0], t=rows["month"].astype(float)),
        outcome="y",
        unit="cell",
        time="t",
        treatment="d",
        weights="days",
        absorb=("cell", "school_month"),
        cluster=("cell",),
        working="inverse-weight",
    )
    own = cluster_robust_estimates(sandwich(twfe(whole), "cr2"), [Term("overall")], level=0.95, null=0.0)[0]
    assert found.estimate[0] == pytest.approx(own.estimate, rel=1e-10)
    assert found.std_error[0] == pytest.approx(own.std_error, rel=1e-8)
    assert found.df == pytest.approx(own.df, rel=1e-8)
    assert found.p_value()[0] == pytest.approx(own.p_value, rel=1e-7)
    assert found.estimate[0] - found.half_width(0.95)[0] == pytest.approx(own.ci_low, rel=1e-7)


def test_the_estimate_is_generalised_least_squares_on_all_columns_at_once() -> None:
    rows, y = panel()
    n = len(rows)
    same = rows["cell"].to_numpy()[:, None] == rows["cell"].to_numpy()
    cov = np.where(
        same, RHO ** np.abs(np.subtract.outer(rows["month"].to_numpy(), rows["month"].to_numpy())), 0
    )
    X = np.column_stack(
        [rows["d"], pd.get_dummies(rows["cell"]), pd.get_dummies(rows["school_month"])]
    ).astype(float)
    inverse = np.linalg.inv(cov + 1e-12 * np.eye(n))
    by_hand = np.linalg.pinv(X.T @ inverse @ X) @ X.T @ inverse @ y[:, 0]
    assert fitted(rows, y, lambda i: cov[np.ix_(i, i)]).estimate[0] == pytest.approx(by_hand[0], rel=1e-6)


def test_a_covariance_that_is_wrong_costs_sharpness_and_not_the_size() -> None:
    """No effect, units that drift: 2,000 columns at once; a bound of three Monte-Carlo errors around 5 %."""
    rows, y = panel(seed=8, studies=2000)
    days = rows["days"].to_numpy()
    found = fitted(rows, y, lambda i: np.diag(1 / days[i]))
    size = float((found.p_value() <= 0.05).mean())
    assert size <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)
    assert float(found.estimate.mean()) == pytest.approx(
        0.0, abs=4 * float(found.estimate.std()) / np.sqrt(2000)
    )
    planted = fitted(rows, y - 2.0 * rows["d"].to_numpy()[:, None], lambda i: np.diag(1 / days[i]))
    assert planted.estimate == pytest.approx(found.estimate - 2.0)


def test_a_block_where_all_is_absorbed_says_nothing() -> None:
    rows, y = panel()
    alone = rows["school"].eq(2) & rows["unit"].ne(0)
    covariance = np.ones(len(rows))
    found = fitted(rows, y, lambda i: np.diag(covariance[i]))
    without = fitted(rows[~alone], y[~alone.to_numpy()], lambda i: np.diag(covariance[i]))
    only = rows["school"].ne(2)
    assert found.clusters == 12
    assert without.estimate == pytest.approx(
        fitted(rows[only], y[only.to_numpy()], lambda i: np.diag(covariance[i])).estimate
    )
    with pytest.raises(CannotEstimate, match="fully absorbed"):
        fitted(rows[rows["unit"] == 0], y[(rows["unit"] == 0).to_numpy()], lambda i: np.eye(len(i)))
