"""What may be switched about the synthetic municipality, and the recipe's figures. No drawing happens here.

The figures are calibrated to published Danish school statistics (docs/methods.md, "Known truth"): levels and
spread per school, season by ISO week, weekdays, spells of two days and shares of the registered types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["effect", "none", "regression_to_mean_only", "registration_change"]


@dataclass(frozen=True)
class Scenario:
    """What is planted.

    Attributes:
        kind: ``effect`` – absence falls in treated cells after the talks; ``none`` – nothing happens;
            ``regression_to_mean_only`` – nothing happens, but absence is less lasting, so that pupils chosen for
            high absence fall on their own; ``registration_change`` – absence is unchanged, but from the talks on
            treated grades register more of it, and as unlawful.
        effect_pp: change in percentage points of school days, from the talk month on.
        effect_by_wave: (wave id, percentage points) where a wave differs from ``effect_pp``.
        profile: share of the change in month 1, 2, … after the talk month; the last value lasts.
        transition_share: share of the change in the rest of the talk month, which estimates leave out.
        grade_shock_sd_pp: SD of shocks common to a grade in all schools for one year.
        missing_weeks: (school id, ISO week such as ``2026-W45``) without a single registration delivered.
        has_dirt: whether the files carry a realistic share of faulty rows.
        has_canaries: whether unique invented names, CPR numbers, addresses and telephone numbers are planted.
    """

    kind: Kind = "effect"
    effect_pp: float = -1.75
    effect_by_wave: tuple[tuple[str, float], ...] = ()
    profile: tuple[float, ...] = (0.8, 1.0, 1.0)
    transition_share: float = 0.4
    grade_shock_sd_pp: float = 0.0
    missing_weeks: tuple[tuple[str, str], ...] = ()
    has_dirt: bool = True
    has_canaries: bool = False

    def planted_pp(self, wave_id: str, month_since_talk: int) -> float:
        """The planted change for a wave in month 1, 2, … after its talk month; 0 where nothing is planted."""
        if self.kind != "effect" or month_since_talk < 1:
            return 0.0
        size = dict(self.effect_by_wave).get(wave_id, self.effect_pp)
        return size * self.profile[min(month_since_talk, len(self.profile)) - 1]


@dataclass(frozen=True)
class SchoolRecipe:
    """A school's share of pupils and the Beta(mean, κ) its pupils' propensities come from."""

    share: float
    mean: float
    kappa: float


SCHOOLS = (
    SchoolRecipe(392 / 2599, 0.0505, 33.0),
    SchoolRecipe(872 / 2599, 0.0700, 28.5),
    SchoolRecipe(804 / 2599, 0.0741, 31.0),
    SchoolRecipe(531 / 2599, 0.0690, 26.7),
)
"""Used in the order of the protocol's schools, again from the first when there are more."""

LONG_TERM_SHARE = 0.025
LONG_TERM_MEAN, LONG_TERM_KAPPA = 0.35, 4.0
YEARLY_REDRAW = 0.15
"""Share of pupils whose propensity is a new one from a school year to the next."""
RTM_REDRAW = 0.50
"""The same in ``regression_to_mean_only``, and once more at the end of every calendar year."""
SPELL_PERSISTENCE = 0.46
"""An absence lasts 1 / ((1 − s)(1 − p)) school days on average: two at p = .07."""

WEEKDAY_LOWER = (1.06, 0.96, 0.91, 0.93, 1.14)
WEEKDAY_UPPER = (0.97, 0.97, 0.95, 0.97, 1.12)
UPPER_GRADES = 3
"""The last grades of the order follow the upper school's weekdays and types."""

SICK_BY_WEEK = (
    (1, 3.9),
    (3, 4.2),
    (6, 4.8),
    (9, 4.4),
    (13, 3.5),
    (16, 2.9),
    (20, 2.5),
    (26, 2.2),
    (31, 1.5),
    (35, 1.8),
    (37, 2.0),
    (39, 3.8),
    (44, 3.0),
    (47, 3.9),
    (50, 4.5),
    (53, 4.1),
)
"""Illness in per cent of school days at these ISO weeks, straight lines between them."""

TYPE_SHARES_LOWER = (0.57, 0.25, 0.18)
TYPE_SHARES_UPPER = (0.52, 0.18, 0.30)
"""Shares of absence that are illness, permitted and unlawful."""
HALF_DAY_SHARE = 0.35
"""Share of unlawful days in half-day grades that are half days."""

SCHOOL_YEAR_SD = 0.06
CELL_YEAR_SD = 0.04
WEEK_SD = 0.07
"""SDs of log shocks per school and year, per cell and year, and per week in the whole municipality."""

MOVES_SCHOOL, MOVES_GRADE, LEAVES, ARRIVES = 0.015, 0.004, 0.015, 0.015
"""Shares of pupils who, within a school year, change school or grade, leave, or come from elsewhere."""

EXTRA_REGISTERED_PP = 1.0
RELABELLED_SHARE = 0.25
"""``registration_change``: unlawful days added, and share of other absence now noted as unlawful."""
