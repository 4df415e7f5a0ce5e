"""Alpha for a continuum against the published example, and what must not change it."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.interviews.unitising import _difference, alpha_u, disagreement, disagreement_by_code

# Krippendorff 2004, Content Analysis, p. 254: a continuum of 300 that begins at 150, two observers, categories c and k.
C = (300.0, [(75, 145), (220, 250)], [(70, 150), (205, 225), (250, 270)])
K = (300.0, [(30, 90), (150, 200)], [(30, 90), (150, 200)])


def test_the_published_example() -> None:
    c, k = disagreement([C]), disagreement([K])
    assert c == (pytest.approx(0.0144, abs=5e-5), pytest.approx(0.0532, abs=5e-5))
    assert k == (0.0, pytest.approx(0.0490, abs=5e-5))
    assert alpha_u([c]) == pytest.approx(0.7286, abs=5e-5)
    assert alpha_u([k]) == 1.0
    assert alpha_u([c, k]) == pytest.approx(0.8591, abs=5e-4)


@pytest.mark.parametrize(
    ("one", "other", "squared"),
    [
        ((225, 295, True), (220, 300, True), 25 + 25),
        ((370, 400, True), (355, 375, True), 225 + 625),
        ((400, 450, False), (400, 420, True), 20**2),
        ((5, 11, True), (7, 9, True), 4 + 4),
        ((5, 11, True), (4, 11, False), 6**2),
        ((0, 5, True), (5, 9, True), 0),
        ((0, 5, True), (3, 9, False), 0),
    ],
)
def test_the_published_differences(
    one: tuple[float, float, bool], other: tuple[float, float, bool], squared: float
) -> None:
    assert _difference(one, other) == _difference(other, one) == squared


spans = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 20)), max_size=5).map(
    lambda found: [(float(b), float(b + n)) for b, n in found]
)


@given(texts=st.lists(st.tuples(st.just(100.0), spans, spans), min_size=1, max_size=4), data=st.data())
def test_neither_the_order_of_texts_nor_of_coders_nor_of_spans_matters(
    texts: list, data: st.DataObject
) -> None:
    turned = [(size, two[::-1], one[::-1]) for size, one, two in data.draw(st.permutations(texts))]
    assert disagreement(turned) == pytest.approx(disagreement(texts))
    same = disagreement([(size, one, one) for size, one, _ in texts])
    assert same[0] == 0
    assert all(math.isfinite(x) and x >= 0 for x in (*same, *disagreement(texts)))


def test_a_coder_who_was_asked_for_one_code_says_nothing_of_another() -> None:
    rows = [("d", "A", "X", 0, 10), ("d", "A", "Y", 20, 30), ("d", "B", "X", 0, 10), ("e", "A", "X", 0, 5)]
    coded = pd.DataFrame(rows, columns=["document_id", "coder", "code", "start", "end"])
    coders = {"d": {"A", "B"}, "e": {"A"}}
    everything = disagreement_by_code(coded, coders, {"A": None, "B": None})
    assert alpha_u([everything["X"]]) == 1.0
    assert alpha_u([everything["Y"]]) < 0.5
    asked = disagreement_by_code(coded, coders, {"A": None, "B": frozenset({"X"})})
    assert asked["X"] == everything["X"]
    assert math.isnan(alpha_u([asked["Y"]]))
