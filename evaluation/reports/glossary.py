"""The words of the report explained once, in Danish, with the English term used in code. Only words live here.

docs/glossary.md shows the same list; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

from evaluation.questions.verdict import Word
from evaluation.reports.verdict_words import MEANINGS


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
        "Det fravær, der kunne ventes, hvis gruppen fra sine egne måneder før indsatsen havde udviklet sig som samme "
        "måneder i tidligere år og som de grupper på samme skole, der ikke har fået indsatsen.",
        "counterfactual",
    ),
    Term(
        "sammenligningsårgang", "En gruppe, der ikke har fået indsatsen på det tidspunkt.", "comparison grade"
    ),
    Term("indsatsårgang", "En gruppe, hvor alle elever får indsatsen.", "treated grade"),
    Term(
        "indsatselev",
        "En elev, der har fået en opfølgning, og som der er gyldigt samtykke til at følge. Reglen om højt fravær finder "
        "andre elever.",
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
        "De værdier, det sande tal sandsynligvis ligger imellem. Hvor ofte intervallet rammer i undersøgelser som denne, "
        "er prøvet og står i metodeafsnittet; det er ikke altid 95 af 100.",
        "confidence interval",
    ),
    Term(
        "mindste ændring, der kan opdages",
        "Så stor skal en ændring være, for at en undersøgelse som denne finder den i fire af fem tilfælde.",
        "minimum detectable effect",
    ),
    Term(
        "ombytningstest",
        "Beregningen gentages med alle andre fordelinger af grupperne. Er det fundne tal blandt de mest "
        "yderlige, er det svært at kalde tilfældigt.",
        "permutation test",
    ),
    Term(
        "udjævnet tal",
        "En skoles tal trukket mod alle skolernes gennemsnit, mest hvor skolen har få elever.",
        "shrunk estimate",
    ),
    *(Term(w.value, MEANINGS[w], f"verdict: {w.name.lower()}") for w in Word),
    Term(
        "skjult tal",
        "Et tal, der ikke vises, fordi det kunne røbe noget om enkelte elever. Det er ikke nul.",
        "suppressed cell",
    ),
    Term("kilde", "Ét interview eller ét referat, som er kodet.", "source"),
    Term(
        "kodning",
        "At sætte emneord fra en fast kodebog på det, der er sagt, så det kan tælles og sammenlignes.",
        "coding",
    ),
)
