"""What every reader hands on: pieces of a file as columns of text, with the line each row stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluation.door.mapping import Mapping
from evaluation.door.values import clean, shape_of
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
    stands on, counted from 1 as an editor or Excel shows it; ``rejects`` the rows that are not in the frame.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A file being read: the lines above its header, and its rows in pieces.

    ``epoch_1904``: serial dates count from 1904; ``decimal``: the sign numbers are written with in the frame.
    """

    preamble: tuple[str, ...]
    header: tuple[str, ...]
    chunks: Iterator[Chunk]
    epoch_1904: bool = False


def check_header(found: Sequence[str], mapping: Mapping, name: str, *, split_by: str = "") -> tuple[str, ...]:
    """The header as read, tidied; raises :class:`InputError` with everything that differs from the mapping."""
    tidy = [clean(text) for text in found]
    while tidy and not tidy[-1]:
        tidy.pop()
    line = mapping.header_row
    wanted = mapping.header or mapping.used_columns
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
    if mapping.header and not missing and not unknown and not twice and tuple(tidy) != mapping.header:
        moved = [w for w, t in zip(mapping.header, tidy, strict=False) if w != t]
        refuse(f"headings stand in another order: {', '.join(moved)}", "header_swapped",
               f"the order {', '.join(wanted)}")  # fmt: skip
    if problems:
        raise InputError(f"{name}: the header is not the one the mapping describes", problems)
    return tuple(tidy)


def empty_file(name: str, mapping: Mapping, *, header_only: bool) -> InputError:
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
