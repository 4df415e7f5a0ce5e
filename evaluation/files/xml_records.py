"""XML as records: which element is one, and what stands in it and above it, as paths.

Paths are local names: ``Person/Name`` below the record, ``@id`` an attribute, ``.`` its own text, ``../Number`` a child of
its parent, ``/Year`` a child of the document's root. What stands several times in a record is no value but ``Name […]``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from evaluation.errors import InputError, Problem
from evaluation.files.safe_xml import UNTRUSTED
from evaluation.files.sheet import A_DAY, SEVERAL


@dataclass(frozen=True)
class Records:
    """The element that is likely a record, and its first records as path → text. ``is_cut``: there are more."""

    record: str
    rows: tuple[dict[str, str], ...]
    is_cut: bool


def likely_records(stream: IO[bytes], name: str, most: int) -> Records:
    """The outermost element with at least two values that repeats, or the innermost below it that repeats and has a day.

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
    record = _record(root)
    if record is None:
        raise InputError(
            f"{name} holds no records",
            [Problem(name, found="no element with values of its own", rule="xml_record", expected="records",
                     next_step="ask for the export as CSV or xlsx")],
        )  # fmt: skip
    found = list(root.iter(f"{{*}}{record}"))
    rows: list[dict[str, str]] = []
    around: dict[Any, dict[str, str]] = {}
    for element in found[:most]:
        parent = element.getparent()
        if parent not in around:
            around = {parent: dict(values_above(element))}
        rows.append(dict(values_below(element)) | around[parent])
    return Records(record, tuple(rows), len(found) > most)


def _record(root: Any) -> str | None:
    """The name of the element that is likely a record."""
    from lxml import etree

    counts: dict[str, int] = {}
    depths: dict[str, int] = {}
    inner: dict[str, set[str]] = {}
    for element in root.iter(etree.Element):
        tag, above = local(element), [local(a) for a in element.iterancestors()][:-1]
        own = len(dict(_plain(element))) + bool((element.text or "").strip())
        if element is not root and own >= 2:
            counts[tag] = counts.get(tag, 0) + 1
            depths[tag] = min(depths.get(tag, 99), len(above))
        is_again = any(local(other) == tag for other in element.itersiblings(preceding=True))
        if own and is_again and any(A_DAY.search(v) for _, v in values_below(element)):
            for outer in above:
                inner.setdefault(outer, set()).add(tag)
    repeated = [tag for tag, n in counts.items() if n > 1] or list(counts)
    if not repeated:
        return None
    record = min(
        repeated, key=lambda tag: (-counts[tag] if len(repeated) > 3 else 0, depths[tag], -counts[tag])
    )
    below = inner.get(record, set()) - {record}
    return min(below, key=lambda tag: (len(inner.get(tag, ())), tag)) if below else record


def values_below(element: Any, above: str = "") -> Iterator[tuple[str, str]]:
    """Paths and texts of an element's attributes, its own text, and whatever stands in it."""
    yield from ((above + path, value) for path, value in _attributes(element))
    if own := (element.text or "").strip():
        yield above.removesuffix("/") or ".", own
    counts = Counter(local(c) for c in element)
    for child in element:
        if name := local(child):
            inside = values_below(child, f"{above}{name}/")
            yield from inside if counts[name] == 1 else ((f"{above}{name}{SEVERAL}", v) for _, v in inside)


def values_above(element: Any) -> Iterator[tuple[str, str]]:
    """Paths and texts of the attributes and plain children of the elements around a record, and of the root."""
    ancestors = list(element.iterancestors())
    for n, ancestor in enumerate(ancestors, start=1):
        up = "/" if n == len(ancestors) else "../" * n
        yield from ((up + path, value) for path, value in _plain(ancestor) if path != local(element))


def _plain(element: Any) -> Iterator[tuple[str, str]]:
    """An element's attributes and those of its children that hold nothing but a text."""
    yield from _attributes(element)
    children = ((local(c), (c.text or "").strip()) for c in element if not len(c))
    texts = [(name, text) for name, text in children if name and text]
    counts = Counter(name for name, _ in texts)
    yield from ((name if counts[name] == 1 else name + SEVERAL, text) for name, text in texts)


def _attributes(element: Any) -> Iterator[tuple[str, str]]:
    named = ((str(key).rpartition("}")[2], value.strip()) for key, value in element.attrib.items())
    return ((f"@{name}", value) for name, value in named if value)


def local(element: Any) -> str:
    """An element's name without its namespace; empty for what is none."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def names_beside(root: Any, record: str, around: set[str], seen: set[str]) -> Iterator[str]:
    """Names of what stands in the elements ``around`` records and is neither one, nor known (``seen``) as standing above."""
    for element in root.iter():
        name, parent = local(element), element.getparent()
        if parent is None or local(parent) not in around or name in around or name in ("", record):
            continue
        is_seen = not len(element) and (parent.getparent() is None or name in seen)
        if not is_seen and any(True for _ in values_below(element)):
            yield name + SEVERAL
