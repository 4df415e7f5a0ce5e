"""Schools counted per statement, against counts made by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.codebooks import Codebook, load_codebook
from evaluation.interviews.approvals import QuoteDecisions
from evaluation.interviews.identity import fingerprint
from evaluation.interviews.school_statements import STATEMENT_COLUMNS, school_statements
from evaluation.study import load_study

LET_OUT = QuoteDecisions(
    {fingerprint(t): True for t in ("Faste voksne", "faste voksne", "FASTE VOKSNE", "Tæt dialog", "a", "b")}
)
FORM, THEME = "vurder_og_find_fokus", "VURDER"
NOVEMBER, END = "november_2026", "slutevaluering_2027"


@pytest.fixture(scope="module")
def book() -> Codebook:
    return load_codebook(load_study("kom_glad_i_skole").file("codebook.yaml"))


def fields(*rows: tuple[str, str, str, str, str]) -> pd.DataFrame:
    """(school, form, dimension, occasion, value)."""
    columns = ["school_id", "form", "dimension", "occasion", "value"]
    return pd.DataFrame(rows, columns=columns).assign(theme=THEME, score=float("nan"))


def test_schools_are_counted_once_per_statement_whatever_its_spelling(book: Codebook) -> None:
    found = school_statements(
        fields(
            ("1", FORM, "STYRKE", NOVEMBER, "Faste  voksne"),
            ("1", FORM, "STYRKE", NOVEMBER, "faste voksne"),
            ("2", FORM, "STYRKE", NOVEMBER, "FASTE VOKSNE"),
            ("3", FORM, "STYRKE", NOVEMBER, "Tæt dialog"),
        ),
        book,
        LET_OUT,
    )
    assert list(found.columns) == list(STATEMENT_COLUMNS)
    counted = {(r.value.casefold(), r.schools, r.schools_total) for r in found.itertuples()}
    assert counted == {("faste voksne", 2, 3), ("tæt dialog", 1, 3)}
    assert "school_id" not in found


def test_each_occasion_has_its_own_schools_and_only_the_last_is_the_latest(book: Codebook) -> None:
    found = school_statements(
        fields(
            ("1", FORM, "STYRKE", NOVEMBER, "a"),
            ("2", FORM, "STYRKE", NOVEMBER, "a"),
            ("1", FORM, "STYRKE", END, "a"),
            ("3", FORM, "STYRKE", END, "ikke godkendt"),
            ("1", FORM, "ÆNDRE", END, "b"),
            ("3", FORM, "ÆNDRE", END, "b"),
        ),
        book,
        LET_OUT,
    ).set_index(["occasion", "value"])
    assert found.loc[(NOVEMBER, "a"), ["schools", "schools_total"]].tolist() == [2, 2]
    assert found.loc[(END, "a"), ["schools", "schools_total"]].tolist() == [1, 2]
    assert found.loc[(END, ""), ["schools", "schools_total"]].tolist() == [1, 2]
    assert found.loc[(END, "b"), ["schools", "schools_total"]].tolist() == [2, 2]
    assert {w: bool(v) for (_, w), v in found["is_latest"].items()} == {"a": True, "": True, "b": True}
    assert not found.loc[(NOVEMBER, "a"), "is_latest"]


def test_no_form_gives_the_columns_and_no_row(book: Codebook) -> None:
    found = school_statements(fields().iloc[:0], book)
    assert list(found.columns) == list(STATEMENT_COLUMNS)
    assert found.empty
