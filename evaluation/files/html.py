"""Tables of web pages: what many systems save under the name .xls, alone or packed as one file (MHTML)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from typing import Any

from evaluation.files.sheet import Sheet, damaged

MOST_SPANNED = 2_000
"""Columns or rows one cell may span; a span beyond it counts as one."""


def html_sheets(data: bytes, name: str) -> tuple[Sheet, ...]:
    """One sheet per table that holds no other table, in order. Raises InputError on what is no page."""
    pages = _parts(data, name) if is_mhtml(data) else [data]
    tables = [t for page in pages for t in _tables(page, name)]
    titles: dict[str, int] = {}
    sheets = []
    for n, table in enumerate(tables, start=1):
        caption = table.find("caption")
        title = (_text(caption) if caption is not None else "") or f"Tabel {n}"
        titles[title] = titles.get(title, 0) + 1
        unique = title if titles[title] == 1 else f"{title} {titles[title]}"
        sheets.append(Sheet(unique, lambda table=table: _rows(table), not _is_hidden(table)))  # type: ignore[misc]
    return tuple(sheets)


def is_mhtml(head: bytes) -> bool:
    """Is it a page packed with its parts, as told by its first lines?"""
    top = head[:2048].lower()
    return b"mime-version:" in top and b"multipart/related" in head[:8192].lower() + top


def _parts(data: bytes, name: str) -> list[bytes]:
    try:
        message = email.message_from_bytes(data, policy=email.policy.default)
        pages = [p for p in message.walk() if p.get_content_type() in ("text/html", "application/xhtml+xml")]
        return [bytes(p.get_payload(decode=True) or b"") for p in pages]
    except Exception:  # email's parser raises many kinds on damage; none may reach a user
        raise damaged(name, "the packed page cannot be taken apart") from None


def _tables(page: bytes, name: str) -> list[Any]:
    from lxml import html

    encoding = None
    if b"charset" not in page[:4096].lower():
        try:
            page.decode("utf-8")
            encoding = "utf-8"
        except UnicodeDecodeError:
            encoding = "cp1252"
    try:
        parser = html.HTMLParser(encoding=encoding, no_network=True, huge_tree=True)
        root = html.document_fromstring(page, parser=parser)
    except Exception:  # lxml raises many kinds on damage and on nothing; none may reach a user
        raise damaged(name, "the page cannot be read") from None
    return [t for t in root.iter("table") if t.find(".//table") is None and t.find(".//tr") is not None]


def _rows(table: Any) -> Iterator[list[Any]]:
    """Rows of cells; a cell that spans rows says the same in each of them, one that spans columns is said once."""
    down: dict[int, tuple[int, str | None]] = {}
    for line in table.iter("tr"):
        row: list[Any] = []

        def from_above(row: list[Any] = row) -> None:
            while len(row) in down:
                left, value = down[len(row)]
                if left > 1:
                    down[len(row)] = (left - 1, value)
                else:
                    del down[len(row)]
                row.append(value)

        for cell in line.iterchildren("td", "th"):
            from_above()
            value = _text(cell) or None
            rows, columns = _span(cell, "rowspan"), _span(cell, "colspan")
            for k in range(columns):
                if rows > 1:
                    down[len(row)] = (rows - 1, value if k == 0 else None)
                row.append(value if k == 0 else None)
        from_above()
        yield row


def _span(cell: Any, what: str) -> int:
    text = str(cell.get(what, "1")).strip()
    return int(text) if text.isdigit() and 1 <= int(text) <= MOST_SPANNED else 1


def _text(element: Any) -> str:
    """The words of a cell as a reader sees them: breaks and blocks are blanks."""
    parts = (part for part in element.itertext() if part)
    return (
        " ".join(" ".join(parts).replace("\u00a0", " ").split()) if _has_blocks(element) else _plain(element)
    )


def _has_blocks(element: Any) -> bool:
    return any(
        child.tag in ("br", "p", "div", "li") for child in element.iter() if isinstance(child.tag, str)
    )


def _plain(element: Any) -> str:
    return " ".join("".join(element.itertext()).replace("\u00a0", " ").split())


def _is_hidden(element: Any) -> bool:
    style = "".join(str(element.get("style", "")).lower().split())
    return "display:none" in style or element.get("hidden") is not None
