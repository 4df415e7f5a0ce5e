"""Whether what a file holds is about a pupil: every part of it is searched, whatever the file is called.

A part is text in any encoding, a table's column, a database's cell, a page, a packed file or a mail's part. What no search
reaches (a picture, a password, a format that nobody here reads) is told apart from what holds nothing.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from enum import IntEnum
from typing import IO, Any

from evaluation.door.traces import Traces
from evaluation.files.archives import INBOX, is_dense
from evaluation.files.pdf import listening
from evaluation.files.sheets import open_sheets
from evaluation.files.sniff import file_kind

PIECE = 1 << 20
OVERLAP = 4096
"""Bytes that pieces of a file share, so that no number is cut in two, not even by the markup inside it."""
DEEPEST = 4
"""How many packed files may lie in one another; what lies deeper is not searched."""
MOST_UNPACKED = 512 * 1024**2
"""Bytes; what unpacks to more is told and not searched, so that no bomb takes the machine."""


def _of_xz(packed: IO[bytes], most: int) -> bytes:
    with lzma.LZMAFile(packed) as file:
        return file.read(most)


def _of_zlib(packed: IO[bytes], most: int) -> bytes:
    return zlib.decompressobj().decompress(packed.read(), most)


UNPACKED: Mapping[bytes, Callable[[IO[bytes], int], bytes]] = {
    b"\x1f\x8b": lambda packed, most: gzip.GzipFile(fileobj=packed).read(most),
    b"BZh": lambda packed, most: bz2.BZ2File(packed).read(most),
    b"\xfd7zXZ": _of_xz,
    b"x\x01": _of_zlib,
    b"x\x9c": _of_zlib,
    b"x\xda": _of_zlib,
}
"""How what is packed begins, and what unpacks so many bytes of it at most."""
WITHOUT_WORDS = re.compile(
    r"(?:^|/)(?:__MACOSX|printerSettings|fonts|thumbnail)[^/]*(?:/|\.|$)", re.IGNORECASE
)
"""Members of office documents that hold no words of anybody: a printer's settings, a font, the picture of page one."""
_TAR = slice(257, 262)
_NO_TEXT = bytes({*range(32), 127} - {*b"\a\b\t\n\v\f\r\x1a\x1b"})
_NO_LETTER = re.compile("[\x00-\x06\x0e-\x19\x1c-\x1f\ud800-\udfff]")
_LATIN = re.compile("[\t\n\r -\u024f]")
_MAIL = re.compile(rb"^(?:mime-version|content-transfer-encoding)[ \t]*:", re.IGNORECASE | re.MULTILINE)
_CIPHER = re.compile(rb"-----BEGIN [A-Z0-9 ]*(?:MESSAGE|PKCS7|CMS|ENCRYPTED)")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{14,}(?:\r?\n[A-Za-z0-9+/]+)*")
_LINES = re.compile(
    rb"^(?:-?[\d.]+ +)*(?:m|l|c|v|y|re|h|f|S|s|B|n|W\*? n|w|J|j|M|RG|rg|G|g)[ \t]*$\n?", re.MULTILINE
)
"""What draws on a page: many thousands of lines in a figure, and no words."""
_MARKUP = re.compile(r"<[^<>]*>")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})|%([2-3][0-9a-fA-F])")


class Found(IntEnum):
    """What a search came to; the largest of several parts' holds for the whole."""

    NOTHING = 0
    NOT_SEARCHED = 1
    PUPIL = 2


