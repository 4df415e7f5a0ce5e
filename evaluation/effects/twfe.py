"""Two-way (and many-way) fixed-effects regression: one coefficient of treatment beside any crossed effects.

Here: the estimator as a linear functional. Not here: decompositions (``bacon``), leads and lags
(``event_study``), standard errors.
"""

from __future__ import annotations

from evaluation.effects.absorb import fit_nuisance
from evaluation.effects.design import Panel
from evaluation.effects.linear import LinearEstimator, NullModel, weighted_least_squares


def twfe(panel: Panel) -> LinearEstimator:
    """WLS coefficient of treatment in ``y ~ d + fixed effects + covariates``.

    Raises:
        CannotEstimate: treatment does not vary, or is collinear with what is absorbed.
    """
    nuisance = fit_nuisance(panel)
    return weighted_least_squares(
        panel.y,
        panel.d[:, None],
        nuisance,
        phi=panel.phi,
        cluster=panel.cluster_codes(),
        N=panel.N,
        names=("the treatment",),
        null_models=(NullModel(nuisance, panel.d),),
    )
