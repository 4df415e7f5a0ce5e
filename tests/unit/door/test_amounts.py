"""Whole days in one column and hours in another: the truth can be said, and nothing of it is lost unsaid."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.mapping import parse_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
DAYS = [f"{d:02d}-09-2026" for d in (1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15)]
MAPPING = """
kind = "absence"
grain = "day"
files = ["egelund/*.csv"]
date_formats = ["dd-mm-yyyy"]
[columns]
school = { constant = "165001" }
pupil = { column = "CPR", kind = "cpr" }
date = "Dato"
type = "Type"
amount = AMOUNT
[types]
Syg = "sick"
[ignore]
"Lokale" = "siger intet om fravær"
MORE
"""
SUM = '{ column = "Dage", unit = "days", plus = { column = "Timer", unit = "hours", day = 6 } }'
ALONE = '{ column = "Dage", unit = "days" }'


def _read(text: str, amount: str, more: str = "") -> tuple[Intake, list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "study" / "mappings").mkdir(parents=True)
        (root / "inbox" / "egelund").mkdir(parents=True)
        mapping = MAPPING.replace("AMOUNT", amount).replace("MORE", more)
        (root / "study" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
        (root / "inbox" / "egelund" / "f.csv").write_text(text, encoding="utf-8")
        study = Study(STUDY.protocol, (root / "study", *STUDY.folders))
        intake = read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)
        return intake, [q.name for mine in intake.questions.values() for q in mine]


def _text(hours: list[int], none: str, seed: int) -> str:
    """A row for each absence; six hours are a whole day, and are written as one."""
    r = random.Random(seed)
    places = r.sample([(p, d) for p in range(1, 9) for d in DAYS], len(hours))
    rows = [
        f"0{p}0314400{p};{d};Syg;{1 if h == 6 else none};{none if h == 6 else h};{100 + p}"
        for (p, d), h in zip(places, hours, strict=True)
    ]
    return "CPR;Dato;Type;Dage;Timer;Lokale\n" + "\n".join(rows) + "\n"


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=2, max_size=40), st.sampled_from(["", "0"]), st.integers(0, 99))
def test_days_and_hours_of_one_row_add_up_and_neither_is_lost_unsaid(
    hours: list[int], none: str, seed: int
) -> None:
    text = _text(hours, none, seed)
    told, asked = _read(text, SUM)
    assert (asked, told.problems) == ([], ())
    assert told.tables["raw_absence"]["day_fraction"].sum() == pytest.approx(sum(hours) / 6, abs=1e-3)
    # Somebody says that the hours say the same: where the days are nothing they do not.
    alone, asked = _read(text, ALONE, '"Timer" = "det samme i timer"')
    part_days = sum(h < 6 for h in hours)
    if none == "0" and part_days:
        assert asked == ["Timer"]
    else:
        assert (asked, len(alone.tables["raw_quarantine"])) == ([], part_days)


def test_more_than_a_day_in_two_columns_and_nothing_in_either_are_quarantined() -> None:
    rows = "0103144001;01-09-2026;Syg;1;3;101\n0203144002;01-09-2026;Syg;;;101\n0303144003;01-09-2026;Syg;;3;101\n"
    intake, _ = _read("CPR;Dato;Type;Dage;Timer;Lokale\n" + rows, SUM)
    assert list(intake.tables["raw_absence"]["day_fraction"]) == [0.5]
    assert sorted(intake.tables["raw_quarantine"]["rule"]) == ["empty_value", "more_than_a_day"]


@pytest.mark.parametrize(
    "amount",
    [
        {"column": "Dage", "plus": {"column": "Timer", "unit": "hours", "day": 6}},
        {"column": "Dage", "unit": "days", "plus": {"column": "Timer"}},
        {"column": "Dage", "unit": "days", "plus": {"constant": "1", "unit": "days"}},
    ],
)
def test_both_columns_of_a_sum_have_their_unit(amount: dict) -> None:
    raw = {
        "kind": "absence", "grain": "day", "files": ["a.csv"], "types": {"Syg": "sick"},
        "columns": {"school": {"constant": "165001"}, "pupil": "CPR", "date": "Dato", "type": "Type", "amount": amount},
    }  # fmt: skip
    with pytest.raises(InputError, match="plus"):
        parse_mapping(raw, name="m.toml")
