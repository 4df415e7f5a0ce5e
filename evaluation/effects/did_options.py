"""What an analyst may ask of the engine on any panel, and which askings fit together. No estimation here."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from evaluation.errors import InputError, Problem

ESTIMATORS = ("twfe", "group-time", "imputation")
AGGREGATES = ("overall", "group", "event", "calendar", "none")
CONTROLS = ("never", "not-yet")
BASES = ("varying", "universal")
INFERENCES = ("cr0", "cr1", "cr1s", "cr2", "cr3", "wild", "permutation", "influence")
DISTRIBUTIONS = ("rademacher", "webb")
RESTRICTIONS = ("relative-magnitudes", "smoothness")
WORKING = ("identity", "inverse-weight")
AVAILABLE = {
    "twfe": ("cr0", "cr1", "cr1s", "cr2", "cr3", "wild", "permutation"),
    "imputation": ("cr0", "cr1", "cr1s", "cr2", "cr3", "wild", "permutation", "influence"),
    "group-time": ("influence",),
}
DEFAULT_INFERENCE = {"twfe": "cr2", "imputation": "cr2", "group-time": "influence"}


@dataclass(frozen=True)
class DidOptions:
    """One run: estimator, aggregation, inference. The command's help gives the meaning of each.

    ``draws`` None means the method's default (all where they can be enumerated, else 9,999), 0 means "all".
    ``transition`` leaves so many periods before the start out of everything. ``within`` pairs units across values
    of ``assign``. ``unbalanced`` lets group-time effects use units that are not seen in every period.
    """

    estimator: str
    aggregate: str = "overall"
    control: str = "never"
    base: str = "varying"
    anticipation: int = 0
    unbalanced: bool = False
    transition: int = 0
    horizon: tuple[float, ...] | None = None
    average: str = "observation"
    inference: str = "cr2"
    level: float = 0.95
    null: float = 0.0
    unrestricted: bool = False
    jackknife: bool = False
    distribution: str = "rademacher"
    draws: int | None = None
    seed: int = 0
    assign: str | None = None
    within: str | None = None
    honest: str | None = None
    bounds: tuple[float, ...] = (0.5, 1.0, 2.0)

    @property
    def resampling_draws(self) -> int | None:
        """Draws for the wild bootstrap: None asks for all sign vectors."""
        return 9999 if self.draws is None else (self.draws or None)


def choose_estimator(estimator: str | None, *, has_start: bool) -> str:
    """The default: imputation where a start column is given, two-way fixed effects with a 0/1 column."""
    return estimator or ("imputation" if has_start else "twfe")


def choose_inference(inference: str | None, estimator: str, *, has_assign: bool) -> str:
    """The default of each estimator; naming an assignment column asks for permutation."""
    if inference is not None:
        return inference
    if has_assign and "permutation" in AVAILABLE.get(estimator, ()):
        return "permutation"
    return DEFAULT_INFERENCE.get(estimator, "cr2")


def check(options: DidOptions) -> DidOptions:
    """The same options, or every contradiction in them at once.

    Raises:
        InputError: with one problem for each option that cannot be as it is.
    """
    problems: list[Problem] = []

    def one_of(option: str, value: str | None, allowed: tuple[str, ...]) -> None:
        if value is not None and value not in allowed:
            problems.append(Problem("", found=f'{option} "{value}" is unknown', expected=", ".join(allowed)))

    def demand(holds: bool, found: str, next_step: str = "") -> None:
        if not holds:
            problems.append(Problem("", found=found, next_step=next_step))

    one_of("--estimator", options.estimator, ESTIMATORS)
    one_of("--aggregate", options.aggregate, AGGREGATES)
    one_of("--control", options.control, CONTROLS)
    one_of("--base", options.base, BASES)
    one_of("--inference", options.inference, INFERENCES)
    one_of("--weights-dist", options.distribution, DISTRIBUTIONS)
    one_of("--honest", options.honest, RESTRICTIONS)
    one_of("--average", options.average, ("observation", "equal"))
    demand(0 < options.level < 1, f"--level {options.level:g} is not between 0 and 1", "for example 0.95")
    demand(options.anticipation >= 0, "--anticipation must be 0 or more")
    demand(options.transition >= 0, "--transition must be 0 or more")
    demand(options.draws is None or options.draws >= 0, "--draws must be a positive number or all")
    demand(all(b >= 0 and isfinite(b) for b in options.bounds), "--mbar must be 0 or more")
    demand(isfinite(options.null), "--null must be a number", "for example 0")
    demand(options.seed >= 0, "--seed must be 0 or more")
    if options.estimator in AVAILABLE and options.inference in INFERENCES:
        demand(
            options.inference in AVAILABLE[options.estimator],
            f"--inference {options.inference} is not available with the {options.estimator} estimator",
            f"use one of {', '.join(AVAILABLE[options.estimator])}",
        )
    demand(
        options.assign is None or options.inference == "permutation" or options.estimator not in AVAILABLE,
        "--assign is for permutation"
        + (", which the group-time estimator does not have" if options.estimator == "group-time" else ""),
        "use --inference permutation with the imputation or twfe estimator, or leave --assign out",
    )
    if options.inference == "permutation":
        demand(options.assign is not None, "--inference permutation needs --assign COLUMN")
        demand(
            options.aggregate == "overall",
            f"permutation tests one overall effect, not --aggregate {options.aggregate}",
            "use --aggregate overall, with --horizon for some event times only",
        )
    if options.estimator == "twfe":
        demand(options.transition == 0, "--transition is for the imputation estimator")
        demand(options.average == "observation", "--average equal is for the imputation estimator")
    if options.estimator == "group-time":
        demand(options.transition == 0, "--transition is for the imputation estimator")
        demand(options.average == "observation", "--average equal is for the imputation estimator")
    if problems:
        raise InputError("These options do not fit:", problems)
    return options
