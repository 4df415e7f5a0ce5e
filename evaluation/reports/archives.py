"""Office files without a clock: a plain workbook written directly, and a document's archive made timeless.

Nothing here knows what a table means. The workbook is written as text because a round's tables are hundreds of
thousands of cells, which a general library takes seconds for.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_BOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
_STYLE_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"
_CORE_TYPE = "application/vnd.openxmlformats-package.core-properties+xml"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill '
    'patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="3"><xf fontId="0" xfId="0"/><xf fontId="1" xfId="0" applyFont="1"/>'
    '<xf numFmtId="14" fontId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def workbook(
    sheets: Mapping[str, Iterable[Sequence[Any]]], *, title: str, creator: str, created: dt.date
) -> bytes:
    """An .xlsx of plain sheets: rows of texts, numbers, booleans, dates and None; the first row is bold and frozen.

    Texts are always texts: nothing is ever read as a formula. Sheet names are cut at 31 characters.
    """
    names = [name[:31] for name in sheets]
    numbers = range(1, len(names) + 1)
    listed = "".join(
        f'<sheet name="{_attribute(n)}" sheetId="{i}" r:id="rId{i}"/>'
        for i, n in zip(numbers, names, strict=True)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        for i in numbers
    )
    links += f'<Relationship Id="rId0" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType="{_SHEET_TYPE}"/>' for i in numbers
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_BOOK_TYPE}"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_STYLE_TYPE}"/>'
        f'<Override PartName="/docProps/core.xml" ContentType="{_CORE_TYPE}"/>{types}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        f'<Relationship Id="rId2" Type="{_PACKAGE}/relationships/metadata/core-properties" '
        'Target="docProps/core.xml"/>'
        "</Relationships>",
        "docProps/core.xml": _core(title, creator, created),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" '
        f'xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{links}</Relationships>',
        "xl/styles.xml": _STYLES,
    }
    for i, rows in zip(numbers, sheets.values(), strict=True):
        parts[f"xl/worksheets/sheet{i}.xml"] = _sheet(rows)
    return _zipped({name: (_HEAD + text).encode() for name, text in parts.items()})


_STAMP = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")


def timeless(archive: bytes) -> bytes:
    """A zip-based document with the time of every entry taken out and its entries in a fixed order.

    A workbook inside it (a chart's numbers) loses its own clock too.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    inside = {name: timeless(_undated(part)) for name, part in parts.items() if name.endswith(".xlsx")}
    return _zipped({**parts, **inside})


def _undated(workbook_: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook_)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    core = "docProps/core.xml"
    if core in parts:
        parts[core] = _STAMP.sub(rb"\g<1>1980-01-01T00:00:00Z\2", parts[core])
    return _zipped(parts)


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as target:
        for name in sorted(parts, key=lambda n: (n != "[Content_Types].xml", n)):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, parts[name])
    return out.getvalue()


def _sheet(rows: Iterable[Sequence[Any]]) -> str:
    kept = [list(row) for row in rows]
    columns = max((len(row) for row in kept), default=1)
    widths = [_width([row[i] for row in kept[:200] if i < len(row)]) for i in range(columns)]
    cols = "".join(
        f'<col min="{i}" max="{i}" width="{w}" customWidth="1"/>' for i, w in enumerate(widths, start=1)
    )
    out = [
        f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" '
        'topLeftCell="A2" '
        'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetFormatPr '
        f'defaultRowHeight="15"/><cols>{cols}</cols><sheetData>'
    ]
    for number, row in enumerate(kept):
        out.append("<row>")
        out.extend(_cell(v, number == 0) for v in row)
        out.append("</row>")
    out.append("</sheetData>")
    if columns > 1 and len(kept) > 1:
        out.append(f'<autoFilter ref="A1:{_letters(columns)}{len(kept)}"/>')
    out.append("</worksheet>")
    return "".join(out)


def _width(values: Sequence[Any]) -> int:
    """Room for most of what a column holds, in letters."""
    return min(max((len(str(v)) for v in values if v is not None), default=8) + 2, 60)


def _letters(column: int) -> str:
    """A column's name: 1 is A, 27 is AA."""
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _cell(v: Any, is_head: bool) -> str:
    if v is None or v != v:
        return "<c/>"
    if isinstance(v, bool):
        return f'<c t="b"><v>{int(v)}</v></c>'
    if isinstance(v, int | float):
        return f"<c><v>{v!r}</v></c>"
    if isinstance(v, dt.date):
        return f'<c s="2"><v>{(v - dt.date(1899, 12, 30)).days}</v></c>'
    text = escape(_CONTROL.sub("", str(v)))
    style = ' s="1"' if is_head else ""
    return f'<c{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _core(title: str, creator: str, created: dt.date) -> str:
    stamp = f'xsi:type="dcterms:W3CDTF">{created.isoformat()}T00:00:00Z<'
    return (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>{escape(creator)}</dc:creator><dc:language>da-DK</dc:language>"
        f"<dcterms:created {stamp}/dcterms:created><dcterms:modified "
        f"{stamp}/dcterms:modified></cp:coreProperties>"
    )


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})
