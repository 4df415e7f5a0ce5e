"""*Vurder og find fokus* as a fillable PDF: every field that is filled in is kept in its place, or reported."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pypdf
import pytest
from factories import ROOT, codebook
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf.annotations import FreeText
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, TextStringObject

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.forms import FormBatch, read_school_form
from evaluation.interviews.propose import propose_voices

EMPTY = ROOT / "tests/data/interviews/vurder_og_find_fokus.pdf"
"""Made for the purpose as the source lays its form out: a theme on each page, two columns, fields called Text1 to Text10."""
THEMES = ("KOMP", "HJEM", "HELHED", "KLASSE", "ELEV")
PLACES = {
    f"Text{2 * n + k}": (f"VFF.{theme}", dimension)
    for n, theme in enumerate(THEMES)
    for k, dimension in ((1, "gaar_godt"), (2, "oenske"))
}


def written(path: Path, texts: dict[str, str], change: Any = None) -> Path:
    """The form with texts in its fields, changed by ``change(writer)``."""
    writer = pypdf.PdfWriter(clone_from=EMPTY)
    for page in writer.pages[1:]:
        writer.update_page_form_field_values(page, texts, auto_regenerate=False)
    if change:
        change(writer)
    stream = io.BytesIO()
    writer.write(stream)
    path.write_bytes(stream.getvalue())
    return path


def read(path: Path, book: Codebook) -> FormBatch:
    return read_school_form(path, codebook=book, school="skole_2", occasion="November 2026")


TEXTS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None)
@given(texts=st.dictionaries(st.sampled_from(sorted(PLACES)), TEXTS.filter(str.strip)))
def test_what_is_written_comes_back_under_its_theme_and_heading(
    texts: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    batch = read(written(tmp_path_factory.mktemp("pdf") / "f.pdf", texts), codebook())
    got = set(zip(batch.fields["theme"], batch.fields["dimension"], batch.fields["value"], strict=True))
    assert got == {(*PLACES[name], text.strip()) for name, text in texts.items()}
    assert (batch.problems, batch.rows_in) == ((), len(texts))
    assert set(batch.fields["school_id"]) <= {"skole_2"}
    assert set(batch.fields["occasion"]) <= {"delevaluering_nov_2026"}


def _moved(writer: pypdf.PdfWriter) -> None:
    """A field of the first theme stands above every heading."""
    field = writer.pages[1]["/Annots"][0].get_object()
    field[NameObject("/Rect")] = pypdf.generic.RectangleObject((60, 790, 200, 830))


def _ticked(writer: pypdf.PdfWriter) -> None:
    field = writer.pages[1]["/Annots"][0].get_object()
    field.update({NameObject("/FT"): NameObject("/Btn"), NameObject("/AS"): NameObject("/Ja")})


def _noted(writer: pypdf.PdfWriter) -> None:
    writer.add_annotation(2, FreeText(text="Se bilag", rect=(60, 100, 200, 130)))


def _hidden(writer: pypdf.PdfWriter) -> None:
    """A filled field that stands on no page."""
    field = DictionaryObject(
        {
            NameObject("/FT"): NameObject("/Tx"),
            NameObject("/T"): TextStringObject("Gemt"),
            NameObject("/V"): TextStringObject("Noget"),
        }
    )
    writer.root_object["/AcroForm"]["/Fields"].append(writer._add_object(field))


@pytest.mark.parametrize(
    ("change", "rule", "where", "kept"),
    [
        (_moved, "form_cell", "Text1", 1),
        (_ticked, "form_cell", "Text1", 1),
        (_noted, "form_note", "FreeText", 2),
        (_hidden, "form_cell", "Gemt", 2),
    ],
)
def test_what_has_no_place_in_the_form_is_reported(
    change: Any, rule: str, where: str, kept: int, tmp_path: Path, book: Codebook
) -> None:
    batch = read(written(tmp_path / "f.pdf", {"Text1": "Vi ringer.", "Text4": "Oftere."}, change), book)
    assert [(p.rule, p.column) for p in batch.problems] == [(rule, where)]
    assert batch.kept == kept
    assert "Vi ringer." not in str(batch.problems)


def printed_on(writer: pypdf.PdfWriter, words: str, place: tuple[int, int]) -> None:
    """Words printed on the page itself: a header, a footer, or over a field."""
    page = writer.pages[2]
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 10 Tf 1 0 0 1 {place[0]} {place[1]} Tm ({words}) Tj ET".encode("latin-1"))
    page.merge_page(_overlay(stream, page))


def _overlay(stream: DecodedStreamObject, page: Any) -> Any:
    font = {
        "/Type": "/Font",
        "/Subtype": "/Type1",
        "/BaseFont": "/Helvetica",
        "/Encoding": "/WinAnsiEncoding",
    }
    face = DictionaryObject({NameObject(k): NameObject(v) for k, v in font.items()})
    over = pypdf.PageObject.create_blank_page(width=page.mediabox.width, height=page.mediabox.height)
    over[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): face})}
    )
    over[NameObject("/Contents")] = stream
    return over


@settings(max_examples=15, deadline=None)
@given(words=st.sampled_from(["Egelundskolen", "vi ringer samme dag", "Tema er lange samtaler", "Hvad nu", "22334455"]),
       place=st.sampled_from([(60, 820), (60, 20), (70, 400)]))  # fmt: skip
def test_what_a_school_prints_on_the_page_is_reported(
    words: str, place: tuple[int, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("pdf") / "f.pdf"
    batch = read(written(path, {"Text1": "Vi ringer."}, lambda w: printed_on(w, words, place)), codebook())
    assert [(p.rule, p.line) for p in batch.problems] == [("form_beside", 3)]
    assert (batch.kept, words in str(batch.problems)) == (1, False)


def test_two_schools_forms_in_one_file_are_refused(tmp_path: Path, book: Codebook) -> None:
    first = pypdf.PdfWriter(clone_from=written(tmp_path / "a.pdf", {"Text1": "Vi ringer."}))
    for page in pypdf.PdfReader(
        str(written(tmp_path / "b.pdf", {"Text1": "Den andens.", "Text4": "Mere."}))
    ).pages:
        first.add_page(page)
    first.write(str(tmp_path / "c.pdf"))
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "c.pdf", book)
    assert "more than one form" in (refusal.value.problems[0].found or "")


def test_a_form_without_a_school_is_asked_about_and_another_school_is_refused(
    tmp_path: Path, book: Codebook
) -> None:
    path = written(tmp_path / "f.pdf", {"Text1": "Vi ringer."})
    batch = read_school_form(path, codebook=book)
    assert {(p.rule, batch.kept) for p in batch.problems} == {("form_school", 0), ("form_occasion", 0)}
    proposed = propose_voices(path, book) or ""
    assert "[school_form]" in proposed
    assert "skemaer/f.pdf" in proposed

    def named(writer: pypdf.PdfWriter) -> None:
        writer.pages[5]["/Annots"][1].get_object()[NameObject("/T")] = TextStringObject("Skole")

    own = written(tmp_path / "g.pdf", {"Text1": "Vi ringer.", "Text10": "skole_3"}, named)
    assert list(read_school_form(own, codebook=book).fields["school_id"]) == ["skole_3"]
    with pytest.raises(InputError):
        read(own, book)

    def named_twice(writer: pypdf.PdfWriter) -> None:
        named(writer)
        writer.pages[5]["/Annots"][0].get_object()[NameObject("/T")] = TextStringObject("skole")

    two = written(tmp_path / "h.pdf", {"Text1": "Vi.", "Text9": "skole_2", "Text10": "skole_3"}, named_twice)
    batch = read_school_form(two, codebook=book)
    assert ("form_cell", "Skole") in [(p.rule, p.column) for p in batch.problems]


def test_what_a_form_came_with_is_nothing_that_was_written(tmp_path: Path, book: Codebook) -> None:
    def default(writer: pypdf.PdfWriter) -> None:
        writer.pages[1]["/Annots"][0].get_object()[NameObject("/DV")] = TextStringObject("Skriv her")

    batch = read(written(tmp_path / "f.pdf", {"Text1": "Skriv her", "Text2": "Oftere."}, default), book)
    assert (list(batch.fields["value"]), batch.problems) == (["Oftere."], ())


def _printed(writer: pypdf.PdfWriter) -> None:
    for page in writer.pages:
        page.pop("/Annots", None)


def _another(writer: pypdf.PdfWriter) -> None:
    for _ in range(5):
        del writer.pages[1]


def _locked(writer: pypdf.PdfWriter) -> None:
    writer.encrypt("hemmeligt", algorithm="RC4-128")


@pytest.mark.parametrize("change", [_printed, _another, _locked])
def test_a_pdf_that_cannot_be_read_is_refused_with_a_way_on(
    change: Any, tmp_path: Path, book: Codebook
) -> None:
    with pytest.raises(InputError) as refusal:
        read(written(tmp_path / "f.pdf", {"Text1": "Vi ringer."}, change), book)
    assert all(p.found and p.next_step for p in refusal.value.problems)


@settings(max_examples=60, deadline=None)
@given(place=st.floats(0, 1), junk=st.binary(max_size=40), is_cut=st.booleans())
def test_a_damaged_pdf_is_read_or_refused(
    place: float, junk: bytes, is_cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = written(tmp_path_factory.mktemp("pdf") / "f.pdf", {"Text1": "Vi ringer."})
    data = path.read_bytes()
    at = int(place * len(data))
    path.write_bytes(data[:at] + junk + (b"" if is_cut else data[at + len(junk) :]))
    with suppress(InputError):
        batch = read(path, codebook())
        assert batch.rows_in == batch.kept + batch.quarantined + batch.duplicates
