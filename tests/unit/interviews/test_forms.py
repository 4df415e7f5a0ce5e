"""The schools' forms: templates come back filled in, and what does not fit is named."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from factories import ROOT, codebook
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.styles import Font

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.form_layouts import FORMS
from evaluation.interviews.form_sheets import theme_of
from evaluation.interviews.form_templates import write_filled_forms, write_templates
from evaluation.interviews.forms import FORM_COLUMNS, read_school_form
from evaluation.interviews.tables import read_rows

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
    sheet = workbook[layout.title[:31]]
    for page in workbook:
        setup = page.page_setup
        assert (setup.paperSize, setup.fitToWidth, setup.fitToHeight) == (9, 1, 1)  # one A4 page each
        assert page.sheet_properties.pageSetUpPr.fitToPage
    sheet["B3"], sheet["B4"] = "skole_2", "delevaluering_nov_2026"
    expected = []
    for row, theme in enumerate(layout.themes(book), 7):
        for column, dimension in enumerate(layout.dimensions.values(), 4):
            if dimension == "trin" and theme != "GTH.TRAPPE":
                continue
            value = {"trin": "3", "fokus": "ja"}.get(dimension, f"{theme} {dimension}")
            sheet.cell(row, column, {"trin": 3, "fokus": "x"}.get(dimension, value))
            expected.append((layout.form, "skole_2", "delevaluering_nov_2026", theme, dimension, value))
    workbook.save(path)
    batch = read_school_form(path, codebook=book)
    assert batch.problems == ()
    assert tuple(batch.fields.columns) == FORM_COLUMNS
    got = list(batch.fields[list(FORM_COLUMNS[2:8])].itertuples(index=False, name=None))
    assert got == expected
    assert batch.rows_in == batch.kept == len(expected)
    if layout.form == "implementeringstrappe":
        assert list(batch.fields["score"].dropna()) == [3.0]


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
        ("VFF.KOMP", "oenske"),
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
    assert [problem.line for problem in batch.problems] == [None, 5, 6, 7, 8, 9]


def test_what_is_no_form_is_refused(tmp_path: Path, book: Codebook) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["x", "y"])
    workbook.save(tmp_path / "x.xlsx")
    (tmp_path / "x.csv").write_text("a;b\n1;2\n")
    for name in ("x.xlsx", "x.csv", "none.xlsx"):
        with pytest.raises(InputError):
            read_school_form(tmp_path / name, codebook=book)


CASES = ROOT / "tests/data/interviews"


def kept_and_reported(path: Path, book: Codebook) -> tuple[set[str], set[str]]:
    batch = read_school_form(path, codebook=book)
    return set(batch.fields["value"]), {p.column.split("!")[-1] for p in batch.problems if p.column}


def test_a_changed_heading_is_still_understood(book: Codebook) -> None:
    values, reported = kept_and_reported(CASES / "20_one_heading_changed.xlsx", book)
    assert values == {"Vi taler sammen.", "Registrering", "Vi vil ringe hjem samme dag.", "Alt"}
    assert not reported


def test_a_cleared_code_cell_and_a_column_of_notes_lose_nothing(book: Codebook) -> None:
    batch = read_school_form(CASES / "21_code_cell_cleared.xlsx", codebook=book)
    found = set(zip(batch.fields["theme"], batch.fields["dimension"], batch.fields["value"], strict=True))
    assert found == {
        ("VFF.KOMP", "gaar_godt", "Vi taler sammen."),
        ("VFF.KOMP", "note", "Vigtigt: klassen X"),
        ("VFF.HJEM", "gaar_godt", "Vi ringer hjem."),
    }
    assert batch.problems == ()


def test_the_form_as_its_source_prints_it(book: Codebook) -> None:
    batch = read_school_form(CASES / "01_seed_headings.xlsx", codebook=book)
    assert (batch.kept, batch.problems) == (10, ())
    assert set(batch.fields["dimension"]) == {"gaar_godt", "oenske"}


EXTRAS = st.dictionaries(
    st.tuples(st.integers(1, 14), st.integers(1, 9)),
    st.sampled_from(["Ekstra", "5", "Se bilag", "De fire nøgler", "nej"]),
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(
    extras=EXTRAS, form=st.sampled_from(FORMS), heading=st.sampled_from(["", "Vi gør noget godt", "Andet"])
)
def test_every_filled_cell_is_kept_or_reported(extras: dict, form: object, heading: str) -> None:
    """Whatever a school writes, wherever it writes it."""
    layout = next(f for f in FORMS if f is form)
    book = codebook()
    with tempfile.TemporaryDirectory() as folder:
        path = next(p for p in write_templates(Path(folder), book) if p.stem == layout.form)
        workbook = openpyxl.load_workbook(path)
        sheet = workbook[layout.title[:31]]
        sheet["B3"], sheet["B4"] = "skole_2", "baseline"
        if heading:
            sheet.cell(6, 4, heading)
        written = {}
        for (row, column), text in extras.items():
            if row in (3, 4) and column == 2:
                continue
            if row == 6 or (row > 6 and column < 4 and sheet.cell(row, column).value) or row < 3:
                continue  # what was there is the form's own: see the changed heading
            written[sheet.cell(row, column).coordinate] = text
            sheet.cell(row, column, text)
        workbook.save(path)
        batch = read_school_form(path, codebook=book)
        by_row: dict = {}
        for row, value in zip(batch.fields["source_row"], batch.fields["value"], strict=True):
            by_row.setdefault(int(row), []).append(value)
        cells = {p.column.split("!")[-1] for p in batch.problems if "!" in (p.column or "")}
        rows = {p.line for p in batch.problems if "!" not in (p.column or "")}
        for place, text in written.items():
            if text == layout.title and int(re.sub(r"\D", "", place)) < 6:
                continue  # the form's own text above its headings
            row = int(re.sub(r"\D", "", place))
            is_kept = bool(by_row.get(row)) and text in by_row[row]
            assert is_kept or place in cells or row in rows, (place, text, batch.problems)


def test_merged_cells_added_rows_text_below_and_notes(tmp_path: Path, book: Codebook) -> None:
    path = next(p for p in write_templates(tmp_path, book) if p.stem == "kontekstdialog")
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Kontekstdialogen"]
    sheet["B3"], sheet["B4"] = "skole_2", "November 2026"
    sheet["D7"] = "Gælder begge."
    sheet.merge_cells("D7:D8")
    sheet["A13"], sheet["D13"] = "Vores egen række", "Noget nyt"
    sheet["A16"] = "Hilsen fra os"
    sheet["E9"].comment = openpyxl.comments.Comment("Husk mødet", "x")
    workbook.save(path)
    batch = read_school_form(path, codebook=book)
    kept = list(zip(batch.fields["theme"], batch.fields["value"], strict=True))
    assert kept == [("GTH.KONTEKST.1", "Gælder begge.")]
    assert set(batch.fields["occasion"]) == {"delevaluering_nov_2026"}
    assert {(p.rule, p.column) for p in batch.problems} == {
        ("school_form", "Dimension"),
        ("form_cell", "Kontekstdialogen!A16"),
        ("form_note", "Kontekstdialogen!E9"),
        ("form_merged", "Kontekstdialogen!D7"),
    }
    assert (batch.rows_in, batch.quarantined) == (2, 1)


@pytest.mark.parametrize(
    ("written", "step"),
    [("2", 2), ("trin 2", 2), ("Trin 3: Forandringsledelse", 3), ("Kompetenceudvikling", 2), ("2,0", 2)]
    + [(word, None) for word in ("2 eller 3", "5", "ved ikke", "25", "2½", "2,5", "2-3", "trin 2: Lancering")]
    + [(word, None) for word in ("ikke på trin 3 endnu", "2 – men lærerne mangler tid")],
)
def test_a_step_in_a_school_s_words(written: str, step: int | None, tmp_path: Path, book: Codebook) -> None:
    (tmp_path / "f.csv").write_text(
        f'skema;skole;nedslag;tema;dimension;vaerdi\nimplementeringstrappe;s1;Delevaluering;;trin;"{written}"\n'
    )
    batch = read_school_form(tmp_path / "f.csv", codebook=book)
    assert list(batch.fields["score"]) == ([] if step is None else [step])
    assert batch.quarantined == (step is None)


@pytest.mark.parametrize(
    ("written", "focus"),
    [("x", "ja"), ("X", "ja"), ("Ja.", "ja"), ("✓", "ja"), ("nej", "nej"), ("0", "nej")]
    + [(word, None) for word in ("nej, ikke i år", "måske", "ikke valgt", "ja, men ikke nu", "-", "5")],
)
def test_a_focus_is_yes_or_no_or_reported(
    written: str, focus: str | None, tmp_path: Path, book: Codebook
) -> None:
    (tmp_path / "f.csv").write_text(
        "skema;skole;nedslag;tema;dimension;vaerdi\n"
        f'vurder_og_find_fokus;s1;Delevaluering;VFF.KOMP;fokus;"{written}"\n'
    )
    batch = read_school_form(tmp_path / "f.csv", codebook=book)
    assert list(batch.fields["value"]) == ([] if focus is None else [focus])
    assert [p.line for p in batch.problems] == ([2] if focus is None else [])


@pytest.mark.parametrize("form", FORMS, ids=lambda f: f.form)
def test_a_row_is_known_by_its_number_only_with_its_own_name(form: Any, book: Codebook) -> None:
    for theme in form.themes(book):
        number, name = theme.rpartition(".")[2], book.by_id[theme].name
        if number.isdigit():
            for label in (number, f"Trin {number}", f"{number}. {name}", f"{number} - {name.split(',')[0]}"):
                assert theme_of(label, form, book) == theme
            for label in (
                f"{number} lærere er stoppet",
                f"{number}. {name} – NB kun indskolingen",
                f"{number},5",
            ):
                assert theme_of(label, form, book) is None


def test_a_hidden_sheet_another_school_s_rows_and_other_columns_are_reported(
    tmp_path: Path, book: Codebook
) -> None:
    head = ["Tema", "Hvad gør vi allerede godt?", "Hvad ønsker vi at forfine, forbedre eller forandre?"]
    komp = book.by_id["VFF.KOMP"].name
    workbook = openpyxl.Workbook()
    for row in (
        ["Skole", "s1"],
        ["Nedslag", "baseline"],
        head,
        [komp, "Vi ringer.", None],
        ["Skole", "s2"],
        head,
    ):
        workbook.active.append(row)
    workbook.active.append([komp, "Den andens svar.", None])
    workbook.create_sheet("Gemt").append([komp, "Noget"])
    workbook["Gemt"].sheet_state = "hidden"
    workbook.save(tmp_path / "f.xlsx")
    batch = read_school_form(tmp_path / "f.xlsx", codebook=book)
    assert batch.fields[["school_id", "value"]].to_numpy().tolist() == [["s1", "Vi ringer."]]
    assert {"Gemt", "Sheet!B7", "Sheet!B5"} <= {p.column for p in batch.problems}
    (tmp_path / "f.csv").write_text(
        "skema;skole;tema;dimension;vaerdi;bemærkninger\nvurder_og_find_fokus;s1;VFF.KOMP;gaar_godt;Vi ringer.;Kun mandag\n"
    )
    batch = read_school_form(tmp_path / "f.csv", codebook=book)
    assert [(p.rule, p.column) for p in batch.problems] == [
        ("form_cell", "bemærkninger"),
        ("form_occasion", "Nedslag"),
    ]


@pytest.mark.parametrize(
    ("value", "number", "read"),
    [("2", "2.0", "2"), ("", "3", "3"), ("2", "", "2"), ("2", "3", None), ("Kursus", "4", None)],
)
def test_a_number_beside_a_value_is_the_same_or_neither_is_read(
    value: str, number: str, read: str | None, tmp_path: Path, book: Codebook
) -> None:
    path = tmp_path / "lang.csv"
    path.write_text(
        "skema;skole;nedslag;tema;dimension;vaerdi;tal\n"
        f"implementeringstrappe;990001;November 2026;GTH.TRAPPE;trin;{value};{number}\n",
        encoding="utf-8",
    )
    batch = read_school_form(path, codebook=book)
    rules = {p.rule for p in batch.problems}
    if value == "Kursus" or read is None:
        assert (batch.kept, rules) == (0, {"form_two_values"})
    else:
        assert batch.fields["value"].tolist() == [read]
        assert not rules


def test_two_filled_columns_for_the_same_are_asked_about(tmp_path: Path, book: Codebook) -> None:
    path = tmp_path / "lang.csv"
    head = "skema;skole;nedslag;tema;dimension;værdi;tekst\n"
    row = "kontekstdialog;990001;November 2026;GTH.KONTEKST.1;barriere;{}\n"
    path.write_text(head + row.format("Tid;Plads"), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_school_form(path, codebook=book)
    assert [p.rule for p in refused.value.problems] == ["form_twice"]
    path.write_text(head + row.format(";Plads"), encoding="utf-8")
    assert read_school_form(path, codebook=book).fields["value"].tolist() == ["Plads"]


def draw_beside(sheet: Any, place: str, words: str) -> None:
    """Words in a workbook, outside its cells."""
    if place == "note":
        sheet["A1"].comment = Comment(words, "skolen")
    elif place == "text box":
        chart = BarChart()
        chart.title = words
        sheet.add_chart(chart, "H2")
    else:
        side, _, part = place.partition(" ")
        getattr(getattr(sheet, side), part).text = words


SIDES = ("oddHeader", "evenFooter", "firstHeader")
PLACES = ["note", "text box", *(f"{side} {part}" for side in SIDES for part in ("left", "right"))]


@pytest.mark.parametrize("place", PLACES)
def test_text_outside_the_cells_of_a_form_is_reported_and_page_numbers_are_not(
    place: str, tmp_path: Path, book: Codebook
) -> None:
    path = next(p for p in write_templates(tmp_path, book) if p.suffix == ".xlsx")
    workbook = openpyxl.load_workbook(path)
    if place not in ("note", "text box"):
        draw_beside(workbook.active, place, "&P / &N · &D &F")
        workbook.save(path)
        assert not {p.rule for p in read_school_form(path, codebook=book).problems} & {"form_beside"}
    draw_beside(workbook.active, place, "&P Vi har brug for hjælp")
    workbook.save(path)
    rules = {p.rule for p in read_school_form(path, codebook=book).problems}
    assert rules & {"form_note", "form_beside"}


@pytest.mark.parametrize("place", ["hidden", "text box", "oddHeader left"])
@pytest.mark.parametrize("name", ["kodet.xlsx", "kodet.dokumenter.xlsx"])
def test_a_table_of_interviews_with_words_nobody_reads_is_refused(
    place: str, name: str, tmp_path: Path
) -> None:
    workbook = openpyxl.Workbook()
    for line in (["dokument", "kode", "samtykke"], ["a", "MP.MAAL", "gyldigt"]):
        workbook.active.append(line)
    if place == "hidden":
        workbook.create_sheet("Ark2").append(["a er trukket tilbage"])
        workbook["Ark2"].sheet_state = "veryHidden"
    else:
        draw_beside(workbook.active, place, "a er trukket tilbage")
    workbook.save(tmp_path / name)
    with pytest.raises(InputError) as refused:
        read_rows(tmp_path / name)
    assert [p.rule for p in refused.value.problems] == [
        "hidden_sheet" if place == "hidden" else "beside_cells"
    ]


TWISTS = (
    "ikke",
    "mindre",
    "endnu",
    "sidste år",
    "vi vil nå",
    "(løst)",
    "tidligere",
    "kan ikke længere",
    "uden",
    "men",
)
"""Words that turn a heading round, or make it another one."""


@settings(max_examples=300, deadline=None)
@given(data=st.data(), form=st.sampled_from(FORMS))
def test_a_heading_is_known_whole_or_not_at_all(data: Any, form: Any) -> None:
    known = list({**form.dimensions, **form.other_dimensions})
    words = data.draw(st.sampled_from(known)).split()
    at = data.draw(st.integers(0, len(words)))
    cut = data.draw(st.integers(0, 1)) if len(words) > 1 else 0
    assert (
        form.dimension_of(" ".join([*words[:at], data.draw(st.sampled_from(TWISTS)), *words[at + cut :]]))
        is None
    )
    heading = " ".join(words)
    assert form.dimension_of(f" {heading.upper()}: ") == form.dimension_of(heading) is not None


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.form)
def test_what_stands_under_an_unknown_heading_is_reported(form: Any, tmp_path: Path, book: Codebook) -> None:
    first = next(iter(form.dimensions))
    workbook = openpyxl.Workbook()
    for row in (
        ["Skole", "s1"],
        ["Nedslag", "baseline"],
        [form.row_heading, f"{first} ikke", first],
        [form.themes(book)[0], "Andet", "2"],
    ):
        workbook.active.append(row)
    workbook.save(tmp_path / "f.xlsx")
    batch = read_school_form(tmp_path / "f.xlsx", codebook=book)
    assert batch.fields["value"].tolist() == ["2"]
    assert {p.column for p in batch.problems} == {"Sheet!B3", "Sheet!B4"}


MARKS = ("?", "+", "-", " %", "!", "*", "…", ">", "/", " ½", "(", ",", "~", "x")


@pytest.mark.parametrize("mark", MARKS)
def test_a_step_or_a_choice_with_a_mark_is_another_answer(mark: str, tmp_path: Path, book: Codebook) -> None:
    lines = ["skema;skole;nedslag;tema;dimension;vaerdi"]
    steps = ["2", "trin 2", "2,0", "Kompetenceudvikling", "2 - Kompetenceudvikling"]
    for n, said in enumerate([s + mark for s in steps] + [mark + s for s in steps]):
        lines.append(f'implementeringstrappe;s{n};Delevaluering;;trin;"{said}"')
    for n, said in enumerate([s + mark for s in ("x", "ja", "nej")] + [mark + s for s in ("x", "ja", "nej")]):
        lines.append(f'vurder_og_find_fokus;s{n};Delevaluering;VFF.KOMP;fokus;"{said}"')
    (tmp_path / "f.csv").write_text("\n".join(lines) + "\n")
    batch = read_school_form(tmp_path / "f.csv", codebook=book)
    assert batch.fields["value"].tolist() == []
    assert [p.line for p in batch.problems if p.rule == "school_form"] == list(range(2, len(lines) + 1))


@pytest.mark.parametrize("span", ["D7:D12", "D7:E7", "D8:E9", "D7:D8"])
def test_an_answer_in_a_merged_cell_is_one_answer(span: str, tmp_path: Path, book: Codebook) -> None:
    sheet, workbook, path = kontekst(tmp_path, book)
    first = span.partition(":")[0]
    sheet[first] = "Tid"
    sheet.merge_cells(span)
    sheet["D13"] = "x"  # no row of the form
    workbook.save(path)
    batch = read_school_form(path, codebook=book)
    assert batch.fields["value"].tolist() == ["Tid"]
    assert [p.column for p in batch.problems if p.rule == "form_merged"] == [f"Kontekstdialogen!{first}"]


def kontekst(folder: Path, book: Codebook) -> tuple[Any, Any, Path]:
    path = next(p for p in write_templates(folder, book) if p.stem == "kontekstdialog")
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Kontekstdialogen"]
    sheet["B3"], sheet["B4"] = "skole_2", "November 2026"
    return sheet, workbook, path


STRUCK = InlineFont(strike=True)


@pytest.mark.parametrize(
    ("written", "is_struck", "standing"),
    [
        ("Tid mangler", True, None),
        (CellRichText(TextBlock(STRUCK, "Tid"), " Plads"), False, "Plads"),
        (CellRichText(TextBlock(STRUCK, "Tid mangler")), False, None),
        (CellRichText(TextBlock(InlineFont(b=True), "Tid")), False, "Tid"),
        ("Tid mangler", False, "Tid mangler"),
    ],
)
def test_what_is_struck_out_is_not_written_and_is_reported(
    written: Any, is_struck: bool, standing: str | None, tmp_path: Path, book: Codebook
) -> None:
    sheet, workbook, path = kontekst(tmp_path, book)
    sheet["D7"] = written
    sheet["D7"].font = Font(strike=is_struck)
    workbook.save(path)
    batch = read_school_form(path, codebook=book)
    assert batch.fields["value"].tolist() == ([standing] if standing else [])
    is_told = str(written) != (standing or "")
    assert [p.column for p in batch.problems] == (["Kontekstdialogen!D7"] if is_told else [])
    table = openpyxl.Workbook()
    for line in (["dokument", "kode", "samtykke"], ["a", "MP.MAAL", "gyldigt"]):
        table.active.append(line)
    table.active["C2"], table.active["C2"].font = written, Font(strike=is_struck)
    table.save(tmp_path / "kodet.xlsx")
    if is_told:
        with pytest.raises(InputError) as refused:
            read_rows(tmp_path / "kodet.xlsx")
        assert [p.rule for p in refused.value.problems] == ["struck_out"]
    else:
        assert read_rows(tmp_path / "kodet.xlsx").rows[0].cells["samtykke"] == standing
