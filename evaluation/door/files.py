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
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, replace
from pathlib import Path

from evaluation.door.dates import parse_date
from evaluation.door.mapping import ROUTED, Mapping
from evaluation.door.mapping_parts import Period, strptime_format
from evaluation.door.nobody import is_nobody
from evaluation.door.values import clean
from evaluation.door.workbooks import BOOKS, book_kind, chosen, is_pattern, sheet_titles
from evaluation.errors import InputError, Problem
from evaluation.files.archives import check_archive
from evaluation.files.sniff import HEAD_BYTES, refuse_other_content
from evaluation.interviews.side_tables import is_side_table
from evaluation.words.texts import texts

TEXT = texts("running")

IGNORED = ("~$*", ".*", "Thumbs.db", "desktop.ini", "*.tmp", "*.part", "*.crdownload")
"""Names that no export has: office locks, hidden files and half-finished downloads."""

PROJECT = "data.qda"
"""The database in a folder of QualCoder's."""
_CPR_LIKE = re.compile(r"(?<!\d)[0-3]\d[01]\d{3}[- ]?\d{4}(?!\d)")


@dataclass(frozen=True)
class Incoming:
    """A file (or a member of a zip, a sheet, or a query) with its mapping. ``name`` is relative to the inbox."""

    name: str
    mapping: Mapping
    path: Path
    member: str | None
    exported_on: dt.date | None
    sheet: str | None = None


@dataclass(frozen=True)
class Inbox:
    """What lies there. ``unread``: by file, its visible sheets that no mapping reads; one whose title may be somebody's
    name goes by its place.
    """

    sources: tuple[Incoming, ...]
    problems: tuple[Problem, ...]
    unread: Mapping_[str, tuple[str, ...]]


@dataclass(frozen=True)
class Fingerprint:
    """What tells that a file changed while it was read."""

    size: int
    modified_ns: int
    sha256: str


def find_incoming(incoming: Path, mappings: tuple[Mapping, ...]) -> Inbox:
    """Every file of the inbox with its mapping, in order of name, and the refusals of the rest."""
    if not incoming.is_dir():
        raise InputError(
            TEXT("inbox_gone"),
            [Problem(incoming.name, found=TEXT("inbox_gone_found"), expected=TEXT("inbox_gone_expected"),
                     next_step=TEXT("inbox_gone_next", folder=incoming))],
        )  # fmt: skip
    found: list[Incoming] = []
    problems: list[Problem] = []
    unread: dict[str, tuple[str, ...]] = {}
    root = incoming.resolve()
    for path in _walk(incoming):
        name = path.relative_to(incoming).as_posix()
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in IGNORED):
            continue
        readers = [m for m in mappings if any(_matches(name, pattern) for pattern in m.files)]
        if is_side_table(path.name) and any(m.kind == "interviews" for m in readers):
            continue  # read with the interviews it tells of
        readers = _closest(readers, name)
        refusal = _refuse_file(path, name, root, readers)
        if refusal:
            problems.append(refusal)
            continue
        mine: list[Incoming] = []
        for mapping in readers:
            label = name if len(readers) == 1 else f"{name}#{mapping.sheet}"
            try:
                mine += _opened(path / PROJECT if path.is_dir() else path, label, mapping)
            except InputError as error:
                problems += [p for p in error.problems if p not in problems]
        found += mine
        if left := _unread_sheets(path, mine):
            unread[name] = left
    queries = [
        Incoming(f"sql:{m.name.removesuffix('.toml')}", m, incoming, None, None) for m in mappings if m.sql
    ]
    return Inbox((*found, *queries), tuple(problems), unread)


def _unread_sheets(path: Path, sources: list[Incoming]) -> tuple[str, ...]:
    """Visible sheets of a workbook that none of its sources reads."""
    if not sources or sources[0].member is not None or sources[0].mapping.kind in ROUTED:
        return ()
    with path.open("rb") as stream:
        kind = book_kind(stream, sources[0].mapping)
        titles = sheet_titles(stream, kind, sources[0].name) if kind else ()
    read = {s.sheet for s in sources}
    return tuple(
        t if is_nobody(t) else f"ark {place}"
        for place, (t, is_visible) in enumerate(titles, start=1)
        if is_visible and t not in read
    )


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


def export_date(name: str, mapping: Mapping, above: Sequence[str] | None = None) -> dt.date | None:
    """The day on which a file was exported, as its mapping says: from its name, or from the lines ``above`` its header once
    they are read. None where the mapping names none, or a line that is not read yet.

    Raises:
        InputError: the mapping names a place and no such day stands there.
    """
    spec = mapping.exported_on
    if spec is None or (spec.line is not None and above is None):
        return None
    text, pattern, where = name, spec.file_name, "the file name"
    if spec.line is not None and above is not None:
        text, pattern = above[spec.line - 1] if spec.line <= len(above) else "", spec.pattern
        where = f"line {spec.line}"
    match = re.search(str(pattern), text)
    day: dt.date | None = parse_date((strptime_format(spec.format),))(clean(match[1]))[0] if match else None
    if day is not None or not spec.is_required:
        return day
    raise InputError(
        f"{name}: no export date",
        [Problem(name, spec.line, found=f"no export date in {where}", rule="export_date",
                 expected=f"what matches {pattern}",
                 next_step="rename the file, or change exported_on in the mapping")],
    )  # fmt: skip


