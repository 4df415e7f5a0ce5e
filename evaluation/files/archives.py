"""Zip archives, looked at before anything is unpacked: truncated, encrypted, nested, too large, too dense, with links or
paths out of them. Only the table of contents is read here, whoever sent the archive.
"""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.errors import InputError, Problem


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold: members, bytes unpacked, and how many times its packed size, from so many bytes on."""

    members: int
    unpacked: int
    ratio: int
    ratio_from: int


INBOX = Limits(10_000, 8 * 1024**3, 250, 32 * 1024**2)
"""Below its size a high ratio does no harm: a sheet of zeros compresses well."""
PROJECTS = Limits(20_000, 4 * 1024**3, 100, 1024**2)
"""Interview text deflates to about a third and GUID-filled XML to a tenth; a bomb of zeros to a thousandth."""
_PACKED = (".zip", ".qdpx", ".7z", ".rar", ".gz", ".tgz", ".bz2", ".xz", ".tar", ".jar")


def check_archive(path: Path, name: str) -> tuple[str, ...]:
    """Refuse an archive that must not be unpacked; returns its members. Only the table of contents is read.

    Raises:
        InputError: with every reason at once (:func:`wrong_with`), or because it is no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except Exception:  # zipfile raises IndexError, struct.error and more on damage; none may reach a user
        raise InputError(
            f"{name} cannot be opened",
            [Problem(name, found="the archive is truncated or not an archive", rule="zip_damaged",
                     expected="a whole zip file", next_step="ask for the export again")],
        ) from None  # fmt: skip
    if problems := wrong_with(members, name, INBOX):
        raise InputError(f"{name} is refused before unpacking", problems)
    return tuple(m.filename for m in members if not m.filename.endswith("/"))


def wrong_with(members: Sequence[zipfile.ZipInfo], name: str, limits: Limits) -> list[Problem]:
    """Why an archive must not be unpacked, from its table of contents; every reason at once."""
    problems: list[Problem] = []

    def refuse(found: str, rule: str, expected: str, next_step: str = "ask for the export again") -> None:
        problems.append(Problem(name, found=found, rule=rule, expected=expected, next_step=next_step))

    names = [m.filename for m in members]
    unpacked, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
    if len(members) > limits.members:
        refuse(f"{len(members)} members", "zip_bomb", f"at most {limits.members}")
    if unpacked > limits.unpacked:
        refuse(f"{unpacked:,} bytes unpacked", "zip_bomb", f"at most {limits.unpacked:,} bytes")
    if _is_dense(unpacked, packed, limits) or any(is_dense(m, limits) for m in members):
        refuse("more than an export unpacks to", "zip_bomb", f"at most {limits.ratio} times its packed size")
    if any(_leaves(n) for n in names):
        refuse("a member's path leads out of the archive", "zip_path", "paths inside the archive")
    if any(n.lower().endswith(_PACKED) for n in names):
        refuse("an archive inside the archive", "zip_nested", "plain files", "unpack the inner archive first")
    if any(m.flag_bits & 0x1 for m in members):
        refuse("a member is encrypted", "zip_encrypted", "no password", "export without a password")
    if any(stat.S_ISLNK(m.external_attr >> 16) for m in members):
        refuse("a member that is a link", "zip_link", "ordinary files")
    if len(set(names)) < len(names):
        refuse("two members with the same name", "zip_twice", "one of each")
    return problems


def is_dense(member: zipfile.ZipInfo, limits: Limits) -> bool:
    """Whether a member unpacks to more than what was packed explains."""
    return _is_dense(member.file_size, member.compress_size, limits)


def _is_dense(unpacked: int, packed: int, limits: Limits) -> bool:
    return unpacked > limits.ratio_from and unpacked > limits.ratio * max(packed, 1)


def _leaves(member: str) -> bool:
    parts = member.replace("\\", "/").split("/")
    is_absolute = member.startswith(("/", "\\")) or re.match(r"^[A-Za-z]:", member)
    return not member or bool(is_absolute) or ".." in parts or "\0" in member
