"""The words of the report explained once, in Danish, with the English term used in code. Only words live here.

docs/glossary.md shows the same list; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word as readers meet it, what it means, and what the code calls it."""

    danish: str
    meaning: str
    english: str


TERMS = (
    Term(
        "fravær",
        "Registrerede fraværsdage i procent af elevens skoledage: sygdom, fravær med tilladelse og ulovligt "
        "fravær lagt sammen.",
        "absence",
    ),
    Term(
        "ufrivilligt fravær",
        "Fravær, som barnet ikke oplever at have valgt eller kan styre. Det er ikke en registreringstype og "
        "findes kun i interviewene.",
        "involuntary absence",
    ),
    Term(
        "procentpoint",
        "Forskellen mellem to procenttal. Fra 7 procent til 6 procent er et fald på 1 procentpoint, cirka 2 "
        "skoledage pr. elev på et skoleår.",
        "percentage points, pp",
    ),
    Term(
        "det ventede",
        "Det fravær, der kunne ventes, hvis årgangen havde udviklet sig som de årgange på samme skole, der "
        "ikke har haft samtaler, og med sin egen årstid fra sidste år.",
        "counterfactual",
    ),
    Term(
        "sammenligningsårgang", "En årgang, der ikke har haft samtaler på det tidspunkt.", "comparison grade"
    ),
    Term("indsatsårgang", "En årgang, hvor alle elever får samtalen.", "treated grade"),
    Term(
        "indsatselev",
        "En elev, der efter en fast regel om tidligere fravær får særlig opfølgning.",
        "targeted pupil",
    ),
    Term(
        "fald af sig selv",
        "Elever, der vælges, fordi deres fravær er højt, har i gennemsnit lavere fravær bagefter, også uden "
        "en indsats (regression mod gennemsnittet).",
        "regression to the mean",
    ),
    Term(
        "95 %-interval",
        "De værdier, det sande tal sandsynligvis ligger imellem. Metoden rammer rigtigt i 95 af 100 "
        "undersøgelser.",
        "confidence interval",
    ),
    Term(
        "mindste ændring, der kan opdages",
        "Så stor skal en ændring være, for at en undersøgelse som denne finder den i fire af fem tilfælde.",
        "minimum detectable effect",
    ),
    Term(
        "ombytningstest",
        "Beregningen gentages med alle andre fordelinger af årgangene. Er det fundne tal blandt de mest "
        "yderlige, er det svært at kalde tilfældigt.",
        "permutation test",
    ),
    Term(
        "udjævnet tal",
        "En skoles tal trukket mod alle skolernes gennemsnit, mest hvor skolen har få elever.",
        "shrunk estimate",
    ),
    Term(
        "opnået",
        "Faldet er skilt fra tilfældige udsving både af intervallet og af ombytningstesten.",
        "achieved",
    ),
    Term(
        "tegn på fald, men usikkert",
        "Kun den ene af de to prøver skiller faldet fra tilfældige udsving, eller kun ved lavere sikkerhed.",
        "signs of a fall",
    ),
    Term(
        "ikke påvist",
        "Undersøgelsen kunne have set en ændring af den størrelse, der regnes for vigtig, og ser den ikke.",
        "not shown",
    ),
    Term(
        "kan ikke vurderes",
        "Data eller undersøgelsens størrelse kan ikke bære en afgørelse; årsagen står ved siden af.",
        "cannot be assessed",
    ),
    Term("kan endnu ikke opgøres", "De måneder, milepælen handler om, er ikke gået endnu.", "not yet due"),
    Term(
        "skjult tal",
        "Et tal, der ikke vises, fordi det kunne røbe noget om enkelte elever. Det er ikke nul.",
        "suppressed cell",
    ),
    Term("kilde", "Ét interview, én samtale eller ét referat, som er kodet.", "source"),
    Term(
        "kodning",
        "At sætte emneord fra en fast kodebog på det, der er sagt, så det kan tælles og sammenlignes.",
        "coding",
    ),
)
