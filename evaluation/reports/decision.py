"""The decision box: what speaks for and against going on, adjusting and stopping, collected by rule. Never the decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from evaluation.questions.operating import chance, verdict_mde
from evaluation.questions.verdict import Direction, Word
from evaluation.reports.facts import Facts
from evaluation.reports.findings import findings
from evaluation.reports.inputs import records, text, value
from evaluation.reports.telling import tell
from evaluation.reports.verdict_words import causes
from evaluation.words import Count, Limit, Name, Number, On, Percent, Persons, Points
from evaluation.words.catalogue.front import Argument, Decision, Heading, Speakers
from evaluation.words.danish import capital, join, rounded


@dataclass(frozen=True)
class Choice:
    """One way to go: its name, what speaks for it and what against, as sentences."""

    name: str
    speaks_for: tuple[str, ...]
    against: tuple[str, ...]
    is_main: bool = False


@dataclass
class _Case:
    """The choices while they are filled: (choice, side) → sentences."""

    found: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def add(self, sentence: str, *places: tuple[str, str]) -> None:
        for place in places:
            self.found.setdefault(place, []).append(sentence)


FOR_GOING, AGAINST_GOING = ("go_on", "for"), ("go_on", "against")
FOR_CHANGE, AGAINST_CHANGE = ("adjust", "for"), ("adjust", "against")
FOR_STOP, AGAINST_STOP = ("stop", "for"), ("stop", "against")

SPOKEN: Mapping[tuple[str, str], tuple[Argument, tuple[tuple[str, str], ...]]] = {
    ("KL.FREMOVER.FASTHOLD", "for"): (Argument.KEEP, (FOR_GOING,)),
    ("KL.FREMOVER.FASTHOLD", "imod"): (Argument.NOT_KEEP, (AGAINST_GOING,)),
    ("KL.FREMOVER.UDBRED", "for"): (Argument.SPREAD, (FOR_GOING,)),
    ("KL.FREMOVER.UDBRED", "imod"): (Argument.NOT_SPREAD, (AGAINST_GOING,)),
    ("KL.FREMOVER.JUSTER", "for"): (Argument.CHANGE, (FOR_CHANGE,)),
    ("KL.FREMOVER.JUSTER", "imod"): (Argument.NOT_CHANGE, (AGAINST_CHANGE,)),
    ("X.UTILSIGTET", "for"): (Argument.GOOD_UNEXPECTED, (FOR_GOING,)),
    ("X.UTILSIGTET", "imod"): (Argument.BAD_UNEXPECTED, (FOR_CHANGE,)),
    ("MP.VIDERE", "for"): (Argument.CARRY_ON, (FOR_GOING,)),
    ("MP.VIDERE", "imod"): (Argument.NOT_CARRY_ON, (FOR_STOP, AGAINST_GOING)),
    ("KL.FREMOVER.STOP", "for"): (Argument.STOP, (FOR_STOP,)),
    ("KL.FREMOVER.STOP", "imod"): (Argument.NOT_STOP, (AGAINST_STOP,)),
}
"""What is to come: a code and what its sources say of it, and which choice that speaks for or against."""
EXPERIENCED: Mapping[str, tuple[Argument, tuple[tuple[str, str], ...]]] = {
    "for": (Argument.SIGNS_SEEN, (FOR_GOING,)),
    "imod": (Argument.SIGNS_NOT_SEEN, (FOR_STOP, AGAINST_GOING)),
}
"""What most who speak of a sign say of it. The numbers have arguments of their own, whichever side they take."""


def choices(facts: Facts) -> tuple[Choice, ...]:
    """The three choices with their evidence, in their fixed order; in a round under way adjusting is the main one."""
    case = _Case()
    _of_the_milestone(facts, case)
    _of_children(facts, case)
    _of_what_was_done(facts, case)
    _of_voices(facts, case)
    names = (("go_on", Heading.GO_ON), ("adjust", Heading.ADJUST), ("stop", Heading.STOP))
    return tuple(
        Choice(
            tell(name),
            tuple(case.found.get((key, "for"), ())),
            tuple(case.found.get((key, "against"), ())),
            is_main=key == "adjust" and not facts.is_final,
        )
        for key, name in names
    )


def _of_the_milestone(facts: Facts, case: _Case) -> None:
    v = facts.verdict
    if v is None:
        return
    relevant = Points(facts.inputs.protocol.milestone.relevant_change_pp)
    size = Points(v.estimate or 0.0)
    match v.word:
        case Word.ACHIEVED:
            case.add(tell(Argument.ACHIEVED, size=size), FOR_GOING, AGAINST_STOP)
        case Word.SMALL_FALL:
            case.add(tell(Argument.SMALL_FALL, size=size), FOR_GOING)
            case.add(tell(Argument.TOO_SMALL), FOR_CHANGE)
        case Word.NOT_ACHIEVED if v.direction is Direction.RISEN:
            case.add(tell(Argument.RISEN, size=size), FOR_STOP, AGAINST_GOING)
        case Word.NOT_ACHIEVED:
            case.add(tell(Argument.EXCLUDED, relevant=relevant), FOR_STOP, AGAINST_GOING)
        case Word.UNDECIDED:
            case.add(tell(Argument.UNDECIDED), FOR_CHANGE, AGAINST_GOING)
        case Word.CANNOT:
            case.add(tell(Argument.CANNOT, cause=Name(causes(v.causes))), AGAINST_GOING)
        case Word.NOT_YET if v.earliest_on is not None:
            case.add(tell(Argument.NOT_YET, day=On(v.earliest_on)), AGAINST_STOP)
        case _:
            pass
    if v.direction is Direction.SIGN_OF_FALL:
        case.add(tell(Argument.SIGN_OF_FALL), FOR_GOING)
    if v.direction is Direction.SIGN_OF_RISE:
        case.add(tell(Argument.SIGN_OF_RISE), FOR_STOP, AGAINST_GOING)
    if facts.is_fragile:
        case.add(tell(Argument.FRAGILE), AGAINST_GOING)


def _of_children(facts: Facts, case: _Case) -> None:
    over = facts.over_ten
    if over is None or over.expected is None or not over.difference:
        return
    numbers = {"now": Number(over.now.value, 0), "expected": Number(over.expected, 0)}
    if over.difference < 0:
        case.add(tell(Argument.FEWER_CHILDREN, **numbers), FOR_GOING)
    else:
        case.add(tell(Argument.MORE_CHILDREN, **numbers), FOR_STOP, AGAINST_GOING)


def _of_what_was_done(facts: Facts, case: _Case) -> None:
    p = facts.inputs.protocol
    sessions, least = Name(capital(p.words.sessions)), Limit(p.talks.minimum_coverage_pct)
    reach = facts.reach
    if reach is not None and reach.shown:
        if reach.enough < reach.shown:
            places = Count(reach.shown - reach.enough)
            case.add(tell(Argument.LOW_REACH, sessions=sessions, least=least, places=places), FOR_CHANGE)
        else:
            places = Count(reach.shown)
            case.add(tell(Argument.FULL_REACH, sessions=sessions, least=least, places=places), AGAINST_CHANGE)
    begun, every = len(facts.inputs.started_waves()), len(p.waves)
    if begun < every and not facts.is_final:
        early = tell(
            Argument.TOO_EARLY,
            begun=Count(begun),
            all=Count(every),
            units=Name(p.words.units),
            sessions=Name(p.words.sessions),
        )
        case.add(early, AGAINST_STOP, AGAINST_CHANGE)
    if findings(facts.inputs).open:
        case.add(tell(Argument.GAPS), FOR_CHANGE)
    steps = facts.inputs.frame("out_school_forms")
    steps = steps[
        steps["form"].eq("implementeringstrappe")
        & steps["score"].notna()
        & steps["is_latest"].fillna(False).astype(bool)
    ]
    if len(steps):
        low = int(steps.loc[steps["score"] < 3, "schools"].sum())
        whole = int(steps["schools"].sum())
        if low:
            case.add(tell(Argument.LOW_STEPS, low=Count(low), all=Count(whole)), FOR_CHANGE)
        else:
            case.add(tell(Argument.HIGH_STEPS, high=Count(whole), all=Count(whole)), FOR_GOING)


def _of_voices(facts: Facts, case: _Case) -> None:
    """Each side with its number of sources where that may be told; else what most say, of all who speak of it."""
    themes = facts.inputs.frame("out_themes")
    counted = set(themes.loc[themes["group_kind"].eq("stance") & themes["sources"].fillna(0).gt(0), "code"])
    for row in records(themes):
        code, group, sources = text(row, "code"), text(row, "group_id"), int(value(row, "sources") or 0)
        said = {"stance": (group, Speakers.SOME), "all": (text(row, "most_say"), Speakers.MOST)}
        side, who = said.get(text(row, "group_kind"), ("", Speakers.SOME))
        if sources and (code, side) in SPOKEN and not (who is Speakers.MOST and code in counted):
            argument, places = SPOKEN[code, side]
            case.add(tell(argument, who=Name(tell(who, sources=Persons(sources)))), *places)
    signs = records(facts.inputs.frame("out_joint_display"))
    for side, (argument, places) in EXPERIENCED.items():
        names = [f"»{text(r, 'sign')}«" for r in signs if text(r, "voices_side") == side]
        if names:
            case.add(tell(argument, signs=Name(join(names))), *places)


def price(facts: Facts) -> str:
    """What it has cost so far, for each pupil where their number is printed."""
    c = facts.costs
    if c is None:
        return tell(Decision.NO_PRICE)
    # Kroner to the nearest ten, hours with one decimal: as they are worth saying.
    kroner, hours = c.per_pupil(c.amount_kr), c.per_pupil(c.hours)
    total = {"total": Number(c.amount_kr, 0), "all_hours": Number(c.hours, 0)}
    if kroner is None or hours is None:
        return tell(Decision.PRICE_TOTAL, day=On(c.until), **total)
    return tell(
        Decision.PRICE,
        day=On(c.until),
        kroner=Number(10 * rounded(kroner / 10, 0), 0),
        hours=Number(hours, 1),
        **total,
    )


def outlook(facts: Facts) -> tuple[str, ...]:
    """In a round under way: what the study will and will not be able to answer at its end."""
    p = facts.inputs.protocol
    mde = verdict_mde(p)
    if facts.is_final or mde is None:
        return ()
    relevant = p.milestone.relevant_change_pp
    said = [tell(Decision.JUNE), tell(Decision.CAN_ANSWER, size=Points(mde))]
    share = chance(p, -relevant, Word.ACHIEVED)
    if share is not None and relevant < mde:
        said.append(tell(Decision.CANNOT_ANSWER, relevant=Points(relevant), share=Percent(100 * share, 0)))
    return tuple(said)