class Search:
    """One pupil to be looked for, by number and by pseudonym."""

    def __init__(self, traces: Traces, pseudonyms: Iterable[str] = ()) -> None:
        self._spelled = traces.spelled
        self._number = int(traces.number)
        self._keys = [k.encode(e) for k in pseudonyms if k for e in ("ascii", "utf-16-le", "utf-16-be")]

    def inside(self, stream: IO[bytes], depth: int = 0) -> Found:
        """Search a file. The stream must be seekable."""
        if depth > DEEPEST:
            return Found.NOT_SEARCHED
        head = stream.read(512)
        stream.seek(0)
        try:
            found = self._by_format(stream, head, depth)
        except (
            Exception
        ):  # damaged, with a password …: readers raise many kinds, and their words may be the file's
            found = Found.NOT_SEARCHED
        if found in (None, Found.NOT_SEARCHED):
            stream.seek(0)
            seen = _most(self._in_piece(piece, depth) for piece in _pieces(stream))
            return max(seen, found or Found.NOTHING)
        return found

    def raw(self, content: bytes) -> Found:
        """Search bytes as they stand, of whatever they are."""
        return Found.PUPIL if self._is_in(content) else Found.NOTHING

    def _by_format(self, stream: IO[bytes], head: bytes, depth: int) -> Found | None:
        """By what the file is; None for what may be text."""
        kind = file_kind(stream)
        if kind in ("zip", "xlsx", "xlsb", "ods"):
            return self._in_zip(stream, kind, depth)
        if kind in ("xls", "xlsb"):
            return self._in_sheets(stream.read(), kind)
        if kind == "parquet":
            return self._in_table(stream, depth)
        if kind == "pdf":
            with listening() as skipped:
                found = self._in_pdf(stream, depth)
            return max(found, Found.NOT_SEARCHED if skipped else Found.NOTHING)
        if kind == "sqlite":
            return self._in_database(stream.read(), depth)
        for mark, unpacked in UNPACKED.items():
            if head.startswith(mark):
                content = unpacked(stream, MOST_UNPACKED + 1)
                if len(content) > MOST_UNPACKED:
                    return Found.NOT_SEARCHED
                return self.inside(io.BytesIO(content), depth + 1)
        if kind == "packed":
            return Found.NOT_SEARCHED
        if head[_TAR] == b"ustar":
            return self._in_tar(stream, depth)
        if _MAIL.search(stream.read(1 << 16)):
            stream.seek(0)
            return self._in_mail(stream.read(), depth)
        return None

    def _is_in(self, content: bytes) -> bool:
        encodings = [("ascii", 0)] if content.isascii() else [("latin-1", 0), ("utf-8", 0)]
        if b"\0" in content:  # as in every digit of two bytes
            encodings += [("utf-16-le", 0), ("utf-16-le", 1)]
        return any(k in content for k in self._keys) or any(
            self._is_written(content[start:].decode(encoding, "ignore")) for encoding, start in encodings
        )

    def _is_written(self, text: str) -> bool:
        return any(self._spelled.search(t) is not None for t in _spellings(text))

    def _in_words(self, text: str) -> Found:
        return Found.PUPIL if self._is_in(text.encode("utf-8", "replace")) else Found.NOTHING

    def _in_piece(self, piece: bytes, depth: int) -> Found:
        if self._is_in(piece):
            return Found.PUPIL
        if not _is_text(piece) or _CIPHER.search(piece):
            return Found.NOT_SEARCHED
        return self._in_base64(piece.replace(b"\0", b"") if b"\0" in piece else piece, depth)

    def _in_base64(self, piece: bytes, depth: int) -> Found:
        """What runs of letters and digits may stand for; a word, a checksum and what comes to no text are themselves."""
        runs = (m.group().translate(None, b"\r\n") for m in _BASE64.finditer(piece))
        return _most(self._in_run(run, depth) for run in runs if not (run.islower() or run.isdigit()))

    def _in_run(self, letters: bytes, depth: int) -> Found:
        for part in (letters[start:] for start in range(4)):
            whole, rest = part[: len(part) // 4 * 4], part[len(part) // 4 * 4 :]
            content = base64.b64decode(whole + (rest + b"==="[len(rest) - 1 :] if len(rest) > 1 else b""))
            if _is_text(content) and self._is_in(content):
                return Found.PUPIL
            is_file = len(content) > 64 and file_kind(io.BytesIO(content)) not in (
                None,
                "json",
                "xml",
                "html",
            )
            if is_file and (found := self.inside(io.BytesIO(content), depth + 1)):
                return found
        return Found.NOTHING

    def _in_zip(self, stream: IO[bytes], kind: str, depth: int) -> Found:
        found = Found.NOTHING
        if kind == "xlsb":
            found = self._in_sheets(stream.read(), kind)
        with zipfile.ZipFile(stream) as archive:
            for member in archive.infolist():
                is_bomb = member.file_size > MOST_UNPACKED or is_dense(member, INBOX)
                inner = (
                    Found.NOT_SEARCHED
                    if is_bomb
                    else self.inside(io.BytesIO(archive.read(member)), depth + 1)
                )
                is_known = WITHOUT_WORDS.search(member.filename) or (
                    kind == "xlsb" and member.filename.endswith(".bin")
                )
                if inner is Found.NOT_SEARCHED and is_known:
                    inner = Found.NOTHING
                found = max(found, inner, self._in_words(member.filename))
        return found

    def _in_tar(self, stream: IO[bytes], depth: int) -> Found:
        found = Found.NOTHING
        with tarfile.open(fileobj=stream) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isfile() else None
                inner = self.inside(io.BytesIO(content.read()), depth + 1) if content else Found.NOTHING
                found = max(found, inner, self._in_words(member.name))
        return found

    def _in_sheets(self, content: bytes, kind: str) -> Found:
        rows = (row for sheet in open_sheets(content, kind, "") for row in sheet.rows())
        return _most(self._in_words("\n".join(_cell(value) for value in row)) for row in rows)

    def _in_mail(self, content: bytes, depth: int) -> Found:
        from email import message_from_bytes, policy

        found = self._in_piece(content, depth)
        messages = re.split(rb"(?m)^From ", content) if content.startswith(b"From ") else [content]
        for part in (p for m in messages for p in message_from_bytes(m, policy=policy.default).walk()):
            found = max(found, self._in_words("\n".join(str(value) for value in part.values())))
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                found = max(found, self.inside(io.BytesIO(payload), depth + 1))
        return found

    def _in_pdf(self, stream: IO[bytes], depth: int) -> Found:
        """Words of the pages, every string, and every stream unpacked. A page of a picture alone is not searched."""
        import pypdf

        reader = pypdf.PdfReader(stream)
        if reader.is_encrypted and not reader.decrypt(""):
            return Found.NOT_SEARCHED
        found = Found.NOTHING
        for page in reader.pages:
            drawn = page.get_contents()
            if drawn is not None:
                page[pypdf.generic.NameObject("/Contents")] = words = pypdf.generic.DecodedStreamObject()
                words.set_data(_LINES.sub(b"", drawn.get_data()))
            text = page.extract_text()
            is_blank = not text.strip() and drawn is not None
            found = max(found, Found.NOT_SEARCHED if is_blank else self._in_words(text))
        numbers = {*reader.xref_objStm, *(n for those in reader.xref.values() for n in those)}
        for number in sorted(numbers):
            thing: Any = reader.get_object(number)
            found = max(found, self._in_words("\n".join(_strings(thing))))
            if isinstance(thing, pypdf.generic.StreamObject) and thing.get("/Subtype") != "/Image":
                content = thing.get_data()
                is_file = thing.get("/Type") == "/EmbeddedFile"
                inner = self.inside(io.BytesIO(content), depth + 1) if is_file else Found.NOTHING
                found = max(found, inner, Found.PUPIL if self._is_in(content) else Found.NOTHING)
        return found

    def _in_database(self, content: bytes, depth: int) -> Found:
        import sqlite3

        found = Found.NOTHING
        with closing(sqlite3.connect(":memory:")) as connection:
            # The two bytes say whether a second file goes with it, which is searched by itself.
            connection.deserialize(content[:18] + b"\1\1" + content[20:])
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            for (name,) in tables:
                rows = connection.execute('SELECT * FROM "{}"'.format(name.replace('"', '""')))
                found = max(found, self._in_cells((cell for row in rows for cell in row), depth))
        # What was deleted stays in the pages until they are used again.
        return Found.PUPIL if self._is_in(content) else found

    def _in_cells(self, cells: Iterable[Any], depth: int) -> Found:
        found, words = Found.NOTHING, [""]
        for cell in cells:
            if isinstance(cell, bytes):
                found = max(found, self.inside(io.BytesIO(cell), depth + 1))
            elif cell is not None:
                words.append(_cell(cell))
        text = "\n".join(words)
        return max(found, self._in_words(text), self._in_base64(text.encode("utf-8", "replace"), depth))

    def _in_table(self, stream: IO[bytes], depth: int) -> Found:
        import pyarrow.parquet as pq

        table = pq.ParquetFile(io.BytesIO(stream.read()))
        metadata = (table.schema_arrow.metadata or {}).values()
        found = self._in_words(
            "\n".join([*table.schema_arrow.names, *(m.decode("utf-8", "replace") for m in metadata)])
        )
        for batch in table.iter_batches():
            for column in batch.columns:
                found = max(found, self._in_column(column, depth))
        return found

    def _in_column(self, column: Any, depth: int) -> Found:
        """A column of any type, what is nested in it included."""
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = column.type
        if isinstance(kind, pa.BaseExtensionType):
            return self._in_column(column.storage, depth)
        if pa.types.is_dictionary(kind):
            return self._in_column(column.dictionary, depth)
        if pa.types.is_struct(kind):
            return _most(self._in_column(column.field(i), depth) for i in range(kind.num_fields))
        if pa.types.is_map(kind):
            return max(self._in_column(column.keys, depth), self._in_column(column.items, depth))
        if pa.types.is_nested(kind):
            return self._in_column(column.flatten(), depth)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            numbers = column.cast(pa.float64(), safe=False)
            return Found.PUPIL if pc.any(pc.equal(numbers, float(self._number))).as_py() else Found.NOTHING
        if pa.types.is_temporal(kind) or pa.types.is_boolean(kind) or pa.types.is_null(kind):
            return Found.NOTHING
        return self._in_cells(column.unique().to_pylist(), depth)


def _most(found: Iterable[Found]) -> Found:
    return max(found, default=Found.NOTHING)


def _cell(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _spellings(text: str) -> Iterator[str]:
    """The text, and what it reads without its markup and escapes."""
    yield text
    if "<" in text or "&#" in text:
        yield _MARKUP.sub("", html.unescape(text))
    if "\\u" in text or "%" in text:
        yield _ESCAPED.sub(lambda m: chr(int(m[1] or m[2], 16)), text)


def _is_text(piece: bytes) -> bool:
    """Whether a piece is text: of one byte a letter or of two."""
    if 50 * (len(piece) - len(piece.translate(None, _NO_TEXT))) <= len(piece) and b"\0" not in piece:
        return True
    for encoding, start in (("utf-16-le", 0), ("utf-16-be", 0), ("utf-16-le", 1)):
        text = piece[start : start + (len(piece) - start) // 2 * 2].decode(encoding, "surrogatepass")
        if not _NO_LETTER.search(text) and 2 * len(_LATIN.findall(text)) > len(text):
            return True
    return False


def _strings(thing: Any, depth: int = 0) -> Iterator[str]:
    """The texts in an object of a PDF, what it refers to left out."""
    if isinstance(thing, dict):
        thing = list(dict.values(thing))
    if isinstance(thing, bytes):
        yield thing.decode("latin-1")
    elif isinstance(thing, str):
        yield str(thing)
    elif isinstance(thing, list) and depth < 20:
        for item in list.__iter__(thing):
            yield from _strings(item, depth + 1)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(PIECE):
        yield rest + piece
        rest = (rest + piece)[-OVERLAP:]
