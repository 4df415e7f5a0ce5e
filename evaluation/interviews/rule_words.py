"""What a rule of interviews and forms says to the analyst, in Danish: what is wrong, and what to do about it.

``{expected}`` is filled with the words that may stand there. Machines
get the rule's id and the English words of the :class:`~evaluation.errors.Problem`.
"""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "unknown_consent": (
        "et ord om samtykke, der ikke forstås: interviewet er ude",
        "skriv gyldigt, mangler eller trukket_tilbage; betyder et navn eller en kode intet, så svar i en mapping: "
        '[ignore] "NAVN" = "hvorfor"',
    ),
    "unread_notes": (
        "noter, kommentarer eller parenteser i navne, som ikke er læst: et nej i dem ville gå tabt",
        "læs dem; står der intet nej, så skriv i mappingen: {expected}",
    ),
    "note_of_nobody": (
        "en note om samtykke, sletning eller at nogen har trukket sig, som ikke hører til noget interview",
        "skriv et nej i sidetabellen; er der intet nej i noterne, så skriv i mappingen: {expected}",
    ),
    "second_consent": (
        "flere kolonner om samtykke: kun én læses",
        "skriv det strengeste ord i kolonnen samtykke, og tag de andre ud",
    ),
    "two_consents": (
        "forskellige ord om samtykke: det strengeste gælder",
        "ret samtykket i kodeværktøjet eller sidetabellen, hvis det er forkert",
    ),
    "near_interview": (
        "et interview, der hedder næsten det samme som et med et andet samtykke: det er ude",
        'skriv navnet ens alle steder; er det en anden, så skriv det i en mapping: [ignore] "NAVN" = "en anden"',
    ),
    "silent_participant": (
        "en deltager uden oplyst samtykke: interviewet er ude",
        "skriv samtykket for deltageren eller for hele interviewet",
    ),
    "unknown_attribute": (
        "en oplysning, som kodebogen ikke kender: den kan være et nej, og interviewet er ude",
        "brug et af kodebogens ord (det nærmeste først: {expected}); er det et nej, så skriv det i samtykke",
    ),
    "interview_school": (
        "en skole, som protokollen ikke har: interviewet tæller ikke, før det er afgjort",
        "skriv skolens navn som protokollen (det nærmeste først: {expected}); er det en skole uden for evalueringen, så tag "
        "interviewet ud",
    ),
    "interview_grade": (
        "en årgang, der ikke er noget klassetrin: interviewet tæller ikke, før det er afgjort",
        "skriv klassetrinnet med tal, eller et af kodebogens ord (det nærmeste først: {expected})",
    ),
    "interview_occasion": (
        "et nedslag, som kodebogen ikke har: interviewet tæller ikke, før det er afgjort",
        "skriv et af kodebogens nedslag (det nærmeste først: {expected})",
    ),
    "no_occasion": (
        "interview uden nedslag: de ville tælle med i hver runde",
        "skriv nedslaget i kodeværktøjet, i filen eller i sidetabellen NAVN.dokumenter.csv",
    ),
    "two_attributes": (
        "modstridende oplysninger om et interview: ingen af dem bruges",
        "skriv den rigtige i sidetabellen",
    ),
    "register_consent": (
        "registret siger nej eller trukket tilbage: interviewet er ude",
        "intet, eller ret samtykkeregistret",
    ),
    "untied_interview": (
        "interview med elever, som ikke er knyttet til nogen elev; registret har et nej",
        "skriv elevens nummer i sidetabellens kolonne elev, eller se efter i hånden",
    ),
    "transcript": (
        "en udskrift, der ikke kan skrives om, så intet navn står tilbage",
        "gem den som ren tekst eller et nyt Word-dokument, og prøv igen",
    ),
    "lonely_case": (
        "en case med oplysninger, som ikke hører til noget interview",
        "skriv oplysningerne i sidetabellen; nogle værktøjer taber forbindelsen, når de eksporterer",
    ),
    "coder_unknown": (
        "samme kode to gange uden koder: to personer eller én række to gange",
        "skriv, hvem der har kodet: kolonnen koder, kodere i sidetabellen eller coder i mappingen",
    ),
    "two_directions": (
        "samme kodning med to retninger: den tæller som blandet",
        "ret den forkerte retning i kodeværktøjet",
    ),
    "lonely_counter": (
        "et udsagn, der taler imod uden at være kodet med det, det taler imod: det tæller ikke for noget tegn",
        "sæt også tegnets egen kode på udsagnet",
    ),
    "override": (
        "en egen læsning af et tegn i joint_display_overrides.csv, som ikke kan bruges",
        "første linje er sign_id;relation;reason; en begrundelse med semikolon står i anførselstegn",
    ),
    "refused_quote": (
        "et citat, som nogen har godkendt og nogen har sagt nej til: det trykkes ikke",
        "bliv enige, og tag det forkerte svar ud",
    ),
    "mark_unmet": (
        "en retning eller en godkendelse, som ikke står på noget kodet udsagn: den bruges ikke",
        "sæt den på udsagnets egne ord",
    ),
    "several_projects": (
        "flere projekter i én database",
        'skriv, hvilket der skal læses: [interviews] project = "…" i mappingen',
    ),
    "side_table_alone": (
        "en sidetabel uden sin fil med interviews",
        "giv de to samme navn, eller tag tabellen ud",
    ),
    "side_table_heading": (
        "sidetabellen siger ikke, hvilket interview det handler om",
        "kald kolonnen med navnet document, og skriv navnet på hver linje",
    ),
    "side_table_unread": (
        "sidetabellen har en udfyldt kolonne, som ikke læses: et nej dér ville gå tabt",
        "kald den et af de navne, der læses, eller tag den ud",
    ),
    "unknown_role": (
        "en oplysning i [interviews.variables], som kodebogen ikke har",
        "ret den i mappingen",
    ),
    "unread": (
        "en variabel, kolonne, gruppe eller note, som ikke forstås og kan sige, at nogen er ude: interviewet er ude",
        'svar i en mapping: [ignore] "NAVN" = "hvorfor det intet betyder", eller [interviews.variables] "NAVN" = "form"',
    ),
    "side_table_unmet": (
        "intet kodet interview har det navn, som linjen nævner",
        "ret navnet, så det er som i den kodede fil; er interviewet ikke kodet, så intet",
    ),
    "side_table_twice": (
        "et interview står to gange med forskellige oplysninger",
        "lad den rigtige linje stå",
    ),
    "side_table_pupil": ("ikke et CPR-nummer i kolonnen elev", "ret nummeret, eller lad cellen være tom"),
    "form_cell": (
        "en udfyldt celle uden for skemaets felter",
        "spørg skolen, hvilket felt teksten hører til",
    ),
    "form_beside": (
        "tekst i et sidehoved, en sidefod, en tekstboks eller en tråd: den står ikke i et felt",
        "spørg skolen, hvilket felt teksten hører til",
    ),
    "form_two_values": (
        "et tal og en værdi, som ikke er ens: ingen af dem læses",
        "tag det forkerte ud",
    ),
    "form_twice": ("to udfyldte kolonner for det samme", "tag den ene ud"),
    "hidden_sheet": (
        "et skjult ark, der er skrevet i: et nej dér ville gå tabt",
        "vis arket og gem det som en fil for sig, eller slet det",
    ),
    "beside_cells": (
        "tekst uden for cellerne (sidehoved, tekstboks, tråd): et nej dér ville gå tabt",
        "skriv den i en celle, eller tag den ud",
    ),
    "struck_out": (
        "overstreget tekst: er det taget tilbage?",
        "slet den, eller tag overstregningen væk",
    ),
    "form_struck": (
        "overstreget tekst: den tæller som ikke skrevet",
        "spørg skolen, hvis den alligevel gælder",
    ),
    "form_merged": (
        "en celle, der er flettet over flere felter: den tæller kun i det første",
        "spørg skolen, hvilke felter den hører til",
    ),
    "form_which": (
        "to skemaer fra samme skole, nedslag og dag, som ikke siger det samme: hvilket er det nyeste?",
        "tag det ældste ud af indbakken, eller skriv den rigtige dag i filens navn",
    ),
    "form_emptied": (
        "et nyere skema fra samme skole, hvor intet kan læses: skal det ældre ikke længere gælde?",
        "tag det ældre ud, hvis skolen har trukket det tilbage; ellers det nye",
    ),
    "form_note": ("en note på en celle eller en side", "spørg skolen, om den hører til et felt"),
    "form_replaced": ("et nyere skema fra samme skole erstatter dette", "intet"),
    "school_form": ("et felt, der ikke passer i skemaet", "ret skemaet, og aflever det igen"),
    "form_school": (
        "skemaet siger ikke, hvilken skole det er",
        "skriv skolen i skemaet, eller i [school_form] i en mapping med filens navn",
    ),
    "form_occasion": (
        "skemaet siger ikke, hvilket nedslag det er fra: er der ét i skolens andre skemaer, tæller det dér",
        "skriv nedslaget i skemaet, eller i [school_form] i en mapping med filens navn",
    ),
    "form_unknown_school": (
        "skemaet er fra en skole, som protokollen ikke har: hvis skema det er, skal afgøres",
        "skriv skolens navn som protokollen (det nærmeste først: {expected}), i skemaet eller i [school_form] i en "
        "mapping; er det en skole uden for evalueringen, så tag skemaet ud",
    ),
    "form_unknown_occasion": (
        "skemaet er fra et nedslag, som kodebogen ikke har: hvilket det er, skal afgøres",
        "skriv et af kodebogens nedslag (det nærmeste først: {expected}), i skemaet eller i [school_form] i en mapping",
    ),
    "form_unreadable": (
        "en PDF, der ikke kan læses som skema",
        "brug den skrivbare PDF, som der er skrevet i, eller skemaerne fra komglad codebook forms",
    ),
    "no_form": ("intet skema, der kendes", "brug skemaerne fra komglad codebook forms"),
    "side_table": (
        "sidetabellen siger noget andet end filen: sidetabellen gælder",
        "ret det, der er forkert",
    ),
    "codebook": (
        "en kode, som kodebogen ikke har",
        "ret den, eller tag den med i kodebogen; --json viser den nærmeste",
    ),
    "table": (
        "en række eller et ark, der ikke passer i tabellen",
        "ret linjen, eller gem arket som en fil for sig",
    ),
    "CSV": ("anførselstegn uden slutning i tabellen", "luk anførselstegnet, eller eksportér igen"),
    "values only": ("formler i regnearket", "kopiér cellerne, og indsæt dem som værdier"),
    "positions": (
        "udsagnet står ikke der, hvor filen siger",
        "sæt koden igen i værktøjet; kan tællemåden ikke ses, så skriv positions i mappingen",
    ),
    "dangling": ("en henvisning til noget, der ikke er i projektet", "gem projektet igen i værktøjet"),
    "QualCoder": ("en henvisning til noget, der ikke er i projektet", "gem projektet igen i QualCoder"),
    "Taguette": ("en henvisning til noget, der ikke er i projektet", "gem projektet igen i Taguette"),
    "REFI-QDA": ("en kode, som projektet selv ikke har", "eksportér projektet igen"),
    "REFI-QDA 8.1": ("ikke ét projekt i filen", "eksportér projektet igen som REFI-QDA"),
    "REFI-QDA 8.3": (
        "en kilde uden sin tekst",
        "eksportér projektet med kilder; indtil da efterprøves pladserne ikke",
    ),
    "Taguette or QualCoder": ("databasen er ikke hel", "luk projektet i værktøjet, og kopiér filen igen"),
    "complete archive": ("filen er beskadiget", "kopiér eller eksportér den igen"),
    "xml_encoding": ("tegnene kan ikke læses", "eksportér som UTF-8"),
    "safe XML": ("filen henviser ud af sig selv", "eksportér den igen fra værktøjet"),
    "XML 1.0": ("filen er skåret af eller i stykker", "eksportér den igen"),
    "quotes": ("en linje i quotes.csv, der ikke forstås", "afgør teksten igen med komglad quotes"),
}
