"""Words that are nobody's name: what a draft may print of a file that nobody has looked at yet.

Headings, sheets' names, codes and lines above a table may name a pupil. A text is shown only when every word of it is
known to belong to schools and their systems, or is too short or too plain a number to be a name.
"""

from __future__ import annotations

import re

from evaluation.door.dates import MONTHS, WEEKDAYS
from evaluation.door.headings import (
    ATTRIBUTES,
    CHOICES,
    FIRST_NAMES,
    HALF,
    HALVES,
    HEADINGS,
    LAST_NAMES,
    LENGTHS,
    LESSONS,
    NAME_HEADINGS,
    NOTED_BY,
    PRESENT,
    STAMPS,
    TYPE_WORDS,
    heading,
    steps_of,
)

_MORE = """
begyndt begyndte begynder sluttede slutter startede fom tom sluttidspunkt starttidspunkt slutdato startdato raskmeldt igen
vægt hjem begrundelse bekræftelse godkendelse afgørelse anmodning ansøgning hændelse forsinkelse
mor far moder fader værge værger evaluering evalueringen interview interviews følgeforskning sundhedsplejerske
samtaledato
kolonne
a absence absent accepted active admin administration afbud afdeling afgivet afmeldt afsluttet aftalt afventer afvist
ak aktiv aktivitet aktuel al alle almen alt am anden andet anledning annulleret ansvarlig antal anvendt art at
attendance august authorised barn barnet begge behandlet behandling bem bemærkning bemærkninger beregnet besked
beskrivelse betegnelse bogført brugt cancelled class code commencing comment count cpr dag dage dagen dages dagligt
dato datoen day days declined deltid deltog den denne der dette division dk dokumenteret draft duration eftermiddag
eget ej eksport eksporteret ekstern ekstraordinær elev elevens elever eleverne elevnr em end endelig enhed entry er et
excused export fag faktisk falsk fastholdt fejl ferie filter fjernet fm for forename forenklet forfald forløb
formiddag formål forsinket forventet fra fraværende fremmøde fremmødt fri frihed from fuld fulde første gennemført
godkendt grad grade grund gruppe gyldig gæld half halv halvdag halvdags halvdel halve har hel heldag heldags hele helt
hold hour hours i ialt id identifier ikke illness import in indberetning indsendt information institution interval ja
kategori kl kladde klokken kode kommentar kommune kontrol kort kurs kvartal kvittering lang late leave lektion
lektioner lesson lessons level linje lov lovlig lovligt længde mark max med meddelt medicinsk meeting meldt mellem min
minut minutes minutter modul moduler mon morgen mulig mulige måned måneder mængde møde mødt ned nej no nogle not notat
note noter notering nr number nummer ny nødvendig of og ok omfang opgjort ophold oplyst oprettet oprindelig
opsummering ord orlov overført oversigt part pass pct pending per periode perioder permitted plan planlagt pm point
present prioritet procent prøve publiceret pupil pupils på påbegyndt raden reason ref reg registreret registrering
reference rejected rejse religiøs resultat rettet retur runde række s sagsnr samlet samtale samtaler samtykke sat sats school
sen session sessions sick side sidste skema skole skoledag skoledage skolen skolens skoler skoles skoleår slettet slut
slutter som sort spor sprog start starter startet stat state status stk stop stor student sum sun surname svar syg
sygdom syge sygemeldt system søgt tal tandlæge team tekst thu thur tid tidspunkt til tilbage tilladelse tilladt
tilmeldt tilstand tilstede time timer timetal timetæller to total totalt trin truancy true træk tue tv type u
udeblevet uden udfyldt udgået udkast udløb udløbet udskudt udtræk ufuldstændig uge ugenr uger ugyldig uke ulovlig
ulovligt unauthorised under undervisning undervisningsdage unexcused uoplyst upn uvis valid varig varighed varsel ved
vedrørende version vigtig vurderet værdi wed week weeks whole withdrawn x year years yes åben år årgang årlig årsag
årsagen åå ændret ændring
"""
_WORDS = frozenset(
    {
        *_MORE.split(),
        *MONTHS,
        *WEEKDAYS,
        *(w[:n] for w in WEEKDAYS for n in (2, 3)),
        *(
            word
            for texts in (
                ATTRIBUTES, NOTED_BY, STAMPS, NAME_HEADINGS, FIRST_NAMES, LAST_NAMES, LENGTHS, LESSONS, PRESENT, HALF,
                *HALVES, *HEADINGS.values(), *TYPE_WORDS.values(), *CHOICES.values(),
            )
            for text in texts
            for word in text.split()
        ),
    }
)  # fmt: skip
_STEMS = (
    "fravær", "absence", "klasse", "skole", "årsag", "status", "regist", "godkend", "elev", "dato", "lektion", "periode",
    "samtyk", "formål", "undervisning", "institution", "forældre", "indberet", "skema", "fremmøde", "kategori", "sygdom",
    "ulovlig", "tilladelse", "minut", "bemærk", "kommentar", "nummer", "omfang", "andel", "varighed", "dage", "timer",
    "tidspunkt", "kode", "type", "ordning", "oplysning",
)  # fmt: skip
"""Beginnings and ends of Danish compounds of this field (``Fraværskategori``, ``Sygedage``)."""


