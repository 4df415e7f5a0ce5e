"""A row counts for what the school wrote, or nothing is counted until somebody has said what it means.

Each case is a small export with its truth. It is read in two ways: with the draft of ``komglad map``, its questions
answered as a person who knows the school would, and with the mapping that a person writes who sees only the columns
everybody knows. The first must give the truth; the second must give the truth or an open question.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from evaluation.door.dates import parse_date
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.mapping import parse_mapping
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import ProtocolError
from evaluation.study import Study, load_study
from tests.unit.door.analyst import answered

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
UPPER = ("020712-9474;8.A", "250212-8571;8.B", "261012-6570;8.A", "230612-6868;8.B")
LOWER = ("100614-6035;6.A", "230314-5999;6.B", "190214-6459;6.A", "160914-6813;6.B")
DAYS = ";".join(str(d) for d in range(1, 31))


def read(folder: Path, name: str, content: str, mapping: str) -> Intake:
    """What comes through the door under one mapping."""
    for place in ("study/mappings", "inbox/egelund"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / "study/mappings/m.toml").write_text(mapping, encoding="utf-8")
    (folder / "inbox/egelund" / name).write_text(content, encoding="utf-8")
    study = Study(STUDY.protocol, (folder / "study", *STUDY.folders))
    return read_incoming(folder / "inbox", study, round_id="november_2026", key=KEY)


def days_of(intake: Intake) -> float:
    """School days of absence, each by its share."""
    calendar = intake.tables["raw_calendar"]
    open_days = calendar.loc[calendar["is_school_day"], ["school_id", "day_on"]]
    rows = intake.tables["raw_absence"].merge(open_days, on="school_id")
    inside = (rows["from_on"] <= rows["day_on"]) & (rows["day_on"] <= rows["to_on"])
    return round(float(rows.loc[inside, "day_fraction"].sum()), 3)


def draft_of(folder: Path, name: str, content: str) -> str:
    (folder / "egelund").mkdir(parents=True, exist_ok=True)
    path = folder / "egelund" / name
    path.write_text(content, encoding="utf-8")
    return propose_mapping(path, STUDY.protocol, folder).toml


@dataclass(frozen=True)
class Case:
    """``truth``: days of absence. ``plain``: the mapping of one who overlooks the column in question; it may ask."""

    header: str
    rows: tuple[str, ...]
    truth: float
    plain: str
    answers: tuple[tuple[str, str], ...] = ()


DAY = """kind = "absence"
grain = "day"
files = ["egelund/*"]
delimiter = ";"
date_formats = ["dd-mm-yyyy"]
exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }
[columns]
school = { constant = "165001" }
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
date = "Dato"
type = "Type"
[types]
"Sygdom" = "sick"
"S" = "sick"
"""
SPAN = DAY.replace('"day"', '"interval"').replace('date = "Dato"', 'from = "Fra"\nto = "Til"')
HALF = ("?", "0.5")
CASES = {
    "whole or half in a word": Case(
        "CPR;Klasse;Dato;Type;Hele/halve dage",
        tuple(f"{p};02-11-2026;Sygdom;Halv" for p in UPPER),
        4 * 0.5,
        DAY,
    ),
    "twenty minutes late": Case(
        "CPR;Klasse;Fra;Til;Type",
        tuple(f"{p};02-11-2026 08:00;02-11-2026 08:20;Sygdom" for p in UPPER),
        round(4 * 20 / 60 / 6, 3),
        SPAN.replace("dd-mm-yyyy", "dd-mm-yyyy hh:mm"),
        (('clock = "?"', "clock = { day = 6 }"),),
    ),
    "a cross for half a day, or which half": Case(
        "CPR;Klasse;Dato;Type;Halv dag",
        tuple(
            f"{p};02-11-2026;Sygdom;{m}"
            for p, m in zip(UPPER * 2, ["Formiddag", "x", "Eftermiddag", "x"] * 2, strict=True)
        )[:4],
        4 * 0.5,
        DAY,
    ),
    "from and to in other words": Case(
        "CPR;Klasse;Fra og med;Til og med;Type",
        tuple(f"{p};26-10-2026;30-10-2026;Sygdom" for p in LOWER),
        4 * 5,
        DAY.replace('"Dato"', '"Fra og med"'),
    ),
    "a date and an end": Case(
        "CPR;Klasse;Dato;Slutdato;Type",
        tuple(f"{p};26-10-2026;30-10-2026;Sygdom" for p in LOWER),
        4 * 5,
        DAY,
    ),
    "a date and how many days": Case(
        "CPR;Klasse;Dato;Antal dage;Type",
        tuple(f"{p};26-10-2026;{n};Sygdom" for p, n in zip(LOWER, (1, 2, 5, 7), strict=True)),
        1 + 2 + 5 + 7,
        DAY,
        (('unit = "?" }  # school_days', 'unit = "school_days" }  # school_days'),),
    ),
    "hours": Case(
        "CPR;Klasse;Dato;Type;Timer",
        tuple(f"{p};26-10-2026;Sygdom;{n}" for p, n in zip(LOWER, ("6", "3", "1,5", "6"), strict=True)),
        1 + 0.5 + 0.25 + 1,
        DAY,
        (('unit = "?", day = "?"', 'unit = "hours", day = { "0-6" = 6, "7-9" = 7 }'),),
    ),
    "per cent of the day": Case(
        "CPR;Klasse;Dato;Type;Fravær %",
        tuple(f"{p};26-10-2026;Sygdom;{n}" for p, n in zip(LOWER, ("100", "50", "25", "100"), strict=True)),
        1 + 0.5 + 0.25 + 1,
        DAY,
        (('unit = "?"', 'unit = "percent"'),),
    ),
    "status": Case(
        "CPR;Klasse;Fra;Til;Type;Status",
        tuple(
            f"{p};02-11-2026;03-11-2026;Sygdom;{s}"
            for p, s in zip(LOWER, ("Godkendt", "Annulleret", "Afvist", "Afventer"), strict=True)
        ),
        1 * 2,
        SPAN,
        (
            ('"Godkendt" = "?"', '"Godkendt" = "counts"'),
            *((f'"{s}" = "?"', f'"{s}" = "none"') for s in ("Annulleret", "Afvist", "Afventer")),
        ),
    ),
    "month first": Case(
        "CPR;Klasse;Dato;Type",
        tuple(f"{p};{d}/2026;S" for p in LOWER for d in ("9/3", "10/9", "9/22", "10/27", "11/12")),
        4 * 5,
        DAY.replace("dd-mm-yyyy", "dd/mm/yyyy"),
    ),
    "a short month": Case(
        "CPR;Klasse;Dato;Type",
        tuple(f"{p};{d}-2026;S" for p in LOWER for d in ("03-sep", "22-okt", "09-nov")),
        4 * 3,
        DAY.replace("dd-mm-yyyy", "dd-mmm-yyyy"),
    ),
    "not ended yet": Case(
        "CPR;Klasse;Fra;Til;Type",
        tuple(
            f"{p};09-11-2026;{e};Sygdom"
            for p, e in zip(LOWER, ("10-11-2026", "", "09-11-2026", ""), strict=True)
        ),
        2 + 5 + 1 + 5,
        SPAN,
        (('empty_to = "?"', 'empty_to = "ongoing"'),),
    ),
    "two lessons of six": Case(
        "CPR;Klasse;Dato;Type;Lektion",
        tuple(f"{p};26-10-2026;S;{n}" for p in LOWER for n in (1, 2)),
        round(4 * 2 / 6, 3),
        DAY,
        (('day = "?" }', "day = 6 }"),),
    ),
    "morning and afternoon, a row each": Case(
        "CPR;Klasse;Dato;Type;Session",
        tuple(f"{p};26-10-2026;S;{half}" for p in UPPER for half in ("AM", "PM")),
        4 * 1,
        DAY,
        (('"AM" = "?"', '"AM" = "0.5"'), ('"PM" = "?"', '"PM" = "0.5"')),
    ),
    "half marks in a grid of a month": Case(
        f"Klasse: 8.A;;;\nNovember 2026;;;\nCPR;Navn;{DAYS}",
        tuple(f"{p[:11]};x;;S½;S½" + ";" * 27 for p in UPPER),
        4 * 2 * 0.5,
        """kind = "absence"
