"""What columns of published tables hold, and how they leave: the data dictionary's words."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.audience import Reach
from evaluation.words.statement import Code, Sentence, sentence


class Content(Code):
    """What a column holds."""

    PEOPLE = "people"
    DAYS = "days"
    RATE = "rate"
    ESTIMATE = "estimate"
    NUMBER = "number"
    COUNT = "count"
    DATE = "date"
    CODE = "code"
    FLAG = "flag"
    SENTENCE = "sentence"
    WORDS = "words"


class Leaving(Code):
    """Under which rule it leaves."""

    OPEN = "open"
    PRINTED = "printed"
    FROM = "from"
    STEPPED = "stepped"
    FEW = "few"
    MODEL = "model"
    TOLD = "told"
    SCANNED = "scanned"
    INSIDE = "inside"


_SAID: Mapping[Code, str] = {
    Content.PEOPLE: "antal mennesker",
    Content.DAYS: "dage",
    Content.RATE: "andel",
    Content.ESTIMATE: "estimat",
    Content.NUMBER: "tal",
    Content.COUNT: "antal, ikke mennesker",
    Content.DATE: "dato",
    Content.CODE: "kode eller navn",
    Content.FLAG: "ja eller nej",
    Content.SENTENCE: "sætning",
    Content.WORDS: "ord, mennesker har skrevet",
    Leaving.OPEN: "står i planen eller programmet",
    Leaving.PRINTED: "kun de tal, diskretionskontrollen viser",
    Leaving.FROM: "kun hvor de tal, det er lavet af, vises",
    Leaving.STEPPED: "afrundet",
    Leaving.FEW: "kun fra grænsen og op",
    Leaving.MODEL: "modeltal; ikke for grupper under grænsen",
    Leaving.TOLD: "uden antal under grænsen",
    Leaving.SCANNED: "gennemset for navne og numre",
    Leaving.INSIDE: "vises aldrig",
}

SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    kind: {code: sentence(_SAID[code], Reach.PUBLIC) for code in kind} for kind in (Content, Leaving)
}
