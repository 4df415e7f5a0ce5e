"""XML workbooks of Excel 2003 (SpreadsheetML), which older systems still write, often under the name .xls."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from evaluation.files.safe_xml import UNTRUSTED
from evaluation.files.sheet import Cell, Sheet, damaged

NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384
_S = f"{{{NAMESPACE}}}"
_X = "{urn:schemas-microsoft-com:office:excel}"


def spreadsheetml_sheets(data: bytes, name: str) -> tuple[Sheet, ...]:
    """The workbook's sheets. Raises InputError on damage and on entities."""
    from lxml import etree

    try:
        parser = etree.XMLParser(**UNTRUSTED)
        root = etree.fromstring(data, parser=parser)
    except etree.XMLSyntaxError:
        raise damaged(name, "the XML is broken or cut off") from None
    if root.getroottree().docinfo.doctype:
        raise damaged(name, "XML with a document type", "XML without references out of the file")
    sheets: list[Sheet] = []
    for sheet in root.iter(f"{_S}Worksheet"):
        visible = sheet.findtext(f"{_X}WorksheetOptions/{_X}Visible", "SheetVisible")
        title = sheet.get(f"{_S}Name", f"Ark {len(sheets) + 1}")
        rows = list(_rows(sheet, name))
        sheets.append(Sheet(title, lambda rows=rows: iter(rows), visible == "SheetVisible"))  # type: ignore[misc]
    return tuple(sheets)


def _rows(sheet: Any, name: str) -> Iterator[list[Cell]]:
    line = 0
    for row in sheet.iterfind(f"{_S}Table/{_S}Row"):
        at = _index(row, line + 1, MOST_ROWS, name)
        for _ in range(at - line - 1):
            yield []
        line = at
        cells: list[Cell] = []
        for cell in row.iterfind(f"{_S}Cell"):
            place = _index(cell, len(cells) + 1, MOST_COLUMNS, name)
            cells += [None] * (place - len(cells) - 1)
            cells.append(_value(cell.find(f"{_S}Data"), name))
            across = str(cell.get(f"{_S}MergeAcross", "0"))
            cells += [None] * min(int(across) if across.isdigit() else 0, MOST_COLUMNS - len(cells))
        yield cells


def _index(element: Any, usual: int, most: int, name: str) -> int:
    said = element.get(f"{_S}Index")
    if said is None:
        return usual
    if not said.isdigit() or not usual <= int(said) <= most:
        raise damaged(name, "a row or cell at a place that cannot be")
    return int(said)


def _value(data: Any, name: str) -> Cell:
    if data is None:
        return None
    text = "".join(data.itertext()).strip()
    kind = data.get(f"{_S}Type", "String")
    if not text:
        return None
    try:
        if kind == "Number":
            return float(text)
        if kind == "DateTime":
            return dt.datetime.fromisoformat(text.rstrip("Z"))
    except ValueError:
        raise damaged(name, "a cell that is not of the type it says") from None
    return text == "1" if kind == "Boolean" else text
