"""What a rule says to the person who asked the schools for the files: in Danish, as in the report.

:data:`WORDS` has one entry for every quarantine rule of :data:`evaluation.door.rules.RULES`, :data:`FILE_WORDS` one
for every rule that refuses a whole file; machines get the rule's id and the English words.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """``found``: what is wrong with the row or file. ``do``: what to do about it."""

    found: str
    do: str


SEVERAL = "{n} ting skal ordnes først"
"""What stands above several refusals at once."""
_AT_SOURCE = "ret ved kilden"
_AGAIN = "bed om en ny eksport"

WORDS: dict[str, Words] = {
    "too_few_columns": Words("for få kolonner", f"ret linjen, eller {_AGAIN}"),
    "too_many_columns": Words("for mange kolonner", "sæt anførselstegn om tekst med skilletegn i"),
    "unclosed_quote": Words("anførselstegn uden slutning", "luk anførselstegnet i linjen"),
    "truncated_line": Words("afbrudt sidste linje", f"eksporten er skåret af: {_AGAIN}"),
    "nul_byte": Words("ødelagt tekst", f"filen er beskadiget: {_AGAIN}"),
    "look_alike": Words("tegn, der kun ligner danske bogstaver", "skriv dem med almindelige bogstaver"),
    "invisible": Words("usynlige tegn", "slet tegnet, der ikke kan ses"),
    "empty_value": Words("tomt felt", "udfyld det ved kilden"),
    "date_format": Words("ikke en dato, som mappingen beskriver", "ret cellen eller mappingens date_formats"),
    "number_format": Words("ikke et tal, som mappingen beskriver", "ret cellen"),
    "negative": Words("negativt tal", _AT_SOURCE),
    "cpr_date": Words("CPR-nummer uden rigtig dato", _AT_SOURCE),
    "cpr_nine_digits": Words(
        "CPR-nummer med ni cifre", "det første 0 er nok tabt: formatér kolonnen som tekst før eksport"
    ),
    "cpr_format": Words("ikke et CPR-nummer", _AT_SOURCE),
    "unknown_pupil": Words(
        "elev, der ikke er på elevlisten", "bed skolen om en ny elevliste, eller fjern rækken"
    ),
    "not_enrolled": Words(
        "elev, der ikke er indskrevet den dag", "bed skolen om en ny elevliste, eller ret datoen ved kilden"
    ),
    "forgotten": Words("trukket tilbage", "intet; bed kilden udelade eleven eller interviewet"),
    "ambiguous_name": Words("navn, som flere elever har", "tilføj CPR-nummer eller klasse"),
    "ambiguous_id": Words(
        "nummer, som flere elever har", "brug CPR-numre, eller nævn ét systems nummer i local_id"
    ),
    "near_name": Words(
        "navn, der næsten står på elevlisten",
        "ret navnet ved kilden (mellemnavn, stavemåde), eller tilføj CPR-nummer",
    ),
    "unknown_school": Words("skole, der ikke er med", "skriv koden i mappingens columns.school.map"),
    "unknown_grade": Words(
        "ukendt klasse eller klassetrin",
        "skriv den i mappingens columns.class.map eller columns.grade.map",
    ),
    "unknown_type": Words("fraværskode, som mappingen ikke kender", "skriv koden i mappingens [types]"),
    "unknown_value": Words("værdi, som mappingen ikke kender", "skriv den i kolonnens map"),
    "school_year_format": Words("ikke et skoleår som 2026/27", "ret værdien"),
    "period_format": Words("ikke en uge som 2026-W37 eller en måned som 2026-09", "ret værdien"),
    "outside_school_year": Words("dag uden for skoleåret", "ret datoen eller calendar.csv"),
    "future": Words("dag efter eksporten", "ret datoen eller eksportdatoen"),
    "weekend": Words("lørdag eller søndag", "ret datoen"),
    "closing_day": Words("lukkedag", "ret datoen eller calendar.csv"),
    "no_school_day": Words("ingen skoledag i perioden", "ret datoerne eller calendar.csv"),
    "reversed_interval": Words("slutter, før det begynder", "ret datoerne"),
    "half_day_grade": Words(
        "halv dag på et klassetrin, der kun noterer hele dage",
        f"{_AT_SOURCE}; protokollens grades.half_days afgør det",
    ),
    "half_day_value": Words(
        "hverken en halv eller en hel dag", "skriv værdien i mappingens columns.half_day.map"
    ),
    "more_than_a_day": Words("mere end en skoledag", "ret rækken, eller dagens længde i mappingen"),
    "length_of_parts": Words("dage og en halv i samme række", "del rækken i hele dage og en halv dag"),
    "time_format": Words("ikke et klokkeslæt som 08:20", "ret cellen"),
    "more_than_possible": Words("flere fraværsdage end skoledage", _AT_SOURCE),
    "more_than_calendar": Words("flere skoledage end kalenderen har", "ret rækken eller calendar.csv"),
    "no_school_days": Words("ingen skoledage", _AT_SOURCE),
    "types_do_not_add_up": Words("typerne giver ikke det samlede fravær", _AT_SOURCE),
    "conflict": Words(
        "modstridende oplysninger om samme elev og tid", "afgør ved kilden, hvad der er rigtigt"
    ),
    "formula": Words("formel i stedet for værdi", "indsæt som værdier, og gem igen"),
    "holder_date": Words("trukket tilbage, før det blev givet", _AT_SOURCE),
}
"""By rule id."""

_SAVE = "gem filen igen fra Excel"

FILE_WORDS: dict[str, Words] = {
    "calendar": Words("kalenderen mangler et skoleår", "skriv det i calendar.csv"),
    "damaged": Words("filen er beskadiget undervejs", _AGAIN),
    "delimiter": Words("kolonnerne er ikke skilt, som mappingen siger", "ret mappingens delimiter"),
    "empty_file": Words("filen har ingen rækker", f"{_AGAIN}, eller fjern filen, hvis der intet er at melde"),
    "encoding": Words(
        "teksten er ikke skrevet med den tegnkodning, mappingen siger", "ret mappingens encoding"
    ),
    "export_date": Words(
        "filen siger ikke, hvornår den er trukket, hvor mappingen ser efter",
        "giv filen en dato i navnet, eller ret mappingens exported_on",
    ),
    "file_changed": Words(
        "filen blev ændret, mens den blev læst", "vent, til den er lagt færdig, og prøv igen"
    ),
    "file_name": Words("navnet ligner et CPR-nummer", "giv filen et navn uden oplysninger om en elev"),
    "forget_restored": Words(
        "listen over glemte elever er ældre end kvitteringerne",
        "hent den nyeste liste, eller giv komglad forget --again igen",
    ),
    "forget_unfinished": Words("en sletning blev afbrudt", "kør komglad forget igen"),
    "formula": Words("en kolonne med formler", "indsæt den som værdier, og gem igen"),
    "grid": Words("skemaet er ikke stillet op, som mappingen siger", "ret mappingens [grid]"),
    "header_duplicated": Words(
        "en overskrift står to gange", "ret overskrifterne, eller beskriv dem i mappingen"
    ),
    "header_missing": Words("overskriften mangler", "ret overskrifterne, eller beskriv de nye i mappingen"),
    "header_swapped": Words("overskrifterne står i en anden rækkefølge", "ret mappingens header"),
    "header_unknown": Words("overskrifter, som mappingen ikke kender", "skriv dem i mappingens header"),
    "link_out": Words("en genvej ud af mappen", "læg selve filen i mappen"),
    "long_spans": Words(
        "dage talt sammen over mere end et kvartal", "bed om tallene uge for uge, eller for hvert fravær"
    ),
    "merged_header": Words("overskrifterne er flettede celler", "ophæv fletningen, og gem igen"),
    "open_question": Words("noget er ikke afgjort", "svar i mappingen"),
    "no_mapping": Words("ingen mapping læser filen", "lav en med komglad map FIL, eller flyt filen ud"),
    "other_format": Words("filen er noget andet end det, mappingen læser", "bed skolen om tallene som tabel"),
    "period": Words("perioden står ikke, hvor mappingen siger", "ret mappingens period"),
    "too_large": Words("filen er for stor til at læses i ét stykke", "gem den som .xlsx eller CSV"),
    "period_headings": Words(
        "uger eller måneder står som overskrifter", "bed om én linje pr. uge eller måned"
    ),
    "rotation": Words("nøgleskiftet finder ikke alle elever", "udvid fødselsårene med --born"),
    "sheet": Words("arket kan ikke findes", "skriv det synlige arks navn som sheet i mappingen"),
    "sql_address": Words("databasens adresse er ikke sat", "sæt den, før runden køres"),
    "sql_connect": Words("databasen svarer ikke", "se adresse og adgang efter"),
    "sql_query": Words("databasen afviser forespørgslen", "ret forespørgslen i mappingen"),
    "two_mappings": Words("flere mappinger læser filen", "ret deres files, så kun én gør"),
    "unreadable": Words("filen kan ikke læses", "giv adgang til den, eller læg den i mappen igen"),
    "xlsx": Words("regnearket kan ikke åbnes", _SAVE),
    "xml": Words("XML-filen er i stykker eller skåret af", _AGAIN),
    "xml_entities": Words("XML med henvisninger ud af filen", _AGAIN),
    "xml_record": Words("XML-filen har ikke de poster, mappingen nævner", "ret mappingens [xml] record"),
    "zip_bomb": Words("arkivet fylder mere udpakket, end det må", "pak færre filer sammen"),
    "zip_damaged": Words("arkivet er beskadiget", _AGAIN),
    "zip_encrypted": Words("arkivet har adgangskode", "eksportér uden adgangskode"),
    "zip_link": Words("arkivet har en genvej i sig", _AGAIN),
    "zip_nested": Words("et arkiv i arkivet", "pak det inderste ud først"),
    "zip_path": Words("arkivet vil skrive uden for sin mappe", _AGAIN),
    "zip_twice": Words("to filer i arkivet har samme navn", _AGAIN),
}
"""By rule id, for files that are refused as a whole. Those of interviews and forms speak for themselves."""
