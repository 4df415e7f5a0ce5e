"""Plain Danish sentences chosen by rule from estimates and verdicts. No table is read here and nothing is drawn.

The rules: a rise is said as plainly as a fall; a change is said in points and in days per pupil and school
year; "ventet" is the untreated groups' development carried over, and is the strongest word the design
carries, so that words of cause appear only where the Målplan's own text is quoted; a difference that rounds
to nothing is "uændret"; what cannot be said is said to be so, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from evaluation.reports.danish import (
    NBSP,
    capital,
    date,
    fraction,
    join,
    number,
    percent,
    points,
    rounded,
    word,
)
from evaluation.reports.inputs import Effect, Verdict

SCHOOL_DAYS_PER_YEAR = 200
"""School days of a Danish school year (folkeskoleloven § 14 a), for turning points into days."""

HIDDEN = "Tallet vises ikke af hensyn til elevernes anonymitet."
DOTS = 5
Tone = Literal["fall", "rise", "same", "wait", "unknown"]


@dataclass(frozen=True)
class Answer:
    """One answer of page one: the first sentence can be read alone, the second adds size or uncertainty."""

    question: str
    first: str
    second: str = ""
    tone: Tone = "unknown"
    dots: int | None = None

    @property
    def text(self) -> str:
        """Both sentences."""
        return f"{self.first} {self.second}".strip()


def days(change_pp: float) -> str:
    """A change in points as days per pupil on a whole school year, without direction: ``0,8 dag``.

    From the points as shown, so that a reader who doubles them gets the same.
    """
    size = rounded(abs(rounded(change_pp)) * SCHOOL_DAYS_PER_YEAR / 100)
    if size == 0:
        return f"under 0,1{NBSP}dag"
    return f"{number(size)}{NBSP}{'dag' if size <= 1 else 'dage'}"


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


def development(
    question: str, now: float | None, then: float | None, period: str, is_present: bool = True
) -> Answer:
    """Did the registered absence fall against the same weeks last year?"""
    if now is None:
        if is_present:
            return Answer(question, f"Det kan ikke vises. {HIDDEN}")
        return Answer(question, "Det kan ikke siges: der er ingen registreringer for perioden.")
    if then is None:
        return Answer(
            question,
            f"Det kan ikke siges: der er intet tal at sammenligne med fra {period}.",
            f"I år er {percent(now)} af skoledagene fraværsdage.",
        )
    # The difference of the numbers as shown: a reader who subtracts must get the same.
    change = rounded(rounded(now) - rounded(then))
    levels = f"{percent(now)} af skoledagene mod {percent(then)} i {period}"
    match direction(change):
        case "same":
            return Answer(question, f"Nej, det er uændret: {levels}.", tone="same")
        case "fall":
            return Answer(
                question,
                f"Ja, det er lavere: {levels}.",
                f"Det svarer til {days(change)} mindre fravær pr. elev på et helt skoleår.",
                "fall",
            )
    return Answer(
        question,
        f"Nej, det er højere: {levels}.",
        f"Det svarer til {days(change)} mere fravær pr. elev på et helt skoleår.",
        "rise",
    )


def is_clear(effect: Effect, alpha: float) -> bool:
    """Whether both the interval and the permutation test set the estimate apart from zero."""
    if effect.low is None or effect.high is None:
        return False
    apart = effect.low > 0 or effect.high < 0
    return apart and effect.p_permutation is not None and effect.p_permutation <= alpha


def is_hinted(effect: Effect, alpha: float) -> bool:
    """Whether only one of the two does, or the interval at the protocol's lower level."""
    ends = [(effect.low, effect.high), (effect.low_lower, effect.high_lower)]
    apart = any(a is not None and b is not None and (a > 0 or b < 0) for a, b in ends)
    return apart or (effect.p_permutation is not None and effect.p_permutation <= alpha)


