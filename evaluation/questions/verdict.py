"""The verdict on the milestone as one pure function: fixed words by a fixed rule, the same for a rise and for a fall.

Here: the rule of docs/methods.md, "The verdict", from an estimate, its interval, two p-values and two dates to a word, a
direction, causes and the demands that were met or not. Not here: any estimate, any sentence, any table.

θ is the milestone's effect in percentage points, a fall negative; [L, U] its interval of record; p the two-sided
permutation p-value at zero, p_relevant the one at the null −δ, δ the relevant change. Two things are judged apart, so
that a worse result never gets a better word: whether a fall is there, and whether a fall that matters is *excluded*
(L > −δ and p_relevant ≤ α; a missing permutation excludes nothing).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from evaluation.errors import InputError
from evaluation.words.catalogue.verdict import Direction as Direction
from evaluation.words.catalogue.verdict import Word as Word

Interval = tuple[float, float]
TIE = 1e-9
"""p-values are shares of few hundred assignments; floating point must not decide whether 0.05 is above 0.05."""
LARGEST_SMALLEST_P = 0.20
"""A permutation that cannot give less than this could not have spoken against a sign."""


class Cause(StrEnum):
    """Why a look cannot be judged: the number itself cannot be trusted, in either direction, or is not there.

    HIDDEN is set by the gate alone, where the group is too small for its numbers to be shown.
    """

    INCOMPLETE = "incomplete"
    REGISTRATION = "registration"
    LEADS = "leads"
    MODELS_DISAGREE = "models_disagree"
    NOT_REACHED = "not_reached"
    LISTED = "listed"
    NO_COMPARISON = "no_comparison"
    NO_INTERVAL = "no_interval"
    HIDDEN = "hidden"


class Demand(StrEnum):
    """What the rule asks of a look that is judged."""

    INTERVAL_EXCLUDES_ZERO = "interval_excludes_zero"
    PERMUTATION_EXCLUDES_ZERO = "permutation_excludes_zero"
    RELEVANT_FALL_EXCLUDED = "relevant_fall_excluded"


@dataclass(frozen=True, slots=True)
class Look:
    """The numbers of one look, None where one cannot be had. ``smallest_p`` is the least the design can give."""

    estimate: float | None
    interval: Interval | None
    p: float | None
    p_relevant: float | None
    smallest_p: float | None


@dataclass(frozen=True, slots=True)
class Due:
    """``is_due``: the third month is complete. ``reported_on``: the report of the planned round that reaches it."""

    is_due: bool
    reported_on: dt.date | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What the protocol fixes: the relevant change δ in points and the level α of the tests."""

    relevant_change_pp: float
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not self.relevant_change_pp > 0:
            raise InputError(
                f"verdict: the relevant change must be above 0 percentage points, found {self.relevant_change_pp}"
            )
        if not 0 < self.alpha < 1:
            raise InputError(f"verdict: alpha must lie between 0 and 1, found {self.alpha}")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One look judged. ``p`` is the p-value as it was compared, adjusted where several looks were tested."""

    word: Word
    direction: Direction = Direction.NONE
    causes: tuple[Cause, ...] = ()
    earliest_on: dt.date | None = None
    met: tuple[Demand, ...] = ()
    not_met: tuple[Demand, ...] = ()
    p: float | None = None


def judge(look: Look, due: Due, rule: Rule, alarms: Sequence[Cause] = ()) -> Judgement:
    """The first row of the rule that fits."""
    look = _known(look)
    if not due.is_due and due.reported_on is not None:
        return Judgement(Word.NOT_YET, earliest_on=due.reported_on)
    causes = tuple(dict.fromkeys(alarms))
    if not due.is_due:
        causes = (*causes, Cause.NOT_REACHED)
    elif look.estimate is None:
        causes = (*causes, Cause.NO_COMPARISON)
    elif look.interval is None:
        causes = (*causes, Cause.NO_INTERVAL)
    if causes or look.interval is None:
        return Judgement(Word.CANNOT, causes=causes)
    low, high = look.interval
    is_small_p = look.p is not None and look.p <= rule.alpha + TIE
    is_excluded = low > -rule.relevant_change_pp and (
        look.p_relevant is not None and look.p_relevant <= rule.alpha + TIE
    )
    has_fallen, has_risen = high < 0 and is_small_p, low > 0 and is_small_p
    if has_fallen:
        word = Word.SMALL_FALL if is_excluded else Word.ACHIEVED
    else:
        word = Word.NOT_ACHIEVED if is_excluded or has_risen else Word.UNDECIDED
    answered = {
        Demand.INTERVAL_EXCLUDES_ZERO: high < 0 or low > 0,
        Demand.PERMUTATION_EXCLUDES_ZERO: is_small_p,
        Demand.RELEVANT_FALL_EXCLUDED: is_excluded,
    }
    return Judgement(
        word,
        _direction(look, is_small_p),
        met=tuple(d for d, is_met in answered.items() if is_met),
        not_met=tuple(d for d, is_met in answered.items() if not is_met),
        p=look.p,
    )


def judge_looks(
    pooled: Look,
    waves: Sequence[Look],
    due: Due,
    wave_due: Sequence[Due],
    rule: Rule,
    alarms: Sequence[Cause] = (),
) -> tuple[Judgement, tuple[Judgement, ...]]:
    """The pooled look decides at full α. Waves are tested only if it excludes zero, either way.

    Holm (1979) is taken over the waves whose smallest attainable p is at most α (Tarone 1990); a wave that is not tested
    is described. All looks of all rounds are one family: a look belongs to the round where it is due.
    """
    first = judge(pooled, due, rule, alarms)
    testable = [
        i
        for i, w in enumerate(waves)
        if wave_due[i].is_due and w.smallest_p is not None and w.smallest_p <= rule.alpha + TIE
    ]
    tested = set(testable) if first.direction.is_sure else set[int]()
    adjusted = dict(zip(testable, holm([waves[i].p for i in testable]), strict=True))
    adjusted_relevant = dict(zip(testable, holm([waves[i].p_relevant for i in testable]), strict=True))
    judged = []
    for i, wave in enumerate(waves):
        if i in tested:
            wave = replace(wave, p=adjusted[i], p_relevant=adjusted_relevant[i])
        found = judge(wave, wave_due[i], rule, alarms)
        judged.append(Judgement(Word.DESCRIBED) if found.word.is_judged and i not in tested else found)
    return first, tuple(judged)


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm (1979) adjusted p-values in the given order; one that is missing counts as 1 and stays missing."""
    known = [1.0 if p is None else float(p) for p in p_values]
    order = sorted(range(len(known)), key=known.__getitem__)
    adjusted, running = [0.0] * len(known), 0.0
    for rank, index in enumerate(order):
        running = max(running, min(1.0, (len(known) - rank) * known[index]))
        adjusted[index] = running
    return tuple(None if p is None else a for p, a in zip(p_values, adjusted, strict=True))


