"""XML as records: which element is one, and what stands below and beside it, as paths. For a first look, not for reading.

Paths are local names: ``Person/Name`` below the record, ``@id`` an attribute, ``../Number`` a child of its parent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from evaluation.errors import InputError, Problem
from evaluation.files.safe_xml import UNTRUSTED

DEEPEST = 3


@dataclass(frozen=True)
class Records:
    """The element that is likely a record, and its first records as path → text. ``is_cut``: there are more."""

    record: str
    rows: tuple[dict[str, str], ...]
    is_cut: bool


def likely_records(stream: IO[bytes], name: str, most: int) -> Records:
    """The outermost element that stands several times with at least two values of its own.

    Raises:
        InputError: broken, with a document type, or without anything that repeats.
    """
    from lxml import etree

    try:
        root = etree.parse(stream, parser=etree.XMLParser(**UNTRUSTED)).getroot()
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"{name} is not well-formed XML",
            [Problem(name, error.lineno, None, "the XML is broken or cut off here", "xml",
                     "well-formed XML without entities", "ask for the export again")],
        ) from None  # fmt: skip
    if root.getroottree().docinfo.doctype:
        raise InputError(
            f"{name} declares a document type",
            [Problem(name, 1, None, "a DOCTYPE, which can hold entities", "xml_entities", "XML without DOCTYPE",
                     "remove the DOCTYPE; exports need none")],
        )  # fmt: skip
    counts: Counter[str] = Counter()
    depths: dict[str, int] = {}
    for element in root.iter(etree.Element):
        if element is not root and sum(1 for _ in values_below(element, 1)) >= 2:
            tag = _local(element)
            counts[tag] += 1
            depths[tag] = min(depths.get(tag, 99), _depth(element))
    repeated = [tag for tag, n in counts.items() if n > 1] or list(counts)
    if not repeated:
        raise InputError(
            f"{name} holds no records",
            [Problem(name, found="no element with values of its own", rule="xml_record", expected="records",
                     next_step="ask for the export as CSV or xlsx")],
        )  # fmt: skip
    record = min(
        repeated, key=lambda tag: (-counts[tag] if len(repeated) > 3 else 0, depths[tag], -counts[tag])
    )
    rows: list[dict[str, str]] = []
    for element in root.iter(f"{{*}}{record}"):
        if len(rows) == most:
            break
        row = dict(values_below(element, DEEPEST))
        parent = element.getparent()
        if parent is not None:
            row |= {f"../{k}": v for k, v in values_below(parent, 1)}
        rows.append(row)
    return Records(record, tuple(rows), counts[record] > most)


def values_below(element: Any, deepest: int, above: str = "") -> Iterator[tuple[str, str]]:
    """Paths and texts of an element's attributes and of what stands in it, at most ``deepest`` elements down."""
    for key, value in element.attrib.items():
        if value.strip() and not above:
            yield f"@{str(key).rpartition('}')[2]}", value.strip()
    for child in element:
        if not isinstance(child.tag, str):
            continue
        path = above + _local(child)
        if len(child) and deepest > 1:
            yield from values_below(child, deepest - 1, f"{path}/")
        elif not len(child) and (child.text or "").strip():
            yield path, child.text.strip()


def _depth(element: Any) -> int:
    return sum(1 for _ in element.iterancestors())


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
