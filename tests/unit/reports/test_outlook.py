"""What is said when a plan is frozen: assumptions, what is only described, and the chance of each word."""

from __future__ import annotations

from evaluation.questions.operating import chance, verdict_mde
from evaluation.questions.verdict import Word
from evaluation.reports.verdict_words import outlook
from evaluation.study import load_study
from evaluation.words.danish import number, percent

P = load_study("kom_glad_i_skole").protocol


def test_the_pilots_outlook() -> None:
    said = outlook(P)
    assert sum("er en antagelse" in s for s in said) == len(P.waves)
    assert "6. årgang, 1. årgang og 8. årgang hver for sig beskrives" in " ".join(said)
    assert any(f"falder {number(verdict_mde(P) or 0)}" in s for s in said)
    nothing = next(s for s in said if s.startswith("Sker der ingenting"))
    assert f"kan ikke afgøres {percent(100 * (chance(P, 0.0, Word.UNDECIDED) or 0), 0)}" in nothing
    assert [s.split(":")[0] for s in said[-4:]] == [
        "Falder fraværet 1,0 procentpoint",
        "Falder fraværet 2,0 procentpoint",
        "Falder fraværet 3,0 procentpoint",
        "Stiger fraværet 2,0 procentpoint",
    ]


def test_a_logged_window_is_no_assumption_and_another_design_is_not_promised_anything() -> None:
    waves = tuple(w.model_copy(update={"is_assumption": False}) for w in P.waves)
    other = P.model_copy(update={"waves": waves, "schools": P.schools[:2]})
    said = outlook(other)
    assert not any("antagelse" in s for s in said)
    assert said[-1].startswith("Hvor ofte afgørelsen vil falde ud")


def test_one_wave_is_decided_by_itself() -> None:
    one = P.model_copy(update={"waves": P.waves[:1]})
    assert not any("hver for sig" in s for s in outlook(one))
