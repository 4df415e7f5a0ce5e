"""The inbox: which files are there, which mapping reads each, and whether a file may be opened at all.

Nothing is unpacked or parsed here. A file is refused before it is read when it is a link out of the inbox, cannot
be read, is claimed by two mappings (unless each reads a sheet of its own), carries a person's number in its name, or
is an archive that could not be unpacked safely.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import hashlib
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evaluation.door.mapping import Mapping
from evaluation.door.mapping_parts import strptime_format
from evaluation.door.sniff import HEAD_BYTES, refuse_other_content
from evaluation.errors import InputError, Problem

IGNORED = ("~$*", ".*", "Thumbs.db", "desktop.ini", "*.tmp", "*.part", "*.crdownload")
"""Names that no export has: office locks, hidden files and half-finished downloads."""

MAX_UNPACKED_BYTES = 8 * 1024**3
MAX_RATIO = 250
RATIO_FLOOR_BYTES = 32 * 1024**2
"""Below this size a high ratio does no harm: a sheet of zeros compresses well."""
MAX_MEMBERS = 10_000
_CPR_LIKE = re.compile(r"(?<!\d)[0-3]\d[01]\d{3}[- ]?\d{4}(?!\d)")


@dataclass(frozen=True)
class Incoming:
    """A file (or a member of a zip, or a query) with its mapping. ``name`` is relative to the inbox."""

    name: str
    mapping: Mapping
    path: Path
    member: str | None
    exported_on: dt.date | None


@dataclass(frozen=True)
class Fingerprint:
    """What tells that a file changed while it was read."""

    size: int
    modified_ns: int
    sha256: str


def find_incoming(
    incoming: Path, mappings: tuple[Mapping, ...]
) -> tuple[tuple[Incoming, ...], tuple[Problem, ...]]:
    """Every file of the inbox with its mapping, in order of name, and the refusals of the rest."""
    if not incoming.is_dir():
        raise InputError(
            "the inbox is not there",
            [Problem(incoming.name, found="no such folder", expected="a folder with the exports",
                     next_step="make it and put the schools' exports in it")],
        )  # fmt: skip
    found: list[Incoming] = []
    problems: list[Problem] = []
    root = incoming.resolve()
    for path in _walk(incoming):
        name = path.relative_to(incoming).as_posix()
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in IGNORED):
            continue
        readers = [m for m in mappings if any(_matches(name, pattern) for pattern in m.files)]
        refusal = _refuse_file(path, name, root, readers)
        if refusal:
            problems.append(refusal)
            continue
        for mapping in readers:
            label = name if len(readers) == 1 else f"{name}#{mapping.sheet}"
            try:
                found += _opened(path, label, mapping)
            except InputError as error:
                problems += [p for p in error.problems if p not in problems]
    queries = [
        Incoming(f"sql:{m.name.removesuffix('.toml')}", m, incoming, None, None) for m in mappings if m.sql
    ]
    return (*found, *queries), tuple(problems)


def fingerprint(path: Path) -> Fingerprint:
    """Size, time and SHA-256 of a file, read in pieces."""
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return Fingerprint(status.st_size, status.st_mtime_ns, digest.hexdigest())


def refuse_if_changed(path: Path, name: str, before: Fingerprint) -> None:
    """Raise when the file is no longer the one that was fingerprinted."""
    try:
        status = path.stat()
        same = (status.st_size, status.st_mtime_ns) == (before.size, before.modified_ns)
    except OSError:
        same = False
    if not same:
        raise InputError(
            f"{name} changed while it was read",
            [Problem(name, found="the file changed while it was read", rule="file_changed",
                     expected="a finished export", next_step="wait until the copy is complete and run again")],
        )  # fmt: skip


def check_archive(path: Path, name: str) -> tuple[str, ...]:
    """Refuse an archive that must not be unpacked; returns its members. Only the table of contents is read.

    Raises:
        InputError: truncated, encrypted, nested, too large, too dense (a zip bomb) or with paths out of it.
    """
    problems: list[Problem] = []

    def refuse(found: str, rule: str, expected: str, next_step: str = "ask for the export again") -> None:
        problems.append(Problem(name, found=found, rule=rule, expected=expected, next_step=next_step))

    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except Exception:  # zipfile raises IndexError, struct.error and more on damage; none may reach a user
        refuse("the archive is truncated or not an archive", "zip_damaged", "a whole zip file")
        raise InputError(f"{name} cannot be opened", problems) from None
    unpacked = sum(m.file_size for m in members)
    packed = sum(m.compress_size for m in members)
    if len(members) > MAX_MEMBERS:
        refuse(f"{len(members)} members", "zip_bomb", f"at most {MAX_MEMBERS}")
    if unpacked > MAX_UNPACKED_BYTES:
        refuse(f"{unpacked:,} bytes unpacked", "zip_bomb", f"at most {MAX_UNPACKED_BYTES:,} bytes")
    if unpacked > RATIO_FLOOR_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        refuse(
            f"{unpacked / max(packed, 1):.0f} times its packed size", "zip_bomb", f"at most {MAX_RATIO} times"
        )
    if any(_leaves(m.filename) for m in members):
        refuse("a member's path leads out of the archive", "zip_path", "paths inside the archive")
    if any(m.filename.lower().endswith((".zip", ".7z", ".rar", ".gz", ".xz", ".bz2")) for m in members):
        refuse("an archive inside the archive", "zip_nested", "plain files", "unpack the inner archive first")
    if any(m.flag_bits & 0x1 for m in members):
        refuse("a member is encrypted", "zip_encrypted", "no password", "export without a password")
    if problems:
        raise InputError(f"{name} is refused before unpacking", problems)
    return tuple(m.filename for m in members if not m.filename.endswith("/"))


def export_date(name: str, mapping: Mapping) -> dt.date | None:
    """The date in a file's name as the mapping says; None when the mapping names none.

    Raises:
        InputError: the mapping names a pattern and the file's name has no such date.
    """
    if mapping.exported_on is None:
        return None
    match = re.search(mapping.exported_on.file_name, name)
    if match:
        try:
            fmt = strptime_format(mapping.exported_on.format)
            return dt.datetime.strptime(match[1], fmt).date()  # noqa: DTZ007 (a calendar day)
        except ValueError:
            pass
    if not mapping.exported_on.is_required:
        return None
    raise InputError(
        f"{name}: no export date",
        [Problem(name, found="the file name holds no export date", rule="export_date",
                 expected=f"a name that matches {mapping.exported_on.file_name}",
                 next_step="rename the file, or change exported_on in the mapping")],
    )  # fmt: skip


def masked_name(name: str) -> str:
    """A file's name without what looks like a CPR number."""
    return _CPR_LIKE.sub("999999-9999", name)


