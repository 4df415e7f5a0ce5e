"""What the analyst looks at: statements by code, codes that stand together, disagreements, words to decide on."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.codebooks import Codebook
from evaluation.interviews.approvals import QuoteDecisions, read_decisions, with_decisions
from evaluation.interviews.identity import fingerprint
from evaluation.interviews.retrieval import candidates, disagreements, material, statements_under, together

ROWS = [
    ("d1", "s1", "MP.TEGN.FALD", "positiv", "elev", "k1"),
    ("d1", "s1", "MP.TEGN.FALD", "positiv", "elev", "k2"),
    ("d1", "s1", "MP.UFRIV", None, "elev", "k1"),
    ("d2", "s2", "MP.TEGN.SPROG", "negativ", "skoleledelse", "k1"),
    ("d2", "s3", "X.PII", None, "skoleledelse", "k1"),
    ("d2", "s3", "MP.TEGN.FALD", None, "skoleledelse", "k1"),
]
COLUMNS = ["document_id", "segment_id", "code", "polarity", "informant", "coder"]
CODES = pd.DataFrame(ROWS, columns=COLUMNS).assign(
    occasion="baseline", start=0, approved_sha256=lambda f: f["segment_id"].map({"s1": "x", "s3": "x"})
)
TEXTS = pd.DataFrame(
    {"segment_id": ["s1", "s2", "s3"], "text": ["Jeg kommer.", "Ikke endnu.", "Bo sagde det."]}
)
FORMS = pd.DataFrame(
    [
        ("kontekstdialog", "GTH.KONTEKST.1", "barriere", "Tiden er knap."),
        ("implementeringstrappe", "GTH.TRAPPE", "trin", "2"),
    ],
    columns=["form", "theme", "dimension", "value"],
)


def test_statements_stand_once_under_their_code_and_those_below_it(book: Codebook) -> None:
    said = statements_under(CODES, TEXTS, book, "MP.TEGN", {"d1": "interview 1"})
    assert [(s.code, s.interview, s.direction, s.text) for s in said] == [
        ("MP.TEGN.FALD", "interview 1", "positiv", "Jeg kommer."),
        ("MP.TEGN.FALD", "d2", "", "Bo sagde det."),
        ("MP.TEGN.SPROG", "d2", "negativ", "Ikke endnu."),
    ]
    assert len(statements_under(CODES, TEXTS, book)) == 5


def test_codes_on_one_statement_are_counted_in_statements() -> None:
    found = list(together(CODES).itertuples(index=False, name=None))
    assert found == [("MP.TEGN.FALD", "MP.UFRIV", 1), ("MP.TEGN.FALD", "X.PII", 1)]


SPANS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 9)).filter(lambda s: s[0] < s[1]), min_size=2, max_size=2
)


@settings(max_examples=60, deadline=None)
@given(spans=SPANS, is_placed=st.booleans())
def test_codes_on_overlapping_cuts_of_one_passage_stand_together(
    spans: list[tuple[int, int]], is_placed: bool
) -> None:
    words = ["en", "to", "tre", "fire", "fem", "seks", "syv", "otte", "ni"]
    codes = pd.DataFrame(
        [("d", f"s{n}", code, *(span if is_placed else (None, None)))
         for n, (code, span) in enumerate(zip(("KL.LAERT", "MP.TEGN.FALD"), spans, strict=True))],
        columns=["document_id", "segment_id", "code", "start", "end"],
    )  # fmt: skip
    texts = pd.DataFrame(
        {"segment_id": ["s0", "s1"], "text": ["… " + " ".join(words[a:b]).title() + "!" for a, b in spans]}
    )
    (a, b), (c, d) = spans
    shared = min(b, d) - max(a, c)
    is_met = 2 * shared >= min(b - a, d - c) > 0 and shared > 0 if is_placed else shared == min(b - a, d - c)
    assert together(codes, texts)["statements"].tolist() == ([1] if is_met else [])


def test_disagreements_have_names_and_words() -> None:
    rows = pd.DataFrame(
        [("d1", "s1", "MP.UFRIV", None, "k1", "k2|k3"), ("d2", "s2", "MP.UFRIV", "positiv", "k1", "k2")],
        columns=["document_id", "segment_id", "code", "direction", "coders_yes", "coders_no"],
    )
    names = {"d1": "interview 1", "k1": "Anna", "k2": "Bo"}
    assert disagreements(rows, TEXTS, names) == (
        ("interview 1", "MP.UFRIV", "Anna", "Bo, k3", "Jeg kommer."),
        ("d2", "MP.UFRIV: positiv", "Anna", "Bo", "Ikke endnu."),
    )


def test_words_are_listed_with_what_was_decided(book: Codebook, tmp_path: Path) -> None:
    nothing = QuoteDecisions()
    found = {c.text: c.state for c in candidates(CODES, TEXTS, FORMS, book, nothing)}
    assert found == {"Jeg kommer.": "godkendt i filen", "Tiden er knap.": "ikke afgjort"}
    everything = candidates(CODES, TEXTS, FORMS, book, nothing, is_all=True)
    assert {c.text for c in everything} == {"Jeg kommer.", "Ikke endnu.", "Tiden er knap."}
    path = tmp_path / "quotes.csv"
    first = with_decisions("", [fingerprint("Tiden er knap.")], is_used=True, by="A; N", on="2026-11-20")
    second = with_decisions(first, [fingerprint("Jeg kommer.")], is_used=False, by="A", on="2026-11-21")
    path.write_text(
        with_decisions(second, [fingerprint("Tiden er knap.")], is_used=True, by="B", on="2026-11-22")
    )
    decided = read_decisions(path)
    assert len(path.read_text().splitlines()) == 3
    states = {c.text: c.state for c in candidates(CODES, TEXTS, FORMS, book, decided)}
    assert states == {"Jeg kommer.": "må ikke bruges", "Tiden er knap.": "må bruges"}


def test_the_material_counts_who_declined() -> None:
    documents = pd.DataFrame(
        {
            "informant": ["elev", "elev", None],
            "occasion": "baseline",
            "form": "referat",
            "consent": ["gyldigt", "mangler", None],
        }
    )
    assert material(documents).values.tolist() == [
        ["elev", "baseline", "referat", 2, 1],
        ["uoplyst", "baseline", "referat", 1, 1],
    ]
