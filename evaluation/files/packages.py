"""Zip archives that are held in memory, projects and documents of interviews: how members are found and read.

Nothing is ever written to disk, and nothing unpacked before :mod:`~evaluation.files.archives` has looked at it. What the
members mean does not belong here.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import InputError, Problem
from evaluation.files.archives import PROJECTS, wrong_with

MAX_ARCHIVE_BYTES = 2 * 1024**3
"""REFI-QDA allows no internal file of 2 GiB or more."""
_ZIPPED_DOCUMENTS = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".docm", ".xlsm")
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error),
    *(NotImplementedError, RuntimeError, ValueError),
)
"""What :mod:`zipfile` raises on damaged archives."""
_STRAY = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Archive:
    """Checked archive. ``members`` are the names as stored, stray entries of operating systems left out."""

    file: str
    data: bytes
    members: tuple[str, ...]

    def read(self, member: str) -> bytes:
        """Bytes of one member. Raises ``InputError`` when it is damaged."""
        try:
            with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
                return archive.read(member)
        except _ZIP_ERRORS:
            raise damaged(self.file, "a member of the archive cannot be unpacked") from None

    def find(self, path: str) -> str | None:
        """Member meant by a path, without regard to case, leading slashes or backslashes."""
        wanted = _parts(path)
        for member in self.members:
            if _parts(member) == wanted:
                return member
        return None


def open_archive(path: Path) -> Archive:
    """Check a zip file before anything is unpacked. Raises ``InputError`` with every reason for refusing it."""
    file = path.name
    try:
        size = path.stat().st_size
        if size > MAX_ARCHIVE_BYTES:
            problem = Problem(file, found=f"{size:,} bytes", expected=f"at most {MAX_ARCHIVE_BYTES:,}")
            raise InputError(f"{file} was refused before it was unpacked.", [problem])
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from None
    return archive_from_bytes(data, file)


def archive_from_bytes(data: bytes, file: str) -> Archive:
    """As :func:`open_archive`, for bytes already read."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            problems = wrong_with(infos, file, PROJECTS)
            if not problems and _holds_archive(archive, infos):
                problems = [Problem(file, found="an archive inside the archive", rule="zip_nested",
                                    expected="project.qde and source files",
                                    next_step="take the inner archive out and import it by itself")]  # fmt: skip
    except _ZIP_ERRORS:
        raise damaged(file, "not a complete zip archive") from None
    if problems:
        raise InputError(f"{file} was refused before it was unpacked.", problems)
    members = tuple(info.filename for info in infos if not info.is_dir() and not _is_stray(info.filename))
    return Archive(file, data, members)


def damaged(file: str, found: str) -> InputError:
    """The refusal of a truncated or damaged archive."""
    problem = Problem(
        file,
        found=found,
        rule="complete archive",
        expected="a file that opens in the tool it came from",
        next_step="copy or export the file again",
    )
    return InputError(f"{file} is damaged.", [problem])


def _holds_archive(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> bool:
    """An archive that goes by another name; documents that are made of one are none."""
    for info in infos:
        if info.is_dir() or _is_stray(info.filename) or info.filename.casefold().endswith(_ZIPPED_DOCUMENTS):
            continue
        with archive.open(info) as member:
            if member.read(4) in (b"PK\x03\x04", b"PK\x05\x06"):
                return True
    return False


def _is_stray(name: str) -> bool:
    parts = _parts(name)
    return any(part in _STRAY for part in parts) or (bool(parts) and parts[-1].startswith("._"))


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.casefold() for part in path.replace("\\", "/").split("/") if part not in ("", "."))
