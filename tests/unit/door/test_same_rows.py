"""Rows that count for the same: one absence written twice, or parts of a day; never guessed."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
PUPILS = [f"0{n + 1}0314{4001 + n}" for n in range(6)]
DAYS = [f"{d:02d}-09-2026" for d in (1, 2, 3, 4, 7, 8, 9)]
MAPPING = """
kind = "absence"
grain = "day"
files = ["egelund/*.csv"]
date_formats = ["dd-mm-yyyy"]
MORE
[columns]
school = { constant = "165001" }
pupil = { column = "CPR", kind = "cpr" }
date = "Dato"
type = "Type"
AMOUNT
[types]
Syg = "sick"
[ignore]
"OTHER" = "ikke noget, der tælles med"
"""


def _read(
    text: str, more: str = "", amount: str = "", other: str = "Lærer", mapping: str = MAPPING
) -> tuple[Intake, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "study" / "mappings").mkdir(parents=True)
        (root / "inbox" / "egelund").mkdir(parents=True)
        if "date_formats" in more:
            mapping = mapping.replace('date_formats = ["dd-mm-yyyy"]\n', "")
        mapping = mapping.replace("MORE", more).replace("AMOUNT", amount).replace("OTHER", other)
        (root / "study" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
        (root / "inbox" / "egelund" / "f.csv").write_text(text, encoding="utf-8")
        study = Study(STUDY.protocol, (root / "study", *STUDY.folders))
        intake = read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)
        return intake, [q.name for mine in intake.questions.values() for q in mine]


def _lessons(seed: int, missed: dict[tuple[str, str], int]) -> str:
    """A row for each lesson missed, told apart by the teacher alone, in any order."""
    made = [f"{p};{d};Syg;T{n}" for (p, d), count in missed.items() for n in range(count)]
    random.Random(seed).shuffle(made)
    return "CPR;Dato;Type;Lærer\n" + "\n".join(made) + "\n"


MISSED = st.dictionaries(
    st.tuples(st.sampled_from(PUPILS), st.sampled_from(DAYS)), st.integers(1, 6), min_size=2, max_size=10
)


@settings(max_examples=12, deadline=None)
@given(MISSED, st.integers(0, 99))
def test_lessons_told_apart_by_an_ignored_column_are_asked_about_and_add_up_when_they_are_parts(
    missed: dict[tuple[str, str], int], seed: int
) -> None:
    text = _lessons(seed, missed)
    asked = ["same_rows"] if max(missed.values()) > 1 else []
    assert _read(text)[1] == asked
    each = 'amount = { constant = "1", unit = "lessons", day = 6 }'
    assert _read(text, "", each)[1] == asked
    parts = _read(text, 'same_rows = "parts"', each)[0]
    assert parts.tables["raw_absence"]["day_fraction"].sum() == pytest.approx(
        sum(missed.values()) / 6, abs=1e-3
    )
    once = _read(text, 'same_rows = "once"')[0]
    assert len(once.tables["raw_absence"]) == len(missed)


@pytest.mark.parametrize(("share", "asked"), [("Hel", []), ("Halv", ["same_rows"])])
def test_a_part_of_a_day_that_stands_twice_is_asked_about_and_a_whole_day_is_one(
    share: str, asked: list[str]
) -> None:
    row = f"{PUPILS[0]};{DAYS[0]};Syg;{share};HN\n"
    half = 'half_day = { column = "Omfang", map = { Hel = "1", Halv = "0.5" } }'
    text = f"CPR;Dato;Type;Omfang;Lærer\n{row}{row}"
    assert _read(text, "", half)[1] == asked
    for told, days in (("once", 0.5), ("parts", 1.0)) if asked else ():
        intake, _ = _read(text, f'same_rows = "{told}"', half)
        assert intake.tables["raw_absence"]["day_fraction"].sum() == days


def test_whole_days_that_are_called_parts_are_no_more_than_a_day() -> None:
    text = _lessons(1, {(PUPILS[0], DAYS[0]): 3})
    intake, _ = _read(text, 'same_rows = "parts"')
    assert intake.tables["raw_absence"].empty
    assert len(intake.tables["raw_quarantine"]) == 3


# --- whole days that stand again --------------------------------------------------------------------------------

HALF = 'amount = { constant = "0.5", unit = "share" }'
MANY = [f"{d:02d}0314{4000 + 37 * d}" for d in range(1, 25)]
MONTH = [f"{d:02d}-09-2026" for d in (1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18)]


def _rows(seed: int, days: list[tuple[str, str]], again: list[tuple[str, str]]) -> str:
    rows = [f"{p};{d};Syg" for p, d in days + again]
    random.Random(seed).shuffle(rows)
    return "CPR;Dato;Type\n" + "\n".join(rows) + "\n"


def _days(r: random.Random, n: int) -> list[tuple[str, str]]:
    return r.sample([(p, d) for p in MANY for d in MONTH], n)


@settings(max_examples=10, deadline=None)
@given(st.integers(30, 150), st.floats(0.45, 1), st.integers(0, 9999))
def test_mornings_and_afternoons_as_equal_rows_are_asked_about_and_add_up(
    n: int, whole: float, seed: int
) -> None:
    days = _days(random.Random(seed), n)
    text = _rows(seed, days, days[: int(whole * n)])
    assert _read(text)[1] == ["same_rows"]
    parts = _read(text, 'same_rows = "parts"\ndecimal = ","', HALF)[0]
    assert not parts.problems
    truth = int(whole * n) + 0.5 * (n - int(whole * n))
    assert parts.tables["raw_absence"]["day_fraction"].sum() == pytest.approx(truth)
    assert len(_read(text, 'same_rows = "once"')[0].tables["raw_absence"]) == n


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 200), st.floats(0, 0.06), st.integers(0, 9999))
def test_a_slip_now_and_then_is_not_asked_about(n: int, slips: float, seed: int) -> None:
    days = _days(random.Random(seed), n)
    intake, asked = _read(_rows(seed, days, days[: max(1, int(slips * n))]))
    assert (asked, len(intake.tables["raw_absence"])) == ([], n)


# --- a beginning without an end ---------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(MISSED, st.integers(0, 99))
def test_a_row_with_a_beginning_alone_is_no_whole_day_until_somebody_says_so(
    missed: dict[tuple[str, str], int], seed: int
) -> None:
    rows = [f"{p};{d} {8 + n:02d}:10;Syg" for (p, d), count in missed.items() for n in range(count)]
    random.Random(seed).shuffle(rows)
    text = "CPR;Dato;Type\n" + "\n".join(rows) + "\n"
    more = 'clock = { day = 6 }\ndate_formats = ["dd-mm-yyyy hh:mm"]'
    assert _read(text, more)[1] == ["clock"]
    told = _read(text, more, 'amount = { constant = "1", unit = "lessons", day = 6 }')[0]
    assert not told.problems
    assert told.tables["raw_absence"]["day_fraction"].sum() == pytest.approx(
        sum(missed.values()) / 6, abs=1e-3
    )


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 23), st.integers(0, 59), st.booleans())
def test_only_midnight_is_its_own_end(hour: int, minute: int, to_the_last_minute: bool) -> None:
    start = f"{hour:02d}:{minute:02d}:00"
    end = "23:59:59" if to_the_last_minute and (hour, minute) == (0, 0) else start
    mapping = MAPPING.replace('grain = "day"', 'grain = "interval"').replace(
        'date = "Dato"', 'from = "Fra"\nto = "Til"'
    )
    more = 'clock = { day = 6 }\ndate_formats = ["dd-mm-yyyy hh:mm:ss"]'
    text = f"CPR;Fra;Til;Type\n{PUPILS[0]};{DAYS[0]} {start};{DAYS[0]} {end};Syg\n"
    intake, _ = _read(text, more, mapping=mapping)
    is_day = (hour, minute) == (0, 0)
    assert list(intake.tables["raw_absence"]["day_fraction"]) == ([1.0] if is_day else [])
    assert len(intake.tables["raw_quarantine"]) == (not is_day)
