"""The plan as a page before any data: the trial it stands for, when the milestone is due, and which answers there can be.

Everything follows from the protocol (:mod:`evaluation.design`) and from the committed simulation; no table is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from evaluation.design import (
    assignments,
    controls,
    has_controls,
    has_never_treated,
    schedule,
    smallest_p,
)
from evaluation.protocol import MilestonePart, Protocol, Wave
from evaluation.questions.operating import FOUR_OF_FIVE, verdict_mde
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.method import verdict_chances
from evaluation.reports.page import Section
from evaluation.reports.places import beside, in_order, wave_name
from evaluation.reports.verdict_words import chances
from evaluation.words import (
    ANALYST,
    Count,
    Limit,
    Name,
    Names,
    Number,
    On,
    Percent,
    Points,
    Statement,
    Value,
    render,
    say,
)
from evaluation.words.catalogue.plan import Plan, PlanHeading
from evaluation.words.danish import capital, month

_MODELS = {
    "same_month_own_year": Plan.OWN_YEAR,
    "same_month_last_year": Plan.LAST_YEAR,
    "two_way": Plan.TWO_WAY,
}
_PARTS = {"verdict": Plan.BY_RULE, "description": Plan.DESCRIBED, "interviews": Plan.INTERVIEWS}


def plan_sections(protocol: Protocol) -> tuple[Section, ...]:
    """The page's chapters in order."""
    found = verdict_chances(ReportInputs(protocol, protocol.rounds[-1], {}))
    chapters = (
        Section("forsoeg", _title(PlanHeading.TRIAL), terms=_trial(protocol)),
        Section("hvornaar", _title(PlanHeading.WHEN), points=due_sentences(protocol)),
        Section("maalt", _title(PlanHeading.UNCERTAINTY), points=_told(precision(protocol))),
        Section(
            "svar",
            _title(PlanHeading.ANSWERS),
            exhibits=() if found is None else (replace(found, number=1),),
            # The verdict's own smallest fall stands in the chapter before.
            points=(
                *_told([_part(protocol, p) for p in protocol.milestone.parts]),
                *chances(protocol)[found is not None :],
            ),
        ),
    )
    return tuple(c for c in chapters if c.terms or c.points)


def page_title() -> str:
    """The page's heading."""
    return _title(PlanHeading.PAGE)


def due_sentences(protocol: Protocol) -> tuple[str, ...]:
    """:func:`when_due` as it reads."""
    return _told(when_due(protocol))


def when_due(protocol: Protocol) -> list[Statement]:
    """For each wave, which round reaches its last month with how much room, and how late the programme may be given."""
    said = []
    for wave in protocol.group_waves:
        plan, who = schedule(protocol, wave), Name(_who(protocol, wave))
        last = Name(_month(plan.last_month))
        if plan.round is None:
            said.append(say(Plan.NOT_DUE, wave=who, month=last))
        else:
            code = Plan.CLOSE if plan.is_close else Plan.DUE
            values: dict[str, Value] = {"round": Name(plan.round.title), "cutoff": On(plan.round.cutoff)}
            if not plan.is_close:
                values["slack"] = Count(plan.slack_days)
            said.append(say(code, wave=who, month=last, **values))
        if plan.latest is not None:
            sessions = Name(protocol.words.sessions)
            said.append(say(Plan.LATEST, wave=who, sessions=sessions, month=Name(_month(plan.latest))))
    return said


