"""Every branch of the verdict rule, and both sides of every threshold."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluation.effects.verdict import VERDICTS, Verdict, danish_date, holm, verdict
from evaluation.errors import InputError

ACHIEVED, SIGNS, NOT_SHOWN, CANNOT, NOT_YET = VERDICTS


def judge(**changes: object) -> Verdict:
    """A milestone that is reached; each test changes what it is about."""
    values: dict[str, object] = {
        "estimate": -1.4,
        "interval": (-2.4, -0.4),
        "lower_interval": (-2.0, -0.8),
        "p_value": 0.01,
        "smallest_p": 1 / 720,
        "mde": 1.0,
        "relevant_change_pp": 1.0,
        "cut_off": dt.date(2027, 6, 25),
        "complete_on": dt.date(2027, 5, 14),
    }
    return verdict(**{**values, **changes})


NOTHING = {"estimate": -0.2, "interval": (-1.2, 0.8), "lower_interval": (-0.8, 0.4), "p_value": 0.6}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, ACHIEVED),
        ({"interval": (-2.8, -1e-9)}, ACHIEVED),
        ({"interval": (-2.8, 0.0)}, SIGNS),
        ({"p_value": 0.05}, ACHIEVED),
        ({"p_value": 0.0500001}, SIGNS),
        ({"p_value": None}, CANNOT),
        ({"p_value": None, "smallest_p": None}, CANNOT),
        ({"p_value": 1 / 5, "smallest_p": 1 / 5}, SIGNS),
        ({"p_value": 1 / 4, "smallest_p": 1 / 4}, CANNOT),
        ({"p_value": 1 / 4, "smallest_p": 1 / 4, "lower_level": 0.75}, SIGNS),
        ({"interval": (-2.8, 0.1), "p_value": None}, CANNOT),
        ({"interval": None, "lower_interval": None}, SIGNS),
        ({"interval": (-2.8, 0.1), "p_value": 0.2}, SIGNS),
        ({"interval": (-2.8, 0.1), "p_value": 0.2, "lower_interval": (-2.8, -1e-9)}, SIGNS),
        ({"interval": (-2.8, 0.1), "p_value": 0.2, "lower_interval": (-2.8, 0.0)}, NOT_SHOWN),
        ({"p_value": 0.1, "smallest_p": 0.1}, SIGNS),
        (NOTHING, NOT_SHOWN),
        ({**NOTHING, "mde": 1.0000001}, CANNOT),
        ({**NOTHING, "mde": None}, CANNOT),
        ({**NOTHING, "mde": float("nan")}, CANNOT),
        ({**NOTHING, "smallest_p": 0.05}, NOT_SHOWN),
        ({**NOTHING, "smallest_p": 0.0500001}, CANNOT),
        ({**NOTHING, "smallest_p": None}, CANNOT),
        ({"estimate": 1.4, "interval": (0.4, 2.4), "lower_interval": (0.8, 2.0)}, NOT_SHOWN),
        ({"estimate": 1.4, "interval": (0.4, 2.4), "lower_interval": (0.8, 2.0), "mde": 3.0}, CANNOT),
        (
            {"estimate": 0.0, "interval": (-1.0, 1.0), "lower_interval": (-0.6, 0.6), "p_value": 1.0},
            NOT_SHOWN,
        ),
        ({"failed_gates": ("Skole B mangler uge 42.",)}, CANNOT),
        ({"alarms": ("Registreringen har ændret sig.",)}, CANNOT),
        ({"estimate": None, "interval": None, "lower_interval": None, "p_value": None}, CANNOT),
        ({"estimate": float("nan")}, CANNOT),
        ({"complete_on": dt.date(2027, 6, 25)}, ACHIEVED),
        ({"complete_on": dt.date(2027, 6, 26)}, NOT_YET),
        ({"complete_on": None}, NOT_YET),
        ({"complete_on": dt.date(2027, 6, 26), "failed_gates": ("Skole B mangler uge 42.",)}, NOT_YET),
    ],
)
def test_rule(changes: dict[str, object], code: str) -> None:
    assert judge(**changes).code == code


def test_the_alpha_and_levels_of_the_protocol_are_used() -> None:
    assert judge(p_value=0.08, alpha=0.10).code == ACHIEVED
    assert "90 %" in judge(p_value=0.08, alpha=0.10, level=0.90).reasons[0]


def test_holm_over_looks_can_take_the_verdict_away() -> None:
    # Three looks, this one the smallest: 3 · 0.02 = 0.06 > 0.05; with two looks 2 · 0.02 = 0.04.
    assert judge(p_value=0.02, other_looks_p=(0.5, None)).code == SIGNS
    found = judge(p_value=0.02, other_looks_p=(0.5,))
    assert (found.code, found.p_adjusted) == (ACHIEVED, pytest.approx(2 * 0.02))


def test_holm_by_hand() -> None:
    # Sorted .01 .02 .04: 3·.01 = .03, 2·.02 = .04, 1·.04 = .04.
    assert holm((0.02, 0.04, 0.01)) == pytest.approx((0.04, 0.04, 0.03))
    assert holm((0.03, 0.02)) == pytest.approx((0.04, 0.04))  # never below the one before it
    assert holm((0.9, 0.8)) == (1.0, 1.0)
    assert holm((0.01, None)) == (pytest.approx(0.02), None)
    assert holm(()) == ()


def test_not_yet_says_when() -> None:
    found = judge(complete_on=dt.date(2027, 1, 11), cut_off=dt.date(2026, 11, 13))
    assert found.earliest_date == dt.date(2027, 1, 11)
    assert found.text == "kan endnu ikke opgøres (tidligst 11. januar 2027)"
    assert judge(complete_on=None).text == "kan endnu ikke opgøres"


def test_cannot_be_judged_prints_its_reason_and_every_other_reason_too() -> None:
    found = judge(**{**NOTHING, "mde": 2.6, "smallest_p": 0.1})
    assert found.text.startswith("kan ikke vurderes (Undersøgelsen kan kun opdage ændringer på mindst 2,6")
    assert "0,10" in found.reasons[1]
    gates = judge(failed_gates=("Port lukket.",), alarms=("Alarm lyder.",)).reasons
    assert gates[:2] == ("Port lukket.", "Alarm lyder.")


def test_one_wave_round_says_that_five_percent_cannot_be_reached() -> None:
    found = judge(p_value=0.1, smallest_p=0.1)
    assert found.code == SIGNS
    assert "den mindste p-værdi, der kan opnås med så få indsatsårgange, er 0,10" in found.reasons[0]


def test_an_interval_alone_is_no_sign_when_the_permutation_cannot_be_made() -> None:
    found = judge(p_value=None, smallest_p=None)
    assert found.reasons[0] == "Permutationstesten kan ikke gennemføres."
    few = judge(p_value=1 / 3, smallest_p=1 / 3)
    assert "0,33" in few.reasons[0]


def test_a_rise_is_stated_as_plainly_as_a_fall() -> None:
    rise = judge(estimate=1.4, interval=(0.4, 2.4), lower_interval=(0.8, 2.0))
    assert rise.direction == "stigning"
    assert "steget 1,4 procentpoint" in rise.reasons[-1]
    assert "stigningen er større, end tilfældigheder forklarer" in rise.reasons[-1]
    fall = judge()
    assert fall.direction == "fald"
    assert "faldet 1,4 procentpoint" in fall.reasons[-1]
    assert "fra −2,4 til −0,4" in fall.reasons[-1]


def test_dates_in_danish() -> None:
    assert danish_date(dt.date(2026, 11, 3)) == "3. november 2026"


@pytest.mark.parametrize(
    "changes",
    [{"relevant_change_pp": 0.0}, {"alpha": 0.0}, {"lower_level": 0.95}, {"p_value": 1.2}, {"level": 95}],
)
def test_refuses_impossible_parameters(changes: dict[str, object]) -> None:
    with pytest.raises(InputError):
        judge(**changes)
