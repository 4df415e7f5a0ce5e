"""Would the answer survive another shape of the model? Logit and Poisson beside the linear one.

What belongs here are generalised linear models of days absent out of school days, fitted by statsmodels with
cluster-robust errors, and the translation of their coefficient into percentage points. What stays out: the
linear estimate itself. The check answers one question: does "parallel in points" matter, or would "parallel
in ratios" say the same?

    logit    absent_days ~ Binomial(possible_days, p),  logit p = D·b + fixed effects
    poisson  absent_days ~ Poisson(mu),                 log mu = log possible_days + D·b + fixed effects

Poisson with dummies for each unit has no incidental-parameter bias; only its mean must be right (Wooldridge
1999). Inference: at its solution the fit is one weighted regression of the working response
``z = Xb + (days - mu) / mu'`` with weights ``mu'^2 / Var``, and takes that regression's CR2 with Satterthwaite
degrees of freedom (Bell & McCaffrey 2002; McCaffrey & Bell 2006 for binary and count outcomes). With an
exchangeable working correlation by GEE (Liang & Zeger 1986; Poisson only) the errors are GEE's own, t(G - 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from evaluation.effects.absorb import Nuisance
from evaluation.effects.coding import split_term, term_codes
from evaluation.effects.form_fit import Array, Form, Working, design_of, fit_form
from evaluation.effects.linear import LinearEstimator, weighted_least_squares
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.errors import CannotEstimate, InputError

# A log odds or rate ratio beyond this is a fit running away, never a programme.
_LARGEST_COEFFICIENT = 10.0


@dataclass(frozen=True, slots=True)
class FunctionalForm:
    """One fitted form.

    ``ratio`` is the odds ratio (logit) or rate ratio (poisson) with its interval; ``effect_pp`` the average
    over treated rows of the fitted share with less without treatment, in percentage points, by the delta
    method.
    """

    form: Form
    ratio: float
    ratio_low: float
    ratio_high: float
    effect_pp: float
    std_error_pp: float
    ci_low_pp: float
    ci_high_pp: float
    p_value: float
    df: float
    clusters: int
    rows: int
    notes: tuple[str, ...] = ()


def functional_form(
    frame: pd.DataFrame,
    form: Form,
    *,
    treatment: str = "treated",
    absent: str = "absent_days",
    possible: str = "possible_days",
    fixed_effects: Sequence[str] = ("cell", "month"),
    cluster: Sequence[str] = ("school_id", "grade"),
    working: Working = "independence",
    level: float = 0.95,
) -> FunctionalForm:
    """Fit one form to rows (cells × periods, or pupils × periods).

    ``fixed_effects`` may cross columns with ":". Levels of a fixed effect without any absence (or without any
    attendance) say nothing about the effect in these models and are left out with a note. Raises
    :class:`CannotEstimate`, in words, for no absence, no variation in an arm, separation, collinearity, a
    single cluster or a fit that does not settle.
    """
    if form not in ("logit", "poisson") or working not in ("independence", "exchangeable"):
        raise InputError(f"functional form: {form!r} with {working!r} is not known")
    if form == "logit" and working == "exchangeable":
        raise InputError("functional form: an exchangeable working correlation is offered for poisson only")
    columns = [
        treatment,
        absent,
        possible,
        *cluster,
        *(c for term in fixed_effects for c in split_term(term, frame.columns)),
    ]
    missing = [c for c in dict.fromkeys(columns) if c not in frame.columns]
    if missing:
        raise InputError(f"functional form: columns {', '.join(missing)} are missing")
    data = frame[frame[possible] > 0].reset_index(drop=True)
    data, notes = _informative(data, form, treatment, absent, possible, fixed_effects)
    group, clusters = term_codes(data, *cluster)
    if clusters < 2:
        raise CannotEstimate("functional form: one cluster gives no standard error")
    exog = design_of(data, treatment, fixed_effects)
    parameters, covariance = fit_form(data, exog, form, group, absent, possible, working)
    if abs(parameters[0]) > _LARGEST_COEFFICIENT:
        raise CannotEstimate(
            "functional form: the effect runs away (separation): one arm has no absence, or nothing but "
            "absence"
        )
    effect, gradient = _effect_on_the_treated(data, exog, parameters, form, treatment, possible)
    ratio = np.eye(exog.shape[1])[:, 0]
    contrasts = np.column_stack([ratio, gradient])
    if working == "exchangeable":
        variances = np.einsum("ij,ik,kj->j", contrasts, covariance, contrasts)
        df = np.full(2, float(clusters - 1))
    else:
        result = sandwich(
            working_regression(data, exog, parameters, form, group, absent, possible, contrasts), "cr2"
        )
        variances, df = np.diag(result.cov), satterthwaite_df(result)
    errors = np.sqrt(np.maximum(variances, 0.0))
    if not (errors > 1e-12).all() or not (df > 0).all():
        raise CannotEstimate(
            "functional form: the model explains every row, so nothing is left to judge it by"
        )
    quantile = np.asarray(special.stdtrit(df, 0.5 + level / 2.0))
    b = float(parameters[0])
    return FunctionalForm(
        form=form,
        ratio=float(np.exp(b)),
        ratio_low=float(np.exp(b - quantile[0] * errors[0])),
        ratio_high=float(np.exp(b + quantile[0] * errors[0])),
        effect_pp=effect,
        std_error_pp=float(errors[1]),
        ci_low_pp=float(effect - quantile[1] * errors[1]),
        ci_high_pp=float(effect + quantile[1] * errors[1]),
        p_value=2.0 * float(special.stdtr(df[0], -abs(b) / errors[0])),
        df=float(df[1]),
        clusters=clusters,
        rows=len(data),
        notes=notes,
    )


def working_regression(
    data: pd.DataFrame,
    exog: Array,
    parameters: Array,
    form: Form,
    group: NDArray[np.int64],
    absent: str,
    possible: str,
    contrasts: Array,
) -> LinearEstimator:
    """The weighted regression a fitted GLM is at its solution, for ``contrasts`` (k, m) of its coefficients."""
    days, school_days = data[absent].to_numpy(dtype=float), data[possible].to_numpy(dtype=float)
    eta = exog @ parameters
    rate = np.exp(eta) if form == "poisson" else 1.0 / (1.0 + np.exp(-eta))
    # Canonical links: the mean's slope is its variance.
    slope = school_days * rate * (1.0 if form == "poisson" else 1.0 - rate)
    nothing = np.zeros((len(data), 0))
    no_effects = Nuisance(
        group=np.zeros(len(data), dtype=np.int64),
        n_groups=1,
        share=np.zeros(len(data)),
        Z=nothing,
        K=nothing,
        fit_weights=slope,
        n_effects=0,
        rank=0,
        estimable=np.ones(len(data), dtype=bool),
        dropped=(),
    )
    return weighted_least_squares(
        eta + (days - school_days * rate) / slope,
        exog,
        no_effects,
        phi=1.0 / slope,
        cluster=group,
        N=len(data),
        names=tuple(f"column {j + 1}" for j in range(exog.shape[1])),
        L=contrasts,
    )


def _informative(
    data: pd.DataFrame, form: Form, treatment: str, absent: str, possible: str, fixed_effects: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if data.empty or not float(data[absent].sum()) > 0:
        raise CannotEstimate("functional form: no absence at all is registered, so there is nothing to model")
    if (data[absent] < 0).any() or (data[absent] > data[possible] + 1e-9).any():
        raise InputError("functional form: some rows have fewer than no or more than all school days absent")
    for arm, name in ((1.0, "treated"), (0.0, "untreated")):
        rows = data[data[treatment].astype(float) == arm]
        if rows.empty or not float(rows[absent].sum()) > 0:
            raise CannotEstimate(
                f"functional form: the {name} rows have no absence (separation), no ratio exists"
            )
        if form == "logit" and not float((rows[possible] - rows[absent]).sum()) > 0:
            raise CannotEstimate(f"functional form: the {name} rows have only absence (separation)")
    notes: list[str] = []
    for term in fixed_effects:
        level, levels = term_codes(data, term)
        days = np.bincount(level, weights=data[absent].to_numpy(dtype=float), minlength=levels)
        school_days = np.bincount(level, weights=data[possible].to_numpy(dtype=float), minlength=levels)
        silent = (days <= 0) | ((form == "logit") & (days >= school_days - 1e-9))
        if silent.any():
            notes.append(f"{int(silent.sum())} levels of {term} without variation in absence are left out")
            data = data[~silent[level]].reset_index(drop=True)
    if data[treatment].nunique() < 2:
        raise CannotEstimate(
            "functional form: nothing is left to compare once levels without absence are out"
        )
    return data, tuple(notes)


def _effect_on_the_treated(
    data: pd.DataFrame, exog: Array, parameters: Array, form: Form, treatment: str, possible: str
) -> tuple[float, Array]:
    """Mean over treated rows (weighted by school days) of share(1) - share(0), in points, and its
    gradient."""
    treated = data[treatment].to_numpy(dtype=float) > 0
    weight = data[possible].to_numpy(dtype=float)[treated]
    weight = 100.0 * weight / weight.sum()
    with_it, without = exog[treated].copy(), exog[treated].copy()
    without[:, 0] = 0.0

    def share(X: Array) -> tuple[Array, Array]:
        eta = X @ parameters
        if form == "poisson":
            rate = np.exp(eta)
            return rate, rate
        p = 1.0 / (1.0 + np.exp(-eta))
        return p, p * (1.0 - p)

    (one, slope_one), (zero, slope_zero) = share(with_it), share(without)
    gradient = (weight * slope_one) @ with_it - (weight * slope_zero) @ without
    return float(weight @ (one - zero)), np.asarray(gradient)
