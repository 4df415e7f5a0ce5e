"""Proof that a pupil is gone: every file of the data folder is searched for the number and for the pupil's keys.

Searching only, in whatever a file holds: text in any encoding, tables, and what is packed in them. What is done about
a file that still holds the pupil is :mod:`~evaluation.door.forget`'s business.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import IO

from evaluation.door.forget_tables import KeyedPupil, segments_of, without
from evaluation.door.traces import Traces
from evaluation.errors import InputError

PIECE = 1 << 20
OVERLAP = 64
"""Bytes that pieces of a file share, so that no number is cut in two."""
TABLE = b"PAR1"
UNPACKED: Mapping[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
}
"""How what is packed begins, and what unpacks it."""
SEALED_UP = (b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
"""How begins what nothing here unpacks (7z, rar, zstd): for all anybody knows, the pupil is in it."""
DEEPEST = 3
"""How many packed files may lie in one another; one that is packed deeper counts as holding the pupil."""


def still_held(data: Path, who: KeyedPupil, traces: Traces, *, skip: Collection[Path]) -> tuple[str, ...]:
    """Files below ``data`` that hold the pupil, by relative name. ``skip``: files that are known to."""
    known = {p.resolve() for p in skip}
    found = (
        p for p in sorted(data.rglob("*")) if p.is_file() and not p.is_symlink() and p.resolve() not in known
    )
    names = ((p, p.relative_to(data).as_posix()) for p in found)
    return tuple(name for path, name in names if traces.is_in(name) or holds(path, who, traces))


def holds(path: Path, who: KeyedPupil, traces: Traces) -> bool:
    """Whether a file holds the pupil; one that cannot be read does, for all anybody knows."""
    try:
        if path.suffix == ".parquet":
            return without(path, who, segments_of(path.parent, who), None) > 0
        with path.open("rb") as stream:
            return _in_stream(stream, _Wanted(traces, who), 0)
    except (OSError, ValueError, InputError):
        return True


class _Wanted:
    """The pupil as bytes."""

    def __init__(self, traces: Traces, who: KeyedPupil) -> None:
        self._traces = traces
        keys = (who.pupil_key, *who.document_keys)
        self._keys = [k.encode(e) for k in keys if k for e in ("ascii", "utf-16-le", "utf-16-be")]

    def is_in(self, content: bytes) -> bool:
        return any(k in content for k in self._keys) or any(
            self._traces.is_in(content[start:].decode(encoding, "ignore"))
            for encoding, start in (("latin-1", 0), ("utf-8", 0), ("utf-16-le", 0), ("utf-16-le", 1))
        )


def _in_stream(stream: IO[bytes], wanted: _Wanted, depth: int) -> bool:
    if depth > DEEPEST:
        return True
    head = stream.read(6)
    stream.seek(0)
    if head.startswith(b"PK"):
        return _in_zip(stream, wanted, depth)
    if head.startswith(TABLE):
        return _in_table(stream, wanted)
    if head.startswith(SEALED_UP):
        return True
    for mark, unpacked in UNPACKED.items():
        if head.startswith(mark):
            try:
                return _in_stream(io.BytesIO(unpacked(stream.read())), wanted, depth + 1)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error):
                return True
    return any(wanted.is_in(piece) for piece in _pieces(stream))


def _in_table(stream: IO[bytes], wanted: _Wanted) -> bool:
    """A Parquet file under whatever name, also one that a killed write or a person left."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        for batch in pq.ParquetFile(io.BytesIO(stream.read())).iter_batches():
            for column in batch.columns:
                if pa.types.is_dictionary(column.type):
                    column = column.dictionary_decode()
                cells = "\n".join(str(cell) for cell in column.unique().to_pylist() if cell is not None)
                if wanted.is_in(cells.encode("utf-8")):
                    return True
    except (pa.ArrowException, OSError, ValueError):
        return True
    return False


def _in_zip(stream: IO[bytes], wanted: _Wanted, depth: int) -> bool:
    try:
        with zipfile.ZipFile(stream) as archive:
            return any(
                wanted.is_in(m.filename.encode())
                or _in_stream(io.BytesIO(archive.read(m)), wanted, depth + 1)
                for m in archive.infolist()
            )
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        return True


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while piece := stream.read(PIECE):
        yield rest + piece
        rest = (rest + piece)[-OVERLAP:]
