"""What page one is made of, as numbers: the same facts for every length, from the released tables and nothing else.

Here: which row answers which question, and the few sums a reader could make from printed numbers. Not here: any word
(:mod:`evaluation.reports.front`), any estimate. None is a number that is hidden or not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evaluation.interviews.joint_sentences import RELATIONS
from evaluation.questions.certainty import CertaintyWord, Ground
from evaluation.questions.verdict import Word
from evaluation.reports.html_tables import Mark
from evaluation.reports.inputs import (
    ReportInputs,
    Verdict,
    headline,
    main_effect,
    records,
    text,
    value,
)
from evaluation.reports.levels import after_talks
from evaluation.reports.page import description_mark, own_mark
from evaluation.reports.places import wave_names
from evaluation.words.danish import as_date, rounded

SCHOOL_DAYS_PER_YEAR = 200
"""School days of a Danish school year (folkeskoleloven § 14 a), for turning per cent into days."""
SIDES = (RELATIONS[0], RELATIONS[2])
"""Relations in which words and numbers speak of the same thing: with each other, or against."""
LONG_SPELL = "10+"
"""Two school weeks in a row: what "long" means in the goal until a study says otherwise."""


@dataclass(frozen=True)
class Number:
    """A printed number and where it comes from."""

    value: float
    mark: Mark


@dataclass(frozen=True)
class Of100:
    """Children of a hundred: those whose grades have had the programme and the others, this year and last."""

    now: Number
    before: Number | None = None
    others_now: Number | None = None
    others_before: Number | None = None

    @property
    def expected(self) -> float | None:
        """Last year's and what the others have moved since, in whole children; None where one of them is hidden."""
        if self.before is None or self.others_now is None or self.others_before is None:
            return None
        moved = rounded(self.others_now.value, 0) - rounded(self.others_before.value, 0)
        return max(rounded(self.before.value, 0) + moved, 0.0)

    @property
    def difference(self) -> float | None:
        """Children of a hundred more (or fewer) than expected."""
        return None if self.expected is None else rounded(self.now.value, 0) - self.expected


@dataclass(frozen=True)
class Headline:
    """The one number: absence in the months the estimate speaks of, in per cent of school days.

    ``expected`` is the measured level less the estimate. ``is_milestone``: all its months are complete.
    """

    measured: float
    before: float | None
    estimate: float
    low: float | None
    high: float | None
    is_milestone: bool

    @property
    def expected(self) -> float:
        """What the other grades and the own months before let expect."""
        return self.measured - self.estimate

    def days(self, pct: float) -> float:
        """Per cent or points as days per pupil in a school year, of the number as it is shown."""
        return rounded(rounded(pct) * SCHOOL_DAYS_PER_YEAR / 100)


@dataclass(frozen=True)
class Reach:
    """Places (school × grade) whose programme has begun: how many, how many show their coverage, how many reached enough."""

    places: int
    shown: int
    enough: int


@dataclass(frozen=True)
class Costs:
    """Hours and kroner entered up to the cut-off. ``pupils``: the treated groups' printed number."""

    hours: float
    amount_kr: float
    until: dt.date
    pupils: float | None

    def per_pupil(self, whole: float) -> float | None:
        """The amount for each pupil."""
        return whole / self.pupils if self.pupils else None


@dataclass(frozen=True)
class Quote:
    """Approved words, who said them, and whether they speak against."""

    words: str
    by: str
    is_against: bool = False


