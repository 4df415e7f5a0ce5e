"""The verdict on the milestone: fixed words by a fixed rule, and the certainty in dots.

What belongs here is the rule of the protocol: numbers and dates in, one of five verdicts and its reasons out.
What stays out: every estimate and test, and every template. The words are the ones the steering group reads,
so they are Danish; nobody chooses them by hand.

Order of the rule. A milestone whose third month is not complete cannot be judged, whatever the numbers say. A
failed gate or an alarm (a trend before the talks, a change in registration) comes next: it says that the
number itself cannot be trusted, in either direction, so no favourable verdict may stand on it. Only then are
interval and permutation p-value read.

"Tegn på fald" may rest on the interval alone only where the permutation could have spoken against it: it was made,
and its smallest attainable p is no larger than 1 − the lower level. An interval knows nothing of shocks that hit a
whole grade; in a placebo on published real data it lay below zero although nothing was done (docs/methods/doubt.md).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from evaluation.errors import InputError

VerdictCode = Literal[
    "opnået", "tegn på fald, men usikkert", "ikke påvist", "kan ikke vurderes", "kan endnu ikke opgøres"
]
Direction = Literal["fald", "stigning", "uændret", "ukendt"]
Interval = tuple[float, float]

VERDICTS: tuple[VerdictCode, ...] = (
    "opnået",
    "tegn på fald, men usikkert",
    "ikke påvist",
    "kan ikke vurderes",
    "kan endnu ikke opgøres",
)
ROUNDING = 1e-9
"""1 − 0.80 is not quite 0.20 in floating point; one of five must count as 20 per cent."""
_MONTHS = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict with everything it rests on.

    ``earliest_date`` is set only for "kan endnu ikke opgøres", and is None there too when no talk is planned
    yet. ``direction`` is the sign of the estimate and says nothing about certainty. ``p_adjusted`` is the
    permutation p-value after Holm over the pre-specified looks. ``reasons`` are whole Danish sentences, the
    deciding one first.
    """

    code: VerdictCode
    earliest_date: dt.date | None
    reasons: tuple[str, ...]
    direction: Direction
    p_adjusted: float | None = None

    @property
    def text(self) -> str:
        """The verdict as it is printed, with its date or its reason in brackets."""
        if self.code == "kan endnu ikke opgøres" and self.earliest_date is not None:
            return f"{self.code} (tidligst {danish_date(self.earliest_date)})"
        if self.code == "kan ikke vurderes" and self.reasons:
            return f"{self.code} ({self.reasons[0].rstrip('.')})"
        return self.code


