"""The table of outcomes on page one: this year, expected, difference, and what may be said of it with its reasons."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from evaluation.questions.certainty import CertaintyWord, Ground
from evaluation.questions.verdict import Word
from evaluation.reports.facts import Facts, Of100
from evaluation.reports.front_children import marked_numbers
from evaluation.reports.inputs import text
from evaluation.reports.telling import clause, tell
from evaluation.reports.verdict_words import causes
from evaluation.words import Count, Limit, Name, Number
from evaluation.words.catalogue.front import (
    Claim,
    Row,
    Size,
    Why,
)
from evaluation.words.danish import capital, number, percent, points, rounded, signed

GROUNDS = {ground: Why[ground.name] for ground in Ground}
NOTHING = Markup("–")


@dataclass(frozen=True)
class Measure:
    """One row of the table of outcomes. ``dots`` is None where nothing was judged; ``why`` says what lowers certainty."""

    label: str
    now: Markup
    expected: Markup
    difference: Markup
    claim: str
    why: str
    dots: int | None = None


def size_of(change: float, relevant: float) -> Size:
    """The size of a change in points beside the one agreed to matter."""
    shown = rounded(change)
    if shown == 0:
        return Size.SAME
    if shown < 0:
        return Size.LOWER if abs(shown) >= relevant else Size.LITTLE_LOWER
    return Size.HIGHER if shown >= relevant else Size.LITTLE_HIGHER


def claim(facts: Facts, change: float | None) -> str:
    """What may be said of the headline number: the words of size under those of certainty."""
    v = facts.verdict
    if v is not None and v.word is Word.CANNOT:
        return tell(Claim.NOT_JUDGED)
    if v is not None and v.word is Word.NOT_YET:
        return tell(Claim.NOT_YET)
    if v is None or change is None or v.word is Word.UNDECIDED or facts.certainty is CertaintyWord.NONE:
        return tell(Claim.CANNOT)
    code = {
        CertaintyWord.SURE: Claim.SURE,
        CertaintyWord.LIKELY: Claim.LIKELY,
        CertaintyWord.UNSURE: Claim.UNSURE,
    }[facts.certainty]
    size = size_of(change, facts.inputs.protocol.milestone.relevant_change_pp)
    return tell(code, size=clause(size))


def why(facts: Facts, limit: int = 2) -> str:
    """The weightiest reasons for lower certainty; that a small skew removes the result comes first."""
    if facts.verdict is not None and facts.verdict.word is Word.CANNOT and facts.verdict.causes:
        return causes(facts.verdict.causes)
    found = [tell(Why.FRAGILE)] if facts.is_fragile else []
    found += [tell(GROUNDS[g]) for g in facts.weakest]
    return "; ".join(found[:limit])


def measures(facts: Facts) -> tuple[Measure, ...]:
    """One row per outcome: this year, expected, difference, and what may be said of it with its reasons."""
    rows = [_mean(facts)]
    for label, of in ((Row.OVER_TEN, facts.over_ten), (Row.LONG, facts.long_spells)):
        if of is not None:
            rows.append(_counted(tell(label), of))
    rows += [r for r in (_followed(facts), _experienced(facts), _reached(facts)) if r is not None]
    return tuple(rows)


def model(said: str, column: str) -> Markup:
    """A number of a model or computed from printed ones, named as such."""
    return Markup('<span data-model="{}">{}</span>').format(column, said)


def _mean(facts: Facts) -> Measure:
    h, label = facts.headline, tell(Row.MEAN)
    v = facts.verdict
    if h is None:
        return Measure(label, NOTHING, NOTHING, NOTHING, claim(facts, None), why(facts))
    ends = (
        number(h.estimate)
        if h.low is None or h.high is None
        else tell(
            Row.POINTS_RANGE,
            points=Name(f"{signed(h.estimate)} {points(h.estimate).split(chr(160))[1]}"),
            low=Name(number(h.low)),
            high=Name(number(h.high)),
        )
    )
    return Measure(
        label,
        model(percent(h.measured), "computed"),
        model(percent(rounded(h.measured) - rounded(h.estimate)), "computed"),
        model(ends, "out_verdicts.estimate_pp" if h.is_milestone else "out_effects.estimate_pp"),
        claim(facts, h.estimate),
        why(facts),
        None if v is None else v.dots,
    )


def _counted(label: str, of: Of100) -> Measure:
    now = marked_numbers(tell(Row.OF_100, n=Number(of.now.value, 0)), [of.now])
    if of.expected is None or of.difference is None:
        return Measure(label, now, NOTHING, NOTHING, tell(Claim.CANNOT), tell(Why.COUNTED))
    d = of.difference
    size = Size.AS_MANY if d == 0 else Size.FEWER if d < 0 else Size.MORE
    gap = tell(Row.AS_MANY) if d == 0 else tell(Row.FEWER if d < 0 else Row.MORE, n=Number(abs(d), 0))
    expected = tell(Row.OF_100, n=Number(of.expected, 0))
    return Measure(
        label,
        now,
        model(expected, "computed"),
        model(gap, "computed"),
        tell(Claim.UNSURE, size=clause(size)),
        tell(Why.COUNTED),
    )


def _followed(facts: Facts) -> Measure | None:
    t = facts.inputs.protocol.targeted
    if t is None:
        return None
    label = capital(t.follow_up_label)
    if facts.followed is None:
        return Measure(label, NOTHING, NOTHING, NOTHING, tell(Claim.DESCRIBED), tell(Why.DECLARED))
    estimate, low, high = facts.followed
    gap = tell(
        Row.POINTS_RANGE,
        points=Name(f"{signed(estimate)} {points(estimate).split(chr(160))[1]}"),
        low=Name(number(low)),
        high=Name(number(high)),
    )
    return Measure(
        label,
        NOTHING,
        NOTHING,
        model(gap, "out_targeted.estimate_pp"),
        tell(Claim.DESCRIBED),
        tell(Why.DECLARED),
    )


def _experienced(facts: Facts) -> Measure | None:
    row = facts.experienced
    if row is None:
        return None
    said = text(row, "qual_summary")
    return Measure(
        tell(Row.EXPERIENCED, sign=Name(text(row, "sign"))),
        Markup.escape(said),
        Markup(""),
        Markup(""),
        relation(text(row, "relation")),
        tell(Why.TOLD),
    )


def relation(name: str) -> str:
    """How voices and numbers relate, in plain words."""
    from evaluation.reports.words import RELATIONS

    return RELATIONS.get(name, RELATIONS["tavs"])


def _reached(facts: Facts) -> Measure | None:
    reach, p = facts.reach, facts.inputs.protocol
    if reach is None or not reach.shown:
        return None
    least = Limit(p.talks.minimum_coverage_pct)
    said = (
        tell(Row.PLACES, enough=Count(reach.enough), places=Count(reach.places), least=least)
        if reach.shown == reach.places
        else tell(Row.PLACES_SHOWN, enough=Count(reach.enough), shown=Count(reach.shown), least=least)
    )
    label = tell(Row.REACHED, sessions=Name(capital(p.words.sessions)))
    return Measure(label, Markup.escape(said), Markup(""), Markup(""), "", tell(Why.LOGGED))
