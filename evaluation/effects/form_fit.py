"""Logit and Poisson of days absent out of school days, fitted by statsmodels: the design, the start and the solution.

Not here: what is asked of the fit and its standard errors (``functional_form``).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evaluation.effects.coding import term_codes
from evaluation.errors import CannotEstimate

Form = Literal["logit", "poisson"]
Working = Literal["independence", "exchangeable"]
Array = NDArray[np.float64]


def design_of(data: pd.DataFrame, treatment: str, fixed_effects: Sequence[str]) -> Array:
    """Treatment first, a constant, then the dummies that are not collinear with what stands before them."""
    columns = [data[treatment].to_numpy(dtype=float), np.ones(len(data))]
    for term in fixed_effects:
        code, levels = term_codes(data, term)
        columns.extend((code == i).astype(float) for i in range(1, levels))
    nuisance = np.column_stack(columns[1:])
    kept, basis = _independent(nuisance)
    exog = np.column_stack([columns[0], nuisance[:, kept]])
    fitted = basis @ (basis.T @ columns[0])
    if np.linalg.norm(columns[0] - fitted) <= 1e-8 * np.linalg.norm(columns[0]):
        raise CannotEstimate(f"functional form: {treatment} is collinear with the fixed effects")
    return exog


def _independent(columns: Array) -> tuple[list[int], Array]:
    """Indices of columns that add to the rank, left to right, and an orthonormal basis of them."""
    from scipy.linalg import qr

    Q, triangle, order = qr(columns, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    rank = int((size > 1e-9 * size[0]).sum())
    return sorted(order[:rank].tolist()), np.asarray(Q[:, :rank], dtype=np.float64)


def fit_form(
    data: pd.DataFrame,
    exog: Array,
    form: Form,
    group: NDArray[np.int64],
    absent: str,
    possible: str,
    working: Working,
) -> tuple[Array, Array]:
    """Coefficients (p,) and their covariance (p, p); the latter is GEE's own, and of no use otherwise.

    Raises:
        CannotEstimate: the model cannot be fitted or does not settle.
    """
    # The modules themselves: statsmodels.api brings graphics and time series along, half a second of imports.
    from statsmodels.genmod import cov_struct, families
    from statsmodels.genmod.generalized_estimating_equations import GEE
    from statsmodels.genmod.generalized_linear_model import GLM

    days, school_days = data[absent].to_numpy(dtype=float), data[possible].to_numpy(dtype=float)
    model: Any
    # For these links Newton's steps are those of reweighting, without a decomposition of all rows at each of them.
    options: dict[str, Any] = {"method": "newton", "max_start_irls": 0, "maxiter": 100, "disp": False}
    if form == "logit":
        model = GLM(np.column_stack([days, school_days - days]), exog, family=families.Binomial())
    elif working == "independence":
        model = GLM(days, exog, family=families.Poisson(), offset=np.log(school_days))
    else:
        structure = cov_struct.Exchangeable()
        model = GEE(
            days,
            exog,
            groups=group,
            family=families.Poisson(),
            offset=np.log(school_days),
            cov_struct=structure,
        )
        options = {"maxiter": 200}
    # statsmodels warns of separation also when a model merely fits perfectly; separation is judged by its
    # signs here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if working == "independence":
                options["start_params"] = _start(exog, days, school_days, form)
            result = model.fit(**options)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError) as problem:
            raise CannotEstimate(
                f"functional form: {form} cannot be fitted ({type(problem).__name__}); the linear answer "
                f"stands alone"
            ) from None
    if not (result.mle_retvals["converged"] if working == "independence" else result.converged):
        raise CannotEstimate(f"functional form: {form} does not settle; the linear answer stands alone")
    parameters = np.asarray(result.params, dtype=float)
    covariance = np.asarray(result.cov_params(), dtype=float)
    if not (np.isfinite(parameters).all() and np.isfinite(covariance[0, 0])):
        raise CannotEstimate(f"functional form: {form} gives no finite answer")
    return parameters, covariance


def _start(exog: Array, days: Array, school_days: Array, form: Form) -> Array:
    """Coefficients (p,) of the shares' own logarithms or log odds, half a day added so that none is infinite."""
    absent = days + 0.5
    rest = school_days + 0.5 if form == "poisson" else school_days - days + 0.5
    weights = absent if form == "poisson" else absent * rest / (absent + rest)
    weighted = exog * weights[:, None]
    return np.asarray(
        np.linalg.solve(exog.T @ weighted, weighted.T @ np.log(absent / rest)), dtype=np.float64
    )
