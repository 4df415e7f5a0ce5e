"""What a report is made from, and the few ways of asking for a row of it.

Everything arrives here already protected by the disclosure gate: a hidden number is missing (or the marker
itself), never zero. Choosing which row answers which question belongs here, so that the report, the school
pages and the Målplan text can never choose differently.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

import pandas as pd

from evaluation.protocol import Protocol, Round, Wave
from evaluation.questions.certainty import CertaintyWord, Ground
from evaluation.questions.verdict import Cause, Demand, Direction, Word
from evaluation.reports.places import everybody, wave_name
from evaluation.tables import TABLES
from evaluation.words.danish import as_date, is_missing

T = TypeVar("T")

EFFECT_KEY = ("question", "estimator", "outcome", "group_kind", "group_id", "horizon", "weights")
"""The columns that name a row of ``out_effects``."""
_OVERALL = ("all", "overall", "", "nan", "None")


@dataclass(frozen=True)
class ReportInputs:
    """One round's released tables with what is needed to say where they come from.

    ``frames``: ``out_*`` tables by name; a missing or empty one makes its section say so in words.
    ``manifest``: ``protocol_hash``, ``is_frozen``, ``frozen_on``, ``changes_since_freeze``, ``input_hashes``,
    ``git_commit``, ``package_versions``, ``table_hashes`` and ``release`` notes; any of them may be missing.
    ``previous``: the last earlier round's frames. ``operating_characteristics``: scenario × method frame.
    ``disclosure_structure``: JSON of ``Release.structure()``, public knowledge that travels with each page.
    """

    protocol: Protocol
    round: Round
    frames: Mapping[str, pd.DataFrame]
    manifest: Mapping[str, Any] = field(default_factory=dict)
    previous: Mapping[str, pd.DataFrame] | None = None
    previous_round: Round | None = None
    previous_manifest: Mapping[str, Any] = field(default_factory=dict)
    operating_characteristics: pd.DataFrame | None = None
    disclosure_structure: str = ""

    def once(self, make: Callable[[ReportInputs], T]) -> T:
        """What is made of these inputs, made the first time a page asks for it. Nobody changes what comes back."""
        if make not in self._made:
            self._made[make] = make(self)
        return cast(T, self._made[make])

    @cached_property
    def _made(self) -> dict[Callable[[ReportInputs], Any], Any]:
        return {}

    def frame(self, name: str) -> pd.DataFrame:
        """The table, or its empty declaration when the round has none."""
        found = self.frames.get(name)
        return TABLES[name].empty() if found is None else found

    def earlier(self, name: str) -> pd.DataFrame:
        """The same table of the earlier round, empty when there is none."""
        found = None if self.previous is None else self.previous.get(name)
        return TABLES[name].empty() if found is None else found

    @property
    def primary(self) -> str:
        """Id of the outcome that decides the milestone."""
        return self.protocol.primary_outcome.id

    @property
    def last_year(self) -> str:
        """The baseline year nearest to the follow-up year."""
        return max(self.protocol.years.baseline)

    def group_word(self, plural: bool = False) -> str:
        """What the groups that get the programme are called: ``årgang`` where the protocol says so."""
        words = self.protocol.words
        return words.units if plural else words.unit

    @property
    def on_group(self) -> str:
        """The preposition that goes with the groups: ``på 6. årgang`` but ``i Primary``."""
        return self.protocol.words.on

    def school_name(self, school_id: str, short: bool = False) -> str:
        """The school's name; its id when the protocol does not know it."""
        for s in self.protocol.schools:
            if s.id == school_id:
                return s.short if short else s.name
        return school_id

    def described(
        self, period_kind: str, year: str, group_kind: str, outcome: str | None = None
    ) -> pd.DataFrame:
        """Rows of ``out_description`` for one kind of period, school year, kind of group and outcome (the primary one)."""
        key = (period_kind, year, group_kind, outcome or self.primary)
        found = self._described.get(key)
        return self.frame("out_description").iloc[:0] if found is None else found

    @cached_property
    def _described(self) -> dict[tuple[str, ...], pd.DataFrame]:
        """Every page asks for parts of the same table many times."""
        by = ["period_kind", "school_year", "group_kind", "outcome"]
        groups = self.frame("out_description").groupby(by, sort=False)
        return {tuple(map(str, key)): rows for key, rows in groups}

    def started_waves(self) -> tuple[Wave, ...]:
        """Waves whose programme had begun by the cut-off: by the log where there is one, else as planned."""
        return self._started

    @cached_property
    def _started(self) -> tuple[Wave, ...]:
        log = self.frame("out_implementation")
        begun = []
        for wave in self.protocol.waves:
            rows = log[(log["wave"] == wave.id) & log["first_on"].notna()]
            first = as_date(rows["first_on"].min()) if len(rows) else wave.planned_from
            if first <= self.round.cutoff:
                begun.append(wave)
        return tuple(begun)

    def wave_name(self, look: str) -> str:
        """A look at the milestone as it reads: ``6. årgang`` or ``alle indsatsårgange samlet``."""
        for wave in self.protocol.waves:
            if wave.id == look:
                return wave_name(self.protocol, wave)
        return everybody(self.protocol)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The frame's rows as plain mappings from column to value."""
    names = [str(c) for c in frame.columns]
    columns = ([None if v is pd.NA else v for v in frame[c].tolist()] for c in frame.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


@dataclass(frozen=True)
class Effect:
    """One row of ``out_effects``: percentage points, None where nothing is estimated."""

    question: str
    estimator: str
    outcome: str
    group_kind: str
    group_id: str
    horizon: str
    status: str
    estimate: float | None
    low: float | None
    high: float | None
    level: float | None
    band_low: float | None
    band_high: float | None
    p_permutation: float | None
    p_smallest: float | None
    mde: float | None
    baseline: float | None
    pupils: float | None
    clusters: float | None
    treated_clusters: float | None
    note: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Effect:
        """Read a row; missing numbers become None, missing texts empty."""
        return cls(
            question=text(row, "question"),
            estimator=text(row, "estimator"),
            outcome=text(row, "outcome"),
            group_kind=text(row, "group_kind"),
            group_id=text(row, "group_id"),
            horizon=text(row, "horizon"),
            status=text(row, "status") or "estimated",
            estimate=value(row, "estimate_pp"),
            low=value(row, "ci_low_pp"),
            high=value(row, "ci_high_pp"),
            level=value(row, "ci_level"),
            band_low=value(row, "band_low_pp"),
            band_high=value(row, "band_high_pp"),
            p_permutation=value(row, "p_permutation"),
            p_smallest=value(row, "p_smallest"),
            mde=value(row, "mde_pp"),
            baseline=value(row, "baseline_pct"),
            pupils=value(row, "pupils"),
            clusters=value(row, "clusters"),
            treated_clusters=value(row, "treated_clusters"),
            note=text(row, "note"),
        )


def value(row: Mapping[str, Any], column: str) -> float | None:
    """A number of a row, None when it is missing, hidden or not a number."""
    found = row.get(column)
    if is_missing(found):
        return None
    try:
        return float(found)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def text(row: Mapping[str, Any], column: str) -> str:
    """A text of a row, empty when it is missing."""
    found = row.get(column)
    return "" if is_missing(found) or str(found) in ("nan", "None", "<NA>") else str(found)


def effects(inputs: ReportInputs, question: str, outcome: str | None = None, **where: str) -> pd.DataFrame:
    """Rows of ``out_effects`` for a question, the protocol's weights and first estimator foremost."""
    frame = inputs.frame("out_effects")
    keep = (frame["question"] == question) & (frame["outcome"] == (outcome or inputs.primary))
    for column, wanted in where.items():
        keep &= frame[column].astype(str) == wanted
    found = frame[keep]
    rank = (
        (~found["horizon"].astype(str).isin(_OVERALL)).astype(int) * 4
        + (found["weights"] != inputs.protocol.estimand.weights).astype(int) * 2
        + (found["estimator"] != "imputation").astype(int)
    )
    return found.assign(_rank=rank).sort_values("_rank", kind="stable").drop(columns="_rank")


def main_effect(inputs: ReportInputs, outcome: str | None = None) -> Effect | None:
    """The one estimate behind "more than it would have anyway": the pooled one, else the only group's."""
    for kind in ("all", "treated", "grade"):
        rows = effects(inputs, "grade", outcome, group_kind=kind)
        if len(rows) and (kind != "grade" or rows["group_id"].nunique() == 1):
            return Effect.from_row(records(rows.head(1))[0])
    return None


@dataclass(frozen=True)
class Verdict:
    """One row of ``out_verdicts``. ``dots`` is None where nothing was judged."""

    look: str
    word: Word
    direction: Direction = Direction.NONE
    causes: tuple[Cause, ...] = ()
    earliest_on: dt.date | None = None
    unreached: tuple[tuple[str, str], ...] = ()
    met: tuple[Demand, ...] = ()
    failed: tuple[Demand, ...] = ()
    dots: int | None = None
    certainty: CertaintyWord = CertaintyWord.NONE
    grounds_met: tuple[Ground, ...] = ()
    grounds_failed: tuple[Ground, ...] = ()
    estimate: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def is_due(self) -> bool:
        """Whether the milestone's months were complete at the cut-off."""
        return self.word is not Word.NOT_YET


def verdicts(inputs: ReportInputs) -> tuple[Verdict, ...]:
    """All looks, the pooled one first, then the waves in the protocol's order."""
    return inputs.once(_verdicts)


def _verdicts(inputs: ReportInputs) -> tuple[Verdict, ...]:
    order = {"all": 0, **{w.id: i for i, w in enumerate(inputs.protocol.waves, start=1)}}
    rows = [_verdict(r) for r in records(inputs.frame("out_verdicts")) if _is_primary(inputs, r)]
    return tuple(sorted(rows, key=lambda v: order.get(v.look, 99)))


def headline(inputs: ReportInputs) -> Verdict | None:
    """The look page one speaks of: the pooled one, which alone decides."""
    found = verdicts(inputs)
    return next((v for v in found if v.look == "all"), found[0] if found else None)


def _is_primary(inputs: ReportInputs, row: Mapping[str, Any]) -> bool:
    return text(row, "outcome") in ("", inputs.primary)


def _verdict(row: Mapping[str, Any]) -> Verdict:
    earliest, dots = row.get("earliest_on"), value(row, "certainty_dots")
    return Verdict(
        look=text(row, "look"),
        word=Word(text(row, "verdict")),
        direction=Direction(text(row, "direction")),
        causes=tuple(map(Cause, text(row, "causes").split())),
        earliest_on=None if is_missing(earliest) else as_date(earliest),
        unreached=tuple(_cell(c) for c in text(row, "unreached").split()),
        met=tuple(map(Demand, text(row, "demands_met").split())),
        failed=tuple(map(Demand, text(row, "demands_failed").split())),
        dots=None if dots is None else int(dots),
        certainty=CertaintyWord(text(row, "certainty_word")),
        grounds_met=tuple(map(Ground, text(row, "grounds_met").split())),
        grounds_failed=tuple(map(Ground, text(row, "grounds_failed").split())),
        estimate=value(row, "estimate_pp"),
        low=value(row, "ci_low_pp"),
        high=value(row, "ci_high_pp"),
    )


def _cell(written: str) -> tuple[str, str]:
    school, _, grade = written.rpartition(":")
    return school, grade
