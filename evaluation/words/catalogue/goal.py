"""Text for the boxes of the study's own plan: signs, trial, milestones, evaluation in its two forms, learning."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.statement import Code, Sentence
from evaluation.words.statement import public as _s
from evaluation.words.values import Name, On, Persons


class Box(Code):
    """The plan's boxes and what stands around them."""

    PAGE = "page"
    LEAD = "lead"
    SIGNS = "signs"
    TRIAL = "trial"
    MILESTONES = "milestones"
    EVALUATION = "evaluation"
    EVALUATION_NUMBERS = "evaluation_numbers"
    EVALUATION_ANCHORED = "evaluation_anchored"
    LEARNING = "learning"
    FICTITIOUS = "fictitious"


class Goal(Code):
    """Sentences in the boxes."""

    NO_SIGNS = "no_signs"
    BEGUN = "begun"
    NOT_BEGUN = "not_begun"
    PLANNED = "planned"
    HELD_FROM = "held_from"
    ROUND_DONE = "round_done"
    ROUND_LEFT = "round_left"
    DATA_UNTIL = "data_until"
    ANCHORED_NONE = "anchored_none"
    FOR = "for"
    AGAINST = "against"
    LEARNT = "learnt"
    ABOUT_GOING_ON = "about_going_on"
    CITIZENS = "citizens"
    UNEXPECTED = "unexpected"
    FORWARD = "forward"
    SIGN = "sign"


SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Box: {
        Box.PAGE: _s("Tekst til {goal}", goal=Name),
        Box.LEAD: _s("Klar til at sætte ind i felterne. Hver sætning står også i rapporten."),
        Box.SIGNS: _s("Tegn"),
        Box.TRIAL: _s("Prøvehandling"),
        Box.MILESTONES: _s("Milepælsplan"),
        Box.EVALUATION: _s("Evaluering"),
        Box.EVALUATION_NUMBERS: _s("Evaluering: tal"),
        Box.EVALUATION_ANCHORED: _s("Evaluering: forandrede og forankrede indsatser"),
        Box.LEARNING: _s("Læring"),
        Box.FICTITIOUS: _s("Opdigtede data: skoler, elever og tal er fundet på."),
    },
    Goal: {
        Goal.NO_SIGNS: _s("Der er ingen interviews i runden at holde tegnene op imod."),
        Goal.BEGUN: _s("{groups} har haft {programme}.", groups=Name, programme=Name),
        Goal.NOT_BEGUN: _s("Ingen har haft {programme} endnu.", programme=Name),
        Goal.PLANNED: _s("{group}: planlagt {first} til {last}.", group=Name, first=On, last=On),
        Goal.HELD_FROM: _s(
            "{group}: planlagt {first} til {last}; begyndt {held}.", group=Name, first=On, last=On, held=On
        ),
        Goal.ROUND_DONE: _s("{title}: holdt {day}.", title=Name, day=On),
        Goal.ROUND_LEFT: _s("{title}: mangler; planlagt {day}.", title=Name, day=On),
        Goal.DATA_UNTIL: _s("{title}. Data til og med {day}.", title=Name, day=On),
        Goal.ANCHORED_NONE: _s("Skolerne har ikke afleveret skemaer om forankring i runden."),
        Goal.FOR: _s("{choice} – taler for: {said}", choice=Name, said=Name),
        Goal.AGAINST: _s("{choice} – taler imod: {said}", choice=Name, said=Name),
        Goal.LEARNT: _s("{sources:kilde|kilder} fortæller, hvad de har lært.", sources=Persons),
        Goal.ABOUT_GOING_ON: _s(
            "{sources:kilde|kilder} taler om, hvordan arbejdet kan føres videre.", sources=Persons
        ),
        Goal.CITIZENS: _s(
            "{sources:kilde|kilder} gengiver, hvad der er sagt i skolebestyrelser eller blandt forældre.",
            sources=Persons,
        ),
        Goal.UNEXPECTED: _s(
            "{sources:kilde|kilder} fortæller om følger, som ingen havde ventet.", sources=Persons
        ),
        Goal.FORWARD: _s("Sådan bruges læringen: (skrives af dem, der ejer planen)"),
        Goal.SIGN: _s("{sign}: {said} {reading}", sign=Name, said=Name, reading=Name),
    },
}
