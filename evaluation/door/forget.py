"""Forgetting a pupil: from warehouse, inbox and quarantine, with a receipt that names nobody.

A withdrawal removes the pupil from every later figure; what was published stands, and the differencing gate of the
next release compares with it. Three things are done, because one alone would let the pupil come back:

* rows with the pupil's key, interviews of the pupil and quarantine entries of the pupil's rows leave the tables;
* rows about the pupil leave the files of the inbox (:mod:`~evaluation.door.erase`), whatever their format;
* the pupil's key (not the number) goes on the list that the door reads (:mod:`~evaluation.door.forgotten`), so that
  neither a new export nor a database brings the pupil back.

Afterwards the whole data folder is searched (:mod:`~evaluation.door.forget_proof`): what still holds the pupil,
or cannot be searched, is named.

Every file is replaced whole or not at all. The list says that a removal has begun before anything is changed and that
it is finished after everything is: killed in between, no round can be made until the command was given again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from evaluation.door.cpr import parse_cpr
from evaluation.door.erase import erased, replacing
from evaluation.door.files import masked_name
from evaluation.door.forget_files import (
    Affected,
    Places,
    affected_files,
    attributed,
    documents_of,
    emptied,
    file_name,
    sources_of,
)
from evaluation.door.forget_proof import still_held
from evaluation.door.forget_tables import KeyedPupil, affected_tables, segments_of, without
from evaluation.door.forgotten import load_forgotten, receipt_name
from evaluation.door.identities import PUPIL
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.traces import Traces
from evaluation.door.values import clean
from evaluation.errors import InputError, Problem
from evaluation.interviews.segments import pseudonym
from evaluation.sealing import sealed


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
    """What was done, without identity and without a count: a number of rows would tell who it was.

    ``again``: rounds that must be made again. ``still_in``: rounds whose report has gone out and that still hold rows.
    ``by_hand``: files of the inbox that a person has to see to, their names masked. ``elsewhere``: other files of the
    data folder that hold the pupil. ``unsearched``: files that no search reaches, so that the pupil may be in them.
    ``deleted``: files that held nobody else; which they were is said and not filed.
    """

    id: str
    on: str
    key_id: str
    again: tuple[str, ...]
    still_in: tuple[str, ...]
    by_hand: tuple[str, ...]
    elsewhere: tuple[str, ...]
    unsearched: tuple[str, ...]
    deleted: tuple[str, ...] = ()

    def filed(self, key: PseudonymKey) -> bytes:
        """The receipt as it is filed."""
        content = {name: value for name, value in asdict(self).items() if name != "deleted"}
        return sealed(receipt_name(self.id), content, key.for_seals, indent=2)


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
    known = attributed(places, sources, key, pupil_key)
    traces = replace(traces, rows=known.rows)
    documents = documents_of(places.incoming, traces)
    traces = replace(traces, documents=frozenset(documents))
    files, removed = affected_files(places, sources, traces, known)
    keyed = frozenset(pseudonym(key.for_interviews, "document", name) for name in documents)
    who = KeyedPupil(key.key_id, pupil_key, keyed, {**traces.rows, **removed})
    tables = tuple(Affected(*t) for t in affected_tables(places.warehouse, places.rounds, who))
    return Plan(who, traces, tables, files)


def nobody_found(plan: Plan, key: PseudonymKey, *, listed: Path) -> tuple[str, ...] | None:
    """Names of the files that no search reaches, when nothing else in the folder of the list holds the pupil; None when
    something does, or an earlier removal was of this pupil.
    """
    if plan.tables or any(f.rows for f in plan.files):
        return None
    if plan.who.pupil_key in load_forgotten(listed, key).pupils:
        return None
    held, unsearched = still_held(listed.parent, plan.who, plan.traces, skip=[listed])
    silent = (f.name for f in plan.files)
    return None if held else tuple(masked_name(n) for n in (*silent, *unsearched))


def execute_forget(
    plan: Plan, key: PseudonymKey, places: Places, *, listed: Path, on: dt.date, receipt: str
) -> Receipt:
    """Carry a plan out and search the folder of the list for what is left. Running it twice changes nothing more.

    ``listed`` is the list of forgotten pupils. It says *unfinished* until :func:`finish_forget` is called, which is
    to be done when the receipt is safe. ``receipt``: a new id; a removal that was cut short keeps the one it began with.
    """
    begun = load_forgotten(listed, key).begun(plan.who.pupil_key, plan.who.document_keys, receipt)
    begun.write(listed, key)
    for name in (t.name for t in plan.tables):
        path = places.warehouse / name
        segments = segments_of(path.parent, plan.who)
        with replacing(path) as stream:
            without(path, plan.who, segments, stream)
    deleted = _erase_files(plan, places)
    data = listed.parent
    by_hand = list(dict.fromkeys(f.name for f in plan.files if f.is_by_hand))
    known = [listed, *(places.incoming / name for name in by_hand)]
    held, unsearched = still_held(data, plan.who, plan.traces, skip=known)
    closed = {(data / n).parent.name for n in held if _is_closed(n, data, places)}
    return Receipt(
        id=begun.unfinished[plan.who.pupil_key],
        on=on.isoformat(),
        key_id=key.key_id,
        again=places.rounds,
        still_in=tuple(sorted(closed)),
        by_hand=tuple(masked_name(name) for name in by_hand),
        elsewhere=tuple(masked_name(n) for n in held if not _is_closed(n, data, places)),
        unsearched=tuple(masked_name(n) for n in unsearched),
        deleted=tuple(masked_name(name) for name in deleted),
    )


def _erase_files(plan: Plan, places: Places) -> list[str]:
    """Take the pupil out of the inbox; returns files that held nobody else, which go whole: the door refuses empty ones."""
    sources = sources_of(places)
    mappings = {file_name(s, places.incoming): s.mapping for s in sources}
    deleted = []
    for file in (f for f in plan.files if f.rows and not f.is_by_hand):
        path = places.incoming / file.name
        with replacing(path) as stream:
            erased(path, file.name, mappings.get(file.name), plan.traces, stream)
        mine = [s for s in sources if s.path == path]
        if mine and all(emptied(s, places) for s in mine):
            path.unlink()
            deleted.append(file.name)
    return deleted


def _is_closed(name: str, data: Path, places: Places) -> bool:
    """A table of a round that was left alone because its report has gone out."""
    path = data / name
    return path.parent.parent == places.warehouse and path.parent.name not in places.rounds


def finish_forget(plan: Plan, key: PseudonymKey, *, listed: Path) -> None:
    """Say in the list that the removal is complete."""
    load_forgotten(listed, key).finished(plan.who.pupil_key).write(listed, key)


def open_rounds(warehouse: Path, closed: Iterable[str]) -> tuple[str, ...]:
    """Rounds with tables whose report has not gone out."""
    gone_out = set(closed)
    return tuple(p.name for p in sorted(warehouse.glob("*")) if p.is_dir() and p.name not in gone_out)
