"""Forgetting a pupil: from warehouse, inbox and quarantine, with a receipt that names nobody.

A withdrawal removes the pupil from every later figure; what was published stands, and the differencing gate of the
next release compares with it. Three things are done, because one alone would let the pupil come back:

* rows with the pupil's key, interviews of the pupil and quarantine entries of the pupil's rows leave the tables;
* rows about the pupil leave the files of the inbox (:mod:`~evaluation.door.erase`), whatever their format;
* the pupil's key (not the number) goes on the list that the door reads (:mod:`~evaluation.door.forgotten`), so that
  neither a new export nor a database brings the pupil back.

Every file is replaced whole or not at all. The list says that a removal has begun before anything is changed and that
it is finished after everything is: killed in between, no round can be made until the command was given again.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from evaluation.door.cpr import parse_cpr
from evaluation.door.erase import UNFINISHED, Traces, erased, replacing
from evaluation.door.files import masked_name
from evaluation.door.forget_files import (
    Affected,
    Places,
    affected_files,
    documents_of,
    file_name,
    rows_by_source,
    sources_of,
)
from evaluation.door.forget_tables import KeyedPupil, affected_tables, segments_of, without
from evaluation.door.forgotten import load_forgotten
from evaluation.door.identities import PUPIL
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.values import clean
from evaluation.errors import InputError, Problem
from evaluation.interviews.segments import pseudonym


@dataclass(frozen=True)
class Plan:
    """What forgetting would do. Holds the pupil's identifiers; never shown, written or logged."""

    who: KeyedPupil
    traces: Traces
    tables: tuple[Affected, ...]
    files: tuple[Affected, ...]

    def __repr__(self) -> str:
        return f"Plan({len(self.tables)} tables, {len(self.files)} files)"


@dataclass(frozen=True)
class Receipt:
    """What was done, without identity: counts by table and file, and the rounds that must be run again."""

    on: str
    key_id: str
    rounds: tuple[str, ...]
    tables: tuple[Affected, ...]
    files: tuple[Affected, ...]
    is_on_list: bool

    def to_json(self) -> str:
        """The receipt as it is filed."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def plan_forget(identifier: str, key: PseudonymKey, places: Places) -> Plan:
    """Find everything of a pupil. Nothing is changed.

    Args:
        identifier: the CPR number, in any accepted spelling.
        key: the key the warehouse was made with.
        places: where to look.

    Raises:
        InputError: the identifier is not a CPR number (it is not repeated in the message), or a table was made with
            another key.
    """
    number, rule = parse_cpr(clean(identifier))
    if rule is not None:
        raise InputError(
            "that is not a CPR number",
            [
                Problem(
                    "", found=f"{len(identifier)} characters", rule=rule, expected="ddmmyy-xxxx or ten digits"
                )
            ],
        )
    pupil_key = key.pseudonym(PUPIL, str(number))
    traces = Traces(str(number))
    sources = sources_of(places)
    traces = replace(traces, rows=rows_by_source(places, sources, key, pupil_key))
    documents = documents_of(places.incoming, traces)
    traces = replace(traces, documents=frozenset(documents))
    files, removed = affected_files(places, sources, traces)
    keyed = frozenset(pseudonym(key.for_interviews, "document", name) for name in documents)
    who = KeyedPupil(key.key_id, pupil_key, keyed, {**traces.rows, **removed})
    tables = tuple(Affected(*t) for t in affected_tables(places.warehouse, places.rounds, who))
    return Plan(who, traces, tables, files)


def execute_forget(plan: Plan, key: PseudonymKey, places: Places, *, listed: Path, on: dt.date) -> Receipt:
    """Carry a plan out. Running it twice changes nothing more.

    ``listed`` is the list of forgotten pupils. It says *unfinished* until :func:`finish_forget` is called, which is
    to be done when the receipt is safe.
    """
    load_forgotten(listed, key).begun(plan.who.pupil_key, plan.who.document_keys).write(listed)
    for name in (t.name for t in plan.tables):
        path = places.warehouse / name
        segments = segments_of(path.parent, plan.who)
        with replacing(path) as stream:
            without(path, plan.who, segments, stream)
    mappings = {file_name(s, places.incoming): s.mapping for s in sources_of(places)}
    for file in plan.files:
        path = places.incoming / file.name
        if not file.is_by_hand and file.rows:
            with replacing(path) as stream:
                erased(path, file.name, mappings.get(file.name), plan.traces, stream)
    for left in places.incoming.rglob(f"{UNFINISHED}*"):
        left.unlink(missing_ok=True)
    files = tuple(replace(f, name=masked_name(f.name)) for f in plan.files)
    return Receipt(on.isoformat(), key.key_id, places.rounds, plan.tables, files, is_on_list=True)


def finish_forget(plan: Plan, key: PseudonymKey, *, listed: Path) -> None:
    """Say in the list that the removal is complete."""
    load_forgotten(listed, key).finished(plan.who.pupil_key).write(listed)


def open_rounds(warehouse: Path, closed: Iterable[str]) -> tuple[str, ...]:
    """Rounds with tables whose report has not gone out."""
    gone_out = set(closed)
    return tuple(p.name for p in sorted(warehouse.glob("*")) if p.is_dir() and p.name not in gone_out)