def covered_period(
    source: Incoming, above: Sequence[str], starts_month: int
) -> tuple[dt.date, dt.date] | None:
    """The first and last day an export says it covers; None when only its rows tell, or nobody.

    ``starts_month``: the month in which a school year begins, with which an export up to its own day begins.

    Raises:
        InputError: the mapping names a place and no period stands there, or no day up to which it goes.
    """
    spec, day = source.mapping.period, source.exported_on
    if spec == "to_export" and day is not None:
        return dt.date(day.year - (day.month < starts_month), starts_month, 1), day
    if not isinstance(spec, Period):
        return None
    text, pattern = source.name, spec.file_name or spec.pattern
    if spec.line is not None:
        text = above[spec.line - 1] if spec.line <= len(above) else ""
    match = re.search(pattern, text)
    parse = parse_date((*source.mapping.date_formats, *_PERIOD_FORMATS))
    first, last = (parse(clean(g))[0] for g in match.groups()) if match else (None, None)
    if first is None or last is None or first > last:
        where = f"line {spec.line}" if spec.line is not None else "the file's name"
        raise InputError(
            f"{source.name}: no period",
            [Problem(source.name, spec.line, None, "no first and last day", "period", f"the period in {where}",
                     "correct period in the mapping, or ask for the export again")],
        )  # fmt: skip
    return first, last


_PERIOD_FORMATS = ("%Y-%m-%d", "%d-%m-%Y", "%d.%m.%Y")


def masked_name(name: str) -> str:
    """A file's name without what looks like a CPR number."""
    return _CPR_LIKE.sub("999999-9999", name)


def _walk(incoming: Path) -> Iterator[Path]:
    for folder, subfolders, names in os.walk(incoming, followlinks=False):
        subfolders.sort()
        links = [s for s in subfolders if (Path(folder) / s).is_symlink()]
        projects = [s for s in subfolders if _is_project(Path(folder) / s)]
        subfolders[:] = [s for s in subfolders if s not in projects]
        yield from (Path(folder) / name for name in sorted([*names, *links, *projects]))


def _is_project(folder: Path) -> bool:
    """A QualCoder project is a folder with its database, pictures and documents: one source."""
    return folder.suffix.casefold() == ".qda" and (folder / PROJECT).is_file() and not folder.is_symlink()


def _matches(name: str, pattern: str) -> bool:
    """Glob against the whole relative path; ``*`` stops at a slash, ``**`` does not."""
    regex = "".join(
        ".*" if part == "**" else "[^/]*" if part == "*" else "[^/]" if part == "?" else re.escape(part)
        for part in re.split(r"(\*\*|\*|\?)", pattern)
    )
    return re.fullmatch(regex, name, re.IGNORECASE) is not None


def _closest(readers: list[Mapping], name: str) -> list[Mapping]:
    """Of several mappings for interviews or forms those that name the file itself: they say what the general one cannot."""
    if len(readers) < 2 or any(m.kind not in ROUTED for m in readers):
        return readers
    return [m for m in readers if any(p.casefold() == name.casefold() for p in m.files)] or readers


def _refuse_file(path: Path, name: str, root: Path, readers: list[Mapping]) -> Problem | None:
    if _CPR_LIKE.search(path.name):
        return Problem(masked_name(name), found="the file's name holds what looks like a CPR number", rule="file_name",
                       next_step="rename the file")  # fmt: skip
    if not path.resolve().is_relative_to(root):
        return Problem(name, found="a link that leads out of the inbox", rule="link_out",
                       expected="a file inside the inbox", next_step="copy the file itself into the inbox")  # fmt: skip
    if not path.is_file() and not _is_project(path):
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
        with (path / PROJECT if path.is_dir() else path).open("rb") as stream:
            stream.read(1)
    except OSError as error:
        return Problem(name, found=f"cannot be read: {error.strerror}", rule="unreadable",
                       expected="read permission", next_step="give the user that runs komglad access")  # fmt: skip
    return None


def _read_different_sheets(readers: list[Mapping]) -> bool:
    sheets = [m.sheet for m in readers if m.format in BOOKS and m.sheet is not None]
    return len(set(sheets)) == len(readers)


def _opened(path: Path, name: str, mapping: Mapping) -> list[Incoming]:
    members: tuple[str, ...] = ()
    is_packed = path.suffix.lower() in (".zip", ".xlsx", ".xlsm", ".xlsb", ".ods", ".qdpx")
    if path.stat().st_size and (
        is_packed or mapping.format in ("xlsx", "xlsb", "ods") or mapping.zip_members
    ):
        is_book = mapping.format in BOOKS or path.suffix.lower() in (".xlsx", ".xlsm")
        with path.open("rb") as stream:
            wanted = (mapping.format if mapping.format in BOOKS else "xlsx") if is_book else "zip"
            refuse_other_content(stream.read(HEAD_BYTES), name, "zip" if mapping.zip_members else wanted)
        members = check_archive(path, name)
        if any(_CPR_LIKE.search(m) for m in members):
            raise InputError(
                f"{name} is refused",
                [Problem(name, found="a member's name holds what looks like a CPR number", rule="file_name",
                         next_step="rename the file inside the archive")],
            )  # fmt: skip
    if not mapping.zip_members:
        return _sheets_of(Incoming(name, mapping, path, None, export_date(name, mapping)))
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


def _sheets_of(source: Incoming) -> list[Incoming]:
    """The source, once for each sheet its mapping reads. A sheet whose title may be somebody's name goes by its place."""
    if source.mapping.kind in ROUTED:
        return [source]
    with source.path.open("rb") as stream:
        kind = book_kind(stream, source.mapping)
        titles = sheet_titles(stream, kind, source.name) if kind else ()
    if not titles:
        return [source]
    mine = chosen(titles, source.mapping, source.name)
    if not is_pattern(source.mapping.sheet) or source.mapping.sheet in mine:
        return [replace(source, sheet=mine[0])]
    base = source.name.partition("#")[0]
    places = [t for t, _ in titles]
    return [
        replace(source, name=f"{base}#{t if is_nobody(t) else f'ark {places.index(t) + 1}'}", sheet=t)
        for t in mine
    ]
