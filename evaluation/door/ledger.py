"""The ledger: what happened to every row of every file. Counts and row numbers only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk
from evaluation.door.files import Incoming
from evaluation.protocol import Protocol
from evaluation.tables import table


@dataclass
class Page:
    """One file's account. Rows that end nowhere else are kept."""

    source: Incoming
    rows_in: int = 0
    quarantined: int = 0
    duplicate: int = 0
    superseded: int = 0
    out_of_round: int = 0
    sha256: str = ""
    is_refused: bool = False
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
        self.pages[number].rows_in += _distinct(chunk.rows, [r.row for r in chunk.rejects])

    def add_parsed(
        self, number: int, chunk: Chunk, is_bad: np.ndarray, is_late: np.ndarray, school: np.ndarray
    ) -> None:
        """Count a parsed chunk's quarantined rows and those after the cut-off; a row is one or the other."""
        page = self.pages[number]
        page.quarantined += _distinct(chunk.rows[is_bad], [r.row for r in chunk.rejects])
        bad = chunk.rows[is_bad]
        kept = chunk.rows[~is_bad & ~is_late]
        late = np.setdiff1d(np.setdiff1d(chunk.rows[is_late], bad), kept)
        page.out_of_round += len(late)
        page.schools |= set(np.unique(school[school >= 0]).tolist())

    def add_decided(self, counts: pd.DataFrame) -> None:
        """Add the decided source rows: columns file, status, n."""
        for number, status, n in counts.itertuples(index=False, name=None):
            page = self.pages[int(number)]
            if status == "conflict":
                page.quarantined += int(n)
            elif status == "duplicate":
                page.duplicate += int(n)
            elif status == "superseded":
                page.superseded += int(n)

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
                "rows_kept": p.rows_in - p.quarantined - p.duplicate - p.superseded - p.out_of_round,
                "rows_quarantined": p.quarantined,
                "rows_duplicate": p.duplicate,
                "rows_superseded": p.superseded,
                "rows_out_of_round": p.out_of_round,
                "key_id": self.key_id,
            }
            for p in pages
        ]
        return table("raw_ledger").conform(pd.DataFrame(rows))


def _distinct(rows: np.ndarray, more: Iterable[int]) -> int:
    """How many different rows; nearly always they are in order and each stands once."""
    others = np.fromiter(more, dtype=np.int64)
    if not len(others) and (len(rows) < 2 or bool((np.diff(rows) > 0).all())):
        return len(rows)
    return len(np.union1d(rows, others))
