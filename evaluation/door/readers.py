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
from evaluation.door.sniff import HEAD_BYTES, refuse_other_content
from evaluation.errors import InputError, Problem


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
        wanted = {"xlsx": "xlsx", "xml": "xml"}.get(mapping.format, "text")
        refuse_other_content(beginning.read(HEAD_BYTES), source.name, _wanted(source, wanted))
    stream = stack.enter_context(_open(source, stack))
    if mapping.format == "xlsx":
        from evaluation.door.read_excel import read_excel

        seekable = stream if source.member is None else io.BytesIO(stream.read())
        return read_excel(seekable, mapping, source.name), seal
    if mapping.format == "xml":
        from evaluation.door.read_xml import read_xml

        return read_xml(stream, mapping, source.name), seal
    if mapping.format == "grid":
        from evaluation.door.read_grid import read_grid

        if _wanted(source, "text") == "xlsx":
            stream = stack.enter_context(io.BytesIO(stream.read()))
        return read_grid(stream, source), seal
    from evaluation.door.read_text import read_text

    return read_text(stream, mapping, source.name), seal


def _wanted(source: Incoming, by_mapping: str) -> str:
    """A grid may stand in a workbook; what it is called tells."""
    name = source.member or source.path.name
    is_book = name.casefold().endswith((".xlsx", ".xlsm"))
    return "xlsx" if source.mapping.format == "grid" and is_book else by_mapping


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
