"""What could be seen: the smallest detectable effect, before any outcome is known and beside every result.

What belongs here is question (g): the MDE from a standard error and its degrees of freedom, and the standard error a planned
design will have, from the variance components of earlier years. What stays out: estimating effects, and the verdict that
uses the MDE.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from evaluation.effects.absorb import fit_nuisance
from evaluation.effects.design import Panel
from evaluation.effects.imputation import ImputationFit
from evaluation.effects.results import FloatArray
from evaluation.effects.sandwich import sandwich
from evaluation.effects.satterthwaite import satterthwaite_df
from evaluation.errors import CannotEstimate, InputError

# The residual maker is built as a square matrix: 8,000 cells take half a gigabyte.
_MOST_CELLS = 8000


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Variances in squared percentage points, net of the fixed effects.

    ``shock`` is common to all periods of a group (cell × school year); ``noise`` belongs to one row of
    working variance 1 (see ``Panel.phi``). ``df`` is the number of observations less the parameters.
    """

    shock: float
    noise: float
    groups: int
    df: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedPower:
    """Standard error, degrees of freedom and MDE (percentage points) of a design whose outcome is not yet
    known."""

    std_error: float
    df: float
    mde: float


def minimum_detectable_effect(
    std_error: float, df: float | None, *, level: float = 0.95, power: float = 0.80
) -> float:
    """``(t_{(1+level)/2, df} + t_{power, df}) · SE``, the normal when ``df`` is None; unit of the standard
    error."""
    if not (0.0 < level < 1.0 and 0.0 < power < 1.0):
        raise InputError(f"power: level {level} and power {power} must lie between 0 and 1")
    if not std_error > 0.0 or (df is not None and not df > 0.0):
        raise CannotEstimate(
            "power: no smallest detectable effect without a standard error and degrees of freedom"
        )
    nu = np.inf if df is None else df
    return float((special.stdtrit(nu, 0.5 + level / 2.0) + special.stdtrit(nu, power)) * std_error)


def variance_components(panel: Panel, group: Sequence[str]) -> VarianceComponents:
    """Components from earlier years, in which nobody was treated, by equating quadratic forms of the
    residuals.

    ``panel`` carries the model's fixed effects; ``group`` names the kept label columns whose crossing shares
    a shock. Residuals e = R y; with Var(y) = noise·diag(phi) + shock·BB', the expectations of e'We and of
    sum_g (sum_g w e)²/sum_g w are linear in the two components and are solved for (Henderson's method 3). A
    negative shock is set to zero and said.
    """
    if bool((panel.d > 0).any()):
        raise InputError("power: variance components need earlier years in which nobody was treated")
    if panel.n > _MOST_CELLS:
        raise CannotEstimate(
            f"power: {panel.n} cells are too many for the components; aggregate to {_MOST_CELLS}"
        )
    nuisance = fit_nuisance(panel)
    df = panel.n - nuisance.rank
    if df < 2:
        raise CannotEstimate("power: the earlier years leave no degrees of freedom beside the fixed effects")
    codes = panel.keys[list(group)].astype(str).agg("|".join, axis=1)
    code, labels = pd.factorize(codes, sort=True)
    belongs = np.zeros((panel.n, labels.size))
    belongs[np.arange(panel.n), code] = 1.0
    R = nuisance.residual(np.eye(panel.n))
    e = nuisance.residual(panel.y)
    w = panel.w
    by_group = belongs * w[:, None] / np.sqrt(belongs.T @ w)[None, :]
    observed = np.array([float(e @ (w * e)), float(((by_group.T @ e) ** 2).sum())])
    noise_root, shock_root = R * np.sqrt(panel.phi)[None, :], R @ belongs
    expected = np.array(
        [
            [float((w[:, None] * noise_root**2).sum()), float((w[:, None] * shock_root**2).sum())],
            [float(((by_group.T @ noise_root) ** 2).sum()), float(((by_group.T @ shock_root) ** 2).sum())],
        ]
    )
    if np.linalg.cond(expected / np.diag(expected)[:, None]) > 1e10:
        return VarianceComponents(
            0.0,
            observed[0] / expected[0, 0],
            int(labels.size),
            df,
            ("shocks of a year cannot be told apart",),
        )
    noise, shock = np.linalg.solve(expected, observed)
    if shock < 0.0 or noise < 0.0:
        return VarianceComponents(
            0.0,
            observed[0] / expected[0, 0],
            int(labels.size),
            df,
            ("shocks of a year are set to zero",),
        )
    return VarianceComponents(float(shock), float(noise), int(labels.size), df)


def planned_power(
    fit: ImputationFit,
    omega: FloatArray,
    components: VarianceComponents,
    group: Sequence[str],
    *,
    level: float = 0.95,
    power: float = 0.80,
) -> PlannedPower:
    """Precision of ``Σ ω_i τ̂_i`` before its outcome is known.

    ``fit`` is an imputation of the planned panel with any outcome (say zeros): only its design is used.
    ``omega`` (n1, 1) as in :meth:`ImputationFit.contrast`. SE² = V'(noise·diag(phi) + shock·BB')V, df by
    Satterthwaite.
    """
    panel = fit.panel
    spread = np.zeros((panel.n, 1))
    spread[fit.treated] = omega
    V = (spread - fit.nuisance.pullback(spread))[:, 0]
    codes = panel.keys[list(group)].astype(str).agg("|".join, axis=1)
    code = pd.factorize(codes, sort=True)[0]
    by_group = np.bincount(code, weights=V)
    variance = components.noise * float(V @ (panel.phi * V)) + components.shock * float(by_group @ by_group)
    df = float(satterthwaite_df(sandwich(fit.contrast(omega), "cr2"))[0])
    std_error = float(np.sqrt(variance))
    return PlannedPower(std_error, df, minimum_detectable_effect(std_error, df, level=level, power=power))
