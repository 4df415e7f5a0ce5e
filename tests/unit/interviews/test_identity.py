"""A statement is its document with its span or its words; an approval holds for exactly those words."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from factories import ROOT, guid, project, qdpx, selection, text_source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.approvals import QuoteDecisions, read_decisions
from evaluation.interviews.combine import combine
from evaluation.interviews.forms import read_school_form
from evaluation.interviews.identity import fingerprint
from evaluation.interviews.quotes import approved_quotes
from evaluation.interviews.school_statements import school_statements

CASES = ROOT / "tests/data/interviews"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def quotes(batch: Any, book: Codebook, **options: Any) -> list[str]:
    return sorted(set(approved_quotes(batch.segments, batch.texts, book, **options)["quote"]))


def test_two_statements_with_one_number_are_two_and_the_approved_one_is_quoted(
    read: Any, book: Codebook
) -> None:
    batch = read(CASES / "same_segment_number_two_texts.csv")
    assert batch.segments["segment_id"].nunique() == len(batch.texts) == 2
    assert quotes(batch, book) == ["Jeg kommer mere i skole nu."]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_an_approval_follows_its_words_in_any_order(
    order: tuple[int, ...], tmp_path: Path, read: Any, book: Codebook
) -> None:
    rows = ["a;1;MP.MAAL;Hemmeligt.;nej\n", "a;1;MP.MAAL;Må siges.;ja\n", "a;2;MP.UFRIV;Ikke det her.;nej\n"]
    lines = [rows[n] for n in order]
    head = "dokument;segment;kode;tekst;citat_godkendt\n"
    whole = read(write(tmp_path / "c.csv", head + "".join(lines)))
    parts = combine([read(write(tmp_path / f"{n}.csv", head + line)) for n, line in enumerate(lines)])
    assert quotes(whole, book) == quotes(parts, book) == ["Må siges."]


def test_one_changed_character_and_the_quote_is_gone(tmp_path: Path, read: Any, book: Codebook) -> None:
    path = write(tmp_path / "c.csv", "dokument;kode;tekst;citat_godkendt\na;MP.MAAL;Det er rart.;ja\n")
    batch = read(path)
    assert quotes(batch, book) == ["Det er rart."]
    batch.texts.loc[0, "text"] = "Det er rart!"
    assert quotes(batch, book) == []
    decided = QuoteDecisions({fingerprint("Det er rart!"): True})
    assert quotes(batch, book, decisions=decided) == ["Det er rart!"]
    again = read(path)
    assert quotes(again, book, decisions=QuoteDecisions({fingerprint("Det er rart."): False})) == []


def test_a_text_under_its_number_is_known_from_one_row(tmp_path: Path, read: Any, book: Codebook) -> None:
    head = "dokument;segment;kode;koder;tekst;citat_godkendt\n"
    batch = read(write(tmp_path / "c.csv", head + "a;1;MP.MAAL;AB;Det er rart.;nej\na;1;MP.UFRIV;CD;;ja\n"))
    assert batch.segments["segment_id"].nunique() == 1
    # One statement with two codes; but who approves must have the words before them.
    assert quotes(batch, book) == []
    two = read(
        write(tmp_path / "d.csv", head + "a;1;MP.MAAL;AB;x;nej\na;1;MP.MAAL;CD;y;nej\na;1;MP.UFRIV;EF;;ja\n")
    )
    assert two.segments["segment_id"].nunique() == 3
    assert quotes(two, book) == []


@pytest.mark.parametrize("where", ["1;;", ";0;9"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_yes_without_words_approves_none_that_another_row_holds(
    where: str, order: tuple[int, int], tmp_path: Path, read: Any, book: Codebook
) -> None:
    rows = [f"a;{where};MP.MAAL;;ja\n", f"a;{where};MP.MAAL;Hemmeligt;nej\n"]
    head = "dokument;segment;start;slut;kode;tekst;citat_godkendt\n"
    whole = read(write(tmp_path / "c.csv", head + "".join(rows[n] for n in order)))
    parts = combine([read(write(tmp_path / f"{n}.csv", head + rows[n])) for n in order])
    assert quotes(whole, book) == quotes(parts, book) == []


def test_the_same_words_twice_are_two_statements(tmp_path: Path, read: Any) -> None:
    text = "dokument;segment;kode;tekst\na;1;MP.MAAL;Ja.\na;5;MP.MAAL;Ja.\na;5;MP.UFRIV;Ja.\n"
    assert read(write(tmp_path / "c.csv", text)).segments["segment_id"].nunique() == 2


def test_a_project_and_its_table_are_one_material(tmp_path: Path, read: Any, book: Codebook) -> None:
    text = "Ja. Det er rart. Ja."
    marks = [(0, 3), (4, 16), (17, 20)]
    inner = "".join(selection(a, b, [book.get("MP.MAAL").guid], name=text[a:b]) for a, b in marks)
    one = read(
        qdpx(tmp_path / "p.qdpx", project(text_source("a", inner, text=text), book=book, users=["AB"]))
    )
    assert guid("a")
    rows = "".join(f"a;MP.MAAL;AB;{text[a:b]};{n}\n" for n, (a, b) in enumerate(marks))
    two = read(write(tmp_path / "t.csv", "dokument;kode;koder;tekst;segment\n" + rows))
    for files in ([one, two], [two, one]):
        whole = combine(files)
        assert (whole.rows_in, whole.kept, whole.duplicates) == (6, 3, 3)
        assert len(whole.texts) == 3
        assert whole.segments["start"].notna().all()


def test_decisions_are_understood_or_refused(tmp_path: Path) -> None:
    key = fingerprint("Det er rart.")
    head = "sha256;decision;by;on\n"
    found = read_decisions(write(tmp_path / "q.csv", head + f"{key};brug;A. Nalytiker;2026-11-20\n"))
    assert found.is_let_out("Det  er\nrart.")
    assert not found.is_let_out("Det er rart")
    assert not read_decisions(None).is_let_out("Det er rart.")
    bad = head + f"xyz;brug;A;\n{key};måske;A;\n{key};brug;;\n{key};brug;A;\n{key};brug_ikke;B;\n"
    with pytest.raises(InputError) as refusal:
        read_decisions(write(tmp_path / "q.csv", bad))
    assert [p.line for p in refusal.value.problems] == [2, 3, 4, 6]


def test_what_schools_write_needs_a_person_s_mark_and_two_schools(book: Codebook) -> None:
    fields = read_school_form(CASES / "17_names.xlsx", codebook=book).fields
    text = fields["value"].iloc[0]
    assert "Anders" in text
    marked = QuoteDecisions({fingerprint(text): True})
    two = fields.assign(school_id="990002", value="Tiden er knap.")
    import pandas as pd

    both = pd.concat([fields, two])
    assert set(school_statements(both, book)["value"]) == {""}
    assert set(school_statements(fields, book, marked)["value"]) == {""}
    found = school_statements(both, book, marked)
    assert set(zip(found["value"], found["schools"], strict=True)) == {(text, 1), ("", 1)}


ANSWERS = st.lists(
    st.tuples(st.sampled_from(["AB", "CD", "EF"]), st.sampled_from(["ja", "nej", "", "vent", "Nej"])),
    min_size=1,
    max_size=4,
    unique_by=lambda pair: pair[0],
)
WORDS = "Jeg kommer mere i skole nu."


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=ANSWERS, data=st.data())
def test_one_no_to_a_quote_stops_it_whoever_says_yes_and_in_whichever_file(
    answers: list[tuple[str, str]], data: Any, tmp_path_factory: Any, book: Codebook, read: Any
) -> None:
    folder = tmp_path_factory.mktemp("no")
    order = data.draw(st.permutations(answers))
    cut = data.draw(st.integers(0, len(order)))
    words = {who: data.draw(st.sampled_from([WORDS, f"{WORDS} Mor siger ja."])) for who, _ in order}
    codes = {who: data.draw(st.sampled_from(["MP.TEGN.FALD", "MP.MAAL", "ukendt"])) for who, _ in order}
    batches = []
    for n, part in enumerate([order[:cut], order[cut:]]):
        lines = "".join(f"a;{codes[who]};{who};{words[who]};{word};gyldigt\n" for who, word in part)
        head = "dokument;kode;koder;tekst;citat_godkendt;samtykke\n"
        if part:
            batches.append(read(write(folder / f"{n}.csv", head + lines)))
    whole = combine(batches)
    is_stopped = any(word not in ("ja", "") for _, word in answers)
    approved = {words[who] for who, word in order if word == "ja" and codes[who] != "ukendt"}
    expected = set() if is_stopped else approved
    assert set(approved_quotes(whole.segments, whole.texts, book)["quote"]) == expected
    assert ("refused_quote" in {p.rule for p in whole.problems}) == (is_stopped and bool(approved))
    decided = QuoteDecisions({fingerprint(text): True for text in words.values()})
    later = approved_quotes(whole.segments, whole.texts, book, decisions=decided)
    assert not is_stopped or later.empty


@pytest.mark.parametrize(
    ("mark", "is_printed"),
    [("citat godkendt", True), ("citat godkendt: ja", True), ("citat godkendt: nej", False), ("Citat godkendt = ?", False)],
)  # fmt: skip
def test_a_mark_on_a_quote_may_say_no(
    mark: str, is_printed: bool, tmp_path: Path, book: Codebook, read: Any
) -> None:
    rows = [("MP.MAAL", "AB"), ("citat godkendt", "AB"), (mark, "CD")]
    lines = "".join(f"a;{label};{who};{WORDS}\n" for label, who in rows)
    batch = read(write(tmp_path / "c.csv", "dokument;kode;koder;tekst\n" + lines))
    assert bool(quotes(batch, book)) == is_printed
