"""Krippendorff's alpha against published examples, by hand, and against the ``krippendorff`` package."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import krippendorff
import numpy as np
import pandas as pd
import pytest
from factories import codebook
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.codebooks import Codebook
from evaluation.interviews.agreement import _alpha, _interval, _verdict, agreement, asked_for

NAN = np.nan
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", University of Pennsylvania, asc_papers/43.
# A: two observers, binary, ten units. B: two observers, nominal, twelve units. C: four observers, missing values.
A = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
B = [[ord(c) for c in row] for row in ("aabbdcccedda", "babbbccceddd")]
C = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]


def nominal_alpha(values: list[list[float]] | np.ndarray) -> float:
    """Of coders × units, ``nan`` where a coder gave none: the product counts codes by unit itself."""
    data = np.asarray(values, dtype=float)
    levels = np.unique(data[~np.isnan(data)])
    counts = [(data == level).sum(axis=0) for level in levels]
    return _alpha(np.stack(counts, axis=1).astype(float) if counts else np.zeros((0, 0)))


@pytest.mark.parametrize(("values", "published"), [(A, 0.095), (B, 0.692), (C, 0.743)])
def test_published_examples(values: list[list[float]], published: float) -> None:
    # printed with three decimals
    assert nominal_alpha(values) == pytest.approx(published, abs=5e-4)


def test_example_a_by_hand() -> None:
    """o: 6 agreeing of 10 units; n0 = 14, n1 = 6, n = 20."""
    observed_disagreement = 4 * 2
    expected_disagreement = (14 * 6 + 6 * 14) / (20 - 1)
    assert nominal_alpha(A) == pytest.approx(1 - observed_disagreement / expected_disagreement, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([0.0, 1.0, 2.0, NAN]), min_size=8, max_size=8), min_size=2, max_size=4)
)
def test_same_as_the_krippendorff_package(values: list[list[float]]) -> None:
    data = np.array(values)
    pairable = data[:, (~np.isnan(data)).sum(axis=0) >= 2]
    if len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        assert np.isnan(nominal_alpha(data))
        return
    reference = krippendorff.alpha(data, level_of_measurement="nominal")
    assert nominal_alpha(data) == pytest.approx(reference, abs=1e-10)


def coded(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["document_id", "segment_id", "start", "end", "code", "coder"])
    return frame.astype({"start": "Int64", "end": "Int64"})


def example_a() -> pd.DataFrame:
    """Example A as coding: value 1 is "the code is set"; every unit also has a code both set."""
    rows = []
    for coder, values in zip(("k_1", "k_2"), A, strict=True):
        for unit, value in enumerate(values):
            rows.append(("d_1", f"s_{unit}", unit * 10, unit * 10 + 9, "KL.GJORT", coder))
            if value:
                rows.append(("d_1", f"s_{unit}", unit * 10, unit * 10 + 9, "MP.UFRIV", coder))
    return coded(rows)


def test_example_a_as_coded_segments(book: Codebook) -> None:
    result = agreement(example_a(), book)
    row = result.table.set_index(["level", "code"]).loc[("kode", "MP.UFRIV")]
    assert row["alpha"] == pytest.approx(0.095, abs=5e-4)
    assert row["raw_agreement"] == pytest.approx(6 / 10)
    assert (row["units"], row["times_set"], row["units_set"], row["coders"]) == (10, 2 + 4, 5, 2)
    # one document says nothing of others
    assert row["verdict"] == "usikkert"
    assert np.isnan(row["ci_low"])
    assert len(result.discussion) == 4
    assert set(result.discussion["code"]) == {"MP.UFRIV"}
    both = result.table.set_index(["level", "code"]).loc[("kode", "KL.GJORT")]
    assert np.isnan(both["alpha"])
    assert (both["raw_agreement"], both["verdict"]) == (1.0, "kan ikke opgøres")


def test_families_and_the_whole_pool_their_codes_units(book: Codebook) -> None:
    result = agreement(example_a(), book).table.set_index(["level", "code"])
    # both codes on ten units: 6 + 10 units agree of 20; n1 = 6 + 20, n0 = 14 of n = 40
    expected = 1 - (40 - 1) * (4 * 2) / (2 * 26 * 14)
    assert result.loc[("alle", ""), "alpha"] == pytest.approx(expected, abs=1e-12)
    assert result.loc[("alle", ""), "raw_agreement"] == pytest.approx(16 / 20)
    assert result.loc[("mappe", "MP"), "alpha"] == pytest.approx(result.loc[("kode", "MP.UFRIV"), "alpha"])


def few_bad(rng: np.random.Generator, documents: int) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`material`; in a third of the documents coders see badly, in the others all."""
    of = np.repeat(np.arange(documents), rng.integers(5, 61, documents))
    truth = rng.random(of.size) < rng.beta(1, 6, documents)[of]
    right = np.where(rng.random(documents) < 0.7, 1.0, 0.6)[of]
    yes = sum(np.where(rng.random(of.size) < right, truth, ~truth).astype(float) for _ in "ab")
    return np.stack([2 - yes, yes], axis=1), of


