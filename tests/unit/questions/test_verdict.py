"""The rule row by row, both sides of every threshold, and what no combination of numbers may ever give."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.errors import InputError
from evaluation.questions.verdict import (
    Cause,
    Demand,
    Direction,
    Due,
    Look,
    Rule,
    Word,
    holm,
    judge,
    judge_looks,
)

RULE = Rule(relevant_change_pp=1.0, alpha=0.05)
NOW = Due(True, dt.date(2027, 7, 2))
FALL = Look(-1.6, (-2.6, -0.6), 0.01, 0.4, 1 / 720)
"""A clear fall whose interval holds more than a relevant one."""


@pytest.mark.parametrize(
    ("changes", "word", "direction"),
    [
        ({}, Word.ACHIEVED, Direction.FALLEN),
        ({"p": 0.05}, Word.ACHIEVED, Direction.FALLEN),
        ({"p": 36 / 720}, Word.ACHIEVED, Direction.FALLEN),
        ({"p": 37 / 720}, Word.UNDECIDED, Direction.SIGN_OF_FALL),
        ({"interval": (-2.6, -1e-9)}, Word.ACHIEVED, Direction.FALLEN),
        ({"interval": (-2.6, 0.0)}, Word.UNDECIDED, Direction.SIGN_OF_FALL),
        ({"interval": (-2.6, 0.0), "p": 0.06}, Word.UNDECIDED, Direction.NONE),
        # A fall that is there but smaller than what matters: the whole interval above −1, and p at −1 small.
        ({"estimate": -0.5, "interval": (-0.9, -0.1), "p_relevant": 0.05}, Word.SMALL_FALL, Direction.FALLEN),
        ({"estimate": -0.5, "interval": (-0.9, -0.1), "p_relevant": 0.06}, Word.ACHIEVED, Direction.FALLEN),
        ({"estimate": -0.5, "interval": (-1.0, -0.1), "p_relevant": 0.01}, Word.ACHIEVED, Direction.FALLEN),
        # No fall that matters.
        (
            {"estimate": 0.1, "interval": (-0.8, 1.0), "p": 0.8, "p_relevant": 0.02},
            Word.NOT_ACHIEVED,
            Direction.NONE,
        ),
        (
            {"estimate": 0.1, "interval": (-0.8, 1.0), "p": 0.8, "p_relevant": 0.06},
            Word.UNDECIDED,
            Direction.NONE,
        ),
        (
            {"estimate": 0.1, "interval": (-0.8, 1.0), "p": 0.8, "p_relevant": None},
            Word.UNDECIDED,
            Direction.NONE,
        ),
        # A rise, said as a fall is.
        ({"estimate": 1.6, "interval": (0.6, 2.6), "p_relevant": 0.01}, Word.NOT_ACHIEVED, Direction.RISEN),
        ({"estimate": 1.6, "interval": (0.6, 2.6), "p_relevant": None}, Word.NOT_ACHIEVED, Direction.RISEN),
        (
            {"estimate": 1.6, "interval": (0.6, 2.6), "p": 0.06, "p_relevant": None},
            Word.UNDECIDED,
            Direction.SIGN_OF_RISE,
        ),
        ({"estimate": 1.6, "interval": (-0.1, 3.3), "p": 0.04}, Word.UNDECIDED, Direction.SIGN_OF_RISE),
        # Where the permutation cannot speak there is no sign.
        ({"p": None, "smallest_p": None}, Word.UNDECIDED, Direction.NONE),
        ({"p": 0.2, "smallest_p": 0.2}, Word.UNDECIDED, Direction.SIGN_OF_FALL),
        ({"p": 0.25, "smallest_p": 0.25}, Word.UNDECIDED, Direction.NONE),
    ],
)
def test_rows_of_the_rule(changes: dict[str, object], word: Word, direction: Direction) -> None:
    found = judge(replace(FALL, **changes), NOW, RULE)
    assert (found.word, found.direction) == (word, direction)
    assert set(found.met) | set(found.not_met) == set(Demand)


@pytest.mark.parametrize(
    ("interval", "p", "p_relevant", "met"),
    [
        ((-2.0, -1e-9), 0.05, 0.5, {Demand.INTERVAL_EXCLUDES_ZERO, Demand.PERMUTATION_EXCLUDES_ZERO}),
        ((1e-9, 2.0), 0.05, 0.5, {Demand.INTERVAL_EXCLUDES_ZERO, Demand.PERMUTATION_EXCLUDES_ZERO}),
        ((-2.0, 0.0), 0.06, 0.5, set()),
        ((0.0, 2.0), 0.06, 0.5, set()),
        ((-2.0, 1.0), 0.05, 0.5, {Demand.PERMUTATION_EXCLUDES_ZERO}),
        ((-0.9, 1.0), 0.5, 0.05, {Demand.RELEVANT_FALL_EXCLUDED}),
        ((-1.0, 1.0), 0.5, 0.05, set()),
        ((-0.9, 1.0), 0.5, 0.06, set()),
        ((0.5, 1.0), 0.05, 0.05, set(Demand)),
    ],
)
def test_a_demand_is_met_exactly_where_its_number_meets_it(
    interval: tuple[float, float], p: float, p_relevant: float, met: set[Demand]
) -> None:
    found = judge(
        replace(FALL, estimate=sum(interval) / 2, interval=interval, p=p, p_relevant=p_relevant), NOW, RULE
    )
    assert set(found.met) == met
    assert set(found.not_met) == set(Demand) - met


def test_a_rule_that_names_no_level_uses_five_per_cent() -> None:
    assert Rule(1.0) == RULE


def test_what_is_not_due_is_not_read() -> None:
    found = judge(FALL, Due(False, dt.date(2027, 7, 2)), RULE, [Cause.REGISTRATION])
    assert (found.word, found.earliest_on) == (Word.NOT_YET, dt.date(2027, 7, 2))


def test_no_date_is_promised_that_never_comes() -> None:
    found = judge(FALL, Due(False, None), RULE)
    assert (found.word, found.causes, found.earliest_on) == (Word.CANNOT, (Cause.NOT_REACHED,), None)


@pytest.mark.parametrize(
    ("look", "alarms", "causes"),
    [
        (FALL, [Cause.LEADS], (Cause.LEADS,)),
        (FALL, [Cause.REGISTRATION, Cause.LEADS], (Cause.REGISTRATION, Cause.LEADS)),
        (replace(FALL, estimate=None), [], (Cause.NO_COMPARISON,)),
        (replace(FALL, estimate=float("nan")), [], (Cause.NO_COMPARISON,)),
        (replace(FALL, interval=None), [], (Cause.NO_INTERVAL,)),
        (replace(FALL, interval=(float("nan"), -0.1)), [], (Cause.NO_INTERVAL,)),
    ],
)
def test_a_number_that_cannot_be_trusted_gives_no_word(
    look: Look, alarms: list[Cause], causes: tuple[Cause, ...]
) -> None:
    found = judge(look, NOW, RULE, alarms)
    assert (found.word, found.causes, found.direction) == (Word.CANNOT, causes, Direction.NONE)


P = st.one_of(st.none(), st.integers(1, 720).map(lambda k: k / 720))
EFFECTS = st.floats(-5, 5, allow_nan=False)


@st.composite
def looks(draw: st.DrawFn) -> Look:
    estimate, below, above = draw(EFFECTS), draw(st.floats(0.01, 4)), draw(st.floats(0.01, 4))
    return Look(estimate, (estimate - below, estimate + above), draw(P), draw(P), draw(P))


ORDER = [Word.NOT_ACHIEVED, Word.UNDECIDED, Word.SMALL_FALL, Word.ACHIEVED]


@settings(max_examples=300)
@given(looks(), st.floats(0.0, 3.0))
def test_a_worse_result_never_gets_a_better_word(look: Look, worse: float) -> None:
    """The whole interval moved towards a rise, everything else alike."""
    assert look.interval is not None
    moved = replace(
        look,
        estimate=(look.estimate or 0) + worse,
        interval=(look.interval[0] + worse, look.interval[1] + worse),
    )
    assert ORDER.index(judge(moved, NOW, RULE).word) <= ORDER.index(judge(look, NOW, RULE).word)


@settings(max_examples=300)
@given(looks())
def test_a_missing_permutation_excludes_nothing_and_signs_nothing(look: Look) -> None:
    found = judge(replace(look, p=None, p_relevant=None), NOW, RULE)
    assert (found.word, found.direction) == (Word.UNDECIDED, Direction.NONE)


@settings(max_examples=300)
@given(looks())
def test_rises_and_falls_are_judged_by_one_rule(look: Look) -> None:
    """The mirror image goes the other way with the same certainty."""
    assert look.interval is not None
    mirror = replace(look, estimate=-(look.estimate or 0), interval=(-look.interval[1], -look.interval[0]))
    other = {
        Direction.FALLEN: Direction.RISEN,
        Direction.SIGN_OF_FALL: Direction.SIGN_OF_RISE,
        Direction.NONE: Direction.NONE,
    }
    other |= {v: k for k, v in other.items()}
    assert judge(mirror, NOW, RULE).direction is other[judge(look, NOW, RULE).direction]


def test_waves_are_tested_only_after_the_pooled_look_and_only_where_they_can_reject() -> None:
    nothing = Look(-0.3, (-1.4, 0.8), 0.6, 0.2, 1 / 720)
    waves = [replace(FALL, p=0.02), replace(FALL, smallest_p=1 / 8, p=1 / 8), replace(FALL, p=0.04)]
    due = [NOW] * 3
    pooled, single = judge_looks(FALL, waves, NOW, due, RULE)
    assert pooled.word is Word.ACHIEVED
    assert pooled.p == 0.01  # full alpha: the waves cost it nothing
    # Two testable waves: 2 · .02 = .04 rejects, then max(.04, 1 · .04) = .04 too; 1/8 can never reject.
    assert [j.word for j in single] == [Word.ACHIEVED, Word.DESCRIBED, Word.ACHIEVED]
    assert [j.p for j in single] == [pytest.approx(0.04), None, pytest.approx(0.04)]
    _, single = judge_looks(nothing, waves, NOW, due, RULE)
    assert {j.word for j in single} == {Word.DESCRIBED}
    assert {j.direction for j in single} == {Direction.NONE}


def test_a_wave_waits_for_its_pooled_look() -> None:
    later = Due(False, dt.date(2027, 7, 2))
    pooled, single = judge_looks(FALL, [FALL, FALL], later, [NOW, later], RULE)
    assert pooled.word is Word.NOT_YET
    assert [j.word for j in single] == [Word.DESCRIBED, Word.NOT_YET]


def test_holm_by_hand() -> None:
    # Sorted .01 .02 .04: 3·.01 = .03, 2·.02 = .04, 1·.04 = .04.
    assert holm((0.02, 0.04, 0.01)) == pytest.approx((0.04, 0.04, 0.03))
    assert holm((0.03, 0.02)) == pytest.approx((0.04, 0.04))
    assert holm((0.01, None)) == (pytest.approx(0.02), None)
    assert holm(()) == ()


def test_nonsense_is_refused() -> None:
    with pytest.raises(InputError, match="relevant change"):
        Rule(0.0)
    with pytest.raises(InputError, match="alpha"):
        Rule(1.0, 1.0)
    for p in (1.2, -0.5):
        with pytest.raises(InputError, match="p-value"):
            judge(replace(FALL, p=p), NOW, RULE)
