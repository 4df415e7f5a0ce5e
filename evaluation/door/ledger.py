"""The ledger: what happened to every row of every file. Counts and row numbers only."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from evaluation.door.chunks import Chunk
from evaluation.door.control import Sum
from evaluation.door.files import Incoming
from evaluation.door.stage import Interner
from evaluation.protocol import Protocol
from evaluation.tables import table

LINES_SHOWN = 10
_EPOCH = dt.date(1970, 1, 1)


@dataclass
class Page:
    """One file's account. Rows that end nowhere else are kept."""

    source: Incoming
    rows_in: int = 0
    quarantined: int = 0
    duplicate: int = 0
    superseded: int = 0
    out_of_round: int = 0
    skipped: int = 0
    sha256: str = ""
    is_refused: bool = False
    period: tuple[dt.date, dt.date] | None = None
    sheets_unread: tuple[str, ...] = ()
    only_older: tuple[int, ...] = ()
    undecided: int = 0
    newer: int | None = None
    deleted: tuple[int, ...] = ()
    beyond: int = 0
    hardly: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    sums: tuple[Sum, ...] = ()
    other_sums: tuple[int, ...] = ()
    two_periods: tuple[str, ...] = ()
    undated: tuple[str, ...] = ()
    other_logs: tuple[str, ...] = ()
    taken_back: tuple[int, ...] = ()
    schools: set[int] = field(default_factory=set)


