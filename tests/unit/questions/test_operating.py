"""The committed characteristics hold what the protocol's choices rest on, within Monte-Carlo error."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.questions.operating import (
    FOUR_OF_FIVE,
    chance,
    coverage,
    made,
    probabilities,
    verdict_mde,
    verdict_table,
)
from evaluation.questions.verdict import Cause, Direction, Word
from evaluation.study import load_study

P = load_study("kom_glad_i_skole").protocol
FOUND = verdict_table(P)
SOUND = ("clean", "grade_shocks", "random_cohorts", "good_cohort")
"""What the design can tell from an effect; a trend, registration and spillover it cannot."""


def cell(threat: str, effect: float, measure: str) -> tuple[float, float]:
    mine = FOUND[FOUND["threat"].eq(threat) & FOUND["effect_pp"].eq(effect) & FOUND["measure"].eq(measure)]
    return float(mine["value"].iloc[0]), float(mine["mc_se"].iloc[0])


def test_enough_studies_stand_behind_every_share() -> None:
    assert (FOUND["studies"] >= 1000).all()
    assert made(P) is not None
    assert made(P).studies == FOUND["studies"].min()


@pytest.mark.parametrize("threat", SOUND)
@pytest.mark.parametrize(
    ("effect", "measure"),
    [
        (0.0, f"word:{Word.ACHIEVED}"),
        (0.0, f"direction:{Direction.RISEN}"),
        (-1.0, f"word:{Word.NOT_ACHIEVED}"),
    ],
)
def test_false_words_come_in_at_most_one_study_of_forty(threat: str, effect: float, measure: str) -> None:
    share, error = cell(threat, effect, measure)
    assert share <= 0.025 + 2 * error


@pytest.mark.parametrize("threat", SOUND)
def test_the_pooled_interval_covers(threat: str) -> None:
    share, error = cell(threat, 0.0, "coverage")
    assert share >= 0.94 - 2 * error


@pytest.mark.parametrize("threat", SOUND)
def test_signs_of_a_fall_are_rare_where_nothing_is(threat: str) -> None:
    assert cell(threat, 0.0, f"direction:{Direction.SIGN_OF_FALL}")[0] <= 0.10


@pytest.mark.parametrize("cause", [Cause.LEADS, Cause.MODELS_DISAGREE])
def test_alarms_have_their_size(cause: Cause) -> None:
    share, error = cell("clean", 0.0, f"cause:{cause}")
    assert share <= 0.05 + 2 * error


def test_a_better_cohort_does_not_move_the_primary_model() -> None:
    bias, error = cell("good_cohort", 0.0, "bias")
    assert abs(bias) <= 0.02 + 2 * error


def test_words_share_all_studies_among_them() -> None:
    words = FOUND[FOUND["measure"].str.startswith("word:")]
    assert words.groupby(["threat", "effect_pp"])["value"].sum().to_numpy() == pytest.approx(1.0, abs=2e-3)


def test_the_verdicts_own_smallest_fall_is_where_four_of_five_reach_it() -> None:
    mde = verdict_mde(P)
    assert mde is not None
    falls = FOUND[FOUND["threat"].eq("clean") & FOUND["measure"].eq(f"word:{Word.ACHIEVED}")]
    share = falls.set_index("effect_pp")["value"]
    above, below = (
        share[[e for e in share.index if e <= 0 and (-e >= mde) is side]] for side in (True, False)
    )
    assert above.min() >= FOUR_OF_FIVE > below.max()


def test_what_is_printed_are_the_five_effects() -> None:
    found = probabilities(P)
    assert found is not None
    assert list(found.index) == [0.0, -1.0, -2.0, -3.0, 2.0]
    assert chance(P, 0.0, Word.ACHIEVED) == found.loc[0.0, Word.ACHIEVED.value]


@pytest.mark.parametrize(
    "change",
    [
        {"schools": P.schools[:3]},
        {"milestone": P.milestone.model_copy(update={"relevant_change_pp": 2.0})},
        {"estimand": P.estimand.model_copy(update={"model": "two_way"})},
    ],
)
def test_another_design_is_told_nothing(change: dict[str, object]) -> None:
    other = P.model_copy(update=change)
    assert isinstance(FOUND, pd.DataFrame)
    assert (verdict_table(other), probabilities(other), verdict_mde(other), made(other)) == (None,) * 4


def test_a_one_point_cohort_is_found_in_four_of_five() -> None:
    share, error = cell("good_cohort", 0.0, f"cause:{Cause.MODELS_DISAGREE}")
    assert share >= 0.80 - 2 * error
    assert coverage(P, "good_cohort") == cell("good_cohort", 0.0, "coverage")[0]
