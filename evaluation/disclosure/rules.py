"""The limits of disclosure control, as the protocol sets them, and the one marker with its one legend.

What belongs here: numbers and words that a data-protection officer approves. How they are applied stands in
``lattice`` (primary rules), ``suppress`` (complementary cells) and ``audit`` (the attack).
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.errors import Problem, ProtocolError
from evaluation.words import Limit
from evaluation.words.texts import texts

TEXT = texts("running")


MARKER = "•"
"""Stands in every hidden cell, whatever the reason: a second marker would tell which cells are small."""

STRUCTURAL_ZERO_TEXT = "–"
"""Stands where nobody can be, by public knowledge (a school without 10th grade)."""


@dataclass(frozen=True, slots=True)
class DisclosureRules:
    """The limits of one study. They have no defaults here: each stands in the protocol, with its reason beside it.

    ``minimum_pupils``: a count below it is hidden, and so is one that leaves fewer on the other side.
    ``protection_width``: the attacker's largest minus smallest value for a hidden count. At or above
    ``minimum_pupils`` the attacker cannot even tell that a hidden count is below the limit.
    ``dominance_share``: days are hidden where one pupil has more than this share of a cell's days.
    ``days_width_share``: hidden days of a group whose number of pupils is hidden too must stay uncertain by at
    least this share of their upper bound; ``dominance_width_share``: the same for other hidden days (one pupil
    dominates, 0 %, or hidden for another cell's sake). ``days_width_min``: and both by so many days.
    ``quote_minimum_sources``: an attribution (school, grade, actor) stands only where so many sources share it.
    ``max_hidden_share``: above it a table is made coarser, where its exhibit names a coarser form.
    ``hide_zero``: an empty group that is not a structural zero is hidden (0 % and 100 % of a group).
    ``coverage_step_pct``: coverage by talks is printed in whole steps, rounded down. ``pupils_step``: pupils behind an
    estimate, and counts of people in sentences, are given to the nearest so many.
    """

    minimum_pupils: int
    protection_width: int
    dominance_share: float
    days_width_share: float
    dominance_width_share: float
    days_width_min: float
    quote_minimum_sources: int
    max_hidden_share: float
    hide_zero: bool
    coverage_step_pct: int
    pupils_step: int
    marker: str

    def __post_init__(self) -> None:
        """Raise ProtocolError naming every limit that cannot hold."""
        wrong: list[Problem] = []

        def require(is_right: bool, name: str, expected: str) -> None:
            if not is_right:
                wrong.append(
                    Problem("protocol.toml", column=name, found="limit out of range", expected=expected)
                )

        require(self.minimum_pupils >= 1, "minimum_pupils", "at least 1")
        require(self.protection_width >= 1, "protection_width", "at least 1")
        require(0 < self.dominance_share <= 1, "dominance_share", "above 0, at most 1")
        require(0 <= self.days_width_share < 1, "days_width_share", "from 0 to below 1")
        require(0 <= self.dominance_width_share < 1, "dominance_width_share", "from 0 to below 1")
        require(self.days_width_min > 0, "days_width_min", "above 0 days")
        require(self.quote_minimum_sources >= 1, "quote_minimum_sources", "at least 1")
        require(1 <= self.coverage_step_pct <= 50, "coverage_step_pct", "from 1 to 50")
        require(self.pupils_step >= 1, "pupils_step", "at least 1")
        require(0 < self.max_hidden_share <= 1, "max_hidden_share", "above 0, at most 1")
        require(bool(self.marker.strip()), "marker", "a visible sign")
        if wrong:
            raise ProtocolError("The disclosure limits cannot be used.", wrong)

    def width_for(self, minimum: int) -> float:
        """How uncertain a hidden count must stay in a population with a minimum of its own (interview sources).

        Below the general minimum the width follows it: a hidden number of sources is uncertain up to the limit.
        """
        if minimum >= self.minimum_pupils:
            return float(self.protection_width)
        return float(max(1, min(self.protection_width, minimum)))

    @property
    def legend(self) -> str:
        """The Danish sentence that stands under every table and chart with a hidden cell."""
        return TEXT("rules_hidden", marker=self.marker, minimum_pupils=Limit(self.minimum_pupils))
