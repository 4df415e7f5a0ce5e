"""What the schools' forms look like: their rows, their columns, and how headings that people change are still understood.

As their sources print them: *Vurder og find fokus* (five themes, two columns, the focus chosen), *Kontekstdialogen* (six
dimensions), *Implementeringstrappen* (a step, and notes on each of four), the four keys, key persons and follow-up, the
learning circle with the landmarks for ending, and KL's four headings as the school's own story.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.attributes import slug

STEP, FOCUS, NOTE = "trin", "fokus", "note"
WITHOUT_WORDS = (STEP, FOCUS)
"""Dimensions that hold a number or a mark and no words."""
STEPS = (1, 4)
"""Lowest and highest step of *Implementeringstrappen*."""
LONGEST_HEADING = 90


@dataclass(frozen=True, slots=True)
class FormLayout:
    """A form: its id and title, the codes that are its rows, and heading → dimension of its columns.

    ``stems``: dimension → word stems that tell it in a heading somebody has changed. ``folders``: codes whose children are
    rows; ``singles``: codes that are rows themselves, before them; ``older_helps``: texts of earlier templates.
    """

    form: str
    title: str
    row_heading: str
    help: str
    dimensions: Mapping[str, str]
    stems: Mapping[str, tuple[str, ...]]
    folders: tuple[str, ...] = ()
    singles: tuple[str, ...] = ()
    other_dimensions: Mapping[str, str] = field(default_factory=dict)
    older_helps: tuple[str, ...] = ()

    def themes(self, codebook: Codebook) -> tuple[str, ...]:
        """Codes that are the form's rows, in the codebook's order; folders themselves are no rows."""
        below = [code.id for folder in self.folders for code in codebook.codes if code.parent == folder]
        return (*self.singles, *below)

    @property
    def every_dimension(self) -> tuple[str, ...]:
        """All that a column may be, those of earlier editions included."""
        return tuple(dict.fromkeys((*self.dimensions.values(), *self.other_dimensions.values(), NOTE)))

    def heading_of(self, dimension: str) -> str:
        """The heading a dimension has."""
        both = {d: h for h, d in (*self.other_dimensions.items(), *self.dimensions.items())}
        return both.get(dimension, "Noter")

    def dimension_of(self, heading: str) -> str | None:
        """The dimension a heading means, also when it was changed; ``None`` when it is none or may be two."""
        text = _flat(heading)
        known = {_flat(h): d for h, d in (*self.dimensions.items(), *self.other_dimensions.items())}
        known |= {d: d for d in self.every_dimension}
        if text in known:
            return known[text]
        if not text or len(text) > LONGEST_HEADING:
            return None
        if re.fullmatch(r"(egne )?(noter?|bemærkning(er)?|kommentar(er)?)", text):
            return NOTE
        found = {d for d, stems in self.stems.items() if any(stem in text for stem in stems)}
        wishes = found & {"forfine", "forbedre", "aendre"}
        if len(wishes) > 1:
            found = found - wishes | {"oenske"}
        return next(iter(found)) if len(found) == 1 else None


_WISHES = {"forfine": ("forfin",), "forbedre": ("forbedr",), "aendre": ("ændr", "aendr", "forandr")}
_TODAY = {"i_dag": ("i dag", "gør vi", "nu"), "naeste": ("næste", "fremover", "herefter")}
FORMS = (
    FormLayout(
        "vurder_og_find_fokus",
        "Vurder og find fokus",
        "Tema",
        "Skriv under hvert tema, hvad I allerede gør godt, og hvad I vil forfine, forbedre eller forandre. Sæt x ved det, I "
        "vælger som fokus.",
        {
            "Hvad gør vi allerede godt?": "gaar_godt",
            "Hvad ønsker vi at forfine, forbedre eller forandre?": "oenske",
            "Valgt som fokus (x)": FOCUS,
        },
        {"gaar_godt": ("godt",), "oenske": ("ønske",), FOCUS: ("fokus",), **_WISHES},
        folders=("VFF",),
        other_dimensions={
            "Det gør vi allerede godt": "gaar_godt",
            "Det vil vi forfine": "forfine",
            "Det vil vi forbedre": "forbedre",
            "Det vil vi ændre": "aendre",
            "Forandre": "aendre",
            "Godt": "gaar_godt",
            "Ønske": "oenske",
            "oenske": "oenske",
        },
        older_helps=(
            "Skriv under hvert tema, hvad skolen gør godt, og hvad den vil forfine, forbedre eller ændre.",
        ),
    ),
    FormLayout(
        "kontekstdialog",
        "Kontekstdialogen",
        "Dimension",
        "Skriv for hver dimension, hvad der spænder ben (barriere), og hvad der hjælper (drivkraft).",
        {"Barriere": "barriere", "Drivkraft": "driver"},
        {
            "barriere": ("barrier", "spænder ben", "i vejen", "hindr"),
            "driver": ("driv", "hjælper", "fremmer"),
        },
        folders=("GTH.KONTEKST",),
        older_helps=(
            "Skriv for hver dimension, hvad der står i vejen (barriere), og hvad der hjælper (drivkraft).",
        ),
    ),
    FormLayout(
        "implementeringstrappe",
        "Implementeringstrappen",
        "Trappe",
        "Skriv øverst det trin (1-4), der beskriver skolen bedst i dag, og jeres noter til hvert trin.",
        {"Trin": STEP, "Noter": NOTE},
        {STEP: ("trin",)},
        folders=("GTH.TRAPPE",),
        singles=("GTH.TRAPPE",),
        older_helps=("Skriv det trin (1-4), som beskriver skolen bedst i dag.",),
    ),
    FormLayout(
        "noegler",
        "De fire nøgler",
        "Nøgle",
        "Skriv for hver nøgle, hvordan I arbejder med den i dag, og hvad det næste skridt er.",
        {"Sådan gør vi i dag": "i_dag", "Næste skridt": "naeste"},
        _TODAY,
        folders=("GTH.NOEGLE",),
    ),
    FormLayout(
        "noeglepersoner",
        "Nøglepersoner og opfølgning",
        "Emne",
        "Skriv funktioner og ikke navne: hvem der driver arbejdet, og hvordan I følger op.",
        {"Sådan gør vi i dag": "i_dag", "Næste skridt": "naeste"},
        _TODAY,
        singles=("GTH.PERSONER", "GTH.OPFOLG"),
    ),
    FormLayout(
        "laeringscirkel",
        "Læringscirklen og afslutning",
        "Skridt eller pejlemærke",
        "Skriv om en prøvehandling uden at nævne barnet: de fire skridt, og hvad der taler for at slutte.",
        {"Det skriver vi": NOTE},
        {NOTE: ("skriver", "svar")},
        folders=("SBST.CIRKEL", "SBST.AFSLUT"),
    ),
    FormLayout(
        "fortaelling",
        "Skolens egen fortælling",
        "Overskrift",
        "Fortæl kort, hvad skolen har gjort, hvordan det opleves, hvad I vil fremover, og hvad I har lært.",
        {"Det fortæller vi": NOTE},
        {NOTE: ("fortæl", "svar")},
        singles=("KL.GJORT", "KL.OPLEVES", "KL.FREMOVER", "KL.LAERT"),
    ),
)


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


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(":.? ")
