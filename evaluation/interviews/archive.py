"""Zip archives from other people's tools: what is refused before unpacking, and how members are read.

Nothing is ever written to disk. Every rule is checked on the archive's directory first, all problems at once.
What the members mean (REFI-QDA) does not belong here.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from evaluation.errors import InputError, Problem

MAX_ARCHIVE_BYTES = 2 * 1024**3
"""REFI-QDA allows no internal file of 2 GiB or more."""
MAX_UNPACKED_BYTES = 4 * 1024**3
MAX_MEMBERS = 20_000
MAX_RATIO = 100
"""Interview text deflates to about a third and GUID-filled XML to a tenth; a bomb of zeros to a thousandth."""
RATIO_COUNTS_FROM_BYTES = 1024**2
_NESTED = {".zip", ".qdpx", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".jar"}
_ZIPPED_DOCUMENTS = {".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub", ".docm", ".xlsm"}
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
            problems = _directory_problems(infos, file)
            if not problems:
                problems = _nested_problems(archive, infos, file)
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


def _directory_problems(infos: list[zipfile.ZipInfo], file: str) -> list[Problem]:
    problems: list[Problem] = []

    def refuse(found: str, rule: str, expected: str) -> None:
        problems.append(
            Problem(file, found=found, rule=rule, expected=expected, next_step="export the project again")
        )

    if len(infos) > MAX_MEMBERS:
        refuse(f"{len(infos):,} entries", "size limit", f"at most {MAX_MEMBERS:,}")
    total = sum(info.file_size for info in infos)
    if total > MAX_UNPACKED_BYTES:
        refuse(f"{total:,} bytes when unpacked", "size limit", f"at most {MAX_UNPACKED_BYTES:,}")
    if any(_is_bomb(info) for info in infos):
        refuse(
            "an entry that unpacks to more than a hundred times its size", "zip bomb", "an ordinary export"
        )
    packed = sum(info.compress_size for info in infos)
    if total >= RATIO_COUNTS_FROM_BYTES and total > MAX_RATIO * max(packed, 1) and not problems:
        refuse(
            "entries that unpack to more than a hundred times their size", "zip bomb", "an ordinary export"
        )
    if any(_leaves_folder(info.filename) for info in infos):
        refuse("an entry whose path leaves the archive", "path traversal", "paths inside the archive")
    if any(not info.filename for info in infos):
        refuse("an entry without a name", "complete archive", "ordinary files")
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
        refuse("an unusual compression", "compression", "an ordinary zip archive")
    if any(stat.S_ISLNK(info.external_attr >> 16) for info in infos):
        refuse("an entry that is a link", "links", "ordinary files")
    if any(info.flag_bits & 0x1 for info in infos):
        refuse("an encrypted entry", "encryption", "an export without a password")
    if any(times > 1 for times in Counter(info.filename for info in infos).values()):
        refuse("two entries with the same name", "unambiguous entries", "one of each")
    return problems


def _nested_problems(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo], file: str) -> list[Problem]:
    for info in infos:
        if info.is_dir() or _is_stray(info.filename):
            continue
        suffix = PurePosixPath(info.filename).suffix.casefold()
        is_nested = suffix in _NESTED
        if not is_nested and suffix not in _ZIPPED_DOCUMENTS:
            with archive.open(info) as member:
                is_nested = member.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
        if is_nested:
            return [
                Problem(
                    file,
                    found="an archive inside the archive",
                    rule="nested zip",
                    expected="project.qde and source files",
                    next_step="take the inner archive out and import it by itself",
                )
            ]
    return []


def _is_bomb(info: zipfile.ZipInfo) -> bool:
    return info.file_size >= RATIO_COUNTS_FROM_BYTES and info.file_size > MAX_RATIO * max(
        info.compress_size, 1
    )


def _leaves_folder(name: str) -> bool:
    path = name.replace("\\", "/")
    return (
        path.startswith("/") or ".." in path.split("/") or (len(path) > 1 and path[1] == ":") or "\0" in name
    )


def _is_stray(name: str) -> bool:
    parts = _parts(name)
    return any(part in _STRAY for part in parts) or (bool(parts) and parts[-1].startswith("._"))


def _parts(path: str) -> tuple[str, ...]:
    return tuple(part.casefold() for part in path.replace("\\", "/").split("/") if part not in ("", "."))
