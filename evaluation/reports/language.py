"""Plain Danish sentences chosen by rule from estimates and verdicts. No table is read here and nothing is drawn.

The rules: a rise is said as plainly as a fall; a change is said in points and in days per pupil and school
year; "ventet" is the untreated groups' development carried over, and is the strongest word the design
carries, so that words of cause appear only where the Målplan's own text is quoted; a difference that rounds
to nothing is "uændret"; what cannot be said is said to be so, with the reason.
"""

from __future__ import annotations

from typing import Literal

from evaluation.words.danish import (
    number,
    points,
    rounded,
)

SCHOOL_DAYS_PER_YEAR = 200
"""School days of a Danish school year (folkeskoleloven § 14 a), for turning points into days."""

HIDDEN = "Tallet vises ikke af hensyn til elevernes anonymitet."
DOTS = 5


def direction(change_pp: float) -> Literal["fall", "rise", "same"]:
    """By the number as shown: what rounds to 0,0 is the same."""
    shown = rounded(change_pp)
    return "same" if shown == 0 else "fall" if shown < 0 else "rise"


def side(value_pp: float) -> str:
    """One end of an interval in words: ``et fald på 2,1``."""
    match direction(value_pp):
        case "fall":
            return f"et fald på {number(abs(value_pp))}"
        case "rise":
            return f"en stigning på {number(value_pp)}"
    return "ingen ændring"


def interval(low: float | None, high: float | None) -> str:
    """The interval as a sentence; empty when there is none."""
    if low is None or high is None:
        return ""
    if direction(low) == direction(high) == "same":
        return "Det sande tal ligger sandsynligvis meget tæt på nul."
    ends = f"{side(low)} og {side(high)} procentpoint"
    if direction(high) == "same":
        ends = f"{side(low)} procentpoint og ingen ændring"
    return f"Det sande tal ligger sandsynligvis mellem {ends}."


def dots_text(dots: int) -> str:
    """The dots as read aloud: ``2 af 5 prikker``."""
    return f"{dots} af {DOTS} prikker"


def dots_signs(dots: int) -> str:
    """``●●○○○``."""
    return "●" * dots + "○" * (DOTS - dots)


def beside_equally_high(naive: float | None, estimate: float | None, without: str) -> str:
    """Why a fall among pupils chosen for high absence is not evidence alone; the fair contrast is the answer."""
    if naive is None:
        return HIDDEN
    fell = f"Fraværet blandt dem er {_moved(naive)}"
    alone = "Når elever vælges på grund af højt fravær, falder fraværet i gennemsnit af sig selv"
    if estimate is None:
        return f"{fell}. {alone}; hvor meget, kan ikke beregnes her."
    beside = f"Sammenlignet med elever med lige så højt fravær {without} er"
    match direction(estimate):
        case "same":
            rest = f"{beside} der ingen forskel"
        case "fall":
            rest = f"{beside} fraværet {points(estimate)} lavere"
        case _:
            rest = f"{beside} fraværet {points(estimate)} højere"
    return f"{fell}. {alone}. {rest}."


def changed(before: float | None, after: float | None) -> str:
    """A number between two rounds: ``fra 6,8 til 6,1`` or what else can be said."""
    if before is None or after is None:
        return "kan ikke sammenlignes"
    if rounded(before) == rounded(after):
        return f"uændret {number(after)}"
    return f"fra {number(before)} til {number(after)}"


def _moved(change: float) -> str:
    match direction(change):
        case "same":
            return "uændret"
        case "fall":
            return f"faldet {points(change)}"
    return f"steget {points(change)}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
