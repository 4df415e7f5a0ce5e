"""What a protocol must not contradict: rules between its parts, each refusal with its place, what is right and what to do.

What one part may hold by itself is :mod:`evaluation.protocol`'s; that a study cannot succeed is no fault of its protocol and
is told by the plan.
Sentences are in :mod:`evaluation.words.design`.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from evaluation.design import COMPARED, controls
from evaluation.measures import DAYS, MEASURES
from evaluation.protocol import Protocol
from evaluation.words.design import BROKEN, NEAREST


@dataclass(frozen=True)
class Broken:
    """A contradiction: the block and key it stands in (with the number of the block where there are several), what it is, as
    a key of :data:`evaluation.words.design.BROKEN`, and the values its words take."""

    place: tuple[str | int, ...]
    what: str
    values: Mapping[str, object]

    @property
    def words(self) -> tuple[str, str, str]:
        """Found, expected, and what to do."""
        found, expected, next_step = (t.format(**self.values) for t in BROKEN[self.what])
        return found, expected, next_step


def _no(*place: str | int, what: str, **values: object) -> Broken:
    return Broken(place, what, values)


def broken(p: Protocol) -> list[Broken]:
    """Everything in the protocol that contradicts something else in it."""
    rules = (_twice, _unknown, _waves, _comparison, _outcomes, _milestone, _time, _rounds, _targeted)
    return [found for rule in rules for found in rule(p)]


def _twice(p: Protocol) -> Iterator[Broken]:
    lists: dict[tuple[str, str], list[str]] = {
        ("schools", "id"): [s.id for s in p.schools],
        ("schools", "name"): [s.name for s in p.schools],
        ("schools", "short"): [s.short for s in p.schools],
        ("grades", "order"): list(p.grades.order),
        ("waves", "id"): [w.id for w in p.waves],
        ("rounds", "id"): [r.id for r in p.rounds],
        ("absence_types", "id"): [t.id for t in p.absence_types],
        ("outcomes", "id"): [o.id for o in p.outcomes],
        ("thresholds", "id"): [t.id for t in p.thresholds],
        ("data_sets", "id"): [d.id for d in p.data_sets],
    }
    for (block, key), values in lists.items():
        for value, n in Counter(values).items():
            if n > 1:
                yield _no(block, key, what="twice", value=value, n=n)


def _unknown(p: Protocol) -> Iterator[Broken]:
    """References to something that is not declared."""
    types, schools, grades = [t.id for t in p.absence_types], [s.id for s in p.schools], list(p.grades.order)
    for n, w in enumerate(p.waves):
        yield from _among(("waves", n, "grades"), "unknown_grade", w.grades, grades)
        yield from _among(("waves", n, "schools"), "unknown_school", w.schools, schools)
    yield from _among(("grades", "half_days"), "unknown_grade", p.grades.half_days, grades)
    for n, o in enumerate(p.outcomes):
        yield from _among(("outcomes", n, "types"), "unknown_type", o.types, types)
        yield from _among(("outcomes", n, "measure"), "unknown_measure", [o.measure], [DAYS, *MEASURES])
    for n, t in enumerate(p.thresholds):
        yield from _among(("thresholds", n, "types"), "unknown_type", t.types, types)


def _among(
    place: tuple[str | int, ...], what: str, values: Iterable[str], known: Sequence[str]
) -> Iterator[Broken]:
    for value in values:
        if value not in known:
            near = get_close_matches(value, known, 1, 0.4) or known[:1]
            said = {"value": value, "known": ", ".join(known), "nearest": NEAREST.format(word=near[0])}
            yield Broken(place, what, said)


def _waves(p: Protocol) -> Iterator[Broken]:
    for n, w in enumerate(p.waves):
        if w.planned_to < w.planned_from:
            yield _no("waves", n, "planned_to", what="wave_backwards", to=w.planned_to, begin=w.planned_from)
        for key, day in (("planned_from", w.planned_from), ("planned_to", w.planned_to)):
            yield from _in_follow_up(p, ("waves", n, key), day)
        if w.ends_on is not None and w.ends_on < w.planned_to:
            yield _no("waves", n, "ends_on", what="ends_early", end=w.ends_on, to=w.planned_to)
        if w.who == "listed_pupils" and p.targeted is None:
            yield _no("waves", n, "who", what="list_without_rule")
    for school in p.schools:
        for grade in p.grades.order:
            both = [w.id for w in p.group_waves if w.covers(school.id, grade)]
            if len(both) > 1:
                place = f"{p.grades.name(grade)} ({school.name})"
                yield _no("waves", what="overlap", place=place, waves=", ".join(both))
                return


def _comparison(p: Protocol) -> Iterator[Broken]:
    """A comparison that nobody belongs to, where another one has somebody."""
    if not p.group_waves or any(controls(p, w) for w in p.group_waves):
        return
    others = [c for c in COMPARED if any(controls(p, w, c) for w in p.group_waves)]
    if others:
        yield _no(
            "estimand",
            "comparison",
            what="nobody_to_compare",
            value=p.estimand.comparison,
            known=", ".join(others),
            first=others[0],
        )


def _outcomes(p: Protocol) -> Iterator[Broken]:
    n = sum(o.is_primary for o in p.outcomes)
    if n != 1:
        yield _no("outcomes", "is_primary", what="primary", n=n)
    for k, o in enumerate(p.outcomes):
        if o.is_primary and o.measure != DAYS:
            yield _no("outcomes", k, "measure", what="primary_measure", value=o.measure, all=DAYS)
    if "{grade}" not in p.grades.label:
        yield _no("grades", "label", what="grade_label", value=p.grades.label)


def _milestone(p: Protocol) -> Iterator[Broken]:
    parts = p.milestone.parts
    for n, part in enumerate(parts):
        if part.quote not in p.milestone.text:
            yield _no("milestone", "parts", n, "quote", what="quote", value=part.quote)
        if part.answered_by == "interviews" and not part.sign:
            yield _no("milestone", "parts", n, "sign", what="no_sign")
    decided = sum(part.answered_by == "verdict" for part in parts)
    if parts and decided != bool(p.group_waves):
        yield _no("milestone", "parts", what="deciding_parts", n=decided)
    if p.estimand.beside_model == p.estimand.model:
        yield _no("estimand", "beside_model", what="same_model")


def _time(p: Protocol) -> Iterator[Broken]:
    years = p.years
    late = [y for y in years.baseline if y >= years.follow_up]
    if late:
        yield _no("years", "baseline", what="baseline_late", value=", ".join(late), year=years.follow_up)
    if years.placebo is not None and years.placebo not in years.baseline:
        known = ", ".join(years.baseline)
        yield _no("years", "placebo", what="placebo", value=years.placebo, known=known)
    for year in (*years.baseline, years.follow_up):
        if (int(year[:4]) + 1) % 100 != int(year[5:]):
            yield _no("years", what="no_school_year", value=year)


def _rounds(p: Protocol) -> Iterator[Broken]:
    for n, r in enumerate(p.rounds):
        yield from _in_follow_up(p, ("rounds", n, "cutoff"), r.cutoff)
        if r.report_date < r.cutoff:
            yield _no("rounds", n, "report_date", what="report_early", report=r.report_date, cutoff=r.cutoff)
    if list(p.rounds) != sorted(p.rounds, key=lambda r: r.cutoff):
        yield _no("rounds", what="round_order")
    finals = [r.id for r in p.rounds if r.kind == "final"]
    if finals != [p.rounds[-1].id]:
        yield _no("rounds", "kind", what="final_round", n=len(finals))


def _in_follow_up(p: Protocol, place: tuple[str | int, ...], day: dt.date) -> Iterator[Broken]:
    year = p.years.follow_up
    if p.years.of(day) != year:
        first = dt.date(int(year[:4]), p.years.starts_month, 1)
        last = first.replace(year=first.year + 1) - dt.timedelta(days=1)
        yield _no(*place, what="outside_year", day=day, year=year, first=first, last=last)


def _targeted(p: Protocol) -> Iterator[Broken]:
    rule = p.targeted
    if rule is not None and list(rule.bands_pct) != sorted(set(rule.bands_pct)):
        yield _no("targeted", "bands_pct", what="bands")
    if rule is not None and rule.minimum_school_days > rule.window_school_days:
        yield _no(
            "targeted",
            "minimum_school_days",
            what="window",
            value=rule.minimum_school_days,
            window=rule.window_school_days,
        )
    for n, t in enumerate(p.thresholds):
        if t.in_force_until is not None and t.in_force_until < t.in_force_from:
            yield _no(
                "thresholds",
                n,
                "in_force_until",
                what="threshold_dates",
                until=t.in_force_until,
                begin=t.in_force_from,
            )
