"""What is set on part of a statement, by somebody else or in another file, is about the statement all the same."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from factories import qualcoder_project
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.codebooks import Codebook
from evaluation.interviews.approvals import QuoteDecisions
from evaluation.interviews.combine import combine
from evaluation.interviews.quotes import approved_quotes
from evaluation.interviews.retrieval import candidates

FALD, PII = "MP.TEGN.FALD", "X.PII"
WORDS = [
    "Det",
    "er",
    "ikke",
    "blevet",
    "bedre",
    "siden",
    "vi",
    "flyttede",
    "hjem",
    "til",
    "mormor",
    "ved",
    "kirken",
]
TEXT = " ".join(WORDS)
NO_FORMS = pd.DataFrame(columns=["form", "theme", "dimension", "value"])
NUMBERS = itertools.count()
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PARTS = st.tuples(st.integers(0, len(WORDS) - 1), st.integers(1, len(WORDS))).filter(lambda p: p[0] < p[1])


def span(part: tuple[int, int]) -> tuple[str, int, int]:
    """Words from-to with their place in the text."""
    words = " ".join(WORDS[part[0] : part[1]])
    start = len(" ".join(WORDS[: part[0]])) + bool(part[0])
    return words, start, start + len(words)


def project(folder: Path, *rows: tuple[str, tuple[str, int, int], str]) -> Path:
    codings = [(code, words, start, end, who) for code, (words, start, end), who in rows]
    return qualcoder_project(folder / f"p{next(NUMBERS)}.qda", TEXT, codings)


def table(folder: Path, *rows: tuple[str, str, str, str]) -> Path:
    """(code, words, direction, coder); every statement approved, no spans."""
    path = folder / f"t{next(NUMBERS)}.csv"
    lines = [f"gruppe 3;{code};{words};gyldigt;{way};ja;{who}" for code, words, way, who in rows]
    path.write_text(
        "\n".join(["dokument;kode;tekst;samtykke;retning;citat_godkendt;koder", *lines]) + "\n", "utf-8"
    )
    return path


@SLOW
@given(said=PARTS, personal=PARTS, is_apart=st.booleans())
def test_personal_data_on_any_part_keeps_a_statement_from_being_quoted(
    said: tuple[int, int],
    personal: tuple[int, int],
    is_apart: bool,
    read: Any,
    book: Codebook,
    tmp_path: Path,
) -> None:
    rows = [(FALD, span(said), "anna"), ("citat godkendt", span(said), "anna"), (PII, span(personal), "bo")]
    files = [rows[:2], rows[2:]] if is_apart else [rows]
    batch = combine([read(project(tmp_path, *part)) for part in files])
    is_touched = max(said[0], personal[0]) < min(said[1], personal[1])
    assert (len(approved_quotes(batch.segments, batch.texts, book)) == 0) == is_touched
    assert batch.segments["approved_quote"].any() != is_touched
    bare = [(FALD, span(said)[0], "", "anna"), (PII, span(personal)[0], "", "bo")]
    batch = combine([read(table(tmp_path, *part)) for part in ([bare[:1], bare[1:]] if is_apart else [bare])])
    assert not is_touched or approved_quotes(batch.segments, batch.texts, book).empty


FEWER = settings(SLOW, max_examples=15)
DISGUISES = st.sampled_from(
    [
        str.upper,
        str.capitalize,
        "… {} …".format,
        "»{}!«".format,
        '"{}"'.format,
        lambda w: w.replace(" ", ", "),
    ]
)


@FEWER
@given(said=PARTS, personal=PARTS, disguise=DISGUISES, is_elsewhere=st.booleans())
def test_personal_words_are_known_in_any_case_and_punctuation_and_in_another_document(
    said: tuple[int, int],
    personal: tuple[int, int],
    disguise: Callable[[str], str],
    is_elsewhere: bool,
    read: Any,
    book: Codebook,
    tmp_path: Path,
) -> None:
    marked = disguise(span(personal)[0])
    document = "gruppe 4" if is_elsewhere else "gruppe 3"
    path = tmp_path / f"d{next(NUMBERS)}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["dokument", "kode", "tekst", "samtykke", "citat_godkendt", "koder"])
        rows.writerow(["gruppe 3", FALD, f"{span(said)[0]}.", "gyldigt", "ja", "anna"])
        rows.writerow([document, PII, marked, "gyldigt", "", "bo"])
    batch = read(path)
    (a, b), (c, d) = said, personal
    is_inside = (a <= c and d <= b) or (c <= a and b <= d)
    is_met = is_inside if is_elsewhere else max(a, c) < min(b, d)
    assert (len(approved_quotes(batch.segments, batch.texts, book)) == 0) == is_met
    offered = candidates(batch.segments, batch.texts, NO_FORMS, book, QuoteDecisions(), is_all=True)
    assert (len(offered) == 0) == is_met


@pytest.mark.parametrize("who", ["anna", "bo"])
@SLOW
@given(said=PARTS, marked=PARTS)
def test_a_direction_is_about_the_statement_it_overlaps_or_is_reported(
    who: str, said: tuple[int, int], marked: tuple[int, int], read: Any, tmp_path: Path
) -> None:
    batch = read(project(tmp_path, (FALD, span(said), "anna"), ("retning: negativ", span(marked), who)))
    (_, a, b), (_, c, d) = span(said), span(marked)
    is_met = 2 * (min(b, d) - max(a, c)) >= min(b - a, d - c)
    directions = batch.segments["polarity"].dropna().tolist()
    assert directions == (["negativ"] if is_met else [])
    assert [p.rule for p in batch.problems] == ([] if is_met else ["mark_unmet"])


def test_the_coder_s_own_mark_goes_before_the_others_and_a_blank_more_is_the_same(
    read: Any, tmp_path: Path
) -> None:
    words, start, end = span((0, 5))
    longer = (words + " ", start, end + 1)
    own = [
        (FALD, (words, start, end), "anna"),
        ("positiv", longer, "anna"),
        ("negativ", (words, start, end), "bo"),
    ]
    batch = read(project(tmp_path, *own))
    assert (batch.segments["polarity"].tolist(), batch.problems) == (["positiv"], ())
    others = [own[0], ("positiv", longer, "bo"), ("negativ", longer, "carl")]
    batch = read(project(tmp_path, *others))
    assert batch.segments["polarity"].tolist() == ["blandet"]
    assert [p.rule for p in batch.problems] == ["two_directions"]
    approval = [(FALD, (words, start, end), "anna"), ("citat godkendt", span((0, 7)), "anna")]
    batch = read(project(tmp_path, *approval))  # more words were approved than the statement has
    assert not batch.segments["approved_quote"].any()
    assert [p.rule for p in batch.problems] == ["mark_unmet"]


WAYS = st.sampled_from(["", "positiv", "negativ", "blandet"])


@SLOW
@given(ways=st.lists(st.tuples(WAYS, st.sampled_from(["anna", ""])), min_size=2, max_size=4), data=st.data())
def test_files_that_know_one_coding_tell_its_direction_together(
    ways: list[tuple[str, str]], data: st.DataObject, read: Any, tmp_path: Path
) -> None:
    ways[0] = (ways[0][0], "anna")
    paths = [table(tmp_path, (FALD, TEXT, way, who)) for way, who in ways]
    batch = combine([read(path) for path in data.draw(st.permutations(paths))])
    everything = {way for way, _ in ways if way}
    expected = [next(iter(everything)) if len(everything) == 1 else "blandet"] if everything else []
    assert batch.segments["polarity"].dropna().tolist() == expected
    reported = [p.rule for p in batch.problems if p.rule != "coder_unknown"]
    assert reported == ["two_directions"] * (len(everything) > 1)
    assert batch.rows_in == batch.kept + batch.duplicates + batch.quarantined
