"""The caveats that belong to the numbers of one run, and the data that carry none. Nothing is estimated here."""

from __future__ import annotations

import numpy as np

from evaluation.effects.bacon import goodman_bacon
from evaluation.effects.design import Panel
from evaluation.effects.did_options import DidOptions
from evaluation.effects.results import Estimate
from evaluation.errors import CannotEstimate, InputError

FEW_DF = 4.0
"""Below this many degrees of freedom the Satterthwaite approximation itself is doubtful (Imbens & Kolesár 2016)."""


def bacon_note(panel: Panel) -> list[str]:
    """How much of a staggered two-way estimate compares with units already treated."""
    if panel.start is None or np.unique(panel.start[np.isfinite(panel.start)]).size < 2:
        return []
    try:
        share = goodman_bacon(panel).forbidden_weight
    except (CannotEstimate, InputError):
        return [
            "Treatment starts at different times: two-way fixed effects also use treated units as controls "
            "(Goodman-Bacon 2021). The imputation estimator does not."
        ]
    return [
        f"{100 * share:.1f} % of the two-way fixed-effects weight compares with units already treated "
        "(Goodman-Bacon 2021). The imputation estimator does not."
    ]


def refuse_without_variation(panel: Panel) -> None:
    """An outcome that never moves in one arm is a sign of missing registration, not of a small standard error."""
    if np.ptp(panel.y) == 0:
        raise CannotEstimate("Cannot estimate an effect: the outcome does not vary at all.")
    ever = np.isin(panel.unit, panel.unit[panel.d > 0])
    for name, arm in (("treated", ever), ("untreated", ~ever)):
        if arm.sum() > 2 and np.ptp(panel.y[arm]) == 0:
            raise CannotEstimate(
                f"Cannot estimate an effect: the outcome is the same in all {int(arm.sum())} cells of the {name} units "
                "(no variation in one arm). Check whether it was registered there."
            )


def cluster_notes(panel: Panel) -> list[str]:
    """A single treated cluster: what that does to every inference."""
    codes = panel.cluster_codes()
    treated = np.unique(codes[panel.d > 0]).size
    total = np.unique(codes).size
    if treated == 1 and total > 1:
        return [
            "Only one treated cluster: no standard error sees its own variation; restricted bootstraps reject too "
            "rarely and unrestricted ones far too often (MacKinnon & Webb 2018). Use permutation."
        ]
    return []


def inference_notes(estimates: list[Estimate], options: DidOptions) -> list[str]:
    """Estimates without a standard error, and those with very few degrees of freedom."""
    silent = [e for e in estimates if e.std_error is None and e.estimate != 0.0]
    if silent and options.inference != "permutation":
        return [
            f"{len(silent)} of {len(estimates)} estimates show no variation between clusters: no standard error, "
            "no interval."
        ]
    few = [e for e in estimates if e.df is not None and e.df < FEW_DF]
    if few and options.inference.startswith("cr"):
        return [
            f"{len(few)} of {len(estimates)} estimates have fewer than {FEW_DF:g} degrees of freedom: their intervals "
            "are approximations at best."
        ]
    return []


def unused_notes(options: DidOptions) -> list[str]:
    """Options that were given and could make no difference to this run."""
    notes = []
    if options.estimator != "group-time" and (options.control != "never" or options.base != "varying"):
        notes.append("--control and --base belong to the group-time estimator and had no effect here.")
    if options.unbalanced and options.estimator != "group-time":
        notes.append(
            "--unbalanced belongs to the group-time estimator: the others use every row without being asked."
        )
    if options.inference != "wild" and (
        options.unrestricted or options.jackknife or options.distribution != "rademacher"
    ):
        notes.append(
            "--unrestricted, --jackknife and --weights-dist belong to --inference wild and had no effect here."
        )
    return notes
