"""What every table was made from: beside each table a sealed record of its inputs, protocol, code and own bytes.

Writing that record, and saying which tables do not fit: altered afterwards, made from other tables than the present
ones, under another protocol or by another version. Where tables lie is :mod:`pipelines.storage`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from evaluation.errors import GateRefused, Problem
from evaluation.sealing import SealKey
from evaluation.words.texts import texts

if TYPE_CHECKING:
    from pipelines.storage import Warehouse

TEXT = texts("running")


INCOMING = "incoming"
"""The input that stands for every file of the inbox, as they were read together."""
FOLDER = "made"


@dataclass(frozen=True)
class Sealing:
    """With what a warehouse vouches for its tables: the study's key, its protocol's hash, and the code's version."""

    key: Callable[[], SealKey] = field(repr=False)
    protocol: str
    code: str


@dataclass(frozen=True)
class Origin:
    """What a table was made from: SHA-256 of its own bytes and of every input's, protocol and code."""

    table: str
    sha256: str
    inputs: Mapping[str, str]
    protocol: str
    code: str


def note(warehouse: Warehouse, round_id: str, table: str, inputs: Mapping[str, str]) -> None:
    """Seal what a table that was just written is made from."""
    if warehouse.sealing is None:
        return
    made = Origin(
        table,
        warehouse.digest(round_id, table),
        dict(inputs),
        warehouse.sealing.protocol,
        warehouse.sealing.code,
    )
    warehouse.write_json(round_id, f"{FOLDER}/{table}", asdict(made))


def origin_of(warehouse: Warehouse, round_id: str, table: str) -> Origin | None:
    """What a table was made from; None when nothing says so.

    Raises:
        InputError: the record is damaged, altered, or sealed with another key.
    """
    found = warehouse.read_json(round_id, f"{FOLDER}/{table}")
    return None if found is None else Origin(**found)


def require_whole(warehouse: Warehouse, round_id: str, table: str) -> None:
    """A table's bytes are the ones that were written.

    Raises:
        GateRefused: they are not, or nobody vouches for them.
    """
    origin = origin_of(warehouse, round_id, table)
    if origin is None or origin.sha256 != warehouse.digest(round_id, table):
        raise GateRefused(
            TEXT("origins_not_ours", round_id=round_id, table=table),
            [_bytes(warehouse, round_id, table, is_known=origin is not None)],
        )


def require_fit(warehouse: Warehouse, round_id: str, tables: Iterable[str]) -> None:
    """Tables, and all they were made from, are the present ones, under the present protocol and code.

    Raises:
        GateRefused: with every table that does not fit.
    """
    if problems := list(unfit(warehouse, round_id, tables)):
        raise GateRefused(TEXT("origins_apart", round_id=round_id), sorted(set(problems)))


def require_unaltered(warehouse: Warehouse, round_id: str, tables: Iterable[str]) -> None:
    """Tables, and all they were made from, are the present ones; an earlier protocol or version may have made them.

    Raises:
        GateRefused: with every table that does not fit.
    """
    if problems := list(unfit(warehouse, round_id, tables, made_today=False)):
        raise GateRefused(TEXT("origins_apart", round_id=round_id), sorted(set(problems)))


def unfit(
    warehouse: Warehouse, round_id: str, tables: Iterable[str], *, made_today: bool = True
) -> Iterator[Problem]:
    """Every table, among these and what they were made from, that does not fit.

    ``made_today``: it must also have been made under the present protocol and by the present code.
    """
    assert warehouse.sealing is not None
    todo, seen, inboxes = list(tables), set(), set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        origin, present = origin_of(warehouse, round_id, name), warehouse.digest(round_id, name)
        if origin is None or origin.sha256 != present:
            yield _bytes(warehouse, round_id, name, is_known=origin is not None)
            continue
        if made_today and origin.protocol != warehouse.sealing.protocol:
            yield _stale(round_id, name, TEXT("origins_other_protocol"))
        if made_today and origin.code != warehouse.sealing.code:
            yield _stale(round_id, name, f"lavet af en anden version af komglad ({origin.code})")
        inboxes |= {origin.inputs[INCOMING]} if INCOMING in origin.inputs else set()
        for used, digest in origin.inputs.items():
            if used != INCOMING:
                todo.append(used)
                if warehouse.digest(round_id, used) != digest:
                    yield _stale(round_id, name, TEXT("origins_other_used", used=used))
    if len(inboxes) > 1:
        yield _stale(round_id, "raw_ledger", TEXT("origins_two_readings"))


def outdated(warehouse: Warehouse, round_id: str) -> dict[str, str]:
    """Why a table of a round is not made from the present ones, by table; a table that fits is not there.

    Raises:
        GateRefused: a table's bytes are not the ones that were written, or it is gone.
    """
    found: dict[str, str] = {}
    for name in sorted({*warehouse.tables(round_id), *warehouse.recorded(round_id)}):
        require_whole(warehouse, round_id, name)
        for problem in unfit(warehouse, round_id, [name]):
            found.setdefault(name, f"{problem.file}: {problem.found}")
    return found


def _bytes(warehouse: Warehouse, round_id: str, table: str, *, is_known: bool) -> Problem:
    if not warehouse.path(round_id, table).is_file():
        found = TEXT("origins_gone")
    else:
        found = TEXT("origins_changed") if is_known else TEXT("origins_no_record")
    return _stale(round_id, table, found)


def _stale(round_id: str, table: str, found: str) -> Problem:
    return Problem(
        f"{round_id}/{table}.parquet",
        found=found,
        expected=TEXT("origins_expected"),
        next_step=TEXT("origins_run_again", round_id=round_id),
    )
