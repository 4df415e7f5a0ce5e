"""The numbers of published tables by the names the pages give them, so that both are attacked as one system.

What belongs here: which cell of which exhibit a column prints. Nothing is known of the release: a table is read as it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from evaluation.disclosure.exhibits import cell_text
from evaluation.disclosure.html_numbers import MarkedNumber
from evaluation.interviews.themes import DECLINED, DECLINED_CELL, EVERY_SOURCE, theme_cell
from evaluation.protocol import Protocol
from evaluation.publication.exhibits import LEVELS, TYPES
from evaluation.publication.released import place_of, theme_place
from evaluation.publication.tallies import ALL, IMPLEMENTATION, SIGNS, TALLY, YEAR, YES_OR_NO

Row = Mapping[str, str]
Named = tuple[str, Mapping[str, str], str, str]
"""Exhibit, cell, measure and the text that is printed."""


def named_numbers(
    file: str, table: str, rows: list[dict[str, str]], protocol: Protocol
) -> list[MarkedNumber]:
    """Every number of a table that an exhibit prints. ``rows``: texts by column, as they stand in the file."""
    name = _TABLES.get(table)
    return [
        MarkedNumber(file, exhibit, cell_text(cell), measure, text, "table")
        for row in rows
        for exhibit, cell, measure, text in (name(row, protocol) if name else ())
        if text
    ]


def _description(row: Row, protocol: Protocol) -> Iterator[Named]:
    kind, place = row["period_kind"], place_of(row)
    if kind != "year_to_date":
        yield f"description_{kind}", place, "pct", row["absence_pct"]
        return
    whole = {k: v for k, v in place.items() if k != "skole"}
    if row["outcome"] == protocol.primary_outcome.id:
        yield LEVELS, place, "pct", row["absence_pct"]
        yield LEVELS, place, "pupils", row["pupils"]
        if place["skole"] == ALL:
            yield "description_over_10", {**whole, "over_10": "ja"}, "share", row["over_10_pct"]
    elif place["skole"] == ALL and row["outcome"] in {t.id for t in protocol.absence_types}:
        yield TYPES, {**whole, "type": row["outcome"]}, "pct", row["absence_pct"]


def _implementation(row: Row, _: Protocol) -> Iterator[Named]:
    place = {"skole": row["school_id"], "klassetrin": row["grade"]}
    for column in IMPLEMENTATION if row["first_on"] else ():
        yield "implementation", {**place, TALLY: column}, "pupils", row[column]
    if row["first_on"]:
        yield "implementation", {**place, TALLY: "talks_held"}, "share", row["coverage_pct"]


def _patterns(row: Row, _: Protocol) -> Iterator[Named]:
    pattern, cell = row["pattern"], {YEAR: row["school_year"], "niveau": row["level"]}
    if pattern in YES_OR_NO:
        cell["andel"] = "ja"
    measure = "pct" if pattern in ("weekday", "after_holiday") else "share"
    yield f"pattern_{pattern}", cell, measure, row["share_pct"]


def _themes(row: Row, _: Protocol) -> Iterator[Named]:
    for code, column in ((row["code"], "sources"), (EVERY_SOURCE, "sources_total")):
        exhibit, cell = theme_place(row["group_kind"], code, row["group_id"])
        yield exhibit, dict(cell), "pupils", row[column]
    if row["group_kind"] == "all":
        yield DECLINED, dict(DECLINED_CELL), "pupils", row["sources_declined"]


def _theme_changes(row: Row, _: Protocol) -> Iterator[Named]:
    for end in ("from", "to"):
        for code, column in ((row["code"], "sources"), (EVERY_SOURCE, "sources_total")):
            exhibit, cell = theme_cell(code, row[f"occasion_{end}"])
            yield exhibit, dict(cell), "pupils", row[f"{column}_{end}"]


def _joint_display(row: Row, _: Protocol) -> Iterator[Named]:
    yield SIGNS, {"tegn": row["sign_id"]}, "pupils", row["sources"]
    yield "themes", {"kode": EVERY_SOURCE}, "pupils", row["sources_total"]


def _targeted(row: Row, _: Protocol) -> Iterator[Named]:
    yield "targeted", {"gruppe": row["group_id"]}, "pupils", row["pupils"]


_TABLES: Mapping[str, Callable[[Row, Protocol], Iterator[Named]]] = {
    "out_description": _description,
    "out_implementation": _implementation,
    "out_joint_display": _joint_display,
    "out_patterns": _patterns,
    "out_targeted": _targeted,
    "out_theme_changes": _theme_changes,
    "out_themes": _themes,
}
