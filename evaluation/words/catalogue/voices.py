"""What interviews say of a sign: how many speak of it, and which way."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from evaluation.words.audience import Reach
from evaluation.words.statement import Clauses, Code, Sentence, sentence
from evaluation.words.values import Persons


class Relation(StrEnum):
    """How words and numbers of a sign relate, as it stands in tables and in an analyst's own reading."""

    CONFIRMS = "bekræfter"
    EXTENDS = "udvider"
    CONTRADICTS = "modsiger"
    SILENT = "tavs"


class Side(Code):
    """One side of a division, as a clause."""

    FOR = "for"
    AGAINST = "against"
    BOTH = "both"
    NEITHER = "neither"


class Said(Code):
    """Sentences about a sign."""

    NOBODY = "nobody"
    NOT_YET = "not_yet"
    FEW = "few"
    UNTOLD = "untold"
    SPEAK = "speak"
    SPEAK_OF_ALL = "speak_of_all"
    DIVIDED = "divided"
    PUPILS_YES = "pupils_yes"
    PUPILS_NO = "pupils_no"
    NO_SIDE = "no_side"
    NOBODY_AGAINST = "nobody_against"
    OTHER_CAUSE = "other_cause"


_P = Reach.PUBLIC

SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Side: {
        Side.FOR: sentence("{n} bekræftende", _P, n=Persons),
        Side.AGAINST: sentence("{n} afvisende", _P, n=Persons),
        Side.BOTH: sentence("{n} både for og imod", _P, n=Persons),
        Side.NEITHER: sentence("{n} neutralt eller uden oplyst retning", _P, n=Persons),
    },
    Said: {
        Said.NOBODY: sentence("Ingen af de {all} kilder taler om dette.", _P, all=Persons),
        Said.NOT_YET: sentence("Der er ingen interviews endnu.", _P),
        Said.FEW: sentence("Kun få kilder taler om det, så det vises ikke, hvad de siger.", _P),
        Said.UNTOLD: sentence("Det vises ikke, hvor mange kilder der taler om det.", _P),
        Said.SPEAK: sentence("{sources:kilde|kilder} taler om det.", _P, sources=Persons),
        Said.SPEAK_OF_ALL: sentence(
            "{sources} af {all:kilde|kilder} taler om det.", _P, sources=Persons, all=Persons
        ),
        Said.DIVIDED: sentence(
            "{sources} af {all:kilde|kilder} taler om det: {sides}.",
            _P,
            sources=Persons,
            all=Persons,
            sides=Clauses,
        ),
        Said.PUPILS_YES: sentence("De fleste elever oplever det, og de fleste voksne oplever det ikke.", _P),
        Said.PUPILS_NO: sentence("De fleste elever oplever det ikke, og de fleste voksne oplever det.", _P),
        Said.NO_SIDE: sentence("For ingen af dem er det oplyst, om det er lykkedes.", _P),
        Said.NOBODY_AGAINST: sentence("Ingen taler imod.", _P),
        Said.OTHER_CAUSE: sentence("{sources} peger på en anden forklaring.", _P, sources=Persons),
    },
}
