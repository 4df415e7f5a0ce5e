"""One door for coded interviews: which format a file has, and its reading to the canonical table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.files.sqlite import open_sqlite, tables_of
from evaluation.interviews import plain, qualcoder, taguette
from evaluation.interviews.attributes import FIELDS, DocumentAttributes, normal_name, slug
from evaluation.interviews.codebook_diff import compare
from evaluation.interviews.coding_labels import Reading
from evaluation.interviews.notes import Notes
from evaluation.interviews.positions import Unit
from evaluation.interviews.qdc import codebook_from_qdc
from evaluation.interviews.r_projects import REQUAL_TABLES, RQDA_TABLES, requal_project, rqda_project
from evaluation.interviews.refi import read_codings
from evaluation.interviews.refi_project import read_qdpx
from evaluation.interviews.segments import SegmentBatch, build_batch
from evaluation.interviews.tables import read_rows
from evaluation.interviews.understanding import Understanding

Kind = Literal["qdpx", "qdc", "taguette", "qualcoder", "rqda", "requal", "plain"]
NAMES: Mapping[Kind, str] = {
    "qdpx": "REFI-QDA-projekt (NVivo, ATLAS.ti, MAXQDA, QualCoder …)",
    "qdc": "kodebog (REFI-QDA)",
    "taguette": "Taguette",
    "qualcoder": "QualCoder-projekt",
    "rqda": "RQDA-projekt",
    "requal": "requal-projekt",
    "plain": "tabel med kodede udsagn",
}
"""What takes a file, in words."""

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
    project: str | None = None,
    schools: Mapping[str, str] | None = None,
    ignored: Iterable[str] = (),
    roles: Mapping[str, str] | None = None,
    asked: Mapping[str, Sequence[str]] | None = None,
    notes_read: Collection[str] = (),
) -> SegmentBatch:
    """Read one file (or QualCoder's ``.qda`` folder) of coded interviews.

    ``kind`` is found from the content when it is not given. ``columns`` maps canonical headings to a plain file's
    own. ``documents`` is the side table (:mod:`~evaluation.interviews.side_tables`) and wins over
    what the file says, consent set aside: there the most restrictive word holds. ``positions`` states how a ``.qdpx``
    counts when it cannot be seen. ``coder`` names the coder of a file that names none (Taguette),
    ``project`` one of several in a database.
    ``ignored`` are names in the file that mean nothing for the round, ``roles`` what others are: its variable's name → the
    codebook's attribute, ``asked`` the codes or families a coder was asked for, where not for all (from the mapping).
    ``notes_read``: marks of a file's notes that a person has read, and found no no in.
    ``schools`` maps a school's names to the protocol's ids; without it a school stays as written.
    Raises ``InputError`` when the file is refused as a whole; single rows become problems of the batch.
    """
    if strange := sorted(set((roles or {}).values()) - FIELDS.keys()):
        problem = Problem(path.name, column="variables", found=", ".join(strange), rule="unknown_role",
                          expected=", ".join(FIELDS), next_step="correct [interviews.variables] in the mapping")  # fmt: skip
        raise InputError("The mapping names an attribute that the codebook does not have.", [problem])
    tasks = {
        slug(coder): [codebook.resolve(code) for code in codes] for coder, codes in (asked or {}).items()
    }
    if any(code is None for codes in tasks.values() for code in codes):
        problem = Problem(path.name, column="asked", found="a code that the codebook does not have", rule="unknown_role",
                          expected="ids of codes", next_step="correct [interviews.asked] in the mapping")  # fmt: skip
        raise InputError("The mapping names a code that the codebook does not have.", [problem])
    known = Understanding.of(codebook, schools, ignored, roles)
    found = _reading(path, known, kind or detect_kind(path), columns, positions, coder, project)
    written = found.written or Notes(known)
    written.remarks(coding.document for coding in found.codings)
    spoken_of = {normal_name(c.document): DocumentAttributes() for c in found.codings if written.loose}
    about = written.named({**spoken_of, **found.documents})
    return build_batch(
        found.codings,
        file=path.name,
        codebook=codebook,
        key=key,
        schools=schools,
        documents=about,
        side_table=documents,
        problems=[*found.problems, *written.problems(path.name, notes_read)],
        rows_lost=found.lost,
        aside=found.aside,
        notes=found.notes,
        known=known,
        asked={coder: tuple(code.id for code in codes if code) for coder, codes in tasks.items()},
    )


def document_names(path: Path, codebook: Codebook) -> frozenset[str]:
    """The interviews a file speaks of, as they are compared (:func:`~evaluation.interviews.attributes.normal_name`).

    Raises ``InputError`` as :func:`read_segments` does. Names may point to persons: they are for the door alone.
    """
    found = _reading(path, Understanding.of(codebook), detect_kind(path), None, None, None, None)
    return frozenset({normal_name(c.document) for c in found.codings} | set(found.documents)) - {""}


def _reading(
    path: Path,
    known: Understanding,
    kind: Kind,
    columns: Mapping[str, str] | None,
    positions: Unit | None,
    coder: str | None,
    project_name: str | None,
) -> Reading:
    file = path.name
    if kind == "qdpx":
        return read_codings(read_qdpx(path), known, unit=positions)
    if kind == "qdc":
        return Reading([], notes=compare(known.codebook, codebook_from_qdc(path)).lines())
    if kind == "qualcoder" or _is_sqlite(path):
        with open_sqlite(_database(path)) as connection:
            if kind == "qualcoder":
                return qualcoder.codings_of_project(connection, file, known)
            if kind in ("rqda", "requal"):
                read = rqda_project if kind == "rqda" else requal_project
                return read(connection, file, known)
            return taguette.codings_of_database(connection, file, known, coder, project_name)
    table = read_rows(path)
    if kind == "plain":
        return plain.codings_of_table(table, known, coder, columns)
    if not taguette.is_taguette_table(table):
        problem = Problem(file, 1, found="other headings", expected="id,document,tag,content")
        raise InputError(f"{file} is not a highlights export of Taguette.", [problem])
    return taguette.codings_of_table(table, coder)


def detect_kind(path: Path) -> Kind:
    """The format of a file, from its first bytes and tables. Raises ``InputError`` when it is none of them."""
    if path.is_dir() or _is_sqlite(path):
        with open_sqlite(_database(path)) as connection:
            tables = tables_of(connection)
        if {"code_text", "code_name", "source"} <= tables:
            return "qualcoder"
        if {"highlights", "tags", "documents"} <= tables:
            return "taguette"
        if tables >= RQDA_TABLES:
            return "rqda"
        if tables >= REQUAL_TABLES:
            return "requal"
        raise _unknown(path, "a database of another program")
    suffix = path.suffix.casefold()
    if suffix in {".qdpx", ".qde"}:
        return "qdpx"
    if suffix == ".qdc":
        return "qdc"
    if suffix in _TABLES:
        return "taguette" if taguette.is_taguette_table(read_rows(path)) else "plain"
    raise _unknown(path, f"the ending {suffix or '(none)'}")


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
        expected=".qdpx, .qde, Taguette (CSV, XLSX, SQLite), QualCoder (.qda), RQDA, requal, CSV or XLSX",
        next_step="export the interviews in one of these formats",
    )
    return InputError(f"{path.name} is not a file of coded interviews.", [problem])