def contrast(question: str, effect: Effect | None, others: str, alpha: float) -> Answer:
    """Is it more than the groups without the programme would make one expect?"""
    if effect is None or effect.status == "not_due":
        reason = (
            f": {effect.note}"
            if effect and effect.note
            else ", for der er endnu ingen hel måned efter samtalerne"
        )
        return Answer(question, f"Det kan endnu ikke beregnes{_ended(reason)}", tone="wait")
    if effect.estimate is None or effect.status != "estimated":
        reason = effect.note or "data kan ikke bære beregningen"
        return Answer(question, f"Det kan ikke beregnes: {_ended(reason)}")
    size = f"{points(effect.estimate)} {{}} end ventet ud fra {others} og sidste år"
    spread = interval(effect.low, effect.high)
    in_days = f"{days(effect.estimate)} pr. elev på et skoleår"
    clear, hinted = is_clear(effect, alpha), is_hinted(effect, alpha)
    match direction(effect.estimate):
        case "same":
            return Answer(
                question, f"Nej, udviklingen er den samme som ventet ud fra {others}.", spread, "same"
            )
        case "fall" if clear:
            first = f"Ja, fraværet er {size.format('lavere')} ({in_days})."
            return Answer(question, first, spread, "fall")
        case "fall" if hinted:
            first = f"Det ser sådan ud, men det er usikkert: fraværet er {size.format('lavere')} ({in_days})."
            return Answer(question, first, spread, "fall")
        case "fall":
            first = f"Det kan tallene ikke afgøre: fraværet er {size.format('lavere')}, men det kan være tilfældigt."
            return Answer(question, first, spread, "same")
        case "rise" if clear:
            first = f"Nej, fraværet er {size.format('højere')} ({in_days})."
            return Answer(question, first, spread, "rise")
    chance = "og det er usikkert" if hinted else "men det kan være tilfældigt"
    return Answer(question, f"Nej, fraværet er {size.format('højere')}, {chance}.", spread, "rise")


def milestone(question: str, verdict: Verdict | None, months: int, units: str, mde: float | None) -> Answer:
    """Is the milestone met? The verdict's own words come first and unchanged."""
    if verdict is None:
        return Answer(question, "Kan ikke vurderes: rundens tabeller har ingen afgørelse.")
    whole = f"{word(months)} hele måneder" if months > 1 else "én hel måned"
    label = capital(verdict.word)
    reason = plain_reason(verdict.reasons)
    spread = interval(verdict.low, verdict.high)
    size = ""
    if verdict.estimate is not None:
        way = {"fall": "lavere end", "rise": "højere end", "same": "det samme som"}[
            direction(verdict.estimate)
        ]
        amount = "" if way == "det samme som" else f"{points(verdict.estimate)} "
        size = f"i de første {whole} efter samtalerne er fraværet {amount}{way} ventet"
    match verdict.word:
        case "kan endnu ikke opgøres":
            if verdict.earliest_on is None:
                return Answer(question, f"{label}.", _sentence(reason), "wait")
            return Answer(
                question,
                f"{label} – tidligst {date(verdict.earliest_on)}, når {units} har {whole} bag sig.",
                tone="wait",
            )
        case "opnået":
            return Answer(question, f"{label}: {size}." if size else f"{label}.", spread, "fall")
        case "tegn på fald, men usikkert":
            return Answer(question, f"{label}: {size}." if size else f"{label}.", spread, "fall")
        case "ikke påvist":
            if verdict.estimate is not None and direction(verdict.estimate) == "rise":
                return Answer(question, f"{label}: {size}.", spread, "rise")
            able = f"Målingen kunne have vist et fald på {points(mde)} eller mere." if mde is not None else ""
            return Answer(question, f"{label}: {size}." if size else f"{label}.", able or spread, "same")
    return Answer(question, f"{label}: {_ended(reason or 'data kan ikke bære en afgørelse')}", spread)


