"""One round's intake: every file of the inbox through the door, into raw tables, quarantine and ledger.

This module only orchestrates: which files (:mod:`~evaluation.door.files`), how their bytes become columns (the
readers), what they say (:mod:`~evaluation.door.kinds`), what replaces what (:mod:`~evaluation.door.overlap`).
Identifiers are gone before a row is staged; what is returned holds none.
"""

from __future__ import annotations

import datetime as dt
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from evaluation.door.alike import Alike, number_parts
from evaluation.door.calendar import Span, build_calendar, read_spans
from evaluation.door.control import Sum, Sums
from evaluation.door.desk import Desk
from evaluation.door.ends import Ends, see_ends
from evaluation.door.fields import Fields
from evaluation.door.files import (
    Incoming,
    covered_period,
    export_date,
    find_incoming,
    fingerprint,
    refuse_if_changed,
)
from evaluation.door.inbox_calendar import calendar_spans
from evaluation.door.kinds import KINDS
from evaluation.door.landed import Landed
from evaluation.door.ledger import Ledger, lines
from evaluation.door.left_out import OUT_OF_ROUND, SKIPPED, leave_out
from evaluation.door.mapping import ROUTED, read_mappings
from evaluation.door.mapping import Mapping as FileMapping
from evaluation.door.overlap_logs import ANOTHER_LOG
from evaluation.door.overlap_totals import ANOTHER_SUM, TWO_PERIODS
from evaluation.door.overlap_undated import WHICH_IS_NEWER
from evaluation.door.pages import UNCLEAR, Preamble
from evaluation.door.produce import raw_tables
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.quarantine import Quarantine
from evaluation.door.questions import Question
from evaluation.door.readers import open_source
from evaluation.door.registers import with_ids
from evaluation.door.running import running_totals
from evaluation.door.scrutiny import Scrutiny, StillOpen
from evaluation.door.sheet_titles import places_of, unclear_sheet
from evaluation.door.stage import Stage
from evaluation.door.taken_back import TAKEN_BACK, note_negatives, taken_back
from evaluation.door.wide import told_apart
from evaluation.errors import InputError, Problem
from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.tables import table

ORDER = ("calendar", "pupils", "absence", "totals", "talks", "consents")
"""Rosters before everything that refers to a pupil, calendars before everything with a day."""


OVERLAP = Question(
    "column",
    "overlap",
    "et nyere udtræk af samme dage har ikke alt det, som dette har",
    "spørg skolen, om hvert udtræk er fuldstændigt for sin periode, og skriv svaret i den mapping, der læser det nyere: "
    'overlap = "whole_period" (det nyere gælder, også det, der er slettet) eller "pupil_day" (det ældre tæller med, hvor '
    "det nyere intet siger)",
)


COMPLETE = Question(
    "column",
    "complete_for",
    "udtrækket siges at være fuldstændigt, men mangler en stor del af dagene, som ældre udtræk har i",
    "er det fuldstændigt for klassen, så ældre dage, det ikke har, er slettet ved kilden? Skriv de klasser, det er "
    'fuldstændigt for: complete_for = { "filens navn" = ["6.B"] } (* kan stå i navnet)',
)


PERIOD = Question(
    "column",
    "period",
    "udtrækket siges at være fuldstændigt, men et ældre udtræk af samme dage har rækker før dets første eller efter dets "
    "sidste",
    'hvilke dage dækker det? period = "to_export" (fra skoleårets start til udtrækkets dag: de ældre rækker er slettet ved '
    'kilden), "rows" (kun fra sin første til sin sidste række: de ældre gælder stadig), eller stedet, hvor perioden står',
)


TWO_GROUPS = Question(
    "column",
    "overlap",
    "har tal for samme årgang og periode som et ældre udtræk, og ingen af dem nævner en klasse; det ældre er",
    'er det en rettelse, så skriv overlap = "pupil_day" (det nyere gælder); er det en anden klasse, så skriv class i '
    '[columns], fx class = { file_name = "([0-9]\\.?[A-Z])" }',
)


