"""Taking one pupil's rows out of a file, whatever its format, and leaving everything else as it was.

Text keeps every other byte; a workbook's row is emptied where it stands, so that no formula, merge or line number
moves; XML loses the record; a zip is packed again; a project of interviews loses the interview. What to look for is
:mod:`evaluation.door.traces`' business; which files and what becomes of the rest is :mod:`evaluation.door.forget`'s.
"""

from __future__ import annotations

import codecs
import io
import os
import shutil
import tempfile
import zipfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from evaluation.door.erase_project import without_interviews
from evaluation.door.mapping import Mapping as FileMapping
from evaluation.door.read_text import LONGEST_RECORD, QUOTE
from evaluation.door.read_xml import record_lines
from evaluation.door.traces import CannotErase, Traces, all_text
from evaluation.errors import InputError
from evaluation.files.encodings import utf16_order
from evaluation.files.safe_xml import UNTRUSTED
from evaluation.files.sniff import file_kind
from evaluation.files.xlsx import open_workbook
from evaluation.files.xml_records import local

UNFINISHED = ".komglad-forget-"
"""How half-written copies begin; what a killed process left is removed by the next one."""
TEXTS = (".csv", ".txt", ".tsv", ".dat")
BOOKS = (".xlsx", ".xlsm")
PROJECTS = (".qdpx", ".qde")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose content takes the file's place when the block succeeds; the old file is whole until then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=UNFINISHED, suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def erased(
    path: Path, name: str, mapping: FileMapping | None, traces: Traces, out: IO[bytes]
) -> dict[str, frozenset[int]]:
    """Write the file without the pupil's rows; returns the removed rows by source name.

    Raises:
        CannotErase: the format is not one that can be rewritten, or the number would still be in it.
    """
    suffix = path.suffix.casefold()
    if suffix in PROJECTS:
        return {name: without_interviews(path, traces, out)}
    if suffix == ".zip" and zipfile.is_zipfile(path):
        return _zip(path, name, mapping, traces, out)
    with path.open("rb") as stream:
        return {name: _one(stream, name, suffix, mapping, traces, out)}


def _one(
    stream: IO[bytes], name: str, suffix: str, mapping: FileMapping | None, traces: Traces, out: IO[bytes]
) -> frozenset[int]:
    if suffix in BOOKS:
        return _workbook(stream, name, suffix, mapping, traces, out)
    if suffix == ".xml":
        return _xml(stream, name, mapping, traces, out)
    is_text = file_kind(stream) is None  # a workbook may go by any name
    if is_text and (suffix in TEXTS or (mapping is not None and mapping.format in ("csv", "grid"))):
        return _text(stream, name, mapping, traces, out)
    raise CannotErase


def _zip(
    path: Path, name: str, mapping: FileMapping | None, traces: Traces, out: IO[bytes]
) -> dict[str, frozenset[int]]:
    removed: dict[str, frozenset[int]] = {}
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename.endswith("/"):
                new.writestr(member, b"")
                continue
            with old.open(member) as source, new.open(_entry(member), "w", force_zip64=True) as target:
                whole = (
                    io.BytesIO(source.read()) if Path(member.filename).suffix in (*BOOKS, ".xml") else source
                )
                label = f"{name}!{member.filename}"
                suffix = Path(member.filename).suffix.casefold()
                removed[label] = _one(whole, label, suffix, mapping, traces, target)
    return removed


