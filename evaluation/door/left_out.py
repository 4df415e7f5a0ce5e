"""Rows that came through the door and make no row of a table: which, why, and what stands instead. Row by row.

Faulty rows are in :mod:`~evaluation.door.quarantine`. Here are those that nothing is wrong with: repeated, replaced by a
newer statement, outside the round, or a line that is no row (a sum, a heading repeated on a new page).
"""

from __future__ import annotations

import numpy as np

from evaluation.door.stage import Stage

KIND = "left_out"
"""Its table in the stage: file, row, status, reason, other_file, other_row; texts as numbers, -1 for none."""
DUPLICATE, SUPERSEDED, OUT_OF_ROUND, SKIPPED = "duplicate", "superseded", "out_of_round", "skipped"
REASONS = {
    "same_statement": "samme oplysning står i en anden række",
    "newer_export": "et nyere udtræk siger noget om samme elev og dag",
    "newer_period": "et nyere udtræk er fuldstændigt for perioden og har den ikke",
    "moved": "et nyere udtræk har eleven i en anden klasse i den periode",
    "sum_of_parts": "rækken er summen af de andre rækker (klasser eller elever) og tæller ikke med ved siden af dem",
    "other_school": "eleven går på en anden skole den dag ifølge elevlisten",
    "outside_dates": "dagen ligger efter dataskæringen eller før den dag, mappingen læser fra",
    "exported_late": "udtrækket er lavet efter rundens rapportdato",
    "skip_lines": "mappingens skip_lines siger, at linjen ikke er en række",
    "repeated_heading": "overskrifterne står igen, som på en ny side",
}
"""Why, in the analyst's words, by what the table says."""
_COLUMNS = ("file", "row", "status", "reason", "other_file", "other_row")


def leave_out(stage: Stage, file: int, rows: np.ndarray, status: str, reason: str) -> None:
    """Note source rows (n,) of a file; a row that stands there already may be given again."""
    if not len(rows):
        return
    n = len(rows)
    status_code, reason_code = (int(c) for c in stage.texts.codes(np.array([status, reason], dtype=object)))
    stage.add(
        KIND,
        {
            "file": np.full(n, file, dtype=np.int32),
            "row": rows.astype(np.int64),
            "status": np.full(n, status_code, dtype=np.int32),
            "reason": np.full(n, reason_code, dtype=np.int32),
            "other_file": np.full(n, -1, dtype=np.int32),
            "other_row": np.full(n, -1, dtype=np.int64),
        },
    )


def leave_out_decided(stage: Stage) -> None:
    """Note the source rows that lost against others: from the table ``per_row`` of :mod:`~evaluation.door.overlap`."""
    if not stage.has(KIND):
        stage.add(KIND, {name: np.array([], dtype=np.int64) for name in _COLUMNS})
    texts = np.array([DUPLICATE, SUPERSEDED, *REASONS], dtype=object)
    codes = dict(zip(texts, (int(c) for c in stage.texts.codes(texts)), strict=True))
    statuses, reasons = (
        " ".join(f"WHEN '{t}' THEN {codes[t]}" for t in words) for words in ((DUPLICATE, SUPERSEDED), REASONS)
    )
    stage.run(
        (
            f"""INSERT INTO {KIND}
                SELECT -1, file, row, CASE status {statuses} END, CASE reason {reasons} END, other_file, other_row
                FROM per_row WHERE status IN ('{DUPLICATE}', '{SUPERSEDED}')""",
        )
    )


def left_out_sql() -> str:
    """The raw_left_out rows; needs the tables ``words`` (code, text) and ``files``."""
    return f"""
        SELECT DISTINCT f.name AS source_file, e.row AS source_row, s.text AS status, r.text AS reason,
               o.name AS other_file, CASE WHEN e.other_row < 0 THEN NULL ELSE e.other_row END AS other_row
        FROM {KIND} e JOIN files f ON f.file = e.file JOIN words s ON s.code = e.status
        JOIN words r ON r.code = e.reason LEFT JOIN files o ON o.file = e.other_file
        ORDER BY ALL"""
