"""Transcripts as documents: the text of ``.txt``, ``.vtt`` and ``.docx`` by paragraphs, and the same with other words.

A Word document is rewritten part by part (text, tables, headers, notes, comments); what was deleted under tracked changes
and who wrote it goes. What a word means belongs to :mod:`evaluation.interviews.pseudonymise`.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evaluation.errors import InputError, Problem
from evaluation.files.packages import archive_from_bytes
from evaluation.files.safe_xml import parse_xml
from evaluation.interviews.tables import decode_text

ENDINGS = (".txt", ".vtt", ".srt", ".md", ".docx")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARTS = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml")
_TIMES = re.compile(r"\A(?:WEBVTT|\d+|[\d:.,]+ --> [\d:.,]+.*)\s*\Z")


def texts_of(path: Path) -> list[str]:
    """The paragraphs (lines) of a transcript. Raises ``InputError`` for a file of another kind or a damaged one."""
    found: list[str] = []

    def look(text: str) -> str:
        found.append(text)
        return text

    rewritten(path, look)
    return found


def rewritten(path: Path, change: Callable[[str], str]) -> bytes:
    """The document's bytes with every paragraph's text changed; times of subtitles stay."""
    suffix = path.suffix.casefold()
    if suffix not in ENDINGS:
        problem = Problem(path.name, found=f"the ending {suffix or '(none)'}", expected=", ".join(ENDINGS),
                          next_step="save the transcript as .docx or .txt")  # fmt: skip
        raise InputError(f"{path.name} is not a transcript.", [problem])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None
    if suffix == ".docx":
        return _docx(data, path.name, change)
    lines = decode_text(data, path.name).split("\n")
    return "\n".join(line if _TIMES.match(line) else change(line) for line in lines).encode("utf-8")


def _docx(data: bytes, name: str, change: Callable[[str], str]) -> bytes:
    from lxml import etree

    archive = archive_from_bytes(data, name)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member in archive.members:
            content = archive.read(member)
            if _PARTS.fullmatch(member):
                root = parse_xml(content, f"{name}/{member}")
                _change_paragraphs(root, change)
                content = bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True))
            elif member == "docProps/core.xml":
                content = re.sub(rb"(<(?:dc:creator|cp:lastModifiedBy)>)[^<]*", rb"\1", content)
            target.writestr(
                zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def _change_paragraphs(root: Any, change: Callable[[str], str]) -> None:
    """A paragraph's text in one piece, so that a name that was typed in two is found; formatting inside it goes."""
    for deleted in list(root.iter(f"{_W}delText")):
        deleted.text = ""
    for element in root.iter():
        if isinstance(element.tag, str):
            for attribute in (f"{_W}author", f"{_W}initials"):
                if attribute in element.attrib:
                    element.set(attribute, "")
    for paragraph in root.iter(f"{_W}p"):
        inner = {t for p in paragraph.iter(f"{_W}p") if p is not paragraph for t in p.iter(f"{_W}t")}
        pieces = [t for t in paragraph.iter(f"{_W}t") if t not in inner]
        text = "".join(t.text or "" for t in pieces)
        if not text.strip():
            continue
        new = change(text)
        if new != text:
            pieces[0].text = new
            pieces[0].set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            for piece in pieces[1:]:
                piece.text = ""
