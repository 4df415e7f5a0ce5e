"""Statements are held against the catalogue, kept whole, and told to whom they are declared for and to nobody else."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from evaluation.words import (
    ANALYST,
    Code,
    Count,
    Days,
    Filed,
    Limit,
    Name,
    NotForThisAudience,
    OneSchool,
    Percent,
    Persons,
    Public,
    Reach,
    Statement,
    Weeks,
    kept,
    may_reach,
    noted,
    render,
    say,
    sentence,
    taken,
    taken_all,
    told,
)
from evaluation.words.catalogue import SENTENCES
from evaluation.words.catalogue.checks import Rows
from evaluation.words.catalogue.quality import Coverage, Delivery

PUBLIC = Public(minimum=5, marker="•")
WEEKS = Weeks((dt.date(2026, 10, 19), dt.date(2026, 10, 26)))
MISSING = say(
    Delivery.WEEKS_MISSING, school=Name("Fjordskolen"), weeks=WEEKS, expected=Days(41.2), found=Days(0)
)
TALKS = say(
    Coverage.TALKS,
    school=Name("Fjordskolen"),
    grade=Name("6. årgang"),
    held=Persons(36),
    pupils=Persons(40),
    limit=Limit(80),
)


def test_what_goes_outside_leaves_out_what_may_not():
    inside = (
        "Fjordskolen mangler registreringer i uge 43 og 44 (2026): ca. 41,2\u00a0dage med fravær var at vente, "
        "0\u00a0dage er registreret."
    )
    assert render(MISSING, ANALYST) == inside
    assert render(MISSING, PUBLIC) == "Fjordskolen mangler registreringer i uge 43 og 44 (2026)."
    assert (
        render(say(Rows.SOUND, expected=Name("Typen er kendt"), rows=Persons(1)), ANALYST)
        == "Typen er kendt: i orden (1 række)."
    )


def test_a_statement_of_the_analyst_is_told_to_nobody_else():
    assert "36 af 40 elever" in render(TALKS, ANALYST)
    for audience in (PUBLIC, OneSchool("990001")):
        assert not may_reach(TALKS, audience)
        with pytest.raises(NotForThisAudience) as refused:
            render(TALKS, audience)
        assert str(refused.value).startswith("Coverage.TALKS is not declared")
        assert "36" not in str(refused.value)


def test_its_own_text_is_its_code():
    assert str(TALKS) == repr(TALKS) == f"{TALKS}" == "Coverage.TALKS"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"school": Name("F"), "weeks": WEEKS, "expected": Days(1)},
        {"school": Name("F"), "weeks": WEEKS, "expected": Days(1), "found": Count(0)},
        {"school": "F", "weeks": WEEKS, "expected": Days(1), "found": Days(0)},
        {"school": Name("F"), "weeks": WEEKS, "expected": Days(1), "found": Days(0), "n": Persons(3)},
    ],
)
def test_values_must_be_those_the_catalogue_declares(values):
    with pytest.raises(ValueError, match="weeks_missing"):
        say(Delivery.WEEKS_MISSING, **values)


def test_a_code_without_a_sentence_cannot_be_said():
    class New(Code):
        GIRLS = "3 piger"

    with pytest.raises(ValueError, match=r"New\.GIRLS is not in the catalogue"):
        say(New.GIRLS)
    with pytest.raises(ValueError, match="not in the catalogue"):
        render(Statement(New.GIRLS), PUBLIC)


@pytest.mark.parametrize(
    ("text", "reach", "outside", "needs"),
    [
        ("{n} piger", Reach.PUBLIC, "", {}),
        ("piger", Reach.PUBLIC, "", {"n": Persons}),
        ("{file}", Reach.SCHOOL, "", {"file": Filed}),
        ("{n} piger", Reach.ANALYST, "{n} piger", {"n": Persons}),
        ("{file}", Reach.ANALYST, "{file}", {"file": Filed}),
    ],
)
def test_an_entry_that_does_not_fit_or_goes_too_far_is_refused(text, reach, outside, needs):
    with pytest.raises(ValueError):  # noqa: PT011
        sentence(text, reach, outside=outside, **needs)


def test_what_is_kept_comes_back_whole():
    for statement in (MISSING, TALKS, say(Delivery.NOT_PROVISIONAL)):
        back = taken(kept(statement))
        assert back == statement
        assert back.values == statement.values
        assert render(back, ANALYST) == render(statement, ANALYST)
    with pytest.raises(ValueError, match="not in the catalogue"):
        taken('{"code": "x", "of": "Nothing", "values": {}}')


def test_every_code_has_its_sentence_and_every_sentence_its_code():
    names = [kind.__name__ for kind in SENTENCES]
    assert len(names) == len(set(names))
    for kind, entries in SENTENCES.items():
        assert set(entries) == set(kind), kind


def test_a_share_in_a_public_sentence_is_no_count():
    """A public sentence holds no kind that counts people, unless it is made coarse."""
    for entries in SENTENCES.values():
        for code, entry in entries.items():
            if entry.reach is Reach.PUBLIC:
                assert not {Filed} & set(entry.needs.values()), code
    assert str(Percent(12.34)) == "12,3\u00a0%"


def test_what_the_engine_says_by_code_has_words():
    """Codes of refusals and remarks are those of the catalogue, so that none reaches a reader without words."""
    from evaluation.effects.targeted_contrasts import Remark
    from evaluation.words.catalogue.estimates import Note

    engine = Path(__file__).parents[3] / "evaluation" / "effects"
    codes = {c for f in engine.glob("*.py") for c in re.findall(r'why="(\w+)"', f.read_text("utf-8"))}
    assert len(codes) >= 6
    assert codes | set(Remark) <= set(Note)


def test_several_statements_of_one_cell_are_told_to_whom_they_may_be():
    cell = noted(MISSING, TALKS)
    assert taken_all(cell) == [MISSING, TALKS]
    assert told(cell, PUBLIC) == "Fjordskolen mangler registreringer i uge 43 og 44 (2026)."
    assert "36 af 40 elever" in told(cell, ANALYST)
    assert taken_all("") == taken_all(None) == []
