"""How secure is the evidence behind a verdict? Zero to five dots by a published rule, each demand met or not.

Here: the rule alone. Dots follow the verdict: a look that was not judged has none. One dot for each of five demands that
are met; one dot less if the plan was not frozen before the outcomes were seen; and a ceiling, because no virtue makes up
for a study too small to see what matters.

| Demand, in order of weight | Met when |
|---|---|
| size | the effect at which *opnået* comes in four of five studies is no larger than the relevant change |
| trend before | no trend is found before the talks, and one that passed unseen would not have mattered |
| agreement | all inferences fall on the same side of alpha |
| treated clusters | at least eight school × grade cells have had their talks |
| completeness | at least 95 % of the expected registrations are there |

Ceiling: three dots when that effect is above the relevant change, two when it is more than twice as large or unknown.
Words: 5 *sikkert*, 3–4 *sandsynligt*, 0–2 *usikkert*.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from evaluation.errors import InputError


class CertaintyWord(StrEnum):
    """The fixed words; NONE where nothing was judged."""

    SURE = "sikkert"
    LIKELY = "sandsynligt"
    UNSURE = "usikkert"
    NONE = ""


class Ground(StrEnum):
    """What a verdict's security rests on, in order of weight."""

    SIZE = "size"
    TREND_BEFORE = "trend_before"
    AGREEMENT = "agreement"
    TREATED_CLUSTERS = "treated_clusters"
    COMPLETENESS = "completeness"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class CertaintyRule:
    """The thresholds; the defaults are the published rule."""

    minimum_treated_clusters: int = 8
    minimum_completeness: float = 0.95
    alpha: float = 0.05
    ceiling_above_relevant: int = 3
    ceiling_above_twice_relevant: int = 2


@dataclass(frozen=True, slots=True)
class Certainty:
    """``dots`` 0–5, None where nothing was judged; the grounds that were met and those that failed, by weight."""

    dots: int | None
    word: CertaintyWord
    met: tuple[Ground, ...] = ()
    failed: tuple[Ground, ...] = ()


NOTHING_JUDGED = Certainty(None, CertaintyWord.NONE)


def certainty(
    *,
    mde: float | None,
    relevant_change_pp: float,
    treated_clusters: int,
    completeness: float | None,
    pretrend_p: float | None,
    bias_after_passing_pp: float | None,
    p_values: Mapping[str, float | None],
    is_frozen: bool,
    rule: CertaintyRule | None = None,
) -> Certainty:
    """Count the dots of a look that was judged.

    ``mde`` and ``relevant_change_pp`` in points; ``completeness`` the share (0–1) of expected registrations;
    ``pretrend_p`` the test of the months before, ``bias_after_passing_pp`` what the trend it finds with 80 % power would
    move the number by where it was not found; ``p_values`` by the inference's name. None never counts in favour.
    """
    rule = rule or CertaintyRule()
    if not relevant_change_pp > 0:
        raise InputError(f"certainty: the relevant change must be above 0, found {relevant_change_pp}")
    mde, share, p, bias = map(_known, (mde, completeness, pretrend_p, bias_after_passing_pp))
    if share is not None and share > 1:
        raise InputError(f"certainty: completeness is a share between 0 and 1, found {completeness}")
    known = [x for x in map(_known, p_values.values()) if x is not None]
    below = sum(x <= rule.alpha for x in known)
    answered = {
        Ground.SIZE: mde is not None and mde <= relevant_change_pp,
        Ground.TREND_BEFORE: p is not None
        and p > rule.alpha
        and bias is not None
        and abs(bias) <= relevant_change_pp,
        Ground.AGREEMENT: len(known) > 1 and below in (0, len(known)),
        Ground.TREATED_CLUSTERS: treated_clusters >= rule.minimum_treated_clusters,
        Ground.COMPLETENESS: share is not None and share >= rule.minimum_completeness,
    }
    ceiling = 5
    if mde is None or mde > 2 * relevant_change_pp:
        ceiling = rule.ceiling_above_twice_relevant
    elif mde > relevant_change_pp:
        ceiling = rule.ceiling_above_relevant
    dots = max(0, min(sum(answered.values()) - (not is_frozen), ceiling))
    answered[Ground.FROZEN] = is_frozen
    word = CertaintyWord.UNSURE if dots < 3 else CertaintyWord.SURE if dots == 5 else CertaintyWord.LIKELY
    return Certainty(
        dots,
        word,
        tuple(g for g, is_met in answered.items() if is_met),
        tuple(g for g, is_met in answered.items() if not is_met),
    )


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