format = "grid"
files = ["egelund/*"]
header_row = 3
exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }
[columns]
school = { constant = "165001" }
pupil = { column = "CPR", kind = "cpr" }
month = { line = 2, pattern = '([A-Za-z]+ \\d{4})' }
class = { line = 1, pattern = 'Klasse: ([^;]+)' }
[types]
"S½" = "sick"
""",
        (('"S½" = "?"  # koden kendes ikke', '"S½" = "sick"'), ('"S½" = "?"', '"S½" = 0.5')),
    ),
    "small and large letters": Case(
        f"Klasse: 8.A;;;\nNovember 2026;;;\nCPR;Navn;{DAYS}",
        tuple(f"{p[:11]};x;;s;S" + ";" * 27 for p in UPPER),
        4 * 1.5,
        """kind = "absence"
format = "grid"
files = ["egelund/*"]
header_row = 3
exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }
[columns]
school = { constant = "165001" }
pupil = { column = "CPR", kind = "cpr" }
month = { line = 2, pattern = '([A-Za-z]+ \\d{4})' }
class = { line = 1, pattern = 'Klasse: ([^;]+)' }
[types]
"S" = "sick"
"s" = "sick"
""",
        (('"s" = "?"', '"s" = 0.5'), ('"S" = "?"', '"S" = 1')),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_an_answered_draft_counts_what_the_school_wrote(case: Case, tmp_path: Path) -> None:
    content = "\n".join([case.header, *case.rows, ""])
    draft = draft_of(tmp_path, "f_2026-11-20.csv", content)
    intake = read(tmp_path, "f_2026-11-20.csv", content, answered(draft, *case.answers))
    assert not intake.problems, [str(p) for p in intake.problems]
    assert intake.tables["raw_quarantine"].empty
    assert days_of(intake) == pytest.approx(case.truth, abs=2e-3)


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_a_mapping_that_overlooks_something_is_asked_and_counts_nothing(case: Case, tmp_path: Path) -> None:
    content = "\n".join([case.header, *case.rows, ""])
    intake = read(tmp_path, "f_2026-11-20.csv", content, case.plain)
    if intake.problems:
        assert {p.rule for p in intake.problems} == {"open_question"}
        assert intake.questions
        assert intake.tables["raw_absence"].empty
    elif intake.tables["raw_quarantine"].empty:
        assert days_of(intake) == case.truth


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_an_unanswered_draft_is_never_read(case: Case, tmp_path: Path) -> None:
    content = "\n".join([case.header, *case.rows, ""])
    draft = draft_of(tmp_path, "f_2026-11-20.csv", content)
    intake = read(tmp_path, "f_2026-11-20.csv", content, draft)
    if case.answers:
        assert {p.rule for p in intake.problems} == {"open_question"}
        assert intake.tables["raw_absence"].empty


def test_days_of_one_pupil_are_never_taken_for_those_of_a_class(tmp_path: Path) -> None:
    content = "Årgang;Måned;Antal elever;Skoledage;Sygedage;Frihedsdage;Ulovlige dage\n6;september 2026;60;22;20;1;1\n"
    draft = draft_of(tmp_path, "f_2026-11-20.csv", content)
    asked = read(tmp_path, "f_2026-11-20.csv", content, draft)
    assert [q.name for q in asked.questions["egelund/f_2026-11-20.csv"]] == ["totals.possible"]
    told = draft.replace("[totals]", '[totals]\npossible = "pupil"')
    totals = read(tmp_path, "f_2026-11-20.csv", content, told).tables["raw_totals"]
    assert totals["absent_days"].sum() == 20 + 1 + 1
    assert set(totals["school_days"]) == {60 * 22}


def test_counts_that_never_fall_are_asked_about(tmp_path: Path) -> None:
    header = "CPR;Klasse;Uge;Skoledage;Sygedage;Frihedsdage;Ulovlige dage\n"
    content = header + "".join(
        f"100614-6035;6.A;2026-W{w};5;{n};0;0\n" for w, n in ((36, 0), (37, 1), (38, 2), (39, 4))
    )
    draft = draft_of(tmp_path, "f_2026-11-20.csv", content)
    asked = read(tmp_path, "f_2026-11-20.csv", content, draft)
    assert [q.name for q in asked.questions["egelund/f_2026-11-20.csv"]] == ["totals.running"]
    told = draft.replace("[totals]", "[totals]\nrunning = false")
    assert read(tmp_path, "f_2026-11-20.csv", content, told).tables["raw_totals"]["absent_days"].sum() == 7


@pytest.mark.parametrize(
    "formats",
    [
        ("dd/mm/yyyy", "mm/dd/yyyy"),
        ("dd-mm-yy", "yy-mm-dd"),
        ("mm-dd-yyyy", "dd-mm-yyyy"),
        ("%d.%m.%Y", "%m.%d.%Y"),
    ],
)
def test_two_orders_of_day_and_month_are_refused_together(formats: tuple[str, ...]) -> None:
    raw = {"kind": "calendar", "files": ["k.csv"], "columns": {"from": "fra"}, "date_formats": list(formats)}
    with pytest.raises(ProtocolError, match="to rækkefølger"):
        parse_mapping(raw, name="m.toml")
    for one in formats:
        assert parse_mapping(
            {**raw, "date_formats": [one, "d. mmmm yyyy", "excel"]}, name="m.toml"
        ).date_formats


@pytest.mark.parametrize(
    ("heads", "grain"),
    [
        ("Fra og med;Til og med", "interval"),
        ("Startdato;Slutdato", "interval"),
        ("Fraværet begyndte;Fraværet sluttede", "interval"),
        ("Første dag;Sidste dag", "interval"),
        ("F.o.m.;T.o.m.", "interval"),
        ("Fraværsdato;Første skoledag igen", "?"),
        ("Dato;Tilbage den", "?"),
        ("Dato;Sag afsluttet", "?"),
        ("Dato;Raskmeldt", "?"),
    ],
)
def test_a_second_date_is_an_end_only_where_its_heading_says_so(
    heads: str, grain: str, tmp_path: Path
) -> None:
    content = f"CPR;Klasse;{heads};Type\n" + "".join(f"{p};26-10-2026;30-10-2026;Sygdom\n" for p in LOWER)
    mapping = parse_mapping(tomllib.loads(draft_of(tmp_path, "f_2026-11-20.csv", content)), name="d")
    assert mapping.kind == "absence"
    if grain == "interval":
        assert (mapping.grain, mapping.questions) == ("interval", ())
    else:
        assert heads.split(";")[1] in {q.name for q in mapping.questions} or "?" in {
            q.name for q in mapping.questions
        }


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("22/9-2026", "d/m-yyyy"), ("tirsdag den 22. september 2026", "d. mmmm yyyy"), ("22-sep-26", "dd-mmm-yy"),
        ("22092026", "ddmmyyyy"), ("2026-09-22T00:00:00+02:00", "iso"), ("2026-09-21T22:00:00Z", "iso"),
        ("2026-09-22T00:00:00.000Z", "iso"), ("22. sept. 2026", "d. mmm. yyyy"),
        ("22 September 2026", "[$-409]d mmmm yyyy;@"),
    ],
)  # fmt: skip
def test_dates_as_danes_and_their_systems_write_them(written: str, label: str) -> None:
    raw = {"kind": "calendar", "files": ["k.csv"], "columns": {"from": "fra"}, "date_formats": [label]}
    formats = parse_mapping(raw, name="m.toml").date_formats
    assert parse_date(formats)(written)[0] == dt.date(2026, 9, 22)


@pytest.mark.parametrize(
    ("remark", "is_asked"),
    [
        ("Meldt af hjemmet kl. 07.45 via intra", False),
        ("Gik hjem til middag, altså en halv dag", True),
        ("Kun væk om formiddagen efter aftale med klasselæreren", True),
        ("Afventer godkendelse fra ledelsen", True),
    ],
)
def test_a_remark_is_free_text_when_it_is_a_sentence_that_tells_no_amount(
    remark: str, is_asked: bool, tmp_path: Path
) -> None:
    content = "CPR;Klasse;Dato;Type;Bemærkning\n" + "".join(f"{p};26-10-2026;S;{remark}\n" for p in LOWER)
    intake = read(tmp_path, "f_2026-11-20.csv", content, DAY)
    assert bool(intake.problems) is is_asked


def test_letters_tell_a_type_only_under_danish_headings(tmp_path: Path) -> None:
    danish = draft_of(tmp_path, "a.csv", "CPR;Klasse;Dato;Kode\n100614-6035;6.A;25-09-2026;S\n")
    english = draft_of(tmp_path, "b.csv", "CPR;Class;Date;Reason\n100614-6035;6.A;25-09-2026;S\n")
    assert '"S" = "sick"' in danish
    assert '"S" = "?"' in english
