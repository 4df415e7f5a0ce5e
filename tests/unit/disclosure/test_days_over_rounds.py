"""Days up to November and days up to June: what lies between them, and whose days changed, are numbers to protect."""

from __future__ import annotations

import pandas as pd
import pytest

from evaluation.disclosure import Dimension, Exhibit, Release, protect
from evaluation.disclosure.audit import audit
from evaluation.disclosure.exhibits import UNION
from tests.rules import rules as rules_with

RULES = rules_with()
GRADES = Dimension("klassetrin", ("6", "7", "8"), bands=(("treated", ("6",)),))
Row = tuple[float, float]
"""Days absent, and the most of one pupil."""


def days(
    name: str, rows: tuple[Row, Row, Row], until: int, start: int = 0, *, leaves: int = 2, **options
) -> Exhibit:
    """Thirty pupils a grade; ``start``–``until`` of the parts: up to November, since then."""
    parts = ("til nov", "siden nov")[:leaves]
    opgjort = Dimension("opgjort", (*parts, "senere"), role="time")
    possible = 30.0 * (60 if until == 1 else 180 if start == 0 else 120)
    frame = pd.DataFrame(
        [(g, 30, absent, possible, most) for g, (absent, most) in zip(GRADES.leaves, rows, strict=True)],
        columns=["klassetrin", "pupils", "days_absent", "days_possible", "max_days"],
    )
    options = {"measures": ("pct",), "decimals": {"pct": 2}} | options
    return Exhibit(
        name, "elever", (GRADES,), frame, of=((opgjort, UNION.join(parts[start:until])),), **options
    )


def guard(name: str, rows: tuple[Row, Row, Row], until: int, start: int = 0) -> Exhibit:
    return days(name, rows, until, start, measures=("days",), shown={"klassetrin": ()})


NOVEMBER = ((40.0, 9.0), (70.0, 12.0), (75.0, 11.0))
JUNE = ((52.0, 13.0), (210.0, 20.0), (220.0, 21.0))


def rounds(most_since: float, decimals: int = 2, *, careful: bool = True) -> tuple[Release, Release]:
    """Grade 6 has 40 days until November and 52 until June; ``most_since`` of the 12 between are one pupil's."""
    precise = {"decimals": {"pct": decimals}}
    november = protect([days("til dato", NOVEMBER, 1, leaves=1, **precise)], RULES, release_id="nov")
    june = protect(
        [
            days("til dato", JUNE, 2, **precise),
            guard("før", NOVEMBER, 1),
            guard("siden", ((12.0, most_since), (140.0, 15.0), (145.0, 15.0)), 2, 1),
        ],
        RULES,
        (november,),
        release_id="jun",
        is_complementary=careful,
    )
    return november, june


@pytest.mark.parametrize(("most_since", "is_hidden"), [(6.0, False), (7.0, True)])
def test_days_between_two_rounds_that_one_pupil_dominates(most_since, is_hidden):
    november, june = rounds(most_since)
    assert not november.hidden
    shown = june.table("til dato").set_index("klassetrin")
    assert bool(shown["is_suppressed"].any()) == is_hidden
    assert audit(june, (november,)).is_passed
    # June alone has no secret; printed as it is beside November it is refused.
    assert audit(june).is_passed
    careless = rounds(most_since, careful=False)[1]
    assert audit(careless, (november,)).is_passed != is_hidden


def test_rounding_alone_may_protect_the_difference():
    """With one decimal of 5,400 school days the difference is uncertain by more than five days."""
    november, june = rounds(7.0, decimals=1)
    assert not any(c.is_suppressed for c in june.cells)
    report = audit(june, (november,))
    (between,) = [
        i
        for i in report.intervals
        if i.target.key.cell[-1] == ("opgjort", "siden nov") and len(i.target.key.cell) == 2
    ]
    assert between.low < 12 < between.high
    assert between.high - between.low >= RULES.days_width_min


def test_a_band_of_other_grades_is_another_number():
    """Treated is grade 6 in November, 6 and 8 in June: neither reprinted for the other nor taken for its change."""
    november = protect([days("til dato", NOVEMBER, 1, leaves=1)], RULES, release_id="nov")
    wider = Dimension("klassetrin", GRADES.leaves, bands=(("treated", ("6", "8")),))
    later = days("til dato", JUNE, 2)
    june = protect([Exhibit(**{**vars(later), "dimensions": (wider,)})], RULES, (november,), release_id="jun")
    keys = {
        dict(c.cell)["klassetrin"]: dict(c.key.cell)["klassetrin"]
        for c in june.cells
        if c.cell[0][1] == "treated"
    }
    assert keys == {"treated": "6 ∪ 8"}
    assert {c.key for c in november.cells if c.cell[0][1] == "treated"} == {
        c.key for c in november.cells if c.cell[0][1] == "6"
    }
    assert all(c.since == "jun" for c in june.cells)
    assert audit(june, (november,)).is_passed


def test_the_days_of_a_pupil_who_was_taken_out_between():
    """Nine days of one pupil are in November's number and in none of June's: June less the time since would tell."""
    november = protect([days("til dato", NOVEMBER, 1, leaves=1)], RULES, release_id="nov")
    left = ((31.0, 9.0), *NOVEMBER[1:])
    june = ((61.0, 13.0), (140.0, 20.0), (150.0, 21.0))
    since = ((30.0, 6.0), (70.0, 15.0), (75.0, 15.0))

    def published(careful: bool) -> Release:
        made = [days("til dato", june, 2), days("siden", since, 2, 1), guard("før", left, 1)]
        return protect(made, RULES, (november,), release_id="jun", is_complementary=careful)

    careless = audit(published(careful=False), (november,))
    changed = [i for i in careless.failures if i.target.kind == "change"]
    assert any(i.low < 9 < i.high for i in changed)
    assert all(i.target.component.quantity == "days" for i in changed)
    safe = published(careful=True)
    assert any(c.is_suppressed for c in safe.cells)
    assert audit(safe, (november,)).is_passed


def test_a_grade_that_nobody_was_in_until_november():
    """Structurally empty in November and not in June: both rounds are attacked without contradiction."""
    empty = days("til dato", NOVEMBER, 1, leaves=1)
    frame = empty.frame[empty.frame["klassetrin"] != "6"]
    november = protect(
        [Exhibit(**{**vars(empty), "frame": frame, "structural_zeros": frozenset({("6",)})})],
        RULES,
        release_id="nov",
    )
    june = protect([days("til dato", JUNE, 2)], RULES, (november,), release_id="jun")
    assert not any(c.is_suppressed for c in june.cells)
    assert audit(june, (november,)).is_passed
