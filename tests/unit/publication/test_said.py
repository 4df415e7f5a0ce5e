"""What interviews say of a sign, as it leaves: nothing of too few, and nothing that two rounds' difference would tell."""

from __future__ import annotations

import pytest

from evaluation.interviews.joint_sentences import said_of
from evaluation.publication.released import _summary
from evaluation.words import noted
from tests.rules import rules

RULES = rules(quote_minimum_sources=3)
NAN = float("nan")


def summary(sources=9.0, everybody=16, is_first=True, **numbers) -> str | None:
    """The released words of a sign; ``numbers``: of sources by side, most often named, another cause."""
    said = {"sources": 9, "sources_total": 16}
    sides = {f"sources_{n}": 0 for n in ("for", "against", "both", "context")}
    given = {**said, **sides, "sources_other_explanation": 0, "pupils": 0, "adults": 0}
    groups = {f"{g}_{n}": 0 for g in ("pupils", "adults") for n in ("for", "against", "both", "context")}
    text = noted(*said_of({**given, **groups, **numbers}, "delt"))
    return _summary(text, sources, everybody, RULES, is_first=is_first)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (
            {"sources_for": 5, "sources_against": 4},
            "9 af 16 kilder taler om det: 5 bekræftende, 4 afvisende.",
        ),
        ({"sources_for": 7, "sources_against": 2}, "9 af 16 kilder taler om det."),
        (
            {"sources_for": 9},
            "9 af 16 kilder taler om det: 9 bekræftende. Ingen taler imod.",
        ),
        (
            {"sources_for": 5, "sources_against": 4, "sources_other_explanation": 1},
            "9 af 16 kilder taler om det: 5 bekræftende, 4 afvisende.",
        ),
    ],
)
def test_what_too_few_say_leaves_no_trace(numbers, text):
    assert summary(**numbers) == text


def test_after_the_first_round_only_how_many_speak_of_it_is_said():
    assert summary(is_first=False, sources_for=5, sources_against=4) == "9 af 16 kilder taler om det."
    assert summary(is_first=False, everybody=None) == "9 kilder taler om det."


def test_a_number_the_gate_hides_is_not_said_in_words():
    assert summary(sources=NAN, sources_for=9) == "Det vises ikke, hvor mange kilder der taler om det."


def test_no_statement_is_no_sentence():
    assert _summary(None, None, None, RULES, is_first=True) is None
