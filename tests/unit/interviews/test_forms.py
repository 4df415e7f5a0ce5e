"""The schools' forms: templates come back filled in, and what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from factories import ROOT

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.form_layouts import FORMS
from evaluation.interviews.form_templates import write_filled_forms, write_templates
from evaluation.interviews.forms import FORM_COLUMNS, read_school_form
from evaluation.interviews.implementation import implementation_table

TEMPLATES = ROOT / "evaluation/studies/kom_glad_i_skole/templates"


def test_the_study_s_templates_are_today_s(tmp_path: Path, book: Codebook) -> None:
    for path in write_templates(tmp_path, book):
        assert path.read_bytes() == (TEMPLATES / path.name).read_bytes(), (
            "write them again: komglad codebook forms"
        )


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.form)
def test_a_template_filled_in_comes_back(tmp_path: Path, book: Codebook, form: object) -> None:
    layout = next(f for f in FORMS if f is form)
    path = next(p for p in write_templates(tmp_path, book) if p.stem == layout.form)
    assert read_school_form(path, codebook=book).rows_in == 0
    workbook = openpyxl.load_workbook(path)
    sheet = workbook[layout.title]
    sheet["B3"], sheet["B4"] = "skole_2", "delevaluering_nov_2026"
    expected = []
    for row, theme in enumerate(layout.themes(book), 7):
        for column, dimension in enumerate(layout.dimensions.values(), 3):
            value = "3" if dimension == "trin" else f"{theme} {dimension}"
            sheet.cell(row, column, 3 if dimension == "trin" else value)
            expected.append((layout.form, "skole_2", "delevaluering_nov_2026", theme, dimension, value))
    workbook.save(path)
    batch = read_school_form(path, codebook=book)
    assert batch.problems == ()
    assert tuple(batch.fields.columns) == FORM_COLUMNS
    got = list(batch.fields[list(FORM_COLUMNS[2:8])].itertuples(index=False, name=None))
    assert got == expected
    assert batch.rows_in == batch.kept == len(expected)
    if layout.form == "implementeringstrappe":
        assert list(batch.fields["score"]) == [3.0]


def test_five_themes_six_dimensions_four_steps(book: Codebook) -> None:
    themes = {form.form: form.themes(book) for form in FORMS}
    assert len(themes["vurder_og_find_fokus"]) == 5
    assert themes["kontekstdialog"] == tuple(f"GTH.KONTEKST.{n}" for n in range(1, 7))
    assert len([code for code in book.codes if code.parent == "GTH.TRAPPE"]) == 4


def test_all_forms_of_a_school_in_one_workbook(tmp_path: Path, book: Codebook) -> None:
    rows = [
        ("vurder_og_find_fokus", "KOMP", "GODT", "Vi ringer hjem."),
        ("vurder_og_find_fokus", "KOMP", "OENSKE", "Hurtigere."),
        ("kontekstdialog", "3", "DRIVKRAFT", "Fælles børnesyn."),
        ("implementeringstrappe", "", "", "2"),
    ]
    fields = pd.DataFrame(rows, columns=["form", "theme", "dimension", "value"])
    fields = fields.assign(school_id="s1", occasion="baseline")
    write_filled_forms(tmp_path / "f.xlsx", fields, book)
    batch = read_school_form(tmp_path / "f.xlsx", codebook=book)
    assert list(zip(batch.fields["theme"], batch.fields["dimension"], strict=True)) == [
        ("VFF.KOMP", "gaar_godt"),
        ("VFF.KOMP", "forbedre"),
        ("GTH.KONTEKST.3", "driver"),
        ("GTH.TRAPPE", "trin"),
    ]


def test_a_school_s_own_version_of_the_form(tmp_path: Path, book: Codebook) -> None:
    """No code column, the form's single column of wishes, label and value in one cell."""
    workbook = openpyxl.Workbook()
    for row in (
        ["Skole: Nordskolen", None, "Nedslag", "slutevaluering_2027"],
        ["Tema", "Gør allerede godt", "Vil forfine, forbedre eller forandre"],
        ["Elevinddragelse", "Vi spørger.", "Oftere."],
        ["Noget helt andet", "x", None],
    ):
        workbook.active.append(row)
    workbook.save(tmp_path / "v.xlsx")
    batch = read_school_form(tmp_path / "v.xlsx", codebook=book)
    assert list(batch.fields["dimension"]) == ["gaar_godt", "oenske"]
    assert set(batch.fields["school_id"]) == {"Nordskolen"}
    assert (batch.rows_in, batch.kept, batch.quarantined) == (3, 2, 1)


