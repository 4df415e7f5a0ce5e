"""Everything that arrives for a round: register data through the door, interviews and forms by their own readers.

They become one set of ``raw_`` tables with one ledger and one quarantine. No analysis, and no identity past this
point; the words of interviews are kept in a table of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.codebooks import load_codebook
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError, KomgladError, Problem
from evaluation.interviews.attributes import read_documents
from evaluation.interviews.forms import read_school_form
from evaluation.interviews.readers import read_segments
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
    "raw_interview_texts",
    "raw_school_forms",
    "raw_quarantine",
    "raw_ledger",
)


@dataclass(frozen=True)
class RoundIntake:
    """The raw tables of a round by name, and whole files that were refused."""

    tables: dict[str, pd.DataFrame]
    problems: tuple[Problem, ...]
    name_tokens: tuple[str, ...]

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
) -> RoundIntake:
    """Read the inbox for a round. Whole files that are refused are listed in ``problems``, all of them."""
    found = read_incoming(incoming, study, round_id=round_id, key=key, sql_addresses=sql_addresses)
    voices = _read_voices(found, incoming, study, key)
    tables = dict(found.tables)
    for name in ("raw_interviews", "raw_interview_texts", "raw_school_forms"):
        tables[name] = table(name).conform(voices.tables[name])
    tables["raw_quarantine"] = _together("raw_quarantine", tables["raw_quarantine"], voices.quarantine)
    tables["raw_ledger"] = _together("raw_ledger", tables["raw_ledger"], voices.ledger)
    return RoundIntake(tables, (*found.problems, *voices.problems), found.name_matcher_tokens)


@dataclass(frozen=True)
class _Voices:
    tables: dict[str, pd.DataFrame]
    quarantine: list[dict[str, Any]]
    ledger: list[dict[str, Any]]
    problems: tuple[Problem, ...]


def _read_voices(found: Intake, incoming: Path, study: Study, key: PseudonymKey) -> _Voices:
    segments: list[pd.DataFrame] = []
    texts: list[pd.DataFrame] = []
    forms: list[pd.DataFrame] = []
    quarantine: list[dict[str, Any]] = []
    ledger: list[dict[str, Any]] = []
    problems: list[Problem] = []
    the_round = study.protocol.round(found.round_id)
    if found.interview_files or found.form_files:
        codebook = load_codebook(study.file("codebook.yaml"))
        voice_key = key.pseudonym("interviews", "subkey").encode()
        for kind, path in _routed(found):
            name = path.relative_to(incoming).as_posix()
            try:
                if kind == "interviews":
                    batch = read_segments(path, codebook=codebook, key=voice_key, documents=_side_table(path))
                    rows = batch.segments.rename(columns={"approved_quote": "is_approved_quote"})
                    outside = _outside(rows, the_round)
                    segments.append(rows[~outside].assign(source_file=name))
                    texts.append(batch.texts)
                    balance = (batch.rows_in, batch.kept, batch.quarantined, batch.duplicates)
                    found_wrong = batch.problems
                else:
                    form = read_school_form(path, codebook=codebook)
                    rows = form.fields
                    outside = _outside(rows, the_round)
                    forms.append(rows[~outside].assign(source_file=name))
                    balance = (form.rows_in, form.kept, form.quarantined, form.duplicates)
                    found_wrong = form.problems
            except KomgladError as refusal:
                problems += refusal.problems or (Problem(name, found=refusal.message),)
                continue
            quarantine += [_quarantined(name, p) for p in found_wrong]
            ledger.append(_ledger_row(name, kind, path, balance, rows, outside))
    tables = {
        "raw_interviews": _stacked("raw_interviews", segments).drop_duplicates(
            list(table("raw_interviews").key)
        ),
        "raw_interview_texts": _stacked("raw_interview_texts", texts).drop_duplicates("segment_id"),
        "raw_school_forms": _stacked("raw_school_forms", forms),
    }
    kept = set(tables["raw_interviews"]["segment_id"])
    words = tables["raw_interview_texts"]
    tables["raw_interview_texts"] = words[words["segment_id"].isin(kept)]
    return _Voices(tables, quarantine, ledger, tuple(problems))


def _routed(found: Intake) -> Iterable[tuple[str, Path]]:
    yield from (("interviews", path) for path, _ in found.interview_files)
    yield from (("school_forms", path) for path, _ in found.form_files)


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


def _ledger_row(
    name: str,
    kind: str,
    path: Path,
    balance: tuple[int, int, int, int],
    rows: pd.DataFrame,
    outside: pd.Series,
) -> dict[str, Any]:
    """The file's balance; a source row counts as outside the round when none of its rows is inside."""
    rows_in, all_kept, quarantined, duplicate = balance
    inside = set(rows.loc[~outside, "source_row"].dropna())
    left_out = len(set(rows.loc[outside, "source_row"].dropna()) - inside)
    kept = max(all_kept - left_out, 0)
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


def _stacked(name: str, frames: list[pd.DataFrame]) -> pd.DataFrame:
    filled = [f for f in frames if len(f)]
    return table(name).conform(pd.concat(filled)) if filled else table(name).empty()


def _together(name: str, first: pd.DataFrame, more: list[dict[str, Any]]) -> pd.DataFrame:
    """A door's table with the voices' rows."""
    if not more:
        return table(name).conform(first)
    return table(name).conform(pd.concat([first, pd.DataFrame(more)]) if len(first) else pd.DataFrame(more))