def precision(protocol: Protocol) -> list[Statement]:
    """Clusters, the permutation's smallest p for all and for each wave, and the verdict's own smallest fall."""
    alpha = protocol.verdict.alpha
    said = [_clusters(protocol)] if protocol.treated else []
    if protocol.treated:
        p = smallest_p(protocol)
        said.append(
            say(
                Plan.SMALLEST_P,
                ways=Count(assignments(protocol)),
                p=Number(p, 4 if p < 0.01 else 2),
                alpha=Limit(alpha),
            )
        )
        said += [say(Plan.TOO_FEW)] if p > alpha else []
    if len(protocol.group_waves) > 1:
        for wave in protocol.group_waves:
            p, ways = smallest_p(protocol, [wave.id]), Count(assignments(protocol, [wave.id]))
            said.append(
                say(
                    Plan.SMALLEST_P_OF,
                    wave=Name(_who(protocol, wave)),
                    ways=ways,
                    p=Number(p, 4 if p < 0.01 else 2),
                )
            )
    mde = verdict_mde(protocol)
    relevant = Points(protocol.milestone.relevant_change_pp)
    said.append(
        say(Plan.MDE_LATER)
        if mde is None
        else say(Plan.MDE, share=Percent(100 * FOUR_OF_FIVE, 0), mde=Points(mde), relevant=relevant)
    )
    return said


def _clusters(protocol: Protocol) -> Statement:
    """Clusters among those that get the programme or are compared with, as planned."""
    by_school = protocol.estimand.comparison == "same_grades_other_schools"
    treated = set(protocol.treated)
    others = {cell for wave in protocol.group_waves for cell in controls(protocol, wave)}
    every, own = ({c[0] if by_school else c for c in cells} for cells in (treated | others, treated))
    return say(Plan.CLUSTERS, clusters=Count(len(every)), treated=Count(len(own)))


def _trial(protocol: Protocol) -> tuple[tuple[str, str], ...]:
    p = protocol
    waves = in_order(p, p.waves)
    who = say(
        Plan.WHO,
        waves=Names(tuple(_who(p, w) for w in waves)),
        schools=Count(len(p.schools)),
        names=Names(tuple(s.name for s in p.schools)),
    )
    against = "" if not p.treated else f"{capital(beside(p))}."
    if p.treated and not has_controls(p):
        against = _render(say(Plan.NOBODY))
    elif p.treated and not has_never_treated(p):
        against = f"{against} {_render(say(Plan.NO_COMPARISON))}"
    rows = [
        (PlanHeading.WHO, _render(who)),
        (PlanHeading.WHAT, f"{capital(p.study.programme)}."),
        (PlanHeading.FROM, " ".join(_told([_from(p, w) for w in waves]))),
        (PlanHeading.AGAINST, against),
        (PlanHeading.OUTCOME, _render(say(Plan.OUTCOME, outcome=Name(capital(p.primary_outcome.label))))),
        (
            PlanHeading.AFTER,
            _render(say(Plan.AFTER, months=Count(len(p.milestone.months)), sessions=Name(p.words.sessions))),
        ),
        (PlanHeading.MODEL, _render(say(_MODELS[p.estimand.model]))),
        (PlanHeading.RELEVANT, _render(say(Plan.RELEVANT, relevant=Points(p.milestone.relevant_change_pp)))),
    ]
    return tuple((_title(heading), text) for heading, text in rows if text)


def _from(protocol: Protocol, wave: Wave) -> Statement:
    who = Name(_who(protocol, wave))
    if wave.who == "listed_pupils":
        return say(Plan.LISTED, wave=who)
    code = Plan.FROM_ASSUMED if wave.is_assumption else Plan.FROM
    return say(code, wave=who, first=On(wave.planned_from), last=On(wave.planned_to))


def _part(protocol: Protocol, part: MilestonePart) -> Statement:
    code = _PARTS[part.answered_by]
    if code is Plan.BY_RULE and not has_controls(protocol):
        code = Plan.NOT_BY_RULE
    return say(code, part=Name(part.label), quote=Name(part.quote))


def _who(protocol: Protocol, wave: Wave) -> str:
    return capital(wave_name(protocol, wave))


def _month(of: tuple[int, int]) -> str:
    return month(dt.date(*of, 1))


def _title(heading: PlanHeading) -> str:
    return _render(say(heading))


def _told(statements: Sequence[Statement]) -> tuple[str, ...]:
    return tuple(map(_render, statements))


def _render(statement: Statement) -> str:
    return render(statement, ANALYST)
