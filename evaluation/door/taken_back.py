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
    for name in _COLUMNS:
        kept = columns[name][hit]
        noted[name] = stage.texts.codes(kept) if kept.dtype == object else kept
    stage.add(f"{kind}_negative", noted)


def taken_back(stage: Stage) -> pd.DataFrame:
    """Negative rows that meet another one: file, row."""
    found = [
        stage.frame(
            f"""SELECT DISTINCT t.file, t.row FROM {kind}_negative t JOIN {kind} a
                  ON a.school = t.school AND a.first <= t.last AND a.last >= t.first AND {same} ORDER BY ALL"""
        )
        for kind, same in (
            ("absence", "a.pupil = t.pupil AND a.type >= 0"),
            ("totals", "a.pupil = t.pupil AND (t.pupil >= 0 OR (a.grade = t.grade AND a.label = t.label))"),
        )
        if stage.has(kind) and stage.has(f"{kind}_negative")
    ]
    return pd.concat([pd.DataFrame({"file": [], "row": []}, dtype="int64"), *found])
