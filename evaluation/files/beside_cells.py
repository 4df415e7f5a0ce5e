"""Text of a workbook that stands in no cell: page headers and footers, text boxes and shapes, notes in threads.

Where it stands is told, and its words are not: what reads cells shall say that there is more to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from evaluation.errors import InputError
from evaluation.files.packages import Archive
from evaluation.files.safe_xml import local_name, parse_xml

_PARTS = (
    (re.compile(r"xl/(?:worksheets|chartsheets)/[^/]+\.xml", re.IGNORECASE), "headerfooter", "page header or footer"),
    (re.compile(r"xl/drawings/[^/]+\.xml", re.IGNORECASE), "t", "text box"),
    (re.compile(r"xl/charts/[^/]+\.xml", re.IGNORECASE), "t", "chart"),
    (re.compile(r"xl/drawings/[^/]+\.vml", re.IGNORECASE), "textbox", "text box"),
    (re.compile(r"xl/threadedComments/[^/]+\.xml", re.IGNORECASE), "text", "note"),
)  # fmt: skip
_FIELDS = re.compile(
    r"&(?:[LCRPNDTFAZGSUEXYB+-]|\"[^\"]*\"|K[0-9A-Fa-f]{6}|K\d\d[+-]\d{3}|\d+)|(?:[^\w&]|[\d_])+"
)
"""What a header holds that is nobody's text: its sides, page numbers, dates, file names, fonts, marks between them."""


def beside_cells(archive: Archive) -> tuple[str, ...]:
    """A kind of place for each text outside the cells, in the order of the archive's members."""
    return tuple(kind for member in archive.members for kind in _texts(archive, member))


def _texts(archive: Archive, member: str) -> Iterator[str]:
    for pattern, wanted, kind in _PARTS:
        if not pattern.fullmatch(member):
            continue
        try:
            root = parse_xml(archive.read(member), f"{archive.file}/{member}")
        except InputError:
            # Old drawings are not always XML, and a damaged part may hold anything.
            yield kind
            continue
        for element in root.iter():
            if (
                isinstance(element.tag, str)
                and local_name(element) == wanted
                and _is_somebodys(element, kind)
            ):
                yield kind


def _is_somebodys(element: Any, kind: str) -> bool:
    text = " ".join("".join(element.itertext()).split())
    return bool(_FIELDS.sub("", text) if kind.startswith("page") else text)
