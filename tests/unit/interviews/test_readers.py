"""Taguette, QualCoder and plain tables; and what holds for every format: ledger, pseudonyms, marks, consent."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from factories import KEY, qualcoder_project, taguette_database

from evaluation.codebooks import Codebook
from evaluation.errors import EnvironmentProblem, InputError
from evaluation.interviews.combine import combine
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.forms import read_school_form
from evaluation.interviews.plain_columns import SEGMENT_COLUMNS as PLAIN
from evaluation.interviews.segments import SEGMENT_COLUMNS, pseudonym
from evaluation.interviews.side_tables import read_side_table
from pipelines.told import danish_words

SIDE = "document;informant;skole;aargang;nedslag;form;samtykke;kodere\n"


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_taguette_csv_with_a_side_table(tmp_path: Path, read: Any) -> None:
    side = read_side_table(
        write(
            tmp_path / "docs.csv",
            SIDE + "interview_07;elev;skole_1;6;delevaluering_nov_2026;enkeltinterview;gyldigt;AB\n"
            "interview_08;Sundhedsplejerske;skole_2;flere;slutevaluering_2027;refleksiv_samtale;trukket tilbage;AB|CD\n",
        )
    ).documents
    path = write(
        tmp_path / "highlights.csv",
        'id,document,tag,content\n1,interview_07.docx,MP.TEGN.FALD,"Jeg kommer, mere"\n'
        '1,interview_07.docx,positiv,"Jeg kommer, mere"\n1,interview_07.docx,X.CITAT,"Jeg kommer, mere"\n'
        "2,interview_08.docx,Fælles fagsprog,Vi siger det samme\n",
    )
    batch = read(path, documents=side)
    assert list(batch.segments.columns) == list(SEGMENT_COLUMNS)
    assert (batch.rows_in, batch.kept, batch.marks, batch.problems) == (3, 3, 1, ())
    first = batch.segments[batch.segments["code"] == "MP.TEGN.FALD"].iloc[0]
    assert (first["informant"], first["grade"], first["polarity"]) == ("elev", "6", "positiv")
    assert first["coder"] == pseudonym(KEY, "koder", "ab")
    second = batch.segments[batch.segments["code"] == "MP.TEGN.SPROG"].iloc[0]
    assert (second["informant"], second["consent"]) == ("sundhedsplejerske", "trukket_tilbage")
    assert second.isna()["coder"], "two coders and no word on who coded the row"
    assert list(batch.documents["coders"].str.count("k_")) in ([1, 2], [2, 1])


def test_two_coders_taguette_exports_share_their_segments(tmp_path: Path, read: Any) -> None:
    head = "id,document,tag,content\n"
    one = read(write(tmp_path / "ab.csv", head + "7,a.txt,MP.UFRIV,ja\n9,a.txt,MP.UFRIV,ja\n"), coder="AB")
    two = read(write(tmp_path / "cd.csv", head + "1,a.txt,MP.UFRIV,ja\n2,a.txt,MP.UFRIV,ja\n"), coder="CD")
    assert one.kept == 2
    assert set(one.segments["segment_id"]) == set(two.segments["segment_id"])
    assert len(set(one.segments["segment_id"])) == 2


def test_taguette_xlsx(tmp_path: Path, read: Any) -> None:
    book = openpyxl.Workbook()
    for row in (["id", "document", "tag", "content"], [1, "a.txt", "MP.UFRIV", "hej"]):
        book.active.append(row)
    book.save(tmp_path / "h.xlsx")
    assert list(read(tmp_path / "h.xlsx").segments["code"]) == ["MP.UFRIV"]


def test_taguette_counts_bytes_without_tags(tmp_path: Path, read: Any) -> None:
    html = "<p>Hej æø <b>glad</b> 😀 mor &amp; far</p>\n<p>slut</p>"
    text = "Hej æø glad 😀 mor & far\nslut"

    def place(statement: str) -> tuple[int, int]:
        start = len(text[: text.index(statement)].encode())
        return start, start + len(statement.encode())

    path = taguette_database(
        tmp_path / "t.sqlite3",
        html,
        [
            (*place("glad"), "<p><b>glad</b></p>", "MP.TEGN.FALD"),
            (*place("mor & far"), "<p>mor &amp; far</p>", "Hjem"),
            (0, 3, "<p>noget andet</p>", "Skole"),
            (5, 6, "", "Fritid"),
        ],
    )
    batch = read(path)
    assert dict(zip(batch.segments["code"], batch.segments["start"], strict=True)) == {
        "MP.TEGN.FALD": text.index("glad"),
        "SBST.ARENA.HJEM": text.index("mor"),
    }
    assert set(batch.texts["text"]) == {"glad", "mor & far"}
    assert set(batch.segments["coder"]) == {pseudonym(KEY, "koder", "ab")}, "who added it stands in the log"
    assert (batch.rows_in, batch.kept, batch.quarantined) == (4, 2, 2)


def test_qualcoder(tmp_path: Path, read: Any) -> None:
    text = "Hej 😀 jeg er glad og far er hjemme."
    folder = qualcoder_project(
        tmp_path / "p.qda",
        text,
        [
            ("Hjem", "far er hjemme", text.index("far"), text.index("far") + 13, "AB"),
            ("Skole", "far er hjemme", 0, 5, "CD"),
            ("Fravær som løsnin", "Hej", 0, 3, "CD"),
        ],
    )
    batch = read(folder)
    row = batch.segments.iloc[0]
    assert (row["code"], row["start"], row["informant"], row["grade"], row["consent"]) == (
        "SBST.ARENA.HJEM",
        text.index("far"),
        "elevgruppe",
        "6",
        "gyldigt",
    )
    assert row["coder"] == pseudonym(KEY, "koder", "ab")
    assert (batch.rows_in, batch.kept, batch.quarantined) == (3, 1, 2)
    assert "nearest: SBST.VAERDI.2" in str(batch.problems)
    assert list(read(folder / "data.qda").segments["segment_id"]) == list(batch.segments["segment_id"])


LONG = "dokument;segment;start;slut;kode;retning;koder;tekst;citat_godkendt;informant;skole;aargang;nedslag;form;samtykke\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_plain_long_table(tmp_path: Path, read: Any, encoding: str, delimiter: str, newline: str) -> None:
    text = (
        LONG
        + "int 1;3;0;12;Fælles fagsprog;Positiv;AB;Vi siger så;ja;elev;skole_1;6.;baseline;referat;gyldigt\n"
    )
    batch = read(write(tmp_path / "c.csv", text.replace(";", delimiter).replace("\n", newline), encoding))
    row = batch.segments.iloc[0]
    assert (row["code"], row["polarity"], row["start"], row["end"], row["approved_quote"]) == (
        "MP.TEGN.SPROG",
        "positiv",
        0,
        12,
        True,
    )
    assert (row["occasion"], row["form"], row["grade"], row["source_row"]) == ("baseline", "referat", "6", 2)
    assert list(batch.texts["text"]) == ["Vi siger så"]
    assert tuple(LONG.strip().split(";")) == PLAIN


def test_plain_wide_table_with_code_columns(tmp_path: Path, read: Any) -> None:
    head = "dokument;koder;start;slut;MP.TEGN.FALD;Hjem;X.MODBEVIS;bemærkning\n"
    text = head + "a;AB;0;5;positiv;x;;\na;AB;6;9;;0;ja;!\nb;AB;1;2;;;;\n"
    batch = read(write(tmp_path / "w.csv", text))
    got = list(
        zip(
            batch.segments["start"],
            batch.segments["code"],
            batch.segments["polarity"].fillna("-"),
            strict=True,
        )
    )
    assert got == [(0, "MP.TEGN.FALD", "positiv"), (0, "SBST.ARENA.HJEM", "-"), (6, "X.MODBEVIS", "-")]


def test_koder_may_mean_the_codes(tmp_path: Path, read: Any) -> None:
    batch = read(write(tmp_path / "k.csv", "dokument;koder;tekst\na;MP.TEGN.FALD|X.MODBEVIS;hej\n"))
    assert set(batch.segments["code"]) == {"MP.TEGN.FALD", "X.MODBEVIS"}
    assert batch.segments["coder"].isna().all()


def test_a_mapping_for_headings_of_one_s_own(tmp_path: Path, read: Any) -> None:
    path = write(tmp_path / "m.csv", "Snak,Mærke\na,MP.UFRIV\n")
    assert read(path, columns={"dokument": "Snak", "kode": "Mærke"}).kept == 1
    with pytest.raises(InputError, match="is not a table of coded segments"):
        read(path)
    with pytest.raises(InputError, match="does not fit"):
        read(path, columns={"dokument": "Snak", "kode": "Kode"})


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (
            ["Document group", "Document name", "Code", "Beginning", "End", "Segment", "Created by"],
            ["g", "a", "MP.UFRIV", "12", "12", "Hej du", "AB"],
        ),
        (
            ["ID", "Document", "Quotation Name", "Text Content", "Codes", "Created by"],
            ["1:1", "a", "x", "Hej du", "Ufrivilligt fravær\nMP.MAAL", "AB"],
        ),
        (
            ["Media Title", "Excerpt Copy", "Codes Applied Combined", "Excerpt Creator"],
            ["a", "Hej du", "MP.MAAL, Ufrivilligt fravær", "AB"],
        ),
    ],
    ids=["MAXQDA", "ATLAS.ti", "Dedoose"],
)
def test_spreadsheets_of_other_tools(tmp_path: Path, read: Any, head: list[str], row: list[str]) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(head)
    workbook.active.append(row)
    workbook.save(tmp_path / "s.xlsx")
    batch = read(tmp_path / "s.xlsx")
    assert "MP.UFRIV" in set(batch.segments["code"])
    assert set(batch.segments["coder"]) == {pseudonym(KEY, "koder", "ab")}
    assert list(batch.texts["text"]) == ["Hej du"]
    assert batch.segments["start"].isna().all()
    assert {problem.rule for problem in batch.problems} == ({"unread"} if len(head) > 4 else set())


def test_every_row_is_accounted_for(tmp_path: Path, read: Any) -> None:
    text = LONG + "".join(
        [
            "a;1;0;3;MP.UFRIV;;AB;;;;;;;;\n",
            "a;1;0;3;MP.UFRIV;;AB;;;;;;;;\n",  # exact duplicate
            "a;1;0;3;MP.UFRIV;;CD;;;;;;;;\n",  # another coder: no duplicate
            "a;1;0;3;SBST;;AB;;;;;;;;\n",  # folder
            "a;1;0;3;MP.TEGN.FLAD;;AB;;;;;;;;\n",  # unknown
            "a;1;5;3;MP.UFRIV;;AB;;;;;;;;\n",  # end before start
            "a;1;x;3;MP.UFRIV;;AB;;;;;;;;\n",  # no number
            ";1;0;3;MP.UFRIV;;AB;;;;;;;;\n",  # no document
            "a;1;0;3;;;AB;;;;;;;;\n",  # no code
            "a;1;0;3;MP.UFRIV;;AB;;måske;;;;;;\n",  # neither yes nor no
            "a;1;0;3;MP.UFRIV;;AB;;;;;;;;;for;mange\n",
            "a;1;0;3;MP.MAAL;opad;AB;;;;;;;;\n",  # kept, direction asked about: the interview is out
        ]
    )
    batch = read(write(tmp_path / "c.csv", text))
    assert (batch.rows_in, batch.kept, batch.quarantined, batch.duplicates) == (12, 3, 8, 1)
    assert batch.rows_in == batch.kept + batch.quarantined + batch.duplicates
    assert {problem.line for problem in batch.problems} == {5, 6, 7, 8, 9, 10, 11, 12, 13, None}
    assert "nearest: MP.TEGN.FALD" in str(batch.problems)


@pytest.mark.parametrize(
    ("start", "end", "text", "is_kept"),
    [
        (0, 6, "Hej du", True),
        (0, 8, "Hej du", True),  # blanks at the ends were trimmed
        (0, 4, "😀 ab", True),  # code points
        (0, 5, "😀 ab", True),  # UTF-16 units
        (0, 60, "Hej du", False),
        (0, 3, "Hej du", False),
        (0, 60, "Hej …", True),
        (0, 60, "", True),
    ],
)
def test_a_text_must_be_as_long_as_its_position_says(
    tmp_path: Path, read: Any, start: int, end: int, text: str, is_kept: bool
) -> None:
    batch = read(
        write(tmp_path / "c.csv", f"dokument;kode;start;slut;tekst\na;MP.UFRIV;{start};{end};{text}\n")
    )
    assert (batch.kept, batch.quarantined) == ((1, 0) if is_kept else (0, 1))
    assert len(batch.problems) == batch.quarantined


def test_equal_codings_of_whom_nobody_knows_are_reported_and_named_ones_are_two_coders(
    tmp_path: Path, read: Any
) -> None:
    rows = "dokument,kode,tekst,koder\n" + 'a,MP.UFRIV,"Nej.",{}\n' * 2
    (tmp_path / "e.csv").write_text(rows.format("", ""), encoding="utf-8")
    unknown = read(tmp_path / "e.csv")
    assert [p.rule for p in unknown.problems] == ["coder_unknown"]
    assert (unknown.kept, unknown.quarantined, unknown.duplicates) == (1, 1, 0)
    (tmp_path / "e.csv").write_text(rows.format("anna", "bo"), encoding="utf-8")
    named = read(tmp_path / "e.csv")
    assert (named.kept, named.problems, named.coder_names) == (2, (), ("anna", "bo"))


def test_one_coder_s_two_directions_are_mixed_and_one_row(tmp_path: Path, read: Any) -> None:
    text = "dokument;start;slut;kode;retning;koder\n" + "".join(
        f"a;0;3;{code};{direction};{coder}\n"
        for code, direction, coder in (
            *(("MP.UFRIV", "positiv", "AB"), ("MP.UFRIV", "negativ", "AB"), ("MP.UFRIV", "negativ", "CD")),
            *(("MP.MAAL", "", "AB"), ("MP.MAAL", "positiv", "AB")),
        )
    )
    batch = read(write(tmp_path / "c.csv", text))
    assert not batch.segments.duplicated(["document_id", "segment_id", "code", "coder"]).any()
    ab = batch.segments[batch.segments["coder"] == pseudonym(KEY, "koder", "ab")].set_index("code")[
        "polarity"
    ]
    assert dict(ab) == {"MP.UFRIV": "blandet", "MP.MAAL": "positiv"}
    assert (batch.rows_in, batch.kept, batch.duplicates) == (5, 3, 2)


def test_files_are_put_together_without_counting_twice(tmp_path: Path, read: Any) -> None:
    head = "dokument;start;slut;kode;koder;samtykke;informant;tekst\n"
    one = read(
        write(
            tmp_path / "1.csv", head + "a;0;3;MP.UFRIV;AB;gyldigt;elev;hej\nb;0;3;MP.UFRIV;AB;gyldigt;elev;\n"
        )
    )
    two = read(
        write(
            tmp_path / "2.csv",
            head + "a;0;3;MP.UFRIV;AB;;;hej\na;0;3;MP.UFRIV;CD;;;hej\nb;4;9;MP.MAAL;CD;trukket;;\n",
        )
    )
    whole = combine([one, two])
    assert (whole.rows_in, whole.kept, whole.quarantined, whole.duplicates) == (5, 4, 0, 1)
    assert whole.kept == len(whole.segments)
    assert set(whole.segments["consent"]) == {"gyldigt", "trukket_tilbage"}
    assert (whole.segments["informant"] == "elev").all()
    assert len(whole.documents) == 2
    assert list(whole.documents["coders"].str.count("k_")) == [2, 2]
    assert len(whole.texts) == 1
    kept = with_valid_consent(whole.segments)
    assert (kept.documents_kept, kept.documents_withdrawn) == (1, 1)
    assert combine([one]).segments.equals(one.segments)
    assert combine([]).kept == 0


def test_unknown_attributes_are_counted_and_not_shown(tmp_path: Path, read: Any) -> None:
    batch = read(
        write(tmp_path / "c.csv", "dokument;kode;informant\na;MP.UFRIV;Karen Karensen\nb;MP.UFRIV;elev\n")
    )
    assert batch.segments["informant"].isna().sum() == 1
    assert "1 document(s)" in batch.problems[0].found
    assert "Karen" not in str(batch.problems)


def test_schools_may_be_written_by_name(tmp_path: Path, read: Any, book: Any) -> None:
    schools = {"Nordskolen": "s1", "Søndre Skole": "s2"}
    text = "dokument;kode;skole\na;MP.UFRIV;nordskolen\nb;MP.UFRIV;S2\nc;MP.UFRIV;Vestskolen\n"
    batch = read(write(tmp_path / "c.csv", text), schools=schools)
    assert set(batch.segments["school_id"].dropna()) == {"s1", "s2"}
    assert "1 document(s)" in batch.problems[0].found
    assert batch.problems[0].expected == "Nordskolen, Søndre Skole"
    form = "skema;skole;nedslag;tema;dimension;vaerdi\nimplementeringstrappe;{};baseline;;trin;2\n"
    forms = [
        read_school_form(write(tmp_path / "f.csv", form.format(name)), codebook=book, schools=schools)
        for name in ("Søndre skole", "Vestskolen")
    ]
    assert list(forms[0].fields["school_id"]) == ["s2"]
    assert forms[1].quarantined == 1


def test_an_unknown_code_is_looked_up_once_however_many_rows_have_it(
    tmp_path: Path, read: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = Codebook.nearest
    monkeypatch.setattr(Codebook, "nearest", lambda self, label: asked.append(label) or real(self, label))
    rows = "".join(f"a;Mit emne {n % 3};udsagn {n}\n" for n in range(90))
    (tmp_path / "e.csv").write_text("dokument;kode;tekst\n" + rows, encoding="utf-8")
    batch = read(tmp_path / "e.csv")
    assert (batch.quarantined, len(batch.problems)) == (90, 3)
    assert sorted(asked) == ["Mit emne 0", "Mit emne 1", "Mit emne 2"]


def test_a_label_that_may_be_a_name_is_not_shown(tmp_path: Path, read: Any) -> None:
    batch = read(write(tmp_path / "c.csv", "dokument;kode\na;Qzyx Wvutsen\n"))
    assert "Qzyx" not in str(batch.problems)
    assert batch.quarantined == 1


def test_marks_qualify_the_segment_of_tools_without_fields(tmp_path: Path, read: Any) -> None:
    text = "id,document,tag,content\n" + "".join(
        f"{n},a,{tag},{content}\n"
        for n, tag, content in (
            (1, "MP.UFRIV", "en"),
            (1, "retning: negativ", "en"),
            (1, "citat_godkendt", "en"),
            (2, "MP.UFRIV", "to"),
            (2, "X.PII", "to"),
            (2, "citat godkendt", "to"),
            (3, "MP.TEGN.FALD: positiv", "tre"),
        )
    )
    batch = read(write(tmp_path / "t.csv", text))
    texts = dict(zip(batch.texts["segment_id"], batch.texts["text"], strict=True))
    rows = {
        (texts[s], c): (p, a)
        for s, c, p, a in batch.segments.fillna({"polarity": "-"})[
            ["segment_id", "code", "polarity", "approved_quote"]
        ].itertuples(index=False)
    }
    assert rows == {
        ("en", "MP.UFRIV"): ("negativ", True),
        ("to", "MP.UFRIV"): ("-", False),  # X.PII blocks the quote whoever approved it
        ("to", "X.PII"): ("-", False),
        ("tre", "MP.TEGN.FALD"): ("positiv", False),
    }
    assert (batch.rows_in, batch.marks) == (4, 3)


def test_consent_gates_whole_documents(tmp_path: Path, read: Any) -> None:
    text = "dokument;kode;samtykke\n" + "".join(
        f"{d};MP.UFRIV;{s}\n{d};MP.MAAL;{t}\n"
        for d, s, t in (
            ("a", "gyldigt", "gyldigt"),
            ("b", "gyldigt", "trukket_tilbage"),
            ("c", "mangler", "mangler"),
            ("d", "", ""),
        )
    )
    kept = with_valid_consent(read(write(tmp_path / "c.csv", text)).segments)
    assert len(kept.segments) == 2
    assert set(kept.segments["document_id"]) == {pseudonym(KEY, "document", "a")}
    assert (
        kept.documents_kept,
        kept.documents_withdrawn,
        kept.documents_missing,
        kept.documents_unknown,
    ) == (1, 1, 1, 1)
    assert kept.rows_dropped == 6


def test_a_withdrawal_in_the_file_outlasts_the_side_table(tmp_path: Path, read: Any) -> None:
    side = read_side_table(write(tmp_path / "d.csv", SIDE + "a;elev;;;;;gyldigt;\n")).documents
    path = write(
        tmp_path / "c.csv", "dokument;kode;samtykke;informant\na;MP.UFRIV;trukket_tilbage;skoleledelse\n"
    )
    row = read(path, documents=side).segments.iloc[0]
    assert (row["consent"], row["informant"]) == ("trukket_tilbage", "elev")


def test_the_side_table_must_agree_with_itself(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="stands twice"):
        read_side_table(write(tmp_path / "d.csv", SIDE + "a;elev;;;;;gyldigt;\na.txt;elev;;;;;mangler;\n"))
    with pytest.raises(InputError, match="no column for the document"):
        read_side_table(write(tmp_path / "e.csv", "navn;informant\na;elev\n"))


def test_pseudonyms_are_stable_keyed_and_need_a_real_key(tmp_path: Path, read: Any, book: Any) -> None:
    from evaluation.interviews.readers import read_segments

    path = write(tmp_path / "c.csv", "dokument;kode\nInterview med Bo.docx;MP.UFRIV\n")
    same = [read(path).segments["document_id"].iloc[0] for _ in range(2)]
    other = read_segments(path, codebook=book, key=b"x" * 32).segments["document_id"].iloc[0]
    assert same[0] == same[1] != other
    with pytest.raises(EnvironmentProblem):
        read_segments(path, codebook=book, key=b"short")


def test_files_that_are_refused_as_a_whole(tmp_path: Path, read: Any) -> None:
    cases = {
        "empty.csv": "",
        "twice.csv": "dokument;kode;Kode\na;b;c\n",
        "quote.csv": 'dokument;kode\na;"b\n',
        "nul.csv": "dokument;kode\na;\0\n",
        "other.csv": "x;y\n1;2\n",
        "word.doc": "x",
        "not.xlsx": "x",
    }
    for name, text in cases.items():
        with pytest.raises(InputError):
            read(write(tmp_path / name, text))
    connection = sqlite3.connect(tmp_path / "other.sqlite3")
    connection.execute("CREATE TABLE x (y)")
    connection.commit()
    connection.close()
    (tmp_path / "empty.qda").mkdir()
    broken = write(tmp_path / "broken.sqlite3", "SQLite format 3\0" + "x" * 500)
    for path in (tmp_path / "other.sqlite3", tmp_path / "empty.qda", broken):
        with pytest.raises(InputError):
            read(path)


def test_formulas_in_a_workbook_are_refused_and_text_that_looks_like_one_is_kept(
    tmp_path: Path, read: Any
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["dokument", "kode", "tekst"])
    book.active.append(["a", "MP.UFRIV", "=1+1"])
    book.save(tmp_path / "f.xlsx")
    with pytest.raises(InputError, match="a formula"):
        read(tmp_path / "f.xlsx")
    batch = read(write(tmp_path / "f.csv", "dokument;kode;tekst\na;MP.UFRIV;=1+1\n"))
    assert list(batch.texts["text"]) == ["=1+1"]


@pytest.mark.parametrize(
    ("heading", "word", "rule", "first"),
    [("skole", "Sdr. Skole", "interview_school", "Søndre Skole"),
     ("skole", "Gl. Hasseris Skole, Aalborg", "interview_school", "Nord"),
     ("nedslag", "Slutevaluering 27", "interview_occasion", "slutevaluering_2027"),
     ("aargang", "14", "interview_grade", "1"),
     ("informant", "laererpaed", "unknown_attribute", "laerer_paedagog")],
)  # fmt: skip
def test_a_value_nobody_knows_is_answered_with_the_words_there_are_the_nearest_first(
    heading: str, word: str, rule: str, first: str, tmp_path: Path, read: Any
) -> None:
    schools = {"Nordskolen": "s1", "Nord": "s1", "s1": "s1", "Søndre Skole": "s2"}
    text = f"dokument;kode;{heading}\na;MP.UFRIV;{word}\n"
    (problem,) = read(write(tmp_path / "c.csv", text), schools=schools).problems
    assert problem.rule == rule
    assert problem.expected.startswith(first)
    words = danish_words(problem.rule, problem.found, problem.next_step, problem.expected)
    assert problem.expected in words.do
    assert "nej" not in words.do or rule == "unknown_attribute"
    assert word not in f"{problem} {words}"