def _direction(look: Look, is_small_p: bool) -> Direction:
    """Sure where both exclude zero; a sign where exactly one does, and the permutation could have spoken against it."""
    assert look.interval is not None
    assert look.estimate is not None
    low, high = look.interval
    is_apart = high < 0 or low > 0
    falls = look.estimate < 0
    if is_apart and is_small_p:
        return Direction.FALLEN if falls else Direction.RISEN
    can_speak = look.p is not None and look.smallest_p is not None
    can_speak = can_speak and float(look.smallest_p or 0.0) <= LARGEST_SMALLEST_P + TIE
    if not can_speak or is_apart == is_small_p or look.estimate == 0:
        return Direction.NONE
    return Direction.SIGN_OF_FALL if falls else Direction.SIGN_OF_RISE


def _known(look: Look) -> Look:
    """NaN is how a frame says None; p-values outside 0 to 1 are a fault."""

    def number(value: float | None) -> float | None:
        return None if value is None or math.isnan(value) else float(value)

    ends = None if look.interval is None else (number(look.interval[0]), number(look.interval[1]))
    interval = None if ends is None or ends[0] is None or ends[1] is None else (ends[0], ends[1])
    found = Look(
        number(look.estimate), interval, number(look.p), number(look.p_relevant), number(look.smallest_p)
    )
    if any(p is not None and not 0 <= p <= 1 for p in (found.p, found.p_relevant, found.smallest_p)):
        raise InputError("verdict: a p-value outside 0 to 1 was given")
    return found
