"""The words exports use: what a column or a code probably is. Only proposals are made from them, never readings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evaluation.door.values import clean

DATE_FORMATS = (
    ("excel", "excel"), ("dd-mm-yyyy", "%d-%m-%Y"), ("dd.mm.yyyy", "%d.%m.%Y"), ("dd/mm/yyyy", "%d/%m/%Y"),
    ("yyyy-mm-dd", "%Y-%m-%d"), ("dd-mm-yy", "%d-%m-%y"), ("dd/mm/yy", "%d/%m/%y"), ("dd.mm.yy", "%d.%m.%y"),
    ("d/m-yyyy", "%d/%m-%Y"), ("d/m-yy", "%d/%m-%y"), ("d/m yyyy", "%d/%m %Y"), ("d. m. yyyy", "%d. %m. %Y"),
    ("yyyy/mm/dd", "%Y/%m/%d"), ("yyyy.mm.dd", "%Y.%m.%d"), ("yy-mm-dd", "%y-%m-%d"),
    ("dd-mm-yyyy hh:mm:ss", "%d-%m-%Y %H:%M:%S"), ("dd-mm-yyyy hh:mm", "%d-%m-%Y %H:%M"),
    ("dd/mm/yyyy hh:mm:ss", "%d/%m/%Y %H:%M:%S"), ("dd/mm/yyyy hh:mm", "%d/%m/%Y %H:%M"),
    ("dd.mm.yyyy hh:mm:ss", "%d.%m.%Y %H:%M:%S"), ("dd.mm.yyyy hh:mm", "%d.%m.%Y %H:%M"),
    ("yyyy-mm-dd hh:mm:ss", "%Y-%m-%d %H:%M:%S"), ("yyyy-mm-dd hh:mm", "%Y-%m-%d %H:%M"), ("iso", "iso"),
    ("d. mmmm yyyy", "%d. %B %Y"), ("d mmmm yyyy", "%d %B %Y"), ("dd-mmm-yyyy", "%d-%B-%Y"), ("dd-mmm-yy", "%d-%B-%y"),
    ("d. mmm yy", "%d. %B %y"), ("dd/mmm/yyyy", "%d/%B/%Y"), ("mmmm d yyyy", "%B %d %Y"), ("mmmm d, yyyy", "%B %d, %Y"),
    ("yyyymmdd", "%Y%m%d"), ("ddmmyyyy", "%d%m%Y"), ("mmddyyyy", "%m%d%Y"),
    ("mm/dd/yyyy", "%m/%d/%Y"), ("mm-dd-yyyy", "%m-%d-%Y"), ("mm.dd.yyyy", "%m.%d.%Y"), ("mm/dd/yy", "%m/%d/%y"),
    ("mm-dd-yy", "%m-%d-%y"), ("mm.dd.yy", "%m.%d.%y"), ("mm/dd/yyyy hh:mm", "%m/%d/%Y %H:%M"),
    ("mm/dd/yyyy hh:mm:ss", "%m/%d/%Y %H:%M:%S"),
)  # fmt: skip
"""Ways of writing a date, as a mapping writes them and as they are read, the likeliest first."""
CPR_HEADINGS = ("cpr", "cpr nr", "cprnr", "cpr nummer", "cprnummer", "personnummer", "personnr", "person nr", "elev cpr",
                "civil registration number")  # fmt: skip
HEADINGS: dict[str, tuple[str, ...]] = {
    "pupil": (*CPR_HEADINGS, "elevid", "elev id", "elevnr", "elevnummer", "uni login", "unilogin", "brugernavn",
              "student unique id"),
    "class": ("klasse", "stamklasse", "klassenavn", "klassebetegnelse", "hold", "class"),
    "grade": ("klassetrin", "årgang", "trin", "grade"),
    "school": ("skole", "skolekode", "institution", "institutionsnummer", "institutionsnr", "skolenavn", "school",
               "school id", "institution number"),
    "from": ("fra", "startdato", "start", "fra dato", "første dag", "første fraværsdag", "indmeldt", "from"),
    "to": ("til", "slutdato", "slut", "til dato", "sidste dag", "sidste fraværsdag", "udmeldt", "to", "end"),
    "date": ("dato", "fraværsdato", "dag", "date", "event date", "samtaledato", "dato for samtale", "afholdt den"),
    "type": ("kategori", "fraværskategori", "fraværstype", "fraværskode", "kode", "type", "fraværsårsag",
             "årsag til fravær", "årsag", "årsagskode", "fravær kode", "fravær type", "absence type", "reason",
             "attendance event category descriptor"),
    "half_day": ("halv dag", "omfang", "andel", "halvdag", "hel halv", "hel eller halv"),
    "week": ("uge", "week commencing", "ugenr", "uge nr", "ugenummer", "week"),
    "month": ("måned", "month"),
    "quarter": ("kvartal", "quarter"),
    "year": ("år", "year", "kalenderår"),
    "school_year": ("skoleår", "school year"),
    "school_days": ("skoledage", "mulige dage", "undervisningsdage", "mulige fremmødedage"),
    "pupils": ("elever", "antal elever", "elevtal"),
    "purpose": ("formål",),
    "answer": ("svar", "samtykke"),
    "given_on": ("afgivet", "afgivet den", "givet", "givet den", "dato for samtykke", "samtykkedato", "given on"),
    "withdrawn_on": ("trukket tilbage", "trukket tilbage den", "tilbagetrukket", "tilbagekaldt", "withdrawn on"),
    "holder": ("indehaver", "forældremyndighedsindehaver", "forælder", "forældre", "underskriver"),
    "status": ("status", "afholdt", "gennemført", "samtale afholdt", "samtalestatus"),
    "kind": ("art", "samtaletype"),
    "local_id": ("elevid", "elev id", "elevnr"),
}  # fmt: skip
"""Our column → headings, as :func:`heading` tidies them; the first that is there counts."""
NOTED_BY = ("sundhedsplejerske", "registreret af", "oprettet af", "indberettet af", "ændret af", "noteret af", "lærer",
            "klasselærer", "kontaktlærer", "kontaktperson", "teacher")  # fmt: skip
"""Headings of who noted something, or whom to ask."""
ATTRIBUTES = ("køn", "skole", "skolenavn", "institutionsnavn", "afdeling", "telefon", "mobil", "adresse", "postnr", "by",
              "kommune", "gender", "spor", "klassespor")  # fmt: skip
"""Headings of what describes a pupil or a school."""
STAMPS = ("oprettet", "oprettet den", "oprettelsesdato", "registreret", "registreret den", "registreringsdato",
          "indberettet", "indberettet den", "noteret den", "ændret", "ændret den", "sidst ændret", "opdateret",
          "sidst opdateret", "fødselsdato", "født", "created", "modified", "birthdate",
          "date of birth")  # fmt: skip
"""Headings of when something was noted, and of birthdays."""
NAME_HEADINGS = ("elev", "navn", "elevnavn", "elevens navn", "barn", "fulde navn", "name")
HALVES = (("formiddag", "eftermiddag"), ("fm", "em"), ("1 registrering", "2 registrering"), ("am", "pm"))
"""Headings of the two halves of a day."""
LENGTHS = ("antal dage", "antal fraværsdage", "varighed", "varighed dage", "længde")
"""Headings that tell how long an absence was."""
LESSONS = ("lektion", "lektioner", "lektionsnr", "time", "modul", "lesson")
"""Headings that tell one line per lesson."""
FIRST_NAMES = ("fornavn", "fornavne", "forename", "first name", "given name")
LAST_NAMES = ("efternavn", "surname", "last name", "family name")
TYPE_WORDS = {
    "sick": ("syg", "syge", "sygdom", "sygefravær", "sygemeldt", "sygemelding", "illness", "sick", "s"),
    "permitted": ("tilladelse", "tilladt", "frihed", "ferie", "fri", "lov", "lovlig", "lovlige", "lovligt", "ekstraordinær",
                  "ekstraordinært", "leave", "holiday", "authorised"),
    "unlawful": ("ulov", "ulovlig", "ulovlige", "ulovligt", "bekymrende", "pjæk", "truancy", "unauthorised", "u"),
}  # fmt: skip
"""Words that name a type. One letter does only where no system is known to use it for something else."""
PRESENT = ("til stede", "tilstede", "fremmødt", "present")
"""Words of a pupil who was there."""
HALF = ("halv", "½", "halvdag", "halv dag", "1/2", "halve", "half")
WHOLE = ("hel", "heldag", "hel dag", "hele", "hele dagen", "fuld", "fuld dag", "full", "whole")
"""Words of half a day and of a whole one, wherever they stand."""
HALF_HEADINGS = ("halv dag", "halvdag", "half day")
"""Headings of a column that marks half days: a yes or a cross in it is a half."""
UNITS = {
    "minutes": ("minutter", "minut", "min", "minuttal", "minutes"),
    "hours": ("timer", "timetal", "timeantal", "hours", "tim"),
    "lessons": ("lektioner", "lektionstal", "moduler", "lessons"),
    "days": ("dage", "dag", "days", "dagstal"),
}
"""Ends of words in a heading that tell a unit."""
ENGLISH = frozenset({
    "class", "grade", "school", "from", "to", "end", "date", "reason", "pupil", "student", "surname", "forename", "name",
    "absence", "week", "month", "year", "mark", "absence type", "week commencing", "first name", "last name",
    "start date", "end date", "birth date", "civil registration number", "upn",
})  # fmt: skip
"""Headings that only an English export has."""
CHOICES = {
    "answer": {"ja": "yes", "nej": "no", "yes": "yes", "no": "no"},
    "kind": {
        "samtale": "talk",
        "opfølgning": "follow_up",
        "opfølgende samtale": "follow_up",
        "opfølgningssamtale": "follow_up",
    },
    "status": {
        "planlagt": "planned",
        "udskudt": "planned",
        "afholdt": "held",
        "gennemført": "held",
        "aflyst": "cancelled",
        "udeblevet": "cancelled",
    },
}
SUMMARY = re.compile(r'^[\s"]*(?:i\s?alt|total|sum|gennemsnit|hele skolen)\b', re.IGNORECASE)
"""How a line of totals under the rows begins."""


_PATH = re.compile(r"(?=.*(?:[./@]|^[a-z]).*[a-z][A-Z])(?:\.\./|/|@)*[A-Za-z]\w*(?:[./]@?[A-Za-z]\w*)*")
"""Names of fields in JSON and XML: ``eventDate``, ``Person/FirstName``."""


def steps_of(text: str) -> list[str]:
    """The names of a path in JSON or XML; the text itself where it is none."""
    is_path = _PATH.fullmatch(text) or re.fullmatch(r"(?:\.\./|/|\w+/@|@).+", text)
    return [step for step in re.split(r"[./@]", text) if step] if is_path else [text]


def heading(text: str) -> str:
    """A heading as it is compared: casefolded, without punctuation, with Danish letters where they were written in two.

    Of a path of names (``studentReference.studentUniqueId``, ``Person/FirstName``) the last, word by word.
    """
    if _PATH.fullmatch(text) or steps_of(text) != [text]:
        text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", steps_of(text)[-1])
    tidy = clean(re.sub(r"[.:_\-/*]+", " ", text)).casefold()
    return tidy.replace("ae", "æ").replace("oe", "ø").replace("aa", "å")


_ABSENCE, _SORT = (
    ("fravær", "absence"),
    ("kode", "code", "type", "årsag", "grund", "kategori", "category", "art", "reason"),
)


def with_places(header: Sequence[str]) -> tuple[str, ...]:
    """The headings of a file, each column by a name of its own: a column without a heading by its place in the file."""
    return tuple(h or f"(kolonne {at})" for at, h in enumerate(header, start=1))


def is_of_absence(text: str) -> bool:
    """Does a heading tell of what sort an absence is, in one word or several (``Fraværsgrund``, ``ABSENCE_KODE``)?"""
    tidy = heading(text)
    return tidy.startswith(_ABSENCE) and tidy.endswith(_SORT)


def is_percent(text: str) -> bool:
    """Does a heading tell of percentages?"""
    return "%" in text or bool({"procent", "pct", "fraværsprocent"} & set(heading(text).split()))


@dataclass(frozen=True)
class Named:
    """What a heading or a code says when every word is understood: a type, a unit, and whether it counts up to a day."""

    kind: str
    unit: str | None = None
    is_running: bool = False


_KINDS = {word: kind for kind, words in TYPE_WORDS.items() for word in words}
_COUNTED = {
    "days": ("dag", "dage", "days"),
    "sessions": ("halvdag", "halvdage", "halve dage"),
    "hours": ("timer", "hours"),
    "lessons": ("lektioner", "lessons", "moduler"),
    "minutes": ("minutter", "minutes"),
}
_UNIT_OF = {word: unit for unit, words in _COUNTED.items() for word in words}
_BESIDE = frozenset({"", "fravær", "absence", "med", "på", "grund", "af", "antal"})
"""Words that change nothing of what the others say."""
_RUNNING = ("til dato", "til og med dato", "to date")


def named(text: str) -> Named | None:
    """What a text names, when it names one type and every word of it is known; None when a word is left over.

    ``Sygedage`` and ``Fravær med tilladelse`` are understood; ``heraf sygdom``, ``Lovpligtige skoledage``,
    ``Sygedage pr. elev`` and ``Syg, halv dag`` say something more, and are not.
    """
    tidy = heading(re.sub(r"[,()]", " ", text))
    running = next((r for r in _RUNNING if tidy.endswith(f" {r}")), "")
    words = [
        m for w in tidy.removesuffix(running).replace("halve dage", "halvdage").split() for m in _morphemes(w)
    ]
    kinds = {_KINDS[w] for w in words if w in _KINDS}
    units = {_UNIT_OF[w] for w in words if w in _UNIT_OF}
    if len(kinds) != 1 or len(units) > 1 or any(w not in (*_KINDS, *_UNIT_OF, *_BESIDE) for w in words):
        return None
    return Named(kinds.pop(), units.pop() if units else None, bool(running))


def _morphemes(word: str) -> tuple[str, ...]:
    """A compound of a type or of absence and what is counted, in its two parts (``frihedsdage``); else the word itself."""
    for end in _UNIT_OF:
        first = word.removesuffix(end)
        for bare in (first, first.removesuffix("s")):
            if first != word and len(bare) > 1 and (bare in _KINDS or bare == "fravær"):
                # A free lesson is none of absence.
                return (word,) if bare == "fri" and _UNIT_OF[end] != "days" else (bare, end)
    return (word,)


def exact_type_of(code: str) -> str | None:
    """The type a code names when every word of it is known, so that nothing it adds is passed over (``Syg, halv dag``)."""
    found = named(code)
    return found.kind if found and found.unit in (None, "days") and not found.is_running else None
