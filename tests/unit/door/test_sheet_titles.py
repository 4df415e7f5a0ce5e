"""Books of many sheets: a title that tells whose and when its rows are is no question; any other is one."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
HEAD = ["CPR", "Dato", "Fraværstype"]
PLAIN = st.sampled_from(
    [
        "6.A",
        "8b",
        "1. klasse",
        "September",
        "Okt 2026",
        "Uge 41",
        "Ark1",
        "Egelund",
        "Fravær 6C",
        "2026-09",
        "Efterår",
    ]
)
ODD = st.sampled_from(
    [
        "Slettede",
        "Afvist",
        "Ansøgninger",
        "Til godkendelse",
        "Kladde",
        "Gammelt",
        "Rettelser",
        "Kun SFO",
        "Udmeldte",
        "Test",
    ]
)


def _book(titles: list[str]) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for n, title in enumerate(titles):
        sheet = book.create_sheet(title)
        sheet.append(HEAD)
        sheet.append([f"0{n + 1}0114{4001 + n}", f"0{n % 8 + 1}-09-2026", "Sygdom"])
    held = io.BytesIO()
    book.save(held)
    return held.getvalue()


def _read(root: Path, mapping: str) -> Intake:
    (root / "study" / "mappings").mkdir(parents=True, exist_ok=True)
    (root / "study" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
    study = Study(STUDY.protocol, (root / "study", *STUDY.folders))
    return read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)


MAPPING = """
kind = "absence"
grain = "day"
files = ["egelund/*.xlsx"]
format = "xlsx"
sheet = "*"
date_formats = ["dd-mm-yyyy"]
[columns]
school = { constant = "165001" }
pupil = { column = "CPR", kind = "cpr" }
date = "Dato"
type = "Fraværstype"
[types]
Sygdom = "sick"
"""


@settings(max_examples=15, deadline=None)
@given(
    st.lists(PLAIN, min_size=1, max_size=3, unique_by=str.casefold),
    st.lists(ODD, max_size=2, unique_by=str.casefold),
)
def test_every_sheet_that_says_more_than_whose_and_when_is_asked_about(
    plain: list[str], odd: list[str]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        path = root / "inbox" / "egelund" / "f.xlsx"
        path.parent.mkdir(parents=True)
        path.write_bytes(_book([*plain, *odd]))
        silent = _read(root, MAPPING)
        assert sum(q.name == "sheet" for qs in silent.questions.values() for q in qs) == len(odd)
        counts = ", ".join(f'"{t}" = "{"none" if t in odd else "counts"}"' for t in [*plain, *odd])
        told = _read(
            root, MAPPING.replace("date =", f"status = {{ sheet = '(.+)', map = {{ {counts} }} }}\ndate =")
        )
        assert not told.problems
        assert len(told.tables["raw_absence"]) == len(plain)


def test_a_draft_asks_about_such_sheets_and_takes_the_class_from_the_others(tmp_path: Path) -> None:
    path = tmp_path / "egelund.xlsx"
    path.write_bytes(_book(["6.A", "6.B"]))
    assert "class = { sheet = '(.+)' }" in propose_mapping(path, STUDY.protocol).toml
    path.write_bytes(_book(["6.A", "Afvist"]))
    draft = propose_mapping(path, STUDY.protocol).toml
    assert 'status = { sheet = \'(.+)\', map = { "6.A" = "counts", "Afvist" = "?" } }' in draft