@dataclass
class Ledger:
    """Pages in the order files were opened; a file's number is its place."""

    key_id: str
    pages: list[Page] = field(default_factory=list)

    def open(self, source: Incoming) -> int:
        """A new page; returns its number."""
        self.pages.append(Page(source))
        return len(self.pages) - 1

    def name(self, number: int) -> str:
        """The file a page is about."""
        return self.pages[number].source.name

    def add_rows(self, number: int, chunk: Chunk) -> None:
        """Count a chunk's source rows: a row of a grid stands in it once per cell, and counts once."""
        page = self.pages[number]
        skipped = sum(len(rows) for rows in chunk.skipped.values())
        page.rows_in += _distinct(chunk.rows, [r.row for r in chunk.rejects]) + skipped
        page.skipped += skipped

    def add_parsed(
        self, number: int, chunk: Chunk, is_bad: np.ndarray, is_late: np.ndarray, school: np.ndarray
    ) -> np.ndarray:
        """Count a parsed chunk's quarantined rows and those outside the round, which are returned; a row is one or the
        other.
        """
        page = self.pages[number]
        page.quarantined += _distinct(chunk.rows[is_bad], [r.row for r in chunk.rejects])
        bad = chunk.rows[is_bad]
        kept = chunk.rows[~is_bad & ~is_late]
        late = np.setdiff1d(np.setdiff1d(chunk.rows[is_late], bad), kept)
        page.out_of_round += len(late)
        page.schools |= set(np.unique(school[school >= 0]).tolist())
        return np.asarray(late)

    def add_decided(self, counts: pd.DataFrame) -> None:
        """Add the decided source rows: columns file, status, n."""
        for number, status, n in counts.itertuples(index=False, name=None):
            page = self.pages[int(number)]
            if status == "quarantined":
                page.quarantined += int(n)
            elif status == "duplicate":
                page.duplicate += int(n)
            elif status == "superseded":
                page.superseded += int(n)

    def exports(self) -> pd.DataFrame:
        """Whether each file's mapping says that older exports count beside newer ones, or that exports are complete."""
        return pd.DataFrame(
            {
                "file": np.arange(len(self.pages), dtype=np.int32),
                "is_told": [p.source.mapping.overlap == "pupil_day" for p in self.pages],
                "is_whole": [p.source.mapping.overlap == "whole_period" for p in self.pages],
            }
        )

    def deliveries(self, labels: Mapping[str, int]) -> pd.DataFrame:
        """What each file says of itself as a delivery, for :func:`evaluation.door.overlap.decide_absence`.

        ``labels``: the numbers of classes' tidy labels.
        """
        pages = self.pages
        told = [p.source.mapping.complete_classes(p.source.name) for p in pages]
        first, last = (
            pd.array(
                [None if p.period is None else (p.period[i] - _EPOCH).days for p in pages], dtype="Int32"
            )
            for i in (0, 1)
        )
        classes = pd.Series(
            [None if t is None else [labels.get(c, -2) for c in t] for t in told],
            dtype=pd.ArrowDtype(pa.list_(pa.int32())),
        )
        periods = [p.source.mapping.period for p in pages]
        return self.exports().assign(
            lo=first,
            hi=last,
            classes=classes,
            is_period_stated=[p is not None for p in periods],
            is_to_export=[p == "to_export" for p in periods],
        )

    def add_only_older(self, rows: pd.DataFrame) -> None:
        """Note rows that a newer export of the same days lacks: columns file, row, newer, is_open."""
        for number, mine in rows.groupby("file"):
            page, asked = self.pages[int(str(number))], mine[mine["is_open"]]
            page.only_older = tuple(mine["row"].astype(int))
            if len(asked):
                page.undecided, page.newer = len(asked), int(asked["newer"].min())

    def add_beyond(self, rows: pd.DataFrame) -> None:
        """Note how many rows of older exports stand beside a complete one of unknown period: columns file, n."""
        for number, n in zip(rows["file"], rows["n"], strict=True):
            self.pages[int(number)].beyond = int(n)

    def add_deleted(self, rows: pd.DataFrame) -> None:
        """Note rows that a complete newer export has taken days from: columns file, row."""
        for number, mine in rows.groupby("file"):
            self.pages[int(str(number))].deleted = tuple(mine["row"].astype(int))

    def add_taken_back(self, rows: pd.DataFrame) -> None:
        """Note rows that take others back: columns file, row."""
        for number, mine in rows.groupby("file"):
            self.pages[int(str(number))].taken_back = tuple(mine["row"].astype(int))

    def add_hardly(self, found: pd.DataFrame, texts: Interner) -> None:
        """Note classes (grades where no class is named) of which a file hardly speaks: columns file, grade, label."""
        for number, mine in found.groupby("file"):
            codes = np.where(mine["label"] < 0, mine["grade"], mine["label"])
            self.pages[int(str(number))].hardly = tuple(sorted({str(t) for t in texts.texts(codes)}))

    def add_replaced(self, found: pd.DataFrame) -> None:
        """Note files that another one of another name stands for, where neither mapping says what that means: columns
        file, newer.
        """
        for number, newer in found.itertuples(index=False, name=None):
            old, new = self.pages[int(number)], self.pages[int(newer)]
            is_told = new.source.mapping.overlap is not None or old.source.mapping.overlap is not None
            if not is_told and _undated(old.source.name) != _undated(new.source.name):
                new.replaced = (*new.replaced, old.source.name)

    def without_sums(self) -> tuple[int, ...]:
        """Files whose mapping says that none of their rows is the sum of others."""
        totals = ((n, p.source.mapping.totals) for n, p in enumerate(self.pages))
        return tuple(n for n, t in totals if t is not None and t.sums is False)

    def add_stated(self, found: pd.DataFrame, texts: Interner) -> None:
        """Note rows that state the sum of others: columns file, row, grade, stated, parts, agrees."""
        grades = texts.texts(found["grade"].to_numpy(dtype=np.int64))
        columns = (found[c].tolist() for c in ("file", "row", "stated", "parts", "agrees"))
        for grade, number, row, stated, parts, agrees in zip(grades, *columns, strict=True):
            page = self.pages[number]
            page.sums = (*page.sums, Sum(row, str(grade), stated, parts, parts))
            if not agrees:
                page.other_sums = (*page.other_sums, row)

    def add_two_periods(self, found: pd.DataFrame) -> None:
        """Note files with weeks of which another has months: columns file, other."""
        for page, name in self._beside(found):
            page.two_periods = (*page.two_periods, name)

    def add_undated(self, found: pd.DataFrame) -> None:
        """Note files beside which another says something else and none is the newer: columns file, other."""
        for page, name in self._beside(found):
            page.undated = (*page.undated, name)

    def add_other_logs(self, found: pd.DataFrame) -> None:
        """Note logs of talks that may be another class's than the older one: columns file, other."""
        for page, name in self._beside(found):
            page.other_logs = (*page.other_logs, name)

    def _beside(self, found: pd.DataFrame) -> Iterator[tuple[Page, str]]:
        """Pages with the names of other files."""
        for number, other in found.itertuples(index=False, name=None):
            yield self.pages[int(number)], self.name(int(other))

    def add_sheets(self, unread: Mapping[str, tuple[str, ...]]) -> None:
        """Note the sheets nobody reads on their file's first page."""
        first = {p.source.name.partition("#")[0]: p for p in reversed(self.pages)}
        for file, sheets in unread.items():
            if file in first:
                first[file].sheets_unread = sheets

    def undecided(self) -> tuple[Page, ...]:
        """Files that a newer export contradicts by silence, where neither one's mapping says what that means."""
        return tuple(p for p in self.pages if p.undecided)

    def seal(self, number: int, sha256: str) -> None:
        """The file was read to its end unchanged."""
        self.pages[number].sha256 = sha256

    def refuse(self, number: int) -> None:
        """The file was refused as a whole: it has no account, only a problem."""
        self.pages[number].is_refused = True

    def frame(self, protocol: Protocol) -> pd.DataFrame:
        """The raw_ledger table."""
        pages = [p for p in self.pages if not p.is_refused]
        if not pages:
            return table("raw_ledger").empty()
        rows = [
            {
                "source_file": p.source.name,
                "source_kind": p.source.mapping.kind,
                "school_id": protocol.schools[next(iter(p.schools))].id if len(p.schools) == 1 else None,
                "exported_on": p.source.exported_on,
                "sha256": p.sha256,
                "rows_in": p.rows_in,
                "rows_kept": p.rows_in
                - (p.quarantined + p.duplicate + p.superseded + p.out_of_round + p.skipped),
                "rows_quarantined": p.quarantined,
                "rows_duplicate": p.duplicate,
                "rows_superseded": p.superseded,
                "rows_out_of_round": p.out_of_round,
                "rows_skipped": p.skipped,
                "sheets_unread": "; ".join(p.sheets_unread) or None,
                "only_older": len(p.only_older),
                "only_older_lines": lines(p.only_older),
                "deleted": len(p.deleted),
                "deleted_lines": lines(p.deleted),
                "sums": len(p.sums),
                "sums_off": sum(not s.agrees for s in p.sums),
                "sums_off_lines": lines(sorted({s.line for s in p.sums if not s.agrees})),
                "key_id": self.key_id,
            }
            for p in pages
        ]
        return table("raw_ledger").conform(pd.DataFrame(rows))


def _undated(name: str) -> str:
    """A file's name without its dates: what stays the same from one export to the next."""
    return re.sub(r"\d{4}-\d{2}-\d{2}|\d{6,8}", "", name).casefold()


def lines(numbers: Sequence[int]) -> str | None:
    """The first lines, as words."""
    more = " …" if len(numbers) > LINES_SHOWN else ""
    return ", ".join(map(str, numbers[:LINES_SHOWN])) + more or None


def _distinct(rows: np.ndarray, more: Iterable[int]) -> int:
    """How many different rows; nearly always they are in order and each stands once."""
    others = np.fromiter(more, dtype=np.int64)
    if not len(others) and (len(rows) < 2 or bool((np.diff(rows) > 0).all())):
        return len(rows)
    return len(np.union1d(rows, others))
