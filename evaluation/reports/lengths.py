"""The words of the other lengths, from the same facts as page one: for school boards, for families, in English."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from evaluation.design import has_controls
from evaluation.questions.certainty import CertaintyWord
from evaluation.questions.verdict import Direction, Word
from evaluation.reports.facts import Facts, Of100
from evaluation.reports.facts import Number as Printed
from evaluation.reports.front_children import whole_mark
from evaluation.reports.page import Section, marked
from evaluation.reports.telling import tell
from evaluation.words import Code, Count, Name, Number, On
from evaluation.words.catalogue.lengths import Boards, English, Family
from evaluation.words.danish import MINUS, number, rounded

ENGLISH_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


def boards(facts: Facts) -> tuple[str, tuple[Section, ...]]:
    """What is tried and why the board is heard; and what it is asked."""
    p = facts.inputs.protocol
    programme = Name(p.study.programme)
    heard = tell(Boards.HEARD_AT_END if facts.is_final else Boards.HEARD)
    what = tell(Boards.WHAT, programme=programme, on=Name(p.words.on), groups=Name(facts.groups))
    asked = (
        tell(Boards.RECOGNISE),
        tell(Boards.MATTERS, programme=programme),
        tell(Boards.CHANGE),
        tell(Boards.MISSING),
    )
    return f"{what} {heard}", (Section("hoering", tell(Boards.ASKED), (tell(Boards.WITHOUT),), points=asked),)


def family(facts: Facts) -> tuple[Section, ...]:
    """Short sentences and one number at a time."""
    p = facts.inputs.protocol
    what = [tell(Family.WHAT, programme=Name(p.study.programme))]
    if facts.inputs.started_waves():
        what.append(tell(Family.WHO, groups=Name(facts.groups)))
    over = facts.over_ten
    away = (
        (Markup.escape(tell(Family.HIDDEN)),)
        if over is None
        else _children(over, Family.OF_100, Family.OF_100_ALONE, Family.OTHERS)
    )
    quotes = tuple(f"»{q.words}«" + (f" ({q.by})" if q.by else "") for q in facts.quotes)
    found = [
        Section("hvad", tell(Family.TITLE), tuple(what)),
        Section("vaek", tell(Family.AWAY), away),
        Section("hjaelp", tell(Family.HELPED), (_helped(facts),)),
        Section("sagt", tell(Family.SAID), points=quotes) if quotes else None,
        Section("set", tell(Family.SEEN), (tell(Family.NOT_SEEN),)),
        Section("nu", tell(Family.NEXT), (tell(Family.DECIDE),)),
    ]
    return tuple(s for s in found if s is not None)


def _helped(facts: Facts) -> str:
    v = facts.verdict
    if v is not None and v.word is Word.NOT_YET and v.earliest_on is not None:
        return tell(Family.NOT_YET, day=On(v.earliest_on))
    codes = {Word.ACHIEVED: Family.YES, Word.SMALL_FALL: Family.A_LITTLE, Word.NOT_ACHIEVED: Family.NO}
    if v is None or v.word not in codes:
        return tell(Family.UNKNOWN)
    code = Family.MORE_ABSENCE if v.direction is Direction.RISEN else codes[v.word]
    sure = {CertaintyWord.SURE: Family.SURE, CertaintyWord.LIKELY: Family.FAIRLY_SURE}
    return f"{tell(code)} {tell(sure.get(facts.certainty, Family.UNSURE))}"


def _children(of: Of100, both: Code, alone: Code, others: Code) -> tuple[Markup, ...]:
    first = (
        _said(alone, [("now", of.now)])
        if of.before is None
        else _said(both, [("now", of.now), ("before", of.before)])
    )
    if of.others_now is None or of.others_before is None:
        return (first,)
    return (first, _said(others, [("now", of.others_now), ("before", of.others_before)]))


def _said(code: Code, numbers: Sequence[tuple[str, Printed]]) -> Markup:
    """A sentence with its printed numbers marked."""
    said = tell(code, **{name: Number(n.value, 0) for name, n in numbers})
    return marked(said, [(number(n.value, 0), whole_mark(n)) for _, n in numbers])


def english(facts: Facts) -> tuple[str, tuple[Section, ...]]:
    """The status line and the sections of the summary."""
    p = facts.inputs.protocol
    status = tell(English.STATUS, schools=Count(len(p.schools)), day=Name(_day(facts.inputs.round.cutoff)))
    over = facts.over_ten
    children = () if over is None else _children(over, English.OF_100, English.OF_100_ALONE, English.OTHERS)
    sure = {
        CertaintyWord.SURE: English.SURE,
        CertaintyWord.LIKELY: English.LIKELY,
        CertaintyWord.UNSURE: English.UNSURE,
    }
    certainty = (tell(sure[facts.certainty]),) if facts.certainty in sure else ()
    sections = [Section("milestone", tell(English.MILESTONE), (_verdict(facts), *certainty))]
    if children:
        sections.append(Section("children", tell(English.CHILDREN), (*children, tell(English.COUNTED))))
    if facts.headline is not None:
        sections.append(Section("days", tell(English.DAYS), (_english_days(facts),)))
    design = English.DESIGN if has_controls(p) else English.ALONE
    sections.append(Section("how", tell(English.HOW), (tell(design), tell(English.LIMITS))))
    return status, tuple(sections)


def _verdict(facts: Facts) -> str:
    v = facts.verdict
    if v is None or v.word is Word.CANNOT:
        return tell(English.CANNOT)
    if v.word is Word.NOT_YET and v.earliest_on is not None:
        return tell(English.NOT_YET, day=Name(_day(v.earliest_on)))
    size = Name(_point(abs(v.estimate or 0.0)))
    if v.low is None or v.high is None:
        return tell(English.CANNOT)
    ends = {"low": Name(_point(v.low)), "high": Name(_point(v.high))}
    match v.word:
        case Word.ACHIEVED:
            months = Count(len(facts.inputs.protocol.milestone.months))
            return tell(English.ACHIEVED, months=months, size=size, **ends)
        case Word.SMALL_FALL:
            return tell(English.SMALL_FALL, size=size)
        case Word.NOT_ACHIEVED if v.direction is Direction.RISEN:
            return tell(English.RISEN, size=size)
        case Word.NOT_ACHIEVED:
            relevant = facts.inputs.protocol.milestone.relevant_change_pp
            return tell(English.EXCLUDED, relevant=Name(_point(relevant)))
    return tell(English.UNDECIDED, **ends)


def _english_days(facts: Facts) -> str:
    h = facts.headline
    assert h is not None
    measured, expected = h.days(h.measured), h.days(h.expected)
    gap = rounded(measured - expected)
    said = tell(English.DAYS_SAME)
    if gap != 0:
        said = tell(
            English.DAYS_LESS if gap < 0 else English.DAYS_MORE,
            measured=Name(_point(measured)),
            expected=Name(_point(expected)),
            gap=Name(_point(abs(gap))),
        )
    if h.low is None or h.high is None:
        return said
    low, high = (Name(_point(h.days(end))) for end in (h.low, h.high))
    return f"{said} {tell(English.DAYS_RANGE, low=low, high=high)}"


def _point(value: float) -> str:
    """A number with an English decimal point: as it is shown in Danish, and no other digits."""
    return number(value).replace(".", "").replace(",", ".").replace(MINUS, "-")


def _day(day: object) -> str:
    from evaluation.words.danish import as_date

    d = as_date(day)
    return f"{d.day} {ENGLISH_MONTHS[d.month - 1]} {d.year}"
