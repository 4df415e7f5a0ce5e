"""What is known about the data: every check's finding and every file's balance, as statements."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evaluation.protocol import Protocol
from evaluation.tables import table
from evaluation.words import Limit, Persons, kept, say
from evaluation.words.catalogue.quality import Delivery

LEDGER = "ledger"
"""The check that holds one row per received file."""
PARTS = {
    "rows": "rows_in",
    "kept": "rows_kept",
    "aside": "rows_quarantined",
    "twice": "rows_duplicate",
    "older": "rows_superseded",
    "outside_round": "rows_out_of_round",
    "skipped": "rows_skipped",
}
"""Where a file's rows went, by the ledger's columns."""


COLUMNS = ("check_name", "table_name", "group_id", "severity", "is_passed", "statement", "next_step")


def answer(
    results: Iterable[Mapping[str, Any]], raw_ledger: pd.DataFrame, protocol: Protocol, round_id: str
) -> pd.DataFrame:
    """``out_quality`` from the stored results of the checks and the ledger of the incoming files."""
    rows = [{c: r[c] for c in COLUMNS} for r in results]
    seen: Counter[str] = Counter()
    for r in raw_ledger.sort_values("source_file", kind="stable").to_dict("records"):
        name = _file(r)
        seen[name] += 1
        rows.append(_balance(r, name if seen[name] == 1 else f"{name} {seen[name]}", protocol))
    declared = table("out_quality")
    return (
        declared.conform(pd.DataFrame(rows).assign(round=round_id, sentence=None))
        if rows
        else declared.empty()
    )


def _file(row: Mapping[Any, Any]) -> str:
    """School, kind and day of a file: its own name was given by a person and may hold anything."""
    parts = (row["school_id"], row["source_kind"], row["exported_on"])
    return " ".join(
        "-" if pd.isna(p) else f"{p:%Y-%m-%d}" if isinstance(p, dt.date) else str(p) for p in parts
    )


def _balance(row: Mapping[Any, Any], name: str, protocol: Protocol) -> dict[str, object]:
    """One file: rows in = used + quarantined + duplicates + replaced + outside the round + skipped."""
    limit = protocol.quality.maximum_quarantine_pct
    is_much = not protocol.quality.allows_aside(int(row["rows_quarantined"]), int(row["rows_in"]))
    said = say(
        Delivery.BALANCE_ASIDE if is_much else Delivery.BALANCE,
        limit=Limit(limit),
        **{part: Persons(int(row[column])) for part, column in PARTS.items()},
    )
    return {
        "check_name": LEDGER,
        "table_name": "raw_ledger",
        "group_id": name,
        "severity": "warning" if is_much else "info",
        "is_passed": not is_much,
        "statement": kept(said),
        "next_step": "",
    }
