"""The first box of page one: each part of the milestone with its answer in words, under the same gates as the verdict."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.protocol import MilestonePart
from evaluation.questions.verdict import Direction, Word
from evaluation.reports import language
from evaluation.reports.facts import Facts
from evaluation.reports.inputs import ReportInputs, Verdict, records, text
from evaluation.reports.places import groups as together
from evaluation.reports.telling import tell
from evaluation.reports.verdict_words import causes
from evaluation.words import Count, Name, Names, Number, On, Points
from evaluation.words.catalogue.front import (
    Children,
    Part,
)
from evaluation.words.danish import capital


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
