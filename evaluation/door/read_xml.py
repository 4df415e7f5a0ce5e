"""Reading XML rosters: one element is one record, columns are paths from it. Entities and outside references are off.

Paths are written with local names: ``Student/Level`` below the record, ``@id`` an attribute, ``../Number`` beside
it (a child of the record's parent), ``/SchoolYear`` or ``/@year`` below the document's root.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import pandas as pd

from evaluation.door.chunks import Chunk, Reading, empty_file
from evaluation.door.mapping import Mapping
from evaluation.errors import InputError, Problem
from evaluation.files.safe_xml import UNTRUSTED
from evaluation.files.xml_records import DEEPEST, values_below

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
    seen = 0
    missing = set(mapping.used_columns)
    for element in _records(stream, record, name):
        if mapping.xml.having is not None and not any(_local(c) == mapping.xml.having for c in element):
            _forget(element)
            continue
        for column, values in texts.items():
            value = _value(element, column)
            values.append(value)
            if value is not None:
                missing.discard(column)
        beside.append(dict(values_below(element, DEEPEST)))
        rows.append(int(element.sourceline or 0))
        seen += 1
        _forget(element)
        if len(rows) >= PIECE_RECORDS:
            yield _chunk(texts, beside, rows, mapping)
            texts, beside, rows = {c: [] for c in mapping.used_columns}, [], []
    if not seen:
        raise InputError(
            f"{name} holds no records",
            [Problem(name, found=f"no element <{record}>", rule="xml_record",
                     expected=f"at least one <{record}>", next_step="set xml.record in the mapping")],
        )  # fmt: skip
    if missing == set(mapping.used_columns):
        raise empty_file(name, mapping, header_only=True)
    yield _chunk(texts, beside, rows, mapping)


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
        elif part.startswith("@"):
            return (node.get(part[1:]) or "").strip() or None
        else:
            node = next((child for child in node if _local(child) == part), None)
        if node is None:
            return None
    return (node.text or "").strip() or None


def _local(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _forget(element: Any) -> None:
    """Free the records that were read; what stands beside them (school, year) is kept."""
    tag, parent = element.tag, element.getparent()
    element.clear()
    previous = element.getprevious()
    if parent is not None and previous is not None and previous.tag == tag:
        parent.remove(previous)


def _chunk(
    texts: dict[str, list[str | None]], beside: list[dict[str, str]], rows: list[int], mapping: Mapping
) -> Chunk:
    """The columns that are read, and beside them what else stands in the records and nobody has decided to leave."""
    paths = {p.strip() for c in texts for p in c.split("|")}
    more = dict.fromkeys(path for row in beside for path in row if path not in paths)
    left = [p for p in mapping.handed_on(more) if p in more]
    columns = {**texts, **{path: [row.get(path) for row in beside] for path in left}}
    frame = pd.DataFrame({c: pd.Series(v, dtype="str") for c, v in columns.items()})
    return Chunk(frame, _distinct_lines(rows))


def _distinct_lines(rows: list[int]) -> np.ndarray:
    """The records' lines; in a file without line breaks the records are numbered instead."""
    lines = np.array(rows, dtype=np.int64)
    return lines if len(np.unique(lines)) == len(lines) else np.arange(1, len(lines) + 1)
