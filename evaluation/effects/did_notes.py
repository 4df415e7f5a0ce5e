"""The caveats that belong to the numbers of one run, and the data that carry none. Nothing is estimated here."""

from __future__ import annotations

import numpy as np

from evaluation.effects.bacon import goodman_bacon
from evaluation.effects.coding import how_many
from evaluation.effects.design import Panel
from evaluation.effects.did_options import DidOptions
from evaluation.effects.results import Estimate, FloatArray
from evaluation.errors import CannotEstimate, InputError

FEW_DF = 4.0
"""Below this many degrees of freedom the Satterthwaite approximation itself is doubtful (Imbens & Kolesár 2016)."""
MOST_NAMED = 5


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
    ever = np.bincount(panel.unit, weights=panel.is_treated)[panel.unit] > 0
    for name, arm in (("treated", ever), ("untreated", ~ever)):
        if arm.sum() > 2 and np.ptp(panel.y[arm]) == 0:
            raise CannotEstimate(
                f"Cannot estimate an effect: the outcome is the same in all {int(arm.sum())} cells of the {name} units "
                "(no variation in one arm). Check whether it was registered there."
            )


def named_values(values: FloatArray) -> str:
    """The distinct values where they are few, else the range they span."""
    distinct = np.unique(values)
    if distinct.size <= MOST_NAMED:
        return " and ".join(f"{v:g}" for v in distinct)
    return f"{distinct.size} values from {distinct[0]:g} to {distinct[-1]:g}"


def panel_notes(panel: Panel, options: DidOptions) -> list[str]:
    """What the columns turned out to hold, where that decides what a number means."""
    notes = []
    if panel.start is None and not np.isin(panel.d, (0.0, 1.0)).all():
        notes.append(
            f"The treatment is not 0/1: it holds {named_values(panel.d)}. The estimate is the change in the outcome when it "
            f"rises by one; counts of treated clusters take {panel.base:g} as untreated."
        )
    if panel.start is not None:
        starts = np.unique(panel.start[np.isfinite(panel.start)])
        periods = np.unique(panel.time)
        inside = starts[(starts > periods[0]) & (starts < periods[-1])]
        between = inside[~np.isin(inside, periods)]
        if between.size:
            notes.append(
                f"{between.size} starts are no period of the panel: those units count as treated from the next period on."
            )
    entered = _entered_treated(panel)
    if entered and options.estimator == "twfe":
        notes.append(
            f"{entered} units are treated in every period seen: two-way fixed effects take them as controls of the "
            "others. If a number such as -99 was meant as never treated, write it empty or inf."
        )
    return notes


def _entered_treated(panel: Panel) -> int:
    """Units that are never seen untreated, where units are seen more than once."""
    if panel.n_units == panel.n or not panel.unit_labels:
        return 0
    return how_many(panel.unit) - how_many(panel.unit[~panel.is_treated])


def cluster_notes(panel: Panel, options: DidOptions) -> list[str]:
    """Clusters that were crossed, that are single rows, and a single treated one: what that does to inference."""
    codes = panel.cluster_codes()
    total = how_many(codes)
    notes = []
    if len(panel.clusters) > 1:
        sizes = ", ".join(f"{how_many(panel.codes_of(c))} by {c}" for c in panel.clusters)
        if options.two_way:
            notes.append(
                f"Two-way clusters ({sizes}): Cameron, Gelbach & Miller 2011, each part with its own small-sample factor; "
                "t with one less than the smallest number of clusters."
            )
            by_column = [how_many(panel.codes_of(c)[panel.is_treated]) for c in panel.clusters]
            return notes + (_one_treated() if min(by_column) == 1 else [])
        notes.append(
            f"The cluster columns are crossed ({sizes}): {total} clusters. --two-way clusters by each of them instead."
        )
    if total == panel.N and panel.clusters:
        notes.append("Every cluster is a single row: nothing within a cluster is allowed for.")
    if how_many(codes[panel.is_treated]) == 1 and total > 1:
        notes += _one_treated()
    return notes


def _one_treated() -> list[str]:
    return [
        "Only one treated cluster: no standard error sees its own variation; restricted bootstraps reject too rarely "
        "and unrestricted ones far too often (MacKinnon & Webb 2018). Use permutation."
    ]


def inference_notes(estimates: list[Estimate], options: DidOptions) -> list[str]:
    """Estimates without a standard error, and those with very few degrees of freedom."""
    silent = [e for e in estimates if e.std_error is None and e.estimate != 0.0]
    if silent and options.inference != "permutation":
        return [
            f"{len(silent)} of {len(estimates)} estimates show no variation between clusters: no standard error, "
            "no interval."
        ]
    few = [e for e in estimates if e.df is not None and e.df < FEW_DF]
    if few and str(options.inference).startswith("cr") and not options.two_way:
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
