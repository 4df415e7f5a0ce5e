"""Themes the invented interviews hold: codes of the study's codebook, who speaks of them, and made-up sentences."""

from __future__ import annotations

from dataclasses import dataclass

PUPILS = ("elev", "elevgruppe")


@dataclass(frozen=True)
class Theme:
    """Codes that stand together, their direction, the share of sources that speak of it, and what is said.

    ``late`` is the share at the end of the year; ``adults`` holds for every informant who is not a pupil.
    """

    codes: tuple[str, ...]
    direction: str
    pupils: float
    adults: float
    sentences: tuple[str, ...]
    late_pupils: float | None = None
    late_adults: float | None = None

    def share(self, informant: str, is_late: bool) -> float:
        """Probability that a source of this kind speaks of it."""
        early, late = (
            (self.pupils, self.late_pupils) if informant in PUPILS else (self.adults, self.late_adults)
        )
        return late if is_late and late is not None else early


THEMES: tuple[Theme, ...] = (
    Theme(
        ("MP.SAMTALE.OPLEVELSE", "SBST.VAERDI.3"),
        "positiv",
        0.7,
        0.2,
        (
            "Det var rart, at hun spurgte, hvordan jeg selv syntes, det gik.",
            "Jeg fik lov at fortælle det i mit eget tempo.",
            "Vi snakkede om mine morgener, og hun lyttede.",
        ),
    ),
    Theme(
        ("MP.SAMTALE.OPLEVELSE",),
        "negativ",
        0.2,
        0.1,
        (
            "Jeg vidste ikke helt, hvorfor jeg skulle derind.",
            "Det var lidt pinligt at blive hentet ud af timen.",
        ),
    ),
    Theme(
        ("MP.TEGN.FALD",),
        "positiv",
        0.4,
        0.5,
        (
            "Jeg kommer mere i skole nu end før sommerferien.",
            "Der er færre tomme stole om morgenen.",
            "Vi kan mærke, at flere møder op om mandagen.",
        ),
        late_pupils=0.6,
        late_adults=0.8,
    ),
    Theme(
        ("MP.TEGN.FALD", "X.MODBEVIS"),
        "negativ",
        0.15,
        0.2,
        (
            "Jeg synes ikke, det har ændret noget.",
            "De samme elever er væk lige så meget som før.",
        ),
    ),
    Theme(
        ("X.ANDENFORKL",),
        "neutral",
        0.12,
        0.25,
        (
            "Det kan også være, fordi vi har fået en ny lærer.",
            "Der var bare mindre sygdom i efteråret end sidste år.",
        ),
    ),
    Theme(
        ("SBST.ARENA.SKOLE", "SBST.FAKTOR.RISIKO"),
        "negativ",
        0.5,
        0.4,
        (
            "Når der er meget larm, bliver jeg træt i hovedet.",
            "Det er svært at komme tilbage, når man ikke ved, hvad de andre har lavet.",
        ),
    ),
    Theme(
        ("SBST.ARENA.HJEM", "SBST.FAKTOR.RISIKO"),
        "negativ",
        0.3,
        0.3,
        (
            "Derhjemme er der ikke nogen, der er oppe om morgenen.",
            "Det er nemmere at få lov at blive hjemme om fredagen.",
        ),
    ),
    Theme(
        ("SBST.FAKTOR.BESKYT", "SBST.MOTIV.RELATION"),
        "positiv",
        0.5,
        0.3,
        (
            "Jeg kommer, fordi jeg har en god ven i klassen.",
            "Der er en voksen, der siger godmorgen til mig hver dag.",
        ),
    ),
    Theme(
        ("SBST.TRIN.2",),
        "neutral",
        0.35,
        0.2,
        (
            "Jeg har ondt i maven om morgenen, men det går over.",
            "Det sværeste er at komme ud ad døren.",
        ),
    ),
    Theme(
        ("MP.SAMTALE.FORBERED", "SBST.KERNE.OPS.DATA"),
        "positiv",
        0.0,
        0.6,
        (
            "Vi kigger på fraværstallene, inden samtalerne begynder.",
            "Overblikket gør, at vi ser mønstrene tidligere.",
        ),
    ),
    Theme(
        ("MP.TEGN.SPROG", "GTH.NOEGLE.1"),
        "positiv",
        0.0,
        0.5,
        (
            "Vi siger fravær på samme måde nu, og det gør møderne kortere.",
            "Vi er begyndt at spørge efter den gode grund bag fraværet.",
        ),
        late_adults=0.8,
    ),
    Theme(
        ("MP.TEGN.SAMARB", "SBST.KERNE.SAM.TOVHOLDER"),
        "positiv",
        0.0,
        0.6,
        (
            "Nu er det klart, hvem der holder fast i den enkelte elev.",
            "Sundhedsplejersken er med på mødet, og det rykker.",
        ),
        late_adults=0.8,
    ),
    Theme(
        ("GTH.KONTEKST.4.BARRIERE",),
        "negativ",
        0.0,
        0.5,
        (
            "Vi mangler tid til at følge op mellem møderne.",
            "Der er ikke sat timer af til det, og så skubbes det.",
        ),
    ),
    Theme(
        ("MP.TEGN.FOREBYG", "GTH.TRAPPE.3"),
        "blandet",
        0.0,
        0.3,
        (
            "Det er på vej ind i årshjulet, men det står ikke fast endnu.",
            "Vi gør noget på hele årgangen nu, men ikke i alle klasser.",
        ),
        late_adults=0.6,
    ),
    Theme(
        ("SBST.TYPE.REG",),
        "neutral",
        0.0,
        0.3,
        (
            "Vi er blevet bedre til at registrere det samme dag.",
            "Nogle skriver sygdom, hvor andre skriver ulovligt.",
        ),
    ),
    Theme(
        ("MP.SAMTALE.OPFOLG",),
        "positiv",
        0.3,
        0.4,
        (
            "Der kom en opfølgning, og vi lavede en plan sammen.",
            "Hun spurgte igen efter et par uger, om planen holdt.",
        ),
    ),
    Theme(
        ("MP.SAMTYKKE",),
        "blandet",
        0.05,
        0.4,
        (
            "Det tager lang tid at få samtykket hjem.",
            "Forældrene siger ja, når de forstår, hvad det skal bruges til.",
        ),
    ),
    Theme(
        ("MP.UFRIV", "SBST.TRIN.6"),
        "negativ",
        0.1,
        0.2,
        (
            "De, der gerne vil i skole, men ikke kan, har det ikke lettere nu.",
            "Når man har været væk længe, er det stadig næsten umuligt at begynde.",
        ),
    ),
    Theme(
        ("KL.FREMOVER.FASTHOLD", "MP.VIDERE"),
        "positiv",
        0.0,
        0.2,
        ("Vi skal blive ved med samtalerne på den årgang.", "Det bør ligge i det fælles årshjul."),
        late_adults=0.7,
    ),
    Theme(
        ("KL.LAERT",),
        "neutral",
        0.0,
        0.3,
        (
            "Vi har lært, at forberedelsen er det halve arbejde.",
            "Det virker bedst, når skolen selv inviterer.",
        ),
        late_adults=0.6,
    ),
)