def rare(rng: np.random.Generator, documents: int) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`few_bad`, with a code that is seldom set."""
    of = np.repeat(np.arange(documents), rng.integers(5, 61, documents))
    truth = rng.random(of.size) < rng.beta(0.5, 15, documents)[of]
    right = np.where(rng.random(documents) < 0.6, 0.97, 0.85)[of]
    yes = sum(np.where(rng.random(of.size) < right, truth, ~truth).astype(float) for _ in "ab")
    return np.stack([2 - yes, yes], axis=1), of


def material(rng: np.random.Generator, documents: int) -> tuple[np.ndarray, np.ndarray]:
    """Units × (no, yes) of two coders, and each unit's document; how often the code is right and how well it is seen differ
    between documents."""
    prevalence, seen = rng.beta(1.5, 4, documents), rng.beta(4, 1.2, documents)
    of = np.repeat(np.arange(documents), rng.poisson(12, documents) + 1)
    truth = rng.random(of.size) < prevalence[of]
    said = [
        np.where(rng.random(of.size) < seen[of], truth, rng.random(of.size) < prevalence[of]) for _ in "ab"
    ]
    yes = said[0].astype(float) + said[1]
    return np.stack([2 - yes, yes], axis=1), of


@pytest.mark.long
@pytest.mark.parametrize("draw", [material, few_bad, rare])
@pytest.mark.parametrize("documents", [10, 12, 20])
def test_intervals_cover_when_documents_differ(draw: Any, documents: int) -> None:
    rng = np.random.default_rng(documents)
    truth = _alpha(draw(rng, 30_000)[0])
    found = [_interval(*draw(rng, documents), 0.95) for _ in range(1500)]
    covered = np.mean([low <= truth <= high for low, high in found if not np.isnan(low)])
    assert covered >= 0.93  # nominal .95; a sampling error of .0056


def test_the_verdict_follows_the_whole_interval_and_needs_two_that_are_set_and_ten_documents(
    book: Codebook,
) -> None:
    assert [_verdict(0.9, low, high, n, documents, book) for low, high, n, documents in (
        (0.82, 0.95, 9, 10), (0.7, 0.95, 9, 10), (0.5, 0.95, 9, 10), (0.2, 0.6, 9, 10), (0.82, 0.95, 1, 10),
        (NAN, NAN, 9, 10), (0.82, 0.95, 9, 9), (0.2, 0.6, 9, 9),
    )] == ["fast", "foreløbig", "usikkert", "under grænsen", "kan ikke opgøres", *["usikkert"] * 3]  # fmt: skip


def test_no_disagreement_in_little_material_is_no_certainty(book: Codebook) -> None:
    def table(documents: int) -> pd.Series:
        rows = [
            (f"d{d}", f"d{d}s{n}", 10 * n, 10 * n + 9, code, coder)
            for d in range(documents)
            for n, code in enumerate(("MP.UFRIV", "KL.GJORT"))
            for coder in ("k_1", "k_2")
        ]
        return agreement(coded(rows), book).table.set_index("code").loc["MP.UFRIV"]

    few, many = table(4), table(40)
    assert (few["alpha"], few["verdict"]) == (1.0, "usikkert")
    assert (many["ci_low"] > 0.8, many["verdict"]) == (True, "fast")


def test_no_chain_of_neighbours_becomes_one_unit(book: Codebook) -> None:
    """a and b share enough, b and c share enough, a and c do not."""
    rows = [
        ("d", "a", 0, 100, "MP.UFRIV", "k_1"),
        ("d", "b", 30, 130, "MP.UFRIV", "k_2"),
        ("d", "c", 60, 160, "MP.UFRIV", "k_3"),
        ("d", "e", 400, 500, "KL.GJORT", "k_1"),
    ]
    result = agreement(coded(rows), book).table.set_index("code")
    assert result.loc["MP.UFRIV", "units"] == 3
    assert result.loc["KL.GJORT", "units"] == 3


def test_units_cut_before_coding_are_the_same_only_with_the_same_limits(book: Codebook) -> None:
    spans = {"k_1": ("s_1", 0), "k_2": ("s_2", 2)}
    rows = coded(
        [
            ("d", *place, 100, code, coder)
            for coder, place in spans.items()
            for code in ("MP.UFRIV", "KL.GJORT")
        ]
    )
    cut = replace(book, unitising="afsnit")
    assert agreement(rows, book).table.set_index("code").loc["MP.UFRIV", "units"] == 1
    assert agreement(rows, cut).table.set_index("code").loc["MP.UFRIV", "units"] == 2


@settings(max_examples=25, deadline=None)
@given(
    set_by_second=st.sets(st.sampled_from(["MP.UFRIV", "KL.GJORT", "MP.MAAL"]), min_size=1),
    declared=st.booleans(),
)
def test_who_set_few_codes_said_no_to_the_others_unless_somebody_declares_what_was_asked(
    set_by_second: set[str], declared: bool
) -> None:
    book, codes = codebook(), ("MP.UFRIV", "KL.GJORT", "MP.MAAL")
    rows = [
        (f"d{d}", f"d{d}s{n}", 10 * n, 10 * n + 9, code, coder)
        for d in range(3)
        for n, code in enumerate(codes)
        for coder in ("k_1", "k_2")
        if coder == "k_1" or code in set_by_second
    ]
    names = f"k_1|{asked_for('k_2', set_by_second)}" if declared else "k_1|k_2"
    documents = pd.DataFrame({"document_id": [f"d{d}" for d in range(3)], "coders": names})
    result = agreement(coded(rows), book, documents=documents)
    differ = result.table.set_index("code")["differ"]
    for code in codes:
        assert differ[code] == (0 if declared or code in set_by_second else 3)
    assert set(result.discussion["code"]) == (set() if declared else set(codes) - set_by_second)
    bare = documents.assign(coders=[names, names, "k_1|k_2"])  # one file does not say so
    again = agreement(coded(rows), book, documents=bare)
    assert set(again.discussion["code"]) == set(codes) - set_by_second


@settings(max_examples=25, deadline=None)
@given(
    ways=st.lists(
        st.tuples(*[st.sampled_from(["positiv", "negativ", "neutral", None])] * 2), min_size=1, max_size=12
    )
)
def test_opposite_directions_are_told_and_measured_beside_the_codes(
    ways: list[tuple[str | None, str | None]],
) -> None:
    rows = [
        (f"d{n}", f"d{n}s", 0, 9, "MP.UFRIV", coder) for n in range(len(ways)) for coder in ("k_1", "k_2")
    ]
    segments = coded(rows).assign(polarity=[way for pair in ways for way in pair])
    result = agreement(segments, codebook())
    both = [pair for pair in ways if all(pair)]
    odd = [pair for pair in both if len(set(pair)) == 2]
    table = result.table.set_index("level")
    assert table.loc["kode", "differ"] == 0
    assert ("retning" in table.index) == bool(both)
    if both:
        assert (table.loc["retning", "units"], table.loc["retning", "differ"]) == (len(both), len(odd))
        values = [[("positiv", "negativ", "neutral").index(str(pair[k])) for pair in both] for k in (0, 1)]
        assert table.loc["retning", "alpha"] == pytest.approx(nominal_alpha(values), nan_ok=True)
    assert (result.discussion["direction"] != "").tolist() == [True] * len(odd)


def test_segments_with_other_limits_are_one_unit_when_they_overlap(book: Codebook) -> None:
    rows = [
        ("d", "s_1", 0, 100, "MP.UFRIV", "k_1"),
        ("d", "s_2", 5, 110, "MP.UFRIV", "k_2"),
        ("d", "s_3", 200, 300, "MP.UFRIV", "k_1"),
        ("d", "s_4", 290, 500, "MP.MAAL", "k_2"),
    ]
    table = agreement(coded(rows), book).table.set_index("code")
    assert table.loc["MP.UFRIV", "units"] == 3  # s_1 with s_2 (95 of 110), s_3, s_4 (10 of 300)
    assert agreement(coded(rows), book, min_overlap=1.0).table.set_index("code").loc["MP.UFRIV", "units"] == 4


def test_without_positions_only_shared_segments_are_units(book: Codebook) -> None:
    with_places = agreement(example_a(), book).table
    without = agreement(example_a().drop(columns=["start", "end"]), book).table
    pd.testing.assert_frame_equal(with_places.drop(columns="alpha_u"), without.drop(columns="alpha_u"))
    assert with_places["alpha_u"].notna().all()
    assert without["alpha_u"].isna().all()


def test_a_coder_who_found_nothing_counts(book: Codebook) -> None:
    rows = coded([("d", "s_1", 0, 9, "MP.UFRIV", "k_1"), ("d", "s_2", 10, 19, "MP.MAAL", "k_1")])
    documents = pd.DataFrame({"document_id": ["d", "e"], "coders": ["k_1|k_2", "k_1"]})
    alone = agreement(rows, book).table
    assert alone[["level", "units", "verdict"]].values.tolist() == [["alle", 0, "kan ikke opgøres"]]
    result = agreement(rows, book, documents=documents)
    assert (result.documents, result.double_coded, result.double_coded_share) == (2, 1, 0.5)
    assert result.table.set_index("code").loc["MP.UFRIV", "raw_agreement"] == pytest.approx(1 / 2)


@pytest.mark.parametrize(
    ("documents", "double", "is_met"), [(10, 2, False), (10, 3, True), (20, 3, False), (20, 4, True)]
)
def test_the_share_is_held_against_the_codebook_s_rule(
    book: Codebook, documents: int, double: int, is_met: bool
) -> None:
    """At least 20 % and at least three documents."""
    rows = [(f"d{n}", f"s{n}", 0, 9, "MP.UFRIV", "k_1") for n in range(documents)]
    rows += [(f"d{n}", f"s{n}", 0, 9, "MP.UFRIV", "k_2") for n in range(double)]
    result = agreement(coded(rows), book)
    assert (result.double_coded, result.is_rule_met) == (double, is_met)


def test_no_segments_no_agreement(book: Codebook) -> None:
    result = agreement(coded([]), book)
    assert result.table["verdict"].tolist() == ["kan ikke opgøres"]
    assert not result.is_rule_met
