"""Which bytes made a number: from a figure or table of the report down to the files of the inbox.

Read off the records beside the tables (:mod:`pipelines.origins`); nothing is made again. Whether the same bytes come out
is asked by ``komglad verify``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaluation.disclosure.release import Release
from evaluation.errors import InputError, Problem
from evaluation.words.texts import texts
from pipelines.origins import INCOMING, Origin, origin_of
from pipelines.storage import Warehouse

TEXT = texts("running")


PREFIX = "released_"
SOURCES = {
    "description": "out_description",
    "pattern": "out_patterns",
    "implementation": "out_implementation",
    "themes": "out_themes",
    "theme": "out_theme_changes",
    "signs": "out_joint_display",
    "targeted": "out_targeted",
}
"""The table behind an exhibit, by how the exhibit's id begins."""


@dataclass(frozen=True)
class Link:
    """A table on the way to a number. ``state``: empty when it is the one that was used, else what is the matter."""

    depth: int
    table: str
    sha256: str
    inputs: tuple[str, ...]
    state: str


@dataclass(frozen=True)
class Trace:
    """Everything behind an exhibit: ``links`` from the release down, the plan, the code, and ``files`` with their hash."""

    exhibit: str
    protocol: str
    code: str
    links: tuple[Link, ...]
    files: tuple[tuple[str, str], ...]


def trace(
    warehouse: Warehouse, round_id: str, exhibit: str, entered: Callable[[Release], None] = lambda _: None
) -> Trace:
    """What made an exhibit, or a table, of a released round. ``entered``: refuses a release that is not the ledger's.

    Raises:
        InputError: the round has no such exhibit; the message names those there are.
    """
    stored = _released(warehouse, round_id)
    entered(Release.from_dict(stored["release"]))
    released = f"{PREFIX}{_table_of(stored, round_id, exhibit)}"
    top = origin_of(warehouse, round_id, released)
    if top is None:
        raise InputError(
            TEXT("tracing_no_source", exhibit=exhibit),
            [
                Problem(
                    f"{round_id}/made/{released}.json",
                    found=TEXT("ledger_gone"),
                    next_step=f"komglad run {round_id}",
                )
            ],
        )
    table = released.removeprefix(PREFIX)
    is_released = stored["tables"][released] == top.sha256
    state = "" if is_released else TEXT("tracing_not_released")
    links = [_link(warehouse, round_id, top, 0, (table,), state)]
    links += _below(warehouse, round_id, table, 1, set(), top.inputs[table])
    ledger = warehouse.read(round_id, "raw_ledger")
    files = sorted((str(r.source_file), str(r.sha256)) for r in ledger.itertuples())
    return Trace(exhibit, top.protocol, top.code, tuple(links), tuple(files))


def _released(warehouse: Warehouse, round_id: str) -> dict[str, Any]:
    """What came through the gate, as it is kept."""
    stored = warehouse.read_json(round_id, "release")
    if stored is None:
        place = f"{round_id}/release.json"
        raise InputError(
            TEXT("tracing_nothing_released", round_id=round_id),
            [Problem(place, found=TEXT("ledger_gone"), next_step=f"komglad run {round_id}")],
        )
    return stored


def _table_of(stored: Mapping[str, Any], round_id: str, exhibit: str) -> str:
    """The table behind an exhibit; a table is its own."""
    tables = [str(name).removeprefix(PREFIX) for name in stored["tables"]]
    exhibits = Release.from_dict(stored["release"]).exhibit_ids()
    source = SOURCES.get(exhibit.split("_")[0].split(" ")[0], "") if exhibit in exhibits else exhibit
    if source not in tables:
        raise InputError(
            TEXT("tracing_unknown", exhibit=exhibit, round_id=round_id),
            [
                Problem(
                    "",
                    column="EXHIBIT",
                    found=f'"{exhibit}"',
                    expected=TEXT("tracing_one_of") + ", ".join([*tables, *exhibits]),
                    next_step=TEXT("tracing_where_named"),
                )
            ],
        )
    return source


def _below(
    warehouse: Warehouse, round_id: str, table: str, depth: int, seen: set[str], used: str
) -> Iterator[Link]:
    """A table and all it was made from, each once. ``used``: SHA-256 of the bytes that were used."""
    if table in seen:
        return
    seen.add(table)
    origin = origin_of(warehouse, round_id, table)
    if origin is None:
        yield Link(depth, table, used, (), TEXT("tracing_no_record"))
        return
    inputs = tuple(sorted(origin.inputs))
    state = "" if origin.sha256 == used else TEXT("tracing_other_used")
    yield _link(warehouse, round_id, origin, depth, inputs, state)
    for name in inputs:
        if name != INCOMING:
            yield from _below(warehouse, round_id, name, depth + 1, seen, origin.inputs[name])


def _link(
    warehouse: Warehouse, round_id: str, origin: Origin, depth: int, inputs: tuple[str, ...], state: str = ""
) -> Link:
    is_whole = warehouse.digest(round_id, origin.table) == origin.sha256
    return Link(
        depth,
        origin.table,
        origin.sha256,
        inputs,
        state or ("" if is_whole else TEXT("tracing_changed")),
    )
