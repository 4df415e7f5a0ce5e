"""Sentence by sentence: rises, nulls, not yet due, cannot be assessed, hidden."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from evaluation.reports import language as say
from evaluation.reports.inputs import Effect, Verdict, listed

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
    low_lower=-1.5,
    high_lower=0.7,
    band_low=None,
    band_high=None,
    p_permutation=0.4,
    p_smallest=0.1,
    mde=2.5,
    baseline=6.8,
    pupils=259,
    clusters=40,
    note="",
)
VERDICT = Verdict("all", "opnået", None, (), 4, "sandsynligt", ("Planen var låst.",), -1.3, -2.2, -0.4)
CAUSAL = ("effekt", "skyldes", "virker", "på grund af", "fordi samtalerne", "medfør", "resultat af")


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_a_fall_against_last_year_is_said_in_days_too() -> None:
    a = say.development(Q, 6.1, 6.8, "de samme uger sidste år")
    assert plain(a.first) == "Ja, det er lavere: 6,1 % af skoledagene mod 6,8 % i de samme uger sidste år."
    # 0.7 points of 200 school days
    assert plain(a.second) == "Det svarer til 1,4 dage mindre fravær pr. elev på et helt skoleår."
    assert pytest.approx(1.4) == 0.7 * 200 / 100


def test_a_rise_is_said_as_plainly_as_a_fall() -> None:
    a = say.development(Q, 7.3, 6.8, "de samme uger sidste år")
    assert plain(a.first) == "Nej, det er højere: 7,3 % af skoledagene mod 6,8 % i de samme uger sidste år."
    assert plain(a.second) == "Det svarer til 1,0 dag mere fravær pr. elev på et helt skoleår."
    assert a.tone == "rise"


def test_the_difference_is_that_of_the_numbers_shown() -> None:
    # 6.84 and 6.76 are both shown as 6,8: a reader who subtracts gets nothing
    a = say.development(Q, 6.76, 6.84, "skoleåret 2025/26")
    assert plain(a.first) == "Nej, det er uændret: 6,8 % af skoledagene mod 6,8 % i skoleåret 2025/26."
    assert a.second == ""


def test_hidden_and_absent_levels_are_told_apart() -> None:
    assert "anonymitet" in say.development(Q, None, 6.8, "sidste år").first
    assert "ingen registreringer" in say.development(Q, None, 6.8, "sidste år", is_present=False).first
    nothing_before = say.development(Q, 6.1, None, "sidste år")
    assert "intet tal at sammenligne med" in nothing_before.first
    assert "6,1" in nothing_before.second


def test_an_estimate_that_may_be_chance_says_so() -> None:
    a = say.contrast(Q, EFFECT, "de øvrige årgange", 0.05)
    assert plain(a.first) == (
        "Det kan tallene ikke afgøre: fraværet er 0,4 procentpoint lavere end ventet ud fra de øvrige årgange og "
        "sidste år, men det kan være tilfældigt."
    )
    assert (
        plain(a.second)
        == "Det sande tal ligger sandsynligvis mellem et fald på 2,1 og en stigning på 1,3 procentpoint."
    )


def test_a_clear_fall_needs_both_interval_and_permutation() -> None:
    clear = replace(EFFECT, estimate=-1.3, low=-2.2, high=-0.4, p_permutation=0.011)
    assert say.contrast(Q, clear, "de øvrige", 0.05).first.startswith("Ja, fraværet er 1,3")
    assert "2,6\u00a0dage" in say.contrast(Q, clear, "de øvrige", 0.05).first
    only_interval = replace(clear, p_permutation=0.1)
    assert say.contrast(Q, only_interval, "de øvrige", 0.05).first.startswith(
        "Det ser sådan ud, men det er usikkert"
    )
    only_lower = replace(EFFECT, low=-1.0, high=0.2, low_lower=-0.8, high_lower=-0.1)
    assert say.contrast(Q, only_lower, "de øvrige", 0.05).first.startswith(
        "Det ser sådan ud, men det er usikkert"
    )


def test_a_rise_beyond_what_was_expected() -> None:
    clear = replace(EFFECT, estimate=0.8, low=0.2, high=1.4, p_permutation=0.01)
    assert plain(say.contrast(Q, clear, "de øvrige", 0.05).first).startswith(
        "Nej, fraværet er 0,8 procentpoint højere"
    )
    vague = replace(EFFECT, estimate=0.8, low=-0.9, high=2.5, low_lower=-0.2, high_lower=1.9)
    assert say.contrast(Q, vague, "de øvrige", 0.05).first.endswith("men det kan være tilfældigt.")


def test_a_null_is_the_same_and_never_a_small_fall() -> None:
    null = replace(EFFECT, estimate=-0.04, low=-0.5, high=0.4)
    a = say.contrast(Q, null, "de øvrige årgange", 0.05)
    assert a.first == "Nej, udviklingen er den samme som ventet ud fra de øvrige årgange."
    assert a.tone == "same"


def test_no_estimate_says_why() -> None:
    refused = replace(
        EFFECT, estimate=None, low=None, high=None, status="not_estimable", note="der er kun én skole"
    )
    assert say.contrast(Q, refused, "de øvrige", 0.05).first == "Det kan ikke beregnes: der er kun én skole."
    assert say.contrast(Q, None, "de øvrige", 0.05).first.startswith("Det kan endnu ikke beregnes")


@pytest.mark.parametrize(
    ("verdict", "first"),
    [
        (
            VERDICT,
            "Opnået: i de første tre hele måneder efter samtalerne er fraværet 1,3 procentpoint lavere end ventet.",
        ),
        (
            replace(VERDICT, word="tegn på fald, men usikkert", high=0.1),
            "Tegn på fald, men usikkert: i de første tre hele måneder efter samtalerne er fraværet 1,3 procentpoint "
            "lavere end ventet.",
        ),
        (
            replace(VERDICT, word="ikke påvist", estimate=0.6, low=-0.4, high=1.6),
            "Ikke påvist: i de første tre hele måneder efter samtalerne er fraværet 0,6 procentpoint højere end ventet.",
        ),
        (
            replace(VERDICT, word="ikke påvist", estimate=0.0),
            "Ikke påvist: i de første tre hele måneder efter samtalerne er fraværet det samme som ventet.",
        ),
        (
            replace(VERDICT, word="kan endnu ikke opgøres", earliest_on=dt.date(2027, 1, 11), estimate=None),
            "Kan endnu ikke opgøres – tidligst 11. januar 2027, når alle fire skoler har tre hele måneder bag sig.",
        ),
        (
            replace(VERDICT, word="kan ikke vurderes", reasons=("Registreringen har ændret sig.",)),
            "Kan ikke vurderes: Registreringen har ændret sig.",
        ),
    ],
)
def test_each_verdict_keeps_its_fixed_words(verdict: Verdict, first: str) -> None:
    answer = say.milestone(Q, verdict, 3, "alle fire skoler", 1.3)
    assert plain(answer.first) == first


def test_not_shown_says_what_would_have_been_seen() -> None:
    answer = say.milestone(Q, replace(VERDICT, word="ikke påvist", estimate=-0.3), 3, "skolen", 0.9)
    assert plain(answer.second) == "Målingen kunne have vist et fald på 0,9 procentpoint eller mere."


def test_no_test_value_reaches_page_one() -> None:
    reasons = ("Testen giver p = 0,2.", "Den mindste p-værdi er 0,10.")
    assert "p" not in say.plain_reason(reasons).split()
    answer = say.milestone(Q, replace(VERDICT, word="kan ikke vurderes", reasons=reasons), 3, "skolen", None)
    assert "p =" not in answer.text
    assert "p-værdi" not in answer.text
    assert say.plain_reason((*reasons, "Data mangler.")) == "Data mangler."
    seen = "Fraværet er faldet 0,3 procentpoint i forhold til, hvad der ellers kunne ventes."
    assert say.plain_reason((*reasons, seen)) == say.plain_reason(reasons)
    assert "ermutation" not in say.plain_reason(("Permutationstesten kan ikke gennemføres.", seen))


def test_certainty_names_the_smallest_change_as_a_part_of_absence() -> None:
    answer = say.security(
        Q, replace(VERDICT, certainty="usikkert", dots=2), 2.5, 6.8, "med 6. årgang på fire skoler"
    )
    assert plain(answer.first) == (
        "Usikkert: med 6. årgang på fire skoler kan målingen kun opdage ændringer på mindst 2,5 procentpoint, "
        "cirka en tredjedel af fraværet."
    )
    assert say.dots_signs(answer.dots or 0) == "●●○○○"
    assert say.security(Q, VERDICT, None, None, "").first == "Sandsynligt."
    assert "mere end hele fraværet" in say.security(Q, VERDICT, 9.0, 6.8, "her").first


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


@pytest.mark.parametrize(
    ("change", "expected"), [(0.4, "0,8 dag"), (-0.5, "1,0 dag"), (-1.3, "2,6 dage"), (0.02, "under 0,1 dag")]
)
def test_days_per_pupil_and_school_year(change: float, expected: str) -> None:
    assert plain(say.days(change)) == expected


def test_targeted_pupils_never_get_the_naive_fall_alone() -> None:
    text = plain(say.regression_to_mean(-5.3, -4.8, -0.5))
    assert "faldet 5,3 procentpoint" in text
    assert "falde 4,8 procentpoint af sig selv" in text
    assert "0,5 procentpoint lavere" in text
    assert "ingen forskel" in say.regression_to_mean(-5.3, -4.8, 0.01)
    assert "kan ikke beregnes" in say.regression_to_mean(-5.3, None, None)
    assert say.regression_to_mean(None, -4.8, None) == say.HIDDEN


def test_groups_share_their_ending() -> None:
    assert say.groups(["1. årgang", "8. årgang"]) == "1. og 8. årgang"
    assert say.groups(["Primary", "Secondary"]) == "Primary og Secondary"
    assert say.groups(["6. årgang"]) == "6. årgang"


def test_no_sentence_claims_a_cause() -> None:
    answers = [
        say.development(Q, 6.1, 6.8, "de samme uger sidste år"),
        say.development(Q, 7.1, 6.8, "de samme uger sidste år"),
        *(
            say.contrast(Q, replace(EFFECT, estimate=x, low=x - 1, high=x + 1), "de øvrige", 0.05)
            for x in (-2, -0.5, 0, 0.5, 2)
        ),
        *(
            say.milestone(Q, replace(VERDICT, word=w), 3, "skolen", 1.0)
            for w in ("opnået", "ikke påvist", "kan ikke vurderes")
        ),
        say.security(Q, VERDICT, 1.3, 6.8, "her"),
    ]
    for answer in answers:
        assert not [w for w in CAUSAL if w in answer.text.lower()], answer.text


def test_reasons_are_parted_without_tearing_dates() -> None:
    assert listed("A er 1. | B er 2.") == ("A er 1.", "B er 2.")
    assert listed("Det er tidligst 11. januar 2027. Planen var låst.") == (
        "Det er tidligst 11. januar 2027.",
        "Planen var låst.",
    )
    assert listed("4 har haft samtaler; reglen kræver 8.") == ("4 har haft samtaler; reglen kræver 8.",)
