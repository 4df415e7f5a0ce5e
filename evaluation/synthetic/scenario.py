"""What may be switched about the synthetic municipality, and the recipe's figures. No drawing happens here.

The figures are calibrated to published Danish school statistics (docs/methods.md, "Known truth"): levels and
spread per school, season by ISO week, weekdays, spells of two days and shares of the registered types.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happens in the municipality. Every kind writes files that no other kind writes."""

    EFFECT = "effect"
    """Absence falls in treated cells after the talks."""
    NONE = "none"
    """Nothing happens."""
    REGRESSION_TO_THE_MEAN = "regression_to_the_mean"
    """Nothing happens, but absence is less lasting, so that pupils chosen for high absence fall on their own."""
    REGISTRATION_CHANGE = "registration_change"
    """Absence is unchanged, but from the talks on treated grades register more of it, and as unlawful."""
    REGISTRATION_SAME_TYPES = "registration_same_types"
    """Absence is unchanged, but from the talks on treated grades register less of it, of every type alike."""
    RISE = "rise"
    """Absence rises in treated cells after the talks."""
    COHORTS = "cohorts"
    """Nothing happens, but the pupils who come to be in the treated grades have less absence in all their years."""
    TREND = "trend"
    """Nothing happens, but absence in the treated grades was on its way down through the year."""
    EPIDEMIC = "epidemic"
    """Nothing happens, but the youngest are hit by a wave of illness in the winter of the follow-up year."""
    MISSING_WEEKS = "missing_weeks"
    """As ``effect``, and one school delivers nothing for three weeks."""
    LATE_SCHOOL = "late_school"
    """As ``effect``, and one school holds the last grade's talks so late that no round reaches its third month."""
    LOW_COVERAGE = "low_coverage"
    """As ``effect``, and one school reaches far fewer pupils than planned."""

    @property
    def is_effect(self) -> bool:
        """Whether the talks change absence itself."""
        return self in (Kind.EFFECT, Kind.RISE, Kind.MISSING_WEEKS, Kind.LATE_SCHOOL, Kind.LOW_COVERAGE)


@dataclass(frozen=True)
class Scenario:
    """What is planted.

    Attributes:
        kind: what happens; a word that is no :class:`Kind` is refused.
        effect_pp: change in percentage points of school days, from the talk month on.
        effect_by_wave: (wave id, percentage points) where a wave differs from ``effect_pp``.
        profile: share of the change in month 1, 2, … after the talk month; the last value lasts.
        transition_share: share of the change in the rest of the talk month, which estimates leave out.
        grade_shock_sd_pp: SD of shocks common to a grade in all schools for one year.
        missing_weeks: (school id, ISO week such as ``2026-W45``) without a single registration delivered.
        has_dirt: whether the files carry a realistic share of faulty rows.
        has_canaries: whether unique invented names, CPR numbers, addresses and telephone numbers are planted.
    """

    kind: Kind = Kind.EFFECT
    effect_pp: float = -1.75
    effect_by_wave: tuple[tuple[str, float], ...] = ()
    profile: tuple[float, ...] = (0.8, 1.0, 1.0)
    transition_share: float = 0.4
    grade_shock_sd_pp: float = 0.0
    missing_weeks: tuple[tuple[str, str], ...] = ()
    has_dirt: bool = True
    has_canaries: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", Kind(self.kind))
        if self.kind is Kind.RISE:
            object.__setattr__(self, "effect_pp", abs(self.effect_pp))

    def planted_pp(self, wave_id: str, month_since_talk: int) -> float:
        """The planted change for a wave in month 1, 2, … after its talk month; 0 where nothing is planted."""
        if not self.kind.is_effect or month_since_talk < 1:
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
"""The same in ``regression_to_the_mean``, and once more at the end of every calendar year."""
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

LESS_REGISTERED_SHARE = 0.17
"""``registration_same_types``: share of treated grades' absence that is no longer noted, about 1.2 points."""
BETTER_COHORT = 0.85
"""``cohorts``: the propensity of the pupils who come to be in the treated grades, times this; about one point."""
TREND_PP = 0.25
"""``trend``: points of absence less for each month since August, in the treated grades of the follow-up year."""
EPIDEMIC_FACTOR, EPIDEMIC_WEEKS, EPIDEMIC_GRADES = 1.7, (3, 4, 5, 6), 4
"""``epidemic``: the first grades of the order, times this in these ISO weeks of the follow-up year."""
SILENT_WEEKS = (46, 47, 48)
"""``missing_weeks``: ISO weeks of the follow-up year that the second school does not deliver."""
LATE_DAYS = 85
"""``late_school``: the last school's last wave is so many days later than planned."""
LISTED_LESS = 0.35
"""Share of a listed pupil's absence that disappears from the first follow-up on, where there is an effect."""
FEW_REACHED = 0.55
"""``low_coverage``: share of the first school's pupils who had the talk."""
