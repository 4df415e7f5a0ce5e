"""Everything that arrives for a round: register data through the door, interviews and forms by their own readers.

They become one set of ``raw_`` tables with one ledger and one quarantine. No analysis, and no identity past this
point; the words of interviews are kept in a table of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from evaluation.codebooks import load_codebook
from evaluation.door.control import Sum
from evaluation.door.intake import read_incoming
from evaluation.door.landed import Landed
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.questions import Question
from evaluation.errors import InputError, Problem, ProtocolError
from evaluation.study import Study
from evaluation.tables import table
from evaluation.voices_intake import UnderstoodVoices, read_voices, without_persons
from evaluation.words.texts import texts

TEXT = texts("running")


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
    "raw_left_out",
    "raw_ledger",
)
OCCASION = "nedslag"
"""The codebook's attribute that says to which occasion a document belongs."""
VOICE_TABLES = tuple(n for n in RAW_TABLES if n.startswith(("raw_interview", "raw_school_forms")))
"""Those that the interviews' and forms' own readers fill."""


@dataclass(frozen=True)
class RoundIntake:
    """The raw tables of a round by name, whole files that were refused, files that wait for a later round, and what was
    understood of interviews. ``questions``: what a file waits for; ``unread``: its columns,
    ``sheets_unread``: its visible sheets, that no mapping reads; ``sums``: those a file carries, beside its own rows."""

    tables: Landed
    problems: tuple[Problem, ...]
    waiting: tuple[str, ...]
    voices: tuple[UnderstoodVoices, ...] = ()
    questions: Mapping[str, tuple[Question, ...]] = field(default_factory=dict)
    unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sheets_unread: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sums: Mapping[str, tuple[Sum, ...]] = field(default_factory=dict)

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
    require_known_occasions(study)
    found = read_incoming(
        incoming,
        study,
        round_id=round_id,
        key=key,
        sql_addresses=sql_addresses,
        forgotten=forgotten,
        scratch=scratch,
    )
    voices = read_voices(found, incoming, study, key, forgotten)
    without_persons(voices.tables, found.name_matcher_tokens, key)
    frames = {name: table(name).conform(voices.tables[name]) for name in VOICE_TABLES}
    frames["raw_ledger"] = _together("raw_ledger", found.tables["raw_ledger"], voices.ledger)
    tables = found.tables.with_frames(frames)
    if voices.quarantine:
        tables = tables.with_more("raw_quarantine", pd.DataFrame(voices.quarantine))
    problems = (*found.problems, *voices.problems)
    return RoundIntake(
        tables,
        problems,
        found.waiting,
        voices.understood,
        found.questions,
        found.unread,
        found.sheets_unread,
        found.sums,
    )


def require_known_occasions(study: Study) -> None:
    """The occasions that the protocol's rounds name are ones that a document can have.

    Raises:
        ProtocolError: one is none of the codebook's, so no interview would ever belong to it.
    """
    codebook = study.optional_file("codebook.yaml")
    if codebook is None:  # a study without interviews
        return
    attribute = load_codebook(codebook).attribute(OCCASION)
    known = attribute.values if attribute is not None else ()
    problems = [
        Problem(
            "protocol.toml",
            column=f"rounds.{r.id}.occasions",
            found=TEXT("intake_no_occasion", occasion=occasion),
            rule="unknown_occasion",
            expected=TEXT("intake_one_of") + ", ".join(known),
            next_step=TEXT("intake_mend_protocol"),
        )
        for r in study.protocol.rounds
        for occasion in r.occasions
        if known and occasion not in known
    ]
    if problems:
        raise ProtocolError(f"{len(problems)} nedslag i protokollen findes ikke i kodebogen", problems)


def reading_of(ledger: pd.DataFrame) -> str:
    """One hash for everything that was read: the names and SHA-256 of all files of the ledger."""
    files = sorted(f"{r.sha256} {r.source_file}" for r in ledger.itertuples())
    return hashlib.sha256("\n".join(files).encode()).hexdigest()


def _together(name: str, first: pd.DataFrame, more: list[dict[str, Any]]) -> pd.DataFrame:
    """A door's table with the voices' rows."""
    if not more:
        return table(name).conform(first)
    rows = pd.DataFrame(more).reindex(columns=list(table(name).columns))
    return table(name).conform(pd.concat([first, rows]) if len(first) else rows)
