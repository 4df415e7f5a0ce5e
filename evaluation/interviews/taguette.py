"""Taguette: the highlights export (CSV, XLSX: ``id,document,tag,content``) and the project database (SQLite).

Taguette counts positions in UTF-8 bytes of the document's text without its HTML tags. A highlight has no coder;
the database's log of commands has, the exports have not, so agreement needs one export per coder.
Source: github.com/remram44/taguette, ``extract.py`` and ``database/models.py``.
"""

from __future__ import annotations

import json
import sqlite3
from html.parser import HTMLParser
from typing import Any

from evaluation.errors import Problem
from evaluation.interviews.coding_labels import Coding
from evaluation.interviews.sqlite_files import rows_of, text_of
from evaluation.interviews.tables import Table

HEADINGS = ({"id", "document", "tag", "content"}, {"id", "document", "tag", "text"})


def is_taguette_table(table: Table) -> bool:
    """True when the headings are those of a highlights export."""
    names = {heading.casefold() for heading in table.headings}
    return any(wanted <= names for wanted in HEADINGS)


def codings_of_table(table: Table, coder: str | None) -> list[Coding]:
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
    return codings


def codings_of_database(
    connection: sqlite3.Connection, file: str, coder: str | None
) -> tuple[list[Coding], list[Problem], int]:
    """(codings, problems, rows lost) of a Taguette project; positions become code points of the plain text."""
    documents = {r["id"]: r for r in rows_of(connection, "documents", "id", "name", "contents")}
    texts = {key: plain_text(text_of(r.get("contents"))) for key, r in documents.items()}
    tags = {r["id"]: text_of(r.get("path") or r.get("name")) for r in rows_of(connection, "tags", "id")}
    highlights = {
        r["id"]: r
        for r in rows_of(connection, "highlights", "id", "document_id", "start_offset", "end_offset")
    }
    coders = _coders(connection)
    codings: list[Coding] = []
    problems: list[Problem] = []
    lost = 0
    for number, link in enumerate(rows_of(connection, "highlight_tags", "highlight_id", "tag_id"), 1):
        highlight = highlights.get(link.get("highlight_id"))
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
    return codings, problems, lost


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
        if isinstance(payload, dict) and payload.get("type") == "highlight_add" and command.get("user_login"):
            coders.setdefault(payload.get("highlight_id"), text_of(command["user_login"]))
    return coders


def _flat(text: str) -> str:
    return " ".join(text.split())
