"""What every reader hands on: pieces of a file as columns of text, with the line each row stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import parse_date
from evaluation.door.headings import with_places
from evaluation.door.mapping import Mapping as FileMapping
from evaluation.door.pages import Line, Pages, Preamble
from evaluation.door.values import by_distinct, clean, shape_of
from evaluation.errors import InputError, Problem


@dataclass(frozen=True)
class Reject:
    """A row that could not even be split into columns."""

    row: int
    rule: str
    found: str
    column: str = ""


@dataclass(frozen=True)
class Chunk:
    """Rows of a file.

    ``frame`` holds the mapped columns as text (missing where a cell is empty), ``rows`` (n,) the line each row
    stands on, counted from 1 as an editor or Excel shows it; ``rejects`` the rows that are not in the frame; ``skipped``
    the lines that are no rows, by reason (:data:`evaluation.door.left_out.REASONS`); ``sums`` (k,) the columns, and
    ``sum_rows`` (k,) the lines, of those that the mapping's ``skip_lines`` name. ``pages``: from which line on which lines
    stand over the headings, where they stand more than once; ``unclear``: titles that nobody can place.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    rejects: tuple[Reject, ...] = ()
    skipped: Mapping[str, np.ndarray] = field(default_factory=dict)
    sums: pd.DataFrame | None = None
    sum_rows: np.ndarray = field(default_factory=lambda: np.array([], dtype=np.int64))
    pages: tuple[tuple[int, Preamble], ...] = ()
    unclear: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A file being read: the lines above its header, and its rows in pieces.

    ``epoch_1904``: serial dates count from 1904; ``decimal``: the sign numbers are written with in the frame.
    """

    preamble: tuple[str, ...]
    header: tuple[str, ...]
    chunks: Iterator[Chunk]
    epoch_1904: bool = False


def settled(
    frame: pd.DataFrame,
    rows: np.ndarray,
    rejects: Sequence[Reject],
    pages: Pages,
    line: Line,
    named: np.ndarray | None = None,
) -> Chunk:
    """A chunk of what was split, without the lines that are no rows; ``line`` gives a line of it by its number.

    ``named`` (m,): the lines that ``skip_lines`` name. One that holds a valid number and date is a row whatever it
    begins with: somebody may be called Total.
    """
    mapping = pages.mapping
    skipped: dict[str, np.ndarray] = {}
    is_no_row = np.zeros(len(rows), dtype=bool)
    again = np.zeros(len(rows), dtype=bool)
    used = [c for c in mapping.used_columns if c in frame]
    if used:
        first = (frame[used[0]] == used[0]).to_numpy(dtype=bool, na_value=False)
        if first.any():
            again = np.all([(frame[c] == c).to_numpy(dtype=bool, na_value=False) for c in used], axis=0)
            is_no_row |= again
    sums, sum_rows = None, np.array([], dtype=np.int64)
    if named is not None and len(named):
        at = np.flatnonzero(np.isin(rows, named) & ~is_no_row)
        at = at[~_is_statement(frame.iloc[at], mapping)]
        sums, sum_rows = frame.iloc[at], rows[at]
        is_no_row[at] = True
        broken = [r.row for r in rejects if r.row in set(named.tolist())]
        rejects = [r for r in rejects if r.row not in set(broken)]
        skipped["skip_lines"] = np.union1d(rows[at], np.array(broken, dtype=np.int64))
    told = is_no_row & ~again
    turned = pages.turn(frame[~told], rows[~told], again[~told], [r.row for r in rejects], line)
    if turned.titles:
        is_no_row |= np.isin(rows, list(turned.titles))
        rejects = [r for r in rejects if r.row not in turned.titles]
    if again.any() or turned.titles:
        skipped["repeated_heading"] = np.union1d(rows[again], np.array(sorted(turned.titles), dtype=np.int64))
    if is_no_row.any():
        frame, rows = frame[~is_no_row].reset_index(drop=True), rows[~is_no_row]
    rejects = tuple(sorted(rejects, key=lambda r: r.row))
    return Chunk(frame, rows, rejects, skipped, sums, sum_rows, turned.pages, turned.unclear)


def filled_down(chunk: Chunk, columns: Sequence[str], above: dict[str, str]) -> Chunk:
    """The chunk with empty cells of these columns, the outermost group's first, saying what stands above them.

    A value begins a group of its own for the columns after its own: a new pupil whose class is empty has no class, not
    the last pupil's. ``above`` carries what stands between chunks.
    """
    if not columns or chunk.frame.empty:
        return chunk
    frame = chunk.frame.copy()
    begins = np.zeros(len(frame), dtype=bool)
    for column in columns:
        own = frame[column].notna().to_numpy()
        begins |= own
        said = np.maximum.accumulate(np.where(begins, np.arange(len(frame)), -1))
        stated = [*frame[column], above.get(column)]
        values = [stated[at] for at in said]
        frame[column] = pd.Series(values, index=frame.index, dtype="str")
        if pd.notna(values[-1]):
            above[column] = str(values[-1])
        else:
            above.pop(column, None)
    return replace(chunk, frame=frame)


_WHEN = ("date", "from", "week", "month", "quarter")


def _is_statement(frame: pd.DataFrame, mapping: FileMapping) -> np.ndarray:
    """Rows (n,) with a valid number of a pupil, and a valid date where the row itself says one."""
    spec = mapping.columns.get("pupil")
    if spec is None or spec.column is None:
        return np.zeros(len(frame), dtype=bool)
    number = parse_cpr if spec.kind in (None, "cpr") else lambda t: (None, None if t else "empty_value")
    found = ~by_distinct(frame[spec.column], number).is_bad
    said = [mapping.columns[n] for n in _WHEN if n in mapping.columns]
    for when in (s.column for s in said if s.column is not None):
        is_date = when in {mapping.columns[n].column for n in ("date", "from") if n in mapping.columns}
        known = (
            parse_date(mapping.date_formats) if is_date else lambda t: (None, None if t else "empty_value")
        )
        found &= ~by_distinct(frame[when], known).is_bad
    return np.asarray(found)


def check_header(
    found: Sequence[str], mapping: FileMapping, name: str, *, split_by: str = ""
) -> tuple[str, ...]:
    """The header as read, tidied; raises :class:`InputError` with everything that differs from the mapping."""
    tidy = [clean(text) for text in found]
    while tidy and not tidy[-1]:
        tidy.pop()
    line = mapping.header_row
    tidy = list(with_places(tidy))
    described = with_places(mapping.header)
    wanted = described or mapping.used_columns
    problems: list[Problem] = []

    def refuse(what: str, rule: str, expected: str, column: str | None = None) -> None:
        next_step = "put the header right, or describe the new layout in the mapping"
        problems.append(Problem(name, line, column, what, rule, expected, next_step))

    if len(tidy) == 1 and len(wanted) > 1:
        others = [d for d in (";", ",", "\t", "¤", "|") if d != mapping.delimiter and d in found[0]]
        likely = f'; the line holds {found[0].count(others[0])} "{_named(others[0])}"' if others else ""
        if split_by:
            refuse(f"1 column found, {len(wanted)} expected{likely}", "delimiter",
                   f'columns separated by "{_named(split_by)}"')  # fmt: skip
            raise InputError(f"{name}: wrong delimiter", problems)
    twice = sorted({t for t in tidy if t and tidy.count(t) > 1})
    for column in twice:
        shown = column if column in wanted else shape_of(column)
        known = column if column in wanted else None
        refuse(
            f"the heading {shown} stands {tidy.count(column)} times", "header_duplicated", "each once", known
        )
    missing = [column for column in wanted if column not in tidy]
    unknown = [column for column in tidy if mapping.header and column not in wanted]
    for column in missing:
        refuse("the heading is missing" + (f"; {len(unknown)} unknown headings stand there" if unknown else ""),
               "header_missing", f"the headings {', '.join(wanted)}", column)  # fmt: skip
    if mapping.header and unknown and not missing:
        refuse(f"{len(unknown)} headings that the mapping does not know", "header_unknown",
               f"{len(wanted)} columns: {', '.join(wanted)}")  # fmt: skip
    if mapping.header and not missing and not unknown and not twice and tuple(tidy) != described:
        moved = [w for w, t in zip(described, tidy, strict=False) if w != t]
        refuse(f"headings stand in another order: {', '.join(moved)}", "header_swapped",
               f"the order {', '.join(wanted)}")  # fmt: skip
    if problems:
        raise InputError(f"{name}: the header is not the one the mapping describes", problems)
    return tuple(tidy)


def empty_file(name: str, mapping: FileMapping, *, header_only: bool) -> InputError:
    """The refusal of a file without rows."""
    found = "a header and no rows" if header_only else "an empty file"
    return InputError(
        f"{name} holds no rows",
        [Problem(name, None if not header_only else mapping.header_row, None, found, "empty_file", "at least one row",
                 "ask for the export again; remove the file if the school has nothing to report")],
    )  # fmt: skip


def _named(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, delimiter)


GRID_DAY, GRID_CODE, GRID_SHARE, GRID_PART = "\x00day", "\x00code", "\x00share", "\x00part"
"""Columns of a melted grid; no file can have a heading like them. Day 0: a line without any mark."""
