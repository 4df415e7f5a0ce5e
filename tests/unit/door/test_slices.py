"""Rows are decided over in slices of pupils, so that memory does not grow with them: what is decided is the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from evaluation.door import stage as stages
from evaluation.door.calendar import SCHOOL_DAY, build_calendar, read_spans
from evaluation.door.overlap import (
    decide_absence,
    decide_keyed,
    deleted_since,
    hardly_spoken_of,
    only_in_older,
    settle,
)
from evaluation.door.stage import Stage
from evaluation.study import load_study

STUDY = load_study("demo_kommune")
CALENDAR = build_calendar(read_spans(STUDY.file("calendar.csv"), STUDY.protocol), STUDY.protocol)
EPOCH = np.datetime64("1970-01-01", "D")
ROWS, FILES, PUPILS = 240, 4, 13
MADE = ("absence_gone", "absence_pieces", "absence_out", "per_row", "left_out", "reach")


def drawn(seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], pd.DataFrame]:
    """Rows of exports that overlap, contradict each other and speak of intervals and halves; their rosters and files."""
    luck = np.random.default_rng(seed)
    start = int((CALENDAR.first - EPOCH).astype(int))
    days = start + np.flatnonzero(CALENDAR.status[0] == SCHOOL_DAY)[:25]
    pupil, file = luck.integers(0, PUPILS, ROWS), np.sort(luck.integers(0, FILES, ROWS))
    at = luck.integers(0, len(days) - 4, ROWS)
    length = np.where(luck.random(ROWS) < 0.3, luck.integers(1, 4, ROWS), 0)
    half = (luck.random(ROWS) < 0.2) & (length == 0)
    school = np.where(luck.random(ROWS) < 0.1, 1, pupil % 2)
    ints = {
        "file": file, "row": np.arange(ROWS), "school": school, "pupil": pupil,
        "grade": np.full(ROWS, PUPILS), "label": PUPILS + 1 + pupil % 3, "type": luck.choice([0, 1, 1, -2], ROWS),
        "part": np.where(half, luck.choice([1, 2], ROWS), 0), "exported": 20000 + file,
        "first": days[at], "last": days[at + length],
    }  # fmt: skip
    twice = np.arange(ROWS)
    twice[:9] = twice[9:18]  # the same statements again
    absence = {k: v.astype(np.int32)[twice] for k, v in ints.items()} | {"row": ints["row"].astype(np.int32)}
    absence["fraction"] = np.where(half, 0.5, 1.0)[twice]
    own = np.arange(PUPILS)
    roster = {
        "file": np.full(PUPILS, FILES), "row": own, "school": own % 2, "pupil": own, "year": 0 * own,
        "grade": 0 * own + PUPILS, "label": PUPILS + 1 + own % 3, "exported": 0 * own + 20000,
        "first": 0 * own + start, "last": np.where(own == 3, start + 5, start + 300),
    }  # fmt: skip
    whole = luck.random(FILES + 1) < 0.6
    empty = pd.array([None] * (FILES + 1), dtype="Int32")
    files = pd.DataFrame(
        {"file": range(FILES + 1), "is_whole": whole, "source": "m", "lo": empty, "hi": empty}
    )
    classes = pd.Series([None] * (FILES + 1), dtype=pd.ArrowDtype(pa.list_(pa.int32())))
    files = files.assign(classes=classes, is_to_export=luck.random(FILES + 1) < 0.5)
    files = files.assign(is_told=luck.random(FILES + 1) < 0.2)
    return absence, {k: v.astype(np.int32) for k, v in roster.items()}, files


def decided(seed: int, slice_rows: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, pd.DataFrame]:
    """Every table and answer of the decision."""
    monkeypatch.setattr(stages, "SLICE_ROWS", slice_rows)
    absence, roster, files = drawn(seed)
    stage = Stage()
    stage.texts.numbers.update({f"t{n}": n for n in range(PUPILS + 5)})
    stage.add("absence", absence)
    stage.add("pupils", roster)
    decide_keyed(stage, "pupils", "school, pupil, year", "grade, label, first, last", conflicts=False)
    settle(stage, "pupils")
    decide_absence(stage, CALENDAR, files)
    asked = {f.__name__: f(stage) for f in (only_in_older, deleted_since, hardly_spoken_of)}
    asked["settled"] = settle(stage, "absence")
    assert (len(stage.slices("absence")) > 1) == (slice_rows < ROWS)
    return asked | {name: stage.frame(f"SELECT * FROM {name} ORDER BY ALL").astype(object) for name in MADE}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_what_is_decided_does_not_depend_on_the_slices(seed, monkeypatch):
    """Superseded, deleted, contradicting, doubled and partly replaced rows are among what is drawn."""
    whole = decided(seed, 10**9, monkeypatch)
    parted = decided(seed, ROWS // 3, monkeypatch)
    for name, expected in whole.items():
        pd.testing.assert_frame_equal(parted[name], expected, check_dtype=False, obj=name)
    assert {"conflict", "duplicate", "superseded"} <= set(whole["absence_gone"]["status"])
    assert all(len(whole[n]) for n in ("absence_pieces", "absence_out", "reach"))
