"""What a sheet's title says of its rows: whose and when they are, which is no question, or something else, which is one.

A book keeps what was deleted, refused or only applied for on sheets of the same headings (``Slettede``, ``Afventer``).
So a title that is read because a pattern fits everything must be understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from evaluation.disclosure.names import normalise_token
from evaluation.door.dates import MONTHS
from evaluation.door.files import Incoming
from evaluation.door.questions import Question
from evaluation.door.values import parse_class
from evaluation.door.workbooks import takes_any
from evaluation.protocol import Protocol

_PLAIN = frozenset(
    """ark sheet tabel table side data fravær absence elever uge uger måned kvartal halvår efterår forår skoleår
    klasse klasser årgang indskoling mellemtrin udskoling skole skolen udtræk rapport liste export worksheet og""".split()  # noqa: SIM905
)
"""Words of titles that say nothing of whether the rows count."""


def places_of(protocol: Protocol) -> frozenset[str]:
    """Words of the names of a study's schools and municipality, normalised."""
    texts = [protocol.study.municipality, *(t for s in protocol.schools for t in (s.name, s.short, s.id))]
    return frozenset(normalise_token(w) for t in texts for w in t.split())


def is_whose_or_when(title: str, protocol: Protocol) -> bool:
    """Does every word of a title tell of a class, a grade, a school or a time, or of nothing?"""
    places = places_of(protocol)
    months = {*MONTHS, *(m[:3] for m in MONTHS)}
    return all(
        word in _PLAIN or word in months or normalise_token(word) in places or len(word) == 1
        for word in re.findall(r"[^\W\d_]+", title.casefold())
    )


def are_classes(titles: Iterable[str]) -> bool:
    """Is every title the name of a class?"""
    return all(parse_class(t)[0] is not None for t in titles)


def unclear_sheet(source: Incoming, protocol: Protocol) -> tuple[Question, ...]:
    """The question about a sheet that is read whatever its title, where the title says something no column reads."""
    mapping, title = source.mapping, source.sheet
    if title is None or not takes_any(mapping.sheet) or any(c.sheet for c in mapping.columns.values()):
        return ()
    if is_whose_or_when(title, protocol):
        return ()
    declared = (
        'skriv counts eller none for hvert: status = { sheet = "(.+)", map = { "arkets navn" = "none" } }, '
    )
    return (
        Question(
            "column",
            "sheet",
            "arket læses som de andre, men dets navn siger andet end klasse, årgang, skole eller tid",
            f"tæller dets rækker? {declared if mapping.kind == 'absence' else ''}lad sheet kun passe på de ark, der skal "
            "læses, eller lav en mapping for hvert af dem",
        ),
    )
