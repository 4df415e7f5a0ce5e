"""What the schools' forms look like: their rows, their columns, and the headings that are known for each.

As their sources print them: *Vurder og find fokus* (five themes, two columns, the focus chosen), *Kontekstdialogen* (six
dimensions), *Implementeringstrappen* (a step, and notes on each of four), the four keys, key persons and follow-up, the
learning circle with the landmarks for ending, and KL's four headings as the school's own story.
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class FormLayout:
    """A form: its id and title, the codes that are its rows, and heading → dimension of its columns.

    ``other_dimensions``: whole headings that mean the same, or did in earlier editions. ``folders``: codes whose children
    are rows; ``singles``: codes that are rows themselves, before them; ``older_helps``: texts of earlier templates.
    """

    form: str
    title: str
    row_heading: str
    help: str
    dimensions: Mapping[str, str]
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
        """The dimension a heading means; ``None`` when it is no known heading.

        A heading counts whole: a word more or less can turn its meaning round (*Det gør vi ikke endnu*).
        """
        known = {**_NOTES, **self.other_dimensions, **self.dimensions, **{d: d for d in self.every_dimension}}
        return {_flat(h): d for h, d in known.items()}.get(_flat(heading))


_NOTES = dict.fromkeys(
    ("Note", "Noter", "Egne noter", "Bemærkning", "Bemærkninger", "Kommentar", "Kommentarer"), NOTE
)
_TODAY = {
    "I dag": "i_dag",
    "Sådan gør vi": "i_dag",
    "Det gør vi i dag": "i_dag",
    "Det næste skridt": "naeste",
    "Næste": "naeste",
}
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
        folders=("VFF",),
        other_dimensions={
            "Det gør vi allerede godt": "gaar_godt",
            "Gør allerede godt": "gaar_godt",
            "Gør vi allerede godt": "gaar_godt",
            "Det gør vi godt": "gaar_godt",
            "Hvad gør vi godt?": "gaar_godt",
            "Hvad går godt?": "gaar_godt",
            "Det går godt": "gaar_godt",
            "Vi vil forfine": "forfine",
            "Vi vil forbedre": "forbedre",
            "Vi vil ændre": "aendre",
            "Vi vil forandre": "aendre",
            "Det vil vi forandre": "aendre",
            "Vil forfine, forbedre eller forandre": "oenske",
            "Det vil vi forfine, forbedre eller forandre": "oenske",
            "Hvad vil vi forfine, forbedre eller forandre?": "oenske",
            "Fokus": FOCUS,
            "Valgt som fokus": FOCUS,
            "Valgt fokus": FOCUS,
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
        folders=("GTH.KONTEKST",),
        other_dimensions={
            "Barrierer": "barriere",
            "Hvad spænder ben?": "barriere",
            "Det spænder ben": "barriere",
            "Hvad står i vejen?": "barriere",
            "Det står i vejen": "barriere",
            "Drivkræfter": "driver",
            "Hvad hjælper?": "driver",
            "Det hjælper": "driver",
        },
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
        folders=("GTH.TRAPPE",),
        singles=("GTH.TRAPPE",),
        other_dimensions={
            "Trin (1-4)": STEP,
            "Trin i dag": STEP,
            "Vores trin": STEP,
            "Vores trin i dag": STEP,
            "Skolens trin": STEP,
            "Skolens trin i dag": STEP,
        },
        older_helps=("Skriv det trin (1-4), som beskriver skolen bedst i dag.",),
    ),
    FormLayout(
        "noegler",
        "De fire nøgler",
        "Nøgle",
        "Skriv for hver nøgle, hvordan I arbejder med den i dag, og hvad det næste skridt er.",
        {"Sådan gør vi i dag": "i_dag", "Næste skridt": "naeste"},
        folders=("GTH.NOEGLE",),
        other_dimensions=_TODAY,
    ),
    FormLayout(
        "noeglepersoner",
        "Nøglepersoner og opfølgning",
        "Emne",
        "Skriv funktioner og ikke navne: hvem der driver arbejdet, og hvordan I følger op.",
        {"Sådan gør vi i dag": "i_dag", "Næste skridt": "naeste"},
        singles=("GTH.PERSONER", "GTH.OPFOLG"),
        other_dimensions=_TODAY,
    ),
    FormLayout(
        "laeringscirkel",
        "Læringscirklen og afslutning",
        "Skridt eller pejlemærke",
        "Skriv om en prøvehandling uden at nævne barnet: de fire skridt, og hvad der taler for at slutte.",
        {"Det skriver vi": NOTE},
        folders=("SBST.CIRKEL", "SBST.AFSLUT"),
        other_dimensions={"Svar": NOTE, "Vi skriver": NOTE},
    ),
    FormLayout(
        "fortaelling",
        "Skolens egen fortælling",
        "Overskrift",
        "Fortæl kort, hvad skolen har gjort, hvordan det opleves, hvad I vil fremover, og hvad I har lært.",
        {"Det fortæller vi": NOTE},
        singles=("KL.GJORT", "KL.OPLEVES", "KL.FREMOVER", "KL.LAERT"),
        other_dimensions={"Svar": NOTE, "Vi fortæller": NOTE},
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
