"""Taking a pupil's interviews out of a REFI-QDA project: the source, its files in the archive, and all that points at it.

Interviews are known by name. A project that still holds the pupil's number afterwards, in its own text or in a file of
text, is left to a person; pictures, sound and PDFs in it are not searched.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, Any

from evaluation.door.traces import CannotErase, Traces, all_text
from evaluation.errors import InputError
from evaluation.files.safe_xml import attribute, children, normal_guid
from evaluation.interviews.attributes import normal_name
from evaluation.interviews.refi_project import QdaProject, read_qdpx

SOURCES = ("TextSource", "PictureSource", "PDFSource", "AudioSource", "VideoSource")
POINTERS = ("targetGUID", "sourceGUID", "originGUID", "representationGUID")
"""Attributes that name another element."""


def without_interviews(path: Path, traces: Traces, out: IO[bytes]) -> frozenset[int]:
    """Write the project without the pupil's interviews; returns which of its sources those were, from 1.

    Raises:
        CannotErase: no project that can be read, or the number is somewhere else in it.
    """
    try:
        project = read_qdpx(path)
        gone = _removed(project, traces)
        kept = project.archive.members if project.archive else ()
        orphans = frozenset().union(*gone.values()) - _files_of(_elements(project.root))
        left = {m for m in kept if _name(m) not in orphans}
        if traces.is_in(all_text(project.root)) or any(
            _holds(project, m, traces) for m in left - {project.entry}
        ):
            raise CannotErase
        if gone:
            _write(project, left, out)
        else:
            out.write(path.read_bytes())
    except InputError:
        raise CannotErase from None
    return frozenset(gone)


def _removed(project: QdaProject, traces: Traces) -> dict[int, frozenset[str]]:
    """Take the sources and what points at them out of the tree; the files each named, by its place."""
    found: dict[int, frozenset[str]] = {}
    guids: set[str] = set()
    everything = [s for holder in children(project.root, "Sources") for s in children(holder, *SOURCES)]
    for number, source in enumerate(everything, 1):
        name = attribute(source, "name") or ""
        names = {normal_name(name), normal_name(f"{name} {normal_guid(attribute(source, 'guid'))}")}
        if not names & traces.documents:
            continue
        inside = _elements(source)
        guids |= {normal_guid(g) for e in inside if (g := attribute(e, "guid"))}
        found[number] = _files_of(inside)
        source.getparent().remove(source)
    while guids and (pointing := _pointing(project.root, guids)):
        guids |= {normal_guid(g) for e in pointing if (g := attribute(e, "guid"))}
        for element in pointing:
            element.getparent().remove(element)
    return found


def _elements(root: Any) -> list[Any]:
    return [e for e in root.iter() if isinstance(e.tag, str)]


def _pointing(root: Any, guids: set[str]) -> list[Any]:
    hit = [e for e in _elements(root) if any(normal_guid(attribute(e, p)) in guids for p in POINTERS)]
    return [e for e in hit if not any(a in hit for a in e.iterancestors())]


def _files_of(elements: Iterable[Any]) -> frozenset[str]:
    """Names of the files that elements say their content lies in."""
    paths = (str(v) for e in elements for k, v in e.attrib.items() if str(k).casefold().endswith("path"))
    return frozenset(_name(p) for p in paths)


def _name(path: str) -> str:
    return PurePosixPath(path.replace("\\", "/")).name.casefold()


def _holds(project: QdaProject, member: str, traces: Traces) -> bool:
    assert project.archive is not None
    content = project.archive.read(member)
    if content.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                texts = [
                    packed.read(n).decode("utf-8", "ignore") for n in packed.namelist() if n.endswith(".xml")
                ]
        except (zipfile.BadZipFile, OSError, ValueError):
            raise CannotErase from None
        # A number may be cut by the tags of its own formatting.
        return any(traces.is_in(t) or traces.is_in(re.sub(r"<[^>]*>", "", t)) for t in texts)
    return any(traces.is_in(content.decode(e, "ignore")) for e in ("utf-8", "utf-16-le", "utf-16-be"))


def _write(project: QdaProject, left: set[str], out: IO[bytes]) -> None:
    from lxml import etree

    xml = bytes(etree.tostring(project.root.getroottree(), encoding="utf-8", xml_declaration=True))
    if project.archive is None:
        out.write(xml)
        return
    with (
        zipfile.ZipFile(io.BytesIO(project.archive.data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for info in old.infolist():
            if info.filename in left:
                entry = zipfile.ZipInfo(info.filename, info.date_time)
                content = xml if info.filename == project.entry else old.read(info)
                new.writestr(entry, content, zipfile.ZIP_DEFLATED)