_TEST_TERMS = ("p =", "p-værdi", "permutationstest")
_SEEN = ("Fraværet er faldet ", "Fraværet er steget ", "Fraværet har ændret sig ")


def plain_reason(reasons: tuple[str, ...]) -> str:
    """The first reason a reader without statistics understands; test values never stand on page one.

    The sentence that says what is seen closes the reasons, and is none.
    """
    if not reasons:
        return ""
    plain = [
        r for r in reasons if not r.startswith(_SEEN) and not any(term in r.lower() for term in _TEST_TERMS)
    ]
    return plain[0] if plain else "Der er for få grupper til at skille en ændring fra tilfældige udsving."


def security(
    question: str, verdict: Verdict | None, mde: float | None, baseline: float | None, scope: str
) -> Answer:
    """How sure, and why: the fixed word and dots, then what the design could have seen."""
    dots = verdict.dots if verdict else 0
    label = capital(verdict.certainty) if verdict and verdict.certainty else "Kan ikke vurderes"
    why = verdict.certainty_reasons[0] if verdict and verdict.certainty_reasons else ""
    if mde is None:
        return Answer(question, f"{label}.", _sentence(why), dots=dots)
    share = ""
    if baseline:
        part = mde / baseline
        share = f", cirka {fraction(part)} af fraværet" if part <= 1.05 else ", mere end hele fraværet"
    first = f"{label}: {scope} kan målingen kun opdage ændringer på mindst {points(mde)}{share}."
    return Answer(question, first, "Et mindre fald kan være der uden at kunne ses.", dots=dots)


def dots_text(dots: int) -> str:
    """The dots as read aloud: ``2 af 5 prikker``."""
    return f"{dots} af {DOTS} prikker"


def dots_signs(dots: int) -> str:
    """``●●○○○``."""
    return "●" * dots + "○" * (DOTS - dots)


def regression_to_mean(naive: float | None, expected: float | None, estimate: float | None) -> str:
    """Why a fall among pupils chosen for high absence is not evidence alone."""
    if naive is None:
        return HIDDEN
    fell = f"Fraværet blandt de udvalgte elever er {_moved(naive)}"
    if expected is None:
        return f"{fell}. Hvor meget der ville være faldet af sig selv, kan ikke beregnes."
    alone = f"Elever, der vælges, fordi deres fravær er højt, vil i gennemsnit falde {points(expected)} af sig selv"
    if estimate is None:
        return f"{fell}. {alone}; resten kan ikke beregnes."
    match direction(estimate):
        case "same":
            rest = "Mod lige så høje elever uden samtaler er der ingen forskel"
        case "fall":
            rest = f"Mod lige så høje elever uden samtaler er fraværet {points(estimate)} lavere"
        case _:
            rest = f"Mod lige så høje elever uden samtaler er fraværet {points(estimate)} højere"
    return f"{fell}. {alone}. {rest}."


def changed(before: float | None, after: float | None) -> str:
    """A number between two rounds: ``fra 6,8 til 6,1`` or what else can be said."""
    if before is None or after is None:
        return "kan ikke sammenlignes"
    if rounded(before) == rounded(after):
        return f"uændret {number(after)}"
    return f"fra {number(before)} til {number(after)}"


def groups(names: list[str]) -> str:
    """Group names in a sentence, shared endings said once: ``1. og 8. årgang``."""
    endings = {n.split(" ", 1)[1] for n in names if " " in n}
    if len(names) > 1 and len(endings) == 1 and all(" " in n for n in names):
        return f"{join(n.split(' ', 1)[0] for n in names)} {endings.pop()}"
    return join(names)


def _moved(change: float) -> str:
    match direction(change):
        case "same":
            return "uændret"
        case "fall":
            return f"faldet {points(change)}"
    return f"steget {points(change)}"


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _sentence(text: str) -> str:
    return _ended(capital(text)) if text else ""
