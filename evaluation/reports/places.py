"""Who gets the programme and who they are compared with, as it reads in a sentence. Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluation.protocol import Protocol, Wave
from evaluation.words.danish import join
from evaluation.words.design import PLACE


def groups(names: list[str]) -> str:
    """Group names in a sentence, shared endings said once: ``1. og 8. årgang``."""
    endings = {n.split(" ", 1)[1] for n in names if " " in n}
    if len(names) > 1 and len(endings) == 1 and all(" " in n for n in names):
        return f"{join(n.split(' ', 1)[0] for n in names)} {endings.pop()}"
    return join(names)


def wave_name(protocol: Protocol, wave: Wave) -> str:
    """``6. årgang`` · ``4. årgang på Tinglev Skole`` · ``Fjordskolen``; the wave's own label where it has one."""
    if wave.label:
        return wave.label
    grades = [protocol.grades.name(g) for g in protocol.grades.order if g in wave.grades]
    schools = [s.name for s in protocol.schools if s.id in wave.schools]
    who = groups(grades) if grades and len(grades) < len(protocol.grades.order) else ""
    where = join(schools) if schools and len(schools) < len(protocol.schools) else ""
    if wave.who == "listed_pupils":
        place = where or who
        listed = PLACE["listed"]
        return PLACE["at"].format(who=listed, where=place) if place else listed
    if who and where:
        return PLACE["at"].format(who=who, where=where)
    return who or where or (PLACE["every_school"] if len(protocol.schools) > 1 else protocol.schools[0].name)


def wave_names(protocol: Protocol, waves: Iterable[Wave]) -> str:
    """Several waves together, in the order of their grades, shared endings said once: ``1., 6. og 8. årgang``."""
    return groups([wave_name(protocol, w) for w in in_order(protocol, waves)])


def in_order(protocol: Protocol, waves: Iterable[Wave]) -> list[Wave]:
    """Waves by their first grade, then as the protocol has them."""
    order = protocol.grades.order
    return sorted(waves, key=lambda w: min((order.index(g) for g in w.grades), default=-1))


def whole_grades(protocol: Protocol, waves: Iterable[Wave]) -> tuple[str, ...]:
    """Grades that these waves have at every school, in the grades' order: those a grade's own numbers speak of."""
    ids = {w.id for w in waves}
    treated = {cell for cell, w in protocol.treated.items() if w.id in ids}
    return tuple(g for g in protocol.grades.order if all((s.id, g) in treated for s in protocol.schools))


def grades_at(protocol: Protocol, school_id: str, waves: Sequence[Wave]) -> tuple[str, ...]:
    """Grades of a school that belong to these waves, in the grades' order."""
    ids = {w.id for w in waves}
    mine = {g for (s, g), w in protocol.treated.items() if s == school_id and w.id in ids}
    return tuple(g for g in protocol.grades.order if g in mine)


def unit(protocol: Protocol) -> str:
    """What gets the programme, one of them: a school where schools are compared, else the study's own word."""
    by_school = protocol.estimand.comparison == "same_grades_other_schools"
    return PLACE["school"] if by_school else protocol.words.unit


def of_unit(protocol: Protocol) -> str:
    """``gruppens``, ``skolens``."""
    one = unit(protocol)
    return f"{one}ns" if one.endswith("e") else f"{one}ens"


def everybody(protocol: Protocol) -> str:
    """The pooled look as it reads: ``alle indsatsårgange samlet``."""
    by_school = protocol.estimand.comparison == "same_grades_other_schools"
    return PLACE["together"].format(units=PLACE["schools"] if by_school else protocol.words.units)


def others(protocol: Protocol) -> str:
    """The units that show what would have happened anyway, as a plural: ``årgange``, ``skoler``."""
    words = protocol.words
    return {
        "grades_same_school": words.units,
        "same_grades_other_schools": PLACE["schools"],
        "all_others": PLACE["both"].format(units=words.units),
    }[protocol.estimand.comparison]


def beside(protocol: Protocol) -> str:
    """Who a group is held against, in full: ``de årgange på samme skole, der ikke har haft samtaler``."""
    key = {"grades_same_school": "same_school", "same_grades_other_schools": "other_schools"}
    template = PLACE[key.get(protocol.estimand.comparison, "all_others")]
    return template.format(units=protocol.words.units, programme=protocol.study.programme)
