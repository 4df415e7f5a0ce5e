"""Workbooks of Excel: opened once for everybody, and which sheets one has, told by its own table of contents."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import IO, Any

from evaluation.errors import InputError, Problem
from evaluation.files.safe_xml import UNTRUSTED

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATIONS = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_MOST_BYTES = 16 * 1024**2


def open_workbook(source: Path | IO[bytes], name: str, **how: Any) -> Any:
    """An openpyxl workbook; ``how`` are its options. Raises InputError on whatever damage it meets."""
    import openpyxl

    try:
        return openpyxl.load_workbook(source, **how)
    except Exception:  # zipfile, zlib, expat and openpyxl raise many kinds on damage; none may reach a user
        raise broken_workbook(name) from None


def broken_workbook(name: str) -> InputError:
    """The refusal of a workbook that cannot be read, here or further in."""
    return InputError(
        f"{name} is not an xlsx workbook",
        [Problem(name, found="the workbook cannot be opened", rule="xlsx", expected="an undamaged .xlsx file",
                 next_step="open it in Excel and save it as .xlsx")],
    )  # fmt: skip


def xlsx_sheets(stream: IO[bytes]) -> tuple[tuple[str, bool], ...]:
    """Sheets with rows, in order: name and whether it is visible; none where the archive cannot be read."""
    try:
        with zipfile.ZipFile(stream) as archive:
            book = _parsed(archive, "xl/workbook.xml")
            relations = _parsed(archive, "xl/_rels/workbook.xml.rels")
    except Exception:  # zipfile and lxml raise many kinds on damage; whoever reads the sheet says so
        return ()
    kinds = {r.get("Id"): str(r.get("Type", "")) for r in relations.iter(_RELATIONS)}
    found = []
    for sheet in [*book.iter(f"{_MAIN}sheet"), *book.iter(f"{_STRICT}sheet")]:
        relation = next((v for k, v in sheet.attrib.items() if str(k).endswith("}id")), None)
        if kinds.get(relation, "/worksheet").endswith("/worksheet"):
            found.append((str(sheet.get("name")), sheet.get("state", "visible") == "visible"))
    return tuple(found)


def _parsed(archive: zipfile.ZipFile, member: str) -> Any:
    from lxml import etree

    with archive.open(member) as stream:
        data = stream.read(_MOST_BYTES)
    return etree.fromstring(data, parser=etree.XMLParser(**UNTRUSTED))
