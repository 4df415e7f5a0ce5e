"""Limits that somebody must act on: what the law says, who acts and by when, and how many reached them per quarter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from evaluation.protocol import Threshold
from evaluation.reports.html_tables import Column, Mark, render_table
from evaluation.reports.inputs import ReportInputs, records, value
from evaluation.reports.page import Exhibit, Section, own_mark
from evaluation.reports.telling import tell
from evaluation.words import Limit, Name, Names, Number
from evaluation.words.catalogue.sections import Thresholds
from evaluation.words.danish import capital

Row = Mapping[str, Any]


def thresholds(inputs: ReportInputs) -> Section | None:
    """The section; None where no school delivers days or the protocol has no such limit."""
    p = inputs.protocol
    rows = inputs.frame("out_patterns")
    rows = rows[rows["group_kind"].eq("all") & rows["school_year"].eq(p.years.follow_up)]
    found = {(str(r["pattern"]), str(r["level"])): r for r in records(rows)}
    quarters = sorted({level.split(" ")[1] for pattern, level in found if pattern == "quarter"})
    limits = [t for t in p.thresholds if t.per == "quarter" or t.unit == "school_days"]
    if not limits or not found:
        return None
    body: list[dict[str, Any]] = []
    cells: dict[tuple[str, str], Row] = {}
    for t in limits:
        row: dict[str, Any] = {
            "id": t.id,
            "limit": f"{capital(t.label)}, {_limit(inputs, t)}",
            "act": _acts(t),
        }
        for q in quarters if t.per == "quarter" else ():
            if (cell := found.get(("quarter", f"{t.id} {q}"))) is not None:
                row[q], cells[t.id, q] = value(cell, "share_pct"), cell
        if t.per == "school_year" and (cell := found.get(("threshold", t.id))) is not None:
            row["year"], cells[t.id, "year"] = value(cell, "share_pct"), cell
        body.append(row)

    def mark_of(column: str) -> Callable[[Row], Mark]:
        def mark(row: Row) -> Mark:
            cell = cells.get((str(row["id"]), column))
            return (own_mark(cell, "share_pct") if cell is not None else None) or Mark(model="none")

        return mark

    columns = [Column("limit", tell(Thresholds.LIMIT)), Column("act", tell(Thresholds.WHO))]
    kinds = {}
    for q in quarters:
        columns.append(Column(q, _quarter(inputs, q), "pct", mark=mark_of(q), kind_from=f"kind {q}"))
        kinds[q] = q
    if any("year" in r for r in body):
        name = tell(Thresholds.WHOLE_YEAR, year=Name(p.years.follow_up))
        columns.append(Column("year", capital(name), "pct", mark=mark_of("year"), kind_from="kind year"))
    for r in body:
        for c in (*quarters, "year"):
            r[f"kind {c}"] = "pct" if (r["id"], c) in cells else "absent"
    table = render_table(
        "graenser",
        tell(Thresholds.SHARES),
        pd.DataFrame(body),
        columns,
        key=("id",),
        marker=p.disclosure.marker,
        source="out_patterns",
    )
    exhibit = Exhibit(
        "graenser-oversigt",
        tell(Thresholds.CAPTION),
        table,
        tell(Thresholds.WHAT),
        tell(Thresholds.SOURCE),
    )
    own = p.words.worrying
    definition = tell(Thresholds.OWN, definition=Name(own)) if own else tell(Thresholds.NO_OWN)
    return Section(
        "graenser",
        tell(Thresholds.TITLE),
        (tell(Thresholds.LEAD),),
        (exhibit,),
        (definition, tell(Thresholds.NOT_MEASURED)),
    )


def _limit(inputs: ReportInputs, t: Threshold) -> str:
    labels: dict[str, str] = {a.id: a.label for a in inputs.protocol.absence_types}
    code = Thresholds.PER_QUARTER if t.per == "quarter" else Thresholds.PER_YEAR
    return tell(code, value=Limit(t.value), types=Names(tuple(labels[x] for x in t.types)))


def _acts(t: Threshold) -> str:
    return " ".join(x for x in (t.action, f"({t.source})") if x)


def _quarter(inputs: ReportInputs, quarter: str) -> str:
    """``4. kvartal 2026``, and that it has not ended at the cut-off."""
    year, _, n = quarter.partition("-")
    month = 3 * int(n)
    end = dt.date(int(year) + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    code = Thresholds.RUNNING if inputs.round.cutoff < end else Thresholds.QUARTER
    return tell(code, quarter=Number(int(n), 0), year=Name(year))
