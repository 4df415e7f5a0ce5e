"""One door for coded interviews: which format a file has, and its reading to the canonical table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.interviews import plain, qualcoder, taguette
from evaluation.interviews.attributes import DocumentAttributes, normal_name
from evaluation.interviews.coding_labels import Coding
from evaluation.interviews.positions import Unit
from evaluation.interviews.refi import read_codings
from evaluation.interviews.refi_project import read_qdpx
from evaluation.interviews.segments import SegmentBatch, build_batch
from evaluation.interviews.sqlite_files import open_sqlite, tables_of
from evaluation.interviews.tables import read_rows

Kind = Literal["qdpx", "qdc", "taguette", "qualcoder", "plain"]

_SQLITE_HEADER = b"SQLite format 3\x00"
_TABLES = {".csv", ".tsv", ".txt", ".xlsx", ".xlsm"}


def read_segments(
    path: Path,
    *,
    codebook: Codebook,
    key: bytes,
    kind: Kind | None = None,
    columns: Mapping[str, str] | None = None,
    documents: Mapping[str, DocumentAttributes] | None = None,
    positions: Unit | None = None,
    coder: str | None = None,
    schools: Mapping[str, str] | None = None,
) -> SegmentBatch:
    """Read one file (or QualCoder's ``.qda`` folder) of coded interviews.

    ``kind`` is found from the content when it is not given. ``columns`` maps canonical headings to a plain file's
    own. ``documents`` is the side table (:func:`~evaluation.interviews.attributes.read_documents`) and wins over
    what the file says, except that a withdrawn consent stays withdrawn. ``positions`` states how a ``.qdpx``
    counts when it cannot be seen. ``coder`` names the coder of a file that names none (Taguette).
    ``schools`` maps a school's names to the protocol's ids; without it a school stays as written.
    Raises ``InputError`` when the file is refused as a whole; single rows become problems of the batch.
    """
    found = _reading(path, codebook, kind or detect_kind(path), columns, positions, coder)
    return build_batch(
        found.codings,
        file=path.name,
        codebook=codebook,
        key=key,
        schools=schools,
        documents=_merged(documents or {}, found.documents),
        problems=found.problems,
        rows_lost=found.lost,
        notes=found.notes,
    )


def document_names(path: Path, codebook: Codebook) -> frozenset[str]:
    """The interviews a file speaks of, as they are compared (:func:`~evaluation.interviews.attributes.normal_name`).

    Raises ``InputError`` as :func:`read_segments` does. Names may point to persons: they are for the door alone.
    """
    found = _reading(path, codebook, detect_kind(path), None, None, None)
    return frozenset({normal_name(c.document) for c in found.codings} | set(found.documents)) - {""}


@dataclass(frozen=True)
class _Reading:
    """What a file says before anything is judged. ``lost`` rows were put aside by the reader, with ``problems``."""

    codings: Sequence[Coding]
    problems: Sequence[Problem] = ()
    lost: int = 0
    documents: Mapping[str, DocumentAttributes] = field(default_factory=dict)
    notes: Sequence[str] = ()


def _reading(
    path: Path,
    codebook: Codebook,
    kind: Kind,
    columns: Mapping[str, str] | None,
    positions: Unit | None,
    coder: str | None,
) -> _Reading:
    file = path.name
    if kind == "qdpx":
        project = read_codings(read_qdpx(path), codebook, unit=positions)
        return _Reading(
            project.codings, project.problems, project.lost, dict(project.documents), project.notes
        )
    if kind == "qdc":
        return _Reading([], notes=codebook.compare(Codebook.from_qdc(path)).lines())
    if kind == "qualcoder" or _is_sqlite(path):
        with open_sqlite(_database(path)) as connection:
            if kind == "qualcoder":
                codings, found, problems, lost = qualcoder.codings_of_project(connection, file, codebook)
                return _Reading(codings, problems, lost, found)
            codings, problems, lost = taguette.codings_of_database(connection, file, coder)
            return _Reading(codings, problems, lost)
    table = read_rows(path)
    if kind == "taguette":
        if not taguette.is_taguette_table(table):
            problem = Problem(file, 1, found="other headings", expected="id,document,tag,content")
            raise InputError(f"{file} is not a highlights export of Taguette.", [problem])
        return _Reading(taguette.codings_of_table(table, coder), table.problems, table.lost)
    codings, problems, lost = plain.codings_of_table(table, codebook, coder, columns)
    return _Reading(codings, [*table.problems, *problems], lost + table.lost)


def detect_kind(path: Path) -> Kind:
    """The format of a file, from its first bytes and tables. Raises ``InputError`` when it is none of them."""
    if path.is_dir() or _is_sqlite(path):
        with open_sqlite(_database(path)) as connection:
            tables = tables_of(connection)
        if {"code_text", "code_name", "source"} <= tables:
            return "qualcoder"
        if {"highlights", "tags", "documents"} <= tables:
            return "taguette"
        raise _unknown(path, "a database of another program")
    suffix = path.suffix.casefold()
    if suffix in {".qdpx", ".qde"}:
        return "qdpx"
    if suffix == ".qdc":
        return "qdc"
    if suffix in _TABLES:
        return "taguette" if taguette.is_taguette_table(read_rows(path)) else "plain"
    raise _unknown(path, f"the ending {suffix or '(none)'}")


def _merged(
    side: Mapping[str, DocumentAttributes], found: Mapping[str, DocumentAttributes]
) -> dict[str, DocumentAttributes]:
    merged = dict(found)
    for name, about in side.items():
        own = found.get(normal_name(name))
        merged[normal_name(name)] = (
            about if own is None else replace(about.updated(own.raw), coders=about.coders)
        )
    return merged


def _is_sqlite(path: Path) -> bool:
    try:
        if path.is_dir():
            return False
        with path.open("rb") as stream:
            return stream.read(len(_SQLITE_HEADER)) == _SQLITE_HEADER
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None


def _database(path: Path) -> Path:
    if not path.is_dir():
        return path
    database = path / "data.qda"
    if not database.is_file():
        raise _unknown(path, "a folder without data.qda")
    return database


def _unknown(path: Path, found: str) -> InputError:
    problem = Problem(
        path.name,
        found=found,
        expected=".qdpx, .qdc, Taguette (CSV, XLSX, SQLite), QualCoder (.qda), plain CSV or XLSX",
        next_step="export the interviews in one of these formats",
    )
    return InputError(f"{path.name} is not a file of coded interviews.", [problem])
