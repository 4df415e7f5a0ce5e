"""Rows that take others back: a negative amount beside a row of the same pupil or group and days, in whatever file it is.

A negative amount is never read, so the row that it takes back would count. One that meets no other row is a mere fault.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.door.questions import Question
from evaluation.door.stage import Stage

TAKEN_BACK = Question(
    "column",
    "amount",
    "rækker med en negativ mængde står ved siden af en anden række for de samme elever og dage: tager de den tilbage?",
    "bed skolen om udtrækket, som det gælder nu, uden rækker, der er taget tilbage: de kan ikke trækkes fra her",
)
KINDS = ("absence", "totals")
_COLUMNS = ("school", "grade", "label", "pupil", "first", "last")


def note_negatives(
    stage: Stage, kind: str, columns: dict[str, np.ndarray], hit: np.ndarray, file: int, rows: np.ndarray
) -> None:
    """Keep who and when of the rows (n,) that were refused for a negative amount, until all files are read."""
    if kind not in KINDS or not hit.any():
        return
    noted = {"file": np.full(int(hit.sum()), file, dtype=np.int32), "row": rows[hit]}
    for name in (*_COLUMNS, *(c for c in columns if c.startswith("type_"))):
        kept = columns[name][hit]
        noted[name] = stage.texts.codes(kept) if kept.dtype == object else kept
    stage.add(f"{kind}_negative", noted)


def taken_back(stage: Stage, types: tuple[str, ...]) -> pd.DataFrame:
    """Negative rows that meet another one with days to take back: file, row. ``types``: the columns of totals' days.

    In another file it is met only where the two repeat nothing of each other: an export that says the same days again has
    one statement of a day, which is wrong.
    """
    has_days = " OR ".join(f"(t.{c} < 0 AND NOT isnan(a.{c}) AND a.{c} >= -t.{c})" for c in types)
    found = [
        stage.frame(
            f"""WITH met AS (SELECT DISTINCT t.file, t.row, a.file AS other FROM {kind}_negative t JOIN {kind} a
                             ON a.school = t.school AND a.first <= t.last AND a.last >= t.first AND {same}),
                     pairs AS (SELECT DISTINCT file, other FROM met WHERE file <> other),
                     again AS (SELECT p.file, p.other FROM pairs p
                               WHERE EXISTS (SELECT 1 FROM {kind} a JOIN {kind} b USING (school, pupil, grade, label, first)
                                             WHERE a.file = p.file AND b.file = p.other))
                SELECT DISTINCT file, row FROM met ANTI JOIN again USING (file, other) ORDER BY ALL"""
        )
        for kind, same in (
            ("absence", "a.pupil = t.pupil AND a.type >= 0"),
            (
                "totals",
                f"a.pupil = t.pupil AND (t.pupil >= 0 OR (a.grade = t.grade AND a.label = t.label)) AND ({has_days})",
            ),
        )
        if stage.has(kind) and stage.has(f"{kind}_negative")
    ]
    return pd.concat([pd.DataFrame({"file": [], "row": []}, dtype="int64"), *found])
