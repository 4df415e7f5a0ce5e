"""Word documents as text, and text as a Word document that holds nothing else.

A document keeps names in a hundred places: properties, authors, comments, alternative texts, names of styles, bookmarks and
embedded files. None of them is rewritten: the words are read from the body, headers, footers, notes and comments, and a new
document is made of them alone. What a word means is :mod:`evaluation.interviews.pseudonymise`' matter.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from evaluation.errors import InputError, Problem
from evaluation.files.packages import archive_from_bytes
from evaluation.files.safe_xml import children, local_name, parse_xml

_BODY, _BESIDE = "document", ("hdr", "ftr", "footnotes", "endnotes", "comments")
_GONE = ("del", "movefrom", "fallback")
"""What was deleted or moved away under tracked changes, and the second copy of a text box for older programs."""
_ELSEWHERE = {
    "word/media/": "pictures",
    "word/embeddings/": "files",
    "word/charts/": "charts",
    "word/diagrams/": "diagrams",
    "word/glossary/": "blocks",
    "customxml/": "data",
}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
"""Characters nobody sees, which cut a name in two for everybody else."""
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}<w:sectPr/></w:body>'
    "</w:document>"
)

Table = tuple[tuple[tuple[str, ...], ...], ...]
"""Rows of cells of paragraphs."""


@dataclass(frozen=True)
class WordText:
    """A document's words: paragraphs and tables of the body, then headers, footers, notes and comments.

    ``left_out``: kinds of parts that hold something and are no text.
    """

    blocks: tuple[str | Table, ...]
    left_out: tuple[str, ...] = ()


def read_word(data: bytes, name: str) -> WordText:
    """The words of a document. Raises ``InputError`` for one that is damaged, or that takes its text from another file."""
    archive = archive_from_bytes(data, name)
    roots = [
        parse_xml(archive.read(m), f"{name}/{m}") for m in archive.members if m.casefold().endswith(".xml")
    ]
    bodies = [root for root in roots if local_name(root) == _BODY]
    if len(bodies) != 1:
        raise _refused(name, f"{len(bodies)} documents in one file", "one Word document")
    read = [*bodies, *(root for kind in _BESIDE for root in roots if local_name(root) == kind)]
    if any(local_name(e) == "altchunk" for root in read for e in root.iter()):
        raise _refused(name, "text that is taken in from another file", "all text in the document itself")
    blocks = tuple(block for root in read for block in _blocks(root))
    kinds = {
        k for start, k in _ELSEWHERE.items() if any(m.casefold().startswith(start) for m in archive.members)
    }
    return WordText(blocks, tuple(sorted(kinds)))


def visible(text: str) -> str:
    """The text composed (NFC), and without characters nobody sees: either would cut a name in two."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text))


def written_word(blocks: Sequence[str | Table]) -> bytes:
    """A document of these paragraphs and tables and nothing else; the same bytes for the same text."""
    body = "".join(_paragraph(b) if isinstance(b, str) else _table(b) for b in blocks)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member, text in (
            ("[Content_Types].xml", _TYPES),
            ("_rels/.rels", _RELATIONS),
            ("word/document.xml", _DOCUMENT.format(body)),
        ):
            place = zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0))
            target.writestr(place, text.encode("utf-8", "replace"), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _blocks(element: Any) -> Iterator[str | Table]:
    for child in element:
        name = local_name(child)
        if name in _GONE:
            continue
        if name == "tbl":
            yield tuple(
                tuple(tuple(_paragraphs(cell)) for cell in _rows(row, "tc")) for row in _rows(child, "tr")
            )
        elif name == "p":
            yield from _paragraphs_of(child)
        else:
            yield from _blocks(child)


def _rows(element: Any, wanted: str) -> Iterator[Any]:
    """Rows of a table or cells of a row, also those inside a content control."""
    for child in element:
        if local_name(child) == wanted:
            yield child
        elif local_name(child) not in ("tbl", "p", *_GONE):
            yield from _rows(child, wanted)


def _paragraphs(element: Any) -> Iterator[str]:
    for block in _blocks(element):
        if isinstance(block, str):
            yield block
        else:
            yield from (text for row in block for cell in row for text in cell)


def _paragraphs_of(paragraph: Any) -> Iterator[str]:
    """A paragraph's text in one piece, however many pieces it was typed in, then those of the text boxes in it."""
    pieces: list[str] = []
    inside: list[Any] = []
    _collect(paragraph, pieces, inside)
    yield visible("".join(pieces))
    for box in inside:
        yield from _paragraphs_of(box)


def _collect(element: Any, pieces: list[str], inside: list[Any]) -> None:
    for child in element:
        name = local_name(child)
        if name in _GONE:
            continue
        if name == "p" and children(child, "r", "hyperlink", "ins", "sdt"):
            inside.append(child)
        elif name == "t":
            pieces.append("".join(child.itertext()))
        elif name in ("tab", "ptab"):
            pieces.append("\t")
        elif name in ("br", "cr"):
            pieces.append("\n")
        elif name == "nobreakhyphen":
            pieces.append("-")
        else:
            _collect(child, pieces, inside)


def _paragraph(text: str) -> str:
    parts = re.split(r"([\t\n])", _NOT_XML.sub("", text))
    marks = {"\t": "<w:tab/>", "\n": "<w:br/>"}
    runs = "".join(marks.get(p) or f'<w:t xml:space="preserve">{escape(p)}</w:t>' for p in parts if p)
    return f"<w:p><w:r>{runs}</w:r></w:p>" if runs else "<w:p/>"


def _table(rows: Table) -> str:
    columns = max((len(row) for row in rows), default=0)
    grid = "<w:gridCol/>" * columns
    body = "".join(
        "<w:tr>"
        + "".join(f"<w:tc>{''.join(map(_paragraph, cell)) or '<w:p/>'}</w:tc>" for cell in row)
        + "</w:tr>"
        for row in rows
        if row
    )
    return f"<w:tbl><w:tblPr/><w:tblGrid>{grid}</w:tblGrid>{body}</w:tbl>" if body else ""


def _refused(name: str, found: str, expected: str) -> InputError:
    problem = Problem(name, found=found, rule="transcript", expected=expected,
                      next_step="open it in Word and save it as a document of its own, or as .txt")  # fmt: skip
    return InputError(f"{name} cannot be rewritten.", [problem])
