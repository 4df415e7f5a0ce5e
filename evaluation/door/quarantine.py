"""Collecting rows that are not accepted: where they stand and why, never what they say about a person.

Entries go to the stage as numbers, like accepted rows: a file of which every row is wrong needs no more memory than
one of which every row is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evaluation.door.chunks import Reject
from evaluation.door.rules import RULES
from evaluation.door.stage import Stage
from evaluation.door.values import shown

KIND = "quarantine"
"""Its table in the stage: file, row, place (the column), rule, found, and for a conflict the other row."""


@dataclass(frozen=True)
class Quarantine:
    """Where one file's faulty rows go. One entry per row, column and rule; a row may have several."""

    stage: Stage
    file: int

    def add(self, rows: np.ndarray, column: str, rules: np.ndarray, found: np.ndarray) -> None:
        """Entries for rows (n,) with a rule each (n,) and a safe description of what was found (n,)."""
        n = len(rows)
        if not n:
            return
        codes = self.stage.texts.codes
        self.stage.add(
            KIND,
            {
                "file": np.full(n, self.file, dtype=np.int32),
                "row": rows.astype(np.int64),
                "place": np.repeat(codes(np.array([column], dtype=object)), n),
                "rule": codes(rules.astype(object)),
                "found": codes(found.astype(object)),
                "other_file": np.full(n, -1, dtype=np.int32),
                "other_row": np.full(n, -1, dtype=np.int64),
            },
        )

    def add_values(
        self, rows: np.ndarray, column: str, rules: np.ndarray, texts: pd.Series, *, is_person: bool = False
    ) -> None:
        """Entries with a rule each (k,) for the texts (k,), which are masked (``is_person``: only counted)."""
        codes, uniques = pd.factorize(texts)
        safe = np.array(
            [_described(str(u), is_person=is_person) for u in uniques] + ["an empty cell"], dtype=object
        )
        self.add(rows, column, rules, safe[codes])

    def add_rejects(self, rejects: tuple[Reject, ...]) -> None:
        """Entries for rows that could not be split into columns."""
        self.add(
            np.array([r.row for r in rejects], dtype=np.int64),
            "",
            np.array([r.rule for r in rejects], dtype=object),
            np.array([r.found for r in rejects], dtype=object),
        )


def add_refused(stage: Stage, kind: str, out: str) -> None:
    """Entries for the source rows of ``kind`` that contradict others, each naming the other's place, or that are about
    somebody who was not enrolled then.
    """
    what = "pupil and day" if kind == "absence" else "group and period"
    words = [
        "",
        "conflict",
        f"the same {what} with another value on ",
        "not_enrolled",
        "a pupil no roster has on that day",
    ]
    place, conflict, other, not_enrolled, nowhere = (
        int(c) for c in stage.texts.codes(np.array(words, dtype=object))
    )
    if not stage.has(KIND):
        names = ("file", "row", "place", "rule", "found", "other_file", "other_row")
        stage.add(KIND, {name: np.array([], dtype=np.int64) for name in names})
    for status, rule, found in (("conflict", conflict, other), ("not_enrolled", not_enrolled, nowhere)):
        stage.run(
            (
                f"""INSERT INTO {KIND}
                    SELECT -1 - row_number() OVER (ORDER BY file, row), file, row, {place}, {rule}, {found},
                           min_by(other_file, (other_file, other_row)), min_by(other_row, (other_file, other_row))
                    FROM {out} WHERE status = '{status}' GROUP BY file, row""",
            )
        )


def quarantine_sql() -> str:
    """The raw_quarantine rows as text; needs the tables ``words`` (code, text), ``files`` and ``rules``."""
    return f"""
        WITH entries AS (SELECT DISTINCT file, row, place, rule, found, other_file, other_row FROM {KIND})
        SELECT f.name AS source_file, e.row AS source_row, p.text AS column_name, r.text AS rule,
               w.text || CASE WHEN e.other_row < 0 THEN ''
                              WHEN e.other_file = e.file THEN 'line ' || e.other_row
                              ELSE o.name || ' line ' || e.other_row END AS found,
               rules.expected, rules.next_step
        FROM entries e JOIN files f ON f.file = e.file JOIN words p ON p.code = e.place
        JOIN words r ON r.code = e.rule JOIN words w ON w.code = e.found JOIN rules ON rules.rule = r.text
        LEFT JOIN files o ON o.file = e.other_file
        ORDER BY ALL"""


def rules_frame() -> pd.DataFrame:
    """Every rule with what is expected and what to do."""
    return pd.DataFrame(
        [(name, r.expected, r.next_step) for name, r in RULES.items()],
        columns=["rule", "expected", "next_step"],
    )


def _described(text: str, *, is_person: bool) -> str:
    if is_person:
        return f"a value of {len(text)} characters"
    return shown(text)