def _walk(incoming: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(incoming, followlinks=False):
        subfolders.sort()
        links = [s for s in subfolders if (Path(folder) / s).is_symlink()]
        yield from (Path(folder) / name for name in sorted([*names, *links]))


def _matches(name: str, pattern: str) -> bool:
    """Glob against the whole relative path; ``*`` stops at a slash, ``**`` does not."""
    regex = "".join(
        ".*" if part == "**" else "[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
        for part in re.split(r"(\*\*|\*|\?)", pattern)
    )
    return re.fullmatch(regex, name, re.IGNORECASE) is not None


def _refuse_file(path: Path, name: str, root: Path, readers: list[Mapping]) -> Problem | None:
    if _CPR_LIKE.search(path.name):
        return Problem(masked_name(name), found="the file's name holds what looks like a CPR number", rule="file_name",
                       next_step="rename the file")  # fmt: skip
    if not path.resolve().is_relative_to(root):
        return Problem(name, found="a link that leads out of the inbox", rule="link_out",
                       expected="a file inside the inbox", next_step="copy the file itself into the inbox")  # fmt: skip
    if not path.is_file():
        return Problem(name, found="not a readable file", rule="unreadable", expected="a regular file",
                       next_step="remove it from the inbox")  # fmt: skip
    if not readers:
        return Problem(name, found="no mapping reads this file", rule="no_mapping",
                       expected="a mapping whose files pattern matches",
                       next_step="make one with komglad map FILE, or move the file out of the inbox")  # fmt: skip
    if len(readers) > 1 and not _read_different_sheets(readers):
        return Problem(name, found=f"{len(readers)} mappings read this file: {', '.join(m.name for m in readers)}",
                       rule="two_mappings", expected="one, or several that each name a sheet of their own",
                       next_step="make the files patterns narrower")  # fmt: skip
    try:
        with path.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        return Problem(name, found=f"cannot be read: {error.strerror}", rule="unreadable",
                       expected="read permission", next_step="give the user that runs komglad access")  # fmt: skip
    return None


def _read_different_sheets(readers: list[Mapping]) -> bool:
    sheets = [m.sheet for m in readers if m.format == "xlsx" and m.sheet is not None]
    return len(set(sheets)) == len(readers)


def _opened(path: Path, name: str, mapping: Mapping) -> list[Incoming]:
    members: tuple[str, ...] = ()
    is_packed = path.suffix.lower() in (".zip", ".xlsx", ".xlsm", ".qdpx")
    if path.stat().st_size and (is_packed or mapping.format == "xlsx" or mapping.zip_members):
        is_book = mapping.format == "xlsx" or path.suffix.lower() in (".xlsx", ".xlsm")
        with path.open("rb") as stream:
            wanted = "xlsx" if is_book and not mapping.zip_members else "zip"
            refuse_other_content(stream.read(HEAD_BYTES), name, wanted)
        members = check_archive(path, name)
        if any(_CPR_LIKE.search(m) for m in members):
            raise InputError(
                f"{name} is refused",
                [Problem(name, found="a member's name holds what looks like a CPR number", rule="file_name",
                         next_step="rename the file inside the archive")],
            )  # fmt: skip
    if not mapping.zip_members:
        return [Incoming(name, mapping, path, None, export_date(name, mapping))]
    chosen = [m for m in members if any(_matches(m, pattern) for pattern in mapping.zip_members)]
    if not chosen:
        raise InputError(
            f"{name} holds nothing that the mapping reads",
            [Problem(name, found=f"{len(members)} members, none matches {', '.join(mapping.zip_members)}",
                     rule="no_mapping", next_step="change zip_members in the mapping")],
        )  # fmt: skip
    other = len(members) - len(chosen)
    if other:
        raise InputError(
            f"{name} holds files that no mapping reads",
            [Problem(name, found=f"{other} of {len(members)} members match no zip_members pattern",
                     rule="no_mapping", next_step="widen zip_members in the mapping, or pack without them")],
        )  # fmt: skip
    return [
        Incoming(f"{name}!{m}", mapping, path, m, export_date(f"{name}!{m}", mapping)) for m in sorted(chosen)
    ]


def _leaves(member: str) -> bool:
    parts = member.replace("\\", "/").split("/")
    return (
        not member or member.startswith(("/", "\\")) or ".." in parts or bool(re.match(r"^[A-Za-z]:", member))
    )
