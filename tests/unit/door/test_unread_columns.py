"""An unread column is a question unless it is proved harmless, by every row of the file and by what its words can mean."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from evaluation.door.headings import named
from evaluation.door.meaning import Table, Values, beside_of, class_of, may_matter
from evaluation.door.periods import SEPARATOR, parse_month, parse_week

DAYS = [dt.date(2026, 9, 1) + dt.timedelta(days=n) for n in range(60)]
WORDS = [
    "far",
    "mor",
    "hun",
    "de",
    "skolen",
    "vi",
    "hjemmet",
    "ingen",
    "læreren",
    "begge",
    "nogen",
    "kontoret",
    "andre",
]
DIGITS = str.maketrans("0123456789", "klmnopqrst")
WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")


def table(
    read: dict[str, str], amounts: tuple[str, ...] = (), *, pieces: int = 3, **columns: list[str]
) -> Table:
    """A file's columns as the door sees them: in pieces."""
    frame = pd.DataFrame(
        {c: pd.Series([v or None for v in values], dtype="str") for c, values in columns.items()}
    )
    beside, seen = beside_of(read, amounts), {c: Values() for c in columns if c not in read.values()}
    size = -(-len(frame) // pieces)
    for start in range(0, len(frame), size):
        piece = frame.iloc[start : start + size].reset_index(drop=True)
        beside.see(piece, list(seen))
        for column, values in seen.items():
            values.add(piece[column].value_counts().items())
    return Table(seen, read, beside, amounts)


def asked(made: Table) -> list[str]:
    return [u.name for u in may_matter(made)]


READ = {"pupil": "CPR", "class": "Klasse", "date": "Dato"}


def rows(n: int) -> dict[str, list[str]]:
    return {
        "CPR": [f"0101{12 + i % 3}{4000 + i % 40}" for i in range(n)],
        "Klasse": [f"{7 + i % 3}.A" for i in range(n)],
        "Dato": [f"{DAYS[i % 60]:%d-%m-%Y}" for i in range(n)],
    }


@pytest.mark.parametrize(
    ("name", "makes"),
    [
        ("Ugedag", lambda i: WEEKDAYS[DAYS[i % 60].weekday()]),
        ("Vobtus", lambda i: WEEKDAYS[DAYS[i % 60].weekday()][:3]),
        ("Uge", lambda i: str(DAYS[i % 60].isocalendar().week)),
        ("Skoleår", lambda _: "2026/27"),
        ("Klassetrin", lambda i: str(7 + i % 3)),
        ("Nr.", lambda i: str(1000 + i)),
        ("Gimfæt", lambda i: f"01-01-20{12 + i % 3}"),
        ("Kopi", lambda i: f"{DAYS[i % 60]:%d-%m-%Y}"),
    ],
)  # fmt: skip
def test_a_column_that_is_proved_harmless_is_asked_about_when_its_last_row_says_something_else(
    name, makes
) -> None:
    """The last of 6,000 rows counts as much as the first."""
    n = 6_000
    columns = rows(n) | {name: [makes(i) for i in range(n)]}
    assert asked(table(READ, **columns)) == []
    columns[name][-1] = "3,5"
    assert asked(table(READ, **columns)) == [name]


@pytest.mark.parametrize(
    "makes",
    [
        lambda i: str(2_026_000_123 + 7 * i),
        lambda i: f"20 30 4{i % 10} {50 + i % 40}",
        lambda i: f"{i:08x}-4b1d-11ee-{i:012x}",
        lambda i: f"Åse Navn{chr(97 + i % 20)}{chr(97 + i % 40 // 2)} Bækskov{chr(97 + i % 17)}",
        lambda i: "" if i % 9 else f"{WORDS[i % 7]} sagde {WORDS[i % 11]} om {WORDS[i % 5]} {i:x}".translate(DIGITS),
        lambda i: f"elev{i}@skole.dk",
    ],
)  # fmt: skip
def test_numbers_names_and_free_text_are_no_questions_and_are_when_a_third_of_them_are_amounts(makes) -> None:
    values = [makes(i) for i in range(6_000)]
    assert asked(table(READ, **rows(6_000), Mildum=values)) == []
    some = [f"{i % 4},5" if i % 3 == 0 else v for i, v in enumerate(values)]
    assert asked(table(READ, **rows(6_000), Mildum=some)) == ["Mildum"]


@pytest.mark.parametrize(
    "values",
    [
        ["0180", "0090", "0360"],
        ["10800", "21600", "5400"],
        ["0815", "1130", "0950"],
        ["081500", "113000", "095000"],
        ["10800000", "21600000", "16200000"],
        ["3t 25m", "1t 10m", "2t 5m"],
        ["PT3H30M", "PT1H", "PT45M"],
        ["fra 8.10 til 12.05", "fra 9.10 til 11.00", "fra 8.00 til 9.45"],
        ["Eleven var her ikke fra klokken 9", "Eleven var her ikke fra klokken 11", "Eleven var her ikke fra klokken 10"],
        ["1758000000", "1758003600", "1758012345"],
        ["101742", "083009", "115958"],
        ["08001130", "09151000", "10451330"],
        ["081500113000", "091500101500", "104512133007"],
        ["000045", "000317", "000123"],
        ["halvt skema", "fuldt skema", "en fjerdedel"],
        ["Morgen og formiddag", "Middag og eftermiddag", "Hele dagen uden pause"],
    ],
)  # fmt: skip
def test_what_may_be_an_amount_is_never_proved_to_be_something_else(values: list[str]) -> None:
    counted = Values()
    counted.add((v, n + 1) for n, v in enumerate(values))
    assert class_of(counted) in ("amount", "words", "date")


def test_amounts_that_are_the_same_for_each_pupil_are_asked_about() -> None:
    columns = rows(400) | {
        "Nedsat skema": [f"{20 + i % 40}" for i in range(400)],
        "Ordning": [("fuldt skema", "halvt skema", "en fjerdedel")[i % 40 % 3] for i in range(400)],
    }
    assert asked(table(READ, **columns)) == ["Nedsat skema", "Ordning"]


def test_a_number_beside_some_rows_alone_may_say_which_row_is_replaced() -> None:
    columns = rows(100) | {"Erstatter": ["" if i % 2 else f"{100_001 + 7 * i}" for i in range(100)]}
    assert asked(table(READ, **columns)) == ["Erstatter"]


def test_two_sentences_are_not_enough_to_be_free_text() -> None:
    said = ("kom alligevel i skole den dag", "var her hele dagen ifølge læreren", "", "")
    columns = rows(4) | {"Bemærkning": list(said)}
    assert asked(table(READ, **columns)) == ["Bemærkning"]


def test_an_end_far_in_the_future_is_no_birthday() -> None:
    columns = rows(100) | {"Gældende": [f"31-12-20{28 + i % 5}" for i in range(100)]}
    assert asked(table(READ, **columns)) == ["Gældende"]


def test_a_length_beside_an_open_end_says_what_the_dates_do_not() -> None:
    read = {"from": "Fra", "to": "Til"}
    columns = {"Fra": ["07-09-2026"] * 9, "Til": ["11-09-2026"] * 8 + [""], "Dage": ["5"] * 9}
    assert asked(table(read, **columns)) == ["Dage"]
    columns["Til"][-1] = "11-09-2026"
    assert asked(table(read, **columns)) == []


def test_a_sum_of_the_types_adds_nothing_while_it_is_one_in_every_row() -> None:
    columns = {"Uge": ["37"] * 9, "Syg": ["1"] * 9, "Fri": ["2"] * 9, "I alt": ["3"] * 9}
    amounts = ("Syg", "Fri")
    read = {"week": "Uge"}
    assert "I alt" not in asked(table(read, amounts, **columns))
    columns["I alt"][-1] = "4"
    assert "I alt" in asked(table(read, amounts, **columns))


@pytest.mark.parametrize(
    ("heading", "says"),
    [
        ("Sygedage", ("sick", "days")), ("Ulovlige dage", ("unlawful", "days")), ("Frihedsdage", ("permitted", "days")),
        ("Fravær med tilladelse", ("permitted", None)), ("Sygdom halve dage", ("sick", "sessions")),
        ("Ulovlige lektioner", ("unlawful", "lessons")), ("Sygedage pr. elev", None), ("Lovpligtige skoledage", None),
        ("heraf sygdom", None), ("Sygdom i familien", None), ("Syg, halv dag", None), ("Fritimer", None),
        ("Sygeplejerske", None),
        ("Ikke ulovligt", None), ("Sygdom eller ferie", None), ("Sygdom sidste år", None), ("Sygdom %", None),
    ],
)  # fmt: skip
def test_a_heading_names_a_type_only_when_each_of_its_words_is_understood(heading: str, says) -> None:
    found = named(heading)
    assert (found and (found.kind, found.unit)) == says


def test_months_and_weeks_of_a_school_year_that_is_one_number_are_in_its_second_year_in_the_spring() -> None:
    assert parse_month(8, of_school_years=True)(f"1{SEPARATOR}2025")[0] == dt.date(2026, 1, 1)
    assert parse_month(8, of_school_years=True)(f"9{SEPARATOR}2025")[0] == dt.date(2025, 9, 1)
    assert parse_month(8)(f"1{SEPARATOR}2025")[0] == dt.date(2025, 1, 1)
    assert parse_week(8, of_school_years=True)(f"3{SEPARATOR}2025")[0] == dt.date(2026, 1, 12)


NOTED_BY = ("Registreret af", "Ændret af", "Lærer", "Kontaktperson")
NOTED_BY = ("Registreret af", "Ændret af", "Lærer", "Kontaktperson")
WHO = (
    *NOTED_BY,
    "Afdeling",
    "Institutionsnavn",
    "Spor",
    "Skole",
    "By",
    "Telefon",
    "Kommune",
    "Elev",
    "Barn",
    "Fornavn",
)
ABOUT_THE_ROW = (
    "Annulleret",
    "Slettet",
    "FORTRUDT",
    "SFO",
    "Kontor fm",
    "Skole del",
    "afvist",
    "Kun idræt",
    "Prøve",
    "kladde",
)


@pytest.mark.parametrize("name", WHO)
@pytest.mark.parametrize("n", [4, 60])
def test_a_heading_of_who_makes_no_word_about_the_row_harmless(name: str, n: int) -> None:
    """Half of the rows say such a word, the others what the heading promises."""
    usual = {
        "Telefon": "12345678",
        "Fornavn": "Åse",
        "Elev": "Åse Ravnsbæk",
        "Barn": "Åse Ravnsbæk",
        "Skole": "Egelundskolen",
    }
    for word in ABOUT_THE_ROW:
        if word == "SFO" and name in NOTED_BY:
            continue  # so short a word may be somebody's initials, and who noted a row says nothing of it
        values = [word if i % 2 else usual.get(name, "AB") for i in range(n)]
        assert asked(table(READ, **rows(n), **{name: values})) == [name], word


@pytest.mark.parametrize(
    ("name", "makes"),
    [
        ("Registreret af", lambda i: ("KLJ", "HN", "mpe12")[i % 3]),
        ("Lærer", lambda i: ("Hanne Kvist", "Bo P. Lind", "Vibeke Sand-Olsen")[i % 3]),
        ("Navn", lambda i: f"Navn{chr(97 + i % 40 % 20)} Bækskov{chr(97 + i % 40 // 2)}"),
        ("Efternavn", lambda i: ("Ravnsbæk", "Tangløse")[i % 40 % 2]),
        ("Skolenavn", lambda i: "Egelundskolen"),
        ("Klassespor", lambda i: "A"),
        ("Køn", lambda i: "KM"[i % 40 % 2]),
        ("Afdeling", lambda i: ("Mellemtrin", "Udskoling")[i % 40 % 2]),
    ],
)
def test_what_a_heading_of_who_promises_is_no_question(name: str, makes) -> None:
    columns = rows(120) | {"CPR": [f"0101124{i % 40:03d}" for i in range(120)]}
    assert asked(table(READ, **columns, **{name: [makes(i) for i in range(120)]})) == []
