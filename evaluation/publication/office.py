"""Documents, workbooks and prints as an attacker opens them: every text, sheet, property and part, seen or not."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evaluation.errors import InputError
from evaluation.files.safe_xml import parse_xml
from evaluation.files.sheet import damaged
from evaluation.files.sheets import open_sheets

PARTS = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|docProps/(core|app)\.xml|docProps/thumbnail\.jpeg|customXml/(_rels/)?item\w*\.xml(\.rels)?"
    r"|word/(document|styles|stylesWithEffects|fontTable|numbering|settings|webSettings)\.xml|word/theme/theme1\.xml"
    r"|(word|xl)/_rels/(document|workbook)\.xml\.rels|xl/(workbook|styles|sharedStrings)\.xml|xl/theme/theme1\.xml|xl/worksheets/sheet\d+\.xml"
    r"|ppt/(?!comment|embed|activeX)[\w/]+\.xml|ppt/(?!comment)([\w/]+/)?_rels/[\w.]+\.rels|ppt/media/\w+\.(png|svg)"
)
_BEHIND_CHART = re.compile(r"ppt/embeddings/Microsoft_Excel_Sheet\d+\.xlsx")
"""The workbook a chart of a slide is drawn from; whoever opens the chart reads it."""
"""What our own documents are made of: no comments, macros, revisions, custom properties, nor embedded files but one."""
_ABOUT_PEOPLE = (
    "keywords",
    "description",
    "subject",
    "category",
    "comments",
    "Manager",
    "Company",
    "HyperlinkBase",
)
_NO_TEXT = ("t", "v", "created", "modified", "tableStyleId")
_NAMES = ("name", "title", "descr", "tooltip", "alt")
_PDF_NOT = re.compile(rb"/(Author|Subject|Keywords|EmbeddedFile|JavaScript|RichMedia|FileAttachment)\b")


@dataclass(frozen=True)
class Opened:
    """``texts``: all text of all parts, with the part's name. ``strange``: parts and properties that are not ours.
    ``drawn``: the numbers of charts and of the workbooks behind them."""

    texts: tuple[tuple[str, str], ...]
    strange: tuple[str, ...]
    drawn: tuple[float, ...] = ()


def open_office(file: str, data: bytes, owners: frozenset[str]) -> Opened:
    """A .docx, .xlsx or .pptx, part by part. ``owners``: who may stand as its creator.

    Raises:
        InputError: it is no such file, or a part cannot be parsed.
    """
    texts: list[tuple[str, str]] = []
    strange: list[str] = []
    drawn: list[float] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError):
        raise damaged(file, "no Office file") from None
    for name, content in parts.items():
        if _BEHIND_CHART.fullmatch(name):
            behind = open_office(f"{file}/{name}", content, owners)
            texts += [(f"{name}/{part}", text) for part, text in behind.texts]
            strange += [f"{name}/{part}" for part in behind.strange]
            cells = [v for rows in (sheets_of(name, content) or {}).values() for row in rows for v in row]
            texts += [(name, v) for v in cells if isinstance(v, str)]
            drawn += [float(v) for v in cells if isinstance(v, int | float)]
        elif not PARTS.fullmatch(name):
            strange.append(name)
        elif name.endswith((".xml", ".rels")):
            root = parse_xml(content, f"{file}/{name}")
            texts += [(name, text) for text in _texts(root)]
            drawn += [float(v.text) for v in root.iterfind(".//{*}numCache/{*}pt/{*}v")]
            if name.startswith("docProps/"):
                strange += [f"{name} {p}" for p in _properties(root, owners)]
    return Opened(tuple(texts), tuple(strange), tuple(drawn))


def _texts(root: Any) -> Iterator[str]:
    for element in root.iter():
        local = str(element.tag).rpartition("}")[2]
        if local == "p":  # a paragraph's runs are one text
            yield "".join(element.itertext())
        elif element.text and element.text.strip() and local not in _NO_TEXT:
            yield element.text
        yield from (v for k, v in element.attrib.items() if str(k).rpartition("}")[2] in _NAMES)


def _properties(root: Any, owners: frozenset[str]) -> Iterator[str]:
    for element in root.iter():
        local, text = str(element.tag).rpartition("}")[2], (element.text or "").strip()
        if text and (
            local in _ABOUT_PEOPLE or (local in ("creator", "lastModifiedBy") and text not in owners)
        ):
            yield local


def sheets_of(file: str, data: bytes) -> dict[str, list[list[Any]]] | None:
    """A workbook's sheets as rows of cells; None where one is hidden.

    Raises:
        InputError: it cannot be read.
    """
    sheets = open_sheets(data, "xls", file)  # this reader tells old and new workbooks apart itself
    if not all(s.is_visible for s in sheets):
        return None
    return {s.name: list(s.rows()) for s in sheets}


def strange_in_print(data: bytes) -> list[str]:
    """Properties and attachments of a PDF that ours never has."""
    if not data.startswith(b"%PDF-"):
        raise InputError("no PDF")
    return sorted({hit.decode("ascii") for hit in _PDF_NOT.findall(data)})
