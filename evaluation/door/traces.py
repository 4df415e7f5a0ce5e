"""What tells a pupil's rows and interviews in a file, whatever its format. Taking them out is ``erase``'s business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluation.door.values import clean
from evaluation.interviews.attributes import normal_name


class CannotErase(Exception):
    """The file cannot be rewritten safely here."""


_BETWEEN = r"(?:_|[^\w\0\r\n\t,;|<>\"])"
"""What may stand between the digits of a number: any dash, dot or blank, but no end of a line or of a cell."""


@dataclass(frozen=True)
class Traces:
    """What tells a row of the pupil. Holds identifiers; never shown.

    ``number``: ten digits, found in any spelling, also without the zero that a spreadsheet took. ``rows``: by source
    name, rows that the door's readers attribute to the pupil (a school's own number, a name). ``documents``: names
    of interviews, compared as whole cells.
    """

    number: str
    rows: Mapping[str, frozenset[int]] = field(default_factory=dict, repr=False)
    documents: frozenset[str] = field(default_factory=frozenset, repr=False)

    def __repr__(self) -> str:
        return "Traces()"

    @property
    def spelled(self) -> re.Pattern[str]:
        """The number with whatever dashes, dots or blanks stand between its digits; a lost leading zero counts too."""
        first, *others = list(self.number.removeprefix("0"))
        alone = (
            rf"(?:(?<!\d{first})|(?<=0{first})(?<!\d0{first}))"
            if self.number.startswith("0")
            else rf"(?<!\d{first})"
        )
        spelled = f"{_BETWEEN}{{0,3}}".join(others)
        return re.compile(rf"{first}{alone}{_BETWEEN}{{0,3}}{spelled}(?!\d)", re.IGNORECASE)

    def is_in(self, text: str) -> bool:
        """Whether the text holds the number."""
        return self.spelled.search(text) is not None

    def is_document(self, cell: str) -> bool:
        """Whether a cell names one of the pupil's interviews."""
        return bool(self.documents) and normal_name(cell.strip(' "')) in self.documents

    def is_about(self, cell: str) -> bool:
        """Whether a cell holds the number or names one of the pupil's interviews."""
        return self.is_in(clean(cell)) or self.is_document(cell)


def all_text(element: Any) -> str:
    """Every text and attribute of an element and what is in it."""
    parts = [str(t) for t in element.itertext()]
    parts += [str(v) for e in element.iter() if isinstance(e.tag, str) for v in e.attrib.values()]
    return "\n".join(parts)
