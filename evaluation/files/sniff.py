"""What a file really is, told by its first bytes and not by its name: the message an analyst can act on."""

from __future__ import annotations

import re
import zipfile
from typing import IO

from evaluation.errors import InputError, Problem

HEAD_BYTES = 4096

_SAVE_AS = "open it in Excel and save it as .xlsx or CSV"
_KINDS: tuple[tuple[tuple[bytes, ...], str, str, str], ...] = (
    ((b"PK\x03\x04", b"PK\x05\x06"), "zip", "a zip archive or an Excel or OpenDocument workbook",
     'write format = "xlsx", "xlsb" or "ods", or zip_members, in the mapping'),
    ((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "xls", "an old Excel file (.xls) or a workbook with a password",
     'write format = "xls" in the mapping; take a password off first'),
    ((b"%PDF",), "pdf", "a PDF document", "ask the school for the figures as a table"),
    ((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh"), "packed", "a packed file of another kind than zip",
     "unpack it first"),
    ((b"SQLite format 3",), "sqlite", "an SQLite database", 'describe it as a source with format = "sql"'),
    ((b"PAR1",), "parquet", "a Parquet file", "export it as CSV"),
)  # fmt: skip
_OTHERS = {
    "html": ("a web page (HTML), whatever its name says", 'write format = "html" in the mapping'),
    "spreadsheetml": ("an XML workbook of Excel 2003", 'write format = "spreadsheetml" in the mapping'),
    "xml": ("an XML document", 'write format = "xml" in the mapping, with [xml] record'),
    "json": ("a JSON document", 'write format = "json" in the mapping'),
}
_MARKUP = (b"<!doctype html", b"<html", b"<table", b"<meta", b"<head")
_BOOKS = (("xl/workbook.xml", "xlsx"), ("xl/workbook.bin", "xlsb"), ("content.xml", "ods"))
_EXPECTED = {
    "text": "separated text",
    "xlsx": "an .xlsx workbook",
    "xls": "an old Excel workbook (.xls)",
    "xlsb": "a binary Excel workbook (.xlsb)",
    "ods": "an OpenDocument workbook (.ods)",
    "html": "a web page with a table",
    "spreadsheetml": "an XML workbook of Excel 2003",
    "json": "JSON",
    "xml": "XML",
    "zip": "a zip archive",
}


def content_kind(head: bytes) -> str | None:
    """zip, xls, pdf, packed, sqlite, parquet, html, spreadsheetml, json or xml; None for what may be separated text."""
    for marks, kind, _, _ in _KINDS:
        if head.startswith(marks):
            return kind
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if bare.startswith(_MARKUP) or (bare.startswith(b"<?xml") and b"<html" in bare):
        return "html"
    if b"mime-version:" in bare[:2048] and b"multipart/related" in bare:
        return "html"
    if bare.startswith(b"<") and b"urn:schemas-microsoft-com:office:spreadsheet" in bare:
        return "spreadsheetml"
    if bare.startswith(b"<?xml") or (bare.startswith(b"<") and b">" in bare):
        return "xml"
    return "json" if re.match(rb'\[\s*\{|\{\s*"|\[\s*\]', bare) else None


def workbook_kind(members: tuple[str, ...]) -> str:
    """What kind of workbook a zip archive with these members is; ``zip`` when it is none."""
    return next((kind for member, kind in _BOOKS if member in members), "zip")


def file_kind(stream: IO[bytes]) -> str | None:
    """Like :func:`content_kind`, workbooks in a zip told apart. The stream must be seekable; it is left at its start."""
    kind = content_kind(stream.read(HEAD_BYTES))
    stream.seek(0)
    if kind == "zip":
        try:
            with zipfile.ZipFile(stream) as archive:
                kind = workbook_kind(tuple(archive.namelist()))
        except Exception:  # zipfile raises many kinds on damage; whoever opens the archive says so
            kind = "zip"
        stream.seek(0)
    return kind


def refuse_other_content(head: bytes, name: str, wanted: str) -> None:
    """Raise when a file is not of the format its mapping reads.

    Args:
        head: the first bytes, at least a few hundred where there are that many.
        name: the file's name for the message.
        wanted: text, zip, or a format of :data:`evaluation.files.sheets.SHEETS` or xlsx or xml.

    Raises:
        InputError: what the file is instead, and what to do.
    """
    kind = content_kind(head)
    fits: dict[str, tuple[str | None, ...]] = {
        "text": (None,),
        "xlsx": ("zip",),
        "xlsb": ("zip",),
        "ods": ("zip",),
        "zip": ("zip",),
        "xml": ("xml", "html", "spreadsheetml", None),
    }
    if kind in fits.get(wanted, (wanted,)) or not head:
        return
    if kind is None and wanted != "text" and not head.strip():
        return
    found, next_step = next(
        ((f, n) for _, k, f, n in _KINDS if k == kind),
        _OTHERS.get(
            str(kind),
            ("text, or a damaged file", _SAVE_AS if wanted == "xlsx" else "ask for the export again"),
        ),
    )
    expected = _EXPECTED[wanted]
    if kind is None and wanted in ("xlsx", "xlsb", "ods", "zip"):
        return  # truncated and damaged archives have a message of their own
    raise InputError(
        f"{name} is not {expected}",
        [Problem(name, found=found, rule="other_format", expected=expected, next_step=next_step)],
    )
