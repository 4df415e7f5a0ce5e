"""REFI-QDA projects: real files without loss, and the habits of the tools that write them."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest
from factories import KEY, QDA, guid, project, qdpx, selection, text_source
from lxml import etree

from evaluation.codebooks import Codebook
from evaluation.interviews.refi_project import read_qdpx, write_qdpx
from evaluation.interviews.segments import pseudonym

TEXT = "Hej 😀 jeg er glad.\nOg 😀😀 mor er syg.\nFarvel 👩‍👩‍👧 og tak."
STATEMENTS = ("jeg er glad", "mor er syg", "og tak")


def code_points(text: str, statement: str) -> tuple[int, int]:
    start = text.index(statement)
    return start, start + len(statement)


def utf16(text: str, statement: str) -> tuple[int, int]:
    start, end = code_points(text, statement)
    return len(text[:start].encode("utf-16-le")) // 2, len(text[:end].encode("utf-16-le")) // 2


def rows(batch: Any) -> list[tuple[int, int, str]]:
    texts = dict(zip(batch.texts["segment_id"], batch.texts["text"], strict=True))
    found = batch.segments
    return [
        (int(s), int(e), texts[i])
        for s, e, i in zip(found["start"], found["end"], found["segment_id"], strict=True)
    ]


EXPECTED = [(*code_points(TEXT, s), s) for s in STATEMENTS]


@pytest.mark.parametrize("name", ["blank-atlas-project.qdpx", "target-atlas-project.qdpx"])
def test_real_atlas_ti_files_are_written_back_without_loss(tmp_path: Path, read: Any, name: str) -> None:
    first = read_qdpx(QDA / name)
    write_qdpx(first, tmp_path / name)
    with zipfile.ZipFile(QDA / name) as a, zipfile.ZipFile(tmp_path / name) as b:
        assert a.namelist() == b.namelist() == ["project.qde"]
        before, after = (
            etree.tostring(etree.fromstring(z.read("project.qde")), method="c14n") for z in (a, b)
        )
    assert before == after
    etree.XMLSchema(etree.parse(QDA / "Project-mrt2019.xsd")).assertValid(read_qdpx(tmp_path / name).root)
    batch = read(QDA / name)
    assert (batch.rows_in, batch.problems) == (0, ())
    assert first.origin == "ATLAS.ti for Windows 23.2.3.27778"
    again = tmp_path / "again.qdpx"
    write_qdpx(read_qdpx(tmp_path / name), again)
    assert again.read_bytes() == (tmp_path / name).read_bytes()


def test_a_project_with_sources_is_written_back_without_loss(
    tmp_path: Path, read: Any, book: Codebook
) -> None:
    inner = "".join(selection(*code_points(TEXT, s), [book.get("MP.UFRIV").guid], name=s) for s in STATEMENTS)
    members = {"Sources/a.txt": TEXT.encode("utf-8-sig"), "Sources/b.pdf": b"%PDF\x00"}
    path = qdpx(
        tmp_path / "p.qdpx", project(text_source("a", inner, path="internal://a.txt"), book=book), members
    )
    write_qdpx(read_qdpx(path), tmp_path / "q.qdpx")
    with zipfile.ZipFile(tmp_path / "q.qdpx") as archive:
        assert {name: archive.read(name) for name in members} == members
    assert rows(read(path)) == rows(read(tmp_path / "q.qdpx")) == EXPECTED


@pytest.mark.parametrize("count", [code_points, utf16])
@pytest.mark.parametrize("is_quoted", [True, False])
@pytest.mark.parametrize("inline", [True, False])
def test_emoji_in_both_conventions(
    tmp_path: Path, read: Any, book: Codebook, count: Any, is_quoted: bool, inline: bool
) -> None:
    inner = "".join(
        selection(*count(TEXT, s), [book.get("SBST.ARENA.HJEM").guid], name=s if is_quoted else None)
        for s in STATEMENTS
    )
    source = (
        text_source("a", inner, text=TEXT) if inline else text_source("a", inner, path="internal://a.txt")
    )
    batch = read(
        qdpx(tmp_path / "p.qdpx", project(source, book=book), {} if inline else {"Sources/a.txt": TEXT})
    )
    assert rows(batch) == EXPECTED
    assert batch.problems == ()
    unit = "code_points" if count is code_points else "utf16"
    assert batch.notes == (
        f"positions counted as {unit}, {'verified' if is_quoted else 'consistent'}: 3 segment(s)",
    )


@pytest.mark.parametrize("count", [code_points, utf16])
@pytest.mark.parametrize("mark", [False, True])
@pytest.mark.parametrize("mark_counted", [False, True])
@pytest.mark.parametrize("crlf", ["none", "counted", "not counted", "lost"])
def test_byte_order_marks_and_line_ends(
    tmp_path: Path, read: Any, book: Codebook, count: Any, mark: bool, mark_counted: bool, crlf: str
) -> None:
    """ATLAS.ti writes CRLF and counts LF, MAXQDA counts both; some count the mark. The quoted text decides."""
    if mark_counted and not mark:
        return
    counted = TEXT.replace("\n", "\r\n") if crlf in ("counted", "lost") else TEXT
    written = TEXT.replace("\n", "\r\n") if crlf in ("counted", "not counted") else TEXT
    inner = "".join(
        selection(*(p + mark_counted for p in count(counted, s)), [book.get("MP.UFRIV").guid], name=s)
        for s in STATEMENTS
    )
    xml = project(text_source("a", inner, path="internal://a.txt"), book=book)
    data = written.encode("utf-8-sig" if mark else "utf-8")
    assert rows(read(qdpx(tmp_path / "p.qdpx", xml, {"Sources/a.txt": data}))) == EXPECTED


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("internal://a.txt", "Sources/a.txt"),
        ("internal://a.txt", "sources/a.txt"),
        ("internal://A.TXT", "Sources/a.txt"),
        ("a.txt", "Sources/a.txt"),
        ("internal:///a.txt", "SOURCES/A.txt"),
        ("Sources/a.txt", "Sources/a.txt"),
        ("internal://a.txt", "Sources\\a.txt"),
        ("internal://a.txt", "a.txt"),
        ("relative:///a.txt", "Sources/a.txt"),
        ("internal://deep/a.txt", "Sources/other/a.txt"),
        ("internal://interview%20syv.txt", "Sources/interview syv.txt"),
    ],
)
def test_sources_are_found_whatever_the_path_looks_like(
    tmp_path: Path, read: Any, book: Codebook, path: str, member: str
) -> None:
    inner = selection(*code_points(TEXT, "jeg er glad"), [book.get("MP.UFRIV").guid], name="jeg er glad")
    batch = read(
        qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, path=path), book=book), {member: TEXT})
    )
    assert rows(batch) == EXPECTED[:1]
    assert batch.problems == ()


@pytest.mark.parametrize(
    "path", [None, "absolute:///etc/hostname", "file:///etc/hostname", "internal://gone.txt"]
)
def test_a_text_outside_the_archive_is_never_opened(
    tmp_path: Path, read: Any, book: Codebook, path: str | None
) -> None:
    inner = selection(0, 3, [book.get("MP.UFRIV").guid])
    batch = read(qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, path=path), book=book)))
    assert [problem.rule for problem in batch.problems] == ["REFI-QDA 8.3"]
    assert batch.kept == 1
    assert batch.texts.empty


@pytest.mark.parametrize(
    ("start", "end", "name", "rule"),
    [
        (0, 5, "mor er syg", "is not the text the segment quotes"),
        (0, 5, "står ikke i teksten", "is not the text the segment quotes"),
        (0, 9999, None, "outside the text"),
        (9, 3, None, "outside the text"),
        (-4, 3, None, "outside the text"),
    ],
)
def test_positions_that_do_not_match_are_reported_not_guessed(
    tmp_path: Path, read: Any, book: Codebook, start: int, end: int, name: str | None, rule: str
) -> None:
    code = [book.get("MP.UFRIV").guid]
    inner = selection(*code_points(TEXT, "og tak"), code, name="og tak") + selection(
        start, end, code, name=name
    )
    batch = read(qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, text=TEXT), book=book)))
    assert rows(batch) == [EXPECTED[2]]
    assert (batch.rows_in, batch.kept, batch.quarantined, batch.duplicates) == (2, 1, 1, 0)
    assert rule in batch.problems[0].found
    assert "mor er syg" not in str(batch.problems[0])


def test_what_nothing_can_tell_is_asked_and_then_believed(tmp_path: Path, read: Any, book: Codebook) -> None:
    """ "😀 ab cd": units 3–5 of 8 cut no word in either reading, and nothing is quoted."""
    text = "😀😀 a b c d e f"
    xml = project(text_source("a", selection(5, 6, [book.get("MP.UFRIV").guid]), text=text), book=book)
    path = qdpx(tmp_path / "p.qdpx", xml)
    batch = read(path)
    assert (batch.kept, batch.quarantined) == (0, 1)
    assert "positions=" in batch.problems[0].next_step
    assert rows(read(path, positions="code_points")) == [(5, 6, "b")]
    assert rows(read(path, positions="utf16")) == [(3, 4, "a")]


@pytest.mark.parametrize(
    ("origin", "expected"), [("NVivo 12.6", (3, 4, "a")), ("QualCoder 3.5", (5, 6, "b"))]
)
def test_a_tool_s_documented_way_of_counting_is_the_last_word(
    tmp_path: Path, read: Any, book: Codebook, origin: str, expected: tuple[int, int, str]
) -> None:
    source = text_source("a", selection(5, 6, [book.get("MP.UFRIV").guid]), text="😀😀 a b c d e f")
    assert rows(read(qdpx(tmp_path / "p.qdpx", project(source, book=book, origin=origin)))) == [expected]


@pytest.mark.parametrize(
    ("origin", "is_counted"), [("ATLAS.ti 23", False), ("MAXQDA 24", True), ("Ukendt 1", True)]
)
def test_line_ends_nothing_can_tell_follow_the_tool_then_the_standard(
    tmp_path: Path, read: Any, book: Codebook, origin: str, is_counted: bool
) -> None:
    text = "a b c d\r\ne f g h"
    counted = text if is_counted else text.replace("\r", "")
    start = counted.index("f")
    inner = selection(start, start + 1, [book.get("MP.UFRIV").guid]) + selection(
        0, 1, [book.get("MP.UFRIV").guid]
    )
    xml = project(text_source("a", inner, path="internal://a.txt"), book=book, origin=origin)
    # "e f g h": one step to the left is a blank, so word boundaries would tell; ask a segment they cannot judge
    batch = read(qdpx(tmp_path / "p.qdpx", xml, {"Sources/a.txt": text}))
    assert [t for _, _, t in rows(batch)] == ["a", "f"]


def test_most_segments_keeping_words_settle_a_long_document(
    tmp_path: Path, read: Any, book: Codebook
) -> None:
    """Unquoted segments of a coder who now and then cut a word: nine of ten still show how they were counted."""
    words = [f"ord{n:03d}" for n in range(60)]
    text = "😀 " + " ".join(words)
    inner = "".join(
        selection(*(p + (n == 0) for p in utf16(text, f"ord{n:03d}")), [book.get("MP.UFRIV").guid])
        for n in range(0, 60, 6)
    )
    batch = read(qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, text=text), book=book)))
    assert [t for _, _, t in rows(batch)] == ["rd000 ", *(f"ord{n:03d}" for n in range(6, 60, 6))]


def test_a_plain_document_says_nothing_of_units(tmp_path: Path, read: Any, book: Codebook) -> None:
    """Verified segments of a text without emoji are no vote for code points in one that has them."""
    code = [book.get("MP.UFRIV").guid]
    sources = text_source("a", selection(0, 3, code, name="Hej"), text="Hej du") + text_source(
        "b", selection(5, 6, code), text="😀😀 a b c d e f"
    )
    batch = read(qdpx(tmp_path / "p.qdpx", project(sources, book=book)))
    assert (batch.kept, batch.quarantined) == (1, 1)


def test_names_that_are_labels_lose_nothing(tmp_path: Path, read: Any, book: Codebook) -> None:
    """A selection may be called "1:3" or "Vigtigt"; that is no quotation and no reason to drop it."""
    inner = selection(*code_points(TEXT, "og tak"), [book.get("MP.UFRIV").guid], name="1:3")
    batch = read(
        qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, text="uden emoji " + TEXT[30:]), book=book))
    )
    assert batch.kept + batch.quarantined == 1


@pytest.mark.parametrize("quoted", ["mor er\n  syg", "Og 😀😀 mor er...", "Og 😀😀 mor er sy…"])
def test_quotations_may_be_wrapped_or_cut(tmp_path: Path, read: Any, book: Codebook, quoted: str) -> None:
    statement = "mor er syg" if quoted.startswith("mor") else "Og 😀😀 mor er syg"
    inner = selection(*utf16(TEXT, statement), [book.get("MP.UFRIV").guid], name=quoted)
    batch = read(qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, text=TEXT), book=book)))
    assert rows(batch) == [(*code_points(TEXT, statement), statement)]


@pytest.mark.parametrize("namespace", ["urn:QDA-XML:project:1.0", "urn:QDA-XML:project:0:4", ""])
def test_namespaces_and_braces(tmp_path: Path, read: Any, book: Codebook, namespace: str) -> None:
    inner = selection(
        *code_points(TEXT, "og tak"), ["{" + book.get("MP.UFRIV").guid.upper() + "}"], name="og tak"
    )
    xml = project(text_source("a", inner, text=TEXT), book=book, namespace=namespace)
    if not namespace:
        xml = xml.replace(' xmlns=""', "")
    assert rows(read(qdpx(tmp_path / "p.qdpx", "\ufeff" + xml))) == [EXPECTED[2]]


def test_codes_are_matched_by_guid_then_id_then_name(tmp_path: Path, read: Any, book: Codebook) -> None:
    own = (
        f'<Code guid="{book.get("MP.UFRIV").guid}" name="omdøbt" isCodable="true"/>'
        f'<Code guid="{guid("x")}" name="omdøbt 2" isCodable="true"><Description>[MP.MAAL] tekst</Description></Code>'
        f'<Code guid="{guid("y")}" name="Fælles fagsprog" isCodable="true"/>'
        f'<Code guid="{guid("z")}" name="MP.TEGN.FLAD" isCodable="true"/>'
        f'<Code guid="{guid("m")}" name="Årsagsarenaer" isCodable="true"/>'
    )
    codes = [book.get("MP.UFRIV").guid, guid("x"), guid("y"), guid("z"), guid("m"), guid("nowhere")]
    inner = selection(*code_points(TEXT, "og tak"), codes, name="og tak")
    batch = read(qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, text=TEXT), codes=own)))
    assert list(batch.segments["code"]) == ["MP.MAAL", "MP.TEGN.SPROG", "MP.UFRIV"]
    assert (batch.rows_in, batch.kept, batch.quarantined) == (6, 3, 3)
    found = " ".join(map(str, batch.problems))
    assert "nearest: MP.TEGN.FALD" in found
    assert "SBST.ARENA is a folder" in found
    assert "does not have" in found


def test_coders_and_documents_become_pseudonyms(tmp_path: Path, read: Any, book: Codebook) -> None:
    code = [book.get("MP.UFRIV").guid]
    inner = selection(4, 9, code, user="AB") + selection(4, 9, code, user="CD")
    path = qdpx(
        tmp_path / "p.qdpx",
        project(text_source("Anna Andersen.docx", inner, text="abc defgh ijk"), book=book),
    )
    batch = read(path)
    assert set(batch.segments["coder"]) == {pseudonym(KEY, "koder", "ab"), pseudonym(KEY, "koder", "cd")}
    assert batch.segments["segment_id"].nunique() == 1
    assert batch.segments["document_id"].iloc[0] == pseudonym(KEY, "document", "anna andersen")
    for frame in (batch.segments, batch.texts, batch.documents):
        assert "anna" not in frame.to_csv().casefold()


VARIABLES = "".join(
    f'<Variable guid="{guid(name)}" name="{name}" typeOfVariable="Text"/>'
    for name in ("Cases:Informant", "Årgang", "samtykke", "skole")
)


def value(name: str, text: str, kind: str = "TextValue") -> str:
    return f'<VariableValue><VariableRef targetGUID="{guid(name)}"/><{kind}>{text}</{kind}></VariableValue>'


@pytest.mark.parametrize(
    "where", ["source", "named case", "nameless case", "selection", "case as code", "set"]
)
def test_attributes_from_every_place_tools_put_them(
    tmp_path: Path, read: Any, book: Codebook, where: str
) -> None:
    values = (
        value("Cases:Informant", "Elev")
        + value("Årgang", "6. klasse")
        + value("samtykke", "true", "BooleanValue")
        + value("skole", "skole_2")
    )
    start, end = code_points(TEXT, "og tak")
    inner = selection(start, end, [book.get("MP.UFRIV").guid], name="og tak")
    extra = cases = sets = ""
    codes = f'<Code guid="{book.get("MP.UFRIV").guid}" name="Ufrivilligt fravær" isCodable="true"/>'
    if where == "source":
        extra = values
    elif where == "set":
        names = ("Informant: elev", "6. klasse", "samtykke=gyldigt", "skole_2")
        sets = "".join(
            f'<Set guid="{guid(n)}" name="{n}"><MemberSource targetGUID="{guid("a")}"/></Set>' for n in names
        )
    elif where == "case as code":
        codes += f'<Code guid="{guid("case")}" name="Anna" isCodable="true"/>'
        cases = f'<Case guid="{guid("case")}" name="Anna">{values}</Case>'
        inner += selection(0, len(TEXT), [guid("case")])
    else:
        name = ' name="Anna"' if where == "named case" else ""
        target = guid(f"S{start}{end}AB") if where == "selection" else guid("a")
        reference = "SelectionRef" if where == "selection" else "SourceRef"
        cases = f'<Case guid="{guid("case")}"{name}>{values}<{reference} targetGUID="{target}"/></Case>'
    xml = project(
        text_source("a", inner, text=TEXT, extra=extra),
        codes=codes,
        cases=cases,
        variables=VARIABLES,
        sets=sets,
    )
    batch = read(qdpx(tmp_path / "p.qdpx", xml))
    row = batch.segments.iloc[0]
    assert (row["informant"], row["grade"], row["consent"], row["school_id"]) == (
        "elev",
        "6",
        "gyldigt",
        "skole_2",
    )
    assert batch.problems == ()
    assert batch.kept == 1


def test_pdf_media_and_whole_documents(tmp_path: Path, read: Any, book: Codebook) -> None:
    code = book.get("MP.UFRIV").guid
    coding = f'<Coding guid="{guid("c")}" creatingUser="{guid("AB")}"><CodeRef targetGUID="{code}"/></Coding>'
    sources = (
        f'<PDFSource guid="{guid("pdf")}" name="pdf"><PDFSelection guid="{guid("ps")}" page="1" firstX="0" firstY="0"'
        f' secondX="1" secondY="1">{coding}</PDFSelection><Representation guid="{guid("r")}">'
        f"<PlainTextContent>{TEXT}</PlainTextContent>{selection(*code_points(TEXT, 'og tak'), [code], name='og tak')}"
        f"</Representation></PDFSource>"
        f'<AudioSource guid="{guid("au")}" name="lyd"><AudioSelection guid="{guid("as")}" begin="0" end="9">{coding}'
        f'</AudioSelection><Transcript guid="{guid("t")}"><PlainTextContent>{TEXT}</PlainTextContent>'
        f'<SyncPoint guid="{guid("s1")}" position="6"/><SyncPoint guid="{guid("s2")}" position="17"/>'
        f'<TranscriptSelection guid="{guid("ts")}" fromSyncPoint="{guid("s1")}" toSyncPoint="{guid("s2")}">{coding}'
        f"</TranscriptSelection></Transcript></AudioSource>"
        + text_source("hel", coding.replace("<Coding", "<Coding"), text="Hele dokumentet.")
    )
    batch = read(qdpx(tmp_path / "p.qdpx", project(sources, book=book)))
    assert batch.problems == ()
    assert batch.kept == batch.rows_in == 5
    assert sorted(batch.texts["text"]) == ["jeg er glad", "og tak"]
    assert len(batch.documents) == 3


def test_two_documents_of_one_name_keep_apart(tmp_path: Path, read: Any, book: Codebook) -> None:
    inner = selection(0, 3, [book.get("MP.UFRIV").guid])
    sources = text_source("a", inner, text="Hej du") + text_source("a", inner, text="Dav du").replace(
        guid("a"), guid("b")
    )
    assert read(qdpx(tmp_path / "p.qdpx", project(sources, book=book))).segments["document_id"].nunique() == 2


def test_a_bare_qde_is_read(tmp_path: Path, read: Any, book: Codebook) -> None:
    inner = selection(0, 3, [book.get("MP.UFRIV").guid])
    (tmp_path / "project.qde").write_text(project(text_source("a", inner, text="Hej du"), book=book))
    assert read(tmp_path / "project.qde").kept == 1