def verdict(
    *,
    estimate: float | None,
    interval: Interval | None,
    lower_interval: Interval | None,
    p_value: float | None,
    smallest_p: float | None,
    mde: float | None,
    relevant_change_pp: float,
    cut_off: dt.date,
    complete_on: dt.date | None,
    alpha: float = 0.05,
    level: float = 0.95,
    lower_level: float = 0.80,
    other_looks_p: Sequence[float | None] = (),
    failed_gates: Sequence[str] = (),
    alarms: Sequence[str] = (),
) -> Verdict:
    """Judge one look at the milestone; all effects in percentage points, a fall is negative.

    ``interval`` is at ``level`` and ``lower_interval`` at ``lower_level``; ``p_value`` is the permutation
    p-value of record, ``smallest_p`` the smallest the design can give; ``other_looks_p`` holds the p-values
    of the other pre-specified looks, None where a look is still to come (it then counts as 1, which can only
    make Holm stricter). Without ``p_value``, or with ``smallest_p`` above 1 − ``lower_level``, an interval below
    zero is no sign of a fall. ``mde`` is the smallest detectable change, ``relevant_change_pp`` the smallest
    relevant one, both positive. ``complete_on`` is the day the third month is complete in all schools.
    ``failed_gates`` and ``alarms`` are Danish sentences. A value that could not be computed is None, and
    never counts in favour.
    """
    estimate, p_value, smallest_p, mde = map(_known, (estimate, p_value, smallest_p, mde))
    interval, lower_interval = _known_interval(interval), _known_interval(lower_interval)
    _check(relevant_change_pp, alpha, level, lower_level, p_value, smallest_p, *other_looks_p)
    if complete_on is None or complete_on > cut_off:
        when = "" if complete_on is None else f" Det er de tidligst {danish_date(complete_on)}."
        reason = "De tre hele måneder efter samtalerne er ikke gået på alle skoler ved datagrænsen." + when
        return Verdict("kan endnu ikke opgøres", complete_on, (reason,), _direction(estimate))

    direction = _direction(estimate)
    p_adjusted = holm((p_value, *other_looks_p))[0]
    seen = () if estimate is None else (_what_is_seen(estimate, interval, level, p_adjusted, alpha),)
    blocked = (*failed_gates, *alarms)
    if blocked or estimate is None:
        missing = () if estimate is not None else ("Ændringen kan ikke beregnes ud fra de data, der er.",)
        return Verdict("kan ikke vurderes", None, (*blocked, *missing, *seen), direction, p_adjusted)

    below = estimate < 0 and interval is not None and interval[1] < 0
    below_lower = estimate < 0 and lower_interval is not None and lower_interval[1] < 0
    significant = estimate < 0 and p_adjusted is not None and p_adjusted <= alpha
    if below and significant:
        reason = (
            f"Hele {_percent(level)}-intervallet ligger under nul, og permutationstesten giver "
            f"p = {_decimal(p_adjusted, 3)}, som ikke er over grænsen {_decimal(alpha, 2)}."
        )
        return Verdict("opnået", None, (reason, *seen), direction, p_adjusted)
    could_object = p_value is not None and smallest_p is not None and smallest_p <= 1 - lower_level + ROUNDING
    if significant or (could_object and (below or below_lower)):
        return Verdict(
            "tegn på fald, men usikkert",
            None,
            (_why_uncertain(below, significant, p_adjusted, smallest_p, alpha, level, lower_level), *seen),
            direction,
            p_adjusted,
        )
    obstacles = _obstacles(mde, relevant_change_pp, p_value, smallest_p, alpha)
    if obstacles:
        return Verdict("kan ikke vurderes", None, (*obstacles, *seen), direction, p_adjusted)
    reason = (
        "Et fald er ikke påvist, selv om undersøgelsen ville opdage en ændring på "
        f"{_points(mde)}, og {_points(relevant_change_pp)} er den mindste ændring, der regnes for relevant."
    )
    return Verdict("ikke påvist", None, (reason, *seen), direction, p_adjusted)


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm (1979) adjusted p-values in the given order; None (still to come) counts as 1 and stays None."""
    known = [1.0 if p is None else float(p) for p in p_values]
    order = sorted(range(len(known)), key=known.__getitem__)
    adjusted, running = [0.0] * len(known), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(known) - rank) * known[index]))
        adjusted[index] = running
    return tuple(None if p is None else a for p, a in zip(p_values, adjusted, strict=True))


def danish_date(day: dt.date) -> str:
    """A date as it is written in Danish: "11. januar 2027"."""
    return f"{day.day}. {_MONTHS[day.month - 1]} {day.year}"


def _what_is_seen(
    estimate: float, interval: Interval | None, level: float, p_adjusted: float | None, alpha: float
) -> str:
    words = {"fald": "faldet", "stigning": "steget"}
    direction = _direction(estimate)
    if direction == "uændret":
        text = "Fraværet har ændret sig lige så meget som på sammenligningsårgangene"
    else:
        text = (
            f"Fraværet er {words[direction]} {_points(abs(estimate))} i forhold til, hvad der ellers kunne "
            f"ventes"
        )
    if interval is not None:
        text += f" ({_percent(level)}-interval fra {_signed(interval[0])} til {_signed(interval[1])})"
    rise = direction == "stigning" and interval is not None and interval[0] > 0
    if rise and p_adjusted is not None and p_adjusted <= alpha:
        text += "; stigningen er større, end tilfældigheder forklarer"
    return text + "."


def _why_uncertain(
    below: bool,
    significant: bool,
    p_adjusted: float | None,
    smallest_p: float | None,
    alpha: float,
    level: float,
    lower_level: float,
) -> str:
    if below:
        text = (
            f"Hele {_percent(level)}-intervallet ligger under nul, men permutationstesten bekræfter det ikke"
        )
        if smallest_p is not None and smallest_p > alpha:
            return f"{text}: {_unattainable(smallest_p, alpha)}"
        return f"{text} (p = {_decimal(p_adjusted, 3)})." if p_adjusted is not None else f"{text}."
    if significant:
        return (
            f"Permutationstesten giver p = {_decimal(p_adjusted, 3)}, men {_percent(level)}-intervallet "
            "rækker over nul."
        )
    return (
        f"Intervallet ved {_percent(lower_level)} sikkerhed ligger under nul, men {_percent(level)}-intervallet "
        "rækker over nul."
    )


def _obstacles(
    mde: float | None,
    relevant_change_pp: float,
    p_value: float | None,
    smallest_p: float | None,
    alpha: float,
) -> tuple[str, ...]:
    reasons = []
    if mde is None:
        reasons.append("Det kan ikke beregnes, hvor lille en ændring undersøgelsen kan opdage.")
    elif mde > relevant_change_pp:
        reasons.append(
            f"Undersøgelsen kan kun opdage ændringer på mindst {_points(mde)}, "
            f"og en relevant ændring er {_points(relevant_change_pp)}."
        )
    if p_value is None or smallest_p is None:
        reasons.append("Permutationstesten kan ikke gennemføres.")
    elif smallest_p > alpha:
        reasons.append("Testen kan ikke give et sikkert svar: " + _unattainable(smallest_p, alpha))
    return tuple(reasons)


def _unattainable(smallest_p: float, alpha: float) -> str:
    return (
        f"den mindste p-værdi, der kan opnås med så få indsatsårgange, er {_decimal(smallest_p, 2)}, "
        f"og grænsen er {_decimal(alpha, 2)}."
    )


def _check(relevant: float, alpha: float, level: float, lower_level: float, *p_values: float | None) -> None:
    if not relevant > 0:
        raise InputError(f"verdict: the relevant change must be above 0 percentage points, found {relevant}")
    if not (0 < alpha < 1 and 0 < lower_level < level < 1):
        raise InputError(
            f"verdict: alpha {alpha}, level {level} and lower_level {lower_level} must lie between 0 and 1, "
            "the lower level below the level"
        )
    if any(p is not None and not 0 <= p <= 1 for p in p_values):
        raise InputError("verdict: a p-value outside 0 to 1 was given")


def _known(value: float | None) -> float | None:
    """NaN is how a frame says None."""
    return None if value is None or math.isnan(value) else float(value)


def _known_interval(interval: Interval | None) -> Interval | None:
    return None if interval is None or any(_known(end) is None for end in interval) else interval


def _direction(estimate: float | None) -> Direction:
    if estimate is None:
        return "ukendt"
    return "fald" if estimate < 0 else "stigning" if estimate > 0 else "uændret"


def _decimal(value: float | None, digits: int) -> str:
    return "ukendt" if value is None else f"{value:.{digits}f}".replace(".", ",")


def _signed(value: float) -> str:
    return _decimal(value, 1).replace("-", "−")


def _points(value: float | None) -> str:
    return f"{_decimal(value, 1)} procentpoint"


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %".replace(".", ",")
