"""Collecting rows that are not accepted: where they stand and why, never what they say about a person."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from evaluation.door.chunks import Reject
from evaluation.door.values import RULES, shown
from evaluation.tables import table


@dataclass
class Quarantine:
    """Grows while a file is read. One entry per row, column and rule; a row may have several."""

    entries: list[pd.DataFrame] = field(default_factory=list)

    def add(self, file: str, rows: np.ndarray, column: str, rules: np.ndarray, found: np.ndarray) -> None:
        """Entries for rows (n,) with a rule each (n,) and a safe description of what was found (n,)."""
        if not len(rows):
            return
        rules = rules.astype(object)
        self.entries.append(
            pd.DataFrame(
                {
                    "source_file": file,
                    "source_row": rows.astype(np.int64),
                    "column_name": column,
                    "rule": rules,
                    "found": found,
                    "expected": [RULES[r].expected for r in rules],
                    "next_step": [RULES[r].next_step for r in rules],
                }
            )
        )

    def add_values(
        self,
        file: str,
        rows: np.ndarray,
        column: str,
        rules: np.ndarray,
        texts: pd.Series,
        *,
        is_person: bool = False,
    ) -> None:
        """Entries with a rule each (k,) for the texts (k,), which are masked (``is_person``: only counted)."""
        codes, uniques = pd.factorize(texts)
        safe = np.array(
            [_described(str(u), is_person=is_person) for u in uniques] + ["an empty cell"], dtype=object
        )
        self.add(file, rows, column, rules, safe[codes])

    def add_rejects(self, file: str, rejects: tuple[Reject, ...]) -> None:
        """Entries for rows that could not be split into columns."""
        if rejects:
            self.add(
                file,
                np.array([r.row for r in rejects]),
                "",
                np.array([r.rule for r in rejects], dtype=object),
                np.array([r.found for r in rejects], dtype=object),
            )

    def frame(self) -> pd.DataFrame:
        """The raw_quarantine table."""
        if not self.entries:
            return table("raw_quarantine").empty()
        entries = pd.concat(self.entries, ignore_index=True)
        return table("raw_quarantine").conform(entries.drop_duplicates().reset_index(drop=True))


def _described(text: str, *, is_person: bool) -> str:
    if is_person:
        return f"a value of {len(text)} characters"
    return shown(text)
