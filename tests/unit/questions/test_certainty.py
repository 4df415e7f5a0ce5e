"""The dots: each demand on both sides of its threshold."""

from __future__ import annotations

import pytest

from evaluation.errors import InputError
from evaluation.questions.certainty import NOTHING_JUDGED, Certainty, CertaintyWord, Ground, certainty


def dots(**changes: object) -> Certainty:
    """Evidence that earns all five dots; each test changes what it is about."""
    values: dict[str, object] = {
        "mde": 1.0,
        "relevant_change_pp": 1.0,
        "treated_clusters": 12,
        "completeness": 0.99,
        "pretrend_p": 0.4,
        "bias_after_passing_pp": 0.5,
        "p_values": {"permutation": 0.01, "cr2": 0.02, "wild": 0.03},
        "is_frozen": True,
    }
    return certainty(**{**values, **changes})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 5),
        ({"treated_clusters": 8}, 5),
        ({"treated_clusters": 7}, 4),
        ({"completeness": 0.95}, 5),
        ({"completeness": 0.9499}, 4),
        ({"completeness": None}, 4),
        ({"pretrend_p": 0.05}, 4),
        ({"pretrend_p": 0.0501}, 5),
        ({"pretrend_p": None}, 4),
        ({"bias_after_passing_pp": -1.0}, 5),
        ({"bias_after_passing_pp": 1.01}, 4),
        ({"bias_after_passing_pp": None}, 4),
        ({"p_values": {"permutation": 0.05, "cr2": 0.06}}, 4),
        ({"p_values": {"permutation": 0.2, "cr2": 0.06}}, 5),
        ({"p_values": {"permutation": 0.2, "cr2": None}}, 4),
        ({"is_frozen": False}, 4),
        ({"mde": 1.01}, 3),  # four demands met, ceiling three
        ({"mde": 2.0}, 3),
        ({"mde": 2.01}, 2),
        ({"mde": None}, 2),
        ({"mde": 1.5, "treated_clusters": 4, "completeness": 0.5}, 2),
        (
            {
                "mde": 3.0,
                "treated_clusters": 4,
                "completeness": 0.5,
                "pretrend_p": 0.01,
                "p_values": {},
                "is_frozen": False,
            },
            0,
        ),
    ],
)
def test_number_of_dots(changes: dict[str, object], expected: int) -> None:
    assert dots(**changes).dots == expected


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "sikkert"),
        ({"treated_clusters": 7}, "sandsynligt"),
        ({"mde": 1.5}, "sandsynligt"),
        ({"mde": 2.5}, "usikkert"),
        (
            {"mde": None, "treated_clusters": 0, "completeness": None, "pretrend_p": None, "p_values": {}},
            "usikkert",
        ),
    ],
)
def test_words(changes: dict[str, object], word: str) -> None:
    assert dots(**changes).word == word


def test_every_ground_is_met_or_failed_and_the_weightiest_failure_stands_first() -> None:
    found = dots(mde=2.6, treated_clusters=4, bias_after_passing_pp=2.0, is_frozen=False)
    assert found.failed == (Ground.SIZE, Ground.TREND_BEFORE, Ground.TREATED_CLUSTERS, Ground.FROZEN)
    assert found.met == (Ground.AGREEMENT, Ground.COMPLETENESS)
    assert {*found.met, *found.failed} == set(Ground)


def test_where_nothing_is_judged_there_are_no_dots() -> None:
    assert NOTHING_JUDGED.dots is None
    assert NOTHING_JUDGED.word is CertaintyWord.NONE


@pytest.mark.parametrize("changes", [{"relevant_change_pp": 0}, {"completeness": 98.0}])
def test_refuses_impossible_parameters(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        dots(**changes)
