"""Reading XML rosters: one element is one record, columns are paths from it. Entities and outside references are off.

Paths are written with local names: ``Student/Level`` below the record, ``@id`` an attribute, ``../Number`` beside
it (a child of the record's parent), ``/SchoolYear`` or ``/@year`` below the document's root, ``.`` its own text.

What stands several times in a record, and what stands beside the records, is handed on by name, so that it is asked about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk, Reading, empty_file
from evaluation.door.mapping import Mapping
from evaluation.errors import InputError, Problem
from evaluation.files.safe_xml import UNTRUSTED
from evaluation.files.sheet import SEVERAL
from evaluation.files.xml_records import local, names_beside, values_above, values_below

PIECE_RECORDS = 20_000


def read_xml(stream: IO[bytes], mapping: Mapping, name: str) -> Reading:
    """Open an XML file; raises :class:`InputError` when it is not well-formed or declares a document type."""
    return Reading((), mapping.used_columns, _chunks(stream, mapping, name))


def _chunks(stream: IO[bytes], mapping: Mapping, name: str) -> Iterator[Chunk]:
    assert mapping.xml is not None  # the model refuses xml without it
    record = mapping.xml.record
    texts: dict[str, list[str | None]] = {c: [] for c in mapping.used_columns}
    beside: list[dict[str, str]] = []
    rows: list[int] = []
    seen, around, above, root = 0, set[str](), set[str](), None
    missing = set(mapping.used_columns)
    for element in _records(stream, record, name):
        if mapping.xml.having is not None and not any(local(c) == mapping.xml.having for c in element):
            _forget(element)
            continue
        if len(rows) >= PIECE_RECORDS:
            yield _chunk(texts, beside, rows, mapping, seen - len(rows))
            texts, beside, rows = {c: [] for c in mapping.used_columns}, [], []
        for column, values in texts.items():
            value = _value(element, column)
            values.append(value)
            if value is not None:
                missing.discard(column)
        beside.append(dict(_beside(element, mapping)))
        rows.append(int(element.sourceline or 0))
        around |= {local(a) for a in element.iterancestors()}
        above |= {p.rpartition("/")[2] for p in beside[-1] if p.startswith("../")}
        seen, root = seen + 1, element.getroottree().getroot()
        _forget(element)
    if not seen:
        raise InputError(
            f"{name} holds no records",
            [Problem(name, found=f"no element <{record}>", rule="xml_record",
                     expected=f"at least one <{record}>", next_step="set xml.record in the mapping")],
        )  # fmt: skip
    if missing == set(mapping.used_columns):
        raise empty_file(name, mapping, header_only=True)
    left = [] if mapping.kind == "pupils" else names_beside(root, record, around, above)
    of_the_file = (p for p in _paths(mapping) if p.startswith("/") and _leads(root, p) > 1)
    beside[-1] |= dict.fromkeys((*left, *(p + SEVERAL for p in of_the_file)), SEVERAL)
    yield _chunk(texts, beside, rows, mapping, seen - len(rows))


def _records(stream: IO[bytes], record: str, name: str) -> Iterator[Any]:
    from lxml import etree

    try:
        parser = etree.iterparse(stream, events=("end",), tag=f"{{*}}{record}", **UNTRUSTED)
        for _, element in parser:
            _refuse_document_type(element, name)
            yield element
        if parser.root is not None:
            _refuse_document_type(parser.root, name)
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"{name} is not well-formed XML",
            [Problem(name, error.lineno, None, "the XML is broken or cut off here", "xml",
                     "well-formed XML without entities", "ask for the export again")],
        ) from None  # fmt: skip


def _refuse_document_type(element: Any, name: str) -> None:
    if element.getroottree().docinfo.doctype:
        raise InputError(
            f"{name} declares a document type",
            [Problem(name, 1, None, "a DOCTYPE, which can hold entities", "xml_entities", "XML without DOCTYPE",
                     "remove the DOCTYPE; exports need none")],
        )  # fmt: skip


def _beside(element: Any, mapping: Mapping) -> Iterator[tuple[str, str]]:
    """What stands in the record and above it, below the root; in a roster of what stands several times only what is read."""
    read = _paths(mapping)
    above = (pair for pair in values_above(element) if not pair[0].startswith("/"))
    for path, value in (*values_below(element), *above):
        inside = path.removesuffix(SEVERAL)
        if (
            inside == path
            or mapping.kind != "pupils"
            or any(p == inside or p.startswith(f"{inside}/") for p in read)
        ):
            yield path, value


def _paths(mapping: Mapping) -> list[str]:
    return [p.strip() for c in mapping.used_columns for p in c.split("|")]


def _leads(root: Any, path: str) -> int:
    """How many places of the document a path from its root leads to."""
    nodes = [root]
    for part in path[1:].split("/"):
        if not part.startswith("@"):
            nodes = [c for n in nodes for c in n if local(c) == part]
    return len(nodes)


def _value(element: Any, paths: str) -> str | None:
    return next((v for p in paths.split("|") if (v := _at(element, p.strip())) is not None), None)


def _at(element: Any, path: str) -> str | None:
    node = element
    if path.startswith("/"):
        node, path = element.getroottree().getroot(), path[1:]
    parts = path.split("/")
    for part in parts:
        if part == "..":
            node = node.getparent()
        elif part == ".":
            continue
        elif part.startswith("@"):
            return (node.get(part[1:]) or "").strip() or None
        else:
            node = next((child for child in node if local(child) == part), None)
        if node is None:
            return None
    return (node.text or "").strip() or None


def _forget(element: Any) -> None:
    """Free the records that were read; what stands beside them (school, year) is kept."""
    tag, parent = element.tag, element.getparent()
    element.clear()
    previous = element.getprevious()
    if parent is not None and previous is not None and previous.tag == tag:
        parent.remove(previous)


def _chunk(
    texts: dict[str, list[str | None]],
    beside: list[dict[str, str]],
    rows: list[int],
    mapping: Mapping,
    before: int,
) -> Chunk:
    """The columns that are read, and beside them what else stands in the records and nobody has decided to leave."""
    paths = {p.strip() for c in texts for p in c.split("|")}
    more = dict.fromkeys(path for row in beside for path in row if path not in paths)
    left = [p for p in mapping.handed_on(more) if p in more]
    columns = {**texts, **{path: [row.get(path) for row in beside] for path in left}}
    frame = pd.DataFrame({c: pd.Series(v, dtype="str") for c, v in columns.items()})
    return Chunk(frame, record_lines(rows, before))


def record_lines(lines: Sequence[int], before: int = 0) -> np.ndarray:
    """The records' lines; where several stand on one they are numbered instead, after those ``before`` them."""
    found = [
        np.array(lines[i : i + PIECE_RECORDS], dtype=np.int64) for i in range(0, len(lines), PIECE_RECORDS)
    ]
    return np.concatenate(
        [
            piece
            if len(np.unique(piece)) == len(piece)
            else before + i * PIECE_RECORDS + np.arange(1, len(piece) + 1)
            for i, piece in enumerate(found)
        ]
        or [np.array([], dtype=np.int64)]
    )
