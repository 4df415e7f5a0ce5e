"""Where a pupil is in the inbox: rows by number, by a school's own number and by name, and interviews by side table.

Here: finding, in whatever format, without changing anything. Not here: taking out (:mod:`~evaluation.door.erase`) and
what becomes of it (:mod:`~evaluation.door.forget`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.calendar import build_calendar, read_spans
from evaluation.door.desk import Desk
from evaluation.door.erase import erased
from evaluation.door.fields import Fields
from evaluation.door.files import Incoming, find_incoming
from evaluation.door.forget_content import Found, Search
from evaluation.door.forget_unread import Looked, Others, unread_hits
from evaluation.door.identities import pupil_keys
from evaluation.door.mapping import read_mappings
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.quarantine import Quarantine
from evaluation.door.read_rows import cell_text
from evaluation.door.readers import open_source
from evaluation.door.registers import roster_ids, with_ids
from evaluation.door.stage import Stage
from evaluation.door.traces import CannotErase, Traces
from evaluation.door.values import clean
from evaluation.errors import InputError, KomgladError
from evaluation.files.sheets import SHEETS, open_sheets
from evaluation.files.sniff import file_kind
from evaluation.interviews.attributes import normal_name
from evaluation.interviews.side_tables import is_side_table
from evaluation.interviews.tables import read_rows
from evaluation.study import Study

EMPTY = "empty_file"
"""The door's rule for a file without rows."""
WITH_PUPILS = ("pupils", "absence", "totals", "talks", "consents")


@dataclass(frozen=True)
class Affected:
    """Rows of a table or file that belong to the pupil. ``is_by_hand``: a person has to see to this one; without any row
    it is a file that cannot be searched.
    """

    name: str
    rows: int
    is_by_hand: bool = False


@dataclass(frozen=True)
class Places:
    """Where a pupil may be: the warehouse's open rounds, the inbox, and databases by their variable's name.

    ``scratch``: where rows may be spilled while files are searched.
    """

    study: Study
    warehouse: Path
    incoming: Path
    rounds: tuple[str, ...]
    sql_addresses: Mapping[str, str] = field(default_factory=dict, repr=False)
    scratch: Path | None = None


def sources_of(places: Places) -> tuple[Incoming, ...]:
    """The inbox's files and queries that a mapping reads."""
    if not places.incoming.is_dir():
        return ()
    return find_incoming(places.incoming, read_mappings(places.study.mappings)).sources


def file_name(source: Incoming, incoming: Path) -> str:
    """The file itself (a zip, not its member); a query by its own name."""
    return source.name if source.path == incoming else source.path.relative_to(incoming).as_posix()


@dataclass(frozen=True)
class Attributed:
    """What the door's readers know of the pupil: ``rows`` by source name; ``others`` that the ``rosters`` call the pupil;
    which lines they ``looked`` at and left to nobody; ``unread``: databases that did not answer.
    """

    rows: Mapping[str, frozenset[int]] = field(repr=False)
    others: Others
    rosters: frozenset[Path]
    looked: Looked
    unread: frozenset[str]


def attributed(
    places: Places, sources: tuple[Incoming, ...], key: PseudonymKey, pupil_key: str
) -> Attributed:
    """Rows that the door itself attributes to the pupil: by number, by a school's own number, by name."""
    study, stage = places.study, Stage(places.scratch)
    calendar = build_calendar(read_spans(study.file("calendar.csv"), study.protocol), study.protocol)
    desk = Desk(study.protocol, calendar, key)
    ids: dict[str, str] = {}
    found: dict[str, frozenset[int]] = {}
    others, looked = Others(), Looked()
    rosters: set[Path] = set()
    unread: set[str] = set()
    for source in (
        s for s in sources if s.mapping.kind not in WITH_PUPILS or "pupil" not in s.mapping.columns
    ):
        looked.lines[source.path, source.member, source.sheet] = frozenset()
    for kind in WITH_PUPILS:
        for source in (s for s in sources if s.mapping.kind == kind and "pupil" in s.mapping.columns):
            rows: set[int] = set()
            left: set[int] = set()
            try:
                with ExitStack() as stack:
                    reading, _ = open_source(source, stack, places.sql_addresses)
                    for chunk in reading.chunks:
                        f = Fields.of(desk, source, reading, chunk, Quarantine(stage, 0))
                        school = f.school() if f.has("school") else np.full(len(chunk.rows), -1)
                        keys = pd.Series(pupil_keys(f, school), dtype="object")
                        hit = keys.eq(pupil_key).to_numpy(dtype=bool)
                        if kind == "pupils":
                            ids = with_ids(ids, roster_ids(f, school, keys.to_numpy(dtype=object)))
                            if hit.any():
                                rosters.add(source.path)
                                others = _called(f, hit, others)
                        rows |= set(chunk.rows[hit].tolist())
                        left |= {r.row for r in chunk.rejects}
                        left |= set(chunk.rows[keys.isna().to_numpy(dtype=bool)].tolist())
                looked.lines[source.path, source.member, source.sheet] = frozenset(left)
            except (KomgladError, OSError, EOFError):  # what the door refuses is searched line by line
                if source.path == places.incoming:
                    unread.add(source.name)
            if rows:
                found[source.name] = frozenset(rows)
        if kind == "pupils":
            desk = replace(desk, local_ids=ids)
    return Attributed(found, others, frozenset(rosters), looked, frozenset(unread))


