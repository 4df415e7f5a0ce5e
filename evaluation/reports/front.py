"""Page one, put together once from the facts: what the report, the handout and every other length begin with.

Here: which sentence of the catalogue says which fact. The order is fixed: a steering group finds the same question in the
same place every time. No number is chosen here (:mod:`evaluation.reports.facts`), nothing is laid out (the templates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evaluation.protocol import MilestonePart
from evaluation.questions.certainty import CertaintyWord, Ground
from evaluation.questions.verdict import Direction, Word
from evaluation.reports import language
from evaluation.reports.decision import Choice, choices, outlook, price
from evaluation.reports.doubt import turning_point
from evaluation.reports.facts import SCHOOL_DAYS_PER_YEAR, Facts, Of100, Quote
from evaluation.reports.facts import Number as Printed
from evaluation.reports.html_tables import Mark
from evaluation.reports.inputs import ReportInputs, Verdict, records, text
from evaluation.reports.page import marked
from evaluation.reports.pictures import Bar, bars, dots_of_100
from evaluation.reports.places import groups as together
from evaluation.reports.places import others, wave_names
from evaluation.reports.svg import named
from evaluation.reports.telling import clause, tell
from evaluation.reports.verdict_words import causes
from evaluation.words import Count, Days, Limit, Name, Names, Number, On, Persons, Points, Values
from evaluation.words.catalogue.front import (
    Children,
    Claim,
    DaysSaid,
    Decision,
    Heading,
    Part,
    Row,
    Size,
    Voices,
    Why,
)
from evaluation.words.danish import capital, number, percent, points, rounded, signed

GROUNDS = {ground: Why[ground.name] for ground in Ground}


@dataclass(frozen=True)
class Grid:
    """One array of a hundred dots: when, how many, and what it says to those who do not see it."""

    year: str
    shown: Markup
    picture: Markup
    alt: Markup


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
        grids=_grids(facts),
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


def _study(facts: Facts) -> dict[str, Name]:
    words = facts.inputs.protocol.words
    return {"on": Name(words.on), "units": Name(words.units), "sessions": Name(words.sessions)}


def groups(facts: Facts) -> str:
    """The groups whose programme has begun, as they read in a sentence; all that will, where none has."""
    p = facts.inputs.protocol
    return wave_names(p, facts.inputs.started_waves() or p.waves)


def _status(facts: Facts) -> Markup:
    p = facts.inputs.protocol
    parts = [Markup.escape(tell(Heading.GRADES, schools=Count(len(p.schools)), groups=Name(groups(facts))))]
    if facts.pupils is not None:
        parts.append(pupils_text(facts.pupils))
    parts.append(Markup.escape(tell(Heading.DATA_UNTIL, day=On(facts.inputs.round.cutoff))))
    return Markup(" · ").join(parts)


def pupils_text(found: Printed) -> Markup:
    """A printed number of pupils, marked."""
    from evaluation.reports.page import pupils

    return pupils(found.value, found.mark)


def milestone_parts(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Each part of the milestone with its answer; one part alone where the protocol names none."""
    parts = facts.inputs.protocol.milestone.parts
    if not parts:
        return (("", capital(_judged(facts))),)
    return tuple((part.label, _part(facts, part)) for part in parts)


def _part(facts: Facts, part: MilestonePart) -> str:
    match part.answered_by:
        case "verdict":
            return _judged(facts)
        case "description":
            if facts.followed is None:
                return tell(Part.DESCRIBED_FEW)
            _, low, high = facts.followed
            return tell(Part.DESCRIBED, low=Name(language.side(low)), high=Name(language.side(high)))
        case "interviews":
            rows = facts.inputs.frame("out_joint_display")
            for row in records(rows[rows["sign_id"].eq(part.sign or "")]):
                if said := text(row, "qual_summary"):
                    return said[:1].lower() + said[1:]
    return tell(Part.NOT_TOLD)


