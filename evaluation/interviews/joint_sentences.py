"""The joint display's Danish sentences, made by rule from counts and figures; which relation holds is decided elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.interviews.signs import GROUPS, Sign, are_groups_opposed, direction_of
from evaluation.words import Clauses, Persons, Statement, say
from evaluation.words.catalogue.voices import Relation, Said, Side

RELATIONS = tuple(Relation)

MIN_SOURCES = 2
"""One source alone takes no side: it extends the picture but neither confirms nor contradicts."""

INTERVIEWS_ONLY = (
    "Ufrivilligt fravær er ikke en registreringstype; "
    "tegnet læses kun ud af interviewene, ikke af fraværstallene."
)


@dataclass(frozen=True, slots=True)
class Override:
    """An analyst's own reading of a sign; the reason is required and is printed beside it."""

    sign_id: str
    relation: Relation
    reason: str


def quant_text(row: Mapping[str, Any] | None, says: str) -> str:
    """The indicator's own sentence, or verdict and figure in percentage points; no figure while it cannot tell."""
    if row is None:
        return "Der er ingen tal for dette tegn."
    if text := text_of(row.get("text")):
        return text
    verdict = text_of(row.get("verdict"))
    estimate, low, high = (number_of(row, name) for name in ("estimate_pp", "ci_low_pp", "ci_high_pp"))
    number = ""
    if not math.isnan(estimate) and says != "ukendt":
        number = f"{_points(estimate)} procentpoint"
        if not math.isnan(low) and not math.isnan(high):
            number += f" (mellem {_points(low)} og {_points(high)})"
    parts = [part for part in (verdict[:1].upper() + verdict[1:], number) if part]
    return ": ".join(parts) + "." if parts else "Tallene kan endnu ikke bruges."


def said_of(said: Mapping[str, Any], says: str, fewest_told: int = 1) -> tuple[Statement, ...]:
    """How many sources speak of a sign, which way, and what speaks otherwise."""
    total = Persons(int(said.get("sources_total", 0)))
    if says == "tavs":
        return (say(Said.NOBODY, all=total) if total else say(Said.NOT_YET),)
    if says == "få":
        return (say(Said.FEW),)
    counts = {"sources": Persons(int(said["sources"])), "all": total}
    pro, con, both, neither = (
        Persons(int(said[f"sources_{n}"])) for n in ("for", "against", "both", "context")
    )
    sides = [say(side, n=n) for n, side in ((pro, Side.FOR), (con, Side.AGAINST), (both, Side.BOTH)) if n]
    if sides and neither:
        sides.append(say(Side.NEITHER, n=neither))
    found = [
        say(Said.DIVIDED, sides=Clauses(tuple(sides)), **counts)
        if sides
        else say(Said.SPEAK_OF_ALL, **counts)
    ]
    if (opposed := _opposed(said, fewest_told)) is not None:
        found.append(say(opposed))
    if not sides:
        found.append(say(Said.NO_SIDE))
    elif not con and not both and not said.get("is_doubted", False):
        found.append(say(Said.NOBODY_AGAINST))
    if other := Persons(int(said.get("sources_other_explanation", 0))):
        found.append(say(Said.OTHER_CAUSE, sources=other))
    return tuple(found)


