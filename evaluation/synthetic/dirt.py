"""Faulty rows as schools' exports really carry them, each noted with its file, line and what must become of it.

A fault is planted as an extra copy of a sound row, damaged; so nothing true is lost by it, except where two
statements contradict each other and neither can be believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Outcome = Literal["quarantined", "duplicate"]
Damage = Callable[[pd.DataFrame], pd.DataFrame]
Suits = Callable[[pd.DataFrame], "pd.Series[bool]"]

LEDGER = ("source_file", "source_row", "fault", "outcome")


@dataclass(frozen=True)
class Fault:
    """A kind of fault: how many rows per thousand, which rows suit it, and what is done to their copies.

    ``spoils_original``: the copied row must be quarantined with its copy (two statements, no telling which).
    """

    name: str
    per_mille: float
    damage: Damage
    outcome: Outcome = "quarantined"
    suits: Suits | None = None
    spoils_original: bool = False


def soiled(
    frame: pd.DataFrame,
    faults: Sequence[Fault],
    rng: np.random.Generator,
    *,
    source_file: str,
    first_line: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A frame of text cells with faulty rows put in at random places, and the ledger of what was planted.

    No row is used for two faults. ``first_line`` is the line of the first data row as an editor shows it.
    """
    clean = frame.reset_index(drop=True)
    place = np.arange(len(clean), dtype=float)
    parts, free = [clean.assign(_place=place, _fault="", _outcome="")], np.ones(len(clean), dtype=bool)
    marks = parts[0]
    for fault in faults:
        suitable = free if fault.suits is None else free & fault.suits(clean).to_numpy(dtype=bool)
        candidates = np.nonzero(suitable)[0]
        count = min(len(candidates), max(1, round(fault.per_mille * len(clean) / 1000)))
        if not count:
            continue
        chosen = np.sort(rng.choice(candidates, count, replace=False))
        free[chosen] = False
        copy = fault.damage(clean.iloc[chosen].copy())
        where = np.minimum(place[chosen] + rng.integers(1, 200, count) + 0.5, len(clean))
        parts.append(copy.assign(_place=where, _fault=fault.name, _outcome=fault.outcome))
        if fault.spoils_original:
            marks.loc[chosen, ["_fault", "_outcome"]] = [fault.name, fault.outcome]
    whole = pd.concat(parts, ignore_index=True).sort_values("_place", kind="stable", ignore_index=True)
    planted = whole[whole["_fault"] != ""]
    ledger = pd.DataFrame(
        {
            "source_file": source_file,
            "source_row": planted.index.to_numpy() + first_line,
            "fault": planted["_fault"].to_numpy(),
            "outcome": planted["_outcome"].to_numpy(),
        }
    )
    return whole[list(frame.columns)], ledger


def put(column: str, value: str) -> Damage:
    """Overwrite a column."""
    return lambda rows: rows.assign(**{column: value})


def as_it_is(rows: pd.DataFrame) -> pd.DataFrame:
    """An exact copy."""
    return rows


def without_leading_zero(column: str) -> Damage:
    """A CPR number as a spreadsheet leaves it."""
    return lambda rows: rows.assign(**{column: rows[column].str.replace("-", "").str.lstrip("0")})


def starts_with_zero(column: str) -> Suits:
    """Rows whose CPR number would lose exactly one digit."""
    return lambda rows: rows[column].str.match(r"0[1-9]")
