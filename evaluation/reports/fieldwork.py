"""What is needed before the first interview, as Word documents: the interview guide, a form for minutes, a consent form.

Made from the codebook and the protocol, so that a question, a purpose or an occasion is written in one place. The same
codebook and protocol give the same bytes.
"""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from evaluation.codebooks import Codebook
from evaluation.protocol import Protocol
from evaluation.reports.archives import timeless
from evaluation.reports.learning import occasion_name

_FIXED = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - a document's dates carry no zone
WHO = {
    "elev": (
        "Elev alene",
        "Sig, at barnet må springe over og stoppe, og at ingen får at vide, hvad netop det har sagt.",
    ),
    "elevgruppe": (
        "Gruppe af elever",
        "Bed gruppen om ikke at nævne navne, heller ikke på andre, og ikke at fortælle videre.",
    ),
    "arbejdsgruppe": (
        "Arbejdsgruppe, sundhedsplejerske eller ledelse",
        "Bed om eksempler uden børn, der kan kendes.",
    ),
}
OPENING = {
    "elev": "Fortæl lidt om, hvordan en almindelig uge i skolen er for dig.",
    "elevgruppe": "Fortæl lidt om, hvordan en almindelig uge er i jeres klasse.",
    "arbejdsgruppe": "Fortæl lidt om, hvad I har gjort siden sidst, og hvem der har været med.",
}
TO_COME = {
    "KL.LAERT": {
        "elev": "Hvis en anden skole spurgte dig, hvad der hjælper, hvad ville du så sige?",
        "elevgruppe": "Hvad skulle en anden klasse vide om det, I har prøvet?",
        "arbejdsgruppe": "Hvad har I lært: hvad virkede, for hvem, og hvad lykkedes ikke?",
    },
    "MP.VIDERE": {
        "elev": "Hvad skal de voksne blive ved med, og hvad skal de holde op med?",
        "elevgruppe": "Hvad skal de voksne blive ved med, og hvad skal de holde op med?",
        "arbejdsgruppe": "Hvordan bør arbejdet fortsætte, hvis det skal: i hvilken form, og hvad skal stoppe?",
    },
}
"""What has been learnt and how to go on: no signs, and asked about all the same."""
CLOSING = "Er der noget, jeg burde have spurgt om?"
COUNTER = (
    "Hvad kunne ellers være grunden til det, du fortæller?",
    "Har du oplevet det modsatte?",
    "Er der kommet noget godt eller dårligt ud af det, som ingen havde ventet?",
)
PURPOSES = {
    "evaluering": (
        "at sundhedsplejen og evaluatoren følger barnets registrerede fravær måned for måned i evalueringen",
        "fraværsdage fordelt på sygdom, ekstraordinær frihed og ulovligt fravær",
    ),
    "interview": (
        "at barnet bliver spurgt i en samtale alene eller i en gruppe, og at svarene bruges uden navn i evalueringen",
        "det, barnet fortæller; lydfilen slettes, når samtalen er skrevet ned uden navne",
    ),
}
MINUTES = (
    ("evalueringsmøde i den lokale arbejdsgruppe", ("KL.GJORT", "KL.OPLEVES", "KL.LAERT", "KL.FREMOVER")),
    ("møde i skolebestyrelsen", ("MP.BORGER", "MP.VIDERE")),
)


def documents(codebook: Codebook, protocol: Protocol) -> dict[str, bytes]:
    """File name → Word document."""
    return {
        "interviewguide.docx": _guide(codebook, protocol),
        "referat.docx": _minutes(codebook, protocol),
        "samtykke.docx": _consent(protocol),
    }


def _guide(codebook: Codebook, protocol: Protocol) -> bytes:
    title = f"Interviewguide: {protocol.study.title}"
    document = _document(title)
    document.add_paragraph(
        "Ét åbent spørgsmål til hvert tegn i Målplanen, til det lærte og til det videre arbejde. "
        "Spørg ind med »fortæl mere« og »giv et eksempel«, og sig ikke, "
        "hvad du håber at høre. Begynd først, når samtykket er på plads."
    )
    for who, (heading, note) in WHO.items():
        document.add_heading(heading, level=1)
        document.add_paragraph(note)
        document.add_paragraph(OPENING[who], style="List Number")
        asked = [(link.sign, dict(link.questions)) for link in codebook.joint_display]
        asked += [(code, questions) for code, questions in TO_COME.items() if code in codebook]
        for code, questions in asked:
            if who in questions:
                paragraph = document.add_paragraph(questions[who], style="List Number")
                paragraph.add_run(f"  [{code}: {codebook.get(code).name}]").italic = True
        for question in (*COUNTER, CLOSING):
            document.add_paragraph(question, style="List Number")
        document.add_page_break()
    return _bytes(document, title)