_ASKS = frozenset({"hvor", "hvad", "hvem", "hvornår", "hvorfor", "hvordan", "hvilken", "hvilket", "hvilke"})
"""Danish words that ask: a closed class, and nobody's name."""
_ALSO_NAMES = frozenset({
    "jan", "jun", "april", "maj", "may", "august", "max", "mark", "per", "tom", "tue", "thu", "mon", "sat", "sun", "lang",
    "stor", "pat", "ned", "bill", "sand",
})  # fmt: skip
"""Words of the above that people are called, too."""
_ENDINGS = frozenset(
    {"", "e", "n", "r", "s", "t", "en", "er", "et", "ne", "ens", "ets", "ns", "rne", "erne", "ernes"}
)


def is_nobody(text: str) -> bool:
    """Can the text name no person? Every word of it is known and nobody's name, or short, or holds no letters.

    A month that is also a name (``Maj``) is one with a year beside it. A number that may be a pupil's is somebody.
    """
    if len(steps := steps_of(text)) > 1:
        return all(map(is_nobody, steps))
    if len(text) > 60 or re.search(r"\d{6}[- ]?\d{4}|\d{9}", text):
        return False
    # Bo, Li and My are names; S, SF and a.b are codes.
    is_short_name = any(
        w.isalpha() and w.istitle() and w.casefold() not in _WORDS
        for w in re.findall(r"[^\W\d_]{2}(?![^\W\d_])", text)
    )
    words = re.findall(r"[^\W\d_]+", heading(text))
    is_month = len(words) == 1 and words[0] in MONTHS and re.search(r"\b20\d\d\b", text) is not None
    if is_short_name or (_ALSO_NAMES & set(words) and not is_month):
        return False
    return all(len(w) <= 2 or is_known_word(w) for w in words)


def is_known_word(word: str) -> bool:
    """Is it a word of schools and their systems, a compound of such words, or a question word?"""
    tidy = word.casefold()
    return tidy in _WORDS or tidy in _ASKS or _is_compound(tidy)


def _is_compound(word: str) -> bool:
    """A compound of known parts, at least one of them of this field, or one with an ending."""
    for stem in _STEMS:
        if word.startswith(stem) and word.removeprefix(stem) in _ENDINGS:
            return True
        for rest in {word.removeprefix(stem), word.removesuffix(stem)} - {word}:
            bare = re.sub(r"^(?:rerings|erings|rings|nings|s)|s$", "", rest)
            if any(part in _WORDS and len(part) > 2 for part in (rest, bare)) or bare in (
                "syge",
                "frihed",
                "fri",
            ):
                return True
            if len(bare) > 3 and _is_compound(bare):
                return True
    return False
