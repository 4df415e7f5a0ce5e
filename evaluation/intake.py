"""Everything that arrives for a round: register data through the door, interviews and forms by their own readers.

They become one set of ``raw_`` tables with one ledger and one quarantine. No analysis, and no identity past this
point; the words of interviews are kept in a table of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.codebooks import load_codebook
from evaluation.disclosure.names import NameMatcher
from evaluation.disclosure.text import scan_text
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.landed import Landed
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, KomgladError, Problem
from evaluation.interviews.attributes import read_documents
from evaluation.interviews.combine import combine
from evaluation.interviews.consent import with_valid_consent
from evaluation.interviews.forms import read_school_form
from evaluation.interviews.readers import read_segments
from evaluation.interviews.segments import SegmentBatch
from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.tables import table

RAW_TABLES = (
    "raw_absence",
    "raw_totals",
    "raw_pupils",
    "raw_talks",
    "raw_consents",
    "raw_calendar",
    "raw_interviews",
    "raw_interview_documents",
    "raw_interview_texts",
    "raw_school_forms",
    "raw_quarantine",
    "raw_ledger",
)
VOICE_TABLES = tuple(n for n in RAW_TABLES if n.startswith(("raw_interview", "raw_school_forms")))
"""Those that the interviews' and forms' own readers fill."""


@dataclass(frozen=True)
class RoundIntake:
    """The raw tables of a round by name, whole files that were refused, and files that wait for a later round."""

    tables: Landed
    problems: tuple[Problem, ...]
    waiting: tuple[str, ...]

    def raise_for_problems(self) -> None:
        """Raise :class:`InputError` with every refused file at once."""
        if self.problems:
            raise InputError(f"{len(self.problems)} problem(s) in the incoming files", self.problems)


def read_round(
    incoming: Path,
    study: Study,
    *,
    round_id: str,
    key: PseudonymKey,
    sql_addresses: dict[str, str] | None = None,
    forgotten: Collection[str] = (),
    scratch: Path | None = None,
) -> RoundIntake:
    """Read the inbox for a round. Whole files that are refused are listed in ``problems``, all of them.

    ``forgotten`` holds pseudonyms of pupils who have withdrawn: no row of theirs comes through the door again.
    ``scratch`` is where rows without identifiers may be spilled when memory is short.
    """
    found = read_incoming(
        incoming,
        study,
        round_id=round_id,
        key=key,
        sql_addresses=sql_addresses,
        forgotten=forgotten,
        scratch=scratch,
    )
    voices = _read_voices(found, incoming, study, key, frozenset(forgotten))
    _without_persons(voices.tables, found.name_matcher_tokens, key)
    frames = {name: table(name).conform(voices.tables[name]) for name in VOICE_TABLES}
    frames["raw_ledger"] = _together("raw_ledger", found.tables["raw_ledger"], voices.ledger)
    tables = found.tables.with_frames(frames)
    if voices.quarantine:
        tables = tables.with_more("raw_quarantine", pd.DataFrame(voices.quarantine))
    return RoundIntake(tables, (*found.problems, *voices.problems), found.waiting)


@dataclass(frozen=True)
class _Voices:
    tables: dict[str, pd.DataFrame]
    quarantine: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    problems: tuple[Problem, ...]


def _read_voices(
    found: Intake, incoming: Path, study: Study, key: PseudonymKey, forgotten: frozenset[str]
) -> _Voices:
    reading = _Reading(study.protocol.round(found.round_id), forgotten, [], [], [], [], [])
    if found.interview_files or found.form_files:
        codebook = load_codebook(study.file("codebook.yaml"))
        schools = {name: s.id for s in study.protocol.schools for name in (s.name, s.short, s.id)}
        for path, _ in found.interview_files:
            name = path.relative_to(incoming).as_posix()
            with reading.refusals(name):
                batch = read_segments(
                    path,
                    codebook=codebook,
                    key=key.for_interviews,
                    documents=_side_table(path),
                    schools=schools,
                )
                reading.batches.append(
                    (path, replace(batch, segments=batch.segments.assign(source_file=name)))
                )
                reading.quarantine += [_quarantined(name, p) for p in batch.problems]
        for path, _ in found.form_files:
            name = path.relative_to(incoming).as_posix()
            with reading.refusals(name):
                form = read_school_form(path, codebook=codebook, schools=schools)
                reading.quarantine += [_quarantined(name, p) for p in form.problems]
                fields = form.fields.assign(source_file=name)
                inside = fields[~_outside(fields, reading.the_round)]
                reading.forms.append(inside)
                balance = (form.rows_in, form.quarantined, form.duplicates, form.kept)
                reading.ledger.append(_ledger_row(name, "school_forms", path, balance, len(inside)))
    return reading.done(incoming)


@dataclass
class _Reading:
    """What grows while interviews and forms are read."""

    the_round: Round
    forgotten: frozenset[str]
    batches: list[tuple[Path, SegmentBatch]]
    forms: list[pd.DataFrame]
    quarantine: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    problems: list[Problem]

    @contextmanager
    def refusals(self, name: str) -> Iterator[None]:
        """A refused file becomes problems; the next file is read."""
        try:
            yield
        except KomgladError as refusal:
            self.problems += refusal.problems or (Problem(name, found=refusal.message),)

    def done(self, incoming: Path) -> _Voices:
        """The tables, with overlapping files counted once and documents of other occasions left to their round."""
        together = combine([batch for _, batch in self.batches])
        is_gone = together.segments["document_id"].isin(self.forgotten)
        gone, segments = together.segments[is_gone], together.segments[~is_gone]
        inside = segments[~_outside(segments, self.the_round)]
        withdrawn = Problem("", found="an interview that was withdrawn", rule="forgotten",
                            expected="an interview that may be used", next_step="remove it from the file")  # fmt: skip
        self.quarantine += [
            _quarantined(str(name), replace(withdrawn, line=int(row) if pd.notna(row) else None))
            for name, row in gone[["source_file", "source_row"]].drop_duplicates().itertuples(index=False)
        ]
        for path, batch in self.batches:
            name = path.relative_to(incoming).as_posix()
            lost = int((gone["source_file"] == name).sum())
            kept_all = int((segments["source_file"] == name).sum())
            duplicate = batch.duplicates + batch.kept - kept_all - lost
            balance = (batch.rows_in, batch.quarantined + lost, duplicate, kept_all)
            kept = int((inside["source_file"] == name).sum())
            self.ledger.append(_ledger_row(name, "interviews", path, balance, kept))
        documents = together.documents[~together.documents["document_id"].isin(self.forgotten)]
        # Nobody's words are kept without a valid consent; that there was such an interview is counted all the same.
        allowed = with_valid_consent(inside).segments["segment_id"]
        words = together.texts[together.texts["segment_id"].isin(set(allowed))]
        tables = {
            "raw_interviews": inside.rename(columns={"approved_quote": "is_approved_quote"}),
            "raw_interview_documents": documents[~_outside(documents, self.the_round)],
            "raw_interview_texts": words,
            "raw_school_forms": pd.concat(self.forms) if self.forms else table("raw_school_forms").empty(),
        }
        return _Voices(tables, self.quarantine, self.ledger, tuple(self.problems))


def _side_table(path: Path) -> dict[str, Any] | None:
    """What is known of the documents beside the coding: ``<name>.dokumenter.csv`` next to the file."""
    side = path.with_name(f"{path.stem}.dokumenter.csv")
    return dict(read_documents(side)) if side.is_file() else None


def _outside(rows: pd.DataFrame, the_round: Round) -> pd.Series:
    """Rows of occasions that do not belong to the round; rows that name no occasion stay."""
    if not the_round.occasions:
        return pd.Series(False, index=rows.index)
    return rows["occasion"].notna() & ~rows["occasion"].isin(the_round.occasions)


def _quarantined(name: str, problem: Problem) -> dict[str, Any]:
    return {
        "source_file": name,
        "source_row": problem.line,
        "column_name": problem.column,
        "rule": problem.rule or "unreadable",
        "found": problem.found,
        "expected": problem.expected,
        "next_step": problem.next_step,
    }


REMOVED = "[fjernet: rummer noget, der kan pege på en person]"
"""Stands where a segment's words would have let a name, number or address past the door."""


