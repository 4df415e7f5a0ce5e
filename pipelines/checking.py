"""What ``komglad check`` finds: the ledger of every file, what is in quarantine, and what the checks say. Writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pandas as pd
import pyarrow as pa

from evaluation.door.control import Sum, control_total
from evaluation.door.questions import Question
from evaluation.door.understood import Understood, understood_of
from evaluation.errors import KomgladError, Problem
from evaluation.expectations import CHECKED_TABLES, NEEDS, CheckResult, raise_if_crashed, run_suite
from evaluation.intake import read_round
from evaluation.panel.core import register_tables
from evaluation.protocol import Protocol, Round
from evaluation.questions.voices import override_problems
from evaluation.study import Study, load_study
from evaluation.tables.relations import Relation, Stored, frame_of
from evaluation.voices_intake import UnderstoodVoices
from evaluation.words import ANALYST
from evaluation.words.danish import date
from evaluation.words.design import CHECKED, WHY
from pipelines import private
from pipelines.engines import engine_of
from pipelines.known_round import known_round
from pipelines.noted import Noted
from pipelines.release_ledger import approved_rounds
from pipelines.resources import KeySource, places_of
from pipelines.settings import Settings
from pipelines.storage import Warehouse
from pipelines.sweep import CHECKING, working_aside
from pipelines.told import danish_words


@dataclass(frozen=True)
class Findings:
    """Everything about an inbox for one round; for the analyst's own eyes.

    ``files``: every file that was found, read or not, with the questions it waits for and the columns nobody reads.
    """

    study: Study
    round_id: str
    ledger: pd.DataFrame
    quarantine: pd.DataFrame
    problems: tuple[Problem, ...]
    waiting: tuple[str, ...]
    results: tuple[CheckResult, ...]
    noted: Noted
    voices: tuple[UnderstoodVoices, ...] = ()
    understood: Mapping[str, Understood] = field(default_factory=dict)
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sheets_unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sums: Mapping[str, tuple[Sum, ...]] = field(default_factory=dict)
    exposed: str = ""
    """What others on this machine may read, in a sentence."""

    @property
    def refused(self) -> tuple[CheckResult, ...]:
        """Results that would stop the round."""
        return tuple(r for r in self.results if r.is_blocking)

    @property
    def warnings(self) -> tuple[CheckResult, ...]:
        """Results that call for a look."""
        return tuple(r for r in self.results if not r.is_passed and not r.is_blocking)

    @property
    def open_warnings(self) -> tuple[CheckResult, ...]:
        """Those that nobody has accepted yet, or that have grown since."""
        return tuple(r for r in self.warnings if self.noted.reason_for(r) is None)

    @property
    def accepted_warnings(self) -> tuple[tuple[CheckResult, str], ...]:
        """Those that were looked at and accepted, with the reason."""
        reasons = ((r, self.noted.reason_for(r)) for r in self.warnings)
        return tuple((r, reason) for r, reason in reasons if reason is not None)

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {
            "round": self.round_id,
            "would_run": not self.problems and not self.refused,
            "files": [self._file(name) for name in self.names],
            "quarantine": self.quarantine.astype(object)
            .where(self.quarantine.notna(), None)
            .to_dict("records"),
            "interviews": [_voices_of(v) for v in self.voices],
            "problems": [problem_as_dict(p) for p in self.problems],
            "open_to_others": self.exposed,
            "waiting_for_a_later_round": list(self.waiting),
            "checks": [self._check(r) for r in self.results],
        }

    @property
    def names(self) -> list[str]:
        """Files of the ledger, and those that were not read."""
        files = {p.file for p in self.problems if p.file and not p.file.endswith(".toml")}
        return sorted({*self.ledger["source_file"], *self.questions, *files})

    def _file(self, name: str) -> dict[str, Any]:
        row = self.ledger[self.ledger["source_file"] == name]
        counts = [c for c in self.ledger.columns if c.startswith("rows_")]
        understood = self.understood.get(name)
        return {
            "file": name,
            "kind": None if row.empty else str(row["source_kind"].iloc[0]),
            "sheets_unread": list(self.sheets_unread.get(name.split("#")[0], ())),
            "columns_unread": list(self.unread.get(name, ())),
            "rows": {} if row.empty else {c.removeprefix("rows_"): int(row[c].iloc[0]) for c in counts},
            "understood": {}
            if understood is None
            else understood.as_dict() | {"control_total": control_total(self.sums.get(name, ()))},
            "open_questions": [q.as_dict() for q in self.questions.get(name, ())],
        }

    def _check(self, r: CheckResult) -> dict[str, Any]:
        return {
            "check": r.check_name,
            "table": r.table_name,
            "group": r.group_id,
            "severity": r.severity,
            "passed": r.is_passed,
            "count": ANALYST.number(r.count),
            "of_total": ANALYST.number(r.of_total),
            "rows": list(r.row_numbers),
            "sentence": r.text(ANALYST),
            "id": self.noted.id_of(r),
            "noted": self.noted.reason_for(r),
        }


def problem_as_dict(p: Problem) -> dict[str, Any]:
    """A problem for machines."""
    return {"file": p.file, "line": p.line, "column": p.column, "found": p.found, "rule": p.rule,
            "expected": p.expected, "next": p.next_step}  # fmt: skip


def refusal_as_dict(round_id: str | None, refusal: KomgladError) -> dict[str, Any]:
    """The same object where nothing could be read at all: a mapping, the protocol or the key is wrong."""
    problems = refusal.problems or (Problem("", found=refusal.message),)
    return {"round": round_id, "would_run": False, "files": [], "quarantine": [], "interviews": [],
            "problems": [problem_as_dict(p) for p in problems], "waiting_for_a_later_round": [], "checks": []}  # fmt: skip


def check_named_round(settings: Settings, round_id: str) -> Findings:
    """The findings for a round of the study."""
    study = load_study(settings.study)
    return check_round(settings, study, known_round(study, round_id))


def which_round(settings: Settings, round_id: str | None) -> tuple[str, str]:
    """The round that is meant, and in words why where none is named."""
    if round_id is not None:
        return round_id, ""
    today = dt.datetime.now(dt.UTC).date()
    chosen, why = chosen_round(load_study(settings.study).protocol, today, approved_rounds(settings.data))
    return chosen.id, why


def chosen_round(protocol: Protocol, today: dt.date, approved: Collection[str]) -> tuple[Round, str]:
    """The round somebody means who names none, and why: the newest that can be made and is not approved, else the next."""
    open_ = [r for r in protocol.rounds if r.cutoff < today and r.id not in approved]
    ahead = [r for r in protocol.rounds if r.cutoff >= today]
    chosen, why = (
        (open_[-1], "waits") if open_ else (ahead[0], "next") if ahead else (protocol.rounds[-1], "last")
    )
    reason = WHY[why].format(cutoff=date(chosen.cutoff))
    return chosen, CHECKED.format(title=chosen.title, id=chosen.id, why=reason)


def check_round(settings: Settings, study: Study, the_round: Round) -> Findings:
    """Read the inbox as a run would, make the core tables that checks look at, and judge them all.

    The tables lie in a folder of the owner's while they are judged, so that no export is too large.
    """
    key = KeySource(settings).load()
    places = places_of(settings)
    exposed, noted = private.open_to_others(settings.data), Noted.read(settings.data, key.for_seals)
    with working_aside(settings.data, CHECKING) as folder, engine_of(settings):
        aside = Warehouse(folder)

        def keep(name: str, rows: pa.RecordBatchReader) -> Stored:
            path, _ = aside.write_stream(the_round.id, name, rows)
            return Stored(name, path)

        intake = read_round(
            settings.incoming,
            study,
            round_id=the_round.id,
            key=key,
            sql_addresses=places.sql_addresses,
            forgotten=places.read_forgotten(key),
            scratch=folder,
        )
        tables: dict[str, Relation] = {n: keep(n, intake.tables.reader(n)) for n in intake.tables}
        if not intake.problems:
            tables |= register_tables(tables, the_round.cutoff, keep)
        results: list[CheckResult] = []
        for name in CHECKED_TABLES:
            if name in tables:
                others = {n: tables[n] for n in NEEDS.get(name, ()) if n in tables}
                results += run_suite(
                    name, tables[name], study.protocol, others=others, cutoff=the_round.cutoff
                )
        raise_if_crashed(results)
        return Findings(
            study,
            the_round.id,
            frame_of(tables["raw_ledger"]),
            frame_of(tables["raw_quarantine"]),
            (*intake.problems, *override_problems(study)),
            intake.waiting,
            tuple(results),
            noted,
            intake.voices,
            understood_of(tables, [t.id for t in study.protocol.absence_types]),
            intake.questions,
            intake.unread,
            intake.sheets_unread,
            intake.sums,
            private.warning(exposed, settings.data) if exposed else "",
        )


def _voices_of(understood: UnderstoodVoices) -> dict[str, Any]:
    return {
        "file": understood.file,
        "documents": understood.documents,
        "segments": understood.segments,
        "coders": list(understood.coders),
        "consent": dict(understood.consent),
        "problems": [
            asdict(p) | {"danish": danish_words(p.rule, p.found, p.next_step, p.expected).found}
            for p in understood.problems
        ],
    }
