"""Children of a hundred: what page one says of those with much absence, and the arrays of dots beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evaluation.reports.facts import Facts, Of100
from evaluation.reports.facts import Number as Printed
from evaluation.reports.html_tables import Mark
from evaluation.reports.page import marked
from evaluation.reports.pictures import dots_of_100
from evaluation.reports.places import others
from evaluation.reports.telling import tell
from evaluation.words import Name, Number
from evaluation.words.catalogue.front import (
    Children,
    Heading,
)
from evaluation.words.danish import capital, number, rounded


@dataclass(frozen=True)
class Grid:
    """One array of a hundred dots: when, how many, and what it says to those who do not see it."""

    year: str
    shown: Markup
    picture: Markup
    alt: Markup


def children(facts: Facts) -> tuple[Markup, ...]:
    """Children of a hundred with much absence, then those away for long, each beside the others and last year."""
    if not facts.inputs.started_waves():
        return (
            Markup.escape(tell(Children.NOT_BEGUN, programme=Name(facts.inputs.protocol.study.programme))),
        )
    over, long = facts.over_ten, facts.long_spells
    if over is None:
        return (Markup.escape(tell(Children.HIDDEN)),)
    words = facts.inputs.protocol.words
    rest = Name(others(facts.inputs.protocol))
    on = {"on": Name(capital(words.on)), "units": rest}
    first = {**on, "units": Name(words.units), "sessions": Name(words.sessions)}
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
        return marked_numbers(tell(alone, now=Number(of.now.value, 0), **more), [of.now])
    return _pair(both, of.now, of.before, more)


def _pair(code: Children, now: Printed, before: Printed, more: dict[str, Name]) -> Markup:
    said = tell(code, now=Number(now.value, 0), before=Number(before.value, 0), **more)
    return marked_numbers(said, [now, before])


def marked_numbers(said: str, numbers: Sequence[Printed]) -> Markup:
    """The sentence with its printed numbers marked, in their order; those with decimals are shown whole."""
    return marked(said, [(number(n.value, 0), whole_mark(n)) for n in numbers])


def whole_mark(found: Printed) -> Mark:
    """The number's own mark where it is printed whole, else that it was rounded here."""
    return found.mark if rounded(found.value, 0) == rounded(found.value) else Mark(model="computed")


def grids(facts: Facts) -> tuple[tuple[str, tuple[Grid, ...]], ...]:
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
        marked_numbers(number(whole, 0), [n]),
        dots_of_100(whole, tell(Children.GRID, who=Name(who), year=Name(year)), strong=strong),
        marked_numbers(tell(Children.ALT, n=Number(whole, 0)), [n]),
    )
