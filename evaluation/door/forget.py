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
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.door.calendar import build_calendar, read_spans
from evaluation.door.erase import UNFINISHED, CannotErase, Traces, erased, replacing
from evaluation.door.fields import PUPIL, Desk, Fields
from evaluation.door.files import IGNORED, Incoming, find_incoming, masked_name
from evaluation.door.forgotten import load_forgotten
from evaluation.door.mapping import read_mappings
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.quarantine import Quarantine
from evaluation.door.readers import open_source
from evaluation.door.registers import roster_ids, with_ids
from evaluation.door.stage import Stage
from evaluation.door.values import clean, parse_cpr
from evaluation.errors import InputError, KomgladError, Problem
from evaluation.interviews.attributes import normal_name
from evaluation.interviews.segments import pseudonym
from evaluation.interviews.tables import read_rows
from evaluation.study import Study

WITH_PUPILS = ("pupils", "absence", "totals", "talks", "consents")
SIDE_TABLE = ".dokumenter."


@dataclass(frozen=True)
class Affected:
    """Rows of a table or file that belong to the pupil. ``is_by_hand``: a person has to see to this one."""

    name: str
    rows: int
    is_by_hand: bool = False


@dataclass(frozen=True)
class Plan:
    """What forgetting would do. Holds the pupil's identifiers; never shown, written or logged."""

    pupil_key: str
    traces: Traces
    document_keys: frozenset[str]
    source_rows: Mapping[str, frozenset[int]]
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


@dataclass(frozen=True)
class Places:
    """Where a pupil may be: the warehouse's open rounds, the inbox, and databases by their variable's name."""

    study: Study
    warehouse: Path
    incoming: Path
    rounds: tuple[str, ...]
    sql_addresses: Mapping[str, str] = field(default_factory=dict, repr=False)


def plan_forget(identifier: str, key: PseudonymKey, places: Places) -> Plan:
    """Find everything of a pupil. Nothing is changed.

    Args:
        identifier: the CPR number, in any accepted spelling.
        key: the key the warehouse was made with.
        places: where to look.

    Raises:
        InputError: the identifier is not a CPR number; it is not repeated in the message.
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
    sources = _sources(places)
    traces = replace(traces, rows=_rows_by_source(places, sources, key, pupil_key))
    documents = _documents(places.incoming, traces)
    traces = replace(traces, documents=frozenset(documents))
    voice_key = key.pseudonym("interviews", "subkey").encode()
    files, removed = _files(places, sources, traces)
    plan = Plan(
        pupil_key,
        traces,
        frozenset(pseudonym(voice_key, "document", name) for name in documents),
        {**traces.rows, **removed},
        (),
        files,
    )
    return replace(plan, tables=tuple(_tables(places, plan)))


def execute_forget(plan: Plan, key: PseudonymKey, places: Places, *, listed: Path, on: dt.date) -> Receipt:
    """Carry a plan out. Running it twice changes nothing more.

    ``listed`` is the list of forgotten pupils. It says *unfinished* until :func:`finish_forget` is called, which is
    to be done when the receipt is safe.
    """
    load_forgotten(listed, key).begun(plan.pupil_key, plan.document_keys).write(listed)
    for name in (t.name for t in plan.tables):
        path = places.warehouse / name
        segments = _segments(path.parent, plan)
        with replacing(path) as stream:
            _without(path, plan, segments, stream)
    mappings = {_file_name(s, places.incoming): s.mapping for s in _sources(places)}
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
    load_forgotten(listed, key).finished(plan.pupil_key).write(listed)


def _sources(places: Places) -> tuple[Incoming, ...]:
    if not places.incoming.is_dir():
        return ()
    return find_incoming(places.incoming, read_mappings(places.study.mappings))[0]


def _file_name(source: Incoming, incoming: Path) -> str:
    """The file itself (a zip, not its member); a query by its own name."""
    return source.name if source.path == incoming else source.path.relative_to(incoming).as_posix()


def _rows_by_source(
    places: Places, sources: tuple[Incoming, ...], key: PseudonymKey, pupil_key: str
) -> dict[str, frozenset[int]]:
    """Rows that the door itself attributes to the pupil: by number, by a school's own number, by name."""
    study, stage = places.study, Stage()
    calendar = build_calendar(read_spans(study.file("calendar.csv"), study.protocol), study.protocol)
    desk = Desk(study.protocol, calendar, key)
    ids: dict[str, str] = {}
    found: dict[str, frozenset[int]] = {}
    for kind in WITH_PUPILS:
        for source in (s for s in sources if s.mapping.kind == kind and "pupil" in s.mapping.columns):
            rows: set[int] = set()
            try:
                with ExitStack() as stack:
                    reading, _ = open_source(source, stack, places.sql_addresses)
                    for chunk in reading.chunks:
                        f = Fields.of(desk, source, reading, chunk, Quarantine(stage, 0))
                        school = f.school() if f.has("school") else np.full(len(chunk.rows), -1)
                        keys = f.pupil_keys(school)
                        if kind == "pupils":
                            ids = with_ids(ids, roster_ids(f, school, keys))
                        hit = pd.Series(keys, dtype="object").eq(pupil_key).to_numpy(dtype=bool)
                        rows |= set(chunk.rows[hit].tolist())
            except (
                KomgladError,
                OSError,
                EOFError,
            ):  # a file the door refuses is searched as text all the same
                continue
            if rows:
                found[source.name] = frozenset(rows)
        if kind == "pupils":
            desk = replace(desk, local_ids=ids)
    return found