def test_a_long_table_of_forms(tmp_path: Path, book: Codebook) -> None:
    (tmp_path / "f.csv").write_text(
        "skema;skole;nedslag;tema;dimension;vaerdi\n"
        "Kontekstdialogen;s1;baseline;GTH.KONTEKST.1;barriere;Tid\n"
        "Kontekstdialogen;s1;baseline;GTH.KONTEKST.1;barriere;Tid\n"
        "implementeringstrappe;s1;baseline;;;2\n"
        "implementeringstrappe;s1;baseline;;trin;5\n"
        "implementeringstrappe;;baseline;;trin;2\n"
        "kontekstdialog;s1;jul;1;barriere;x\n"
        "kontekstdialog;s1;;1;midt;x\n"
        "nix;s1;;1;barriere;x\n"
    )
    batch = read_school_form(tmp_path / "f.csv", codebook=book)
    assert (batch.rows_in, batch.kept, batch.quarantined, batch.duplicates) == (8, 2, 5, 1)
    assert [problem.line for problem in batch.problems] == [5, 6, 7, 8, 9]


def test_what_is_no_form_is_refused(tmp_path: Path, book: Codebook) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["x", "y"])
    workbook.save(tmp_path / "x.xlsx")
    (tmp_path / "x.csv").write_text("a;b\n1;2\n")
    for name in ("x.xlsx", "x.csv", "none.xlsx"):
        with pytest.raises(InputError):
            read_school_form(tmp_path / name, codebook=book)


TALKS = pd.DataFrame(
    [
        ("s1", "6", "p1", "2026-09-01", "samtale", "afholdt"),
        ("s1", "6", "p1", "2026-10-01", "opfølgning", "afholdt"),
        ("s1", "6", "p2", "2026-09-02", "samtale", "afholdt"),
        ("s1", "6", "p3", "2026-09-03", "samtale", "aflyst"),
        ("s1", "6", "p3", "2026-09-10", "samtale", "planlagt"),
        ("s2", "6", "p9", "2026-09-05", "talk", "held"),
    ],
    columns=["school_id", "grade", "pupil_key", "date", "kind", "status"],
)
CELLS = pd.DataFrame(
    [("s1", "6", 4), ("s2", "6", 5), ("s2", "8", 3)], columns=["school_id", "grade", "pupils"]
)
CONSENTS = pd.DataFrame(
    [("s1", "6", 2, 1, 1)], columns=["school_id", "grade", "given", "missing", "withdrawn"]
)


def test_dose_by_school_and_wave() -> None:
    table = implementation_table(TALKS, CELLS, CONSENTS).set_index(["school_id", "grade"])
    row = table.loc[("s1", "6")]
    assert (row["talks_planned"], row["talks_held"], row["pupils_talked_with"], row["follow_ups"]) == (
        4,
        2,
        2,
        1,
    )
    assert row["coverage_pct"] == pytest.approx(100 * 2 / 4)
    assert row["held_of_planned_pct"] == pytest.approx(100 * 2 / 4)
    assert row["consent_pct"] == pytest.approx(100 * 2 / 4)
    assert (row["first_on"], row["last_on"]) == ("2026-09-01", "2026-09-02")
    waiting = table.loc[("s2", "8")]
    assert (waiting["talks_planned"], waiting["coverage_pct"]) == (0, 0)
    assert pd.isna(waiting["held_of_planned_pct"])
    whole = implementation_table(TALKS, CELLS, CONSENTS, level="all")
    assert (whole["pupils"].iloc[0], whole["talks_held"].iloc[0]) == (12, 3)
    assert list(implementation_table(TALKS, CELLS, CONSENTS, level="grade")["grade"]) == ["6", "8"]


def test_no_talks_yet_is_zero_and_an_unknown_status_is_refused() -> None:
    empty = implementation_table(TALKS.iloc[:0], CELLS, CONSENTS.iloc[:0])
    assert empty["talks_held"].sum() == 0
    with pytest.raises(InputError, match=r"1 talk\(s\)"):
        implementation_table(TALKS.assign(status=["afholdt"] * 5 + ["måske"]), CELLS, CONSENTS)
    with pytest.raises(InputError):
        implementation_table(TALKS, CELLS, CONSENTS, level="class")
