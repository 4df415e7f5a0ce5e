"""How secure is the evidence? Zero to five dots by a published rule, each dot with its reason.

What belongs here is the rule alone; the verdict stands in :mod:`evaluation.effects.verdict`. One dot for each
of five demands that are met; one dot less if the plan was not frozen before the outcomes were seen; and a
ceiling, because no virtue makes up for a study too small to see what matters.

| Demand | Met when |
|---|---|
| size | the smallest detectable change is no larger than the relevant change |
| treated clusters | at least eight school × grade cells have had their talks |
| completeness | at least 95 % of the expected registrations are there |
| trend before | no trend is found before the talks, and the leads would have shown one that mattered |
| agreement | all inferences fall on the same side of alpha |

Ceiling: three dots when the smallest detectable change is above the relevant one, two when it is more than
twice as large or unknown. Words: 5 *sikkert*, 3–4 *sandsynligt*, 1–2 *usikkert*, 0 or a verdict that could
not be given *kan ikke vurderes*.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from evaluation.errors import InputError

CertaintyWord = Literal["sikkert", "sandsynligt", "usikkert", "kan ikke vurderes"]


@dataclass(frozen=True, slots=True)
class CertaintyRule:
    """The thresholds; the defaults are the published rule."""

    minimum_treated_clusters: int = 8
    minimum_completeness: float = 0.95
    alpha: float = 0.05
    ceiling_above_relevant: int = 3
    ceiling_above_twice_relevant: int = 2


@dataclass(frozen=True, slots=True)
class Demand:
    """One demand, whether it is met, and the Danish sentence that says why."""

    name: Literal[
        "size", "treated_clusters", "completeness", "trend_before", "agreement", "frozen", "ceiling"
    ]
    is_met: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Certainty:
    """``dots`` 0–5, the fixed word, and every demand in the order of the rule."""

    dots: int
    word: CertaintyWord
    demands: tuple[Demand, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The Danish sentences alone."""
        return tuple(demand.reason for demand in self.demands)

    @property
    def symbols(self) -> str:
        """The dots as they are printed, for example ●●○○○."""
        return "●" * self.dots + "○" * (5 - self.dots)


def certainty(
    *,
    mde: float | None,
    relevant_change_pp: float,
    treated_clusters: int,
    completeness: float | None,
    pretrend_p: float | None,
    pretrend_bias_pp: float | None,
    p_values: Mapping[str, float | None],
    is_frozen: bool,
    can_be_judged: bool = True,
    rule: CertaintyRule | None = None,
) -> Certainty:
    """Count the dots.

    ``mde`` and ``relevant_change_pp`` in percentage points; ``completeness`` the share (0–1) of expected
    registrations; ``pretrend_p`` the joint test of the leads, ``pretrend_bias_pp`` the bias at the milestone
    of the trend that test finds with 80 % power; ``p_values`` maps the inferences' names to their p-values,
    None where one cannot be had; ``can_be_judged`` is False when the verdict is "kan ikke vurderes". None
    never counts in favour.
    """
    rule = rule or CertaintyRule()
    if not relevant_change_pp > 0:
        raise InputError(f"certainty: the relevant change must be above 0, found {relevant_change_pp}")
    if completeness is not None and completeness > 1:
        raise InputError(f"certainty: completeness is a share between 0 and 1, found {completeness}")
    mde, completeness = _known(mde), _known(completeness)
    demands = [
        _size(mde, relevant_change_pp),
        _clusters(treated_clusters, rule),
        _completeness(completeness, rule),
        _trend(_known(pretrend_p), _known(pretrend_bias_pp), relevant_change_pp, rule),
        _agreement(p_values, rule),
    ]
    dots = sum(demand.is_met for demand in demands)
    frozen = (
        "Planen var låst, før udfaldet blev set."
        if is_frozen
        else ("Planen var ikke låst, før udfaldet blev set: en prik trækkes fra.")
    )
    demands.append(Demand("frozen", is_frozen, frozen))
    dots -= not is_frozen
    ceiling = 5
    if mde is None or mde > 2 * relevant_change_pp:
        ceiling = rule.ceiling_above_twice_relevant
    elif mde > relevant_change_pp:
        ceiling = rule.ceiling_above_relevant
    if dots > ceiling:
        reason = f"Undersøgelsen er for lille til mere end {ceiling} prikker."
        demands.append(Demand("ceiling", False, reason))
    dots = max(0, min(dots, ceiling))
    return Certainty(dots, _word(dots, can_be_judged), tuple(demands))


def _word(dots: int, can_be_judged: bool) -> CertaintyWord:
    if dots == 0 or not can_be_judged:
        return "kan ikke vurderes"
    if dots == 5:
        return "sikkert"
    return "sandsynligt" if dots >= 3 else "usikkert"


def _size(mde: float | None, relevant: float) -> Demand:
    if mde is None:
        return Demand("size", False, "Den mindste ændring, der kan opdages, kendes ikke.")
    met = mde <= relevant
    text = f"Den mindste ændring, der kan opdages, er {_number(mde)} procentpoint; den relevante er "
    return Demand("size", met, f"{text}{_number(relevant)}.")


def _clusters(treated: int, rule: CertaintyRule) -> Demand:
    met = treated >= rule.minimum_treated_clusters
    text = f"{treated} årgange på skolerne har haft samtaler; reglen kræver {rule.minimum_treated_clusters}."
    return Demand("treated_clusters", met, text)


def _completeness(share: float | None, rule: CertaintyRule) -> Demand:
    if share is None:
        return Demand("completeness", False, "Det vides ikke, hvor fuldstændig registreringen er.")
    text = f"{_number(100 * share)} % af de ventede registreringer er der; reglen kræver "
    text += f"{_number(100 * rule.minimum_completeness)} %."
    return Demand("completeness", share >= rule.minimum_completeness, text)


def _trend(p: float | None, bias: float | None, relevant: float, rule: CertaintyRule) -> Demand:
    if p is None:
        return Demand("trend_before", False, "Udviklingen før samtalerne kan ikke prøves.")
    if p <= rule.alpha:
        return Demand("trend_before", False, "Årgangene udviklede sig forskelligt allerede før samtalerne.")
    if bias is None or abs(bias) > relevant:
        size = "" if bias is None else f" på {_number(abs(bias))} procentpoint"
        text = f"Ingen forskel i udvikling før samtalerne, men en skævhed{size} kunne være overset."
        return Demand("trend_before", False, text)
    text = "Ingen forskel i udvikling før samtalerne, og en skævhed af betydning ville være set."
    return Demand("trend_before", True, text)


def _agreement(p_values: Mapping[str, float | None], rule: CertaintyRule) -> Demand:
    known = [p for p in map(_known, p_values.values()) if p is not None]
    if len(known) < 2:
        return Demand("agreement", False, "Der er ikke to måder at beregne usikkerheden på at sammenligne.")
    below = sum(p <= rule.alpha for p in known)
    if below in (0, len(known)):
        return Demand("agreement", True, f"De {len(known)} måder at beregne usikkerheden på er enige.")
    text = f"Måderne at beregne usikkerheden på er uenige: {below} af {len(known)} viser en forskel."
    return Demand("agreement", False, text)


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
