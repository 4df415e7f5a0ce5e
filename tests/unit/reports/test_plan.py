"""The plan before any data: dates, counts and p-values by hand, for the pilot and for designs of other shapes."""

from __future__ import annotations

import datetime as dt

import pytest

from evaluation.design import schedule
from evaluation.reports.plan import due_sentences, plan_sections
from evaluation.reports.render import render_plan
from evaluation.study import load_study

P = load_study("kom_glad_i_skole").protocol


def said(protocol) -> str:
    sections = plan_sections(protocol)
    told = "\n".join(x for s in sections for x in (*(f"{a}: {b}" for a, b in s.terms), *s.points))
    return told.replace("\u00a0", " ")


def test_the_pilots_plan() -> None:
    text = said(P)
    assert "40 grupper; 12 af dem får indsatsen" in text
    assert "720 måder i alt" in text
    assert "p-værdi er 0,0014; grænsen er 0,05" in text
    assert text.count("alene: 8 måder, mindste p-værdi 0,13") == 3
    assert "Sker der ingenting: opnået 1 %" in text
    assert "hverken kaldes opnået eller ikke opnået" not in text
    assert [s.id for s in plan_sections(P)] == ["forsoeg", "hvornaar", "maalt", "svar"]
    html = render_plan(P)
    assert "<h1>Planen for undersøgelsen</h1>" in html
    assert html.count("<dt>") == 8


@pytest.mark.parametrize(
    ("to", "last", "slack"),
    [
        (dt.date(2026, 9, 25), (2026, 12), (dt.date(2027, 6, 25) - dt.date(2026, 12, 31)).days),
        (dt.date(2027, 2, 12), (2027, 5), (dt.date(2027, 6, 25) - dt.date(2027, 5, 31)).days),
        (dt.date(2027, 3, 12), (2027, 6), (dt.date(2027, 6, 25) - dt.date(2027, 6, 30)).days),
    ],
)
def test_a_wave_is_due_after_its_third_whole_month(to: dt.date, last: tuple[int, int], slack: int) -> None:
    wave = P.waves[0].model_copy(update={"planned_to": to})
    found = schedule(P, wave)
    assert (found.last_month, found.slack_days) == (last, slack)
    assert found.round == P.rounds[-1]
    assert found.is_close is (slack < 0)
    assert found.latest == (2027, 3)


def test_talks_that_slip_are_told_before_they_slip() -> None:
    """April is followed by May, June and, the holiday left out, August: after the last cut-off."""
    spread = tuple(
        w.model_copy(update={"planned_to": dt.date(2027, 4, 9)}) if w.id == "wave_8" else w for w in P.waves
    )
    late = P.model_copy(update={"waves": spread})
    assert schedule(late, late.waves[2]).last_month == (2027, 8)
    (line,) = [s for s in due_sentences(late) if "efter alle planlagte runder" in s]
    assert line.startswith("8. årgang: de hele måneder slutter med august 2027")
    assert [s for s in due_sentences(late) if "kan være marts 2027" in s][-1].startswith("8. årgang")


@pytest.mark.parametrize(
    ("study", "literals"),
    [
        ("eksempel_raadgiver", ("4 grupper; 2 af dem", "6 måder i alt", "0,17", "hverken kaldes opnået")),
        ("eksempel_trappe", ("24 måder i alt", "0,04", "alt hviler på dem, der endnu ikke er begyndt")),
        ("eksempel_en_aargang", ("10 grupper; 1 af dem", "0,10", "hverken kaldes opnået", "ikke simuleret")),
        ("eksempel_enkeltsager", ("hver elev fra sin egen første opfølgning", "beskrives med sit interval")),
    ],
)
def test_other_designs_are_told_what_they_can_and_cannot(study: str, literals: tuple[str, ...]) -> None:
    protocol = load_study(study).protocol
    text = said(protocol)
    for literal in literals:
        assert literal in text
    assert "samtale" not in text.replace("samtalen", "")
    assert protocol.study.title in render_plan(protocol)


def test_where_nobody_can_be_compared_with_nothing_is_promised() -> None:
    """One school whose every grade begins at once."""
    whole = P.waves[0].model_copy(update={"grades": P.grades.order})
    alone = P.model_copy(update={"schools": P.schools[:1], "waves": (whole,)})
    text = said(alone)
    assert "Sammenlignet med: Ingen. Alle får indsatsen samtidig" in text
    assert "der ikke har haft samtaler" not in text
    assert "kan ikke afgøres, for der er ingen at sammenligne med" in text
    assert "afgøres efter reglen" not in text
