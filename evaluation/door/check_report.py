"""What an intake comes to, for ``komglad check``: plain rows and one JSON-ready object. No layout, no judgement."""

from __future__ import annotations

import json
from typing import Any

from evaluation.door.intake import Intake

LEDGER_COLUMNS = (
    "rows_in",
    "rows_kept",
    "rows_quarantined",
    "rows_duplicate",
    "rows_superseded",
    "rows_out_of_round",
)
LEDGER_HEADINGS = ("Fil", "Ind", "Brugt", "Karantæne", "Dubletter", "Erstattet", "Uden for runden")
QUARANTINE_HEADINGS = ("Fil", "Kolonne", "Regel", "Rækker", "Linjer", "Forventet", "Gør nu")
LINES_SHOWN = 5


def ledger_rows(intake: Intake) -> list[tuple[str, ...]]:
    """One row per file under :data:`LEDGER_HEADINGS`, and a last one with the sums."""
    ledger = intake.tables["raw_ledger"]
    counts = ledger[list(LEDGER_COLUMNS)]
    rows = [
        (str(name), *(f"{int(n)}" for n in line))
        for name, line in zip(ledger["source_file"], counts.itertuples(index=False), strict=True)
    ]
    return [*rows, ("I alt", *(f"{int(n)}" for n in counts.sum()))]


def quarantine_rows(intake: Intake) -> list[tuple[str, ...]]:
    """One row per file, column and rule under :data:`QUARANTINE_HEADINGS`; the first lines stand for all."""
    q = intake.tables["raw_quarantine"].fillna({"column_name": ""})
    rows: list[tuple[str, ...]] = []
    for (file, column, rule), group in q.groupby(["source_file", "column_name", "rule"]):
        lines = [str(int(n)) for n in group["source_row"].head(LINES_SHOWN)]
        more = " …" if len(group) > LINES_SHOWN else ""
        first = group.iloc[0]
        rows.append((str(file), str(column), str(rule), str(len(group)), ", ".join(lines) + more,
                     str(first["expected"]), str(first["next_step"])))  # fmt: skip
    return rows


def summarise(intake: Intake) -> dict[str, Any]:
    """Everything of :func:`ledger_rows` and :func:`quarantine_rows` for machines, with the refusals of whole files."""
    ledger, q = intake.tables["raw_ledger"], intake.tables["raw_quarantine"]
    days = ledger["exported_on"].dt.strftime("%Y-%m-%d")
    plain = ledger.assign(exported_on=days)[
        ["source_file", "source_kind", "school_id", "exported_on", *LEDGER_COLUMNS]
    ]
    files = json.loads(plain.to_json(orient="records", force_ascii=False))
    by_rule = q.groupby("rule").size()
    return {
        "round": intake.round_id,
        "key_id": intake.key_id,
        "is_clean": not intake.problems and q.empty,
        "problems": [
            {"file": p.file, "line": p.line, "column": p.column, "found": p.found, "rule": p.rule,
             "expected": p.expected, "next_step": p.next_step}
            for p in intake.problems
        ],
        "files": files,
        "quarantine_by_rule": {str(rule): int(n) for rule, n in by_rule.items()},
        "tables": {name: len(frame) for name, frame in sorted(intake.tables.items())},
    }  # fmt: skip