@dataclass(frozen=True)
class Intake:
    """What came through the door for one round.

    ``tables``: every raw_ table the door makes, by name, as frames or in pieces. ``problems``: refusals of whole
    files; a round should not be run while there are any. ``questions``: what each of them waits for; ``unread``: the
    columns, and ``sheets_unread`` the visible sheets, of each file that no mapping reads. ``waiting``: names of files
    that belong to a later round. ``sums``: those that a file carries, held against its rows.
    ``interview_files`` and ``form_files``: checked files for their own readers. ``name_matcher_tokens``: keyed hashes
    of roster name parts (:class:`evaluation.disclosure.names.NameMatcher`).
    """

    round_id: str
    key_id: str
    tables: Landed
    problems: tuple[Problem, ...]
    waiting: tuple[str, ...]
    interview_files: tuple[tuple[Path, FileMapping], ...]
    form_files: tuple[tuple[Path, FileMapping], ...]
    name_matcher_tokens: tuple[str, ...] = field(repr=False)
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sheets_unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sums: Mapping[str, tuple[Sum, ...]] = field(default_factory=dict)

    def raise_for_problems(self) -> None:
        """Raise :class:`InputError` with every refusal at once, when there is any."""
        if self.problems:
            raise InputError(f"{len(self.problems)} problem(s) in the incoming files", self.problems)


def read_incoming(
    incoming: Path,
    study: Study,
    *,
    round_id: str,
    key: PseudonymKey,
    sql_addresses: Mapping[str, str] | None = None,
    forgotten: Collection[str] = (),
    on_file: Callable[[str], None] | None = None,
    scratch: Path | None = None,
) -> Intake:
    """Read everything the inbox holds for a round.

    Args:
        incoming: the inbox. Nothing outside it is read but the study's own files.
        study: the study with its mappings and calendar.
        round_id: rows after this round's cut-off stay out and are counted. Files exported after its report date are
            not opened, so that a round can be made again when later deliveries lie beside it; they are named.
        key: pseudonym key.
        sql_addresses: SQLAlchemy addresses by the name of the environment variable that mappings name.
        forgotten: pupil keys that must not come through (:func:`evaluation.door.forget.read_forgotten`).
        on_file: called with each file's name before it is read.
        scratch: where rows without identifiers may be spilled when memory is short (default: the system's place).

    Raises:
        ProtocolError: mappings or calendar are wrong. Files that are refused do not raise: see ``problems``.
    """
    protocol = study.protocol
    the_round = _round(study, round_id)
    types = [t.id for t in protocol.absence_types]
    mappings = read_mappings(study.mappings, type_ids=types, undecided=True)
    spans = read_spans(study.file("calendar.csv"), protocol)
    inbox = find_incoming(incoming, mappings)
    sources = tuple(s for s in inbox.sources if not _is_after(s, the_round))
    waiting = tuple(s.name for s in inbox.sources if _is_after(s, the_round))
    session = _Session(
        the_round, Stage(scratch), Ledger(key.key_id), list(inbox.problems), sql_addresses or {}
    )

    def each(kind: str) -> Iterable[Incoming]:
        for source in sources:
            if source.mapping.kind == kind:
                if on_file:
                    on_file(source.name)
                yield source

    for source in each("calendar"):
        spans = (*spans, *session.read_calendar(source, study))
    desk = Desk(protocol, build_calendar(spans, protocol), key, forgotten=frozenset(forgotten))
    for source in each("pupils"):
        session.read(source, desk)
    desk = session.desk_with_roster(desk)
    for kind in ORDER[2:]:
        for source in each(kind):
            session.read(source, desk)
    routed = {kind: [s for s in each(kind) if session.passes(s)] for kind in sorted(ROUTED)}
    session.ledger.add_sheets(inbox.unread)
    tables = session.tables(desk)
    return Intake(
        round_id,
        key.key_id,
        tables,
        tuple(sorted(session.problems, key=str)),
        waiting,
        tuple((s.path, s.mapping) for s in routed["interviews"]),
        tuple((s.path, s.mapping) for s in routed["school_forms"]),
        tuple(sorted(session.name_tokens)),
        session.questions,
        session.unread,
        inbox.unread,
        {p.source.name: p.sums for p in session.ledger.pages if p.sums and not p.is_refused},
    )