def _entry(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(member.filename, member.date_time)
    entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, member.external_attr
    return entry


def _text(
    stream: IO[bytes], name: str, mapping: FileMapping | None, traces: Traces, out: IO[bytes]
) -> frozenset[int]:
    head = mapping.header_row if mapping else 1
    delimiter = mapping.delimiter if mapping else ";"
    encoding, mark = text_encoding(stream.read(4096), mapping)
    stream.seek(len(mark))
    out.write(mark)
    errors = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
    known, removed = traces.rows.get(name, frozenset()), set()
    try:
        lines = io.TextIOWrapper(stream, encoding, errors=errors, newline="")
        for number, record in _records(lines, head):
            if number <= head:
                record = traces.spelled.sub("", record)
            elif (
                number in known
                or traces.is_in(record)
                or (traces.documents and any(traces.is_document(c) for c in record.split(delimiter)))
            ):
                removed.add(number)
                continue
            out.write(record.encode(encoding, errors))
        lines.detach()
    except UnicodeError:
        raise CannotErase from None
    return frozenset(removed)


def text_encoding(first: bytes, mapping: FileMapping | None) -> tuple[str, bytes]:
    """The encoding of a text that begins with these bytes, and its byte order mark."""
    marks = (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    )
    for mark, encoding in marks:
        if first.startswith(mark):
            return encoding, mark
    declared = mapping.encoding[0] if mapping else "utf-8"
    if any(half.count(0) > len(half) // 2 for half in (first[1:200:2], first[0:200:2])):
        return utf16_order(first[:200]), b""
    return ("utf-8" if codecs.lookup(declared).name.startswith("utf-16") else declared), b""


def _records(lines: Iterator[str], head: int) -> Iterator[tuple[int, str]]:
    """Records with the line they begin on: a quoted cell may run over lines, an unclosed quotation mark may not."""
    ahead: deque[str] = deque()
    number = 1

    def more(n: int) -> bool:
        while len(ahead) < n:
            line = next(lines, None)
            if line is None:
                return False
            ahead.append(line)
        return True

    while more(1):
        length = 1
        if number > head and ahead[0].count(QUOTE) % 2:
            quotes = ahead[0].count(QUOTE)
            while quotes % 2 and length < LONGEST_RECORD and more(length + 1):
                quotes += ahead[length].count(QUOTE)
                length += 1
            length = 1 if quotes % 2 else length
        yield number, "".join(ahead.popleft() for _ in range(length))
        number += length


def _workbook(
    stream: IO[bytes], name: str, suffix: str, mapping: FileMapping | None, traces: Traces, out: IO[bytes]
) -> frozenset[int]:
    content = io.BytesIO(stream.read())
    try:
        book = open_workbook(content, name, keep_vba=suffix == ".xlsm")
    except InputError:  # the file is left to a person
        raise CannotErase from None
    removed: set[int] = set()
    visible = [s for s in book.worksheets if s.sheet_state == "visible"]
    named = (mapping.sheet if mapping else None) or (visible[0].title if visible else "")
    for sheet in book.worksheets:
        known = traces.rows.get(f"{name}#{sheet.title}", frozenset())
        if sheet.title == named:
            known |= traces.rows.get(name, frozenset())
        for row in sheet.iter_rows():
            number = int(row[0].row or 0)
            if number in known or any(_is_about(c, traces) for c in row):
                removed.add(number)
                for cell in row:
                    if type(cell).__name__ != "MergedCell":
                        cell.value = cell.comment = cell.hyperlink = None
    if not removed:  # openpyxl's copy would differ in bytes though nothing had to go
        out.write(content.getvalue())
        return frozenset()
    made = io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as archive:
        if any(traces.is_in(archive.read(m).decode("utf-8", "replace")) for m in archive.namelist()):
            raise CannotErase
    out.write(made.getvalue())
    return frozenset(removed)


def _is_about(cell: Any, traces: Traces) -> bool:
    texts = [str(v) for v in (cell.value, cell.comment and cell.comment.text) if v is not None]
    return any(traces.is_about(t.removesuffix(".0")) for t in texts)


def _xml(
    stream: IO[bytes], name: str, mapping: FileMapping | None, traces: Traces, out: IO[bytes]
) -> frozenset[int]:
    from lxml import etree

    content = stream.read()
    parser = etree.XMLParser(**UNTRUSTED)
    try:
        tree = etree.ElementTree(etree.fromstring(content, parser))
    except etree.XMLSyntaxError:
        raise CannotErase from None
    if tree.docinfo.doctype or mapping is None or mapping.xml is None:
        raise CannotErase
    removed: set[int] = set()
    known = traces.rows.get(name, frozenset())
    having, elements = mapping.xml.having, list(tree.iter(f"{{*}}{mapping.xml.record}"))
    read = [e for e in elements if having is None or any(local(c) == having for c in e)]
    lines = dict(zip(read, record_lines([int(e.sourceline or 0) for e in read]).tolist(), strict=True))
    for element in elements:
        line = lines.get(element, 0)
        if line in known or traces.is_in(all_text(element)):
            removed.add(line)
            element.getparent().remove(element)
    if traces.is_in(all_text(tree.getroot())):
        raise CannotErase
    if removed:
        tree.write(out, encoding=tree.docinfo.encoding or "utf-8", xml_declaration=True)
    else:
        out.write(content)
    return frozenset(removed)
