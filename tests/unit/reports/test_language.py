"""Sentence by sentence: rises, nulls, not yet due, cannot be assessed, hidden."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from evaluation.questions.certainty import CertaintyWord
from evaluation.questions.verdict import Direction, Word
from evaluation.reports import language as say
from evaluation.reports.inputs import Effect, Verdict
from evaluation.reports.places import groups

Q = "?"
EFFECT = Effect(
    question="grade",
    estimator="imputation",
    outcome="absence",
    group_kind="all",
    group_id="all",
    horizon="all",
    status="estimated",
    estimate=-0.4,
    low=-2.1,
    high=1.3,
    level=0.95,
    band_low=None,
    band_high=None,
    p_permutation=0.4,
    p_smallest=0.1,
    mde=2.5,
    baseline=6.8,
    pupils=259,
    clusters=40,
    treated_clusters=12,
    note="",
)
VERDICT = Verdict(
    "all",
    Word.ACHIEVED,
    Direction.FALLEN,
    dots=4,
    certainty=CertaintyWord.LIKELY,
    estimate=-1.3,
    low=-2.2,
    high=-0.4,
)
NOT_YET = Verdict("all", Word.NOT_YET, earliest_on=dt.date(2027, 7, 2))
UNDECIDED = replace(VERDICT, word=Word.UNDECIDED, direction=Direction.NONE)
CAUSAL = ("effekt", "skyldes", "virker", "på grund af", "fordi samtalerne", "medfør", "resultat af")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


CLEAR = replace(EFFECT, estimate=-1.3, low=-2.2, high=-0.4, p_permutation=0.011)


SIZE = "i de første tre hele måneder efter samtalerne er fraværet"


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-2.1, 1.3, "mellem et fald på 2,1 og en stigning på 1,3 procentpoint"),
        (-2.2, -0.4, "mellem et fald på 2,2 og et fald på 0,4 procentpoint"),
        (0.2, 1.4, "mellem en stigning på 0,2 og en stigning på 1,4 procentpoint"),
        (-0.9, 0.03, "mellem et fald på 0,9 procentpoint og ingen ændring."),
    ],
)
def test_intervals_are_said_end_by_end(low: float, high: float, expected: str) -> None:
    assert expected in say.interval(low, high)


def test_no_interval_no_sentence() -> None:
    assert say.interval(None, 1.0) == ""


def test_targeted_pupils_never_get_the_naive_fall_alone() -> None:
    text = plain(say.beside_equally_high(-5.3, -0.5, "uden samtaler"))
    assert "faldet 5,3 procentpoint" in text
    assert "af sig selv" in text
    assert "0,5 procentpoint lavere" in text
    assert "4,8" not in text  # what the difference to a model of chance comes to is not said
    assert "ingen forskel" in say.beside_equally_high(-5.3, 0.01, "uden samtaler")
    assert "kan ikke beregnes" in say.beside_equally_high(-5.3, None, "uden samtaler")
    assert say.beside_equally_high(None, None, "") == say.HIDDEN


def test_groups_share_their_ending() -> None:
    assert groups(["1. årgang", "8. årgang"]) == "1. og 8. årgang"
    assert groups(["Primary", "Secondary"]) == "Primary og Secondary"
    assert groups(["6. årgang"]) == "6. årgang"