@dataclass
class _Session:
    """What grows while files are read."""

    round: Round
    stage: Stage
    ledger: Ledger
    problems: list[Problem]
    sql_addresses: Mapping[str, str]
    name_tokens: set[str] = field(default_factory=set)
    local_ids: dict[str, str] = field(default_factory=dict)
    questions: dict[str, tuple[Question, ...]] = field(default_factory=dict)
    unread: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def read(self, source: Incoming, desk: Desk) -> None:
        """One file into the stage. A refused file leaves no rows behind."""
        number = self.ledger.open(source)
        page = self.ledger.pages[number]
        quarantine = Quarantine(self.stage, number)
        tokens: set[str] = set()
        local: dict[str, str] = {}
        starts_month = desk.protocol.years.starts_month
        try:
            if questions := (*source.mapping.questions, *unclear_sheet(source, desk.protocol)):
                raise StillOpen(source.name, questions)
            with ExitStack() as stack:
                reading, seal = open_source(source, stack, self.sql_addresses)
                parse = KINDS[source.mapping.kind]
                used = source.mapping.used_columns
                self.unread[source.name] = tuple(h for h in reading.header if h and h not in used)
                if (day := export_date(source.name, source.mapping, reading.preamble)) is not None:
                    source = page.source = replace(source, exported_on=day)
                page.period = covered_period(source, reading.preamble, starts_month)
                sums = Sums(source.mapping)
                scrutiny = Scrutiny(source.mapping, reading.epoch_1904, places_of(desk.protocol))
                alike = Alike(source.mapping)
                ends = Ends.of(source.mapping)
                unclear: list[int] = []
                for chunk in reading.chunks:
                    unclear += chunk.unclear
                    if chunk.pages and page.period:
                        page.period = _spanned(source, page.period, chunk.pages, starts_month)
                    self.ledger.add_rows(number, chunk)
                    scrutiny.see(chunk)
                    sums.see(chunk)
                    chunk = told_apart(chunk, source.mapping)
                    fields = Fields.of(desk, source, reading, chunk, quarantine)
                    see_ends(ends, fields)
                    staged = parse(fields, self.round.cutoff)
                    note_negatives(
                        self.stage, source.mapping.kind, staged.columns | {"school": staged.school},
                        fields.is_negative, number, chunk.rows,
                    )  # fmt: skip
                    late = staged.is_late | self._exported_late(staged.columns["exported"])
                    late &= ~fields.is_outside
                    good = ~fields.is_bad
                    outside = self.ledger.add_parsed(number, chunk, fields.is_bad, late & good, staged.school)
                    after = np.intersect1d(
                        outside, chunk.rows[self._exported_late(staged.columns["exported"])]
                    )
                    leave_out(self.stage, number, after, OUT_OF_ROUND, "exported_late")
                    leave_out(self.stage, number, np.setdiff1d(outside, after), OUT_OF_ROUND, "outside_dates")
                    for reason, rows in chunk.skipped.items():
                        leave_out(self.stage, number, rows, SKIPPED, reason)
                    tokens |= staged.name_tokens
                    local = with_ids(local, staged.local_ids)
                    keep = good & ~late & ~fields.is_outside & ~np.isin(chunk.rows, chunk.rows[fields.is_bad])
                    if staged.is_silent is not None:
                        keep &= ~staged.is_silent
                    if keep.any():
                        compact = self._compact(number, chunk.rows, staged.school, staged.columns, keep)
                        alike.see(chunk, keep, compact)
                        self.stage.add(source.mapping.kind, compact)
                if source.mapping.format in (
                    "grid",
                    "xml",
                ):  # whose headings do not say what is beside the marks
                    self.unread[source.name] = tuple(scrutiny.values)
                titles = (replace(UNCLEAR, why=f"{UNCLEAR.why}: linje {lines(unclear)}"),) if unclear else ()
                unchanged = seal()
                open_ = (*titles, *scrutiny.questions(), *running_totals(self.stage, source, number))
                if questions := (*open_, *ends.questions(), *alike.questions()):
                    raise StillOpen(source.name, questions)
                if source.mapping.same_rows == "parts" and self.stage.has("absence"):
                    number_parts(self.stage, number)
                page.sums = tuple(sums.found)
                self.ledger.seal(number, unchanged)
        except (InputError, zlib.error, zipfile.BadZipFile, EOFError, OSError) as error:
            self.problems += _problems_of(error, source)
            if isinstance(error, StillOpen):
                self.questions[source.name] = error.questions
            self.ledger.refuse(number)
            self.stage.drop_file(number)
            return
        self.name_tokens |= tokens
        self.local_ids = with_ids(self.local_ids, local)

    def read_calendar(self, source: Incoming, study: Study) -> tuple[Span, ...]:
        """A calendar file of the inbox as spans; its faults are problems of the file."""
        try:
            with ExitStack() as stack:
                reading, _ = open_source(source, stack, self.sql_addresses)
                return calendar_spans(source, reading, study.protocol)
        except InputError as error:
            self.problems += error.problems
            return ()

    def passes(self, source: Incoming) -> bool:
        """Whether a file for another reader is readable."""
        try:
            refuse_if_changed(source.path, source.name, fingerprint(source.path))
        except (InputError, OSError) as error:
            self.problems += _problems_of(error, source)
            return False
        return True

    def desk_with_roster(self, desk: Desk) -> Desk:
        """The desk once the rosters are read."""
        if not self.stage.has("pupils"):
            return desk
        roster = self.stage.frame(
            "SELECT pupil, year, grade FROM pupils ORDER BY coalesce(exported, -1000000), first"
        )
        pupil, year, grade = (
            self.stage.texts.texts(roster[c].to_numpy()) for c in ("pupil", "year", "grade")
        )
        grades = dict(
            zip((f"{p}/{str(y)[:4]}" for p, y in zip(pupil, year, strict=True)), grade, strict=True)
        )
        return replace(desk, local_ids=self.local_ids, roster_grades=grades, roster_pupils=frozenset(pupil))

    def tables(self, desk: Desk) -> Landed:
        """All raw tables; overlap is decided here, over all files."""
        types = tuple(f"type_{t.id}" for t in desk.protocol.absence_types)
        self.ledger.add_taken_back(taken_back(self.stage, types))
        made = raw_tables(self.stage, desk, self.ledger)
        for page in self.ledger.pages:
            for question, about in (
                (COMPLETE, ", ".join(page.hardly)),
                (PERIOD, page.beyond and f"{page.beyond} rækker"),
                (TWO_GROUPS, ", ".join(page.replaced)),
                (ANOTHER_SUM, page.other_sums and f"linje {lines(page.other_sums)}"),
                (TWO_PERIODS, ", ".join(page.two_periods)),
                (WHICH_IS_NEWER, ", ".join(page.undated)),
                (TAKEN_BACK, page.taken_back and f"linje {lines(page.taken_back)}"),
                (ANOTHER_LOG, ", ".join(page.other_logs)),
            ):
                if about:
                    self.ask(page.source.name, replace(question, why=f"{question.why}: {about}"))
        for page in self.ledger.undecided():
            newer = self.ledger.name(page.newer) if page.newer is not None else ""
            missing = f"{OVERLAP.why}: {newer} mangler {page.undecided} rækker"
            self.ask(page.source.name, replace(OVERLAP, why=missing))
        return made.with_frames(
            {
                "raw_calendar": desk.calendar.frame(),
                "raw_school_forms": table("raw_school_forms").empty(),
                "raw_ledger": self.ledger.frame(desk.protocol),
            }
        )

    def ask(self, name: str, question: Question) -> None:
        """A question about a file that came up only beside the others."""
        self.questions[name] = (*self.questions.get(name, ()), question)
        self.problems.append(question.problem(name))

    def _exported_late(self, exported: np.ndarray) -> np.ndarray:
        return np.asarray(exported > np.datetime64(self.round.report_date, "D"))

    def _compact(
        self,
        number: int,
        rows: np.ndarray,
        school: np.ndarray,
        columns: dict[str, np.ndarray],
        keep: np.ndarray,
    ) -> dict[str, np.ndarray]:
        """The kept rows with every text numbered."""
        compact = {"file": np.full(int(keep.sum()), number, dtype=np.int32), "row": rows[keep],
                   "school": school[keep].astype(np.int32)}  # fmt: skip
        for name, values in columns.items():
            kept = values[keep]
            compact[name] = self.stage.texts.codes(kept) if kept.dtype == object else kept
        return compact


def _spanned(
    source: Incoming,
    period: tuple[dt.date, dt.date],
    pages: tuple[tuple[int, Preamble], ...],
    starts_month: int,
) -> tuple[dt.date, dt.date]:
    """The days that all pages cover."""
    found = [
        period,
        *(p for _, over in pages if (p := covered_period(source, over, starts_month)) is not None),
    ]
    return min(first for first, _ in found), max(last for _, last in found)


def _problems_of(error: Exception, source: Incoming) -> tuple[Problem, ...]:
    if isinstance(error, InputError):
        return error.problems
    return (
        Problem(
            source.name,
            found=f"the file cannot be read to its end: {type(error).__name__}",
            rule="damaged",
            expected="an undamaged file",
            next_step="copy it again, or ask for the export again",
        ),
    )


def _is_after(source: Incoming, the_round: Round) -> bool:
    return source.exported_on is not None and source.exported_on > the_round.report_date


def _round(study: Study, round_id: str) -> Round:
    try:
        return study.protocol.round(round_id)
    except KeyError as error:
        raise InputError(str(error.args[0])) from None
