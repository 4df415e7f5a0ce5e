"""Dirty exports of shapes nobody described: what `komglad map` proposes, and where every row goes when it is used.

The draft is used as it is printed, the way an analyst begins; what it leaves open is asserted too. Every file carries
planted names and numbers, which must stand nowhere.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError
from evaluation.intake import read_round
from evaluation.study import Study, load_study
from tests.unit.door.analyst import answered

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")
A, B, C = "0101144001", "020214-4002", "0303144003"
CANARIES = (
    "Kanarie",
    "0101144001",
    "010114-4001",
    "101144001",
    "202144002",
    "0303144003",
    "asek1234",
    "kanarie@",
)
PARTS = [
    "rows_kept",
    "rows_quarantined",
    "rows_duplicate",
    "rows_superseded",
    "rows_out_of_round",
    "rows_skipped",
]
H = "CPR;Navn;Klasse;Dato;Kode"
DAYS = [str(d) for d in range(1, 31)]


def text(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def rows(n: int = 6) -> list[str]:
    """Pupils, classes and codes in turn; two days."""
    return [
        f"{(A, B, C)[i % 3]};Kanariefugl Åse;{('6.A', '6.B', '8.A')[i % 3]};{7 + i // 3:02d}-09-2026;{'SUF'[i % 3]}"
        for i in range(n)
    ]


def grid(number: str, **marks: str) -> str:
    return ";".join([number, "Kanariefugl Åse", *(marks.get(f"d{d}", "") for d in DAYS)])


def sheet(
    cells: list[list[object]], merge: str = "", hidden: bool = False, more: bool = False, mac: bool = False
) -> bytes:
    book = openpyxl.Workbook()
    if mac:
        book.epoch = CALENDAR_MAC_1904
    book.active.title = "Fravær"
    for row in cells:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    for name, wanted in (("Skjult", hidden), ("Gammelt", more)):
        if wanted:
            book.create_sheet(name).append(["CPR", A, "Kanariefugl"])
    if hidden:
        book["Skjult"].sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def packed(**members: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_csv", ".csv").replace("_zip", ".zip"), content)
    return out.getvalue()


@dataclass(frozen=True)
class Dirty:
    """A file; what the draft must say; rows in, kept and quarantined when its ``answers`` are given and it is used, and the
    rules that were broken; without a ledger the file cannot be read.
    """

    name: str
    content: bytes
    draft: tuple[str, ...]
    ledger: tuple[int, int, int] | None
    rules: tuple[str, ...] = ()
    doubt: str = ""
    answers: tuple[tuple[str, str], ...] = ()


HEADS = ["CPR", "Klasse", "Dato", "Kode"]
DAY = dt.date(2026, 9, 7)
CASES: dict[str, Dirty] = {
    "KMD grid under title lines, a total below": Dirty(
        "a.csv",
        text(
            "KMD Elev - Fraværsoversigt;;;",
            "Skole: Bøgelund;;",
            "Klasse: 6.A;;",
            "September 2026;;;",
            "",
            "CPR-nr;Elev;" + ";".join(DAYS),
            grid(A, d7="S", d8="S"),
            grid(B, d9="U"),
            "I alt;;" + ";".join("1" for _ in DAYS),
        ).encode("cp1252"),
        (
            'format = "grid"',
            "header_row = 6",
            "month = { line = 4",
            "class = { line = 3",
            "skip_lines",
            'encoding = "cp1252"',
        ),
        (2, 2, 0),
        doubt="Der står summer mellem rækkerne",
    ),
    "grid with weekday headings and no month": Dirty(
        "a.csv",
        text("CPR-nr;Navn;" + ";".join(f"ma {d}." for d in DAYS), grid(A, d7="S")).encode(),
        ('format = "grid"', 'month = { constant = "?" }'),
        None,
        doubt="Måneden står ikke i filen",
    ),
    "grid in a workbook, merged title": Dirty(
        "a.xlsx",
        sheet(
            [
                ["Fravær september 2026"],
                ["Klasse 6.A"],
                ["CPR", "Navn", *map(int, DAYS)],
                [A, "Kanariefugl", *("S" if d == "7" else None for d in DAYS)],
            ],
            merge="A1:F1",
        ),
        ('format = "grid"', "header_row = 3", "month = { line = 1"),
        (1, 1, 0),
    ),
    "Tabulex with extra header lines": Dirty(
        "elever.txt",
        text(
            "Skoleår 2026/27",
            "Udskrevet 20-11-2026",
            "Skole: Bøgelund",
            "ElevID¤Skolekode¤Skolenavn¤Fornavn¤Efternavn¤CPR¤Klassetrin¤Klassespor¤Stamklasse",
            "17¤990001¤Bøgelund¤Åse¤Kanariefugl¤010114-4001¤6¤A¤6.A",
            "18¤990001¤Bøgelund¤Bo¤Kanariesen¤020214-4002¤0¤B¤0.B",
        ).encode("cp1252"),
        (
            'kind = "pupils"',
            'delimiter = "¤"',
            "header_row = 4",
            "school_year = { line = 1",
            'names = ["Fornavn", "Efternavn"]',
        ),
        (2, 2, 0),
    ),
    "byte order mark and sep=;": Dirty(
        "a.csv",
        b"\xef\xbb\xbf" + text("sep=;", H, *rows()).encode(),
        ("header_row = 2",),
        (6, 6, 0),
    ),
    "class names of every kind": Dirty(
        "a.csv",
        text(
            H,
            *[f"{A};X;{k};{7 + i:02d}-09-2026;S" for i, k in enumerate(["7.b", "0.kl", "10", "06A", "6 a"])],
            *[
                f"{B};X;{k};{7 + i:02d}-09-2026;S"
                for i, k in enumerate(["6./7.", "6.-7.", "6A Rød", "Børnehaveklasse"])
            ],
        ).encode(),
        ('kind = "absence"',),
        (9, 4, 5),
        ("unknown_grade",),
        doubt="ét klassetrin i projektet: 5.",
    ),
    "trailing totals, decimal comma, thousands point": Dirty(
        "a.csv",
        text(
            "Klasse;Uge;År;Antal elever;Skoledage;Sygdom;Lovligt fravær;Ulovligt fravær",
            "6.A;37;2026;24;120;6,5;2;1",
            "8.A;37;2026;25;1.125,0;10;0;3",
            "I alt;;;71;355;20,5;3,5;4",
        ).encode(),
        (
            'grain = "week"',
            'year = "År"',
            "skip_lines",
            'permitted = "Lovligt fravær"',
            'unlawful = "Ulovligt fravær"',
        ),
        (2, 1, 1),
        ("number_format",),
        answers=(('unit = "?"', 'unit = "days"'),),
    ),
    "quoted line breaks": Dirty(
        "a.csv",
        text(H + ";Bemærkning", *[r + ';"linje et\nlinje ""to""; her"' for r in rows()]).encode(),
        (),
        (6, 6, 0),
        answers=(('"Bemærkning" = "?"', '"Bemærkning" = "fritekst"'),),
    ),
    "UTF-16 with tabs": Dirty(
        "a.txt",
        text(H, *rows()).replace(";", "\t").encode("utf-16"),
        ('encoding = "utf-16"', 'delimiter = "\\t"'),
        (6, 6, 0),
    ),
    "UTF-16 without a mark": Dirty(
        "a.txt",
        text(H, *rows()).replace(";", "\t").encode("utf-16-le"),
        ('encoding = "utf-16"',),
        (6, 6, 0),
    ),
    "UTF-16 without a mark, high byte first": Dirty(
        "a.txt",
        text(H, *rows()).replace(";", "\t").encode("utf-16-be"),
        ('encoding = "utf-16"',),
        (6, 6, 0),
    ),
    "DOS letters": Dirty(
        "a.csv",
        text(H + ";Bemærkning på dansk", *[r + ";Går på gåture i Ørsted" for r in rows()]).encode("cp850"),
        ('encoding = "cp850"',),
        (6, 6, 0),
        doubt="DOS",
        answers=(('"?" = "?"', '"Bemærkning på dansk" = "fritekst"'),),
    ),
    "letters of an old Mac": Dirty(
        "a.csv",
        text(H + ";Bemærkning på dansk", *[r + ";Går på gåture i Ørsted" for r in rows()]).encode(
            "mac_roman"
        ),
        ('encoding = "mac_roman"',),
        (6, 6, 0),
        doubt="en gammel Mac",
        answers=(('"?" = "?"', '"Bemærkning på dansk" = "fritekst"'),),
    ),
    "workbook of 1904 with a hidden sheet": Dirty(
        "a.xlsx",
        sheet([HEADS, [A, "6.A", DAY, "S"], [B, "6.A", DAY, "U"]], hidden=True, mac=True),
        ('date_formats = ["excel"]', '"U" = "unlawful"'),
        (2, 2, 0),
        doubt="Skjulte ark, der ikke læses: 1",
    ),
    "numbers as text, dates as text, serials, a lost zero": Dirty(
        "a.xlsx",
        sheet(
            [
                [*HEADS, "Omfang"],
                [101144001, "6.A", "07-09-2026", "S", "1"],
                ["0303144003 ", "8.A", 46273, "U", "0,5"],
            ]
        ),
        ('["excel", "dd-mm-yyyy"] eller',),
        (2, 1, 1),
        ("cpr_nine_digits",),
        doubt="foranstillet nul er tabt",
    ),
    "merged groups above the headings": Dirty(
        "a.xlsx",
        sheet([["Elev", None, "Fravær", None], HEADS, [A, "6.A", "07-09-2026", "S"]], merge="A1:B1"),
        ("header_row = 2",),
        (1, 1, 0),
    ),
    "two visible sheets": Dirty(
        "a.xlsx",
        sheet([HEADS, [A, "6.A", "07-09-2026", "S"]], more=True),
        ('sheet = "Fravær"',),
        (1, 1, 0),
        doubt="2 synlige ark",
    ),
    "CPR with letters and without its zero": Dirty(
        "a.csv",
        text(
            H,
            "010114ABCD;X;6.A;07-09-2026;S",
            "0101144001;X;6.A;07-09-2026;S",
            "101144001;X;6.A;08-09-2026;S",
            "610114-4001;X;6.A;09-09-2026;S",
        ).encode(),
        ('kind = "cpr"',),
        (4, 2, 2),
        ("cpr_format", "cpr_nine_digits"),
        doubt="der ikke er CPR-numre",
    ),
    "characters that cannot be seen or look like others": Dirty(
        "a.csv",
        text(
            H,
            f"{A};X;6.\u200bA;07-09-2026;S",
            f"{B};X;6.\u0410;07-09-2026;S",
            f"\u200e{C};X;8.A;07-09-2026;S",
            f"{C};X;8.A;08-09-2026;S",
        ).encode(),
        (),
        (4, 1, 3),
        ("invisible", "look_alike"),
    ),
    "mixed line ends, no last one": Dirty(
        "a.csv",
        (H + "\r\n" + rows()[0] + "\n" + rows()[1] + "\r" + rows()[2] + "\r\n\r\n" + rows()[3]).encode(),
        (),
        (4, 4, 0),
    ),
    "a workbook called csv": Dirty(
        "a.csv",
        sheet([HEADS, [A, "6.A", "07-09-2026", "S"]]),
        ('format = "xlsx"',),
        (1, 1, 0),
        doubt="under et andet navn",
    ),
    "a zip": Dirty("a.zip", packed(a_csv=text(H, *rows())), ('zip_members = ["**.csv"]',), (6, 6, 0)),
    "headings twice in another case": Dirty(
        "a.csv",
        text("CPR;Klasse;Dato;Kode;kode;DATO", f"{A};6.A;07-09-2026;S;S;07-09-2026").encode(),
        (),
        (1, 1, 0),
        doubt="Læses ikke: kode, DATO",
    ),
    "weeks that overlap and half days in grade 6": Dirty(
        "a.csv",
        text(
            "CPR;Klasse;Uge;Skoledage;Syg;Fri;Ulovligt",
            f"{A};6.A;2026-W37;5;1;0;0",
            f"{A};6.A;2026-W37;5;2;0;0",
            f"{B};6.A;2026-W37;5;0,5;0;0",
            f"{C};8.A;2026-W37;5;0,5;0;0",
            f"{C};8.A;2026-W38;4;6;0;0",
        ).encode(),
        ('kind = "totals"', 'permitted = "Fri"'),
        (5, 1, 4),
        ("conflict", "half_day_grade", "more_than_possible"),
        answers=(('unit = "?"', 'unit = "days"'),),
    ),
    "half days in words": Dirty(
        "a.csv",
        text(
            "CPR;Klasse;Dato;Fraværstype;Halv dag",
            f"{A};6.A;07-09-2026;Sygdom;Ja",
            f"{B};8.A;07-09-2026;Sygdom;Ja",
            f"{C};8.A;08-09-2026;Ulovligt;Nej",
        ).encode(),
        (
            'half_day = { column = "Halv dag", map = { "Ja" = "0.5", "Nej" = "1" } }',
            '"Ulovligt" = "unlawful"',
        ),
        (3, 2, 1),
        ("half_day_grade",),
    ),
    "open, reversed and over New Year": Dirty(
        "a.csv",
        text(
            "Personnr.;Klasse;Startdato;Slutdato;Årsag til fravær",
            f"{A};6.A;21-10-2026;05-01-2027;Sygdom",
            f"{B};6.A;01-09-2026;;Sygdom",
            f"{C};8.A;10-09-2026;08-09-2026;Ekstraordinær frihed",
            f"{C};8.A;14-09-2026;16-09-2026;Ulovligt fravær",
        ).encode(),
        ('grain = "interval"', 'from = "Startdato"', '"Ekstraordinær frihed" = "permitted"'),
        (4, 3, 1),
        ("reversed_interval",),
        answers=(('empty_to = "?"', 'empty_to = "one_day"'),),
    ),
    "English, ISO dates": Dirty(
        "a.csv",
        text(
            "civil_registration_number,class,date,absence_type",
            f"{A},6A,2026-09-07,Illness",
            f"{C},8A,2026-09-08,Truancy",
        ).encode(),
        ('date_formats = ["yyyy-mm-dd"]', '"Truancy" = "unlawful"'),
        (2, 2, 0),
    ),
    "dates with a time": Dirty(
        "a.csv",
        text(
            "Cpr nr;Klasse;Dato;Årsag",
            f"{A};6.A;07-09-2026 00:00:00;Syg",
            f"{C};8.A;28-09-2026 00:00:00;Ulovlig",
        ).encode(),
        ('date_formats = ["dd-mm-yyyy hh:mm:ss"]', 'type = "Årsag"'),
        (2, 2, 0),
    ),
    "two-figure years": Dirty(
        "a.csv",
        text(
            "Cpr-nr.;Klassetrin;Fraværsdato;Type", f"{A};6;07/09/26;Syg", f"{C};8;28/09/26;Ulovlig"
        ).encode(),
        ('date_formats = ["dd/mm/yy"]', 'grade = "Klassetrin"'),
        (2, 2, 0),
    ),
    "months in words": Dirty(
        "a.csv",
        text(
            "CPR;Klasse;Dato;Type", f"{A};6.A;7. september 2026;Syg", f"{C};8.A;28. september 2026;Ulovlig"
        ).encode(),
        ('date_formats = ["d. mmmm yyyy"]',),
        (2, 2, 0),
    ),
    "a separator at every line's end": Dirty(
        "a.csv", text(H + ";", *[r + ";" for r in rows()]).encode(), (), (6, 6, 0)
    ),
    "everything in quotation marks": Dirty(
        "a.csv",
        text(*[";".join(f'"{c}"' for c in r.split(";")) for r in (H, *rows())]).encode("cp1252"),
        (),
        (6, 6, 0),
    ),
    "a NUL byte": Dirty(
        "a.csv",
        text(H, *rows()).encode() + b"0101144001;X;6.A;09-09-2026;\x00S\n",
        (),
        (7, 6, 1),
        ("nul_byte",),
    ),
    "cut off in the last line": Dirty(
        "a.csv",
        (text(H, *rows()) + "0101144001;X;6.").encode(),
        (),
        (7, 6, 1),
        ("truncated_line",),
    ),
    "one absurdly long line": Dirty(
        "a.csv", text(H, *rows(), "x" * 300_000).encode(), (), (7, 6, 1), ("too_few_columns",)
    ),
    "an unclosed quotation mark": Dirty(
        "a.csv",
        text(H, *rows(3), f'{A};"Kanariefugl;6.A;10-09-2026;S', f"{C};X;8.A;10-09-2026;S").encode(),
        (),
        (5, 4, 1),
        ("unclosed_quote",),
    ),
    "months of a grade, school in its own words": Dirty(
        "a.csv",
        text(
            "Skole;Årgang;Måned;Elevtal;Mulige fremmødedage;Sygefravær;Fravær med tilladelse;Ulovligt fravær",
            "Bøgelund Skole;6;september 2026;48;960;45,5;12;8",
        ).encode(),
        ('"Bøgelund Skole" = "990001"', 'grain = "month"', 'school_days = "Mulige fremmødedage"'),
        (1, 1, 0),
        answers=(('unit = "?"', 'unit = "days"'),),
    ),
    "guardians' app: statuses for types, local ids": Dirty(
        "a.csv",
        text(
            "Barn;UNI-login;Klasse;Fra;Til;Status;Kommentar",
            "Åse Kanariefugl;asek1234;6A;07-09-2026 08:00;07-09-2026 14:00;Syg;feber",
            "Ib Kanarie;ibkk1234;8A;08-09-2026 08:00;09-09-2026 14:00;Ferie/fri;",
        ).encode(),
        ('kind = "local"', 'type = "Status"', '"Syg" = "sick"'),
        (2, 0, 2),
        ("unknown_pupil",),
        doubt="en elevliste skal knytte numrene",
        answers=(('clock = "?"', 'clock = "whole_days"'), ('"Kommentar" = "?"', '"Kommentar" = "fritekst"')),
    ),
    "a column for each type": Dirty(
        "a.csv",
        text(
            "CPR;Klasse;Dato;Sygdom;Lovligt;Ulovligt",
            f"{A};6.A;07-09-2026;1;0;0",
            f"{B};8.A;08-09-2026;;x;",
            f"{C};8.A;09-09-2026;0,5;0,0;0,5",
            f"{C};8.A;10-09-2026;0;0;0",
            f"{A};6.A;11-09-2026;4;0;0",
            f"{A};6.A;12-09-2026;1;0;0",
        ).encode(),
        ('format = "grid"', 'headings = "types"', '"Lovligt" = "permitted"'),
        (6, 4, 2),
        ("half_day_value", "weekend"),
    ),
    "dates for headings": Dirty(
        "a.csv",
        text(
            "CPR;Navn;Klasse;07-09-2026;08-09-2026;12-09-2026;14-09-2026",
            f"{A};Kanariefugl Åse;6.A;S;;;U",
            f"{B};Kanariefugl Åse;6.B;;;;",
            f"{C};Kanariefugl Åse;8.A;;;S;",
        ).encode(),
        ('headings = "dates"', 'date_formats = ["dd-mm-yyyy"]'),
        (3, 2, 1),
        ("weekend",),
    ),
    "dates for headings in a workbook": Dirty(
        "a.xlsx",
        sheet(
            [
                ["Fravær i klasse 6"],
                ["CPR", "Navn", "Klasse", *(dt.date(2026, 9, d) for d in range(7, 12))],
                [A, "Kanariefugl Åse", "6.A", "S", "", "", "S", ""],
                [B, "Kanariefugl Åse", "6.B", "", "U", "U", "", ""],
            ]
        ),
        ('headings = "dates"', 'date_formats = ["excel"]', "header_row = 2"),
        (2, 2, 0),
    ),
    "a week in a line": Dirty(
        "a.csv",
        text(
            "CPR;Klasse;Uge;År;Mandag;Tirsdag;Onsdag;Torsdag;Fredag",
            f"{A};6.A;37;2026;S;S;;;",
            f"{B};8.A;37;2026;;;U;;P",
            f"{C};8.A;42;2026;S;;;;",
            f"{C};8.A;38;2026;;;;;",
        ).encode(),
        ('headings = "weekdays"', 'week = "Uge"', 'year = "År"'),
        (4, 3, 1),
        ("closing_day",),
        answers=(('"P" = "?"', '"P" = "none"'),),
    ),
    "the two halves of a day": Dirty(
        "a.csv",
        text(
            "CPR;Klasse;Dato;Formiddag;Eftermiddag",
            f"{A};6.A;07-09-2026;S;S",
            f"{B};8.A;08-09-2026;P;U",
            f"{C};8.A;09-09-2026;S;U",
            f"{C};8.A;10-09-2026;;P",
            f"{A};6.A;11-09-2026;S;",
        ).encode(),
        ('headings = "halves"', 'halves = ["Formiddag", "Eftermiddag"]'),
        (5, 4, 1),
        ("half_day_grade",),
        answers=(('"P" = "?"', '"P" = "none"'),),
    ),
    "another program's capitals, and pupils who were there": Dirty(
        "a.csv",
        text(
            "ELEV_CPR;KLASSE_NAVN;FRAVAER_DATO;FRAVAER_KODE",
            f"{A};6A;2026-09-14;SYG",
            f"{B};6B;2026-09-15;ULOV",
            f"{C};8A;2026-09-15;Til stede",
        ).encode(),
        ('type = "FRAVAER_KODE"', '"ULOV" = "unlawful"', '"Til stede" = "none"'),
        (3, 3, 0),
    ),
    "English with times and a zone": Dirty(
        "a.csv",
        text(
            "cpr,class,start,end,reason",
            f"{A},6A,2026-09-14T08:00:00Z,2026-09-14T14:00:00Z,Illness",
            f"{B},6B,2026-09-15T08:00:00Z,2026-09-16T14:00:00Z,Holiday",
        ).encode(),
        ('grain = "interval"', 'to = "end"', '"Holiday" = "permitted"'),
        (2, 2, 0),
        answers=(('clock = "?"', 'clock = "whole_days"'),),
    ),
    "no reason where the pupil was there": Dirty(
        "a.csv",
        text(
            "CPR;Klasse;Fra dato;Til dato;Årsag;Hel/halv",
            f"{A};8.A;14-09-2026;14-09-2026;Sygdom;Halv",
            f"{B};6.B;15-09-2026;15-09-2026;;Hel",
        ).encode(),
        ('half_day = { column = "Hel/halv"',),
        (2, 1, 1),
        ("empty_value",),
        doubt="Årsag er tom i nogle rækker",
    ),
    "codes nobody can know": Dirty(
        "a.csv",
        text("CPR;Klasse;Dato;Fraværskode", f"{A};6.A;14-09-2026;1", f"{B};6.B;15-09-2026;2").encode(),
        ('"1" = "?"', '"2" = "?"'),
        None,
    ),
    "where it ended is not said": Dirty(
        "a.csv",
        text("CPR;Klasse;Fra;Antal dage;Årsag", f"{A};6.A;14-09-2026;3;Syg").encode(),
        ('grain = "interval"', 'length = { column = "Antal dage", unit = "?" }'),
        None,
        doubt="Kun skolen kan sige",
    ),
    "pupils by full name with dates": Dirty(
        "a.csv",
        text("Fulde navn;CPR;Klasse;Startdato;Slutdato", f"Kanariefugl, Åse;{A};6.A;01-08-2026;").encode(),
        ('kind = "pupils"', 'names = ["Fulde navn"]'),
        (1, 1, 0),
        answers=(('from = "?"', 'from = "Startdato"'),),
    ),
    "consents in other words": Dirty(
        "a.csv",
        text(
            "CPR;Formål;Samtykke;Afgivet den;Trukket tilbage den;Forælder",
            f"{A};Evaluering;Ja;01-09-2026;;Kanariefugl Åse",
            f"{B};Interview;Nej;02-09-2026;;Kanariefugl Ib",
        ).encode(),
        ('kind = "consents"', 'given_on = "Afgivet den"', 'withdrawn_on = "Trukket tilbage den"'),
        (2, 2, 0),
    ),
    "consents for something else": Dirty(
        "a.csv",
        text("CPR;Formål;Samtykke;Afgivet den", *(f"{x};Klassefoto;Ja;01-09-2026" for x in (A, B))).encode(),
        ('map = { "?" = "?" }',),
        None,
        doubt="Formål, der ikke står i protokollen: 1. Den kender: evaluering",
    ),
    "days by type in spans of a week": Dirty(
        "a.csv",
        text(
            "CPR-nr;Klasse;Fra;Til;Skoledage;Syg;Lovlig;Ulovlig",
            f"{A};6.A;07-09-2026;11-09-2026;5;3;1;0",
            f"{A};6.A;14-09-2026;18-09-2026;5;0;0;0",
            f"{B};8.A;14-09-2026;18-09-2026;5;0;0;6",
        ).encode(),
        ('kind = "totals"', 'grain = "week"', 'date = "Fra"', 'unlawful = "Ulovlig"'),
        (3, 2, 1),
        ("more_than_possible",),
        answers=(('unit = "?"', 'unit = "days"'),),
    ),
}


def use(folder: Path, name: str, content: bytes, mapping: str):
    """What a study with this one mapping reads."""
    (folder / "s" / "mappings").mkdir(parents=True, exist_ok=True)
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / name).write_bytes(content)
    (folder / "s" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
    study = Study(DEMO.protocol, (folder / "s", *DEMO.folders))
    return read_round(folder / "in", study, round_id="november_2026", key=KEY)


def propose(folder: Path, name: str, content: bytes):
    (folder / name).write_bytes(content)
    return propose_mapping(folder / name, DEMO.protocol)


def assert_asked(intake) -> None:
    """The file is not read, and what it waits for is said."""
    assert {p.rule for p in intake.problems} == {"open_question"}
    assert intake.tables["raw_ledger"].empty


def without_canaries(said: str) -> None:
    for canary in CANARIES:
        assert canary not in said


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_the_draft_is_usable_and_every_row_is_accounted_for(case: Dirty, tmp_path: Path) -> None:
    draft = propose(tmp_path, case.name, case.content)
    without_canaries(draft.toml + "".join(draft.doubts))
    for line in case.draft:
        assert line in draft.toml
    assert any(case.doubt in d for d in draft.doubts)
    if case.ledger is None:
        assert_asked(use(tmp_path, case.name, case.content, answered(draft.toml)))
        return
    intake = use(tmp_path, case.name, case.content, answered(draft.toml, *case.answers))
    without_canaries(
        "".join(t.drop(columns=["sha256"], errors="ignore").to_csv() for t in intake.tables.values())
    )
    assert not intake.problems
    ledger = intake.tables["raw_ledger"].iloc[0]
    said = ledger["rows_in"] - ledger["rows_skipped"]
    assert (said, *ledger[["rows_kept", "rows_quarantined"]]) == case.ledger
    assert ledger["rows_in"] == ledger[PARTS].sum()
    assert sorted(set(intake.tables["raw_quarantine"]["rule"])) == sorted(case.rules)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
REFUSED: dict[str, tuple[str, bytes, str, str]] = {
    # file, content, what the draft's refusal says, what reading it as text says
    "no bytes": ("a.csv", b"", "missing or empty", "an empty file"),
    "blank lines": ("a.csv", b"\n\n;;;\n", "there is none", "heading is missing"),
    "no headings": ("a.csv", text(*rows()).encode(), "every line looks like data", "heading is missing"),
    "old Excel": ("a.xls", OLE, "an old Excel file (.xls)", "an old Excel file (.xls)"),
    "password": ("a.xlsx", OLE, "a workbook with a password", "a workbook with a password"),
    "a web page without a table": ("a.xls", b"<html><p>0101144001</p></html>", "no table", "a web page"),
    "OpenDocument": (
        "a.ods",
        packed(mimetype="application/vnd.oasis.opendocument.spreadsheet", content="<x/>"),
        "OpenDocument",
        "OpenDocument",
    ),
    "zip in a zip": ("a.zip", packed(a_csv="x", b_zip=packed(c_csv="x")), "archive inside", "archive inside"),
    "absolute path": ("a.zip", packed(__etc__a_csv="x"), "out of the archive", "out of the archive"),
    "fixed width": (
        "a.txt",
        text("CPR        Dato       Kode", f"{A} 07-09-2026 S").encode(),
        "no separator",
        "1 column found",
    ),
    "PDF": ("a.pdf", b"%PDF-1.7\n0101144001", "a PDF document", "a PDF document"),
    "gzip": ("a.csv.gz", b"\x1f\x8b\x08\x00" + b"\0" * 50, "a packed file", "a packed file"),
    "JSON that breaks off": ("a.json", b'[{"cpr": "0101144001"},', "is no JSON", "a JSON document"),
    "Parquet": ("a.parquet", b"PAR1" + b"\0" * 20 + b"PAR1", "a Parquet file", "a Parquet file"),
    "one column": ("a.csv", text("CPR", A, C).encode(), "no separator", "1 column found"),
}
AS_TEXT = (
    'kind = "absence"\ngrain = "day"\nfiles = ["*"]\ndate_formats = ["dd-mm-yyyy"]\n[columns]\n'
    'school = { constant = "990001" }\npupil = { column = "CPR", kind = "cpr" }\ndate = "Dato"\ntype = "Kode"\n'
    '[types]\nS = "sick"\n'
)


@pytest.mark.parametrize(("name", "content", "by_map", "by_door"), REFUSED.values(), ids=list(REFUSED))
def test_a_file_that_is_something_else_is_refused_in_words(
    name: str, content: bytes, by_map: str, by_door: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        propose(tmp_path, name, content)
    assert by_map in str(refused.value)
    assert refused.value.exit_code == 2
    intake = use(tmp_path, name, content, AS_TEXT)
    said = "\n".join(map(str, intake.problems))
    assert by_door in said
    assert all(p.next_step for p in intake.problems)
    assert intake.tables["raw_ledger"].empty
    without_canaries(str(refused.value) + said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "a column for each type",
            {("2026-09-07", "sick", 1.0), ("2026-09-08", "permitted", 1.0), ("2026-09-09", "sick", 0.5),
             ("2026-09-09", "unlawful", 0.5)},
        ),
        (
            "a week in a line",
            {("2026-09-07", "sick", 1.0), ("2026-09-08", "sick", 1.0), ("2026-09-09", "unlawful", 1.0)},
        ),
        ("dates for headings", {("2026-09-07", "sick", 1.0), ("2026-09-14", "unlawful", 1.0)}),
        (
            "dates for headings in a workbook",
            {("2026-09-07", "sick", 1.0), ("2026-09-10", "sick", 1.0), ("2026-09-08", "unlawful", 1.0),
             ("2026-09-09", "unlawful", 1.0)},
        ),
        (
            "the two halves of a day",
            {("2026-09-07", "sick", 1.0), ("2026-09-08", "unlawful", 0.5), ("2026-09-09", "sick", 0.5),
             ("2026-09-09", "unlawful", 0.5)},
        ),
    ],
)  # fmt: skip
def test_a_grid_says_what_its_cells_say(name: str, said: set[tuple[str, str, float]], tmp_path: Path) -> None:
    case = CASES[name]
    draft = answered(propose(tmp_path, case.name, case.content).toml, *case.answers)
    rows = use(tmp_path, case.name, case.content, draft).tables["raw_absence"]
    found = list(
        zip(rows["from_on"].dt.strftime("%Y-%m-%d"), rows["absence_type"], rows["day_fraction"], strict=True)
    )
    assert set(found) == said
    assert len(found) == len(said)
