"""Sentences made from counts: too few people are not in them, on both sides of the limit."""

from __future__ import annotations

import pytest

from evaluation.disclosure.rules import DisclosureRules
from evaluation.publication.wording import coarse_share, without_few_sources, without_people

RULES = DisclosureRules(quote_min_sources=3, minimum_pupils=5)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("1 af 16 kilder taler om det.", ""),
        ("2 af 16 kilder taler om det. Ingen siger imod.", "Ingen siger imod."),
        ("3 af 16 kilder taler om det.", "3 af 16 kilder taler om det."),
        ("Det deler kilderne: 4 siger ja, 2 siger nej.", "Det deler kilderne."),
        ("Kilderne nævner »Trin 2« oftest: 4 gange.", "Kilderne nævner »Trin 2« oftest: 4 gange."),
    ],
)
def test_a_sentence_about_too_few_sources_goes(said, left):
    assert without_few_sources(said, RULES) == left


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("4 elever mangler.", "• elever mangler."),
        ("5 elever mangler.", "5 elever mangler."),
        ("36 af 40 elever har haft den.", "• af • elever har haft den."),  # 40 − 36 = 4
        ("35 af 40 elever har haft den.", "35 af 40 elever har haft den."),
    ],
)
def test_a_count_of_few_pupils_is_taken_out(said, left):
    assert without_people(said, RULES) == left


@pytest.mark.parametrize(
    ("share", "left"), [("0", "Ingen"), ("25", "Under 25 %"), ("26", "Over 25 %"), ("91", "Over 90 %")]
)
def test_a_share_of_talks_is_coarse(share, left):
    assert coarse_share(f"{share} % af de planlagte samtaler") == f"{left} af de planlagte samtaler"
