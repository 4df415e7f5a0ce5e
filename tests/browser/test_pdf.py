"""The printed report: tagged, named, with outline and page numbers, page one on one sheet."""

from __future__ import annotations

import datetime as dt
import html
import re
import shutil
from pathlib import Path

import pytest
from pypdf import PdfReader

from evaluation.reports.pdf import print_pdf

pytestmark = pytest.mark.browser


PRINTED_ON = dt.date(2026, 11, 27)


@pytest.fixture(scope="module")
def printed(executable: Path, pages: Path) -> PdfReader:
    result = print_pdf(pages / "november.html", pages / "november.pdf", PRINTED_ON, browser=executable)
    assert result.path is not None, result.note
    return PdfReader(result.path)


def test_the_same_page_gives_the_same_bytes_at_another_time_and_place(
    printed: PdfReader, pages: Path, executable: Path, tmp_path: Path
) -> None:
    shutil.copy(pages / "november.html", tmp_path / "november.html")
    result = print_pdf(tmp_path / "november.html", tmp_path / "again.pdf", PRINTED_ON, browser=executable)
    assert result.path is not None
    assert result.path.read_bytes() == (pages / "november.pdf").read_bytes()
    assert printed.metadata is not None
    assert printed.metadata.creation_date is not None
    assert printed.metadata.creation_date.date() == PRINTED_ON


def test_it_is_tagged_with_language_title_and_outline(printed: PdfReader) -> None:
    root = printed.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert str(root["/Lang"]).startswith("da")
    assert printed.metadata is not None
    assert printed.metadata.title == "Kom glad i skole – hver dag: Delevaluering, november 2026"
    titles = [str(o.title) for o in _flat(printed.outline)]
    assert "Milepælen" in titles
    assert titles[0] == "Kom glad i skole – hver dag"


def test_every_page_is_a4_numbered_and_says_that_data_are_made_up(printed: PdfReader) -> None:
    n = len(printed.pages)
    for i, page in enumerate(printed.pages, start=1):
        assert [round(float(x)) for x in page.mediabox[2:]] == [595, 842]
        text = page.extract_text()
        assert f"{i} / {n}" in text
        assert "Opdigtede data" in text


def test_page_one_holds_milestone_children_voices_and_decision(printed: PdfReader) -> None:
    text = " ".join(printed.pages[0].extract_text().split())
    assert "Er milepælen nået?" in text
    assert "Er der færre børn med meget fravær?" in text
    assert "Hvad siger børn og voksne?" in text
    assert "Til beslutning: fortsætte, justere eller stoppe?" in text
    assert "Her måles registreret fravær" in text


def test_the_report_is_short(printed: PdfReader) -> None:
    assert len(printed.pages) <= 13


def test_figures_carry_their_alternative_and_tables_their_headers(printed: PdfReader) -> None:
    kinds: dict[str, int] = {}
    described = 0
    stack = [printed.trailer["/Root"]["/StructTreeRoot"]]
    while stack:
        node = stack.pop().get_object()
        if not isinstance(node, dict):
            continue
        kind = str(node.get("/S", ""))
        kinds[kind] = kinds.get(kind, 0) + 1
        described += kind == "/Figure" and bool(node.get("/Alt"))
        below = node.get("/K", [])
        stack += list(below) if isinstance(below, list) else [below]
    assert kinds.get("/TH", 0) > 50
    assert kinds.get("/H1", 0) >= 1
    assert described >= 8
    assert described == kinds["/Figure"]


def test_it_holds_no_number_the_page_does_not(printed: PdfReader, pages: Path) -> None:
    """The page is what is attacked before release; its print may say nothing of its own but page numbers."""
    markup = (pages / "november.html").read_text(encoding="utf-8")
    shown = re.sub(r"<(script|style).*?</\1>", " ", markup, flags=re.DOTALL)
    on_page = _numbers(html.unescape(re.sub(r"<[^>]+>", " ", shown)))
    n = len(printed.pages)
    for i, page in enumerate(printed.pages, start=1):
        text = page.extract_text().replace(f"{i} / {n}", "")
        pages_named = {str(k) for k in range(1, 21)} if "Indhold" in text else set()
        assert _numbers(text) <= on_page | pages_named, f"page {i}"
    assert len(on_page) > 100


def _numbers(text: str) -> set[str]:
    return {x.rstrip(".,") for x in re.findall(r"\d[\d.,]*", text)}


def _flat(outline: list) -> list:
    return [x for item in outline for x in (_flat(item) if isinstance(item, list) else [item])]
