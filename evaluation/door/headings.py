"""The words exports use: what a column or a code probably is. Only proposals are made from them, never readings."""

from __future__ import annotations

import re

from evaluation.door.values import clean

DATE_FORMATS = (
    ("excel", "excel"), ("dd-mm-yyyy", "%d-%m-%Y"), ("dd.mm.yyyy", "%d.%m.%Y"), ("dd/mm/yyyy", "%d/%m/%Y"),
    ("yyyy-mm-dd", "%Y-%m-%d"), ("dd-mm-yy", "%d-%m-%y"), ("dd/mm/yy", "%d/%m/%y"), ("dd.mm.yy", "%d.%m.%y"),
    ("dd-mm-yyyy hh:mm:ss", "%d-%m-%Y %H:%M:%S"), ("dd-mm-yyyy hh:mm", "%d-%m-%Y %H:%M"),
    ("dd/mm/yyyy hh:mm:ss", "%d/%m/%Y %H:%M:%S"), ("dd/mm/yyyy hh:mm", "%d/%m/%Y %H:%M"),
    ("yyyy-mm-ddThh:mm:ssZ", "%Y-%m-%dT%H:%M:%SZ"),
    ("yyyy-mm-dd hh:mm:ss", "%Y-%m-%d %H:%M:%S"), ("yyyy-mm-ddThh:mm:ss", "%Y-%m-%dT%H:%M:%S"),
    ("d. mmmm yyyy", "%d. %B %Y"), ("d. mmm. yyyy", "%d. %B %Y"), ("yyyymmdd", "%Y%m%d"),
    ("mm/dd/yyyy", "%m/%d/%Y"), ("mm-dd-yyyy", "%m-%d-%Y"), ("mm/dd/yy", "%m/%d/%y"),
)  # fmt: skip
"""As a mapping writes them, the likeliest first; month first comes last, for a doubt and never alone beside day first."""
CPR_HEADINGS = ("cpr", "cpr nr", "cprnr", "cpr nummer", "cprnummer", "personnummer", "personnr", "person nr", "elev cpr",
                "civil registration number")  # fmt: skip
HEADINGS: dict[str, tuple[str, ...]] = {
    "pupil": (*CPR_HEADINGS, "elevid", "elev id", "elevnr", "elevnummer", "uni login", "unilogin", "brugernavn"),
    "class": ("klasse", "stamklasse", "klassenavn", "klassebetegnelse", "hold", "class"),
    "grade": ("klassetrin", "årgang", "trin", "grade"),
    "school": ("skole", "skolekode", "institution", "institutionsnummer", "institutionsnr", "skolenavn", "school"),
    "from": ("fra", "startdato", "start", "fra dato", "første dag", "første fraværsdag", "indmeldt", "from"),
    "to": ("til", "slutdato", "slut", "til dato", "sidste dag", "sidste fraværsdag", "udmeldt", "to", "end"),
    "date": ("dato", "fraværsdato", "dag", "date"),
    "type": ("kategori", "fraværskategori", "fraværstype", "fraværskode", "kode", "type", "fraværsårsag",
             "årsag til fravær", "årsag", "årsagskode", "fravær kode", "fravær type", "absence type", "reason"),
    "half_day": ("halv dag", "omfang", "andel", "halvdag", "hel halv", "hel eller halv"),
    "week": ("uge", "ugenr", "uge nr", "ugenummer", "week"),
    "month": ("måned", "month"),
    "quarter": ("kvartal", "quarter"),
    "year": ("år", "year", "kalenderår"),
    "school_year": ("skoleår", "school year"),
    "school_days": ("skoledage", "mulige dage", "undervisningsdage", "mulige fremmødedage", "fremmødedage"),
    "pupils": ("elever", "antal elever", "elevtal"),
    "purpose": ("formål",),
    "answer": ("svar", "samtykke"),
    "given_on": ("afgivet", "afgivet den", "givet", "givet den", "dato for samtykke", "samtykkedato", "given on"),
    "withdrawn_on": ("trukket tilbage", "trukket tilbage den", "tilbagetrukket", "tilbagekaldt", "withdrawn on"),
    "holder": ("indehaver", "forældremyndighedsindehaver", "forælder", "forældre", "underskriver"),
    "status": ("status",),
    "kind": ("art", "samtaletype"),
    "local_id": ("elevid", "elev id", "elevnr"),
}  # fmt: skip
"""Our column → headings, as :func:`heading` tidies them; the first that is there counts."""
NAME_HEADINGS = ("elev", "navn", "elevnavn", "barn", "fulde navn", "name")
HALVES = (("formiddag", "eftermiddag"), ("fm", "em"), ("1 registrering", "2 registrering"), ("am", "pm"))
"""Headings of the two halves of a day."""
LENGTHS = ("antal dage", "antal fraværsdage", "varighed", "varighed dage", "længde")
"""Headings that tell how long an absence was."""
LESSONS = ("lektion", "lektioner", "lektionsnr", "time", "modul", "lesson")
"""Headings that tell one line per lesson."""
FIRST_NAMES, LAST_NAMES = ("fornavn", "fornavne"), ("efternavn",)
TYPE_WORDS = {
    "sick": ("syg", "sygdom", "sygefravær", "illness", "sick", "s"),
    "permitted": ("tillad", "tilladelse", "frihed", "ferie", "fri", "lov", "lovlig", "lovligt", "ekstraordinær", "leave",
                  "holiday", "t", "f"),
    "unlawful": ("ulov", "ulovlig", "ulovligt", "bekymrende", "pjæk", "truancy", "unauthorised", "u", "l"),
}  # fmt: skip
PRESENT = ("til stede", "tilstede", "fremmødt", "present", "p")
"""Words of a pupil who was there."""
HALF = ("halv", "ja", "½", "halvdag", "halv dag")
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


def heading(text: str) -> str:
    """A heading as it is compared: casefolded, without punctuation, with Danish letters where they were written in two."""
    tidy = clean(re.sub(r"[.:_\-/*]+", " ", text)).casefold()
    return tidy.replace("ae", "æ").replace("oe", "ø").replace("aa", "å")


def is_percent(text: str) -> bool:
    """Does a heading tell of percentages?"""
    return "%" in text or bool({"procent", "pct", "fraværsprocent"} & set(heading(text).split()))


def type_of(code: str) -> str | None:
    """The type of absence a code probably means; None when its words are not known."""
    text = heading(code)
    for kind in ("unlawful", "sick", "permitted"):  # "ulovligt" before "lovligt"
        words = TYPE_WORDS[kind]
        if any(text == w if len(w) < 3 else text.startswith(w) or w in text.split() for w in words):
            return kind
    return None
