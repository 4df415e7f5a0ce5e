"""Taguette: the highlights export (CSV, XLSX: ``id,document,tag,content``) and the project database (SQLite).

Taguette counts positions in UTF-8 bytes of the document's text without its HTML tags. A highlight has no coder;
the database's log of commands has, the exports have not, so agreement needs one export per coder.
Source: github.com/remram44/taguette, ``extract.py`` and ``database/models.py``.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from html.parser import HTMLParser
from typing import Any

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.files.sqlite import rows_of, text_of
from evaluation.interviews.attributes import DocumentAttributes, normal_name
from evaluation.interviews.coding_labels import Coding, Reading
from evaluation.interviews.notes import Notes
from evaluation.interviews.qdc_text import plain_description
from evaluation.interviews.tables import Table
from evaluation.interviews.understanding import POLARITIES, Understanding

HEADINGS = ({"id", "document", "tag", "content"}, {"id", "document", "tag", "text"})
"""A highlights export has these and no other; with any more it is a table like all others, and all of it is read."""


def is_taguette_table(table: Table) -> bool:
    """True when the headings are those of a highlights export."""
    names = {heading.casefold() for heading in table.headings}
    return names in HEADINGS


def codings_of_table(table: Table, coder: str | None) -> Reading:
    """One coding per row. Rows of one highlight share its ``id``, which is its segment."""
    names = {heading.casefold(): heading for heading in table.headings}
    text = names.get("content") or names.get("text")
    # A highlight's id differs between coders' exports of one statement; its document, its text and which
    # occurrence of that text it is do not.
    highlights: dict[tuple[str, str], list[str]] = {}
    codings: list[Coding] = []
    for row in table.rows:
        document, quoted, number = row.get(names["document"]), row.get(text), row.get(names["id"])
        same = highlights.setdefault((document, quoted), [])
        if number not in same:
            same.append(number)
        occurrence = same.index(number)
        segment = f"{quoted} ({occurrence})" if quoted else number
        codings.append(
            Coding(
                document, row.get(names["tag"]), row.line, None, coder, text=quoted or None, segment=segment
            )
        )
    aside = [
        tuple(Coding(way.get(names["document"]), way.get(names["tag"]), way.line) for way in misfit)
        for misfit in table.misfits
    ]
    return Reading(codings, {}, table.problems, table.lost, aside)


def codings_of_database(
    connection: sqlite3.Connection,
    file: str,
    known: Understanding,
    coder: str | None = None,
    project: str | None = None,
) -> Reading:
    """Everything in a Taguette project; positions become code points of the plain text.

    Raises ``InputError`` when the database holds several projects and ``project`` names none of them.
    """
    chosen = _project(connection, file, project)
    documents = {
        r["id"]: r
        for r in rows_of(connection, "documents", "id", "name", "contents")
        if chosen is None or r.get("project_id") == chosen
    }
    elsewhere = {r["id"] for r in rows_of(connection, "documents", "id")} - documents.keys()
    texts = {key: plain_text(text_of(r.get("contents"))) for key, r in documents.items()}
    tags = {r["id"]: text_of(r.get("path") or r.get("name")) for r in rows_of(connection, "tags", "id")}
    highlights = {
        r["id"]: r
        for r in rows_of(connection, "highlights", "id", "document_id", "start_offset", "end_offset")
    }
    coders = _coders(connection)
    codings: list[Coding] = []
    aside: list[tuple[Coding]] = []
    problems: list[Problem] = []
    lost = 0
    for number, link in enumerate(rows_of(connection, "highlight_tags", "highlight_id", "tag_id"), 1):
        highlight = highlights.get(link.get("highlight_id"))
        if highlight is not None and highlight["document_id"] in elsewhere:
            continue
        document = documents.get(highlight["document_id"]) if highlight else None
        label = tags.get(link.get("tag_id"))
        if highlight is None or document is None or label is None:
            lost += 1
            problems.append(Problem(file, number, "highlight_tags", "a reference to nothing", "Taguette"))
            continue
        body = texts[document["id"]]
        place = _code_points(body, highlight.get("start_offset"), highlight.get("end_offset"))
        quoted = plain_text(text_of(highlight.get("snippet")))
        if place is None or (quoted.strip() and _flat(body[slice(*place)]) != _flat(quoted)):
            lost += 1
            aside.append((Coding(text_of(document.get("name")), label, number),))
            problems.append(
                Problem(
                    file,
                    number,
                    "highlights",
                    "the text at the highlight's position is not the text it quotes",
                    "positions",
                    "UTF-8 bytes of the document's text",
                    "set the highlight again in Taguette and export",
                )
            )
            continue
        start, end = place
        codings.append(
            Coding(
                document=text_of(document.get("name")),
                label=label,
                row=number,
                coder=coder or coders.get(highlight["id"]),
                start=start,
                end=end,
                text=body[start:end],
            )
        )
    about: dict[str, DocumentAttributes] = {}
    written = Notes(known)
    for row in rows_of(connection, "projects", "id"):
        if chosen is None or row["id"] == chosen:
            written.of_nobody(text_of(row.get("description")))
            written.of_code(text_of(row.get("name")))
    for row in rows_of(connection, "tags", "id"):
        if chosen is None or row.get("project_id") == chosen:
            written.of_code(text_of(row.get("description")))
    for document in documents.values():
        name = normal_name(text_of(document.get("name")))
        said = DocumentAttributes.of(written.about(text_of(document.get("description"))))
        about[name] = about.get(name, DocumentAttributes()).joined(said)
    return Reading(codings, about, problems, lost, aside, written=written)


def _project(connection: sqlite3.Connection, file: str, wanted: str | None) -> Any:
    """The id of the project to read; ``None`` when the database has one at most."""
    names = {r["id"]: text_of(r.get("name")) for r in rows_of(connection, "projects", "id")}
    if len(names) < 2 and not wanted:
        return None
    found = [
        key
        for key, name in names.items()
        if wanted and " ".join(name.split()).casefold() == wanted.casefold()
    ]
    if len(found) == 1:
        return found[0]
    problem = Problem(
        file,
        column="projects",
        found=f"{len(names)} projects"
        + (", none (or several) of the name that the mapping gives" if wanted else ""),
        rule="several_projects",
        expected=" | ".join(sorted(names.values())),
        next_step='name one in the mapping: [interviews] project = "…"',
    )
    raise InputError(f"{file}: which project?", [problem])


def taguette_codebook(codebook: Codebook) -> bytes:
    """The codebook as Taguette imports it: CSV with ``tag`` and ``description``, UTF-8 with its mark.

    Tags are the codes' ids, for a highlight may carry names that two codes share; then the marks for a direction and for
    an approved quote, which Taguette has no fields for. Folders are no tags.
    """
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["tag", "description"])
    for code in codebook.codes:
        if code.is_codable:
            rows.writerow([code.id, plain_description(code)])
    rows.writerows(
        [f"retning: {word}", "Retningen af det, der siges om koden på samme udsagn."] for word in POLARITIES
    )
    rows.writerow(["citat godkendt", "Et menneske har godkendt udsagnet som citat, ord for ord."])
    return out.getvalue().encode("utf-8-sig")


def plain_text(html: str) -> str:
    """The text of an HTML document or snippet, entities resolved and tags dropped, as Taguette counts it."""
    collector = _Text()
    collector.feed(html)
    collector.close()
    return "".join(collector.parts)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        """Keep the text between tags."""
        self.parts.append(data)


def _code_points(text: str, start: Any, end: Any) -> tuple[int, int] | None:
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start <= end:
        return None
    data = text.encode("utf-8", "surrogatepass")
    if end > len(data):
        return None
    try:
        first = len(data[:start].decode("utf-8"))
        return first, first + len(data[start:end].decode("utf-8"))
    except UnicodeDecodeError:
        return None


def _coders(connection: sqlite3.Connection) -> dict[Any, str]:
    """Highlight → who added it, from the log; empty where an export has dropped the log."""
    coders: dict[Any, str] = {}
    for command in rows_of(connection, "commands"):
        try:
            payload = json.loads(text_of(command.get("payload")) or "{}")
        except ValueError:
            continue
        login = text_of(command.get("user_login"))
        # On one's own machine everybody is "admin": that is nobody's name.
        if (
            isinstance(payload, dict)
            and payload.get("type") == "highlight_add"
            and login not in ("", "admin")
        ):
            coders.setdefault(payload.get("highlight_id"), login)
    return coders


def _flat(text: str) -> str:
    return " ".join(text.split())
