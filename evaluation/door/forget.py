"""Forgetting a pupil: from the warehouse and the inbox, with a receipt that names nobody.

A withdrawal removes the pupil from every later figure; what was published stands, and the differencing gate of the
next release compares with it. Three things are done, because one alone would let the pupil come back:

* rows with the pupil's key leave every Parquet table of the given rounds;
* lines with the pupil's number leave the text exports of the inbox;
* the pupil's key (not the number) goes on a list that the door reads, so that a new export does not bring the pupil
  back.

What cannot be rewritten safely (workbooks, archives, XML, databases) is counted in the receipt as left to do at the
source; the list keeps it out of the figures all the same.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.door.fields import PUPIL
from evaluation.door.files import Incoming, find_incoming
from evaluation.door.mapping import Mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.values import clean, parse_cpr
from evaluation.errors import InputError, Problem

FORGOTTEN = "forgotten.json"
"""In the data folder: pupil keys under one pseudonym key."""


LocalId = tuple[str, str]
"""A school and a pupil's number in its own system."""


@dataclass(frozen=True)
class Affected:
    """Rows of a table or lines of a file that belong to the pupil. ``is_by_hand``: cannot be rewritten here."""

    name: str
    rows: int
    is_by_hand: bool = False


@dataclass(frozen=True)
class Plan:
    """What forgetting would do. Holds the pupil's identifiers; never shown, written or logged."""

    pupil_key: str
    number: str
    local_ids: tuple[LocalId, ...]
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


