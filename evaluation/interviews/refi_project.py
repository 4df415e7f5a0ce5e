"""A REFI-QDA project as a file: opened without trust, its source files found, written back without loss.

What the project says (codes, segments, cases) is read in :mod:`evaluation.interviews.refi`.
"""

from __future__ import annotations

import codecs
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from evaluation.errors import InputError, Problem
from evaluation.files.packages import Archive, open_archive
from evaluation.files.safe_xml import attribute, local_name, parse_xml


@dataclass(frozen=True)
class QdaProject:
    """A project as it came: the tree of ``project.qde`` (lxml) and the archive's other members."""

    file: str
    root: Any
    entry: str = "project.qde"
    archive: Archive | None = None

    @property
    def origin(self) -> str:
        """Tool and version that wrote the project, as it says itself."""
        return attribute(self.root, "origin") or ""

    def member(self, path: str) -> bytes | None:
        """Bytes of a source file by the path written in the project; ``None`` when it is not in the archive."""
        if self.archive is None:
            return None
        name = path.replace("\\", "/")
        for scheme in ("internal://", "relative://", "internal:", "relative:"):
            name = name.removeprefix(scheme)
        if "://" in name or name.casefold().startswith(("absolute:", "file:")):
            return None
        name = name.lstrip("/")
        folder = PurePosixPath(self.entry).parent.as_posix()
        spellings = dict.fromkeys((name, unquote(name)))
        tries = [t for n in spellings for t in (f"{folder}/Sources/{n}", f"{folder}/{n}", f"Sources/{n}", n)]
        for attempt in tries:
            if found := self.archive.find(attempt):
                return self.archive.read(found)
        base = PurePosixPath(name).name.casefold()
        alike = [
            m for m in self.archive.members if PurePosixPath(m.replace("\\", "/")).name.casefold() == base
        ]
        return self.archive.read(alike[0]) if len(alike) == 1 else None


def read_qdpx(path: Path) -> QdaProject:
    """Open a ``.qdpx`` (or a bare ``.qde``). Raises ``InputError`` before unpacking anything hostile."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None
    if start.lstrip(codecs.BOM_UTF8)[:1] == b"<":
        return QdaProject(path.name, _project(parse_xml(path.read_bytes(), path.name), path.name))
    archive = open_archive(path)
    entries = [m for m in archive.members if m.casefold().endswith(".qde")]
    at_top = [m for m in entries if m.casefold() == "project.qde"] or [m for m in entries if "/" not in m]
    chosen = at_top if len(at_top) == 1 else entries
    if len(chosen) != 1:
        problem = Problem(
            path.name,
            found=f"{len(entries)} project files (.qde)",
            rule="REFI-QDA 8.1",
            expected="one project.qde",
            next_step="export the project again as REFI-QDA",
        )
        raise InputError(f"{path.name} is not a REFI-QDA project.", [problem])
    root = _project(parse_xml(archive.read(chosen[0]), f"{path.name}/{chosen[0]}"), path.name)
    return QdaProject(path.name, root, chosen[0], archive)


def write_qdpx(project: QdaProject, path: Path) -> None:
    """Write the project back: the same tree and members, in the same order, with a fixed date (same bytes again)."""
    from lxml import etree

    tree = project.root.getroottree()
    xml = bytes(etree.tostring(tree, encoding="utf-8", xml_declaration=True))
    members = project.archive.members if project.archive else (project.entry,)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for member in members:
            data = (
                xml if member == project.entry else project.archive.read(member) if project.archive else xml
            )
            out.writestr(zipfile.ZipInfo(member, date_time=(1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def _project(root: Any, file: str) -> Any:
    if local_name(root) != "project":
        problem = Problem(file, found=f"root element {local_name(root)!r}", expected="Project")
        raise InputError(f"{file} is not a REFI-QDA project.", [problem])
    return root
