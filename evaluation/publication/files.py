"""Every file of a round as bytes by relative path: report, school pages, Målplan text, tables. Nothing is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from evaluation.protocol import Protocol, School
from evaluation.reports.exports import table_files
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.malplan import malplan_docx, render_malplan
from evaluation.reports.render import (
    IndexEntry,
    Link,
    headline_words,
    render_accessibility_statement,
    render_school,
    render_steering_group,
)

STEERING_GROUP = "styregruppe.html"
PDF = {STEERING_GROUP: "styregruppe.pdf"}
"""Pages that are also printed."""


def steering_group_files(inputs: ReportInputs) -> dict[str, bytes]:
    """The steering group's report and the accessibility statement."""
    return {
        STEERING_GROUP: render_steering_group(inputs).encode(),
        "tilgaengelighed.html": render_accessibility_statement(inputs.protocol).encode(),
    }


def school_files(inputs: ReportInputs) -> dict[str, bytes]:
    """One page for each school's local working group."""
    return {school_path(s): render_school(inputs, s.id).encode() for s in inputs.protocol.schools}


def malplan_files(inputs: ReportInputs) -> dict[str, bytes]:
    """The Målplan text as page, plain text and Word document."""
    text = render_malplan(inputs)
    return {
        "maalplan.html": text.html.encode(),
        "maalplan.txt": text.text.encode(),
        "maalplan.docx": malplan_docx(inputs),
    }


def table_export_files(inputs: ReportInputs) -> dict[str, bytes]:
    """The released tables as CSV files and one workbook."""
    files = table_files(inputs)
    return {
        **{f"tabeller/{name}": content for name, content in files.csv.items()},
        "tabeller.xlsx": files.xlsx,
    }


REPORTS: Mapping[str, Callable[[ReportInputs], dict[str, bytes]]] = {
    "report_steering_group": steering_group_files,
    "report_school": school_files,
    "report_malplan": malplan_files,
    "report_tables": table_export_files,
}
"""Every report by its name, in the order they are made: first what the browser prints."""


def school_path(school: School) -> str:
    """``skoler/herstedvester.html``: the short name in plain letters."""
    plain = school.short.lower().replace("æ", "ae").replace("ø", "oe").replace("å", "aa")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return f"skoler/{re.sub(r'[^a-z0-9]+', '-', plain).strip('-') or school.id}.html"


def index_entry(inputs: ReportInputs, names: list[str]) -> IndexEntry:
    """What the index page says and links about a round; ``names`` are the files that were made."""
    prefix = inputs.round.id
    links = tuple(
        Link(label, f"{prefix}/{name}") for label, name in _labelled(inputs.protocol) if name in names
    )
    return IndexEntry(inputs.round, headline_words(inputs), links)


def _labelled(protocol: Protocol) -> Iterator[tuple[str, str]]:
    yield "Rapport til styregruppen", STEERING_GROUP
    yield "Rapporten som PDF", PDF[STEERING_GROUP]
    for school in protocol.schools:
        yield school.name, school_path(school)
    yield "Tekst til målplanen", "maalplan.html"
    yield "Tekst til målplanen (Word)", "maalplan.docx"
    yield "Tabeller (Excel)", "tabeller.xlsx"
    yield "Hvor tallene kommer fra", "manifest.json"
    yield "Tilgængelighed", "tilgaengelighed.html"
