"""Whether words on consent are a plain yes, as people write one in a memo or a cell.

A no may be said in any words, a yes in few: here only words that are known may stand beside the yes. A list that is too
short costs one question and lets nobody in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_GIVEN = _words(
    "ja yes ok okay gyldigt givet giver gav afgivet modtaget indhentet underskrevet underskrev skrevet afleveret "
    "foreligger bekræftet accepteret godkendt received obtained given signed"
)
"""Words of which one has to stand in a yes. None of them is about what is still to come."""
_BESIDE = _words(
    "ligger mor mors far fars moren faren forælder forældre forældrene forældremyndighedsindehaver værge plejemor plejefar "
    "begge alle elev eleven elever eleverne barn barnet børn børnene pige pigen dreng drengen selv mother father "
    "parent parents both pupil fra af til ved for og har er blev der det den i på under vi jeg hun han de orden "
    "plads skriftligt mundtligt underskrift papir mail aula brev mappe mappen skab skabet dato d kl interview "
    "interviewet interviews samtale samtalen deltagelse deltage undersøgelsen evalueringen from by the has have is "
    "was were in and on file deltager"
)
_NEGATING = _words(
    "ikke nej ingen intet aldrig uden men dog kun bortset undtagen undtaget medmindre hvis indtil mangler manglende "
    "alligevel afslag afviser afvist stop stopper not no never none without but only except unless until missing "
    "however dont don"
)
"""Beside a yes, in another sentence of the note, these may take it back."""
_CONSENT = re.compile(
    r"(?:forældre|elev)?samtykke(?:t|erklæring(?:en)?|seddel|sedlen|blanket(?:ten)?|formular(?:en)?)?|consent(?: form)?"
)
_MONTHS = r"(?:jan|feb|mar|apr|maj|may|jun|jul|aug|sep|okt|oct|nov|dec)[a-z]*\.?"
_DAY = re.compile(
    r"(?<=[\w.] )(?:\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?|\d{4}-\d\d-\d\d|\d{1,2}\. ?"
    + _MONTHS
    + r"(?: \d{4})?)"
    r"(?=\s*(?:$|[,(:)]|\b(?:fra|og|kl|via|på|from|and)\b))"
)
"""A day stands behind a word, and nothing that can be counted behind it: ``2/3 forældre`` is none."""
_NAME = re.compile(r"\b(fra|af|for|til|from|by)((?: [A-ZÆØÅ][a-zæøå]+){1,3})\b")
_SENTENCE = re.compile(r"(?<!\bd)(?<!\d)(?<!\bkl)\.(?=\s|$)|(?<=\d)\.(?=\s+[A-ZÆØÅ]|$)|[!;]|\n")
_LABEL = re.compile(r"^(\w*\d):\s", re.M)
"""An interview's name before what is said of it."""
_WORD = re.compile(r"[^\W_]+")


def is_plain_yes(text: str, may_refuse: Callable[[str], bool]) -> bool:
    """Whether each of a note's sentences that ``may_refuse``, and at least one does, is a yes in known words alone.

    Its other sentences may say anything, but not what may take a yes back; a question is no yes.
    """
    sentences = _sentences(text)
    spoken = [s for s in sentences if may_refuse(s)]
    beside = [s for s in sentences if s not in spoken]
    return (
        "?" not in text
        and bool(spoken)
        and all(_is_yes(s) for s in spoken)
        and not any(_NEGATING.intersection(_WORD.findall(s.casefold())) for s in beside)
    )


def is_yes_answer(text: str) -> bool:
    """Whether the answer to a question on consent is a yes in known words alone (``ja, fra mor 12/11``)."""
    return "?" not in text and bool(sentences := _sentences(text)) and all(map(_is_yes, sentences))


def _sentences(text: str) -> list[str]:
    # "12. nov" ends no sentence.
    whole = re.sub(r"(\d|\bd|\bkl)\. ?(?=[a-z\d])", r"\1. ", unicodedata.normalize("NFC", text))
    whole = _LABEL.sub(r"\1\n", whole)
    return [" ".join(s.split()) for s in _SENTENCE.split(whole) if _WORD.search(s)]


def _is_yes(sentence: str) -> bool:
    without_days = _DAY.sub("", sentence)
    without_names = _NAME.sub(_preposition, without_days)
    words = _WORD.findall(without_names.casefold())
    is_question = words[:1] and words[0] in ("har", "er", "has", "have", "is", "was", "were")
    return (
        not is_question
        and bool(_GIVEN.intersection(words))
        and all(word in _GIVEN or word in _BESIDE or _CONSENT.fullmatch(word) for word in words)
    )


def _preposition(found: re.Match[str]) -> str:
    """Without a name; a word with a capital letter that may be a no stays."""
    is_no = _NEGATING.intersection(found[2].casefold().split())
    return found[0] if is_no else found[1]