def reading_of(
    sign: Sign,
    relation: Relation,
    quant: str,
    qual: str,
    said: Mapping[str, Any],
    override: Override | None,
    *,
    fewest_told: int = 1,
    is_quoted: bool,
    has_number: bool,
) -> str:
    """Combined reading in Danish; an override says that it is one, and why."""
    if override is not None:
        text = f"Analytikeren læser tegnet som »{relation}«. Begrundelse: {override.reason.rstrip('.')}."
        return f"{INTERVIEWS_ONLY} {text}" if sign.is_interviews_only else text
    if sign.is_interviews_only:
        tail = {
            "tavs": "Ingen kilder taler om det; derfor kan der ikke siges noget om tegnet.",
            "få": "For få kilder taler om det til, at der kan siges noget om tegnet.",
            "for": f"De fleste kilder, der taler om det, oplever, at det bliver bedre. {_UNTESTED}",
            "imod": f"De fleste kilder, der taler om det, oplever ikke, at det bliver bedre. {_UNTESTED}",
        }.get(qual, f"{capitalised(_divided(said, fewest_told))}. {_UNTESTED}")
        return f"{INTERVIEWS_ONLY} {tail}"
    numbers = {
        "for": "Tallene peger i tegnets retning",
        "imod": "Tallene peger imod tegnet",
        "ingen": "Tallene viser ingen ændring",
        "ukendt": "Tallene kan ikke afgøre det endnu" if has_number else "Der er ingen tal for tegnet",
    }[quant]
    words = {
        "for": "de fleste kilder, der taler om det, oplever det samme"
        if quant == "for"
        else "de fleste kilder, der taler om det, oplever tegnet",
        "imod": "de fleste kilder, der taler om det, oplever det ikke",
        "delt": _divided(said, fewest_told),
        "tavs": "ingen kilder taler om det",
        "få": "for få kilder taler om det til, at deres svar kan vises",
    }[qual]
    is_open = quant == "ukendt"
    is_turn = relation is Relation.CONTRADICTS or (qual == "for" if is_open else qual == "tavs")
    joiner = "men" if is_turn or (not is_open and qual == "få") else "og"
    text = f"{numbers}, {joiner} {words}."
    if qual == "få" or (qual == "tavs" and not has_number):
        return text
    text += {
        Relation.CONFIRMS: " Tal og interviews støtter hinanden.",
        Relation.CONTRADICTS: " Forskellen bør drøftes: hvem er spurgt, og hvad ser registreringen ikke?",
        Relation.EXTENDS: " Interviewene fortæller noget, tallene ikke gør.",
        Relation.SILENT: " Interviewene kan hverken støtte eller svække tallene.",
    }[relation]
    if int(said.get("sources_other_explanation", 0)):
        text += " Andre forklaringer er nævnt og kan ikke udelukkes."
    if not is_quoted and qual != "tavs":
        text += " Der er intet godkendt citat."
    return text


_UNTESTED = "Det kan hverken be- eller afkræftes af tallene."


def _divided(said: Mapping[str, Any], fewest_told: int) -> str:
    if not _sides(said):
        return "kilderne fortæller om det, men retningen er neutral eller ikke oplyst"
    if _opposed(said, fewest_told) is not None:
        return "elever og voksne er uenige"
    if _sides(said) < max(fewest_told, MIN_SOURCES):
        return "for få kilder tager stilling til, at det kan vises, hvad de siger"
    alone = [n for n in ("for", "against") if int(said[f"sources_{n}"]) == _sides(said)]
    if not alone:
        is_each = int(said["sources_both"]) == _sides(said)
        return "kilderne siger både for og imod" if is_each else "kilderne er delte"
    says = "oplever det" if alone == ["for"] else "oplever det ikke"
    return f"de kilder, der tager stilling, {says}, men de er ikke flertallet"


def _opposed(said: Mapping[str, Any], fewest_told: int) -> Said | None:
    """Pupils against adults; None where they are not, or where one of the two groups is too small to be told of."""
    if not are_groups_opposed(said, MIN_SOURCES) or any(int(said[g]) < fewest_told for g in GROUPS):
        return None
    return Said.PUPILS_YES if direction_of(said, "pupils", MIN_SOURCES) == "for" else Said.PUPILS_NO


def capitalised(text: str) -> str:
    """With a capital letter."""
    return text[:1].upper() + text[1:]


def _sides(said: Mapping[str, Any]) -> int:
    """Sources that say whether the sign is there, either way."""
    return sum(int(said.get(f"sources_{name}", 0)) for name in ("for", "against", "both"))


def text_of(value: object) -> str:
    """A cell's text; empty for anything else, a missing value included."""
    return value.strip() if isinstance(value, str) else ""


def number_of(row: Mapping[str, Any] | None, name: str) -> float:
    """A cell's number, or ``nan``."""
    value = None if row is None else row.get(name)
    try:
        return float("nan") if value is None else float(value)
    except (TypeError, ValueError):
        return float("nan")


def _points(value: float) -> str:
    return f"{value:.1f}".replace(".", ",").replace("-0,0", "0,0").replace("-", "−")