def _documents(incoming: Path, traces: Traces) -> set[str]:
    """Names of interviews that a side table of documents ties to the number, in a column of its own."""
    documents: set[str] = set()
    for path in sorted(incoming.rglob(f"*{SIDE_TABLE}*")) if incoming.is_dir() else ():
        try:
            table = read_rows(path)
        except InputError:
            continue
        heading = table.heading("dokument")
        documents |= {
            normal_name(row.get(heading))
            for row in table.rows
            if heading and any(traces.is_in(cell) for cell in row.cells.values())
        }
    return documents - {""}


def _files(
    places: Places, sources: tuple[Incoming, ...], traces: Traces
) -> tuple[tuple[Affected, ...], dict[str, frozenset[int]]]:
    """Every file of the inbox that holds the pupil, and the rows by source."""
    mappings = {_file_name(s, places.incoming): s.mapping for s in sources if s.path != places.incoming}
    affected: list[Affected] = []
    removed: dict[str, frozenset[int]] = {}
    for path in _every_file(places.incoming):
        name = path.relative_to(places.incoming).as_posix()
        try:
            rows = erased(path, name, mappings.get(name), traces, _Nowhere())  # type: ignore[arg-type]
        except CannotErase:
            if _raw_hit(path, traces) or _may_hide(path):
                affected.append(Affected(name, 0, is_by_hand=True))
            continue
        except OSError:
            affected.append(Affected(name, 0, is_by_hand=True))
            continue
        count = sum(len(r) for r in rows.values())
        removed |= {n: r for n, r in rows.items() if r}
        if count:
            affected.append(Affected(name, count))
    queries = (s for s in sources if s.path == places.incoming)
    affected += [Affected(s.name, len(traces.rows.get(s.name, ())), is_by_hand=True) for s in queries]
    return tuple(affected), removed


def _every_file(incoming: Path) -> Iterator[Path]:
    if not incoming.is_dir():
        return
    for path in sorted(incoming.rglob("*")):
        inside = path.resolve().is_relative_to(incoming.resolve())
        if inside and path.is_file() and not any(path.match(p) for p in IGNORED):
            yield path


def _raw_hit(path: Path, traces: Traces) -> bool:
    content = path.read_bytes()
    return any(traces.is_in(content.decode(e, "ignore")) for e in ("latin-1", "utf-16-le", "utf-16-be"))


def _may_hide(path: Path) -> bool:
    """Packed formats that cannot be searched as bytes."""
    with path.open("rb") as stream:
        head = stream.read(16)
    return head.startswith(
        (b"PK", b"SQLite format 3", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b", b"Rar!", b"7z")
    )


class _Nowhere(io.RawIOBase):
    """A stream that keeps nothing: files are only searched."""

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Count the bytes and forget them."""
        return len(data)


def _tables(places: Places, plan: Plan) -> Iterator[Affected]:
    for round_id in sorted(places.rounds):
        folder = places.warehouse / round_id
        segments = _segments(folder, plan)
        for path in sorted(folder.glob("*.parquet")):
            rows = _without(path, plan, segments, None)
            if rows:
                yield Affected(f"{round_id}/{path.name}", rows)


def _segments(folder: Path, plan: Plan) -> frozenset[str]:
    """Segments of the pupil's interviews, which carry the words."""
    path = folder / "raw_interviews.parquet"
    if not plan.document_keys or not path.is_file():
        return frozenset()
    rows = pd.read_parquet(path, columns=["document_id", "segment_id"])
    return frozenset(rows.loc[rows["document_id"].isin(plan.document_keys), "segment_id"])


def _without(path: Path, plan: Plan, segments: frozenset[str], out: Any) -> int:
    """Write the table without the pupil's rows, piece by piece; returns how many those are."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        names = table.schema_arrow.names
        tests: list[Any] = []
        for column, values in (
            ("pupil_key", [plan.pupil_key]),
            ("document_id", sorted(plan.document_keys)),
            ("segment_id", sorted(segments)),
        ):
            if column in names and values:
                tests.append((column, pa.array(values, pa.large_string())))
        by_place = path.name == "raw_quarantine.parquet" and bool(plan.source_rows)
        if not tests and not by_place:
            return 0
        writer = pq.ParquetWriter(out, table.schema_arrow, compression="zstd") if out is not None else None
        gone = 0
        for batch in table.iter_batches():
            hit = pa.array(np.zeros(batch.num_rows, dtype=bool))
            for column, values in tests:
                cells = batch.column(column).cast(pa.large_string())
                hit = pc.or_(hit, pc.is_in(cells, value_set=values))
            if by_place:
                hit = pc.or_(hit, pa.array(_at(batch, plan.source_rows)))
            gone += int(pc.sum(hit).as_py() or 0)
            if writer is not None:
                writer.write_batch(batch.filter(pc.invert(hit)))
        if writer is not None:
            writer.close()
    return gone


def _at(batch: Any, places: Mapping[str, frozenset[int]]) -> np.ndarray:
    """Quarantine entries (n,) that stand on the pupil's rows."""
    files, rows = (batch.column(c).to_pylist() for c in ("source_file", "source_row"))
    return np.array([r in places.get(f, ()) for f, r in zip(files, rows, strict=True)], dtype=bool)


def open_rounds(warehouse: Path, closed: Iterable[str]) -> tuple[str, ...]:
    """Rounds with tables whose report has not gone out."""
    gone_out = set(closed)
    return tuple(p.name for p in sorted(warehouse.glob("*")) if p.is_dir() and p.name not in gone_out)
