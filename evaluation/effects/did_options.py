"""What an analyst may ask of the engine on any panel, its defaults, and which askings fit together. No estimation."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import isfinite

from evaluation.errors import InputError, Problem

ESTIMATORS = ("twfe", "group-time", "imputation", "sun-abraham", "etwfe", "did-m")
AGGREGATES = ("overall", "group", "event", "calendar", "none")
CONTROLS = ("never", "not-yet")
BASES = ("varying", "universal")
INFERENCES = ("cr0", "cr1", "cr1s", "cr2", "cr3", "wild", "permutation", "influence")
DISTRIBUTIONS = ("rademacher", "webb")
RESTRICTIONS = ("relative-magnitudes", "smoothness")
AVAILABLE = {
    "twfe": ("cr0", "cr1", "cr1s", "cr2", "cr3", "wild", "permutation"),
    "imputation": ("cr0", "cr1", "cr1s", "cr2", "cr3", "wild", "permutation", "influence"),
    "group-time": ("influence",),
    "sun-abraham": ("cr2", "cr0", "cr1", "cr1s", "cr3"),
    "etwfe": ("cr2", "cr0", "cr1", "cr1s", "cr3"),
    "did-m": ("influence",),
}
NAMES = {"distribution": "weights_dist", "bounds": "mbar"}
"""Options whose name on the command line differs."""
TWO_WAY = ("cr0", "cr1", "cr1s")
"""Covariances that are sums of scores alone, so that two-way clustering can add and subtract them."""
DRAWS = {"wild": 9999, "influence": 999}  # influence: the bands of group-time effects
"""Draws where none are asked for; a permutation takes all assignments up to 20,000, else 9,999 of them."""


@dataclass(frozen=True)
class DidOptions:
    """One run: estimator, aggregation, inference. The command's help gives the meaning of each.

    ``estimator`` and ``inference`` None mean the default that :func:`resolved` fills in. ``draws`` None means the
    method's default, 0 means "all". ``two_way`` adds the clusterings by each column and takes away the crossed one.
    ``transition`` leaves so many periods before the start out of everything. ``within`` pairs units across values
    of ``assign``. ``unbalanced`` lets group-time effects use units that are not seen in every period.
    """

    estimator: str | None = None
    aggregate: str = "overall"
    control: str = "never"
    base: str = "varying"
    anticipation: int = 0
    unbalanced: bool = False
    transition: int = 0
    horizon: tuple[float, ...] | None = None
    average: str = "observation"
    inference: str | None = None
    two_way: bool = False
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
    pretrend_power: tuple[float, ...] = ()

    @property
    def resampling_draws(self) -> int | None:
        """Draws for the wild bootstrap: None asks for all sign vectors."""
        return self.draws or None


def as_named(options: DidOptions) -> dict[str, object]:
    """Every option under the name the command gives it; 0 draws are "all", sequences are lists."""
    named: dict[str, object] = {}
    for item in fields(options):
        value = getattr(options, item.name)
        named[NAMES.get(item.name, item.name)] = list(value) if isinstance(value, tuple) else value
    if options.draws == 0:
        named["draws"] = "all"
    return named


def resolved(options: DidOptions, *, has_start: bool) -> DidOptions:
    """The options with every default that depends on the others filled in, checked.

    The estimator is imputation where a start column is given, two-way fixed effects with a treatment column. The
    inference is CR2; CR1 where clusters are two-way; permutation where an assignment column is named; influence
    functions for group-time effects.

    Raises:
        InputError: the options contradict each other.
    """
    estimator = options.estimator or ("imputation" if has_start else "twfe")
    available = AVAILABLE.get(estimator, ("cr2",))
    inference = options.inference
    if inference is None and options.assign is not None and "permutation" in available:
        inference = "permutation"
    if inference is None:
        preferred = "cr1" if options.two_way else "cr2"
        inference = preferred if preferred in available else available[0]
    draws = options.draws
    if draws is None and (inference == "wild" or estimator == "group-time"):
        draws = DRAWS.get(inference)
    return check(replace(options, estimator=estimator, inference=inference, draws=draws))


def default_working(estimator: str | None, *, weighted: bool) -> str:
    """Imputation has no published weighted CR2 to agree with: its weights tell variances, so that cells equal rows."""
    return "inverse-weight" if estimator == "imputation" and weighted else "identity"


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
    demand(
        all(1 - options.level < p < 1 for p in options.pretrend_power),
        "--pretrend-power must lie between the size of the test and 1",
        "for example 0.5 0.8",
    )
    demand(isfinite(options.null), "--null must be a number", "for example 0")
    demand(options.seed >= 0, "--seed must be 0 or more")
    if options.estimator in AVAILABLE and options.inference in INFERENCES:
        demand(
            options.inference in AVAILABLE[str(options.estimator)],
            f"--inference {options.inference} is not available with the {options.estimator} estimator",
            f"use one of {', '.join(AVAILABLE[str(options.estimator)])}",
        )
    has_permutation = "permutation" in AVAILABLE.get(str(options.estimator), ("permutation",))
    demand(
        options.assign is None or options.inference == "permutation",
        "--assign is for permutation"
        + ("" if has_permutation else f", which the {options.estimator} estimator does not have"),
        "use --inference permutation with the imputation or twfe estimator, or leave --assign out",
    )
    if options.two_way:
        demand(
            options.inference in TWO_WAY,
            f"--two-way has no {options.inference}",
            f"use one of {', '.join(TWO_WAY)}",
        )
        demand(options.honest is None, "--two-way has no honest intervals", "leave one of the two out")
        demand(not options.pretrend_power, "--two-way has no --pretrend-power", "leave one of the two out")
    if options.inference == "permutation":
        demand(options.assign is not None, "--inference permutation needs --assign COLUMN")
        demand(
            options.aggregate == "overall",
            f"permutation tests one overall effect, not --aggregate {options.aggregate}",
            "use --aggregate overall, with --horizon for some event times only",
        )
    if options.estimator == "did-m":
        demand(
            options.aggregate in ("overall", "event"),
            f"--estimator did-m has no --aggregate {options.aggregate}",
        )
        demand(
            options.horizon is None,
            "--estimator did-m is about the period of the switch",
            "leave --horizon out",
        )
        demand(options.anticipation == 0, "--anticipation has no meaning for --estimator did-m")
        demand(options.honest is None, "--estimator did-m has no honest intervals")
        demand(not options.pretrend_power, "--estimator did-m has no leads for --pretrend-power")
    if options.estimator != "imputation" and options.estimator in ESTIMATORS:
        demand(options.transition == 0, "--transition is for the imputation estimator")
        demand(options.average == "observation", "--average equal is for the imputation estimator")
    if problems:
        raise InputError("These options do not fit:", problems)
    return options
