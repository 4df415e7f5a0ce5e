"""A pupil's rows in the warehouse: by key, by the pupil's interviews, and quarantine entries by place.

Here: finding and leaving out, table by table and piece by piece. What is found out about the pupil beforehand, and
what is done with it, stands in :mod:`~evaluation.door.forget`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evaluation.errors import InputError, Problem
from evaluation.tables.relations import KEY_ID
from evaluation.words.texts import texts

TEXT = texts("running")


@dataclass(frozen=True)
class KeyedPupil:
    """A pupil as the tables know one; ``source_rows`` by source name. Never shown."""

    key_id: str
    pupil_key: str
    document_keys: frozenset[str]
    source_rows: Mapping[str, frozenset[int]]

    def __repr__(self) -> str:
        return "KeyedPupil()"


def affected_tables(warehouse: Path, rounds: Iterable[str], who: KeyedPupil) -> Iterator[tuple[str, int]]:
    """Tables of the rounds that hold the pupil, with the number of rows.

    Raises:
        InputError: a table was made with another key, so nobody can tell which rows are the pupil's.
    """
    found = [(r, p) for r in sorted(rounds) for p in sorted((warehouse / r).glob("*.parquet"))]
    strange = sorted({(r, k) for r, p in found if (k := _made_with(p)) not in ("", who.key_id)})
    if strange:
        raise InputError(
            TEXT("forget_other_key"),
            [
                Problem(
                    r,
                    found=TEXT("sealing_key_found", found=k),
                    expected=TEXT("sealing_key_expected", expected=who.key_id),
                    next_step=TEXT("storage_run_again", round_id=r),
                )
                for r, k in strange
            ],
        )
    for round_id, path in found:
        rows = without(path, who, segments_of(path.parent, who), None)
        if rows:
            yield f"{round_id}/{path.name}", rows


def _made_with(path: Path) -> str:
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
    except (ValueError, OSError):  # Arrow's own words may hold what stands in the file
        raise InputError(
            f"{path.parent.name}/{path.name} er beskadiget, så ingen kan se, om eleven står der. Intet er ændret",
            [Problem(f"{path.parent.name}/{path.name}", found="beskadiget",
                     next_step=f"lav runden igen (komglad run {path.parent.name}), eller slet filen, og kør forget igen")],
        ) from None  # fmt: skip
    return str((schema.metadata or {}).get(KEY_ID.encode(), b"").decode())


def segments_of(folder: Path, who: KeyedPupil) -> frozenset[str]:
    """Segments of the pupil's interviews, which carry the words."""
    path = folder / "raw_interviews.parquet"
    if not who.document_keys or not path.is_file():
        return frozenset()
    rows = pd.read_parquet(path, columns=["document_id", "segment_id"])
    return frozenset(rows.loc[rows["document_id"].isin(who.document_keys), "segment_id"])


def without(path: Path, who: KeyedPupil, segments: frozenset[str], out: Any) -> int:
    """Write the table without the pupil's rows, piece by piece; returns how many those are."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as table:
        names = table.schema_arrow.names
        tests: list[Any] = []
        for column, values in (
            ("pupil_key", [who.pupil_key]),
            ("document_id", sorted(who.document_keys)),
            ("segment_id", sorted(segments)),
        ):
            if column in names and values:
                tests.append((column, pa.array(values, pa.large_string())))
        by_place = path.name in _BY_PLACE and bool(who.source_rows)
        if not tests and not by_place:
            return 0
        writer = pq.ParquetWriter(out, table.schema_arrow, compression="zstd") if out is not None else None
        gone = 0
        for batch in table.iter_batches():
            hit = pa.array(np.zeros(batch.num_rows, dtype=bool))
            for column, values in tests:
                cells = batch.column(column).cast(pa.large_string())
                hit = pc.or_(hit, pc.is_in(cells, value_set=values))
            if by_place:
                hit = pc.or_(hit, pa.array(_at(batch, who.source_rows)))
            gone += int(pc.sum(hit).as_py() or 0)
            if writer is not None:
                writer.write_batch(batch.filter(pc.invert(hit)))
        if writer is not None:
            writer.close()
    return gone


_BY_PLACE = ("raw_quarantine.parquet", "raw_left_out.parquet")
"""Tables that tell rows by their place alone."""


def _at(batch: Any, places: Mapping[str, frozenset[int]]) -> np.ndarray:
    """Entries (n,) that stand on the pupil's rows."""
    files, rows = (batch.column(c).to_pylist() for c in ("source_file", "source_row"))
    return np.array([r in places.get(f, ()) for f, r in zip(files, rows, strict=True)], dtype=bool)