def _called(f: Fields, hit: np.ndarray, others: Others) -> Others:
    """What a roster's rows call the pupil beside the number."""

    def cells(name: str) -> pd.DataFrame:
        columns = f.source.mapping.columns[name].used if f.has(name) else ()
        return f.chunk.frame.loc[hit, list(columns)].fillna("")

    names = (" ".join(row) for row in cells("names").itertuples(index=False, name=None))
    return others.with_ids(cells("local_id").to_numpy().ravel()).with_names(names)


def emptied(source: Incoming, places: Places) -> bool:
    """Whether a source has no row left: the door would refuse it, and it says nothing about anybody any more."""
    try:
        with ExitStack() as stack:
            reading, _ = open_source(source, stack, places.sql_addresses)
            return not any(len(chunk.rows) for chunk in reading.chunks)
    except KomgladError as refusal:
        return any(p.rule == EMPTY for p in refusal.problems)


def documents_of(incoming: Path, traces: Traces) -> set[str]:
    """Names of interviews that a side table of documents ties to the number, in a column of its own."""
    documents: set[str] = set()
    for path in sorted(incoming.rglob("*")) if incoming.is_dir() else ():
        if not is_side_table(path.name):
            continue
        try:
            table = read_rows(path)
        except InputError:
            continue
        heading = table.heading("dokument")
        documents |= {
            normal_name(row.get(heading))
            for row in table.rows
            if heading and any(traces.is_in(clean(cell)) for cell in row.cells.values())
        }
    return documents - {""}


def affected_files(
    places: Places, sources: tuple[Incoming, ...], traces: Traces, known: Attributed
) -> tuple[tuple[Affected, ...], dict[str, frozenset[int]]]:
    """Every file of the inbox that holds the pupil, and the rows by source; files that only a proof searches come later.

    While a file may hold the pupil under another name than the number, the rosters that say the name stay, and are named:
    without them nobody could look for it again.
    """
    mappings = {file_name(s, places.incoming): s.mapping for s in sources if s.path != places.incoming}
    affected: list[Affected] = []
    removed: dict[str, frozenset[int]] = {}
    perhaps = {f.name: f for f in _perhaps(places, sources, known)}
    for path in _every_file(places.incoming):
        name = path.relative_to(places.incoming).as_posix()
        affected += [perhaps[name]] if name in perhaps else []
        try:
            rows = erased(path, name, mappings.get(name), traces, _Nowhere())  # type: ignore[arg-type]
        except CannotErase:
            seen = sum(len(r) for n, r in traces.rows.items() if re.split("[#!]", n)[0] == name)
            hits = max(seen, _hits(path, traces), traces.is_in(name))
            if hits and name not in perhaps:
                affected.append(Affected(name, hits, is_by_hand=True))
            continue
        except OSError:
            continue  # named as a file that cannot be searched
        count = sum(len(r) for r in rows.values())
        waits = bool(perhaps) and path in known.rosters
        removed |= {n: r for n, r in rows.items() if r}
        if count:
            affected.append(Affected(name, count, is_by_hand=waits))
    queries = {s.name for s in sources if s.path == places.incoming} & {*traces.rows, *known.unread}
    affected += [Affected(n, len(traces.rows.get(n, ())), is_by_hand=True) for n in sorted(queries)]
    return tuple(affected), removed


def _perhaps(places: Places, sources: tuple[Incoming, ...], known: Attributed) -> Iterator[Affected]:
    """Files with lines that the door attributes to nobody and that hold the pupil's name or a school's own number."""
    if not known.others:
        return
    heads = {s.path: s.mapping.header_row for s in sources}
    for path in _every_file(places.incoming):
        if hits := unread_hits(path, heads, known.looked, known.others):
            yield Affected(path.relative_to(places.incoming).as_posix(), hits, is_by_hand=True)


def _every_file(incoming: Path) -> Iterator[Path]:
    if not incoming.is_dir():
        return
    for path in sorted(incoming.rglob("*")):
        inside = path.resolve().is_relative_to(incoming.resolve())
        if inside and path.is_file():
            yield path


def _hits(path: Path, traces: Traces) -> int:
    """Rows of a workbook, page or JSON with a cell of the pupil's; 1 where another file holds the number anywhere."""
    with path.open("rb") as stream:
        kind = file_kind(stream)
        if kind in SHEETS:
            try:
                rows = (row for sheet in open_sheets(stream.read(), kind, path.name) for row in sheet.rows())
                return sum(any(traces.is_about(cell_text(v, ",") or "") for v in row) for row in rows)
            except InputError:  # damaged: its bytes are looked at
                stream.seek(0)
        return int(Search(traces).inside(stream) is Found.PUPIL)


class _Nowhere(io.RawIOBase):
    """A stream that keeps nothing: files are only searched."""

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Count the bytes and forget them."""
        return len(data)