@dataclass(frozen=True)
class Facts:
    """Everything page one needs, asked of a round's released tables once."""

    inputs: ReportInputs

    @cached_property
    def verdict(self) -> Verdict | None:
        """The pooled look."""
        return headline(self.inputs)

    @property
    def is_final(self) -> bool:
        """Whether the round is the last of the plan."""
        return self.inputs.round.kind == "final"

    @property
    def groups(self) -> str:
        """The groups whose programme has begun, as they read in a sentence; all that will, where none has."""
        p = self.inputs.protocol
        return wave_names(p, self.inputs.started_waves() or p.waves)

    @cached_property
    def over_ten(self) -> Of100 | None:
        """Pupils absent more than a tenth of their school days."""

        def share(year: str, kind: str) -> Number | None:
            for row in records(self.inputs.described("year_to_date", year, kind)):
                found = value(row, "over_10_pct")
                return None if found is None else Number(found, description_mark(row, "over_10_pct"))
            return None

        return self._of_100(share)

    @cached_property
    def long_spells(self) -> Of100 | None:
        """Pupils away two school weeks in a row at least once."""
        rows = self.inputs.frame("out_patterns")
        rows = rows[rows["pattern"].eq("long_spells") & rows["level"].eq(LONG_SPELL)]

        def share(year: str, kind: str) -> Number | None:
            for row in records(rows[rows["school_year"].eq(year) & rows["group_kind"].eq(kind)]):
                found, mark = value(row, "share_pct"), own_mark(row, "share_pct")
                return None if found is None else Number(found, mark or Mark(model="out_patterns.share_pct"))
            return None

        return self._of_100(share)

    def _of_100(self, share: Any) -> Of100 | None:
        if not self.inputs.started_waves():
            return None
        now, before = self.inputs.protocol.years.follow_up, self.inputs.last_year
        first = share(now, "treated")
        if first is None:
            return None
        return Of100(first, share(before, "treated"), share(now, "comparison"), share(before, "comparison"))

    @cached_property
    def pupils(self) -> Number | None:
        """Pupils whose grades have begun."""
        year = self.inputs.protocol.years.follow_up
        for row in records(self.inputs.described("year_to_date", year, "treated")):
            found = value(row, "pupils")
            return None if found is None else Number(found, description_mark(row, "pupils"))
        return None

    @cached_property
    def headline(self) -> Headline | None:
        """The milestone's number where it is due, else what is seen so far; None where a month of it is hidden."""
        v = self.verdict
        is_due = v is not None and v.is_due and v.estimate is not None
        if v is not None and is_due:
            estimate, low, high = v.estimate, v.low, v.high
        else:
            effect = main_effect(self.inputs)
            if effect is None or effect.estimate is None or effect.status != "estimated":
                return None
            estimate, low, high = effect.estimate, effect.low, effect.high
        now, then = after_talks(self.inputs, self.inputs.protocol.milestone.months if is_due else None)
        if now.absence is None or estimate is None:
            return None
        return Headline(now.absence, then.absence, estimate, low, high, is_due)

    @cached_property
    def reach(self) -> Reach | None:
        """How the talks reached their pupils, place by place; None without a log."""
        begun = {w.id for w in self.inputs.started_waves()}
        rows = [r for r in records(self.inputs.frame("out_implementation")) if r["wave"] in begun]
        if not rows:
            return None
        shares = [x for r in rows if (x := value(r, "coverage_pct")) is not None]
        least = self.inputs.protocol.talks.minimum_coverage_pct
        return Reach(len(rows), len(shares), sum(x >= least for x in shares))

    @cached_property
    def costs(self) -> Costs | None:
        """What has been entered so far; None where nothing is."""
        rows = self.inputs.frame("out_costs")
        if not len(rows):
            return None
        pupils = self.pupils.value if self.pupils else None
        return Costs(
            float(rows["hours"].sum()),
            float(rows["amount_kr"].sum()),
            as_date(rows["entered_on"].max()),
            pupils,
        )

    @cached_property
    def quotes(self) -> tuple[Quote, ...]:
        """At most two approved quotes for and one against, pupils' own words first."""
        rows = records(self.inputs.frame("out_joint_display"))
        found = [Quote(w, text(r, "quote_attribution")) for r in rows if (w := text(r, "quote"))]
        found.sort(key=lambda q: "elev" not in q.by)
        against = [
            Quote(w, text(r, "quote_against_attribution"), is_against=True)
            for r in rows
            if (w := text(r, "quote_against"))
        ]
        return (*found[:2], *against[:1])

    @cached_property
    def sources(self) -> float | None:
        """Interviews and minutes behind the voices; None where their number is hidden."""
        rows = self.inputs.frame("out_themes")
        totals = rows.loc[rows["group_kind"] == "all", "sources_total"].dropna()
        return float(totals.max()) if len(totals) else None

    @cached_property
    def experienced(self) -> Mapping[str, Any] | None:
        """The sign of the goal that both numbers and voices speak of: do people see a fall themselves?"""
        rows = [
            r
            for r in records(self.inputs.frame("out_joint_display"))
            if value(r, "estimate_pp") is not None and text(r, "qual_summary")
        ]
        told = [r for r in rows if text(r, "relation") in SIDES]
        heard = [r for r in rows if text(r, "relation") != RELATIONS[3]]
        return next(iter((*told, *heard, *rows)), None)

    @cached_property
    def followed(self) -> tuple[float, float, float] | None:
        """Pupils with a follow-up against equally high ones in grades without talks: estimate, low, high in points."""
        rows = self.inputs.frame("out_targeted")
        rows = rows[rows["group_id"].eq("all") & rows["estimator"].eq("follow_up_same_windows")]
        for row in records(rows):
            ends = [value(row, c) for c in ("estimate_pp", "ci_low_pp", "ci_high_pp")]
            if None not in ends:
                return ends[0] or 0.0, ends[1] or 0.0, ends[2] or 0.0
        return None

    @property
    def certainty(self) -> CertaintyWord:
        """Of the headline number: the verdict's where one was given."""
        return self.verdict.certainty if self.verdict is not None else CertaintyWord.NONE

    @cached_property
    def weakest(self) -> tuple[Ground, ...]:
        """The demands that failed, in order of weight."""
        return self.verdict.grounds_failed if self.verdict is not None else ()

    @cached_property
    def is_fragile(self) -> bool:
        """Whether the smallest skew that was tried takes the result away: the interval at it covers nought."""
        v, rows = self.verdict, self.inputs.frame("out_honest")
        if v is None or v.word not in (Word.ACHIEVED, Word.SMALL_FALL):
            return False
        rows = rows[rows["look"].eq("all") & rows[["bound", "ci_low_pp", "ci_high_pp"]].notna().all(axis=1)]
        first = rows.sort_values("bound").groupby("restriction").head(1)
        return bool((first["ci_low_pp"].le(0) & first["ci_high_pp"].ge(0)).any())
