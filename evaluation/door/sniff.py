"""What a file really is, told by its first bytes and not by its name: the message an analyst can act on."""

from __future__ import annotations

from evaluation.errors import InputError, Problem

HEAD_BYTES = 4096

_SAVE_AS = "open it in Excel and save it as .xlsx or CSV"
_KINDS: tuple[tuple[tuple[bytes, ...], str, str, str], ...] = (
    ((b"PK\x03\x04", b"PK\x05\x06"), "zip", "a zip archive or an Excel or OpenDocument workbook",
     'write format = "xlsx" or zip_members in the mapping, and give the file its right ending'),
    ((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "ole", "an old Excel file (.xls) or a workbook with a password",
     "open it in Excel, take the password off, and save it as .xlsx"),
    ((b"%PDF",), "pdf", "a PDF document", "ask the school for the figures as a table"),
    ((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"BZh"), "packed", "a packed file of another kind than zip",
     "unpack it first"),
    ((b"SQLite format 3",), "sqlite", "an SQLite database", 'describe it as a source with format = "sql"'),
    ((b"PAR1",), "parquet", "a Parquet file", "export it as CSV"),
)  # fmt: skip
_MARKUP = (b"<!doctype html", b"<html", b"<table", b"<meta", b"<head")


def content_kind(head: bytes) -> str | None:
    """zip, ole, pdf, packed, sqlite, parquet, html, json or xml; None for anything that may be separated text."""
    for marks, kind, _, _ in _KINDS:
        if head.startswith(marks):
            return kind
    bare = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if bare.startswith(_MARKUP) or (bare.startswith(b"<?xml") and b"<html" in bare):
        return "html"
    if bare.startswith(b"<?xml") or (bare.startswith(b"<") and b">" in bare):
        return "xml"
    return "json" if bare.startswith((b"[{", b'{"')) else None


def refuse_other_content(head: bytes, name: str, wanted: str) -> None:
    """Raise when a file is not of the format its mapping reads.

    Args:
        head: the first bytes, at least a few hundred where there are that many.
        name: the file's name for the message.
        wanted: text, xlsx, xml or zip.

    Raises:
        InputError: what the file is instead, and what to do.
    """
    kind = content_kind(head)
    fits = {
        "text": kind is None,
        "xlsx": kind == "zip",
        "zip": kind == "zip",
        "xml": kind in ("xml", "html", None),
    }
    if fits[wanted] or not head or (kind is None and wanted != "text" and not head.strip()):
        return
    found, next_step = next(
        ((f, n) for _, k, f, n in _KINDS if k == kind),
        {
            "html": ("a web page (HTML), whatever its name says", _SAVE_AS),
            "xml": ("an XML document", 'write format = "xml" in the mapping, with [xml] record'),
            "json": ("a JSON document", "ask for the export as CSV or xlsx"),
        }.get(
            str(kind),
            ("text, or a damaged file", _SAVE_AS if wanted == "xlsx" else "ask for the export again"),
        ),
    )
    expected = {"text": "separated text", "xlsx": "an .xlsx workbook", "xml": "XML", "zip": "a zip archive"}[
        wanted
    ]
    if kind is None and wanted in ("xlsx", "zip"):
        return  # truncated and damaged archives have a message of their own
    raise InputError(
        f"{name} is not {expected}",
        [Problem(name, found=found, rule="other_format", expected=expected, next_step=next_step)],
    )
