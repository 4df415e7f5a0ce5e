"""From a file of the inbox to columns of text: opening, the reader of its format, and the seal afterwards."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, cast

from evaluation.door.chunks import Reading
from evaluation.door.files import Fingerprint, Incoming, fingerprint, refuse_if_changed
from evaluation.door.workbooks import BOOKS, book_kind
from evaluation.errors import InputError, Problem
from evaluation.files.sniff import HEAD_BYTES, content_kind, refuse_other_content


def open_source(
    source: Incoming, stack: ExitStack, sql_addresses: Mapping[str, str]
) -> tuple[Reading, Callable[[], str]]:
    """Open a file for reading in pieces.

    Returns the reading and a function that, called after the last piece, gives the file's SHA-256.

    Raises:
        InputError: what is wrong with the file as a whole; also from the pieces and from the seal (the file changed
            while it was read).
    """
    mapping = source.mapping
    if mapping.format == "sql":
        from evaluation.door.read_sql import read_sql

        return read_sql(source, sql_addresses, stack)
    before = _fingerprint(source)

    def seal() -> str:
        refuse_if_changed(source.path, source.name, before)
        return before.sha256

    with _open(source, stack) as beginning:
        head = beginning.read(HEAD_BYTES)
    kind = _kind(source, head, stack)
    wanted = kind or ("xml" if mapping.format == "xml" else "text")
    refuse_other_content(head, source.name, wanted)
    stream = stack.enter_context(_open(source, stack))
    if kind is not None and source.member is not None:
        stream = stack.enter_context(io.BytesIO(stream.read()))
    if mapping.format == "grid":
        from evaluation.door.read_grid import read_grid

        return read_grid(stream, source, kind), seal
    if kind == "xlsx":
        from evaluation.door.read_excel import read_excel

        return read_excel(stream, mapping, source.name, sheet_title=source.sheet), seal
    if kind is not None:
        from evaluation.door.workbooks import read_sheet

        return read_sheet(stream, kind, mapping, source.name, source.sheet), seal
    if mapping.format == "xml":
        from evaluation.door.read_xml import read_xml

        return read_xml(stream, mapping, source.name), seal
    from evaluation.door.read_text import read_text

    return read_text(stream, mapping, source.name), seal


def _kind(source: Incoming, head: bytes, stack: ExitStack) -> str | None:
    """What kind of workbook the file is read as; None for text and XML."""
    if source.mapping.format != "grid":
        return source.mapping.format if source.mapping.format in BOOKS else None
    kind = content_kind(head)
    if kind != "zip":
        return kind if kind in BOOKS else None
    whole = stack.enter_context(_open(source, stack))
    return book_kind(io.BytesIO(whole.read()) if source.member is not None else whole, source.mapping)


def _fingerprint(source: Incoming) -> Fingerprint:
    try:
        return fingerprint(source.path)
    except OSError as error:
        raise InputError(
            f"{source.name} cannot be read",
            [Problem(source.name, found=f"cannot be read: {error.strerror}", rule="unreadable",
                     next_step="give the user that runs komglad access")],
        ) from None  # fmt: skip


def _open(source: Incoming, stack: ExitStack) -> IO[bytes]:
    if source.member is None:
        return Path(source.path).open("rb")
    try:
        archive = stack.enter_context(zipfile.ZipFile(source.path))
        return cast("IO[bytes]", _Member(archive.open(source.member), source.name))
    except Exception:  # as in _Member
        raise _damaged(source.name) from None


class _Member:
    """A member of a zip being read. zipfile raises many kinds on damage; all of them become a refusal in words."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self._stream, self._name = stream, name

    def __enter__(self) -> _Member:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, unpacked."""
        try:
            return self._stream.read(size)
        except (
            Exception
        ):  # BadZipFile, zlib.error, EOFError, RuntimeError (a password), NotImplementedError …
            raise _damaged(self._name) from None


def _damaged(name: str) -> InputError:
    return InputError(
        f"{name} is damaged",
        [Problem(name, found="the archive cannot be unpacked to its end", rule="damaged",
                 expected="an undamaged archive", next_step="copy it again, or ask for the export again")],
    )  # fmt: skip
