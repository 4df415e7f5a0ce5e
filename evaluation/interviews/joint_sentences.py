"""The joint display's Danish sentences, made by rule from counts and figures; which relation holds is decided elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from evaluation.interviews.signs import Sign

Relation = Literal["bekræfter", "udvider", "modsiger", "tavs"]
RELATIONS: tuple[Relation, ...] = ("bekræfter", "udvider", "modsiger", "tavs")

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


def qual_summary(said: Mapping[str, Any], says: str) -> str:
    """Danish sentences: how many sources, which way, what most of them speak of, and what speaks otherwise."""
    total = int(said.get("sources_total", 0))
    if says == "tavs":
        return f"Ingen af de {total} kilder taler om dette." if total else "Der er ingen interviews endnu."
    if says == "få":
        return "Kun få kilder taler om det, så det vises ikke, hvad de siger."
    sources = int(said["sources"])
    pro, con, both = (int(said[f"sources_{name}"]) for name in ("for", "against", "both"))
    sentences = [f"{sources} af {total} {_sources(total)} taler om det"]
    sides = [
        f"{n} {what}"
        for n, what in ((pro, "bekræftende"), (con, "afvisende"), (both, "både for og imod"))
        if n
    ]
    sentences[0] += f": {', '.join(sides)}." if sides else "."
    if int(said.get("top_sources", 0)) >= MIN_SOURCES:
        sentences.append(f"Oftest nævnt: »{said['top_name']}« ({int(said['top_sources'])}).")
    if not sides:
        sentences.append("Ingen af dem siger, om tegnet er der.")
    elif con == 0 and both == 0:
        sentences.append("Ingen taler imod.")
    other = int(said.get("sources_other_explanation", 0))
    if other:
        sentences.append(f"{other} peger på en anden forklaring.")
    return " ".join(sentences)


def reading_of(
    sign: Sign,
    relation: Relation,
    quant: str,
    qual: str,
    said: Mapping[str, Any],
    override: Override | None,
    *,
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
        }.get(qual, "Det, kilderne fortæller, kan hverken be- eller afkræftes af tallene.")
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
        "delt": "kilderne er delte" if _sides(said) else "kilderne fortæller om det uden at tage stilling",
        "tavs": "ingen kilder taler om det",
        "få": "for få kilder taler om det til, at deres svar kan vises",
    }[qual]
    is_turn = relation in ("modsiger", "tavs") or (quant == "ukendt" and qual == "for")
    joiner = "men" if is_turn or (quant != "ukendt" and qual == "få") else "og"
    text = f"{numbers}, {joiner} {words}."
    if qual == "få":
        return text
    text += {
        "bekræfter": " Tal og interviews støtter hinanden.",
        "modsiger": " Forskellen bør drøftes: hvem er spurgt, og hvad ser registreringen ikke?",
        "udvider": " Interviewene fortæller noget, tallene ikke gør.",
        "tavs": " Interviewene kan hverken støtte eller svække tallene.",
    }[relation]
    if int(said.get("sources_other_explanation", 0)):
        text += " Andre forklaringer er nævnt og kan ikke udelukkes."
    if not is_quoted and qual != "tavs":
        text += " Der er intet godkendt citat."
    return text


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


def _sources(count: int) -> str:
    return "kilde" if count == 1 else "kilder"
