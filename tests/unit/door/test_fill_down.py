"""Grouped reports: an empty cell says what stands above it in its own group, and nothing of another's."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from evaluation.door.chunks import Chunk, filled_down
from evaluation.door.propose import propose_mapping
from evaluation.study import load_study

DEMO = load_study("demo_kommune")
Group = tuple[str | None, list[tuple[str | None, int]]]
CELL = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))
ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=12)


def _by_hand(rows: list[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """A reader's way: go down the page, and forget what is inside a group when the group changes."""
    held: list[str | None] = [None, None, None]
    out = []
    for row in rows:
        for place, cell in enumerate(row):
            if cell is not None:
                held[place:] = [cell, *[None] * (2 - place)]
        out.append(tuple(held))
    return out


@given(ROWS, st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_a_group_ends_where_an_outer_one_begins_wherever_the_pieces_are_cut(
    rows: list[tuple[str | None, ...]], sizes: list[int]
) -> None:
    columns = ["school", "class", "pupil"]
    frame = pd.DataFrame({c: pd.Series([r[i] for r in rows], dtype="str") for i, c in enumerate(columns)})
    above: dict[str, str] = {}
    found, at = [], 0
    for size in itertools.cycle(sizes):
        piece = frame.iloc[at : at + size].reset_index(drop=True)
        if piece.empty:
            break
        done = filled_down(Chunk(piece, np.arange(len(piece)), ()), columns, above).frame
        found += [tuple(None if pd.isna(v) else v for v in r) for r in done.itertuples(index=False)]
        at += size
    assert found == _by_hand(rows)


HALF = "CPR;Klasse;Dato;Fraværstype;Halv dag\n" + "".join(
    (
        "0101144001;6.A;01-09-2026;Sygdom;{}\n",
        ";;15-09-2026;Sygdom;\n",
        "0202144002;6.A;02-09-2026;Sygdom;{}\n",
        ";;16-09-2026;Sygdom;\n",
        ";;17-09-2026;Sygdom;\n",
    )
)


def test_what_only_a_groups_first_row_says_of_a_day_is_a_question(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HALF.format("Ja", "Nej"), encoding="utf-8")
    assert 'fill_down = ["CPR", "Klasse", "? Halv dag' in propose_mapping(path, DEMO.protocol).toml
    path.write_text(HALF.format("", ""), encoding="utf-8")
    assert 'fill_down = ["CPR", "Klasse"]' in propose_mapping(path, DEMO.protocol).toml