def _judged(facts: Facts) -> str:
    v = facts.verdict
    if v is None:
        return tell(Part.NONE)
    said = _word(facts, v)
    if v.unreached:
        places = unreached_places(facts.inputs, v.unreached)
        said = f"{said} {tell(Part.WITHOUT, places=Names(places))}"
    return said


def unreached_places(inputs: ReportInputs, cells: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Schools with the grades that no round reaches; a school all of whose grades are among them by its name alone."""
    by_school: dict[str, list[str]] = {}
    for school, grade in cells:
        by_school.setdefault(school, []).append(inputs.protocol.grades.name(grade))
    whole = len(inputs.protocol.grades.order)
    return tuple(
        inputs.school_name(s, short=True) + ("" if len(names) == whole else f" ({together(names)})")
        for s, names in by_school.items()
    )


def _word(facts: Facts, v: Verdict) -> str:
    relevant = Points(facts.inputs.protocol.milestone.relevant_change_pp)
    size = Points(v.estimate or 0.0)
    match v.word:
        case Word.ACHIEVED:
            ends = sorted((abs(v.low or 0.0), abs(v.high or 0.0)))
            return tell(
                Part.ACHIEVED,
                when=Name(capital(_when(facts))),
                size=size,
                low=Number(ends[0]),
                high=Number(ends[1]),
            )
        case Word.SMALL_FALL:
            return tell(Part.SMALL_FALL, size=size)
        case Word.NOT_ACHIEVED if v.direction is Direction.RISEN:
            return tell(Part.RISEN, size=size)
        case Word.NOT_ACHIEVED:
            return tell(Part.EXCLUDED, relevant=relevant)
        case Word.UNDECIDED if v.low is not None and v.high is not None:
            return tell(Part.UNDECIDED, low=Name(language.side(v.low)), high=Name(language.side(v.high)))
        case Word.NOT_YET if v.earliest_on is not None:
            return tell(Part.NOT_YET, day=On(v.earliest_on))
        case Word.CANNOT if v.causes:
            return tell(Part.CANNOT, cause=Name(causes(v.causes)))
    return tell(Part.UNDECIDED_OPEN)


def _when(facts: Facts) -> str:
    """The months of the estimate, as they begin a sentence."""
    months, p = len(facts.inputs.protocol.milestone.months), facts.inputs.protocol
    return tell(Children.AFTER, months=Count(months), sessions=Name(p.words.sessions))


def children(facts: Facts) -> tuple[Markup, ...]:
    """Children of a hundred with much absence, then those away for long, each beside the others and last year."""
    if not facts.inputs.started_waves():
        return (
            Markup.escape(tell(Children.NOT_BEGUN, programme=Name(facts.inputs.protocol.study.programme))),
        )
    over, long = facts.over_ten, facts.long_spells
    if over is None:
        return (Markup.escape(tell(Children.HIDDEN)),)
    study = _study(facts)
    rest = Name(others(facts.inputs.protocol))
    on = {"on": Name(capital(study["on"].text)), "units": rest}
    first = {**on, "units": study["units"], "sessions": study["sessions"]}
    said = [_both(over, Children.OVER_TEN, Children.OVER_TEN_ALONE, first)]
    if over.others_now and over.others_before:
        said.append(_pair(Children.OTHERS, over.others_now, over.others_before, on))
    if over.difference is not None:
        said.append(Markup.escape(_compared(over.difference, rest)))
    found = [Markup(" ").join(said)]
    if long is not None:
        told = [_both(long, Children.LONG, Children.LONG_ALONE, {})]
        if long.others_now and long.others_before:
            told.append(_pair(Children.LONG_OTHERS, long.others_now, long.others_before, on))
        found.append(Markup(" ").join(told))
    return tuple(found)


def _compared(difference: float, units: Name) -> str:
    if difference == 0:
        return tell(Children.SAME, units=units)
    code = Children.FEWER if difference < 0 else Children.MORE
    return tell(code, n=Number(abs(difference), 0), units=units)


def _both(of: Of100, both: Children, alone: Children, more: dict[str, Name]) -> Markup:
    if of.before is None:
        return _marked(tell(alone, now=Number(of.now.value, 0), **more), [of.now])
    return _pair(both, of.now, of.before, more)


def _pair(code: Children, now: Printed, before: Printed, more: dict[str, Name]) -> Markup:
    said = tell(code, now=Number(now.value, 0), before=Number(before.value, 0), **more)
    return _marked(said, [now, before])


def _marked(said: str, numbers: Sequence[Printed]) -> Markup:
    """The sentence with its printed numbers marked, in their order; those with decimals are shown whole."""
    return marked(said, [(number(n.value, 0), whole_mark(n)) for n in numbers])


def whole_mark(found: Printed) -> Mark:
    """The number's own mark where it is printed whole, else that it was rounded here."""
    return found.mark if rounded(found.value, 0) == rounded(found.value) else Mark(model="computed")


def _grids(facts: Facts) -> tuple[tuple[str, tuple[Grid, ...]], ...]:
    """Last year and this, for the groups with the programme and for the others."""
    over = facts.over_ten
    if over is None:
        return ()
    p = facts.inputs.protocol
    treated = tell(Heading.TREATED, units=Name(capital(p.words.units)), sessions=Name(p.words.sessions))
    rest = tell(Heading.OTHERS, units=Name(others(p)))
    found = []
    for who, strong, then, now in (
        (treated, True, over.before, over.now),
        (rest, False, over.others_before, over.others_now),
    ):
        both = ((facts.inputs.last_year, then), (p.years.follow_up, now))
        pair = tuple(_grid(who, year, n, strong=strong) for year, n in both if n is not None)
        if pair:
            found.append((who, pair))
    return tuple(found)


def _grid(who: str, year: str, n: Printed, *, strong: bool) -> Grid:
    whole = int(rounded(n.value, 0))
    return Grid(
        year,
        _marked(number(whole, 0), [n]),
        dots_of_100(whole, tell(Children.GRID, who=Name(who), year=Name(year)), strong=strong),
        _marked(tell(Children.ALT, n=Number(whole, 0)), [n]),
    )


def _days(facts: Facts) -> tuple[str, tuple[str, ...], Markup, str]:
    """Title, sentences, picture and its text: last year, expected, measured."""
    h = facts.headline
    p = facts.inputs.protocol
    if h is None:
        return tell(Heading.DAYS), (tell(DaysSaid.HIDDEN, sessions=Name(p.words.sessions)),), Markup(""), ""
    gap = rounded(h.days(h.measured) - h.days(h.expected))
    kind = ("SAME" if gap == 0 else "FEWER" if gap < 0 else "MORE") + ("" if h.is_milestone else "_SO_FAR")
    title = tell(DaysSaid[kind], **({} if gap == 0 else {"days": Days(abs(gap))}))
    v = facts.verdict
    if v is not None and (v.word is Word.CANNOT or (v.word.is_judged and v.direction is Direction.NONE)):
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
        "groups": Name(groups(facts)),
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
    if v is None or v.word is Word.CANNOT or change is None:
        return tell(Claim.CANNOT)
    if v.word is Word.NOT_YET:
        return tell(Claim.NOT_YET)
    if v.word is Word.UNDECIDED or facts.certainty is CertaintyWord.NONE:
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


NOTHING = Markup("–")


def model(said: str, column: str) -> Markup:
    """A number of a model or computed from printed ones, named as such."""
    return Markup('<span data-model="{}">{}</span>').format(column, said)


def _mean(facts: Facts) -> Measure:
    h, label = facts.headline, tell(Row.MEAN)
    v = facts.verdict
    if h is None:
        return Measure(label, NOTHING, NOTHING, NOTHING, tell(Claim.CANNOT), "")
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
    now = _marked(tell(Row.OF_100, n=Number(of.now.value, 0)), [of.now])
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
        tell(Row.EXPERIENCED),
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


def _no_voices(facts: Facts) -> str:
    if facts.quotes:
        return ""
    return tell(Voices.NONE if not len(facts.inputs.frame("out_themes")) else Voices.NO_QUOTES)
