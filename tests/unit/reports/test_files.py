"""Tables, Målplan text and PDF as files."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import docx
import openpyxl
import pytest

from evaluation.reports import pdf
from evaluation.reports.exports import report_tables, table_files
from evaluation.reports.facts import Facts
from evaluation.reports.glossary import TERMS
from evaluation.reports.malplan import malplan_docx, render_malplan
from evaluation.words.danish import rounded
from tests.unit.reports import sample_inputs as sample

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]


def test_csv_opens_in_a_danish_spreadsheet() -> None:
    raw = table_files(sample.november()).csv["out_implementation.csv"]
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = [line.split(";") for line in raw.decode("utf-8-sig").split("\r\n")]
    held = rows[0].index("talks_held")
    coverage = rows[0].index("coverage_pct")
    first = next(r for r in rows[1:] if r[1:3] == ["990001", "6"])
    assert first[held] == "36"
    assert first[coverage] == "92,3"  # 100 * 36 / 39


def test_hidden_numbers_are_the_marker_and_never_blank() -> None:
    tables = report_tables(sample.november())
    missing = tables["out_implementation"]["consents_missing"]
    assert set(missing[tables["out_implementation"]["school_id"] == "990001"]) == {"•"}
    assert tables["out_effects"]["p_wild_restricted"].isna().all()


def test_a_number_that_does_not_exist_is_not_called_hidden() -> None:
    tables = report_tables(sample.november())
    levels = tables["out_description"]
    assert levels.loc[levels["period_kind"] == "month", "over_10_pct"].isna().all()
    talks = tables["out_implementation"]
    assert talks.loc[talks["grade"] == "1", "coverage_pct"].isna().all()


def test_numbers_in_the_download_are_those_of_the_report() -> None:
    tables = report_tables(sample.november())
    levels = tables["out_description"]["absence_pct"]
    assert all(v == round(v, 1) for v in levels if v != "•")


def test_formulas_are_made_harmless() -> None:
    quality = sample.november().frames["out_quality"].assign(sentence="=HYPERLINK(1)")
    files = table_files(sample.november(out_quality=quality))
    assert "'=HYPERLINK(1)" in files.csv["out_quality.csv"].decode()
    sheet = openpyxl.load_workbook(io.BytesIO(files.xlsx))["out_quality"]
    assert all(cell.data_type != "f" for row in sheet for cell in row)


def test_the_workbook_reads_back_with_its_codebook() -> None:
    book = openpyxl.load_workbook(io.BytesIO(table_files(sample.november()).xlsx))
    assert book.sheetnames[:3] == ["overblik", "om", "kodebog"]
    assert book["om"]["A1"].value == "OPDIGTEDE DATA: skoler, elever og tal er fundet på."
    header = [c.value for c in book["kodebog"][1]]
    assert header == ["tabel", "kolonne", "type", "enhed", "indhold", "vises", "en række er"]
    effects = report_tables(sample.november())["out_effects"]
    sheet = book["out_effects"]
    assert sheet.max_row == len(effects) + 1
    column = [c.value for c in sheet[1]].index("estimate_pp")
    assert sheet.cell(2, column + 1).value == pytest.approx(effects["estimate_pp"].iloc[0])


def test_the_first_sheet_holds_page_ones_numbers_as_numbers() -> None:
    june = sample.june()
    sheet = openpyxl.load_workbook(io.BytesIO(table_files(june).xlsx))["overblik"]
    rows = [[c.value for c in row] for row in sheet.iter_rows()]
    head, mean, days = rows[0], rows[1], rows[2]
    found = Facts(june).headline
    assert found is not None
    assert mean[head.index("Målt")] == pytest.approx(rounded(found.measured))
    assert mean[head.index("Forskel")] == pytest.approx(rounded(found.estimate))
    # A day is half a per cent of a school year of 200 days, from the per cent as shown.
    assert days[head.index("Målt")] == pytest.approx(2 * mean[head.index("Målt")])
    over = next(r for r in rows if r[0] == "Elever med over 10 % fravær")
    assert over[head.index("Målt")] - over[head.index("Ventet")] == over[head.index("Forskel")]
    assert sheet.auto_filter.ref == f"A1:I{len(rows)}"


def test_files_are_the_same_bytes_and_hold_no_clock() -> None:
    one, two = table_files(sample.june()), table_files(sample.june())
    assert one.csv == two.csv
    assert one.xlsx == two.xlsx
    for archive in (one.xlsx, malplan_docx(sample.june())):
        with zipfile.ZipFile(io.BytesIO(archive)) as z:
            assert {i.date_time for i in z.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_malplan_document_is_shaped_like_the_form_and_holds_the_report_s_sentences() -> None:
    document = docx.Document(io.BytesIO(malplan_docx(sample.november())))
    boxes = [[c.paragraphs[0] for c in t.rows[0].cells] for t in document.tables]
    assert [[p.text for p in row] for row in boxes] == [
        ["Tegn", "Prøvehandling"],
        ["Milepælsplan", "Evaluering: tal", "Evaluering: forandrede og forankrede indsatser", "Læring"],
    ]
    assert all(p.style.name == "Heading 1" for row in boxes for p in row)
    text = render_malplan(sample.november()).text
    assert "kan endnu ikke opgøres; tidligst 2.\u00a0juli 2027" in text
    assert "6. årgang: planlagt 7.\u00a0september 2026" in text
    assert "Slutevaluering, skoleåret 2026/27: mangler" in text
    assert text.startswith("OPDIGTEDE DATA")
    assert document.core_properties.language == "da-DK"


def test_without_a_browser_there_is_a_note_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "find_browser", lambda: None)
    page = tmp_path / "r.html"
    page.write_text("<p>x</p>", encoding="utf-8")
    result = pdf.print_pdf(page, tmp_path / "r.pdf", dt.date(2026, 11, 27))
    assert result.path is None
    assert "ingen Chrome, Edge eller Chromium" in result.note
    assert list(tmp_path.iterdir()) == [page]


def test_a_browser_that_fails_leaves_no_half_file(tmp_path: Path) -> None:
    page = tmp_path / "r.html"
    page.write_text("<p>x</p>", encoding="utf-8")
    result = pdf.print_pdf(page, tmp_path / "r.pdf", dt.date(2026, 11, 27), browser=Path("/bin/false"))
    assert result.path is None
    assert "kode 1" in result.note
    assert list(tmp_path.iterdir()) == [page]


def test_the_glossary_in_the_report_is_the_one_in_docs() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for term in TERMS:
        assert f"| {term.danish} | {term.english} | {term.meaning} |" in text
