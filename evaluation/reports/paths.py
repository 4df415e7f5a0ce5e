"""Names of a round's files, and which stand beside which."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from evaluation.protocol import Protocol
from evaluation.reports.telling import tell
from evaluation.words import Name
from evaluation.words.catalogue.sections import More

STEERING_GROUP, ANNEX, SHORT = "styregruppe.html", "bilag.html", "kort.html"
BOARDS, FAMILIES, ENGLISH = "skolebestyrelser.html", "boern-og-foraeldre.html", "english.html"
GOAL, SLIDES, WORKBOOK = "maalplan.html", "praesentation.pptx", "tabeller.xlsx"
ACCESSIBILITY, STATUS = "tilgaengelighed.html", "status.html"
PDF = {page: page.replace(".html", ".pdf") for page in (STEERING_GROUP, SHORT, BOARDS)}
"""Pages that are also printed."""


def can_make_slides() -> bool:
    """Whether the library for presentations is installed; a folder set up before it was needed makes all the rest."""
    return find_spec("pptx") is not None


def labelled(protocol: Protocol) -> Iterator[tuple[str, str]]:
    """Every file that is for people but the schools' own, with its name in words, in the order it is met."""
    made = protocol.audiences
    yield tell(More.STATUS), STATUS
    if "steering_group" in made:
        yield tell(More.SHORT), SHORT
        yield tell(More.REPORT), STEERING_GROUP
        if can_make_slides():
            yield tell(More.SLIDES), SLIDES
        yield tell(More.ANNEX), ANNEX
        yield tell(More.BOARDS), BOARDS
        yield tell(More.FAMILIES), FAMILIES
        yield tell(More.ENGLISH), ENGLISH
    if "goal" in made:
        yield tell(More.GOAL, goal=Name(protocol.words.goal)), GOAL
    if "tables" in made:
        yield tell(More.TABLES), WORKBOOK
    if "steering_group" in made:
        yield tell(More.ACCESSIBILITY), ACCESSIBILITY


def beside(protocol: Protocol, page: str) -> list[tuple[str, str]]:
    """The other files of the round, for the links at the end of a page, and the page of all rounds."""
    return [
        *((label, name) for label, name in labelled(protocol) if name not in (page, STATUS)),
        (tell(More.INDEX), "../index.html"),
    ]