def plan_forget(
    identifier: str,
    key: PseudonymKey,
    *,
    warehouse: Path,
    incoming: Path,
    rounds: Iterable[str],
    mappings: tuple[Mapping, ...],
) -> Plan:
    """Find everything of a pupil. Nothing is changed.

    Args:
        identifier: the CPR number, in any accepted spelling.
        key: the key the warehouse was made with.
        warehouse: the folder with one folder a round.
        incoming: the inbox.
        rounds: the open rounds.
        mappings: the study's mappings, which say which columns hold a system's own pupil number.

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
    tables = [
        Affected(f"{r}/{path.name}", rows)
        for r in sorted(rounds)
        for path in sorted((warehouse / r).glob("*.parquet"))
        if (rows := _rows_of(path, pupil_key))
    ]
    sources = _sources(incoming, mappings)
    rosters = [s for s in sources if s.mapping.kind == "pupils" and not _is_by_hand(s.path, s.mapping)]
    local_ids = {i for s in rosters for i in _Text.of(s.path, s.mapping).local_ids(str(number))}
    files: dict[str, Affected] = {}
    for source in sources:
        name = _file_name(source, incoming)
        if source.mapping.kind in ("interviews", "school_forms", "calendar") or name in files:
            continue
        if _is_by_hand(source.path, source.mapping):
            files[name] = Affected(name, 0, is_by_hand=True)
            continue
        hit = sum(_Text.of(source.path, source.mapping).about(str(number), local_ids))
        if hit:
            files[name] = Affected(name, hit)
    return Plan(pupil_key, str(number), tuple(sorted(local_ids)), tuple(tables), tuple(files.values()))


def execute_forget(
    plan: Plan,
    key: PseudonymKey,
    *,
    data: Path,
    warehouse: Path,
    incoming: Path,
    rounds: Iterable[str],
    mappings: tuple[Mapping, ...],
    on: dt.date,
) -> Receipt:
    """Carry a plan out; every file is replaced whole or not at all. Running it twice changes nothing more."""
    add_forgotten(data / FORGOTTEN, key, plan.pupil_key)
    for table in plan.tables:
        _rewrite_table(warehouse / table.name, plan.pupil_key)
    by_name = {_file_name(s, incoming): s for s in _sources(incoming, mappings)}
    for file in plan.files:
        if not file.is_by_hand:
            source = by_name[file.name]
            text = _Text.of(source.path, source.mapping)
            about = text.about(plan.number, plan.local_ids)
            kept = [line for line, is_about in zip(text.lines, about, strict=True) if not is_about]
            _replace(source.path, b"".join(kept))
    return Receipt(
        on.isoformat(), key.key_id, tuple(sorted(rounds)), plan.tables, plan.files, is_on_list=True
    )


def read_forgotten(path: Path, key: PseudonymKey) -> frozenset[str]:
    """Pupil keys that must not come through the door again; empty when nobody was forgotten.

    Raises:
        InputError: the list is damaged, or was made with another key and would let pupils back in.
    """
    if not path.is_file():
        return frozenset()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        made_with, keys = str(content["key_id"]), frozenset(str(k) for k in content["pupil_keys"])
    except (ValueError, KeyError, TypeError, OSError):
        raise InputError(
            "the list of forgotten pupils cannot be read",
            [
                Problem(
                    path.name, found="damaged", next_step="restore it from a backup before running a round"
                )
            ],
        ) from None
    if made_with != key.key_id:
        raise InputError(
            "the list of forgotten pupils was made with another key",
            [Problem(path.name, found=f"key {made_with}", expected=f"key {key.key_id}",
                     next_step="rotate the list together with the tables")],
        )  # fmt: skip
    return keys


def add_forgotten(path: Path, key: PseudonymKey, pupil_key: str) -> None:
    """Put a pupil key on the list; the file is readable by its owner only."""
    keys = sorted(read_forgotten(path, key) | {pupil_key})
    text = json.dumps({"key_id": key.key_id, "pupil_keys": keys}, indent=0) + "\n"
    _replace(path, text.encode())


def _sources(incoming: Path, mappings: tuple[Mapping, ...]) -> tuple[Incoming, ...]:
    return find_incoming(incoming, mappings)[0] if incoming.is_dir() else ()


def _file_name(source: Incoming, incoming: Path) -> str:
    """The file itself (a zip, not its member); a query by its own name."""
    return source.name if source.path == incoming else source.path.relative_to(incoming).as_posix()


def _rows_of(path: Path, pupil_key: str) -> int:
    import duckdb

    with duckdb.connect(":memory:") as connection:
        columns = connection.execute("SELECT name FROM parquet_schema(?)", [str(path)]).fetchall()
        if ("pupil_key",) not in columns:
            return 0
        sql = "SELECT count(*) FROM read_parquet(?) WHERE pupil_key = ?"
        return int(connection.execute(sql, [str(path), pupil_key]).fetchall()[0][0])


def _rewrite_table(path: Path, pupil_key: str) -> None:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table: Any = pq.read_table(path, partitioning=None)
    keep = pc.fill_null(pc.not_equal(table["pupil_key"], pupil_key), True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    try:
        pq.write_table(table.filter(keep), temporary)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _is_by_hand(path: Path, mapping: Mapping) -> bool:
    if mapping.format not in ("csv", "grid") or mapping.zip_members:
        return True
    with path.open("rb") as stream:
        return b"\x00" in stream.read(4096)


def _spelled(number: str) -> re.Pattern[bytes]:
    date, serial = number[:6].encode(), number[6:].encode()
    return re.compile(rb"(?<!\d)" + date + rb"[- ]?" + serial + rb"(?!\d)")


@dataclass(frozen=True)
class _Text:
    """A text export as raw lines, so that what is kept is kept byte for byte."""

    lines: list[bytes]
    mapping: Mapping

    @classmethod
    def of(cls, path: Path, mapping: Mapping) -> _Text:
        return cls(path.read_bytes().splitlines(keepends=True), mapping)

    def about(self, number: str, local_ids: Collection[LocalId]) -> list[bool]:
        """Per line: the number in any spelling, or the school's local id in the column for it."""
        spelled = _spelled(number)
        spec = self.mapping.columns.get("pupil")
        is_local = spec is not None and spec.kind == "local" and bool(local_ids)
        column = spec.column if spec is not None and is_local else None
        known = set(local_ids)
        return [
            bool(spelled.search(line))
            or (column is not None and (self._school(line), self._cell(line, column)) in known)
            for line in self.lines
        ]

    def local_ids(self, number: str) -> set[LocalId]:
        """The pupil's (school, id) pairs in a roster's local system."""
        spec = self.mapping.columns.get("local_id")
        if self.mapping.kind != "pupils" or spec is None or spec.column is None:
            return set()
        spelled = _spelled(number)
        return {(self._school(x), self._cell(x, spec.column)) for x in self.lines if spelled.search(x)}

    @cached_property
    def _header(self) -> list[str]:
        row = self.mapping.header_row
        return self._split(self.lines[row - 1]) if len(self.lines) >= row else []

    def _cell(self, line: bytes, column: str) -> str:
        cells = self._split(line)
        place = self._header.index(column) if column in self._header else len(cells)
        return cells[place] if place < len(cells) else ""

    def _school(self, line: bytes) -> str:
        spec = self.mapping.columns.get("school")
        if spec is None:
            return ""
        text = spec.constant or (self._cell(line, spec.column) if spec.column else "")
        return spec.map.get(text, text)

    def _split(self, line: bytes) -> list[str]:
        text = line.decode(self.mapping.encoding[0], errors="replace").lstrip("\ufeff").rstrip("\r\n")
        return [cell.strip().strip('"') for cell in text.split(self.mapping.delimiter)]