def _without_persons(
    tables: dict[str, pd.DataFrame], name_tokens: tuple[str, ...], key: PseudonymKey
) -> None:
    """Words that hold a roster name, CPR, e-mail, telephone number or address stay outside; their codes count.

    What schools write in their forms is words too.

    It is done here because here the key is at hand; past the door nobody can tell a name from a word. Such a segment
    is no approved quote, whoever marked it. Changes ``tables`` in place.
    """
    segments, words, forms = (
        tables[n] for n in ("raw_interviews", "raw_interview_texts", "raw_school_forms")
    )
    matcher = replace(NameMatcher.from_names((), key.secret), tokens=frozenset(name_tokens))

    def personal_rows(texts: pd.Series) -> pd.Series:
        return pd.Series([bool(scan_text(str(t), matcher)) for t in texts], index=texts.index, dtype=bool)

    is_personal = personal_rows(words["text"])
    personal = set(words.loc[is_personal, "segment_id"])
    is_free = ~segments["segment_id"].isin(personal)
    tables["raw_interview_texts"] = words.assign(text=words["text"].where(~is_personal, REMOVED))
    tables["raw_interviews"] = segments.assign(
        is_approved_quote=segments["is_approved_quote"].astype(bool) & is_free
    )
    tables["raw_school_forms"] = forms.assign(
        value=forms["value"].where(~personal_rows(forms["value"]), REMOVED)
    )


def _ledger_row(
    name: str, kind: str, path: Path, balance: tuple[int, int, int, int], kept: int
) -> dict[str, Any]:
    """A file's balance; ``balance`` is rows in, quarantined, duplicate and all kept, of which ``kept`` are the round's."""
    rows_in, quarantined, duplicate, all_kept = balance
    return {
        "source_file": name,
        "source_kind": kind,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "rows_in": rows_in,
        "rows_kept": kept,
        "rows_quarantined": quarantined,
        "rows_duplicate": duplicate,
        "rows_superseded": 0,
        "rows_out_of_round": all_kept - kept,
    }


def _together(name: str, first: pd.DataFrame, more: list[dict[str, Any]]) -> pd.DataFrame:
    """A door's table with the voices' rows."""
    if not more:
        return table(name).conform(first)
    rows = pd.DataFrame(more).reindex(columns=list(table(name).columns))
    return table(name).conform(pd.concat([first, rows]) if len(first) else rows)
