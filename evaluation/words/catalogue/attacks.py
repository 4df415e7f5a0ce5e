"""What the attack on everything that leaves finds, by kind. A finding names a place, never a value."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.audience import Reach
from evaluation.words.statement import Code, Sentence, sentence
from evaluation.words.values import Count, Filed, Name


class Leak(Code):
    """What a file gives away."""

    UNDECLARED = "undeclared"
    UNREADABLE = "unreadable"
    WORKED_OUT = "worked_out"
    UNMARKED = "unmarked"
    CONTRADICTION = "contradiction"
    FEW_TOLD = "few_told"
    EMPTY_BY_CHANCE = "empty_by_chance"
    COLUMN = "column"
    SMALL_CHANGE = "small_change"
    PERSON = "person"
    PROPERTY = "property"
    ELSEWHERE = "elsewhere"
    COUNT = "count"


class Attacked(Code):
    """How an attack ended."""

    PASSED = "passed"
    WIDTH = "width"
    FOUND = "found"


_PLACE: Mapping[Leak, str] = {
    Leak.UNDECLARED: "{file}: {where} er ikke meldt til porten; meld det, eller lad det blive inde.",
    Leak.UNREADABLE: "{file}: {where} kan ikke læses af angrebet; det, der ikke kan læses, må ikke ud.",
    Leak.WORKED_OUT: "{file}: det skjulte tal {where} kan regnes ud af det viste.",
    Leak.UNMARKED: "{file}: et tal uden navn ({where}).",
    Leak.CONTRADICTION: "{file}: {where} står med to forskellige tal, eller vist ét sted og skjult et andet.",
    Leak.FEW_TOLD: "{file}: {where} fortæller om færre elever end grænsen.",
    Leak.EMPTY_BY_CHANCE: "{file}: {where} kaldes umulig, men er kun tom i år.",
    Leak.COLUMN: "{file}: kolonnen {where} holder ikke sin regel.",
    Leak.SMALL_CHANGE: "{file}: {where} er ændret med nogle få siden en tidligere runde.",
    Leak.PERSON: "{file}: {where} peger på en person.",
    Leak.PROPERTY: "{file}: dokumentegenskaben {where} hører ikke hjemme i en udgivet fil.",
    Leak.ELSEWHERE: "{file}: {where} siger andet end de sider og tabeller, der er angrebet.",
    Leak.COUNT: "{file}: {where} er et antal, som ingen har meldt.",
}

SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Leak: {code: sentence(text, Reach.ANALYST, file=Filed, where=Name) for code, text in _PLACE.items()},
    Attacked: {
        Attacked.PASSED: sentence(
            "Angrebet læste {files:fil|filer} og {numbers} tal og fandt intet: de {hidden} skjulte tal kan ikke regnes ud.",
            Reach.ANALYST,
            files=Count,
            numbers=Count,
            hidden=Count,
        ),
        Attacked.WIDTH: sentence(
            "Det snævreste skjulte antal kan være {width} forskellige tal.", Reach.ANALYST, width=Count
        ),
        Attacked.FOUND: sentence(
            "Angrebet på det, der skal ud, fandt {places:sted|steder}. Intet må gå ud.",
            Reach.ANALYST,
            places=Count,
        ),
    },
}
