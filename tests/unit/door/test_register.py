"""Registers by hand: who was there, what counts the marks, and pages of instructions, against planted days."""

from __future__ import annotations

import fnmatch
import random
import tomllib
from pathlib import Path

import openpyxl
import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study
from tests.unit.door.analyst import answered
from tests.unit.door.exports import SCHOOL_DAYS

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")


def read(root: Path, text: str, mark: str, blank: str | None) -> Intake:
    path = root / "inbox" / "egelund" / "f_2026-11-20.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    toml = answered(propose_mapping(path, STUDY.protocol, root / "inbox").toml)
    toml = toml.replace(f'"{mark}" = "?"', f'"{mark}" = "none"')
    toml += "" if blank is None else f'"" = "{blank}"\n'
    (root / "mappings").mkdir(exist_ok=True)
    (root / "mappings" / "m.toml").write_text(toml, encoding="utf-8")
    study = Study(STUDY.protocol, (root, *STUDY.folders))
    return read_incoming(root / "inbox", study, round_id="november_2026", key=KEY)


@pytest.mark.parametrize("mark", ["x", "+", "M"])
@pytest.mark.parametrize("heads", ["days", "dates"])
def test_a_register_of_who_was_there(mark: str, heads: str, tmp_path: Path) -> None:
    r = random.Random(f"{mark} {heads}")
    month = [d for d in SCHOOL_DAYS if d.month == 9]
    away = {(i, d) for i in range(6) for d in r.sample(month, r.randint(0, 4))}
    shown = {f"{n}": next((d for d in month if d.day == n), None) for n in range(1, 32)}
    shown = shown if heads == "days" else {f"{d:%d-%m-%Y}": d for d in month}
    rows = [
        f"{1 + i:02d}0512{4100 + i};"
        + ";".join("" if d is None or (i, d) in away else mark for d in shown.values())
        for i in range(6)
    ]
    over = ["September 2026"] if heads == "days" else []
    text = "\n".join([*over, f"CPR;{';'.join(shown)}", *rows]) + "\n"
    asked = read(tmp_path, text, mark, None)
    assert {q.name for mine in asked.questions.values() for q in mine} == {"types"}
    found = read(tmp_path, text, mark, "sick")
    assert not found.problems
    assert found.tables["raw_quarantine"].empty
    rows_of = found.tables["raw_absence"].itertuples()
    assert {(row.pupil_key, row.from_on.date()) for row in rows_of} == {
        (KEY.pseudonym("pupil", f"{1 + i:02d}0512{4100 + i}"), d) for i, d in away
    }
    assert read(tmp_path, text, mark, "none").tables["raw_absence"].empty


@pytest.mark.parametrize("title", ["Antal fraværende", "Elever i alt fraværende", "Fraværende elever"])
def test_a_line_that_counts_a_grids_marks_is_no_pupil(title: str, tmp_path: Path) -> None:
    r = random.Random(title)
    month = [d for d in SCHOOL_DAYS if d.month == 9]
    away = {(i, d) for i in range(6) for d in r.sample(month, r.randint(2, 4))}
    rows = [[f"{1 + i:02d}0512{4100 + i}", *("S" if (i, d) in away else "" for d in month)] for i in range(6)]
    rows.append([title, *(str(sum((i, d) in away for i in range(6))) for d in month)])
    heads = ["CPR", *(f"{d:%d-%m-%Y}" for d in month)]
    intake = read(tmp_path, "".join(";".join(row) + "\n" for row in (heads, *rows)), "S", None)
    assert not intake.problems
    assert intake.tables["raw_quarantine"].empty
    assert len(intake.tables["raw_absence"]) == len(away)


@pytest.mark.parametrize("titles", [("6.A", "6.B", "10.A"), ("Klasse 6.A", "Klasse 6.B", "Klasse 8.C")])
@pytest.mark.parametrize("other", ["Vejledning", "Forside"])
def test_a_page_of_instructions_leaves_the_classes_sheets_together(
    titles: tuple[str, ...], other: str, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    book.active.title = other
    book.active.append(["Sådan læses arket"])
    for i, title in enumerate(titles):
        sheet = book.create_sheet(title)
        sheet.append(["CPR", "Dato", "Type"])
        for d in SCHOOL_DAYS[i : i + 4]:
            sheet.append([f"0{1 + i}05124{100 + i}", f"{d:%d-%m-%Y}", "Sygdom"])
    path = tmp_path / "f_2026-11-20.xlsx"
    book.save(path)
    toml = tomllib.loads(propose_mapping(path, STUDY.protocol).toml)
    assert all(fnmatch.fnmatchcase(t.casefold(), toml["sheet"].casefold()) for t in titles)
    assert not fnmatch.fnmatchcase(other.casefold(), toml["sheet"].casefold())
