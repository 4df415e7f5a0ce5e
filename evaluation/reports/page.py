"""The parts a page is laid out from: exhibits, sections and the marks of numbers in running text.

Numbering happens when the page is put together, never where an exhibit is made, so that a section that falls
away leaves no hole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from evaluation.disclosure.exhibits import parse_cell
from evaluation.reports.charts import Chart, is_empty, spoken
from evaluation.reports.html_tables import Mark
from evaluation.reports.svg import NARROW, draw, named
from evaluation.words.danish import NBSP, count, rounded


@dataclass(frozen=True)
class Exhibit:
    """A figure with its table, or a table alone.

    ``title`` says the finding. ``alt`` describes the figure for those who do not see it. ``what`` holds
    definition, period and n. ``source`` names the table it comes from.
    """

    id: str
    title: str
    table: Markup
    what: str | Markup
    source: str
    chart: Chart | None = None
    alt: str = ""
    number: int = 0

    @property
    def has_chart(self) -> bool:
        """Whether there is anything to draw."""
        return self.chart is not None and not is_empty(self.chart)

    @property
    def still(self) -> Markup:
        """The figure as inline SVG."""
        return draw(self.chart, name=self._name) if self.chart is not None else Markup("")

    @property
    def still_narrow(self) -> Markup:
        """The same for a telephone."""
        return draw(self.chart, NARROW, name=self._name) if self.chart is not None else Markup("")

    @property
    def _name(self) -> Markup:
        return named(f"{self.id}-titel", f"{self.id}-alt")

    @property
    def spoken(self) -> str:
        """The alternative with the figure's numbers, for those who do not see it."""
        return f"{self.alt} {spoken(self.chart)}".strip() if self.chart is not None else self.alt


@dataclass(frozen=True)
class Section:
    """A chapter of the report: its words first, then its exhibits, then remarks."""

    id: str
    title: str
    paragraphs: tuple[str | Markup, ...] = ()
    exhibits: tuple[Exhibit, ...] = ()
    points: tuple[str | Markup, ...] = ()
    after: tuple[str | Markup, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    parts: tuple[Section, ...] = field(default_factory=tuple)


def pupils(n: float, mark: Mark) -> Markup:
    """A number of pupils in running text, marked: ``242 elever``."""
    noun = "elev" if rounded(n, 0) == 1 else "elever"
    return Markup("<span {}>{}</span>{}{}").format(mark.attributes, count(n), NBSP, noun)


def marked(text: str, marks: Sequence[tuple[str, Mark]]) -> Markup:
    """The text with each number, in order, wrapped in an element that says where it comes from."""
    out, rest = Markup(""), text
    for number, mark in marks:
        before, found, after = rest.partition(number)
        if not found:
            continue
        out += escape(before) + Markup("<span {}>{}</span>").format(mark.attributes, number)
        rest = after
    return out + escape(rest)


def own_mark(row: Mapping[str, Any], column: str) -> Mark | None:
    """The mark the disclosure gate left on a released row: ``_exhibit`` and ``_cell``; None without one."""
    exhibit = row.get("_exhibit")
    if not isinstance(exhibit, str) or not exhibit:
        return None
    cell = tuple(parse_cell(str(row.get("_cell") or "")).items())
    return Mark(exhibit, cell, measure_of(column))


def measure_of(column: str) -> str:
    """The disclosure measure a column shows."""
    if column.endswith("_days"):
        return "days"
    return {"absence_pct": "pct", "over_10_pct": "share", "share_pct": "share", "coverage_pct": "share"}.get(
        column, "pupils"
    )


def description_mark(row: Mapping[str, Any], column: str) -> Mark:
    """The mark of a number of ``out_description``: the gate's own, else named by year, period and group."""
    own = own_mark(row, column)
    if own is not None:
        return own
    measure, period = measure_of(column), str(row["period_kind"])
    if measure == "pupils":
        # A group has one number of pupils, that of the year so far, whatever period it stands beside.
        period = "year_to_date"
    cell = [("skoleår", str(row["school_year"]))]
    if period in ("month", "week"):
        cell.append(("periode", str(row["period"])))
    kind, group = str(row["group_kind"]), str(row["group_id"])
    if kind in ("school", "school_grade"):
        cell.append(("skole", str(row["school_id"]) or group))
    if kind in ("grade", "school_grade"):
        cell.append(("klassetrin", str(row["grade"]) or group))
    if kind in ("treated", "comparison"):
        cell.append(("klassetrin", kind))
    if column.startswith("over_10"):
        return Mark("description_over_10", (*cell, ("over_10", "ja")), measure)
    if measure in ("pct", "days"):
        cell.append(("type", str(row["outcome"])))
    return Mark(f"description_{period}", tuple(cell), measure)
