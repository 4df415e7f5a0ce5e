"""Bounded fuzzing: whatever a file holds, a reader answers with a batch or a refusal, and its ledger adds up."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from factories import (
    KEY,
    codebook,
    project,
    qdpx,
    qualcoder_project,
    selection,
    taguette_database,
    text_source,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.codebooks import Codebook
from evaluation.errors import KomgladError
from evaluation.interviews.forms import read_school_form
from evaluation.interviews.positions import Selection, Text, locate
from evaluation.interviews.qdc import codebook_to_qdc
from evaluation.interviews.readers import read_segments

pytestmark = pytest.mark.slow

BOOK = codebook()
BOUNDED = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ANY_TEXT = st.text(max_size=40)


def survives(path: Path, **options: Any) -> None:
    try:
        batch = read_segments(path, codebook=BOOK, key=KEY, **options)
    except KomgladError:
        return
    assert batch.rows_in == batch.kept + batch.quarantined + batch.duplicates
    assert batch.kept == len(batch.segments)
    assert batch.quarantined == 0 or batch.problems


@BOUNDED
@given(
    place=st.floats(0, 1),
    junk=st.binary(min_size=1, max_size=8),
    kind=st.sampled_from(["overwrite", "cut", "insert"]),
)
@pytest.mark.parametrize("name", ["p.qdpx", "t.sqlite3", "c.xlsx", "q.qda", "c.csv", "b.qdc"])
def test_damaged_files(tmp_path: Path, name: str, place: float, junk: bytes, kind: str) -> None:
    data = _sample(tmp_path / "whole", name)
    at = int(place * len(data))
    rest = data[at + len(junk) :] if kind == "overwrite" else b"" if kind == "cut" else data[at:]
    path = tmp_path / name
    path.write_bytes(data[:at] + (b"" if kind == "cut" else junk) + rest)
    survives(path)


@BOUNDED
@given(
    data=st.binary(max_size=200),
    suffix=st.sampled_from([".qdpx", ".qde", ".qdc", ".csv", ".xlsx", ".sqlite3", ".qda"]),
)
def test_noise(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"noise{suffix}"
    path.write_bytes(data)
    survives(path)
    if suffix in (".csv", ".xlsx"):
        with contextlib.suppress(KomgladError):
            read_school_form(path, codebook=BOOK)


@BOUNDED
@given(cells=st.lists(st.lists(ANY_TEXT, min_size=1, max_size=7), min_size=0, max_size=6))
@pytest.mark.parametrize(
    "head", ["dokument;kode;start;slut;retning;samtykke;aargang", "id;document;tag;content"]
)
def test_tables_of_anything(tmp_path: Path, head: str, cells: list[list[str]]) -> None:
    path = tmp_path / "t.csv"
    text = "\n".join([head, *(";".join(row) for row in cells)])
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    survives(path)


@BOUNDED
@given(
    text=st.text(max_size=30),
    spots=st.lists(
        st.tuples(st.integers(-3, 40), st.integers(-3, 40), st.one_of(st.none(), st.text(max_size=6))),
        max_size=5,
    ),
    unit=st.sampled_from([None, "code_points", "utf16"]),
)
def test_any_positions_in_any_text(text: str, spots: list[tuple[int, int, str | None]], unit: Any) -> None:
    body = Text(text)
    [located] = locate([(body, [Selection(*spot) for spot in spots])], unit)
    assert len(located) == len(spots)
    for outcome in located:
        if outcome.is_found:
            assert body.canonical[outcome.start : outcome.end] == outcome.text


XML_TEXT = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=25
)


@BOUNDED
@given(
    text=XML_TEXT,
    name=XML_TEXT,
    spots=st.lists(
        st.tuples(st.integers(-2, 30), st.integers(-2, 30), st.one_of(st.none(), XML_TEXT)), max_size=4
    ),
)
def test_projects_of_anything(
    tmp_path: Path, text: str, name: str, spots: list[tuple[int, int, str | None]]
) -> None:
    inner = "".join(selection(a, b, [BOOK.get("MP.UFRIV").guid], name=quoted) for a, b, quoted in spots)
    survives(qdpx(tmp_path / "p.qdpx", project(text_source(name, inner, text=text), book=BOOK)))


@BOUNDED
@given(text=st.text(alphabet="ab 😀\n", min_size=4, max_size=30), data=st.data())
def test_a_quoted_segment_is_found_in_either_convention(text: str, data: Any) -> None:
    """Start and end are those of the quotation, in code points, whichever way they were counted."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    quoted = text[start:end]
    if not quoted.strip():
        return
    units = [len(text[:n].encode("utf-16-le")) // 2 for n in (start, end)]
    for spot in ((start, end), tuple(units)):
        [[found]] = locate([(Text(text), [Selection(*spot, quoted)])])
        assert found.status == "verified"
        assert " ".join(found.text.split()) == " ".join(quoted.split())


def test_every_sample_is_sound(tmp_path: Path) -> None:
    for name in ("p.qdpx", "t.sqlite3", "c.xlsx", "q.qda", "c.csv", "b.qdc"):
        _sample(tmp_path / "whole", name)
        batch = read_segments(tmp_path / "whole" / name, codebook=BOOK, key=KEY)
        assert batch.kept == (0 if name == "b.qdc" else 1)


def _sample(folder: Path, name: str) -> bytes:
    """A small sound file of each format, made once per test."""
    path = folder / name
    folder.mkdir(exist_ok=True)
    if not path.exists():
        book: Codebook = BOOK
        if name == "p.qdpx":
            inner = selection(0, 3, [book.get("MP.UFRIV").guid], name="Hej")
            own = f'<Code guid="{book.get("MP.UFRIV").guid}" name="Ufrivilligt fravær" isCodable="true"/>'
            qdpx(
                path,
                project(text_source("a", inner, path="internal://a.txt"), codes=own),
                {"Sources/a.txt": "Hej du"},
            )
        elif name == "t.sqlite3":
            taguette_database(path, "<p>Hej</p>", [(0, 3, "<p>Hej</p>", "MP.UFRIV")])
        elif name == "q.qda":
            project_folder = qualcoder_project(folder / "folder.qda", "Hej du", [("Hjem", "Hej", 0, 3, "AB")])
            path.write_bytes((project_folder / "data.qda").read_bytes())
        elif name == "c.xlsx":
            import openpyxl

            workbook = openpyxl.Workbook()
            for row in (["dokument", "kode"], ["a", "MP.UFRIV"]):
                workbook.active.append(row)
            workbook.save(path)
        elif name == "b.qdc":
            path.write_bytes(codebook_to_qdc(book))
        else:
            path.write_text("dokument;kode;start;slut\na;MP.UFRIV;0;3\n")
    return path.read_bytes()
