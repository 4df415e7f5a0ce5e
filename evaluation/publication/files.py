"""Every file of a round as bytes by relative path: report, school pages, Målplan text, tables. Nothing is written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping

from evaluation.protocol import AudienceId, Protocol, Round, School
from evaluation.reports.exports import table_files
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.malplan import malplan_docx, render_malplan
from evaluation.reports.paths import (
    ANNEX,
    BOARDS,
    ENGLISH,
    FAMILIES,
    PDF,
    SHORT,
    SLIDES,
    STATUS,
    STEERING_GROUP,
    can_make_slides,
    labelled,
)
from evaluation.reports.render import (
    IndexEntry,
    Link,
    headline_words,
    render_accessibility_statement,
    render_annex,
    render_boards,
    render_english,
    render_families,
    render_school,
    render_short,
    render_status,
    render_steering_group,
)
from evaluation.reports.slides import slides
from evaluation.words.danish import plain_letters
from evaluation.words.texts import texts

TEXT = texts("running")


def steering_group_files(inputs: ReportInputs) -> dict[str, bytes]:
    """The steering group's report and the accessibility statement."""
    return {
        STEERING_GROUP: inputs.once(render_steering_group).encode(),
        ANNEX: render_annex(inputs).encode(),
        SHORT: render_short(inputs).encode(),
        BOARDS: render_boards(inputs).encode(),
        FAMILIES: render_families(inputs).encode(),
        ENGLISH: render_english(inputs).encode(),
        **({SLIDES: slides(inputs)} if can_make_slides() else {}),
        "tilgaengelighed.html": render_accessibility_statement(inputs.protocol).encode(),
    }


def status_files(inputs: ReportInputs) -> dict[str, bytes]:
    """The page followed between the reports."""
    return {STATUS: render_status(inputs).encode()}


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


AUDIENCES: Mapping[str, AudienceId] = {
    "report_steering_group": "steering_group",
    "report_school": "schools",
    "report_malplan": "goal",
    "report_tables": "tables",
}
"""Who each report is for. The protocol says who gets something."""


def files_for(
    protocol: Protocol, the_round: Round | None = None
) -> dict[str, Callable[[ReportInputs], dict[str, bytes]]]:
    """The reports this study makes in a round, in their order. A status round has its page, the schools' and the tables."""
    if the_round is not None and the_round.kind == "status":
        made = {
            "report_steering_group": status_files,
            "report_school": school_files,
            "report_tables": table_export_files,
        }
        return {name: make for name, make in made.items() if AUDIENCES[name] in protocol.audiences}
    return {name: make for name, make in REPORTS.items() if AUDIENCES[name] in protocol.audiences}


REPORTS: Mapping[str, Callable[[ReportInputs], dict[str, bytes]]] = {
    "report_steering_group": steering_group_files,
    "report_school": school_files,
    "report_malplan": malplan_files,
    "report_tables": table_export_files,
}
"""Every report by its name, in the order they are made: first what the browser prints."""


def school_path(school: School) -> str:
    """``skoler/herstedvester.html``: the short name in plain letters."""
    plain = plain_letters(school.short.lower())
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
    for label, name in labelled(protocol):
        yield label, name
        if name in PDF:
            yield f"{label} (PDF)", PDF[name]
    for school in protocol.schools:
        yield school.name, school_path(school)
    yield TEXT("files_manifest"), "manifest.json"
