"""Page one, put together once from the facts: what the report, the handout and every other length begin with.

Here: which sentence of the catalogue says which fact. The order is fixed: a steering group finds the same question in the
same place every time. No number is chosen here (:mod:`evaluation.reports.facts`), nothing is laid out (the templates).
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from evaluation.questions.verdict import Direction, Word
from evaluation.reports.decision import Choice, choices, outlook, price
from evaluation.reports.doubt import turning_point
from evaluation.reports.facts import SCHOOL_DAYS_PER_YEAR, Facts, Quote
from evaluation.reports.facts import Number as Printed
from evaluation.reports.front_children import Grid, children, grids
from evaluation.reports.front_measures import Measure, measures
from evaluation.reports.front_milestone import milestone_parts
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.pictures import Bar, bars
from evaluation.reports.svg import named
from evaluation.reports.telling import tell
from evaluation.reports.verdict_words import causes
from evaluation.words import Count, Days, Name, Number, On, Persons, Values
from evaluation.words.catalogue.front import (
    DaysSaid,
    Decision,
    Heading,
    Voices,
)
from evaluation.words.danish import number, rounded


@dataclass(frozen=True)
class Front:
    """Page one as text and pictures, ready for any layout."""

    title: str
    kind: str
    status: Markup
    milestone: tuple[tuple[str, str], ...]
    children: tuple[Markup, ...]
    grids: tuple[tuple[str, tuple[Grid, ...]], ...]
    days_title: str
    days: tuple[str, ...]
    days_picture: Markup
    days_alt: str
    measures: tuple[Measure, ...]
    quotes: tuple[Quote, ...]
    voices_note: str
    no_voices: str
    choices: tuple[Choice, ...]
    price: str
    outlook: tuple[str, ...]
    tipping: str
    limit: str

    def heading(self, name: str) -> str:
        """A heading of the catalogue, for the templates."""
        return tell(Heading[name])


def front(inputs: ReportInputs) -> Front:
    """Page one of a round."""
    facts = inputs.once(Facts)
    days_title, days, picture, alt = _days(facts)
    return Front(
        title=inputs.protocol.study.title,
        kind=inputs.round.title,
        status=_status(facts),
        milestone=milestone_parts(facts),
        children=children(facts),
        grids=grids(facts),
        days_title=days_title,
        days=days,
        days_picture=picture,
        days_alt=alt,
        measures=measures(facts),
        quotes=facts.quotes,
        voices_note=""
        if facts.sources is None
        else tell(Voices.SOURCES, sources=Persons(int(facts.sources))),
        no_voices=_no_voices(facts),
        choices=choices(facts),
        price=price(facts),
        outlook=outlook(facts),
        tipping=turning_point(inputs),
        limit=tell(Decision.MEASURES),
    )


def _status(facts: Facts) -> Markup:
    p = facts.inputs.protocol
    parts = [Markup.escape(tell(Heading.GRADES, schools=Count(len(p.schools)), groups=Name(facts.groups)))]
    if facts.pupils is not None:
        parts.append(pupils_text(facts.pupils))
    parts.append(Markup.escape(tell(Heading.DATA_UNTIL, day=On(facts.inputs.round.cutoff))))
    return Markup(" · ").join(parts)


def pupils_text(found: Printed) -> Markup:
    """A printed number of pupils, marked."""
    from evaluation.reports.page import pupils

    return pupils(found.value, found.mark)


def _days(facts: Facts) -> tuple[str, tuple[str, ...], Markup, str]:
    """Title, sentences, picture and its text: last year, expected, measured."""
    h = facts.headline
    p = facts.inputs.protocol
    judged = facts.verdict
    if h is None and judged is not None and judged.word is Word.CANNOT and judged.causes:
        cause = tell(DaysSaid.NOT_JUDGED, cause=Name(causes(judged.causes)))
        return tell(Heading.DAYS), (cause,), Markup(""), ""
    if h is None:
        return tell(Heading.DAYS), (tell(DaysSaid.HIDDEN, sessions=Name(p.words.sessions)),), Markup(""), ""
    gap = rounded(h.days(h.measured) - h.days(h.expected))
    kind = ("SAME" if gap == 0 else "FEWER" if gap < 0 else "MORE") + ("" if h.is_milestone else "_SO_FAR")
    title = tell(DaysSaid[kind], **({} if gap == 0 else {"days": Days(abs(gap))}))
    may_be_chance = h.low is not None and h.high is not None and h.low <= 0 <= h.high
    is_doubtful = judged is not None and (
        judged.word is Word.CANNOT or (judged.word.is_judged and judged.direction is Direction.NONE)
    )
    if may_be_chance or is_doubtful:
        title = tell(Heading.DAYS)  # a number with an alarm, or that may be chance, is no finding
    numbers: Values = {
        "before": Name(tell(Heading.NOT_KNOWN) if h.before is None else number(h.days(h.before))),
        "expected": Number(h.days(h.expected)),
        "measured": Number(h.days(h.measured)),
    }
    said = []
    if h.low is not None and h.high is not None:
        said.append(between_days(h.days(h.low), h.days(h.high)))
    where: Values = {
        "sessions": Name(p.words.sessions),
        "on": Name(p.words.on),
        "groups": Name(facts.groups),
        "days": Count(SCHOOL_DAYS_PER_YEAR),
    }
    said.append(
        tell(DaysSaid.RESTS_ON, months=Count(len(p.milestone.months)), **where)
        if h.is_milestone
        else tell(DaysSaid.RESTS_ON_SO_FAR, **where)
    )
    rows = [] if h.before is None else [Bar(tell(Heading.LAST_YEAR), h.days(h.before))]
    ends = (
        (None, None)
        if h.low is None or h.high is None
        else (h.days(h.measured - h.high), h.days(h.measured - h.low))
    )
    rows.append(Bar(tell(Heading.EXPECTED), h.days(h.expected), *ends))
    rows.append(Bar(tell(Heading.MEASURED), h.days(h.measured), is_strong=True))
    return title, tuple(said), bars(rows, named("dagene", "dagene-alt")), tell(DaysSaid.ALT, **numbers)


def between_days(low: float, high: float) -> str:
    """The interval in days per pupil, each side by its own word."""
    if high <= 0:
        return tell(DaysSaid.BETWEEN_FEWER, low=Number(abs(high)), high=Number(abs(low)))
    if low >= 0:
        return tell(DaysSaid.BETWEEN_MORE, low=Number(low), high=Number(high))
    return tell(DaysSaid.BETWEEN_BOTH, low=Number(abs(low)), high=Number(high))


def _no_voices(facts: Facts) -> str:
    if facts.quotes:
        return ""
    return tell(Voices.NONE if not len(facts.inputs.frame("out_themes")) else Voices.NO_QUOTES)