def _minutes(codebook: Codebook, protocol: Protocol) -> bytes:
    title = f"Referat til evalueringen: {protocol.study.title}"
    document = _document(title)
    document.add_paragraph(
        "Skriv funktioner og ikke navne. Skriv det, der blev sagt, også det, der taler imod. Referatet kodes som et "
        "interview: kald filen det samme som i sidetabellen (form: referat). Sig ved mødets start, hvad referatet bruges "
        "til: kun med samtykke tæller det med, og det står i sidetabellen (samtykke: gyldigt)."
    )
    occasions = codebook.attribute("nedslag")
    for heading, codes in MINUTES:
        document.add_heading(heading[:1].upper() + heading[1:], level=1)
        _lines(
            document,
            (
                "Skole",
                f"Nedslag ({' · '.join(map(occasion_name, occasions.values if occasions else ()))})",
                "Dato",
                "Til stede (funktioner)",
                "Samtykke fra dem, der er til stede (ja / nej)",
            ),
        )
        for code in codes:
            entry = codebook.get(code)
            document.add_heading(entry.name, level=2)
            document.add_paragraph(entry.for_schools or entry.definition)
            _lines(document, ("", "", ""))
        document.add_heading("Hvad taler imod, og hvad kan ellers forklare det?", level=2)
        _lines(document, ("", ""))
    return _bytes(document, title)


def _consent(protocol: Protocol) -> bytes:
    title = f"Samtykke: {protocol.study.title}"
    document = _document(title)
    document.add_paragraph(
        f"{protocol.study.municipality} undersøger, om indsatsen virker. Du bestemmer, om dit barn er med. Det har ingen "
        "betydning for den hjælp, barnet får. Du kan til enhver tid trække et samtykke tilbage hos sundhedsplejen; så "
        "bruges barnets oplysninger ikke i det, der laves bagefter."
    )
    wanted = [d.consent_purpose for d in protocol.data_sets if d.consent_purpose]
    for purpose in dict.fromkeys(wanted):
        what, data = PURPOSES.get(
            purpose, (f"formålet »{purpose}«", "oplysninger, som skrives her før udlevering")
        )
        document.add_heading(f"Formål: {purpose}", level=1)
        document.add_paragraph(f"Jeg siger ja til, {what}.")
        document.add_paragraph(
            f"Oplysninger: {data}. Modtager: kommunens evaluator. Barnets navn og CPR-nummer står i ingen rapport."
        )
        _lines(
            document,
            (
                "Ja / nej",
                "Dato",
                "Underskrift, indehaver 1 af forældremyndigheden",
                "Underskrift, indehaver 2",
            ),
        )
    document.add_heading("Barnets eget ord", level=1)
    document.add_paragraph("Vil du gerne være med? Du må sige nej, og du må stoppe undervejs.")
    _lines(document, ("Ja / nej", "Barnets navn"))
    document.add_paragraph(
        "Til sundhedsplejen: hvert ja, nej og hver tilbagetrækning skrives i samtykkeregistret med formålets ord ovenfor, "
        "én linje for hver indehaver. Samtykket her dækker evalueringen; at hente fraværsoplysninger til selve samtalen "
        "kræver sit eget."
    )
    return _bytes(document, title)


def _document(title: str) -> Any:
    import docx
    from docx.oxml.ns import qn

    document = docx.Document()
    for style in document.styles.element.iter(qn("w:lang")):
        style.set(qn("w:val"), "da-DK")
    document.add_heading(title, level=0)
    return document


def _lines(document: Any, labels: tuple[str, ...]) -> None:
    """Lines to write on, each after its label."""
    for label in labels:
        document.add_paragraph(f"{label + ': ' if label else ''}{'_' * (60 - min(len(label), 40))}")


def _bytes(document: Any, title: str) -> bytes:
    core = document.core_properties
    core.title, core.author, core.language = title, "komglad", "da-DK"
    core.created = core.modified = _FIXED
    core.last_modified_by = core.comments = ""
    raw = io.BytesIO()
    document.save(raw)
    return timeless(raw.getvalue())
