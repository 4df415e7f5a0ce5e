"""Changing the key: every number can be found again by the old key's owner, and nobody by anybody else."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.door.cpr import REPLACEMENT, century, numbers_born, parse_cpr, serials_of
from evaluation.door.forgotten import Forgotten
from evaluation.door.pseudonyms import PseudonymKey, generate_key
from evaluation.door.rotation import birth_years, interview_names, moved_list, rotation_map
from evaluation.errors import InputError
from evaluation.interviews.segments import pseudonym
from evaluation.study import load_study

OLD, NEW = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2), PseudonymKey.parse(generate_key())


@pytest.mark.slow
def test_all_numbers_of_a_year_are_tried_once() -> None:
    numbers = list(numbers_born([2012]))
    # Sevenths 4 to 9 belong to 2012, a leap year, and each number has its replacement.
    assert len(numbers) == len(set(numbers)) == 2 * 366 * 6_000
    assert {parse_cpr(n)[1] for n in itertools.islice(numbers, 0, None, 997)} == {None}
    assert {n[4:6] for n in numbers} == {"12"}


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 99), st.integers(1, 12), st.integers(1, 31), st.integers(0, 9_999), st.booleans())
def test_any_number_the_door_accepts_is_among_those_of_its_day(
    year: int, month: int, day: int, serial: int, is_replacement: bool
) -> None:
    number = f"{day + REPLACEMENT * is_replacement:02d}{month:02d}{year:02d}{serial:04d}"
    born = century(year, serial) + year
    try:
        date = dt.date(born, month, day)
    except ValueError:
        assert parse_cpr(number)[1] == "cpr_date"
        return
    assert parse_cpr(number) == (number, None)
    start = number[:6]
    assert number in {start + last for last in serials_of(date.year)}


def test_trying_ends_when_everybody_is_found() -> None:
    numbers = numbers_born([2014])
    found = OLD.values_behind("pupil", numbers, [OLD.pseudonym("pupil", "0101144001")])
    assert list(found.values()) == ["0101144001"]
    assert next(numbers) == "0101144002"
    assert OLD.values_behind("pupil", numbers_born([2014]), []) == {}


@pytest.mark.slow
def test_pupils_move_by_their_numbers() -> None:
    people = ["0101144001", "6101144002", "0201149999"]
    found = rotation_map(OLD, NEW, OLD.hash_many("pupil", people).tolist(), [2014])
    assert found == {OLD.pseudonym("pupil", p): NEW.pseudonym("pupil", p) for p in people}


@pytest.mark.slow
def test_nobody_is_left_behind_in_silence() -> None:
    keys = OLD.hash_many("pupil", ["0101144001", "0101134001"]).tolist()
    with pytest.raises(InputError) as refusal:
        rotation_map(OLD, NEW, keys, [2014])
    assert "1 pupil(s) with no number of the birth years 2014-2014" in str(refusal.value)
    assert "010113" not in str(refusal.value)
    with pytest.raises(InputError):
        rotation_map(NEW, OLD, keys[:1], [2014])  # a list under another key than the one given


def test_interviews_move_by_their_names_and_the_lost_are_counted() -> None:
    def keyed(key: PseudonymKey, name: str) -> str:
        return pseudonym(key.for_interviews, "document", name)

    listed = Forgotten(
        OLD.key_id, frozenset({"a"}), frozenset({keyed(OLD, "samtale 3"), keyed(OLD, "samtale 9")})
    )
    moved = moved_list(listed, OLD, NEW, pupils={"a": "b"}, document_names=["samtale 3", "samtale 4"])
    assert moved.forgotten == Forgotten(NEW.key_id, frozenset({"b"}), frozenset({keyed(NEW, "samtale 3")}))
    assert moved.lost_documents == 1


def test_names_of_interviews_are_those_the_readers_compare(tmp_path: Path) -> None:
    study = load_study("demo_kommune")
    folder = tmp_path / "interviews"
    folder.mkdir()
    (folder / "kodning.csv").write_text(
        "dokument;kode;citat\nSamtale 3.docx;B.1.1;hej\nsamtale 4;B.1.2;hej\n", encoding="utf-8"
    )
    (folder / "ulæselig.qdpx").write_bytes(b"no archive")
    assert len(interview_names(tmp_path, study)) == 2
    assert interview_names(tmp_path / "not there", study) == frozenset()


def test_birth_years_hold_every_pupil_of_the_study() -> None:
    years = birth_years(load_study("demo_kommune").protocol)
    # Nobody is younger than five in grade 0 of 2026/27, nobody older than seventeen in grade 9 of 2024/25.
    assert years.start <= 2024 - 17
    assert years.stop > 2026 - 5
