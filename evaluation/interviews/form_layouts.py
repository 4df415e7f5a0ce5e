"""What the schools' forms look like: their rows, their columns and the headings people write for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.attributes import slug


@dataclass(frozen=True, slots=True)
class FormLayout:
    """A form: its id and title, the folder whose entries are its rows, and heading → dimension of its columns."""

    form: str
    title: str
    folder: str
    row_heading: str
    dimensions: Mapping[str, str]
    extra_headings: Mapping[str, str]

    def themes(self, codebook: Codebook) -> tuple[str, ...]:
        """Codes that are the form's rows, in the codebook's order."""
        if self.form == "implementeringstrappe":
            return (self.folder,)
        return tuple(code.id for code in codebook.codes if code.parent == self.folder)


FORMS = (
    FormLayout(
        "vurder_og_find_fokus",
        "Vurder og find fokus",
        "VFF",
        "Tema",
        {
            "Det gør vi allerede godt": "gaar_godt",
            "Det vil vi forfine": "forfine",
            "Det vil vi forbedre": "forbedre",
            "Det vil vi ændre": "aendre",
        },
        {
            "godt": "gaar_godt",
            "gaar godt": "gaar_godt",
            "gør allerede godt": "gaar_godt",
            "går godt": "gaar_godt",
            "forfine": "forfine",
            "forbedre": "forbedre",
            "forandre": "aendre",
            "ændre": "aendre",
            "aendre": "aendre",
            "det vil vi forandre": "aendre",
            "vil forfine, forbedre eller forandre": "oenske",
            "det vil vi forfine, forbedre eller forandre": "oenske",
            "oenske": "oenske",
            "ønske": "oenske",
        },
    ),
    FormLayout(
        "kontekstdialog",
        "Kontekstdialogen",
        "GTH.KONTEKST",
        "Dimension",
        {"Barriere": "barriere", "Drivkraft": "driver"},
        {
            "barrierer": "barriere",
            "drivkræfter": "driver",
            "driver": "driver",
            "drivers": "driver",
            "drivere": "driver",
        },
    ),
    FormLayout(
        "implementeringstrappe",
        "Implementeringstrappen",
        "GTH.TRAPPE",
        "Trappe",
        {"Trin": "trin"},
        {"trin (1-4)": "trin", "skolens trin": "trin"},
    ),
)

STEPS = (1, 4)
"""Lowest and highest step of *Implementeringstrappen*."""


def layout(form: str) -> FormLayout:
    """The layout of a form by id or title. Raises ``InputError`` for an unknown one."""
    word = slug(form)
    for item in FORMS:
        if (
            word.startswith(item.form)
            or word == slug(item.title)
            or (item.form.startswith(word) and len(word) > 5)
        ):
            return item
    raise InputError(f"No form is called that. Expected: {', '.join(item.form for item in FORMS)}.")
